/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-application.h"

#include <glib/gi18n.h>

#include "client/sentient-client.h"
#include "applet/sentient-applet-background.h"
#include "applet/sentient-applet-contacts.h"
#include "applet/sentient-applet-doctor.h"
#include "applet/sentient-applet-offers.h"
#include "applet/sentient-applet-preferences.h"
#include "applet/sentient-applet-say.h"
#include "applet/sentient-applet-tray.h"
#include "applet/sentient-applet-window.h"
#include "applet/sentient-applet-words.h"

struct _SentientAppletApplication
{
  AdwApplication parent_instance;

  SentientClient *client;
  SentientAppletContacts *contacts;
  SentientAppletTray *tray;
  SentientAppletOffers *offers;
  SentientAppletWindow *window; /* held by the application; NULL before it is there, or gone */
  GSignalGroup *manager_signals;
  GSettings *settings; /* NULL: the schema is not installed */
  char *line;          /* as the portal was told */
  gboolean hidden;     /* --background: the first activation shows nothing */
  gboolean starting;   /* the daemon */
};

G_DEFINE_FINAL_TYPE (SentientAppletApplication, sentient_applet_application, ADW_TYPE_APPLICATION)

static const struct
{
  const char *icon_name;
  guint32 colour;
} looks[] = {
  [SENTIENT_APPLET_STATE_AWAY] = { "org.sentient.Sentient-offline", 0x8a949a },
  [SENTIENT_APPLET_STATE_OFF] = { "org.sentient.Sentient-offline", 0x8a949a },
  [SENTIENT_APPLET_STATE_TRYING] = { "org.sentient.Sentient-connecting", 0xe0a020 },
  [SENTIENT_APPLET_STATE_ON] = { "org.sentient.Sentient-online", 0x3fae8a },
};

/* What a daemon that stopped to answer would leave as it was. */
static void
set_action (SentientAppletApplication *self, const char *name, gboolean enabled, gboolean state)
{
  GSimpleAction *action = G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name));

  if (g_action_get_state_type (G_ACTION (action)) != NULL)
    g_simple_action_set_state (action, g_variant_new_boolean (state));
  g_simple_action_set_enabled (action, enabled);
}

static void
show_state (SentientAppletApplication *self)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);
  SentientAppletState state = sentient_applet_get_state (self->client);
  g_autofree char *line = sentient_applet_describe_state (self->client);
  gboolean has_tray = sentient_applet_tray_is_present (self->tray);

  set_action (self, "node", manager != NULL,
              manager != NULL
                  && g_strcmp0 (sentient_dbus_manager_get_node_state (manager), "disconnected")
                         != 0);
  set_action (self, "coordinator", manager != NULL,
              manager != NULL && sentient_dbus_manager_get_coordinator_running (manager));
  set_action (self, "quit-daemon", manager != NULL, FALSE);
  set_action (self, "start-daemon", manager == NULL && !self->starting, FALSE);

  sentient_applet_tray_set_state (self->tray, looks[state].icon_name, looks[state].colour, line,
                                  sentient_applet_contacts_get_unread (self->contacts));
  if (has_tray)
    g_clear_pointer (&self->line, g_free);
  else if (g_strcmp0 (self->line, line) != 0)
    {
      g_free (self->line);
      self->line = g_strdup (line);
      sentient_applet_background_set_status (g_application_get_dbus_connection (
                                                 G_APPLICATION (self)),
                                             line);
    }
}

static void
on_manager (SentientAppletApplication *self)
{
  g_signal_group_set_target (self->manager_signals, sentient_client_get_manager (self->client));
  show_state (self);
}

/* Calls of the manager that give nothing back. */
static void
on_called (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletApplication) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);

  if (reply == NULL && self->window != NULL)
    sentient_applet_say_error (GTK_WIDGET (self->window), error);
  show_state (self);
}

static void
call (SentientAppletApplication *self, const char *method)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);

  if (manager != NULL)
    g_dbus_proxy_call (G_DBUS_PROXY (manager), method, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                       NULL, on_called, g_object_ref (self));
}

/* The state of these two follows the daemon, not the wish. */

static void
change_node (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  call (user_data, g_variant_get_boolean (state) ? "StartNode" : "StopNode");
}

static void
change_coordinator (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  call (user_data, g_variant_get_boolean (state) ? "StartCoordinator" : "StopCoordinator");
}

