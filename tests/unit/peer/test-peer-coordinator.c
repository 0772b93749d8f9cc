/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

static void
assert_room_count (TestPeer *alice, guint n)
{
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_rooms (alice->peer)), ==, n);
}

static void
leave (TestPeer *alice, const char *room)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sentient_peer_leave_async (alice->peer, room, NULL, on_result, &result);
  await (result != NULL);
  sentient_peer_leave_finish (alice->peer, result, &error);
  g_assert_no_error (error);
}

/* Connect, join, see others come and go, leave, close; in every way and dialect. */
static void
test_round (gconstpointer data)
{
  FakeFlags flags = GPOINTER_TO_UINT (data);
  FakeCoordinator *coordinator = fake_coordinator_new (flags, 0);
  g_autofree char *uri = fake_coordinator_dup_uri (coordinator);
  TestPeer *alice = test_peer_new ("alice");
  gboolean poll = (flags & FAKE_NO_WEBSOCKET) != 0;
  SentientRoom *room;

  g_object_set (alice->peer, "auto-connect", FALSE, NULL);
  fake_add_member (coordinator, "old", "lobby", NULL);
  test_peer_connect_to (alice, coordinator);
  g_assert_cmpint (sentient_peer_get_channel_kind (alice->peer), ==,
                   poll ? SENTIENT_CHANNEL_KIND_LONG_POLL : SENTIENT_CHANNEL_KIND_WEBSOCKET);
  g_assert_cmpstr (sentient_peer_get_coordinator_uri (alice->peer), ==, uri);
  g_assert_cmpstr (sentient_peer_get_coordinator_id (alice->peer), ==, "fake");

  room = test_peer_join (alice, "lobby");
  assert_room_count (alice, 1);
  g_assert_cmpuint (sentient_room_get_n_members (room), ==, 1);
  g_assert_nonnull (sentient_room_find_member (room, "old"));
  g_assert_cmpuint (alice->members->len, ==, 0);

  fake_add_member (coordinator, "new", "lobby", NULL);
  await (alice->members->len > 0);
  fake_remove_member (coordinator, "old", "lobby");
  await (alice->members->len > 1);
  g_assert_true (has (alice->members, "lobby+new"));
  g_assert_true (has (alice->members, "lobby-old (left)"));
  g_assert_cmpuint (sentient_room_get_n_members (room), ==, 1);

  leave (alice, "lobby");
  assert_room_count (alice, 0);
  test_peer_join (alice, "lobby");
  g_assert_cmpuint (alice->members->len, ==, 2);
  test_peer_close (alice);
  if (poll)
    g_assert_cmpuint (fake_count (coordinator, "alice", "leave"), ==, 2);
  g_assert_cmpuint (coordinator->joined->len, ==, 1); /* "new" */
  g_assert_cmpuint (alice->errors->len, ==, 0);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_poll_at_once (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new (NULL);

  g_object_set (alice->peer, "use-websocket", FALSE, NULL);
  test_peer_connect_to (alice, coordinator);
  g_assert_cmpint (sentient_peer_get_channel_kind (alice->peer), ==,
                   SENTIENT_CHANNEL_KIND_LONG_POLL);
  g_assert_cmpuint (coordinator->websockets, ==, 0);
  g_assert_true (g_str_has_prefix (sentient_peer_get_node_id (alice->peer), "node-"));
  test_peer_join (alice, "lobby");
  /* Ends a first poll that the coordinator held until its time was over. */
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* A poll that ends empty is asked again; its time is ours to say. */
static void
test_poll_again (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_WEBSOCKET, 0);
  TestPeer *alice = test_peer_new ("alice");

  sentient_peer_set_intervals (alice->peer, SENTIENT_PEER_SILENCE_MS, 10);
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  await (coordinator->polls >= 3);
  fake_add_member (coordinator, "new", "lobby", NULL);
  await (has (alice->members, "lobby+new"));
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_bad_input (void)
{
  static const char *const bad[] = { "",           "ftp://host", "http://",     "http://host:x",
                                     "http://a b", "http://h:0", "http://h/?a", "http://u@h" };
  TestPeer *alice = test_peer_new ("alice");
  TestPeer *wrong = test_peer_new ("a b");
  const char *const none[] = { NULL };
  const char *const good[] = { "http://127.0.0.1:1", NULL };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const char *uris[] = { "http://127.0.0.1:1", bad[i], NULL };

      g_assert_false (test_peer_try_uris (alice, uris, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_clear_error (&error);
    }
  g_assert_false (test_peer_try_uris (alice, none, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  g_assert_false (test_peer_try_uris (wrong, good, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  test_peer_free (alice);
  test_peer_free (wrong);
}

static guint
free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_socket_listener_close (listener);
  return port;
}

static void
test_unreachable (void)
{
  TestPeer *alice = test_peer_new ("alice");
  g_autofree char *uri = g_strdup_printf ("127.0.0.1:%u", free_port ());
  const char *uris[] = { uri, NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (test_peer_try_uris (alice, uris, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
  g_assert_nonnull (strstr (error->message, uri));
  g_assert_cmpint (sentient_peer_get_state (alice->peer), ==, SENTIENT_PEER_STATE_DISCONNECTED);
  test_peer_free (alice);
}

/* The kernel takes the connection, nobody ever answers. */
static void
test_silent (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u", port);
  const char *uris[] = { uri, NULL };
  TestPeer *alice = test_peer_new ("alice");
  g_autoptr (GError) error = NULL;

  g_object_set (alice->peer, "request-timeout", 100, NULL);
  g_assert_false (test_peer_try_uris (alice, uris, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT);
  test_peer_free (alice);
  g_socket_listener_close (listener);
}

/* Its WebSocket is of no use, but its long poll is. */
static void
test_bad_websocket (gconstpointer data)
{
  FakeCoordinator *coordinator = fake_coordinator_new (GPOINTER_TO_UINT (data), 0);
  TestPeer *alice = test_peer_new ("alice");

  g_object_set (alice->peer, "request-timeout", 400, NULL);
  test_peer_connect_to (alice, coordinator);
  g_assert_cmpuint (coordinator->websockets, ==, 1);
  g_assert_cmpint (sentient_peer_get_channel_kind (alice->peer), ==,
                   SENTIENT_CHANNEL_KIND_LONG_POLL);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_second_uri (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  g_autofree char *good = g_strdup_printf ("ws://127.0.0.1:%u/webrtc/signal", coordinator->port);
  g_autofree char *bad = g_strdup_printf ("127.0.0.1:%u", free_port ());
  g_autofree char *shown = fake_coordinator_dup_uri (coordinator);
  const char *uris[] = { bad, good, NULL };
  TestPeer *alice = test_peer_new ("alice");
  g_autoptr (GError) error = NULL;

  g_assert_true (test_peer_try_uris (alice, uris, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (sentient_peer_get_coordinator_uri (alice->peer), ==, shown);
  g_assert_false (test_peer_try_uris (alice, uris, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* kill -9 of the coordinator, and another one in its place. */
static void
test_reconnect (gconstpointer data)
{
  FakeFlags flags = GPOINTER_TO_UINT (data);
  FakeCoordinator *coordinator = fake_coordinator_new (flags, 0);
  TestPeer *alice = test_peer_new ("alice");
  guint port = coordinator->port;
  SentientRoom *room;
  JsonObject *join;

  fake_add_member (coordinator, "goes", "lobby", NULL);
  g_object_set (alice->peer, "auto-connect", FALSE, NULL);
  test_peer_connect_to (alice, coordinator);
  room = test_peer_join (alice, "lobby");
  if (flags & FAKE_NO_WEBSOCKET)
    await (coordinator->polls > 0);
  fake_coordinator_free (coordinator);
  await (sentient_peer_get_state (alice->peer) == SENTIENT_PEER_STATE_RECONNECTING);
  await (has_error (alice, SENTIENT_ERROR_CONNECTION_LOST));
  assert_room_count (alice, 1);

  coordinator = fake_coordinator_new (flags, port);
  fake_add_member (coordinator, "comes", "lobby", NULL);
  await (has (alice->members, "lobby+comes"));
  g_assert_true (has (alice->members, "lobby-goes (timeout)"));
  g_assert_cmpint (sentient_peer_get_state (alice->peer), ==, SENTIENT_PEER_STATE_CONNECTED);
  g_assert_true (room == sentient_peer_find_room (alice->peer, "lobby"));
  join = fake_find (coordinator, "alice", "join", 0);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (join, "metadata"),
                                                  "name"),
                   ==, "test");
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_taken_over (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");

  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  fake_close_websocket (coordinator, "alice", 4001);
  await (alice->errors->len > 0);
  g_assert_true (has_error (alice, SENTIENT_ERROR_NODE_ID_TAKEN));
  g_assert_cmpint (sentient_peer_get_state (alice->peer), ==, SENTIENT_PEER_STATE_DISCONNECTED);
  g_assert_null (alice->peer->reconnect_timer);
  assert_room_count (alice, 0);
  test_peer_connect_to (alice, coordinator); /* a person may want it back */
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_lost_by_close_and_silence (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_MUTE, 0);
  TestPeer *alice = test_peer_new ("alice");

  sentient_peer_set_intervals (alice->peer, 90, SENTIENT_PEER_SILENCE_MS);
  test_peer_connect_to (alice, coordinator);
  await (coordinator->websockets >= 3);
  g_assert_true (has_error (alice, SENTIENT_ERROR_CONNECTION_LOST));
  g_assert_cmpuint (fake_count (coordinator, "alice", "ping"), >, 0);

  /* With answers to our pings it stays. */
  coordinator->flags = 0;
  g_ptr_array_set_size (coordinator->log, 0);
  await (fake_count (coordinator, "alice", "ping") >= 6);
  coordinator->websockets = 0;
  await (fake_count (coordinator, "alice", "ping") >= 12);
  g_assert_cmpuint (coordinator->websockets, ==, 0);

  fake_close_websocket (coordinator, "alice", 1001);
  await (coordinator->websockets == 1);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_nonsense (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");
  static const char *const nonsense[] = {
    "", "[]", "{", "{\"type\":7}", "\"x\"", "{\"type\":\"offer\",\"payload\":{\"sdp\":\"x\"}}"
  };

  test_peer_connect_to (alice, coordinator);
  for (guint i = 0; i < G_N_ELEMENTS (nonsense); i++)
    {
      fake_say_raw (coordinator, "alice", nonsense[i]);
      await (alice->errors->len == i + 1);
      g_assert_true (
          g_error_matches (alice->errors->pdata[i], SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL));
    }
  fake_say_raw (coordinator, "alice", "{\"type\":\"of-tomorrow\"}");
  test_peer_join (alice, "lobby");
  g_assert_cmpuint (alice->errors->len, ==, G_N_ELEMENTS (nonsense));
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
assert_join_fails (TestPeer *alice, const char *room, SentientError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (test_peer_try_join (alice, room, &error));
  g_assert_error (error, SENTIENT_ERROR, (gint)code);
}

/* A join that came too soon is tried once more, by itself; a second refusal is told. */
static void
test_join_too_fast (gconstpointer data)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_RATE_ONCE | GPOINTER_TO_UINT (data), 0);
  TestPeer *alice = test_peer_new ("alice");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room = NULL;

  test_peer_connect_to (alice, coordinator);
  room = test_peer_try_join (alice, "lobby", &error);
  g_assert_no_error (error);
  g_assert_nonnull (room);
  g_assert_cmpuint (fake_count (coordinator, "alice", "join"), ==, 2);

  if (!(GPOINTER_TO_UINT (data) & FAKE_NO_WEBSOCKET))
    {
      coordinator->flags |= FAKE_RATE_ONCE;
      sentient_peer_join_async (alice->peer, "den", NULL, NULL, on_result, &result);
      await (fake_count (coordinator, "alice", "join") == 3);
      coordinator->flags |= FAKE_RATE_ONCE;
      await (result != NULL);
      g_assert_null (sentient_peer_join_finish (alice->peer, result, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED);
      g_assert_cmpuint (sentient_error_get_retry_after (error), ==, 20);
    }
  test_peer_close (alice);
  g_clear_object (&result);
  g_clear_object (&room);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_join_errors (gconstpointer data)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_ROOM_FULL | GPOINTER_TO_UINT (data), 0);
  TestPeer *alice = test_peer_new ("alice");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  assert_join_fails (alice, "lobby", SENTIENT_ERROR_NOT_CONNECTED);
  test_peer_connect_to (alice, coordinator);
  assert_join_fails (alice, "lob by", SENTIENT_ERROR_BAD_REQUEST);
  assert_join_fails (alice, "lobby", SENTIENT_ERROR_ROOM_FULL);
  sentient_peer_join_async (alice->peer, "lobby", "[1]", NULL, on_result, &result);
  await (result != NULL);
  g_assert_null (sentient_peer_join_finish (alice->peer, result, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  g_clear_object (&result);
  sentient_peer_leave_async (alice->peer, "lobby", NULL, on_result, &result);
  await (result != NULL);
  g_assert_false (sentient_peer_leave_finish (alice->peer, result, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM);

  assert_room_count (alice, 0);
  g_object_set (alice->peer, "request-timeout", 100, NULL);
  coordinator->flags |= FAKE_MUTE;
  assert_join_fails (alice, "lobby", SENTIENT_ERROR_TIMED_OUT);
  test_peer_close (alice);
  g_clear_object (&result);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* Its answer comes after we told that there was none: we are not left in there. */
static void
test_late_join (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");

  test_peer_connect_to (alice, coordinator);
  fake_say (coordinator, "alice",
            "{\"type\":\"join-result\",\"success\":true,\"room\":\"late\",\"peers\":[]}");
  await (fake_count (coordinator, "alice", "leave") == 1);
  assert_room_count (alice, 0);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
assert_cancelled (gboolean ok, GError **error)
{
  g_assert_false (ok);
  g_assert_error (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_GREETING | FAKE_MUTE, 0);
  g_autofree char *uri = fake_coordinator_dup_uri (coordinator);
  const char *uris[] = { uri, NULL };
  TestPeer *alice = test_peer_new ("alice");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) join_error = NULL;

  sentient_peer_connect_to_coordinator_async (alice->peer, uris, cancellable, on_result, &result);
  await (coordinator->websockets == 1);
  g_cancellable_cancel (cancellable);
  await (result != NULL);
  assert_cancelled (sentient_peer_connect_to_coordinator_finish (alice->peer, result, &error),
                    &error);
  g_assert_cmpint (sentient_peer_get_state (alice->peer), ==, SENTIENT_PEER_STATE_DISCONNECTED);

  coordinator->flags = FAKE_MUTE;
  test_peer_connect_to (alice, coordinator);
  g_cancellable_reset (cancellable);
  sentient_peer_join_async (alice->peer, "lobby", NULL, cancellable, on_result, &again);
  g_cancellable_cancel (cancellable);
  await (again != NULL);
  assert_cancelled (sentient_peer_join_finish (alice->peer, again, &join_error) != NULL,
                    &join_error);
  test_peer_close (alice);
  g_clear_object (&result);
  g_clear_object (&again);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
test_closed_meanwhile (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_GREETING | FAKE_MUTE, 0);
  g_autofree char *uri = fake_coordinator_dup_uri (coordinator);
  const char *uris[] = { uri, NULL };
  TestPeer *alice = test_peer_new ("alice");
  g_autoptr (GAsyncResult) connected = NULL;
  g_autoptr (GAsyncResult) disconnected = NULL;
  g_autoptr (GAsyncResult) joined = NULL;
  g_autoptr (GError) error = NULL;

  sentient_peer_connect_to_coordinator_async (alice->peer, uris, NULL, on_result, &connected);
  sentient_peer_disconnect_from_coordinator_async (alice->peer, NULL, on_result, &disconnected);
  await (connected != NULL && disconnected != NULL);
  g_assert_false (sentient_peer_connect_to_coordinator_finish (alice->peer, connected, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  g_clear_error (&error);

  coordinator->flags = FAKE_MUTE;
  test_peer_connect_to (alice, coordinator);
  sentient_peer_join_async (alice->peer, "lobby", NULL, NULL, on_result, &joined);
  test_peer_close (alice);
  await (joined != NULL);
  g_assert_null (sentient_peer_join_finish (alice->peer, joined, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  g_clear_object (&connected);
  g_clear_object (&disconnected);
  g_clear_object (&joined);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* Without close: whatever it is at, it goes, and whoever waits is told. */
static void
test_finalize (gconstpointer data)
{
  FakeFlags flags = GPOINTER_TO_UINT (data);
  FakeCoordinator *coordinator = fake_coordinator_new (flags, 0);
  g_autofree char *uri = fake_coordinator_dup_uri (coordinator);
  const char *uris[] = { uri, NULL };
  TestPeer *alice = test_peer_new ("alice"); /* never connected */
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  test_peer_free (alice);

  alice = test_peer_new ("alice"); /* connecting */
  sentient_peer_connect_to_coordinator_async (alice->peer, uris, NULL, on_result, &result);
  g_object_run_dispose (G_OBJECT (alice->peer));
  await (result != NULL);
  g_assert_false (sentient_peer_connect_to_coordinator_finish (alice->peer, result, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  g_clear_object (&result);
  test_peer_free (alice);

  alice = test_peer_new ("alice"); /* connected, in a room */
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  test_peer_free (alice);

  alice = test_peer_new ("alice"); /* closing */
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  sentient_peer_disconnect_from_coordinator_async (alice->peer, NULL, on_result, &result);
  await (result != NULL);
  g_clear_object (&result);
  test_peer_free (alice);

  alice = test_peer_new ("alice"); /* reconnecting */
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  if (flags & FAKE_NO_WEBSOCKET)
    {
      guint polls = coordinator->polls;

      await (coordinator->polls > polls || coordinator->polls > 2);
    }
  fake_coordinator_free (coordinator);
  await (sentient_peer_get_state (alice->peer) == SENTIENT_PEER_STATE_RECONNECTING);
  test_peer_free (alice);
  settle ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/peer/round/websocket", NULL, test_round);
  g_test_add_data_func ("/peer/round/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET), test_round);
  g_test_add_data_func ("/peer/round/legacy-websocket", GUINT_TO_POINTER (FAKE_LEGACY), test_round);
  g_test_add_data_func ("/peer/round/legacy-poll",
                        GUINT_TO_POINTER (FAKE_LEGACY | FAKE_NO_WEBSOCKET | FAKE_TWICE),
                        test_round);
  g_test_add_func ("/peer/poll-at-once", test_poll_at_once);
  g_test_add_func ("/peer/poll-again", test_poll_again);
  g_test_add_func ("/peer/bad-input", test_bad_input);
  g_test_add_func ("/peer/unreachable", test_unreachable);
  g_test_add_func ("/peer/silent", test_silent);
  g_test_add_data_func ("/peer/bad-websocket/no-greeting", GUINT_TO_POINTER (FAKE_NO_GREETING),
                        test_bad_websocket);
  g_test_add_data_func ("/peer/bad-websocket/garbage", GUINT_TO_POINTER (FAKE_GARBAGE),
                        test_bad_websocket);
  g_test_add_func ("/peer/second-uri", test_second_uri);
  g_test_add_data_func ("/peer/reconnect/websocket", NULL, test_reconnect);
  g_test_add_data_func ("/peer/reconnect/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET),
                        test_reconnect);
  g_test_add_func ("/peer/taken-over", test_taken_over);
  g_test_add_func ("/peer/lost", test_lost_by_close_and_silence);
  g_test_add_func ("/peer/nonsense", test_nonsense);
  g_test_add_data_func ("/peer/join-too-fast/websocket", NULL, test_join_too_fast);
  g_test_add_data_func ("/peer/join-too-fast/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET),
                        test_join_too_fast);
  g_test_add_data_func ("/peer/join-errors/websocket", NULL, test_join_errors);
  g_test_add_data_func ("/peer/join-errors/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET),
                        test_join_errors);
  g_test_add_func ("/peer/late-join", test_late_join);
  g_test_add_func ("/peer/cancel", test_cancel);
  g_test_add_func ("/peer/closed-meanwhile", test_closed_meanwhile);
  g_test_add_data_func ("/peer/finalize/websocket", NULL, test_finalize);
  g_test_add_data_func ("/peer/finalize/poll", GUINT_TO_POINTER (FAKE_NO_WEBSOCKET), test_finalize);

  return g_test_run ();
}
