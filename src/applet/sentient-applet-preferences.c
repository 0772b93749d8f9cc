/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-preferences.h"

#include <glib/gi18n.h>

#include "applet/sentient-applet-application.h"
#include "applet/sentient-applet-setting-row.h"

#define DAEMON_SCHEMA "org.sentient.Sentient"
#define SETTLE_MS 400

struct _SentientAppletPreferences
{
  AdwPreferencesWindow parent_instance;

  SentientClient *client;
  GHashTable *rows; /* char *, the row's, to SentientAppletSettingRow of the daemon, not held */
  guint settle_id;
};

G_DEFINE_FINAL_TYPE (SentientAppletPreferences,
                     sentient_applet_preferences,
                     ADW_TYPE_PREFERENCES_WINDOW)

static const char *const node_keys[] = { "node",
                                         "node-id",
                                         "seeds",
                                         "rooms",
                                         "auto-webrtc",
                                         "stun",
                                         "turn",
                                         "relay-only",
                                         "candidate-filter",
                                         "accept-files",
                                         "accept-files-max",
                                         "mesh-limit",
                                         "mesh-degree",
                                         "gossip-hops",
                                         "gossip-max-size",
                                         "gossip-rate",
                                         NULL };

GSettings *
sentient_applet_settings_new (const char *schema_id)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema
      = source != NULL ? g_settings_schema_source_lookup (source, schema_id, TRUE) : NULL;

  /* g_settings_new () would end the program. */
  return schema != NULL ? g_settings_new_full (schema, NULL, NULL) : NULL;
}

static void
sentient_applet_preferences_dispose (GObject *object)
{
  SentientAppletPreferences *self = SENTIENT_APPLET_PREFERENCES (object);

  /* What was changed last is told to the daemon, too. */
  if (self->settle_id != 0 && sentient_client_get_manager (self->client) != NULL)
    sentient_dbus_manager_call_reload (sentient_client_get_manager (self->client), NULL, NULL,
                                       NULL);
  g_clear_handle_id (&self->settle_id, g_source_remove);
  g_clear_pointer (&self->rows, g_hash_table_unref);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_preferences_parent_class)->dispose (object);
}

static void
sentient_applet_preferences_class_init (SentientAppletPreferencesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sentient_applet_preferences_dispose;
}

static void
sentient_applet_preferences_init (SentientAppletPreferences *self)
{
  self->rows = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
say (SentientAppletPreferences *self, const char *text)
{
  g_autofree char *markup = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (markup);

  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), toast);
}

static void
on_settings (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletPreferences) self = user_data;
  g_autoptr (GVariant) settings = NULL;
  const char *name;
  const char *value;
  const char *from;
  GVariantIter iter;

  if (!sentient_dbus_manager_call_get_settings_finish (SENTIENT_DBUS_MANAGER (source), &settings,
                                                       result, NULL)
      || self->rows == NULL)
    return;

  g_variant_iter_init (&iter, settings);
  while (g_variant_iter_next (&iter, "(&s&s&s)", &name, &value, &from))
    {
      SentientAppletSettingRow *row = g_hash_table_lookup (self->rows, name);

      if (row != NULL)
        sentient_applet_setting_row_set_in_force (row, value, from);
    }
}

static void
ask (SentientAppletPreferences *self)
{
  SentientDBusManager *manager
      = self->client != NULL ? sentient_client_get_manager (self->client) : NULL;

  if (manager != NULL)
    sentient_dbus_manager_call_get_settings (manager, NULL, on_settings, g_object_ref (self));
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletPreferences) self = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) restart_needed = NULL;

  if (!sentient_dbus_manager_call_reload_finish (SENTIENT_DBUS_MANAGER (source), &restart_needed,
                                                 result, &error))
    {
      g_autofree char *text = sentient_client_describe_error (error);

      say (self, text);
    }
  else if (restart_needed[0] != NULL)
    {
      g_autofree char *names = g_strjoinv (", ", restart_needed);
      g_autofree char *text = g_strdup_printf (_ ("At the next start takes effect: %s"), names);

      say (self, text);
    }
  else
    say (self, _ ("In force now"));
  ask (self);
}

