/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-rate.h"

#define TICK (G_USEC_PER_SEC / 10)
#define BEGIN 1000000000

/* A link of so many bytes a second, at which progress is told in steps. */
typedef struct
{
  SentientTransferRate rate;
  gint64 now;
  guint64 per_second;
  guint64 per_step;
  guint64 sent;
} Link;

static void
begin (Link *link, guint64 per_second, guint64 per_step)
{
  *link = (Link){ .now = BEGIN, .per_second = per_second, .per_step = per_step };
  sentient_transfer_rate_begin (&link->rate, link->now);
}

/* A tick later. */
static guint64
tick (Link *link)
{
  link->now += TICK;
  link->sent += link->per_second / 10;
  return sentient_transfer_rate_update (&link->rate, link->now,
                                        link->sent - link->sent % link->per_step);
}

static void
test_steady (gconstpointer data)
{
  const guint64 per_second = GPOINTER_TO_SIZE (data);
  const guint64 step = 256 * 1024;
  Link link;
  guint n_ticks = 50 + (guint)(50 * step / per_second);

  begin (&link, per_second, step);
  for (guint i = 0; i < n_ticks; i++)
    tick (&link);
  for (guint i = 0; i < n_ticks; i++)
    {
      guint64 rate = tick (&link);

      g_assert_cmpuint (rate, >, per_second / 10 * 7);
      g_assert_cmpuint (rate, <, per_second / 10 * 14);
    }
}

/* What stalls is told to become slow, and then to stand still; then it goes on. */
static void
test_stalled (void)
{
  guint64 last, rate;
  Link link;

  begin (&link, 10000000, 1);
  for (guint i = 0; i < 100; i++)
    last = tick (&link);
  g_assert_cmpuint (last, >, 9000000);
  link.per_second = 0;
  for (guint i = 0; i < 99; i++)
    {
      rate = tick (&link);
      g_assert_cmpuint (rate, <=, last);
      g_assert_cmpuint (rate, >, 90000); /* no "34 days left" */
      last = rate;
    }
  tick (&link);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (tick (&link), ==, 0);
  link.per_second = 10000000;
  for (guint i = 0; i < 50; i++)
    last = tick (&link);
  g_assert_cmpuint (last, >, 9000000);
}

/* On a slow link a step takes longer than that. */
static void
test_slow (void)
{
  Link link;
  guint n_still = 0;

  begin (&link, 5000, 256 * 1024);
  for (guint i = 0; i < 600; i++)
    g_assert_cmpuint (tick (&link) == 0, ==, i < 524);
  for (guint i = 0; i < 2000; i++)
    n_still += tick (&link) == 0;
  g_assert_cmpuint (n_still, ==, 0);
}

/* Nothing came yet, the clock does not move, and all of it comes at once. */
static void
test_edges (void)
{
  SentientTransferRate rate;

  sentient_transfer_rate_begin (&rate, BEGIN);
  g_assert_cmpuint (sentient_transfer_rate_update (&rate, BEGIN, 0), ==, 0);
  g_assert_cmpuint (sentient_transfer_rate_update (&rate, BEGIN + 60 * G_USEC_PER_SEC, 0), ==, 0);
  sentient_transfer_rate_begin (&rate, BEGIN);
  g_assert_cmpuint (sentient_transfer_rate_update (&rate, BEGIN, G_MAXUINT32), >, 0);
  g_assert_cmpuint (sentient_transfer_rate_update (&rate, BEGIN, G_MAXUINT32), >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/transfer-rate/steady/20kB", GSIZE_TO_POINTER (20000), test_steady);
  g_test_add_data_func ("/transfer-rate/steady/100kB", GSIZE_TO_POINTER (100000), test_steady);
  g_test_add_data_func ("/transfer-rate/steady/1MB", GSIZE_TO_POINTER (1000000), test_steady);
  g_test_add_data_func ("/transfer-rate/steady/50MB", GSIZE_TO_POINTER (50000000), test_steady);
  g_test_add_func ("/transfer-rate/stalled", test_stalled);
  g_test_add_func ("/transfer-rate/slow", test_slow);
  g_test_add_func ("/transfer-rate/edges", test_edges);
  return g_test_run ();
}
