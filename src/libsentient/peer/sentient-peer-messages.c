/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

#include <string.h>

/* NULL: there is none. */
static SentientConnection *
find_open (SentientPeer *self, const char *node_id, GError **error)
{
  SentientConnection *connection = g_hash_table_lookup (self->open, node_id);

  if (connection == NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                 "there is no open connection to “%s”: connect to it first", node_id);
  return connection;
}

static gboolean
send_to (SentientPeer *self,
         const char *node_id,
         GBytes *data,
         gboolean is_text,
         SentientPriority priority,
         GError **error)
{
  SentientConnection *connection = find_open (self, node_id, error);

  return connection != NULL
         && sentient_connection_send (connection, data, is_text, priority, error);
}

/* Takes task. */
static void
send_task_to (SentientPeer *self,
              const char *node_id,
              GBytes *data,
              gboolean is_text,
              SentientPriority priority,
              GTask *task)
{
  GError *error = NULL;
  SentientConnection *connection = find_open (self, node_id, &error);

  if (connection != NULL)
    {
      sentient_connection_send_task (connection, data, is_text, priority, task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * sentient_peer_send:
 * @self: a peer
 * @node_id: a connected node
 * @text: UTF-8 text of at most #SentientPeer:max-message-size bytes
 * @error: return location
 *
 * Sends a text message over the open data channel. Messages arrive whole, and those of up to 65535
 * bytes in the order in which they were sent, be they text or bytes. Larger ones arrive in order
 * among themselves; small ones do not wait for them.
 *
 * At most 1 MiB of small messages waits to be sent or to be received by the other node, and as much
 * of large ones, or one: then a message is refused. sentient_peer_send_async() waits instead.
 *
 * A node that does not know the framing `sentient.v1` takes 1 to 65536 bytes, and gives no sign of
 * how fast it reads.
 *
 * Errors: %SENTIENT_ERROR_NOT_CONNECTED, %SENTIENT_ERROR_BAD_REQUEST (no UTF-8, or empty where that
 * is not possible), %SENTIENT_ERROR_PAYLOAD_TOO_LARGE, %SENTIENT_ERROR_WOULD_BLOCK (too much is
 * waiting: send it again after #SentientPeer::drained).
 *
 * Returns: %TRUE if the channel took it
 *
 * Since: 0.1
 */
gboolean
sentient_peer_send (SentientPeer *self, const char *node_id, const char *text, GError **error)
{
  g_autoptr (GBytes) data = NULL;

  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);
  g_return_val_if_fail (node_id != NULL, FALSE);
  g_return_val_if_fail (text != NULL, FALSE);

  data = g_bytes_new (text, strlen (text));
  return send_to (self, node_id, data, TRUE, SENTIENT_PRIORITY_NORMAL, error);
}

/**
 * sentient_peer_send_bytes:
 * @self: a peer
 * @node_id: a connected node
 * @data: at most #SentientPeer:max-message-size bytes
 * @error: return location
 *
 * Sends a binary message; else like sentient_peer_send().
 *
 * Returns: %TRUE if the channel took it
 *
 * Since: 0.1
 */
gboolean
sentient_peer_send_bytes (SentientPeer *self, const char *node_id, GBytes *data, GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);
  g_return_val_if_fail (node_id != NULL, FALSE);
  g_return_val_if_fail (data != NULL, FALSE);

  return send_to (self, node_id, data, FALSE, SENTIENT_PRIORITY_NORMAL, error);
}

/**
 * sentient_peer_send_message:
 * @self: a peer
 * @node_id: a connected node
 * @data: at most #SentientPeer:max-message-size bytes
 * @is_text: whether it is text; then it must be UTF-8 without a NUL
 * @priority: how urgent it is
 * @error: return location
 *
 * Sends a message that is more or less urgent than others; else like sentient_peer_send(), which
 * gives its messages %SENTIENT_PRIORITY_NORMAL. A message overtakes those of a lower priority that
 * were not sent yet. To a node that does not know the framing `sentient.v1`, only those overtake
 * and are overtaken that wait in sentient_peer_send_message_async() and its like.
 *
 * Returns: %TRUE if the channel took it
 *
 * Since: 0.1
 */
gboolean
sentient_peer_send_message (SentientPeer *self,
                            const char *node_id,
                            GBytes *data,
                            gboolean is_text,
                            SentientPriority priority,
                            GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);
  g_return_val_if_fail (node_id != NULL, FALSE);
  g_return_val_if_fail (data != NULL, FALSE);
  g_return_val_if_fail (sentient_priority_to_string (priority) != NULL, FALSE);

  return send_to (self, node_id, data, is_text, priority, error);
}

/**
 * sentient_peer_send_async:
 * @self: a peer
 * @node_id: a connected node
 * @text: UTF-8 text of at most #SentientPeer:max-message-size bytes
 * @cancellable: (nullable): a #GCancellable; once the message is taken it cannot be called back
 * @callback: called when the message is taken
 * @user_data: for @callback
 *
 * Sends a text message as soon as not too much is waiting for the other node, see
 * sentient_peer_send(). Messages that wait are taken in order of their priority and, within one, as
 * they came; sentient_peer_send() is refused while such of its priority or a higher one wait, so
 * that it does not overtake them. 1024 messages may wait for a node; the next one ends with
 * %SENTIENT_ERROR_WOULD_BLOCK.
 *
 * Since: 0.1
 */
void
sentient_peer_send_async (SentientPeer *self,
                          const char *node_id,
                          const char *text,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GBytes) data = NULL;
  GTask *task;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (node_id != NULL);
  g_return_if_fail (text != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_send_async);
  data = g_bytes_new (text, strlen (text));
  send_task_to (self, node_id, data, TRUE, SENTIENT_PRIORITY_NORMAL, task);
}

