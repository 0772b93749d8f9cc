/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-enums.h"

G_BEGIN_DECLS

#define SENTIENT_N_CONNECTION_STEPS (SENTIENT_CONNECTION_STEP_OPEN + 1)
#define SENTIENT_N_CANDIDATE_TYPES (SENTIENT_CANDIDATE_TYPE_RELAY + 1)

/* How a link came about: when each step was taken for the first time, and how many candidates there
 * were. Of one size, whatever the other end sends. */
typedef struct
{
  gint64 started;                            /* monotonic, µs; 0: not yet */
  gint64 steps[SENTIENT_N_CONNECTION_STEPS]; /* µs since then, plus one; 0: not yet */
  guint own[SENTIENT_N_CANDIDATE_TYPES];
  guint remote[SENTIENT_N_CANDIDATE_TYPES];
} SentientLinkTimeline;

void sentient_link_timeline_start (SentientLinkTimeline *self);
/* now: monotonic, µs, of any thread. Only the first counts, and none before the start. */
void
sentient_link_timeline_note (SentientLinkTimeline *self, SentientConnectionStep step, gint64 now);
void
sentient_link_timeline_note_own (SentientLinkTimeline *self, const char *candidate, gint64 now);
/* "" is the end of them. */
void sentient_link_timeline_note_remote (SentientLinkTimeline *self, const char *candidate);
/* With the candidates that stand in it. */
void sentient_link_timeline_note_description (SentientLinkTimeline *self, const char *sdp);

/* ms since the start; -1: not yet. */
gint64 sentient_link_timeline_get_ms (const SentientLinkTimeline *self,
                                      SentientConnectionStep step);
/* The steps that were taken, in the order of their times; returns how many. */
guint sentient_link_timeline_sort (const SentientLinkTimeline *self,
                                   SentientConnectionStep steps[SENTIENT_N_CONNECTION_STEPS]);
/* For people: "gathering 1 ms, host 3 ms"; "": nothing yet. */
char *sentient_link_timeline_to_text (const SentientLinkTimeline *self);

G_END_DECLS
