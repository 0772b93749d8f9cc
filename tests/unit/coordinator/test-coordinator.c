/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "coordinator/sentient-coordinator.h"
#include "core/sentient-error.h"

typedef struct
{
  SentientManualClock *clock;
  SentientCoordinator *coordinator;
  GString *events;
  guint watchdog;
} Fixture;

static void
on_joined (SentientCoordinator *coordinator,
           SentientRoom *room,
           SentientMember *member,
           gpointer data)
{
  g_string_append_printf (data, "+%s/%s ", sentient_room_get_name (room),
                          sentient_member_get_node_id (member));
}

static void
on_left (SentientCoordinator *coordinator,
         SentientRoom *room,
         SentientMember *member,
         SentientLeaveReason reason,
         gpointer data)
{
  g_string_append_printf (data, "-%s/%s:%s ", sentient_room_get_name (room),
                          sentient_member_get_node_id (member),
                          sentient_leave_reason_to_string (reason));
}

static void
on_room_added (SentientCoordinator *coordinator, SentientRoom *room, gpointer data)
{
  g_string_append_printf (data, "open:%s ", sentient_room_get_name (room));
}

static void
on_room_removed (SentientCoordinator *coordinator, SentientRoom *room, gpointer data)
{
  g_string_append_printf (data, "shut:%s ", sentient_room_get_name (room));
}

static gboolean
on_watchdog (gpointer data)
{
  g_error ("the watchdog bites");
  return G_SOURCE_REMOVE;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->clock = sentient_manual_clock_new (1000000);
  fixture->coordinator
      = g_object_new (SENTIENT_TYPE_COORDINATOR, "clock", fixture->clock, "node-id", "hub", NULL);
  fixture->events = g_string_new (NULL);
  g_signal_connect (fixture->coordinator, "peer-joined", G_CALLBACK (on_joined), fixture->events);
  g_signal_connect (fixture->coordinator, "peer-left", G_CALLBACK (on_left), fixture->events);
  g_signal_connect (fixture->coordinator, "room-added", G_CALLBACK (on_room_added),
                    fixture->events);
  g_signal_connect (fixture->coordinator, "room-removed", G_CALLBACK (on_room_removed),
                    fixture->events);
  fixture->watchdog = g_timeout_add_seconds (30, on_watchdog, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (fixture->coordinator);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->events, TRUE);
  g_source_remove (fixture->watchdog);
}

static void
assert_events (Fixture *fixture, const char *expected)
{
  g_assert_cmpstr (fixture->events->str, ==, expected);
  g_string_truncate (fixture->events, 0);
}

static void
join (Fixture *fixture, const char *node_id, const char *room)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientMember) member
      = sentient_coordinator_join (fixture->coordinator, node_id, room, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sentient_member_get_node_id (member), ==, node_id);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_null (*(GAsyncResult **)user_data);
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static char *
finish_poll (Fixture *fixture, GAsyncResult **result, GError **error)
{
  char *text;

  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  text = sentient_coordinator_poll_finish (fixture->coordinator, *result, error);
  g_clear_object (result);
  return text;
}

static char *
poll (Fixture *fixture, const char *node_id, guint timeout_ms)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  char *text;

  sentient_coordinator_poll_async (fixture->coordinator, node_id, timeout_ms, NULL, on_result,
                                   &result);
  text = finish_poll (fixture, &result, &error);
  g_assert_no_error (error);
  return text;
}

static gboolean
send (Fixture *fixture, const char *from, const char *to, GError **error)
{
  g_autoptr (SentientSignal) signal = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, from, to,
                                                           "lab", "{\"sdp\":\"v=0\"}", error);

  return signal != NULL && sentient_coordinator_queue_signal (fixture->coordinator, signal, error);
}

