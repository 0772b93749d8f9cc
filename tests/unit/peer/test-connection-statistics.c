/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "peer/sentient-connection-private.h"
#include "peer/sentient-connection-statistics-private.h"

#define MANUAL 1
#define PLAIN 2

/* Two real peers over loopback links; alice's time may be a manual clock's. */
typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *alice;
  TestPeer *bob;
  SentientClock *clock;
  SentientConnection *to_bob;
  GAsyncResult *result;
  SentientConnectionStatistics *statistics;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  guint flags = GPOINTER_TO_UINT (data);

  fixture->coordinator = fake_coordinator_new (0, 0);
  fixture->clock = SENTIENT_CLOCK (sentient_manual_clock_new (1000));
  fixture->alice = test_peer_new ("alice");
  fixture->bob = test_peer_new ("bob");
  fixture->alice->peer->is_plain = (flags & PLAIN) != 0;
  if ((flags & MANUAL) != 0)
    g_set_object (&fixture->alice->peer->clock, fixture->clock);
  test_peer_connect_to (fixture->alice, fixture->coordinator);
  test_peer_connect_to (fixture->bob, fixture->coordinator);
  test_peer_join (fixture->alice, "lobby");
  test_peer_join (fixture->bob, "lobby");
  await (is_open (fixture->alice, "bob") && is_open (fixture->bob, "alice"));
  fixture->to_bob = g_object_ref (sentient_peer_find_connection (fixture->alice->peer, "bob"));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->statistics);
  g_clear_object (&fixture->result);
  test_peer_close (fixture->alice);
  test_peer_close (fixture->bob);
  g_assert_finalize_object (fixture->to_bob);
  test_peer_free (fixture->alice);
  test_peer_free (fixture->bob);
  fake_coordinator_free (fixture->coordinator);
  g_assert_finalize_object (fixture->clock);
}

/* Belongs to the fixture, until the next call. */
static SentientConnectionStatistics *
take (Fixture *fixture)
{
  g_clear_object (&fixture->statistics);
  fixture->statistics = sentient_connection_dup_statistics (fixture->to_bob);
  return fixture->statistics;
}

/* The value at "a.b.c", as JSON. */
static char *
pick (SentientConnectionStatistics *statistics, const char *path)
{
  g_autofree char *text = sentient_connection_statistics_to_json (statistics, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = json_from_string (text, &error);
  g_auto (GStrv) keys = g_strsplit (path, ".", -1);
  JsonNode *node = root;

  g_assert_no_error (error);
  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
      node = json_object_get_member (json_node_get_object (node), keys[i]);
      g_assert_nonnull (node);
    }
  return json_to_string (node, FALSE);
}

static void
assert_json (SentientConnectionStatistics *statistics, const char *path, const char *value)
{
  g_autofree char *got = pick (statistics, path);

  g_assert_cmpstr (got, ==, value);
}

static void
send_text (TestPeer *from, const char *to, const char *text)
{
  g_autoptr (GError) error = NULL;

  sentient_peer_send (from->peer, to, text, &error);
  g_assert_no_error (error);
}

