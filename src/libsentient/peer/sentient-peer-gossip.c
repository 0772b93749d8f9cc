/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-mesh-private.h"

#include "core/sentient-rate-limiter.h"

/* Broadcasts over the connections of a peer: to and from those of its members that pass them on.
 * What waits for a neighbour is bounded: one that takes too slowly what it gets misses some of it,
 * and its other neighbours bring it. One that sends too much is not listened to. */

/* Bytes that wait for a neighbour besides what its channel has taken. Over HIGH none of ours is
 * added, over MAX none at all; below LOW it has drained. */
#define QUEUE_MAX (3 * 1024 * 1024)
#define QUEUE_HIGH (1024 * 1024)
#define QUEUE_LOW (256 * 1024)
/* Before another loss at the same neighbour is told. */
#define TELL_MS 10000

G_STATIC_ASSERT (SENTIENT_GOSSIP_SERVICE == (int)SENTIENT_SERVICE_GOSSIP);

typedef struct
{
  SentientConnection *connection; /* unowned, may be gone: only to be compared */
  GQueue queue;                   /* GBytes */
  gsize size;
  gboolean was_refused; /* a broadcast of ours */
  SentientRateState rate;
  gint64 told; /* ms: when a loss was told; 0: none */
} Neighbour;

struct _SentientPeerGossip
{
  SentientPeer *peer; /* it owns us */
  SentientGossip *model;
  GHashTable *neighbours; /* node id → Neighbour */
  GSource *timer;
};

static void
neighbour_free (gpointer data)
{
  Neighbour *neighbour = data;

  g_queue_clear_full (&neighbour->queue, (GDestroyNotify)g_bytes_unref);
  g_free (neighbour);
}

SentientPeerGossip *
sentient_peer_gossip_new (SentientPeer *peer)
{
  SentientPeerGossip *self = g_new0 (SentientPeerGossip, 1);

  self->peer = peer;
  self->model = sentient_gossip_new (peer->clock, peer->node_id);
  self->neighbours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, neighbour_free);
  return self;
}

static void
clear_timer (SentientPeerGossip *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
sentient_peer_gossip_stop (SentientPeerGossip *self)
{
  clear_timer (self);
  g_hash_table_remove_all (self->neighbours);
}

void
sentient_peer_gossip_free (SentientPeerGossip *self)
{
  g_hash_table_unref (self->neighbours);
  sentient_gossip_free (self->model);
  g_free (self);
}

SentientGossip *
sentient_peer_gossip_get_model (SentientPeerGossip *self)
{
  return self->model;
}

static void
forget_closed (SentientPeerGossip *self)
{
  GHashTableIter iter;
  gpointer node_id, neighbour;

  g_hash_table_iter_init (&iter, self->neighbours);
  while (g_hash_table_iter_next (&iter, &node_id, &neighbour))
    {
      if (g_hash_table_lookup (self->peer->open, node_id) != ((Neighbour *)neighbour)->connection)
        g_hash_table_iter_remove (&iter);
    }
}

static Neighbour *
find_neighbour (SentientPeerGossip *self, SentientConnection *connection)
{
  Neighbour *neighbour = g_hash_table_lookup (self->neighbours, connection->node_id);

  if (neighbour != NULL && neighbour->connection == connection)
    return neighbour;
  forget_closed (self);
  neighbour = g_new0 (Neighbour, 1);
  neighbour->connection = connection;
  g_hash_table_replace (self->neighbours, g_strdup (connection->node_id), neighbour);
  return neighbour;
}

/* Out */

static void
send_waiting (Neighbour *neighbour, SentientConnection *connection)
{
  GBytes *data;

  while ((data = g_queue_peek_head (&neighbour->queue)) != NULL
         && sentient_connection_push_service (connection, data, SENTIENT_STREAM_PRIORITY_NORMAL))
    {
      g_queue_pop_head (&neighbour->queue);
      neighbour->size -= g_bytes_get_size (data);
      g_bytes_unref (data);
    }
}

/* Tells it at most once in a while: who hears of it must not be flooded, too. */
static void
tell_drop (SentientPeerGossip *self, Neighbour *neighbour, const char *node_id, const char *why)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->peer->clock);

  if (neighbour->told != 0 && now - neighbour->told < TELL_MS)
    return;
  neighbour->told = now;
  sentient_peer_trace (self->peer, node_id, "%s", why);
}

