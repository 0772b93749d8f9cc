/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-websocket-channel.h"

#include <string.h>

#include "core/sentient-source.h"
#include "signaling/sentient-http-client.h"
#include "signaling/sentient-socket-writer.h"

#define CLOSE_TIMEOUT_MS 2000
#define EARLY_MAX 1024
#define V1 "sentient.v1" /* the subprotocol */

typedef enum
{
  STEP_NEW,
  STEP_HANDSHAKE, /* the upgrade is under way */
  STEP_GREETING,  /* a WebSocket, but not yet both "connected" and (plain) the answer to /info */
  STEP_OPEN,
  STEP_CLOSING, /* our close frame is out */
  STEP_OVER,
  N_STEPS
} Step;

#define TO(step) (1u << (step))

static const guint legal_steps[N_STEPS] = {
  [STEP_NEW] = TO (STEP_HANDSHAKE) | TO (STEP_OVER),
  [STEP_HANDSHAKE] = TO (STEP_GREETING) | TO (STEP_OVER),
  [STEP_GREETING] = TO (STEP_OPEN) | TO (STEP_OVER),
  [STEP_OPEN] = TO (STEP_CLOSING) | TO (STEP_OVER),
  [STEP_CLOSING] = TO (STEP_OVER),
  [STEP_OVER] = 0,
};

struct _SentientWebsocketChannel
{
  GObject parent_instance;

  GMainContext *context;
  GUri *base;
  char *node_id;
  guint silence_ms;
  SentientClientSession *client; /* of who speaks v1 */

  Step step;
  SoupSession *session;
  SoupMessage *handshake;
  SoupWebsocketConnection *socket;
  SentientSocketWriter writer;
  GTask *opening;
  GCancellable *cancellable; /* of everything that is under way */
  GSource *timer;            /* until open: the deadline; then: silence; at last: the close */
  GSource *outer_cancelled;
  gboolean greeted;       /* "connected" came */
  gboolean info_answered; /* or failed: then there are no ICE servers from there */
  gint64 last_heard;      /* monotonic, us */
  gboolean asked_v1;      /* it chose v1, and got "resume" */
  gboolean v1;            /* it understood that */
  GQueue early;     /* signals that came before we were open: those that waited for us; in a v1
                       session all that has a number */
  GSource *deliver; /* hands them out once we are */
};

static void sentient_websocket_channel_iface_init (SentientChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientWebsocketChannel,
                               sentient_websocket_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SENTIENT_TYPE_CHANNEL,
                                                      sentient_websocket_channel_iface_init))

static void
set_step (SentientWebsocketChannel *self, Step step)
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
set_timer (SentientWebsocketChannel *self, guint ms, GSourceFunc func)
{
  clear_source (&self->timer);
  self->timer = g_timeout_source_new (ms);
  sentient_source_attach (self->timer, self->context, "sentient-websocket-timer", func, self);
}

/* Lets go of everything; the last step. */
static void
shut (SentientWebsocketChannel *self)
{
  set_step (self, STEP_OVER);
  clear_source (&self->timer);
  clear_source (&self->deliver);
  sentient_socket_writer_clear (&self->writer);
  g_queue_clear_full (&self->early, (GDestroyNotify)sentient_server_message_free);
  clear_source (&self->outer_cancelled);
  g_cancellable_cancel (self->cancellable);
  if (self->socket != NULL)
    g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
  g_clear_object (&self->handshake);
}

/* error is taken; NULL: we closed it ourselves. */
static void
end (SentientWebsocketChannel *self, GError *error)
{
  g_autoptr (SentientWebsocketChannel) keep = g_object_ref (self);
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

static gboolean
on_silence_timer (gpointer user_data)
{
  SentientWebsocketChannel *self = user_data;
  gint64 silent_ms = (g_get_monotonic_time () - self->last_heard) / 1000;

  if (silent_ms >= self->silence_ms)
    {
      end (self,
           g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                        "the coordinator has been silent for %u s", (guint)(silent_ms / 1000)));
      return G_SOURCE_REMOVE;
    }
  /* Pings of RFC 6455 are answered unseen; a legacy coordinator does not send any. This one brings
   * an answer that we see. */
  sentient_socket_writer_send (&self->writer, sentient_client_message_ping ());
  return G_SOURCE_CONTINUE;
}

