/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"
#include "webrtc/sentient-frame.h"

/* A connection outlives its link. When that is lost, the connection is "reconnecting" until another
 * link to the same node is open: what the node did not acknowledge is sent again over that, once
 * and in order. When there is only doubt, the new link is made first and the old one dropped after
 * that. It is an attempt like any other, but one that nobody sees: as soon as it is open, its link
 * goes over to the connection.
 *
 * That is for links with frames (see SentientStream): nodes without do not know what arrived. */

#define DEBOUNCE_MS 250 /* one change of the network is told in many pieces */
#define CHECKS_AT_ONCE 4
#define DOUBT_MS 1000 /* who answers within that is still there */

static gboolean
on_deadline (gpointer user_data)
{
  SentientConnection *connection = user_data;
  g_autoptr (GError) error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                     "“%s” could not be reached again within %u s", connection->node_id,
                     connection->peer->recovery_ms / 1000);

  sentient_peer_end_connection (connection->peer, connection, error);
  return G_SOURCE_REMOVE;
}

void
sentient_peer_note_joined (SentientPeer *self, const char *node_id)
{
  SentientConnection *connection = g_hash_table_lookup (self->open, node_id);

  if (connection != NULL)
    connection->has_left = FALSE;
}

void
sentient_peer_note_left (SentientPeer *self, const char *node_id, SentientLeaveReason reason)
{
  SentientConnection *connection = g_hash_table_lookup (self->open, node_id);
  g_autoptr (GError) error = NULL;

  if (connection == NULL || reason == SENTIENT_LEAVE_REASON_REPLACED) /* that one joins at once */
    return;
  connection->has_left = TRUE;
  if (!sentient_peer_is_lost (self, node_id))
    {
      if (reason == SENTIENT_LEAVE_REASON_TIMEOUT) /* only the coordinator lost it, perhaps */
        sentient_connection_probe (connection);
      return;
    }
  error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                       reason == SENTIENT_LEAVE_REASON_TIMEOUT
                           ? "“%s” was out of reach for the coordinator, too, and did not come back"
                           : "“%s” left while it was out of reach",
                       node_id);
  sentient_peer_end_connection (self, connection, error);
}

/* It is closed as soon as the other end uses the next one: until then it may think that all is
 * well, and would take the end of this link for the loss of the connection. */
static void
retire_link (SentientPeer *self, SentientConnection *connection)
{
  sentient_peer_drop_retired (self, connection);
  if (connection->link != NULL)
    g_signal_handlers_disconnect_by_data (connection->link, connection);
  connection->retired = g_steal_pointer (&connection->link);
}

gboolean
sentient_peer_may_recover (SentientPeer *self, SentientConnection *connection, const GError *error)
{
  if (connection->stream == NULL || connection->has_left || self->is_closing
      || connection->closing_timer != NULL || !sentient_waiters_is_empty (connection->closing)
      || self->state == SENTIENT_PEER_STATE_DISCONNECTED)
    return FALSE;
  if (error != NULL)
    return g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  /* Closed in good order: by who has another one already, or lost it in its own way. */
  return !sentient_stream_has_goodbye (connection->stream);
}

void
sentient_peer_lose_link (SentientPeer *self, SentientConnection *connection, const GError *error)
{
  g_autoptr (SentientPeer) keep_self = g_object_ref (self);
  g_autoptr (SentientConnection) keep = g_object_ref (connection);

  if (connection->state == SENTIENT_CONNECTION_STATE_RECONNECTING)
    return;
  if (!sentient_peer_may_recover (self, connection, error))
    {
      sentient_peer_end_connection (self, connection, error);
      return;
    }
  retire_link (self, connection);
  sentient_connection_pause_messages (connection);
  connection->timeout
      = sentient_peer_add_timeout (self, self->recovery_ms, on_deadline, connection);
  sentient_peer_trace (self, connection->node_id, "link lost: %s",
                       error != NULL ? error->message : "the other end closed it");
  sentient_connection_set_state (connection, SENTIENT_CONNECTION_STATE_RECONNECTING);
  if (connection->peer == self)
    sentient_peer_emit_peer_reconnecting (self, connection->node_id, error);
  if (connection->peer == self)
    sentient_peer_recover (self, connection->node_id);
}

gboolean
sentient_peer_is_lost (SentientPeer *self, const char *node_id)
{
  SentientConnection *open = g_hash_table_lookup (self->open, node_id);

  return open != NULL && open->state == SENTIENT_CONNECTION_STATE_RECONNECTING;
}

/* If it has no link, or one that is in doubt. */
static void
reach_again (SentientPeer *self, SentientConnection *connection)
{
  SentientRoom *room = sentient_peer_find_shared_room (self, connection->node_id);

  if (connection->peer == self && room != NULL) /* else as soon as it is in a room of ours again */
    sentient_peer_greet (self, connection->node_id, sentient_room_get_name (room));
}

void
sentient_peer_recover (SentientPeer *self, const char *node_id)
{
  if (sentient_peer_is_lost (self, node_id))
    reach_again (self, g_hash_table_lookup (self->open, node_id));
}

void
sentient_peer_recover_all (SentientPeer *self)
{
  g_autoptr (GPtrArray) open = sentient_peer_list (self->open);

  sentient_peer_retry_anew (self, NULL);
  for (guint i = 0; i < open->len; i++)
    sentient_peer_recover (self, ((SentientConnection *)open->pdata[i])->node_id);
}

