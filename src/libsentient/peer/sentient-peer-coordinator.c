/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

#include "protocol/sentient-names.h"
#include "signaling/sentient-poll-channel.h"
#include "signaling/sentient-websocket-channel.h"

/* After so long the next loss starts with the shortest wait again. */
#define STEADY_MS 10000

static void try_uri (SentientPeer *self);
static void begin_round (SentientPeer *self);

gboolean
sentient_peer_has_coordinator (SentientPeer *self)
{
  return self->state == SENTIENT_PEER_STATE_CONNECTED && !self->is_closing;
}

gboolean
sentient_peer_send_signal (SentientPeer *self, SentientSignal *signal, GError **error)
{
  g_autoptr (SentientClientRequest) request = NULL;

  if (sentient_peer_has_coordinator (self))
    return sentient_channel_send_signal (self->channel, signal, error);
  if (self->state == SENTIENT_PEER_STATE_RECONNECTING && !self->is_closing
      && sentient_client_session_is_begun (self->session))
    {
      request = sentient_client_request_new_signal (signal);
      return sentient_client_session_add (self->session, request, error) != 0;
    }
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
               "there is no coordinator to carry it");
  return FALSE;
}

void
sentient_peer_note_session (SentientPeer *self)
{
  sentient_peer_set_resumable (self,
                               self->state != SENTIENT_PEER_STATE_DISCONNECTED
                                   && sentient_client_session_is_begun (self->session),
                               sentient_client_session_was_resumed (self->session));
  sentient_peer_store_session (self);
}

/* Whoever still uses it keeps it. */
static void
forget_session (SentientPeer *self)
{
  sentient_client_session_unref (self->session);
  self->session = sentient_client_session_new ();
  sentient_peer_store_session (self);
}

static void
clear_reconnect_timer (SentientPeer *self)
{
  if (self->reconnect_timer == NULL)
    return;
  g_source_destroy (self->reconnect_timer);
  g_clear_pointer (&self->reconnect_timer, g_source_unref);
}

/* Forgets the channel, whatever it is at. */
static void
release_channel (SentientPeer *self)
{
  g_autoptr (SentientChannel) channel = g_steal_pointer (&self->channel);
  g_autoptr (GCancellable) opening = g_steal_pointer (&self->opening);

  if (channel != NULL)
    g_signal_handlers_disconnect_by_data (channel, self);
  if (opening != NULL)
    g_cancellable_cancel (opening);
  else if (channel != NULL)
    g_object_run_dispose (G_OBJECT (channel)); /* else a poll under way keeps it polling */
}

static gboolean
on_reconnect_timer (gpointer user_data)
{
  SentientPeer *self = user_data;

  clear_reconnect_timer (self);
  begin_round (self);
  return G_SOURCE_REMOVE;
}

static void
reconnect_later (SentientPeer *self)
{
  guint backoff_ms = sentient_backoff_next_ms (&self->backoff, NULL);
  /* Others were sent away, too: do not come back all at once. */
  guint jitter_ms = (guint)g_random_int_range (0, (gint32)self->drain_ms / 2 + 1);
  guint ms = MAX (MAX (backoff_ms, self->round_retry_ms), self->drain_ms + jitter_ms);

  self->drain_ms = 0;
  g_debug ("trying to reach a coordinator again in %u ms", ms);
  clear_reconnect_timer (self);
  self->reconnect_timer = sentient_peer_add_timeout (self, ms, on_reconnect_timer, self);
}

/* Whoever hears of it finds all of it done: they may want the next thing at once. */
static void
lose_channel (SentientPeer *self, SentientPeerState state)
{
  g_object_freeze_notify (G_OBJECT (self));
  sentient_peer_set_channel_kind (self, SENTIENT_CHANNEL_KIND_NONE);
  sentient_peer_set_state (self, state);
  sentient_peer_note_session (self);
  g_object_thaw_notify (G_OBJECT (self));
}