static void
test_counters (Fixture *fixture, gconstpointer data)
{
  SentientConnectionStatistics *statistics;
  g_autofree char *big = g_strnfill (60000, 'x');

  await (sentient_stream_get_rtt (fixture->to_bob->stream) >= 0);
  send_text (fixture->alice, "bob", "12345");
  send_text (fixture->alice, "bob", big);
  send_text (fixture->bob, "alice", "123");
  await (fixture->bob->messages->len == 2 && fixture->alice->messages->len == 1);

  statistics = take (fixture);
  g_assert_cmpstr (sentient_connection_statistics_get_node_id (statistics), ==, "bob");
  g_assert_cmpstr (sentient_connection_statistics_get_room (statistics), ==, "lobby");
  g_assert_cmpint (sentient_connection_statistics_get_state (statistics), ==,
                   SENTIENT_CONNECTION_STATE_CONNECTED);
  g_assert_false (sentient_connection_statistics_get_offerer (statistics));
  g_assert_true (sentient_connection_statistics_get_framed (statistics));
  g_assert_cmpint (sentient_connection_statistics_get_connected_at (statistics), ==,
                   sentient_connection_get_connected_at (fixture->to_bob));
  g_assert_cmpint (sentient_connection_statistics_get_time (statistics), >=,
                   sentient_connection_statistics_get_connected_at (statistics));
  g_assert_cmpuint (sentient_connection_statistics_get_messages_sent (statistics), ==, 2);
  g_assert_cmpuint (sentient_connection_statistics_get_bytes_sent (statistics), ==, 60005);
  g_assert_cmpuint (sentient_connection_statistics_get_messages_received (statistics), ==, 1);
  g_assert_cmpuint (sentient_connection_statistics_get_bytes_received (statistics), ==, 3);
  /* A hello, a ping and the messages at least; deflated. */
  g_assert_cmpuint (sentient_connection_statistics_get_frames_sent (statistics), >=, 3);
  g_assert_cmpuint (sentient_connection_statistics_get_channel_bytes_sent (statistics), >, 5);
  g_assert_cmpuint (sentient_connection_statistics_get_channel_bytes_sent (statistics), <, 6000);
  g_assert_cmpuint (sentient_connection_statistics_get_frames_received (statistics), >=, 3);
  g_assert_cmpuint (sentient_connection_statistics_get_channel_bytes_received (statistics), >, 3);
  g_assert_cmpuint (sentient_connection_statistics_get_messages_sent_again (statistics), ==, 0);
  g_assert_cmpint (sentient_connection_statistics_get_rtt (statistics), >=, 0);
  g_assert_cmpint (sentient_connection_statistics_get_retransmits (statistics), ==, -1);
  g_assert_cmpuint (sentient_connection_statistics_get_window_size (statistics), ==,
                    SENTIENT_STREAM_WINDOW);
  g_assert_cmpuint (sentient_connection_statistics_get_replacements (statistics), ==, 0);
  /* A loopback link has no path of ICE. */
  g_assert_null (sentient_connection_statistics_get_protocol (statistics));
  g_assert_cmpint (sentient_connection_statistics_get_local_type (statistics), ==,
                   SENTIENT_CANDIDATE_TYPE_UNKNOWN);

  assert_json (statistics, "nodeId", "\"bob\"");
  assert_json (statistics, "room", "\"lobby\"");
  assert_json (statistics, "state", "\"connected\"");
  assert_json (statistics, "framed", "true");
  assert_json (statistics, "offerer", "false");
  assert_json (statistics, "path", "null");
  assert_json (statistics, "retransmits", "null");
  assert_json (statistics, "messages.sent", "2");
  assert_json (statistics, "messages.sentAgain", "0");
  assert_json (statistics, "bytes.sent", "60005");
  assert_json (statistics, "bytes.received", "3");
  assert_json (statistics, "window.size", "524288");
  assert_json (statistics, "replacements", "0");
  assert_json (statistics, "candidates.local.relay", "0");
  g_assert_cmpint (sentient_connection_statistics_get_step_time (statistics,
                                                                 SENTIENT_CONNECTION_STEP_OPEN),
                   >=, 0);
  g_assert_cmpint (sentient_connection_statistics_get_step_time (statistics,
                                                                 SENTIENT_CONNECTION_STEP_RELAY),
                   ==, -1);
  g_assert_cmpuint (sentient_connection_statistics_get_n_candidates (statistics, TRUE,
                                                                     SENTIENT_CANDIDATE_TYPE_RELAY),
                    ==, 0);
}

