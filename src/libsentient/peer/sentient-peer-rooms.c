/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

SentientRoom *
sentient_peer_find_room (SentientPeer *self, const char *name)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rooms));

  for (guint i = 0; name != NULL && i < n; i++)
    {
      /* The list holds it. */
      g_autoptr (SentientRoom) room = g_list_model_get_item (G_LIST_MODEL (self->rooms), i);

      if (g_str_equal (sentient_room_get_name (room), name))
        return room;
    }
  return NULL;
}

SentientRoom *
sentient_peer_find_shared_room (SentientPeer *self, const char *node_id)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rooms));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientRoom) room = g_list_model_get_item (G_LIST_MODEL (self->rooms), i);

      if (sentient_room_find_member (room, node_id) != NULL)
        return room;
    }
  return NULL;
}

void
sentient_peer_forget_room (SentientPeer *self, const char *name)
{
  SentientRoom *room = sentient_peer_find_room (self, name);
  guint position;

  g_hash_table_remove (self->metadata, name);
  if (room != NULL && g_list_store_find (self->rooms, room, &position))
    g_list_store_remove (self->rooms, position);
}

void
sentient_peer_clear_rooms (SentientPeer *self)
{
  g_hash_table_remove_all (self->metadata);
  g_hash_table_remove_all (self->retries);
  g_list_store_remove_all (self->rooms);
}

/* Members */

/* told: the coordinator says so; else it only does not know it (any more). */
static void
member_gone (SentientPeer *self,
             SentientRoom *room,
             SentientMember *member,
             SentientLeaveReason reason,
             gboolean told)
{
  g_autoptr (SentientMember) keep = g_object_ref (member);
  g_autoptr (GError) error = NULL;
  const char *node_id = sentient_member_get_node_id (member);
  SentientConnection *attempt;

  sentient_room_remove (room, member);
  if (sentient_peer_find_shared_room (self, node_id) == NULL)
    {
      sentient_early_candidates_drop (self->early, node_id);
      sentient_peer_forget_retries (self, node_id);
      sentient_peer_mesh_forget (self, node_id);
      g_hash_table_remove (self->polite, node_id);
      attempt = g_hash_table_lookup (self->attempts, node_id);
      error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
                           "“%s” left room “%s” before a connection was made (%s)", node_id,
                           sentient_room_get_name (room), sentient_leave_reason_to_string (reason));
      if (attempt != NULL)
        sentient_peer_fail_attempt (self, attempt, error, TRUE);
      if (told)
        sentient_peer_note_left (self, node_id, reason);
    }
  sentient_peer_emit_member_left (self, room, keep, reason);
}

/* What v1 coordinators tell besides. */
static void
update_member (SentientPeer *self, SentientMember *member, SentientRemotePeer *remote)
{
  sentient_member_set_online (member, !remote->offline);
  if (remote->knows_polite)
    g_hash_table_replace (self->polite, g_strdup (remote->node_id),
                          GUINT_TO_POINTER (remote->polite ? SENTIENT_POLITE_YES
                                                           : SENTIENT_POLITE_NO));
}

/* NULL: it was there, or there is no place for it. */
static SentientMember *
add_member (SentientPeer *self, SentientRoom *room, SentientRemotePeer *remote)
{
  g_autoptr (SentientMember) added = NULL;
  SentientMember *member;

  if (g_str_equal (remote->node_id, self->node_id))
    return NULL;
  member = sentient_room_find_member (room, remote->node_id);
  if (member != NULL)
    {
      sentient_member_set_metadata (member, remote->metadata);
      sentient_peer_mesh_touch (self); /* it may have other capabilities */
      update_member (self, member, remote);
      return NULL;
    }
  if (sentient_room_get_n_members (room) >= SENTIENT_PEER_MEMBERS_MAX)
    {
      g_debug ("room “%s” has more than %d members, “%s” is not listed",
               sentient_room_get_name (room), SENTIENT_PEER_MEMBERS_MAX, remote->node_id);
      return NULL;
    }
  added = sentient_member_new (remote->node_id, sentient_room_get_name (room), remote->metadata,
                               g_get_real_time () / 1000);
  update_member (self, added, remote);
  sentient_room_add (room, added);
  sentient_peer_note_joined (self, remote->node_id);
  return added;
}

static gboolean
lists (GPtrArray *peers, const char *node_id)
{
  for (guint i = 0; peers != NULL && i < peers->len; i++)
    {
      if (g_str_equal (((SentientRemotePeer *)peers->pdata[i])->node_id, node_id))
        return TRUE;
    }
  return FALSE;
}

void
sentient_peer_sync_members (SentientPeer *self, SentientRoom *room, GPtrArray *peers, gboolean tell)
{
  for (guint i = sentient_room_get_n_members (room); i > 0; i--)
    {
      SentientMember *member;

      if (i > sentient_room_get_n_members (room)) /* changed from within a signal */
        continue;
      member = sentient_room_peek (room, i - 1);
      if (!lists (peers, sentient_member_get_node_id (member)))
        member_gone (self, room, member, SENTIENT_LEAVE_REASON_TIMEOUT, FALSE);
    }
  for (guint i = 0; peers != NULL && i < peers->len; i++)
    {
      g_autoptr (SentientMember) member = add_member (self, room, peers->pdata[i]);

      if (member == NULL)
        continue;
      g_object_ref (member);
      if (tell)
        sentient_peer_emit_member_joined (self, room, member);
    }
}

