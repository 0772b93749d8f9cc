/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-backoff.h"
#include "core/sentient-clock.h"

static void
test_system (void)
{
  g_autoptr (SentientClock) clock = sentient_clock_new_system ();
  gint64 before = g_get_real_time () / 1000;

  g_assert_cmpint (sentient_clock_get_real_ms (clock), >=, before);
  g_assert_cmpint (sentient_clock_get_monotonic_ms (clock), <=,
                   sentient_clock_get_monotonic_ms (clock));
  g_assert_finalize_object (g_steal_pointer (&clock));
}

static void
test_manual (void)
{
  g_autoptr (SentientManualClock) clock = sentient_manual_clock_new (1000000);

  g_assert_cmpint (sentient_clock_get_monotonic_ms (SENTIENT_CLOCK (clock)), ==, 0);
  sentient_manual_clock_advance (clock, 42);
  g_assert_cmpint (sentient_clock_get_monotonic_ms (SENTIENT_CLOCK (clock)), ==, 42);
  g_assert_cmpint (sentient_clock_get_real_ms (SENTIENT_CLOCK (clock)), ==, 1000042);
  g_assert_finalize_object (g_steal_pointer (&clock));
}

/* Each wait is between half of its whole and the whole; the whole doubles up to the limit. */
static void
test_backoff (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  const guint wholes[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
  SentientBackoff backoff;

  sentient_backoff_init (&backoff, 100, 1000);
  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (wholes); i++)
        {
          guint wait = sentient_backoff_next_ms (&backoff, rand);

          g_assert_cmpuint (wait, >=, wholes[i] / 2);
          g_assert_cmpuint (wait, <=, wholes[i]);
        }
      sentient_backoff_reset (&backoff);
    }
  for (guint i = 0; i < 10000; i++)
    g_assert_cmpuint (sentient_backoff_next_ms (&backoff, NULL), <=, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/system", test_system);
  g_test_add_func ("/clock/manual", test_manual);
  g_test_add_func ("/backoff/bounds", test_backoff);
  return g_test_run ();
}
