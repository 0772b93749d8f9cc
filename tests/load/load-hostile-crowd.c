/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-hostile-crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load-client.h"
#include "load-modes.h"

/* Clients that mean no good, in a process of their own. Nothing that happens to them is an error;
 * who is thrown out comes again, at most once a round. */

#define ROUND_MS 10
#define BURST 50 /* of what one sends at a time */

typedef enum
{
  SLOW_HEAD,   /* a byte of a head a round */
  SLOW_BODY,   /* a byte of a body a round */
  SILENT,      /* connects and says nothing */
  FRAGMENTS,   /* a message in fragments of one byte, without end */
  PINGS,       /* floods with pings and reads no answer */
  NEVER_READS, /* joins a room, and takes nothing of what is said in it */
  TALKS,       /* floods those that never read */
  TOO_LARGE,   /* a message of 64 KiB and a byte, again and again */
  CONNECTS,    /* opens connection after connection from one address */
  N_KINDS,
} Kind;

static const unsigned n_of_kind[N_KINDS] = { 50, 50, 100, 10, 10, 10, 5, 5, 20 };

typedef struct
{
  Kind kind;
  unsigned index; /* among its kind */
  int fd;
  unsigned n_rounds; /* of this connection */
} Villain;

static void
villain_connect (Villain *self, unsigned port)
{
  struct sockaddr_in from = { .sin_family = AF_INET };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port) };
  /* 127.200.KIND.INDEX; those that flood with connections have one address. */
  unsigned host = self->kind == CONNECTS ? 1 : self->index + 1;
  int small = 4096;

  from.sin_addr.s_addr = htonl (0x7fc80000 + ((unsigned)self->kind << 8) + host);
  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->n_rounds = 0;
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0)
    load_die ("no socket for a hostile client: %s", strerror (errno));
  if (self->kind == NEVER_READS || self->kind == PINGS)
    setsockopt (self->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (bind (self->fd, (struct sockaddr *)&from, sizeof from) != 0)
    load_die ("no address for a hostile client: %s", strerror (errno));
  connect (self->fd, (struct sockaddr *)&to, sizeof to);
}

