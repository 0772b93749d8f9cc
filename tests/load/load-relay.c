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
#define IDLE_FIRST 100000
#define IDLE_ROOM 40

typedef struct
{
  LoadClient *clients;
  LoadSignal *signals; /* what each client sends */
  LoadStream *streams; /* what came to each */
  LoadClient *idle;
  unsigned n_clients;
  unsigned n_idle;
  int is_floor;
  LoadCheck *check; /* NULL: nothing is noted yet */
} Relay;

static void
set_up (Relay *self, const LoadRelaySetting *setting, unsigned port)
{
  char room[32];
  char to[32];

  self->n_clients = setting->n_clients;
  self->n_idle = setting->n_idle;
  self->clients = load_alloc (self->n_clients * sizeof *self->clients);
  self->signals = load_alloc (self->n_clients * sizeof *self->signals);
  self->streams = load_alloc (self->n_clients * sizeof *self->streams);
  self->idle = load_alloc ((self->n_idle + 1) * sizeof *self->idle);
  for (unsigned i = 0; i < self->n_clients; i++)
    {
      snprintf (room, sizeof room, "pair-%u", i / 2);
      snprintf (to, sizeof to, "n%u", i ^ 1);
      load_client_connect (&self->clients[i], i, port);
      if (setting->is_v1)
        load_client_make_v1 (&self->clients[i]);
      if (!self->is_floor)
        load_client_open (&self->clients[i], room);
      load_signal_make (&self->signals[i], to, room, LOAD_SIGNAL_SIZE, setting->is_v1);
    }
  for (unsigned i = 0; i < self->n_idle; i++)
    {
      snprintf (room, sizeof room, "idle-%u", i / IDLE_ROOM);
      load_client_connect (&self->idle[i], IDLE_FIRST + i, port);
      if (self->is_floor)
        continue;
      load_client_open (&self->idle[i], room);
      /* What they are told of each other is taken, or it would fill the kernel's memory. */
      for (unsigned j = i / IDLE_ROOM * IDLE_ROOM; (i + 1) % IDLE_ROOM == 0 && j <= i; j++)
        load_client_drain (&self->idle[j]);
    }
}

static void
tear_down (Relay *self)
{
  for (unsigned i = 0; i < self->n_clients; i++)
    {
      load_client_close (&self->clients[i]);
      free (self->clients[i].session);
      load_signal_clear (&self->signals[i]);
    }
  for (unsigned i = 0; i < self->n_idle; i++)
    load_client_close (&self->idle[i]);
  free (self->clients);
  free (self->signals);
  free (self->streams);
  free (self->idle);
}

static void
send_signal (Relay *self, unsigned index)
{
  LoadClient *client = &self->clients[index];
  LoadSignal *signal = &self->signals[index];

  load_signal_stamp (signal, client->session != NULL ? ++client->session->ref : 0);
  if (send (client->fd, signal->frame, signal->len, MSG_NOSIGNAL) != (ssize_t)signal->len)
    load_die ("client %u cannot send: %s", index, strerror (errno));
}

/* 1: it is a signal. What the floor hands on is masked still. */
static unsigned
take_text (Relay *self, unsigned index, const unsigned char *text, size_t len)
{
  unsigned char head[256];
  uint64_t number, ns;

  if (self->clients[index].session != NULL)
    load_client_note (&self->clients[index], text, len);
  if (self->is_floor)
    {
      len = len < sizeof head ? len : sizeof head;
      for (size_t i = 0; i < len; i++)
        head[i] = load_mask_byte ((char)text[i], i);
      text = head;
    }
  if (!load_stamp_find (text, len, &number, &ns))
    return 0;
  if (self->check != NULL)
    {
      load_check_number (self->check, &self->streams[index], number);
      load_check_time (self->check, load_now_ns () - ns);
    }
  return 1;
}

