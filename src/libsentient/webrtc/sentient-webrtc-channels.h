/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-data-channel-private.h"
#include "webrtc/sentient-link.h"
#include "webrtc/sentient-pipe.h"

G_BEGIN_DECLS

/* The further channels of a webrtcbin, besides the one that is the link. */
typedef struct _SentientWebrtcChannels SentientWebrtcChannels;

SentientWebrtcChannels *sentient_webrtc_channels_new (SentientLink *link, GMainContext *context);
void sentient_webrtc_channels_free (SentientWebrtcChannels *self);
/* Errors: BUSY, LINK_FAILED. */
SentientDataChannel *sentient_webrtc_channels_open (SentientWebrtcChannels *self,
                                                    SentientPipe *pipe,
                                                    const SentientDataChannelOptions *options,
                                                    GError **error);
/* One of a channel that is not the link's, until the link is open it waits. */
void sentient_webrtc_channels_handle (SentientWebrtcChannels *self, SentientPipeEvent *event);
/* The link is open: what has waited is handled. */
void sentient_webrtc_channels_begin (SentientWebrtcChannels *self);
/* The link is closing or closed: all of them are over. */
void sentient_webrtc_channels_end (SentientWebrtcChannels *self);

G_END_DECLS
