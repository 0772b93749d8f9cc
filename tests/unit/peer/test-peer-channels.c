/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <string.h>

/* Two real peers over loopback links, and the further channels between them. */
typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *alice;
  TestPeer *bob;
  SentientConnection *to_bob;
  SentientConnection *to_alice;
  GPtrArray *heard;            /* "node label: text" */
  SentientDataChannel *at_bob; /* the last that reached bob */
  guint n_closed;
  GError *why; /* the last of them that was closed */
} Fixture;

static void
on_message (SentientDataChannel *channel, GBytes *data, gboolean is_text, Fixture *fixture)
{
  g_ptr_array_add (fixture->heard,
                   g_strdup_printf ("%s: %.*s", sentient_data_channel_get_label (channel),
                                    (int)g_bytes_get_size (data),
                                    (const char *)g_bytes_get_data (data, NULL)));
}

static void
on_closed (SentientDataChannel *channel, const GError *error, Fixture *fixture)
{
  fixture->n_closed++;
  g_clear_error (&fixture->why);
  fixture->why = error != NULL ? g_error_copy (error) : NULL;
}

static void
listen_to (SentientDataChannel *channel, Fixture *fixture)
{
  g_signal_connect (channel, "message", G_CALLBACK (on_message), fixture);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), fixture);
}

static void
on_channel (SentientPeer *peer, const char *node_id, SentientDataChannel *channel, Fixture *fixture)
{
  g_assert_cmpstr (node_id, ==, "alice");
  g_set_object (&fixture->at_bob, channel);
  listen_to (channel, fixture);
}

static void
set_up (Fixture *fixture, gconstpointer is_plain)
{
  fixture->coordinator = fake_coordinator_new (0, 0);
  fixture->alice = test_peer_new ("alice");
  fixture->bob = test_peer_new ("bob");
  fixture->heard = g_ptr_array_new_with_free_func (g_free);
  fixture->alice->peer->is_plain = GPOINTER_TO_INT (is_plain);
  g_signal_connect (fixture->bob->peer, "data-channel", G_CALLBACK (on_channel), fixture);
  test_peer_connect_to (fixture->alice, fixture->coordinator);
  test_peer_connect_to (fixture->bob, fixture->coordinator);
  test_peer_join (fixture->alice, "lobby");
  test_peer_join (fixture->bob, "lobby");
  await (is_open (fixture->alice, "bob") && is_open (fixture->bob, "alice"));
  fixture->to_bob = g_object_ref (sentient_peer_find_connection (fixture->alice->peer, "bob"));
  fixture->to_alice = g_object_ref (sentient_peer_find_connection (fixture->bob->peer, "alice"));
}

static void
tear_down (Fixture *fixture, gconstpointer is_plain)
{
  test_peer_close (fixture->alice);
  test_peer_close (fixture->bob);
  g_clear_object (&fixture->at_bob);
  g_assert_finalize_object (fixture->to_bob);
  g_assert_finalize_object (fixture->to_alice);
  test_peer_free (fixture->alice);
  test_peer_free (fixture->bob);
  fake_coordinator_free (fixture->coordinator);
  g_ptr_array_unref (fixture->heard);
  g_clear_error (&fixture->why);
}

static SentientDataChannel *
open_channel (Fixture *fixture,
              const char *label,
              int max_retransmits,
              int lifetime,
              GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sentient_connection_open_channel_async (fixture->to_bob, label, "test.v1", FALSE, max_retransmits,
                                          lifetime, NULL, on_result, &result);
  await (result != NULL);
  return sentient_connection_open_channel_finish (fixture->to_bob, result, error);
}

static SentientDataChannel *
open_well (Fixture *fixture, const char *label)
{
  g_autoptr (GError) error = NULL;
  SentientDataChannel *channel = open_channel (fixture, label, 2, -1, &error);

  g_assert_no_error (error);
  await (fixture->at_bob != NULL
         && g_str_equal (sentient_data_channel_get_label (fixture->at_bob), label));
  listen_to (channel, fixture);
  return channel;
}

static void
say (SentientDataChannel *channel, const char *text)
{
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  sentient_data_channel_send (channel, data, TRUE, &error);
  g_assert_no_error (error);
}

