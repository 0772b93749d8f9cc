/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

/* Complaints about servers are told once each; these are remembered. */
#define COMPLAINTS_MAX 64

SentientLinkOptions *
sentient_peer_new_link_options (SentientPeer *self, GError **error)
{
  GStrv stun = self->stun_servers != NULL ? self->stun_servers : self->coordinator_stun;
  GStrv turn = self->turn_servers != NULL ? self->turn_servers : self->coordinator_turn;
  g_autoptr (SentientCandidateFilter) filter = NULL;

  if (self->candidate_filter != NULL && *self->candidate_filter != NULL)
    {
      filter = sentient_candidate_filter_new ((const char *const *)self->candidate_filter, error);
      if (filter == NULL)
        return NULL;
    }
  return sentient_link_options_new ((const char *const *)stun, (const char *const *)turn,
                                    self->relay_only, filter);
}

static void
on_candidate_refused (SentientLink *link,
                      gboolean local,
                      const char *candidate,
                      SentientConnection *connection)
{
  sentient_peer_trace (connection->peer, connection->node_id, "%s by the settings: %s",
                       local ? "candidate not sent" : "candidate ignored", candidate);
}

/* Each connection has the same servers: who hears of a bad one need not hear it again. */
static void
on_complaint (SentientLink *link, GError *error, SentientConnection *connection)
{
  SentientPeer *self = connection->peer;

  sentient_peer_trace (self, connection->node_id, "%s", error->message);
  if (g_hash_table_size (self->complaints) < COMPLAINTS_MAX
      && g_hash_table_add (self->complaints, g_strdup (error->message)))
    sentient_peer_emit_error (self, error);
}

void
sentient_peer_watch_ways (SentientLink *link, SentientConnection *connection)
{
  g_signal_connect_object (link, "candidate-refused", G_CALLBACK (on_candidate_refused), connection,
                           0);
  g_signal_connect_object (link, "complaint", G_CALLBACK (on_complaint), connection, 0);
}
