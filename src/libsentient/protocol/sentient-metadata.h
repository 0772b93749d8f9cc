/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The "name" that a member gave itself in its metadata; NULL when there is none, or it is no
 * string, or empty, or over 128 bytes. */
char *sentient_metadata_dup_name (const char *metadata);

G_END_DECLS