/* Takes error. */
void
sentient_peer_channel_lost (SentientPeer *self, GError *error)
{
  g_autoptr (SentientPeer) keep = g_object_ref (self);
  g_autoptr (GError) owned = error;

  release_channel (self);
  if (g_error_matches (owned, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN))
    {
      forget_session (self);
      lose_channel (self, SENTIENT_PEER_STATE_DISCONNECTED);
      sentient_peer_fail_requests (self, owned);
      sentient_peer_fail_attempts (self, owned, TRUE);
      sentient_peer_clear_rooms (self);
    }
  else
    {
      if (g_get_monotonic_time () - self->open_since > STEADY_MS * (gint64)1000)
        sentient_backoff_reset (&self->backoff);
      reconnect_later (self); /* before others hear of it: they may want it to stop */
      lose_channel (self, SENTIENT_PEER_STATE_RECONNECTING);
      if (!sentient_client_session_is_begun (self->session)) /* else they are still under way */
        sentient_peer_fail_requests (self, owned);
    }
  sentient_peer_emit_error (self, owned);
}

static void
on_message (SentientChannel *channel, SentientServerMessage *message, SentientPeer *self)
{
  sentient_peer_handle_message (self, message);
}

static void
on_signal_failed (SentientChannel *channel,
                  SentientSignal *signal,
                  GError *error,
                  SentientPeer *self)
{
  sentient_peer_handle_signal_failed (self, signal, error);
}

static void
on_fault (SentientChannel *channel, GError *error, SentientPeer *self)
{
  sentient_peer_emit_error (self, error);
}

static void
on_closed (SentientChannel *channel, GError *error, SentientPeer *self)
{
  if (error != NULL)
    sentient_peer_channel_lost (self, g_error_copy (error));
}

/* Someone changed what we do meanwhile, from within a signal. */
static gboolean
still_trying (SentientPeer *self)
{
  return self->state == SENTIENT_PEER_STATE_CONNECTING
         || self->state == SENTIENT_PEER_STATE_RECONNECTING;
}

static GUri *
present_uri (SentientPeer *self)
{
  return g_ptr_array_index (self->uris, (self->first_uri + self->uris_tried) % self->uris->len);
}

static void
round_failed (SentientPeer *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientWaiters) waiters = NULL;

  if (self->state == SENTIENT_PEER_STATE_RECONNECTING)
    {
      g_debug ("no coordinator could be reached: %s", self->tried->str);
      reconnect_later (self);
      return;
    }
  error = g_error_new (SENTIENT_ERROR, self->round_error, "no coordinator could be reached: %s",
                       self->tried->str);
  waiters = sentient_waiters_steal (self->connecting);
  sentient_peer_set_state (self, SENTIENT_PEER_STATE_DISCONNECTED);
  sentient_waiters_return_error (waiters, error);
}

/* It may be our own session of a process that crashed, which ends soon. */
static void
tell_id_taken (SentientPeer *self, const GError *error)
{
  if (self->told_id_taken || self->state != SENTIENT_PEER_STATE_RECONNECTING)
    return;
  self->told_id_taken = TRUE;
  sentient_peer_emit_error (self, error);
}

static void
try_failed (SentientPeer *self, SentientChannelKind kind, const GError *error)
{
  g_autofree char *uri = g_uri_to_string (present_uri (self));

  g_string_append_printf (self->tried, "%s%s by %s: %s", self->tried->len > 0 ? "; " : "", uri,
                          kind == SENTIENT_CHANNEL_KIND_WEBSOCKET ? "WebSocket" : "long poll",
                          error->message);
  g_debug ("“%s”: %s: %s", self->node_id, uri, error->message);
  self->round_retry_ms = MAX (self->round_retry_ms, sentient_error_get_retry_after (error));
  self->round_error
      = error->domain == SENTIENT_ERROR ? error->code : (gint)SENTIENT_ERROR_CONNECTION_LOST;
  if (kind == SENTIENT_CHANNEL_KIND_WEBSOCKET
      && !g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED)
      && !g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN))
    self->try_poll = TRUE;
  else
    {
      self->try_poll = FALSE;
      self->uris_tried++;
    }
  if (g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN))
    tell_id_taken (self, error);
  if (!still_trying (self) || self->channel != NULL)
    return;
  if (self->uris_tried < self->uris->len)
    try_uri (self);
  else
    round_failed (self);
}

