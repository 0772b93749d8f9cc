/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chaos-wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load-client.h"

static uint64_t random_state = 1;

void
chaos_random_seed (uint64_t seed)
{
  random_state = seed * 2654435761u + 1;
}

unsigned
chaos_random (unsigned below)
{
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (unsigned)(((random_state * 2685821657736338717u) >> 32) % below);
}

uint64_t
chaos_now_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t
get_place (const ChaosBuf *self)
{
  return self->size - (size_t)(self->data - self->memory) - self->len;
}

static void
reserve (ChaosBuf *self, size_t more)
{
  if (get_place (self) >= more)
    return;
  if (self->len > 0)
    memmove (self->memory, self->data, self->len);
  if (self->size < self->len + more)
    {
      self->size = (self->len + more) * 2;
      self->memory = realloc (self->memory, self->size);
      if (self->memory == NULL)
        load_die ("out of memory");
    }
  self->data = self->memory;
}

void
chaos_buf_add (ChaosBuf *self, const void *data, size_t len)
{
  reserve (self, len);
  memcpy (self->data + self->len, data, len);
  self->len += len;
}

void
chaos_buf_drop (ChaosBuf *self, size_t len)
{
  self->len -= len;
  self->data = self->len > 0 ? self->data + len : self->memory;
}

void
chaos_buf_clear (ChaosBuf *self)
{
  free (self->memory);
  *self = (ChaosBuf){ NULL, 0, NULL, 0 };
}

void
chaos_pipe_init (ChaosPipe *self, void *owner)
{
  *self = (ChaosPipe){ .fd = -1, .owner = owner };
}

