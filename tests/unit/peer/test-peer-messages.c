/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"
#include "peer/sentient-connection-private.h"

#include <string.h>

/* Two real peers over loopback links; what their channel is like depends on what they can. */
typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *alice;
  TestPeer *bob;
  SentientConnection *to_bob;
  SentientConnection *to_alice;
  GPtrArray *results; /* what became of send_async () */
  guint drained;
  GError *why; /* alice's connection ended */
} Fixture;

static void
on_ended (SentientPeer *peer, const char *node_id, GError *error, Fixture *fixture)
{
  g_clear_error (&fixture->why);
  fixture->why = error != NULL ? g_error_copy (error) : NULL;
}

static void
set_up_with (Fixture *fixture, gboolean alice_plain, gboolean bob_plain, SentientClock *clock)
{
  fixture->coordinator = fake_coordinator_new (0, 0);
  fixture->alice = test_peer_new ("alice");
  fixture->bob = test_peer_new ("bob");
  fixture->results = g_ptr_array_new_with_free_func (g_free);
  fixture->alice->peer->is_plain = alice_plain;
  fixture->bob->peer->is_plain = bob_plain;
  if (clock != NULL)
    g_set_object (&fixture->alice->peer->clock, clock);
  g_signal_connect_swapped (fixture->alice->peer, "drained", G_CALLBACK (g_atomic_int_inc),
                            &fixture->drained);
  g_signal_connect (fixture->alice->peer, "peer-disconnected", G_CALLBACK (on_ended), fixture);
  g_signal_connect (fixture->alice->peer, "peer-reconnecting", G_CALLBACK (on_ended), fixture);
  test_peer_connect_to (fixture->alice, fixture->coordinator);
  test_peer_connect_to (fixture->bob, fixture->coordinator);
  test_peer_join (fixture->alice, "lobby");
  test_peer_join (fixture->bob, "lobby"); /* bob offers */
  await (is_open (fixture->alice, "bob") && is_open (fixture->bob, "alice"));
  fixture->to_bob = g_object_ref (sentient_peer_find_connection (fixture->alice->peer, "bob"));
  fixture->to_alice = g_object_ref (sentient_peer_find_connection (fixture->bob->peer, "alice"));
  g_assert_true ((fixture->to_bob->stream == NULL) == (alice_plain || bob_plain));
  g_assert_true ((fixture->to_alice->stream == NULL) == (alice_plain || bob_plain));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  set_up_with (fixture, FALSE, FALSE, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  test_peer_close (fixture->alice);
  test_peer_close (fixture->bob);
  g_assert_finalize_object (fixture->to_bob);
  g_assert_finalize_object (fixture->to_alice);
  test_peer_free (fixture->alice);
  test_peer_free (fixture->bob);
  fake_coordinator_free (fixture->coordinator);
  g_ptr_array_unref (fixture->results);
  g_clear_error (&fixture->why);
}

static gboolean
send_text (TestPeer *from, const char *to, const char *text)
{
  g_autoptr (GError) error = NULL;
  gboolean sent = sentient_peer_send (from->peer, to, text, &error);

  if (!sent)
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  return sent;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GError) error = NULL;

  sentient_peer_send_finish (SENTIENT_PEER (source), result, &error);
  g_ptr_array_add (fixture->results, g_strdup (error != NULL ? error->message : "sent"));
}

static void
send_later (Fixture *fixture, const char *text, GCancellable *cancellable)
{
  sentient_peer_send_async (fixture->alice->peer, "bob", text, cancellable, on_sent, fixture);
}

/* Empty ones, and of 10 MiB. */
static void
test_sizes (Fixture *fixture, gconstpointer data)
{
  const gsize size = 10 * 1024 * 1024;
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autofree char *large = g_strnfill (size, 'x');
  g_autoptr (GError) error = NULL;
  GPtrArray *heard = fixture->bob->messages;

  g_assert_true (send_text (fixture->alice, "bob", ""));
  g_assert_true (sentient_peer_send_bytes (fixture->alice->peer, "bob", empty, &error));
  g_assert_true (send_text (fixture->alice, "bob", large));
  g_assert_true (send_text (fixture->alice, "bob", "small"));
  await (heard->len == 4);
  g_assert_cmpstr (heard->pdata[0], ==, "alice: ");
  g_assert_cmpstr (heard->pdata[1], ==, "alice:  (binary)");
  g_assert_cmpstr (heard->pdata[2], ==, "alice: small"); /* has overtaken */
  g_assert_cmpuint (strlen (heard->pdata[3]), ==, strlen ("alice: ") + size);
  g_assert_cmpuint (sentient_connection_get_messages_received (fixture->to_alice), ==, 4);
}

