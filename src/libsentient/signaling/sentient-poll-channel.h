/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-channel.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_POLL_CHANNEL (sentient_poll_channel_get_type ())
G_DECLARE_FINAL_TYPE (SentientPollChannel, sentient_poll_channel, SENTIENT, POLL_CHANNEL, GObject)

#define SENTIENT_POLL_MS 25000 /* how long a poll may wait at the coordinator */

/* request_timeout_ms: for each POST. client: the session of who speaks v1. */
SentientChannel *sentient_poll_channel_new (GUri *base,
                                            const char *node_id,
                                            guint request_timeout_ms,
                                            guint poll_ms,
                                            SentientClientSession *client);

G_END_DECLS
