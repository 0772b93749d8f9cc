/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-json.h"

#include <string.h>

/* The escape sequence at p, which was validated; returns its length and sets *c. */
static gsize
read_escape (const char *p, gunichar *c)
{
  static const char names[] = "bfnrt";
  static const char meanings[] = "\b\f\n\r\t";
  const char *found;

  if (p[1] != 'u')
    {
      found = strchr (names, p[1]);
      *c = found != NULL ? (gunichar)meanings[found - names] : (gunichar)p[1];
      return 2;
    }
  *c = 0;
  for (guint i = 2; i < 6; i++)
    *c = *c << 4 | (gunichar)g_ascii_xdigit_value (p[i]);
  if (*c >= 0xd800 && *c <= 0xdbff)
    {
      gunichar low = 0;

      for (guint i = 8; i < 12; i++)
        low = low << 4 | (gunichar)g_ascii_xdigit_value (p[i]);
      *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
      return 12;
    }
  return 6;
}

gboolean
sentient_json_unescape (SentientSpan string, char *buf, gsize buf_size)
{
  const char *p = string.data + 1;
  const char *end = string.data + string.len - 1;
  gsize used = 0;

  while (p < end)
    {
      const char *run_end = memchr (p, '\\', (gsize)(end - p));
      gsize run = (gsize)((run_end != NULL ? run_end : end) - p);
      char utf8[6];
      gunichar c;

      if (run >= buf_size - used)
        return FALSE;
      memcpy (buf + used, p, run);
      used += run;
      p += run;
      if (p == end)
        break;
      p += read_escape (p, &c);
      run = (gsize)g_unichar_to_utf8 (c, utf8);
      if (c == 0 || run >= buf_size - used)
        return FALSE;
      memcpy (buf + used, utf8, run);
      used += run;
    }
  if (used >= buf_size)
    return FALSE;
  buf[used] = '\0';
  return TRUE;
}

char *
sentient_json_dup_string (SentientSpan string)
{
  /* An escape is never shorter than what it stands for. */
  gsize size = string.len - 1;
  char *text = g_malloc (size);

  if (!sentient_json_unescape (string, text, size))
    g_clear_pointer (&text, g_free);
  return text;
}

gboolean
sentient_json_get_uint (SentientJsonValue value, guint64 *out)
{
  guint64 number = 0;

  if (value.span.data == NULL || value.type != SENTIENT_JSON_NUMBER || value.span.len > 16)
    return FALSE;
  for (gsize i = 0; i < value.span.len; i++)
    {
      if (!g_ascii_isdigit (value.span.data[i]))
        return FALSE;
      number = number * 10 + (guint64)(value.span.data[i] - '0');
    }
  if (number > G_GUINT64_CONSTANT (1) << 53)
    return FALSE;
  *out = number;
  return TRUE;
}

void
sentient_json_append_string (GString *out, const char *text)
{
  static const char names[] = "bfnrt";
  static const char meanings[] = "\b\f\n\r\t";

  if (text == NULL)
    {
      g_string_append (out, "null");
      return;
    }
  g_string_append_c (out, '"');
  while (*text != '\0')
    {
      const char *start = text;
      const char *found;

      while ((guchar)*text >= 0x20 && *text != '"' && *text != '\\')
        text++;
      g_string_append_len (out, start, text - start);
      if (*text == '\0')
        break;
      found = strchr (meanings, *text);
      if (*text == '"' || *text == '\\')
        g_string_append_printf (out, "\\%c", *text);
      else if (found != NULL)
        g_string_append_printf (out, "\\%c", names[found - meanings]);
      else
        g_string_append_printf (out, "\\u%04x", (guint)(guchar)*text);
      text++;
    }
  g_string_append_c (out, '"');
}

void
sentient_json_append_key (GString *out, const char *key)
{
  if (out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  g_string_append_printf (out, "\"%s\":", key);
}

void
sentient_json_append_number (GString *out, const char *key, guint64 number)
{
  sentient_json_append_key (out, key);
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, number);
}

void
sentient_json_begin_object (GString *out, const char *key)
{
  sentient_json_append_key (out, key);
  g_string_append_c (out, '{');
}

void
sentient_json_end_object (GString *out)
{
  g_string_append_c (out, '}');
}