static void
test_talk (Fixture *fixture, gconstpointer is_plain)
{
  g_autoptr (SentientDataChannel) channel = open_well (fixture, "game");
  g_autofree char *label = NULL;
  g_autofree char *protocol = NULL;
  gboolean ordered;
  int retransmits, lifetime;
  SentientDataChannelState state;
  guint64 buffered;

  g_object_get (fixture->at_bob, "label", &label, "protocol", &protocol, "ordered", &ordered,
                "max-retransmits", &retransmits, "max-lifetime", &lifetime, "state", &state,
                "buffered-amount", &buffered, NULL);
  g_assert_cmpstr (label, ==, "game");
  g_assert_cmpstr (protocol, ==, "test.v1");
  g_assert_false (ordered);
  g_assert_cmpint (retransmits, ==, 2);
  g_assert_cmpint (lifetime, ==, -1);
  g_assert_cmpint (state, ==, SENTIENT_DATA_CHANNEL_STATE_OPEN);
  g_assert_cmpuint (buffered, ==, 0);
  say (channel, "ping");
  await (has (fixture->heard, "game: ping"));
  say (fixture->at_bob, "pong");
  await (has (fixture->heard, "game: pong"));
  g_assert_true (has_prefix (fixture->bob->negotiation, "alice: data channel “game”"));

  /* The connection's own messages take no notice. */
  g_assert_true (sentient_peer_send (fixture->alice->peer, "bob", "beside", NULL));
  await (has (fixture->bob->messages, "alice: beside"));
  sentient_data_channel_close (fixture->at_bob);
  await (fixture->n_closed == 2);
  g_assert_no_error (fixture->why);
  g_assert_true (is_open (fixture->alice, "bob"));
}

static void
assert_refused (Fixture *fixture, const char *label, int retransmits, int lifetime, gint code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (open_channel (fixture, label, retransmits, lifetime, &error));
  g_assert_error (error, SENTIENT_ERROR, code);
  g_test_message ("%s", error->message);
}

static void
test_refused (Fixture *fixture, gconstpointer is_plain)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  assert_refused (fixture, "prrc", -1, -1, SENTIENT_ERROR_BAD_REQUEST);
  assert_refused (fixture, "", -1, -1, SENTIENT_ERROR_BAD_REQUEST);
  assert_refused (fixture, "both", 1, 1, SENTIENT_ERROR_BAD_REQUEST);
  for (guint i = 0; i < 16; i++)
    g_object_unref (open_well (fixture, "many"));
  assert_refused (fixture, "many", -1, -1, SENTIENT_ERROR_BUSY);
  sentient_data_channel_close (fixture->at_bob); /* of each pair one is closed there */
  await (fixture->n_closed == 2);

  /* Called back before it was open: it is closed again. */
  sentient_connection_open_channel_async (fixture->to_bob, "cancelled", NULL, TRUE, -1, -1,
                                          cancellable, on_result, &result);
  g_cancellable_cancel (cancellable);
  await (result != NULL);
  g_assert_null (sentient_connection_open_channel_finish (fixture->to_bob, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  await (fixture->n_closed == 3);
  g_clear_object (&result);
  g_object_unref (open_well (fixture, "after")); /* its place is free again */
}

/* It ends with the link; the connection goes on, and a channel can be opened again. */
static void
test_lost (Fixture *fixture, gconstpointer is_plain)
{
  g_autoptr (GError) lost
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "a test");
  g_autoptr (SentientDataChannel) channel = open_well (fixture, "before");
  g_autoptr (SentientDataChannel) again = NULL;

  sentient_peer_lose_link (fixture->alice->peer, fixture->to_bob, lost);
  assert_refused (fixture, "between", -1, -1, SENTIENT_ERROR_NOT_CONNECTED);
  await (fixture->n_closed == 2);
  g_assert_error (fixture->why, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  g_assert_cmpint (sentient_data_channel_get_state (channel), ==,
                   SENTIENT_DATA_CHANNEL_STATE_CLOSED);
  await (has (fixture->alice->reconnected, "bob") && is_open (fixture->bob, "alice"));
  again = open_well (fixture, "again");
  say (again, "here");
  await (has (fixture->heard, "again: here"));
}

/* Opened, and its connection closed before the other end could take it. */
static void
test_close_early (Fixture *fixture, gconstpointer is_plain)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (GError) error = NULL;

  sentient_connection_open_channel_async (fixture->to_bob, "early", NULL, TRUE, -1, -1, NULL,
                                          on_result, &result);
  sentient_peer_disconnect_peer_async (fixture->alice->peer, "bob", NULL, on_result, &closed);
  await (result != NULL && closed != NULL);
  g_assert_null (sentient_connection_open_channel_finish (fixture->to_bob, result, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  g_clear_error (&error);
  g_clear_object (&result);
  assert_refused (fixture, "late", -1, -1, SENTIENT_ERROR_NOT_CONNECTED);
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer), gboolean is_plain)
{
  g_test_add (path, Fixture, GINT_TO_POINTER (is_plain), set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/peer/channels/talk", test_talk, FALSE);
  add ("/peer/channels/talk-plain", test_talk, TRUE);
  add ("/peer/channels/refused", test_refused, FALSE);
  add ("/peer/channels/lost", test_lost, FALSE);
  add ("/peer/channels/close-early", test_close_early, FALSE);
  return g_test_run ();
}
