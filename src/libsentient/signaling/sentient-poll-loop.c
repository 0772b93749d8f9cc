/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-poll-channel-private.h"

#define POLL_GRACE_MS 10000 /* for an answer to a poll beyond its own time */
#define FAILURES_MAX 5      /* in a row: then the coordinator counts as lost */

static gboolean
on_poll_timer (gpointer user_data)
{
  SentientPollChannel *self = user_data;

  sentient_poll_channel_clear_source (&self->poll_timer);
  sentient_poll_channel_next_poll (self);
  return G_SOURCE_REMOVE;
}

static void
poll_later (SentientPollChannel *self, guint ms)
{
  sentient_poll_channel_set_timer (self, &self->poll_timer, ms, on_poll_timer);
}

/* error is taken. */
static void
poll_failed (SentientPollChannel *self, guint retry_after_ms, GError *error)
{
  g_autoptr (GError) owned = error;
  guint backoff_ms;

  if (++self->poll_failures >= FAILURES_MAX)
    {
      sentient_poll_channel_end (self, g_steal_pointer (&owned));
      return;
    }
  g_debug ("poll failed, trying again: %s", owned->message);
  backoff_ms = sentient_backoff_next_ms (&self->poll_backoff, NULL);
  poll_later (self, MAX (retry_after_ms, backoff_ms));
}

/* "id" alone is not enough: a coordinator counts again from 1 in a new session. */
static gboolean
is_duplicate (SentientPollChannel *self, SentientServerMessage *message)
{
  g_autofree char *key = NULL;
  SentientSignal *signal = message->signal;

  if (message->id == NULL)
    return FALSE;
  key = g_strdup_printf ("%s %d %s %u", message->id, message->kind,
                         signal != NULL ? sentient_signal_get_from (signal) : message->node_id,
                         signal != NULL ? g_str_hash (sentient_signal_get_payload (signal)) : 0);
  return !sentient_recent_ids_add (self->seen, key);
}

void
sentient_poll_channel_hand_out (SentientPollChannel *self, GPtrArray *messages)
{
  for (guint i = 0; i < messages->len && self->step == SENTIENT_POLL_STEP_OPEN; i++)
    {
      SentientServerMessage *message = g_ptr_array_index (messages, i);

      if (self->v1)
        {
          if (!sentient_channel_hand_out (SENTIENT_CHANNEL (self), self->client, message))
            sentient_poll_channel_end (self, sentient_channel_new_broken_error ());
        }
      else if (is_duplicate (self, message))
        g_debug ("signal %s came twice, dropped", message->id);
      else
        sentient_channel_emit_message (SENTIENT_CHANNEL (self), message);
    }
}

gboolean
sentient_poll_channel_means_gone (guint status)
{
  return status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN
         || status == SOUP_STATUS_NOT_FOUND || status == SOUP_STATUS_CONFLICT
         || status == SOUP_STATUS_GONE;
}

static void
poll_answered (SentientPollChannel *self, SentientHttpReply *reply)
{
  gint64 took_ms = (g_get_monotonic_time () - self->poll_started) / 1000;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) messages
      = sentient_server_message_parse_poll (g_bytes_get_data (reply->body, NULL),
                                            g_bytes_get_size (reply->body), self->node_id, &error);

  if (messages == NULL)
    {
      g_prefix_error (&error, "the coordinator's answer to a poll makes no sense: ");
      sentient_channel_emit_fault (SENTIENT_CHANNEL (self), error);
      if (self->step == SENTIENT_POLL_STEP_OPEN)
        poll_failed (self, 0, g_steal_pointer (&error));
      return;
    }
  self->poll_failures = 0;
  sentient_backoff_reset (&self->poll_backoff);
  /* The answer to a join says who is there; what a poll has to tell of the room came about later,
   * though it may be here earlier. */
  if (self->v1 && messages->len > 0 && sentient_post_queue_is_joining (self->posts))
    {
      self->held = g_steal_pointer (&messages);
      return;
    }
  sentient_poll_channel_hand_out (self, messages);
  if (self->step != SENTIENT_POLL_STEP_OPEN)
    return;
  sentient_poll_channel_next_post (self); /* what was in a gap */
  /* Someone else polls with our id, or the coordinator does not wait: do not run hot. */
  if (messages->len == 0 && took_ms < self->poll_ms / 2)
    {
      poll_later (self, sentient_backoff_next_ms (&self->early_backoff, NULL));
      return;
    }
  sentient_backoff_reset (&self->early_backoff);
  sentient_poll_channel_next_poll (self);
}

static void
on_poll (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientPollChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish (result, &error);

  self->polling = FALSE;
  if (self->step != SENTIENT_POLL_STEP_OPEN)
    return;
  if (reply == NULL && g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT))
    poll_failed (self, 0, g_steal_pointer (&error));
  else if (reply == NULL) /* it may have forgotten us meanwhile: open and join again */
    sentient_poll_channel_end (self, g_steal_pointer (&error));
  else if (reply->status == 200)
    poll_answered (self, reply);
  else
    {
      g_autoptr (SentientServerMessage) refusal
          = sentient_http_reply_parse (reply, SENTIENT_SERVER_SIGNAL);

      g_prefix_error (&refusal->error, "the coordinator refused a poll: ");
      if (self->v1 && sentient_poll_channel_means_gone (reply->status))
        {
          refusal->error->code = SENTIENT_ERROR_CONNECTION_LOST; /* come back */
          sentient_client_session_drop (self->client);
          sentient_poll_channel_end (self, g_steal_pointer (&refusal->error));
          return;
        }
      /* It may have overtaken the leave of the last room, or its answer. */
      if (reply->status == 429 || reply->status >= 500 || self->leaving > 0
          || g_hash_table_size (self->rooms) == 0)
        poll_failed (self, reply->retry_after_ms, g_steal_pointer (&refusal->error));
      else
        sentient_poll_channel_end (self, g_steal_pointer (&refusal->error));
    }
}

char *
sentient_poll_channel_make_query (SentientPollChannel *self, guint timeout_ms)
{
  guint64 seen = sentient_client_session_get_seen (self->client);

  if (sentient_client_session_get_token (self->client, self->base) == NULL)
    return g_strdup_printf ("nodeId=%s&timeout=%u", self->node_id, timeout_ms);
  sentient_client_session_acked (self->client, seen);
  return g_strdup_printf ("nodeId=%s&timeout=%u&after=%" G_GUINT64_FORMAT, self->node_id,
                          timeout_ms, seen);
}

void
sentient_poll_channel_next_poll (SentientPollChannel *self)
{
  g_autofree char *query = NULL;

  if (self->step != SENTIENT_POLL_STEP_OPEN || self->polling || self->poll_timer != NULL
      || self->deliver != NULL || self->held != NULL
      || (!self->v1 && g_hash_table_size (self->rooms) == 0))
    return;
  self->polling = TRUE;
  self->poll_started = g_get_monotonic_time ();
  query = sentient_poll_channel_make_query (self, self->poll_ms);
  sentient_poll_channel_get (self, "/webrtc/signal", query, self->poll_ms + POLL_GRACE_MS, TRUE,
                             on_poll);
}
