/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Broadcasts in a room beyond the mesh limit with members that do not play along: some do not pass
 * on, are slow, or lie. */

#include "mesh-room.h"

#include <string.h>

/* Who does not pass on is everybody's neighbour, and hears and says everything directly. */
static void
test_plain (void)
{
  MeshRoom room;
  MeshNode *plain;

  mesh_room_init (&room, 10);
  plain = mesh_room_add_plain (&room, "plain");
  mesh_room_add (&room, "node-late");
  await (mesh_room_stands (&room, TRUE));
  g_assert_cmpuint (mesh_node_count_connections (plain), ==, 11);
  for (guint i = 0; i < room.nodes->len; i++)
    mesh_node_say (mesh_room_get (&room, i));
  await (mesh_room_heard (&room, 11));
  settle ();
  for (guint i = 0; i < room.nodes->len; i++)
    {
      MeshNode *node = mesh_room_get (&room, i);

      g_assert_cmpuint (node->n_heard, ==, 11);
      g_assert_cmpuint (node->n_broadcasts, ==, node == plain ? 0 : 10);
    }
  mesh_room_check_statistics (&room);
  mesh_room_clear (&room);
}

/* Its capability does not fit into what it tells of itself: it is a plain one, and knows it. */
static void
test_full_metadata (void)
{
  g_autofree char *filling = g_strnfill (2000, 'x');
  g_autofree char *metadata = g_strdup_printf ("{\"name\":\"%s\"}", filling);
  TestPeer *peer = test_peer_new ("full");
  MeshRoom room;
  g_autoptr (GAsyncResult) result = NULL;
  g_auto (GStrv) neighbours = NULL;

  mesh_room_init (&room, 10);
  test_peer_connect_to (peer, room.coordinator);
  sentient_peer_join_async (peer->peer, "hall", metadata, NULL, on_result, &result);
  await (result != NULL);
  g_object_unref (sentient_peer_join_finish (peer->peer, result, NULL));
  g_clear_object (&result);
  neighbours = sentient_peer_list_neighbours (peer->peer, "hall");
  g_assert_cmpuint (g_strv_length (neighbours), ==, 10);
  for (guint i = 0; i < room.nodes->len; i++)
    await (is_open (peer, mesh_room_get (&room, i)->id));
  test_peer_close (peer);
  settle ();
  test_peer_free (peer);
  mesh_room_clear (&room);
}

typedef struct
{
  guint n;    /* broadcasts that came */
  guint last; /* number of the last */
} Heard;

static void
on_large (SentientPeer *peer, const char *from, GBytes *data, gboolean is_text, Heard *heard)
{
  guint number;

  memcpy (&number, g_bytes_get_data (data, NULL), sizeof number);
  g_assert_cmpuint (number, >, heard->last);
  heard->last = number;
  heard->n++;
}

static void
pause_all (MeshNode *node, gboolean paused)
{
  g_autoptr (GPtrArray) open = sentient_peer_list (node->peer->open);

  for (guint i = 0; i < open->len; i++)
    sentient_connection_set_paused (open->pdata[i], paused);
}

static void
send_number (MeshNode *node, guint *filling, guint number)
{
  g_autoptr (GBytes) data = NULL;
  g_autoptr (GError) error = NULL;

  filling[0] = number;
  data = g_bytes_new (filling, 8000 * sizeof *filling);
  sentient_peer_broadcast_bytes (node->peer, "hall", data, NULL, &error);
  g_assert_no_error (error);
}

/* One that reads nothing costs the others nothing: they hear all of it, and it is told what it
 * missed. */
static void
test_slow (void)
{
  MeshRoom room;
  MeshNode *slow;
  Heard heard[12] = { { 0 } };
  const guint n_sent = 300;
  g_autofree guint *filling = g_new (guint, 8000);

  for (guint i = 0; i < 8000; i++)
    filling[i] = g_random_int (); /* so that it cannot be deflated */
  mesh_room_init (&room, G_N_ELEMENTS (heard));
  await (mesh_room_stands (&room, TRUE));
  slow = mesh_room_get (&room, 5);
  for (guint i = 0; i < room.nodes->len; i++)
    {
      MeshNode *node = mesh_room_get (&room, i);

      g_signal_handlers_disconnect_by_data (node->peer, node);
      g_signal_handlers_disconnect_by_data (node->peer, node->test);
      g_signal_connect (node->peer, "message", G_CALLBACK (on_large), &heard[i]);
    }
  pause_all (slow, TRUE);
  for (guint i = 1; i <= n_sent; i++)
    {
      send_number (mesh_room_get (&room, 0), filling, i);
      for (guint j = 1; j < room.nodes->len; j++)
        if (j != 5)
          await (heard[j].n == i);
    }
  g_assert_cmpuint (heard[5].n, ==, 0);
  g_assert_cmpuint (mesh_room_sum (&room).dropped, >, 0);
  pause_all (slow, FALSE);
  await (heard[5].n > 0);
  send_number (mesh_room_get (&room, 0), filling, n_sent + 1);
  await (heard[5].last == n_sent + 1);
  g_test_message ("the slow one heard %u of %u; %" G_GUINT64_FORMAT " parts were dropped for it",
                  heard[5].n, n_sent + 1, mesh_room_sum (&room).dropped);
  g_assert_cmpuint (mesh_room_sum (&room).lost, ==, n_sent + 1 - heard[5].n);
  await (mesh_room_sum (&room).delivered == heard[5].n + (room.nodes->len - 2) * (n_sent + 1));
  for (guint j = 1; j < room.nodes->len; j++)
    if (j != 5)
      g_assert_cmpuint (heard[j].n, ==, n_sent + 1);
  mesh_room_clear (&room);
}

