/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream-pair.h"

#define MESSAGE_MAX (1024 * 1024)
#define ROUNDS 25
#define STEPS 1500

/* Half of them can be deflated. */
static GBytes *
make_message (GRand *rand)
{
  static const gsize sizes[] = { 1, 200, 200, 200, 200, 5000, 5000, 20000, 65535, 400000 };
  gsize size = (gsize)g_rand_int_range (
      rand, 0, (gint32)sizes[g_rand_int_range (rand, 0, G_N_ELEMENTS (sizes))] + 1);
  guint8 *data = g_malloc (size);
  gboolean noise = g_rand_boolean (rand);

  for (gsize i = 0; i < size; i++)
    data[i] = noise ? (guint8)g_rand_int (rand) : "{\"key\": "[i % 8];
  for (gsize i = 0; i < size && i < 4; i++) /* to know it again */
    data[i] = (guint8)g_rand_int_range (rand, 32, 127);
  return g_bytes_new_take (data, size);
}

static void
push (StreamPair *pair, GRand *rand, guint from)
{
  gint n = g_rand_int_range (rand, 1, 8);

  for (gint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) data = make_message (rand);
      gboolean is_text
          = g_utf8_validate_len (g_bytes_get_data (data, NULL), g_bytes_get_size (data), NULL)
            && g_rand_boolean (rand);

      stream_pair_push (pair, from, data, is_text);
    }
}

static void
step (StreamPair *pair, GRand *rand)
{
  guint end = (guint)g_rand_int_range (rand, 0, 2);
  gint what = g_rand_int_range (rand, 0, 100);
  gint n = g_rand_int_range (rand, 1, 20);

  if (what < 15)
    push (pair, rand, end);
  else if (what < 16)
    stream_pair_connect (pair, end);
  else if (what < 18)
    sentient_stream_probe (pair->ends[end].stream);
  else
    for (gint i = 0; i < n; i++)
      if (what < 45)
        stream_pair_send (pair, end);
      else if (what < 72)
        stream_pair_take (pair, end);
      else
        stream_pair_read (pair, end);
}

/* Whatever is pushed arrives once, and in order, however often the connection is replaced and
 * however slow the readers are. */
static void
test_random (void)
{
  for (guint round = 0; round < ROUNDS; round++)
    {
      guint32 seed = (guint32)g_test_rand_int ();
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      g_autoptr (StreamPair) pair = stream_pair_new (MESSAGE_MAX);
      guint n_lost;

      g_test_message ("round %u, seed %u", round, seed);
      stream_pair_connect (pair, 0);
      for (guint i = 0; i < STEPS; i++)
        step (pair, rand);
      /* The last connection may be one that neither end has been told of by the other. */
      stream_pair_connect (pair, 0);
      stream_pair_settle (pair);
      sentient_manual_clock_advance (pair->clock, SENTIENT_STREAM_PING_MS);
      for (guint i = 0; i < 2; i++)
        g_assert_true (sentient_stream_check_time (pair->ends[i].stream, NULL));
      stream_pair_settle (pair);
      for (guint i = 0; i < 2; i++)
        {
          g_assert_cmpuint (pair->ends[i].small.length, ==, 0);
          g_assert_cmpuint (pair->ends[i].large.length, ==, 0);
          g_assert_cmpuint (sentient_stream_count_unacknowledged (pair->ends[i].stream), ==, 0);
          g_assert_cmpuint (sentient_stream_get_buffered_amount (pair->ends[i].stream), ==, 0);
          g_assert_false (sentient_stream_take_restart (pair->ends[i].stream, &n_lost));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream/random", test_random);
  return g_test_run ();
}
