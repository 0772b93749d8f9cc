/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-poll-channel-private.h"

#include "core/sentient-source.h"
#include "protocol/sentient-json.h"

#define CLOSE_TIMEOUT_MS 2000
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define EARLY_BACKOFF_MAX_MS 2000

#define TO(step) (1u << (step))

static const guint legal_steps[SENTIENT_POLL_N_STEPS] = {
  [SENTIENT_POLL_STEP_NEW] = TO (SENTIENT_POLL_STEP_OPENING) | TO (SENTIENT_POLL_STEP_OVER),
  [SENTIENT_POLL_STEP_OPENING] = TO (SENTIENT_POLL_STEP_OPEN) | TO (SENTIENT_POLL_STEP_OVER),
  [SENTIENT_POLL_STEP_OPEN] = TO (SENTIENT_POLL_STEP_CLOSING) | TO (SENTIENT_POLL_STEP_OVER),
  [SENTIENT_POLL_STEP_CLOSING] = TO (SENTIENT_POLL_STEP_OVER),
  [SENTIENT_POLL_STEP_OVER] = 0,
};

static void sentient_poll_channel_iface_init (SentientChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientPollChannel,
                               sentient_poll_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SENTIENT_TYPE_CHANNEL,
                                                      sentient_poll_channel_iface_init))

static void
set_step (SentientPollChannel *self, SentientPollStep step)
{
  g_assert ((legal_steps[self->step] & TO (step)) != 0);

  self->step = step;
}

void
sentient_poll_channel_clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
sentient_poll_channel_set_timer (SentientPollChannel *self,
                                 GSource **timer,
                                 guint ms,
                                 GSourceFunc func)
{
  sentient_poll_channel_clear_source (timer);
  *timer = g_timeout_source_new (ms);
  sentient_source_attach (*timer, self->context, "sentient-poll-timer", func, self);
}

static void
shut (SentientPollChannel *self)
{
  set_step (self, SENTIENT_POLL_STEP_OVER);
  sentient_poll_channel_clear_source (&self->outer_cancelled);
  sentient_poll_channel_clear_source (&self->close_timer);
  sentient_poll_channel_clear_source (&self->poll_timer);
  sentient_poll_channel_clear_source (&self->deliver);
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->posts, sentient_post_queue_close);
}

/* error is taken; NULL: we closed it ourselves. */
void
sentient_poll_channel_end (SentientPollChannel *self, GError *error)
{
  g_autoptr (SentientPollChannel) keep = g_object_ref (self);
  g_autoptr (GError) owned = error;
  g_autoptr (GTask) opening = g_steal_pointer (&self->opening);

  if (self->step == SENTIENT_POLL_STEP_OVER)
    return;
  shut (self);
  if (opening != NULL)
    g_task_return_error (opening, g_steal_pointer (&owned));
  else
    sentient_channel_emit_closed (SENTIENT_CHANNEL (self), owned);
}

void
sentient_poll_channel_get (SentientPollChannel *self,
                           const char *path,
                           const char *query,
                           guint timeout_ms,
                           gboolean fresh_connection,
                           GAsyncReadyCallback callback)
{
  g_autoptr (GUri) uri = sentient_channel_uri_join (self->base, FALSE, path, query);

  g_main_context_push_thread_default (self->context);
  sentient_http_request_async (self->session, uri, NULL, sentient_poll_channel_get_token (self),
                               timeout_ms, fresh_connection, self->cancellable, callback,
                               g_object_ref (self));
  g_main_context_pop_thread_default (self->context);
}

static gboolean
sentient_poll_channel_join (SentientChannel *channel,
                            const char *room,
                            const char *metadata,
                            GError **error)
{
  return sentient_poll_channel_ask (SENTIENT_POLL_CHANNEL (channel),
                                    sentient_client_request_new_join (room, metadata), error);
}

static gboolean
sentient_poll_channel_leave (SentientChannel *channel, const char *room, GError **error)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (channel);
  gboolean asked
      = sentient_poll_channel_ask (self, sentient_client_request_new_leave (room), error);

  self->leaving += asked;
  return asked;
}

static gboolean
sentient_poll_channel_send_signal (SentientChannel *channel, SentientSignal *signal, GError **error)
{
  return sentient_poll_channel_ask (SENTIENT_POLL_CHANNEL (channel),
                                    sentient_client_request_new_signal (signal), error);
}

/* Opening and closing */

/* The greeting that a WebSocket would have brought. */
static void
emit_connected (SentientPollChannel *self, SentientJsonValue coordinator_id)
{
  g_autoptr (GString) text = g_string_new ("{\"type\":\"connected\",\"nodeId\":");
  g_autoptr (SentientServerMessage) message = NULL;

  sentient_json_append_string (text, self->node_id);
  if (coordinator_id.span.data != NULL && coordinator_id.type == SENTIENT_JSON_STRING)
    {
      g_string_append (text, ",\"coordinatorId\":");
      g_string_append_len (text, coordinator_id.span.data, coordinator_id.span.len);
    }
  g_string_append_c (text, '}');
  message = sentient_server_message_parse (text->str, text->len, self->node_id, NULL);
  if (message != NULL)
    sentient_channel_emit_message (SENTIENT_CHANNEL (self), message);
}

