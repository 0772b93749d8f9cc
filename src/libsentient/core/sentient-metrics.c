/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-metrics.h"

/* Fine where a relay that is well stands, and up to what a node may be away. */
const guint32 sentient_histogram_bounds[SENTIENT_HISTOGRAM_BOUNDS]
    = { 50,    100,   250,    500,    1000,   2500,    5000,    10000,
        25000, 50000, 100000, 250000, 500000, 1000000, 5000000, 30000000 };

void
sentient_histogram_add (SentientHistogram *self, gint64 us)
{
  guint i = 0;

  us = MAX (us, 0);
  while (i < SENTIENT_HISTOGRAM_BOUNDS && us > sentient_histogram_bounds[i])
    i++;
  self->buckets[i]++;
  self->sum_us += us;
}

guint64
sentient_histogram_get_count (const SentientHistogram *self)
{
  guint64 n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (self->buckets); i++)
    n += self->buckets[i];
  return n;
}

SentientError
sentient_metrics_error_index (const GError *error)
{
  if (error == NULL || error->domain != SENTIENT_ERROR || error->code < 0
      || error->code >= SENTIENT_N_ERRORS)
    return SENTIENT_ERROR_FAILED;
  return error->code;
}