/**
 * sentient_peer_send_bytes_async:
 * @self: a peer
 * @node_id: a connected node
 * @data: at most #SentientPeer:max-message-size bytes
 * @cancellable: (nullable): a #GCancellable; once the message is taken it cannot be called back
 * @callback: called when the message is taken
 * @user_data: for @callback
 *
 * Sends a binary message; else like sentient_peer_send_async(), and finished like it.
 *
 * Since: 0.1
 */
void
sentient_peer_send_bytes_async (SentientPeer *self,
                                const char *node_id,
                                GBytes *data,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (node_id != NULL);
  g_return_if_fail (data != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_send_async);
  send_task_to (self, node_id, data, FALSE, SENTIENT_PRIORITY_NORMAL, task);
}

/**
 * sentient_peer_send_message_async:
 * @self: a peer
 * @node_id: a connected node
 * @data: at most #SentientPeer:max-message-size bytes
 * @is_text: whether it is text; then it must be UTF-8 without a NUL
 * @priority: how urgent it is, see sentient_peer_send_message()
 * @cancellable: (nullable): a #GCancellable; once the message is taken it cannot be called back
 * @callback: called when the message is taken
 * @user_data: for @callback
 *
 * Sends a message that is more or less urgent than others; else like sentient_peer_send_async(),
 * and finished like it.
 *
 * Since: 0.1
 */
void
sentient_peer_send_message_async (SentientPeer *self,
                                  const char *node_id,
                                  GBytes *data,
                                  gboolean is_text,
                                  SentientPriority priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (node_id != NULL);
  g_return_if_fail (data != NULL);
  g_return_if_fail (sentient_priority_to_string (priority) != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_send_async);
  send_task_to (self, node_id, data, is_text, priority, task);
}

/**
 * sentient_peer_send_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Finishes sentient_peer_send_async(), sentient_peer_send_bytes_async() and
 * sentient_peer_send_message_async().
 *
 * Errors: those of sentient_peer_send() without %SENTIENT_ERROR_WOULD_BLOCK, and what ended the
 * connection while the message waited (%SENTIENT_ERROR_CONNECTION_LOST, %SENTIENT_ERROR_PROTOCOL).
 *
 * Returns: %TRUE if the message was taken
 *
 * Since: 0.1
 */
