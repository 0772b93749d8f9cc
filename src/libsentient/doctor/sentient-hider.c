/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-hider.h"

#include <string.h>

#define BEGIN '\002'
#define END '\003'

/* What an address is made of, and whether it is one is asked of GIO. */
#define NUMERIC "0123456789abcdefABCDEF:."

struct _SentientHider
{
  GPtrArray *addresses; /* char *, in the order of their numbers */
};

SentientHider *
sentient_hider_new (void)
{
  SentientHider *self = g_new0 (SentientHider, 1);

  self->addresses = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
sentient_hider_free (SentientHider *self)
{
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

static guint
number_of (SentientHider *self, const char *address)
{
  guint i;

  if (!g_ptr_array_find_with_equal_func (self->addresses, address, g_str_equal, &i))
    {
      i = self->addresses->len;
      g_ptr_array_add (self->addresses, g_strdup (address));
    }
  return i + 1;
}

char *
sentient_hider_mark (SentientHider *self, const char *address)
{
  number_of (self, address);
  return g_strdup_printf ("%c%s%c", BEGIN, address, END);
}

char *
sentient_hider_mark_place (SentientHider *self, const char *host, guint port)
{
  g_autofree char *marked = sentient_hider_mark (self, host);

  return g_strdup_printf (strchr (host, ':') != NULL ? "[%s]:%u" : "%s:%u", marked, port);
}

char *
sentient_hider_mark_socket (SentientHider *self, GInetSocketAddress *address)
{
  g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (address));

  return sentient_hider_mark_place (self, host, g_inet_socket_address_get_port (address));
}

char *
sentient_hider_mark_url (SentientHider *self, const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  g_autofree char *host = NULL;
  g_autofree char *place = NULL;

  if (uri == NULL || g_uri_get_host (uri) == NULL)
    return g_strdup ("?");
  host = sentient_hider_mark (self, g_uri_get_host (uri));
  place = strchr (host, ':') != NULL ? g_strdup_printf ("[%s]", host) : g_strdup (host);
  if (g_uri_get_port (uri) < 0)
    return g_strdup_printf ("%s://%s%s", g_uri_get_scheme (uri), place, g_uri_get_path (uri));
  return g_strdup_printf ("%s://%s:%d%s", g_uri_get_scheme (uri), place, g_uri_get_port (uri),
                          g_uri_get_path (uri));
}

static gboolean
is_numeric (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL;
}

/* One word of what may be an address, perhaps with ":port" or a full stop after it. Returns how
 * much of it is an address; 0: nothing. */
static gsize
measure_address (const char *word, gsize len)
{
  for (gsize n = len; n >= 2; n--)
    {
      g_autofree char *part = NULL;

      /* An address ends where its word does, or before a stop or colon. */
      if (n < len && word[n] != ':' && word[n] != '.')
        continue;
      part = g_strndup (word, n);
      if (is_numeric (part))
        return n;
    }
  return 0;
}

static gboolean
begins_word (const char *text, const char *p)
{
  return p == text || !(g_ascii_isalnum (p[-1]) || p[-1] == '-' || p[-1] == '_');
}

static void
append_hidden (SentientHider *self, GString *out, const char *text, gsize len)
{
  g_autofree char *address = g_strndup (text, len);

  g_string_append_printf (out, "address-%u", number_of (self, address));
}

char *
sentient_hider_show (SentientHider *self, const char *text, gboolean hide)
{
  GString *out = g_string_new (NULL);
  const char *p = text;

  while (*p != '\0')
    {
      const char *end = *p == BEGIN ? strchr (p, END) : NULL;
      gsize word = strspn (p, NUMERIC);
      gsize n = 0;

      if (end != NULL)
        {
          if (hide)
            append_hidden (self, out, p + 1, (gsize)(end - p - 1));
          else
            g_string_append_len (out, p + 1, end - p - 1);
          p = end + 1;
          continue;
        }
      if (hide && word > 0 && begins_word (text, p))
        n = measure_address (p, word);
      if (n > 0)
        append_hidden (self, out, p, n);
      else
        {
          n = MAX (word, 1);
          if (*p != BEGIN && *p != END)
            g_string_append_len (out, p, (gssize)n);
        }
      p += n;
    }
  return g_string_free (out, FALSE);
}
