/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-poll-channel.h"

#include "core/sentient-backoff.h"
#include "protocol/sentient-json.h"
#include "signaling/sentient-post-queue.h"
#include "signaling/sentient-recent-ids.h"

#define CLOSE_TIMEOUT_MS 2000
#define POLL_GRACE_MS 10000 /* for an answer to a poll beyond its own time */
#define FAILURES_MAX 5      /* in a row: then the coordinator counts as lost */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define EARLY_BACKOFF_MAX_MS 2000

typedef enum
{
  STEP_NEW,
  STEP_OPENING, /* GET /webrtc/info is under way */
  STEP_OPEN,
  STEP_CLOSING, /* the last request, a leave, is under way */
  STEP_OVER,
  N_STEPS
} Step;

#define TO(step) (1u << (step))

static const guint legal_steps[N_STEPS] = {
  [STEP_NEW] = TO (STEP_OPENING) | TO (STEP_OVER),
  [STEP_OPENING] = TO (STEP_OPEN) | TO (STEP_OVER),
  [STEP_OPEN] = TO (STEP_CLOSING) | TO (STEP_OVER),
  [STEP_CLOSING] = TO (STEP_OVER),
  [STEP_OVER] = 0,
};

struct _SentientPollChannel
{
  GObject parent_instance;

  GMainContext *context;
  GUri *base;
  char *node_id;
  guint request_timeout_ms;
  guint poll_ms;

  Step step;
  SoupSession *session;
  GTask *opening;
  GCancellable *cancellable; /* of everything that is under way */
  GSource *outer_cancelled;
  GSource *close_timer;

  GHashTable *rooms; /* (element-type utf8): without any there is nothing to poll for */
  guint leaving;     /* leaves without an answer */
  gboolean polling;
  gint64 poll_started; /* monotonic, us */
  guint poll_failures; /* in a row */
  SentientBackoff poll_backoff;
  SentientBackoff early_backoff;
  GSource *poll_timer;
  SentientRecentIds *seen;

  SentientPostQueue *posts;
};

static void sentient_poll_channel_iface_init (SentientChannelInterface *iface);
static void next_poll (SentientPollChannel *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientPollChannel,
                               sentient_poll_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SENTIENT_TYPE_CHANNEL,
                                                      sentient_poll_channel_iface_init))

static void
set_step (SentientPollChannel *self, Step step)
{
  g_assert ((legal_steps[self->step] & TO (step)) != 0);

  self->step = step;
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
set_timer (SentientPollChannel *self, GSource **timer, guint ms, GSourceFunc func)
{
  clear_source (timer);
  *timer = g_timeout_source_new (ms);
  g_source_set_static_name (*timer, "sentient-poll-timer");
  g_source_set_callback (*timer, func, self, NULL);
  g_source_attach (*timer, self->context);
}

static void
shut (SentientPollChannel *self)
{
  set_step (self, STEP_OVER);
  clear_source (&self->outer_cancelled);
  clear_source (&self->close_timer);
  clear_source (&self->poll_timer);
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->posts, sentient_post_queue_close);
}

/* error is taken; NULL: we closed it ourselves. */
static void
end (SentientPollChannel *self, GError *error)
{
  g_autoptr (SentientPollChannel) keep = g_object_ref (self);
  g_autoptr (GError) owned = error;
  g_autoptr (GTask) opening = g_steal_pointer (&self->opening);

  if (self->step == STEP_OVER)
    return;
  shut (self);
  if (opening != NULL)
    g_task_return_error (opening, g_steal_pointer (&owned));
  else
    sentient_channel_emit_closed (SENTIENT_CHANNEL (self), owned);
}

static void
get (SentientPollChannel *self,
     const char *path,
     const char *query,
     guint timeout_ms,
     gboolean fresh_connection,
     GAsyncReadyCallback callback)
{
  g_autoptr (GUri) uri = sentient_channel_uri_join (self->base, FALSE, path, query);

  g_main_context_push_thread_default (self->context);
  sentient_http_request_async (self->session, uri, NULL, timeout_ms, fresh_connection,
                               self->cancellable, callback, g_object_ref (self));
  g_main_context_pop_thread_default (self->context);
}

/* Polling */

static gboolean
on_poll_timer (gpointer user_data)
{
  SentientPollChannel *self = user_data;

  clear_source (&self->poll_timer);
  next_poll (self);
  return G_SOURCE_REMOVE;
}

static void
poll_later (SentientPollChannel *self, guint ms)
{
  set_timer (self, &self->poll_timer, ms, on_poll_timer);
}

