/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The whole offer/answer/ICE flow between two SentientPeers over a coordinator process: by
 * WebSocket, by long poll, and mixed. */

#include "peer-fixture.h"

typedef struct
{
  gboolean offerer_websocket;
  gboolean answerer_websocket;
} Way;

static void
check_kind (TestPeer *self, gboolean websocket)
{
  g_assert_cmpint (sentient_peer_get_channel_kind (self->peer), ==,
                   websocket ? SENTIENT_CHANNEL_KIND_WEBSOCKET : SENTIENT_CHANNEL_KIND_LONG_POLL);
}

static void
exchange (TestPeer *a, TestPeer *b, guint n)
{
  guint heard_a = a->heard->len, heard_b = b->heard->len;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      test_peer_send (a, b, text);
      test_peer_send (b, a, text);
    }
  test_peer_await_heard (a, heard_a + n);
  test_peer_await_heard (b, heard_b + n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *from_a = g_strdup_printf ("a: %u", i);
      g_autofree char *from_b = g_strdup_printf ("b: %u", i);

      g_assert_cmpstr (a->heard->pdata[heard_a + i], ==, from_b);
      g_assert_cmpstr (b->heard->pdata[heard_b + i], ==, from_a);
    }
}

static void
send_bytes (TestPeer *from, TestPeer *to, gsize size)
{
  g_autoptr (GBytes) data = g_bytes_new_take (g_malloc0 (size), size);
  g_autofree char *expected = g_strdup_printf ("%s: (%" G_GSIZE_FORMAT " bytes)",
                                               sentient_peer_get_node_id (from->peer), size);
  g_autoptr (GError) error = NULL;
  guint n = to->heard->len;

  sentient_peer_send_bytes (from->peer, sentient_peer_get_node_id (to->peer), data, &error);
  g_assert_no_error (error);
  test_peer_await_heard (to, n + 1);
  g_assert_cmpstr (to->heard->pdata[n], ==, expected);
}

static void
test_flow (gconstpointer data)
{
  const Way *way = data;
  TestCoordinator *coordinator = test_coordinator_new ();
  TestPeer *a = test_peer_new ("a", way->answerer_websocket);
  TestPeer *b = test_peer_new ("b", way->offerer_websocket);
  SentientConnection *connection;
  g_autofree char *pair = NULL;

  test_peer_enter (a, coordinator, "flow");
  test_peer_enter (b, coordinator, "flow");
  check_kind (a, way->answerer_websocket);
  check_kind (b, way->offerer_websocket);

  connection = test_peer_connect (b, a);
  g_assert_true (sentient_connection_get_offerer (connection));
  g_assert_cmpint (sentient_connection_get_state (connection), ==,
                   SENTIENT_CONNECTION_STATE_CONNECTED);
  pair = sentient_connection_dup_candidate_pair (connection);
  g_assert_nonnull (pair);
  exchange (a, b, 100);
  send_bytes (a, b, 1);
  send_bytes (b, a, 60000);
  g_assert_cmpuint (sentient_connection_get_messages_received (connection), >=, 100);
  g_clear_object (&connection);

  /* A second connection after the first was closed by the other end. */
  test_peer_disconnect (a, b);
  connection = test_peer_connect (b, a);
  g_clear_object (&connection);
  exchange (a, b, 3);
  g_assert_cmpuint (a->n_connected, ==, 2);
  g_assert_cmpuint (b->n_connected, ==, 2);

  test_peer_free (b);
  test_peer_free (a);
  test_coordinator_free (coordinator);
}

/* Both offer at the same time: one connection comes of it, and it works. */
static void
test_glare (gconstpointer data)
{
  const Way *way = data;
  TestCoordinator *coordinator = test_coordinator_new ();
  TestPeer *a = test_peer_new ("a", way->answerer_websocket);
  TestPeer *b = test_peer_new ("b", way->offerer_websocket);

  test_peer_enter (a, coordinator, "glare");
  test_peer_enter (b, coordinator, "glare");
  for (guint i = 0; i < 5; i++)
    {
      /* b's offer leaves before anything from a is read, and the other way round. */
      sentient_peer_connect_peer_async (a->peer, "b", NULL, NULL, NULL);
      sentient_peer_connect_peer_async (b->peer, "a", NULL, NULL, NULL);
      test_await (60, a->n_connected > a->n_disconnected && b->n_connected > b->n_disconnected);
      exchange (a, b, 10);
      g_assert_cmpuint (a->n_connected, ==, i + 1);
      g_assert_cmpuint (b->n_connected, ==, i + 1);
      g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_connections (a->peer)), ==, 1);
      g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_connections (b->peer)), ==, 1);
      if (i % 2 == 0)
        test_peer_disconnect (a, b);
      else
        test_peer_disconnect (b, a);
    }
  test_peer_free (a);
  test_peer_free (b);
  test_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  static const Way websocket = { TRUE, TRUE }, poll = { FALSE, FALSE };
  static const Way offerer = { TRUE, FALSE }, answerer = { FALSE, TRUE };

  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/flow/websocket", &websocket, test_flow);
  g_test_add_data_func ("/flow/long-poll", &poll, test_flow);
  g_test_add_data_func ("/flow/mixed/offerer-by-websocket", &offerer, test_flow);
  g_test_add_data_func ("/flow/mixed/answerer-by-websocket", &answerer, test_flow);
  g_test_add_data_func ("/glare/websocket", &websocket, test_glare);
  g_test_add_data_func ("/glare/mixed", &offerer, test_glare);

  return g_test_run ();
}
