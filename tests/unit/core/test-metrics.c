/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-metrics.h"

static void
test_buckets (void)
{
  SentientHistogram histogram = { 0 };

  /* A bound belongs to its own bucket. */
  for (guint i = 0; i < SENTIENT_HISTOGRAM_BOUNDS; i++)
    {
      if (i > 0)
        g_assert_cmpuint (sentient_histogram_bounds[i], >, sentient_histogram_bounds[i - 1]);
      sentient_histogram_add (&histogram, sentient_histogram_bounds[i]);
      g_assert_cmpuint (histogram.buckets[i], ==, 1);
      sentient_histogram_add (&histogram, (gint64)sentient_histogram_bounds[i] + 1);
      g_assert_cmpuint (histogram.buckets[i + 1], ==, 1);
      histogram.buckets[i + 1] = 0;
    }
  g_assert_cmpuint (sentient_histogram_get_count (&histogram), ==, SENTIENT_HISTOGRAM_BOUNDS);
}

static void
test_ends (void)
{
  SentientHistogram histogram = { 0 };

  sentient_histogram_add (&histogram, 0);
  sentient_histogram_add (&histogram, -5);
  g_assert_cmpuint (histogram.buckets[0], ==, 2);
  g_assert_cmpuint (histogram.sum_us, ==, 0);
  sentient_histogram_add (&histogram, G_GINT64_CONSTANT (3600000000));
  g_assert_cmpuint (histogram.buckets[SENTIENT_HISTOGRAM_BOUNDS], ==, 1);
  g_assert_cmpuint (histogram.sum_us, ==, G_GUINT64_CONSTANT (3600000000));
  g_assert_cmpuint (sentient_histogram_get_count (&histogram), ==, 3);
}

static void
test_errors (void)
{
  g_autoptr (GError) last = g_error_new_literal (SENTIENT_ERROR, SENTIENT_N_ERRORS - 1, "");
  g_autoptr (GError) beyond = g_error_new_literal (SENTIENT_ERROR, SENTIENT_N_ERRORS, "");
  g_autoptr (GError) below = g_error_new_literal (SENTIENT_ERROR, -1, "");
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "");

  g_assert_cmpint (sentient_metrics_error_index (last), ==, SENTIENT_N_ERRORS - 1);
  g_assert_cmpint (sentient_metrics_error_index (beyond), ==, SENTIENT_ERROR_FAILED);
  g_assert_cmpint (sentient_metrics_error_index (below), ==, SENTIENT_ERROR_FAILED);
  g_assert_cmpint (sentient_metrics_error_index (foreign), ==, SENTIENT_ERROR_FAILED);
  g_assert_cmpint (sentient_metrics_error_index (NULL), ==, SENTIENT_ERROR_FAILED);
  /* The table of codes has no gap that counters would fall into. */
  for (guint i = 1; i < SENTIENT_N_ERRORS; i++)
    g_assert_cmpstr (sentient_error_to_code (i), !=, sentient_error_to_code (i - 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/buckets", test_buckets);
  g_test_add_func ("/metrics/ends", test_ends);
  g_test_add_func ("/metrics/errors", test_errors);
  return g_test_run ();
}
