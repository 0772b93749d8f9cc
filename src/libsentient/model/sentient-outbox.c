/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-outbox.h"

#define FIRST_CAPACITY 4

static SentientOutboxItem *
item_at (SentientOutbox *self, guint index)
{
  return &self->items[(self->first + index) & (self->capacity - 1)];
}

static void
grow (SentientOutbox *self)
{
  guint capacity = self->capacity > 0 ? self->capacity * 2 : FIRST_CAPACITY;
  SentientOutboxItem *items = g_new (SentientOutboxItem, capacity);

  for (guint i = 0; i < self->n_items; i++)
    items[i] = *item_at (self, i);
  g_free (self->items);
  self->items = items;
  self->capacity = capacity;
  self->first = 0;
}

/* A ring that grew in a burst is not kept by a node that is idle afterwards; the smallest one is,
 * so that a steady trickle does not allocate each time. */
static void
shrink_if_empty (SentientOutbox *self)
{
  if (self->n_items > 0 || self->capacity <= FIRST_CAPACITY)
    return;
  g_clear_pointer (&self->items, g_free);
  self->capacity = 0;
  self->first = 0;
}

static void
release (SentientOutbox *self, SentientOutboxItem *item)
{
  gsize size = sentient_message_get_size (item->message);

  self->bytes -= size;
  if (item->sender != NULL)
    {
      sentient_sender_refund (item->sender, size);
      sentient_sender_unref (item->sender);
    }
  sentient_message_unref (item->message);
}

static void
drop_first (SentientOutbox *self)
{
  release (self, item_at (self, 0));
  self->first = (self->first + 1) & (self->capacity - 1);
  self->n_items--;
  if (self->n_sent > 0)
    self->n_sent--;
}

void
sentient_outbox_clear (SentientOutbox *self)
{
  while (self->n_items > 0)
    drop_first (self);
  g_clear_pointer (&self->items, g_free);
  self->capacity = 0;
  self->first = 0;
}

gboolean
sentient_outbox_has_share (SentientOutbox *self, SentientSender *sender, gsize size)
{
  guint n_items = 0;
  gsize bytes = 0;

  /* Nobody has more of it than there is: looking closer is for outboxes that run full. */
  if (self->n_items < SENTIENT_OUTBOX_SENDER_MAX_ITEMS
      && self->bytes + size <= SENTIENT_OUTBOX_SENDER_MAX_BYTES)
    return TRUE;
  for (guint i = 0; i < self->n_items; i++)
    {
      const SentientOutboxItem *item = item_at (self, i);

      if (item->sender != sender)
        continue;
      n_items++;
      bytes += sentient_message_get_size (item->message);
    }
  return n_items < SENTIENT_OUTBOX_SENDER_MAX_ITEMS
         && bytes + size <= SENTIENT_OUTBOX_SENDER_MAX_BYTES;
}

guint64
sentient_outbox_push (SentientOutbox *self, SentientMessage *message, SentientSender *sender)
{
  gsize size = sentient_message_get_size (message);
  SentientOutboxItem *item;

  if (self->n_items >= SENTIENT_OUTBOX_MAX_ITEMS || self->bytes + size > SENTIENT_OUTBOX_MAX_BYTES)
    return 0;
  if (sender != NULL && !sentient_outbox_has_share (self, sender, size))
    return 0;

  if (self->n_items == self->capacity)
    grow (self);
  self->n_items++;
  item = item_at (self, self->n_items - 1);
  item->message = sentient_message_ref (message);
  item->sender = NULL;
  if (sender != NULL)
    {
      item->sender = sentient_sender_ref (sender);
      sentient_sender_charge (sender, size);
    }
  item->seq = ++self->last_seq;
  item->end = 0;
  self->bytes += size;
  return item->seq;
}

gboolean
sentient_outbox_drop_oldest_event (SentientOutbox *self)
{
  guint i = self->n_sent;

  while (i < self->n_items
         && sentient_message_get_kind (item_at (self, i)->message) == SENTIENT_MESSAGE_SIGNAL)
    i++;
  if (i == self->n_items)
    return FALSE;

  release (self, item_at (self, i));
  for (; i + 1 < self->n_items; i++)
    *item_at (self, i) = *item_at (self, i + 1);
  self->n_items--;
  return TRUE;
}

const SentientOutboxItem *
sentient_outbox_peek (SentientOutbox *self)
{
  return self->n_sent < self->n_items ? item_at (self, self->n_sent) : NULL;
}

const SentientOutboxItem *
sentient_outbox_peek_nth (SentientOutbox *self, guint index)
{
  return index < self->n_items ? item_at (self, index) : NULL;
}

void
sentient_outbox_mark_sent (SentientOutbox *self, guint64 end)
{
  g_assert (self->n_sent < self->n_items);

  item_at (self, self->n_sent)->end = end;
  self->n_sent++;
}

void
sentient_outbox_drop_until (SentientOutbox *self, guint64 end)
{
  while (self->n_sent > 0 && item_at (self, 0)->end <= end)
    drop_first (self);
  shrink_if_empty (self);
}

void
sentient_outbox_rewind (SentientOutbox *self)
{
  self->n_sent = 0;
}
