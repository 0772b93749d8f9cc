/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A strict scanner for the hot path: it checks the whole RFC 8259 grammar, UTF-8 (RFC 3629) and the
 * depth of a text in one pass, without building a tree. Spans point into the scanned text and own
 * nothing. */

#define SENTIENT_JSON_DEPTH_MAX 32 /* objects and arrays in each other, the outermost counted */

typedef struct
{
  const char *data; /* NULL: absent */
  gsize len;
} SentientSpan;

typedef enum
{
  SENTIENT_JSON_NULL,
  SENTIENT_JSON_BOOLEAN,
  SENTIENT_JSON_NUMBER,
  SENTIENT_JSON_STRING,
  SENTIENT_JSON_ARRAY,
  SENTIENT_JSON_OBJECT,
} SentientJsonType;

typedef struct
{
  SentientSpan span; /* the value's text, with its quotes or brackets; data NULL: absent */
  SentientJsonType type;
} SentientJsonValue;

/* Is the text one JSON value with white space around it and nothing else? */
gboolean sentient_json_validate (const char *data, gsize len, GError **error);

/* Validates the text, which must be an object, and picks the values of the n_keys keys at its top
 * level. A key that stands there twice is an error if it is one of keys (compared unescaped),
 * others may repeat. Errors are BAD_REQUEST and name the byte offset. At most 32 keys, each under
 * 64 bytes. */
gboolean sentient_json_pick (const char *data,
                             gsize len,
                             const char *const *keys,
                             SentientJsonValue *values,
                             guint n_keys,
                             GError **error);

/* As above, and in the same pass also from inside one of the values: if keys[inner_key] holds an
 * object, inner picks from that. */
typedef struct _SentientJsonPicker SentientJsonPicker;
struct _SentientJsonPicker
{
  const char *const *keys;
  SentientJsonValue *values;
  guint n_keys;
  guint inner_key;
  const SentientJsonPicker *inner; /* or NULL */
};

gboolean sentient_json_pick_nested (const char *data,
                                    gsize len,
                                    const SentientJsonPicker *picker,
                                    GError **error);

/* The next element of an array that was validated before; *offset starts at 0. FALSE: no more. */
gboolean sentient_json_next_element (SentientSpan array, gsize *offset, SentientJsonValue *element);

/* Unescapes a validated string value into buf with a closing NUL. FALSE: it does not fit, or holds
 * U+0000. */
gboolean sentient_json_unescape (SentientSpan string, char *buf, gsize buf_size);

/* As above into a new string; NULL when it holds U+0000. */
char *sentient_json_dup_string (SentientSpan string);

/* A whole number from 0 to 2^53, written with digits only. FALSE: it is something else. */
gboolean sentient_json_get_uint (SentientJsonValue value, guint64 *out);

/* Appends text as a quoted JSON string; text is valid UTF-8, NULL becomes null. */
void sentient_json_append_string (GString *out, const char *text);

/* Members of an object that was begun in out. Keys are ours and need no escapes. */
void sentient_json_append_key (GString *out, const char *key);
void sentient_json_append_number (GString *out, const char *key, guint64 number);
void sentient_json_begin_object (GString *out, const char *key);
void sentient_json_end_object (GString *out);

G_END_DECLS