/* How many signals came in; an incomplete one is kept. */
static unsigned
take_signals (Relay *self, unsigned index)
{
  LoadClient *client = &self->clients[index];
  unsigned char *payload;
  size_t payload_len;
  size_t offset = 0;
  size_t n;
  unsigned n_signals = 0;

  if (!load_client_fill (client))
    load_die ("client %u was cut off", index);
  while ((n = load_client_next (client, offset, NULL, &payload, &payload_len)) > 0)
    {
      n_signals += take_text (self, index, payload, payload_len);
      offset += n;
    }
  memmove (client->buf, client->buf + offset, client->len - offset);
  client->len -= offset;
  return n_signals;
}

/* Each pair plays ball, one signal under way a client, until n_messages came through. */
static void
play (Relay *self, unsigned n_messages)
{
  struct epoll_event events[256];
  int epoll = epoll_create1 (0);
  unsigned n_received = 0;
  unsigned n_sent = 0;

  for (unsigned i = 0; i < self->n_clients; i++)
    self->streams[i].last = self->signals[i ^ 1].number;
  for (unsigned i = 0; i < self->n_clients; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

      epoll_ctl (epoll, EPOLL_CTL_ADD, self->clients[i].fd, &event);
      send_signal (self, i);
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
          unsigned n_signals = take_signals (self, index);

          n_received += n_signals;
          for (; n_signals > 0 && n_sent < n_messages; n_signals--, n_sent++)
            send_signal (self, index);
        }
    }
  close (epoll);
}

static void
end_check (Relay *self)
{
  for (unsigned i = 0; i < self->n_clients; i++)
    {
      load_check_end (self->check, &self->streams[i], self->signals[i ^ 1].number);
      if (self->clients[i].session != NULL && self->clients[i].session->n_wrong > 0)
        load_die ("%u messages came to client %u under a wrong number",
                  self->clients[i].session->n_wrong, i);
    }
}

/* The idle ones are there: a client that is not heard of for 30 s is closed. */
static void
touch_idle (Relay *self)
{
  for (unsigned i = 0; i < self->n_idle && !self->is_floor; i++)
    load_client_drain (&self->idle[i]);
}

LoadFigure
load_measure_relay (const char *program, const LoadRelaySetting *setting)
{
  LoadFigure figure = { 0 };
  Relay relay = { .is_floor = program == NULL };
  LoadServer server;
  uint64_t cpu;
  double start;

  if (program != NULL)
    load_server_start (&server, program, LOAD_LIMITS_OFF);
  else
    load_server_start_floor (&server, LOAD_FLOOR_PAIRS);
  set_up (&relay, setting, server.port);
  touch_idle (&relay);
  play (&relay, setting->n_messages / 10); /* warm-up */
  relay.check = &figure.check;
  cpu = load_server_get_cpu (&server);
  start = load_seconds ();
  play (&relay, setting->n_messages);
  figure.cpu_us = (load_server_get_cpu (&server) - cpu) / 1e3 / setting->n_messages;
  figure.rate = setting->n_messages / (load_seconds () - start);
  figure.rss_kib = load_server_get_rss (&server) / 1024.0;
  end_check (&relay);
  touch_idle (&relay);
  tear_down (&relay);
  load_server_stop (&server);
  return figure;
}

LoadFigure
load_measure_floor (void)
{
  static const LoadRelaySetting setting
      = { .n_clients = FLOOR_CONNECTIONS, .n_messages = FLOOR_MESSAGES };

  return load_measure_relay (NULL, &setting);
}

static LoadFigure
measure (const char *program, const void *data)
{
  return load_measure_relay (program, data);
}

void
load_run_relay (const char *program, const LoadRelaySetting *setting)
{
  const char *mode = setting->is_v1 ? "relay-v1" : "relay";
  char sentence[256];

  snprintf (sentence, sizeof sentence,
            "a signal of %d bytes over %u %s connections beside %u idle ones", LOAD_SIGNAL_SIZE,
            setting->n_clients, setting->is_v1 ? "v1" : "plain", setting->n_idle);
  load_compare (mode, program, measure, setting, sentence,
                "\"connections\":%u,\"idle\":%u,\"messages\":%u", setting->n_clients,
                setting->n_idle, setting->n_messages);
}
