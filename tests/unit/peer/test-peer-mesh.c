/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rooms that are larger than the mesh limit: who connects to whom, and that broadcasts reach all of
 * them. */

#include "mesh-room.h"
#include "peer/sentient-peer-mesh-private.h"

/* Everybody says something twice: the first time while the room still settles. */
static void
check_room (guint n)
{
  MeshRoom room;

  mesh_room_init (&room, n);
  await (mesh_room_stands (&room, FALSE));
  for (guint round = 1; round <= 2; round++)
    {
      for (guint i = 0; i < n; i++)
        {
          guint n_sent = mesh_node_say (room.nodes->pdata[i]);

          g_assert_cmpuint (n_sent, >=, 2);
          g_assert_cmpuint (n_sent, <, n);
        }
      await (mesh_room_heard (&room, round * (n - 1)));
      await (mesh_room_stands (&room, TRUE));
    }
  for (guint i = 0; i < n; i++)
    {
      MeshNode *node = room.nodes->pdata[i];

      g_assert_cmpuint (node->n_heard, ==, 2 * (n - 1));
      g_assert_cmpuint (node->n_broadcasts, ==, 2 * (n - 1));
      g_assert_cmpuint (mesh_node_count_connections (node), <=, SENTIENT_MESH_DEGREE);
    }
  mesh_room_check_statistics (&room);
  mesh_room_clear (&room);
}

static void
test_nine (void)
{
  check_room (9);
}

static void
test_forty (void)
{
  check_room (40);
}

static void
test_hundred (void)
{
  check_room (100);
}

/* Eight are all connected, and speak to each other directly; the ninth changes that, and back. */
static void
test_limit (void)
{
  MeshRoom room;
  MeshNode *ninth;

  mesh_room_init (&room, 8);
  await (mesh_room_stands (&room, TRUE));
  g_assert_cmpuint (mesh_node_say (room.nodes->pdata[3]), ==, 7);
  await (mesh_room_get (&room, 7)->n_heard == 1);
  g_assert_cmpuint (mesh_room_get (&room, 7)->n_broadcasts, ==, 0);
  ninth = mesh_room_add (&room, "ninth");
  await (mesh_room_stands (&room, TRUE));
  g_assert_cmpuint (mesh_node_say (ninth), <=, 6);
  await (mesh_room_get (&room, 7)->n_heard == 2);
  g_assert_cmpuint (mesh_room_get (&room, 7)->n_broadcasts, ==, 1);
  mesh_room_remove (&room, ninth);
  await (mesh_room_stands (&room, TRUE));
  for (guint i = 0; i < 8; i++)
    g_assert_cmpuint (mesh_node_count_connections (room.nodes->pdata[i]), ==, 7);
  mesh_room_clear (&room);
}

/* Churn */

#define N_STABLE 16
#define N_GUESTS 8
#define N_STEPS 60

static MeshNode *
draw_node (MeshRoom *room, GRand *rand)
{
  return room->nodes->pdata[g_rand_int_range (rand, 0, (gint)room->nodes->len)];
}

/* A link dies, as one end sees it. */
static void
break_a_link (MeshRoom *room, GRand *rand)
{
  MeshNode *node = draw_node (room, rand);
  g_autoptr (GPtrArray) open = sentient_peer_list (node->peer->open);
  g_autoptr (GError) error = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                                                  "it was torn by the test");

  if (open->len > 0)
    sentient_peer_lose_link (node->peer, open->pdata[g_rand_int_range (rand, 0, (gint)open->len)],
                             error);
}

static void
change_something (MeshRoom *room, GRand *rand, guint *n_guests)
{
  guint n_present = room->nodes->len - N_STABLE;
  gint what = g_rand_int_range (rand, 0, 3);

  if (what == 0 && n_present < N_GUESTS)
    {
      g_autofree char *id = g_strdup_printf ("guest-%u", (*n_guests)++);

      mesh_room_add (room, id);
    }
  else if (what == 1 && n_present > 0)
    mesh_room_remove (room,
                      room->nodes->pdata[N_STABLE + g_rand_int_range (rand, 0, (gint)n_present)]);
  else
    break_a_link (room, rand);
}

static gboolean
has_heard_all (MeshRoom *room, MeshNode *node)
{
  for (guint i = 0; i < N_STABLE; i++)
    {
      MeshNode *other = room->nodes->pdata[i];

      if (other != node
          && GPOINTER_TO_UINT (g_hash_table_lookup (node->last, other->id)) != other->n_sent)
        return FALSE;
    }
  return TRUE;
}