static void
test_rooms (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) peers = NULL;

  join (fixture, "a", "lab");
  join (fixture, "b", "lab");
  join (fixture, "b", "global");
  g_assert_cmpuint (sentient_coordinator_get_peer_count (fixture->coordinator), ==, 2);
  peers = sentient_coordinator_get_room_peers (fixture->coordinator, "lab");
  g_assert_cmpuint (peers->len, ==, 2);
  assert_events (fixture, "open:lab +lab/a +lab/b +global/b ");

  g_assert_true (sentient_coordinator_leave (fixture->coordinator, "a", "lab", &error));
  g_assert_no_error (error);
  g_assert_true (sentient_coordinator_leave_all (fixture->coordinator, "b", &error));
  g_assert_no_error (error);
  assert_events (fixture, "-lab/a:left -lab/b:left shut:lab -global/b:left ");

  g_assert_false (sentient_coordinator_leave (fixture->coordinator, "a", "lab", &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
  g_clear_error (&error);
  g_assert_null (sentient_coordinator_join (fixture->coordinator, "a b", "lab", NULL, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  g_assert_null (sentient_coordinator_join (fixture->coordinator, "a", "lab", "[1]", &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
}

static void
test_poll (Fixture *fixture, gconstpointer unused)
{
  GAsyncResult *first = NULL;
  GAsyncResult *second = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  join (fixture, "a", "lab");
  join (fixture, "b", "lab");
  g_assert_true (send (fixture, "a", "b", &error));
  g_assert_no_error (error);

  /* At once, if something waits; then it is gone. */
  text = poll (fixture, "b", 60000);
  g_assert_nonnull (strstr (text, "\"type\":\"offer\""));
  g_assert_nonnull (strstr (text, "\"from\":\"a\""));
  g_free (text);
  text = poll (fixture, "b", 0);
  g_assert_cmpstr (text, ==, "{\"signals\":[]}");
  g_clear_pointer (&text, g_free);

  /* A newer poll ends the older; the signal comes to the newer. */
  sentient_coordinator_poll_async (fixture->coordinator, "b", 60000, NULL, on_result, &first);
  sentient_coordinator_poll_async (fixture->coordinator, "b", 60000, NULL, on_result, &second);
  text = finish_poll (fixture, &first, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "{\"signals\":[]}");
  g_free (text);
  g_assert_true (send (fixture, "a", "b", NULL));
  text = finish_poll (fixture, &second, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "\"from\":\"a\""));
  g_clear_pointer (&text, g_free);

  /* A room event wakes it, too; leaving ends it. */
  sentient_coordinator_poll_async (fixture->coordinator, "b", 60000, NULL, on_result, &first);
  sentient_coordinator_leave_all (fixture->coordinator, "a", NULL);
  text = finish_poll (fixture, &first, &error);
  g_assert_nonnull (strstr (text, "peer-left"));
  g_clear_pointer (&text, g_free);
  sentient_coordinator_poll_async (fixture->coordinator, "b", 60000, NULL, on_result, &first);
  sentient_coordinator_leave_all (fixture->coordinator, "b", NULL);
  text = finish_poll (fixture, &first, &error);
  g_assert_cmpstr (text, ==, "{\"signals\":[]}");
  g_clear_pointer (&text, g_free);

  sentient_coordinator_poll_async (fixture->coordinator, "b", 60000, NULL, on_result, &first);
  g_assert_null (finish_poll (fixture, &first, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
}

static void
test_poll_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  GAsyncResult *result = NULL;

  join (fixture, "a", "lab");
  join (fixture, "b", "lab");
  sentient_coordinator_poll_async (fixture->coordinator, "b", 60000, cancellable, on_result,
                                   &result);
  g_cancellable_cancel (cancellable);
  /* What comes meanwhile is not lost with the poll. */
  g_assert_true (send (fixture, "a", "b", NULL));
  g_assert_null (finish_poll (fixture, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  text = poll (fixture, "b", 0);
  g_assert_nonnull (strstr (text, "\"from\":\"a\""));

  /* Cancelled before it began: it does not wait. */
  g_clear_error (&error);
  sentient_coordinator_poll_async (fixture->coordinator, "b", 60000, cancellable, on_result,
                                   &result);
  g_assert_null (finish_poll (fixture, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
assert_statistics (Fixture *fixture, const char *expected)
{
  g_autofree char *text = sentient_coordinator_dup_statistics (fixture->coordinator);

  if (strstr (text, expected) == NULL)
    g_error ("No %s in %s", expected, text);
}

static void
test_statistics (Fixture *fixture, gconstpointer unused)
{
  sentient_manual_clock_advance (fixture->clock, 1);
  assert_statistics (fixture, "\"uptime\":0,\"ready\":false,");
  join (fixture, "a", "lab");
  join (fixture, "b", "lab");
  assert_statistics (fixture, "\"rooms\":4,\"nodes\":2,\"memberships\":2,\"queuedMessages\":1,");
  assert_statistics (fixture, "\"joins\":2,");
  g_assert_false (send (fixture, "a", "nobody", NULL));
  g_assert_true (send (fixture, "a", "b", NULL));
  assert_statistics (fixture, "\"offer\":{\"delivered\":0,\"queued\":1,"
                              "\"refused\":{\"unknown-peer\":1}}");

  /* It waited a second for somebody to take it. */
  sentient_manual_clock_advance (fixture->clock, 1000);
  g_free (poll (fixture, "b", 0));
  assert_statistics (fixture, "\"relayLatency\":{\"count\":1,\"sum\":1,");

  g_assert_true (sentient_coordinator_start (fixture->coordinator, NULL));
  sentient_manual_clock_advance (fixture->clock, 1500);
  assert_statistics (fixture, "\"uptime\":1.5,\"ready\":true,");
}

static void
test_broadcast (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  join (fixture, "a", "lab");
  join (fixture, "b", "lab");
  join (fixture, "c", "lab");
  join (fixture, "d", "lab");
  for (const char *id = "bcd"; *id != '\0'; id++)
    g_free (poll (fixture, (char[]){ *id, '\0' }, 0));

  g_assert_cmpuint (sentient_coordinator_broadcast_to_room (fixture->coordinator, "lab",
                                                            SENTIENT_SIGNAL_TYPE_RENEGOTIATE, "a",
                                                            "{}", "c", &error),
                    ==, 2);
  g_assert_no_error (error);
  text = poll (fixture, "c", 0);
  g_assert_cmpstr (text, ==, "{\"signals\":[]}");
  g_free (text);
  text = poll (fixture, "d", 0);
  g_assert_nonnull (strstr (text, "renegotiate"));
  g_assert_cmpuint (sentient_coordinator_broadcast_to_room (fixture->coordinator, "nowhere",
                                                            SENTIENT_SIGNAL_TYPE_RENEGOTIATE, "a",
                                                            "{}", NULL, &error),
                    ==, 0);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM);
}

static void
test_cleanup (Fixture *fixture, gconstpointer unused)
{
  g_object_set (fixture->coordinator, "silence-timeout", 1000, "grace-time", 500, NULL);
  join (fixture, "a", "lab");
  g_string_truncate (fixture->events, 0);
  sentient_manual_clock_advance (fixture->clock, 999);
  sentient_coordinator_cleanup (fixture->coordinator);
  sentient_manual_clock_advance (fixture->clock, 1);
  sentient_coordinator_cleanup (fixture->coordinator);
  assert_events (fixture, "");
  sentient_manual_clock_advance (fixture->clock, 500);
  sentient_coordinator_cleanup (fixture->coordinator);
  assert_events (fixture, "-lab/a:timeout shut:lab ");
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (sentient_coordinator_stop_finish (SENTIENT_COORDINATOR (source), result, &error));
  g_assert_no_error (error);
  *(gboolean *)user_data = TRUE;
}

static void
test_start_stop (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (SentientCoordinator) rival = sentient_coordinator_new ();
      g_autoptr (GError) error = NULL;
      g_autofree char *url = NULL;
      gboolean stopped = FALSE;

      g_assert_true (sentient_coordinator_start (fixture->coordinator, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (sentient_coordinator_get_port (fixture->coordinator), >, 0);
      url = sentient_coordinator_dup_url (fixture->coordinator);
      g_assert_true (g_str_has_prefix (url, "http://127.0.0.1:"));

      g_object_set (rival, "port", sentient_coordinator_get_port (fixture->coordinator), NULL);
      g_assert_false (sentient_coordinator_start (rival, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
      g_assert_false (sentient_coordinator_get_running (rival));
      g_assert_finalize_object (g_steal_pointer (&rival));

      sentient_coordinator_stop_async (fixture->coordinator, NULL, on_stopped, &stopped);
      while (!stopped)
        g_main_context_iteration (NULL, TRUE);
      g_assert_false (sentient_coordinator_get_running (fixture->coordinator));
      g_assert_cmpuint (sentient_coordinator_get_port (fixture->coordinator), ==, 0);
    }
}

/* Sends a request on a connection of its own; the answer is not read. */
static GSocketConnection *
ask (SentientCoordinator *coordinator, const char *text)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection
      = g_socket_client_connect_to_host (client, "127.0.0.1",
                                         sentient_coordinator_get_port (coordinator), NULL, &error);

  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
                             strlen (text), NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

#define JOIN_BODY "{\"nodeId\":\"a\",\"room\":\"global\"}"
#define JOIN "POST /webrtc/join HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n" JOIN_BODY

static void
let_go (GObject *object)
{
  g_object_unref (object);
}

/* The last reference goes in a handler: once called by the engine, once by the passing of time. */
static void
test_let_go (Fixture *fixture, gconstpointer by_time)
{
  SentientCoordinator *coordinator
      = g_object_new (SENTIENT_TYPE_COORDINATOR, "clock", fixture->clock, NULL);
  g_autoptr (GSocketConnection) connection = NULL;

  G_STATIC_ASSERT (sizeof JOIN_BODY - 1 == 30);
  g_object_add_weak_pointer (G_OBJECT (coordinator), (gpointer *)&coordinator);
  g_assert_true (sentient_coordinator_start (coordinator, NULL));
  if (by_time != NULL)
    {
      g_assert_nonnull (sentient_coordinator_join (coordinator, "a", "lab", NULL, NULL));
      g_signal_connect (coordinator, "peer-left", G_CALLBACK (let_go), NULL);
      sentient_manual_clock_advance (fixture->clock, 30000);
      sentient_coordinator_cleanup (coordinator);
      sentient_manual_clock_advance (fixture->clock, 30000);
    }
  else
    {
      g_signal_connect (coordinator, "peer-joined", G_CALLBACK (let_go), NULL);
      connection = ask (coordinator, JOIN);
    }
  while (coordinator != NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* What counts at the next start does no harm before. */
static void
test_changed_while_running (Fixture *fixture, gconstpointer unused)
{
  static const char *const before[] = { "stun:before.example:3478", NULL };
  static const char *const after[] = { "stun:after.example:3478", NULL };
  g_autoptr (GSocketConnection) connection = NULL;
  char answer[1024] = "";

  g_object_set (fixture->coordinator, "stun-servers", before, "turn-servers", before, "static-dir",
                "/nowhere", NULL);
  g_assert_true (sentient_coordinator_start (fixture->coordinator, NULL));
  g_object_set (fixture->coordinator, "stun-servers", after, "turn-servers", after, "static-dir",
                NULL, NULL);
  connection = ask (fixture->coordinator, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n" JOIN);
  while (sentient_coordinator_get_peer_count (fixture->coordinator) == 0)
    g_main_context_iteration (NULL, TRUE);
  while (strstr (answer, "iceServers") == NULL)
    {
      gsize len = strlen (answer);

      g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                                            answer + len, sizeof answer - 1 - len, NULL, NULL),
                       >, 0);
    }
  g_assert_nonnull (strstr (answer, "stun:before.example:3478"));
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer count)
{
  ++*(guint *)count;
}

/* What will not do is said at the start, and then it does not run. */
static void
test_access (Fixture *fixture, gconstpointer unused)
{
  const char *const bad[] = { "rubbish://", NULL };
  const char *const origins[] = { "https://a.example", "http://b.example:81", NULL };
  const char *const proxies[] = { "loopback", "10.0.0.0/8", NULL };
  static const char *const names[] = { "allowed-origins", "trusted-proxies" };
  g_auto (GStrv) got = NULL;
  g_autofree char *url = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (fixture->coordinator, "public-url", bad[0], NULL);
  g_assert_false (sentient_coordinator_start (fixture->coordinator, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_assert_false (sentient_coordinator_get_running (fixture->coordinator));
  g_object_set (fixture->coordinator, "public-url", NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_clear_error (&error);
      g_object_set (fixture->coordinator, names[i], bad, NULL);
      g_assert_false (sentient_coordinator_start (fixture->coordinator, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_object_set (fixture->coordinator, names[i], i == 0 ? origins : proxies, NULL);
    }
  g_clear_error (&error);
  g_object_set (fixture->coordinator, "public-url", "https://hub.example/x", NULL);
  g_assert_true (sentient_coordinator_start (fixture->coordinator, &error));
  g_assert_no_error (error);
  g_object_get (fixture->coordinator, "public-url", &url, "trusted-proxies", &got, NULL);
  g_assert_cmpstr (url, ==, "https://hub.example/x");
  g_assert_cmpstrv (got, proxies);
}

/* Each is its own property, with the default that the protocol names. */
static void
test_limits (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *name;
    guint value;
  } limits[] = {
    { "signal-rate", 200 },
    { "signal-burst", 2000 },
    { "join-rate", 10 },
    { "join-burst", 64 },
    { "connection-rate", 64 },
    { "connection-burst", 256 },
    { "max-rooms-per-node", 32 },
    { "connections-per-address", 1024 },
    { "max-peers", 50 },
    { "max-nodes", 65536 },
    { "max-rooms", 16384 },
    { "max-connections", 0 },
    { "max-message-size", 64 << 10 },
    { "max-metadata-size", 2 << 10 },
    { "max-queued-messages", 1024 },
    { "max-queued-bytes", 1 << 20 },
    { "max-queued-messages-per-sender", 256 },
    { "max-queued-bytes-per-sender", 256 << 10 },
    { "max-queued-bytes-total", 64 << 20 },
    { "address-share", 8 },
    { "head-timeout", 10000 },
    { "body-timeout", 30000 },
    { "idle-timeout", 60000 },
    { "ping-interval", 15000 },
    { "silence-timeout", 30000 },
    { "grace-time", 30000 },
  };
  guint minimum[G_N_ELEMENTS (limits)];
  g_autoptr (SentientMember) member = NULL;
  g_autoptr (GError) error = NULL;
  guint n_notified = 0;
  guint value;

  g_signal_connect (fixture->coordinator, "notify", G_CALLBACK (on_notify), &n_notified);
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      GParamSpec *property
          = g_object_class_find_property (G_OBJECT_GET_CLASS (fixture->coordinator),
                                          limits[i].name);

      minimum[i] = G_PARAM_SPEC_UINT (property)->minimum;
      g_object_get (fixture->coordinator, limits[i].name, &value, NULL);
      g_assert_cmpuint (value, ==, limits[i].value);
      g_object_set (fixture->coordinator, limits[i].name, value, NULL);
      g_assert_cmpuint (n_notified, ==, i);
      g_object_set (fixture->coordinator, limits[i].name, minimum[i] + i + 1, NULL);
      g_assert_cmpuint (n_notified, ==, i + 1);
    }
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_object_get (fixture->coordinator, limits[i].name, &value, NULL);
      g_assert_cmpuint (value, ==, minimum[i] + i + 1);
    }

  /* They count at once; rates do not bind callers in this process. */
  g_object_set (fixture->coordinator, "max-rooms-per-node", 1, NULL);
  for (guint i = 0; i < 10; i++)
    {
      g_clear_object (&member);
      member = sentient_coordinator_join (fixture->coordinator, "a", "lab", NULL, &error);
      g_assert_no_error (error);
    }
  g_assert_null (sentient_coordinator_join (fixture->coordinator, "a", "den", NULL, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  g_assert_true (sentient_coordinator_leave_all (fixture->coordinator, "a", NULL));
}

static void
test_bad_node_id (void)
{
  g_autoptr (SentientCoordinator) coordinator
      = g_object_new (SENTIENT_TYPE_COORDINATOR, "node-id", "no good", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (sentient_coordinator_start (coordinator, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_assert_finalize_object (g_steal_pointer (&coordinator));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/coordinator/rooms", test_rooms);
  ADD ("/coordinator/poll", test_poll);
  ADD ("/coordinator/poll-cancelled", test_poll_cancelled);
  ADD ("/coordinator/statistics", test_statistics);
  ADD ("/coordinator/broadcast", test_broadcast);
  ADD ("/coordinator/cleanup", test_cleanup);
  ADD ("/coordinator/access", test_access);
  ADD ("/coordinator/limits", test_limits);
  ADD ("/coordinator/start-stop", test_start_stop);
  ADD ("/coordinator/let-go/by-engine", test_let_go);
  g_test_add ("/coordinator/let-go/by-time", Fixture, "", set_up, test_let_go, tear_down);
  ADD ("/coordinator/changed-while-running", test_changed_while_running);
  g_test_add_func ("/coordinator/bad-node-id", test_bad_node_id);
  return g_test_run ();
}
