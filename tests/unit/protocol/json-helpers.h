/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/sentient-json.h"

/* A second opinion: what was written, read by another parser. */
static inline JsonNode *
parse_checked (const char *text, gsize len)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();

  sentient_json_validate (text, len, &error);
  g_assert_no_error (error);
  json_parser_load_from_data (parser, text, (gssize)len, &error);
  g_assert_no_error (error);
  return json_parser_steal_root (parser);
}

/* The text of out, byte for byte; out is emptied. */
static inline void
assert_text (GString *out, const char *expected)
{
  g_autoptr (JsonNode) node = parse_checked (out->str, out->len);

  g_assert_cmpuint (out->len, ==, strlen (out->str));
  g_assert_cmpstr (out->str, ==, expected);
  g_string_truncate (out, 0);
}