static void
enqueue (SentientPeerGossip *self, SentientConnection *connection, GBytes *data)
{
  Neighbour *neighbour = find_neighbour (self, connection);

  if (neighbour->size + g_bytes_get_size (data) > QUEUE_MAX)
    {
      sentient_gossip_get_statistics (self->model)->dropped++;
      tell_drop (self, neighbour, connection->node_id,
                 "it takes broadcasts too slowly: some are dropped, others may bring them");
      return;
    }
  g_queue_push_tail (&neighbour->queue, g_bytes_ref (data));
  neighbour->size += g_bytes_get_size (data);
  send_waiting (neighbour, connection);
}

static gboolean
is_target (SentientPeer *self, const char *room, SentientConnection *connection)
{
  return connection->peer == self && connection->stream != NULL
         && sentient_connection_is_usable (connection)
         && sentient_peer_mesh_passes_on (self, room, connection->node_id);
}

static void
pass_on (SentientPeerGossip *self,
         const char *from,
         const SentientGossipMessage *message,
         GBytes *data)
{
  g_autoptr (GPtrArray) open = sentient_peer_list (self->peer->open);
  guint n = 0;

  for (guint i = 0; i < open->len; i++)
    {
      SentientConnection *connection = open->pdata[i];

      if (g_str_equal (connection->node_id, from)
          || g_str_equal (connection->node_id, message->origin)
          || !is_target (self->peer, message->room, connection))
        continue;
      enqueue (self, connection, data);
      n++;
    }
  if (n > 0)
    sentient_gossip_get_statistics (self->model)->relayed++;
}

void
sentient_peer_gossip_serve (SentientPeer *peer, SentientConnection *connection)
{
  Neighbour *neighbour = g_hash_table_lookup (peer->gossip->neighbours, connection->node_id);

  if (neighbour == NULL || neighbour->connection != connection)
    return;
  send_waiting (neighbour, connection);
  if (!neighbour->was_refused || neighbour->size >= QUEUE_LOW)
    return;
  neighbour->was_refused = FALSE;
  sentient_peer_emit_drained (peer, connection->node_id);
}

/* Those that take a broadcast of ours now; *n_full: those that do not. */
static GPtrArray *
list_targets (SentientPeerGossip *self, const char *room, guint *n_full)
{
  g_autoptr (GPtrArray) open = sentient_peer_list (self->peer->open);
  GPtrArray *targets = g_ptr_array_new_with_free_func (g_object_unref);

  *n_full = 0;
  for (guint i = 0; i < open->len; i++)
    {
      SentientConnection *connection = open->pdata[i];
      Neighbour *neighbour;

      if (!is_target (self->peer, room, connection))
        continue;
      neighbour = find_neighbour (self, connection);
      if (neighbour->size < QUEUE_HIGH)
        {
          g_ptr_array_add (targets, g_object_ref (connection));
          continue;
        }
      neighbour->was_refused = TRUE;
      (*n_full)++;
    }
  return targets;
}

gboolean
sentient_peer_gossip_broadcast (SentientPeer *peer,
                                SentientRoom *room,
                                GBytes *data,
                                gboolean is_text,
                                guint *n_sent,
                                GError **error)
{
  SentientPeerGossip *self = peer->gossip;
  const char *name = sentient_room_get_name (room);
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  guint n_full;

  sentient_peer_mesh_sync (peer);
  targets = list_targets (self, name, &n_full);
  *n_sent = 0;
  if (targets->len + n_full == 0)
    return TRUE;
  if (targets->len < n_full)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK,
                   "too much waits for %u of %u neighbours in room “%s”; the broadcast was not "
                   "sent. Send it again when a channel has drained.",
                   n_full, n_full + targets->len, name);
      return FALSE;
    }
  parts = sentient_gossip_broadcast (self->model, name, data, is_text, error);
  if (parts == NULL)
    return FALSE;
  for (guint i = 0; i < targets->len; i++)
    {
      for (guint j = 0; j < parts->len; j++)
        enqueue (self, targets->pdata[i], parts->pdata[j]);
    }
  *n_sent = targets->len;
  return TRUE;
}

/* In */

