/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include "session-fixture.h"

/* Two real peers over loopback links that know the framing: what becomes of a connection when its
 * link is lost. */
typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *alice;
  TestPeer *bob;
} Pair;

static TestPeer *
join_new (FakeCoordinator *coordinator, const char *node_id)
{
  TestPeer *self = test_peer_new (node_id);

  test_peer_connect_to (self, coordinator);
  test_peer_join (self, "lobby");
  return self;
}

static void
set_up (Pair *pair, gconstpointer data)
{
  pair->coordinator = fake_coordinator_new (0, 0);
  pair->alice = join_new (pair->coordinator, "alice");
  pair->bob = join_new (pair->coordinator, "bob");
  await (is_open (pair->alice, "bob") && is_open (pair->bob, "alice"));
}

static void
leave (TestPeer **place)
{
  TestPeer *peer = g_steal_pointer (place);

  if (peer == NULL)
    return;
  test_peer_close (peer);
  test_peer_free (peer);
}

static void
tear_down (Pair *pair, gconstpointer data)
{
  leave (&pair->alice);
  leave (&pair->bob);
  fake_coordinator_free (pair->coordinator);
}

static SentientConnection *
find (TestPeer *peer, const char *node_id)
{
  return sentient_peer_find_connection (peer->peer, node_id);
}

/* As when the path is gone: the other end hears nothing of it. */
static void
lose (TestPeer *peer, const char *node_id)
{
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "a test");

  sentient_peer_lose_link (peer->peer, find (peer, node_id), error);
}

static void
send (TestPeer *from, const char *to, const char *text)
{
  g_autoptr (GError) error = NULL;

  sentient_peer_send (from->peer, to, text, &error);
  g_assert_no_error (error);
}

static gboolean
both_replaced (Pair *pair, guint n)
{
  return is_open (pair->alice, "bob") && is_open (pair->bob, "alice")
         && find (pair->alice, "bob")->n_replacements >= n
         && find (pair->bob, "alice")->n_replacements >= n;
}

/* The connection is the same, and what was sent meanwhile arrives. */
static void
test_lost (Pair *pair, gconstpointer data)
{
  g_autoptr (SentientConnection) before = g_object_ref (find (pair->alice, "bob"));
  gint64 connected_at = sentient_connection_get_connected_at (before);

  lose (pair->alice, "bob");
  g_assert_true (has (pair->alice->reconnecting, "bob"));
  g_assert_cmpint (test_peer_state_to (pair->alice, "bob"), ==,
                   SENTIENT_CONNECTION_STATE_RECONNECTING);
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_connections (pair->alice->peer)),
                    ==, 1);
  send (pair->alice, "bob", "meanwhile");
  send (pair->bob, "alice", "into the old one");
  await (has (pair->alice->reconnected, "bob") && both_replaced (pair, 1));
  await (has (pair->bob->messages, "alice: meanwhile")
         && has (pair->alice->messages, "bob: into the old one"));
  settle ();
  g_assert_true (find (pair->alice, "bob") == before);
  g_assert_cmpint (sentient_connection_get_connected_at (before), ==, connected_at);
  g_assert_cmpuint (pair->alice->messages->len + pair->bob->messages->len, ==, 2);
  /* Bob's was replaced before he noticed. */
  g_assert_cmpuint (pair->bob->reconnecting->len, ==, 0);
  g_assert_cmpuint (pair->alice->disconnected->len + pair->bob->disconnected->len, ==, 0);
  g_assert_cmpuint (pair->alice->connected->len + pair->bob->connected->len, ==, 2);
  await (pair->alice->peer->closing_links->len + pair->bob->peer->closing_links->len == 0);
  g_assert_null (before->retired);
}

