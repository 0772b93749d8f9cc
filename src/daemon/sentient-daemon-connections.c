/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The objects below /connections: those of the peer. */

#include "daemon/sentient-daemon-private.h"
#include "peer/sentient-connection-statistics.h"

#define COUNT_MS 1000
/* How many calls for statistics of a connection may wait for the other node. */
#define MAX_ASKED 16

struct _SentientDaemonConnections
{
  SentientDaemon *daemon;
  GHashTable *objects; /* SentientConnection → Object */
  SentientDaemonMirror *mirror;
  guint64 last_number;
  guint count_id; /* while there is any */
};

typedef struct
{
  SentientDaemonObject base; /* of a SentientConnection, as SentientDBusConnection */
  guint n_asked;             /* calls for statistics that wait */
} Object;

/* Between two data channels there is none: what was known last stands. */
static void
update_way (Object *object)
{
  g_autofree char *pair = sentient_connection_dup_candidate_pair (object->base.item);
  g_autoptr (SentientConnectionStatistics) statistics
      = sentient_connection_dup_statistics (object->base.item);
  const char *protocol = sentient_connection_statistics_get_protocol (statistics);
  SentientCandidateType local = sentient_connection_statistics_get_local_type (statistics);
  SentientCandidateType remote = sentient_connection_statistics_get_remote_type (statistics);

  sentient_dbus_connection_set_round_trip_time (object->base.skeleton,
                                                sentient_connection_statistics_get_rtt (
                                                    statistics));
  if (pair != NULL)
    sentient_dbus_connection_set_candidate_pair (object->base.skeleton, pair);
  if (protocol == NULL)
    return;
  sentient_dbus_connection_set_protocol (object->base.skeleton, protocol);
  sentient_dbus_connection_set_candidate_type (object->base.skeleton,
                                               sentient_candidate_type_to_string (local));
  sentient_dbus_connection_set_remote_candidate_type (object->base.skeleton,
                                                      sentient_candidate_type_to_string (remote));
  sentient_dbus_connection_set_relayed (object->base.skeleton,
                                        sentient_connection_statistics_get_relayed (statistics));
}

static void
update_counters (Object *object)
{
  SentientConnection *connection = object->base.item;

  update_way (object);
  sentient_dbus_connection_set_messages_sent (object->base.skeleton,
                                              sentient_connection_get_messages_sent (connection));
  sentient_dbus_connection_set_messages_received (object->base.skeleton,
                                                  sentient_connection_get_messages_received (
                                                      connection));
  sentient_dbus_connection_set_bytes_sent (object->base.skeleton,
                                           sentient_connection_get_bytes_sent (connection));
  sentient_dbus_connection_set_bytes_received (object->base.skeleton,
                                               sentient_connection_get_bytes_received (connection));
}

static void
update (Object *object)
{
  SentientConnection *connection = object->base.item;
  const char *room = sentient_connection_get_room (connection);

  sentient_dbus_connection_set_room (object->base.skeleton, room != NULL ? room : "");
  sentient_dbus_connection_set_state (object->base.skeleton,
                                      sentient_connection_state_to_string (
                                          sentient_connection_get_state (connection)));
  sentient_dbus_connection_set_connected_at (object->base.skeleton,
                                             sentient_connection_get_connected_at (connection));
  update_counters (object);
}

static void
on_notify (GObject *connection, GParamSpec *pspec, gpointer user_data)
{
  update (user_data);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemonCall *call = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_peer_disconnect_peer_finish (SENTIENT_PEER (source), result, &error))
    sentient_daemon_call_done (call);
  else
    sentient_daemon_call_fail (call, error);
}

static gboolean
on_close (SentientDBusConnection *skeleton, GDBusMethodInvocation *invocation, Object *object)
{
  SentientDaemon *daemon = object->base.daemon;

  if (!sentient_daemon_refuses (daemon, invocation))
    sentient_peer_disconnect_peer_async (daemon->peer,
                                         sentient_connection_get_node_id (object->base.item), NULL,
                                         on_closed, sentient_daemon_call_new (daemon, invocation));
  return TRUE;
}

/* GetStatistics */

typedef struct
{
  SentientDaemonCall *call;
  char *path; /* of the object, which may be gone by then */
  gboolean hide_addresses;
} Asked;

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Asked *asked = user_data;
  SentientDaemonCall *call = asked->call;
  g_autofree char *path = asked->path;
  g_autoptr (SentientConnectionStatistics) statistics
      = sentient_connection_query_statistics_finish (SENTIENT_CONNECTION (source), result, NULL);
  g_autofree char *json
      = sentient_connection_statistics_to_json (statistics, asked->hide_addresses);
  SentientDaemonConnections *connections = call->daemon->connections;
  Object *object = connections != NULL ? g_hash_table_lookup (connections->objects, source) : NULL;

  if (object != NULL && g_str_equal (object->base.path, path))
    object->n_asked--;
  sentient_daemon_call_return (call, g_variant_new ("(s)", json));
}

