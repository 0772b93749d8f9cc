/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-client-session-private.h"

#include "core/sentient-error.h"

/* FALSE: another page follows. */
static gboolean
put_together (SentientClientSession *self, SentientServerMessage *message)
{
  if (self->pages != NULL
      && (self->page != message->kind || g_strcmp0 (self->page_room, message->room) != 0))
    sentient_client_session_drop_pages (self);
  if (self->pages == NULL && !message->more)
    return TRUE;
  if (self->pages == NULL)
    {
      self->pages = g_steal_pointer (&message->peers);
      self->page = message->kind;
      self->page_room = g_strdup (message->room);
      return FALSE;
    }
  if (self->pages->len < SENTIENT_CLIENT_PEERS_MAX)
    g_ptr_array_extend_and_steal (self->pages, g_steal_pointer (&message->peers));
  if (message->more)
    return FALSE;
  g_clear_pointer (&message->peers, g_ptr_array_unref);
  message->peers = g_steal_pointer (&self->pages);
  sentient_client_session_drop_pages (self);
  return TRUE;
}

static SentientClientRecent *
find_recent (SentientClientSession *self, guint64 ref)
{
  for (GList *l = self->recent.tail; l != NULL; l = l->prev)
    {
      SentientClientRecent *recent = l->data;

      if (recent->ref == ref)
        return recent;
    }
  return NULL;
}

/* The answer to a join or leave by its number, or (from who tells none) to the first of its kind.
 */
static SentientClientVerdict
take_result (SentientClientSession *self, SentientServerMessage *message)
{
  SentientClientEntry *entry
      = message->ref != 0 ? sentient_client_session_find (self, message->ref) : NULL;

  for (GList *l = self->entries.head; message->ref == 0 && entry == NULL && l != NULL; l = l->next)
    {
      SentientClientEntry *each = l->data;

      if (each->request->kind == message->kind
          && g_strcmp0 (each->request->room, message->room) == 0)
        entry = each;
    }
  if (entry == NULL || entry->request->kind != message->kind)
    {
      g_debug ("the result of request %" G_GUINT64_FORMAT " came, of which nothing is known",
               message->ref);
      return SENTIENT_CLIENT_DROP;
    }
  if (message->room == NULL)
    message->room = g_strdup (entry->request->room);
  if (message->kind == SENTIENT_SERVER_JOIN_RESULT && !put_together (self, message))
    return SENTIENT_CLIENT_DROP;
  sentient_client_session_remove (self, entry);
  return SENTIENT_CLIENT_TAKE;
}

static SentientClientVerdict
take_error (SentientClientSession *self, SentientServerMessage *message)
{
  SentientClientEntry *entry
      = message->ref != 0 ? sentient_client_session_find (self, message->ref) : NULL;
  SentientClientRecent *recent = message->ref != 0 ? find_recent (self, message->ref) : NULL;

  if (entry != NULL && entry->request->signal != NULL)
    {
      sentient_client_session_fail (self, entry->request->signal,
                                    g_steal_pointer (&message->error));
      sentient_client_session_remove (self, entry);
      return SENTIENT_CLIENT_DROP;
    }
  if (recent != NULL)
    {
      sentient_client_session_fail (self, recent->signal, g_steal_pointer (&message->error));
      return SENTIENT_CLIENT_DROP;
    }
  if (entry == NULL)
    return SENTIENT_CLIENT_TAKE;
  message->kind = entry->request->kind;
  message->success = FALSE;
  g_free (message->room);
  message->room = g_strdup (entry->request->room);
  sentient_client_session_remove (self, entry);
  return SENTIENT_CLIENT_TAKE;
}

static void
take_undelivered (SentientClientSession *self, SentientServerMessage *message)
{
  for (guint i = 0; i < message->refs->len; i++)
    {
      guint64 ref = g_array_index (message->refs, guint64, i);
      SentientClientRecent *recent = find_recent (self, ref);
      SentientClientEntry *entry = recent == NULL ? sentient_client_session_find (self, ref) : NULL;
      SentientSignal *signal = recent != NULL  ? recent->signal
                               : entry != NULL ? entry->request->signal
                                               : NULL;

      if (signal != NULL && g_str_equal (sentient_signal_get_to (signal), message->to))
        sentient_client_session_fail (self, signal,
                                      g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
                                                   "“%s” was gone before it took it", message->to));
      else
        g_debug ("signal %" G_GUINT64_FORMAT " did not reach “%s”; nothing is known of it", ref,
                 message->to);
    }
}

