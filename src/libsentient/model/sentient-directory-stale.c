/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Room events that do not fit: a session is never left with a view of a room that is wrong without
 * anybody knowing. A v1 session is told the room's whole state in place of the events; a plain one,
 * which knows no such message, is told of that room again when it has joined it again. */

#include "model/sentient-directory-private.h"
#include "protocol/sentient-notes.h"

void
sentient_directory_set_stale (SentientDirectory *self,
                              SentientSession *session,
                              SentientMembership *membership,
                              gboolean stale)
{
  if (stale)
    session->stale_ms = sentient_clock_get_monotonic_ms (self->clock);
  if (membership->stale == stale)
    return;
  membership->stale = stale;
  session->n_stale += stale ? 1 : -1;
}

static gboolean
is_stale (SentientSession *session, const char *room)
{
  const SentientMembership *membership
      = session->n_stale > 0 ? sentient_session_find_membership (session, room) : NULL;

  return membership != NULL && membership->stale;
}

static GPtrArray *
take_events (SentientDirectory *self, SentientSession *session, const char *room)
{
  gsize before = session->outbox.bytes;
  GPtrArray *events = sentient_outbox_take_events (&session->outbox, room, session->v1 == NULL);

  self->queued_bytes -= before - session->outbox.bytes;
  return events;
}

static void
make_room_stale (SentientDirectory *self, SentientSession *session, const char *room)
{
  SentientMembership *membership = sentient_session_find_membership (session, room);

  if (membership != NULL) /* it may have left the room since */
    sentient_directory_set_stale (self, session, membership, TRUE);
}

/* The event, and those that wait, make place for the state of their rooms. Returns how many. */
static guint
make_stale (SentientDirectory *self, SentientSession *session, SentientMessage *message)
{
  g_autoptr (GPtrArray) events = take_events (self, session, NULL);

  for (guint i = 0; i < events->len; i++)
    make_room_stale (self, session, sentient_message_get_room (events->pdata[i]));
  make_room_stale (self, session, sentient_message_get_room (message));
  g_debug ("%s: %u room events do not fit its outbox; %s the state of %u rooms", session->node_id,
           events->len + 1,
           session->v1 != NULL ? "it is told" : "it is to join again, which tells it",
           session->n_stale);
  return events->len + 1;
}

/* Many members may come or go in one turn: a plain client that takes what it is sent has had no
 * chance to do so. It gets as much again, whatever waits for others. */
static gboolean
push_to_taker (SentientDirectory *self, SentientSession *session, SentientMessage *message)
{
  const SentientTransportVtable *transport = session->transport;
  SentientOutboxLimits limits = self->limits.outbox;

  if (transport == NULL || transport->is_taking == NULL
      || !transport->is_taking (session, session->transport_data))
    return FALSE;
  limits.items *= 2;
  limits.bytes *= 2;
  return sentient_directory_enqueue (self, session, &limits, message, NULL, 0);
}

static gboolean
enqueue_plain_event (SentientDirectory *self, SentientSession *session, SentientMessage *message)
{
  guint64 *dropped = self->metrics.dropped_events;
  gboolean over = sentient_directory_is_over_budget (self, message);

  if (is_stale (session, sentient_message_get_room (message)))
    {
      dropped[SENTIENT_DROP_OUTBOX_FULL]++;
      return FALSE;
    }
  if ((!over && sentient_directory_enqueue (self, session, &self->limits.outbox, message, NULL, 0))
      || push_to_taker (self, session, message))
    return TRUE;
  dropped[over ? SENTIENT_DROP_BUDGET_FULL : SENTIENT_DROP_OUTBOX_FULL]
      += make_stale (self, session, message);
  sentient_session_overflow (session, TRUE);
  return FALSE;
}

static gboolean
enqueue_v1_event (SentientDirectory *self, SentientSession *session, SentientMessage *message)
{
  gboolean over = sentient_directory_is_over_budget (self, message);

  if (is_stale (session, sentient_message_get_room (message)))
    return FALSE;
  if (!over && sentient_directory_enqueue (self, session, &self->limits.outbox, message, NULL, 0))
    return TRUE;
  if (!over)
    sentient_session_overflow (session, FALSE);
  make_stale (self, session, message);
  return FALSE;
}

void
sentient_directory_enqueue_event (SentientDirectory *self,
                                  SentientSession *session,
                                  SentientMessage *message)
{
  gboolean told = session->v1 != NULL ? enqueue_v1_event (self, session, message)
                                      : enqueue_plain_event (self, session, message);
  SentientMetrics *metrics = &self->metrics;

  if (!told)
    return;
  if (sentient_message_get_kind (message) == SENTIENT_MESSAGE_PEER_JOINED)
    metrics->told_joined++;
  else if (sentient_message_get_kind (message) == SENTIENT_MESSAGE_PEER_LEFT)
    metrics->told_left++;
  else
    metrics->told_presence++;
}

void
sentient_directory_note_all (SentientDirectory *self, SentientSession *session, GPtrArray *notes)
{
  for (guint i = 0; i < notes->len; i++)
    sentient_directory_note (self, session, notes->pdata[i]);
}

void
sentient_directory_overtake (SentientDirectory *self,
                             SentientSession *session,
                             SentientMembership *membership)
{
  const char *room = sentient_room_get_name (membership->room);

  if (session->v1 == NULL && !membership->stale)
    return; /* what waits is all that there was, and ends where the answer is */
  if (session->v1 != NULL && !sentient_outbox_may_tell_of (&session->outbox, room))
    return;
  g_ptr_array_unref (take_events (self, session, room));
  if (session->v1 != NULL)
    {
      sentient_directory_set_stale (self, session, membership, TRUE);
      sentient_session_wake (session);
    }
  else if (!sentient_outbox_may_tell_of (&session->outbox, room)) /* else it is told once more */
    sentient_directory_set_stale (self, session, membership, FALSE);
}

void
sentient_directory_refresh (SentientDirectory *self,
                            SentientSession *session,
                            SentientMembership *membership)
{
  if (!membership->stale)
    return;
  g_ptr_array_unref (take_events (self, session, sentient_room_get_name (membership->room)));
  sentient_directory_set_stale (self, session, membership, FALSE);
}

gboolean
sentient_directory_may_wait (SentientSession *session, GError **error)
{
  if (session->v1 != NULL || session->n_stale == 0 || sentient_outbox_is_waiting (&session->outbox))
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
               "More happened in the rooms of “%s” than could be kept for it. Join them again.",
               session->node_id);
  return FALSE;
}

void
sentient_directory_settle (SentientDirectory *self, SentientSession *session)
{
  const SentientOutboxLimits *limits = &self->limits.outbox;

  if (session->v1 == NULL || session->n_stale == 0)
    return;
  for (guint i = 0; i < sentient_session_get_n_rooms (session); i++)
    {
      SentientMembership *membership = &g_array_index (session->memberships, SentientMembership, i);
      g_autoptr (GArray) peers = NULL;
      g_autoptr (GPtrArray) notes = NULL;

      /* Half of it free, so that what follows does not make the room stale at once. */
      if (session->outbox.n_items > limits->items / 2 || session->outbox.bytes > limits->bytes / 2)
        return;
      if (!membership->stale)
        continue;
      peers = sentient_directory_list_peers (self, membership->room, session->node_id);
      notes = sentient_notes_new_room_state (session->node_id,
                                             sentient_room_get_name (membership->room),
                                             (SentientPeerInfo *)peers->data, peers->len);
      sentient_directory_set_stale (self, session, membership, FALSE);
      self->metrics.told_room_states++;
      sentient_directory_note_all (self, session, notes);
    }
}
