/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"
#include "protocol/sentient-metadata.h"
#include "webrtc/sentient-frame.h"
#include "webrtc/sentient-webrtc-link.h"

/* Attempts and open connections, whatever starts or ends them. A connection's peer is NULL as soon
 * as the peer let go of it. */

GPtrArray *
sentient_peer_list (GHashTable *connections)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer connection;

  g_hash_table_iter_init (&iter, connections);
  while (g_hash_table_iter_next (&iter, NULL, &connection))
    g_ptr_array_add (list, g_object_ref (connection));
  return list;
}

static void
remove_from_list (SentientPeer *self, SentientConnection *connection)
{
  guint position;

  if (g_list_store_find (self->connections, connection, &position))
    g_list_store_remove (self->connections, position);
}

static void
on_dropped_link_closed (SentientLink *link, GError *error, SentientPeer *self)
{
  g_autoptr (SentientPeer) keep = g_object_ref (self);

  g_ptr_array_remove (self->closing_links, link);
  sentient_peer_check_closed (self);
}

/* Takes link. */
static void
close_link (SentientPeer *self, SentientConnection *connection, SentientLink *link)
{
  if (link == NULL)
    return;
  g_signal_handlers_disconnect_by_data (link, connection);
  if (sentient_link_get_state (link) == SENTIENT_LINK_STATE_CLOSED)
    {
      g_object_unref (link);
      return;
    }
  g_ptr_array_add (self->closing_links, link);
  g_signal_connect_object (link, "closed", G_CALLBACK (on_dropped_link_closed), self, 0);
  sentient_link_close (link);
}

void
sentient_peer_drop_retired (SentientPeer *self, SentientConnection *connection)
{
  close_link (self, connection, g_steal_pointer (&connection->retired));
}

void
sentient_peer_drop_link (SentientPeer *self, SentientConnection *connection)
{
  sentient_peer_drop_retired (self, connection);
  close_link (self, connection, g_steal_pointer (&connection->link));
}

void
sentient_peer_check_closed (SentientPeer *self)
{
  g_autoptr (SentientPeer) keep = g_object_ref (self);
  g_autoptr (GError) why = NULL;

  if (!self->is_closing || self->closing_links->len > 0 || g_hash_table_size (self->attempts) > 0
      || g_hash_table_size (self->open) > 0)
    return;

  /* Only now: others drop what is not through yet when they hear that we left. */
  why = sentient_peer_new_closed_error (self);
  sentient_peer_leave_coordinator (self, why);
  if (!self->is_closing || self->closing_channels->len > 0)
    return;
  self->is_closing = FALSE;
  sentient_waiters_return_done (self->closing);
}

gboolean
sentient_peer_has_capacity (SentientPeer *self, const char *node_id)
{
  guint n = g_hash_table_size (self->open);
  GHashTableIter iter;
  gpointer other;

  if (g_hash_table_contains (self->open, node_id))
    return TRUE; /* it will take that one's place */
  g_hash_table_iter_init (&iter, self->attempts);
  while (g_hash_table_iter_next (&iter, &other, NULL))
    n += !g_hash_table_contains (self->open, other);
  return n < self->max_connections;
}

/* Attempts */

static void
trace_timeline (SentientPeer *self, SentientConnection *connection)
{
  g_autofree char *text
      = connection->link != NULL
            ? sentient_link_timeline_to_text (sentient_link_get_timeline (connection->link))
            : NULL;

  if (text != NULL && *text != '\0')
    sentient_peer_trace (self, connection->node_id, "this far: %s", text);
}

