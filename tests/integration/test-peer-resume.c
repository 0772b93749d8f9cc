/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Peers negotiate with the connections to their coordinator being reset again and again, wherever
 * it hurts: they get connected, every signal arrives, and none twice. */

#include "cutter.h"
#include "peer-fixture.h"

#include <string.h>

#define ROUNDS 6
#define PATIENCE 120

typedef struct
{
  gboolean a_websocket;
  gboolean b_websocket;
  guint32 seed;
} Way;

/* One end, and what it said about signals. */
typedef struct
{
  TestPeer *test;
  guint sent;
  guint received;
  guint failed;
  guint resumed;
} End;

static void
on_negotiation (SentientPeer *peer, const char *node_id, const char *text, End *self)
{
  static const char *const sent[] = { "offer sent", "answer sent", "candidate sent" };
  static const char *const received[]
      = { "offer received", "offer came twice",  "answer received",     "answer without",
          "answer came",    "answer to another", "candidate received:", "candidate before" };

  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    self->sent += g_str_has_prefix (text, sent[i]);
  for (guint i = 0; i < G_N_ELEMENTS (received); i++)
    self->received += g_str_has_prefix (text, received[i]);
  self->failed += strstr (text, "did not go through") != NULL || strstr (text, "not sent") != NULL;
}

static void
on_state (SentientPeer *peer, GParamSpec *pspec, End *self)
{
  if (sentient_peer_get_state (peer) != SENTIENT_PEER_STATE_CONNECTED)
    return;
  g_assert_true (sentient_peer_get_resumable (peer));
  g_assert_true (sentient_peer_get_resumed (peer));
  self->resumed++;
}

static void
store_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

static void
end_init (End *self, const char *node_id, gboolean websocket, TestCoordinator *via)
{
  memset (self, 0, sizeof *self);
  self->test = test_peer_new (node_id, websocket);
  /* Nothing but what is cut fails, however slow the machine is. */
  g_object_set (self->test->peer, "reconnect-delay", 10, "request-timeout", 60000,
                "connect-timeout", 100000, NULL);
  test_peer_enter (self->test, via, "calm");
  g_signal_connect (self->test->peer, "negotiation", G_CALLBACK (on_negotiation), self);
  g_signal_connect (self->test->peer, "notify::state", G_CALLBACK (on_state), self);
}

static void
end_clear (End *self)
{
  g_signal_handlers_disconnect_by_data (self->test->peer, self);
  test_peer_free (self->test);
}

static gboolean
is_connected (End *self)
{
  return sentient_peer_get_state (self->test->peer) == SENTIENT_PEER_STATE_CONNECTED;
}

/* Joins a room while all breaks; without a coordinator at that moment, as soon as there is one. */
static void
join (End *self, const char *room)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SentientRoom) joined = NULL;
  g_autoptr (GError) error = NULL;

  test_await (PATIENCE, is_connected (self));
  sentient_peer_join_async (self->test->peer, room, NULL, NULL, store_result, &result);
  test_await (PATIENCE, result != NULL);
  joined = sentient_peer_join_finish (self->test->peer, result, &error);
  g_assert_no_error (error);
}

static void
test_round (const Way *way, guint round, TestCoordinator *coordinator, guint *resumed)
{
  TestCutter *cutter = test_cutter_new (coordinator->uri, way->seed + round);
  TestCoordinator via = { NULL, (char *)test_cutter_get_uri (cutter), NULL };
  g_autofree char *a_id = g_strdup_printf ("a-%u-%u", way->seed, round);
  g_autofree char *b_id = g_strdup_printf ("b-%u-%u", way->seed, round);
  g_autoptr (SentientConnection) connection = NULL;
  End a, b;

  end_init (&a, a_id, way->a_websocket, &via);
  end_init (&b, b_id, way->b_websocket, &via);
  test_cutter_arm (cutter, 10, 20, 2500);
  join (&a, "stormy");
  join (&b, "stormy");
  test_await (PATIENCE, is_connected (&a) && is_connected (&b));
  connection = test_peer_connect (b.test, a.test);
  test_peer_send (a.test, b.test, "through");
  test_peer_await_heard (b.test, 1);

  /* The last candidates may still be on their way. */
  test_await (PATIENCE, a.received >= b.sent && b.received >= a.sent);
  test_cutter_arm (cutter, 0, 1, 1);
  test_await (PATIENCE, is_connected (&a) && is_connected (&b));
  g_test_message ("round %u: %u and %u signals, resumed %u and %u times", round, a.sent, b.sent,
                  a.resumed, b.resumed);
  g_assert_cmpuint (a.sent, >, 0);
  *resumed += a.resumed + b.resumed;
  g_assert_cmpuint (a.failed + b.failed, ==, 0);
  /* What is on its way now would be too much: closing takes it in. */
  test_peer_disconnect (a.test, b.test);
  g_assert_cmpuint (a.received, ==, b.sent);
  g_assert_cmpuint (b.received, ==, a.sent);
  g_clear_object (&connection);
  end_clear (&a);
  end_clear (&b);
  test_cutter_free (cutter);
}

static void
test_storm (gconstpointer data)
{
  const Way *way = data;
  TestCoordinator *coordinator = test_coordinator_new ();
  guint resumed = 0;

  g_test_message ("seed %u", way->seed);
  for (guint i = 0; i < ROUNDS; i++)
    test_round (way, i, coordinator, &resumed);
  g_assert_cmpuint (resumed, >=, ROUNDS);
  test_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  static const Way sockets = { TRUE, TRUE, 1000 };
  static const Way mixed = { FALSE, TRUE, 2000 };
  static const Way polls = { FALSE, FALSE, 3000 };

  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/peer-resume/websocket", &sockets, test_storm);
  g_test_add_data_func ("/peer-resume/mixed", &mixed, test_storm);
  g_test_add_data_func ("/peer-resume/long-poll", &polls, test_storm);

  return g_test_run ();
}
