/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-rooms.h"

#define SHOW_MS 1000

/* One room */

static gboolean
on_leave (SentientDBusRoom *skeleton, GDBusMethodInvocation *invocation, SentientDaemonRoom *room)
{
  return sentient_daemon_leave (room->rooms->daemon, invocation, room->name);
}

static gboolean
on_broadcast (SentientDBusRoom *skeleton,
              GDBusMethodInvocation *invocation,
              GVariant *data,
              gboolean text,
              SentientDaemonRoom *room)
{
  return sentient_daemon_broadcast (room->rooms->daemon, invocation, room->name, data, text);
}

void
sentient_daemon_room_update (SentientDaemonRoom *room)
{
  if (room->skeleton == NULL)
    return;
  sentient_dbus_room_set_joined (room->skeleton, room->joined != NULL);
  sentient_dbus_room_set_hosted (room->skeleton, room->hosted != NULL);
  sentient_dbus_room_set_member_count (room->skeleton, g_hash_table_size (room->members));
  sentient_dbus_room_set_neighbour_count (room->skeleton, g_hash_table_size (room->neighbours));
}

static void
update_neighbours (SentientDaemonRoom *room)
{
  g_auto (GStrv) ids = sentient_peer_list_neighbours (room->rooms->daemon->peer, room->name);

  g_hash_table_remove_all (room->neighbours);
  for (guint i = 0; ids[i] != NULL; i++)
    g_hash_table_add (room->neighbours, g_strdup (ids[i]));
  sentient_daemon_members_neighbours_changed (room);
  sentient_daemon_room_update (room);
}

static void
on_neighbours_changed (SentientPeer *peer, SentientRoom *of, gpointer user_data)
{
  SentientDaemonRooms *self = user_data;
  SentientDaemonRoom *room = g_hash_table_lookup (self->rooms, sentient_room_get_name (of));

  if (room != NULL)
    update_neighbours (room);
}

static void
show_room (SentientDaemonRoom *room)
{
  SentientDaemonRooms *self = room->rooms;

  if (room->skeleton == NULL && room->joined == NULL && self->n_rooms >= self->daemon->max_rooms)
    {
      self->hides = TRUE;
      return;
    }
  if (room->skeleton == NULL)
    {
      room->skeleton = sentient_dbus_room_skeleton_new ();
      sentient_dbus_room_set_name (room->skeleton, room->name);
      sentient_daemon_room_update (room);
      g_signal_connect (room->skeleton, "handle-leave", G_CALLBACK (on_leave), room);
      g_signal_connect (room->skeleton, "handle-broadcast", G_CALLBACK (on_broadcast), room);
      sentient_daemon_export (self->daemon, room->path, G_DBUS_INTERFACE_SKELETON (room->skeleton));
      self->n_rooms++;
    }
  sentient_daemon_members_show (room);
}

static void
hide_room (SentientDaemonRoom *room)
{
  if (room->skeleton == NULL)
    return;
  sentient_daemon_members_hide (room);
  sentient_daemon_unexport (room->rooms->daemon, room->path);
  g_signal_handlers_disconnect_by_data (room->skeleton, room);
  g_clear_object (&room->skeleton);
  room->rooms->n_rooms--;
  sentient_daemon_rooms_show_later (room->rooms);
}

static void
room_free (gpointer data)
{
  SentientDaemonRoom *room = data;

  hide_room (room);
  g_clear_pointer (&room->joined_members, sentient_daemon_mirror_free);
  g_clear_pointer (&room->hosted_members, sentient_daemon_mirror_free);
  g_hash_table_unref (room->members);
  g_hash_table_unref (room->neighbours);
  g_free (room->name);
  g_free (room->path);
  g_free (room);
}

/* All rooms */

static SentientDaemonRoom *
need_room (SentientDaemonRooms *self, const char *name)
{
  SentientDaemonRoom *room = g_hash_table_lookup (self->rooms, name);

  if (room != NULL)
    return room;
  room = g_new0 (SentientDaemonRoom, 1);
  room->rooms = self;
  room->name = g_strdup (name);
  room->path
      = g_strdup_printf (SENTIENT_DBUS_ROOMS_PATH "/%" G_GUINT64_FORMAT, ++self->last_number);
  room->members = sentient_daemon_members_new ();
  room->neighbours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_insert (self->rooms, room->name, room);
  return room;
}

static void
on_joined_came (gpointer item, gpointer user_data)
{
  SentientDaemonRoom *room = need_room (user_data, sentient_room_get_name (item));

  room->joined = item;
  sentient_daemon_members_set_self (room, TRUE);
  room->joined_members = sentient_daemon_mirror_new (item, sentient_daemon_members_joined_came,
                                                     sentient_daemon_members_joined_went, room);
  sentient_daemon_room_update (room);
  show_room (room);
}

