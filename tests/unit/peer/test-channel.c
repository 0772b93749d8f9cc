/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <string.h>

#include "peer/sentient-early-candidates.h"
#include "signaling/sentient-poll-channel.h"
#include "signaling/sentient-post-queue.h"
#include "signaling/sentient-recent-ids.h"
#include "signaling/sentient-websocket-channel.h"

static void
test_uris (void)
{
  static const struct
  {
    const char *text;
    const char *base;
    const char *websocket;
  } cases[] = {
    { "http://host:8888", "http://host:8888", "ws://host:8888/webrtc/signal?nodeId=a" },
    { " host:8888\n", "http://host:8888", "ws://host:8888/webrtc/signal?nodeId=a" },
    { "https://host/", "https://host", "wss://host/webrtc/signal?nodeId=a" },
    { "ws://host:1/webrtc/signal", "http://host:1", "ws://host:1/webrtc/signal?nodeId=a" },
    { "wss://host:1/x/webrtc/", "https://host:1/x", "wss://host:1/x/webrtc/signal?nodeId=a" },
    { "http://[::1]:8888/a/b", "http://[::1]:8888/a/b",
      "ws://[::1]:8888/a/b/webrtc/signal?nodeId=a" },
    { "localhost", "http://localhost", "ws://localhost/webrtc/signal?nodeId=a" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GUri) base = sentient_channel_parse_uri (cases[i].text, &error);
      g_autoptr (GUri) websocket = NULL;
      g_autofree char *base_text = NULL;
      g_autofree char *websocket_text = NULL;

      g_assert_no_error (error);
      base_text = g_uri_to_string (base);
      g_assert_cmpstr (base_text, ==, cases[i].base);
      websocket = sentient_channel_uri_join (base, TRUE, "/webrtc/signal", "nodeId=a");
      websocket_text = g_uri_to_string (websocket);
      g_assert_cmpstr (websocket_text, ==, cases[i].websocket);
    }
}

static void
test_recent_ids (void)
{
  SentientRecentIds *ids = sentient_recent_ids_new (2);
  g_autofree char *huge = g_strnfill (5000, 'x');

  g_assert_true (sentient_recent_ids_add (ids, "a"));
  g_assert_false (sentient_recent_ids_add (ids, "a"));
  g_assert_true (sentient_recent_ids_add (ids, "b"));
  g_assert_true (sentient_recent_ids_add (ids, "c"));
  g_assert_true (sentient_recent_ids_add (ids, "a")); /* forgotten meanwhile */
  g_assert_false (sentient_recent_ids_add (ids, "c"));
  g_assert_true (sentient_recent_ids_add (ids, huge));
  g_assert_true (sentient_recent_ids_add (ids, huge));
  sentient_recent_ids_clear (ids);
  g_assert_true (sentient_recent_ids_add (ids, "c"));
  sentient_recent_ids_free (ids);
}

static void
test_early_candidates (void)
{
  SentientEarlyCandidates *early = sentient_early_candidates_new ();
  g_autofree char *huge = g_strnfill (SENTIENT_EARLY_SIZE_MAX + 1, 'x');
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (GPtrArray) none = NULL;

  g_assert_true (sentient_early_candidates_add (early, "a", "n1", 0, "one"));
  g_assert_true (sentient_early_candidates_add (early, "a", "n2", 0, "two"));
  g_assert_true (sentient_early_candidates_add (early, "a", NULL, 1, "three"));
  g_assert_true (sentient_early_candidates_add (early, "b", "n1", 0, "four"));
  g_assert_false (sentient_early_candidates_add (early, "b", "n1", 0, huge));
  taken = sentient_early_candidates_take (early, "a", "n1");
  g_assert_cmpuint (taken->len, ==, 2);
  g_assert_cmpstr (((SentientEarlyCandidate *)taken->pdata[0])->text, ==, "one");
  g_assert_cmpstr (((SentientEarlyCandidate *)taken->pdata[1])->text, ==, "three");
  none = sentient_early_candidates_take (early, "a", "n2");
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (sentient_early_candidates_get_n_nodes (early), ==, 1);
  sentient_early_candidates_free (early);
}

/* What a channel said. */
typedef struct
{
  SentientChannel *channel;
  GPtrArray *said; /* kind, or type of the signal */
  GError *failed;
  GError *error;
  guint closed;
} Ear;

static void
on_message (SentientChannel *channel, SentientServerMessage *message, Ear *ear)
{
  if (message->kind == SENTIENT_SERVER_SIGNAL)
    g_ptr_array_add (ear->said, g_strdup (sentient_signal_get_payload (message->signal)));
  else
    g_ptr_array_add (ear->said, g_strdup_printf ("%d", message->kind));
}

static void
on_signal_failed (SentientChannel *channel, SentientSignal *signal, GError *error, Ear *ear)
{
  g_clear_error (&ear->failed);
  ear->failed = g_error_copy (error);
}