/* Nothing goes on from before: what nobody answered will not be answered, and rooms are joined
 * again. */
static void
begin_anew (SentientPeer *self, SentientChannel *channel)
{
  g_autoptr (GError) lost = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                                                 "the coordinator was lost before it answered");

  sentient_peer_fail_requests (self, lost);
  if (self->channel == channel)
    sentient_peer_rejoin (self);
}

/* Whoever hears of it may have left that coordinator again. */
static void
channel_opened (SentientPeer *self, SentientChannel *channel)
{
  g_autofree char *uri = g_uri_to_string (present_uri (self));
  gboolean resumed = sentient_client_session_was_resumed (self->session);

  self->first_uri = (self->first_uri + self->uris_tried) % self->uris->len;
  self->open_since = g_get_monotonic_time ();
  if (!resumed)
    self->session_since = self->open_since;
  self->round_retry_ms = 0;
  self->told_id_taken = FALSE;
  g_object_freeze_notify (G_OBJECT (self));
  sentient_peer_note_session (self);
  sentient_peer_set_coordinator_uri (self, uri);
  sentient_peer_set_channel_kind (self, sentient_channel_get_kind (channel));
  sentient_peer_set_state (self, SENTIENT_PEER_STATE_CONNECTED);
  g_object_thaw_notify (G_OBJECT (self));
  if (self->channel == channel && !resumed)
    begin_anew (self, channel);
  if (self->channel == channel)
    sentient_peer_recover_all (self);
  if (self->channel == channel)
    sentient_waiters_return_done (self->connecting);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientChannel *channel = SENTIENT_CHANNEL (source);
  GWeakRef *weak = user_data;
  g_autoptr (SentientPeer) self = g_weak_ref_get (weak);
  g_autoptr (GError) error = NULL;
  gboolean opened = sentient_channel_open_finish (channel, result, &error);

  g_weak_ref_clear (weak);
  g_free (weak);
  if (self == NULL || channel != self->channel)
    return;
  g_clear_object (&self->opening);
  if (opened)
    {
      channel_opened (self, channel);
      return;
    }
  release_channel (self);
  if (still_trying (self))
    try_failed (self, sentient_channel_get_kind (channel), error);
}

/* The WebSocket gets half of the time, what follows the other half. */
static void
try_uri (SentientPeer *self)
{
  GUri *uri = present_uri (self);
  guint timeout_ms = MAX (self->request_timeout / 2, 1);
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_main_context_push_thread_default (self->context);
  if (self->use_websocket && !self->try_poll)
    self->channel
        = sentient_websocket_channel_new (uri, self->node_id, self->silence_ms, self->session);
  else
    self->channel = sentient_poll_channel_new (uri, self->node_id, self->request_timeout,
                                               self->poll_ms, self->session);
  if (!self->use_websocket)
    timeout_ms = self->request_timeout;
  g_signal_connect_object (self->channel, "message", G_CALLBACK (on_message), self, 0);
  g_signal_connect_object (self->channel, "signal-failed", G_CALLBACK (on_signal_failed), self, 0);
  g_signal_connect_object (self->channel, "fault", G_CALLBACK (on_fault), self, 0);
  g_signal_connect_object (self->channel, "closed", G_CALLBACK (on_closed), self, 0);
  self->opening = g_cancellable_new ();
  g_weak_ref_init (weak, self);
  sentient_channel_open_async (self->channel, timeout_ms, self->opening, on_opened, weak);
  g_main_context_pop_thread_default (self->context);
}

static void
begin_round (SentientPeer *self)
{
  self->uris_tried = 0;
  self->try_poll = FALSE;
  self->round_retry_ms = 0;
  g_string_truncate (self->tried, 0);
  try_uri (self);
}