static void
on_joined_went (gpointer item, gpointer user_data)
{
  SentientDaemonRooms *self = user_data;
  SentientDaemonRoom *room = g_hash_table_lookup (self->rooms, sentient_room_get_name (item));

  room->joined = NULL;
  if (room->hosted == NULL)
    {
      g_hash_table_remove (self->rooms, room->name);
      return;
    }
  g_clear_pointer (&room->joined_members, sentient_daemon_mirror_free);
  sentient_daemon_members_set_self (room, FALSE);
  update_neighbours (room);
  sentient_daemon_room_update (room);
}

static void
on_hosted_came (gpointer item, gpointer user_data)
{
  SentientDaemonRoom *room = need_room (user_data, sentient_room_get_name (item));

  room->hosted = item;
  room->hosted_members = sentient_daemon_mirror_new (item, sentient_daemon_members_hosted_came,
                                                     sentient_daemon_members_hosted_went, room);
  sentient_daemon_room_update (room);
  show_room (room);
}

static void
on_hosted_went (gpointer item, gpointer user_data)
{
  SentientDaemonRooms *self = user_data;
  SentientDaemonRoom *room = g_hash_table_lookup (self->rooms, sentient_room_get_name (item));

  room->hosted = NULL;
  if (room->joined == NULL)
    {
      g_hash_table_remove (self->rooms, room->name);
      return;
    }
  g_clear_pointer (&room->hosted_members, sentient_daemon_mirror_free);
  sentient_daemon_room_update (room);
}

/* Its rooms outlive its stop, but nobody can get there. */
static void
on_running (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  SentientDaemonRooms *self = user_data;
  SentientCoordinator *coordinator = self->daemon->coordinator;
  gboolean running = sentient_coordinator_get_running (coordinator);

  if (running && self->hosted == NULL)
    self->hosted = sentient_daemon_mirror_new (sentient_coordinator_get_rooms (coordinator),
                                               on_hosted_came, on_hosted_went, self);
  else if (!running)
    g_clear_pointer (&self->hosted, sentient_daemon_mirror_free);
}

static gboolean
on_show (gpointer user_data)
{
  SentientDaemonRooms *self = user_data;
  GHashTableIter iter;
  gpointer room;

  self->show_id = 0;
  self->hides = FALSE;
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &room))
    show_room (room);
  return G_SOURCE_REMOVE;
}

void
sentient_daemon_rooms_show_later (SentientDaemonRooms *self)
{
  if (!self->hides || self->show_id != 0)
    return;
  self->show_id = g_timeout_add (SHOW_MS, on_show, self);
  g_source_set_name_by_id (self->show_id, "sentient-daemon-rooms-show");
}

SentientDaemonRooms *
sentient_daemon_rooms_new (SentientDaemon *daemon)
{
  SentientDaemonRooms *self = g_new0 (SentientDaemonRooms, 1);

  self->daemon = daemon;
  self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, room_free);
  self->joined = sentient_daemon_mirror_new (sentient_peer_get_rooms (daemon->peer), on_joined_came,
                                             on_joined_went, self);
  g_signal_connect (daemon->coordinator, "notify::running", G_CALLBACK (on_running), self);
  g_signal_connect (daemon->peer, "neighbours-changed", G_CALLBACK (on_neighbours_changed), self);
  on_running (NULL, NULL, self);
  return self;
}

void
sentient_daemon_rooms_free (SentientDaemonRooms *self)
{
  g_signal_handlers_disconnect_by_data (self->daemon->coordinator, self);
  g_signal_handlers_disconnect_by_data (self->daemon->peer, self);
  g_clear_pointer (&self->joined, sentient_daemon_mirror_free);
  g_clear_pointer (&self->hosted, sentient_daemon_mirror_free);
  g_clear_handle_id (&self->show_id, g_source_remove);
  g_hash_table_unref (self->rooms);
  g_free (self);
}

const char *
sentient_daemon_rooms_find_path (SentientDaemonRooms *self, const char *name)
{
  SentientDaemonRoom *room = g_hash_table_lookup (self->rooms, name);

  return room != NULL && room->skeleton != NULL ? room->path : NULL;
}

void
sentient_daemon_rooms_joined_again (SentientDaemonRooms *self, const char *name)
{
  SentientDaemonRoom *room = g_hash_table_lookup (self->rooms, name);

  if (room != NULL && room->joined != NULL)
    sentient_daemon_members_set_self (room, TRUE);
}