static gboolean
on_settled (gpointer user_data)
{
  SentientAppletPreferences *self = user_data;
  SentientDBusManager *manager = sentient_client_get_manager (self->client);

  self->settle_id = 0;
  if (manager == NULL)
    say (self, _ ("Kept for when Sentient runs"));
  else
    sentient_dbus_manager_call_reload (manager, NULL, on_reloaded, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

/* A number that is counted up is one change; and where GSettings is a file, the daemon needs a
 * moment to hear of it. */
static void
on_changed (SentientAppletPreferences *self)
{
  g_settings_sync ();
  g_clear_handle_id (&self->settle_id, g_source_remove);
  self->settle_id = g_timeout_add (SETTLE_MS, on_settled, self);
  g_source_set_name_by_id (self->settle_id, "sentient-applet-settle");
}

static AdwPreferencesGroup *
add_page (SentientAppletPreferences *self,
          const char *name,
          const char *title,
          const char *icon_name)
{
  GtkWidget *page = adw_preferences_page_new ();
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_page_set_name (ADW_PREFERENCES_PAGE (page), name);
  adw_preferences_page_set_title (ADW_PREFERENCES_PAGE (page), title);
  adw_preferences_page_set_icon_name (ADW_PREFERENCES_PAGE (page), icon_name);
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
  adw_preferences_window_add (ADW_PREFERENCES_WINDOW (self), ADW_PREFERENCES_PAGE (page));
  return ADW_PREFERENCES_GROUP (group);
}

static void
add_row (SentientAppletPreferences *self,
         AdwPreferencesGroup *group,
         GSettings *settings,
         const char *key)
{
  SentientAppletSettingRow *row = sentient_applet_setting_row_new (settings, key);

  if (row == NULL)
    return;
  adw_preferences_group_add (group, GTK_WIDGET (row));
  g_object_unref (row);
  g_signal_connect_object (row, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_hash_table_insert (self->rows, (gpointer)sentient_applet_setting_row_get_key (row), row);
}

/* Numbers are limits, but for the port. */
static gboolean
is_limit (GSettingsSchema *schema, const char *key)
{
  g_autoptr (GSettingsSchemaKey) info = g_settings_schema_get_key (schema, key);

  return g_variant_type_equal (g_settings_schema_key_get_value_type (info), G_VARIANT_TYPE_UINT32)
         && !g_str_equal (key, "port");
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
add_daemon (SentientAppletPreferences *self, GSettings *settings)
{
  AdwPreferencesGroup *node = add_page (self, "node", _ ("Node"), "user-available-symbolic");
  AdwPreferencesGroup *coordinator
      = add_page (self, "coordinator", _ ("Coordinator"), "network-server-symbolic");
  AdwPreferencesGroup *limits
      = add_page (self, "limits", _ ("Limits"), "preferences-system-symbolic");
  g_autoptr (GSettingsSchema) schema = NULL;
  g_auto (GStrv) keys = NULL;

  g_object_get (settings, "settings-schema", &schema, NULL);
  keys = g_settings_schema_list_keys (schema);
  qsort (keys, g_strv_length (keys), sizeof *keys, compare_keys);
  for (guint i = 0; node_keys[i] != NULL; i++)
    if (g_settings_schema_has_key (schema, node_keys[i]))
      add_row (self, node, settings, node_keys[i]);
  for (guint i = 0; keys[i] != NULL; i++)
    if (!g_strv_contains (node_keys, keys[i]))
      add_row (self, is_limit (schema, keys[i]) ? limits : coordinator, settings, keys[i]);
}

SentientAppletPreferences *
sentient_applet_preferences_new (GtkWindow *parent, SentientClient *client)
{
  SentientAppletPreferences *self
      = g_object_new (SENTIENT_TYPE_APPLET_PREFERENCES, "transient-for", parent, "modal", TRUE,
                      "search-enabled", TRUE, "title", _ ("Settings"), NULL);
  g_autoptr (GSettings) daemon = sentient_applet_settings_new (DAEMON_SCHEMA);
  g_autoptr (GSettings) applet = sentient_applet_settings_new (SENTIENT_APPLET_SCHEMA);
  AdwPreferencesGroup *group;

  self->client = g_object_ref (client);
  gtk_window_set_default_size (GTK_WINDOW (self), 640, 600);
  if (daemon != NULL)
    add_daemon (self, daemon);
  group = add_page (self, "applet", _ ("Applet"), "preferences-desktop-symbolic");
  if (applet != NULL)
    {
      SentientAppletSettingRow *row
          = sentient_applet_setting_row_new (applet, "stay-in-background");

      adw_preferences_group_add (group, GTK_WIDGET (row));
      g_object_unref (row);
    }
  if (daemon == NULL || applet == NULL)
    adw_preferences_group_set_description (
        group, _ ("The settings' schemas are not installed, so that nothing can be kept; "
                  "meson install brings them."));
  g_signal_connect_object (client, "notify::manager", G_CALLBACK (ask), self, G_CONNECT_SWAPPED);
  ask (self);
  return self;
}
