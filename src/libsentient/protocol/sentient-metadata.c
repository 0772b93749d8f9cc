/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-metadata.h"

#include <string.h>

#include "protocol/sentient-json.h"
#include "protocol/sentient-names.h"
#include "protocol/sentient-request.h"

char *
sentient_metadata_dup_name (const char *metadata)
{
  static const char *const keys[] = { "name" };
  SentientJsonValue value;
  char name[SENTIENT_NAME_MAX + 1];

  if (metadata == NULL
      || !sentient_json_pick (metadata, strlen (metadata), keys, &value, G_N_ELEMENTS (keys), NULL)
      || value.span.data == NULL || value.type != SENTIENT_JSON_STRING
      || !sentient_json_unescape (value.span, name, sizeof name) || name[0] == '\0')
    return NULL;
  return g_strdup (name);
}

/* FALSE: the metadata is no object. */
static gboolean
pick_capabilities (const char *metadata, SentientJsonValue *value)
{
  static const char *const keys[] = { "capabilities" };

  return metadata != NULL
         && sentient_json_pick (metadata, strlen (metadata), keys, value, G_N_ELEMENTS (keys),
                                NULL);
}

static gboolean
lists (SentientSpan array, const char *capability)
{
  SentientJsonValue element;
  gsize offset = 0;

  while (sentient_json_next_element (array, &offset, &element))
    {
      char name[SENTIENT_NAME_MAX + 1];

      if (element.type == SENTIENT_JSON_STRING
          && sentient_json_unescape (element.span, name, sizeof name)
          && g_str_equal (name, capability))
        return TRUE;
    }
  return FALSE;
}

gboolean
sentient_metadata_has_capability (const char *metadata, const char *capability)
{
  SentientJsonValue value;

  return pick_capabilities (metadata, &value) && value.span.data != NULL
         && value.type == SENTIENT_JSON_ARRAY && lists (value.span, capability);
}

/* After the bracket that opens an object or array which ends at end. */
static const char *
skip_blank (const char *at, const char *end)
{
  while (at < end && strchr (" \t\r\n", *at) != NULL)
    at++;
  return at;
}

char *
sentient_metadata_dup_with_capability (const char *metadata, const char *capability)
{
  const char *text = metadata != NULL ? metadata : "{}";
  const char *end = text + strlen (text);
  const char *at;
  GString *out;
  SentientJsonValue value;
  gboolean is_absent;

  if (!pick_capabilities (text, &value))
    return g_strdup (metadata);
  is_absent = value.span.data == NULL;
  if (!is_absent && (value.type != SENTIENT_JSON_ARRAY || lists (value.span, capability)))
    return g_strdup (metadata);
  at = 1 + (is_absent ? skip_blank (text, end) : value.span.data);
  out = g_string_new_len (text, at - text);
  if (is_absent)
    g_string_append (out, "\"capabilities\":[");
  sentient_json_append_string (out, capability);
  if (is_absent)
    g_string_append_c (out, ']');
  if (*skip_blank (at, end) != (is_absent ? '}' : ']'))
    g_string_append_c (out, ',');
  g_string_append (out, at);
  if (out->len > SENTIENT_METADATA_MAX)
    g_string_assign (out, text);
  return g_string_free (out, FALSE);
}