void
sentient_peer_fail_attempt (SentientPeer *self,
                            SentientConnection *connection,
                            const GError *error,
                            gboolean silent)
{
  g_autoptr (SentientPeer) keep_self = g_object_ref (self);
  g_autoptr (SentientConnection) keep = g_object_ref (connection);
  g_autoptr (GError) full = g_error_copy (error);
  SentientRetryPlan plan = SENTIENT_RETRY_NEVER;
  SentientConnection *open = g_hash_table_lookup (self->open, connection->node_id);
  g_autoptr (SentientConnection) doubtful = open != NULL && !silent ? g_object_ref (open) : NULL;

  if (g_hash_table_lookup (self->attempts, connection->node_id) != connection)
    return;
  g_prefix_error (&full, "could not connect to “%s”: ", connection->node_id);
  trace_timeline (self, connection);
  g_hash_table_remove (self->attempts, connection->node_id);
  g_hash_table_remove (self->addressed, connection->node_id);
  connection->peer = NULL;
  sentient_connection_clear_timeout (connection);
  sentient_peer_drop_link (self, connection);
  remove_from_list (self, connection);
  sentient_connection_set_state (connection, SENTIENT_CONNECTION_STATE_FAILED);
  sentient_peer_trace (self, connection->node_id, "no connection: %s", error->message);
  if (!silent)
    plan = sentient_peer_retry_later (self, connection->node_id);
  if (!sentient_waiters_return_error (connection->opening, full) && !silent
      && !g_hash_table_contains (self->open, connection->node_id))
    sentient_peer_tell_attempt_failed (self, full, plan);
  /* It was to be replaced: that it has a link may be what only this end believes. */
  if (doubtful != NULL && doubtful->peer == self)
    sentient_connection_probe (doubtful);
  sentient_peer_check_closed (self);
}

void
sentient_peer_fail_attempts (SentientPeer *self, const GError *error, gboolean silent)
{
  g_autoptr (GPtrArray) attempts = sentient_peer_list (self->attempts);

  for (guint i = 0; i < attempts->len; i++)
    sentient_peer_fail_attempt (self, attempts->pdata[i], error, silent);
}

static gboolean
on_attempt_timeout (gpointer user_data)
{
  SentientConnection *connection = user_data;
  SentientPeer *self = connection->peer;
  g_autoptr (GError) error = g_error_new (
      SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT,
      connection->have_remote
          ? "no data channel within %u ms though offer and answer were exchanged: there may be no "
            "path between the two networks, a TURN server helps"
          : "no answer within %u ms: the node may be gone, or may not take connections",
      self->connect_timeout);

  sentient_peer_fail_attempt (self, connection, error, FALSE);
  return G_SOURCE_REMOVE;
}

static void
on_abandoned (gpointer user_data)
{
  SentientConnection *connection = user_data;
  g_autoptr (GError) error
      = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "it was cancelled");

  if (connection->wanted && connection->peer != NULL)
    sentient_peer_fail_attempt (connection->peer, connection, error, TRUE);
}

SentientConnection *
sentient_peer_ref_new_attempt (SentientPeer *self, const char *node_id, const char *room)
{
  SentientConnection *connection
      = sentient_connection_new (self, self->context, node_id, on_abandoned);

  sentient_connection_set_room (connection, room);
  g_hash_table_replace (self->attempts, g_strdup (node_id), g_object_ref (connection));
  if (!g_hash_table_contains (self->open, node_id)) /* else it is for that one */
    g_list_store_append (self->connections, connection);
  return connection;
}

/* Links */

static void
on_local_description (SentientLink *link,
                      SentientSignalType type,
                      const char *sdp,
                      SentientConnection *connection)
{
  sentient_peer_handle_local_description (connection->peer, connection, type, sdp);
}

static void
on_local_candidate (SentientLink *link,
                    guint mline,
                    const char *candidate,
                    SentientConnection *connection)
{
  sentient_peer_handle_local_candidate (connection->peer, connection, mline, candidate);
}

void
sentient_peer_tell_lost (SentientPeer *self, const char *node_id, guint n_lost, const char *why)
{
  g_autoptr (GError) error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                     "%u messages to “%s” were not acknowledged and may not have arrived: %s",
                     n_lost, node_id, why);

  sentient_peer_trace (self, node_id, "%u messages may not have arrived: %s", n_lost, why);
  sentient_peer_emit_error (self, error);
}

/* An attempt for that connection stands for itself from now on. */
static void
show_attempt (SentientPeer *self, const char *node_id)
{
  SentientConnection *attempt = g_hash_table_lookup (self->attempts, node_id);

  if (attempt != NULL && !g_list_store_find (self->connections, attempt, NULL))
    g_list_store_append (self->connections, attempt);
}

