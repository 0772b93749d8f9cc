/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The one way from a foreign thread to the context that owns an object. Items are handed over in
 * the order of their posts. What is posted holds a GWeakRef or an id, never the receiver itself.
 *
 * sentient_mailbox_post () and _ref ()/_unref () are safe on every thread; the rest belongs to the
 * thread that runs the context. */
typedef struct _SentientMailbox SentientMailbox;

/* Runs on the context's thread. Takes the item over. */
typedef void (*SentientMailboxFunc) (gpointer item, gpointer user_data);

SentientMailbox *sentient_mailbox_new (GMainContext *context,
                                       const char *name,
                                       SentientMailboxFunc func,
                                       gpointer user_data,
                                       GDestroyNotify item_free);
SentientMailbox *sentient_mailbox_ref (SentientMailbox *self);
void sentient_mailbox_unref (SentientMailbox *self);

/* Takes the item. After close () it is freed at once and FALSE is returned. */
gboolean sentient_mailbox_post (SentientMailbox *self, gpointer item);

/* No item is handed over after this; those which wait are freed. */
void sentient_mailbox_close (SentientMailbox *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientMailbox, sentient_mailbox_unref)

G_END_DECLS
