/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-ice-private.h"

#include <string.h>

#include "core/sentient-error.h"
#include "protocol/sentient-replies.h"

/* Servers, or urls of one server, that are taken from one answer. */
#define SERVERS_MAX 32

/* RFC 8489 and 8656 */
#define DEFAULT_PORT 3478
#define DEFAULT_TLS_PORT 5349

void
sentient_ice_url_clear (SentientIceUrl *self)
{
  g_clear_pointer (&self->username, g_free);
  g_clear_pointer (&self->credential, g_free);
  g_clear_pointer (&self->host, g_free);
}

/* Never says the whole url: it may hold a password, and errors get logged. */
static gboolean
set_bad (GError **error, const char *what)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
               "An ICE server's url %s; use stun:host:port or turn:user:password@host:port.", what);
  return FALSE;
}

/* Behind the port: nothing, or ?transport=udp|tcp. */
static gboolean
port_is_valid (const char *p)
{
  guint64 port;
  g_autofree char *digits = NULL;

  if (*p == ':')
    {
      gsize n = strspn (p + 1, "0123456789");

      digits = g_strndup (p + 1, n);
      if (!g_ascii_string_to_unsigned (digits, 10, 1, G_MAXUINT16, &port, NULL))
        return FALSE;
      p += 1 + n;
    }
  return *p == '\0' || g_str_equal (p, "?transport=udp") || g_str_equal (p, "?transport=tcp");
}

static gboolean
host_is_valid (const char *host)
{
  gsize n;

  if (*host == '[')
    {
      n = strspn (host + 1, "0123456789abcdefABCDEF:.");
      return n >= 2 && host[n + 1] == ']' && port_is_valid (host + n + 2);
    }
  for (n = 0; g_ascii_isalnum (host[n]) || (host[n] != '\0' && strchr (".-_", host[n])); n++)
    ;
  return n >= 1 && n <= 253 && port_is_valid (host + n);
}

gboolean
sentient_ice_url_parse (SentientIceUrl *self, const char *url, GError **error)
{
  static const char *const schemes[] = { "stun", "stuns", "turn", "turns" };
  const char *rest = NULL;
  const char *at, *colon;

  for (guint i = 0; i < G_N_ELEMENTS (schemes) && rest == NULL; i++)
    {
      gsize len = strlen (schemes[i]);

      if (g_ascii_strncasecmp (url, schemes[i], len) == 0 && url[len] == ':')
        {
          self->scheme = schemes[i];
          rest = url + len + 1;
        }
    }
  if (rest == NULL)
    return set_bad (error, "has an unknown scheme");
  if (g_str_has_prefix (rest, "//"))
    rest += 2;
  at = strrchr (rest, '@');
  if (at != NULL)
    {
      colon = memchr (rest, ':', (gsize)(at - rest));
      if (colon == NULL || colon == rest)
        return set_bad (error, "has no user and password before its “@”");
      self->username = g_uri_unescape_segment (rest, colon, NULL);
      self->credential = g_uri_unescape_segment (colon + 1, at, NULL);
      if (self->username == NULL || self->credential == NULL
          || !g_utf8_validate (self->username, -1, NULL)
          || !g_utf8_validate (self->credential, -1, NULL))
        return set_bad (error, "has a user or password that is badly percent-encoded");
      rest = at + 1;
    }
  if (!host_is_valid (rest))
    return set_bad (error, "has no valid host and port");
  self->host = g_strdup (rest);
  return TRUE;
}

void
sentient_ice_url_split (const SentientIceUrl *self, char **host, guint16 *port, gboolean *tcp)
{
  const char *query = strchr (self->host, '?');
  gsize len = query != NULL ? (gsize)(query - self->host) : strlen (self->host);
  g_autofree char *place = g_strndup (self->host, len);
  char *bracket = strchr (place, ']');
  char *colon = strchr (bracket != NULL ? bracket : place, ':');

  *port = self->scheme[strlen (self->scheme) - 1] == 's' ? DEFAULT_TLS_PORT : DEFAULT_PORT;
  if (colon != NULL)
    {
      *port = (guint16)g_ascii_strtoull (colon + 1, NULL, 10);
      *colon = '\0';
    }
  if (bracket != NULL)
    *bracket = '\0';
  *host = g_strdup (bracket != NULL ? place + 1 : place);
  *tcp = query != NULL && g_str_equal (query, "?transport=tcp");
}

/* A server as it stands in the configuration. A TURN server without credentials would make a
 * browser throw, one with them in the url as well. */
static gboolean
ice_url_parse_configured (SentientIceUrl *self, const char *url, GError **error)
{
  gboolean is_turn;

  if (!sentient_ice_url_parse (self, url, error))
    return FALSE;
  is_turn = g_str_has_prefix (self->scheme, "turn");
  if (is_turn && self->username == NULL)
    return set_bad (error, "is of TURN and has no user and password");
  if (!is_turn && (self->username != NULL || strchr (self->host, '?') != NULL))
    return set_bad (error, "is of STUN and has more than a host and port");
  return TRUE;
}

