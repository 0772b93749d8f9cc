/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-json.h"

G_BEGIN_DECLS

/* An ICE server's url, taken apart. */
typedef struct
{
  const char *scheme; /* "stun", "stuns", "turn" or "turns" */
  char *username;     /* decoded; NULL: none */
  char *credential;
  char *host; /* host:port?transport=… */
} SentientIceUrl;

/* Errors (BAD_REQUEST) never say the url itself, which may hold a password. */
gboolean sentient_ice_url_parse (SentientIceUrl *self, const char *url, GError **error);
void sentient_ice_url_clear (SentientIceUrl *self);
/* host (full) is without brackets, port the scheme's own if the url names none. */
void sentient_ice_url_split (const SentientIceUrl *self, char **host, guint16 *port, gboolean *tcp);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SentientIceUrl, sentient_ice_url_clear)

/* "iceServers" as clients get it, turned into urls for webrtcbin: stun is "stun:host:port", turn is
 * "turn://user:password@host:port?transport=udp", percent-encoded once. What cannot be used is left
 * out, with a debug line. Both are set, perhaps to empty lists. */
void sentient_ice_servers_parse (SentientSpan array, GStrv *stun_urls, GStrv *turn_urls);

G_END_DECLS
