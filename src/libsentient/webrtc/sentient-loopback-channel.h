/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-data-channel-private.h"

G_BEGIN_DECLS

/* One end of a further channel of a loopback link. The two ends have a mailbox each; always
 * reliable and ordered, whatever was asked for. It may be handed over to another thread. */
typedef struct _SentientLoopbackEnd SentientLoopbackEnd;

SentientLoopbackEnd *sentient_loopback_end_ref (SentientLoopbackEnd *end);
void sentient_loopback_end_unref (SentientLoopbackEnd *end);

/* A channel of ours, in the set; the end is for the other link. */
SentientDataChannel *sentient_loopback_end_open (SentientDataChannelSet *set,
                                                 GMainContext *context,
                                                 const SentientDataChannelOptions *options,
                                                 SentientLoopbackEnd **end);
/* The other end of one that the other link opened, in the set. */
SentientDataChannel *sentient_loopback_end_accept (SentientDataChannelSet *set,
                                                   GMainContext *context,
                                                   SentientLoopbackEnd *end);
/* There is to be no other end. */
void sentient_loopback_end_refuse (SentientLoopbackEnd *end);

G_END_DECLS
