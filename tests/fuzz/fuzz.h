/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What libFuzzer, or corpus-main.c, calls with each input. Returns 0. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);