static gboolean
take_info (SentientPollChannel *self, SentientHttpReply *reply, GError **error)
{
  static const char *const keys[] = { "enabled", "nodeId" };
  SentientJsonValue values[G_N_ELEMENTS (keys)];
  g_autoptr (SentientServerMessage) message = NULL;
  gsize len;
  const char *data = g_bytes_get_data (reply->body, &len);

  if (reply->status != 200)
    {
      g_set_error (error, SENTIENT_ERROR, sentient_http_status_to_error (reply->status),
                   "no coordinator there: /webrtc/info was answered with status %u %s",
                   reply->status, soup_status_get_phrase (reply->status));
      return FALSE;
    }
  if (!sentient_json_pick (data, len, keys, values, G_N_ELEMENTS (keys), error))
    {
      g_prefix_error (error, "no coordinator there: the answer of /webrtc/info makes no sense: ");
      return FALSE;
    }
  if (values[0].span.data != NULL && values[0].type == SENTIENT_JSON_BOOLEAN
      && values[0].span.data[0] == 'f')
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_FOUND,
                   "the node there is no coordinator: it runs with its WebRTC part switched off");
      return FALSE;
    }
  emit_connected (self, values[1]);
  message = sentient_server_message_parse_reply (data, len, SENTIENT_SERVER_JOIN_RESULT, NULL);
  if (message != NULL)
    sentient_channel_emit_message (SENTIENT_CHANNEL (self), message);
  return TRUE;
}

static gboolean
on_deliver (gpointer user_data)
{
  g_autoptr (SentientPollChannel) self = g_object_ref (SENTIENT_POLL_CHANNEL (user_data));
  g_autoptr (GPtrArray) early = g_steal_pointer (&self->early);

  sentient_poll_channel_clear_source (&self->deliver);
  if (early != NULL)
    sentient_poll_channel_hand_out (self, early);
  if (self->step != SENTIENT_POLL_STEP_OPEN)
    return G_SOURCE_REMOVE;
  sentient_channel_emit_failed (SENTIENT_CHANNEL (self), self->client);
  sentient_poll_channel_next_post (self);
  sentient_poll_channel_next_poll (self);
  return G_SOURCE_REMOVE;
}

static void
opened (SentientPollChannel *self)
{
  g_autoptr (GTask) opening = NULL;

  set_step (self, SENTIENT_POLL_STEP_OPEN);
  sentient_poll_channel_clear_source (&self->outer_cancelled);
  /* After who waits for us has heard that we are open. */
  sentient_poll_channel_set_timer (self, &self->deliver, 0, on_deliver);
  opening = g_steal_pointer (&self->opening);
  g_task_return_boolean (opening, TRUE);
}

/* The first poll of a session that another channel had. */
static void
on_resumed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientPollChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish (result, &error);
  g_autoptr (GPtrArray) messages = NULL;

  if (self->step != SENTIENT_POLL_STEP_OPENING)
    return;
  if (reply != NULL && sentient_poll_channel_means_gone (reply->status))
    {
      sentient_client_session_drop (self->client);
      opened (self);
      return;
    }
  if (reply != NULL)
    messages = sentient_server_message_parse_poll (g_bytes_get_data (reply->body, NULL),
                                                   g_bytes_get_size (reply->body), self->node_id,
                                                   &error);
  if (messages == NULL || reply->status != 200)
    {
      if (error == NULL)
        error = g_error_new (SENTIENT_ERROR, (gint)sentient_http_status_to_error (reply->status),
                             "the coordinator refused a poll with status %u", reply->status);
      sentient_poll_channel_end (self, g_steal_pointer (&error));
      return;
    }
  self->v1 = TRUE;
  self->early = g_steal_pointer (&messages);
  sentient_client_session_resumed (self->client);
  opened (self);
}

static void
on_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientPollChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish (result, &error);

  if (self->step != SENTIENT_POLL_STEP_OPENING)
    return;
  if (reply == NULL || !take_info (self, reply, &error))
    {
      sentient_poll_channel_end (self, g_steal_pointer (&error));
      return;
    }
  if (self->step != SENTIENT_POLL_STEP_OPENING) /* closed by who listens */
    return;
  if (sentient_client_session_get_token (self->client, self->base) != NULL)
    {
      g_autofree char *query = sentient_poll_channel_make_query (self, 1);

      sentient_poll_channel_get (self, "/webrtc/signal", query, self->request_timeout_ms, TRUE,
                                 on_resumed);
      return;
    }
  sentient_client_session_drop (self->client); /* another coordinator's */
  opened (self);
}

