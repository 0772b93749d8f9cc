/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-rate.h"

/* The rate is that of about so many seconds. */
#define MEAN_S 1.0
/* Nothing moves if there was no step for so long, and for so many times as long as one takes. */
#define STALL_S 10.0
#define STALL_STEPS 4

void
sentient_transfer_rate_begin (SentientTransferRate *self, gint64 now)
{
  *self = (SentientTransferRate){ .advanced = now };
}

guint64
sentient_transfer_rate_update (SentientTransferRate *self, gint64 now, guint64 total)
{
  double seconds = (double)MAX (now - self->advanced, 1) / G_USEC_PER_SEC;
  double step = (double)self->step;

  if (total > self->total)
    {
      self->step = total - self->total;
      self->total = total;
      self->advanced = now;
      self->mean += seconds / (seconds + MEAN_S) * ((double)self->step / seconds - self->mean);
      return (guint64)self->mean;
    }
  if (self->step == 0 || seconds > MAX (STALL_S, STALL_STEPS * step / self->mean))
    return 0;
  /* The next step is due; if it came now, it would have been that fast. */
  return (guint64)MIN (self->mean, step / seconds);
}
