/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-gossip-private.h"

#include "core/sentient-error.h"

#define LIVES_MAX 4
#define LIFE_IDLE_MS 10000

/* A member, or who was one. */
typedef struct
{
  char *node_id;
  gboolean was_there; /* before us, and nothing of it came yet */
  gint64 gone;        /* ms: since when it is no member; -1: it is */
  GPtrArray *lives;   /* SentientGossipLife; NULL: nothing came */
} Origin;

typedef struct
{
  char *name;
  guint64 epoch; /* of our broadcasts */
  guint64 sequence;
  GHashTable *origins; /* node id → Origin */
  GQueue gone;         /* Origin: those who left, in that order */
} Room;

/* It came before its origin, or who brought it, was known as a member. */
typedef struct
{
  GBytes *data;
  char *from;
  char *room;
  char *origin;
  gint64 until;
} Early;

/* Origins and rooms */

static void
origin_free (gpointer data)
{
  Origin *origin = data;

  g_clear_pointer (&origin->lives, g_ptr_array_unref);
  g_free (origin->node_id);
  g_free (origin);
}

static void
room_free (gpointer data)
{
  Room *room = data;

  g_queue_clear (&room->gone);
  g_hash_table_unref (room->origins);
  g_free (room->name);
  g_free (room);
}

static void
early_free (gpointer data)
{
  Early *early = data;

  g_bytes_unref (early->data);
  g_free (early->from);
  g_free (early->room);
  g_free (early->origin);
  g_free (early);
}

void
sentient_gossip_event_free (SentientGossipEvent *event)
{
  g_clear_pointer (&event->data, g_bytes_unref);
  g_free (event->room);
  g_free (event->origin);
  g_free (event);
}

SentientGossip *
sentient_gossip_new (SentientClock *clock, const char *node_id)
{
  SentientGossip *self = g_new0 (SentientGossip, 1);

  self->clock = g_object_ref (clock);
  self->node_id = g_strdup (node_id);
  self->hops = SENTIENT_GOSSIP_HOPS;
  self->size = SENTIENT_GOSSIP_SIZE;
  self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, room_free);
  g_queue_init (&self->early);
  g_queue_init (&self->waiting);
  g_queue_init (&self->events);
  return self;
}

void
sentient_gossip_free (SentientGossip *self)
{
  g_hash_table_unref (self->rooms);
  g_queue_clear_full (&self->early, early_free);
  g_queue_clear_full (&self->events, (GDestroyNotify)sentient_gossip_event_free);
  g_object_unref (self->clock);
  g_free (self->node_id);
  g_free (self);
}

void
sentient_gossip_set_limits (SentientGossip *self, guint hops, gsize size)
{
  self->hops = hops;
  self->size = size;
}

void
sentient_gossip_add_room (SentientGossip *self, const char *name)
{
  Room *room;

  if (g_hash_table_contains (self->rooms, name))
    return;
  room = g_new0 (Room, 1);
  room->name = g_strdup (name);
  room->epoch = (guint64)g_random_int () << 32 | g_random_int ();
  room->origins = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, origin_free);
  g_queue_init (&room->gone);
  g_hash_table_insert (self->rooms, room->name, room);
}

void
sentient_gossip_remove_room (SentientGossip *self, const char *room)
{
  g_hash_table_remove (self->rooms, room);
}

/* Those who left long enough ago, or too many. */
static void
forget_gone (SentientGossip *self, Room *room)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);
  Origin *oldest;

  while ((oldest = g_queue_peek_head (&room->gone)) != NULL
         && (room->gone.length > SENTIENT_GOSSIP_GONE_MAX
             || oldest->gone + SENTIENT_GOSSIP_GONE_MS <= now))
    {
      g_queue_pop_head (&room->gone);
      g_hash_table_remove (room->origins, oldest->node_id);
    }
}