void
sentient_peer_end_connection (SentientPeer *self,
                              SentientConnection *connection,
                              const GError *error)
{
  g_autoptr (SentientPeer) keep_self = g_object_ref (self);
  g_autoptr (SentientConnection) keep = g_object_ref (connection);
  guint n_lost
      = connection->stream != NULL ? sentient_stream_count_unacknowledged (connection->stream) : 0;

  if (g_hash_table_lookup (self->open, connection->node_id) == connection)
    g_hash_table_remove (self->open, connection->node_id);
  connection->peer = NULL;
  sentient_connection_clear_timeout (connection);
  if (!g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST))
    sentient_connection_say_goodbye (connection);
  sentient_connection_end_messages (connection, error);
  sentient_transfer_list_node_over (self->transfers, connection->node_id, error);
  sentient_peer_drop_link (self, connection);
  remove_from_list (self, connection);
  show_attempt (self, connection->node_id);
  sentient_connection_set_state (connection, error != NULL ? SENTIENT_CONNECTION_STATE_FAILED
                                                           : SENTIENT_CONNECTION_STATE_CLOSED);
  sentient_peer_trace (self, connection->node_id, "disconnected%s%s", error != NULL ? ": " : "",
                       error != NULL ? error->message : "");
  if (error != NULL)
    sentient_peer_retry_later (self, connection->node_id);
  /* Who closes it does not ask for what is not through within a second. */
  if (n_lost > 0 && sentient_waiters_is_empty (connection->closing) && !self->is_closing)
    sentient_peer_tell_lost (self, connection->node_id, n_lost,
                             error != NULL ? error->message : "it closed the connection");
  sentient_peer_emit_peer_disconnected (self, connection->node_id, error);
  sentient_waiters_return_done (connection->closing);
  sentient_peer_check_closed (self);
}

static void
begin_messages (SentientPeer *self, SentientConnection *connection)
{
  SentientStream *stream;

  if (g_strcmp0 (sentient_link_get_protocol (connection->link), SENTIENT_FRAME_PROTOCOL) != 0)
    return;
  stream = sentient_stream_new (self->clock, self->max_message_size);
  if (self->never_deflates)
    sentient_stream_stop_deflating (stream);
  sentient_connection_begin_messages (connection, stream);
}

/* The connection is one of its own. */
static void
open_connection (SentientPeer *self, SentientConnection *connection)
{
  SentientConnection *known = g_hash_table_lookup (self->open, connection->node_id);
  g_autoptr (SentientConnection) old = known != NULL ? g_object_ref (known) : NULL;

  g_hash_table_replace (self->open, g_strdup (connection->node_id), g_object_ref (connection));
  begin_messages (self, connection);
  if (!g_list_store_find (self->connections, connection, NULL))
    g_list_store_append (self->connections, connection);
  sentient_connection_set_state (connection, SENTIENT_CONNECTION_STATE_CONNECTED);
  if (old != NULL && old->peer != NULL) /* without frames: this takes its place */
    sentient_peer_end_connection (self, old, NULL);
  if (connection->peer == NULL)
    return;
  sentient_peer_emit_peer_connected (self, connection->node_id);
  sentient_waiters_return_object (connection->opening, connection);
}

static void
on_link_opened (SentientLink *link, SentientConnection *connection)
{
  g_autoptr (SentientPeer) self = g_object_ref (connection->peer);
  g_autoptr (SentientConnection) keep = g_object_ref (connection);
  g_autofree char *pair = sentient_link_dup_description (link);

  g_hash_table_remove (self->attempts, connection->node_id);
  g_hash_table_remove (self->addressed, connection->node_id);
  sentient_early_candidates_drop (self->early, connection->node_id);
  sentient_peer_forget_retries (self, connection->node_id);
  sentient_connection_clear_timeout (connection);
  sentient_peer_trace (self, connection->node_id, "data channel open%s%s", pair != NULL ? ": " : "",
                       pair != NULL ? pair : "");
  if (connection->peer == self && !sentient_peer_adopt_link (self, connection))
    open_connection (self, connection);
}

static void
on_link_message (SentientLink *link, GBytes *data, gboolean is_text, SentientConnection *connection)
{
  sentient_connection_receive (connection, data, is_text);
}

static void
on_link_drained (SentientLink *link, SentientConnection *connection)
{
  sentient_connection_drained (connection);
}

static void
on_link_channel (SentientLink *link, SentientDataChannel *channel, SentientConnection *connection)
{
  g_autoptr (SentientPeer) self = g_object_ref (connection->peer);

  sentient_peer_trace (self, connection->node_id, "data channel “%s” opened by the other end",
                       sentient_data_channel_get_label (channel));
  sentient_peer_mesh_ask (self, connection->node_id, TRUE);
  sentient_peer_emit_data_channel (self, connection->node_id, channel);
}

