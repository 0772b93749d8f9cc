/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-access.h"

#include <string.h>

#include "signaling/sentient-channel.h"
#include "signaling/sentient-origin.h"

#define SHOWN_MAX 128 /* bytes of what a stranger wrote, in a sentence */

struct _SentientAccess
{
  gboolean loopback;
  gboolean cors;
  char *public_url;   /* "https://host:port", in canonical form; NULL: none */
  char *prefix;       /* of the public URL: "" or "/a/b" */
  GPtrArray *origins; /* texts */
  SentientNetworks *proxies;
};

SentientAccess *
sentient_access_new (gboolean loopback, gboolean cors)
{
  SentientAccess *self = g_new0 (SentientAccess, 1);

  self->loopback = loopback;
  self->cors = cors;
  self->prefix = g_strdup ("");
  self->origins = g_ptr_array_new_with_free_func (g_free);
  self->proxies = sentient_networks_new ();
  return self;
}

void
sentient_access_free (SentientAccess *self)
{
  g_free (self->public_url);
  g_free (self->prefix);
  g_ptr_array_unref (self->origins);
  sentient_networks_free (self->proxies);
  g_free (self);
}

const SentientNetworks *
sentient_access_get_proxies (const SentientAccess *self)
{
  return self->proxies;
}

static gboolean
origin_of (const char *text, SentientOrigin *origin)
{
  return sentient_origin_parse (origin, text, strlen (text));
}

gboolean
sentient_access_set_public_url (SentientAccess *self, const char *url, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree char *base = NULL;
  SentientOrigin origin;
  SentientSpan prefix;

  if (g_ascii_strncasecmp (url, "http://", 7) == 0 || g_ascii_strncasecmp (url, "https://", 8) == 0)
    uri = sentient_channel_parse_uri (url, NULL);
  if (uri != NULL)
    {
      g_autoptr (GUri) bare
          = g_uri_build (G_URI_FLAGS_ENCODED, g_uri_get_scheme (uri), NULL, g_uri_get_host (uri),
                         g_uri_get_port (uri), "", NULL, NULL);

      base = g_uri_to_string (bare);
      prefix = (SentientSpan){ g_uri_get_path (uri), strlen (g_uri_get_path (uri)) };
    }
  if (base == NULL || !origin_of (base, &origin) || !sentient_via_is_prefix (prefix))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "“%.*s” is no address to be known by: write it like https://hub.example.org or "
                   "https://example.org/hub, without user, ? or #.",
                   SHOWN_MAX, url);
      return FALSE;
    }
  g_free (self->public_url);
  g_free (self->prefix);
  self->public_url = g_steal_pointer (&base);
  self->prefix = g_strdup (g_uri_get_path (uri));
  return TRUE;
}

gboolean
sentient_access_add_origin (SentientAccess *self, const char *text, GError **error)
{
  SentientOrigin origin;

  if (!origin_of (text, &origin))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "“%.*s” is no origin of web pages: write scheme, host and port only, like "
                   "https://app.example.org or http://localhost:3000.",
                   SHOWN_MAX, text);
      return FALSE;
    }
  g_ptr_array_add (self->origins, g_strdup (text));
  return TRUE;
}

gboolean
sentient_access_add_proxy (SentientAccess *self, const char *network, GError **error)
{
  if (sentient_networks_add (self->proxies, network))
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
               "“%.64s” is no address of a proxy: write it like 192.0.2.1, 10.0.0.0/8, "
               "2001:db8::/32 or loopback; a host name will not do.",
               network);
  return FALSE;
}

static gboolean
is_public_host (const SentientAccess *self, SentientSpan host)
{
  SentientOrigin origin;

  return self->public_url != NULL && origin_of (self->public_url, &origin)
         && sentient_origin_host_equal (origin.host, sentient_origin_without_port (host));
}

static gboolean
check_host (const SentientAccess *self, SentientSpan host, GError **error)
{
  if (!self->loopback || host.data == NULL || sentient_origin_host_is_loopback (host)
      || is_public_host (self, host))
    return TRUE;

  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
               "This coordinator listens on this machine only and does not answer for the host "
               "“%.*s”. Use localhost, or name the host with --public-url.",
               (int)MIN (host.len, SHOWN_MAX), host.data);
  return FALSE;
}

/* Who asks, seen from here. */
typedef enum
{
  ORIGIN_NONE,    /* no page */
  ORIGIN_SAME,    /* a page of ours */
  ORIGIN_LET_IN,  /* a page of somebody whom the operator, or loopback, lets in */
  ORIGIN_FOREIGN, /* all else */
} OriginKind;

