/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

static void
break_link (TestPeer *self, const char *node_id)
{
  SentientConnection *connection = sentient_peer_find_connection (self->peer, node_id);
  g_autoptr (SentientLink) link = g_object_ref (connection->link);
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "it broke");

  g_signal_emit_by_name (link, "closed", error);
}

/* Without frames, so that a connection does not outlive its link. */
static TestPeer *
join_new (FakeCoordinator *coordinator, const char *node_id)
{
  TestPeer *self = test_peer_new (node_id);

  self->peer->is_plain = TRUE;
  test_peer_connect_to (self, coordinator);
  test_peer_join (self, "lobby");
  return self;
}

/* A connection that breaks is made again by itself, by whichever end saw it break. */
static void
test_broken (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = join_new (coordinator, "alice");
  TestPeer *bob = join_new (coordinator, "bob");

  await (is_open (alice, "bob") && is_open (bob, "alice"));
  for (guint i = 0; i < 3; i++)
    {
      TestPeer *who = i == 1 ? bob : alice;
      const char *other = i == 1 ? "alice" : "bob";

      break_link (who, other);
      g_assert_true (has (who->disconnected, other));
      await (alice->connected->len >= i + 2 && bob->connected->len >= i + 2
             && is_open (alice, "bob") && is_open (bob, "alice"));
    }
  test_peer_close (alice);
  test_peer_close (bob);
  test_peer_free (alice);
  test_peer_free (bob);
  fake_coordinator_free (coordinator);
}

static guint
count (GPtrArray *texts, const char *text)
{
  guint n = 0;

  for (guint i = 0; i < texts->len; i++)
    n += g_str_equal (texts->pdata[i], text);
  return n;
}

/* Who never answers is tried a few times more, then once in a while. That is told once. */
static void
test_given_up (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");
  const GError *last;

  g_object_set (alice->peer, "connect-timeout", 20, "reconnect-delay", 1, NULL);
  sentient_peer_set_retry_times (alice->peer, 5, 10);
  fake_add_member (coordinator, "ghost", "lobby", NULL);
  coordinator->flags |= FAKE_HOLD;
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  await (alice->errors->len == 6);
  g_assert_true (has (alice->negotiation, "ghost: given up after 5 more tries, from now on it is "
                                          "tried once in a while"));
  g_assert_cmpuint (count (alice->negotiation, "ghost: trying again"), ==, 5);
  g_assert_cmpint (test_peer_state_to (alice, "ghost"), !=, SENTIENT_CONNECTION_STATE_CONNECTING);
  last = alice->errors->pdata[5];
  g_assert_error (last, SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT);
  g_assert_true (g_str_has_suffix (last->message, "; from now on it is tried once in a while"));

  await (count (alice->negotiation, "ghost: trying again") >= 8);
  g_assert_cmpuint (alice->errors->len, ==, 6);

  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
change_network (FakeCoordinator *coordinator, TestPeer *alice, TestPeer *bob)
{
  sentient_peer_check_network (alice->peer);
}

static void
lose_coordinator (FakeCoordinator *coordinator, TestPeer *alice, TestPeer *bob)
{
  fake_close_websocket (coordinator, "alice", 1011);
}

/* It does not offer by itself, as a newcomer should. */
static void
come_again (FakeCoordinator *coordinator, TestPeer *alice, TestPeer *bob)
{
  g_autoptr (GAsyncResult) result = NULL;

  sentient_peer_mesh_set_times (alice->peer, 1, 1, 1);
  sentient_peer_leave_async (bob->peer, "lobby", NULL, on_result, &result);
  await (result != NULL);
  g_assert_true (sentient_peer_leave_finish (bob->peer, result, NULL));
  test_peer_join (bob, "lobby");
}

typedef void (*Change) (FakeCoordinator *coordinator, TestPeer *alice, TestPeer *bob);

/* Who was given up is tried at once when that can have become of use. */
static void
test_anew (gconstpointer change)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");
  TestPeer *bob = test_peer_new ("bob");

  g_object_set (alice->peer, "connect-timeout", 20, "reconnect-delay", 1, NULL);
  g_object_set (bob->peer, "auto-connect", FALSE, NULL);
  sentient_peer_set_retry_times (alice->peer, G_MAXINT, G_MAXINT);
  test_peer_connect_to (bob, coordinator);
  test_peer_join (bob, "lobby");
  fake_cut (coordinator, "alice", "bob", TRUE);
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  await (has_prefix (alice->negotiation, "bob: given up after 5 more tries"));
  settle ();
  g_assert_cmpuint (g_hash_table_size (alice->peer->attempts), ==, 0);

  g_object_set (alice->peer, "connect-timeout", 30000, NULL);
  fake_cut (coordinator, "alice", "bob", FALSE);
  (*(const Change *)change) (coordinator, alice, bob);
  await (is_open (alice, "bob") && is_open (bob, "alice"));
  g_assert_cmpuint (g_hash_table_size (alice->peer->retries), ==, 0);

  test_peer_close (alice);
  test_peer_close (bob);
  test_peer_free (alice);
  test_peer_free (bob);
  fake_coordinator_free (coordinator);
}

