/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-json.h"

#include <string.h>

#include "core/sentient-error.h"

#define ONES G_GUINT64_CONSTANT (0x0101010101010101)
#define KEY_SIZE 64

/* The scan_ functions take the place to start at and return the place behind what they read, or
 * NULL when it is not what it must be; then the reason stands here. */
typedef struct
{
  const guchar *start;
  const guchar *end;
  const guchar *at;    /* where it went wrong */
  const char *problem; /* what is wrong there; NULL: key stands there twice */
  const char *key;
} Scan;

static const guchar *
scan_fail (Scan *scan, const guchar *at, const char *problem)
{
  scan->at = at;
  scan->problem = problem;
  return NULL;
}

static gboolean
scan_report (const Scan *scan, GError **error)
{
  gsize offset = (gsize)(scan->at - scan->start);

  if (scan->problem == NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "The field “%s” is given twice (byte %" G_GSIZE_FORMAT "); send it once.",
                 scan->key, offset);
  else
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "This is not valid JSON: %s at byte %" G_GSIZE_FORMAT ".", scan->problem, offset);
  return FALSE;
}

static inline const guchar *
skip_space (const guchar *p, const guchar *end)
{
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
    p++;
  return p;
}

/* Skips what needs no second look inside a string: ASCII but quote, backslash and controls. Eight
 * bytes at once; the lowest bit of stop is exact, since a byte only borrows from the next one when
 * it stops itself. */
static inline const guchar *
skip_plain (const guchar *p, const guchar *end)
{
  while (end - p >= 8)
    {
      guint64 x, stop;

      memcpy (&x, p, 8);
      x = GUINT64_FROM_LE (x);
      stop = (x | (x - ONES * 0x20) | ((x ^ (ONES * '"')) - ONES) | ((x ^ (ONES * '\\')) - ONES))
             & (ONES * 0x80);
      if (stop != 0)
        return p + (__builtin_ctzll (stop) >> 3);
      p += 8;
    }
  while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
    p++;
  return p;
}

/* Four hex digits, -1 if they are not. */
static gint
hex4 (const guchar *p, const guchar *end)
{
  gint value = 0;

  if (end - p < 4)
    return -1;
  for (guint i = 0; i < 4; i++)
    {
      gint digit = g_ascii_xdigit_value ((char)p[i]);

      if (digit < 0)
        return -1;
      value = value << 4 | digit;
    }
  return value;
}

static const guchar *
scan_unicode_escape (Scan *scan, const guchar *p)
{
  gint first = hex4 (p + 2, scan->end);
  gint second;

  if (first < 0)
    return scan_fail (scan, p, "\\u without four hex digits");
  if (first < 0xd800 || first > 0xdfff)
    return p + 6;
  if (first > 0xdbff || scan->end - p < 12 || p[6] != '\\' || p[7] != 'u')
    return scan_fail (scan, p, "half a surrogate pair");
  second = hex4 (p + 8, scan->end);
  if (second < 0xdc00 || second > 0xdfff)
    return scan_fail (scan, p, "half a surrogate pair");
  return p + 12;
}

static inline const guchar *
scan_escape (Scan *scan, const guchar *p)
{
  if (scan->end - p < 2)
    return scan_fail (scan, p, "a string without its end");
  switch (p[1])
    {
    case 'n':
    case 'r':
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 't':
      return p + 2;
    case 'u':
      return scan_unicode_escape (scan, p);
    default:
      return scan_fail (scan, p, "an unknown escape");
    }
}

/* One character of two to four bytes: no overlong forms, no surrogates, none over U+10FFFF. */
static const guchar *
scan_utf8 (Scan *scan, const guchar *p)
{
  guint n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  guchar low = 0x80, high = 0xbf;

  if (p[0] < 0xc2 || p[0] > 0xf4 || (gsize)(scan->end - p) < n)
    return scan_fail (scan, p, "a byte that is not UTF-8");
  if (p[0] == 0xe0)
    low = 0xa0;
  else if (p[0] == 0xed)
    high = 0x9f;
  else if (p[0] == 0xf0)
    low = 0x90;
  else if (p[0] == 0xf4)
    high = 0x8f;
  if (p[1] < low || p[1] > high)
    return scan_fail (scan, p, "a byte that is not UTF-8");
  for (guint i = 2; i < n; i++)
    {
      if ((p[i] & 0xc0) != 0x80)
        return scan_fail (scan, p, "a byte that is not UTF-8");
    }
  return p + n;
}

static const guchar *
scan_string (Scan *scan, const guchar *p)
{
  p++;
  for (;;)
    {
      p = skip_plain (p, scan->end);
      if (p == scan->end)
        return scan_fail (scan, p, "a string without its end");
      if (*p == '"')
        return p + 1;
      if (*p == '\\')
        p = scan_escape (scan, p);
      else if (*p >= 0x80)
        p = scan_utf8 (scan, p);
      else
        return scan_fail (scan, p, "a control character in a string");
      if (p == NULL)
        return NULL;
    }
}

