/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <string.h>

/* Two or three real peers, one coordinator. */
typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *alice;
  TestPeer *bob;
} Pair;

static void
pair_init (Pair *pair, FakeFlags flags, gboolean auto_connect)
{
  pair->coordinator = fake_coordinator_new (flags, 0);
  pair->alice = test_peer_new ("alice");
  pair->bob = test_peer_new ("bob");
  g_object_set (pair->alice->peer, "auto-connect", auto_connect, NULL);
  g_object_set (pair->bob->peer, "auto-connect", auto_connect, NULL);
  test_peer_connect_to (pair->alice, pair->coordinator);
  test_peer_connect_to (pair->bob, pair->coordinator);
  test_peer_join (pair->alice, "lobby");
  test_peer_join (pair->bob, "lobby");
  await (has (pair->alice->members, "lobby+bob"));
}

static void
pair_clear (Pair *pair)
{
  test_peer_close (pair->alice);
  test_peer_free (pair->alice);
  if (pair->bob != NULL)
    {
      test_peer_close (pair->bob);
      test_peer_free (pair->bob);
    }
  if (pair->coordinator != NULL)
    fake_coordinator_free (pair->coordinator);
}

static void
await_open (Pair *pair)
{
  await (is_open (pair->alice, "bob") && is_open (pair->bob, "alice"));
}

static void
assert_talk (TestPeer *from, TestPeer *to)
{
  const char *from_id = sentient_peer_get_node_id (from->peer);
  const char *to_id = sentient_peer_get_node_id (to->peer);
  g_autofree char *expected = g_strdup_printf ("%s: hello %s", from_id, to_id);
  g_autofree char *text = g_strdup_printf ("hello %s", to_id);
  g_autoptr (GError) error = NULL;

  sentient_peer_send (from->peer, to_id, text, &error);
  g_assert_no_error (error);
  await (has (to->messages, expected));
}

