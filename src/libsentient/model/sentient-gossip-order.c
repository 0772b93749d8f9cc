/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-gossip-private.h"

#define START_MS 250     /* for what the first of an origin that we know may have overtaken */
#define PARTIAL_MS 60000 /* for the next part of a broadcast */
#define PART_COST 256    /* of what is held, besides its bytes */

typedef struct
{
  guint64 sequence;
  guint flags;
  guint hops;
  guint32 total;
  gint64 since; /* ms: when it came */
  GBytes *payload;
} Part;

static gsize
get_cost (const Part *part)
{
  return g_bytes_get_size (part->payload) + PART_COST;
}

static void
part_free (gpointer data)
{
  Part *part = data;

  g_bytes_unref (part->payload);
  g_free (part);
}

SentientGossipLife *
sentient_gossip_life_new (SentientGossip *gossip,
                          const char *room,
                          const char *origin,
                          guint64 epoch,
                          gboolean from_start)
{
  SentientGossipLife *self = g_new0 (SentientGossipLife, 1);

  self->gossip = gossip;
  self->room = room;
  self->origin = origin;
  self->epoch = epoch;
  self->next = from_start ? 1 : 0;
  self->link.data = self;
  g_queue_init (&self->held);
  return self;
}

static void
update_waiting (SentientGossipLife *self)
{
  gboolean waits = self->held.length > 0 || self->partial != NULL;

  if (waits && !self->waits)
    g_queue_push_tail_link (&self->gossip->waiting, &self->link);
  else if (!waits && self->waits)
    g_queue_unlink (&self->gossip->waiting, &self->link);
  self->waits = waits;
}

static void
drop_partial (SentientGossipLife *self)
{
  if (self->partial == NULL)
    return;
  self->gossip->held -= self->partial->len;
  g_clear_pointer (&self->partial, g_byte_array_unref);
}

void
sentient_gossip_life_free (SentientGossipLife *self)
{
  drop_partial (self);
  self->gossip->held -= self->held_size;
  g_queue_clear_full (&self->held, part_free);
  update_waiting (self);
  g_free (self);
}

static void
add_event (SentientGossipLife *self, SentientGossipEvent *event)
{
  event->room = g_strdup (self->room);
  event->origin = g_strdup (self->origin);
  g_queue_push_tail (&self->gossip->events, event);
}

static void
tell_lost (SentientGossipLife *self, guint64 n)
{
  SentientGossipEvent *event = g_new0 (SentientGossipEvent, 1);

  event->kind = SENTIENT_GOSSIP_EVENT_LOST;
  event->n_lost = n;
  self->gossip->statistics.lost += n;
  add_event (self, event);
}

/* Takes data. */
static void
deliver (SentientGossipLife *self, GBytes *data, gboolean is_text, guint hops)
{
  SentientGossipStatistics *statistics = &self->gossip->statistics;
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);
  SentientGossipEvent *event;

  if (is_text && size > 0 && !g_utf8_validate_len (bytes, size, NULL))
    {
      g_bytes_unref (data);
      statistics->refused++;
      return;
    }
  event = g_new0 (SentientGossipEvent, 1);
  event->kind = SENTIENT_GOSSIP_EVENT_MESSAGE;
  event->data = data;
  event->is_text = is_text;
  statistics->delivered++;
  statistics->hops += hops;
  statistics->max_hops = MAX (statistics->max_hops, hops);
  add_event (self, event);
}

/* What follows is skipped until the next begins. */
static void
refuse_partial (SentientGossipLife *self)
{
  self->gossip->statistics.refused++;
  drop_partial (self);
}

static void
begin_partial (SentientGossipLife *self, const Part *part)
{
  if (part->total > self->gossip->size)
    {
      refuse_partial (self);
      return;
    }
  self->partial = g_byte_array_new ();
  self->total = part->total;
  self->is_text = (part->flags & SENTIENT_GOSSIP_TEXT) != 0;
}

static void
add_to_partial (SentientGossipLife *self, const Part *part)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (part->payload, &size);
  gsize len = self->partial->len + size;
  gboolean is_last = (part->flags & SENTIENT_GOSSIP_LAST) != 0;
  gboolean fits = is_last ? len == self->total : len < self->total;

  if (!fits || ((part->flags & SENTIENT_GOSSIP_TEXT) != 0) != self->is_text
      || self->gossip->held + size > SENTIENT_GOSSIP_HELD_MAX)
    {
      refuse_partial (self);
      return;
    }
  /* Grows with what comes, not with what is promised. */
  g_byte_array_append (self->partial, bytes, (guint)size);
  self->gossip->held += size;
  if (!is_last)
    return;
  self->gossip->held -= self->partial->len;
  deliver (self, g_byte_array_free_to_bytes (g_steal_pointer (&self->partial)), self->is_text,
           part->hops);
}

