/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-backoff.h"

void
sentient_backoff_init (SentientBackoff *self, guint first_ms, guint max_ms)
{
  g_assert (first_ms > 0 && first_ms <= max_ms);

  self->first_ms = first_ms;
  self->max_ms = max_ms;
  self->attempt = 0;
}

/* rand may be NULL: the global generator serves then. */
guint
sentient_backoff_next_ms (SentientBackoff *self, GRand *rand)
{
  guint64 whole = (guint64)self->first_ms << MIN (self->attempt, 24);
  double share;

  if (whole >= self->max_ms)
    whole = self->max_ms;
  else
    self->attempt++;

  share = rand != NULL ? g_rand_double (rand) : g_random_double ();
  return (guint)(whole / 2.0 * (1.0 + share));
}

void
sentient_backoff_reset (SentientBackoff *self)
{
  self->attempt = 0;
}
