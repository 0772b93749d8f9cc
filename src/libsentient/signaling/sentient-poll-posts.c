/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-poll-channel-private.h"

const char *
sentient_poll_channel_get_token (SentientPollChannel *self)
{
  return sentient_client_session_get_token (self->client, self->base);
}

/* In a v1 session one after another, each when the one before is answered, so that all that are not
 * can be asked again by the next channel. */
void
sentient_poll_channel_next_post (SentientPollChannel *self)
{
  guint64 ref = 0;
  SentientClientRequest *request;

  if (!self->v1 || self->posts == NULL || !sentient_post_queue_is_empty (self->posts))
    return;
  request = sentient_client_session_next (self->client, 0, &ref);
  if (request == NULL)
    return;
  sentient_client_session_posted (self->client, ref);
  sentient_post_queue_push (self->posts, request, ref, NULL);
}

static char *
make_body (SentientPost *post, gpointer user_data)
{
  SentientPollChannel *self = user_data;
  SentientClientRequest *request = post->request;

  if (self->v1)
    return sentient_client_session_make_text (self->client, request, post->ref, self->node_id);
  /* Who speaks v1 begins a session then; others do not mind. */
  if (request->kind == SENTIENT_SERVER_JOIN_RESULT)
    return sentient_client_message_number (
        sentient_client_message_join_v1 (self->node_id, request->room, request->metadata), 1, 0);
  return sentient_client_request_make_text (request, self->node_id);
}

/* The answer to the first join brought a session: what waits goes on in it. */
static void
begin_session (SentientPollChannel *self, SentientServerMessage *answer)
{
  SentientClientRequest *next;

  sentient_client_session_begin (self->client, self->base, answer->session, answer->token,
                                 answer->ref);
  self->v1 = TRUE;
  while ((next = sentient_post_queue_pop_waiting (self->posts)) != NULL)
    {
      g_autoptr (SentientClientRequest) request = next;
      g_autoptr (GError) error = NULL;

      if (sentient_client_session_add (self->client, request, &error) == 0
          && request->signal != NULL)
        sentient_channel_emit_signal_failed (SENTIENT_CHANNEL (self), request->signal, error);
    }
}

/* It says nothing about the request: that has to be asked again, or there is no session any more.
 */
static gboolean
is_no_answer (SentientPollChannel *self, guint status, SentientServerMessage *answer)
{
  gboolean gone = sentient_poll_channel_means_gone (status);
  g_autoptr (GError) error = NULL;

  if (answer->ref != 0 || answer->success || (!gone && status != 429 && status < 500))
    return FALSE;
  if (gone)
    sentient_client_session_drop (self->client);
  error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                     "the coordinator does not go on with the session: %s", answer->error->message);
  sentient_error_set_retry_after (error, sentient_error_get_retry_after (answer->error));
  sentient_poll_channel_end (self, g_steal_pointer (&error));
  return TRUE;
}

/* FALSE: nobody is to be told of the answer. */
static gboolean
take_v1_answer (SentientPollChannel *self, SentientPost *post, SentientServerMessage *answer)
{
  /* It was handled when it came by another way, and so comes its result. */
  if (post->request->signal == NULL && answer->success && answer->room == NULL
      && answer->rooms == NULL)
    {
      sentient_client_session_handled (self->client, post->ref);
      return FALSE;
    }
  if (answer->success || answer->ref != 0)
    sentient_client_session_answered (self->client, post->ref);
  else
    sentient_client_session_refused (self->client, post->ref);
  return TRUE;
}

static void
take_answer (SentientPollChannel *self, SentientPost *post, SentientServerMessage *answer)
{
  SentientClientRequest *request = post->request;

  if (request->kind == SENTIENT_SERVER_SIGNAL)
    {
      if (!answer->success)
        sentient_channel_emit_signal_failed (SENTIENT_CHANNEL (self), request->signal,
                                             answer->error);
      return;
    }
  if (answer->room == NULL)
    answer->room = g_strdup (request->room);
  if (request->kind == SENTIENT_SERVER_JOIN_RESULT && answer->success)
    {
      if (g_hash_table_size (self->rooms) == 0)
        sentient_recent_ids_clear (self->seen);
      g_hash_table_add (self->rooms, g_strdup (request->room));
    }
  else if (request->kind == SENTIENT_SERVER_LEAVE_RESULT && request->room != NULL)
    g_hash_table_remove (self->rooms, request->room);
  sentient_channel_emit_message (SENTIENT_CHANNEL (self), answer);
}

/* What a poll brought while a join was under way. */
static void
hand_out_held (SentientPollChannel *self)
{
  g_autoptr (GPtrArray) held = g_steal_pointer (&self->held);

  if (held != NULL)
    sentient_poll_channel_hand_out (self, held);
}

static void
handle_answer (SentientPollChannel *self,
               SentientPost *post,
               guint status,
               SentientServerMessage *answer)
{
  if (post->request->kind == SENTIENT_SERVER_LEAVE_RESULT)
    self->leaving--;
  if (self->v1 && (is_no_answer (self, status, answer) || !take_v1_answer (self, post, answer)))
    return;
  if (self->step != SENTIENT_POLL_STEP_OPEN)
    return;
  if (!self->v1 && answer->success && answer->token != NULL && answer->session != NULL)
    begin_session (self, answer);
  take_answer (self, post, answer);
}

static void
on_answered (SentientPost *post, guint status, SentientServerMessage *answer, gpointer user_data)
{
  /* Who hears of it may drop the channel. */
  g_autoptr (SentientPollChannel) self = g_object_ref (SENTIENT_POLL_CHANNEL (user_data));

  handle_answer (self, post, status, answer);
  hand_out_held (self);
  if (self->step == SENTIENT_POLL_STEP_OPEN)
    sentient_poll_channel_next_poll (self);
}

static void
on_post_failed (const GError *error, gpointer user_data)
{
  SentientPollChannel *self = user_data;

  sentient_poll_channel_end (self, self->step == SENTIENT_POLL_STEP_CLOSING ? NULL
                                                                            : g_error_copy (error));
}

static void
on_posts_idle (gpointer user_data)
{
  SentientPollChannel *self = user_data;

  sentient_poll_channel_next_post (self);
  if (self->step == SENTIENT_POLL_STEP_CLOSING && sentient_post_queue_is_empty (self->posts))
    sentient_poll_channel_end (self, NULL);
}

static const char *
get_token (gpointer user_data)
{
  return sentient_poll_channel_get_token (user_data);
}

const SentientPostQueueFuncs sentient_poll_channel_post_funcs = {
  .make_body = make_body,
  .get_token = get_token,
  .answered = on_answered,
  .failed = on_post_failed,
  .idle = on_posts_idle,
};

gboolean
sentient_poll_channel_push (SentientPollChannel *self,
                            SentientClientRequest *request,
                            GError **error)
{
  if (!self->v1)
    return sentient_post_queue_push (self->posts, request, 0, error);
  if (sentient_client_session_add (self->client, request, error) == 0)
    return FALSE;
  sentient_poll_channel_next_post (self);
  return TRUE;
}

gboolean
sentient_poll_channel_ask (SentientPollChannel *self,
                           SentientClientRequest *request,
                           GError **error)
{
  g_autoptr (SentientClientRequest) owned = request;

  if (self->step == SENTIENT_POLL_STEP_OPEN)
    return sentient_poll_channel_push (self, request, error);
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
               "the channel to the coordinator is closed");
  return FALSE;
}
