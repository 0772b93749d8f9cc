/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-mesh-private.h"
#include "protocol/sentient-metadata.h"

#include <string.h>

/* Whom we connect to by ourselves. In a small room that is everybody, in a larger one those whom
 * SentientMesh names. As ever, who joins offers to those it finds; in a large room it waits for a
 * moment, since many may join at the same time. Where two become neighbours
 * since another one came or went, the one with the bytewise greater id offers once the news have
 * settled, so that what is true for a moment only makes no connections; and where nobody offered
 * who should, the other one does after a while.
 *
 * What the rooms are like is looked at when they are asked about or after they changed, not with
 * each change. */

typedef struct
{
  guint came; /* generation of the room: when it was there for the first time */
  guint seen; /* and for the last */
} Member;

static void
mesh_room_free (gpointer data)
{
  SentientMeshRoom *room = data;

  sentient_mesh_free (room->mesh);
  g_hash_table_unref (room->members);
  g_hash_table_unref (room->neighbours);
  g_hash_table_unref (room->stand_ins);
  g_free (room->name);
  g_free (room);
}

static void
on_members_changed (SentientPeer *peer)
{
  sentient_peer_mesh_touch (peer);
}

/* Connections, or the coordinator. */
static void
on_changed (SentientPeer *peer)
{
  sentient_peer_mesh_schedule (peer->mesh, 0);
}

/* Rooms come and go, and so do their members. */
static void
on_rooms_changed (GListModel *rooms,
                  guint position,
                  guint n_removed,
                  guint n_added,
                  SentientPeer *peer)
{
  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr (GObject) room = g_list_model_get_item (rooms, i);

      g_signal_connect_object (room, "items-changed", G_CALLBACK (on_members_changed), peer,
                               G_CONNECT_SWAPPED);
    }
  sentient_peer_mesh_touch (peer);
}

SentientPeerMesh *
sentient_peer_mesh_new (SentientPeer *peer)
{
  SentientPeerMesh *self = g_new0 (SentientPeerMesh, 1);

  self->peer = peer;
  self->limit = SENTIENT_MESH_LIMIT;
  self->degree = SENTIENT_MESH_DEGREE;
  self->wait_ms = SENTIENT_PEER_MESH_WAIT_MS;
  self->settle_ms = SENTIENT_PEER_MESH_SETTLE_MS;
  self->grace_ms = SENTIENT_PEER_MESH_GRACE_MS;
  self->hops = SENTIENT_GOSSIP_HOPS;
  self->size = SENTIENT_GOSSIP_SIZE;
  self->rate = SENTIENT_PEER_GOSSIP_RATE;
  self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, mesh_room_free);
  self->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->edges = sentient_peer_mesh_edges_new ();
  g_signal_connect (peer->rooms, "items-changed", G_CALLBACK (on_rooms_changed), peer);
  g_signal_connect_swapped (peer->connections, "items-changed", G_CALLBACK (on_changed), peer);
  g_signal_connect (peer, "peer-connected", G_CALLBACK (on_changed), NULL); /* the same item */
  g_signal_connect (peer, "notify::state", G_CALLBACK (on_changed), NULL);
  g_signal_connect (peer, "notify::auto-connect", G_CALLBACK (on_changed), NULL);
  return self;
}

