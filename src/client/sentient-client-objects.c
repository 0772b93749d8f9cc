/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "client/sentient-client-list.h"
#include "client/sentient-client-private.h"
#include "dbus/sentient-dbus-names.h"

static const char *
get_room_path (gpointer room)
{
  return sentient_client_proxy_path (sentient_client_room_get_proxy (room));
}

static void
add_member (SentientClient *self, SentientDBusMember *member)
{
  const char *path = sentient_dbus_member_get_room (member);
  SentientClientRoom *room = path != NULL ? g_hash_table_lookup (self->rooms_by_path, path) : NULL;

  if (room != NULL)
    sentient_client_room_add_member (room, member);
}

static void
add_room (SentientClient *self, SentientDBusRoom *proxy)
{
  SentientClientRoom *room = sentient_client_room_new (proxy);

  /* The table holds it. */
  g_hash_table_insert (self->rooms_by_path, g_strdup (get_room_path (room)), room);
  sentient_client_list_insert (self->rooms, room, get_room_path);
}

static void
add_object (SentientClient *self, GDBusObject *object)
{
  SentientDBusObject *faces = SENTIENT_DBUS_OBJECT (object);
  SentientDBusRoom *room = sentient_dbus_object_peek_room (faces);
  SentientDBusMember *member = sentient_dbus_object_peek_member (faces);
  SentientDBusConnection *connection = sentient_dbus_object_peek_connection (faces);
  SentientDBusTransfer *transfer = sentient_dbus_object_peek_transfer (faces);

  if (transfer != NULL)
    sentient_client_list_insert (self->transfers, transfer, sentient_client_proxy_path);
  if (room != NULL)
    add_room (self, room);
  if (member != NULL)
    add_member (self, member);
  if (connection != NULL)
    sentient_client_list_insert (self->connections, connection, sentient_client_proxy_path);
}

static void
add_members_that_came_first (SentientClient *self, const char *room_path)
{
  g_autolist (GDBusObject) all = g_dbus_object_manager_get_objects (self->objects);

  for (GList *l = all; l != NULL; l = l->next)
    {
      SentientDBusMember *member
          = sentient_dbus_object_peek_member (SENTIENT_DBUS_OBJECT (l->data));

      if (member != NULL && g_strcmp0 (sentient_dbus_member_get_room (member), room_path) == 0)
        add_member (self, member);
    }
}

static void
on_object_added (GDBusObjectManager *objects, GDBusObject *object, SentientClient *self)
{
  SentientDBusManager *manager = sentient_dbus_object_peek_manager (SENTIENT_DBUS_OBJECT (object));

  add_object (self, object);
  if (sentient_dbus_object_peek_room (SENTIENT_DBUS_OBJECT (object)) != NULL)
    add_members_that_came_first (self, g_dbus_object_get_object_path (object));
  if (manager != NULL)
    {
      sentient_client_set_error (self, NULL);
      sentient_client_set_manager (self, manager);
      sentient_client_settle (self);
    }
}

static void
on_object_removed (GDBusObjectManager *objects, GDBusObject *object, SentientClient *self)
{
  SentientDBusObject *faces = SENTIENT_DBUS_OBJECT (object);
  SentientDBusMember *member = sentient_dbus_object_peek_member (faces);
  const char *path = g_dbus_object_get_object_path (object);
  SentientClientRoom *room;

  if (member != NULL)
    {
      const char *of_room = sentient_dbus_member_get_room (member);

      room = of_room != NULL ? g_hash_table_lookup (self->rooms_by_path, of_room) : NULL;
      if (room != NULL)
        sentient_client_room_remove_member (room, path);
    }
  if (sentient_dbus_object_peek_room (faces) != NULL)
    {
      sentient_client_list_remove (self->rooms, path, get_room_path);
      g_hash_table_remove (self->rooms_by_path, path);
    }
  if (sentient_dbus_object_peek_connection (faces) != NULL)
    sentient_client_list_remove (self->connections, path, sentient_client_proxy_path);
  if (sentient_dbus_object_peek_transfer (faces) != NULL)
    sentient_client_list_remove (self->transfers, path, sentient_client_proxy_path);
  if (sentient_dbus_object_peek_manager (faces) != NULL)
    {
      sentient_client_set_error (self, sentient_client_how_to_start (self));
      sentient_client_set_manager (self, NULL);
    }
}

static int
compare_objects (gconstpointer a, gconstpointer b)
{
  guint64 left = sentient_client_path_number (g_dbus_object_get_object_path ((GDBusObject *)a));
  guint64 right = sentient_client_path_number (g_dbus_object_get_object_path ((GDBusObject *)b));

  return left < right ? -1 : left > right;
}

/* Rooms before their members, the oldest first. */
static void
add_all (SentientClient *self)
{
  g_autolist (GDBusObject) all
      = g_list_sort (g_dbus_object_manager_get_objects (self->objects), compare_objects);
  SentientDBusManager *manager = NULL;

  for (GList *l = all; l != NULL; l = l->next)
    if (sentient_dbus_object_peek_room (l->data) != NULL)
      add_object (self, l->data);
  for (GList *l = all; l != NULL; l = l->next)
    {
      if (sentient_dbus_object_peek_room (l->data) == NULL)
        add_object (self, l->data);
      if (sentient_dbus_object_peek_manager (l->data) != NULL)
        manager = sentient_dbus_object_peek_manager (l->data);
    }

  sentient_client_set_error (
      self, manager != NULL
                ? NULL
                : _ ("The program that owns the daemon's name on the bus does not answer as "
                     "the Sentient daemon does; stop it and start sentientd"));
  sentient_client_set_manager (self, manager);
}

static void
on_objects (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusObjectManager) objects
      = sentient_dbus_object_manager_client_new_finish (result, &error);
  SentientClient *self = user_data;

  /* Another owner, or self is gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  /* Whoever is told may let go of it. */
  g_object_ref (self);
  g_object_freeze_notify (G_OBJECT (self));
  if (objects == NULL)
    {
      g_autofree char *sentence = sentient_client_describe_error (error);

      sentient_client_set_error (self, sentence);
    }
  else
    {
      self->objects = g_steal_pointer (&objects);
      g_signal_connect_object (self->objects, "object-added", G_CALLBACK (on_object_added), self,
                               0);
      g_signal_connect_object (self->objects, "object-removed", G_CALLBACK (on_object_removed),
                               self, 0);
      add_all (self);
    }
  g_object_thaw_notify (G_OBJECT (self));
  sentient_client_settle (self);
  g_object_unref (self);
}

void
sentient_client_follow (SentientClient *self, const char *owner)
{
  self->cancellable = g_cancellable_new ();
  sentient_dbus_object_manager_client_new (self->connection,
                                           G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START,
                                           owner, SENTIENT_DBUS_PATH, self->cancellable, on_objects,
                                           self);
}

void
sentient_client_forget (SentientClient *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->objects != NULL)
    g_signal_handlers_disconnect_by_data (self->objects, self);
  g_clear_object (&self->objects);
  /* First, so that whoever sees the lists run empty knows why. */
  sentient_client_set_manager (self, NULL);
  g_hash_table_remove_all (self->rooms_by_path);
  g_list_store_remove_all (self->rooms);
  g_list_store_remove_all (self->connections);
  g_list_store_remove_all (self->transfers);
}