gboolean
sentient_peer_send_finish (SentientPeer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
is_reached_by (SentientConnection *connection, SentientRoom *room)
{
  const char *name = sentient_room_get_name (room);

  if (!sentient_connection_is_usable (connection))
    return FALSE;
  return g_strcmp0 (connection->room, name) == 0
         || sentient_room_find_member (room, connection->node_id) != NULL;
}

/* To each over its own connection; but not to those that pass it on, if others do so. *n_failed:
 * to how many it did not go, and why the first. */
static guint
send_to_each (SentientPeer *self,
              SentientRoom *room,
              GBytes *data,
              gboolean is_text,
              gboolean is_passed_on,
              guint *n_failed,
              GError **error)
{
  g_autoptr (GPtrArray) open = sentient_peer_list (self->open);
  guint n_sent = 0;

  *n_failed = 0;
  for (guint i = 0; i < open->len; i++)
    {
      SentientConnection *connection = open->pdata[i];

      if (!is_reached_by (connection, room)
          || (is_passed_on
              && sentient_peer_mesh_passes_on (self, sentient_room_get_name (room),
                                               connection->node_id)))
        continue;
      if (sentient_connection_send (connection, data, is_text, SENTIENT_PRIORITY_NORMAL,
                                    *n_failed == 0 ? error : NULL))
        n_sent++;
      else
        (*n_failed)++;
    }
  return n_sent;
}

static gboolean
broadcast (SentientPeer *self,
           const char *room,
           GBytes *data,
           gboolean is_text,
           guint *n_sent,
           GError **error)
{
  g_autoptr (GError) first = NULL;
  SentientRoom *joined = sentient_peer_find_room (self, room);
  gboolean is_passed_on;
  guint sent = 0, failed = 0;

  if (n_sent != NULL)
    *n_sent = 0;
  if (joined == NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM,
                   "“%s” is not in room “%s”: join it first", self->node_id, room);
      return FALSE;
    }
  is_passed_on = !sentient_peer_mesh_reaches_all (self, joined);
  if (is_passed_on && !sentient_peer_gossip_broadcast (self, joined, data, is_text, &sent, error))
    return FALSE;
  sent += send_to_each (self, joined, data, is_text, is_passed_on, &failed, &first);
  if (n_sent != NULL)
    *n_sent = sent;
  if (failed == 0)
    return TRUE;
  g_set_error (error, first->domain, first->code, "%u of %u nodes did not take the message; %s",
               failed, failed + sent, first->message);
  return FALSE;
}

/**
 * sentient_peer_broadcast:
 * @self: a peer
 * @room: a room that was joined
 * @text: UTF-8 text, see sentient_peer_send()
 * @n_sent: (out) (optional): over how many connections it was sent
 * @error: return location
 *
 * Sends a text message to everybody in the room. That nobody is connected is no error.
 *
 * In a room that is not larger than #SentientPeer:mesh-limit and where everybody is connected, it
 * goes to each node over its own connection, also to those that were met there and left. If some
 * did not take it, the others have it all the same: @error says how many failed and why the first
 * did.
 *
 * Else it goes to the neighbours, who pass it on, so that it reaches also those who are not
 * connected to us: each once, and broadcasts of one node in the order in which they were sent. It
 * has at most #SentientPeer:gossip-max-size bytes. Nothing is sent if too much waits for most of
 * the neighbours (%SENTIENT_ERROR_WOULD_BLOCK); one that is slow misses it if its other neighbours
 * do not bring it. Members that do not pass on get it over their own connections as above. A
 * broadcast sent while a room grows beyond the limit or becomes small again may overtake the one
 * before it. Nobody can tell but its neighbours whether it is from the node that it names.
 *
 * Errors: %SENTIENT_ERROR_UNKNOWN_ROOM (it was not joined), else those of sentient_peer_send().
 *
 * Returns: %TRUE if every one of them took it
 *
 * Since: 0.1
 */
gboolean
sentient_peer_broadcast (SentientPeer *self,
                         const char *room,
                         const char *text,
                         guint *n_sent,
                         GError **error)
{
  g_autoptr (GBytes) data = NULL;

  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);
  g_return_val_if_fail (room != NULL, FALSE);
  g_return_val_if_fail (text != NULL, FALSE);

  data = g_bytes_new (text, strlen (text));
  return broadcast (self, room, data, TRUE, n_sent, error);
}

/**
 * sentient_peer_broadcast_bytes:
 * @self: a peer
 * @room: a room that was joined
 * @data: the message, see sentient_peer_send()
 * @n_sent: (out) (optional): over how many connections it was sent
 * @error: return location
 *
 * Sends a binary message to everybody in the room; else like sentient_peer_broadcast().
 *
 * Returns: %TRUE if every one of them took it
 *
 * Since: 0.1
 */
gboolean
sentient_peer_broadcast_bytes (SentientPeer *self,
                               const char *room,
                               GBytes *data,
                               guint *n_sent,
                               GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);
  g_return_val_if_fail (room != NULL, FALSE);
  g_return_val_if_fail (data != NULL, FALSE);

  return broadcast (self, room, data, FALSE, n_sent, error);
}
