/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What calls of several interfaces do. */

#include <string.h>

#include "daemon/sentient-daemon-private.h"
#include "protocol/sentient-names.h"

SentientDaemonCall *
sentient_daemon_call_new (SentientDaemon *daemon, GDBusMethodInvocation *invocation)
{
  SentientDaemonCall *call = g_new0 (SentientDaemonCall, 1);

  call->daemon = g_object_ref (daemon);
  call->invocation = invocation;
  return call;
}

static void
call_free (SentientDaemonCall *call)
{
  g_object_unref (call->daemon);
  g_free (call);
}

void
sentient_daemon_call_return (SentientDaemonCall *call, GVariant *values)
{
  g_dbus_method_invocation_return_value (call->invocation, values);
  call_free (call);
}

void
sentient_daemon_call_done (SentientDaemonCall *call)
{
  sentient_daemon_call_return (call, NULL);
}

void
sentient_daemon_call_fail (SentientDaemonCall *call, const GError *error)
{
  sentient_daemon_refuse (call->invocation, g_error_copy (error));
  call_free (call);
}

void
sentient_daemon_call_return_path (SentientDaemonCall *call, const char *path)
{
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    {
      error = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED, "it is gone already");
      sentient_daemon_call_fail (call, error);
      return;
    }
  sentient_daemon_call_return (call, g_variant_new ("(o)", path));
}

/* Only the errors of our domain have a name on the bus. */
static int
code_for_bus (const GError *error)
{
  if (error->domain == SENTIENT_ERROR)
    return error->code;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return SENTIENT_ERROR_BUSY;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return SENTIENT_ERROR_FORBIDDEN;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return SENTIENT_ERROR_CLOSED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    return SENTIENT_ERROR_BAD_REQUEST;
  return SENTIENT_ERROR_FAILED;
}

gboolean
sentient_daemon_refuse (GDBusMethodInvocation *invocation, GError *error)
{
  g_autoptr (GError) owned = error;

  g_dbus_method_invocation_return_error_literal (invocation, SENTIENT_ERROR, code_for_bus (owned),
                                                 owned->message);
  return TRUE;
}

gboolean
sentient_daemon_refuses (SentientDaemon *self, GDBusMethodInvocation *invocation)
{
  if (!self->is_stopping)
    return FALSE;
  return sentient_daemon_refuse (invocation,
                                 g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                                                      "the daemon is about to end"));
}

/* Rooms */

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemonCall *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);

  if (room == NULL)
    {
      sentient_daemon_call_fail (call, error);
      return;
    }
  if (call->daemon->rooms != NULL)
    sentient_daemon_rooms_joined_again (call->daemon->rooms, sentient_room_get_name (room));
  sentient_daemon_call_return_path (call,
                                    call->daemon->rooms != NULL ? sentient_daemon_rooms_find_path (
                                        call->daemon->rooms, sentient_room_get_name (room))
                                                                : NULL);
}

gboolean
sentient_daemon_join (SentientDaemon *self,
                      GDBusMethodInvocation *invocation,
                      const char *room,
                      const char *metadata)
{
  if (!sentient_daemon_refuses (self, invocation))
    sentient_peer_join_async (self->peer, room, *metadata != '\0' ? metadata : NULL, NULL,
                              on_joined, sentient_daemon_call_new (self, invocation));
  return TRUE;
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemonCall *call = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_peer_leave_finish (SENTIENT_PEER (source), result, &error))
    sentient_daemon_call_done (call);
  else
    sentient_daemon_call_fail (call, error);
}

gboolean
sentient_daemon_leave (SentientDaemon *self, GDBusMethodInvocation *invocation, const char *room)
{
  if (!sentient_daemon_refuses (self, invocation))
    sentient_peer_leave_async (self->peer, room, NULL, on_left,
                               sentient_daemon_call_new (self, invocation));
  return TRUE;
}

/* Messages */

/* data as a C string; NULL: it is no text. */
static char *
dup_text (GVariant *data, GError **error)
{
  gsize size;
  const char *text = g_variant_get_fixed_array (data, &size, 1);

  if (size > 0 && !g_utf8_validate_len (text, size, NULL))
    {
      g_set_error_literal (
          error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
          "the message is no text: it must be UTF-8 without NUL. Send it as bytes");
      return NULL;
    }
  return g_strndup (text != NULL ? text : "", size);
}

gboolean
sentient_daemon_send_with_priority (SentientDaemon *self,
                                    GDBusMethodInvocation *invocation,
                                    const char *node_id,
                                    GVariant *data,
                                    gboolean text,
                                    const char *priority)
{
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (data);
  g_autoptr (GError) error = NULL;
  SentientPriority value;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  if (!sentient_priority_from_string (priority, &value))
    return sentient_daemon_refuse (
        invocation, g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                                 "“%s” is no priority: it is “low”, “normal” or “high”", priority));
  if (text)
    {
      g_autofree char *string = dup_text (data, &error);

      if (string == NULL)
        return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
    }
  if (!sentient_peer_send_message (self->peer, node_id, bytes, text, value, &error))
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  g_dbus_method_invocation_return_value (invocation, NULL);
  return TRUE;
}

gboolean
sentient_daemon_send (SentientDaemon *self,
                      GDBusMethodInvocation *invocation,
                      const char *node_id,
                      GVariant *data,
                      gboolean text)
{
  return sentient_daemon_send_with_priority (self, invocation, node_id, data, text,
                                             sentient_priority_to_string (
                                                 SENTIENT_PRIORITY_NORMAL));
}

gboolean
sentient_daemon_broadcast (SentientDaemon *self,
                           GDBusMethodInvocation *invocation,
                           const char *room,
                           GVariant *data,
                           gboolean text)
{
  g_autoptr (GError) error = NULL;
  gboolean sent = FALSE;
  guint n_sent = 0;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  if (text)
    {
      g_autofree char *string = dup_text (data, &error);

      sent = string != NULL && sentient_peer_broadcast (self->peer, room, string, &n_sent, &error);
    }
  else
    {
      g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (data);

      sent = sentient_peer_broadcast_bytes (self->peer, room, bytes, &n_sent, &error);
    }
  if (!sent)
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", n_sent));
  return TRUE;
}

/* Connections */

static void
on_peer_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemonCall *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection
      = sentient_peer_connect_peer_finish (SENTIENT_PEER (source), result, &error);

  if (connection == NULL)
    {
      sentient_daemon_call_fail (call, error);
      return;
    }
  sentient_daemon_call_return_path (
      call, call->daemon->connections != NULL
                ? sentient_daemon_connections_find_path (call->daemon->connections, connection)
                : NULL);
}

gboolean
sentient_daemon_connect_peer (SentientDaemon *self,
                              GDBusMethodInvocation *invocation,
                              const char *node_id)
{
  if (!sentient_daemon_refuses (self, invocation))
    sentient_peer_connect_peer_async (self->peer, node_id, NULL, on_peer_connected,
                                      sentient_daemon_call_new (self, invocation));
  return TRUE;
}
