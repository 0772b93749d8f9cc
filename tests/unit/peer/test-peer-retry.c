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

/* Who never answers is tried a few times more, then no longer. */
static void
test_given_up (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");

  g_object_set (alice->peer, "connect-timeout", 20, "reconnect-delay", 1, NULL);
  fake_add_member (coordinator, "ghost", "lobby", NULL);
  coordinator->flags |= FAKE_HOLD;
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  await (has (alice->negotiation, "ghost: given up after 5 more tries"));
  g_assert_cmpuint (alice->errors->len, ==, 6);
  g_assert_cmpint (test_peer_state_to (alice, "ghost"), !=, SENTIENT_CONNECTION_STATE_CONNECTING);

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
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/retry/broken", test_broken);
  g_test_add_func ("/retry/given-up", test_given_up);
  g_test_add_func ("/retry/not-wanted", test_not_wanted);
  return g_test_run ();
}