/* Who sends faster than all can take is told to wait, and nothing is lost. */
static void
test_back_pressure (void)
{
  MeshRoom room;
  Heard heard[9] = { { 0 } };
  guint n_sent = 0, n_refused = 0;
  g_autofree guint *filling = g_new0 (guint, 8000);

  for (guint i = 0; i < 8000; i++)
    filling[i] = g_random_int ();
  mesh_room_init (&room, G_N_ELEMENTS (heard));
  await (mesh_room_stands (&room, TRUE));
  for (guint i = 0; i < room.nodes->len; i++)
    {
      MeshNode *node = mesh_room_get (&room, i);

      g_signal_handlers_disconnect_by_data (node->peer, node);
      g_signal_handlers_disconnect_by_data (node->peer, node->test);
      g_signal_connect (node->peer, "message", G_CALLBACK (on_large), &heard[i]);
    }
  while (n_sent < 400)
    {
      g_autoptr (GBytes) data = NULL;
      g_autoptr (GError) error = NULL;

      filling[0] = n_sent + 1;
      data = g_bytes_new (filling, 8000 * sizeof *filling);
      if (sentient_peer_broadcast_bytes (mesh_room_get (&room, 0)->peer, "hall", data, NULL,
                                         &error))
        {
          n_sent++;
          continue;
        }
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
      n_refused++;
      g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
    }
  g_assert_cmpuint (n_refused, >, 0);
  for (guint i = 1; i < room.nodes->len; i++)
    await (heard[i].n == n_sent);
  mesh_room_check_statistics (&room);
  mesh_room_clear (&room);
}

static SentientConnection *
find_connection (MeshNode *from, const char *to)
{
  return g_hash_table_lookup (from->peer->open, to);
}

static void
push (SentientConnection *connection, const SentientGossipMessage *message)
{
  g_autoptr (GBytes) data = sentient_gossip_message_write (message);

  await (sentient_connection_push_service (connection, data, SENTIENT_STREAM_PRIORITY_NORMAL));
}

/* A neighbour that breaks the rules loses its connection, one that makes things up is not heard,
 * and one that never stops is heard as much as is allowed. */
static void
test_hostile (void)
{
  MeshRoom room;
  MeshNode *victim, *liar;
  g_auto (GStrv) neighbours = NULL;
  g_autoptr (GBytes) broken = g_bytes_new_static ("\2\1\1\7\0", 5);
  SentientGossipMessage message
      = { .kind = SENTIENT_GOSSIP_PART,
          .flags = SENTIENT_GOSSIP_TEXT | SENTIENT_GOSSIP_FIRST | SENTIENT_GOSSIP_LAST,
          .hops = 1,
          .room = "hall",
          .origin = "nobody",
          .epoch = 1,
          .sequence = 1,
          .payload = (const guint8 *)"1",
          .len = 1 };

  mesh_room_init (&room, 12);
  await (mesh_room_stands (&room, TRUE));
  victim = mesh_room_get (&room, 0);
  neighbours = sentient_peer_list_neighbours (victim->peer, "hall");
  for (guint i = 0;; i++)
    {
      liar = mesh_room_get (&room, i);
      if (g_str_equal (liar->id, neighbours[0]))
        break;
    }
  /* Origins and rooms that do not exist; kinds of a later version. */
  for (guint i = 0; i < 2000; i++)
    {
      message.sequence++;
      strcpy (message.room, i % 2 == 0 ? "hall" : "cellar");
      push (find_connection (liar, victim->id), &message);
    }
  message.kind = SENTIENT_GOSSIP_UNKNOWN;
  push (find_connection (liar, victim->id), &message);
  await (mesh_room_sum (&room).refused >= 2000 - SENTIENT_GOSSIP_EARLY_MAX);
  g_assert_cmpuint (sentient_gossip_get_held (
                        sentient_peer_gossip_get_model (victim->peer->gossip)),
                    <=, SENTIENT_GOSSIP_EARLY_BYTES);
  g_assert_cmpuint (victim->n_heard, ==, 0);
  /* Too many. */
  message.kind = SENTIENT_GOSSIP_PART;
  strcpy (message.room, "cellar");
  g_object_set (victim->peer, "gossip-rate", 1, NULL);
  for (guint i = 0; i < 50; i++)
    push (find_connection (liar, victim->id), &message);
  await (mesh_room_sum (&room).limited > 0);
  g_object_set (victim->peer, "gossip-rate", 1000, NULL);
  g_assert_true (is_open (victim->test, liar->id));
  /* Nonsense. */
  await (sentient_connection_push_service (find_connection (liar, victim->id), broken,
                                           SENTIENT_STREAM_PRIORITY_NORMAL));
  await (has (victim->test->disconnected, liar->id));
  for (guint i = 1; neighbours[i] != NULL; i++)
    g_assert_true (is_open (victim->test, neighbours[i]));
  mesh_room_clear (&room);
}

