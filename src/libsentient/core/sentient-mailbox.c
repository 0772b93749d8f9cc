/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-mailbox.h"

#include "core/sentient-race.h"
#include "core/sentient-source.h"

/* So that one busy mailbox does not keep the rest of the loop waiting. */
#define ITEMS_PER_DISPATCH 256

struct _SentientMailbox
{
  gatomicrefcount refs;
  GMutex lock;
  GQueue waiting;  /* under lock */
  gboolean closed; /* under lock */

  GQueue taken; /* the context's thread only: swapped out of waiting, not yet handed over */
  SentientMailboxFunc func;
  gpointer user_data;
  GDestroyNotify item_free;
  GSource *source;
};

typedef struct
{
  GSource source;
  SentientMailbox *mailbox; /* weak: close () destroys the source */
} MailboxSource;

static gboolean
mailbox_dispatch (GSource *source, GSourceFunc callback, gpointer callback_data)
{
  SentientMailbox *self = sentient_mailbox_ref (((MailboxSource *)source)->mailbox);

  g_source_set_ready_time (source, -1);

  if (g_queue_is_empty (&self->taken))
    {
      sentient_race_lock (&self->lock);
      self->taken = self->waiting;
      g_queue_init (&self->waiting);
      sentient_race_unlock (&self->lock);
    }

  for (guint i = 0; i < ITEMS_PER_DISPATCH; i++)
    {
      gpointer item = g_queue_pop_head (&self->taken);

      if (item == NULL)
        break;
      self->func (item, self->user_data); /* may close the mailbox, which empties taken */
    }

  sentient_race_lock (&self->lock);
  if (!self->closed && (!g_queue_is_empty (&self->taken) || !g_queue_is_empty (&self->waiting)))
    g_source_set_ready_time (source, 0);
  sentient_race_unlock (&self->lock);

  sentient_mailbox_unref (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs mailbox_funcs = { .dispatch = mailbox_dispatch };

/* context NULL: the thread-default one. */
SentientMailbox *
sentient_mailbox_new (GMainContext *context,
                      const char *name,
                      SentientMailboxFunc func,
                      gpointer user_data,
                      GDestroyNotify item_free)
{
  SentientMailbox *self = g_new0 (SentientMailbox, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->func = func;
  self->user_data = user_data;
  self->item_free = item_free;

  self->source = g_source_new (&mailbox_funcs, sizeof (MailboxSource));
  ((MailboxSource *)self->source)->mailbox = self;
  sentient_source_attach (self->source,
                          context != NULL ? context : g_main_context_get_thread_default (), name,
                          NULL, NULL);
  return self;
}

SentientMailbox *
sentient_mailbox_ref (SentientMailbox *self)
{
  sentient_race_ref (&self->refs);
  return self;
}

void
sentient_mailbox_unref (SentientMailbox *self)
{
  if (!sentient_race_unref (&self->refs))
    return;

  g_assert (self->closed);
  g_source_unref (self->source);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
sentient_mailbox_post (SentientMailbox *self, gpointer item)
{
  g_assert (item != NULL);

  sentient_race_lock (&self->lock);
  if (self->closed)
    {
      sentient_race_unlock (&self->lock);
      if (self->item_free != NULL)
        self->item_free (item);
      return FALSE;
    }
  if (g_queue_is_empty (&self->waiting))
    g_source_set_ready_time (self->source, 0);
  g_queue_push_tail (&self->waiting, item);
  sentient_race_unlock (&self->lock);
  return TRUE;
}

void
sentient_mailbox_close (SentientMailbox *self)
{
  GQueue waiting;

  sentient_race_lock (&self->lock);
  if (self->closed)
    {
      sentient_race_unlock (&self->lock);
      return;
    }
  self->closed = TRUE;
  waiting = self->waiting;
  g_queue_init (&self->waiting);
  sentient_race_unlock (&self->lock);

  g_source_destroy (self->source);
  if (self->item_free != NULL)
    {
      g_queue_clear_full (&waiting, self->item_free);
      g_queue_clear_full (&self->taken, self->item_free);
    }
  else
    {
      g_queue_clear (&waiting);
      g_queue_clear (&self->taken);
    }
}
