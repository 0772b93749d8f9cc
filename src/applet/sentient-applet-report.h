/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A report of DiagnoseNetwork, for sight and for the clipboard. */

/* NULL: json is none. */
JsonObject *sentient_applet_report_parse (const char *json);
/* A page with a row for each finding and each connection. (transfer floating) */
GtkWidget *sentient_applet_report_to_page (JsonObject *report);
/* The same in lines. */
char *sentient_applet_report_to_text (JsonObject *report);

G_END_DECLS
