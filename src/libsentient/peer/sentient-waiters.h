/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Tasks that wait for the same thing. Each is returned exactly once: with what came, or as
 * cancelled. Returning may run the callers' callbacks at once, so the list is empty before. */
typedef struct _SentientWaiters SentientWaiters;

/* abandoned (may be NULL): the last waiter was cancelled; may free the list. */
SentientWaiters *sentient_waiters_new (GMainContext *context,
                                       void (*abandoned) (gpointer user_data),
                                       gpointer user_data);
/* Whoever still waits is told CLOSED. */
void sentient_waiters_free (SentientWaiters *self);

/* task is taken. */
void sentient_waiters_add (SentientWaiters *self, GTask *task);
gboolean sentient_waiters_is_empty (SentientWaiters *self);

/* All who wait, out of the list: for who has to run other code before it returns them. */
SentientWaiters *sentient_waiters_steal (SentientWaiters *self);

/* Return all. FALSE: nobody waited. */
gboolean sentient_waiters_return_done (SentientWaiters *self);
gboolean sentient_waiters_return_object (SentientWaiters *self, gpointer object);
gboolean sentient_waiters_return_error (SentientWaiters *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientWaiters, sentient_waiters_free)

G_END_DECLS
