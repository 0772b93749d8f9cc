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
  if (self->n_flushed > 0)
    self->n_flushed--;
}

void
sentient_outbox_limits_init (SentientOutboxLimits *limits)
{
  *limits = (SentientOutboxLimits){
    .items = 1024,
    .bytes = 1024 * 1024,
    .sender_items = 256,
    .sender_bytes = 256 * 1024,
  };
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
sentient_outbox_is_full (SentientOutbox *self, const SentientOutboxLimits *limits)
{
  return self->n_items >= limits->items || self->bytes >= limits->bytes;
}

gboolean
sentient_outbox_has_share (SentientOutbox *self,
                           const SentientOutboxLimits *limits,
                           SentientSender *sender,
                           gsize size)
{
  guint n_items = 0;
  gsize bytes = 0;

  /* Nobody has more of it than there is: looking closer is for outboxes that run full. */
  if (self->n_items < limits->sender_items && self->bytes + size <= limits->sender_bytes)
    return TRUE;
  for (guint i = 0; i < self->n_items; i++)
    {
      const SentientOutboxItem *item = item_at (self, i);

      if (item->sender != sender)
        continue;
      n_items++;
      bytes += sentient_message_get_size (item->message);
    }
  return n_items < limits->sender_items && bytes + size <= limits->sender_bytes;
}

static void
append (SentientOutbox *self, SentientMessage *message, SentientSender *sender, guint64 ref)
{
  gsize size = sentient_message_get_size (message);
  SentientOutboxItem *item;

  if (self->n_items == self->capacity)
    grow (self);
  self->n_items++;
  item = item_at (self, self->n_items - 1);
  *item = (SentientOutboxItem){ .message = sentient_message_ref (message), .ref = ref };
  if (sender != NULL)
    {
      item->sender = sentient_sender_ref (sender);
      sentient_sender_charge (sender, size);
    }
  self->bytes += size;
}

gboolean
sentient_outbox_push (SentientOutbox *self,
                      const SentientOutboxLimits *limits,
                      SentientMessage *message,
                      SentientSender *sender,
                      guint64 ref)
{
  gsize size = sentient_message_get_size (message);

  if (self->n_items >= limits->items || self->bytes + size > limits->bytes)
    return FALSE;
  if (sender != NULL && !sentient_outbox_has_share (self, limits, sender, size))
    return FALSE;
  append (self, message, sender, ref);
  return TRUE;
}

void
sentient_outbox_push_forced (SentientOutbox *self, SentientMessage *message)
{
  append (self, message, NULL, 0);
}

gboolean
sentient_outbox_restore (SentientOutbox *self,
                         SentientMessage *message,
                         SentientSender *sender,
                         guint64 seq,
                         guint64 ref)
{
  const SentientOutboxItem *before = sentient_outbox_peek_nth (self, self->n_items - 1);
  gboolean follows = TRUE;

  /* Those with numbers come first. */
  if (seq != 0)
    follows = seq <= self->last_seq && (before == NULL || (before->seq != 0 && before->seq < seq));
  if (!follows)
    return FALSE;
  append (self, message, sender, ref);
  item_at (self, self->n_items - 1)->seq = seq;
  return TRUE;
}

static gboolean
is_event (const SentientOutboxItem *item)
{
  return sentient_message_get_room (item->message) != NULL;
}

gboolean
sentient_outbox_may_tell_of (SentientOutbox *self, const char *room)
{
  for (guint i = 0; i < self->n_items; i++)
    {
      SentientMessage *message = item_at (self, i)->message;

      if (sentient_message_get_kind (message) == SENTIENT_MESSAGE_NOTE
          || g_strcmp0 (sentient_message_get_room (message), room) == 0)
        return TRUE;
    }
  return FALSE;
}

GPtrArray *
sentient_outbox_take_events (SentientOutbox *self, const char *room, gboolean numbered)
{
  GPtrArray *events = g_ptr_array_new_with_free_func ((GDestroyNotify)sentient_message_unref);
  guint n_kept = 0;

  for (guint i = 0; i < self->n_items; i++)
    {
      SentientOutboxItem *item = item_at (self, i);

      if (i >= self->n_sent && (item->seq == 0 || numbered) && is_event (item)
          && (room == NULL || g_str_equal (sentient_message_get_room (item->message), room)))
        {
          g_ptr_array_add (events, sentient_message_ref (item->message));
          release (self, item);
        }
      else
        *item_at (self, n_kept++) = *item;
    }
  self->n_items = n_kept; /* what was sent is all there */
  return events;
}

const SentientOutboxItem *
sentient_outbox_next (SentientOutbox *self)
{
  SentientOutboxItem *item;

  if (self->n_sent == self->n_items)
    return NULL;
  item = item_at (self, self->n_sent);
  if (item->seq == 0)
    item->seq = ++self->last_seq;
  return item;
}

const SentientOutboxItem *
sentient_outbox_peek_nth (SentientOutbox *self, guint index)
{
  return index < self->n_items ? item_at (self, index) : NULL;
}

void
sentient_outbox_mark_sent (SentientOutbox *self, guint64 end)
{
  SentientOutboxItem *item = item_at (self, self->n_sent);

  g_assert (self->n_sent < self->n_items && item->seq != 0);

  item->end = end;
  self->n_sent++;
}

const SentientOutboxItem *
sentient_outbox_flush_next (SentientOutbox *self, guint64 end)
{
  const SentientOutboxItem *item;

  if (self->n_flushed == self->n_sent)
    return NULL;
  item = item_at (self, self->n_flushed);
  if (item->end > end)
    return NULL;
  self->n_flushed++;
  return item;
}

void
sentient_outbox_drop_flushed (SentientOutbox *self)
{
  while (self->n_flushed > 0)
    drop_first (self);
  shrink_if_empty (self);
}

void
sentient_outbox_drop_acked (SentientOutbox *self, guint64 seq)
{
  while (self->n_items > 0 && item_at (self, 0)->seq != 0 && item_at (self, 0)->seq <= seq)
    drop_first (self);
  shrink_if_empty (self);
}

void
sentient_outbox_rewind (SentientOutbox *self)
{
  self->n_sent = self->n_flushed = 0;
}
