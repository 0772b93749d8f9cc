/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The directory's other half: sessions, their transports and outboxes, and the passing of time. */

#include "model/sentient-directory-private.h"

SentientSession *
sentient_directory_find (SentientDirectory *self, const char *node_id)
{
  return g_hash_table_lookup (self->sessions, node_id);
}

SentientSession *
sentient_directory_ensure (SentientDirectory *self, const char *node_id, GError **error)
{
  SentientSession *session = sentient_directory_find (self, node_id);

  if (session != NULL)
    return session;
  if (self->ending)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                   "“%s” cannot be admitted: this coordinator is stopping.", node_id);
      return NULL;
    }
  if (g_hash_table_size (self->sessions) >= self->limits.nodes)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                   "“%s” cannot be admitted: this coordinator has %u nodes already. "
                   "Try again later.",
                   node_id, self->limits.nodes);
      return NULL;
    }

  session = g_new0 (SentientSession, 1);
  session->ref_count = 1;
  session->node_id = g_strdup (node_id);
  session->serial = ++self->last_serial;
  session->last_seen = sentient_clock_get_monotonic_ms (self->clock);
  sentient_directory_restore_rates (self, session);
  g_hash_table_insert (self->sessions, session->node_id, session);
  return session;
}

static void
set_online (SentientDirectory *self, SentientSession *session, gboolean online)
{
  g_autoptr (SentientSession) hold = sentient_session_ref (session);

  sentient_directory_tell_presence (self, session, online);

  for (guint i = 0; i < sentient_session_get_n_rooms (session); i++)
    sentient_member_set_online (g_array_index (session->memberships, SentientMembership, i).member,
                                online);
}

void
sentient_directory_touch (SentientDirectory *self, SentientSession *session)
{
  session->last_seen = sentient_clock_get_monotonic_ms (self->clock);
  if (session->lost_at != 0)
    {
      session->lost_at = 0;
      set_online (self, session, TRUE);
    }
}

void
sentient_directory_attach (SentientDirectory *self,
                           SentientSession *session,
                           const SentientTransportVtable *transport,
                           gpointer data)
{
  const SentientTransportVtable *old = session->transport;
  gpointer old_data = session->transport_data;
  g_autoptr (SentientSession) hold = sentient_session_ref (session);

  sentient_session_unqueue (session);
  session->transport = transport;
  session->transport_data = data;
  if (old != NULL)
    {
      sentient_outbox_rewind (&session->outbox);
      old->taken (old_data, FALSE);
    }

  sentient_directory_touch (self, session);
  if (session->transport_data == data
      && (sentient_outbox_is_waiting (&session->outbox)
          || (session->v1 != NULL && session->n_stale > 0)))
    transport->wake (session, data);
}

void
sentient_directory_detach (SentientDirectory *self, SentientSession *session, gpointer data)
{
  if (session->transport == NULL || session->transport_data != data)
    return;

  sentient_session_unqueue (session);
  session->transport = NULL;
  session->transport_data = NULL;
  sentient_outbox_rewind (&session->outbox);
  session->last_seen = sentient_clock_get_monotonic_ms (self->clock);
}

void
sentient_directory_lose (SentientDirectory *self, SentientSession *session)
{
  if (session->lost_at != 0)
    return;
  if (sentient_session_get_n_rooms (session) == 0 && session->v1 == NULL)
    {
      sentient_directory_end (self, session, SENTIENT_LEAVE_REASON_LEFT);
      return;
    }
  /* A clock may stand at 0, which means "not lost" here. */
  session->lost_at = MAX (sentient_clock_get_monotonic_ms (self->clock), 1);
  set_online (self, session, FALSE);
}

void
sentient_directory_end_if_idle (SentientDirectory *self, SentientSession *session)
{
  if (sentient_session_get_n_rooms (session) == 0 && session->v1 == NULL
      && (session->transport == NULL || session->transport->kind != SENTIENT_TRANSPORT_WEBSOCKET))
    sentient_directory_end (self, session, SENTIENT_LEAVE_REASON_LEFT);
}

gboolean
sentient_directory_is_over_budget (SentientDirectory *self, SentientMessage *message)
{
  return self->queued_bytes + sentient_message_get_size (message) > self->limits.queued_bytes;
}