/* The link itself says that it is closed, at both ends, and nobody said goodbye. */
static void
test_closed_without_goodbye (Pair *pair, gconstpointer data)
{
  g_autoptr (SentientLink) link = g_object_ref (find (pair->alice, "bob")->link);

  sentient_link_close (link);
  /* To take it down lasts a while. */
  g_assert_cmpint (sentient_link_get_state (link), ==, SENTIENT_LINK_STATE_CLOSING);
  send (pair->alice, "bob", "meanwhile");
  await (pair->alice->reconnecting->len == 1 && pair->bob->reconnecting->len == 1
         && both_replaced (pair, 1));
  await (has (pair->bob->messages, "alice: meanwhile"));
  g_assert_cmpuint (pair->alice->disconnected->len + pair->bob->disconnected->len, ==, 0);
  g_assert_cmpuint (pair->alice->errors->len + pair->bob->errors->len, ==, 0);
}

/* That is an end, and not tried again. */
static void
test_goodbye (Pair *pair, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  send (pair->bob, "alice", "x");
  await (has (pair->alice->messages, "bob: x"));
  sentient_peer_disconnect_peer_async (pair->alice->peer, "bob", NULL, on_result, &result);
  await (result != NULL && has (pair->bob->disconnected, "alice"));
  g_assert_cmpuint (pair->bob->reconnecting->len, ==, 0);
  /* What alice had taken was acknowledged before: nothing is told to be lost. */
  g_assert_cmpuint (pair->bob->errors->len, ==, 0);
}

/* The network changed: who does not answer gets a new link before the old one goes. */
static void
test_doubt (Pair *pair, gconstpointer data)
{
  await (sentient_stream_get_rtt (find (pair->alice, "bob")->stream) >= 0);
  sentient_peer_check_network (pair->alice->peer);
  sentient_peer_check_network (pair->alice->peer);
  await (pair->alice->peer->doubt_timer != NULL);
  await (pair->alice->peer->doubt_timer == NULL);
  g_assert_cmpuint (find (pair->alice, "bob")->n_replacements, ==, 0); /* he answered */

  deafen (find (pair->bob, "alice"));
  sentient_peer_check_network (pair->alice->peer);
  await (both_replaced (pair, 1));
  g_assert_cmpuint (pair->alice->reconnecting->len + pair->bob->reconnecting->len, ==, 0);
  send (pair->alice, "bob", "heard");
  await (has (pair->bob->messages, "alice: heard"));
}

/* The other end wanted a new link, and that came to nothing: the old one may be dead. */
static void
test_attempt_failed (Pair *pair, gconstpointer data)
{
  SentientStream *stream = find (pair->alice, "bob")->stream;
  g_autoptr (SentientConnection) attempt = NULL;
  g_autoptr (GError) error = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_LINK_FAILED, "x");

  await (sentient_stream_get_rtt (stream) >= 0);
  g_assert_false (sentient_stream_is_in_doubt (stream));
  attempt = sentient_peer_ref_new_attempt (pair->alice->peer, "bob", "lobby");
  sentient_peer_negotiate (pair->alice->peer, attempt, NULL, NULL);
  sentient_peer_fail_attempt (pair->alice->peer, attempt, error, FALSE);
  g_assert_true (sentient_stream_is_in_doubt (stream));
  await (!sentient_stream_is_in_doubt (stream)); /* he answers */
  g_assert_cmpuint (pair->alice->errors->len, ==, 0);
}

/* Nobody is there any more: it ends, and what did not arrive is told. */
static void
test_deadline (Pair *pair, gconstpointer data)
{
  pair->alice->peer->recovery_ms = 50;
  deafen (find (pair->bob, "alice"));
  pair->coordinator->flags |= FAKE_HOLD;
  send (pair->alice, "bob", "lost");
  lose (pair->alice, "bob");
  await (has (pair->alice->disconnected, "bob"));
  g_assert_true (has_error (pair->alice, SENTIENT_ERROR_CONNECTION_LOST));
  g_assert_true (has_prefix (pair->alice->negotiation, "bob: 1 messages may not have arrived"));
}

/* It left its rooms while it was out of reach. */
static void
test_left (Pair *pair, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  pair->coordinator->flags |= FAKE_HOLD;
  lose (pair->alice, "bob");
  sentient_peer_leave_async (pair->bob->peer, "lobby", NULL, on_result, &result);
  await (result != NULL && has (pair->alice->disconnected, "bob"));
}