static void
on_link_closed (SentientLink *link, GError *error, SentientConnection *connection)
{
  SentientPeer *self = connection->peer;
  g_autoptr (GError) early = NULL;

  g_signal_handlers_disconnect_by_data (link, connection);
  g_clear_object (&connection->link);
  if (connection->state == SENTIENT_CONNECTION_STATE_CONNECTED)
    {
      sentient_peer_lose_link (self, connection, error);
      return;
    }
  early = error != NULL ? g_error_copy (error)
                        : g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_LINK_FAILED,
                                               "the other end closed it before it was open");
  sentient_peer_fail_attempt (self, connection, early, FALSE);
}

SentientLink *
sentient_peer_make_webrtc_link (const SentientLinkOptions *options, gpointer user_data)
{
  return sentient_webrtc_link_new (options);
}

void
sentient_peer_set_link_factory (SentientPeer *self,
                                SentientLinkFactory factory,
                                gpointer user_data,
                                GDestroyNotify user_data_free)
{
  if (self->link_factory_data_free != NULL)
    self->link_factory_data_free (self->link_factory_data);
  self->link_factory = factory;
  self->link_factory_data = user_data;
  self->link_factory_data_free = user_data_free;
}

void
sentient_peer_set_intervals (SentientPeer *self, guint silence_ms, guint poll_ms)
{
  self->silence_ms = silence_ms;
  self->poll_ms = poll_ms;
}

static void
listen_to (SentientLink *link, SentientConnection *connection)
{
  g_signal_connect_object (link, "local-description", G_CALLBACK (on_local_description), connection,
                           0);
  g_signal_connect_object (link, "local-candidate", G_CALLBACK (on_local_candidate), connection, 0);
  g_signal_connect_object (link, "opened", G_CALLBACK (on_link_opened), connection, 0);
  g_signal_connect_object (link, "message", G_CALLBACK (on_link_message), connection, 0);
  g_signal_connect_object (link, "drained", G_CALLBACK (on_link_drained), connection, 0);
  g_signal_connect_object (link, "channel", G_CALLBACK (on_link_channel), connection, 0);
  g_signal_connect_object (link, "closed", G_CALLBACK (on_link_closed), connection, 0);
  sentient_peer_watch_ways (link, connection);
}

static char *
take_string (char **from, char *old)
{
  g_free (old);
  return g_steal_pointer (from);
}

void
sentient_peer_move_link (SentientPeer *self,
                         SentientConnection *attempt,
                         SentientConnection *connection)
{
  g_signal_handlers_disconnect_by_data (attempt->link, attempt);
  connection->link = g_steal_pointer (&attempt->link);
  listen_to (connection->link, connection);
  connection->negotiation = take_string (&attempt->negotiation, connection->negotiation);
  connection->mid = take_string (&attempt->mid, connection->mid);
  connection->remote_offer = take_string (&attempt->remote_offer, connection->remote_offer);
  connection->have_remote = attempt->have_remote;
  connection->started = attempt->started;
  sentient_connection_set_offerer (connection, attempt->offerer);
  attempt->peer = NULL;
  remove_from_list (self, attempt);
  sentient_connection_set_state (attempt, SENTIENT_CONNECTION_STATE_CLOSED);
}

static SentientLink *
make_link (SentientPeer *self, SentientConnection *connection, const SentientLinkOptions *options)
{
  SentientLink *link;

  g_main_context_push_thread_default (self->context);
  link = self->link_factory (options, self->link_factory_data);
  g_main_context_pop_thread_default (self->context);
  listen_to (link, connection);
  return link;
}

gboolean
sentient_peer_has_capability (SentientPeer *self,
                              SentientConnection *connection,
                              const char *capability)
{
  SentientRoom *room = NULL;
  SentientMember *member;

  if (connection->room != NULL)
    room = sentient_peer_find_room (self, connection->room);
  if (room == NULL || sentient_room_find_member (room, connection->node_id) == NULL)
    room = sentient_peer_find_shared_room (self, connection->node_id);
  member = room != NULL ? sentient_room_find_member (room, connection->node_id) : NULL;
  return member != NULL && !self->is_plain
         && sentient_metadata_has_capability (sentient_member_get_metadata (member), capability);
}

static char *
new_negotiation (void)
{
  return g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
}