gboolean
sentient_directory_enqueue (SentientDirectory *self,
                            SentientSession *session,
                            const SentientOutboxLimits *limits,
                            SentientMessage *message,
                            SentientSender *sender,
                            guint64 ref)
{
  gsize before = session->outbox.bytes;

  if (!sentient_outbox_push (&session->outbox, limits, message, sender, ref))
    return FALSE;
  self->queued_bytes += session->outbox.bytes - before;
  sentient_session_wake (session);
  return TRUE;
}

void
sentient_directory_flushed_until (SentientDirectory *self, SentientSession *session, guint64 end)
{
  gsize before = session->outbox.bytes;
  const SentientOutboxItem *item;

  while ((item = sentient_outbox_flush_next (&session->outbox, end)) != NULL)
    {
      gint64 arrival_us = sentient_message_get_arrival (item->message);

      if (arrival_us == 0)
        continue;
      sentient_histogram_add (&self->metrics.relay_latency, self->metrics.now_us - arrival_us);
      sentient_message_set_arrival (item->message, 0); /* once, however often it is sent */
    }
  if (session->v1 != NULL)
    return;
  sentient_outbox_drop_flushed (&session->outbox);
  self->queued_bytes -= before - session->outbox.bytes;
}

/* Who may send to whom: room rules first, so that nobody learns of nodes in rooms that are not
 * theirs. */
static SentientSession *
find_target (SentientDirectory *self,
             SentientSession *from,
             const char *to,
             const char *room,
             GError **error)
{
  SentientSession *target;

  if (to[0] == '\0' || g_str_equal (to, from->node_id))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "“%s” cannot send a signal to itself.", from->node_id);
      return NULL;
    }
  if (room != NULL && sentient_directory_find_room (self, room) == NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM, "There is no room “%s”.",
                   room);
      return NULL;
    }
  if (room != NULL && sentient_session_find_membership (from, room) == NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                   "“%s” is not in the room “%s”. Join it before you signal in it.", from->node_id,
                   room);
      return NULL;
    }

  target = sentient_directory_find (self, to);
  if (target == NULL
      || (room != NULL ? sentient_session_find_membership (target, room) == NULL
                       : !sentient_session_shares_room (from, target)))
    {
      if (room != NULL)
        g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
                     "There is no “%s” in the room “%s”.", to, room);
      else
        g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
                     "There is no “%s” in any room of “%s”.", to, from->node_id);
      return NULL;
    }
  return target;
}

void
sentient_directory_set_account (SentientDirectory *self,
                                SentientSession *session,
                                SentientAccount *account)
{
  sentient_sender_set_account (sentient_session_ensure_sender (session), account);
}

/* One address may not use up what all share. */
static gboolean
has_address_share (SentientDirectory *self, SentientSender *sender, gsize size)
{
  return sender->account == NULL
         || sender->account->queued_bytes + size
                <= self->limits.queued_bytes / self->limits.address_share;
}

static void
set_busy (GError **error, SentientSession *from, SentientSession *target, gboolean own_share)
{
  if (own_share)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                 "Too much from “%s” is waiting for “%s” already. Try again later.", from->node_id,
                 target->node_id);
  else
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                 "Too much is waiting for “%s” already. Try again later.", target->node_id);
}

static gboolean
deliver (SentientDirectory *self,
         SentientSession *from,
         SentientSession *target,
         SentientSignal *signal,
         guint64 ref,
         gboolean *delivered,
         GError **error)
{
  g_autoptr (SentientMessage) message = sentient_message_new_signal (signal);
  SentientSignalType type = sentient_signal_get_signal_type (signal);
  SentientSender *sender = sentient_session_ensure_sender (from);
  gsize size = sentient_message_get_size (message);

  sentient_message_set_arrival (message, self->metrics.now_us);
  if (!has_address_share (self, sender, size))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                   "Too much from the address of “%s” is waiting already. Try again later.",
                   from->node_id);
      return FALSE;
    }
  if (sentient_directory_is_over_budget (self, message)
      || !sentient_directory_enqueue (self, target, &self->limits.outbox, message, sender, ref))
    {
      if (!sentient_directory_is_over_budget (self, message))
        sentient_session_overflow (target, FALSE);
      set_busy (error, from, target,
                !sentient_outbox_has_share (&target->outbox, &self->limits.outbox, sender, size));
      return FALSE;
    }
  if (target->transport != NULL)
    self->metrics.signals_delivered[type]++;
  else
    self->metrics.signals_queued[type]++;
  if (delivered != NULL)
    *delivered = target->transport != NULL;
  return TRUE;
}