static void
on_channel_gone (SentientChannel *channel, GError *error, SentientPeer *self)
{
  g_autoptr (SentientPeer) keep = g_object_ref (self);

  g_signal_handlers_disconnect_by_data (channel, self);
  g_ptr_array_remove (self->closing_channels, channel);
  if (self->closing_channels->len > 0)
    return;
  sentient_waiters_return_done (self->disconnecting);
  sentient_peer_check_closed (self);
}

void
sentient_peer_refresh_coordinator (SentientPeer *self)
{
  g_autoptr (SentientPeer) keep = g_object_ref (self);

  /* A session is taken up again without a loss. Without one the rooms would be joined anew, which
   * others see: then it is left to the silence to show whether the coordinator is still there. */
  if (self->state == SENTIENT_PEER_STATE_CONNECTED && self->resumable && !self->is_closing)
    {
      release_channel (self);
      lose_channel (self, SENTIENT_PEER_STATE_RECONNECTING);
    }
  if (self->state != SENTIENT_PEER_STATE_RECONNECTING || self->channel != NULL)
    return;
  clear_reconnect_timer (self);
  sentient_backoff_reset (&self->backoff);
  begin_round (self);
}

/* Leaves in good order what is open, and gives up what is being opened. */
void
sentient_peer_leave_coordinator (SentientPeer *self, const GError *why)
{
  g_autoptr (SentientPeer) keep = g_object_ref (self);
  g_autoptr (SentientChannel) channel = NULL;
  g_autoptr (SentientWaiters) waiters = NULL;

  clear_reconnect_timer (self);
  if (self->state == SENTIENT_PEER_STATE_CONNECTED)
    {
      channel = g_steal_pointer (&self->channel);
      forget_session (self); /* the channel ends it */
    }
  else
    sentient_client_session_abandon (self->session);
  release_channel (self);
  if (channel != NULL)
    {
      g_signal_handlers_disconnect_by_data (channel, self);
      g_ptr_array_add (self->closing_channels, g_object_ref (channel));
      g_signal_connect_object (channel, "closed", G_CALLBACK (on_channel_gone), self, 0);
      sentient_channel_close (channel);
    }
  if (self->state == SENTIENT_PEER_STATE_DISCONNECTED)
    return;
  waiters = sentient_waiters_steal (self->connecting);
  lose_channel (self, SENTIENT_PEER_STATE_DISCONNECTED);
  sentient_waiters_return_error (waiters, why);
  sentient_peer_fail_requests (self, why);
  sentient_peer_fail_attempts (self, why, TRUE);
  sentient_peer_clear_rooms (self);
}

/* At dispose: nobody is told anything. */
void
sentient_peer_drop_channels (SentientPeer *self)
{
  clear_reconnect_timer (self);
  release_channel (self);
  for (guint i = 0; i < self->closing_channels->len; i++)
    g_signal_handlers_disconnect_by_data (self->closing_channels->pdata[i], self);
  g_ptr_array_set_size (self->closing_channels, 0);
}

/* The only one who waited for the first connection gave up. */
void
sentient_peer_connect_abandoned (gpointer user_data)
{
  SentientPeer *self = user_data;

  if (self->state != SENTIENT_PEER_STATE_CONNECTING)
    return;
  release_channel (self);
  sentient_peer_set_state (self, SENTIENT_PEER_STATE_DISCONNECTED);
}

static gboolean
may_connect (SentientPeer *self, GError **error)
{
  if (!sentient_name_is_valid (self->node_id, -1))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "“%s” is no node id: it must be 1 to %d of A-Z a-z 0-9 . _ : - and not “system”",
                 self->node_id, SENTIENT_NAME_MAX);
  else if (self->is_closing)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                 "the peer “%s” is being closed: wait until that is done", self->node_id);
  else if (self->state != SENTIENT_PEER_STATE_DISCONNECTED)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                 "the peer “%s” already has a coordinator or is looking for one: disconnect it "
                 "first",
                 self->node_id);
  else
    return TRUE;
  return FALSE;
}