void
sentient_peer_negotiate (SentientPeer *self,
                         SentientConnection *connection,
                         const char *negotiation,
                         const char *offer)
{
  g_autoptr (SentientLinkOptions) options = NULL;
  g_autoptr (SentientLink) link = NULL;
  g_autoptr (GError) error = NULL;

  if (connection->peer != self)
    return;
  options = sentient_peer_new_link_options (self, &error);
  if (options == NULL)
    {
      sentient_peer_fail_attempt (self, connection, error, FALSE);
      return;
    }
  sentient_peer_drop_link (self, connection);
  sentient_connection_clear_glare (connection);
  g_free (connection->negotiation);
  connection->negotiation = offer != NULL ? g_strdup (negotiation) : new_negotiation ();
  g_free (connection->remote_offer);
  connection->remote_offer = g_strdup (offer);
  connection->have_remote = offer != NULL;
  connection->started = g_get_monotonic_time ();
  link = make_link (self, connection, options);
  connection->link = g_object_ref (link);
  /* Who waits was promised an end; else a new start has the whole time. */
  if (connection->timeout == NULL || sentient_waiters_is_empty (connection->opening))
    {
      sentient_connection_clear_timeout (connection);
      connection->timeout
          = sentient_peer_add_timeout (self, self->connect_timeout, on_attempt_timeout, connection);
    }
  sentient_connection_set_offerer (connection, offer == NULL);
  if (connection->state == SENTIENT_CONNECTION_STATE_NEW)
    sentient_connection_set_state (connection, SENTIENT_CONNECTION_STATE_CONNECTING);
  if (connection->link != link)
    return;
  if (offer == NULL && sentient_peer_has_capability (self, connection, SENTIENT_FRAME_PROTOCOL))
    sentient_link_set_protocol (link, SENTIENT_FRAME_PROTOCOL);
  sentient_link_start (link, offer == NULL);
  if (offer != NULL && connection->link == link)
    sentient_link_set_remote_description (link, SENTIENT_SIGNAL_TYPE_OFFER, offer);
}

void
sentient_peer_greet (SentientPeer *self, const char *node_id, const char *room)
{
  g_autoptr (SentientConnection) attempt = NULL;
  SentientConnection *known = g_hash_table_lookup (self->attempts, node_id);

  if (!sentient_peer_has_coordinator (self) || g_str_equal (node_id, self->node_id)
      || !sentient_peer_is_in_doubt (self, node_id))
    return;
  if (known != NULL && known->started >= self->session_since)
    return;
  if (known == NULL && !sentient_peer_has_capacity (self, node_id))
    {
      g_debug ("not connecting to “%s”: there are %u connections already", node_id,
               self->max_connections);
      return;
    }
  /* What went by way of a coordinator that is gone may be lost in part: it has to be made again. */
  attempt
      = known != NULL ? g_object_ref (known) : sentient_peer_ref_new_attempt (self, node_id, room);
  sentient_peer_negotiate (self, attempt, NULL, NULL);
}

static void
drop_silently (SentientConnection *connection)
{
  g_autoptr (SentientLink) link = g_steal_pointer (&connection->link);
  g_autoptr (SentientLink) retired = g_steal_pointer (&connection->retired);

  connection->peer = NULL;
  sentient_connection_clear_timeout (connection);
  sentient_connection_end_messages (connection, NULL);
  if (link != NULL)
    {
      g_signal_handlers_disconnect_by_data (link, connection);
      sentient_link_close (link);
    }
  if (retired != NULL)
    sentient_link_close (retired);
  sentient_connection_set_state (connection, SENTIENT_CONNECTION_STATE_CLOSED);
}

/* At dispose: nobody is told anything. */
void
sentient_peer_drop_links (SentientPeer *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->connections));
  g_autoptr (GPtrArray) attempts = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientConnection) connection
          = g_list_model_get_item (G_LIST_MODEL (self->connections), i);

      drop_silently (connection);
    }
  attempts = sentient_peer_list (self->attempts); /* those that nobody sees */
  for (guint i = 0; i < attempts->len; i++)
    if (((SentientConnection *)attempts->pdata[i])->peer != NULL)
      drop_silently (attempts->pdata[i]);
  for (guint i = 0; i < self->closing_links->len; i++)
    g_signal_handlers_disconnect_by_data (self->closing_links->pdata[i], self);
  g_ptr_array_set_size (self->closing_links, 0);
  g_hash_table_remove_all (self->attempts);
  g_hash_table_remove_all (self->open);
  g_list_store_remove_all (self->connections);
}