static void
quit_daemon (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  call (user_data, "Quit");
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletApplication) self = user_data;
  g_autoptr (GError) error = NULL;

  self->starting = FALSE;
  if (!sentient_client_start_daemon_finish (self->client, result, &error) && self->window != NULL)
    sentient_applet_window_set_trouble (self->window, error->message, TRUE);
  show_state (self);
}

static void
start_daemon (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SentientAppletApplication *self = user_data;

  self->starting = TRUE;
  show_state (self);
  sentient_client_start_daemon_async (self->client, NULL, on_started, g_object_ref (self));
}

static void
copy (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SentientAppletApplication *self = user_data;

  gdk_clipboard_set_text (gdk_display_get_clipboard (gdk_display_get_default ()),
                          g_variant_get_string (parameter, NULL));
  if (self->window != NULL)
    sentient_applet_say (GTK_WIDGET (self->window), _ ("Copied"));
}

static void
show_window (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_application_activate (G_APPLICATION (user_data));
}

static void
show_files (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SentientAppletApplication *self = user_data;

  g_application_activate (G_APPLICATION (self));
  if (self->window != NULL)
    sentient_applet_window_show_files (self->window);
}

static gboolean
is_watched (GApplication *application)
{
  SentientAppletApplication *self = SENTIENT_APPLET_APPLICATION (application);

  return self->window != NULL && sentient_applet_window_shows_files (self->window);
}

static void
show_preferences (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SentientAppletApplication *self = user_data;

  g_application_activate (G_APPLICATION (self));
  gtk_window_present (
      GTK_WINDOW (sentient_applet_preferences_new (GTK_WINDOW (self->window), self->client)));
}

static void
show_doctor (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SentientAppletApplication *self = user_data;

  g_application_activate (G_APPLICATION (self));
  gtk_window_present (
      GTK_WINDOW (sentient_applet_doctor_new (GTK_WINDOW (self->window), self->client)));
}

static void
show_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SentientAppletApplication *self = user_data;

  adw_show_about_window (GTK_WINDOW (self->window), "application-name", _ ("Sentient"),
                         "application-icon", SENTIENT_APPLET_ICON, "version", SENTIENT_VERSION,
                         "license-type", GTK_LICENSE_LGPL_2_1, "comments",
                         _ ("Find other programs and talk to them directly"), NULL);
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_application_quit (G_APPLICATION (user_data));
}

static const GActionEntry entries[] = {
  { "about", show_about },
  { "coordinator", NULL, NULL, "false", change_coordinator },
  { "copy", copy, "s" },
  { "doctor", show_doctor },
  { "node", NULL, NULL, "false", change_node },
  { "preferences", show_preferences },
  { "quit", quit },
  { "quit-daemon", quit_daemon },
  { "show", show_window },
  { "show-files", show_files },
  { "start-daemon", start_daemon },
};

static gboolean
stays (SentientAppletApplication *self)
{
  return sentient_applet_tray_is_present (self->tray)
         || (self->settings != NULL
             && g_settings_get_boolean (self->settings, "stay-in-background"));
}

static gboolean
on_close (GtkWindow *window, SentientAppletApplication *self)
{
  if (!stays (self))
    return FALSE;
  gtk_widget_set_visible (GTK_WIDGET (window), FALSE);
  return TRUE;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletApplication) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_client_open_finish (self->client, result, &error))
    {
      GAction *start = g_action_map_lookup_action (G_ACTION_MAP (self), "start-daemon");

      g_simple_action_set_enabled (G_SIMPLE_ACTION (start), FALSE);
      g_printerr ("sentient-applet: %s\n", error->message);
      if (self->window != NULL)
        sentient_applet_window_set_trouble (self->window, error->message, FALSE);
    }
}

