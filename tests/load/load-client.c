/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
load_die (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fputs ("sentient-load: ", stderr);
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
  exit (1);
}

void *
load_alloc (size_t size)
{
  void *memory = calloc (1, size);

  if (memory == NULL)
    load_die ("out of memory");
  return memory;
}

#define ADDRESSES 65536 /* 127.x.y.1 */

static void
start_connect (LoadClient *self, unsigned id, unsigned port, int flags)
{
  struct sockaddr_in from = { .sin_family = AF_INET };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port) };
  int on = 1;

  from.sin_addr.s_addr = htonl (0x7f000001 + ((id / LOAD_PER_ADDRESS % ADDRESSES) << 8));
  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->id = id;
  self->len = 0;
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (self->fd < 0)
    load_die ("no socket for client %u: %s", id, strerror (errno));
  setsockopt (self->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (bind (self->fd, (struct sockaddr *)&from, sizeof from) != 0
      || (connect (self->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS))
    load_die ("client %u cannot connect to port %u: %s", id, port, strerror (errno));
}

void
load_client_connect (LoadClient *self, unsigned id, unsigned port)
{
  start_connect (self, id, port, 0);
}

void
load_client_connect_later (LoadClient *self, unsigned id, unsigned port)
{
  start_connect (self, id, port, SOCK_NONBLOCK);
}

void
load_client_finish_connect (LoadClient *self)
{
  int code = 0;
  socklen_t len = sizeof code;

  getsockopt (self->fd, SOL_SOCKET, SO_ERROR, &code, &len);
  if (code != 0)
    load_die ("client %u cannot connect: %s", self->id, strerror (code));
  fcntl (self->fd, F_SETFL, fcntl (self->fd, F_GETFL) & ~O_NONBLOCK);
}

void
load_client_send_raw (LoadClient *self, const void *data, size_t len)
{
  const char *rest = data;

  while (len > 0)
    {
      ssize_t n = send (self->fd, rest, len, MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        load_die ("client %u cannot send: %s", self->id, strerror (errno));
      rest += n;
      len -= n;
    }
}

int
load_client_fill (LoadClient *self)
{
  ssize_t n;

  if (self->buf == NULL)
    self->buf = load_alloc (LOAD_BUF_SIZE);
  if (self->len == LOAD_BUF_SIZE)
    load_die ("client %u got a message over %d bytes", self->id, LOAD_BUF_SIZE);
  n = recv (self->fd, self->buf + self->len, LOAD_BUF_SIZE - self->len, 0);
  if (n < 0)
    load_die ("client %u cannot receive: %s", self->id, strerror (errno));
  self->len += n;
  return n > 0;
}

void
load_client_receive (LoadClient *self)
{
  struct pollfd wait = { .fd = self->fd, .events = POLLIN };

  if (poll (&wait, 1, LOAD_TIMEOUT_MS) != 1)
    load_die ("client %u waits in vain for an answer", self->id);
  if (!load_client_fill (self))
    load_die ("client %u was cut off", self->id);
}

void
load_client_drop (LoadClient *self, size_t n)
{
  memmove (self->buf, self->buf + n, self->len - n);
  self->len -= n;
  if (self->len == 0)
    {
      free (self->buf);
      self->buf = NULL;
    }
}

static const unsigned char mask[4] = { 0x12, 0x34, 0x56, 0x78 };

unsigned char
load_mask_byte (char byte, size_t index)
{
  return (unsigned char)byte ^ mask[index % 4];
}

size_t
load_frame_text (unsigned char *out, const char *text, size_t len)
{
  size_t n = 0;

  out[n++] = 0x81;
  if (len < 126)
    out[n++] = 0x80 | len;
  else
    {
      out[n++] = 0x80 | 126;
      out[n++] = len >> 8;
      out[n++] = len & 0xff;
    }
  memcpy (out + n, mask, sizeof mask);
  n += sizeof mask;
  for (size_t i = 0; i < len; i++)
    out[n + i] = load_mask_byte (text[i], i);
  return n + len;
}

void
load_client_send_text (LoadClient *self, const char *text, size_t len)
{
  unsigned char *frame = load_alloc (len + 14);

  load_client_send_raw (self, frame, load_frame_text (frame, text, len));
  free (frame);
}

size_t
load_client_next (LoadClient *self,
                  size_t offset,
                  unsigned *opcode,
                  unsigned char **payload,
                  size_t *payload_len)
{
  const unsigned char *p = self->buf + offset;
  size_t have = self->len - offset;
  size_t head = 2;
  size_t len;

  if (have < 2)
    return 0;
  len = p[1] & 0x7f;
  if (len == 126)
    {
      if (have < 4)
        return 0;
      len = (size_t)p[2] << 8 | p[3];
      head = 4;
    }
  else if (len == 127)
    {
      if (have < 10)
        return 0;
      len = 0;
      for (int i = 2; i < 10; i++)
        len = len << 8 | p[i];
      head = 10;
    }
  if ((p[1] & 0x80) != 0)
    head += 4; /* the floor hands on what clients send, with its mask */
  if (have < head + len)
    return 0;
  if (opcode != NULL)
    *opcode = p[0] & 0x0f;
  *payload = self->buf + offset + head;
  *payload_len = len;
  return head + len;
}

void
load_client_await (LoadClient *self, const char *needle)
{
  for (;;)
    {
      unsigned char *payload;
      size_t payload_len;
      size_t n = self->len > 0 ? load_client_next (self, 0, NULL, &payload, &payload_len) : 0;
      int found;

      if (n == 0)
        {
          load_client_receive (self);
          continue;
        }
      found = memmem (payload, payload_len, needle, strlen (needle)) != NULL;
      if (self->session != NULL && load_is_type (payload, payload_len, "connected"))
        load_client_take_connected (self, payload, payload_len);
      else if (self->session != NULL)
        load_client_note (self, payload, payload_len);
      if (load_is_type (payload, payload_len, "join-result")
          && memmem (payload, payload_len, "\"success\":false", 15) != NULL)
        load_die ("client %u may not join: %.*s", self->id, (int)payload_len, payload);
      load_client_drop (self, n);
      if (found)
        return;
    }
}

void
load_client_send_handshake (LoadClient *self)
{
  char text[256];
  int len
      = snprintf (text, sizeof text,
                  "GET /webrtc/signal?nodeId=n%u HTTP/1.1\r\n"
                  "Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\n%s"
                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                  self->id, self->session != NULL ? "Sec-WebSocket-Protocol: sentient.v1\r\n" : "");

  load_client_send_raw (self, text, len);
}

int
load_client_take_handshake (LoadClient *self)
{
  const unsigned char *end = memmem (self->buf, self->len, "\r\n\r\n", 4);

  if (end == NULL)
    return 0;
  if (memcmp (self->buf, "HTTP/1.1 101", 12) != 0)
    load_die ("client %u was not let in: %.*s", self->id, (int)self->len, (char *)self->buf);
  load_client_drop (self, end + 4 - self->buf);
  return 1;
}

void
load_client_send_join (LoadClient *self, const char *room)
{
  char text[256];
  char ref[32] = "";

  if (self->session != NULL)
    snprintf (ref, sizeof ref, ",\"ref\":%llu", (unsigned long long)++self->session->ref);
  load_client_send_text (self, text,
                         (size_t)snprintf (text, sizeof text,
                                           "{\"type\":\"join\",\"room\":\"%s\"%s}", room, ref));
}

void
load_client_open (LoadClient *self, const char *room)
{
  load_client_send_handshake (self);
  do
    load_client_receive (self);
  while (!load_client_take_handshake (self));
  if (self->session != NULL)
    load_client_send_resume (self);
  load_client_await (self, "\"connected\"");
  if (room == NULL)
    return;
  load_client_send_join (self, room);
  load_client_await (self, "\"join-result\"");
}

void
load_client_close (LoadClient *self)
{
  close (self->fd);
  self->fd = -1;
  free (self->buf);
  self->buf = NULL;
  self->len = 0;
}

void
load_client_reset (LoadClient *self)
{
  const struct linger linger = { .l_onoff = 1 };

  setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  load_client_close (self);
}

void
load_client_drain (LoadClient *self)
{
  static const char ping[] = "{\"type\":\"ping\"}";

  if (self->session != NULL)
    load_client_ack (self);
  load_client_send_text (self, ping, sizeof ping - 1);
  load_client_await (self, "\"pong\"");
  if (self->session != NULL && self->session->acked != self->session->seq)
    load_client_drain (self);
}