static void
hand_out (SentientWebsocketChannel *self, SentientServerMessage *message)
{
  if (!self->v1)
    sentient_channel_emit_message (SENTIENT_CHANNEL (self), message);
  else if (!sentient_channel_hand_out (SENTIENT_CHANNEL (self), self->client, message))
    end (self, sentient_channel_new_broken_error ());
  else if (self->step == STEP_OPEN)
    {
      sentient_socket_writer_ask (&self->writer, self->client); /* again, after a gap */
      sentient_socket_writer_acknowledge (&self->writer, self->client);
    }
}

static gboolean
on_deliver (gpointer user_data)
{
  g_autoptr (SentientWebsocketChannel) self = g_object_ref (user_data);
  SentientServerMessage *next;

  clear_source (&self->deliver);
  while ((next = g_queue_pop_head (&self->early)) != NULL)
    {
      g_autoptr (SentientServerMessage) message = next;

      hand_out (self, message);
    }
  if (self->step == STEP_OPEN)
    sentient_channel_emit_failed (SENTIENT_CHANNEL (self), self->client);
  if (self->v1 && self->step == STEP_OPEN) /* what was asked while we were being opened */
    sentient_socket_writer_ask (&self->writer, self->client);
  return G_SOURCE_REMOVE;
}

static void
open_if_ready (SentientWebsocketChannel *self)
{
  g_autoptr (GTask) opening = NULL;

  if (self->step != STEP_GREETING || !self->greeted || (!self->info_answered && !self->v1))
    return;
  set_step (self, STEP_OPEN);
  clear_source (&self->outer_cancelled);
  set_timer (self, MAX (self->silence_ms / 3, 1), on_silence_timer);
  opening = g_steal_pointer (&self->opening); /* holds us, too */
  g_task_return_boolean (opening, TRUE);
  if (self->step != STEP_OPEN)
    return;
  self->deliver = g_idle_source_new ();
  g_source_set_priority (self->deliver, G_PRIORITY_DEFAULT); /* behind the task's own */
  sentient_source_attach (self->deliver, self->context, "sentient-websocket-early", on_deliver,
                          self);
}

static void
on_pong (SoupWebsocketConnection *socket, GBytes *data, SentientWebsocketChannel *self)
{
  self->last_heard = g_get_monotonic_time ();
}

/* "connected"; who hears of it may close us. */
static void
take_greeting (SentientWebsocketChannel *self, SentientServerMessage *message)
{
  g_autoptr (GError) error = NULL;

  self->greeted = TRUE;
  /* Some take any subprotocol for good and then speak as ever. */
  if (!self->asked_v1 || message->session == NULL)
    sentient_client_session_drop (self->client);
  else if (!sentient_client_session_connected (self->client, self->base, message, &error))
    {
      end (self, g_steal_pointer (&error));
      return;
    }
  else
    self->v1 = TRUE; /* what was asked before is asked again as soon as we are open */
  sentient_channel_emit_message (SENTIENT_CHANNEL (self), message);
  open_if_ready (self);
}

static void
take_refusal (SentientWebsocketChannel *self, SentientServerMessage *message)
{
  if (self->greeted && self->asked_v1 && !self->v1)
    {
      g_debug ("a plain coordinator did not understand “resume”: %s", message->error->message);
      return;
    }
  if (g_error_matches (message->error, SENTIENT_ERROR, SENTIENT_ERROR_UNAUTHORIZED))
    sentient_client_session_drop (self->client);
  end (self, g_steal_pointer (&message->error));
}

/* Nobody takes signals from a channel that is not open, and later ones do not overtake them. In a
 * v1 session that is so for all that comes. */