static OriginKind
classify (const SentientAccess *self, const SentientVia *via)
{
  SentientOrigin origin, other;

  if (via->origin.data == NULL)
    return ORIGIN_NONE;
  if (!sentient_origin_parse (&origin, via->origin.data, via->origin.len))
    return ORIGIN_FOREIGN;

  if (via->host.data != NULL)
    {
      sentient_origin_from_host (&other, via->secure, via->host);
      if (sentient_origin_equal (&origin, &other))
        return ORIGIN_SAME;
    }
  for (guint i = 0; i < self->origins->len; i++)
    if (origin_of (self->origins->pdata[i], &other) && sentient_origin_equal (&origin, &other))
      return ORIGIN_LET_IN;
  if (self->public_url != NULL && origin_of (self->public_url, &other)
      && sentient_origin_equal (&origin, &other))
    return self->cors ? ORIGIN_LET_IN : ORIGIN_SAME;
  if (self->loopback && self->cors && sentient_origin_host_is_loopback (origin.host)
      && (sentient_origin_has_scheme (&origin, "http")
          || sentient_origin_has_scheme (&origin, "https")))
    return ORIGIN_LET_IN;
  return ORIGIN_FOREIGN;
}

gboolean
sentient_access_check (const SentientAccess *self,
                       const SentientVia *via,
                       gboolean open_path,
                       char **cors,
                       GError **error)
{
  gboolean any = open_path && self->cors && !self->loopback;
  OriginKind kind = classify (self, via);

  *cors = NULL;
  /* Both: a page that took a foreign name for this machine writes what it likes into the rest. */
  if (!check_host (self, via->own_host, error)
      || (via->host.data != via->own_host.data && !check_host (self, via->host, error)))
    return FALSE;
  if (kind == ORIGIN_FOREIGN && !any)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                   "Pages of the origin “%.*s” may not call this coordinator; its operator can let "
                   "them in with --allow-origin.",
                   (int)MIN (via->origin.len, SHOWN_MAX), via->origin.data);
      return FALSE;
    }
  if (kind != ORIGIN_NONE && any)
    *cors = g_strdup ("Access-Control-Allow-Origin: *\r\n");
  else if (kind == ORIGIN_LET_IN)
    *cors = g_strdup_printf ("Access-Control-Allow-Origin: %.*s\r\nVary: Origin\r\n",
                             (int)via->origin.len, via->origin.data);
  return TRUE;
}

gboolean
sentient_access_check_local (const SentientVia *via, GError **error)
{
  if (via->from_loopback && !via->forwarded
      && (via->own_host.data == NULL || sentient_origin_host_is_loopback (via->own_host)))
    return TRUE;

  g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                       "This is told to programs on the coordinator's own machine only. Ask there, "
                       "by the name localhost.");
  return FALSE;
}

static gsize
match_prefix (const char *prefix, gsize len, const char *path, gsize path_len)
{
  return len > 0 && path_len >= len && memcmp (path, prefix, len) == 0
                 && (path_len == len || path[len] == '/')
             ? len
             : 0;
}

gsize
sentient_access_get_prefix_len (const SentientAccess *self,
                                const SentientVia *via,
                                const char *path,
                                gsize path_len)
{
  gsize len = match_prefix (self->prefix, strlen (self->prefix), path, path_len);

  return len > 0 ? len : match_prefix (via->prefix.data, via->prefix.len, path, path_len);
}

char *
sentient_access_dup_url (const SentientAccess *self,
                         const SentientVia *via,
                         gboolean websocket,
                         const char *fallback,
                         const char *path)
{
  SentientOrigin origin;
  gboolean secure = via->secure;
  SentientSpan host = via->host, prefix = via->prefix;

  if (self->public_url != NULL && origin_of (self->public_url, &origin))
    {
      secure = sentient_origin_has_scheme (&origin, "https");
      host = (SentientSpan){ origin.host.data, strlen (origin.host.data) };
      prefix = (SentientSpan){ self->prefix, strlen (self->prefix) };
    }
  else if (host.data == NULL)
    host = (SentientSpan){ fallback, strlen (fallback) };
  return g_strdup_printf ("%s%s://%.*s%.*s%s", websocket ? "ws" : "http", secure ? "s" : "",
                          (int)host.len, host.data, (int)prefix.len,
                          prefix.data != NULL ? prefix.data : "", path);
}
