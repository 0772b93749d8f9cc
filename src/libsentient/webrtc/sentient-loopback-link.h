/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-link.h"

G_BEGIN_DECLS

/* A link within one process, without a network and without GStreamer: two find each other through
 * a token in the descriptions they exchange. For tests, and for hosts without webrtcbin. The two
 * may belong to different contexts. */
#define SENTIENT_TYPE_LOOPBACK_LINK (sentient_loopback_link_get_type ())
G_DECLARE_FINAL_TYPE (SentientLoopbackLink,
                      sentient_loopback_link,
                      SENTIENT,
                      LOOPBACK_LINK,
                      GObject)

SentientLink *sentient_loopback_link_new (void);

G_END_DECLS
