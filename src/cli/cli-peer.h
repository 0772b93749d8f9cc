/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-peer.h"
#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* A node as the settings have it; what it does by itself is for the caller to say. */
SentientPeer *cli_peer_new (const char *node_id, SentientSettings *settings);

G_END_DECLS
