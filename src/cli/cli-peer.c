/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-peer.h"

SentientPeer *
cli_peer_new (const char *node_id, SentientSettings *settings)
{
  SentientPeer *peer = sentient_peer_new (node_id);
  const char *const *stun = sentient_settings_get_strv (settings, "stun");
  const char *const *turn = sentient_settings_get_strv (settings, "turn");
  g_autoptr (GError) error = NULL;

  if (!sentient_peer_use_session_file (peer, NULL, &error))
    g_debug ("%s", error->message);
  if (stun != NULL)
    g_object_set (peer, "stun-servers", stun, NULL);
  if (turn != NULL)
    g_object_set (peer, "turn-servers", turn, NULL);
  g_object_set (peer, "relay-only", sentient_settings_get_boolean (settings, "relay-only"),
                "candidate-filter", sentient_settings_get_strv (settings, "candidate-filter"),
                NULL);
  sentient_settings_configure_mesh (settings, G_OBJECT (peer));
  return peer;
}
