/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/sentient-directory.h"

G_BEGIN_DECLS

/* A directory as bytes, so that another process goes on where this one stops: sessions with their
 * tokens and numbers, rooms, and what waits. Serialised GVariant, of this version of the program
 * and of the same machine's byte order. */

/* The numbers of what was saved or restored. */
typedef struct
{
  guint sessions;
  guint memberships;
  guint messages;
} SentientHandoverCounts;

GBytes *sentient_handover_save (SentientDirectory *directory, SentientHandoverCounts *counts);

/* Into a directory that is empty. All sessions are lost from now on: who does not come back within
 * the grace time is gone. Whatever the bytes say, the directory keeps its rules; after an error it
 * is empty. Errors: BAD_REQUEST (damaged, or of another version), BUSY (saved longer ago than the
 * grace time, or more than the limits allow). */
gboolean sentient_handover_restore (SentientDirectory *directory,
                                    GBytes *bytes,
                                    SentientHandoverCounts *counts,
                                    GError **error);

G_END_DECLS
