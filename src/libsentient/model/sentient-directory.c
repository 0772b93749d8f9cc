/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-directory.h"

#include "core/sentient-prefetch.h"
#include "model/sentient-directory-private.h"

static const char *const permanent_rooms[] = { "global", "memory-sync", "learning" };

enum
{
  SIGNAL_MEMBER_JOINED,
  SIGNAL_MEMBER_LEFT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GType
sentient_directory_get_item_type (GListModel *model)
{
  return SENTIENT_TYPE_ROOM;
}

static guint
sentient_directory_get_n_items (GListModel *model)
{
  return SENTIENT_DIRECTORY (model)->rooms->len;
}

static gpointer
sentient_directory_get_item (GListModel *model, guint position)
{
  SentientDirectory *self = SENTIENT_DIRECTORY (model);

  return position < self->rooms->len ? g_object_ref (self->rooms->pdata[position]) : NULL;
}

static void
sentient_directory_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = sentient_directory_get_item_type;
  iface->get_n_items = sentient_directory_get_n_items;
  iface->get_item = sentient_directory_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientDirectory,
                               sentient_directory,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      sentient_directory_list_model_init))

void
sentient_directory_limits_init (SentientDirectoryLimits *limits)
{
  *limits = (SentientDirectoryLimits){
    .room_peers = 50,
    .node_rooms = 32,
    .nodes = 65536,
    .rooms = 16384,
    .queued_bytes = 64 * 1024 * 1024,
    .address_share = 8,
    .metadata_bytes = SENTIENT_METADATA_MAX,
    .silence_ms = 30000,
    .grace_ms = 30000,
    .signals = { 200, 2000 },
    .joins = { 10, 64 },
  };
  sentient_outbox_limits_init (&limits->outbox);
}

static void
sentient_directory_dispose (GObject *object)
{
  sentient_directory_end_all (SENTIENT_DIRECTORY (object));
  G_OBJECT_CLASS (sentient_directory_parent_class)->dispose (object);
}

static void
sentient_directory_finalize (GObject *object)
{
  SentientDirectory *self = SENTIENT_DIRECTORY (object);

  g_hash_table_unref (self->sessions);
  g_hash_table_unref (self->gone);
  g_hash_table_unref (self->rooms_by_name);
  g_ptr_array_unref (self->rooms);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (sentient_directory_parent_class)->finalize (object);
}

static void
sentient_directory_class_init (SentientDirectoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sentient_directory_dispose;
  object_class->finalize = sentient_directory_finalize;

  signals[SIGNAL_MEMBER_JOINED]
      = g_signal_new ("member-joined", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 2, SENTIENT_TYPE_ROOM, SENTIENT_TYPE_MEMBER);
  signals[SIGNAL_MEMBER_LEFT]
      = g_signal_new ("member-left", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 3, SENTIENT_TYPE_ROOM, SENTIENT_TYPE_MEMBER, G_TYPE_INT);
}

static void
sentient_directory_init (SentientDirectory *self)
{
  sentient_directory_limits_init (&self->limits);
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)sentient_session_unref);
  self->gone = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->rooms = g_ptr_array_new_with_free_func (g_object_unref);
  self->rooms_by_name = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < G_N_ELEMENTS (permanent_rooms); i++)
    {
      SentientRoom *room = sentient_room_new (permanent_rooms[i], TRUE);

      g_ptr_array_add (self->rooms, room);
      g_hash_table_insert (self->rooms_by_name, (gpointer)sentient_room_get_name (room), room);
    }
}

SentientDirectory *
sentient_directory_new (SentientClock *clock)
{
  SentientDirectory *self = g_object_new (SENTIENT_TYPE_DIRECTORY, NULL);

  self->clock = g_object_ref (clock);
  return self;
}

SentientDirectoryLimits *
sentient_directory_get_limits (SentientDirectory *self)
{
  return &self->limits;
}

SentientRoom *
sentient_directory_find_room (SentientDirectory *self, const char *name)
{
  return g_hash_table_lookup (self->rooms_by_name, name);
}

SentientRoom *
sentient_directory_peek_room (SentientDirectory *self, guint position)
{
  return self->rooms->pdata[position];
}

guint
sentient_directory_get_n_nodes (SentientDirectory *self)
{
  return g_hash_table_size (self->sessions);
}

SentientMetrics *
sentient_directory_get_metrics (SentientDirectory *self)
{
  return &self->metrics;
}

void
sentient_directory_count (SentientDirectory *self, SentientDirectoryCounts *counts)
{
  GHashTableIter iter;
  gpointer session;

  *counts = (SentientDirectoryCounts){ .queued_bytes = self->queued_bytes };
  for (guint i = 0; i < self->rooms->len; i++)
    counts->memberships += sentient_room_get_n_members (self->rooms->pdata[i]);
  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    counts->queued_messages += ((SentientSession *)session)->outbox.n_items;
}

