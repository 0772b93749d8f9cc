/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-client.h"

#include <arpa/inet.h>
#include <errno.h>
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

void
load_client_connect (LoadClient *self, unsigned id, unsigned port)
{
  struct sockaddr_in from = { .sin_family = AF_INET };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port) };
  int on = 1;

  from.sin_addr.s_addr = htonl (0x7f000001 + ((id / 100) << 8));
  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->id = id;
  self->len = 0;
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (self->fd < 0)
    load_die ("no socket for client %u: %s", id, strerror (errno));
  setsockopt (self->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (bind (self->fd, (struct sockaddr *)&from, sizeof from) != 0
      || connect (self->fd, (struct sockaddr *)&to, sizeof to) != 0)
    load_die ("client %u cannot connect to port %u: %s", id, port, strerror (errno));
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

static void
receive_more (LoadClient *self)
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

size_t
load_frame_text (unsigned char *out, const char *text, size_t len)
{
  static const unsigned char mask[4] = { 0x12, 0x34, 0x56, 0x78 };
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
    out[n + i] = text[i] ^ mask[i % 4];
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
          receive_more (self);
          continue;
        }
      found = memmem (payload, payload_len, needle, strlen (needle)) != NULL;
      load_client_drop (self, n);
      if (found)
        return;
    }
}

void
load_client_send_handshake (LoadClient *self)
{
  char text[256];
  int len = snprintf (text, sizeof text,
                      "GET /webrtc/signal?nodeId=n%u HTTP/1.1\r\n"
                      "Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                      self->id);

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
load_client_open (LoadClient *self, const char *room)
{
  char text[256];
  int len;

  load_client_send_handshake (self);
  do
    receive_more (self);
  while (!load_client_take_handshake (self));
  load_client_await (self, "\"connected\"");
  if (room == NULL)
    return;
  len = snprintf (text, sizeof text, "{\"type\":\"join\",\"room\":\"%s\"}", room);
  load_client_send_text (self, text, len);
  load_client_await (self, "\"join-result\"");
}

void
load_client_close (LoadClient *self)
{
  close (self->fd);
  free (self->buf);
  self->buf = NULL;
}