/* Placeholders for addresses and names, the same for the same one. */
static void
test_hidden (void)
{
  g_autoptr (SentientConnectionStatistics) statistics
      = g_object_new (SENTIENT_TYPE_CONNECTION_STATISTICS, NULL);
  g_autofree char *open = NULL;
  g_autofree char *hidden = NULL;

  statistics->node_id = g_strdup ("bob");
  statistics->local
      = (SentientLinkEnd){ SENTIENT_CANDIDATE_TYPE_RELAY, g_strdup ("192.0.2.7"), 1234 };
  statistics->remote
      = (SentientLinkEnd){ SENTIENT_CANDIDATE_TYPE_HOST, g_strdup ("2001:db8::1"), 5678 };
  statistics->protocol = g_strdup ("udp");
  statistics->relay = g_strdup ("turn.example.org:3478");
  open = sentient_connection_statistics_to_json (statistics, FALSE);
  g_assert_nonnull (strstr (open, "\"address\":\"192.0.2.7\",\"port\":1234"));
  g_assert_nonnull (strstr (open, "\"relay\":\"turn.example.org:3478\""));
  hidden = sentient_connection_statistics_to_json (statistics, TRUE);
  g_assert_null (strstr (hidden, "192.0.2"));
  g_assert_null (strstr (hidden, "example"));
  g_assert_nonnull (strstr (hidden, "\"address\":\"address-1\",\"port\":1234"));
  g_assert_nonnull (strstr (hidden, "\"address\":\"address-2\",\"port\":5678"));
  g_assert_nonnull (strstr (hidden, "\"relay\":\"address-3:3478\""));
  g_free (statistics->relay);
  statistics->relay = g_strdup ("192.0.2.7");
  g_free (hidden);
  hidden = sentient_connection_statistics_to_json (statistics, TRUE);
  g_assert_nonnull (strstr (hidden, "\"relay\":\"address-1\""));
}

/* What waits, while the other end reads nothing. */
static void
test_window (Fixture *fixture, gconstpointer data)
{
  SentientConnection *to_alice = sentient_peer_find_connection (fixture->bob->peer, "alice");
  SentientConnectionStatistics *statistics;

  await (sentient_stream_get_rtt (fixture->to_bob->stream) >= 0);
  sentient_connection_set_paused (to_alice, TRUE);
  send_text (fixture->alice, "bob", "12345");
  await (sentient_stream_get_window_used (fixture->to_bob->stream) > 0);
  statistics = take (fixture);
  g_assert_cmpuint (sentient_connection_statistics_get_window_used (statistics), >, 5);
  g_assert_cmpuint (sentient_connection_statistics_get_bytes_waiting (statistics), >=, 5);
  sentient_connection_set_paused (to_alice, FALSE);
  await (has (fixture->bob->messages, "alice: 12345"));
}

static void
test_plain (Fixture *fixture, gconstpointer data)
{
  SentientConnectionStatistics *statistics;

  send_text (fixture->alice, "bob", "12345");
  send_text (fixture->bob, "alice", "123");
  await (fixture->bob->messages->len == 1 && fixture->alice->messages->len == 1);
  statistics = take (fixture);
  g_assert_false (sentient_connection_statistics_get_framed (statistics));
  g_assert_cmpuint (sentient_connection_statistics_get_frames_sent (statistics), ==, 1);
  g_assert_cmpuint (sentient_connection_statistics_get_channel_bytes_sent (statistics), ==, 5);
  g_assert_cmpuint (sentient_connection_statistics_get_frames_received (statistics), ==, 1);
  g_assert_cmpuint (sentient_connection_statistics_get_channel_bytes_received (statistics), ==, 3);
  g_assert_cmpuint (sentient_connection_statistics_get_window_size (statistics), ==, 0);
  g_assert_cmpint (sentient_connection_statistics_get_rtt (statistics), ==, -1);
  assert_json (statistics, "rtt", "null");
  assert_json (statistics, "framed", "false");

  /* It cannot be asked, and is told all the same. */
  sentient_connection_query_statistics_async (fixture->to_bob, NULL, on_result, &fixture->result);
  await (fixture->result != NULL);
  g_clear_object (&fixture->statistics);
  fixture->statistics
      = sentient_connection_query_statistics_finish (fixture->to_bob, fixture->result, NULL);
  g_assert_cmpuint (sentient_connection_statistics_get_messages_sent (fixture->statistics), ==, 1);
}