/* Returns a reference: a handler may fill the room and empty it again. */
static SentientRoom *
ensure_room (SentientDirectory *self, const char *name, GError **error)
{
  SentientRoom *room = sentient_directory_find_room (self, name);

  if (room != NULL)
    return g_object_ref (room);
  if (self->rooms->len >= self->limits.rooms)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                   "The room “%s” cannot be opened: this coordinator has %u rooms already. "
                   "Try again later.",
                   name, self->rooms->len);
      return NULL;
    }

  room = sentient_room_new (name, FALSE);
  g_ptr_array_add (self->rooms, g_object_ref (room));
  g_hash_table_insert (self->rooms_by_name, (gpointer)sentient_room_get_name (room), room);
  g_list_model_items_changed (G_LIST_MODEL (self), self->rooms->len - 1, 0, 1);
  return room;
}

static void
drop_room_if_empty (SentientDirectory *self, SentientRoom *room)
{
  guint position;

  if (sentient_room_get_permanent (room) || sentient_room_get_n_members (room) > 0)
    return;
  g_hash_table_remove (self->rooms_by_name, sentient_room_get_name (room));
  if (g_ptr_array_find (self->rooms, room, &position))
    {
      g_ptr_array_remove_index (self->rooms, position);
      g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
    }
}

static void
peer_info_init (SentientPeerInfo *info, SentientMember *member)
{
  *info = (SentientPeerInfo){
    .node_id = sentient_member_get_node_id (member),
    .name = sentient_member_get_name (member),
    .joined_at = sentient_member_get_joined_at (member),
    .last_seen = sentient_member_get_last_seen (member),
    .online = sentient_member_get_online (member),
    .metadata = sentient_member_get_metadata (member),
    .plain = sentient_member_is_plain (member),
  };
}

/* So many members are told while what the next step needs of another one is on its way. */
#define STEP 2

/* One step a line: from the member to its session, and from there to its outbox and transport. */
static void
fetch_ahead (SentientRoom *room, guint i, guint n)
{
  const SentientSession *soon = NULL;

  if (i + 3 * STEP < n)
    sentient_member_prefetch (sentient_room_peek (room, i + 3 * STEP));
  if (i + 2 * STEP < n)
    sentient_prefetch (sentient_member_get_session (sentient_room_peek (room, i + 2 * STEP)),
                       G_STRUCT_OFFSET (SentientSession, last_seen));
  if (i + STEP < n)
    soon = sentient_member_get_session (sentient_room_peek (room, i + STEP));
  if (soon == NULL)
    return;
  sentient_prefetch (soon->outbox.items, 2 * SENTIENT_CACHE_LINE);
  sentient_prefetch (soon->transport_data, SENTIENT_CACHE_LINE);
}

/* Tells everyone in the room but the one it is about. */
static void
tell_room (SentientDirectory *self,
           SentientRoom *room,
           SentientMessage *message,
           const SentientSession *exclude)
{
  for (guint i = 0; i < sentient_room_get_n_members (room); i++)
    {
      SentientSession *session = sentient_member_get_session (sentient_room_peek (room, i));

      fetch_ahead (room, i, sentient_room_get_n_members (room));
      if (session != exclude && !session->ended)
        sentient_directory_enqueue_event (self, session, message);
    }
}

static gboolean
may_join (SentientDirectory *self,
          SentientSession *session,
          const char *name,
          gsize metadata_len,
          GError **error)
{
  SentientRoom *room = sentient_directory_find_room (self, name);

  if (metadata_len > self->limits.metadata_bytes)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "The metadata of “%s” takes %" G_GSIZE_FORMAT " bytes; at most %u are allowed.",
                   session->node_id, metadata_len, self->limits.metadata_bytes);
      return FALSE;
    }
  if (sentient_session_find_membership (session, name) != NULL)
    return TRUE;
  if (sentient_session_get_n_rooms (session) >= self->limits.node_rooms)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                   "“%s” is in %u rooms already, which is the limit. Leave one first.",
                   session->node_id, self->limits.node_rooms);
      return FALSE;
    }
  if (room != NULL && sentient_room_get_n_members (room) >= self->limits.room_peers)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_ROOM_FULL,
                   "The room “%s” is full (%u members). Try again later.", name,
                   self->limits.room_peers);
      return FALSE;
    }
  return TRUE;
}