static void
test_flow (gconstpointer data)
{
  Pair pair;
  SentientConnection *connection;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\1\2", 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  guint n_sent;

  pair_init (&pair, GPOINTER_TO_UINT (data), TRUE);
  await_open (&pair);
  connection = sentient_peer_find_connection (pair.alice->peer, "bob");
  g_assert_false (sentient_connection_get_offerer (connection)); /* bob is the newcomer */
  g_assert_cmpstr (sentient_connection_get_room (connection), ==, "lobby");
  g_assert_cmpint (sentient_connection_get_connected_at (connection), >, 0);
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_connections (pair.bob->peer)), ==,
                    1);
  g_assert_cmpstr (pair.bob->options->stun_urls[0], ==, "stun:127.0.0.1:9");
  g_assert_cmpstr (pair.bob->options->turn_urls[0], ==, "turn://u:p@127.0.0.1:9");

  assert_talk (pair.alice, pair.bob);
  assert_talk (pair.bob, pair.alice);
  g_assert_true (sentient_peer_send_bytes (pair.alice->peer, "bob", bytes, &error));
  await (has (pair.bob->messages, "alice: \1\2 (binary)"));
  g_assert_true (sentient_peer_broadcast (pair.bob->peer, "lobby", "to all", &n_sent, &error));
  g_assert_cmpuint (n_sent, ==, 1);
  await (has (pair.alice->messages, "bob: to all"));
  g_assert_true (sentient_peer_broadcast_bytes (pair.bob->peer, "lobby", bytes, &n_sent, &error));
  g_assert_cmpuint (n_sent, ==, 1);
  await (has (pair.alice->messages, "bob: \1\2 (binary)"));
  g_assert_cmpuint (sentient_connection_get_messages_sent (connection), ==, 2);
  g_assert_cmpuint (sentient_connection_get_messages_received (connection), ==, 3);
  g_assert_cmpuint (sentient_connection_get_bytes_received (connection), ==, 19);
  g_assert_true (has (pair.bob->negotiation, "alice: offer sent"));
  await (has_prefix (pair.bob->negotiation, "alice: candidate received: candidate:"));
  g_assert_true (has (pair.alice->negotiation, "bob: answer sent"));
  g_assert_cmpuint (pair.alice->connected->len, ==, 1);

  sentient_peer_disconnect_peer_async (pair.bob->peer, "alice", NULL, on_result, &result);
  await (result != NULL);
  g_assert_true (sentient_peer_disconnect_peer_finish (pair.bob->peer, result, &error));
  await (has (pair.alice->disconnected, "bob"));
  g_assert_true (has (pair.bob->disconnected, "alice"));
  g_assert_false (sentient_peer_send (pair.alice->peer, "bob", "x", &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
  g_assert_nonnull (strstr (error->message, "bob"));
  g_assert_cmpuint (pair.alice->errors->len + pair.bob->errors->len, ==, 0);
  g_clear_object (&result);
  pair_clear (&pair);
}

static gpointer
run_flow (gpointer flags)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  test_flow (flags);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* All of it happens on the context that was thread-default; nobody runs the global one. */
static void
test_own_context (gconstpointer flags)
{
  g_thread_join (g_thread_new ("own-context", run_flow, (gpointer)flags));
}

static void
start (TestPeer *from, const char *to, GAsyncResult **result)
{
  sentient_peer_connect_peer_async (from->peer, to, NULL, on_result, result);
}

static void
finish (TestPeer *from, GAsyncResult **result, GError **error)
{
  g_autoptr (SentientConnection) connection = NULL;

  await (*result != NULL);
  connection = sentient_peer_connect_peer_finish (from->peer, *result, error);
  g_assert_true ((connection != NULL) == (error == NULL || *error == NULL));
  g_clear_object (result);
}

/* Both offer before either hears of the other. */
static void
test_glare (gconstpointer data)
{
  Pair pair;
  GAsyncResult *from_alice = NULL, *from_bob = NULL;
  g_autoptr (GError) error = NULL;

  pair_init (&pair, GPOINTER_TO_UINT (data), FALSE);
  pair.coordinator->flags |= FAKE_HOLD;
  start (pair.alice, "bob", &from_alice);
  start (pair.bob, "alice", &from_bob);
  await (fake_find (pair.coordinator, "alice", "offer", 0) != NULL
         && fake_find (pair.coordinator, "bob", "offer", 0) != NULL);
  pair.coordinator->flags &= ~FAKE_HOLD;
  fake_relay_held (pair.coordinator);
  finish (pair.alice, &from_alice, &error);
  g_assert_no_error (error);
  finish (pair.bob, &from_bob, &error);
  g_assert_no_error (error);

  g_assert_cmpuint (fake_count (pair.coordinator, "alice", "answer"), ==, 1);
  g_assert_cmpuint (fake_count (pair.coordinator, "bob", "answer"), ==, 0);
  g_assert_true (has (pair.bob->negotiation, "alice: both ends offered at once: ours stands"));
  assert_talk (pair.alice, pair.bob);
  assert_talk (pair.bob, pair.alice);
  g_assert_cmpuint (pair.alice->connected->len, ==, 1);
  g_assert_cmpuint (pair.bob->connected->len, ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_connections (pair.alice->peer)), ==,
                    1);
  g_assert_cmpuint (pair.alice->errors->len + pair.bob->errors->len, ==, 0);
  pair_clear (&pair);
}

static void
test_connect_peer (void)
{
  Pair pair;
  GAsyncResult *first = NULL, *second = NULL, *third = NULL;
  g_autoptr (GError) error = NULL;

  pair_init (&pair, 0, FALSE);
  start (pair.alice, "bob", &first);
  start (pair.alice, "bob", &second); /* joins the first */
  finish (pair.alice, &first, &error);
  finish (pair.alice, &second, &error);
  start (pair.bob, "alice", &third); /* is there already */
  finish (pair.bob, &third, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_count (pair.coordinator, "alice", "offer"), ==, 1);
  g_assert_cmpuint (fake_count (pair.coordinator, "bob", "offer"), ==, 0);
  pair_clear (&pair);
}

static void
assert_connect_fails (TestPeer *from, const char *to, SentientError code)
{
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  start (from, to, &result);
  finish (from, &result, &error);
  g_assert_error (error, SENTIENT_ERROR, (gint)code);
  g_assert_nonnull (strstr (error->message, to));
  g_assert_null (sentient_peer_find_connection (from->peer, to));
}