static gint64
time_in (Fixture *fixture, SentientConnectionState state)
{
  return sentient_connection_statistics_get_state_time (fixture->statistics, state);
}

/* A link that is lost and replaced: by the clock, and by what went over both. */
static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) lost
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "a test");
  SentientConnection *to_alice = sentient_peer_find_connection (fixture->bob->peer, "alice");
  guint64 frames;

  await (sentient_stream_get_rtt (fixture->to_bob->stream) >= 0);
  frames = sentient_connection_statistics_get_frames_sent (take (fixture));
  sentient_manual_clock_advance (SENTIENT_MANUAL_CLOCK (fixture->clock), 1234);
  deafen (to_alice);
  send_text (fixture->alice, "bob", "again");
  await (sentient_stream_get_window_used (fixture->to_bob->stream) > 0);
  sentient_peer_lose_link (fixture->alice->peer, fixture->to_bob, lost);
  g_assert_cmpint (sentient_connection_get_state (fixture->to_bob), ==,
                   SENTIENT_CONNECTION_STATE_RECONNECTING);
  sentient_manual_clock_advance (SENTIENT_MANUAL_CLOCK (fixture->clock), 77);
  take (fixture);
  g_assert_cmpuint (sentient_connection_statistics_get_window_used (fixture->statistics), ==, 0);
  g_assert_cmpuint (sentient_connection_statistics_get_bytes_waiting (fixture->statistics), >=, 5);
  await (has (fixture->bob->messages, "alice: again"));
  sentient_manual_clock_advance (SENTIENT_MANUAL_CLOCK (fixture->clock), 5);

  take (fixture);
  g_assert_cmpint (time_in (fixture, SENTIENT_CONNECTION_STATE_NEW), ==, 0);
  g_assert_cmpint (time_in (fixture, SENTIENT_CONNECTION_STATE_CONNECTING), ==, 0);
  g_assert_cmpint (time_in (fixture, SENTIENT_CONNECTION_STATE_CONNECTED), ==, 1239);
  g_assert_cmpint (time_in (fixture, SENTIENT_CONNECTION_STATE_RECONNECTING), ==, 77);
  g_assert_cmpint (time_in (fixture, SENTIENT_CONNECTION_STATE_FAILED), ==, 0);
  assert_json (fixture->statistics, "stateTimes.connected", "1239");
  assert_json (fixture->statistics, "stateTimes.reconnecting", "77");
  g_assert_cmpuint (sentient_connection_statistics_get_replacements (fixture->statistics), ==, 1);
  g_assert_cmpuint (sentient_connection_statistics_get_messages_sent_again (fixture->statistics),
                    ==, 1);
  g_assert_cmpuint (sentient_connection_statistics_get_messages_sent (fixture->statistics), ==, 1);
  g_assert_cmpuint (sentient_connection_statistics_get_frames_sent (fixture->statistics), >,
                    frames);
}

/* They stay when the connection is over. */
static void
test_over (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) closed = NULL;
  guint64 frames;

  send_text (fixture->alice, "bob", "12345");
  await (has (fixture->bob->messages, "alice: 12345"));
  sentient_peer_disconnect_peer_async (fixture->alice->peer, "bob", NULL, on_result, &closed);
  await (closed != NULL);
  take (fixture);
  frames = sentient_connection_statistics_get_frames_sent (fixture->statistics);
  g_assert_cmpuint (frames, >=, 2);
  g_assert_true (sentient_connection_statistics_get_framed (fixture->statistics));
  g_assert_cmpint (sentient_connection_statistics_get_state (fixture->statistics), ==,
                   SENTIENT_CONNECTION_STATE_CLOSED);
  g_assert_cmpuint (sentient_connection_statistics_get_bytes_sent (fixture->statistics), ==, 5);
  assert_json (fixture->statistics, "state", "\"closed\"");
  g_clear_object (&closed);

  sentient_connection_query_statistics_async (fixture->to_bob, NULL, on_result, &fixture->result);
  await (fixture->result != NULL);
  g_clear_object (&fixture->statistics);
  fixture->statistics
      = sentient_connection_query_statistics_finish (fixture->to_bob, fixture->result, NULL);
  g_assert_cmpuint (sentient_connection_statistics_get_frames_sent (fixture->statistics), ==,
                    frames);
}