gboolean
sentient_ice_url_check (const char *url, GError **error)
{
  g_auto (SentientIceUrl) parsed = { NULL };

  return ice_url_parse_configured (&parsed, url, error);
}

static void
append_server (GString *out, const char *url)
{
  g_auto (SentientIceUrl) parsed = { NULL };
  g_autoptr (GError) error = NULL;

  if (!ice_url_parse_configured (&parsed, url, &error))
    {
      g_debug ("Left out of iceServers: %s", error->message);
      return;
    }
  if (out->str[out->len - 1] != '[')
    g_string_append_c (out, ',');
  g_string_append_printf (out, "{\"urls\":[\"%s:%s\"]", parsed.scheme, parsed.host);
  if (parsed.username != NULL)
    {
      g_string_append (out, ",\"username\":");
      sentient_json_append_string (out, parsed.username);
      g_string_append (out, ",\"credential\":");
      sentient_json_append_string (out, parsed.credential);
    }
  g_string_append_c (out, '}');
}

void
sentient_ice_config_append (const SentientIceConfig *self, GString *out, gboolean with_turn)
{
  g_string_append_c (out, '[');
  for (guint i = 0; self->stun_servers != NULL && self->stun_servers[i] != NULL; i++)
    append_server (out, self->stun_servers[i]);
  for (guint i = 0; with_turn && self->turn_servers != NULL && self->turn_servers[i] != NULL; i++)
    append_server (out, self->turn_servers[i]);
  g_string_append_c (out, ']');
}

typedef struct
{
  GPtrArray *stun;
  GPtrArray *turn;
  char *username;
  char *credential;
} Server;

static void
take_url (Server *self, SentientJsonValue value)
{
  g_autofree char *url = NULL;
  g_auto (SentientIceUrl) parsed = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *user = NULL;
  g_autofree char *password = NULL;

  if (value.type == SENTIENT_JSON_STRING)
    url = sentient_json_dup_string (value.span);
  if (url == NULL || !sentient_ice_url_parse (&parsed, url, &error))
    {
      g_debug ("An ICE server is of no use: %s", error != NULL ? error->message : "no text");
      return;
    }
  if (g_str_has_prefix (parsed.scheme, "stun"))
    {
      parsed.host[strcspn (parsed.host, "?")] = '\0';
      if (self->stun->len < SERVERS_MAX)
        g_ptr_array_add (self->stun, g_strconcat (parsed.scheme, ":", parsed.host, NULL));
      return;
    }
  if (parsed.username == NULL)
    {
      parsed.username = g_strdup (self->username);
      parsed.credential = g_strdup (self->credential);
    }
  if (parsed.username == NULL || parsed.credential == NULL || self->turn->len >= SERVERS_MAX)
    {
      g_debug ("The TURN server %s is not used: no credentials, or too many", parsed.host);
      return;
    }
  user = g_uri_escape_string (parsed.username, NULL, FALSE);
  password = g_uri_escape_string (parsed.credential, NULL, FALSE);
  g_ptr_array_add (self->turn,
                   g_strconcat (parsed.scheme, "://", user, ":", password, "@", parsed.host, NULL));
}

static char *
dup_text (SentientJsonValue value)
{
  if (value.span.data == NULL || value.type != SENTIENT_JSON_STRING)
    return NULL;
  return sentient_json_dup_string (value.span);
}

static void
take_server (Server *self, SentientSpan object)
{
  static const char *const keys[] = { "urls", "url", "username", "credential" };
  SentientJsonValue values[G_N_ELEMENTS (keys)];
  SentientJsonValue urls, url;
  gsize offset = 0;

  if (!sentient_json_pick (object.data, object.len, keys, values, G_N_ELEMENTS (keys), NULL))
    return;
  self->username = dup_text (values[2]);
  self->credential = dup_text (values[3]);
  urls = values[0].span.data != NULL ? values[0] : values[1];
  if (urls.span.data != NULL && urls.type == SENTIENT_JSON_ARRAY)
    {
      for (guint i = 0; i < SERVERS_MAX && sentient_json_next_element (urls.span, &offset, &url);
           i++)
        take_url (self, url);
    }
  else if (urls.span.data != NULL)
    take_url (self, urls);
  g_clear_pointer (&self->username, g_free);
  g_clear_pointer (&self->credential, g_free);
}

static GStrv
end_list (GPtrArray *list)
{
  g_ptr_array_add (list, NULL);
  return (GStrv)g_ptr_array_free (list, FALSE);
}

void
sentient_ice_servers_parse (SentientSpan array, GStrv *stun_urls, GStrv *turn_urls)
{
  Server server = { g_ptr_array_new (), g_ptr_array_new (), NULL, NULL };
  SentientJsonValue value;
  gsize offset = 0;

  for (guint i = 0; i < SERVERS_MAX && sentient_json_next_element (array, &offset, &value); i++)
    {
      if (value.type == SENTIENT_JSON_OBJECT)
        take_server (&server, value.span);
    }
  *stun_urls = end_list (server.stun);
  *turn_urls = end_list (server.turn);
}
