/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-rooms.h"

/* A node may be known in three ways; what the coordinator of this daemon says of it goes first. */
enum
{
  AS_HOSTED,
  AS_JOINED,
  AS_SELF,
  N_WAYS
};

typedef struct
{
  SentientDaemonRoom *room;
  SentientMember *known[N_WAYS];
  gulong notify_ids[N_WAYS];
  char *path;
  SentientDBusMember *skeleton; /* NULL: not on the bus */
} Member;

static const char *
own_id (SentientDaemonRoom *room)
{
  return sentient_peer_get_node_id (room->rooms->daemon->peer);
}

static SentientMember *
best (Member *member)
{
  for (guint i = 0; i < N_WAYS; i++)
    if (member->known[i] != NULL)
      return member->known[i];
  return NULL;
}

static gboolean
on_connect (SentientDBusMember *skeleton, GDBusMethodInvocation *invocation, Member *member)
{
  return sentient_daemon_connect_peer (member->room->rooms->daemon, invocation,
                                       sentient_dbus_member_get_node_id (skeleton));
}

static gboolean
on_send (SentientDBusMember *skeleton,
         GDBusMethodInvocation *invocation,
         GVariant *data,
         gboolean text,
         Member *member)
{
  return sentient_daemon_send (member->room->rooms->daemon, invocation,
                               sentient_dbus_member_get_node_id (skeleton), data, text);
}

static void
update (Member *member)
{
  SentientMember *source = best (member);
  const char *metadata;

  if (member->skeleton == NULL || source == NULL)
    return;
  metadata = sentient_member_get_metadata (source);
  sentient_dbus_member_set_name (member->skeleton, sentient_member_get_name (source));
  sentient_dbus_member_set_metadata (member->skeleton, metadata != NULL ? metadata : "");
  sentient_dbus_member_set_joined_at (member->skeleton, sentient_member_get_joined_at (source));
  sentient_dbus_member_set_online (member->skeleton, sentient_member_get_online (source));
  sentient_dbus_member_set_neighbour (member->skeleton,
                                      g_hash_table_contains (member->room->neighbours,
                                                             sentient_member_get_node_id (source)));
}

void
sentient_daemon_members_neighbours_changed (SentientDaemonRoom *room)
{
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, room->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    update (member);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  if (!g_str_equal (pspec->name, "last-seen"))
    update (user_data);
}

static void
show (Member *member)
{
  SentientDaemonRooms *rooms = member->room->rooms;
  const char *node_id = sentient_member_get_node_id (best (member));

  if (member->skeleton != NULL || member->room->skeleton == NULL)
    return;
  if (member->known[AS_SELF] == NULL && rooms->n_members >= rooms->daemon->max_members)
    {
      rooms->hides = TRUE;
      return;
    }
  member->path = g_strdup_printf ("%s/" SENTIENT_DBUS_MEMBERS "/%" G_GUINT64_FORMAT,
                                  member->room->path, ++rooms->last_number);
  member->skeleton = sentient_dbus_member_skeleton_new ();
  sentient_dbus_member_set_node_id (member->skeleton, node_id);
  sentient_dbus_member_set_room (member->skeleton, member->room->path);
  sentient_dbus_member_set_self (member->skeleton, g_str_equal (node_id, own_id (member->room)));
  update (member);
  g_signal_connect (member->skeleton, "handle-connect", G_CALLBACK (on_connect), member);
  g_signal_connect (member->skeleton, "handle-send", G_CALLBACK (on_send), member);
  sentient_daemon_export (rooms->daemon, member->path,
                          G_DBUS_INTERFACE_SKELETON (member->skeleton));
  rooms->n_members++;
}

static void
hide (Member *member)
{
  SentientDaemonRooms *rooms = member->room->rooms;

  if (member->skeleton == NULL)
    return;
  sentient_daemon_unexport (rooms->daemon, member->path);
  g_signal_handlers_disconnect_by_data (member->skeleton, member);
  g_clear_object (&member->skeleton);
  g_clear_pointer (&member->path, g_free);
  rooms->n_members--;
  sentient_daemon_rooms_show_later (rooms);
}

static void
forget (Member *member, guint way)
{
  if (member->known[way] == NULL)
    return;
  g_clear_signal_handler (&member->notify_ids[way], member->known[way]);
  g_clear_object (&member->known[way]);
}

static void
member_free (gpointer data)
{
  Member *member = data;

  hide (member);
  for (guint i = 0; i < N_WAYS; i++)
    forget (member, i);
  g_free (member);
}

GHashTable *
sentient_daemon_members_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, member_free);
}

static void
came (SentientDaemonRoom *room, SentientMember *known, guint way)
{
  const char *node_id = sentient_member_get_node_id (known);
  Member *member = g_hash_table_lookup (room->members, node_id);

  if (member == NULL)
    {
      member = g_new0 (Member, 1);
      member->room = room;
      g_hash_table_insert (room->members, g_strdup (node_id), member);
    }
  forget (member, way);
  member->known[way] = g_object_ref (known);
  member->notify_ids[way] = g_signal_connect (known, "notify", G_CALLBACK (on_notify), member);
  update (member);
  show (member);
  sentient_daemon_room_update (room);
}

static void
went (SentientDaemonRoom *room, const char *node_id, guint way)
{
  Member *member = g_hash_table_lookup (room->members, node_id);

  if (member == NULL || member->known[way] == NULL)
    return;
  forget (member, way);
  if (best (member) != NULL)
    update (member);
  else
    g_hash_table_remove (room->members, node_id);
  sentient_daemon_room_update (room);
}

void
sentient_daemon_members_set_self (SentientDaemonRoom *room, gboolean in_it)
{
  SentientPeer *peer = room->rooms->daemon->peer;
  g_autoptr (SentientMember) self = NULL;
  Member *old = g_hash_table_lookup (room->members, own_id (room));
  gint64 joined_at = g_get_real_time () / 1000;

  if (!in_it)
    {
      went (room, own_id (room), AS_SELF);
      return;
    }
  if (old != NULL && old->known[AS_SELF] != NULL)
    joined_at = sentient_member_get_joined_at (old->known[AS_SELF]);
  self = sentient_member_new (own_id (room), room->name,
                              sentient_peer_get_own_metadata (peer, room->name), joined_at);
  came (room, self, AS_SELF);
}

void
sentient_daemon_members_joined_came (gpointer item, gpointer user_data)
{
  came (user_data, item, AS_JOINED);
}

void
sentient_daemon_members_joined_went (gpointer item, gpointer user_data)
{
  went (user_data, sentient_member_get_node_id (item), AS_JOINED);
}

void
sentient_daemon_members_hosted_came (gpointer item, gpointer user_data)
{
  came (user_data, item, AS_HOSTED);
}

void
sentient_daemon_members_hosted_went (gpointer item, gpointer user_data)
{
  went (user_data, sentient_member_get_node_id (item), AS_HOSTED);
}

void
sentient_daemon_members_show (SentientDaemonRoom *room)
{
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, room->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    show (member);
}

void
sentient_daemon_members_hide (SentientDaemonRoom *room)
{
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, room->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    hide (member);
}
