/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-network-doctor-private.h"
#include "peer/sentient-connection-statistics-private.h"
#include "peer/sentient-peer-private.h"

/* The one that is in use first. */
static GStrv
list_coordinators (SentientPeer *self)
{
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();

  if (self->coordinator_uri != NULL)
    g_strv_builder_add (uris, self->coordinator_uri);
  for (guint i = 0; self->uris != NULL && i < self->uris->len; i++)
    {
      g_autofree char *uri = g_uri_to_string (self->uris->pdata[i]);

      if (g_strcmp0 (uri, self->coordinator_uri) != 0)
        g_strv_builder_add (uris, uri);
    }
  return g_strv_builder_end (uris);
}

static void
describe (SentientConnectionMeasurement *one, const SentientConnectionStatistics *of)
{
  G_STATIC_ASSERT (SENTIENT_DOCTOR_N_TYPES == SENTIENT_N_CANDIDATE_TYPES);
  G_STATIC_ASSERT (SENTIENT_DOCTOR_N_STEPS == SENTIENT_N_CONNECTION_STEPS);

  one->is_open = of->state == SENTIENT_CONNECTION_STATE_CONNECTED;
  one->relayed = of->relayed;
  one->local = of->local.type;
  one->remote = of->remote.type;
  one->rtt_ms = of->rtt;
  memcpy (one->n_own, of->timeline.own, sizeof one->n_own);
  memcpy (one->n_remote, of->timeline.remote, sizeof one->n_remote);
  for (guint i = 0; i < SENTIENT_N_CONNECTION_STEPS; i++)
    one->steps_ms[i] = sentient_link_timeline_get_ms (&of->timeline, i);
}

/* relayed: those that are, else the others. There may be more than a doctor takes. */
static void
add_connections (SentientPeer *self, SentientNetworkDoctor *doctor, gboolean relayed)
{
  GListModel *connections = G_LIST_MODEL (self->connections);
  g_autoptr (SentientLinkOptions) options = sentient_peer_new_link_options (self, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (SentientConnection) connection = g_list_model_get_item (connections, i);
      g_autoptr (SentientConnectionStatistics) of = sentient_connection_dup_statistics (connection);
      SentientConnectionMeasurement *one;

      if (of->relayed != relayed)
        continue;
      one = sentient_network_doctor_add_connection (doctor, of->node_id);
      if (one == NULL)
        return;
      describe (one, of);
      one->relay_only = self->relay_only;
      one->is_filtered
          = options != NULL && !self->relay_only
            && !sentient_link_options_allow_own (options, SENTIENT_CANDIDATE_TYPE_HOST)
            && !sentient_link_options_allow_own (options, SENTIENT_CANDIDATE_TYPE_SRFLX);
    }
}

/**
 * sentient_peer_new_network_doctor:
 * @self: a peer
 *
 * A doctor for the network that @self is in: it asks the coordinators that @self knows, and the
 * STUN and TURN servers that its connections would use now, those among them that a coordinator
 * told when a room was joined. Its next report also tells how the connections that @self has now
 * came about, and of those that are relayed why; of at most 64, the relayed ones first.
 *
 * Returns: (transfer full): a new doctor
 *
 * Since: 0.1
 */
SentientNetworkDoctor *
sentient_peer_new_network_doctor (SentientPeer *self)
{
  SentientNetworkDoctor *doctor;
  g_auto (GStrv) coordinators = NULL;

  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  doctor = sentient_network_doctor_new ();
  coordinators = list_coordinators (self);
  g_object_set (doctor, "coordinator-uris", coordinators, "stun-servers",
                self->stun_servers != NULL ? self->stun_servers : self->coordinator_stun,
                "turn-servers",
                self->turn_servers != NULL ? self->turn_servers : self->coordinator_turn, NULL);
  add_connections (self, doctor, TRUE);
  add_connections (self, doctor, FALSE);
  return doctor;
}