/* A ghost is in the room, but the coordinator cannot reach it. */
static void
test_connect_errors (gconstpointer data)
{
  FakeCoordinator *coordinator = fake_coordinator_new (GPOINTER_TO_UINT (data), 0);
  TestPeer *alice = test_peer_new ("alice");

  assert_connect_fails (alice, "ghost", SENTIENT_ERROR_NOT_CONNECTED);
  g_object_set (alice->peer, "auto-connect", FALSE, NULL);
  test_peer_connect_to (alice, coordinator);
  fake_add_member (coordinator, "ghost", "lobby", NULL);
  fake_add_member (coordinator, "other", "lobby", NULL);
  assert_connect_fails (alice, "ghost", SENTIENT_ERROR_UNKNOWN_PEER);
  test_peer_join (alice, "lobby");
  assert_connect_fails (alice, "nobody", SENTIENT_ERROR_UNKNOWN_PEER);
  assert_connect_fails (alice, "alice", SENTIENT_ERROR_BAD_REQUEST);
  assert_connect_fails (alice, "no body", SENTIENT_ERROR_BAD_REQUEST);
  g_assert_null (fake_find (coordinator, "alice", "offer", 0));
  assert_connect_fails (alice, "ghost", SENTIENT_ERROR_UNKNOWN_PEER);
  g_assert_nonnull (fake_find (coordinator, "alice", "offer", 0));
  await (fake_count (coordinator, "alice", "ice-candidate") == 2 || GPOINTER_TO_UINT (data) != 0);
  test_peer_join (alice, "lobby"); /* the errors about the candidates came before its answer */
  g_assert_cmpuint (alice->errors->len, ==, 0);

  coordinator->flags |= FAKE_HOLD;
  g_object_set (alice->peer, "connect-timeout", 50, "max-connections", 1, NULL);
  assert_connect_fails (alice, "ghost", SENTIENT_ERROR_TIMED_OUT);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* What ends an attempt from outside. */
static void
test_connect_ended (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_HOLD, 0);
  TestPeer *alice = test_peer_new ("alice");
  GAsyncResult *first = NULL, *second = NULL, *gone = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_object_set (alice->peer, "auto-connect", FALSE, "max-connections", 1, NULL);
  test_peer_connect_to (alice, coordinator);
  fake_add_member (coordinator, "ghost", "lobby", NULL);
  fake_add_member (coordinator, "other", "lobby", NULL);
  test_peer_join (alice, "lobby");

  start (alice, "ghost", &first);
  assert_connect_fails (alice, "other", SENTIENT_ERROR_BUSY);
  fake_remove_member (coordinator, "ghost", "lobby"); /* it leaves */
  finish (alice, &first, &error);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
  g_clear_error (&error);

  start (alice, "other", &first); /* one of two cancels, then the other */
  sentient_peer_connect_peer_async (alice->peer, "other", cancellable, on_result, &second);
  g_cancellable_cancel (cancellable);
  finish (alice, &second, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_nonnull (sentient_peer_find_connection (alice->peer, "other"));

  sentient_peer_disconnect_peer_async (alice->peer, "other", NULL, on_result, &gone);
  finish (alice, &first, &error);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  g_clear_error (&error);
  await (gone != NULL);
  g_assert_true (sentient_peer_disconnect_peer_finish (alice->peer, gone, NULL));
  g_clear_object (&gone);

  sentient_peer_disconnect_peer_async (alice->peer, "other", NULL, on_result, &gone);
  await (gone != NULL);
  g_assert_false (sentient_peer_disconnect_peer_finish (alice->peer, gone, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
  g_clear_error (&error);
  g_clear_object (&gone);

  g_clear_object (&cancellable); /* the only one cancels: nothing is left of it */
  cancellable = g_cancellable_new ();
  sentient_peer_connect_peer_async (alice->peer, "other", cancellable, on_result, &second);
  g_cancellable_cancel (cancellable);
  finish (alice, &second, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (sentient_peer_find_connection (alice->peer, "other"));

  start (alice, "other", &first); /* the peer is closed */
  test_peer_close (alice);
  finish (alice, &first, &error);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  g_assert_cmpuint (alice->errors->len, ==, 0);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* By itself it tells of it with a signal. */
static void
test_auto_connect_fails (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");

  fake_add_member (coordinator, "ghost", "lobby", NULL);
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  await (has_error (alice, SENTIENT_ERROR_UNKNOWN_PEER));
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_max_connections (void)
{
  Pair pair;
  TestPeer *carol = test_peer_new ("carol");

  pair_init (&pair, 0, TRUE);
  g_object_set (pair.alice->peer, "max-connections", 1, NULL);
  await_open (&pair);
  test_peer_connect_to (carol, pair.coordinator);
  test_peer_join (carol, "lobby");
  await (is_open (carol, "bob"));
  await (has_prefix (pair.alice->negotiation, "carol: refused"));
  g_assert_null (sentient_peer_find_connection (pair.alice->peer, "carol"));
  assert_talk (pair.alice, pair.bob);
  test_peer_close (carol);
  test_peer_free (carol);
  pair_clear (&pair);
}

/* The coordinator dies; who is connected stays so, and finds the others again. */
static void
test_coordinator_dies (void)
{
  Pair pair;
  guint port;

  pair_init (&pair, 0, TRUE);
  await_open (&pair);
  port = pair.coordinator->port;
  fake_coordinator_free (pair.coordinator);
  await (sentient_peer_get_state (pair.alice->peer) == SENTIENT_PEER_STATE_RECONNECTING);
  await (sentient_peer_get_state (pair.bob->peer) == SENTIENT_PEER_STATE_RECONNECTING);
  assert_talk (pair.alice, pair.bob);

  pair.coordinator = fake_coordinator_new (0, port);
  await (pair.coordinator->joined->len == 2);
  assert_talk (pair.bob, pair.alice);
  settle ();
  g_assert_cmpuint (fake_count (pair.coordinator, "alice", "offer")
                        + fake_count (pair.coordinator, "bob", "offer"),
                    ==, 0);
  g_assert_cmpuint (pair.alice->disconnected->len, ==, 0);
  pair_clear (&pair);
}

/* An offer went out, then the coordinator died: whoever of the two comes back last offers anew. */
static void
test_offer_lost_with_coordinator (void)
{
  Pair pair;
  guint port;

  pair_init (&pair, FAKE_HOLD, TRUE);
  await (fake_find (pair.coordinator, "bob", "offer", 0) != NULL);
  port = pair.coordinator->port;
  fake_coordinator_free (pair.coordinator);
  pair.coordinator = fake_coordinator_new (0, port);
  await_open (&pair);
  assert_talk (pair.alice, pair.bob);
  pair_clear (&pair);
}

/* Likewise, but the other end's session lived on: an offer that was made before is made again. */
static void
test_offer_again (void)
{
  Pair pair;

  pair_init (&pair, FAKE_HOLD, TRUE);
  await (fake_find (pair.coordinator, "bob", "offer", 0) != NULL);
  pair.coordinator->flags &= ~FAKE_HOLD;
  fake_close_websocket (pair.coordinator, "bob", 1001);
  await_open (&pair);
  g_assert_cmpuint (fake_count (pair.coordinator, "bob", "offer"), ==, 2);
  pair_clear (&pair);
}

static void
test_leave_coordinator (void)
{
  Pair pair;
  g_autoptr (GAsyncResult) result = NULL;

  pair_init (&pair, 0, TRUE);
  await_open (&pair);
  sentient_peer_disconnect_from_coordinator_async (pair.bob->peer, NULL, on_result, &result);
  await (result != NULL);
  await (has (pair.alice->members, "lobby-bob (left)"));
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_rooms (pair.bob->peer)), ==, 0);
  assert_talk (pair.alice, pair.bob);
  assert_talk (pair.bob, pair.alice);
  g_clear_object (&result);
  pair_clear (&pair);
}

/* One of two does not take more; it says so when it does again. */
static void
test_partial_broadcast (void)
{
  Pair pair;
  TestPeer *carol = test_peer_new ("carol");
  g_autofree char *big = g_strnfill (SENTIENT_LINK_MAX_MESSAGE - 1, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;
  guint drained = 0, n_sent = 9;

  pair_init (&pair, 0, TRUE);
  test_peer_connect_to (carol, pair.coordinator);
  test_peer_join (carol, "lobby");
  await_open (&pair);
  await (is_open (pair.alice, "carol"));
  g_assert_false (sentient_peer_broadcast (pair.alice->peer, "cellar", "x", &n_sent, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM);
  g_assert_cmpuint (n_sent, ==, 0);
  g_clear_error (&error);
  n_sent = 9;
  g_assert_false (
      sentient_peer_broadcast_bytes (pair.alice->peer, "cellar", bytes, &n_sent, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM);
  g_assert_cmpuint (n_sent, ==, 0);
  g_clear_error (&error);

  g_signal_connect_swapped (pair.alice->peer, "drained", G_CALLBACK (g_atomic_int_inc), &drained);
  while (sentient_peer_send (pair.alice->peer, "bob", big, &error))
    ;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  g_assert_false (sentient_peer_broadcast (pair.alice->peer, "lobby", "news", &n_sent, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  g_assert_nonnull (strstr (error->message, "1 of 2"));
  g_assert_cmpuint (n_sent, ==, 1);
  await (has (carol->messages, "alice: news"));
  await (drained == 1);
  assert_talk (pair.alice, pair.bob);
  test_peer_close (carol);
  test_peer_free (carol);
  pair_clear (&pair);
}

/* Without close, with an open connection and with an attempt. */
static void
test_finalize (void)
{
  Pair pair;
  TestPeer *carol = test_peer_new ("carol");

  pair_init (&pair, 0, TRUE);
  await_open (&pair);
  test_peer_free (pair.bob);
  pair.bob = NULL;
  await (has (pair.alice->disconnected, "bob"));

  pair.coordinator->flags |= FAKE_HOLD;
  test_peer_connect_to (carol, pair.coordinator);
  test_peer_join (carol, "lobby");
  await (fake_find (pair.coordinator, "carol", "offer", 0) != NULL);
  test_peer_free (carol);
  pair_clear (&pair);
}

/* Closing ends the links in good order before it leaves the rooms: who hears of the leaving first
 * drops what is not through yet. */
static void
test_close_order (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Pair pair;

  pair_init (&pair, 0, TRUE);
  await_open (&pair);
  sentient_peer_send (pair.alice->peer, "bob", "a last word", &error);
  g_assert_no_error (error);
  sentient_peer_close_async (pair.alice->peer, NULL, on_result, &result);
  g_assert_cmpint (sentient_peer_get_state (pair.alice->peer), ==, SENTIENT_PEER_STATE_CONNECTED);
  await (has (pair.bob->disconnected, "alice"));
  g_assert_true (has (pair.bob->messages, "alice: a last word"));
  g_assert_false (has (pair.bob->members, "lobby-alice (left)"));
  await (result != NULL);
  g_assert_true (sentient_peer_close_finish (pair.alice->peer, result, &error));
  await (has (pair.bob->members, "lobby-alice (left)"));
  g_clear_object (&result);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/links/flow/websocket", NULL, test_flow);
  g_test_add_data_func ("/links/flow/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET), test_flow);
  g_test_add_data_func ("/links/flow/legacy-websocket", GUINT_TO_POINTER (FAKE_LEGACY), test_flow);
  g_test_add_data_func ("/links/flow/legacy-poll",
                        GUINT_TO_POINTER (FAKE_LEGACY | FAKE_NO_WEBSOCKET | FAKE_TWICE), test_flow);
  g_test_add_data_func ("/links/flow/busy", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET | FAKE_BUSY_ONCE),
                        test_flow);
  g_test_add_data_func ("/links/own-context/websocket", NULL, test_own_context);
  g_test_add_data_func ("/links/own-context/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET),
                        test_own_context);
  g_test_add_data_func ("/links/glare/websocket", NULL, test_glare);
  g_test_add_data_func ("/links/glare/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET), test_glare);
  g_test_add_func ("/links/connect-peer", test_connect_peer);
  g_test_add_data_func ("/links/connect-errors/websocket", NULL, test_connect_errors);
  g_test_add_data_func ("/links/connect-errors/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET),
                        test_connect_errors);
  g_test_add_func ("/links/connect-ended", test_connect_ended);
  g_test_add_func ("/links/auto-connect-fails", test_auto_connect_fails);
  g_test_add_func ("/links/max-connections", test_max_connections);
  g_test_add_func ("/links/coordinator-dies", test_coordinator_dies);
  g_test_add_func ("/links/offer-lost-with-coordinator", test_offer_lost_with_coordinator);
  g_test_add_func ("/links/offer-again", test_offer_again);
  g_test_add_func ("/links/leave-coordinator", test_leave_coordinator);
  g_test_add_func ("/links/partial-broadcast", test_partial_broadcast);
  g_test_add_func ("/links/finalize", test_finalize);
  g_test_add_func ("/links/close-order", test_close_order);

  return g_test_run ();
}
