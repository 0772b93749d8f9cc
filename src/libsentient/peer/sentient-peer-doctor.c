/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

/**
 * sentient_peer_new_network_doctor:
 * @self: a peer
 *
 * A doctor for the network that @self is in: it asks the coordinators that @self knows, and the
 * STUN and TURN servers that its connections would use now, those among them that a coordinator
 * told when a room was joined.
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
  return doctor;
}