static void
say_about_bob (Pair *pair, const char *type, const char *more)
{
  fake_say (pair->coordinator, "alice",
            "{\"type\":\"%s\",\"room\":\"lobby\",\"nodeId\":\"bob\",\"metadata\":"
            "{\"capabilities\":[\"sentient.v1\"]}%s}",
            type, more);
}

/* He was out of reach for the coordinator as well, and does not come back. */
static void
test_timed_out (Pair *pair, gconstpointer data)
{
  pair->coordinator->flags |= FAKE_HOLD;
  lose (pair->alice, "bob");
  say_about_bob (pair, "peer-left", ",\"reason\":\"timeout\"");
  await (has (pair->alice->disconnected, "bob"));
}

/* Only the coordinator lost him: the connection lives as long as its link, and no longer. */
static void
test_timed_out_but_there (Pair *pair, gconstpointer data)
{
  say_about_bob (pair, "peer-left", ",\"reason\":\"timeout\"");
  await (has_prefix (pair->alice->members, "lobby-bob"));
  send (pair->alice, "bob", "are you there?");
  await (has (pair->bob->messages, "alice: are you there?"));
  g_assert_true (is_open (pair->alice, "bob"));
  deafen (find (pair->alice, "bob"));
  sentient_connection_probe (find (pair->alice, "bob"));
  await (has (pair->alice->disconnected, "bob"));
  g_assert_cmpuint (pair->alice->reconnecting->len, ==, 0);
}

/* Told as he falls silent: that is found out. */
static void
test_timed_out_and_silent (Pair *pair, gconstpointer data)
{
  deafen (find (pair->alice, "bob"));
  say_about_bob (pair, "peer-left", ",\"reason\":\"timeout\"");
  await (has (pair->alice->disconnected, "bob"));
  g_assert_cmpuint (pair->alice->reconnecting->len, ==, 0);
}

static void
test_timed_out_and_back (Pair *pair, gconstpointer data)
{
  say_about_bob (pair, "peer-left", ",\"reason\":\"timeout\"");
  say_about_bob (pair, "peer-joined", "");
  await (has_prefix (pair->alice->members, "lobby-bob")
         && sentient_peer_find_shared_room (pair->alice->peer, "bob") != NULL);
  lose (pair->alice, "bob");
  await (has (pair->alice->reconnected, "bob") && both_replaced (pair, 1));
  g_assert_cmpuint (pair->alice->disconnected->len, ==, 0);
}

/* The list of a coordinator that was started anew is no word about who is not in it yet. */
static void
test_not_listed (Pair *pair, gconstpointer data)
{
  SentientRoom *room = sentient_peer_find_room (pair->alice->peer, "lobby");

  pair->coordinator->flags |= FAKE_HOLD;
  lose (pair->alice, "bob");
  sentient_peer_sync_members (pair->alice->peer, room, NULL, TRUE);
  g_assert_true (has_prefix (pair->alice->members, "lobby-bob"));
  g_assert_true (sentient_peer_is_lost (pair->alice->peer, "bob"));
  pair->coordinator->flags &= ~FAKE_HOLD;
  say_about_bob (pair, "peer-joined", "");
  await (has (pair->alice->reconnected, "bob"));
}

static void
test_connect_meanwhile (Pair *pair, gconstpointer data)
{
  g_autoptr (SentientConnection) before = g_object_ref (find (pair->alice, "bob"));
  g_autoptr (SentientConnection) after = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  lose (pair->alice, "bob");
  sentient_peer_connect_peer_async (pair->alice->peer, "bob", NULL, on_result, &result);
  g_assert_null (result);
  await (result != NULL);
  after = sentient_peer_connect_peer_finish (pair->alice->peer, result, NULL);
  g_assert_true (after == before);
  g_assert_true (is_open (pair->alice, "bob"));
}

static void
test_disconnect_meanwhile (Pair *pair, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  pair->coordinator->flags |= FAKE_HOLD;
  lose (pair->alice, "bob");
  sentient_peer_disconnect_peer_async (pair->alice->peer, "bob", NULL, on_result, &result);
  await (result != NULL && has (pair->alice->disconnected, "bob"));
  g_assert_null (find (pair->alice, "bob"));
}

