/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the settings mean to a node. */

#include "settings/sentient-settings.h"

/* The property's name is the setting's. */
static const char *const mesh[]
    = { "mesh-limit", "mesh-degree", "gossip-hops", "gossip-max-size", "gossip-rate" };

void
sentient_settings_configure_mesh (SentientSettings *self, GObject *peer)
{
  g_return_if_fail (SENTIENT_IS_SETTINGS (self));
  g_return_if_fail (G_IS_OBJECT (peer));

  for (guint i = 0; i < G_N_ELEMENTS (mesh); i++)
    g_object_set (peer, mesh[i], sentient_settings_get_uint (self, mesh[i]), NULL);
}