void
sentient_peer_mesh_stop (SentientPeerMesh *self)
{
  self->is_over = TRUE;
  g_signal_handlers_disconnect_by_func (self->peer->rooms, on_rooms_changed, self->peer);
  g_signal_handlers_disconnect_by_func (self->peer->connections, on_changed, self->peer);
  g_signal_handlers_disconnect_by_func (self->peer, on_changed, NULL);
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
sentient_peer_mesh_free (SentientPeerMesh *self)
{
  g_hash_table_unref (self->rooms);
  g_hash_table_unref (self->wanted);
  g_hash_table_unref (self->asked);
  g_hash_table_unref (self->edges);
  g_free (self);
}

void
sentient_peer_mesh_set_times (SentientPeer *peer, guint wait_ms, guint settle_ms, guint grace_ms)
{
  peer->mesh->wait_ms = wait_ms;
  peer->mesh->settle_ms = settle_ms;
  peer->mesh->grace_ms = grace_ms;
}

/* What the rooms are like */

/* Metadata that has no place for the capability leaves us without it. */
static gboolean
are_we_plain (SentientPeer *peer, const char *room)
{
  g_autofree char *told = NULL;

  if (peer->is_plain)
    return TRUE;
  told = sentient_peer_dup_told_metadata (peer, g_hash_table_lookup (peer->metadata, room));
  return !sentient_metadata_has_capability (told, SENTIENT_GOSSIP_CAPABILITY);
}

static SentientMeshRoom *
add_room (SentientPeerMesh *self, const char *name)
{
  SentientMeshRoom *room = g_new0 (SentientMeshRoom, 1);

  room->name = g_strdup (name);
  room->mesh = sentient_mesh_new (name, self->limit, self->degree);
  room->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  room->neighbours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  room->stand_ins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  room->is_new = TRUE;
  room->is_told = TRUE;
  g_hash_table_insert (self->rooms, room->name, room);
  sentient_gossip_add_room (sentient_peer_gossip_get_model (self->peer->gossip), name);
  return room;
}

static gboolean
see_member (SentientPeerMesh *self, SentientMeshRoom *room, SentientMember *seen)
{
  const char *node_id = sentient_member_get_node_id (seen);
  Member *member = g_hash_table_lookup (room->members, node_id);

  if (member == NULL)
    {
      member = g_new0 (Member, 1);
      member->came = room->generation;
      g_hash_table_insert (room->members, g_strdup (node_id), member);
      sentient_gossip_add_member (sentient_peer_gossip_get_model (self->peer->gossip), room->name,
                                  node_id, room->is_new);
    }
  member->seen = room->generation;
  return sentient_mesh_add (room->mesh, node_id,
                            !sentient_metadata_has_capability (sentient_member_get_metadata (seen),
                                                               SENTIENT_GOSSIP_CAPABILITY));
}

static gboolean
forget_unseen (SentientPeerMesh *self, SentientMeshRoom *room)
{
  gboolean changed = FALSE;
  GHashTableIter iter;
  gpointer node_id, member;

  g_hash_table_iter_init (&iter, room->members);
  while (g_hash_table_iter_next (&iter, &node_id, &member))
    {
      if (((Member *)member)->seen == room->generation)
        continue;
      changed |= sentient_mesh_remove (room->mesh, node_id);
      sentient_gossip_remove_member (sentient_peer_gossip_get_model (self->peer->gossip),
                                     room->name, node_id);
      g_hash_table_iter_remove (&iter);
    }
  return changed;
}

/* TRUE: they are others now. */
static gboolean
take_ids (GHashTable **place, GPtrArray *list)
{
  g_autoptr (GHashTable) former = g_steal_pointer (place);
  guint n_kept = 0;

  *place = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < list->len; i++)
    {
      n_kept += g_hash_table_contains (former, list->pdata[i]);
      g_hash_table_add (*place, g_strdup (list->pdata[i]));
    }
  return n_kept != list->len || n_kept != g_hash_table_size (former);
}

static void
find_neighbours (SentientPeerMesh *self, SentientMeshRoom *room)
{
  g_autoptr (GPtrArray) list = sentient_mesh_list_neighbours (room->mesh, self->peer->node_id);

  if (take_ids (&room->neighbours, list))
    room->is_told = FALSE;
}

static void
find_stand_ins (SentientPeerMesh *self, SentientMeshRoom *room)
{
  g_autoptr (GHashTable) unreachable = sentient_peer_list_unreachable (self->peer);
  g_autoptr (GPtrArray) list
      = sentient_mesh_list_stand_ins (room->mesh, self->peer->node_id, unreachable);

  if (take_ids (&room->stand_ins, list))
    room->is_told = FALSE;
}