/* Puts the member into the room and tells whoever listens: a handler may undo all of it. */
static void
enter (SentientDirectory *self,
       SentientSession *session,
       SentientRoom *room,
       SentientMember *member,
       gboolean stale)
{
  SentientMembership membership = { g_object_ref (member), g_object_ref (room), stale };

  sentient_member_set_online (member, session->lost_at == 0);
  sentient_member_set_plain (member, session->v1 == NULL);
  sentient_member_set_session (member, session);
  if (session->memberships == NULL)
    session->memberships = g_array_sized_new (FALSE, FALSE, sizeof (SentientMembership), 1);
  g_array_append_val (session->memberships, membership);
  if (stale)
    {
      session->n_stale++;
      session->stale_ms = sentient_clock_get_monotonic_ms (self->clock);
    }
  sentient_room_add (room, member);
  g_signal_emit (self, signals[SIGNAL_MEMBER_JOINED], 0, room, member);
}

/* Tells the others in the room, and enters it. */
static void
enter_new (SentientDirectory *self,
           SentientSession *session,
           SentientRoom *room,
           const char *metadata)
{
  const char *name = sentient_room_get_name (room);
  g_autoptr (SentientMember) member
      = sentient_member_new (session->node_id, name, metadata,
                             sentient_clock_get_real_ms (self->clock));
  g_autoptr (SentientMessage) event = NULL;
  SentientPeerInfo info;

  peer_info_init (&info, member);
  info.plain = session->v1 == NULL;
  event = sentient_message_new_peer_joined (name, &info, info.joined_at);
  tell_room (self, room, event, session);
  self->metrics.joins++;
  enter (self, session, room, member, FALSE);
}

gboolean
sentient_directory_restore_member (SentientDirectory *self,
                                   SentientSession *session,
                                   const char *room_name,
                                   const char *metadata,
                                   gint64 joined_at,
                                   gboolean stale,
                                   GError **error)
{
  g_autoptr (SentientRoom) room = NULL;
  g_autoptr (SentientMember) member = NULL;

  /* A room that held it before holds it still, should the limits be lower now. */
  room = ensure_room (self, room_name, error);
  if (room == NULL)
    return FALSE;
  member = sentient_member_new (session->node_id, room_name, metadata, joined_at);
  enter (self, session, room, member, stale);
  return TRUE;
}

SentientMembership *
sentient_directory_join (SentientDirectory *self,
                         SentientSession *session,
                         const char *room_name,
                         SentientSpan metadata,
                         GError **error)
{
  g_autoptr (SentientSession) hold = sentient_session_ref (session);
  g_autoptr (SentientRoom) room = NULL;
  g_autofree char *text = NULL;
  SentientMembership *membership;

  if (!may_join (self, session, room_name, metadata.len, error))
    return NULL;

  if (metadata.data != NULL)
    text = g_strndup (metadata.data, metadata.len);

  membership = sentient_session_find_membership (session, room_name);
  if (membership == NULL)
    {
      room = ensure_room (self, room_name, error);
      if (room == NULL)
        return NULL;
      /* Those who hear of the new room may have ended the session, or emptied the room again. */
      if (sentient_directory_find (self, session->node_id) == session
          && sentient_directory_find_room (self, room_name) == room)
        enter_new (self, session, room, text);
    }
  else if (text != NULL) /* who says nothing of it keeps it: "?room=" has no way to */
    sentient_member_set_metadata (membership->member, text);

  membership = sentient_session_find_membership (session, room_name);
  if (membership == NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                 "“%s” was removed from the room “%s” at once.", session->node_id, room_name);
  return membership;
}

static void
leave_at (SentientDirectory *self,
          SentientSession *session,
          guint index,
          SentientLeaveReason reason)
{
  SentientMembership membership = g_array_index (session->memberships, SentientMembership, index);
  g_autoptr (SentientMessage) event = NULL;

  if (membership.stale)
    session->n_stale--;
  g_array_remove_index (session->memberships, index);
  if (session->memberships->len == 0)
    g_clear_pointer (&session->memberships, g_array_unref);

  sentient_member_set_online (membership.member, FALSE);
  sentient_room_remove (membership.room, membership.member);
  sentient_member_set_session (membership.member, NULL);
  self->metrics.leaves[reason]++;
  event
      = sentient_message_new_peer_left (sentient_room_get_name (membership.room), session->node_id,
                                        reason, sentient_clock_get_real_ms (self->clock));
  tell_room (self, membership.room, event, session);
  g_signal_emit (self, signals[SIGNAL_MEMBER_LEFT], 0, membership.room, membership.member, reason);
  drop_room_if_empty (self, membership.room);

  g_object_unref (membership.member);
  g_object_unref (membership.room);
}

/* A handler may have ended it. */
static void
end_if_still_idle (SentientDirectory *self, SentientSession *session)
{
  if (sentient_directory_find (self, session->node_id) == session)
    sentient_directory_end_if_idle (self, session);
}