static void
test_close_meanwhile (Pair *pair, gconstpointer data)
{
  lose (pair->alice, "bob");
  leave (&pair->alice);
}

/* Also when the peer just goes away. */
static void
test_dispose_meanwhile (Pair *pair, gconstpointer data)
{
  pair->coordinator->flags |= FAKE_HOLD;
  lose (pair->alice, "bob");
  test_peer_free (g_steal_pointer (&pair->alice));
}

/* Another bob has his id: the messages to the first one are told to be lost, not sent to him. */
static void
test_restarted (Pair *pair, gconstpointer data)
{
  deafen (find (pair->bob, "alice"));
  send (pair->alice, "bob", "to the first");
  lose (pair->alice, "bob");
  pair->coordinator->flags |= FAKE_HOLD;
  test_peer_free (g_steal_pointer (&pair->bob)); /* as if it was killed */
  pair->coordinator->flags &= ~FAKE_HOLD;
  pair->bob = join_new (pair->coordinator, "bob");
  await (is_open (pair->alice, "bob") && is_open (pair->bob, "alice"));
  send (pair->alice, "bob", "to the second");
  await (pair->bob->messages->len > 0);
  g_assert_cmpstr (pair->bob->messages->pdata[0], ==, "alice: to the second");
  await (has_prefix (pair->alice->negotiation, "bob: 1 messages may not have arrived"));
}

/* The way to the coordinator is another one, too: its session goes on. */
static void
test_coordinator (SessionFixture *self, gconstpointer unused)
{
  guint websockets;

  session_enter (self);
  websockets = self->coordinator->websockets;
  sentient_peer_check_network (self->alice->peer);
  session_await_back (self);
  session_assert_resumed (self, TRUE);
  g_assert_cmpuint (self->coordinator->websockets, ==, websockets + 1);
  g_assert_cmpuint (self->alice->errors->len, ==, 0);
}

/* A network that changes all the time is looked at in a while, and after the last change. */
static void
test_flapping (SessionFixture *self, gconstpointer unused)
{
  const guint n_at_once = 4, n_more = 3, every_ms = 500;
  gint64 started;
  guint websockets;

  session_enter (self);
  self->alice->peer->check_every_ms = every_ms;
  websockets = self->coordinator->websockets;
  started = g_get_monotonic_time ();
  while (self->coordinator->websockets < websockets + n_at_once + n_more)
    {
      sentient_peer_check_network (self->alice->peer);
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpint (g_get_monotonic_time () - started, >=, n_more * every_ms * 1000);
  await (is_connected (self->alice) && self->alice->peer->network_timer == NULL);

  sentient_peer_check_network (self->alice->peer);
  await (self->coordinator->websockets == websockets + n_at_once + n_more + 1);
  await (is_connected (self->alice));
  session_assert_resumed (self, TRUE);
  g_assert_cmpuint (self->alice->errors->len, ==, 0);
}

static void
add (const char *path, void (*test) (Pair *, gconstpointer))
{
  g_test_add (path, Pair, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/recovery/lost", test_lost);
  add ("/recovery/closed-without-goodbye", test_closed_without_goodbye);
  add ("/recovery/goodbye", test_goodbye);
  add ("/recovery/doubt", test_doubt);
  add ("/recovery/attempt-failed", test_attempt_failed);
  add ("/recovery/deadline", test_deadline);
  add ("/recovery/left", test_left);
  add ("/recovery/timed-out", test_timed_out);
  add ("/recovery/timed-out/there", test_timed_out_but_there);
  add ("/recovery/timed-out/silent", test_timed_out_and_silent);
  add ("/recovery/timed-out/back", test_timed_out_and_back);
  add ("/recovery/not-listed", test_not_listed);
  add ("/recovery/connect-meanwhile", test_connect_meanwhile);
  add ("/recovery/disconnect-meanwhile", test_disconnect_meanwhile);
  add ("/recovery/close-meanwhile", test_close_meanwhile);
  add ("/recovery/dispose-meanwhile", test_dispose_meanwhile);
  add ("/recovery/restarted", test_restarted);
  ADD ("recovery/coordinator", test_coordinator);
  ADD ("recovery/flapping", test_flapping);
  return g_test_run ();
}