static void
sync_room (SentientPeerMesh *self, SentientRoom *from)
{
  const char *name = sentient_room_get_name (from);
  SentientMeshRoom *room = g_hash_table_lookup (self->rooms, name);
  gboolean changed;

  if (room == NULL)
    room = add_room (self, name);
  room->generation++;
  changed = sentient_mesh_set_limits (room->mesh, self->limit, self->degree);
  changed |= sentient_mesh_add (room->mesh, self->peer->node_id, are_we_plain (self->peer, name));
  for (guint i = 0; i < sentient_room_get_n_members (from); i++)
    changed |= see_member (self, room, sentient_room_peek (from, i));
  changed |= forget_unseen (self, room);
  if (changed)
    find_neighbours (self, room);
  find_stand_ins (self, room);
}

static gint64
when_to_offer (SentientPeerMesh *self, SentientMeshRoom *room, const char *node_id, gint64 now)
{
  const Member *member = g_hash_table_lookup (room->members, node_id);

  if (g_hash_table_contains (room->stand_ins, node_id)) /* it knows nothing of that */
    return now;
  if (room->is_new) /* in a large room others may be about to join as well */
    return sentient_mesh_is_full (room->mesh) ? now : now + self->settle_ms / 2;
  /* Who has just come offers to us. */
  if (member->came < room->generation && strcmp (self->peer->node_id, node_id) > 0)
    return now + self->settle_ms;
  return now + self->wait_ms;
}

static void
add_wishes (SentientPeerMesh *self,
            SentientMeshRoom *room,
            GHashTable *ids,
            GHashTable *former,
            gint64 now)
{
  GHashTableIter iter;
  gpointer node_id, key, value;

  g_hash_table_iter_init (&iter, ids);
  while (g_hash_table_iter_next (&iter, &node_id, NULL))
    {
      if (g_hash_table_contains (self->wanted, node_id))
        continue;
      if (g_hash_table_steal_extended (former, node_id, &key, &value))
        {
          g_hash_table_insert (self->wanted, key, value);
          continue;
        }
      value = g_new0 (SentientPeerWish, 1);
      ((SentientPeerWish *)value)->due = when_to_offer (self, room, node_id, now);
      g_hash_table_insert (self->wanted, g_strdup (node_id), value);
    }
}

static void
find_wishes (SentientPeerMesh *self)
{
  g_autoptr (GHashTable) former = g_steal_pointer (&self->wanted);
  gint64 now = sentient_clock_get_monotonic_ms (self->peer->clock);
  GHashTableIter iter;
  gpointer value;

  self->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      SentientMeshRoom *room = value;

      add_wishes (self, room, room->neighbours, former, now);
      add_wishes (self, room, room->stand_ins, former, now);
      room->is_new = FALSE;
    }
}

void
sentient_peer_mesh_sync (SentientPeer *peer)
{
  SentientPeerMesh *self = peer->mesh;
  GListModel *rooms = G_LIST_MODEL (peer->rooms);
  GHashTableIter iter;
  gpointer name;

  if (!self->is_dirty)
    return;
  self->is_dirty = FALSE;
  for (guint i = 0; i < g_list_model_get_n_items (rooms); i++)
    {
      g_autoptr (SentientRoom) room = g_list_model_get_item (rooms, i);

      sync_room (self, room);
    }
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (sentient_peer_find_room (peer, name) != NULL)
        continue;
      sentient_gossip_remove_room (sentient_peer_gossip_get_model (peer->gossip), name);
      g_hash_table_iter_remove (&iter);
    }
  find_wishes (self);
}

/* What follows from it */

/* The room in which the node is a neighbour, or stands in for one; NULL: it is none. */
static const char *
find_room_of (SentientPeerMesh *self, const char *node_id)
{
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      const SentientMeshRoom *room = value;

      if (g_hash_table_contains (room->neighbours, node_id)
          || g_hash_table_contains (room->stand_ins, node_id))
        return name;
    }
  return NULL;
}

/* Its wish may be gone afterwards. */
static void
greet (SentientPeerMesh *self, const char *node_id)
{
  g_autofree char *room = g_strdup (find_room_of (self, node_id));
  SentientPeerWish *wish;

  if (!sentient_peer_greet_in_turn (self->peer, node_id, room))
    {
      sentient_peer_mesh_schedule (self, SENTIENT_PACE_WAIT_MS);
      return;
    }
  wish = g_hash_table_lookup (self->wanted, node_id);
  if (wish == NULL)
    return;
  /* Else there are too many connections, for now. */
  wish->is_settled = g_hash_table_contains (self->peer->attempts, node_id)
                     || g_hash_table_contains (self->peer->open, node_id);
  wish->due = sentient_clock_get_monotonic_ms (self->peer->clock) + self->wait_ms;
}