gboolean
sentient_directory_leave (SentientDirectory *self,
                          SentientSession *session,
                          const char *room,
                          GError **error)
{
  g_autoptr (SentientSession) hold = sentient_session_ref (session);

  for (guint i = 0; i < sentient_session_get_n_rooms (session); i++)
    {
      SentientMembership *membership = &g_array_index (session->memberships, SentientMembership, i);

      if (!g_str_equal (sentient_room_get_name (membership->room), room))
        continue;
      leave_at (self, session, i, SENTIENT_LEAVE_REASON_LEFT);
      end_if_still_idle (self, session);
      return TRUE;
    }
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM,
               "“%s” is not in the room “%s”, so it cannot leave it.", session->node_id, room);
  return FALSE;
}

/* Out of every room, in the order of joining; not out of those that a handler lets it join again.
 */
static GStrv
leave_every_room (SentientDirectory *self, SentientSession *session, SentientLeaveReason reason)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint n = sentient_session_get_n_rooms (session);
       n > 0 && sentient_session_get_n_rooms (session) > 0; n--)
    {
      SentientMembership *membership = &g_array_index (session->memberships, SentientMembership, 0);

      g_strv_builder_add (names, sentient_room_get_name (membership->room));
      leave_at (self, session, 0, reason);
    }
  return g_strv_builder_end (names);
}

GStrv
sentient_directory_leave_all (SentientDirectory *self, SentientSession *session)
{
  g_autoptr (SentientSession) hold = sentient_session_ref (session);
  GStrv rooms = leave_every_room (self, session, SENTIENT_LEAVE_REASON_LEFT);

  end_if_still_idle (self, session);
  return rooms;
}

void
sentient_directory_leave_stale (SentientDirectory *self, SentientSession *session)
{
  g_autoptr (SentientSession) hold = sentient_session_ref (session);
  guint i = 0;

  while (session->n_stale > 0 && i < sentient_session_get_n_rooms (session))
    {
      if (g_array_index (session->memberships, SentientMembership, i).stale)
        leave_at (self, session, i, SENTIENT_LEAVE_REASON_TIMEOUT);
      else
        i++;
    }
  end_if_still_idle (self, session);
}

/* What is lost with the session. */
static void
count_undelivered (SentientDirectory *self, SentientSession *session)
{
  const SentientOutboxItem *item;

  for (guint i = 0; (item = sentient_outbox_peek_nth (&session->outbox, i)) != NULL; i++)
    {
      if (sentient_message_get_kind (item->message) == SENTIENT_MESSAGE_SIGNAL)
        self->metrics.dropped_signals[SENTIENT_DROP_SESSION_ENDED]++;
      else
        self->metrics.dropped_events[SENTIENT_DROP_SESSION_ENDED]++;
    }
}

void
sentient_directory_end (SentientDirectory *self,
                        SentientSession *session,
                        SentientLeaveReason reason)
{
  const SentientTransportVtable *transport = session->transport;
  gpointer data = session->transport_data;

  /* Out of the table first, so that no handler finds a session that is ending. */
  g_hash_table_steal (self->sessions, session->node_id);
  session->ended = TRUE;
  sentient_directory_keep_rates (self, session);
  sentient_session_unqueue (session);
  session->transport = NULL;
  session->transport_data = NULL;
  if (session->sender != NULL)
    session->sender->session = NULL;
  self->queued_bytes -= session->outbox.bytes;
  count_undelivered (self, session);
  sentient_directory_tell_undelivered (self, session);
  sentient_outbox_clear (&session->outbox);

  g_strfreev (leave_every_room (self, session, reason));
  if (transport != NULL)
    transport->taken (data, reason == SENTIENT_LEAVE_REASON_REPLACED);
  sentient_session_unref (session);
}

void
sentient_directory_end_all (SentientDirectory *self)
{
  GHashTableIter iter;
  gpointer session;

  /* Handlers may end sessions, too: start anew each time. */
  self->ending = TRUE;
  for (;;)
    {
      g_hash_table_iter_init (&iter, self->sessions);
      if (!g_hash_table_iter_next (&iter, NULL, &session))
        break;
      sentient_directory_end (self, session, SENTIENT_LEAVE_REASON_LEFT);
    }
  self->ending = FALSE;
}

GArray *
sentient_directory_list_peers (SentientDirectory *self, SentientRoom *room, const char *exclude)
{
  guint n = sentient_room_get_n_members (room);
  GArray *peers = g_array_sized_new (FALSE, FALSE, sizeof (SentientPeerInfo), n);

  for (guint i = 0; i < n; i++)
    {
      SentientMember *member = sentient_room_peek (room, i);
      SentientPeerInfo info;

      peer_info_init (&info, member);
      if (exclude == NULL || !g_str_equal (info.node_id, exclude))
        g_array_append_val (peers, info);
    }
  return peers;
}
