/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-rate-limiter.h"

static const SentientRateLimit limit = { .rate = 3, .burst = 5 };

static guint
take_all (SentientRateState *state, gint64 now_ms)
{
  guint n = 0;

  while (sentient_rate_limiter_take (&limit, state, now_ms, 1))
    n++;
  return n;
}

/* A full bucket holds the burst, and comes back a third of a second a token, never more than full.
 */
static void
test_exact (void)
{
  SentientRateState state = { 0 };
  gint64 start = 1000000;
  guint n = 0;

  g_assert_cmpuint (take_all (&state, start), ==, 5);
  g_assert_cmpuint (take_all (&state, start + 333), ==, 0);
  g_assert_cmpuint (take_all (&state, start + 334), ==, 1);
  g_assert_cmpuint (take_all (&state, start + 666), ==, 0);
  g_assert_cmpuint (take_all (&state, start + 667), ==, 1);
  g_assert_cmpuint (take_all (&state, start + 1000), ==, 1);

  /* Asked every millisecond for an hour, it gives what it should, and not one more. */
  start += 1000;
  for (gint64 now = start + 1; now <= start + 3600 * 1000; now++)
    n += take_all (&state, now);
  g_assert_cmpuint (n, ==, 3 * 3600);

  g_assert_cmpuint (take_all (&state, start + 7200 * 1000), ==, 5);
  g_assert_cmpuint (take_all (&state, G_MAXINT64 / 2), ==, 5);
  /* A clock that stands or goes back gives nothing. */
  g_assert_cmpuint (take_all (&state, 5), ==, 0);
}

static void
test_many_tokens (void)
{
  SentientRateState state = { 0 };

  g_assert_true (sentient_rate_limiter_take (&limit, &state, 1, 3));
  g_assert_false (sentient_rate_limiter_take (&limit, &state, 1, 3));
  g_assert_true (sentient_rate_limiter_take (&limit, &state, 1, 2));
  /* More than the burst is had from a full bucket only. */
  g_assert_false (sentient_rate_limiter_take (&limit, &state, 1 + 1666, 100));
  g_assert_true (sentient_rate_limiter_take (&limit, &state, 1 + 1667, 100));
  g_assert_false (sentient_rate_limiter_take (&limit, &state, 1 + 1667, 1));
}

static void
test_off (void)
{
  const SentientRateLimit off = { .rate = 0, .burst = 1 };
  SentientRateState state = { 0 };

  for (guint i = 0; i < 100000; i++)
    g_assert_true (sentient_rate_limiter_take (&off, &state, 1, 1000));
  g_assert_true (sentient_rate_limiter_is_idle (&off, &state, 1));
}

static guint
refuse (SentientRateState *state, gint64 now_ms, guint32 seed, gboolean *first)
{
  GRand *rand = g_rand_new_with_seed (seed);
  guint ms;

  take_all (state, now_ms);
  ms = sentient_rate_limiter_refuse (&limit, state, now_ms, 1, rand, first);
  g_rand_free (rand);
  return ms;
}

static void
test_retry_after (void)
{
  static const guint more_s[] = { 0, 1, 3, 7, 15, 31, 63, 63 };
  SentientRateState state = { 0 };
  gint64 now = 1000;
  guint shortest = G_MAXUINT, longest = 0;
  gboolean first;

  /* Longer each time; who waits as long as it was told is served. */
  for (guint i = 0; i < G_N_ELEMENTS (more_s); i++)
    {
      guint ms = refuse (&state, now, i, &first);

      g_assert_cmpint (first, ==, i == 0);
      g_assert_cmpuint (ms, >=, 334 + more_s[i] * 1000);
      g_assert_cmpuint (ms, <=, (334 + more_s[i] * 1000) * 3 / 2 + 250);
      g_assert_cmpuint (refuse (&state, now + 999, i, &first), <=, ms + 1);
      g_assert_false (first);
      now += 2000;
    }

  /* A minute of good conduct, with or without calls meanwhile. */
  for (guint i = 0; i < 61; i++)
    g_assert_true (sentient_rate_limiter_take (&limit, &state, now += 1000, 1));
  g_assert_cmpuint (refuse (&state, now, 1, &first), <, 1000);
  g_assert_true (first);
  now += 60000;
  g_assert_true (sentient_rate_limiter_is_idle (&limit, &state, now));

  for (guint seed = 0; seed < 100; seed++)
    {
      SentientRateState fresh = { 0 };
      guint ms = refuse (&fresh, now, seed, NULL);

      shortest = MIN (shortest, ms);
      longest = MAX (longest, ms);
    }
  g_assert_cmpuint (longest - shortest, >, 150);
}

static void
test_idle (void)
{
  SentientRateState state = { 0 };

  g_assert_true (sentient_rate_limiter_is_idle (&limit, &state, 0));
  g_assert_true (sentient_rate_limiter_take (&limit, &state, 1000, 1));
  g_assert_false (sentient_rate_limiter_is_idle (&limit, &state, 1333));
  g_assert_true (sentient_rate_limiter_is_idle (&limit, &state, 1334));
  refuse (&state, 2000, 1, NULL);
  g_assert_false (sentient_rate_limiter_is_idle (&limit, &state, 2000 + 59000));
  g_assert_true (sentient_rate_limiter_is_idle (&limit, &state, 2000 + 60000));
}

/* Limits that are made smaller leave no debt that takes ages to pay. */
static void
test_smaller (void)
{
  const SentientRateLimit large = { .rate = 1, .burst = 1000 };
  SentientRateState state = { 0 };

  g_assert_true (sentient_rate_limiter_take (&large, &state, 1, 1000));
  g_assert_cmpuint (take_all (&state, 2), ==, 0);
  g_assert_cmpuint (take_all (&state, 2 + 1667), ==, 5);
}

static void
test_cost (void)
{
  const SentientRateLimit fast = { .rate = 1000000, .burst = 1000000 };
  SentientRateState state = { 0 };
  const guint n = 10000000;
  double each_ns;
  gint64 start;

  start = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    g_assert_true (sentient_rate_limiter_take (&fast, &state, 1 + i / 100, 1));
  each_ns = (double)(g_get_monotonic_time () - start) * 1e3 / n;
  g_test_minimized_result (each_ns, "%.2f ns a token", each_ns);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rate-limiter/exact", test_exact);
  g_test_add_func ("/rate-limiter/many-tokens", test_many_tokens);
  g_test_add_func ("/rate-limiter/off", test_off);
  g_test_add_func ("/rate-limiter/retry-after", test_retry_after);
  g_test_add_func ("/rate-limiter/idle", test_idle);
  g_test_add_func ("/rate-limiter/smaller", test_smaller);
  if (g_test_perf ()) /* a measurement, no test: run it with -m perf */
    g_test_add_func ("/rate-limiter/cost", test_cost);
  return g_test_run ();
}
