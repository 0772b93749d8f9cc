/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-types.h"

G_BEGIN_DECLS

#define SENTIENT_MAJOR_VERSION 0
#define SENTIENT_MINOR_VERSION 1
#define SENTIENT_MICRO_VERSION 0

/**
 * SENTIENT_VERSION_STRING:
 *
 * The version of the headers a program was compiled with, as text.
 *
 * Since: 0.1
 */
#define SENTIENT_VERSION_STRING "0.1.0"

G_END_DECLS