static GPtrArray *
dup_keys (GHashTable *table)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (keys, g_strdup (key));
  return keys;
}

static void
check_wishes (SentientPeerMesh *self)
{
  g_autoptr (GPtrArray) ids = dup_keys (self->wanted);

  for (guint i = 0; i < ids->len; i++)
    {
      SentientPeerWish *wish = g_hash_table_lookup (self->wanted, ids->pdata[i]);
      gint64 wait;

      if (wish == NULL || wish->is_settled)
        continue;
      if (g_hash_table_contains (self->peer->open, ids->pdata[i]))
        wish->is_settled = TRUE;
      if (wish->is_settled || !self->peer->auto_connect
          || !sentient_peer_has_coordinator (self->peer)
          || g_hash_table_contains (self->peer->attempts, ids->pdata[i]))
        continue; /* it is looked at again when that changes */
      wait = wish->due - sentient_clock_get_monotonic_ms (self->peer->clock);
      if (wait > 0)
        sentient_peer_mesh_schedule (self, wait);
      else
        greet (self, ids->pdata[i]);
    }
}

static void
tell_neighbours (SentientPeerMesh *self)
{
  g_autoptr (GPtrArray) names = dup_keys (self->rooms);

  for (guint i = 0; i < names->len; i++)
    {
      SentientMeshRoom *room = g_hash_table_lookup (self->rooms, names->pdata[i]);
      g_autoptr (SentientRoom) of = sentient_peer_find_room (self->peer, names->pdata[i]);

      if (of != NULL)
        g_object_ref (of);
      if (room == NULL || of == NULL || room->is_told)
        continue;
      room->is_told = TRUE;
      sentient_peer_emit_neighbours_changed (self->peer, of);
    }
}

static gboolean
on_check (gpointer user_data)
{
  SentientPeerMesh *self = user_data;
  g_autoptr (SentientPeer) keep = g_object_ref (self->peer);

  g_clear_pointer (&self->timer, g_source_unref);
  sentient_peer_mesh_sync (self->peer);
  sentient_peer_gossip_members_changed (self->peer);
  check_wishes (self);
  sentient_peer_mesh_check_edges (self);
  tell_neighbours (self);
  return G_SOURCE_REMOVE;
}

void
sentient_peer_mesh_schedule (SentientPeerMesh *self, gint64 ms)
{
  gint64 due = sentient_clock_get_monotonic_ms (self->peer->clock) + ms;

  if (self->is_over || (self->timer != NULL && self->due <= due))
    return;
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  self->due = due;
  self->timer = sentient_peer_add_timeout (self->peer, (guint)MAX (ms, 0), on_check, self);
}

void
sentient_peer_mesh_touch (SentientPeer *peer)
{
  peer->mesh->is_dirty = TRUE;
  sentient_peer_mesh_schedule (peer->mesh, 0);
}

void
sentient_peer_mesh_greet (SentientPeer *peer, const char *name)
{
  SentientPeerMesh *self = peer->mesh;
  SentientMeshRoom *room = g_hash_table_lookup (self->rooms, name);
  gboolean is_new = room == NULL || room->is_new;
  g_autoptr (GPtrArray) ids = NULL;

  self->is_dirty = TRUE;
  sentient_peer_mesh_sync (peer);
  room = g_hash_table_lookup (self->rooms, name);
  if (room == NULL || !peer->auto_connect)
    return;
  is_new = is_new && sentient_mesh_is_full (room->mesh);
  ids = dup_keys (room->neighbours);
  for (guint i = 0; i < ids->len; i++)
    {
      if (!g_hash_table_contains (self->wanted, ids->pdata[i]))
        continue;
      /* When we are back in a room, the others are on their way: who is whose neighbour is known
       * only then. What was begun with a coordinator that is gone has to begin again. */
      if (is_new || g_hash_table_contains (peer->attempts, ids->pdata[i]))
        greet (self, ids->pdata[i]);
    }
}
