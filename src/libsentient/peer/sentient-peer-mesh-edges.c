/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-mesh-private.h"
#include "peer/sentient-transfer-private.h"

/* Connections that were made by themselves and that nobody needs any more, since others came or
 * went. One is closed when both ends have told each other that they do not need it; until an end
 * has, it does. An end needs a connection to a neighbour, and one that its application asked for or
 * uses. It says no only after a while, and not while a neighbour is not connected yet: so members
 * that come and go leave the room in one piece, and connections do not come and go with them. But
 * where many came at once, and left as many such connections behind, that is shortened. */

/* If a neighbour cannot be connected at all, the rest is let go after so many times as long. */
#define PATIENCE 4
#define RETRY_MS 1000

typedef struct
{
  SentientConnection *connection; /* unowned, may be gone: only to be compared */
  gint64 idle_since;              /* ms; -1: it is needed */
  guint64 n_messages;             /* of the application, so far */
  gboolean is_told;               /* the other end, that we do not need it */
  gboolean is_left;               /* by the other end, likewise */
} Edge;

GHashTable *
sentient_peer_mesh_edges_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static Edge *
find_edge (SentientPeerMesh *self, SentientConnection *connection)
{
  Edge *edge = g_hash_table_lookup (self->edges, connection->node_id);

  if (edge != NULL && edge->connection == connection)
    return edge;
  edge = g_new0 (Edge, 1);
  edge->connection = connection;
  edge->idle_since = -1;
  g_hash_table_replace (self->edges, g_strdup (connection->node_id), edge);
  return edge;
}

static gboolean
tell (SentientConnection *connection, gboolean is_needed)
{
  SentientGossipMessage message
      = { .kind = SENTIENT_GOSSIP_NEED, .flags = is_needed ? SENTIENT_GOSSIP_NEEDED : 0 };
  g_autoptr (GBytes) data = sentient_gossip_message_write (&message);

  return sentient_connection_push_service (connection, data, SENTIENT_STREAM_PRIORITY_NORMAL);
}

/* Whether it can be told: it knows the gossip of a room that we share. */
static gboolean
understands (SentientPeerMesh *self, SentientConnection *connection)
{
  GListModel *rooms = G_LIST_MODEL (self->peer->rooms);

  for (guint i = 0; connection->stream != NULL && i < g_list_model_get_n_items (rooms); i++)
    {
      g_autoptr (SentientRoom) room = g_list_model_get_item (rooms, i);

      if (sentient_peer_mesh_passes_on (self->peer, sentient_room_get_name (room),
                                        connection->node_id))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_used (SentientConnection *connection, Edge *edge)
{
  guint64 n_messages = connection->messages_sent + connection->messages_received;
  gboolean is_quiet
      = n_messages == edge->n_messages
        && sentient_stream_count_unacknowledged (connection->stream) == 0
        && connection->senders.length == 0
        && !sentient_transfer_list_is_busy (connection->peer->transfers, connection->node_id);

  edge->n_messages = n_messages;
  return !is_quiet;
}

/* Neighbours that are connected. */
static guint
count_neighbours (SentientPeerMesh *self)
{
  GHashTableIter iter;
  gpointer node_id;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->wanted);
  while (g_hash_table_iter_next (&iter, &node_id, NULL))
    {
      SentientConnection *connection = g_hash_table_lookup (self->peer->open, node_id);

      n += connection != NULL && sentient_connection_is_usable (connection);
    }
  return n;
}

/* How many of those that are open are idle. */
static guint
count_idle (SentientPeerMesh *self)
{
  GHashTableIter iter;
  gpointer edge;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->edges);
  while (g_hash_table_iter_next (&iter, NULL, &edge))
    n += ((Edge *)edge)->idle_since >= 0;
  return n;
}

