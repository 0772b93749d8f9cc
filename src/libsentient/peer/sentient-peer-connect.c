/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

#include "protocol/sentient-names.h"

static gboolean
may_connect (SentientPeer *self, const char *node_id, GError **error)
{
  if (!sentient_name_is_valid (node_id, -1))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, "“%s” is no node id", node_id);
  else if (g_str_equal (node_id, self->node_id))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, "“%s” cannot connect to itself",
                 node_id);
  else if (!sentient_peer_has_coordinator (self))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                 "cannot connect to “%s” without a coordinator: connect to one first", node_id);
  else if (sentient_peer_find_shared_room (self, node_id) == NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
                 "“%s” is in none of the rooms that “%s” has joined: join one where it is", node_id,
                 self->node_id);
  else if (!sentient_peer_has_capacity (self, node_id))
    g_set_error (
        error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
        "cannot connect to “%s”: there are %u connections already, disconnect one or raise "
        "max-connections",
        node_id, self->max_connections);
  else
    return TRUE;
  return FALSE;
}

/**
 * sentient_peer_connect_peer_async:
 * @self: a peer
 * @node_id: another node, member of a room that @self is in, too
 * @cancellable: (nullable): a #GCancellable
 * @callback: called when the data channel is open, or cannot be opened
 * @user_data: for @callback
 *
 * Connects to another node over WebRTC. If a connection is open it is returned; if one is being
 * made by either end, this waits for it. It ends within #SentientPeer:connect-timeout.
 *
 * Since: 0.1
 */
void
sentient_peer_connect_peer_async (SentientPeer *self,
                                  const char *node_id,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) attempt = NULL;
  SentientConnection *known;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (node_id != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_connect_peer_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (sentient_peer_find_shared_room (self, node_id) != NULL)
    sentient_peer_mesh_ask (self, node_id, TRUE);
  known = g_hash_table_lookup (self->open, node_id);
  if (known != NULL && known->link != NULL
      && sentient_link_get_state (known->link) == SENTIENT_LINK_STATE_OPEN
      && sentient_connection_is_usable (known))
    {
      g_task_return_pointer (task, g_object_ref (known), g_object_unref);
      return;
    }
  known = g_hash_table_lookup (self->attempts, node_id);
  if (known != NULL)
    {
      sentient_waiters_add (known->opening, g_steal_pointer (&task));
      return;
    }
  if (!may_connect (self, node_id, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  attempt = sentient_peer_ref_new_attempt (self, node_id,
                                           sentient_room_get_name (
                                               sentient_peer_find_shared_room (self, node_id)));
  attempt->wanted = TRUE;
  sentient_waiters_add (attempt->opening, g_steal_pointer (&task));
  sentient_peer_negotiate (self, attempt, NULL, NULL);
}

/**
 * sentient_peer_connect_peer_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Errors: %SENTIENT_ERROR_UNKNOWN_PEER (it is in no room of ours, or it left),
 * %SENTIENT_ERROR_NOT_CONNECTED (no coordinator), %SENTIENT_ERROR_TIMED_OUT,
 * %SENTIENT_ERROR_LINK_FAILED (WebRTC found no way), %SENTIENT_ERROR_MISSING_PLUGIN,
 * %SENTIENT_ERROR_BUSY (too many connections), %SENTIENT_ERROR_CLOSED (disconnected meanwhile).
 *
 * Returns: (transfer full): the open connection
 *
 * Since: 0.1
 */
SentientConnection *
sentient_peer_connect_peer_finish (SentientPeer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * sentient_peer_disconnect_peer_async:
 * @self: a peer
 * @node_id: another node
 * @cancellable: (nullable): a #GCancellable
 * @callback: called when the connection is gone
 * @user_data: for @callback
 *
 * Closes the connection to a node, or stops making one. What was sent before still goes out if the
 * other end takes it within a second.
 *
 * Since: 0.1
 */
void
sentient_peer_disconnect_peer_async (SentientPeer *self,
                                     const char *node_id,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) why = NULL;
  SentientConnection *attempt;
  g_autoptr (SentientConnection) open = NULL;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (node_id != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_disconnect_peer_async);
  sentient_peer_mesh_ask (self, node_id, FALSE);
  sentient_transfer_list_give_up (self->transfers, node_id);
  attempt = g_hash_table_lookup (self->attempts, node_id);
  open = g_hash_table_lookup (self->open, node_id);
  if (open != NULL)
    {
      g_object_ref (open);
      sentient_waiters_add (open->closing, g_steal_pointer (&task));
    }
  if (attempt != NULL)
    {
      why = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                                 "it was disconnected meanwhile");
      sentient_peer_fail_attempt (self, attempt, why, TRUE);
    }
  if (open != NULL && open->link != NULL)
    sentient_connection_close (open);
  else if (open != NULL && open->peer != NULL) /* it was about to be connected again */
    sentient_peer_end_connection (self, open, NULL);
  else if (task != NULL && attempt != NULL)
    g_task_return_boolean (task, TRUE);
  else if (task != NULL)
    g_task_return_new_error (task, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                             "there is no connection to “%s”", node_id);
}

/**
 * sentient_peer_disconnect_peer_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Errors: %SENTIENT_ERROR_NOT_CONNECTED (there was no connection).
 *
 * Returns: %TRUE if the connection is gone
 *
 * Since: 0.1
 */
gboolean
sentient_peer_disconnect_peer_finish (SentientPeer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * sentient_peer_close_async:
 * @self: a peer
 * @cancellable: (nullable): a #GCancellable
 * @callback: called when all of it is gone
 * @user_data: for @callback
 *
 * Leaves the coordinator and closes every connection. Whatever still waits for something is told
 * %SENTIENT_ERROR_CLOSED.
 *
 * Since: 0.1
 */
void
sentient_peer_close_async (SentientPeer *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (GPtrArray) open = NULL;
  GTask *task;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_close_async);
  sentient_waiters_add (self->closing, task);
  sentient_transfer_list_give_up (self->transfers, NULL);
  self->is_closing = TRUE;
  why = sentient_peer_new_closed_error (self);
  sentient_peer_fail_attempts (self, why, TRUE);

  open = sentient_peer_list (self->open);
  for (guint i = 0; i < open->len; i++)
    {
      SentientConnection *connection = open->pdata[i];

      if (connection->link != NULL)
        sentient_connection_close (connection);
      else if (connection->peer != NULL)
        sentient_peer_end_connection (self, connection, NULL);
    }
  sentient_peer_check_closed (self);
}

GError *
sentient_peer_new_closed_error (SentientPeer *self)
{
  return g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED, "the peer “%s” was closed meanwhile",
                      self->node_id);
}

/**
 * sentient_peer_close_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Returns: %TRUE; %FALSE only if it was cancelled
 *
 * Since: 0.1
 */
gboolean
sentient_peer_close_finish (SentientPeer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