static void
handle_peer_joined (SentientPeer *self, SentientServerMessage *message)
{
  g_autoptr (SentientRoom) room = sentient_peer_find_room (self, message->room);
  g_autoptr (SentientMember) member = NULL;

  if (room == NULL)
    {
      g_debug ("“%s” joined a room that we are not in", message->node_id);
      return;
    }
  g_object_ref (room);
  member = add_member (self, room, g_ptr_array_index (message->peers, 0));
  if (member == NULL)
    return;
  g_object_ref (member);
  sentient_peer_emit_member_joined (self, room, member);
  /* The newcomer offers, but it may not know that we want it. */
  if (sentient_peer_is_lost (self, message->node_id))
    sentient_peer_retry_later (self, message->node_id);
}

static void
handle_peer_left (SentientPeer *self, SentientServerMessage *message)
{
  g_autoptr (SentientRoom) room = sentient_peer_find_room (self, message->room);
  SentientMember *member;

  if (room == NULL)
    return;
  g_object_ref (room);
  member = sentient_room_find_member (room, message->node_id);
  if (member != NULL)
    member_gone (self, room, member, message->reason, TRUE);
}

static void
handle_room_state (SentientPeer *self, SentientServerMessage *message)
{
  g_autoptr (SentientRoom) room = sentient_peer_find_room (self, message->room);

  if (room == NULL)
    return;
  g_object_ref (room);
  sentient_peer_sync_members (self, room, message->peers, TRUE);
}

static void
handle_presence (SentientPeer *self, SentientServerMessage *message, gboolean online)
{
  SentientRoom *room = sentient_peer_find_room (self, message->room);
  SentientMember *member = room != NULL ? sentient_room_find_member (room, message->node_id) : NULL;
  SentientConnection *connection;

  if (member != NULL)
    sentient_member_set_online (member, online);
  /* Only the coordinator lost it, perhaps. */
  connection = online ? NULL : g_hash_table_lookup (self->open, message->node_id);
  if (connection != NULL)
    sentient_connection_probe (connection);
  if (online)
    {
      sentient_peer_recover (self, message->node_id);
      sentient_peer_retry_anew (self, message->node_id);
    }
}

/* Signals were among what is lost. */
static void
handle_gap (SentientPeer *self, SentientServerMessage *message)
{
  g_autoptr (GError) error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                     "the coordinator lost %" G_GUINT64_FORMAT " of its messages to us",
                     message->gap_to - message->gap_from + 1);

  sentient_peer_fail_attempts (self, error, FALSE);
}

static void
take_ice_servers (SentientPeer *self, SentientServerMessage *message)
{
  if (message->stun_urls != NULL)
    {
      g_strfreev (self->coordinator_stun);
      self->coordinator_stun = g_steal_pointer (&message->stun_urls);
    }
  if (message->turn_urls != NULL)
    {
      g_strfreev (self->coordinator_turn);
      self->coordinator_turn = g_steal_pointer (&message->turn_urls);
    }
}

/* Over a WebSocket an error does not say what it is about. */
static void
handle_error (SentientPeer *self, const GError *error)
{
  gboolean attributed = sentient_peer_is_repeated_error (self, error);

  if (attributed)
    return;
  if (self->resumable) /* there it would say so */
    attributed = FALSE;
  else if (self->requests->len == 0)
    attributed = sentient_peer_attribute_error (self, error);
  else if (self->requests->len == 1 && sentient_peer_count_addressed (self) == 0)
    attributed = sentient_peer_refuse_first_request (self, error);
  if (!attributed)
    sentient_peer_emit_error (self, error);
}

void
sentient_peer_handle_message (SentientPeer *self, SentientServerMessage *message)
{
  switch (message->kind)
    {
    case SENTIENT_SERVER_CONNECTED:
      sentient_peer_set_coordinator_id (self, message->coordinator_id);
      break;
    case SENTIENT_SERVER_JOIN_RESULT:
      take_ice_servers (self, message);
      sentient_peer_note_session (self);
      /* While a channel is being opened it tells of nothing else. */
      if (self->state == SENTIENT_PEER_STATE_CONNECTED)
        sentient_peer_handle_join_result (self, message);
      break;
    case SENTIENT_SERVER_LEAVE_RESULT:
      sentient_peer_handle_leave_result (self, message);
      break;
    case SENTIENT_SERVER_PEER_JOINED:
      handle_peer_joined (self, message);
      break;
    case SENTIENT_SERVER_PEER_LEFT:
      handle_peer_left (self, message);
      break;
    case SENTIENT_SERVER_SIGNAL:
      sentient_peer_handle_signal (self, message->signal);
      break;
    case SENTIENT_SERVER_ERROR:
      handle_error (self, message->error);
      break;
    case SENTIENT_SERVER_ROOM_STATE:
      handle_room_state (self, message);
      break;
    case SENTIENT_SERVER_PEER_OFFLINE:
    case SENTIENT_SERVER_PEER_ONLINE:
      handle_presence (self, message, message->kind == SENTIENT_SERVER_PEER_ONLINE);
      break;
    case SENTIENT_SERVER_GAP:
      handle_gap (self, message);
      break;
    case SENTIENT_SERVER_DRAINING:
      self->drain_ms = message->retry_after_ms;
      break;
    case SENTIENT_SERVER_UNDELIVERED: /* the session knows what became of which signal */
    case SENTIENT_SERVER_ACK:
    case SENTIENT_SERVER_PONG:
    case SENTIENT_SERVER_UNKNOWN:
    default:
      break;
    }
}
