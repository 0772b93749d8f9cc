/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer-fixture.h"

#include <string.h>

#include "peer/sentient-connection-private.h"
#include "peer/sentient-peer-statistics.h"

/* What alice's peer counts, in both of its forms. */
typedef struct
{
  Transfers both;
  SentientPeerStatistics *statistics;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  transfers_set_up (&fixture->both, data);
  fixture->statistics = sentient_peer_statistics_new (fixture->both.alice->peer);
  g_assert_true (sentient_peer_statistics_get_peer (fixture->statistics)
                 == fixture->both.alice->peer);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->statistics);
  transfers_tear_down (&fixture->both, data);
}

static void
assert_json (Fixture *fixture, const char *part)
{
  g_autofree char *json = sentient_peer_statistics_to_json (fixture->statistics);

  if (strstr (json, part) == NULL)
    g_error ("%s is not in %s", part, json);
}

/* line: without "sentient_node_" */
static void
assert_metric (Fixture *fixture, const char *line)
{
  g_autofree char *text = sentient_peer_statistics_to_metrics (fixture->statistics);
  g_autofree char *whole = g_strdup_printf ("\nsentient_node_%s\n", line);

  if (strstr (text, whole) == NULL)
    g_error ("%s is not in %s", line, text);
}

static SentientConnection *
to_bob (Fixture *fixture)
{
  return sentient_peer_find_connection (fixture->both.alice->peer, "bob");
}

static void
disconnect (Fixture *fixture)
{
  g_autoptr (GAsyncResult) result = NULL;

  sentient_peer_disconnect_peer_async (fixture->both.alice->peer, "bob", NULL, on_result, &result);
  await (result != NULL);
}

static void
test_messages (Fixture *fixture, gconstpointer data)
{
  SentientPeer *alice = fixture->both.alice->peer;
  SentientPeer *bob = fixture->both.bob->peer;

  assert_metric (fixture, "connected 1");
  assert_metric (fixture, "rooms 1");
  assert_metric (fixture, "connections{state=\"connected\"} 1");
  assert_metric (fixture, "sent_messages_total 0");
  g_assert_true (sentient_peer_send (alice, "bob", "one", NULL));
  g_assert_true (sentient_peer_send (alice, "bob", "three", NULL));
  g_assert_true (sentient_peer_send (bob, "alice", "42", NULL));
  await (has (fixture->both.bob->messages, "alice: three")
         && has (fixture->both.alice->messages, "bob: 42"));
  assert_json (fixture, "\"messagesSent\":2,\"messagesReceived\":1,\"bytesSent\":8,"
                        "\"bytesReceived\":2,\"messagesSentAgain\":0,\"reconnects\":0,");
  assert_metric (fixture, "sent_messages_total 2");
  assert_metric (fixture, "received_messages_total 1");
  assert_metric (fixture, "sent_bytes_total 8");
  assert_metric (fixture, "received_bytes_total 2");

  /* What a connection counted stays when it is gone. */
  disconnect (fixture);
  assert_json (fixture, "\"connections\":0,\"open\":0,\"messagesSent\":2,\"messagesReceived\":1,");
  assert_metric (fixture, "connections{state=\"connected\"} 0");
  assert_metric (fixture, "sent_messages_total 2");
  assert_metric (fixture, "received_bytes_total 2");
}

static void
test_from_now_on (Fixture *fixture, gconstpointer data)
{
  SentientPeer *alice = fixture->both.alice->peer;

  g_assert_true (sentient_peer_send (alice, "bob", "before", NULL));
  await (has (fixture->both.bob->messages, "alice: before"));
  g_assert_finalize_object (fixture->statistics);
  fixture->statistics = sentient_peer_statistics_new (alice);
  assert_metric (fixture, "connections{state=\"connected\"} 1");
  assert_metric (fixture, "sent_messages_total 0");
  g_assert_true (sentient_peer_send (alice, "bob", "after", NULL));
  await (has (fixture->both.bob->messages, "alice: after"));
  assert_metric (fixture, "sent_messages_total 1");
  assert_metric (fixture, "sent_bytes_total 5");
}

static void
test_reconnects (Fixture *fixture, gconstpointer data)
{
  SentientPeer *alice = fixture->both.alice->peer;
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "a test");

  await (sentient_stream_get_rtt (to_bob (fixture)->stream) >= 0);
  deafen (sentient_peer_find_connection (fixture->both.bob->peer, "alice"));
  g_assert_true (sentient_peer_send (alice, "bob", "into the old one", NULL));
  await (sentient_stream_get_window_used (to_bob (fixture)->stream) > 0);
  sentient_peer_lose_link (alice, to_bob (fixture), error);
  assert_metric (fixture, "connections{state=\"reconnecting\"} 1");
  await (has (fixture->both.alice->reconnected, "bob"));
  await (has (fixture->both.bob->messages, "alice: into the old one"));
  assert_json (fixture, "\"messagesSent\":1,");
  assert_json (fixture, "\"messagesSentAgain\":1,\"reconnects\":1,\"lost\":0,\"failed\":0,");
  assert_metric (fixture, "reconnects_total 1");
  assert_metric (fixture, "resent_messages_total 1");
}