static gboolean
has_to_wait (SentientWebsocketChannel *self, SentientServerMessage *message)
{
  return (self->opening != NULL || self->deliver != NULL)
         && (self->v1 || message->kind == SENTIENT_SERVER_SIGNAL);
}

static void
take_message (SentientWebsocketChannel *self, SentientServerMessage *message)
{
  g_autoptr (SentientServerMessage) owned = message;

  if (message->kind == SENTIENT_SERVER_CONNECTED && !self->greeted)
    take_greeting (self, message);
  else if (message->kind == SENTIENT_SERVER_ERROR && self->opening != NULL)
    take_refusal (self, message);
  else if (!has_to_wait (self, message))
    hand_out (self, message);
  else if (g_queue_get_length (&self->early) < EARLY_MAX)
    g_queue_push_tail (&self->early, g_steal_pointer (&owned));
}

static void
on_message (SoupWebsocketConnection *socket,
            SoupWebsocketDataType type,
            GBytes *bytes,
            SentientWebsocketChannel *self)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  g_autoptr (SentientServerMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  self->last_heard = g_get_monotonic_time ();
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    {
      g_debug ("the coordinator sent a binary message of %" G_GSIZE_FORMAT " bytes, ignored", len);
      return;
    }
  message = sentient_server_message_parse (data, len, self->node_id, &error);
  if (message != NULL)
    {
      take_message (self, g_steal_pointer (&message));
      return;
    }
  g_prefix_error (&error, "the coordinator sent a message that makes no sense: ");
  if (self->opening != NULL)
    end (self, g_steal_pointer (&error));
  else
    sentient_channel_emit_fault (SENTIENT_CHANNEL (self), error);
}

static void
on_socket_closed (SoupWebsocketConnection *socket, SentientWebsocketChannel *self)
{
  guint code = soup_websocket_connection_get_close_code (socket);
  const char *reason = soup_websocket_connection_get_close_data (socket);

  sentient_channel_take_close_code (code, self->client);
  if (self->step == STEP_CLOSING)
    end (self, NULL);
  else if (code == SENTIENT_CLOSE_TAKEN_OVER
           || (code == SENTIENT_CLOSE_NODE_ID_TAKEN && self->opening != NULL))
    end (self, g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN,
                            "another session took over the node id “%s”: end one of the two, or "
                            "choose another id",
                            self->node_id));
  else if (code == 0)
    end (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                                    "the connection to the coordinator broke off"));
  else
    end (self,
         g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                      "the coordinator closed the WebSocket (code %u%s%s)", code,
                      reason != NULL && *reason != '\0' ? ": " : "", reason != NULL ? reason : ""));
}

static GError *
make_handshake_error (SentientWebsocketChannel *self)
{
  guint status = soup_message_get_status (self->handshake);
  const char *phrase = soup_message_get_reason_phrase (self->handshake);
  GError *made = g_error_new (SENTIENT_ERROR, (gint)sentient_http_status_to_error (status),
                              "the coordinator answered the WebSocket handshake with %u %s", status,
                              phrase != NULL ? phrase : soup_status_get_phrase (status));

  sentient_error_set_retry_after (made, sentient_http_get_retry_after_ms (self->handshake));
  return made;
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientWebsocketChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket
      = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);

  if (self->step != STEP_HANDSHAKE)
    return;
  if (socket == NULL)
    {
      if (soup_message_get_status (self->handshake) >= 400)
        end (self, make_handshake_error (self));
      else
        end (self, sentient_http_wrap_error (g_steal_pointer (&error), self->base));
      return;
    }
  self->socket = g_steal_pointer (&socket);
  self->last_heard = g_get_monotonic_time ();
  set_step (self, STEP_GREETING);
  sentient_socket_writer_init (&self->writer, self->context, self->socket);
  soup_websocket_connection_set_max_incoming_payload_size (self->socket, SENTIENT_CHANNEL_BODY_MAX);
  g_signal_connect_object (self->socket, "message", G_CALLBACK (on_message), self, 0);
  g_signal_connect_object (self->socket, "pong", G_CALLBACK (on_pong), self, 0);
  g_signal_connect_object (self->socket, "closed", G_CALLBACK (on_socket_closed), self, 0);
  self->asked_v1 = g_strcmp0 (soup_websocket_connection_get_protocol (self->socket), V1) == 0;
  if (self->asked_v1)
    sentient_socket_writer_send (&self->writer,
                                 sentient_client_session_make_resume (self->client, self->base));
}