static void
sentient_applet_application_startup (GApplication *application)
{
  SentientAppletApplication *self = SENTIENT_APPLET_APPLICATION (application);
  static const char *const quit_keys[] = { "<Control>q", NULL };
  static const char *const preferences_keys[] = { "<Control>comma", NULL };

  G_APPLICATION_CLASS (sentient_applet_application_parent_class)->startup (application);

  gtk_window_set_default_icon_name (SENTIENT_APPLET_ICON);
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  gtk_application_set_accels_for_action (GTK_APPLICATION (self), "app.quit", quit_keys);
  gtk_application_set_accels_for_action (GTK_APPLICATION (self), "app.preferences",
                                         preferences_keys);

  self->settings = sentient_applet_settings_new (SENTIENT_APPLET_SCHEMA);
  self->client = sentient_client_new (G_BUS_TYPE_SESSION);
  self->contacts = sentient_applet_contacts_new (self->client);
  self->tray = sentient_applet_tray_new (G_ACTION_GROUP (self),
                                         g_application_get_dbus_connection (application));
  self->manager_signals = g_signal_group_new (SENTIENT_DBUS_TYPE_MANAGER_PROXY);
  g_signal_group_connect_object (self->manager_signals, "notify", G_CALLBACK (show_state), self,
                                 G_CONNECT_SWAPPED);
  g_signal_connect_object (self->client, "notify::manager", G_CALLBACK (on_manager), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->contacts, "notify::unread", G_CALLBACK (show_state), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->tray, "notify::present", G_CALLBACK (show_state), self,
                           G_CONNECT_SWAPPED);

  self->offers = sentient_applet_offers_new (application, self->client, is_watched);
  self->window = sentient_applet_window_new (GTK_APPLICATION (self), self->client, self->contacts);
  g_object_add_weak_pointer (G_OBJECT (self->window), (gpointer *)&self->window);
  g_signal_connect_object (self->window, "close-request", G_CALLBACK (on_close), self, 0);
  show_state (self);
  sentient_client_open_async (self->client, NULL, on_opened, g_object_ref (self));
}

static void
sentient_applet_application_activate (GApplication *application)
{
  SentientAppletApplication *self = SENTIENT_APPLET_APPLICATION (application);
  gboolean hidden = self->hidden;

  self->hidden = FALSE;
  if (!hidden && self->window != NULL)
    gtk_window_present (GTK_WINDOW (self->window));
}

static void
sentient_applet_application_shutdown (GApplication *application)
{
  SentientAppletApplication *self = SENTIENT_APPLET_APPLICATION (application);

  if (self->window != NULL)
    {
      g_object_remove_weak_pointer (G_OBJECT (self->window), (gpointer *)&self->window);
      gtk_window_destroy (GTK_WINDOW (self->window));
      self->window = NULL;
    }
  g_clear_pointer (&self->offers, sentient_applet_offers_free);
  g_clear_object (&self->tray);
  g_clear_object (&self->manager_signals);
  g_clear_object (&self->contacts);
  g_clear_object (&self->client);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->line, g_free);
  G_APPLICATION_CLASS (sentient_applet_application_parent_class)->shutdown (application);
}

/* GTK 4.8 goes on to tell screen readers of the window where there is no bus to tell them by, and
 * that ends in criticals. */
static void
leave_out_readers_without_bus (void)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);

  if (bus == NULL)
    g_setenv ("GTK_A11Y", "none", TRUE);
}

/* In every process, before it is known which is the first. */
static int
sentient_applet_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  SentientAppletApplication *self = SENTIENT_APPLET_APPLICATION (application);

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("sentient-applet %s\n", SENTIENT_VERSION);
      return 0;
    }
  leave_out_readers_without_bus ();
  if (!gtk_init_check ())
    {
      g_printerr ("sentient-applet: %s\n",
                  _ ("there is no display to show a window on. Start it in a desktop session; "
                     "in a terminal, sentient status shows how things stand"));
      return 1;
    }
  self->hidden = g_variant_dict_contains (options, "background");
  return -1;
}

static void
sentient_applet_application_class_init (SentientAppletApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = sentient_applet_application_startup;
  application_class->activate = sentient_applet_application_activate;
  application_class->shutdown = sentient_applet_application_shutdown;
  application_class->handle_local_options = sentient_applet_application_handle_local_options;
}

static void
sentient_applet_application_init (SentientAppletApplication *self)
{
  g_application_add_main_option (G_APPLICATION (self), "background", 'b', 0, G_OPTION_ARG_NONE,
                                 _ ("Start in the tray, without a window"), NULL);
  g_application_add_main_option (G_APPLICATION (self), "version", 'V', 0, G_OPTION_ARG_NONE,
                                 _ ("Print the version"), NULL);
}

SentientAppletApplication *
sentient_applet_application_new (void)
{
  return g_object_new (SENTIENT_TYPE_APPLET_APPLICATION, "application-id", SENTIENT_APPLET_ID,
                       "flags", G_APPLICATION_DEFAULT_FLAGS, "resource-base-path",
                       "/org/sentient/Sentient", NULL);
}
