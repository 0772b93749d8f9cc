/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mesh-room.h"

#define ROOM "hall"

static gboolean
is_guest (const char *id)
{
  return g_str_has_prefix (id, "guest-");
}

/* A number, and a filling. */
static void
on_message (SentientPeer *peer, const char *from, GBytes *data, gboolean is_text, MeshNode *node)
{
  guint last = GPOINTER_TO_UINT (g_hash_table_lookup (node->last, from));
  g_autofree char *text
      = g_strndup (g_bytes_get_data (data, NULL), MIN (g_bytes_get_size (data), 20));
  guint number = (guint)g_ascii_strtoull (text, NULL, 10);

  g_assert_true (is_text);
  if (is_guest (from) || is_guest (node->id))
    g_assert_cmpuint (number, >, last);
  else
    g_assert_cmpuint (number, ==, last + 1);
  g_hash_table_replace (node->last, g_strdup (from), GUINT_TO_POINTER (number));
  node->n_heard++;
}

static void
on_broadcast (SentientPeer *peer,
              const char *room,
              const char *from,
              GBytes *data,
              gboolean is_text,
              MeshNode *node)
{
  g_assert_cmpstr (room, ==, ROOM);
  node->n_broadcasts++;
}

static MeshNode *
add (MeshRoom *self, const char *id, gboolean is_plain)
{
  MeshNode *node = g_new0 (MeshNode, 1);

  node->id = g_strdup (id);
  node->test = test_peer_new (id);
  node->peer = node->test->peer;
  node->peer->is_plain = is_plain;
  node->last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (node->peer, "message", G_CALLBACK (on_message), node);
  g_signal_connect (node->peer, "broadcast", G_CALLBACK (on_broadcast), node);
  sentient_peer_mesh_set_times (node->peer, MESH_WAIT_MS, MESH_SETTLE_MS, MESH_GRACE_MS);
  g_object_set (node->peer, "request-timeout", 20000, "connect-timeout", self->connect_timeout_ms,
                NULL);
  test_peer_connect_to (node->test, self->coordinator);
  test_peer_join (node->test, ROOM);
  g_ptr_array_add (self->nodes, node);
  return node;
}

MeshNode *
mesh_room_add (MeshRoom *self, const char *id)
{
  return add (self, id, FALSE);
}

MeshNode *
mesh_room_add_plain (MeshRoom *self, const char *id)
{
  return add (self, id, TRUE);
}

static void
node_free (MeshNode *node)
{
  settle (); /* connections that were on their way out */
  test_peer_free (node->test);
  g_hash_table_unref (node->last);
  g_free (node->id);
  g_free (node);
}

void
mesh_room_remove (MeshRoom *self, MeshNode *node)
{
  g_ptr_array_remove (self->nodes, node);
  test_peer_close (node->test);
  node_free (node);
}

void
mesh_room_init (MeshRoom *self, guint n)
{
  self->coordinator = fake_coordinator_new (0, 0);
  self->nodes = g_ptr_array_new ();
  self->connect_timeout_ms = 20000;
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("node-%u", i);

      mesh_room_add (self, id);
    }
}

static void
on_closed (GObject *peer, GAsyncResult *result, gpointer n_open)
{
  g_assert_true (sentient_peer_close_finish (SENTIENT_PEER (peer), result, NULL));
  --*(guint *)n_open;
}

void
mesh_room_clear (MeshRoom *self)
{
  guint n_open = self->nodes->len;

  for (guint i = 0; i < self->nodes->len; i++)
    sentient_peer_close_async (mesh_room_get (self, i)->peer, NULL, on_closed, &n_open);
  await (n_open == 0);
  g_ptr_array_set_free_func (self->nodes, (GDestroyNotify)node_free);
  g_ptr_array_unref (self->nodes);
  fake_coordinator_free (self->coordinator);
}

MeshNode *
mesh_room_get (MeshRoom *self, guint i)
{
  return g_ptr_array_index (self->nodes, i);
}

guint
mesh_node_count_connections (MeshNode *self)
{
  return g_list_model_get_n_items (sentient_peer_get_connections (self->peer));
}

static gboolean
stands (MeshNode *node, guint n_members, gboolean exact)
{
  g_auto (GStrv) neighbours = sentient_peer_list_neighbours (node->peer, ROOM);
  SentientRoom *room = sentient_peer_find_room (node->peer, ROOM);

  if (sentient_room_get_n_members (room) != n_members - 1)
    return FALSE;
  for (guint i = 0; neighbours[i] != NULL; i++)
    {
      if (!is_open (node->test, neighbours[i]))
        return FALSE;
    }
  return !exact || mesh_node_count_connections (node) == g_strv_length (neighbours);
}

gboolean
mesh_room_stands (MeshRoom *self, gboolean exact)
{
  for (guint i = 0; i < self->nodes->len; i++)
    {
      if (!stands (mesh_room_get (self, i), self->nodes->len, exact))
        return FALSE;
    }
  return TRUE;
}

gboolean
mesh_room_heard (MeshRoom *self, guint n)
{
  for (guint i = 0; i < self->nodes->len; i++)
    {
      if (mesh_room_get (self, i)->n_heard < n)
        return FALSE;
    }
  return TRUE;
}

SentientGossipStatistics
mesh_room_sum (MeshRoom *self)
{
  SentientGossipStatistics sum = { 0 };

  for (guint i = 0; i < self->nodes->len; i++)
    {
      g_autoptr (SentientGossipStatistics) statistics
          = sentient_peer_dup_gossip_statistics (mesh_room_get (self, i)->peer);

      sum.delivered += statistics->delivered;
      sum.received += statistics->received;
      sum.lost += statistics->lost;
      sum.dropped += statistics->dropped;
      sum.limited += statistics->limited;
      sum.refused += statistics->refused;
      sum.hops += statistics->hops;
      sum.max_hops = MAX (sum.max_hops, statistics->max_hops);
    }
  return sum;
}

void
mesh_room_check_statistics (MeshRoom *self)
{
  SentientGossipStatistics sum = mesh_room_sum (self);
  guint most = 0;

  for (guint i = 0; i < self->nodes->len; i++)
    most = MAX (most, mesh_node_count_connections (mesh_room_get (self, i)));
  g_test_message ("%u nodes, at most %u connections: a broadcast came %.1f times, over %.1f links, "
                  "at most %u",
                  self->nodes->len, most, (double)sum.received / (double)sum.delivered,
                  (double)sum.hops / (double)sum.delivered, sum.max_hops);
  g_assert_cmpuint (sum.lost, ==, 0);
  g_assert_cmpuint (sum.dropped, ==, 0);
  g_assert_cmpuint (sum.limited, ==, 0);
}

guint
mesh_node_say (MeshNode *self)
{
  g_autofree char *text = g_strdup_printf ("%u", ++self->n_sent);
  g_autoptr (GError) error = NULL;
  guint n_sent;

  sentient_peer_broadcast (self->peer, ROOM, text, &n_sent, &error);
  g_assert_no_error (error);
  return n_sent;
}