/* A neighbour speaks in the name of another member: lives that it never had, parts of broadcasts
 * that never end and are far ahead, more hops than there are. What that one said before and says
 * itself is heard all the same. */
static void
test_forged (void)
{
  static const guint8 filling[SENTIENT_GOSSIP_PART_MAX];
  MeshRoom room;
  MeshNode *victim, *liar, *other;
  g_auto (GStrv) neighbours = NULL;
  SentientGossipMessage message = { .kind = SENTIENT_GOSSIP_PART,
                                    .flags = SENTIENT_GOSSIP_FIRST,
                                    .room = "hall",
                                    .total = SENTIENT_GOSSIP_SIZE,
                                    .payload = filling,
                                    .len = sizeof filling };
  guint64 relayed;

  mesh_room_init (&room, 12);
  await (mesh_room_stands (&room, TRUE));
  for (guint i = 0; i < room.nodes->len; i++)
    mesh_node_say (mesh_room_get (&room, i));
  await (mesh_room_heard (&room, room.nodes->len - 1));
  victim = mesh_room_get (&room, 0);
  other = mesh_room_get (&room, 1);
  neighbours = sentient_peer_list_neighbours (victim->peer, "hall");
  for (guint i = 1; (liar = mesh_room_get (&room, i)) == other
                    || !g_strv_contains ((const char *const *)neighbours, liar->id);
       i++)
    ;
  strcpy (message.origin, other->id);
  g_object_set (victim->peer, "gossip-rate", 100000, NULL);
  relayed = sentient_gossip_get_statistics (sentient_peer_gossip_get_model (victim->peer->gossip))
                ->relayed;
  for (guint i = 0; i < 2000; i++)
    {
      message.epoch = 1 + i % 100;
      message.sequence = i % 2 == 0 ? i + 1 : G_MAXINT64 - i;
      message.hops = SENTIENT_GOSSIP_HOPS + i % 200;
      push (find_connection (liar, victim->id), &message);
      g_assert_cmpuint (sentient_gossip_get_held (
                            sentient_peer_gossip_get_model (victim->peer->gossip)),
                        <=, SENTIENT_GOSSIP_HELD_MAX + SENTIENT_GOSSIP_EARLY_BYTES);
    }
  await (!sentient_stream_has_waiting (find_connection (liar, victim->id)->stream));
  settle ();
  g_assert_cmpuint (sentient_gossip_get_statistics (
                        sentient_peer_gossip_get_model (victim->peer->gossip))
                        ->relayed,
                    ==, relayed);
  for (guint i = 0; i < room.nodes->len; i++)
    mesh_node_say (mesh_room_get (&room, i));
  await (mesh_room_heard (&room, 2 * (room.nodes->len - 1)));
  for (guint i = 0; neighbours[i] != NULL; i++)
    g_assert_true (is_open (victim->test, neighbours[i]));
  mesh_room_clear (&room);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer-gossip/plain", test_plain);
  g_test_add_func ("/peer-gossip/full-metadata", test_full_metadata);
  g_test_add_func ("/peer-gossip/slow", test_slow);
  g_test_add_func ("/peer-gossip/back-pressure", test_back_pressure);
  g_test_add_func ("/peer-gossip/hostile", test_hostile);
  g_test_add_func ("/peer-gossip/forged", test_forged);
  return g_test_run ();
}
