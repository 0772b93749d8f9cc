/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-mesh-private.h"

/* What others ask of the mesh. */

gboolean
sentient_peer_mesh_is_neighbour (SentientPeer *peer, const char *node_id)
{
  sentient_peer_mesh_sync (peer);
  return g_hash_table_contains (peer->mesh->wanted, node_id);
}

gboolean
sentient_peer_mesh_wants (SentientPeer *peer, const char *node_id)
{
  return g_hash_table_contains (peer->mesh->asked, node_id)
         || sentient_peer_mesh_is_neighbour (peer, node_id);
}

void
sentient_peer_mesh_forget (SentientPeer *peer, const char *node_id)
{
  g_hash_table_remove (peer->mesh->wanted, node_id);
}

void
sentient_peer_mesh_ask (SentientPeer *peer, const char *node_id, gboolean asked)
{
  if (asked)
    g_hash_table_add (peer->mesh->asked, g_strdup (node_id));
  else
    g_hash_table_remove (peer->mesh->asked, node_id);
  sentient_peer_mesh_schedule (peer->mesh, 0);
}

gboolean
sentient_peer_mesh_passes_on (SentientPeer *peer, const char *name, const char *node_id)
{
  SentientMeshRoom *room;

  sentient_peer_mesh_sync (peer);
  room = g_hash_table_lookup (peer->mesh->rooms, name);
  return room != NULL && sentient_mesh_passes_on (room->mesh, peer->node_id)
         && sentient_mesh_passes_on (room->mesh, node_id);
}

gboolean
sentient_peer_mesh_reaches_all (SentientPeer *peer, SentientRoom *of)
{
  SentientMeshRoom *room;

  sentient_peer_mesh_sync (peer);
  room = g_hash_table_lookup (peer->mesh->rooms, sentient_room_get_name (of));
  if (room == NULL || !sentient_mesh_passes_on (room->mesh, peer->node_id))
    return TRUE; /* nobody passes on anything of ours */
  if (!sentient_mesh_is_full (room->mesh))
    return FALSE;
  for (guint i = 0; i < sentient_room_get_n_members (of); i++)
    {
      const char *node_id = sentient_member_get_node_id (sentient_room_peek (of, i));
      SentientConnection *connection = g_hash_table_lookup (peer->open, node_id);

      if (sentient_mesh_passes_on (room->mesh, node_id)
          && (connection == NULL || !sentient_connection_is_usable (connection)))
        return FALSE;
    }
  return TRUE;
}

static void
add_ids (GStrvBuilder *builder, GHashTable *ids)
{
  GHashTableIter iter;
  gpointer node_id;

  g_hash_table_iter_init (&iter, ids);
  while (g_hash_table_iter_next (&iter, &node_id, NULL))
    g_strv_builder_add (builder, node_id);
}

/**
 * sentient_peer_list_neighbours:
 * @self: a peer
 * @room: a room that was joined
 *
 * Whom the peer connects to by itself in that room: all members of a small one, about
 * #SentientPeer:mesh-degree of a large one, and in any case those that do not pass broadcasts on.
 * For each of a large one that could not be reached there is another one in addition.
 *
 * Returns: (transfer full): node ids, in no order; none if the room was not joined
 *
 * Since: 0.1
 */
GStrv
sentient_peer_list_neighbours (SentientPeer *self, const char *room)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  SentientMeshRoom *of;

  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);
  g_return_val_if_fail (room != NULL, NULL);

  sentient_peer_mesh_sync (self);
  of = g_hash_table_lookup (self->mesh->rooms, room);
  if (of != NULL)
    {
      add_ids (builder, of->neighbours);
      add_ids (builder, of->stand_ins);
    }
  return g_strv_builder_end (builder);
}