/* It is its turn. */
static void
use_part (SentientGossipLife *self, const Part *part)
{
  if ((part->flags & SENTIENT_GOSSIP_FIRST) != 0)
    {
      if (self->partial != NULL)
        refuse_partial (self);
      if ((part->flags & SENTIENT_GOSSIP_LAST) != 0)
        {
          deliver (self, g_bytes_ref (part->payload), (part->flags & SENTIENT_GOSSIP_TEXT) != 0,
                   part->hops);
          return;
        }
      begin_partial (self, part);
    }
  if (self->partial != NULL)
    add_to_partial (self, part);
}

static void
use_held (SentientGossipLife *self)
{
  Part *part;

  while ((part = g_queue_peek_head (&self->held)) != NULL && part->sequence == self->next)
    {
      g_queue_pop_head (&self->held);
      self->held_size -= get_cost (part);
      self->gossip->held -= get_cost (part);
      self->next++;
      use_part (self, part);
      part_free (part);
    }
}

/* What is missing before the first that is held does not come any more. */
static void
skip (SentientGossipLife *self)
{
  const Part *first = g_queue_peek_head (&self->held);

  if (self->next != 0)
    {
      drop_partial (self);
      tell_lost (self, first->sequence - self->next);
    }
  self->next = first->sequence;
  use_held (self);
}

static gboolean
is_over_limit (SentientGossipLife *self)
{
  return self->held.length > SENTIENT_GOSSIP_ORIGIN_PARTS_MAX
         || self->held_size > SENTIENT_GOSSIP_ORIGIN_HELD_MAX + self->gossip->size
         || (self->held.length > 0 && self->gossip->held > SENTIENT_GOSSIP_HELD_MAX);
}

/* By its sequence; most come last. FALSE: it is there. */
static gboolean
hold (SentientGossipLife *self, GBytes *data, const SentientGossipMessage *message)
{
  GList *after = self->held.tail;
  const guint8 *start = g_bytes_get_data (data, NULL);
  Part *part;

  while (after != NULL && ((Part *)after->data)->sequence > message->sequence)
    after = after->prev;
  if (after != NULL && ((Part *)after->data)->sequence == message->sequence)
    return FALSE;
  part = g_new0 (Part, 1);
  part->sequence = message->sequence;
  part->flags = message->flags;
  part->hops = message->hops;
  part->total = message->total;
  part->since = self->used;
  part->payload = g_bytes_new_from_bytes (data, (gsize)(message->payload - start), message->len);
  if (after != NULL)
    g_queue_insert_after (&self->held, after, part);
  else
    g_queue_push_head (&self->held, part);
  self->held_size += get_cost (part);
  self->gossip->held += get_cost (part);
  return TRUE;
}

gboolean
sentient_gossip_life_take (SentientGossipLife *self,
                           GBytes *data,
                           const SentientGossipMessage *message)
{
  if (message->sequence < self->next)
    return FALSE;
  self->used = sentient_clock_get_monotonic_ms (self->gossip->clock);
  if (!hold (self, data, message))
    return FALSE;
  if (self->next == 0 && message->sequence == 1)
    self->next = 1;
  use_held (self);
  while (is_over_limit (self))
    skip (self);
  update_waiting (self);
  return TRUE;
}

/* When what is first has waited long enough. */
static gint64
get_deadline (SentientGossipLife *self)
{
  const Part *first = g_queue_peek_head (&self->held);

  if (first == NULL)
    return self->used + PARTIAL_MS;
  return first->since + (self->next == 0 ? START_MS : SENTIENT_GOSSIP_REORDER_MS);
}

/* FALSE: nothing of it waits any more. */
static gboolean
check_life (SentientGossipLife *self, gint64 now)
{
  while (self->held.length > 0 && get_deadline (self) <= now)
    skip (self);
  if (self->held.length == 0 && self->partial != NULL && get_deadline (self) <= now)
    {
      drop_partial (self);
      tell_lost (self, 1);
    }
  update_waiting (self);
  return self->waits;
}

gint64
sentient_gossip_check_lives (SentientGossip *self)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);
  gint64 wait = -1;
  GList *next;

  for (GList *at = self->waiting.head; at != NULL; at = next)
    {
      SentientGossipLife *life = at->data;

      next = at->next;
      if (check_life (life, now))
        wait = wait < 0 ? get_deadline (life) - now : MIN (wait, get_deadline (life) - now);
    }
  return wait;
}
