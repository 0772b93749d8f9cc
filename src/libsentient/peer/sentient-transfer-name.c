/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-name.h"

#include <string.h>

/* Of an ending that is worth keeping, with its dot. */
#define ENDING_MAX 16

/* Without a width, or without a meaning: marks of direction and joiners among them. */
static gboolean
is_hidden (gunichar c)
{
  const guint32 hidden = 1u << G_UNICODE_CONTROL | 1u << G_UNICODE_FORMAT
                         | 1u << G_UNICODE_SURROGATE | 1u << G_UNICODE_PRIVATE_USE
                         | 1u << G_UNICODE_UNASSIGNED | 1u << G_UNICODE_LINE_SEPARATOR
                         | 1u << G_UNICODE_PARAGRAPH_SEPARATOR;

  return (1u << g_unichar_type (c) & hidden) != 0;
}

/* blank: what stands for a hidden character; NUL: nothing. */
static GString *
filter (const char *text, gsize len, char blank)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize)len);
  GString *out = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (!is_hidden (c))
        g_string_append_unichar (out, c);
      else if (blank != '\0')
        g_string_append_c (out, blank);
    }
  return out;
}

/* At most max bytes of text, and whole characters. */
static gsize
fit (const char *text, gsize max)
{
  gsize len = strlen (text);

  if (len <= max)
    return len;
  while (max > 0 && ((guint8)text[max] & 0xc0) == 0x80)
    max--;
  return max;
}

/* Where the ending begins, or the end of the name. */
static const char *
find_ending (const char *name)
{
  const char *dot = strrchr (name, '.');
  const char *end = name + strlen (name);

  return dot != NULL && dot != name && end - dot <= ENDING_MAX ? dot : end;
}

char *
sentient_transfer_dup_safe_name (const char *name, gsize len)
{
  const char *base = name, *first, *ending;
  GString *safe;

  for (gsize i = 0; i < len; i++)
    if (name[i] == '/' || name[i] == '\\')
      base = name + i + 1;
  safe = filter (base, len - (gsize)(base - name), '\0');
  while (safe->len > 0 && strchr (". ", safe->str[safe->len - 1]) != NULL)
    g_string_truncate (safe, safe->len - 1);
  first = safe->str + strspn (safe->str, ". ");
  g_string_erase (safe, 0, first - safe->str);
  if (safe->len > SENTIENT_TRANSFER_SAFE_NAME_MAX)
    {
      ending = find_ending (safe->str);
      len = fit (safe->str, SENTIENT_TRANSFER_SAFE_NAME_MAX - strlen (ending));
      g_string_erase (safe, (gssize)len, ending - safe->str - (gssize)len);
    }
  if (safe->len == 0)
    g_string_assign (safe, "file");
  return g_string_free (safe, FALSE);
}

char *
sentient_transfer_dup_numbered_name (const char *name, guint n)
{
  const char *ending = find_ending (name);

  if (n == 0)
    return g_strdup (name);
  return g_strdup_printf ("%.*s (%u)%s", (int)(ending - name), name, n, ending);
}

char *
sentient_transfer_dup_safe_text (const char *text, gsize len)
{
  return g_strstrip (g_string_free (filter (text, len, ' '), FALSE));
}