/* error is taken. */
static void
poll_failed (SentientPollChannel *self, guint retry_after_ms, GError *error)
{
  g_autoptr (GError) owned = error;
  guint backoff_ms;

  if (++self->poll_failures >= FAILURES_MAX)
    {
      end (self, g_steal_pointer (&owned));
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

static void
hand_out (SentientPollChannel *self, GPtrArray *messages)
{
  for (guint i = 0; i < messages->len && self->step == STEP_OPEN; i++)
    {
      SentientServerMessage *message = g_ptr_array_index (messages, i);

      if (is_duplicate (self, message))
        g_debug ("signal %s came twice, dropped", message->id);
      else
        sentient_channel_emit_message (SENTIENT_CHANNEL (self), message);
    }
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
      if (self->step == STEP_OPEN)
        poll_failed (self, 0, g_steal_pointer (&error));
      return;
    }
  self->poll_failures = 0;
  sentient_backoff_reset (&self->poll_backoff);
  hand_out (self, messages);
  if (self->step != STEP_OPEN)
    return;
  /* Someone else polls with our id, or the coordinator does not wait: do not run hot. */
  if (messages->len == 0 && took_ms < self->poll_ms / 2)
    {
      poll_later (self, sentient_backoff_next_ms (&self->early_backoff, NULL));
      return;
    }
  sentient_backoff_reset (&self->early_backoff);
  next_poll (self);
}

static void
on_poll (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientPollChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish (result, &error);

  self->polling = FALSE;
  if (self->step != STEP_OPEN)
    return;
  if (reply == NULL && g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT))
    poll_failed (self, 0, g_steal_pointer (&error));
  else if (reply == NULL) /* it may have forgotten us meanwhile: open and join again */
    end (self, g_steal_pointer (&error));
  else if (reply->status == 200)
    poll_answered (self, reply);
  else
    {
      g_autoptr (SentientServerMessage) refusal
          = sentient_http_reply_parse (reply, SENTIENT_SERVER_SIGNAL);

      g_prefix_error (&refusal->error, "the coordinator refused a poll: ");
      /* It may have overtaken the leave of the last room, or its answer. */
      if (reply->status == 429 || reply->status >= 500 || self->leaving > 0
          || g_hash_table_size (self->rooms) == 0)
        poll_failed (self, reply->retry_after_ms, g_steal_pointer (&refusal->error));
      else
        end (self, g_steal_pointer (&refusal->error));
    }
}

static void
next_poll (SentientPollChannel *self)
{
  g_autofree char *query = NULL;

  if (self->step != STEP_OPEN || self->polling || self->poll_timer != NULL
      || g_hash_table_size (self->rooms) == 0)
    return;
  self->polling = TRUE;
  self->poll_started = g_get_monotonic_time ();
  query = g_strdup_printf ("nodeId=%s&timeout=%u", self->node_id, self->poll_ms);
  get (self, "/webrtc/signal", query, self->poll_ms + POLL_GRACE_MS, TRUE, on_poll);
}

/* Posting */

static void
on_answered (SentientPost *post, SentientServerMessage *answer, gpointer user_data)
{
  /* Who hears of it may drop the channel. */
  g_autoptr (SentientPollChannel) self = g_object_ref (SENTIENT_POLL_CHANNEL (user_data));

  if (self->step != STEP_OPEN)
    return;
  if (post->kind == SENTIENT_SERVER_LEAVE_RESULT)
    self->leaving--;
  if (post->kind == SENTIENT_SERVER_SIGNAL)
    {
      if (!answer->success)
        sentient_channel_emit_signal_failed (SENTIENT_CHANNEL (self), post->signal, answer->error);
      return;
    }
  if (answer->room == NULL)
    answer->room = g_strdup (post->room);
  if (post->kind == SENTIENT_SERVER_JOIN_RESULT && answer->success)
    {
      if (g_hash_table_size (self->rooms) == 0)
        sentient_recent_ids_clear (self->seen);
      g_hash_table_add (self->rooms, g_strdup (post->room));
    }
  else if (post->kind == SENTIENT_SERVER_LEAVE_RESULT && post->room != NULL)
    g_hash_table_remove (self->rooms, post->room);
  sentient_channel_emit_message (SENTIENT_CHANNEL (self), answer);
  next_poll (self);
}

static void
on_post_failed (const GError *error, gpointer user_data)
{
  SentientPollChannel *self = user_data;

  end (self, self->step == STEP_CLOSING ? NULL : g_error_copy (error));
}

static void
on_posts_idle (gpointer user_data)
{
  SentientPollChannel *self = user_data;

  if (self->step == STEP_CLOSING)
    end (self, NULL);
}