/**
 * sentient_peer_connect_to_coordinator_async:
 * @self: a peer
 * @uris: (array zero-terminated=1): coordinators, such as `http://host:8888`; also `ws://…` or
 *   `host:port`
 * @cancellable: (nullable): a #GCancellable
 * @callback: called when a coordinator answers, or none does
 * @user_data: for @callback
 *
 * Connects to the first of @uris that answers: by WebSocket, else by long poll. Each gets
 * #SentientPeer:request-timeout. After that the peer keeps the connection: if it is lost, it tries
 * all of @uris again and again, until sentient_peer_disconnect_from_coordinator_async() is called
 * or another session takes over the node id. If the coordinator can do so (#SentientPeer:resumable)
 * and is found again in time, everything goes on as if nothing had happened; else the rooms are
 * joined again.
 *
 * Since: 0.1
 */
void
sentient_peer_connect_to_coordinator_async (SentientPeer *self,
                                            const char *const *uris,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GPtrArray) parsed = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_connect_to_coordinator_async);
  if (!may_connect (self, &error)
      || (parsed = sentient_channel_parse_uris (uris, SENTIENT_PEER_URIS_MAX, &error)) == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;
  g_clear_pointer (&self->uris, g_ptr_array_unref);
  self->uris = g_steal_pointer (&parsed);
  self->first_uri = 0;
  sentient_backoff_init (&self->backoff, self->reconnect_delay,
                         MAX (self->reconnect_delay, SENTIENT_PEER_RECONNECT_MAX_MS));
  sentient_waiters_add (self->connecting, g_steal_pointer (&task));
  sentient_peer_watch_network (self);
  sentient_peer_set_state (self, SENTIENT_PEER_STATE_CONNECTING);
  if (self->state == SENTIENT_PEER_STATE_CONNECTING && self->channel == NULL)
    begin_round (self);
}

/**
 * sentient_peer_connect_to_coordinator_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Errors: %SENTIENT_ERROR_BAD_REQUEST (a URI or the node id is malformed), %SENTIENT_ERROR_BUSY (it
 * is connected already), %SENTIENT_ERROR_NOT_CONNECTED (nothing listens there),
 * %SENTIENT_ERROR_TIMED_OUT, %SENTIENT_ERROR_CLOSED (closed meanwhile),
 * %SENTIENT_ERROR_NODE_ID_TAKEN (another session has the node id; that of a process that was killed
 * keeps it for a while, by default 30 seconds), or what else a coordinator said.
 *
 * Returns: %TRUE if a coordinator answers
 *
 * Since: 0.1
 */
gboolean
sentient_peer_connect_to_coordinator_finish (SentientPeer *self,
                                             GAsyncResult *result,
                                             GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * sentient_peer_disconnect_from_coordinator_async:
 * @self: a peer
 * @cancellable: (nullable): a #GCancellable
 * @callback: called when the coordinator was left
 * @user_data: for @callback
 *
 * Leaves all rooms and the coordinator. Open data channels live on; connections that are still
 * being made end. Does nothing if there is no coordinator.
 *
 * Since: 0.1
 */
void
sentient_peer_disconnect_from_coordinator_async (SentientPeer *self,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data)
{
  GTask *task;
  g_autoptr (GError) why = NULL;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_disconnect_from_coordinator_async);
  sentient_waiters_add (self->disconnecting, task);
  why = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                     "the peer “%s” was disconnected from its coordinator meanwhile",
                     self->node_id);
  sentient_peer_leave_coordinator (self, why);
  if (self->closing_channels->len == 0)
    sentient_waiters_return_done (self->disconnecting);
}

/**
 * sentient_peer_disconnect_from_coordinator_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Returns: %TRUE; %FALSE only if it was cancelled
 *
 * Since: 0.1
 */
gboolean
sentient_peer_disconnect_from_coordinator_finish (SentientPeer *self,
                                                  GAsyncResult *result,
                                                  GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