void
sentient_gossip_add_member (SentientGossip *self,
                            const char *name,
                            const char *node_id,
                            gboolean was_there)
{
  Room *room = g_hash_table_lookup (self->rooms, name);
  Origin *origin;

  if (room == NULL)
    return;
  forget_gone (self, room);
  origin = g_hash_table_lookup (room->origins, node_id);
  if (origin != NULL)
    {
      if (origin->gone >= 0)
        g_queue_remove (&room->gone, origin);
      origin->gone = -1;
      return;
    }
  origin = g_new0 (Origin, 1);
  origin->node_id = g_strdup (node_id);
  origin->was_there = was_there;
  origin->gone = -1;
  g_hash_table_insert (room->origins, origin->node_id, origin);
}

void
sentient_gossip_remove_member (SentientGossip *self, const char *name, const char *node_id)
{
  Room *room = g_hash_table_lookup (self->rooms, name);
  Origin *origin = room != NULL ? g_hash_table_lookup (room->origins, node_id) : NULL;

  if (origin == NULL || origin->gone >= 0)
    return;
  origin->gone = sentient_clock_get_monotonic_ms (self->clock);
  g_queue_push_tail (&room->gone, origin);
  forget_gone (self, room);
}

/* Out */

static void
add_part (GPtrArray *parts,
          SentientGossipMessage *message,
          GBytes *data,
          gsize at,
          gboolean is_text)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  message->len = MIN (size - at, SENTIENT_GOSSIP_PART_MAX);
  message->payload = bytes + at;
  message->total = (guint32)size;
  message->flags = is_text ? SENTIENT_GOSSIP_TEXT : 0;
  if (at == 0)
    message->flags |= SENTIENT_GOSSIP_FIRST;
  if (at + message->len == size)
    message->flags |= SENTIENT_GOSSIP_LAST;
  g_ptr_array_add (parts, sentient_gossip_message_write (message));
}

static gboolean
check_broadcast (SentientGossip *self, GBytes *data, gboolean is_text, GError **error)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);

  if (size > self->size)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                 "The broadcast has %" G_GSIZE_FORMAT " bytes, the limit is %" G_GSIZE_FORMAT
                 ". Send it in parts, or raise the limit at all nodes of the room.",
                 size, self->size);
  else if (is_text && size > 0 && !g_utf8_validate_len (bytes, size, NULL))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "The text is not valid UTF-8 or holds a NUL. Send it as binary.");
  else
    return TRUE;
  return FALSE;
}

GPtrArray *
sentient_gossip_broadcast (SentientGossip *self,
                           const char *name,
                           GBytes *data,
                           gboolean is_text,
                           GError **error)
{
  Room *room = g_hash_table_lookup (self->rooms, name);
  SentientGossipMessage message = { .kind = SENTIENT_GOSSIP_PART, .hops = 1 };
  GPtrArray *parts;
  gsize at = 0;

  if (room == NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM, "Room “%s” was not joined",
                   name);
      return NULL;
    }
  if (!check_broadcast (self, data, is_text, error))
    return NULL;
  g_strlcpy (message.room, name, sizeof message.room);
  g_strlcpy (message.origin, self->node_id, sizeof message.origin);
  message.epoch = room->epoch;
  parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  do
    {
      message.sequence = ++room->sequence;
      add_part (parts, &message, data, at, is_text);
      at += message.len;
    }
  while (at < g_bytes_get_size (data));
  self->statistics.sent++;
  return parts;
}

/* In */

static void
keep_early (SentientGossip *self,
            const char *from,
            GBytes *data,
            const SentientGossipMessage *message)
{
  Early *early;

  if (self->early.length >= SENTIENT_GOSSIP_EARLY_MAX
      || self->early_size + g_bytes_get_size (data) > SENTIENT_GOSSIP_EARLY_BYTES)
    {
      self->statistics.refused++;
      return;
    }
  early = g_new0 (Early, 1);
  early->data = g_bytes_ref (data);
  early->from = g_strdup (from);
  early->room = g_strdup (message->room);
  early->origin = g_strdup (message->origin);
  early->until = sentient_clock_get_monotonic_ms (self->clock) + SENTIENT_GOSSIP_EARLY_MS;
  self->early_size += g_bytes_get_size (data);
  g_queue_push_tail (&self->early, early);
}

static void
remove_early (SentientGossip *self, GList *link)
{
  self->early_size -= g_bytes_get_size (((Early *)link->data)->data);
  g_queue_delete_link (&self->early, link);
}

