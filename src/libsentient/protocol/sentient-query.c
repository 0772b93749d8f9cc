/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-request.h"

#include <string.h>

#define SEQ_MAX (G_GUINT64_CONSTANT (1) << 53) /* what every JSON reader takes exactly */

typedef enum
{
  KEY_NODE_ID,
  KEY_ROOM,
  KEY_TIMEOUT,
  KEY_AFTER,
  N_KEYS
} Key;

static const char *const key_names[N_KEYS] = { "nodeId", "room", "timeout", "after" };

static gboolean
set_bad (GError **error, Key key, const char *problem)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, "The query's “%s” %s.",
               key_names[key], problem);
  return FALSE;
}

/* Into buf with a NUL. FALSE: it does not fit, is badly encoded or holds a NUL. */
static gboolean
percent_decode (const char *p, const char *end, char *buf, gsize size)
{
  for (; p < end; p++)
    {
      gint c = (guchar)*p;

      if (c == '%')
        {
          gint high = end - p > 2 ? g_ascii_xdigit_value (p[1]) : -1;
          gint low = end - p > 2 ? g_ascii_xdigit_value (p[2]) : -1;

          if (high < 0 || low < 0)
            return FALSE;
          c = high << 4 | low;
          p += 2;
        }
      else if (c == '+')
        c = ' ';
      if (c == '\0' || size <= 1)
        return FALSE;
      *buf++ = (char)c;
      size--;
    }
  *buf = '\0';
  return TRUE;
}

static guint
parse_timeout (const char *text)
{
  guint64 ms;

  if (!g_ascii_string_to_unsigned (text, 10, 0, SENTIENT_POLL_TIMEOUT_MAX_MS, &ms, NULL))
    return SENTIENT_POLL_TIMEOUT_MAX_MS;
  return (guint)ms;
}

static gboolean
take_pair (SentientQuery *self, Key key, const char *value, const char *end, GError **error)
{
  char text[SENTIENT_NAME_MAX + 1];
  gboolean decoded = percent_decode (value, end, text, sizeof text);

  if (key == KEY_TIMEOUT)
    {
      self->timeout_ms = decoded ? parse_timeout (text) : SENTIENT_POLL_TIMEOUT_MAX_MS;
      return TRUE;
    }
  if (key == KEY_AFTER)
    {
      self->has_after = TRUE;
      return (decoded && g_ascii_string_to_unsigned (text, 10, 0, SEQ_MAX, &self->after, NULL))
             || set_bad (error, key, "must be a whole number from 0 to 2^53");
    }
  if (value == end)
    return TRUE; /* "room=" says as much as no room */
  if (!decoded || !sentient_name_is_valid (text, -1))
    return set_bad (error, key,
                    "must be 1 to " G_STRINGIFY (
                        SENTIENT_NAME_MAX) " of A–Z a–z 0–9 . _ : - and not “system”");
  g_strlcpy (key == KEY_NODE_ID ? self->node_id : self->room, text, sizeof text);
  return TRUE;
}

gboolean
sentient_query_parse (SentientQuery *self,
                      const char *query,
                      gsize len,
                      gboolean ignore_room,
                      GError **error)
{
  const char *end = query != NULL ? query + len : NULL;
  gboolean seen[N_KEYS] = { FALSE };

  self->node_id[0] = self->room[0] = '\0';
  self->timeout_ms = SENTIENT_POLL_TIMEOUT_MAX_MS;
  self->after = 0;
  self->has_after = FALSE;
  for (const char *p = query; p < end;)
    {
      const char *pair_end = memchr (p, '&', (gsize)(end - p));
      const char *equals;
      char name[16];

      if (pair_end == NULL)
        pair_end = end;
      equals = memchr (p, '=', (gsize)(pair_end - p));
      if (percent_decode (p, equals != NULL ? equals : pair_end, name, sizeof name))
        {
          for (guint key = 0; key < N_KEYS; key++)
            {
              if (!g_str_equal (name, key_names[key]) || (key == KEY_ROOM && ignore_room))
                continue;
              if (seen[key])
                return set_bad (error, key, "is given twice; send it once");
              seen[key] = TRUE;
              if (!take_pair (self, key, equals != NULL ? equals + 1 : pair_end, pair_end, error))
                return FALSE;
            }
        }
      p = pair_end < end ? pair_end + 1 : end;
    }
  return TRUE;
}
