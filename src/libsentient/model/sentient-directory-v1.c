/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* v1 sessions: who may have a node id, what is acknowledged, and what is told when something would
 * get lost. */

#include "model/sentient-directory-private.h"
#include "protocol/sentient-notes.h"

/* A session whose first answer never reached its client: nobody can have its token. */
static gboolean
is_unclaimed (const SentientSession *session)
{
  return session->v1 != NULL && !session->v1->claimed && session->transport == NULL;
}

gboolean
sentient_directory_may_take (SentientDirectory *self,
                             const char *node_id,
                             gboolean new_v1,
                             GError **error)
{
  const SentientSession *session = sentient_directory_find (self, node_id);

  if (session == NULL || is_unclaimed (session) || (session->v1 == NULL && !new_v1))
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN,
               "Another session has the node id “%s”. Choose another id, or try again when that "
               "one has ended.",
               node_id);
  return FALSE;
}

SentientSession *
sentient_directory_open_v1 (SentientDirectory *self, const char *node_id, GError **error)
{
  SentientSession *session = sentient_directory_find (self, node_id);

  if (!sentient_directory_may_take (self, node_id, TRUE, error))
    return NULL;
  if (session != NULL)
    sentient_directory_end (self, session, SENTIENT_LEAVE_REASON_REPLACED);
  session = sentient_directory_ensure (self, node_id, error);
  if (session == NULL)
    return NULL;
  if (session->v1 != NULL || session->transport != NULL
      || sentient_session_get_n_rooms (session) > 0) /* a handler was faster */
    {
      sentient_directory_may_take (self, node_id, TRUE, error);
      return NULL;
    }
  sentient_session_make_resumable (session);
  return session;
}

SentientSession *
sentient_directory_find_by_token (SentientDirectory *self,
                                  const char *node_id,
                                  const char *token,
                                  gsize token_len)
{
  SentientSession *session = sentient_directory_find (self, node_id);

  if (session == NULL || !sentient_session_has_token (session, token, token_len))
    return NULL;
  session->v1->claimed = TRUE;
  return session;
}

gboolean
sentient_directory_ack (SentientDirectory *self, SentientSession *session, guint64 seq)
{
  gsize before = session->outbox.bytes;

  session->v1->claimed = TRUE;
  if (seq > session->outbox.last_seq)
    return FALSE;
  if (seq <= session->v1->acked_seq)
    return TRUE;
  session->v1->acked_seq = seq;
  session->v1->progress_ms = sentient_clock_get_monotonic_ms (self->clock);
  session->v1->stuck = FALSE;
  sentient_outbox_drop_acked (&session->outbox, seq);
  self->queued_bytes -= before - session->outbox.bytes;
  if (session->n_stale > 0)
    sentient_session_wake (session);
  return TRUE;
}

SentientRef
sentient_session_check_ref (SentientSession *session, guint64 ref)
{
  session->v1->claimed = TRUE;
  if (ref <= session->v1->handled_ref)
    return SENTIENT_REF_OLD;
  return ref == session->v1->handled_ref + 1 ? SENTIENT_REF_NEXT : SENTIENT_REF_JUMP;
}

/* Others may have filled the outbox before the client could acknowledge anything, which is not its
 * fault: a quarter of it is kept for what its own requests bring. */
gboolean
sentient_directory_has_place (SentientDirectory *self, SentientSession *session)
{
  SentientOutboxLimits limits = self->limits.outbox;

  limits.items += limits.items / 4 + 1;
  limits.bytes += limits.bytes / 4 + 1;
  return !sentient_outbox_is_full (&session->outbox, &limits);
}

void
sentient_directory_note (SentientDirectory *self, SentientSession *session, SentientMessage *note)
{
  gsize before = session->outbox.bytes;

  sentient_outbox_push_forced (&session->outbox, note);
  self->queued_bytes += session->outbox.bytes - before;
  sentient_session_wake (session);
}

void
sentient_directory_note_joined (SentientDirectory *self,
                                SentientSession *session,
                                SentientMembership *membership,
                                const SentientIceConfig *ice,
                                guint64 ref)
{
  const char *room = sentient_room_get_name (membership->room);
  g_autoptr (GArray) peers
      = sentient_directory_list_peers (self, membership->room, session->node_id);
  g_autoptr (GPtrArray) notes
      = sentient_notes_new_join_result (session->node_id, room, (SentientPeerInfo *)peers->data,
                                        peers->len, ice, ref);

  sentient_directory_set_stale (self, session, membership,
                                FALSE); /* it says all that a room-state would */
  sentient_directory_note_all (self, session, notes);
}

void
sentient_directory_check_progress (SentientDirectory *self, SentientSession *session, gint64 now)
{
  SentientResumable *v1 = session->v1;

  if (session->outbox.n_sent == 0 || v1->progress_ms == 0)
    v1->progress_ms = MAX (now, 1);
  v1->stuck = now - v1->progress_ms >= self->limits.silence_ms;
}

static void
tell_v1_members (SentientDirectory *self,
                 SentientRoom *room,
                 SentientMessage *event,
                 const SentientSession *exclude)
{
  for (guint i = 0; i < sentient_room_get_n_members (room); i++)
    {
      SentientSession *session = sentient_member_get_session (sentient_room_peek (room, i));

      if (session != exclude && session->v1 != NULL && !session->ended)
        sentient_directory_enqueue_event (self, session, event);
    }
}

void
sentient_directory_tell_presence (SentientDirectory *self,
                                  SentientSession *session,
                                  gboolean online)
{
  for (guint i = 0; i < sentient_session_get_n_rooms (session); i++)
    {
      SentientRoom *room = g_array_index (session->memberships, SentientMembership, i).room;
      g_autoptr (SentientMessage) event
          = sentient_message_new_presence (sentient_room_get_name (room), session->node_id, online);

      tell_v1_members (self, room, event, session);
    }
}

/* What waits for the session that ends: for each sender that can be told, the numbers of its
 * signals. */
void
sentient_directory_tell_undelivered (SentientDirectory *self, SentientSession *session)
{
  g_autoptr (GHashTable) refs_by_sender
      = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
  const SentientOutboxItem *item;
  GHashTableIter iter;
  gpointer sender, refs;

  for (guint i = 0; (item = sentient_outbox_peek_nth (&session->outbox, i)) != NULL; i++)
    {
      if (item->ref == 0 || item->sender->session == NULL)
        continue;
      refs = g_hash_table_lookup (refs_by_sender, item->sender);
      if (refs == NULL)
        {
          refs = g_array_new (FALSE, FALSE, sizeof (guint64));
          g_hash_table_insert (refs_by_sender, item->sender, refs);
        }
      g_array_append_val ((GArray *)refs, item->ref);
    }

  g_hash_table_iter_init (&iter, refs_by_sender);
  while (g_hash_table_iter_next (&iter, &sender, &refs))
    {
      g_autoptr (SentientMessage) note = sentient_note_new_undelivered (session->node_id, refs);

      self->metrics.told_undelivered += ((GArray *)refs)->len;
      sentient_directory_note (self, ((SentientSender *)sender)->session, note);
    }
}
