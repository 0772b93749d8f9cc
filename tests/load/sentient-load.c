/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Measures what a coordinator costs, beside a bare epoll relay (the floor) in the same run.
 *
 *   sentient-load relay PROGRAM [CONNECTIONS [MESSAGES [IDLE]]]
 *   sentient-load idle PROGRAM [CONNECTIONS]
 *
 * It ends with one line of JSON and one for people. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load-client.h"

#define ROUNDS 3
#define SIGNAL_SIZE 1500

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
  static char text[SIGNAL_SIZE + 1];
  unsigned to = index ^ 1;
  int head = snprintf (text, sizeof text,
                       "{\"type\":\"offer\",\"to\":\"n%u\",\"room\":\"pair-%u\",\"payload\":{"
                       "\"sdp\":\"",
                       to, index / 2);

  memset (text + head, 'v', SIGNAL_SIZE - head - 3);
  memcpy (text + SIGNAL_SIZE - 3, "\"}}", 3);
  self->frames[index] = load_alloc (SIGNAL_SIZE + 14);
  self->frame_lens[index] = load_frame_text (self->frames[index], text, SIGNAL_SIZE);
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
      int n = epoll_wait (epoll, events, 256, 20000);

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

static double
seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

typedef struct
{
  double cpu_us;
  double rate;
} Figure;

static Figure
measure_relay (const char *program, unsigned n_clients, unsigned n_messages, unsigned n_idle)
{
  LoadServer server;
  Relay relay;
  LoadClient *idle = load_alloc ((n_idle + 1) * sizeof *idle);
  Figure figure;
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
  start = seconds ();
  relay_play (&relay, n_messages);
  figure.cpu_us = (load_server_get_cpu (&server) - cpu) / 1e3 / n_messages;
  figure.rate = n_messages / (seconds () - start);
  relay_tear_down (&relay);
  for (unsigned i = 0; program != NULL && i < n_idle; i++)
    load_client_close (&idle[i]);
  free (idle);
  load_server_stop (&server);
  return figure;
}

static int
compare (const void *a, const void *b)
{
  const Figure *x = a;
  const Figure *y = b;

  return x->cpu_us < y->cpu_us ? -1 : x->cpu_us > y->cpu_us;
}

static void
run_relay (const char *program, unsigned n_clients, unsigned n_messages, unsigned n_idle)
{
  Figure ours[ROUNDS];
  Figure floors[ROUNDS];
  Figure our;
  Figure floor;

  for (unsigned i = 0; i < ROUNDS; i++)
    {
      floors[i] = measure_relay (NULL, n_clients, n_messages, 0);
      ours[i] = measure_relay (program, n_clients, n_messages, n_idle);
    }
  qsort (ours, ROUNDS, sizeof ours[0], compare);
  qsort (floors, ROUNDS, sizeof floors[0], compare);
  our = ours[ROUNDS / 2];
  floor = floors[ROUNDS / 2];
  printf ("{\"mode\":\"relay\",\"connections\":%u,\"idle\":%u,\"messages\":%u,\"cpuUs\":%.2f,"
          "\"floorCpuUs\":%.2f,\"ratio\":%.2f,\"perSecond\":%.0f}\n",
          n_clients, n_idle, n_messages, our.cpu_us, floor.cpu_us, our.cpu_us / floor.cpu_us,
          our.rate);
  printf ("relay: %.1f µs of CPU a signal of %d bytes over %u connections beside %u idle ones, "
          "%.2f times a bare relay (%.1f µs); %.0f signals a second\n",
          our.cpu_us, SIGNAL_SIZE, n_clients, n_idle, our.cpu_us / floor.cpu_us, floor.cpu_us,
          our.rate);
}

static void
run_idle (const char *program, unsigned n_clients)
{
  LoadServer server;
  LoadClient *clients = load_alloc (n_clients * sizeof *clients);
  uint64_t before = 0;
  unsigned n_warm = n_clients / 10; /* what is allocated once is not counted */
  double each;

  load_server_start (&server, program);
  for (unsigned i = 0; i < n_clients; i++)
    {
      char room[32];

      if (i == n_warm)
        before = load_server_get_rss (&server);
      snprintf (room, sizeof room, "idle-%u", i / 40);
      load_client_connect (&clients[i], i, server.port);
      load_client_open (&clients[i], room);
    }
  each = (double)(load_server_get_rss (&server) - before) / (n_clients - n_warm);
  for (unsigned i = 0; i < n_clients; i++)
    load_client_close (&clients[i]);
  free (clients);
  load_server_stop (&server);
  printf ("{\"mode\":\"idle\",\"connections\":%u,\"rssBytes\":%.0f}\n", n_clients, each);
  printf ("idle: %.0f bytes of resident memory a joined WebSocket connection, over %u\n", each,
          n_clients);
}

static unsigned
number (int argc, char **argv, int index, unsigned otherwise)
{
  return argc > index ? (unsigned)strtoul (argv[index], NULL, 10) : otherwise;
}

int
main (int argc, char **argv)
{
  if (argc >= 3 && strcmp (argv[1], "relay") == 0)
    run_relay (argv[2], number (argc, argv, 3, 200) & ~1u, number (argc, argv, 4, 200000),
               number (argc, argv, 5, 0));
  else if (argc >= 3 && strcmp (argv[1], "idle") == 0)
    run_idle (argv[2], number (argc, argv, 3, 5000));
  else
    load_die ("usage: sentient-load relay|idle PROGRAM [CONNECTIONS [MESSAGES [IDLE]]]");
  return 0;
}
