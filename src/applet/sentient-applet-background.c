/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-background.h"

/* What the portal takes, in characters. */
#define STATUS_MAX 96

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    g_debug ("The background portal does not take the status: %s", error->message);
}

void
sentient_applet_background_set_status (GDBusConnection *connection, const char *line)
{
  g_autofree char *cut = NULL;
  GVariantDict options;

  if (connection == NULL)
    return;

  cut = g_utf8_strlen (line, -1) > STATUS_MAX ? g_utf8_substring (line, 0, STATUS_MAX)
                                              : g_strdup (line);
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "message", "s", cut);
  g_dbus_connection_call (connection, "org.freedesktop.portal.Desktop",
                          "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Background",
                          "SetStatus", g_variant_new ("(@a{sv})", g_variant_dict_end (&options)),
                          NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_set, NULL);
}
