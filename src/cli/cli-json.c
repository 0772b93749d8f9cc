/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-json.h"

#include "cli-output.h"

void
cli_json_string (JsonBuilder *json, const char *name, const char *value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, value != NULL ? value : "");
}

void
cli_json_string_or_null (JsonBuilder *json, const char *name, const char *value)
{
  json_builder_set_member_name (json, name);
  if (value != NULL && *value != '\0')
    json_builder_add_string_value (json, value);
  else
    json_builder_add_null_value (json);
}

void
cli_json_int (JsonBuilder *json, const char *name, gint64 value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, value);
}

void
cli_json_bool (JsonBuilder *json, const char *name, gboolean value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_boolean_value (json, value);
}

void
cli_json_strv (JsonBuilder *json, const char *name, const char *const *values)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    json_builder_add_string_value (json, values[i]);
  json_builder_end_array (json);
}

void
cli_json_text (JsonBuilder *json, const char *name, const char *text)
{
  JsonNode *node = text != NULL && *text != '\0' ? json_from_string (text, NULL) : NULL;

  json_builder_set_member_name (json, name);
  if (node != NULL)
    json_builder_add_value (json, node);
  else
    json_builder_add_null_value (json);
}

void
cli_json_print (JsonBuilder *json)
{
  g_autoptr (JsonNode) root = json_builder_get_root (json);
  g_autofree char *text = json_to_string (root, FALSE);

  cli_say (CLI_PLAIN, "%s", text);
}
