/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-peer.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_PEER_STATISTICS (sentient_peer_statistics_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientPeerStatistics,
                      sentient_peer_statistics,
                      SENTIENT,
                      PEER_STATISTICS,
                      GObject)

SENTIENT_API
SentientPeerStatistics *sentient_peer_statistics_new (SentientPeer *peer);
SENTIENT_API
SentientPeer *sentient_peer_statistics_get_peer (SentientPeerStatistics *self);
SENTIENT_API
char *sentient_peer_statistics_to_json (SentientPeerStatistics *self);
SENTIENT_API
char *sentient_peer_statistics_to_metrics (SentientPeerStatistics *self);

G_END_DECLS