static gboolean
on_get_statistics (SentientDBusConnection *skeleton,
                   GDBusMethodInvocation *invocation,
                   gboolean hide_addresses,
                   Object *object)
{
  g_autoptr (SentientConnectionStatistics) known = NULL;
  g_autofree char *json = NULL;
  Asked *asked;

  if (sentient_daemon_refuses (object->base.daemon, invocation))
    return TRUE;
  if (object->n_asked >= MAX_ASKED)
    {
      known = sentient_connection_dup_statistics (object->base.item);
      json = sentient_connection_statistics_to_json (known, hide_addresses);
      sentient_dbus_connection_complete_get_statistics (skeleton, invocation, json);
      return TRUE;
    }
  object->n_asked++;
  asked = g_new0 (Asked, 1);
  asked->call = sentient_daemon_call_new (object->base.daemon, invocation);
  asked->path = g_strdup (object->base.path);
  asked->hide_addresses = hide_addresses;
  sentient_connection_query_statistics_async (object->base.item, NULL, on_asked, asked);
  return TRUE;
}

static gboolean
on_send (SentientDBusConnection *skeleton,
         GDBusMethodInvocation *invocation,
         GVariant *data,
         gboolean text,
         Object *object)
{
  return sentient_daemon_send (object->base.daemon, invocation,
                               sentient_connection_get_node_id (object->base.item), data, text);
}

static gboolean
on_count (gpointer user_data)
{
  SentientDaemonConnections *self = user_data;
  GHashTableIter iter;
  gpointer object;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    update_counters (object);
  return G_SOURCE_CONTINUE;
}

static void
on_came (gpointer item, gpointer user_data)
{
  SentientDaemonConnections *self = user_data;
  Object *object = g_new0 (Object, 1);
  SentientDBusConnection *skeleton = sentient_dbus_connection_skeleton_new ();

  sentient_daemon_object_init (&object->base, self->daemon, item,
                               g_strdup_printf (SENTIENT_DBUS_CONNECTIONS_PATH
                                                "/%" G_GUINT64_FORMAT,
                                                ++self->last_number),
                               skeleton);
  sentient_dbus_connection_set_node_id (skeleton, sentient_connection_get_node_id (item));
  sentient_dbus_connection_set_candidate_pair (skeleton, "");
  sentient_dbus_connection_set_candidate_type (skeleton, "");
  sentient_dbus_connection_set_remote_candidate_type (skeleton, "");
  sentient_dbus_connection_set_protocol (skeleton, "");
  update (object);
  g_signal_connect (item, "notify", G_CALLBACK (on_notify), object);
  g_signal_connect (skeleton, "handle-close", G_CALLBACK (on_close), object);
  g_signal_connect (skeleton, "handle-get-statistics", G_CALLBACK (on_get_statistics), object);
  g_signal_connect (skeleton, "handle-send", G_CALLBACK (on_send), object);
  g_hash_table_insert (self->objects, item, object);
  sentient_daemon_object_show (&object->base);
  if (self->count_id != 0)
    return;
  self->count_id = g_timeout_add (COUNT_MS, on_count, self);
  g_source_set_name_by_id (self->count_id, "sentient-daemon-connections-count");
}

static void
on_went (gpointer item, gpointer user_data)
{
  SentientDaemonConnections *self = user_data;

  g_hash_table_remove (self->objects, item);
  if (g_hash_table_size (self->objects) == 0)
    g_clear_handle_id (&self->count_id, g_source_remove);
}

static Object *
find (SentientDaemonConnections *self, const char *node_id)
{
  SentientConnection *connection = sentient_peer_find_connection (self->daemon->peer, node_id);

  return connection != NULL ? g_hash_table_lookup (self->objects, connection) : NULL;
}

static void
on_drained (SentientPeer *peer, const char *node_id, gpointer user_data)
{
  Object *object = find (user_data, node_id);

  if (object != NULL)
    sentient_dbus_connection_emit_drained (object->base.skeleton);
}

/* Before Manager tells it: who waits for that has it of the connection, too. */
static void
on_message (SentientPeer *peer,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            gpointer user_data)
{
  Object *object = find (user_data, node_id);

  /* Manager tells of what is too large. */
  if (object != NULL && g_bytes_get_size (data) <= SENTIENT_DAEMON_TELL_MAX)
    sentient_dbus_connection_emit_message (object->base.skeleton,
                                           g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING,
                                                                     data, TRUE),
                                           is_text);
}

SentientDaemonConnections *
sentient_daemon_connections_new (SentientDaemon *daemon)
{
  SentientDaemonConnections *self = g_new0 (SentientDaemonConnections, 1);

  self->daemon = daemon;
  self->objects = g_hash_table_new_full (NULL, NULL, NULL, sentient_daemon_object_free);
  self->mirror = sentient_daemon_mirror_new (sentient_peer_get_connections (daemon->peer), on_came,
                                             on_went, self);
  g_signal_connect (daemon->peer, "message", G_CALLBACK (on_message), self);
  g_signal_connect (daemon->peer, "drained", G_CALLBACK (on_drained), self);
  return self;
}

void
sentient_daemon_connections_free (SentientDaemonConnections *self)
{
  g_signal_handlers_disconnect_by_data (self->daemon->peer, self);
  g_clear_pointer (&self->mirror, sentient_daemon_mirror_free);
  g_hash_table_unref (self->objects);
  g_free (self);
}

const char *
sentient_daemon_connections_find_path (SentientDaemonConnections *self,
                                       SentientConnection *connection)
{
  return sentient_daemon_object_find_path (self->objects, connection);
}
