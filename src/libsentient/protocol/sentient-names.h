/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SENTIENT_NAME_MAX 128 /* bytes of a node id or room name */

/* 1-128 of A-Z a-z 0-9 . _ : - ; "system" is reserved. */
gboolean sentient_name_is_valid (const char *name, gssize len);

/* "node-" and 16 random hex digits. */
char *sentient_name_new_random (void);

G_END_DECLS
