/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-conn.h"

#include <string.h>

#include "signaling/sentient-engine-private.h"
#include "signaling/sentient-http-head.h"

/* HTTP/1.x on a connection. A request is read whole, head and body, before anybody sees it: the
 * handler, or libsoup. The next pipelined one waits until the response of this one is out. */

static const char *
reason_phrase (guint status)
{
  /* The two that libsoup knows by no name. */
  if (status == 431)
    return "Request Header Fields Too Large";
  if (status == 429)
    return "Too Many Requests";
  return soup_status_get_phrase (status);
}

static void
append_response (SentientConn *self,
                 guint status,
                 const char *content_type,
                 const char *extra_headers,
                 const GString *body)
{
  gboolean no_length = status < 200 || status == 204 || status == 304;
  const char *connection = "";
  char head[512];
  int len;

  if (!self->keep_alive)
    connection = "Connection: close\r\n";
  else if (self->http_10)
    connection = "Connection: keep-alive\r\n";

  len = g_snprintf (head, sizeof head, "HTTP/1.1 %u %s\r\n%s", status, reason_phrase (status),
                    connection);
  sentient_buf_append (&self->out, head, len);
  if (!no_length)
    {
      len = g_snprintf (head, sizeof head,
                        "Content-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n", content_type,
                        body != NULL ? body->len : 0);
      g_assert (len < (int)sizeof head);
      sentient_buf_append (&self->out, head, len);
    }
  if (extra_headers != NULL)
    sentient_buf_append (&self->out, extra_headers, strlen (extra_headers));
  sentient_buf_append (&self->out, "\r\n", 2);
  if (body != NULL && !self->is_head && !no_length)
    sentient_buf_append (&self->out, body->str, body->len);
}

/* The sentences are ours and hold nothing that JSON would want escaped. */
static void
fail (SentientConn *self,
      guint status,
      SentientError code,
      const char *extra_headers,
      const char *message)
{
  g_autoptr (GString) body = g_string_new (NULL);

  self->engine->metrics->errors[code]++;
  sentient_conn_log_refused (self, message);
  g_string_printf (body, "{\"success\":false,\"error\":\"%s\",\"code\":\"%s\"}", message,
                   sentient_error_to_code (code));
  self->keep_alive = FALSE;
  sentient_conn_leave_client (self);
  append_response (self, status, "application/json", extra_headers, body);
  sentient_conn_drain (self);
}

void
sentient_conn_http_fail (SentientConn *self, guint status, const char *message)
{
  SentientError code = SENTIENT_ERROR_BAD_REQUEST;

  if (status == 413)
    code = SENTIENT_ERROR_PAYLOAD_TOO_LARGE;
  else if (status == 404)
    code = SENTIENT_ERROR_NOT_FOUND;
  fail (self, status, code, NULL, message);
}

void
sentient_conn_http_refuse (SentientConn *self, SentientError code, guint ms, const char *message)
{
  g_autofree char *retry = g_strdup_printf ("Retry-After: %u\r\n", (ms + 999) / 1000);

  fail (self, sentient_error_to_http_status (code), code, retry, message);
}

void
sentient_conn_respond (SentientConn *conn,
                       guint status,
                       const char *content_type,
                       const char *extra_headers,
                       GString *body)
{
  g_autoptr (GString) taken = body;
  SentientEngine *engine = conn->engine;

  g_return_if_fail (conn->state == SENTIENT_CONN_WAIT);

  if (engine->stopping)
    conn->keep_alive = FALSE;
  append_response (conn, status, content_type, extra_headers, taken);
  conn->state = SENTIENT_CONN_RESPOND;
  conn->deadline_ms = sentient_engine_now (engine) + engine->config.body_timeout_ms;
  sentient_engine_mark (engine, conn);
}

void
sentient_conn_http_responded (SentientConn *self)
{
  SentientEngine *engine = self->engine;

  self->state = SENTIENT_CONN_HEAD;
  if (engine->handler.responded != NULL)
    engine->handler.responded (self, TRUE, engine->user_data);
  sentient_conn_http_next (self, self->keep_alive);
}

void
sentient_conn_http_next (SentientConn *self, gboolean keep_alive)
{
  SentientEngine *engine = self->engine;

  sentient_conn_leave_client (self);
  if (!keep_alive || engine->stopping)
    {
      sentient_conn_drain (self);
      return;
    }

  self->state = SENTIENT_CONN_HEAD;
  self->scanned = 0;
  self->in_waits = FALSE;
  self->idle = TRUE; /* until bytes of a next request are looked at */
  self->deadline_ms = sentient_engine_now (engine) + engine->config.idle_timeout_ms;
  self->resume = self->in.len > 0;
  sentient_engine_mark (engine, self);
}