int
chaos_pipe_open (ChaosPipe *self, int epoll, unsigned address, unsigned port, int small)
{
  struct sockaddr_in from = { .sin_family = AF_INET };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port) };
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
  int on = 1, size = 4096, segment = 536; /* by which the server's end measures its own */

  from.sin_addr.s_addr = htonl (0x7f010000 + address);
  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0)
    load_die ("no socket: %s", strerror (errno));
  setsockopt (self->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (small)
    {
      setsockopt (self->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
      setsockopt (self->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (bind (self->fd, (struct sockaddr *)&from, sizeof from) != 0)
    load_die ("127.0.0.0/8 is not all here: %s", strerror (errno));
  if (connect (self->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
    {
      chaos_pipe_end (self, CHAOS_END_FIN);
      return 0;
    }
  event.data.ptr = self;
  if (epoll_ctl (epoll, EPOLL_CTL_ADD, self->fd, &event) != 0)
    load_die ("epoll: %s", strerror (errno));
  return 1;
}

int
chaos_pipe_flush (ChaosPipe *self)
{
  size_t done = 0;

  while (done < self->out.len)
    {
      ssize_t n = send (self->fd, self->out.data + done, self->out.len - done, MSG_NOSIGNAL);

      if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
        return 0;
      if (n < 0)
        break;
      done += n;
    }
  chaos_buf_drop (&self->out, done);
  return 1;
}

int
chaos_pipe_fill (ChaosPipe *self)
{
  for (;;)
    {
      ssize_t n;

      reserve (&self->in, 16384);
      n = recv (self->fd, self->in.data + self->in.len, get_place (&self->in), 0);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno == EAGAIN || errno == ENOTCONN;
      if (n == 0)
        return 0;
      self->in.len += n;
    }
}

void
chaos_pipe_end (ChaosPipe *self, ChaosEnd how)
{
  const struct linger linger = { .l_onoff = 1 };

  if (self->fd >= 0 && how == CHAOS_END_RESET)
    setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  chaos_buf_clear (&self->in);
  chaos_buf_clear (&self->out);
}

void
chaos_pipe_put_frame (ChaosPipe *self, unsigned opcode, const char *data, size_t len)
{
  const unsigned mask = chaos_random (UINT32_MAX);
  const unsigned char *key = (const unsigned char *)&mask;
  unsigned char head[8] = { 0x80 | opcode, 0x80 | (len < 126 ? len : 126) };
  size_t n = 2;
  char *out;

  if (len >= 126)
    {
      head[n++] = len >> 8;
      head[n++] = len & 0xff;
    }
  memcpy (head + n, key, 4);
  chaos_buf_add (&self->out, head, n + 4);
  chaos_buf_add (&self->out, data, len);
  out = self->out.data + self->out.len - len;
  for (size_t i = 0; i < len; i++)
    out[i] = (char)((unsigned char)out[i] ^ key[i % 4]);
}

size_t
chaos_frame_look (const ChaosBuf *in, unsigned *opcode, char **data, size_t *len)
{
  const unsigned char *p = (const unsigned char *)in->data;
  size_t head = 2;

  if (in->len < 2)
    return 0;
  *len = p[1];
  if (*len == 126)
    head = 4;
  else if (*len == 127)
    head = 10;
  if (in->len < head)
    return 0;
  if (head > 2)
    *len = 0;
  for (size_t i = 2; i < head; i++)
    *len = *len << 8 | p[i];
  if (in->len < head + *len)
    return 0;
  *opcode = p[0] & 0x0f;
  *data = in->data + head;
  return head + *len;
}

size_t
chaos_response_look (const ChaosBuf *in, unsigned *status, char **body, size_t *len)
{
  static const char field[] = "\r\ncontent-length: ";
  const char *end = in->len > 0 ? memmem (in->data, in->len, "\r\n\r\n", 4) : NULL;
  size_t head = end != NULL ? (size_t)(end + 4 - in->data) : 0;

  if (end == NULL || head < 16)
    return 0;
  *status = strtoul (in->data + strlen ("HTTP/1.1 "), NULL, 10);
  *len = 0;
  for (const char *p = in->data; p + sizeof field - 1 < end; p++)
    {
      if (strncasecmp (p, field, sizeof field - 1) != 0)
        continue;
      *len = strtoul (p + sizeof field - 1, NULL, 10);
      break;
    }
  *body = in->data + head;
  return in->len >= head + *len ? head + *len : 0;
}

int
chaos_text_find (ChaosText text, const char *key, ChaosText *rest)
{
  size_t key_len = strlen (key);
  const char *found = memmem (text.data, text.len, key, key_len);

  if (found == NULL)
    return 0;
  rest->data = found + key_len;
  rest->len = (size_t)(text.data + text.len - rest->data);
  return 1;
}

uint64_t
chaos_text_number (ChaosText text, const char *key)
{
  uint64_t value = 0;
  ChaosText rest;

  if (!chaos_text_find (text, key, &rest))
    return 0;
  for (size_t i = 0; i < rest.len && rest.data[i] >= '0' && rest.data[i] <= '9'; i++)
    value = value * 10 + (uint64_t)(rest.data[i] - '0');
  return value;
}

int
chaos_text_string (ChaosText text, const char *key, char *out, size_t size)
{
  ChaosText rest;
  const char *end;

  if (!chaos_text_find (text, key, &rest))
    return 0;
  end = memchr (rest.data, '"', rest.len);
  if (end == NULL || (size_t)(end - rest.data) >= size)
    return 0;
  memcpy (out, rest.data, end - rest.data);
  out[end - rest.data] = '\0';
  return 1;
}

int
chaos_text_has (ChaosText text, const char *part)
{
  ChaosText rest;

  return chaos_text_find (text, part, &rest);
}

int
chaos_text_next_object (ChaosText *text, ChaosText *object)
{
  const char *start = memchr (text->data, '{', text->len);
  const char *end = text->data + text->len;
  int depth = 0, quoted = 0;

  for (const char *p = start; p != NULL && p < end; p++)
    {
      if (quoted && *p == '\\')
        p++;
      else if (*p == '"')
        quoted = !quoted;
      else if (!quoted && *p == '{')
        depth++;
      else if (!quoted && *p == '}' && --depth == 0)
        {
          *object = (ChaosText){ start, (size_t)(p + 1 - start) };
          text->len = (size_t)(end - p - 1);
          text->data = p + 1;
          return 1;
        }
    }
  return 0;
}