/* FALSE: not yet, it is looked at again. */
static gboolean
may_go (SentientPeerMesh *self, Edge *edge)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->peer->clock);
  guint n_wanted = g_hash_table_size (self->wanted);
  guint n_there = count_neighbours (self);
  gboolean are_many;
  gint64 grace;

  if (edge->idle_since < 0)
    edge->idle_since = now;
  are_many = count_idle (self) > self->degree / 2;
  grace = are_many ? MIN (self->settle_ms, self->grace_ms) : self->grace_ms;
  if (now - edge->idle_since >= grace
      && (n_there == n_wanted || (are_many && n_there >= n_wanted / 2)
          || now - edge->idle_since >= PATIENCE * (gint64)self->grace_ms))
    return TRUE;
  sentient_peer_mesh_schedule (self, MAX (edge->idle_since + grace - now, MIN (grace, RETRY_MS)));
  return FALSE;
}

/* TRUE: neither end needs it. */
static gboolean
check_edge (SentientPeerMesh *self, SentientConnection *connection)
{
  Edge *edge = find_edge (self, connection);
  gboolean is_needed = sentient_peer_mesh_wants (self->peer, connection->node_id);

  if (!sentient_connection_is_usable (connection) || !understands (self, connection))
    return FALSE;
  if (is_needed || is_used (connection, edge))
    {
      edge->idle_since = -1;
      if (edge->is_told && tell (connection, TRUE))
        edge->is_told = FALSE;
      if (!is_needed || edge->is_told)
        sentient_peer_mesh_schedule (self, self->grace_ms);
      return FALSE;
    }
  if (!edge->is_told && !may_go (self, edge))
    return FALSE;
  if (!edge->is_told && !tell (connection, FALSE))
    {
      sentient_peer_mesh_schedule (self,
                                   MIN (self->grace_ms, RETRY_MS)); /* too much waits for it */
      return FALSE;
    }
  edge->is_told = TRUE;
  /* Should it be used again, that has to be told. */
  sentient_peer_mesh_schedule (self, self->grace_ms);
  return edge->is_left;
}

/* A neighbour that left in the belief that nobody needs the connection is greeted again. */
static void
forget_closed (SentientPeerMesh *self)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->peer->clock);
  GHashTableIter iter;
  gpointer node_id, edge;

  g_hash_table_iter_init (&iter, self->edges);
  while (g_hash_table_iter_next (&iter, &node_id, &edge))
    {
      SentientPeerWish *wish = g_hash_table_lookup (self->wanted, node_id);

      if (g_hash_table_contains (self->peer->open, node_id))
        continue;
      if (wish != NULL && ((Edge *)edge)->is_left)
        {
          wish->is_settled = FALSE;
          wish->due = now + self->settle_ms;
          sentient_peer_mesh_schedule (self, self->settle_ms);
        }
      g_hash_table_iter_remove (&iter);
    }
}

void
sentient_peer_mesh_check_edges (SentientPeerMesh *self)
{
  g_autoptr (GPtrArray) open = sentient_peer_list (self->peer->open);

  forget_closed (self);
  for (guint i = 0; i < open->len; i++)
    {
      SentientConnection *connection = open->pdata[i];

      if (connection->peer != self->peer || !check_edge (self, connection))
        continue;
      sentient_peer_trace (self->peer, connection->node_id,
                           "neither node needs the connection any more");
      if (connection->peer == self->peer)
        sentient_peer_disconnect_peer_async (self->peer, connection->node_id, NULL, NULL, NULL);
    }
}

void
sentient_peer_mesh_handle_need (SentientPeer *peer, const char *node_id, gboolean is_needed)
{
  SentientConnection *connection = g_hash_table_lookup (peer->open, node_id);

  if (connection == NULL)
    return;
  find_edge (peer->mesh, connection)->is_left = !is_needed;
  sentient_peer_mesh_schedule (peer->mesh, 0);
  sentient_peer_trace (peer, node_id, "it needs the connection %s",
                       is_needed ? "again" : "no more");
}
