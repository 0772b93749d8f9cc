/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages of many sizes over real data channels, both ways, to readers who are slow at times: none
 * is lost, none comes twice, none out of order. */

#include "peer-fixture.h"

#include <string.h>

#define N_MESSAGES 10000
#define LARGE_SIZE (10 * 1024 * 1024)
#define N_LARGE 3

/* One way. */
typedef struct
{
  TestPeer *from;
  TestPeer *to;
  const char *to_id;
  GRand *rand;
  guint sent;
  guint read;
  guint large_read;
  guint held; /* reads until the reader pauses */
  guint pauses;
  guint waited; /* in send_async () */
  gboolean is_waiting;
  SentientConnection *connection; /* of the reader */
} Way;

static void send_more (Way *way);

/* A number, and a filling that follows from it. */
static GBytes *
make_message (guint number, gsize size)
{
  guint8 *data = g_malloc (sizeof number + size);

  memcpy (data, &number, sizeof number);
  for (gsize i = 0; i < size; i++)
    data[sizeof number + i] = (guint8)((number + i) * 2654435761u >> 13);
  return g_bytes_new_take (data, sizeof number + size);
}

static gsize
draw_size (Way *way)
{
  switch (g_rand_int_range (way->rand, 0, 50))
    {
    case 0:
      return (gsize)g_rand_int_range (way->rand, 0, 65000);
    case 1:
    case 2:
    case 3:
    case 4:
      return (gsize)g_rand_int_range (way->rand, 0, 5000);
    default:
      return (gsize)g_rand_int_range (way->rand, 0, 200);
    }
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Way *way = user_data;
  g_autoptr (GError) error = NULL;

  sentient_peer_send_finish (SENTIENT_PEER (source), result, &error);
  g_assert_no_error (error);
  way->is_waiting = FALSE;
  send_more (way);
}

static void
send_more (Way *way)
{
  while (way->sent < N_MESSAGES && !way->is_waiting)
    {
      g_autoptr (GBytes) data = make_message (way->sent, draw_size (way));
      g_autoptr (GError) error = NULL;

      way->sent++;
      if (sentient_peer_send_bytes (way->from->peer, way->to_id, data, &error))
        continue;
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
      way->is_waiting = TRUE;
      way->waited++;
      sentient_peer_send_bytes_async (way->from->peer, way->to_id, data, NULL, on_sent, way);
    }
}

static void
on_large_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  sentient_peer_send_finish (SENTIENT_PEER (source), result, &error);
  g_assert_no_error (error);
}

static gboolean
on_resume (gpointer connection)
{
  sentient_connection_set_paused (connection, FALSE);
  return G_SOURCE_REMOVE;
}

static void
on_message (SentientPeer *peer, const char *node_id, GBytes *data, gboolean is_text, Way *way)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);
  g_autoptr (GBytes) expected = NULL;
  guint number;

  g_assert_cmpuint (size, >=, sizeof number);
  memcpy (&number, bytes, sizeof number);
  g_assert_cmpuint (number, ==, size < LARGE_SIZE ? way->read : way->large_read);
  expected = make_message (number, size - sizeof number);
  g_assert_true (g_bytes_equal (data, expected));
  if (size < LARGE_SIZE)
    way->read++;
  else
    way->large_read++;
  if (way->held-- > 0)
    return;
  way->held = (guint)g_rand_int_range (way->rand, 1, 400);
  way->pauses++;
  sentient_connection_set_paused (way->connection, TRUE);
  g_timeout_add ((guint)g_rand_int_range (way->rand, 0, 20), on_resume, way->connection);
}

static void
way_init (Way *way, TestPeer *from, TestPeer *to, guint32 seed)
{
  way->from = from;
  way->to = to;
  way->to_id = sentient_peer_get_node_id (to->peer);
  way->rand = g_rand_new_with_seed (seed);
  way->held = 100;
  way->connection
      = sentient_peer_find_connection (to->peer, sentient_peer_get_node_id (from->peer));
  g_signal_handlers_disconnect_by_data (to->peer, to);
  g_signal_connect (to->peer, "message", G_CALLBACK (on_message), way);
}

static void
way_send (Way *way)
{
  g_autoptr (GBytes) first = NULL;

  for (guint i = 0; i < N_LARGE; i++)
    {
      g_autoptr (GBytes) large = make_message (i, LARGE_SIZE);

      sentient_peer_send_bytes_async (way->from->peer, way->to_id, large, NULL, on_large_sent,
                                      NULL);
    }
  /* It waits behind them: what is sent meanwhile would be refused. */
  first = make_message (way->sent++, 10);
  way->is_waiting = TRUE;
  sentient_peer_send_bytes_async (way->from->peer, way->to_id, first, NULL, on_sent, way);
}

static gboolean
is_through (Way *way)
{
  return way->read == N_MESSAGES && way->large_read == N_LARGE;
}

static void
test_messages (void)
{
  TestCoordinator *coordinator = test_coordinator_new ();
  TestPeer *a = test_peer_new ("a", TRUE);
  TestPeer *b = test_peer_new ("b", TRUE);
  guint32 seed = (guint32)g_test_rand_int ();
  Way ways[2] = { 0 };

  g_test_message ("seed %u", seed);
  test_peer_enter (a, coordinator, "messages");
  test_peer_enter (b, coordinator, "messages");
  g_object_unref (test_peer_connect (b, a));
  test_await (60, a->n_connected == 1);
  way_init (&ways[0], a, b, seed);
  way_init (&ways[1], b, a, seed + 1);
  for (guint i = 0; i < 2; i++)
    way_send (&ways[i]);
  test_await (240, is_through (&ways[0]) && is_through (&ways[1]));
  for (guint i = 0; i < 2; i++)
    {
      g_test_message ("%u pauses, %u messages waited", ways[i].pauses, ways[i].waited);
      g_assert_cmpuint (ways[i].pauses, >, 0);
      g_assert_cmpuint (ways[i].waited, >, 0);
    }
  /* The last pauses may not be over. */
  while (sentient_connection_get_paused (ways[0].connection)
         || sentient_connection_get_paused (ways[1].connection))
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 2; i++)
    {
      g_signal_handlers_disconnect_by_data (ways[i].to->peer, &ways[i]);
      g_rand_free (ways[i].rand);
    }
  test_peer_free (b);
  test_peer_free (a);
  test_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messages/slow-readers", test_messages);
  return g_test_run ();
}