static gboolean
on_outer_cancelled (GCancellable *cancellable, gpointer user_data)
{
  sentient_poll_channel_end (user_data, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                             "connecting was cancelled"));
  return G_SOURCE_REMOVE;
}

static void
sentient_poll_channel_open_async (SentientChannel *channel,
                                  guint timeout_ms,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (channel);

  set_step (self, SENTIENT_POLL_STEP_OPENING);
  sentient_client_session_opening (self->client);
  g_main_context_push_thread_default (self->context);
  self->opening = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->opening, sentient_poll_channel_open_async);
  self->session = sentient_http_session_new (self->base);
  g_main_context_pop_thread_default (self->context);
  if (cancellable != NULL)
    {
      self->outer_cancelled = g_cancellable_source_new (cancellable);
      sentient_source_attach (self->outer_cancelled, self->context, "sentient-poll-cancelled",
                              G_SOURCE_FUNC (on_outer_cancelled), self);
    }
  self->posts
      = sentient_post_queue_new (self->context, self->session, self->base, self->request_timeout_ms,
                                 &sentient_poll_channel_post_funcs, self);
  sentient_poll_channel_get (self, "/webrtc/info", NULL, timeout_ms, FALSE, on_info);
}

static gboolean
on_close_timer (gpointer user_data)
{
  sentient_poll_channel_end (user_data, NULL);
  return G_SOURCE_REMOVE;
}

static void
sentient_poll_channel_close (SentientChannel *channel)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (channel);
  g_autoptr (SentientClientRequest) all = NULL;
  gboolean leave;

  if (self->opening != NULL)
    {
      sentient_poll_channel_end (
          self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                                     "the channel was closed while it was being opened"));
      return;
    }
  if (self->step != SENTIENT_POLL_STEP_OPEN)
    return;
  /* In a session the numbers have to go on: all that waits goes out before. */
  leave = self->v1 || sentient_post_queue_drop_waiting (self->posts)
          || g_hash_table_size (self->rooms) > 0;
  set_step (self, SENTIENT_POLL_STEP_CLOSING);
  sentient_poll_channel_set_timer (self, &self->close_timer, leave ? CLOSE_TIMEOUT_MS : 0,
                                   on_close_timer);
  if (!leave)
    return;
  all = sentient_client_request_new_leave (NULL);
  self->leaving++;
  sentient_poll_channel_push (self, all, NULL);
}

SentientChannel *
sentient_poll_channel_new (GUri *base,
                           const char *node_id,
                           guint request_timeout_ms,
                           guint poll_ms,
                           SentientClientSession *client)
{
  SentientPollChannel *self = g_object_new (SENTIENT_TYPE_POLL_CHANNEL, NULL);

  self->base = g_uri_ref (base);
  self->node_id = g_strdup (node_id);
  self->request_timeout_ms = request_timeout_ms;
  self->poll_ms = poll_ms;
  self->client = sentient_client_session_ref (client);
  return SENTIENT_CHANNEL (self);
}

static void
sentient_poll_channel_dispose (GObject *object)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (object);

  if (self->step != SENTIENT_POLL_STEP_OVER)
    shut (self);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (sentient_poll_channel_parent_class)->dispose (object);
}

static void
sentient_poll_channel_finalize (GObject *object)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->seen, sentient_recent_ids_free);
  g_clear_pointer (&self->rooms, g_hash_table_unref);
  g_clear_pointer (&self->early, g_ptr_array_unref);
  g_clear_pointer (&self->held, g_ptr_array_unref);
  g_clear_pointer (&self->client, sentient_client_session_unref);
  g_clear_pointer (&self->base, g_uri_unref);
  g_clear_pointer (&self->node_id, g_free);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (sentient_poll_channel_parent_class)->finalize (object);
}

static void
sentient_poll_channel_class_init (SentientPollChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sentient_poll_channel_dispose;
  object_class->finalize = sentient_poll_channel_finalize;
}

static void
sentient_poll_channel_init (SentientPollChannel *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
  self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->seen = sentient_recent_ids_new (1024);
  sentient_backoff_init (&self->poll_backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
  sentient_backoff_init (&self->early_backoff, BACKOFF_FIRST_MS, EARLY_BACKOFF_MAX_MS);
}

static void
sentient_poll_channel_iface_init (SentientChannelInterface *iface)
{
  iface->kind = SENTIENT_CHANNEL_KIND_LONG_POLL;
  iface->open_async = sentient_poll_channel_open_async;
  iface->join = sentient_poll_channel_join;
  iface->leave = sentient_poll_channel_leave;
  iface->send_signal = sentient_poll_channel_send_signal;
  iface->close = sentient_poll_channel_close;
}
