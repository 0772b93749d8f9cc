/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The name and the objects on the bus. */

#include "daemon/sentient-daemon-private.h"

#define OWNER_TIMEOUT_MS 5000

static const char *
bus_text (SentientDaemon *self)
{
  return self->system_bus ? "system" : "session";
}

static char *
read_command (guint32 pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/comm", pid);
  char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("?");
  return g_strchomp (text);
}

static void
on_owner (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientDaemon) self = user_data;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  g_autofree char *who = NULL;
  g_autoptr (GError) error = NULL;

  if (self->starting == NULL)
    return;
  if (reply != NULL)
    {
      g_autofree char *command = NULL;
      guint32 pid;

      g_variant_get (reply, "(u)", &pid);
      command = read_command (pid);
      who = g_strdup_printf ("process %u (%s) has it", pid, command);
    }
  error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                       "the name " SENTIENT_DBUS_NAME " on the %s bus was not to be had: %s. One "
                       "daemon is enough for a bus: use that one, or end it first",
                       bus_text (self),
                       who != NULL
                           ? who
                           : "the bus does not let this user own it, or its owner is just going");
  sentient_daemon_named (self, g_steal_pointer (&error));
}

static void
on_name_acquired (GDBusConnection *bus, const char *name, gpointer user_data)
{
  SentientDaemon *self = user_data;

  if (self->starting != NULL)
    sentient_daemon_named (self, NULL);
}

static void
on_name_lost (GDBusConnection *bus, const char *name, gpointer user_data)
{
  SentientDaemon *self = user_data;
  g_autoptr (GError) error = NULL;

  if (bus == NULL || g_dbus_connection_is_closed (bus))
    return; /* told by on_closed () */
  if (self->starting != NULL)
    {
      g_dbus_connection_call (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                              "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                              g_variant_new ("(s)", name), G_VARIANT_TYPE ("(u)"),
                              G_DBUS_CALL_FLAGS_NONE, OWNER_TIMEOUT_MS, NULL, on_owner,
                              g_object_ref (self));
      return;
    }
  error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                       "the name " SENTIENT_DBUS_NAME " on the %s bus was taken away",
                       bus_text (self));
  sentient_daemon_emit_lost (self, error);
}

static void
on_closed (GDBusConnection *bus, gboolean vanished, GError *cause, gpointer user_data)
{
  SentientDaemon *self = user_data;
  g_autoptr (GError) error = NULL;

  error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                       "the %s bus is gone, and nobody could control the daemon any more",
                       bus_text (self));
  if (self->starting != NULL)
    sentient_daemon_named (self, g_steal_pointer (&error));
  else
    sentient_daemon_emit_lost (self, error);
}

void
sentient_daemon_enter_bus (SentientDaemon *self, GDBusConnection *bus)
{
  self->bus = g_object_ref (bus);
  self->closed_id = g_signal_connect (bus, "closed", G_CALLBACK (on_closed), self);
  self->objects = g_dbus_object_manager_server_new (SENTIENT_DBUS_PATH);
  self->connections = sentient_daemon_connections_new (self); /* hears of messages first */
  self->manager = sentient_daemon_manager_new (self);
  sentient_daemon_export (self, SENTIENT_DBUS_MANAGER_PATH,
                          G_DBUS_INTERFACE_SKELETON (self->manager));
  sentient_daemon_manager_update (self);
  self->rooms = sentient_daemon_rooms_new (self);
  self->transfers = sentient_daemon_transfers_new (self);

  /* Who sees the name finds the objects. */
  g_dbus_object_manager_server_set_connection (self->objects, bus);
  self->name_id
      = g_bus_own_name_on_connection (bus, SENTIENT_DBUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                      on_name_acquired, on_name_lost, self, NULL);
}

void
sentient_daemon_leave_bus (SentientDaemon *self)
{
  if (self->bus == NULL)
    return;
  g_clear_handle_id (&self->name_id, g_bus_unown_name);
  g_clear_signal_handler (&self->closed_id, self->bus);
  g_clear_pointer (&self->transfers, sentient_daemon_transfers_free);
  g_clear_pointer (&self->rooms, sentient_daemon_rooms_free);
  g_clear_pointer (&self->connections, sentient_daemon_connections_free);
  g_dbus_object_manager_server_set_connection (self->objects, NULL);
  g_clear_object (&self->manager);
  g_clear_object (&self->objects);
  g_clear_object (&self->bus);
}

void
sentient_daemon_export (SentientDaemon *self, const char *path, GDBusInterfaceSkeleton *interface)
{
  g_autoptr (GDBusObjectSkeleton) object = g_dbus_object_skeleton_new (path);

  g_dbus_object_skeleton_add_interface (object, interface);
  g_dbus_object_manager_server_export (self->objects, object);
}

void
sentient_daemon_unexport (SentientDaemon *self, const char *path)
{
  g_dbus_object_manager_server_unexport (self->objects, path);
}

void
sentient_daemon_object_init (SentientDaemonObject *self,
                             SentientDaemon *daemon,
                             gpointer item,
                             char *path,
                             gpointer skeleton)
{
  self->daemon = daemon;
  self->item = g_object_ref (item);
  self->path = path;
  self->skeleton = skeleton;
}

void
sentient_daemon_object_show (SentientDaemonObject *self)
{
  sentient_daemon_export (self->daemon, self->path, self->skeleton);
}

void
sentient_daemon_object_free (gpointer object)
{
  SentientDaemonObject *self = object;

  sentient_daemon_unexport (self->daemon, self->path);
  g_signal_handlers_disconnect_by_data (self->skeleton, self);
  g_signal_handlers_disconnect_by_data (self->item, self);
  g_object_unref (self->skeleton);
  g_object_unref (self->item);
  g_free (self->path);
  g_free (self);
}

const char *
sentient_daemon_object_find_path (GHashTable *objects, gpointer item)
{
  SentientDaemonObject *object = g_hash_table_lookup (objects, item);

  return object != NULL ? object->path : NULL;
}
