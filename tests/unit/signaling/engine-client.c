/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  return G_SOURCE_CONTINUE; /* it only wakes the loop */
}

Client *
client_new (Fixture *fixture)
{
  return client_new_from (fixture, "127.0.0.1");
}

Client *
client_new_from (Fixture *fixture, const char *source)
{
  Client *self = g_new0 (Client, 1);
  const int on = 1;
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (fixture->port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };

  struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr (source) };

  self->fixture = fixture;
  self->in = g_string_new (NULL);
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (self->fd, >=, 0);
  setsockopt (self->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  g_assert_cmpint (bind (self->fd, (struct sockaddr *)&from, sizeof from), ==, 0);
  g_assert_cmpint (connect (self->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_true (g_unix_set_fd_nonblocking (self->fd, TRUE, NULL));
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return self;
}

void
client_free (Client *self)
{
  close (self->fd);
  g_string_free (self->in, TRUE);
  g_free (self);
}

void
client_send (Client *self, const char *text)
{
  client_send_bytes (self, text, strlen (text));
}

void
client_send_bytes (Client *self, const void *data, gsize len)
{
  const char *bytes = data;

  while (len > 0)
    {
      gssize n = send (self->fd, bytes, len, MSG_NOSIGNAL);

      if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
        return; /* the test will see the end */
      if (n < 0)
        {
          g_assert_cmpint (errno, ==, EAGAIN);
          g_main_context_iteration (NULL, FALSE);
          continue;
        }
      bytes += n;
      len -= n;
    }
}

/* FALSE: nothing was there. */
static gboolean
read_some (Client *self)
{
  char buffer[65536];
  gssize n = recv (self->fd, buffer, sizeof buffer, 0);

  if (n > 0)
    g_string_append_len (self->in, buffer, n);
  else if (n == 0)
    self->eof = TRUE;
  else if (errno == ECONNRESET)
    self->eof = self->reset = TRUE;
  else
    {
      g_assert_cmpint (errno, ==, EAGAIN);
      return FALSE;
    }
  return TRUE;
}

static void
pump (Client *self)
{
  GSource *source;

  if (read_some (self))
    return;

  source = g_unix_fd_source_new (self->fd, G_IO_IN);
  g_source_set_callback (source, G_SOURCE_FUNC (on_readable), NULL, NULL);
  g_source_attach (source, NULL);
  g_main_context_iteration (NULL, FALSE); /* attaching alone ends an iteration */
  g_main_context_iteration (NULL, TRUE);
  g_source_destroy (source);
  g_source_unref (source);
}

void
client_read (Client *self, gsize at_least)
{
  while (self->in->len < at_least && !self->eof)
    pump (self);
  g_assert_cmpuint (self->in->len, >=, at_least);
}

void
client_read_until (Client *self, const char *end)
{
  while (g_strstr_len (self->in->str, self->in->len, end) == NULL)
    {
      if (self->eof)
        g_error ("the connection ended before \"%s\" came; what came: %s", end, self->in->str);
      pump (self);
    }
}

void
client_expect_eof (Client *self)
{
  while (!self->eof)
    pump (self);
  g_assert_cmpstr (self->in->str, ==, "");
}

void
client_half_close (Client *self)
{
  shutdown (self->fd, SHUT_WR);
}

void
client_reset (Client *self)
{
  const struct linger linger = { .l_onoff = 1 };

  setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static guint
response (Client *self, char **head, char **body, gboolean no_body)
{
  g_autofree char *text = NULL;
  const char *length;
  gsize head_len, body_len = 0;
  guint status;

  client_read_until (self, "\r\n\r\n");
  head_len = strstr (self->in->str, "\r\n\r\n") + 4 - self->in->str;
  text = g_strndup (self->in->str, head_len);
  g_assert_true (g_str_has_prefix (text, "HTTP/1."));
  status = g_ascii_strtoull (text + 9, NULL, 10);
  length = strstr (text, "Content-Length: ");
  if (length != NULL && !no_body)
    body_len = g_ascii_strtoull (length + 16, NULL, 10);

  client_read (self, head_len + body_len);
  if (body != NULL)
    *body = g_strndup (self->in->str + head_len, body_len);
  if (head != NULL)
    *head = g_steal_pointer (&text);
  g_string_erase (self->in, 0, head_len + body_len);
  return status;
}

guint
client_response (Client *self, char **head, char **body)
{
  return response (self, head, body, FALSE);
}

guint
client_response_head (Client *self, char **head)
{
  return response (self, head, NULL, TRUE);
}

void
client_ws_open (Client *self)
{
  g_autofree char *head = NULL;

  client_send (self, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                     "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  g_assert_cmpuint (client_response (self, &head, NULL), ==, 101);
  g_assert_nonnull (strstr (head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  g_assert_null (strstr (head, "Extensions"));
}

void
client_ws_send (Client *self, guint8 first_byte, const void *payload, gsize len)
{
  static const guint8 mask[4] = { 0x12, 0x00, 0xff, 0x81 };
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  guint8 header[14] = { first_byte };
  guint n = 2;

  if (len < 126)
    header[1] = 0x80 | len;
  else
    {
      guint bytes = len < 65536 ? 2 : 8;

      header[1] = 0x80 | (bytes == 2 ? 126 : 127);
      for (guint i = 0; i < bytes; i++)
        header[n++] = (guint8)((guint64)len >> (8 * (bytes - 1 - i)));
    }
  memcpy (header + n, mask, 4);
  g_byte_array_append (frame, header, n + 4);
  g_byte_array_append (frame, payload, len);
  sentient_ws_unmask ((char *)frame->data + n + 4, len, mask);
  client_send_bytes (self, frame->data, frame->len);
}

void
client_ws_text (Client *self, const char *text)
{
  client_ws_send (self, 0x81, text, strlen (text));
}

void
client_ws_expect (Client *self, guint8 opcode, const void *payload, gsize len)
{
  gsize header_len = len < 126 ? 2 : len < 65536 ? 4 : 10;
  const guint8 *bytes;

  client_read (self, header_len + len);
  bytes = (const guint8 *)self->in->str;
  g_assert_cmphex (bytes[0], ==, 0x80 | opcode);
  g_assert_cmpuint (bytes[1], ==, len < 126 ? len : len < 65536 ? 126 : 127);
  g_assert_cmpmem (bytes + header_len, len, payload, len);
  g_string_erase (self->in, 0, header_len + len);
}

void
client_ws_expect_text (Client *self, const char *text)
{
  client_ws_expect (self, SENTIENT_WS_TEXT, text, strlen (text));
}

void
client_ws_expect_close (Client *self, guint16 code)
{
  const guint8 *bytes;
  gsize len;

  client_read (self, 2);
  bytes = (const guint8 *)self->in->str;
  g_assert_cmphex (bytes[0], ==, 0x80 | SENTIENT_WS_CLOSE);
  len = bytes[1];
  client_read (self, 2 + len);
  bytes = (const guint8 *)self->in->str;
  if (code == 0)
    g_assert_cmpuint (len, ==, 0);
  else
    g_assert_cmpuint (bytes[2] << 8 | bytes[3], ==, code);
  g_string_erase (self->in, 0, 2 + len);
}