void
sentient_directory_count_refused (SentientDirectory *self,
                                  SentientSignalType type,
                                  const GError *error)
{
  self->metrics.signals_refused[type][sentient_metrics_error_index (error)]++;
}

/* Counts the refusal and hands it on; FALSE. */
static gboolean
refuse (SentientDirectory *self, SentientSignalType type, GError *why, GError **error)
{
  sentient_directory_count_refused (self, type, why);
  g_propagate_error (error, why);
  return FALSE;
}

gboolean
sentient_directory_relay (SentientDirectory *self,
                          SentientSession *from,
                          const SentientRequest *request,
                          gboolean *delivered,
                          GError **error)
{
  const char *room = request->room[0] != '\0' ? request->room : NULL;
  GError *why = NULL;
  SentientSession *target = find_target (self, from, request->to, room, &why);
  g_autoptr (SentientSignal) signal = NULL;

  if (target == NULL)
    return refuse (self, request->signal_type, why, error);
  signal = sentient_request_to_signal (request, from->node_id, room,
                                       sentient_clock_get_real_ms (self->clock));
  return deliver (self, from, target, signal, from->v1 != NULL ? request->ref : 0, delivered, &why)
         || refuse (self, request->signal_type, why, error);
}

gboolean
sentient_directory_relay_signal (SentientDirectory *self,
                                 SentientSignal *signal,
                                 gboolean *delivered,
                                 GError **error)
{
  const char *from_id = sentient_signal_get_from (signal);
  SentientSignalType type = sentient_signal_get_signal_type (signal);
  SentientSession *from = sentient_directory_find (self, from_id);
  SentientSession *target;
  GError *why = NULL;

  if (from == NULL)
    {
      g_set_error (&why, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                   "“%s” is in no room here. Join one before you signal.", from_id);
      return refuse (self, type, why, error);
    }
  target = find_target (self, from, sentient_signal_get_to (signal),
                        sentient_signal_get_room (signal), &why);
  return (target != NULL && deliver (self, from, target, signal, 0, delivered, &why))
         || refuse (self, type, why, error);
}

/* The wall-clock time of a monotonic one. */
static gint64
to_real_ms (SentientDirectory *self, gint64 monotonic_ms)
{
  return sentient_clock_get_real_ms (self->clock)
         - (sentient_clock_get_monotonic_ms (self->clock) - monotonic_ms);
}

static void
refresh_last_seen (SentientDirectory *self, SentientSession *session)
{
  if (session->last_seen == session->told_seen)
    return;
  session->told_seen = session->last_seen;
  for (guint i = 0; i < sentient_session_get_n_rooms (session); i++)
    sentient_member_set_last_seen (
        g_array_index (session->memberships, SentientMembership, i).member,
        to_real_ms (self, session->last_seen));
}

void
sentient_directory_cleanup (SentientDirectory *self)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);
  g_autoptr (GPtrArray) lost = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) over = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) stale = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  sentient_directory_forget_rates (self, now);
  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      SentientSession *session = value;

      refresh_last_seen (self, session);
      if (session->v1 != NULL)
        sentient_directory_check_progress (self, session, now);
      else if (session->n_stale > 0 && now - session->stale_ms >= self->limits.grace_ms)
        g_ptr_array_add (stale, g_strdup (session->node_id));
      if (session->transport != NULL)
        continue; /* the engine watches its connections itself */
      if (session->lost_at != 0
              ? now - session->lost_at >= self->limits.grace_ms
              : session->v1 == NULL && sentient_session_get_n_rooms (session) == 0)
        g_ptr_array_add (over, g_strdup (session->node_id));
      else if (session->lost_at == 0 && now - session->last_seen >= self->limits.silence_ms)
        g_ptr_array_add (lost, g_strdup (session->node_id));
    }

  /* A handler may end sessions meanwhile: look each up again. */
  for (guint i = 0; i < lost->len; i++)
    {
      SentientSession *session = sentient_directory_find (self, lost->pdata[i]);

      if (session != NULL)
        sentient_directory_lose (self, session);
    }
  for (guint i = 0; i < over->len; i++)
    {
      SentientSession *session = sentient_directory_find (self, over->pdata[i]);

      if (session != NULL)
        sentient_directory_end (self, session, SENTIENT_LEAVE_REASON_TIMEOUT);
    }
  for (guint i = 0; i < stale->len; i++)
    {
      SentientSession *session = sentient_directory_find (self, stale->pdata[i]);

      if (session != NULL && session->v1 == NULL)
        sentient_directory_leave_stale (self, session);
    }
}