/* Runs foreign code. */
static void
tell_events (SentientPeerGossip *self)
{
  g_autoptr (SentientPeer) peer = g_object_ref (self->peer);
  SentientGossipEvent *next;

  while ((next = sentient_gossip_take_event (self->model)) != NULL)
    {
      g_autoptr (SentientGossipEvent) event = next;

      if (event->kind == SENTIENT_GOSSIP_EVENT_LOST)
        sentient_peer_trace (peer, event->origin,
                             "%" G_GUINT64_FORMAT " parts of broadcasts to room “%s” did not come "
                             "in time",
                             event->n_lost, event->room);
      else
        sentient_peer_emit_broadcast (peer, event->room, event->origin, event->data,
                                      event->is_text);
    }
}

static void set_timer (SentientPeerGossip *self);

static gboolean
on_timer (gpointer user_data)
{
  SentientPeerGossip *self = user_data;
  g_autoptr (SentientPeer) keep = g_object_ref (self->peer);

  g_clear_pointer (&self->timer, g_source_unref);
  tell_events (self);
  set_timer (self);
  return G_SOURCE_REMOVE;
}

static void
set_timer (SentientPeerGossip *self)
{
  gint64 ms = sentient_gossip_get_timeout (self->model);

  if (ms >= 0 && self->timer == NULL && !self->peer->mesh->is_over)
    self->timer = sentient_peer_add_timeout (self->peer, (guint)ms, on_timer, self);
}

static void
take_part (SentientPeerGossip *self,
           const char *from,
           GBytes *data,
           const SentientGossipMessage *message)
{
  g_autoptr (GBytes) passed = NULL;

  sentient_gossip_receive (self->model, from, data, message, &passed);
  if (passed != NULL)
    pass_on (self, from, message, passed);
}

/* What came before its origin was known. */
static void
take_early (SentientPeerGossip *self)
{
  char *next = NULL;
  GBytes *early;

  while ((early = sentient_gossip_take_early (self->model, &next)) != NULL)
    {
      g_autoptr (GBytes) data = early;
      g_autofree char *from = g_steal_pointer (&next);
      SentientGossipMessage message;

      if (sentient_gossip_message_parse (g_bytes_get_data (data, NULL), g_bytes_get_size (data),
                                         &message, NULL))
        take_part (self, from, data, &message);
    }
}

gboolean
sentient_peer_gossip_receive (SentientPeer *peer,
                              SentientConnection *connection,
                              GBytes *data,
                              GError **error)
{
  g_autoptr (SentientPeer) keep = g_object_ref (peer);
  g_autofree char *from = g_strdup (connection->node_id);
  SentientPeerGossip *self = peer->gossip;
  const SentientRateLimit limit = { peer->mesh->rate, MAX (1, peer->mesh->rate) * 2 };
  SentientGossipMessage message;
  Neighbour *neighbour = find_neighbour (self, connection);
  gint64 now = sentient_clock_get_monotonic_ms (peer->clock);

  if (!sentient_gossip_message_parse (g_bytes_get_data (data, NULL), g_bytes_get_size (data),
                                      &message, error))
    return FALSE;
  if (!sentient_rate_limiter_take (&limit, &neighbour->rate, now, 1))
    {
      sentient_gossip_get_statistics (self->model)->limited++;
      tell_drop (self, neighbour, from, "it sends too many broadcasts a second: some are dropped");
      return TRUE;
    }
  if (message.kind == SENTIENT_GOSSIP_NEED)
    sentient_peer_mesh_handle_need (peer, from, (message.flags & SENTIENT_GOSSIP_NEEDED) != 0);
  if (message.kind != SENTIENT_GOSSIP_PART)
    return TRUE;
  sentient_peer_mesh_sync (peer);
  take_early (self);
  take_part (self, from, data, &message);
  tell_events (self);
  set_timer (self);
  return TRUE;
}

void
sentient_peer_gossip_members_changed (SentientPeer *peer)
{
  take_early (peer->gossip);
  tell_events (peer->gossip);
  set_timer (peer->gossip);
}

/**
 * sentient_peer_dup_gossip_statistics:
 * @self: a peer
 *
 * Returns: (transfer full): what was counted so far of broadcasts that go from member to member
 *
 * Since: 0.1
 */
SentientGossipStatistics *
sentient_peer_dup_gossip_statistics (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  return sentient_gossip_statistics_copy (sentient_gossip_get_statistics (self->gossip->model));
}