/* Legacy coordinators tell their ICE servers only there; that it is missing is no fault. */
static void
on_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientWebsocketChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish (result, &error);
  g_autoptr (SentientServerMessage) message = NULL;

  self->info_answered = TRUE;
  if (self->step == STEP_OVER || self->v1)
    return;
  if (reply != NULL && reply->status == 200)
    message = sentient_server_message_parse_reply (g_bytes_get_data (reply->body, NULL),
                                                   g_bytes_get_size (reply->body),
                                                   SENTIENT_SERVER_JOIN_RESULT, &error);
  if (message != NULL)
    sentient_channel_emit_message (SENTIENT_CHANNEL (self), message);
  else
    g_debug ("no ICE servers from /webrtc/info: %s",
             error != NULL ? error->message : "it is not there");
  open_if_ready (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  SentientWebsocketChannel *self = user_data;
  g_autofree char *where = g_uri_to_string (self->base);

  end (self, g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT,
                          self->socket != NULL
                              ? "%s took the WebSocket, but did not say “connected” in time"
                              : "%s did not answer the WebSocket handshake in time",
                          where));
  return G_SOURCE_REMOVE;
}

static gboolean
on_outer_cancelled (GCancellable *cancellable, gpointer user_data)
{
  end (user_data,
       g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "connecting was cancelled"));
  return G_SOURCE_REMOVE;
}

static void
sentient_websocket_channel_open_async (SentientChannel *channel,
                                       guint timeout_ms,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  static const char *const protocols[] = { V1, NULL };
  SentientWebsocketChannel *self = SENTIENT_WEBSOCKET_CHANNEL (channel);
  g_autofree char *query = g_strconcat ("nodeId=", self->node_id, NULL);
  g_autoptr (GUri) uri = sentient_channel_uri_join (self->base, TRUE, "/webrtc/signal", query);
  g_autoptr (GUri) info = sentient_channel_uri_join (self->base, FALSE, "/webrtc/info", NULL);

  set_step (self, STEP_HANDSHAKE);
  sentient_client_session_opening (self->client);
  g_main_context_push_thread_default (self->context);
  self->opening = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->opening, sentient_websocket_channel_open_async);
  if (cancellable != NULL)
    {
      self->outer_cancelled = g_cancellable_source_new (cancellable);
      sentient_source_attach (self->outer_cancelled, self->context, "sentient-websocket-cancelled",
                              G_SOURCE_FUNC (on_outer_cancelled), self);
    }
  set_timer (self, timeout_ms, on_deadline);

  self->session = sentient_http_session_new (self->base);
  self->handshake = soup_message_new_from_uri (SOUP_METHOD_GET, uri);
  soup_session_websocket_connect_async (self->session, self->handshake, NULL, (char **)protocols,
                                        G_PRIORITY_DEFAULT, self->cancellable, on_handshake,
                                        g_object_ref (self));
  sentient_http_request_async (self->session, info, NULL, NULL, MAX (timeout_ms / 2, 1), FALSE,
                               self->cancellable, on_info, g_object_ref (self));
  g_main_context_pop_thread_default (self->context);
}