static const guchar *
scan_digits (Scan *scan, const guchar *p)
{
  if (p == scan->end || !g_ascii_isdigit (*p))
    return scan_fail (scan, p, "a number without its digits");
  while (p < scan->end && g_ascii_isdigit (*p))
    p++;
  return p;
}

static const guchar *
scan_number (Scan *scan, const guchar *p)
{
  if (*p == '-')
    p++;
  if (p < scan->end && *p == '0')
    p++; /* no digit may follow: then it is no end of a value */
  else if ((p = scan_digits (scan, p)) == NULL)
    return NULL;
  if (p < scan->end && *p == '.' && (p = scan_digits (scan, p + 1)) == NULL)
    return NULL;
  if (p < scan->end && (*p == 'e' || *p == 'E'))
    {
      p++;
      if (p < scan->end && (*p == '+' || *p == '-'))
        p++;
      return scan_digits (scan, p);
    }
  return p;
}

static const guchar *
scan_literal (Scan *scan, const guchar *p, const char *literal)
{
  gsize len = strlen (literal);

  if ((gsize)(scan->end - p) < len || memcmp (p, literal, len) != 0)
    return scan_fail (scan, p, "an unknown word");
  return p + len;
}

static const guchar *
scan_scalar (Scan *scan, const guchar *p)
{
  switch (*p)
    {
    case '"':
      return scan_string (scan, p);
    case 't':
      return scan_literal (scan, p, "true");
    case 'f':
      return scan_literal (scan, p, "false");
    case 'n':
      return scan_literal (scan, p, "null");
    default:
      if (*p == '-' || g_ascii_isdigit (*p))
        return scan_number (scan, p);
      return scan_fail (scan, p, "something that is no value");
    }
}

/* A key and its colon. key: the string with its quotes, if wanted. */
static inline const guchar *
scan_key (Scan *scan, const guchar *p, SentientSpan *key)
{
  const guchar *start;

  p = skip_space (p, scan->end);
  if (p == scan->end || *p != '"')
    return scan_fail (scan, p, "no key where one must be");
  start = p;
  p = scan_string (scan, p);
  if (p == NULL)
    return NULL;
  if (key != NULL)
    *key = (SentientSpan){ (const char *)start, (gsize)(p - start) };
  p = skip_space (p, scan->end);
  if (p == scan->end || *p != ':')
    return scan_fail (scan, p, "no colon where one must be");
  return p + 1;
}

/* Behind a value: closes what ends here, down to base, or goes over a comma (and the next key) to
 * where the next value starts; *depth tells which. Bit n of objects: the container at depth n is an
 * object. */
static const guchar *
scan_after_value (Scan *scan, const guchar *p, guint base, guint *depth, guint64 objects)
{
  while (*depth > base)
    {
      gboolean is_object = objects >> *depth & 1;

      p = skip_space (p, scan->end);
      if (p == scan->end)
        return scan_fail (scan, p,
                          is_object ? "an object without its end" : "an array without its end");
      if (*p == ',')
        return is_object ? scan_key (scan, p + 1, NULL) : p + 1;
      if (*p != (is_object ? '}' : ']'))
        return scan_fail (scan, p, "no comma where one must be");
      p++;
      *depth -= 1;
    }
  return p;
}

/* Any value; base objects and arrays are open around it. Needs no recursion: which kind each open
 * container is fits into the bits of a number. */
static const guchar *
scan_value (Scan *scan, const guchar *p, guint base)
{
  guint depth = base;
  guint64 objects = 0;

  do
    {
      p = skip_space (p, scan->end);
      if (p == scan->end)
        return scan_fail (scan, p, "no value where one must be");
      if (*p == '{' || *p == '[')
        {
          gboolean is_object = *p == '{';

          if (depth == SENTIENT_JSON_DEPTH_MAX)
            return scan_fail (scan, p,
                              "more than " G_STRINGIFY (SENTIENT_JSON_DEPTH_MAX) " levels");
          depth++;
          objects = (objects & ~(G_GUINT64_CONSTANT (1) << depth)) | (guint64)is_object << depth;
          p = skip_space (p + 1, scan->end);
          if (p == scan->end || *p != (is_object ? '}' : ']'))
            {
              if (is_object && (p = scan_key (scan, p, NULL)) == NULL)
                return NULL;
              continue;
            }
          p++;
          depth--;
        }
      else if ((p = scan_scalar (scan, p)) == NULL)
        return NULL;
      if (depth == base)
        return p;
      p = scan_after_value (scan, p, base, &depth, objects);
    }
  while (p != NULL && depth > base);
  return p;
}

static SentientJsonType
type_of (guchar first)
{
  switch (first)
    {
    case '{':
      return SENTIENT_JSON_OBJECT;
    case '[':
      return SENTIENT_JSON_ARRAY;
    case '"':
      return SENTIENT_JSON_STRING;
    case 't':
    case 'f':
      return SENTIENT_JSON_BOOLEAN;
    case 'n':
      return SENTIENT_JSON_NULL;
    default:
      return SENTIENT_JSON_NUMBER;
    }
}

