/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-link-timeline.h"

#include "protocol/sentient-candidate.h"

void
sentient_link_timeline_start (SentientLinkTimeline *self)
{
  if (self->started == 0)
    self->started = g_get_monotonic_time ();
}

void
sentient_link_timeline_note (SentientLinkTimeline *self, SentientConnectionStep step, gint64 now)
{
  if (self->started != 0 && self->steps[step] == 0)
    self->steps[step] = MAX (now - self->started, 0) + 1;
}

void
sentient_link_timeline_note_own (SentientLinkTimeline *self, const char *text, gint64 now)
{
  static const SentientConnectionStep steps[SENTIENT_N_CANDIDATE_TYPES] = {
    [SENTIENT_CANDIDATE_TYPE_HOST] = SENTIENT_CONNECTION_STEP_HOST,
    [SENTIENT_CANDIDATE_TYPE_SRFLX] = SENTIENT_CONNECTION_STEP_SRFLX,
    [SENTIENT_CANDIDATE_TYPE_RELAY] = SENTIENT_CONNECTION_STEP_RELAY,
  };
  SentientCandidate candidate;

  if (!sentient_candidate_parse (&candidate, text))
    return;
  self->own[candidate.type]++;
  if (steps[candidate.type] != SENTIENT_CONNECTION_STEP_GATHERING)
    sentient_link_timeline_note (self, steps[candidate.type], now);
}

void
sentient_link_timeline_note_remote (SentientLinkTimeline *self, const char *text)
{
  SentientCandidate candidate;

  if (!sentient_candidate_parse (&candidate, text))
    return;
  self->remote[candidate.type]++;
  sentient_link_timeline_note (self, SENTIENT_CONNECTION_STEP_REMOTE_CANDIDATE,
                               g_get_monotonic_time ());
}

void
sentient_link_timeline_note_description (SentientLinkTimeline *self, const char *sdp)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\n", -1);

  sentient_link_timeline_note (self, SENTIENT_CONNECTION_STEP_DESCRIPTION, g_get_monotonic_time ());
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "a=candidate:"))
      sentient_link_timeline_note_remote (self, g_strchomp (lines[i]));
}

gint64
sentient_link_timeline_get_ms (const SentientLinkTimeline *self, SentientConnectionStep step)
{
  return self->steps[step] > 0 ? (self->steps[step] - 1) / G_TIME_SPAN_MILLISECOND : -1;
}

guint
sentient_link_timeline_sort (const SentientLinkTimeline *self,
                             SentientConnectionStep steps[SENTIENT_N_CONNECTION_STEPS])
{
  guint n = 0;

  for (guint step = 0; step < SENTIENT_N_CONNECTION_STEPS; step++)
    {
      guint at = n;

      if (self->steps[step] == 0)
        continue;
      for (; at > 0 && self->steps[steps[at - 1]] > self->steps[step]; at--)
        steps[at] = steps[at - 1];
      steps[at] = step;
      n++;
    }
  return n;
}

char *
sentient_link_timeline_to_text (const SentientLinkTimeline *self)
{
  SentientConnectionStep steps[SENTIENT_N_CONNECTION_STEPS];
  guint n = sentient_link_timeline_sort (self, steps);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, "%s%s %d ms", i > 0 ? ", " : "",
                            sentient_connection_step_to_string (steps[i]),
                            (int)sentient_link_timeline_get_ms (self, steps[i]));
  return g_string_free (out, FALSE);
}
