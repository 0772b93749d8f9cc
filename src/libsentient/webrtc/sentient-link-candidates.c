/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-link-candidates.h"

#include <string.h>

#include "core/sentient-error.h"

struct _SentientLinkCandidates
{
  SentientLink *link;
  SentientLinkOptions *options;
  GPtrArray *local; /* NULL: they are told at once */
  GPtrArray *early; /* of the other end; NULL: they are used at once */
  gboolean overflow_told;
  gboolean is_over;   /* the end of ours is told, or waits */
  gboolean has_relay; /* one of ours is lent by a TURN server */
  char *explanation;
};

SentientLinkCandidates *
sentient_link_candidates_new (SentientLink *link, const SentientLinkOptions *options)
{
  SentientLinkCandidates *self = g_new0 (SentientLinkCandidates, 1);

  self->link = link;
  self->options = sentient_link_options_copy (options);
  self->local = g_ptr_array_new_with_free_func (g_free);
  self->early = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
sentient_link_candidates_free (SentientLinkCandidates *self)
{
  g_clear_pointer (&self->local, g_ptr_array_unref);
  g_clear_pointer (&self->early, g_ptr_array_unref);
  sentient_link_options_free (self->options);
  g_free (self->explanation);
  g_free (self);
}

/* Whoever hears of one may close the link. */
static gboolean
is_alive (SentientLinkCandidates *self)
{
  SentientLinkState state = sentient_link_get_state (self->link);

  return state == SENTIENT_LINK_STATE_CONNECTING || state == SENTIENT_LINK_STATE_OPEN;
}

static void
tell (SentientLinkCandidates *self, const char *candidate)
{
  if (is_alive (self))
    sentient_link_emit_local_candidate (self->link, 0, candidate);
}

static gboolean
is_relay (const char *text)
{
  SentientCandidate candidate;

  return sentient_candidate_parse (&candidate, text)
         && candidate.type == SENTIENT_CANDIDATE_TYPE_RELAY;
}

/* A path may be found all the same; but who names a TURN server relies on it. */
static void
complain_of_relays (SentientLinkCandidates *self)
{
  g_autofree char *servers = sentient_link_options_dup_relays (self->options);
  g_autoptr (GError) error = NULL;

  if (servers == NULL || self->has_relay)
    return;
  error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_LINK_FAILED,
                       "No TURN server lends an address here (%s): it cannot be reached, or does "
                       "not take this user and password; see “sentient doctor --network”",
                       servers);
  sentient_link_emit_complaint (self->link, error);
}

const char *
sentient_link_candidates_explain (SentientLinkCandidates *self)
{
  g_autofree char *servers = sentient_link_options_dup_relays (self->options);

  g_free (self->explanation);
  if (servers == NULL && *self->options->turn_urls != NULL
      && !sentient_link_options_allow_own (self->options, SENTIENT_CANDIDATE_TYPE_RELAY))
    self->explanation = g_strdup (
        "No way to the other node (ICE failed): the candidate filter keeps relays out; “relay” "
        "among its words lets the TURN server help");
  else if (servers == NULL)
    self->explanation = g_strdup ("No way to the other node (ICE failed); a TURN server may help");
  else if (self->has_relay)
    self->explanation
        = g_strdup_printf ("No way to the other node (ICE failed), not even by the TURN server "
                           "(%s); perhaps the other node has no way to it",
                           servers);
  else
    self->explanation = g_strdup_printf (
        "No way to the other node (ICE failed), and no TURN server lends an address here (%s): "
        "check that it can be reached, and its user and password; see “sentient doctor --network”",
        servers);
  return self->explanation;
}

void
sentient_link_candidates_found (SentientLinkCandidates *self, const char *candidate)
{
  g_autofree char *screened = NULL;

  if (*candidate == '\0')
    {
      if (self->is_over) /* the gathering state changes more often than it has news */
        return;
      self->is_over = TRUE;
      complain_of_relays (self);
      screened = g_strdup (candidate);
    }
  else
    {
      self->has_relay = self->has_relay || is_relay (candidate);
      screened = sentient_link_options_screen_local (self->options, candidate);
    }
  if (screened == NULL)
    sentient_link_emit_candidate_refused (self->link, TRUE, candidate);
  else if (self->local == NULL)
    tell (self, screened);
  else
    g_ptr_array_add (self->local, g_steal_pointer (&screened));
}

void
sentient_link_candidates_tell (SentientLinkCandidates *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->local);

  for (guint i = 0; waiting != NULL && i < waiting->len; i++)
    tell (self, waiting->pdata[i]);
}

static gboolean
admit (SentientLinkCandidates *self, const char *candidate)
{
  if (*candidate == '\0' || sentient_link_options_admit_remote (self->options, candidate))
    return TRUE;
  sentient_link_emit_candidate_refused (self->link, FALSE, candidate);
  return FALSE;
}

gboolean
sentient_link_candidates_take (SentientLinkCandidates *self, const char *candidate)
{
  if (!admit (self, candidate))
    return FALSE;
  if (self->early == NULL)
    return is_alive (self);
  if (self->early->len < SENTIENT_LINK_MAX_EARLY_CANDIDATES)
    g_ptr_array_add (self->early, g_strdup (candidate));
  else if (!self->overflow_told)
    {
      self->overflow_told = TRUE;
      g_debug ("Over %u remote ICE candidates came before the description; the rest is ignored",
               SENTIENT_LINK_MAX_EARLY_CANDIDATES);
    }
  return FALSE;
}

GPtrArray *
sentient_link_candidates_steal_early (SentientLinkCandidates *self)
{
  return g_steal_pointer (&self->early);
}

void
sentient_link_candidates_screen (SentientLinkCandidates *self, GstSDPMessage *sdp)
{
  g_autoptr (GPtrArray) refused
      = sentient_sdp_screen_candidates (sdp,
                                        (SentientSdpAdmitFunc)sentient_link_options_admit_remote,
                                        self->options);

  for (guint i = 0; i < refused->len; i++)
    sentient_link_emit_candidate_refused (self->link, FALSE, refused->pdata[i]);
}