GBytes *
sentient_gossip_take_early (SentientGossip *self, char **from)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);
  GList *next;

  for (GList *at = self->early.head; at != NULL; at = next)
    {
      Early *early = at->data;
      Room *room = g_hash_table_lookup (self->rooms, early->room);
      GBytes *data = NULL;

      next = at->next;
      if (room != NULL && early->until > now)
        {
          if (!g_hash_table_contains (room->origins, early->from)
              || !g_hash_table_contains (room->origins, early->origin))
            continue;
          data = g_bytes_ref (early->data);
          *from = g_strdup (early->from);
        }
      else
        self->statistics.refused++;
      remove_early (self, at);
      early_free (early);
      if (data != NULL)
        return data;
    }
  return NULL;
}

/* NULL: there are too many already. */
static SentientGossipLife *
find_life (SentientGossip *self, Room *room, Origin *origin, const char *from, guint64 epoch)
{
  SentientGossipLife *life, *oldest = NULL;

  if (origin->lives == NULL)
    origin->lives = g_ptr_array_new_with_free_func ((GDestroyNotify)sentient_gossip_life_free);
  for (guint i = 0; i < origin->lives->len; i++)
    {
      life = origin->lives->pdata[i];
      if (life->epoch == epoch)
        return life;
      if (oldest == NULL || life->used < oldest->used)
        oldest = life;
    }
  if (origin->lives->len >= LIVES_MAX)
    {
      /* Others may tell of lives that it never had; what it says itself always has a place. */
      if (!g_str_equal (from, origin->node_id)
          && oldest->used + LIFE_IDLE_MS > sentient_clock_get_monotonic_ms (self->clock))
        return NULL;
      g_ptr_array_remove_fast (origin->lives, oldest);
    }
  life = sentient_gossip_life_new (self, room->name, origin->node_id, epoch, !origin->was_there);
  origin->was_there = FALSE;
  g_ptr_array_add (origin->lives, life);
  return life;
}

SentientGossipVerdict
sentient_gossip_receive (SentientGossip *self,
                         const char *from,
                         GBytes *data,
                         const SentientGossipMessage *message,
                         GBytes **passed)
{
  Room *room = g_hash_table_lookup (self->rooms, message->room);
  Origin *origin;
  SentientGossipLife *life;

  *passed = NULL;
  self->statistics.received++;
  if (room == NULL)
    {
      self->statistics.refused++;
      return SENTIENT_GOSSIP_IS_FOREIGN;
    }
  if (g_str_equal (message->origin, self->node_id))
    {
      self->statistics.duplicates++;
      return SENTIENT_GOSSIP_WAS_SEEN;
    }
  forget_gone (self, room);
  origin = g_hash_table_lookup (room->origins, message->origin);
  if (origin == NULL || !g_hash_table_contains (room->origins, from))
    {
      keep_early (self, from, data, message);
      return SENTIENT_GOSSIP_IS_EARLY;
    }
  life = find_life (self, room, origin, from, message->epoch);
  if (life == NULL)
    {
      self->statistics.refused++;
      return SENTIENT_GOSSIP_IS_FOREIGN;
    }
  if (!sentient_gossip_life_take (life, data, message))
    {
      self->statistics.duplicates++;
      return SENTIENT_GOSSIP_WAS_SEEN;
    }
  if (message->hops < self->hops)
    *passed = sentient_gossip_message_pass_on (data, message->hops + 1);
  return SENTIENT_GOSSIP_IS_NEW;
}

SentientGossipEvent *
sentient_gossip_take_event (SentientGossip *self)
{
  if (self->events.length == 0)
    sentient_gossip_check_lives (self);
  return g_queue_pop_head (&self->events);
}

gint64
sentient_gossip_get_timeout (SentientGossip *self)
{
  gint64 wait = sentient_gossip_check_lives (self);

  return self->events.length > 0 ? 0 : wait;
}

SentientGossipStatistics *
sentient_gossip_get_statistics (SentientGossip *self)
{
  return &self->statistics;
}

gsize
sentient_gossip_get_held (SentientGossip *self)
{
  return self->held + self->early_size;
}
