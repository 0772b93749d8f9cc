/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-channel.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_WEBSOCKET_CHANNEL (sentient_websocket_channel_get_type ())
G_DECLARE_FINAL_TYPE (SentientWebsocketChannel,
                      sentient_websocket_channel,
                      SENTIENT,
                      WEBSOCKET_CHANNEL,
                      GObject)

/* silence_ms: after so long without any frame the coordinator counts as lost; we ping it every
 * third of that. client: the session of who speaks v1. */
SentientChannel *sentient_websocket_channel_new (GUri *base,
                                                 const char *node_id,
                                                 guint silence_ms,
                                                 SentientClientSession *client);

G_END_DECLS
