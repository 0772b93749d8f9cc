/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

/* What callers do from within a signal or a callback. */

static void
leave_once (SentientPeer *peer, GParamSpec *pspec, guint *n)
{
  if ((*n)++ == 0)
    sentient_peer_disconnect_from_coordinator_async (peer, NULL, NULL, NULL);
}

/* Who hears that something changed leaves the coordinator at once, whatever it was. */
static void
test_leave_within (gconstpointer property)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  g_autofree char *uri = fake_coordinator_dup_uri (coordinator);
  g_autofree char *signal = g_strconcat ("notify::", property, NULL);
  const char *uris[] = { uri, NULL };
  TestPeer *alice = test_peer_new ("alice");
  g_autoptr (GError) error = NULL;
  guint n = 0;

  g_signal_connect (alice->peer, signal, G_CALLBACK (leave_once), &n);
  g_assert_false (test_peer_try_uris (alice, uris, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  g_assert_cmpint (sentient_peer_get_state (alice->peer), ==, SENTIENT_PEER_STATE_DISCONNECTED);

  n = 1; /* not now */
  test_peer_connect_to (alice, coordinator);
  n = 0;
  fake_close_websocket (coordinator, "alice", 1011);
  await (sentient_peer_get_state (alice->peer) != SENTIENT_PEER_STATE_CONNECTED);
  settle ();
  n = 1;
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

typedef struct
{
  const char *uri;
  GAsyncResult *result;
} Second;

static void
try_second (SentientPeer *peer, GParamSpec *pspec, Second *second)
{
  const char *uris[] = { second->uri, NULL };

  if (sentient_peer_get_state (peer) == SENTIENT_PEER_STATE_DISCONNECTED)
    sentient_peer_connect_to_coordinator_async (peer, uris, NULL, on_result, &second->result);
}

/* Who hears that it failed tries another: that has its own end. */
static void
test_connect_within (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  g_autofree char *uri = fake_coordinator_dup_uri (coordinator);
  const char *uris[] = { "http://127.0.0.1:1", NULL };
  TestPeer *alice = test_peer_new ("alice");
  Second second = { uri, NULL };
  g_autoptr (GError) error = NULL;

  g_signal_connect (alice->peer, "notify::state", G_CALLBACK (try_second), &second);
  g_assert_false (test_peer_try_uris (alice, uris, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
  g_clear_error (&error);
  await (second.result != NULL);
  g_assert_true (sentient_peer_connect_to_coordinator_finish (alice->peer, second.result, &error));
  g_assert_no_error (error);
  g_clear_object (&second.result);
  g_signal_handlers_disconnect_by_data (alice->peer, &second);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static void
cancel_and_run (GObject *source, GAsyncResult *result, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  settle ();
}

static gboolean
return_all (gpointer waiters)
{
  g_assert_true (sentient_waiters_return_done (waiters));
  return G_SOURCE_REMOVE;
}

/* The first callback cancels the second call and runs the main loop: each returns once. */
static void
test_cancel_within (void)
{
  SentientWaiters *waiters = sentient_waiters_new (g_main_context_default (), NULL, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GTask *second = g_task_new (NULL, cancellable, on_result, &result);

  sentient_waiters_add (waiters, g_task_new (NULL, NULL, cancel_and_run, cancellable));
  sentient_waiters_add (waiters, second);
  settle ();
  g_idle_add (return_all, waiters); /* from a source the callbacks are run at once */
  await (result != NULL);
  settle ();
  sentient_waiters_free (waiters);
}

/* The peer goes while it polls: nobody polls in its name any more. */
static void
test_finalize_polling (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (FAKE_NO_WEBSOCKET, 0);
  TestPeer *alice = test_peer_new ("alice");
  gpointer channel;

  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  await (coordinator->polls == 1);
  channel = alice->peer->channel;
  g_object_add_weak_pointer (channel, &channel);
  test_peer_free (alice);
  await (channel == NULL);
  fake_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/within/leave/state", "state", test_leave_within);
  g_test_add_data_func ("/within/leave/uri", "coordinator-uri", test_leave_within);
  g_test_add_data_func ("/within/leave/kind", "channel-kind", test_leave_within);
  g_test_add_func ("/within/connect", test_connect_within);
  g_test_add_func ("/within/cancel", test_cancel_within);
  g_test_add_func ("/within/finalize-polling", test_finalize_polling);

  return g_test_run ();
}