static void
on_closed (SentientChannel *channel, GError *error, Ear *ear)
{
  ear->closed++;
  ear->error = error != NULL ? g_error_copy (error) : NULL;
}

static GUri *
uri_of (FakeCoordinator *coordinator)
{
  g_autofree char *text = fake_coordinator_dup_uri (coordinator);

  return sentient_channel_parse_uri (text, NULL);
}

static SentientChannel *
new_poll_channel (GUri *uri, guint request_timeout_ms, guint poll_ms)
{
  g_autoptr (SentientClientSession) session = sentient_client_session_new ();

  return sentient_poll_channel_new (uri, "alice", request_timeout_ms, poll_ms, session);
}

static SentientChannel *
new_websocket_channel (GUri *uri)
{
  g_autoptr (SentientClientSession) session = sentient_client_session_new ();

  return sentient_websocket_channel_new (uri, "alice", 45000, session);
}

static void
ear_open (Ear *ear, SentientChannel *channel)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  memset (ear, 0, sizeof *ear);
  ear->channel = channel;
  ear->said = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (channel, "message", G_CALLBACK (on_message), ear);
  g_signal_connect (channel, "signal-failed", G_CALLBACK (on_signal_failed), ear);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), ear);
  sentient_channel_open_async (channel, 2000, NULL, on_result, &result);
  await (result != NULL);
  sentient_channel_open_finish (channel, result, &error);
  g_assert_no_error (error);
}

static void
ear_close (Ear *ear)
{
  g_autoptr (GError) error = NULL;

  sentient_channel_close (ear->channel);
  g_assert_cmpuint (ear->closed, ==, 0);
  await (ear->closed > 0);
  settle ();
  g_assert_cmpuint (ear->closed, ==, 1);
  g_assert_no_error (ear->error);
  g_assert_false (sentient_channel_leave (ear->channel, NULL, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
  g_assert_finalize_object (ear->channel);
  g_ptr_array_unref (ear->said);
  g_clear_error (&ear->failed);
}

static guint
count (Ear *ear, const char *text)
{
  guint n = 0;

  for (guint i = 0; i < ear->said->len; i++)
    n += g_str_equal (ear->said->pdata[i], text);
  return n;
}

/* A legacy coordinator hands a signal out twice; one in a new session uses an id again. */
static void
test_duplicates (void)
{
  FakeCoordinator *coordinator
      = fake_coordinator_new (FAKE_LEGACY | FAKE_NO_WEBSOCKET | FAKE_TWICE, 0);
  g_autoptr (GUri) uri = uri_of (coordinator);
  Ear ear;

  ear_open (&ear, new_poll_channel (uri, 2000, 20000));
  g_assert_true (sentient_channel_join (ear.channel, "lobby", NULL, NULL));
  await (coordinator->polls == 1);
  fake_say (coordinator, "alice",
            "{\"type\":\"offer\",\"from\":\"bob\",\"payload\":{\"sdp\":\"1\"}}");
  fake_say (coordinator, "alice",
            "{\"type\":\"offer\",\"from\":\"bob\",\"payload\":{\"sdp\":\"2\"}}");
  await (count (&ear, "{\"sdp\":\"2\"}") == 1);
  g_assert_cmpuint (count (&ear, "{\"sdp\":\"1\"}"), ==, 1);
  coordinator->next_id = 0;
  fake_say (coordinator, "alice",
            "{\"type\":\"offer\",\"from\":\"bob\",\"payload\":{\"sdp\":\"3\"}}");
  await (count (&ear, "{\"sdp\":\"3\"}") == 1);
  settle ();
  g_assert_cmpuint (count (&ear, "{\"sdp\":\"2\"}"), ==, 1);
  ear_close (&ear);
  fake_coordinator_free (coordinator);
}

static SentientSignal *
make_signal (const char *to)
{
  return sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "alice", to, "lobby", "{\"sdp\":\"x\"}",
                              NULL);
}

/* One after another, in order, no more than may wait; who fails is told apart. */
static void
test_posts (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_WEBSOCKET, 0);
  g_autoptr (GUri) uri = uri_of (coordinator);
  g_autoptr (SentientSignal) to_alice = make_signal ("alice");
  g_autoptr (SentientSignal) to_nobody = make_signal ("nobody");
  g_autoptr (GError) error = NULL;
  guint taken = 0;
  Ear ear;

  ear_open (&ear, new_poll_channel (uri, 2000, 20000));
  sentient_channel_join (ear.channel, "lobby", NULL, NULL);
  while (sentient_channel_send_signal (ear.channel, to_alice, &error))
    taken++;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  g_assert_cmpuint (taken, ==, SENTIENT_POST_QUEUE_MAX - 1); /* the join waits, too */
  await (count (&ear, "{\"sdp\":\"x\"}") == taken);
  g_assert_true (sentient_channel_send_signal (ear.channel, to_nobody, NULL));
  await (ear.failed != NULL);
  g_assert_error (ear.failed, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
  ear_close (&ear);
  fake_coordinator_free (coordinator);
}

/* With a request that is never answered it still closes in bounded time. */
static void
test_close_under_way (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_WEBSOCKET | FAKE_MUTE, 0);
  g_autoptr (GUri) uri = uri_of (coordinator);
  Ear ear;

  ear_open (&ear, new_poll_channel (uri, 200, 20000));
  sentient_channel_join (ear.channel, "lobby", NULL, NULL);
  sentient_channel_leave (ear.channel, "lobby", NULL);
  await (fake_find (coordinator, "alice", "join", 0) != NULL);
  ear_close (&ear);
  fake_coordinator_free (coordinator);
}

