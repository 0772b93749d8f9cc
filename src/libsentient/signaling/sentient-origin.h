/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-json.h"

G_BEGIN_DECLS

/* A web origin (RFC 6454): scheme, host, port. Spans of the text it was read from. */
typedef struct
{
  SentientSpan scheme;
  SentientSpan host; /* without port; IPv6 with brackets */
  guint port;        /* http and https have a default; 0: none */
} SentientOrigin;

/* "https://host[:port]" and nothing behind, not even a slash. "null" is no origin. */
gboolean sentient_origin_parse (SentientOrigin *origin, const char *text, gsize len);
/* From a Host field that the head reader has let through. */
void sentient_origin_from_host (SentientOrigin *origin, gboolean secure, SentientSpan host);
gboolean sentient_origin_equal (const SentientOrigin *one, const SentientOrigin *other);
gboolean sentient_origin_has_scheme (const SentientOrigin *origin, const char *lower_case);

/* "localhost", "a.localhost", "127.x.x.x", "[::1]": this machine, whatever a name server says. */
gboolean sentient_origin_host_is_loopback (SentientSpan host);
gboolean sentient_origin_host_equal (SentientSpan one, SentientSpan other);
/* host without the ":port" that may stand behind it. */
SentientSpan sentient_origin_without_port (SentientSpan host);

G_END_DECLS