static inline SentientJsonValue
make_value (const guchar *start, const guchar *end)
{
  return (SentientJsonValue){ { (const char *)start, (gsize)(end - start) }, type_of (*start) };
}

/* The number of the key, n_keys if it is none of them. */
static guint
find_key (const SentientJsonPicker *picker, SentientSpan key)
{
  const char *name = key.data + 1;
  gsize len = key.len - 2;
  char buf[KEY_SIZE];
  guint i;

  /* An escaped key is the same key: "\u0074o" must not slip past as a second "to". */
  if (memchr (name, '\\', len) != NULL)
    {
      if (!sentient_json_unescape (key, buf, sizeof buf))
        return picker->n_keys;
      name = buf;
      len = strlen (buf);
    }
  for (i = 0; i < picker->n_keys; i++)
    {
      const char *candidate = picker->keys[i];

      if (candidate[0] == name[0] && strncmp (candidate, name, len) == 0 && candidate[len] == '\0')
        break;
    }
  return i;
}

/* An object whose members are looked at; depth counts it already. */
static const guchar *
scan_members (Scan *scan, const guchar *p, guint depth, const SentientJsonPicker *picker)
{
  p = skip_space (p + 1, scan->end);
  if (p < scan->end && *p == '}')
    return p + 1;
  for (;;)
    {
      const guchar *start;
      SentientSpan key;
      guint i;

      p = skip_space (p, scan->end);
      start = p;
      p = scan_key (scan, p, &key);
      if (p == NULL)
        return NULL;
      i = find_key (picker, key);
      if (i < picker->n_keys && picker->values[i].span.data != NULL)
        {
          scan->key = picker->keys[i];
          return scan_fail (scan, start, NULL);
        }
      p = start = skip_space (p, scan->end);
      if (picker->inner != NULL && i == picker->inner_key && p < scan->end && *p == '{')
        p = scan_members (scan, p, depth + 1, picker->inner);
      else
        p = scan_value (scan, p, depth);
      if (p == NULL)
        return NULL;
      if (i < picker->n_keys)
        picker->values[i] = make_value (start, p);
      p = skip_space (p, scan->end);
      if (p == scan->end)
        return scan_fail (scan, p, "an object without its end");
      if (*p == '}')
        return p + 1;
      if (*p != ',')
        return scan_fail (scan, p, "no comma where one must be");
      p++;
    }
}

/* Nothing but white space may follow. */
static gboolean
scan_finish (Scan *scan, const guchar *p, GError **error)
{
  if (p != NULL)
    {
      p = skip_space (p, scan->end);
      if (p == scan->end)
        return TRUE;
      scan_fail (scan, p, "more text behind the end");
    }
  return scan_report (scan, error);
}

gboolean
sentient_json_validate (const char *data, gsize len, GError **error)
{
  const guchar *start = (const guchar *)(data != NULL ? data : ""); /* NULL: no bytes */
  Scan scan = { start, start + len, NULL, NULL, NULL };

  return scan_finish (&scan, scan_value (&scan, start, 0), error);
}

gboolean
sentient_json_pick_nested (const char *data,
                           gsize len,
                           const SentientJsonPicker *picker,
                           GError **error)
{
  const guchar *start = (const guchar *)(data != NULL ? data : ""); /* NULL: no bytes */
  Scan scan = { start, start + len, NULL, NULL, NULL };
  const guchar *p;

  for (const SentientJsonPicker *each = picker; each != NULL; each = each->inner)
    {
      g_assert (each->n_keys <= 32);
      for (guint i = 0; i < each->n_keys; i++)
        each->values[i] = (SentientJsonValue){ 0 };
    }
  p = skip_space (start, scan.end);
  if (p < scan.end && *p == '{')
    return scan_finish (&scan, scan_members (&scan, p, 1, picker), error);

  /* Tells what is wrong with the text, if it is no JSON at all. */
  if (scan_finish (&scan, scan_value (&scan, p, 0), error))
    g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                         "This must be a JSON object, from byte 0 on.");
  return FALSE;
}

gboolean
sentient_json_pick (const char *data,
                    gsize len,
                    const char *const *keys,
                    SentientJsonValue *values,
                    guint n_keys,
                    GError **error)
{
  SentientJsonPicker picker = { keys, values, n_keys, 0, NULL };

  return sentient_json_pick_nested (data, len, &picker, error);
}

gboolean
sentient_json_next_element (SentientSpan array, gsize *offset, SentientJsonValue *element)
{
  const guchar *data = (const guchar *)array.data;
  Scan scan = { data, data + array.len, NULL, NULL, NULL };
  const guchar *p = skip_space (data + *offset, scan.end);
  const guchar *end;

  /* At the opening bracket, or at what stands behind an element. */
  if (p == scan.end || *p == ']')
    return FALSE;
  p = skip_space (p + 1, scan.end);
  if (p == scan.end || *p == ']')
    return FALSE;
  end = scan_value (&scan, p, 0);
  if (end == NULL)
    return FALSE;
  *element = make_value (p, end);
  *offset = (gsize)(end - data);
  return TRUE;
}
