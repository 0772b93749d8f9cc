/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-http-client.h"

#include "core/sentient-source.h"
#include "protocol/sentient-json.h"
#include "signaling/sentient-channel.h"

#define READ_SIZE 16384
#define RETRY_AFTER_MAX_S 120

typedef struct
{
  GUri *uri;
  SoupMessage *message;
  GInputStream *stream;
  GByteArray *body;
  GCancellable *inner; /* cancelled by the caller or the clock */
  GCancellable *outer; /* the caller's, or NULL */
  gulong outer_id;
  GSource *timeout;
  guint timeout_ms;
  gboolean timed_out;
} Request;

static void
request_free (Request *request)
{
  if (request->outer_id != 0)
    g_signal_handler_disconnect (request->outer, request->outer_id);
  g_clear_object (&request->outer);
  g_clear_object (&request->inner);
  if (request->timeout != NULL)
    {
      g_source_destroy (request->timeout);
      g_source_unref (request->timeout);
    }
  g_clear_object (&request->stream);
  g_clear_object (&request->message);
  g_clear_pointer (&request->body, g_byte_array_unref);
  g_clear_pointer (&request->uri, g_uri_unref);
  g_free (request);
}

void
sentient_http_reply_free (SentientHttpReply *reply)
{
  g_bytes_unref (reply->body);
  g_free (reply);
}

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  if (address != NULL)
    return g_inet_address_get_is_loopback (address);
  return g_ascii_strcasecmp (host, "localhost") == 0;
}

SoupSession *
sentient_http_session_new (GUri *base)
{
  SoupSession *session
      = soup_session_new_with_options ("user-agent", "Sentient/0.1", "timeout", 0, NULL);

  if (is_loopback (g_uri_get_host (base)))
    soup_session_set_proxy_resolver (session, NULL);
  /* A coordinator must not be able to have us inflate 100 kB to 100 MB. */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

SentientError
sentient_http_status_to_error (guint status)
{
  switch (status)
    {
    case SOUP_STATUS_BAD_REQUEST:
      return SENTIENT_ERROR_BAD_REQUEST;
    case SOUP_STATUS_UNAUTHORIZED:
      return SENTIENT_ERROR_UNAUTHORIZED;
    case SOUP_STATUS_FORBIDDEN:
      return SENTIENT_ERROR_FORBIDDEN;
    case SOUP_STATUS_NOT_FOUND:
      return SENTIENT_ERROR_NOT_FOUND;
    case SOUP_STATUS_CONFLICT:
      return SENTIENT_ERROR_NODE_ID_TAKEN;
    case SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE:
      return SENTIENT_ERROR_PAYLOAD_TOO_LARGE;
    case 429:
      return SENTIENT_ERROR_RATE_LIMITED;
    case SOUP_STATUS_SERVICE_UNAVAILABLE:
      return SENTIENT_ERROR_BUSY;
    default:
      return SENTIENT_ERROR_FAILED;
    }
}

static gboolean
means_unreachable (const GError *error)
{
  return error->domain == G_RESOLVER_ERROR
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_NOT_FOUND)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE);
}

GError *
sentient_http_wrap_error (GError *error, GUri *uri)
{
  g_autofree char *where = NULL;
  GError *wrapped;

  if (error->domain == SENTIENT_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;

  where = g_uri_to_string_partial (uri, G_URI_HIDE_QUERY);
  if (means_unreachable (error))
    wrapped = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                           "%s cannot be reached (%s): is a coordinator running there?", where,
                           error->message);
  else
    wrapped = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                           "the exchange with %s broke: %s", where, error->message);
  g_error_free (error);
  return wrapped;
}

static void
fail (GTask *task, GError *error)
{
  Request *request = g_task_get_task_data (task);

  if (request->timed_out)
    {
      g_autofree char *where = g_uri_to_string_partial (request->uri, G_URI_HIDE_QUERY);

      g_error_free (error);
      error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT,
                           "%s did not answer within %u ms", where, request->timeout_ms);
    }
  g_task_return_error (task, error);
}

guint
sentient_http_get_retry_after_ms (SoupMessage *message)
{
  const char *text
      = soup_message_headers_get_one (soup_message_get_response_headers (message), "Retry-After");
  guint64 seconds;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &seconds, NULL))
    return 0;
  return (guint)MIN (seconds, RETRY_AFTER_MAX_S) * 1000;
}