/* Of all places one after another; a late return takes nobody's. */
static void
test_places (void)
{
  guint n = sentient_pace_get_places ();
  g_autofree SentientPace *paces = g_new0 (SentientPace, n);
  SentientPace further = { 0, 0 };
  SentientPace late;

  g_assert_cmpuint (n, >=, 4);
  for (guint i = 0; i < n; i++)
    g_assert_true (sentient_pace_take (&paces[i]));
  g_assert_false (sentient_pace_take (&further));
  late = paces[1];
  late.until--;
  sentient_pace_give_back (&late);
  g_assert_cmpuint (late.place, ==, 0);
  g_assert_false (sentient_pace_take (&further));
  sentient_pace_give_back (&further);
  sentient_pace_give_back (&paces[1]);
  g_assert_true (sentient_pace_take (&further));
  g_assert_false (sentient_pace_take (&paces[1]));
  sentient_pace_give_back (&further);
  for (guint i = 0; i < n; i++)
    sentient_pace_give_back (&paces[i]);
}

static void
on_attempts (GListModel *connections, guint position, guint removed, guint added, guint *most)
{
  *most = MAX (*most, g_list_model_get_n_items (connections));
}

/* Connections to everybody in a room begin a few at a time. */
static void
test_in_turn (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");
  guint n = 3 * sentient_pace_get_places ();
  guint most = 0;

  g_object_set (alice->peer, "connect-timeout", 20, "max-connections", 1000, NULL);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("ghost-%u", i);

      fake_add_member (coordinator, id, "lobby", NULL);
    }
  coordinator->flags |= FAKE_HOLD;
  g_signal_connect (sentient_peer_get_connections (alice->peer), "items-changed",
                    G_CALLBACK (on_attempts), &most);
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *offered = g_strdup_printf ("ghost-%u: offer sent", i);

      await (has (alice->negotiation, offered));
    }
  g_assert_cmpuint (most, ==, sentient_pace_get_places ());

  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* Without auto-connect, and after a goodbye, nothing is made again. */
static void
test_not_wanted (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = join_new (coordinator, "alice");
  TestPeer *bob = join_new (coordinator, "bob");
  g_autoptr (GAsyncResult) result = NULL;

  await (is_open (alice, "bob") && is_open (bob, "alice"));
  g_object_set (alice->peer, "auto-connect", FALSE, "reconnect-delay", 1, NULL);
  sentient_peer_disconnect_peer_async (bob->peer, "alice", NULL, on_result, &result);
  await (has (alice->disconnected, "bob") && has (bob->disconnected, "alice"));
  g_assert_cmpuint (g_hash_table_size (bob->peer->retries), ==, 0);
  g_assert_cmpuint (g_hash_table_size (alice->peer->retries), ==, 0);

  g_clear_object (&result);
  sentient_peer_connect_peer_async (bob->peer, "alice", NULL, on_result, &result);
  await (is_open (alice, "bob") && is_open (bob, "alice"));
  break_link (alice, "bob");
  g_assert_cmpuint (g_hash_table_size (alice->peer->retries), ==, 0);

  await (result != NULL);
  g_clear_object (&result);
  test_peer_close (alice);
  test_peer_close (bob);
  test_peer_free (alice);
  test_peer_free (bob);
  fake_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  static const Change changes[] = { change_network, lose_coordinator, come_again };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/retry/broken", test_broken);
  g_test_add_func ("/retry/given-up", test_given_up);
  g_test_add_data_func ("/retry/network-changed", &changes[0], test_anew);
  g_test_add_data_func ("/retry/coordinator-back", &changes[1], test_anew);
  g_test_add_data_func ("/retry/member-again", &changes[2], test_anew);
  g_test_add_func ("/retry/places", test_places);
  g_test_add_func ("/retry/in-turn", test_in_turn);
  g_test_add_func ("/retry/not-wanted", test_not_wanted);
  return g_test_run ();
}
