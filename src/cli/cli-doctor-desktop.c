/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-doctor.h"

#include "dbus/sentient-dbus-names.h"

#define ASK_MS 5000

#define SCHEMA "org.sentient.Sentient"

/* Of names that the bus lists. */
static gboolean
bus_lists (GDBusConnection *connection, const char *method)
{
  g_autofree const char **names = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", method, NULL, G_VARIANT_TYPE ("(as)"),
                                     G_DBUS_CALL_FLAGS_NONE, ASK_MS, NULL, NULL);

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(^a&s)", &names);
  return g_strv_contains (names, SENTIENT_DBUS_NAME);
}

static gboolean
schema_is_installed (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema
      = source != NULL ? g_settings_schema_source_lookup (source, SCHEMA, TRUE) : NULL;

  return schema != NULL;
}

void
cli_desktop_look (CliDesktop *desktop, GBusType bus)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (bus, NULL, &error);

  desktop->schema = schema_is_installed ();
  if (connection == NULL)
    {
      desktop->bus_error = g_strdup (error->message);
      return;
    }
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  desktop->activatable = bus_lists (connection, "ListActivatableNames");
  desktop->running = bus_lists (connection, "ListNames");
}

void
cli_desktop_clear (CliDesktop *desktop)
{
  g_clear_pointer (&desktop->bus_error, g_free);
}
