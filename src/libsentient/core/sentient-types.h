/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

/* Only what is marked SENTIENT_API leaves the shared library. */
#ifndef SENTIENT_API
#define SENTIENT_API __attribute__ ((visibility ("default")))
#endif