static gboolean
all_stable_heard (MeshRoom *room)
{
  for (guint i = 0; i < N_STABLE; i++)
    if (!has_heard_all (room, room->nodes->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Members come and go and links die while everybody talks: those who stay hear all that those who
 * stay say. */
static void
test_churn (void)
{
  MeshRoom room;
  guint32 seed = (guint32)g_test_rand_int ();
  GRand *rand = g_rand_new_with_seed (seed);
  guint n_guests = 0, n_said = 0;

  g_test_message ("seed %u", seed);
  mesh_room_init (&room, N_STABLE);
  await (mesh_room_stands (&room, FALSE));
  for (guint step = 0; step < N_STEPS; step++)
    {
      for (guint i = 0; i < 5; i++)
        n_said += mesh_node_say (draw_node (&room, rand)) > 0;
      if (g_rand_boolean (rand))
        settle ();
      change_something (&room, rand, &n_guests);
    }
  await (all_stable_heard (&room));
  await (mesh_room_stands (&room, TRUE));
  g_test_message ("%u guests came, %u of %u broadcasts went to somebody", n_guests, n_said,
                  5 * N_STEPS);
  mesh_room_check_statistics (&room);
  mesh_room_clear (&room);
  g_rand_free (rand);
}

static const char *
find_stranger (MeshRoom *room, MeshNode *node)
{
  for (guint i = 0; i < room->nodes->len; i++)
    {
      MeshNode *other = room->nodes->pdata[i];

      if (other != node && !sentient_peer_mesh_is_neighbour (node->peer, other->id))
        return other->id;
    }
  g_assert_not_reached ();
}

/* What an application asks for stays until it asks no more. */
static void
test_asked (void)
{
  MeshRoom room;
  MeshNode *node;
  const char *other;
  g_autofree char *told = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SentientConnection) connection = NULL;

  mesh_room_init (&room, 12);
  await (mesh_room_stands (&room, TRUE));
  node = room.nodes->pdata[0];
  other = find_stranger (&room, node);
  g_ptr_array_set_size (node->test->negotiation, 0); /* they may have been connected before */
  sentient_peer_connect_peer_async (node->peer, other, NULL, on_result, &result);
  await (result != NULL);
  connection = sentient_peer_connect_peer_finish (node->peer, result, NULL);
  g_assert_nonnull (connection);
  told = g_strdup_printf ("%s: it needs the connection no more", other);
  await (has (node->test->negotiation, told));
  settle ();
  g_assert_true (is_open (node->test, other));
  sentient_peer_mesh_ask (node->peer, other, FALSE);
  await (!is_open (node->test, other));
  g_clear_object (&result);
  await (mesh_room_stands (&room, TRUE));
  mesh_room_clear (&room);
}

/* As much waits for a node as may when it is to be told that the connection is not needed any more:
 * it is told later. */
static void
test_told_later (void)
{
  /* Of no room that is known there, so that nothing comes of it. */
  const SentientGossipMessage message = { .kind = SENTIENT_GOSSIP_PART,
                                          .flags = SENTIENT_GOSSIP_FIRST | SENTIENT_GOSSIP_LAST,
                                          .hops = 1,
                                          .room = "elsewhere",
                                          .origin = "nobody",
                                          .epoch = 1,
                                          .sequence = 1,
                                          .total = 1,
                                          .payload = (const guint8 *)"x",
                                          .len = 1 };
  g_autoptr (GBytes) data = sentient_gossip_message_write (&message);
  g_autoptr (SentientConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *told = NULL;
  const char *other;
  MeshNode *node;
  MeshRoom room;

  mesh_room_init (&room, 12);
  await (mesh_room_stands (&room, TRUE));
  node = room.nodes->pdata[0];
  other = find_stranger (&room, node);
  g_ptr_array_set_size (node->test->negotiation, 0); /* they may have been connected before */
  sentient_peer_connect_peer_async (node->peer, other, NULL, on_result, &result);
  await (result != NULL);
  connection = sentient_peer_connect_peer_finish (node->peer, result, NULL);
  g_clear_object (&result);
  told = g_strdup_printf ("%s: it needs the connection no more", other);
  await (has (node->test->negotiation, told));
  settle ();

  sentient_peer_mesh_set_times (node->peer, MESH_WAIT_MS, MESH_SETTLE_MS, 0);
  await (node->peer->mesh->timer == NULL); /* nothing else has it look again */
  g_hash_table_remove (node->peer->mesh->asked, other);
  while (sentient_connection_push_service (connection, data, SENTIENT_STREAM_PRIORITY_NORMAL))
    ;
  sentient_peer_mesh_check_edges (node->peer->mesh);
  g_assert_false (
      sentient_connection_has_service_room (connection, SENTIENT_STREAM_PRIORITY_NORMAL));
  await (!is_open (node->test, other));
  await (mesh_room_stands (&room, TRUE));
  mesh_room_clear (&room);
}

/* Members that no way leads to */

static guint
count_open (MeshNode *node)
{
  return g_hash_table_size (node->peer->open);
}

static guint
count_neighbours (MeshNode *node)
{
  g_auto (GStrv) list = sentient_peer_list_neighbours (node->peer, "hall");

  return g_strv_length (list);
}

/* Nobody who would be a neighbour of the latecomer can be reached by it. The caller frees the ids.
 */
static GPtrArray *
cut_off (MeshRoom *room, const char *late)
{
  g_autoptr (SentientMesh) mesh
      = sentient_mesh_new ("hall", SENTIENT_MESH_LIMIT, SENTIENT_MESH_DEGREE);
  g_autoptr (GPtrArray) list = NULL;
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  sentient_mesh_add (mesh, late, FALSE);
  for (guint i = 0; i < room->nodes->len; i++)
    sentient_mesh_add (mesh, mesh_room_get (room, i)->id, FALSE);
  list = sentient_mesh_list_neighbours (mesh, late);
  for (guint i = 0; i < list->len; i++)
    {
      fake_cut (room->coordinator, late, list->pdata[i], TRUE);
      g_ptr_array_add (ids, g_strdup (list->pdata[i]));
    }
  return ids;
}

/* All whom it is connected to have told that they do not need it. */
static gboolean
are_left (MeshNode *node)
{
  g_autoptr (GPtrArray) open = sentient_peer_list (node->peer->open);

  for (guint i = 0; i < open->len; i++)
    {
      SentientConnection *connection = open->pdata[i];
      g_autofree char *told
          = g_strdup_printf ("%s: it needs the connection no more", connection->node_id);

      if (!has (node->test->negotiation, told))
        return FALSE;
    }
  return TRUE;
}

/* Others stand in for them, so that broadcasts reach everybody; and no longer than they have to. */
static void
test_stand_ins (void)
{
  const guint n = 20;
  MeshRoom room;
  MeshNode *late;
  g_autoptr (GPtrArray) neighbours = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  mesh_room_init (&room, n);
  await (mesh_room_stands (&room, TRUE));
  neighbours = cut_off (&room, "late");
  room.connect_timeout_ms = 300;
  late = mesh_room_add (&room, "late");
  await (count_open (late) == neighbours->len);
  for (guint i = 0; i < neighbours->len; i++)
    g_assert_false (is_open (late->test, neighbours->pdata[i]));
  g_assert_cmpuint (count_neighbours (late), ==, 2 * neighbours->len);

  g_assert_cmpuint (mesh_node_say (late), ==, neighbours->len);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (mesh_node_say (mesh_room_get (&room, i)), >, 0);
  await (mesh_room_heard (&room, n));
  /* Nobody wants them but one end, and they stay all the same. */
  await (are_left (late));
  g_assert_cmpuint (count_open (late), ==, neighbours->len);

  /* A way is found. */
  fake_cut (room.coordinator, "late", neighbours->pdata[0], FALSE);
  sentient_peer_connect_peer_async (late->peer, neighbours->pdata[0], NULL, on_result, &result);
  await (result != NULL && is_open (late->test, neighbours->pdata[0]));
  g_assert_cmpuint (count_neighbours (late), ==, 2 * neighbours->len - 1);
  await (count_open (late) == neighbours->len);
  g_clear_object (&result);
  mesh_room_clear (&room);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer-mesh/limit", test_limit);
  g_test_add_func ("/peer-mesh/asked", test_asked);
  g_test_add_func ("/peer-mesh/told-later", test_told_later);
  g_test_add_func ("/peer-mesh/stand-ins", test_stand_ins);
  g_test_add_func ("/peer-mesh/churn", test_churn);
  g_test_add_func ("/peer-mesh/nine", test_nine);
  g_test_add_func ("/peer-mesh/forty", test_forty);
  g_test_add_func ("/peer-mesh/hundred", test_hundred);
  return g_test_run ();
}