static const SentientPostQueueFuncs post_funcs = {
  .answered = on_answered,
  .failed = on_post_failed,
  .idle = on_posts_idle,
};

/* body is taken. */
static gboolean
push (SentientPollChannel *self,
      SentientServerMessageKind kind,
      const char *room,
      SentientSignal *signal,
      char *body,
      GError **error)
{
  if (self->step == STEP_OPEN)
    return sentient_post_queue_push (self->posts, kind, room, signal, body, error);
  g_free (body);
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
               "the channel to the coordinator is closed");
  return FALSE;
}

static gboolean
sentient_poll_channel_join (SentientChannel *channel,
                            const char *room,
                            const char *metadata,
                            GError **error)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (channel);

  return push (self, SENTIENT_SERVER_JOIN_RESULT, room, NULL,
               sentient_client_message_join (self->node_id, room, metadata), error);
}

static gboolean
sentient_poll_channel_leave (SentientChannel *channel, const char *room, GError **error)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (channel);
  gboolean pushed = push (self, SENTIENT_SERVER_LEAVE_RESULT, room, NULL,
                          sentient_client_message_leave (self->node_id, room), error);

  self->leaving += pushed;
  return pushed;
}

static gboolean
sentient_poll_channel_send_signal (SentientChannel *channel, SentientSignal *signal, GError **error)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (channel);

  return push (self, SENTIENT_SERVER_SIGNAL, NULL, signal,
               sentient_client_message_signal (self->node_id, signal), error);
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

static void
on_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientPollChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish (result, &error);
  g_autoptr (GTask) opening = NULL;

  if (self->step != STEP_OPENING)
    return;
  if (reply == NULL || !take_info (self, reply, &error))
    {
      end (self, g_steal_pointer (&error));
      return;
    }
  if (self->step != STEP_OPENING) /* closed by who listens */
    return;
  set_step (self, STEP_OPEN);
  clear_source (&self->outer_cancelled);
  opening = g_steal_pointer (&self->opening);
  g_task_return_boolean (opening, TRUE);
}

static gboolean
on_outer_cancelled (GCancellable *cancellable, gpointer user_data)
{
  end (user_data,
       g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "connecting was cancelled"));
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

  set_step (self, STEP_OPENING);
  g_main_context_push_thread_default (self->context);
  self->opening = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->opening, sentient_poll_channel_open_async);
  self->session = sentient_http_session_new (self->base);
  g_main_context_pop_thread_default (self->context);
  if (cancellable != NULL)
    {
      self->outer_cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->outer_cancelled, G_SOURCE_FUNC (on_outer_cancelled), self, NULL);
      g_source_attach (self->outer_cancelled, self->context);
    }
  self->posts = sentient_post_queue_new (self->context, self->session, self->base,
                                         self->request_timeout_ms, &post_funcs, self);
  get (self, "/webrtc/info", NULL, timeout_ms, FALSE, on_info);
}

static gboolean
on_close_timer (gpointer user_data)
{
  end (user_data, NULL);
  return G_SOURCE_REMOVE;
}

static void
sentient_poll_channel_close (SentientChannel *channel)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (channel);
  gboolean leave;

  if (self->opening != NULL)
    {
      end (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                                      "the channel was closed while it was being opened"));
      return;
    }
  if (self->step != STEP_OPEN)
    return;
  leave = sentient_post_queue_drop_waiting (self->posts) || g_hash_table_size (self->rooms) > 0;
  set_step (self, STEP_CLOSING);
  set_timer (self, &self->close_timer, leave ? CLOSE_TIMEOUT_MS : 0, on_close_timer);
  if (leave)
    sentient_post_queue_push (self->posts, SENTIENT_SERVER_LEAVE_RESULT, NULL, NULL,
                              sentient_client_message_leave (self->node_id, NULL), NULL);
}

SentientChannel *
sentient_poll_channel_new (GUri *base, const char *node_id, guint request_timeout_ms, guint poll_ms)
{
  SentientPollChannel *self = g_object_new (SENTIENT_TYPE_POLL_CHANNEL, NULL);

  self->base = g_uri_ref (base);
  self->node_id = g_strdup (node_id);
  self->request_timeout_ms = request_timeout_ms;
  self->poll_ms = poll_ms;
  return SENTIENT_CHANNEL (self);
}

static void
sentient_poll_channel_dispose (GObject *object)
{
  SentientPollChannel *self = SENTIENT_POLL_CHANNEL (object);

  if (self->step != STEP_OVER)
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
