/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-report.h"

#include <glib/gi18n.h>

#include "core/sentient-enums.h"

static const struct
{
  const char *word;
  const char *icon;
  const char *style; /* NULL: none */
} severities[] = {
  [SENTIENT_SEVERITY_OK] = { N_ ("Good"), "emblem-ok-symbolic", "success" },
  [SENTIENT_SEVERITY_NOTE] = { N_ ("Note"), "dialog-information-symbolic", "dim-label" },
  [SENTIENT_SEVERITY_WARNING] = { N_ ("Warning"), "dialog-warning-symbolic", "warning" },
  [SENTIENT_SEVERITY_ERROR] = { N_ ("Error"), "dialog-error-symbolic", "error" },
};

JsonObject *
sentient_applet_report_parse (const char *json)
{
  g_autoptr (JsonNode) root = json_from_string (json, NULL);

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root)
             ? json_object_ref (json_node_get_object (root))
             : NULL;
}

static const char *
get_text (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, NULL);
}

/* NULL: there is no such object there. */
static JsonObject *
get_nth (JsonObject *object, const char *name, guint i)
{
  JsonNode *list = json_object_get_member (object, name);
  JsonNode *node;

  if (list == NULL || !JSON_NODE_HOLDS_ARRAY (list)
      || i >= json_array_get_length (json_node_get_array (list)))
    return NULL;
  node = json_array_get_element (json_node_get_array (list), i);
  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static SentientSeverity
get_severity (JsonObject *finding)
{
  SentientSeverity severity;

  return sentient_severity_from_string (get_text (finding, "severity"), &severity)
             ? severity
             : SENTIENT_SEVERITY_NOTE;
}

static GtkWidget *
new_row (const char *icon, const char *style, const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *image = gtk_image_new_from_icon_name (icon);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle != NULL ? subtitle : "");
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  gtk_widget_set_valign (image, GTK_ALIGN_START);
  gtk_widget_set_margin_top (image, 12);
  gtk_widget_add_css_class (image, style);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
  return row;
}

static GtkWidget *
new_finding_row (JsonObject *finding)
{
  SentientSeverity severity = get_severity (finding);
  const char *text = get_text (finding, "text");
  const char *advice = get_text (finding, "advice");
  GtkWidget *row = new_row (severities[severity].icon, severities[severity].style,
                            text != NULL ? text : "", advice);
  g_autofree char *said
      = g_strdup_printf ("%s: %s", _ (severities[severity].word), text != NULL ? text : "");

  /* Else a screen reader says the title after it once more. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, said,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, advice != NULL ? advice : "",
                                  -1);
  return row;
}

/* "host 3 ms, checking 8 ms" */
static char *
describe_timeline (JsonObject *connection)
{
  GString *text = g_string_new (NULL);
  JsonObject *step;

  for (guint i = 0; (step = get_nth (connection, "timeline", i)) != NULL; i++)
    {
      const char *name = get_text (step, "step");

      g_string_append_printf (text, "%s%s ", i > 0 ? ", " : "", name != NULL ? name : "?");
      g_string_append_printf (text, _ ("%d ms"),
                              (int)json_object_get_int_member_with_default (step, "ms", -1));
    }
  return g_string_free (text, FALSE);
}

static char *
describe_connection (JsonObject *connection)
{
  const char *node_id = get_text (connection, "nodeId");
  const char *how = _ ("direct");

  if (!json_object_get_boolean_member_with_default (connection, "open", FALSE))
    how = _ ("connecting…");
  else if (json_object_get_boolean_member_with_default (connection, "relayed", FALSE))
    how = _ ("relayed");
  return g_strdup_printf ("%s · %s", node_id != NULL ? node_id : "?", how);
}

static GtkWidget *
new_connection_row (JsonObject *connection)
{
  g_autofree char *title = describe_connection (connection);
  g_autofree char *timeline = describe_timeline (connection);

  return new_row ("network-transmit-receive-symbolic", "dim-label", title, timeline);
}

static void
add_group (AdwPreferencesPage *page,
           JsonObject *report,
           const char *name,
           const char *title,
           GtkWidget *(*new_row_of) (JsonObject *of))
{
  GtkWidget *group = adw_preferences_group_new ();
  JsonObject *of;

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  for (guint i = 0; (of = get_nth (report, name, i)) != NULL; i++)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), new_row_of (of));
  adw_preferences_page_add (page, ADW_PREFERENCES_GROUP (group));
}

GtkWidget *
sentient_applet_report_to_page (JsonObject *report)
{
  GtkWidget *page = adw_preferences_page_new ();

  add_group (ADW_PREFERENCES_PAGE (page), report, "findings", _ ("Findings"), new_finding_row);
  if (get_nth (report, "connections", 0) != NULL)
    add_group (ADW_PREFERENCES_PAGE (page), report, "connections", _ ("How Connections Came About"),
               new_connection_row);
  return page;
}

char *
sentient_applet_report_to_text (JsonObject *report)
{
  GString *out = g_string_new (NULL);
  JsonObject *of;

  for (guint i = 0; (of = get_nth (report, "findings", i)) != NULL; i++)
    {
      const char *text = get_text (of, "text");
      const char *code = get_text (of, "code");
      const char *advice = get_text (of, "advice");

      g_string_append_printf (out, "%s: %s (%s)\n", _ (severities[get_severity (of)].word),
                              text != NULL ? text : "", code != NULL ? code : "?");
      if (advice != NULL)
        g_string_append_printf (out, "    %s\n", advice);
    }
  for (guint i = 0; (of = get_nth (report, "connections", i)) != NULL; i++)
    {
      g_autofree char *title = describe_connection (of);
      g_autofree char *timeline = describe_timeline (of);

      g_string_append_printf (out, "%s: %s\n", title, timeline);
    }
  return g_string_free (out, FALSE);
}
