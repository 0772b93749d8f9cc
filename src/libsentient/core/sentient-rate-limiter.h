/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Token buckets over a time that the caller brings, in ms. What a bucket allows is exact: it counts
 * in thousandths of a token, which a rate of n a second refills at n a millisecond. */

/* What all clients share. */
typedef struct
{
  guint rate;  /* tokens a second; 0: no limit */
  guint burst; /* tokens that a full bucket holds; at least 1, at most SENTIENT_RATE_BURST_MAX */
} SentientRateLimit;

#define SENTIENT_RATE_BURST_MAX 1000000

/* What each client costs: 16 bytes; all zeros: a full bucket, no offence. */
typedef struct
{
  gint64 updated_ms;
  guint32 used;            /* thousandths of tokens that are missing */
  guint32 offended_s : 24; /* when the last offence was counted */
  guint32 offences : 8;
} SentientRateState;

/* An offence counts at most once in two seconds, however many refusals there were, so that a client
 * that sent a hundred messages before it could read the first refusal is no repeat offender. It is
 * forgotten after so long without another. */
#define SENTIENT_RATE_FORGET_MS 60000

void sentient_rate_limiter_refill (const SentientRateLimit *self,
                                   SentientRateState *state,
                                   gint64 now_ms);

/* What is asked at once counts as at most the burst, or it could never be had. */
static inline gboolean
sentient_rate_limiter_take (const SentientRateLimit *self,
                            SentientRateState *state,
                            gint64 now_ms,
                            guint tokens)
{
  if (self->rate == 0)
    return TRUE;
  tokens = MIN (tokens, self->burst);
  if (state->updated_ms != now_ms)
    sentient_rate_limiter_refill (self, state, now_ms);
  if (state->used + tokens * 1000 > self->burst * 1000)
    return FALSE;
  state->used += tokens * 1000;
  return TRUE;
}

/* Counts the refusal of what take () did not give. Returns how long to wait, in ms: until the
 * tokens are there, and 1, 3, 7 … 63 s more from the second offence on; spread by up to half so
 * that clients refused together do not come back together. rand NULL: the global generator.
 * *first (may be NULL): it is the first offence, worth a line in the log. */
guint sentient_rate_limiter_refuse (const SentientRateLimit *self,
                                    SentientRateState *state,
                                    gint64 now_ms,
                                    guint tokens,
                                    GRand *rand,
                                    gboolean *first);

/* A full bucket without offences: the state need not be kept. */
gboolean sentient_rate_limiter_is_idle (const SentientRateLimit *self,
                                        const SentientRateState *state,
                                        gint64 now_ms);

G_END_DECLS
