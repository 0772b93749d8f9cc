/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The "name" that a member gave itself in its metadata; NULL when there is none, or it is no
 * string, or empty, or over 128 bytes. */
char *sentient_metadata_dup_name (const char *metadata);

/* Whether the member's metadata says "capabilities": [..., capability, ...]. */
gboolean sentient_metadata_has_capability (const char *metadata, const char *capability);

/* The metadata, an object or NULL, with the capability added; unchanged if it does not fit into
 * what a coordinator takes, or if "capabilities" is something else than an array. */
char *sentient_metadata_dup_with_capability (const char *metadata, const char *capability);

G_END_DECLS
