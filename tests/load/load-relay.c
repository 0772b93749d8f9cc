/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load-client.h"

/* Pairs of WebSocket clients play ball with a signal of 1.5 kB. Between two bare sockets of a
 * server that only copies bytes the same game is the floor of every mode. */

#define FLOOR_CONNECTIONS 200
#define FLOOR_MESSAGES 100000

typedef struct
{
  LoadClient *clients;
  unsigned n_clients;
  unsigned char **frames; /* what each client sends */
  size_t *frame_lens;
} Relay;

static void
make_frame (Relay *self, unsigned index)
{
  static char text[LOAD_SIGNAL_SIZE + 1];
  unsigned to = index ^ 1;
  int head = snprintf (text, sizeof text,
                       "{\"type\":\"offer\",\"to\":\"n%u\",\"room\":\"pair-%u\",\"payload\":{"
                       "\"sdp\":\"",
                       to, index / 2);

  memset (text + head, 'v', LOAD_SIGNAL_SIZE - head - 3);
  memcpy (text + LOAD_SIGNAL_SIZE - 3, "\"}}", 3);
  self->frames[index] = load_alloc (LOAD_SIGNAL_SIZE + 14);
  self->frame_lens[index] = load_frame_text (self->frames[index], text, LOAD_SIGNAL_SIZE);
}

static void
relay_set_up (Relay *self, unsigned n_clients, unsigned port, int handshake)
{
  self->n_clients = n_clients;
  self->clients = load_alloc (n_clients * sizeof *self->clients);
  self->frames = load_alloc (n_clients * sizeof *self->frames);
  self->frame_lens = load_alloc (n_clients * sizeof *self->frame_lens);
  for (unsigned i = 0; i < n_clients; i++)
    {
      char room[32];

      snprintf (room, sizeof room, "pair-%u", i / 2);
      load_client_connect (&self->clients[i], i, port);
      if (handshake)
        load_client_open (&self->clients[i], room);
      make_frame (self, i);
    }
}

static void
relay_tear_down (Relay *self)
{
  for (unsigned i = 0; i < self->n_clients; i++)
    {
      load_client_close (&self->clients[i]);
      free (self->frames[i]);
    }
  free (self->clients);
  free (self->frames);
  free (self->frame_lens);
}

static void
send_frame (Relay *self, unsigned index)
{
  if (send (self->clients[index].fd, self->frames[index], self->frame_lens[index], MSG_NOSIGNAL)
      != (ssize_t)self->frame_lens[index])
    load_die ("client %u cannot send: %s", index, strerror (errno));
}

/* How many whole frames of over 1 kB (signals, no room events) came in; the rest is kept. */
static unsigned
take_signals (LoadClient *client)
{
  unsigned char *payload;
  size_t payload_len;
  size_t offset = 0;
  size_t n;
  unsigned n_signals = 0;
  ssize_t got;

  if (client->buf == NULL)
    client->buf = load_alloc (LOAD_BUF_SIZE);
  got = recv (client->fd, client->buf + client->len, LOAD_BUF_SIZE - client->len, MSG_DONTWAIT);
  if (got <= 0)
    load_die ("client %u was cut off", client->id);
  client->len += got;
  while ((n = load_client_next (client, offset, NULL, &payload, &payload_len)) > 0)
    {
      n_signals += payload_len > 1024;
      offset += n;
    }
  memmove (client->buf, client->buf + offset, client->len - offset);
  client->len -= offset;
  return n_signals;
}

/* Each pair plays ball, one signal under way a client, until n_messages came through. */
static void
relay_play (Relay *self, unsigned n_messages)
{
  struct epoll_event events[256];
  int epoll = epoll_create1 (0);
  unsigned n_received = 0;
  unsigned n_sent = 0;

  for (unsigned i = 0; i < self->n_clients; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

      epoll_ctl (epoll, EPOLL_CTL_ADD, self->clients[i].fd, &event);
      send_frame (self, i);
      n_sent++;
    }
  while (n_received < n_sent)
    {
      int n = load_wait (epoll, events, 256);

      if (n <= 0)
        load_die ("%u of %u signals are missing", n_sent - n_received, n_sent);
      for (int i = 0; i < n; i++)
        {
          unsigned index = events[i].data.u32;
          unsigned n_signals = take_signals (&self->clients[index]);

          n_received += n_signals;
          for (; n_signals > 0 && n_sent < n_messages; n_signals--, n_sent++)
            send_frame (self, index);
        }
    }
  close (epoll);
}

static LoadFigure
measure_relay (const char *program, unsigned n_clients, unsigned n_messages, unsigned n_idle)
{
  LoadServer server;
  Relay relay;
  LoadClient *idle = load_alloc ((n_idle + 1) * sizeof *idle);
  LoadFigure figure;
  uint64_t cpu;
  double start;

  if (program != NULL)
    load_server_start (&server, program);
  else
    load_server_start_floor (&server);
  relay_set_up (&relay, n_clients, server.port, program != NULL);
  for (unsigned i = 0; program != NULL && i < n_idle; i++)
    {
      char room[32];

      snprintf (room, sizeof room, "idle-%u", i / 40);
      load_client_connect (&idle[i], 100000 + i, server.port);
      load_client_open (&idle[i], room);
    }
  relay_play (&relay, n_messages / 10); /* warm-up */
  cpu = load_server_get_cpu (&server);
  start = load_seconds ();
  relay_play (&relay, n_messages);
  figure.cpu_us = (load_server_get_cpu (&server) - cpu) / 1e3 / n_messages;
  figure.rate = n_messages / (load_seconds () - start);
  relay_tear_down (&relay);
  for (unsigned i = 0; program != NULL && i < n_idle; i++)
    load_client_close (&idle[i]);
  free (idle);
  load_server_stop (&server);
  return figure;
}

LoadFigure
load_measure_floor (void)
{
  return measure_relay (NULL, FLOOR_CONNECTIONS, FLOOR_MESSAGES, 0);
}

typedef struct
{
  unsigned n_clients;
  unsigned n_messages;
  unsigned n_idle;
} Setting;

static LoadFigure
measure (const char *program, const void *data)
{
  const Setting *setting = data;

  return measure_relay (program, setting->n_clients, setting->n_messages, setting->n_idle);
}

void
load_run_relay (const char *program, unsigned n_clients, unsigned n_messages, unsigned n_idle)
{
  Setting setting = { n_clients & ~1u, n_messages, n_idle };
  char sentence[256];

  snprintf (sentence, sizeof sentence,
            "a signal of %d bytes over %u connections beside %u idle ones", LOAD_SIGNAL_SIZE,
            setting.n_clients, n_idle);
  load_compare ("relay", program, measure, &setting, sentence,
                "\"connections\":%u,\"idle\":%u,\"messages\":%u", setting.n_clients, n_idle,
                n_messages);
}
