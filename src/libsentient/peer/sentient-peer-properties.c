/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"
#include "protocol/sentient-names.h"

/**
 * sentient_peer_new:
 * @node_id: (nullable): our own id; %NULL: a random one
 *
 * Returns: (transfer full): a peer that is not connected to anything
 *
 * Since: 0.1
 */
SentientPeer *
sentient_peer_new (const char *node_id)
{
  return g_object_new (SENTIENT_TYPE_PEER, "node-id", node_id, NULL);
}

/**
 * sentient_peer_get_node_id:
 * @self: a peer
 *
 * Returns: our own id
 *
 * Since: 0.1
 */
const char *
sentient_peer_get_node_id (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  return self->node_id;
}

/**
 * sentient_peer_get_state:
 * @self: a peer
 *
 * Returns: how we stand to the coordinator
 *
 * Since: 0.1
 */
SentientPeerState
sentient_peer_get_state (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), SENTIENT_PEER_STATE_DISCONNECTED);

  return self->state;
}

/**
 * sentient_peer_get_channel_kind:
 * @self: a peer
 *
 * Returns: how we talk to the coordinator at present
 *
 * Since: 0.1
 */
SentientChannelKind
sentient_peer_get_channel_kind (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), SENTIENT_CHANNEL_KIND_NONE);

  return self->channel_kind;
}

/**
 * sentient_peer_get_coordinator_uri:
 * @self: a peer
 *
 * Returns: (nullable): the coordinator that answers, or answered last
 *
 * Since: 0.1
 */
const char *
sentient_peer_get_coordinator_uri (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  return self->coordinator_uri;
}

/**
 * sentient_peer_get_coordinator_id:
 * @self: a peer
 *
 * Returns: (nullable): what the coordinator calls itself
 *
 * Since: 0.1
 */
const char *
sentient_peer_get_coordinator_id (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  return self->coordinator_id;
}

/**
 * sentient_peer_get_resumable:
 * @self: a peer
 *
 * Returns: whether the coordinator keeps what is under way when the connection to it breaks
 *
 * Since: 0.1
 */
gboolean
sentient_peer_get_resumable (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);

  return self->resumable;
}

/**
 * sentient_peer_get_resumed:
 * @self: a peer
 *
 * Returns: whether nothing was lost when the peer last came back to a coordinator
 *
 * Since: 0.1
 */
gboolean
sentient_peer_get_resumed (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);

  return self->resumed;
}

/**
 * sentient_peer_get_rooms:
 * @self: a peer
 *
 * Returns: (transfer none): the joined rooms, a list of #SentientRoom
 *
 * Since: 0.1
 */
GListModel *
sentient_peer_get_rooms (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  return G_LIST_MODEL (self->rooms);
}

/**
 * sentient_peer_get_connections:
 * @self: a peer
 *
 * Returns: (transfer none): a list of #SentientConnection, open or being made
 *
 * Since: 0.1
 */
GListModel *
sentient_peer_get_connections (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  return G_LIST_MODEL (self->connections);
}

/**
 * sentient_peer_find_connection:
 * @self: a peer
 * @node_id: another node
 *
 * Returns: (transfer none) (nullable): the connection to it, the open one if there is one
 *
 * Since: 0.1
 */
SentientConnection *
sentient_peer_find_connection (SentientPeer *self, const char *node_id)
{
  SentientConnection *open;

  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);
  g_return_val_if_fail (node_id != NULL, NULL);

  open = g_hash_table_lookup (self->open, node_id);
  return open != NULL ? open : g_hash_table_lookup (self->attempts, node_id);
}

const char *
sentient_peer_get_own_metadata (SentientPeer *self, const char *room)
{
  return g_hash_table_lookup (self->metadata, room);
}

void
sentient_peer_store_session (SentientPeer *self)
{
  g_autoptr (GError) error = NULL;

  if (self->session_file != NULL
      && !sentient_session_file_store (self->session_file, self->node_id, self->session, &error))
    sentient_peer_emit_error (self, error);
}

/**
 * sentient_peer_use_session_file:
 * @self: a peer that has no coordinator yet
 * @path: (type filename) (nullable): a file; %NULL: `sentient/NODE-ID.session` in the user's
 * runtime directory
 * @error: return location
 *
 * Keeps name and token of the session with the coordinator in a file that only the user can read.
 * When the process is killed and started again, the peer takes up that session and has its node id
 * at once; else a coordinator keeps the id for the dead one for a while, by default 30 seconds. The
 * rooms of before are left, and it is a new start for other nodes. Works over WebSocket only. In
 * good order, the file goes with the session.
 *
 * Errors: %SENTIENT_ERROR_BAD_REQUEST (the node id is malformed), %SENTIENT_ERROR_BUSY (another
 * peer with this id uses it and is alive), %SENTIENT_ERROR_FORBIDDEN (others may read it),
 * %SENTIENT_ERROR_FAILED (it cannot be opened). In all of them the peer works as without.
 *
 * Returns: %TRUE if it is used
 *
 * Since: 0.1
 */
gboolean
sentient_peer_use_session_file (SentientPeer *self, const char *path, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *usual = NULL;
  SentientSessionFile *file;

  g_return_val_if_fail (SENTIENT_IS_PEER (self), FALSE);
  g_return_val_if_fail (self->state == SENTIENT_PEER_STATE_DISCONNECTED, FALSE);

  if (!sentient_name_is_valid (self->node_id, -1)) /* it may even lead out of the directory */
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, "“%s” is no node id",
                   self->node_id);
      return FALSE;
    }
  name = g_strconcat (self->node_id, ".session", NULL);
  usual = g_build_filename (g_get_user_runtime_dir (), "sentient", name, NULL);
  file = sentient_session_file_open (path != NULL ? path : usual, error);
  if (file == NULL)
    return FALSE;
  g_clear_pointer (&self->session_file, sentient_session_file_free);
  self->session_file = file;
  sentient_session_file_load (file, self->node_id, self->session);
  return TRUE;
}
