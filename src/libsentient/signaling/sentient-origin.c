/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-origin.h"

#include <string.h>

#include "signaling/sentient-http-head.h"
#include "core/sentient-networks.h"

static gboolean
span_equal (SentientSpan one, SentientSpan other)
{
  return one.len == other.len && g_ascii_strncasecmp (one.data, other.data, one.len) == 0;
}

static gboolean
is_scheme (SentientSpan scheme)
{
  if (scheme.len == 0 || !g_ascii_isalpha (scheme.data[0]))
    return FALSE;
  for (gsize i = 0; i < scheme.len; i++)
    if (!g_ascii_isalnum (scheme.data[i]) && strchr ("+-.", scheme.data[i]) == NULL)
      return FALSE;
  return TRUE;
}

SentientSpan
sentient_origin_without_port (SentientSpan host)
{
  const char *end;

  if (host.len > 0 && host.data[0] == '[')
    {
      end = memchr (host.data, ']', host.len);
      return (SentientSpan){ host.data, end != NULL ? (gsize)(end - host.data) + 1 : host.len };
    }
  end = host.len > 0 ? memchr (host.data, ':', host.len) : NULL;
  return (SentientSpan){ host.data, end != NULL ? (gsize)(end - host.data) : host.len };
}

gboolean
sentient_origin_has_scheme (const SentientOrigin *origin, const char *lower_case)
{
  return span_equal (origin->scheme, (SentientSpan){ lower_case, strlen (lower_case) });
}

/* host has passed sentient_http_is_host (). */
static void
set_host (SentientOrigin *origin, SentientSpan host)
{
  guint port = 0;

  origin->host = sentient_origin_without_port (host);
  for (gsize i = origin->host.len + 1; i < host.len; i++)
    port = port * 10 + (guint)(host.data[i] - '0');
  if (host.len > origin->host.len + 1)
    origin->port = port;
  else
    origin->port = sentient_origin_has_scheme (origin, "http")    ? 80
                   : sentient_origin_has_scheme (origin, "https") ? 443
                                                                  : 0;
}

gboolean
sentient_origin_parse (SentientOrigin *origin, const char *text, gsize len)
{
  static const char mark[] = "://";
  const char *end = len > 0 ? memchr (text, ':', len) : NULL;
  SentientSpan host;

  if (end == NULL || len - (gsize)(end - text) < 4 || memcmp (end, mark, 3) != 0)
    return FALSE;
  origin->scheme = (SentientSpan){ text, (gsize)(end - text) };
  host = (SentientSpan){ end + 3, len - origin->scheme.len - 3 };
  if (!is_scheme (origin->scheme) || !sentient_http_is_host (host))
    return FALSE;
  set_host (origin, host);
  return TRUE;
}

void
sentient_origin_from_host (SentientOrigin *origin, gboolean secure, SentientSpan host)
{
  origin->scheme = secure ? (SentientSpan){ "https", 5 } : (SentientSpan){ "http", 4 };
  set_host (origin, host);
}

gboolean
sentient_origin_host_equal (SentientSpan one, SentientSpan other)
{
  guint8 a[16], b[16];

  if (span_equal (one, other))
    return TRUE;
  /* "[0::1]" is "[::1]". */
  return one.len > 0 && other.len > 0 && one.data[0] == '[' && other.data[0] == '['
         && sentient_networks_parse_address (one.data, one.len, a)
         && sentient_networks_parse_address (other.data, other.len, b)
         && memcmp (a, b, sizeof a) == 0;
}

gboolean
sentient_origin_equal (const SentientOrigin *one, const SentientOrigin *other)
{
  return one->port == other->port && span_equal (one->scheme, other->scheme)
         && sentient_origin_host_equal (one->host, other->host);
}

gboolean
sentient_origin_host_is_loopback (SentientSpan host)
{
  static const char name[] = "localhost", end[] = ".localhost";
  const gsize name_len = sizeof name - 1, end_len = sizeof end - 1;
  guint8 address[16];

  host = sentient_origin_without_port (host);
  if (host.len == name_len && g_ascii_strncasecmp (host.data, name, name_len) == 0)
    return TRUE;
  if (host.len > end_len && g_ascii_strncasecmp (host.data + host.len - end_len, end, end_len) == 0)
    return TRUE;
  return sentient_networks_parse_address (host.data, host.len, address)
         && sentient_networks_is_loopback (address);
}
