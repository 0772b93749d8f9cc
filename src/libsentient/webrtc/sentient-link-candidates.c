/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-link-candidates.h"

#include <string.h>

struct _SentientLinkCandidates
{
  SentientLink *link;
  SentientLinkOptions *options;
  GPtrArray *local; /* NULL: they are told at once */
  GPtrArray *early; /* of the other end; NULL: they are used at once */
  gboolean overflow_told;
  gboolean is_over; /* the end of ours is told, or waits */
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

void
sentient_link_candidates_found (SentientLinkCandidates *self, const char *candidate)
{
  g_autofree char *screened = NULL;

  if (*candidate == '\0')
    {
      if (self->is_over) /* the gathering state changes more often than it has news */
        return;
      self->is_over = TRUE;
      screened = g_strdup (candidate);
    }
  else
    screened = sentient_link_options_screen_local (self->options, candidate);
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