/* request is taken. */
static gboolean
ask (SentientWebsocketChannel *self, SentientClientRequest *request, GError **error)
{
  g_autoptr (SentientClientRequest) owned = request;

  if (self->step != STEP_OPEN || (!self->v1 && !sentient_socket_writer_is_open (&self->writer)))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                   "the WebSocket to the coordinator is closed");
      return FALSE;
    }
  if (!sentient_socket_writer_has_place (&self->writer, request->size, error))
    return FALSE;
  if (!self->v1)
    sentient_socket_writer_send (&self->writer, sentient_client_request_make_text (request, NULL));
  else if (sentient_client_session_add (self->client, request, error) != 0)
    sentient_socket_writer_ask (&self->writer, self->client);
  else
    return FALSE;
  return TRUE;
}

static gboolean
sentient_websocket_channel_join (SentientChannel *channel,
                                 const char *room,
                                 const char *metadata,
                                 GError **error)
{
  return ask (SENTIENT_WEBSOCKET_CHANNEL (channel),
              sentient_client_request_new_join (room, metadata), error);
}

static gboolean
sentient_websocket_channel_leave (SentientChannel *channel, const char *room, GError **error)
{
  return ask (SENTIENT_WEBSOCKET_CHANNEL (channel), sentient_client_request_new_leave (room),
              error);
}

static gboolean
sentient_websocket_channel_send_signal (SentientChannel *channel,
                                        SentientSignal *signal,
                                        GError **error)
{
  return ask (SENTIENT_WEBSOCKET_CHANNEL (channel), sentient_client_request_new_signal (signal),
              error);
}

static gboolean
on_close_timer (gpointer user_data)
{
  end (user_data, NULL);
  return G_SOURCE_REMOVE;
}

static void
sentient_websocket_channel_close (SentientChannel *channel)
{
  SentientWebsocketChannel *self = SENTIENT_WEBSOCKET_CHANNEL (channel);

  if (self->opening != NULL)
    {
      end (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                                      "the channel was closed while it was being opened"));
      return;
    }
  if (self->step != STEP_OPEN)
    return;
  set_step (self, STEP_CLOSING);
  if (soup_websocket_connection_get_state (self->socket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  set_timer (self, CLOSE_TIMEOUT_MS, on_close_timer);
}

SentientChannel *
sentient_websocket_channel_new (GUri *base,
                                const char *node_id,
                                guint silence_ms,
                                SentientClientSession *client)
{
  SentientWebsocketChannel *self = g_object_new (SENTIENT_TYPE_WEBSOCKET_CHANNEL, NULL);

  self->base = g_uri_ref (base);
  self->node_id = g_strdup (node_id);
  self->silence_ms = silence_ms;
  self->client = sentient_client_session_ref (client);
  return SENTIENT_CHANNEL (self);
}

static void
sentient_websocket_channel_dispose (GObject *object)
{
  SentientWebsocketChannel *self = SENTIENT_WEBSOCKET_CHANNEL (object);

  if (self->step != STEP_OVER)
    shut (self);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (sentient_websocket_channel_parent_class)->dispose (object);
}

static void
sentient_websocket_channel_finalize (GObject *object)
{
  SentientWebsocketChannel *self = SENTIENT_WEBSOCKET_CHANNEL (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->client, sentient_client_session_unref);
  g_clear_pointer (&self->base, g_uri_unref);
  g_clear_pointer (&self->node_id, g_free);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (sentient_websocket_channel_parent_class)->finalize (object);
}

static void
sentient_websocket_channel_class_init (SentientWebsocketChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sentient_websocket_channel_dispose;
  object_class->finalize = sentient_websocket_channel_finalize;
}

static void
sentient_websocket_channel_init (SentientWebsocketChannel *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
}

static void
sentient_websocket_channel_iface_init (SentientChannelInterface *iface)
{
  iface->kind = SENTIENT_CHANNEL_KIND_WEBSOCKET;
  iface->open_async = sentient_websocket_channel_open_async;
  iface->join = sentient_websocket_channel_join;
  iface->leave = sentient_websocket_channel_leave;
  iface->send_signal = sentient_websocket_channel_send_signal;
  iface->close = sentient_websocket_channel_close;
}
