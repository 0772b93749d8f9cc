/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Remembers the last max different ids. */
typedef struct _SentientRecentIds SentientRecentIds;

SentientRecentIds *sentient_recent_ids_new (guint max);
void sentient_recent_ids_free (SentientRecentIds *self);
/* FALSE: it is among the remembered ones. Ids over 1 KiB are not remembered. */
gboolean sentient_recent_ids_add (SentientRecentIds *self, const char *id);
void sentient_recent_ids_clear (SentientRecentIds *self);

G_END_DECLS