static gint64
get_date_ms (SoupMessage *message)
{
  const char *text
      = soup_message_headers_get_one (soup_message_get_response_headers (message), "Date");
  g_autoptr (GDateTime) date = text != NULL ? soup_date_time_new_from_http_string (text) : NULL;

  return date != NULL ? g_date_time_to_unix (date) * 1000 : 0;
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  SentientHttpReply *reply;

  if (bytes == NULL)
    {
      fail (task, g_steal_pointer (&error));
      return;
    }
  if (g_bytes_get_size (bytes) > 0)
    {
      gsize len;
      const guint8 *data = g_bytes_get_data (bytes, &len);

      g_byte_array_append (request->body, data, len);
      if (request->body->len > SENTIENT_CHANNEL_BODY_MAX)
        {
          fail (task, g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                                   "the coordinator's answer is larger than %d bytes",
                                   SENTIENT_CHANNEL_BODY_MAX));
          return;
        }
      g_input_stream_read_bytes_async (G_INPUT_STREAM (source), READ_SIZE, G_PRIORITY_DEFAULT,
                                       request->inner, on_read, g_steal_pointer (&task));
      return;
    }

  reply = g_new0 (SentientHttpReply, 1);
  reply->status = soup_message_get_status (request->message);
  reply->retry_after_ms = sentient_http_get_retry_after_ms (request->message);
  reply->date_ms = get_date_ms (request->message);
  reply->body = g_byte_array_free_to_bytes (g_steal_pointer (&request->body));
  g_task_return_pointer (task, reply, (GDestroyNotify)sentient_http_reply_free);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  request->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (request->stream == NULL)
    {
      fail (task, g_steal_pointer (&error));
      return;
    }
  g_input_stream_read_bytes_async (request->stream, READ_SIZE, G_PRIORITY_DEFAULT, request->inner,
                                   on_read, g_steal_pointer (&task));
}

static gboolean
on_timeout (gpointer user_data)
{
  Request *request = user_data;

  request->timed_out = TRUE;
  g_cancellable_cancel (request->inner);
  return G_SOURCE_REMOVE;
}

static void
arm (Request *request, guint timeout_ms, GCancellable *cancellable)
{
  request->timeout_ms = timeout_ms;
  request->timeout = g_timeout_source_new (timeout_ms);
  sentient_source_attach (request->timeout, g_main_context_get_thread_default (),
                          "sentient-http-timeout", on_timeout, request);

  request->inner = g_cancellable_new ();
  if (cancellable == NULL)
    return;
  request->outer = g_object_ref (cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    g_cancellable_cancel (request->inner);
  else
    request->outer_id
        = g_signal_connect_swapped (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel),
                                    request->inner);
}

void
sentient_http_request_async (SoupSession *session,
                             GUri *uri,
                             char *body,
                             const char *token,
                             guint timeout_ms,
                             gboolean fresh_connection,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  /* The inner cancellable decides, so that a timeout does not look like the caller's wish. */
  g_autoptr (GTask) task = g_task_new (session, NULL, callback, user_data);
  Request *request = g_new0 (Request, 1);

  g_task_set_source_tag (task, sentient_http_request_async);
  g_task_set_task_data (task, request, (GDestroyNotify)request_free);
  request->uri = g_uri_ref (uri);
  request->body = g_byte_array_new ();
  request->message = soup_message_new_from_uri (body != NULL ? "POST" : "GET", uri);
  soup_message_add_flags (request->message, SOUP_MESSAGE_NO_REDIRECT);
  if (token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (request->message),
                                    "Authorization", value);
    }
  if (fresh_connection)
    {
      soup_message_add_flags (request->message, SOUP_MESSAGE_NEW_CONNECTION);
      soup_message_headers_replace (soup_message_get_request_headers (request->message),
                                    "Connection", "close");
    }
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_take (body, strlen (body));

      soup_message_set_request_body_from_bytes (request->message, "application/json", bytes);
    }
  arm (request, timeout_ms, cancellable);
  soup_session_send_async (session, request->message, G_PRIORITY_DEFAULT, request->inner, on_sent,
                           g_steal_pointer (&task));
}

SentientHttpReply *
sentient_http_request_finish (GAsyncResult *result, GError **error)
{
  Request *request = g_task_get_task_data (G_TASK (result));
  GError *cause = NULL;
  SentientHttpReply *reply = sentient_http_request_finish_raw (result, &cause);

  if (cause != NULL)
    g_propagate_error (error, sentient_http_wrap_error (cause, request->uri));
  return reply;
}

SentientHttpReply *
sentient_http_request_finish_raw (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static SentientServerMessage *
make_refusal (SentientServerMessageKind kind, guint status)
{
  g_autoptr (GString) text = g_string_new ("{\"success\":false,\"code\":");
  g_autofree char *what
      = g_strdup_printf ("it answered with status %u %s", status, soup_status_get_phrase (status));
  SentientServerMessage *message;

  sentient_json_append_string (text,
                               sentient_error_to_code (sentient_http_status_to_error (status)));
  g_string_append (text, ",\"error\":");
  sentient_json_append_string (text, what);
  g_string_append_c (text, '}');
  message = sentient_server_message_parse_reply (text->str, text->len, kind, NULL);
  g_assert (message != NULL);
  return message;
}

static SentientServerMessage *
parse_body (SentientHttpReply *reply, SentientServerMessageKind kind)
{
  gsize len;
  const char *data = g_bytes_get_data (reply->body, &len);
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientServerMessage) message
      = sentient_server_message_parse_reply (data, len, kind, &error);

  if (message == NULL)
    g_debug ("an answer with status %u makes no sense: %s", reply->status, error->message);
  else if (!message->success || reply->status == 200)
    return g_steal_pointer (&message);
  return make_refusal (kind, reply->status);
}

SentientServerMessage *
sentient_http_reply_parse (SentientHttpReply *reply, SentientServerMessageKind kind)
{
  SentientServerMessage *message = parse_body (reply, kind);

  if (reply->retry_after_ms > 0)
    sentient_error_set_retry_after (message->error, reply->retry_after_ms);
  return message;
}