static void
villain_send (Villain *self, const void *data, size_t len)
{
  if (send (self->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN
      && errno != ENOTCONN)
    {
      close (self->fd);
      self->fd = -1;
    }
}

static void
send_text (Villain *self, const char *text, size_t len)
{
  unsigned char *frame = load_alloc (len + 14);

  villain_send (self, frame, load_frame_text (frame, text, len));
  free (frame);
}

static void
upgrade (Villain *self)
{
  char text[512];

  villain_send (self, text,
                (size_t)snprintf (text, sizeof text,
                                  "GET /webrtc/signal?nodeId=evil-%d-%u&room=evil HTTP/1.1\r\n"
                                  "Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                                  (int)self->kind, self->index));
}

static void
talk (Villain *self)
{
  static char text[20001];
  int len = snprintf (text, sizeof text,
                      "{\"type\":\"offer\",\"to\":\"evil-%d-%u\",\"room\":\"evil\",\"sdp\":\"",
                      (int)NEVER_READS, self->n_rounds % n_of_kind[NEVER_READS]);

  memset (text + len, 'x', sizeof text - 1 - (size_t)len);
  memcpy (text + sizeof text - 3, "\"}", 2);
  send_text (self, text, sizeof text - 1);
}

static void
flood (Villain *self)
{
  /* A ping of 4 bytes; the first fragment of a text, and one that continues it with a space. */
  static const unsigned char ping[] = { 0x89, 0x84, 1, 2, 3, 4, 1, 2, 3, 4 };
  static const unsigned char first[] = { 0x01, 0x81, 0, 0, 0, 0, '{' };
  static const unsigned char more[] = { 0x00, 0x81, 0, 0, 0, 0, ' ' };
  unsigned char burst[BURST * sizeof ping];
  const unsigned char *frame = self->kind == PINGS ? ping : more;
  size_t len = self->kind == PINGS ? sizeof ping : sizeof more;

  if (self->kind == FRAGMENTS && self->n_rounds == 2)
    villain_send (self, first, sizeof first);
  for (unsigned i = 0; i < BURST; i++)
    memcpy (burst + i * len, frame, len);
  if (self->fd >= 0)
    villain_send (self, burst, BURST * len);
}

static void
too_large (Villain *self)
{
  static char text[65537];

  memset (text, ' ', sizeof text);
  /* Longer than load_frame_text () can say. */
  static const unsigned char head[] = { 0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0 };

  villain_send (self, head, sizeof head);
  if (self->fd >= 0)
    villain_send (self, text, sizeof text);
}

/* What it says in the second and later rounds of a connection; the first said head. */
static void
act (Villain *self)
{
  switch (self->kind)
    {
    case SLOW_HEAD:
      villain_send (self, "x", 1);
      break;
    case SLOW_BODY:
      villain_send (self, " ", 1);
      break;
    case FRAGMENTS:
    case PINGS:
      flood (self);
      break;
    case TALKS:
      talk (self);
      break;
    case TOO_LARGE:
      too_large (self);
      break;
    case CONNECTS:
      close (self->fd);
      self->fd = -1;
      break;
    case SILENT:
    case NEVER_READS:
    case N_KINDS:
      break;
    }
}

static void
begin (Villain *self)
{
  static const char head[] = "POST /webrtc/join HTTP/1.1\r\nHost: localhost\r\n";
  static const char length[] = "Content-Length: 60000\r\n\r\n";

  if (self->kind == SLOW_HEAD || self->kind == SLOW_BODY)
    villain_send (self, head, sizeof head - 1);
  if (self->kind == SLOW_BODY && self->fd >= 0)
    villain_send (self, length, sizeof length - 1);
  if (self->kind == FRAGMENTS || self->kind == PINGS || self->kind == NEVER_READS
      || self->kind == TALKS || self->kind == TOO_LARGE)
    upgrade (self);
}

/* Those that read throw it away; the end is noticed by all. */
static void
look (Villain *self)
{
  char bytes[16384];
  int flags = MSG_DONTWAIT;
  ssize_t n;

  if (self->kind == NEVER_READS || self->kind == PINGS)
    flags |= MSG_PEEK;
  n = recv (self->fd, bytes, sizeof bytes, flags);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != ENOTCONN))
    {
      close (self->fd);
      self->fd = -1;
    }
}

static void
step (Villain *self, unsigned port)
{
  if (self->fd < 0)
    villain_connect (self, port);
  else
    look (self);
  if (self->fd < 0)
    return;
  self->n_rounds++;
  if (self->n_rounds == 1)
    begin (self);
  else
    act (self);
}

static unsigned
count (void)
{
  unsigned n = 0;

  for (unsigned kind = 0; kind < N_KINDS; kind++)
    n += n_of_kind[kind];
  return n;
}

static _Noreturn void
run (unsigned port, unsigned seconds)
{
  double end = load_seconds () + seconds;
  unsigned n = count ();
  Villain *villains = load_alloc (n * sizeof *villains);
  Villain *villain = villains;

  for (unsigned kind = 0; kind < N_KINDS; kind++)
    for (unsigned i = 0; i < n_of_kind[kind]; i++)
      *villain++ = (Villain){ .kind = kind, .index = i, .fd = -1 };
  while (load_seconds () < end)
    {
      for (unsigned i = 0; i < n; i++)
        step (&villains[i], port);
      poll (NULL, 0, ROUND_MS);
    }
  exit (0);
}

unsigned
load_hostile_start (LoadHostile *self, unsigned port, unsigned seconds)
{
  self->pid = fork ();
  if (self->pid < 0)
    load_die ("no fork: %s", strerror (errno));
  if (self->pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      run (port, seconds);
    }
  return count ();
}

void
load_hostile_stop (LoadHostile *self)
{
  int status;

  kill (self->pid, SIGTERM);
  waitpid (self->pid, &status, 0);
  if (WIFEXITED (status) && WEXITSTATUS (status) != 0)
    load_die ("the hostile clients ended too early");
}
