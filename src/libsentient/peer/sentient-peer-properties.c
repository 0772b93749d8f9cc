/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

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
