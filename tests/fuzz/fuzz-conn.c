/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-conn.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signaling/sentient-engine-private.h"

/* Far below what the kernel keeps for a socket, so that nothing is ever blocked. */
#define INPUT_MAX 16384

static GString *heard;

static gboolean
is_native (SentientConn *conn, const SentientHttpHead *head, gpointer user_data)
{
  return head->path_len > 1;
}

static void
request (SentientConn *conn,
         const SentientHttpHead *head,
         const char *body,
         gsize body_len,
         gpointer user_data)
{
  g_assert_cmpuint (body_len, ==, head->content_length);
  g_assert_true (memchr (head->path, '\n', head->path_len) == NULL);
  g_string_append_printf (heard, "request %d %.*s ", head->method, (int)head->path_len, head->path);
  g_string_append_len (heard, body, body_len);
  sentient_conn_respond (conn, 200, "text/plain", NULL, g_string_new ("yes"));
}

static void
ws_open (SentientConn *conn, gpointer data, gpointer user_data)
{
}

static void
ws_text (SentientConn *conn, const char *data, gsize len, gpointer user_data)
{
  g_assert_true (g_utf8_validate_len (data, len, NULL) || memchr (data, '\0', len) != NULL);
  g_assert_cmpint (data[len], ==, '\0');
  g_string_append_printf (heard, "text %" G_GSIZE_FORMAT " ", len);
  g_string_append_len (heard, data, len);
  sentient_conn_send_text (conn, data, len, NULL);
}

static void
ws_binary (SentientConn *conn, gpointer user_data)
{
  g_string_append (heard, "binary ");
}

static void
ws_closed (SentientConn *conn, SentientCloseKind kind, guint16 code, gpointer user_data)
{
  g_string_append_printf (heard, "closed %d %u ", kind, code);
}

static SentientEngine *
get_engine (void)
{
  static const SentientEngineHandler handler = {
    .is_native = is_native,
    .request = request,
    .ws_open = ws_open,
    .ws_text = ws_text,
    .ws_binary = ws_binary,
    .ws_closed = ws_closed,
  };
  static SentientEngine *engine;
  SentientEngineConfig config;

  if (engine == NULL)
    {
      g_autoptr (SentientClock) clock = SENTIENT_CLOCK (sentient_manual_clock_new (0));

      sentient_engine_config_init (&config);
      config.max_message = 4096;
      config.address = (SentientAddressLimits){ 0 }; /* every input is a connection, at one time */
      engine = sentient_engine_new (&config, clock, NULL, &handler, NULL);
    }
  return engine;
}

static void
settle (SentientEngine *engine)
{
  do
    {
      sentient_engine_begin_turn (engine);
      sentient_engine_end_turn (engine);
    }
  while (engine->first_marked != NULL);
}

static void
take_output (int fd)
{
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  char buffer[4096];
  gssize n;

  while ((n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
    g_string_append_len (heard, buffer, n);
  /* Not needed by who has sent the body at once. */
  g_string_replace (heard, go_on, "", 0);
}

GString *
fuzz_conn_run (gboolean websocket, const guint8 *data, gsize size, gsize chunk)
{
  SentientEngine *engine = get_engine ();
  struct sockaddr_storage remote = { .ss_family = AF_INET };
  GString *result = heard = g_string_new (NULL);
  SentientConn *conn;
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    g_error ("no socket pair");
  sentient_engine_begin_turn (engine);
  conn = sentient_conn_new (engine, ends[0], &remote);
  if (websocket)
    sentient_conn_ws_start (conn, NULL);
  sentient_engine_end_turn (engine);

  for (gsize at = 0; at < size; at += chunk)
    {
      gsize n = MIN (chunk, size - at);

      if (send (ends[1], data + at, n, MSG_NOSIGNAL) != (gssize)n)
        g_error ("a piece of the input was not taken");
      sentient_engine_begin_turn (engine);
      sentient_conn_on_event (conn, EPOLLIN);
      sentient_engine_end_turn (engine);
      settle (engine);
    }

  /* What comes back all at once, behind what the handler heard. */
  heard = g_string_new (NULL);
  take_output (ends[1]);
  g_string_append_printf (result, "\nstate %d\n", conn->state);
  g_string_append_len (result, heard->str, heard->len);

  sentient_engine_begin_turn (engine);
  sentient_conn_destroy (conn);
  sentient_engine_end_turn (engine);
  g_string_free (heard, TRUE);
  close (ends[1]);
  return result;
}

void
fuzz_conn_compare (gboolean websocket, const guint8 *data, gsize size)
{
  g_autoptr (GString) whole = NULL;
  g_autoptr (GString) pieces = NULL;

  if (size < 2 || size > INPUT_MAX)
    return;
  whole = fuzz_conn_run (websocket, data + 1, size - 1, size);
  pieces = fuzz_conn_run (websocket, data + 1, size - 1, 1 + data[0] % 32);
  g_assert_cmpmem (whole->str, whole->len, pieces->str, pieces->len);
}