static void
test_websocket (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  g_autoptr (GUri) uri = uri_of (coordinator);
  g_autoptr (SentientSignal) to_alice = make_signal ("alice");
  Ear ear;

  ear_open (&ear, new_websocket_channel (uri));
  sentient_channel_send_signal (ear.channel, to_alice, NULL);
  await (count (&ear, "{\"sdp\":\"x\"}") == 1);
  ear_close (&ear);
  g_assert_cmpuint (coordinator->websockets, ==, 1);
  fake_coordinator_free (coordinator);
}

/* A coordinator that reads slower than we send must not fill our memory. */
static void
test_websocket_flood (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_HOLD, 0);
  g_autoptr (GUri) uri = uri_of (coordinator);
  g_autofree char *sdp = g_strnfill (10000, 'x');
  g_autofree char *payload = g_strdup_printf ("{\"sdp\":\"%s\"}", sdp);
  g_autoptr (SentientSignal) large
      = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "alice", "bob", "lobby", payload, NULL);
  g_autoptr (GError) error = NULL;
  guint taken = 0;
  Ear ear;

  ear_open (&ear, new_websocket_channel (uri));
  while (taken < 1000 && sentient_channel_send_signal (ear.channel, large, &error))
    taken++;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  g_assert_cmpuint (taken, >, 90);
  g_assert_cmpuint (taken, <, 110);
  await (fake_count (coordinator, "alice", "offer") == taken);
  settle ();
  g_assert_true (sentient_channel_send_signal (ear.channel, large, NULL));
  ear_close (&ear);
  fake_coordinator_free (coordinator);
}

/* A coordinator refuses the poll of who is in no room: that one may just have overtaken the leave,
 * or its answer. */
static void
test_poll_overtakes_leave (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_WEBSOCKET, 0);
  g_autoptr (GUri) uri = uri_of (coordinator);
  guint polls;
  Ear ear;

  ear_open (&ear, new_poll_channel (uri, 2000, 10));
  g_assert_true (sentient_channel_join (ear.channel, "lobby", NULL, NULL));
  await (coordinator->polls >= 2);
  coordinator->flags |= FAKE_REFUSE_POLL | FAKE_MUTE;
  g_assert_true (sentient_channel_leave (ear.channel, "lobby", NULL));
  polls = coordinator->polls;
  await (coordinator->polls == polls + 2 || ear.closed > 0);
  g_assert_cmpuint (ear.closed, ==, 0);
  ear_close (&ear);
  fake_coordinator_free (coordinator);
}

static void
drop_channel (SentientChannel *channel, SentientServerMessage *message, SentientChannel **place)
{
  g_object_run_dispose (G_OBJECT (*place));
  g_clear_object (place);
}

/* The owner lets go of it while it hands over the answer to a join: nothing else holds it then. */
static void
test_dropped_within (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_WEBSOCKET, 0);
  g_autoptr (GUri) uri = uri_of (coordinator);
  SentientChannel *channel = new_poll_channel (uri, 2000, 20000);
  gpointer watched = channel;
  g_autoptr (GAsyncResult) result = NULL;

  sentient_channel_open_async (channel, 2000, NULL, on_result, &result);
  await (result != NULL);
  g_clear_object (&result);
  g_object_add_weak_pointer (G_OBJECT (channel), &watched);
  g_signal_connect (channel, "message", G_CALLBACK (drop_channel), &channel);
  g_assert_true (sentient_channel_join (channel, "lobby", NULL, NULL));
  await (channel == NULL && watched == NULL);
  g_assert_cmpuint (coordinator->polls, ==, 0);
  fake_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/uris", test_uris);
  g_test_add_func ("/channel/recent-ids", test_recent_ids);
  g_test_add_func ("/channel/early-candidates", test_early_candidates);
  g_test_add_func ("/channel/duplicates", test_duplicates);
  g_test_add_func ("/channel/posts", test_posts);
  g_test_add_func ("/channel/close-under-way", test_close_under_way);
  g_test_add_func ("/channel/websocket", test_websocket);
  g_test_add_func ("/channel/websocket-flood", test_websocket_flood);
  g_test_add_func ("/channel/dropped-within", test_dropped_within);
  g_test_add_func ("/channel/poll-overtakes-leave", test_poll_overtakes_leave);

  return g_test_run ();
}
