/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-rate-limiter.h"

#define OFFENCES_MAX 7
#define JITTER_MIN_MS 250

G_STATIC_ASSERT (sizeof (SentientRateState) == 16);

static guint32
used_now (const SentientRateLimit *self, const SentientRateState *state, gint64 now_ms)
{
  gint64 elapsed = now_ms - state->updated_ms;

  if (elapsed <= 0)
    return state->used;
  /* Long enough for any bucket; and the product fits. */
  elapsed = MIN (elapsed, G_MAXUINT32);
  return (guint32)(state->used - MIN (state->used, (guint64)elapsed * self->rate));
}

void
sentient_rate_limiter_refill (const SentientRateLimit *self,
                              SentientRateState *state,
                              gint64 now_ms)
{
  if (now_ms <= state->updated_ms)
    return;
  /* The limits may have become smaller. */
  state->used = MIN (used_now (self, state, now_ms), self->burst * 1000);
  /* Whoever was away for so long can have no offence since; offended_s could not tell, it wraps. */
  if (now_ms - state->updated_ms >= SENTIENT_RATE_FORGET_MS)
    state->offences = 0;
  state->updated_ms = now_ms;
}

static guint32
since_offence_s (const SentientRateState *state, gint64 now_ms)
{
  return ((guint32)(now_ms / 1000) - state->offended_s) & 0xffffff;
}

static void
count_offence (SentientRateState *state, gint64 now_ms)
{
  guint32 since_s = since_offence_s (state, now_ms);

  if (state->offences > 0 && since_s < 2)
    return;
  if (since_s >= SENTIENT_RATE_FORGET_MS / 1000)
    state->offences = 0;
  if (state->offences < OFFENCES_MAX)
    state->offences++;
  state->offended_s = (guint32)(now_ms / 1000) & 0xffffff;
}

guint
sentient_rate_limiter_refuse (const SentientRateLimit *self,
                              SentientRateState *state,
                              gint64 now_ms,
                              guint tokens,
                              GRand *rand,
                              gboolean *first)
{
  guint32 wanted = MIN (tokens, self->burst) * 1000;
  guint32 missing = state->used + wanted - MIN (state->used + wanted, self->burst * 1000);
  guint8 before = state->offences;
  gboolean forgotten = since_offence_s (state, now_ms) >= SENTIENT_RATE_FORGET_MS / 1000;
  double share = rand != NULL ? g_rand_double (rand) : g_random_double ();
  guint ms;

  count_offence (state, now_ms);
  if (first != NULL)
    *first = before == 0 || forgotten;
  ms = (missing + MAX (self->rate, 1) - 1) / MAX (self->rate, 1);
  ms += ((1u << (state->offences - 1)) - 1) * 1000;
  return ms + (guint)(share * MAX (ms / 2, JITTER_MIN_MS));
}

gboolean
sentient_rate_limiter_is_idle (const SentientRateLimit *self,
                               const SentientRateState *state,
                               gint64 now_ms)
{
  if (self->rate == 0)
    return TRUE;
  if (used_now (self, state, now_ms) > 0)
    return FALSE;
  return state->offences == 0 || now_ms - state->updated_ms >= SENTIENT_RATE_FORGET_MS
         || since_offence_s (state, now_ms) >= SENTIENT_RATE_FORGET_MS / 1000;
}
