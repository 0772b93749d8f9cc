/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What has stood long enough: offers that nobody answers, and transfers that are over. */

#include "peer/sentient-transfer-private.h"

#define NEVER G_MAXINT64

/* When it has; in the time of the peer's clock, ms. */
static gint64
get_due (SentientTransferList *self, SentientTransfer *transfer)
{
  guint ms = 0, grace = 0;

  if (sentient_transfer_is_over (transfer))
    ms = self->keep_time;
  else if (transfer->state == SENTIENT_TRANSFER_STATE_OFFERED)
    {
      ms = self->offer_timeout;
      /* Who was asked is to say so; we speak only for one who does not. */
      if (transfer->direction == SENTIENT_TRANSFER_DIRECTION_OUTGOING)
        grace = SENTIENT_TRANSFER_OFFER_GRACE_MS;
    }
  return ms > 0 ? transfer->since + ms + grace : NEVER;
}

static void
expire (SentientTransfer *transfer, guint ms)
{
  g_autofree char *title = sentient_transfer_dup_title (transfer);
  g_autofree char *reason
      = g_strdup_printf ("nobody answered it within %.10g s", (double)ms / 1000);
  g_autoptr (GError) error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT,
                     "%s: " SENTIENT_TRANSFER_EXPIRED_WORDS ": %s", title, reason);

  sentient_transfer_abort (transfer, SENTIENT_TRANSFER_STATE_FAILED,
                           SENTIENT_TRANSFER_CODE_UNANSWERED, reason, error);
}

void
sentient_transfer_list_check (SentientTransferList *self)
{
  g_autoptr (SentientTransferList) keep = g_object_ref (self);
  g_autoptr (GPtrArray) due = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 now = sentient_clock_get_monotonic_ms (self->peer->clock);

  for (guint i = 0; i < self->items->len; i++)
    if (get_due (self, self->items->pdata[i]) <= now)
      g_ptr_array_add (due, g_object_ref (self->items->pdata[i]));
  for (guint i = 0; i < due->len; i++)
    {
      SentientTransfer *transfer = due->pdata[i];

      /* The others' handlers are foreign code, which may have changed anything. */
      if (self->peer == NULL || get_due (self, transfer) > now)
        continue;
      if (sentient_transfer_is_over (transfer))
        sentient_transfer_list_remove (self, transfer);
      else
        expire (transfer, self->offer_timeout);
    }
  sentient_transfer_list_schedule (self);
}

static gboolean
on_timer (gpointer user_data)
{
  SentientTransferList *self = user_data;

  g_clear_pointer (&self->timer, g_source_unref);
  sentient_transfer_list_check (self);
  return G_SOURCE_REMOVE;
}

void
sentient_transfer_list_unschedule (SentientTransferList *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
sentient_transfer_list_schedule (SentientTransferList *self)
{
  gint64 first = NEVER, ms;

  sentient_transfer_list_unschedule (self);
  if (self->peer == NULL)
    return;
  for (guint i = 0; i < self->items->len; i++)
    first = MIN (first, get_due (self, self->items->pdata[i]));
  if (first == NEVER)
    return;
  ms = first - sentient_clock_get_monotonic_ms (self->peer->clock);
  self->timer
      = sentient_peer_add_timeout (self->peer, (guint)CLAMP (ms, 0, G_MAXINT), on_timer, self);
}

void
sentient_transfer_list_date (SentientTransferList *self, SentientTransfer *transfer)
{
  if (self->peer == NULL)
    return;
  transfer->since = sentient_clock_get_monotonic_ms (self->peer->clock);
  sentient_transfer_list_schedule (self);
}

void
sentient_transfer_list_trim (SentientTransferList *self, guint n_kept)
{
  guint n_over = 0;

  for (guint i = 0; i < self->items->len; i++)
    n_over += sentient_transfer_is_over (self->items->pdata[i]);
  for (guint i = 0; n_over > n_kept && i < self->items->len;)
    {
      SentientTransfer *item = self->items->pdata[i];

      if (!sentient_transfer_is_over (item))
        i++;
      else
        {
          sentient_transfer_list_remove (self, item);
          n_over--;
        }
    }
}
