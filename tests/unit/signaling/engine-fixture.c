/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <string.h>

#define BIG (8 * 1024 * 1024)

static void note (Fixture *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
note (Fixture *self, const char *format, ...)
{
  va_list args;

  if (self->quiet)
    return;
  va_start (args, format);
  g_string_append_vprintf (self->log, format, args);
  va_end (args);
  g_string_append_c (self->log, ';');
}

static gboolean
span_is (const char *span, gsize len, const char *text)
{
  return len == strlen (text) && memcmp (span, text, len) == 0;
}

static gboolean
is_native (SentientConn *conn, const SentientHttpHead *head, gpointer user_data)
{
  return head->path_len >= 7 && memcmp (head->path, "/native", 7) == 0;
}

static const char *
method_name (SentientHttpMethod method)
{
  static const char *const names[] = { "GET", "HEAD", "POST", "OPTIONS", "OTHER" };

  return names[method];
}

static GString *
big_body (void)
{
  GString *body = g_string_sized_new (BIG);

  g_string_set_size (body, BIG);
  memset (body->str, 'x', BIG);
  return body;
}

static void
on_request (SentientConn *conn,
            const SentientHttpHead *head,
            const char *body,
            gsize body_len,
            gpointer user_data)
{
  Fixture *self = user_data;
  GString *answer;

  note (self, "request");
  if (span_is (head->path, head->path_len, "/native/hold"))
    {
      self->held = conn;
      return;
    }

  if (span_is (head->path, head->path_len, "/native/big"))
    answer = big_body ();
  else
    {
      answer = g_string_new (method_name (head->method));
      g_string_append_printf (answer, " %.*s?%.*s|", (int)head->path_len, head->path,
                              (int)head->query_len, head->query != NULL ? head->query : "");
      g_string_append_len (answer, body, body_len);
    }
  sentient_conn_respond (conn, 200, "text/plain", "X-Extra: yes\r\n", answer);
}

static void
on_request_gone (SentientConn *conn, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (self->held == conn);
  self->held = NULL;
  note (self, "gone");
}

static void
on_responded (SentientConn *conn, gboolean delivered, gpointer user_data)
{
  note (user_data, delivered ? "delivered" : "undelivered");
}

static void
ws_data_free (gpointer data)
{
  Fixture **fixture = data;

  (*fixture)->n_ws_data--;
  g_free (fixture);
}

static void
on_ws_open (SentientConn *conn, gpointer data, gpointer user_data)
{
  Fixture *self = user_data;

  ws_data_free (data);
  self->conn = conn;
  note (self, "open");
}

static void
on_ws_text (SentientConn *conn, const char *data, gsize len, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_cmpint (data[len], ==, '\0');
  if (len <= 20)
    note (self, "text %s", data);
  else
    note (self, "text of %" G_GSIZE_FORMAT, len);

  if (g_strcmp0 (data, "close me") == 0)
    sentient_conn_close_websocket (conn, 4001, "as you wish");
  else
    sentient_conn_send_text (conn, data, len, &self->last_end);
}

static void
on_ws_binary (SentientConn *conn, gpointer user_data)
{
  note (user_data, "binary");
}

static void
on_ws_fill (SentientConn *conn, gpointer user_data)
{
  Fixture *self = user_data;
  g_autofree char *text = g_malloc (self->fill_size);
  gboolean more = TRUE;

  note (self, "fill");
  while (more && self->fills > 0)
    {
      self->fills--;
      /* Each can be told from the one before. */
      memset (text, 'a' + (int)(self->fills % 26), self->fill_size);
      more = sentient_conn_send_text (conn, text, self->fill_size, &self->last_end);
    }
}

static void
on_ws_sent (SentientConn *conn, guint64 sent, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_cmpuint (sent, >=, self->last_sent);
  self->last_sent = sent;
}

static void
on_ws_alive (SentientConn *conn, gpointer user_data)
{
  note (user_data, "alive");
}

static void
on_ws_closed (SentientConn *conn, SentientCloseKind kind, guint16 code, gpointer user_data)
{
  Fixture *self = user_data;

  if (self->conn == conn)
    self->conn = NULL;
  self->last_sent = 0;
  note (self, "%s %u", kind == SENTIENT_CLOSE_LEFT ? "left" : "lost", code);
}

static const SentientEngineHandler handler = {
  .is_native = is_native,
  .request = on_request,
  .request_gone = on_request_gone,
  .responded = on_responded,
  .ws_open = on_ws_open,
  .ws_text = on_ws_text,
  .ws_binary = on_ws_binary,
  .ws_fill = on_ws_fill,
  .ws_sent = on_ws_sent,
  .ws_alive = on_ws_alive,
  .ws_closed = on_ws_closed,
};

static void
on_soup_finished (SoupServerMessage *message, Fixture *self)
{
  note (self, "soup-finished");
  g_clear_object (&self->soup);
}

static void
soup_handler (SoupServer *server,
              SoupServerMessage *message,
              const char *path,
              GHashTable *query,
              gpointer user_data)
{
  Fixture *self = user_data;
  g_autoptr (GBytes) body
      = soup_message_body_flatten (soup_server_message_get_request_body (message));
  g_autofree char *remote = NULL;
  GString *answer;
  gsize len;

  g_assert_nonnull (sentient_engine_get_conn (self->engine, message));
  remote = sentient_conn_dup_remote (sentient_engine_get_conn (self->engine, message));
  g_assert_nonnull (strstr (remote, "127.0.0."));

  if (g_str_equal (path, "/soup/hold"))
    {
      note (self, "paused");
      self->soup = g_object_ref (message);
      g_signal_connect (message, "finished", G_CALLBACK (on_soup_finished), self);
      soup_server_message_pause (message);
      return;
    }

  if (g_str_equal (path, "/soup/big"))
    answer = big_body ();
  else
    {
      answer = g_string_new (soup_server_message_get_method (message));
      g_string_append_printf (answer, " %s|", path);
      g_string_append_len (answer, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
    }
  len = answer->len;
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_TAKE,
                                    g_string_free (answer, FALSE), len);
}

static void
ws_handler (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  Fixture *self = user_data;

  self->n_ws_data++;
  sentient_engine_accept_websocket (self->engine, message, NULL, g_memdup2 (&self, sizeof self),
                                    ws_data_free);
}

static gboolean
on_watchdog (gpointer user_data)
{
  Fixture *self = user_data;

  g_error ("the test hangs; the log: %s", self->log->str);
  return G_SOURCE_REMOVE;
}

SentientEngine *
fixture_new_engine (Fixture *self)
{
  return sentient_engine_new (&self->config, SENTIENT_CLOCK (self->clock), self->server, &handler,
                              self);
}

static void
start (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, "/soup", soup_handler, self, NULL);
  soup_server_add_handler (self->server, "/ws", ws_handler, self, NULL);
  self->engine = fixture_new_engine (self);
  sentient_engine_listen (self->engine, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  self->port = sentient_engine_get_port (self->engine);
  g_assert_cmpuint (self->port, >, 0);
}

void
fixture_set_up (Fixture *self, gconstpointer data)
{
  self->log = g_string_new (NULL);
  self->clock = sentient_manual_clock_new (1000);
  self->watchdog = g_timeout_add_seconds (60, on_watchdog, self);
  sentient_engine_config_init (&self->config);
  self->config.address = (SentientAddressLimits){ 0 }; /* one address, and a clock that stands */
  start (self);
}

static void
stop (Fixture *self)
{
  g_clear_pointer (&self->engine, sentient_engine_free);
  g_clear_object (&self->soup);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (self->server);
  g_assert_cmpuint (self->n_ws_data, ==, 0);
}

void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  stop (self);
  g_source_remove (self->watchdog);
  g_assert_finalize_object (self->clock);
  g_string_free (self->log, TRUE);
}

void
fixture_restart (Fixture *self)
{
  stop (self);
  start (self);
}

void
fixture_advance (Fixture *self, gint64 ms)
{
  sentient_manual_clock_advance (self->clock, ms);
  sentient_engine_check_deadlines (self->engine);
}

void
fixture_wait (Fixture *self, const char *in_log)
{
  while (strstr (self->log->str, in_log) == NULL)
    g_main_context_iteration (NULL, TRUE);
}

void
fixture_wait_connections (Fixture *self, guint n)
{
  while (sentient_engine_get_n_connections (self->engine) != n)
    g_main_context_iteration (NULL, TRUE);
}

void
fixture_settle (Fixture *self)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
fixture_answer (Fixture *self, const char *body)
{
  g_assert_nonnull (self->held);
  sentient_conn_respond (g_steal_pointer (&self->held), 200, "text/plain", NULL,
                         g_string_new (body));
}

void
fixture_assert_log (Fixture *self, const char *expected)
{
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
}