/* The request is there with its whole body. */
static void
deliver (SentientConn *self, const SentientHttpRequest *request, const char *data)
{
  SentientEngine *engine = self->engine;

  self->deadline_ms = 0;
  if (self->native)
    {
      self->state = SENTIENT_CONN_WAIT;
      engine->handler.request (self, &request->head, data + self->head_len, self->body_len,
                               engine->user_data);
      if (self->state == SENTIENT_CONN_RESPOND)
        sentient_conn_flush (self);
    }
  else if (self->out.len > 0 && (!sentient_conn_flush (self) || self->out.len > 0))
    {
      /* It did not even take our "100 Continue". */
      sentient_conn_destroy (self);
    }
  else if (engine->server != NULL)
    {
      /* We have met the expectation; libsoup must not meet it again. */
      gsize skip_at = request->expect_line != NULL ? request->expect_line - data : 0;

      self->state = SENTIENT_CONN_SOUP;
      sentient_lend_request (self, data, (gsize)self->head_len + self->body_len, skip_at,
                             request->expect_line_len);
    }
  else
    sentient_conn_http_fail (self, 404, "nothing is served here");
}

/* A checked head. FALSE: refused. */
static gboolean
begin_request (SentientConn *self, const SentientHttpRequest *request, gsize len)
{
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  SentientEngine *engine = self->engine;
  const SentientHttpHead *head = &request->head;

  self->is_head = head->method == SENTIENT_HTTP_HEAD;
  self->http_10 = head->minor_version == 0;
  self->keep_alive = head->keep_alive && !engine->stopping;
  if (self->is_proxy && !sentient_conn_admit_client (self, head))
    return FALSE;
  if (head->content_length > engine->config.max_message)
    {
      sentient_conn_http_fail (self, 413, "the body is too large");
      return FALSE;
    }

  self->native = engine->handler.is_native != NULL
                 && engine->handler.is_native (self, head, engine->user_data);
  self->head_len = request->length;
  self->body_len = head->content_length;
  self->scanned = 0;
  self->state = SENTIENT_CONN_BODY;
  self->deadline_ms = sentient_engine_now (engine) + engine->config.body_timeout_ms;

  if (request->expect && len - request->length < head->content_length)
    {
      sentient_buf_append (&self->out, go_on, sizeof go_on - 1);
      sentient_engine_mark (engine, self);
    }
  return TRUE;
}

static gsize
head_step (SentientConn *self, char *data, gsize len, gboolean *progress)
{
  SentientEngine *engine = self->engine;
  SentientHttpRequest request;
  SentientHttpFault fault;
  gsize scanned = self->scanned, head_len = 0, skip = 0;

  /* RFC 9112, 2.2: empty lines before a request. */
  while (scanned == 0 && len - skip >= 2 && data[skip] == '\r' && data[skip + 1] == '\n')
    skip += 2;
  data += skip;
  len -= skip;

  *progress = FALSE;
  if (len == 0)
    return skip;
  if (self->idle)
    {
      self->idle = FALSE;
      self->deadline_ms = sentient_engine_now (engine) + engine->config.head_timeout_ms;
    }

  switch (sentient_http_head_scan (data, len, &scanned, &head_len, &fault))
    {
    case SENTIENT_HEAD_MORE:
      self->scanned = scanned;
      return skip;
    case SENTIENT_HEAD_BAD:
      sentient_conn_http_fail (self, fault.status, fault.message);
      return skip + len;
    case SENTIENT_HEAD_COMPLETE:
      break;
    }

  if (!sentient_http_head_parse (data, head_len, &request, &fault))
    {
      sentient_conn_http_fail (self, fault.status, fault.message);
      return skip + len;
    }
  if (!begin_request (self, &request, len))
    return skip + len;
  if (len < head_len + request.head.content_length)
    return skip;

  *progress = TRUE;
  deliver (self, &request, data);
  return skip + head_len + request.head.content_length;
}

static gsize
body_step (SentientConn *self, const char *data, gsize len, gboolean *progress)
{
  gsize total = (gsize)self->head_len + self->body_len;
  SentientHttpRequest request;
  SentientHttpFault fault;

  *progress = len >= total;
  if (!*progress)
    return 0;

  /* It was fine before, and it is the same bytes. */
  if (!sentient_http_head_parse (data, self->head_len, &request, &fault))
    g_assert_not_reached ();
  deliver (self, &request, data);
  return total;
}

gsize
sentient_conn_http_step (SentientConn *self, char *data, gsize len, gboolean *progress)
{
  if (self->state == SENTIENT_CONN_HEAD)
    return head_step (self, data, len, progress);
  return body_step (self, data, len, progress);
}