static SentientClientVerdict
broken (SentientClientSession *self, const char *what, guint64 number)
{
  g_debug ("session “%s”: %s %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT, self->name, what,
           number, self->seen);
  sentient_client_session_fault (self);
  return SENTIENT_CLIENT_BROKEN;
}

static SentientClientVerdict
take_gap (SentientClientSession *self, SentientServerMessage *message)
{
  if (message->gap_from > self->seen + 1)
    return broken (self, "a gap from", message->gap_from);
  if (message->gap_to <= self->seen)
    return SENTIENT_CLIENT_DROP;
  self->seen = message->gap_to;
  self->faults = 0;
  sentient_client_session_drop_pages (self);
  sentient_client_session_ask_again (self, FALSE);
  return self->leaving != 0 ? SENTIENT_CLIENT_DROP : SENTIENT_CLIENT_TAKE;
}

static SentientClientVerdict
take_by_kind (SentientClientSession *self, SentientServerMessage *message)
{
  switch (message->kind)
    {
    case SENTIENT_SERVER_JOIN_RESULT:
    case SENTIENT_SERVER_LEAVE_RESULT:
      return take_result (self, message);
    case SENTIENT_SERVER_ROOM_STATE:
      return put_together (self, message) ? SENTIENT_CLIENT_TAKE : SENTIENT_CLIENT_DROP;
    case SENTIENT_SERVER_ERROR:
      return take_error (self, message);
    case SENTIENT_SERVER_UNDELIVERED:
      take_undelivered (self, message);
      return SENTIENT_CLIENT_DROP;
    case SENTIENT_SERVER_CONNECTED:
    case SENTIENT_SERVER_ACK:
    case SENTIENT_SERVER_GAP:
      return SENTIENT_CLIENT_DROP;
    case SENTIENT_SERVER_PEER_JOINED:
    case SENTIENT_SERVER_PEER_LEFT:
    case SENTIENT_SERVER_SIGNAL:
    case SENTIENT_SERVER_PONG:
    case SENTIENT_SERVER_PEER_OFFLINE:
    case SENTIENT_SERVER_PEER_ONLINE:
    case SENTIENT_SERVER_DRAINING:
    case SENTIENT_SERVER_UNKNOWN:
    default:
      return SENTIENT_CLIENT_TAKE;
    }
}

SentientClientVerdict
sentient_client_session_receive (SentientClientSession *self, SentientServerMessage *message)
{
  gboolean leaving = self->leaving != 0;
  SentientClientVerdict verdict;

  if (message->kind == SENTIENT_SERVER_GAP)
    return take_gap (self, message);
  if (message->kind == SENTIENT_SERVER_ACK && message->ref > self->last_ref)
    return broken (self, "an acknowledgement of", message->ref);
  if (message->kind == SENTIENT_SERVER_ACK)
    sentient_client_session_handled (self, message->ref);
  if (message->seq != 0)
    {
      if (message->seq <= self->seen)
        return SENTIENT_CLIENT_DROP;
      if (message->seq > self->seen + 1)
        return broken (self, "message", message->seq);
      self->seen = message->seq;
      self->faults = 0;
    }
  verdict = take_by_kind (self, message);
  if (!leaving)
    return verdict;
  g_ptr_array_set_size (self->failed, 0);
  return message->seq != 0 ? SENTIENT_CLIENT_DROP : verdict;
}

guint64
sentient_client_session_get_seen (SentientClientSession *self)
{
  return self->seen;
}

guint64
sentient_client_session_count_unacked (SentientClientSession *self)
{
  return self->seen - self->acked;
}

char *
sentient_client_session_make_ack (SentientClientSession *self)
{
  self->acked = self->seen;
  return sentient_client_message_ack (self->seen);
}

void
sentient_client_session_acked (SentientClientSession *self, guint64 seq)
{
  self->acked = MAX (self->acked, MIN (seq, self->seen));
}