gboolean
sentient_peer_is_in_doubt (SentientPeer *self, const char *node_id)
{
  SentientConnection *open = g_hash_table_lookup (self->open, node_id);

  return open == NULL || open->link == NULL
         || (open->stream != NULL && sentient_stream_is_in_doubt (open->stream));
}

gboolean
sentient_peer_adopt_link (SentientPeer *self, SentientConnection *attempt)
{
  SentientConnection *known = g_hash_table_lookup (self->open, attempt->node_id);
  g_autoptr (SentientConnection) connection = NULL;
  gboolean was_lost;

  if (known == NULL || known->stream == NULL || known->closing_timer != NULL
      || !sentient_waiters_is_empty (known->closing)
      || g_strcmp0 (sentient_link_get_protocol (attempt->link), SENTIENT_FRAME_PROTOCOL) != 0)
    return FALSE;
  connection = g_object_ref (known);
  was_lost = connection->state == SENTIENT_CONNECTION_STATE_RECONNECTING;
  sentient_connection_clear_timeout (connection);
  if (connection->link != NULL)
    retire_link (self, connection);
  sentient_peer_move_link (self, attempt, connection);
  connection->n_replacements++;
  sentient_connection_resume_messages (connection);
  sentient_peer_trace (self, connection->node_id, was_lost ? "connected again" : "link replaced");
  if (connection->peer == self && was_lost)
    sentient_connection_set_state (connection, SENTIENT_CONNECTION_STATE_CONNECTED);
  if (connection->peer == self && was_lost)
    sentient_peer_emit_peer_reconnected (self, connection->node_id);
  sentient_waiters_return_object (attempt->opening, connection);
  return TRUE;
}

/* The network */

static gboolean
on_doubt (gpointer user_data)
{
  SentientPeer *self = user_data;
  g_autoptr (SentientPeer) keep = g_object_ref (self);
  g_autoptr (GPtrArray) open = sentient_peer_list (self->open);

  g_clear_pointer (&self->doubt_timer, g_source_unref);
  for (guint i = 0; i < open->len; i++)
    reach_again (self, open->pdata[i]);
  return G_SOURCE_REMOVE;
}

/* What was begun over the old network leads nowhere. */
static void
begin_again (SentientPeer *self, SentientConnection *connection)
{
  SentientConnection *attempt = g_hash_table_lookup (self->attempts, connection->node_id);

  if (attempt != NULL && attempt->offerer && sentient_peer_has_coordinator (self))
    sentient_peer_negotiate (self, attempt, NULL, NULL);
  else if (attempt == NULL)
    sentient_peer_recover (self, connection->node_id);
}

/* An interface that flaps must not have us take up the session four times a second for good: a few
 * checks are made at once, then one in a while. checks_paid_ms is when all that were made are paid
 * for, at one every check_every_ms. */
static guint
next_check_ms (SentientPeer *self)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);
  gint64 credit = (gint64)(CHECKS_AT_ONCE - 1) * self->check_every_ms;

  return (guint)MAX (self->checks_paid_ms - credit - now, DEBOUNCE_MS);
}

static void
pay_check (SentientPeer *self)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);

  self->checks_paid_ms = MAX (self->checks_paid_ms, now) + self->check_every_ms;
}

static gboolean
on_network_settled (gpointer user_data)
{
  SentientPeer *self = user_data;
  g_autoptr (SentientPeer) keep = g_object_ref (self);
  g_autoptr (GPtrArray) open = NULL;

  pay_check (self);
  g_clear_pointer (&self->network_timer, g_source_unref);
  sentient_peer_refresh_coordinator (self);
  sentient_peer_retry_anew (self, NULL);
  open = sentient_peer_list (self->open);
  for (guint i = 0; i < open->len; i++)
    {
      SentientConnection *connection = open->pdata[i];

      if (connection->peer != self)
        continue;
      if (sentient_peer_is_lost (self, connection->node_id))
        begin_again (self, connection);
      else
        sentient_connection_probe (connection);
    }
  if (self->doubt_timer == NULL && open->len > 0)
    self->doubt_timer = sentient_peer_add_timeout (self, DOUBT_MS, on_doubt, self);
  return G_SOURCE_REMOVE;
}

/**
 * sentient_peer_check_network:
 * @self: a peer
 *
 * Looks whether everything is still there: the coordinator, and every connected node. What does not
 * answer within a second is replaced. The peer does so by itself when the network changes
 * (#GNetworkMonitor) and when the machine wakes up (logind); call it where these two cannot know.
 * Calls within a quarter of a second count as one, and while they go on all the time, those of five
 * seconds do; there is always a look after the last one.
 *
 * Since: 0.1
 */
void
sentient_peer_check_network (SentientPeer *self)
{
  g_return_if_fail (SENTIENT_IS_PEER (self));

  /* One that is due sees this change, too. */
  if (self->network_timer == NULL && self->state != SENTIENT_PEER_STATE_DISCONNECTED)
    self->network_timer
        = sentient_peer_add_timeout (self, next_check_ms (self), on_network_settled, self);
}

static void
clear_timer (GSource **timer)
{
  if (*timer != NULL)
    g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

void
sentient_peer_stop_recovery (SentientPeer *self)
{
  g_clear_pointer (&self->network_watch, sentient_network_watch_free);
  clear_timer (&self->network_timer);
  clear_timer (&self->doubt_timer);
}

static void
on_network_changed (gpointer user_data)
{
  sentient_peer_check_network (user_data);
}

void
sentient_peer_watch_network (SentientPeer *self)
{
  if (self->network_watch == NULL)
    self->network_watch = sentient_network_watch_new (self->context, on_network_changed, self);
}
