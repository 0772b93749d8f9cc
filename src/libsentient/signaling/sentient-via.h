/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-http-head.h"
#include "core/sentient-networks.h"

G_BEGIN_DECLS

/* The way that a request took: what it says of the client, and of the proxies between. Spans of its
 * head, or of what never goes away. */
typedef struct
{
  SentientSpan host;     /* what the client called us; data NULL: nothing */
  SentientSpan own_host; /* the Host field: the same, unless a trusted proxy says otherwise */
  SentientSpan origin;   /* data NULL: none */
  SentientSpan prefix;   /* "/a/b", which a trusted proxy serves us under; data NULL: none */
  gboolean secure;       /* the client came by https */
  gboolean forwarded;    /* it says that it came by a proxy, whoever says so */
  gboolean from_loopback;
} SentientVia;

/* trusted: it comes from a proxy that is believed. */
void sentient_via_read (SentientVia *via,
                        const SentientHttpHead *head,
                        gboolean trusted,
                        gboolean from_loopback);

/* Whom a trusted proxy has passed it on for: of X-Forwarded-For the rightmost address that is none
 * of proxies. FALSE: it does not say, or for one of proxies itself. */
gboolean sentient_via_find_client (const SentientHttpHead *head,
                                   const SentientNetworks *proxies,
                                   guint8 address[16]);

/* "" or "/a/b", of characters that are the same encoded and not. */
gboolean sentient_via_is_prefix (SentientSpan prefix);

G_END_DECLS
