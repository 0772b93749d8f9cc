/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-json.h"

G_BEGIN_DECLS

/* "iceServers" as clients get it, turned into urls for webrtcbin: stun is "stun:host:port", turn is
 * "turn://user:password@host:port?transport=udp", percent-encoded once. What cannot be used is left
 * out, with a debug line. Both are set, perhaps to empty lists. */
void sentient_ice_servers_parse (SentientSpan array, GStrv *stun_urls, GStrv *turn_urls);

G_END_DECLS
