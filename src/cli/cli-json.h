/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What the program tells other programs: one line of JSON on stdout. */

void cli_json_string (JsonBuilder *json, const char *name, const char *value);
/* null where value is "". */
void cli_json_string_or_null (JsonBuilder *json, const char *name, const char *value);
void cli_json_int (JsonBuilder *json, const char *name, gint64 value);
void cli_json_bool (JsonBuilder *json, const char *name, gboolean value);
void cli_json_strv (JsonBuilder *json, const char *name, const char *const *values);
/* text is JSON itself; null if it is "" or none. */
void cli_json_text (JsonBuilder *json, const char *name, const char *text);

void cli_json_print (JsonBuilder *json);

G_END_DECLS