/* The time there and back is that of a ping sent for it. */
static void
test_query (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;
  guint64 answered;

  await (sentient_stream_get_rtt (fixture->to_bob->stream) >= 0);
  answered = sentient_stream_get_answered (fixture->to_bob->stream);
  sentient_connection_query_statistics_async (fixture->to_bob, NULL, on_result, &fixture->result);
  sentient_connection_query_statistics_async (fixture->to_bob, NULL, on_result, &second);
  g_assert_null (fixture->result);
  await (fixture->result != NULL && second != NULL);
  fixture->statistics
      = sentient_connection_query_statistics_finish (fixture->to_bob, fixture->result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sentient_stream_get_answered (fixture->to_bob->stream), ==, answered + 1);
  g_assert_cmpint (sentient_connection_statistics_get_rtt (fixture->statistics), >=, 0);
  g_object_unref (sentient_connection_query_statistics_finish (fixture->to_bob, second, &error));
}

/* The other end does not answer. */
static void
test_query_in_vain (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) cancelled = NULL, over = NULL, at_once = NULL;
  g_autoptr (GError) error = NULL;

  await (sentient_stream_get_rtt (fixture->to_bob->stream) >= 0);
  deafen (sentient_peer_find_connection (fixture->bob->peer, "alice"));
  sentient_connection_query_statistics_async (fixture->to_bob, NULL, on_result, &fixture->result);
  sentient_connection_query_statistics_async (fixture->to_bob, cancellable, on_result, &cancelled);
  g_cancellable_cancel (cancellable);
  sentient_connection_query_statistics_async (fixture->to_bob, cancellable, on_result, &at_once);
  await (cancelled != NULL && at_once != NULL);
  g_assert_null (fixture->result);
  g_assert_null (sentient_connection_query_statistics_finish (fixture->to_bob, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (sentient_connection_query_statistics_finish (fixture->to_bob, at_once, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  await (fixture->result != NULL); /* after two seconds */
  fixture->statistics
      = sentient_connection_query_statistics_finish (fixture->to_bob, fixture->result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sentient_connection_statistics_get_node_id (fixture->statistics), ==, "bob");
  g_clear_object (&fixture->result);

  /* The connection ends meanwhile. */
  sentient_connection_query_statistics_async (fixture->to_bob, NULL, on_result, &over);
  sentient_peer_disconnect_peer_async (fixture->alice->peer, "bob", NULL, NULL, NULL);
  await (over != NULL);
  g_object_unref (sentient_connection_query_statistics_finish (fixture->to_bob, over, &error));
  g_assert_no_error (error);
}

static void
add (const char *path, guint flags, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, GUINT_TO_POINTER (flags), set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/connection-statistics/counters", 0, test_counters);
  g_test_add_func ("/connection-statistics/hidden", test_hidden);
  add ("/connection-statistics/window", 0, test_window);
  add ("/connection-statistics/plain", PLAIN, test_plain);
  add ("/connection-statistics/replaced", MANUAL, test_replaced);
  add ("/connection-statistics/over", 0, test_over);
  add ("/connection-statistics/query", 0, test_query);
  add ("/connection-statistics/query-in-vain", 0, test_query_in_vain);
  return g_test_run ();
}