static void
test_max_size (Fixture *fixture, gconstpointer data)
{
  g_autofree char *large = g_strnfill (100001, 'x');
  g_autoptr (GError) error = NULL;
  guint max;

  g_object_get (fixture->alice->peer, "max-message-size", &max, NULL);
  g_assert_cmpuint (max, ==, 256 * 1024 * 1024);
  test_peer_close (fixture->alice); /* the limit is of new connections */
  g_object_unref (fixture->to_bob);
  g_object_unref (fixture->to_alice);
  g_object_set (fixture->alice->peer, "max-message-size", 100000, NULL);
  test_peer_connect_to (fixture->alice, fixture->coordinator);
  test_peer_join (fixture->alice, "lobby");
  await (is_open (fixture->alice, "bob") && is_open (fixture->bob, "alice"));
  fixture->to_bob = g_object_ref (sentient_peer_find_connection (fixture->alice->peer, "bob"));
  fixture->to_alice = g_object_ref (sentient_peer_find_connection (fixture->bob->peer, "alice"));
  g_assert_false (sentient_peer_send (fixture->alice->peer, "bob", large, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  g_clear_error (&error);

  /* Who sends more all the same is disconnected from, and told to the application. */
  g_assert_true (sentient_peer_send (fixture->bob->peer, "alice", large, &error));
  g_clear_error (&fixture->why);
  await (fixture->why != NULL);
  g_assert_error (fixture->why, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
}

/* Nodes without the framing: it is as it was, both ways and whoever offers. */
static void
check_plain (gboolean alice_plain, gboolean bob_plain)
{
  Fixture fixture = { 0 };
  g_autofree char *large = g_strnfill (SENTIENT_LINK_MAX_MESSAGE + 1, 'x');
  g_autoptr (GError) error = NULL;

  set_up_with (&fixture, alice_plain, bob_plain, NULL);
  g_assert_true (send_text (fixture.alice, "bob", "one"));
  send_later (&fixture, "two", NULL);
  g_assert_true (send_text (fixture.bob, "alice", "three"));
  await (has (fixture.bob->messages, "alice: two") && has (fixture.alice->messages, "bob: three"));
  g_assert_true (has (fixture.bob->messages, "alice: one"));
  await (has (fixture.results, "sent"));
  g_assert_false (sentient_peer_send (fixture.alice->peer, "bob", large, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);

  /* There is a limit to what waits, and then it goes on. */
  large[SENTIENT_LINK_MAX_MESSAGE] = '\0';
  while (send_text (fixture.alice, "bob", large))
    ;
  send_later (&fixture, large, NULL);
  send_later (&fixture, "last", NULL);
  await (has (fixture.bob->messages, "alice: last") && fixture.drained > 0);
  tear_down (&fixture, NULL);
}

static void
test_plain (void)
{
  check_plain (TRUE, FALSE);
  check_plain (FALSE, TRUE);
  check_plain (TRUE, TRUE);
}

/* Who does not take its messages stops who sends them; nothing is lost by that. */
static void
test_back_pressure (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (20000, 'x');
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint n = 0, later = 60;

  g_object_set (fixture->to_alice, "paused", TRUE, NULL);
  while (send_text (fixture->alice, "bob", filler))
    n++;
  for (guint i = 0; i < later; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u %s", i, filler);

      send_later (fixture, text, i == 30 ? cancellable : NULL);
    }
  settle ();
  g_assert_cmpuint (fixture->bob->messages->len, ==, 0);
  g_assert_cmpuint (fixture->results->len, ==, 0);
  g_assert_cmpuint (fixture->drained, ==, 0);
  g_assert_false (sentient_peer_send (fixture->alice->peer, "bob", "overtakes", &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  g_cancellable_cancel (cancellable);
  await (fixture->results->len == 1);
  g_assert_cmpstr (fixture->results->pdata[0], !=, "sent");

  sentient_connection_set_paused (fixture->to_alice, FALSE);
  await (fixture->results->len == later && fixture->bob->messages->len == n + later - 1);
  for (guint i = 0; i < later - 1; i++)
    {
      g_autofree char *prefix = g_strdup_printf ("alice: %u ", i < 30 ? i : i + 1);

      g_assert_true (g_str_has_prefix (fixture->bob->messages->pdata[n + i], prefix));
      g_assert_cmpstr (fixture->results->pdata[i + 1], ==, "sent");
    }
  await (fixture->drained == 1);
}

static void
pause_on_message (SentientPeer *peer,
                  const char *node_id,
                  GBytes *data,
                  gboolean is_text,
                  Fixture *fixture)
{
  sentient_connection_set_paused (fixture->to_alice, TRUE);
}

/* Pausing from within the handler: the next one waits, though it came in the same frame. */
static void
test_pause_within (Fixture *fixture, gconstpointer data)
{
  g_signal_connect (fixture->bob->peer, "message", G_CALLBACK (pause_on_message), fixture);
  for (guint i = 0; i < 5; i++)
    send_text (fixture->alice, "bob", "x");
  for (guint i = 1; i <= 5; i++)
    {
      await (fixture->bob->messages->len == i);
      settle ();
      g_assert_cmpuint (fixture->bob->messages->len, ==, i);
      g_assert_true (sentient_connection_get_paused (fixture->to_alice));
      sentient_connection_set_paused (fixture->to_alice, FALSE);
    }
}

/* What was sent before a connection is closed gets there. */
static void
test_close (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 300; i++)
    g_assert_true (send_text (fixture->alice, "bob", "x"));
  sentient_peer_disconnect_peer_async (fixture->alice->peer, "bob", NULL, on_result, &result);
  g_assert_false (sentient_peer_send (fixture->alice->peer, "bob", "late", &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
  await (result != NULL && has (fixture->bob->disconnected, "alice"));
  g_assert_cmpuint (fixture->bob->messages->len, ==, 300);
  g_assert_null (fixture->why);
}

/* So many may wait, and the next one is refused; none of those before is lost by it. */
static void
test_waiting_limit (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (60000, 'x');
  GPtrArray *results = fixture->results;

  g_object_set (fixture->to_alice, "paused", TRUE, NULL);
  while (send_text (fixture->alice, "bob", filler))
    ;
  for (guint i = 0; i < SENTIENT_CONNECTION_MAX_SENDERS; i++)
    send_later (fixture, "x", NULL);
  settle ();
  g_assert_cmpuint (results->len, ==, 0);
  send_later (fixture, "one too many", NULL);
  await (results->len == 1);
  g_assert_nonnull (strstr (results->pdata[0], "1024 messages wait"));

  g_object_set (fixture->to_alice, "paused", FALSE, NULL);
  await (results->len == 1 + SENTIENT_CONNECTION_MAX_SENDERS);
  for (guint i = 1; i < results->len; i++)
    g_assert_cmpstr (results->pdata[i], ==, "sent");
  g_assert_false (has (fixture->bob->messages, "alice: one too many"));
}

/* Who waits when the connection ends is told. */
static void
test_close_waiting (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (60000, 'x');

  g_object_set (fixture->to_alice, "paused", TRUE, NULL);
  while (send_text (fixture->alice, "bob", filler))
    ;
  send_later (fixture, filler, NULL);
  settle ();
  g_assert_cmpuint (fixture->results->len, ==, 0);
  test_peer_close (fixture->bob);
  await (fixture->results->len == 1);
  g_assert_cmpstr (fixture->results->pdata[0], !=, "sent");
}

static void
test_dead (void)
{
  g_autoptr (SentientManualClock) clock = sentient_manual_clock_new (0);
  Fixture fixture = { 0 };

  set_up_with (&fixture, FALSE, FALSE, SENTIENT_CLOCK (clock));
  send_text (fixture.alice, "bob", "x");
  await (has (fixture.bob->messages, "alice: x"));
  for (guint i = 0; i < 4; i++)
    {
      sentient_manual_clock_advance (clock, SENTIENT_STREAM_PING_MS);
      sentient_connection_check_time (fixture.to_bob);
      settle ();
    }
  g_assert_true (is_open (fixture.alice, "bob")); /* bob answers */

  deafen (fixture.to_alice);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (is_open (fixture.alice, "bob"));
      sentient_manual_clock_advance (clock, SENTIENT_STREAM_PING_MS);
      sentient_connection_check_time (fixture.to_bob);
    }
  g_assert_error (fixture.why, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  g_assert_true (has (fixture.alice->reconnecting, "bob"));
  tear_down (&fixture, NULL);
}

static void
test_probe (void)
{
  g_autoptr (SentientManualClock) clock = sentient_manual_clock_new (0);
  Fixture fixture = { 0 };

  set_up_with (&fixture, FALSE, FALSE, SENTIENT_CLOCK (clock));
  settle ();
  sentient_connection_probe (fixture.to_bob);
  settle ();
  sentient_manual_clock_advance (clock, SENTIENT_STREAM_PROBE_MS);
  sentient_connection_check_time (fixture.to_bob);
  g_assert_true (is_open (fixture.alice, "bob"));

  deafen (fixture.to_alice);
  sentient_connection_probe (fixture.to_bob);
  sentient_manual_clock_advance (clock, SENTIENT_STREAM_PROBE_MS);
  sentient_connection_check_time (fixture.to_bob);
  g_assert_error (fixture.why, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  tear_down (&fixture, NULL);
}

/* A broken rule costs this connection, and is told. */
static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) frame = g_bytes_new_static ("\11", 1);
  g_autoptr (GBytes) text = g_bytes_new_static ("text", 4);
  gboolean is_text = GPOINTER_TO_INT (data);

  g_assert_true (
      sentient_link_send (fixture->to_alice->link, is_text ? text : frame, is_text, NULL));
  await (fixture->why != NULL);
  g_assert_error (fixture->why, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
}

static void
take_connections (Fixture *fixture)
{
  g_set_object (&fixture->to_bob, sentient_peer_find_connection (fixture->alice->peer, "bob"));
  g_set_object (&fixture->to_alice, sentient_peer_find_connection (fixture->bob->peer, "alice"));
}

/* Both have another one. */
static gboolean
is_replaced (Fixture *fixture)
{
  SentientConnection *to_bob = sentient_peer_find_connection (fixture->alice->peer, "bob");
  SentientConnection *to_alice = sentient_peer_find_connection (fixture->bob->peer, "alice");

  return to_bob != NULL && to_alice != NULL && to_bob != fixture->to_bob
         && to_alice != fixture->to_alice && sentient_connection_is_usable (to_bob)
         && sentient_connection_is_usable (to_alice);
}

static void
send_numbers (Fixture *fixture, guint first, guint n)
{
  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_assert_true (send_text (fixture->alice, "bob", text));
      g_assert_true (send_text (fixture->bob, "alice", text));
    }
}

static void
assert_numbers (GPtrArray *messages, const char *from, guint n)
{
  g_assert_cmpuint (messages->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *expected = g_strdup_printf ("%s: %u", from, i);

      g_assert_cmpstr (messages->pdata[i], ==, expected);
    }
}

/* However often the connection breaks, and at whatever point: all of it arrives, once, in order. */
static void
test_broken (Fixture *fixture, gconstpointer data)
{
  const guint rounds = 30, n = 40;
  guint32 seed = (guint32)g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GError) lost
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "a test");

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < rounds; i++)
    {
      gboolean by_alice = g_rand_boolean (rand);

      send_numbers (fixture, i * n, n);
      for (gint j = g_rand_int_range (rand, 0, 25); j > 0; j--)
        g_main_context_iteration (NULL, FALSE);
      if (by_alice)
        sentient_peer_lose_link (fixture->alice->peer, fixture->to_bob, lost);
      else
        sentient_peer_lose_link (fixture->bob->peer, fixture->to_alice, lost);
      await (fixture->to_bob->n_replacements > i && fixture->to_alice->n_replacements > i
             && is_open (fixture->alice, "bob") && is_open (fixture->bob, "alice"));
    }
  await (fixture->alice->messages->len >= rounds * n && fixture->bob->messages->len >= rounds * n);
  settle ();
  assert_numbers (fixture->alice->messages, "bob", rounds * n);
  assert_numbers (fixture->bob->messages, "alice", rounds * n);
}

/* One end wanted it to end: that is an end, also for what is on its way. */
static void
test_not_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) again = NULL;
  g_autoptr (SentientConnection) connection = NULL;

  send_text (fixture->bob, "alice", "before");
  await (has (fixture->alice->messages, "bob: before"));
  sentient_connection_set_paused (fixture->to_bob, TRUE);
  send_text (fixture->bob, "alice", "lost");
  sentient_peer_disconnect_peer_async (fixture->alice->peer, "bob", NULL, on_result, &result);
  await (result != NULL && has (fixture->bob->disconnected, "alice"));
  g_assert_true (has_error (fixture->bob, SENTIENT_ERROR_CONNECTION_LOST)); /* of the message */
  sentient_peer_connect_peer_async (fixture->alice->peer, "bob", NULL, on_result, &again);
  await (again != NULL && is_replaced (fixture));
  connection = sentient_peer_connect_peer_finish (fixture->alice->peer, again, NULL);
  g_clear_object (&connection);
  take_connections (fixture);
  send_text (fixture->bob, "alice", "after");
  await (has (fixture->alice->messages, "bob: after"));
  g_assert_cmpuint (fixture->alice->messages->len, ==, 2);
  await (has_prefix (fixture->bob->negotiation, "alice: 1 messages may not have arrived"));
  g_clear_object (&again); /* holds the connection */
}

/* As large as what fills the channel: else it would fit beside it. */
static void
send_urgent (Fixture *fixture, const char *text, SentientPriority priority)
{
  char *padded = g_strdup_printf ("%-60000s", text);
  g_autoptr (GBytes) data = g_bytes_new_take (padded, strlen (padded));

  sentient_peer_send_message_async (fixture->alice->peer, "bob", data, TRUE, priority, NULL,
                                    on_sent, fixture);
}

static gboolean
send_priority (Fixture *fixture, const char *text, SentientPriority priority, GError **error)
{
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

  return sentient_peer_send_message (fixture->alice->peer, "bob", data, TRUE, priority, error);
}

/* Who waits is served by priority, then as they came; be the channel framed or plain. */
static void
check_priorities (gboolean is_plain)
{
  static const char *const expected[]
      = { "high 1", "high 2", "normal 1", "normal 2", "low 1", "low 2" };
  Fixture fixture = { 0 };
  g_autofree char *filler = g_strnfill (60000, 'x');
  g_autoptr (GError) error = NULL;
  guint n = 0;

  set_up_with (&fixture, is_plain, is_plain, NULL);
  if (!is_plain)
    sentient_connection_set_paused (fixture.to_alice, TRUE);
  while (send_text (fixture.alice, "bob", filler))
    n++;
  send_urgent (&fixture, "low 1", SENTIENT_PRIORITY_LOW);
  send_urgent (&fixture, "normal 1", SENTIENT_PRIORITY_NORMAL);
  send_urgent (&fixture, "high 1", SENTIENT_PRIORITY_HIGH);
  send_urgent (&fixture, "low 2", SENTIENT_PRIORITY_LOW);
  send_urgent (&fixture, "high 2", SENTIENT_PRIORITY_HIGH);
  send_urgent (&fixture, "normal 2", SENTIENT_PRIORITY_NORMAL);
  sentient_connection_set_paused (fixture.to_alice, FALSE);
  await (fixture.results->len == 6 && fixture.bob->messages->len == n + 6);
  for (guint i = 0, at = 0; i < n + 6; i++)
    {
      const char *text = (const char *)fixture.bob->messages->pdata[i] + strlen ("alice: ");

      if (*text == 'x')
        continue;
      g_assert_cmpuint (at, <, G_N_ELEMENTS (expected));
      if (!g_str_has_prefix (text, expected[at]))
        g_error ("%.10s came where %s was due", text, expected[at]);
      at++;
    }
  g_assert_true (send_priority (&fixture, "now", SENTIENT_PRIORITY_HIGH, &error));
  await (has (fixture.bob->messages, "alice: now"));
  g_assert_false (send_priority (&fixture, "\xff", SENTIENT_PRIORITY_LOW, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  tear_down (&fixture, NULL);
}

static void
test_priorities (void)
{
  check_priorities (FALSE);
  check_priorities (TRUE);
}

/* What the channel took already is overtaken, too, as long as it is not sent. */
static void
test_overtakes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (20000, 'x');
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 40; i++)
    g_assert_true (send_priority (fixture, filler, SENTIENT_PRIORITY_LOW, &error));
  g_assert_true (send_priority (fixture, "urgent", SENTIENT_PRIORITY_HIGH, &error));
  await (fixture->bob->messages->len == 41);
  g_assert_cmpstr (fixture->bob->messages->pdata[0], ==, "alice: urgent");
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/peer/messages/sizes", test_sizes);
  add ("/peer/messages/max-size", test_max_size);
  g_test_add_func ("/peer/messages/plain", test_plain);
  add ("/peer/messages/back-pressure", test_back_pressure);
  g_test_add_func ("/peer/messages/priorities", test_priorities);
  add ("/peer/messages/overtakes", test_overtakes);
  add ("/peer/messages/pause-within", test_pause_within);
  add ("/peer/messages/close", test_close);
  add ("/peer/messages/waiting-limit", test_waiting_limit);
  add ("/peer/messages/close-waiting", test_close_waiting);
  add ("/peer/messages/broken", test_broken);
  add ("/peer/messages/not-kept", test_not_kept);
  g_test_add_func ("/peer/messages/dead", test_dead);
  g_test_add_func ("/peer/messages/probe", test_probe);
  add ("/peer/messages/hostile-frame", test_hostile);
  g_test_add ("/peer/messages/hostile-text", Fixture, GINT_TO_POINTER (TRUE), set_up, test_hostile,
              tear_down);
  return g_test_run ();
}
