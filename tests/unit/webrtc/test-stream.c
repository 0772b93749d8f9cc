/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream-pair.h"

#include <string.h>

#define MESSAGE_MAX (16 * 1024 * 1024)

static StreamPair *
connected_pair (void)
{
  StreamPair *pair = stream_pair_new (MESSAGE_MAX);

  stream_pair_connect (pair, 0);
  stream_pair_settle (pair);
  return pair;
}

/* Cannot be deflated, and the same each time. */
static GBytes *
noise (gsize size)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8)g_rand_int (rand);
  return g_bytes_new_take (data, size);
}

static gsize
send_all (StreamPair *pair, guint from)
{
  gsize size, sum = 0;

  while ((size = stream_pair_send (pair, from)) > 0)
    sum += size;
  return sum;
}

static void
test_order (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  guint frames;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_assert_true (stream_pair_push_text (pair, 0, i % 100 == 7 ? "" : text));
    }
  frames = stream_pair_settle (pair);
  g_assert_cmpuint (frames, <, 10); /* in batches */
  g_assert_cmpuint (pair->ends[1].small.length, ==, 0);
}

static void
test_text (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  g_autoptr (GBytes) text = g_bytes_new_static ("é", 2);
  g_autoptr (GBytes) half = g_bytes_new_static ("\xc3", 1);
  g_autoptr (GBytes) huge = g_bytes_new_take (g_malloc0 (MESSAGE_MAX + 1), MESSAGE_MAX + 1);
  g_autoptr (GError) error = NULL;
  SentientFrameKind kind = SENTIENT_FRAME_HELLO;
  GBytes *got;

  stream_pair_push (pair, 0, text, TRUE);
  stream_pair_push (pair, 0, text, FALSE);
  g_assert_false (
      sentient_stream_push (pair->ends[0].stream, half, SENTIENT_FRAME_TEXT, 0, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  g_assert_false (
      sentient_stream_push (pair->ends[0].stream, huge, SENTIENT_FRAME_BINARY, 0, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  send_all (pair, 0);
  while (stream_pair_take (pair, 1))
    ;
  got = sentient_stream_next_message (pair->ends[1].stream, &kind, NULL);
  g_assert_cmpint (kind, ==, SENTIENT_FRAME_TEXT);
  g_bytes_unref (got);
  got = sentient_stream_next_message (pair->ends[1].stream, &kind, NULL);
  g_assert_cmpint (kind, ==, SENTIENT_FRAME_BINARY);
  g_bytes_unref (got);
}

/* Who does not read stops its sender, and gets all of it later. */
static void
test_window (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  g_autoptr (GBytes) data = noise (60000);
  guint n = 0;
  gsize sum;

  while (stream_pair_push (pair, 0, data, FALSE))
    n++;
  g_assert_cmpuint (n * 60000, >=, SENTIENT_STREAM_HIGH - 60000);
  g_assert_cmpuint (n * 60000, <=, SENTIENT_STREAM_HIGH + 60000);
  sum = send_all (pair, 0);
  g_assert_cmpuint (sum, <=, SENTIENT_STREAM_WINDOW);
  g_assert_cmpuint (sum, >, SENTIENT_STREAM_WINDOW - 60001);
  while (stream_pair_take (pair, 1))
    ;
  g_assert_cmpuint (send_all (pair, 1), ==, 0); /* no credit for what is not read */
  g_assert_cmpuint (send_all (pair, 0), ==, 0);
  g_assert_false (sentient_stream_take_drained (pair->ends[0].stream));

  for (guint i = 0; i < 3; i++)
    g_assert_true (stream_pair_read (pair, 1));
  g_assert_cmpuint (send_all (pair, 1), ==, 17); /* an ack */
  stream_pair_take (pair, 0);
  sum = send_all (pair, 0);
  g_assert_cmpuint (sum, ==, 3 * 60001);
  stream_pair_settle (pair);
  g_assert_cmpuint (pair->ends[1].small.length, ==, 0);
  g_assert_true (sentient_stream_take_drained (pair->ends[0].stream));
  g_assert_false (sentient_stream_take_drained (pair->ends[0].stream));
}

/* However much a large message has filled, a small one gets out at once. */
static void
test_large (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  g_autoptr (GBytes) large = noise (10 * 1024 * 1024);
  gsize sum;

  stream_pair_push (pair, 0, large, FALSE);
  sum = send_all (pair, 0);
  g_assert_cmpuint (sum, <=, SENTIENT_STREAM_CHUNK_WINDOW);
  g_assert_cmpuint (sum, >, SENTIENT_STREAM_CHUNK_WINDOW - 20000);
  stream_pair_push_text (pair, 0, "small");
  g_assert_cmpuint (send_all (pair, 0), ==, 6);
  while (stream_pair_take (pair, 1))
    ;
  g_assert_true (stream_pair_read (pair, 1)); /* the small one, the large is not there yet */
  g_assert_cmpuint (pair->ends[1].small.length, ==, 0);
  g_assert_cmpuint (pair->ends[1].large.length, ==, 1);
  stream_pair_settle (pair);
  g_assert_cmpuint (pair->ends[1].large.length, ==, 0);
}

/* Chunks go together, in frames as full as may be; they and small messages take turns: neither
 * starves. */
static void
test_turns (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  g_autoptr (GBytes) large = noise (400000);
  g_autoptr (GBytes) medium = noise (60000);

  stream_pair_push (pair, 0, large, FALSE);
  for (guint i = 0; i < 4; i++)
    stream_pair_push (pair, 0, medium, FALSE);
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (GBytes) bytes = sentient_stream_next_frame (pair->ends[0].stream);
      gsize len, at = 0;
      const guint8 *data = g_bytes_get_data (bytes, &len);
      SentientFrame frame, chunk;

      g_assert_true (sentient_frame_parse (data, len, &frame, NULL));
      if (i % 2 == 0)
        {
          g_assert_cmpint (frame.kind, ==, SENTIENT_FRAME_BINARY);
          continue;
        }
      g_assert_cmpuint (len, >, SENTIENT_FRAME_MAX - 32);
      g_assert_cmpint (frame.kind, ==, SENTIENT_FRAME_BATCH);
      while (sentient_frame_batch_next (&frame, &at, &chunk))
        g_assert_cmpint (chunk.kind, ==, SENTIENT_FRAME_CHUNK);
    }
}

/* Of every length about those where another chunk or frame begins. */
static void
test_lengths (void)
{
  static const gsize around[] = { SENTIENT_FRAME_MAX, SENTIENT_FRAME_MAX + SENTIENT_FRAME_CHUNK_MAX,
                                  2 * SENTIENT_FRAME_MAX };
  g_autoptr (StreamPair) pair = connected_pair ();
  g_autoptr (GBytes) all = noise (2 * SENTIENT_FRAME_MAX + 100);

  for (guint i = 0; i < G_N_ELEMENTS (around); i++)
    for (gsize size = around[i] - 100; size < around[i] + 100; size++)
      {
        g_autoptr (GBytes) data = g_bytes_new_from_bytes (all, 0, size);

        g_assert_true (stream_pair_push (pair, 0, data, FALSE));
        stream_pair_settle (pair);
        g_assert_cmpuint (pair->ends[1].small.length + pair->ends[1].large.length, ==, 0);
      }
}

static void
test_priority (void)
{
  static const char *const names[] = { "low", "normal", "high" };
  g_autoptr (StreamPair) pair = stream_pair_new (MESSAGE_MAX);

  for (guint i = 0; i < 9; i++)
    {
      g_autoptr (GBytes) data = g_bytes_new (names[i % 3], strlen (names[i % 3]));

      g_assert_true (sentient_stream_push (pair->ends[0].stream, data, SENTIENT_FRAME_TEXT,
                                           (SentientStreamPriority)(i % 3), NULL));
    }
  stream_pair_connect (pair, 0);
  while (stream_pair_send (pair, 0) > 0 || stream_pair_take (pair, 1)
         || stream_pair_send (pair, 1) > 0 || stream_pair_take (pair, 0))
    ;
  for (guint i = 0; i < 9; i++)
    {
      const char *expected = names[2 - i / 3];
      SentientFrameKind kind;
      g_autoptr (GBytes) data = sentient_stream_next_message (pair->ends[1].stream, &kind, NULL);

      g_assert_nonnull (data);
      g_assert_cmpmem (g_bytes_get_data (data, NULL), g_bytes_get_size (data), expected,
                       strlen (expected));
    }
}

/* Between the application's messages, numbered like them, and not at the cost of their place. */
static void
test_service (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  SentientStream *stream = pair->ends[0].stream;
  g_autoptr (GBytes) block = g_bytes_new_take (g_malloc0 (16384), 16384);
  g_autoptr (GBytes) text = g_bytes_new_static ("a", 1);
  SentientFrameKind kind = SENTIENT_FRAME_HELLO;
  guint n = 0, n_texts = 0;

  for (; sentient_stream_push_service (stream, block, SENTIENT_STREAM_PRIORITY_LOW); n++)
    g_assert_cmpuint (n * 16384, <, SENTIENT_STREAM_SERVICE_LOW_HIGH);
  g_assert_cmpuint (n, >, 1);
  g_assert_false (sentient_stream_has_service_room (stream, SENTIENT_STREAM_PRIORITY_LOW));
  /* Files leave half of it to the rest. */
  g_assert_true (sentient_stream_has_service_room (stream, SENTIENT_STREAM_PRIORITY_NORMAL));
  for (; sentient_stream_push_service (stream, block, SENTIENT_STREAM_PRIORITY_NORMAL); n++)
    g_assert_cmpuint (n * 16384, <, SENTIENT_STREAM_SERVICE_HIGH);
  g_assert_cmpuint (n * 16384, >, SENTIENT_STREAM_SERVICE_HIGH / 8 * 7);
  g_assert_false (sentient_stream_has_service_room (stream, SENTIENT_STREAM_PRIORITY_NORMAL));
  for (guint i = 0; i < 3; i++)
    g_assert_true (sentient_stream_push (stream, text, SENTIENT_FRAME_TEXT, i, NULL));
  g_assert_cmpuint (sentient_stream_count_unacknowledged (stream), ==, 3);
  while (n > 0 || n_texts < 3)
    {
      GBytes *data = sentient_stream_next_message (pair->ends[1].stream, &kind, NULL);

      if (data == NULL)
        {
          g_assert_cmpuint (send_all (pair, 0) + send_all (pair, 1), >, 0);
          while (stream_pair_take (pair, 1) || stream_pair_take (pair, 0))
            ;
          continue;
        }
      if (kind == SENTIENT_FRAME_SERVICE)
        n--;
      else
        n_texts++;
      g_assert_true (g_bytes_equal (data, kind == SENTIENT_FRAME_SERVICE ? block : text));
      g_bytes_unref (data);
    }
  send_all (pair, 1); /* what it acknowledged */
  while (stream_pair_take (pair, 0))
    ;
  g_assert_true (sentient_stream_has_service_room (stream, SENTIENT_STREAM_PRIORITY_LOW));
}

static void
test_deflate (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  GString *json = g_string_new (NULL);
  gsize sum = 0, wire;

  while (json->len < 4000)
    g_string_append_printf (json, "{\"id\":%u,\"name\":\"node\"},", (guint)json->len * 7919u);
  for (guint i = 0; i < 50; i++)
    {
      g_assert_true (stream_pair_push_text (pair, 0, json->str));
      sum += json->len;
    }
  wire = send_all (pair, 0);
  g_test_message ("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " bytes", wire, sum);
  g_assert_cmpuint (wire, <, sum / 2);
  stream_pair_settle (pair);
  g_assert_cmpuint (pair->ends[1].small.length, ==, 0);

  /* As one frame, though it is far beyond one. */
  while (json->len < 500000)
    g_string_append (json, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  g_assert_true (stream_pair_push_text (pair, 0, json->str));
  g_assert_cmpuint (stream_pair_send (pair, 0), >, 0);
  g_assert_false (sentient_stream_has_waiting (pair->ends[0].stream));
  stream_pair_settle (pair);
  g_assert_cmpuint (pair->ends[1].large.length, ==, 0);
  g_string_free (json, TRUE);
}

/* Much that is deflated to nearly nothing gives credit all the same: it does not get stuck. */
static void
test_deflated_credit (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (60000), 60000);

  for (guint i = 0; i < 200; i++)
    {
      g_assert_true (stream_pair_push (pair, 0, zeros, FALSE));
      stream_pair_settle (pair);
    }
  g_assert_cmpuint (sentient_stream_get_buffered_amount (pair->ends[0].stream), <=,
                    SENTIENT_STREAM_CREDIT);
}

static void
restart (StreamPair *pair, guint end)
{
  sentient_stream_free (pair->ends[end].stream);
  pair->ends[end].stream = sentient_stream_new (SENTIENT_CLOCK (pair->clock), MESSAGE_MAX);
  g_queue_clear_full (&pair->ends[end].small, (GDestroyNotify)g_bytes_unref);
}

static void
test_restart (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  guint n_lost = 0;

  stream_pair_push_text (pair, 0, "one");
  stream_pair_push_text (pair, 1, "back");
  stream_pair_settle (pair);
  stream_pair_push_text (pair, 0, "two");
  send_all (pair, 0);
  restart (pair, 1);
  stream_pair_connect (pair, 1);
  stream_pair_push_text (pair, 1, "new");
  stream_pair_settle (pair);
  g_assert_true (sentient_stream_take_restart (pair->ends[0].stream, &n_lost));
  g_assert_cmpuint (n_lost, ==, 2); /* "one" was read, but not acknowledged */
  g_assert_false (sentient_stream_take_restart (pair->ends[0].stream, &n_lost));
  g_assert_cmpuint (pair->ends[0].small.length, ==, 0);

  stream_pair_push_text (pair, 0, "three");
  stream_pair_settle (pair);
  g_assert_cmpuint (pair->ends[1].small.length, ==, 0);

  /* What is pushed once the new connection is there is for the new instance. */
  restart (pair, 1);
  stream_pair_connect (pair, 0);
  stream_pair_push_text (pair, 0, "four");
  stream_pair_settle (pair);
  g_assert_true (sentient_stream_take_restart (pair->ends[0].stream, &n_lost));
  g_assert_cmpuint (n_lost, ==, 1); /* "three" */
  g_assert_cmpuint (pair->ends[1].small.length, ==, 0);
}

/* An end that was started anew hears a receivedUpTo that is about its former life, on a connection
 * that dies before the other end knows better: nothing gets lost by that. */
static void
test_stale_hello (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();

  for (guint i = 0; i < 5; i++)
    stream_pair_push_text (pair, 1, "former");
  stream_pair_settle (pair);
  restart (pair, 1);
  for (guint i = 0; i < 8; i++)
    stream_pair_push_text (pair, 1, "later");
  for (guint i = 0; i < 3; i++)
    {
      stream_pair_connect (pair, 1);
      pair->ends[0].connection = pair->connections;
      sentient_stream_attach (pair->ends[0].stream);
      send_all (pair, 0);
      while (stream_pair_take (pair, 1))
        ;
      send_all (pair, 1); /* nothing of it arrives */
    }
  stream_pair_connect (pair, 1);
  stream_pair_settle (pair);
  g_assert_cmpuint (pair->ends[0].small.length, ==, 0);
}

static void
tick (StreamPair *pair, gint64 ms)
{
  sentient_manual_clock_advance (pair->clock, ms);
}

static void
test_heartbeat (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  SentientStream *stream = pair->ends[0].stream;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (sentient_stream_get_timeout (stream), ==, SENTIENT_STREAM_PING_MS);
  tick (pair, SENTIENT_STREAM_PING_MS);
  g_assert_cmpint (sentient_stream_get_timeout (stream), ==, 0);
  g_assert_true (sentient_stream_check_time (stream, NULL));
  g_assert_cmpuint (send_all (pair, 0), ==, 9);
  tick (pair, 40);
  stream_pair_settle (pair);
  g_assert_cmpint (sentient_stream_get_rtt (stream), ==, 40);

  for (guint i = 0; i < 2; i++)
    {
      tick (pair, SENTIENT_STREAM_PING_MS);
      g_assert_true (sentient_stream_check_time (stream, NULL));
      send_all (pair, 0); /* nobody answers */
    }
  tick (pair, SENTIENT_STREAM_PING_MS - 1);
  g_assert_true (sentient_stream_check_time (stream, NULL));
  g_assert_cmpint (sentient_stream_get_timeout (stream), ==, 1);
  tick (pair, 1);
  g_assert_false (sentient_stream_check_time (stream, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  sentient_stream_detach (stream);
  g_assert_cmpint (sentient_stream_get_timeout (stream), ==, -1);
  g_assert_true (sentient_stream_check_time (stream, NULL));
}

static void
test_probe (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  SentientStream *stream = pair->ends[0].stream;

  sentient_stream_probe (stream);
  tick (pair, SENTIENT_STREAM_PROBE_MS - 1);
  stream_pair_settle (pair);
  tick (pair, 1);
  g_assert_true (sentient_stream_check_time (stream, NULL));
  sentient_stream_probe (stream);
  tick (pair, SENTIENT_STREAM_PROBE_MS - 1);
  sentient_stream_probe (stream); /* does not put it off */
  g_assert_cmpint (sentient_stream_get_timeout (stream), ==, 1);
  tick (pair, 1);
  g_assert_false (sentient_stream_check_time (stream, NULL));
}

/* Who slept, or was busy, does not blame the other end. */
static void
test_slept (void)
{
  g_autoptr (StreamPair) pair = connected_pair ();
  SentientStream *stream = pair->ends[0].stream;

  tick (pair, 60000);
  g_assert_true (sentient_stream_check_time (stream, NULL));
  g_assert_cmpuint (send_all (pair, 0), ==, 9);
  for (guint i = 0; i < 3; i++)
    {
      tick (pair, SENTIENT_STREAM_PING_MS);
      g_assert_true (sentient_stream_check_time (stream, NULL) == (i < 2));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream/order", test_order);
  g_test_add_func ("/stream/text", test_text);
  g_test_add_func ("/stream/window", test_window);
  g_test_add_func ("/stream/large", test_large);
  g_test_add_func ("/stream/turns", test_turns);
  g_test_add_func ("/stream/lengths", test_lengths);
  g_test_add_func ("/stream/priority", test_priority);
  g_test_add_func ("/stream/service", test_service);
  g_test_add_func ("/stream/deflate", test_deflate);
  g_test_add_func ("/stream/deflated-credit", test_deflated_credit);
  g_test_add_func ("/stream/restart", test_restart);
  g_test_add_func ("/stream/stale-hello", test_stale_hello);
  g_test_add_func ("/stream/heartbeat", test_heartbeat);
  g_test_add_func ("/stream/probe", test_probe);
  g_test_add_func ("/stream/slept", test_slept);
  return g_test_run ();
}