/* The list shows it, hides it and shows it again. */
static void
live (Fixture *fixture, const char *node_id, const SentientConnectionState *states, guint n)
{
  SentientPeer *peer = fixture->both.alice->peer;
  g_autoptr (SentientConnection) connection
      = sentient_connection_new (peer, g_main_context_default (), node_id, NULL);
  guint position = g_list_model_get_n_items (G_LIST_MODEL (peer->connections));

  g_list_store_append (peer->connections, connection);
  connection->messages_sent = 3;
  g_list_store_remove (peer->connections, position);
  g_list_store_append (peer->connections, connection);
  connection->messages_sent = 5;
  for (guint i = 0; i + 1 < n; i++)
    sentient_connection_set_state (connection, states[i]);
  g_list_store_remove (peer->connections, position);
  sentient_connection_set_state (connection, states[n - 1]);
}

/* How connections end: lost ones were open before. */
static void
test_endings (Fixture *fixture, gconstpointer data)
{
  static const SentientConnectionState lost[]
      = { SENTIENT_CONNECTION_STATE_CONNECTING, SENTIENT_CONNECTION_STATE_CONNECTED,
          SENTIENT_CONNECTION_STATE_RECONNECTING, SENTIENT_CONNECTION_STATE_FAILED };
  static const SentientConnectionState failed[]
      = { SENTIENT_CONNECTION_STATE_CONNECTING, SENTIENT_CONNECTION_STATE_FAILED };
  static const SentientConnectionState closed[]
      = { SENTIENT_CONNECTION_STATE_CONNECTING, SENTIENT_CONNECTION_STATE_CONNECTED,
          SENTIENT_CONNECTION_STATE_CLOSED };

  live (fixture, "carol", lost, G_N_ELEMENTS (lost));
  live (fixture, "dave", failed, G_N_ELEMENTS (failed));
  live (fixture, "eve", failed, G_N_ELEMENTS (failed));
  live (fixture, "frank", closed, G_N_ELEMENTS (closed));
  assert_json (fixture, "\"lost\":1,\"failed\":2,");
  assert_metric (fixture, "connection_errors_total{kind=\"lost\"} 1");
  assert_metric (fixture, "connection_errors_total{kind=\"failed\"} 2");
  assert_metric (fixture, "sent_messages_total 20");
}

static SentientTransfer *
offer (Fixture *fixture, const char *name, gsize size)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (7, size);
  g_autoptr (GFile) file = transfers_make_file (&fixture->both, name, bytes);

  return transfers_send (&fixture->both, file);
}

static void
test_transfers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SentientTransfer) taken = offer (fixture, "taken", 70000);
  g_autoptr (SentientTransfer) unwanted = offer (fixture, "unwanted", 10);
  SentientTransferList *list = sentient_peer_get_transfers (fixture->both.alice->peer);

  transfers_await_offer (&fixture->both, 1);
  assert_metric (fixture, "transfers{state=\"offered\"} 2");
  transfers_accept (&fixture->both, transfers_await_offer (&fixture->both, 0));
  transfers_await_end (taken, DONE);
  g_assert_true (
      sentient_transfer_refuse (transfers_await_offer (&fixture->both, 1), "no room", NULL));
  transfers_await_end (unwanted, ENDED (REFUSED, FORBIDDEN));

  /* The same when the list has forgotten them. */
  for (guint i = 0; i < 2; i++)
    {
      assert_json (fixture, "\"transfers\":{\"offered\":0,\"active\":0,\"done\":1,\"failed\":0,"
                            "\"cancelled\":0,\"refused\":1,\"bytesSent\":70000,"
                            "\"bytesReceived\":0}");
      assert_metric (fixture, "transfers{state=\"offered\"} 0");
      assert_metric (fixture, "transfers_total{outcome=\"done\"} 1");
      assert_metric (fixture, "transfers_total{outcome=\"refused\"} 1");
      assert_metric (fixture, "transfer_sent_bytes_total 70000");
      assert_metric (fixture, "transfer_received_bytes_total 0");
      sentient_transfer_list_clear (list);
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
}

/* Every sample stands below the HELP and the TYPE of its family, no family comes twice, and nobody
 * is named. */
static void
test_format (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = sentient_peer_statistics_to_metrics (fixture->statistics);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *family = NULL;
  guint n = g_strv_length (lines);

  g_assert_cmpstr (lines[n - 1], ==, "");
  for (guint i = 0; i + 1 < n; i++)
    {
      g_auto (GStrv) words = g_strsplit_set (lines[i], " {", 4);

      if (*lines[i] == '#' && g_str_equal (words[1], "HELP"))
        {
          g_free (family);
          family = g_strdup (words[2]);
          g_assert_true (g_str_has_prefix (family, "sentient_node_"));
          g_assert_cmpuint (strlen (words[3]), >, 10);
        }
      else if (*lines[i] == '#')
        {
          g_assert_cmpstr (words[2], ==, family);
          g_assert_true (g_str_has_suffix (family, "_total") == g_str_equal (words[3], "counter"));
          g_assert_true (g_hash_table_add (seen, lines[i]));
        }
      else
        g_assert_cmpstr (words[0], ==, family);
    }
  g_assert_cmpuint (g_hash_table_size (seen), >, 10);
  g_assert_null (strstr (text, "bob"));
  g_assert_null (strstr (text, "lobby"));
}

#define ADD_TEST(name, function)                                                                   \
  g_test_add ("/peer-statistics/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD_TEST ("messages", test_messages);
  ADD_TEST ("from-now-on", test_from_now_on);
  ADD_TEST ("reconnects", test_reconnects);
  ADD_TEST ("endings", test_endings);
  ADD_TEST ("transfers", test_transfers);
  ADD_TEST ("format", test_format);
  return g_test_run ();
}
