/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-access.h"

#include <string.h>

/* The host of "host", "host:port", "[v6]" or "[v6]:port". */
static gsize
host_part (const char *host, gsize len)
{
  const char *end;

  if (len > 0 && host[0] == '[')
    {
      end = memchr (host, ']', len);
      return end != NULL ? (gsize)(end - host) + 1 : len;
    }
  end = memchr (host, ':', len);
  return end != NULL ? (gsize)(end - host) : len;
}

static gboolean
is_loopback_name (const char *host, gsize len)
{
  g_autofree char *name = NULL;
  g_autoptr (GInetAddress) address = NULL;

  len = host_part (host, len);
  if (len >= 2 && host[0] == '[' && host[len - 1] == ']')
    {
      host++;
      len -= 2;
    }
  name = g_ascii_strdown (host, len);
  if (g_str_equal (name, "localhost") || g_str_has_suffix (name, ".localhost"))
    return TRUE;
  address = g_inet_address_new_from_string (name);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

/* What follows "http://" or "https://"; NULL: it is no such origin ("null", "file://", …). */
static const char *
origin_host (const char *origin, gsize len, gsize *host_len)
{
  static const char *const schemes[] = { "http://", "https://" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      gsize n = strlen (schemes[i]);

      if (len > n && g_ascii_strncasecmp (origin, schemes[i], n) == 0)
        {
          *host_len = len - n;
          return origin + n;
        }
    }
  return NULL;
}

gboolean
sentient_access_check_host (const SentientAccess *self,
                            const char *host,
                            gsize host_len,
                            GError **error)
{
  if (!self->loopback || host == NULL || is_loopback_name (host, host_len))
    return TRUE;

  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
               "This coordinator listens on this machine only and does not answer for the host "
               "“%.*s”. Use localhost.",
               (int)MIN (host_len, 128), host);
  return FALSE;
}

gboolean
sentient_access_check_origin (const SentientAccess *self,
                              const char *host,
                              gsize host_len,
                              const char *origin,
                              gsize origin_len,
                              gboolean open_path,
                              GError **error)
{
  const char *from;
  gsize from_len;

  if (origin == NULL)
    return TRUE;
  if (open_path && self->cors && !self->loopback)
    return TRUE;

  from = origin_host (origin, origin_len, &from_len);
  if (from != NULL)
    {
      if (host != NULL && from_len == host_len && g_ascii_strncasecmp (from, host, host_len) == 0)
        return TRUE;
      if (self->loopback && self->cors && is_loopback_name (from, from_len))
        return TRUE;
    }
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
               "Pages of the origin “%.*s” may not call this coordinator.",
               (int)MIN (origin_len, 128), origin);
  return FALSE;
}

gboolean
sentient_access_check_local (const SentientAccess *self,
                             gboolean remote_is_loopback,
                             gboolean forwarded,
                             const char *host,
                             gsize host_len,
                             GError **error)
{
  if (remote_is_loopback && !forwarded && (host == NULL || is_loopback_name (host, host_len)))
    return TRUE;

  g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                       "This is told to programs on the coordinator's own machine only. Ask there, "
                       "by the name localhost.");
  return FALSE;
}

char *
sentient_access_dup_cors_headers (const SentientAccess *self, const char *origin, gsize origin_len)
{
  if (!self->cors || origin == NULL)
    return NULL;
  if (!self->loopback)
    return g_strdup ("Access-Control-Allow-Origin: *\r\n");
  return g_strdup_printf ("Access-Control-Allow-Origin: %.*s\r\nVary: Origin\r\n", (int)origin_len,
                          origin);
}
