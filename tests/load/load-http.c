/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load-client.h"

/* Pairs of keep-alive connections: one posts a signal, the other polls for it. Beside them polls
 * for which nothing comes may be held. */

#define HELD_FIRST 100000

typedef struct
{
  LoadClient client;
  char *request;
  size_t request_len;
  size_t stamp_at;   /* in the request of one that posts */
  uint64_t number;   /* of its last signal */
  LoadStream stream; /* what came to one that polls */
  unsigned partner;
  int is_waiting; /* for its response */
} Caller;

typedef struct
{
  Caller *callers; /* even ones post, odd ones poll */
  LoadClient *held;
  unsigned n_callers;
  unsigned n_held;
  int epoll;
  LoadCheck *check;
} Http;

/* Its node joins the room. */
static void
join (LoadClient *client, unsigned id, unsigned port, const char *room)
{
  char body[128];

  load_client_connect (client, id, port);
  snprintf (body, sizeof body, "{\"nodeId\":\"h%u\",\"room\":\"%s\"}", id, room);
  load_http_call (client, "POST", "/webrtc/join", body);
  load_client_drop (client, load_http_await (client));
}

static void
make_request (Caller *self, unsigned index)
{
  char head[256];
  int len;

  self->request = load_alloc (LOAD_SIGNAL_SIZE + 512);
  if (index % 2 == 1)
    {
      self->request_len
          = sprintf (self->request,
                     "GET /webrtc/signal?nodeId=h%u HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", index);
      return;
    }
  len = sprintf (head,
                 "{\"from\":\"h%u\",\"to\":\"h%u\",\"type\":\"offer\",\"payload\":{"
                 "\"stamp\":\"%0*d\",\"sdp\":\"",
                 index, index + 1, LOAD_STAMP_SIZE, 0);
  self->request_len = sprintf (self->request,
                               "POST /webrtc/signal HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                               "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                               LOAD_SIGNAL_SIZE, head);
  self->stamp_at = self->request_len - strlen ("\",\"sdp\":\"") - LOAD_STAMP_SIZE;
  memset (self->request + self->request_len, 'v', LOAD_SIGNAL_SIZE - len - 3);
  self->request_len += LOAD_SIGNAL_SIZE - len;
  memcpy (self->request + self->request_len - 3, "\"}}", 3);
}

static void
set_up (Http *self, unsigned n_callers, unsigned n_held, unsigned port)
{
  char name[64];

  self->epoll = epoll_create1 (0);
  self->n_callers = n_callers;
  self->n_held = n_held;
  self->callers = load_alloc (n_callers * sizeof *self->callers);
  self->held = load_alloc ((n_held + 1) * sizeof *self->held);
  for (unsigned i = 0; i < n_callers; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.ptr = &self->callers[i] };

      snprintf (name, sizeof name, "pair-%u", i / 2);
      join (&self->callers[i].client, i, port, name);
      make_request (&self->callers[i], i);
      self->callers[i].partner = i ^ 1;
      epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->callers[i].client.fd, &event);
    }
  for (unsigned i = 0; i < n_held; i++)
    {
      snprintf (name, sizeof name, "held-%u", i);
      join (&self->held[i], HELD_FIRST + i, port, name);
      snprintf (name, sizeof name, "/webrtc/signal?nodeId=h%u", HELD_FIRST + i);
      load_http_call (&self->held[i], "GET", name, "");
    }
}

static void
tear_down (Http *self)
{
  for (unsigned i = 0; i < self->n_callers; i++)
    {
      load_client_close (&self->callers[i].client);
      free (self->callers[i].request);
    }
  for (unsigned i = 0; i < self->n_held; i++)
    load_client_close (&self->held[i]);
  free (self->callers);
  free (self->held);
  close (self->epoll);
}

/* What "peer-joined" left behind in the pollers' queues. */
static void
empty_queue (Caller *self)
{
  char target[96];

  snprintf (target, sizeof target, "/webrtc/signal?nodeId=h%u&timeout=1", self->client.id);
  load_http_call (&self->client, "GET", target, "");
  load_client_drop (&self->client, load_http_await (&self->client));
}

/* The poll first: it is there when the signal comes, as with real clients. */
static void
start_pair (Http *self, unsigned poller)
{
  Caller *poll = &self->callers[poller];
  Caller *post = &self->callers[poller ^ 1];

  poll->is_waiting = post->is_waiting = 1;
  load_stamp_write (post->request + post->stamp_at, ++post->number, load_now_ns ());
  load_client_send_raw (&poll->client, poll->request, poll->request_len);
  load_client_send_raw (&post->client, post->request, post->request_len);
}

static void
take_signal (Http *self, Caller *caller, size_t len)
{
  const LoadClient *client = &caller->client;
  uint64_t number, ns;

  if (!load_stamp_find (client->buf, len, &number, &ns))
    load_die ("client %u polled in vain: %.*s", client->id, (int)len, (char *)client->buf);
  load_check_number (self->check, &caller->stream, number);
  load_check_time (self->check, load_now_ns () - ns);
}

static void
play (Http *self, unsigned n_signals)
{
  struct epoll_event events[256];
  unsigned n_started = 0;
  unsigned n_done = 0;

  for (unsigned i = 1; i < self->n_callers; i += 2, n_started++)
    start_pair (self, i);
  while (n_done < n_started)
    {
      int n = load_wait (self->epoll, events, 256);

      if (n <= 0)
        load_die ("%u of %u signals are missing", n_started - n_done, n_started);
      for (int i = 0; i < n; i++)
        {
          Caller *caller = events[i].data.ptr;
          size_t len;

          if (!load_client_fill (&caller->client))
            load_die ("client %u was cut off", caller->client.id);
          len = load_http_length (&caller->client);
          if (len == 0)
            continue;
          if (caller->client.id % 2 == 1)
            take_signal (self, caller, len);
          load_client_drop (&caller->client, len);
          caller->is_waiting = 0;
          if (self->callers[caller->partner].is_waiting)
            continue;
          n_done++;
          if (n_started < n_signals)
            {
              n_started++;
              start_pair (self, caller->client.id | 1);
            }
        }
    }
}

typedef struct
{
  unsigned n_connections;
  unsigned n_signals;
  unsigned n_held;
} Setting;

static LoadFigure
measure (const char *program, const void *data)
{
  const Setting *setting = data;
  LoadServer server;
  static LoadCheck warm_up;
  LoadFigure figure = { 0 };
  Http http = { .check = &warm_up };
  uint64_t cpu;
  double start;

  load_server_start (&server, program, LOAD_LIMITS_OFF);
  set_up (&http, setting->n_connections, setting->n_held, server.port);
  for (unsigned i = 0; i < setting->n_connections; i++)
    empty_queue (&http.callers[i]);
  play (&http, setting->n_signals / 10); /* warm-up */
  http.check = &figure.check;
  cpu = load_server_get_cpu (&server);
  start = load_seconds ();
  play (&http, setting->n_signals);
  figure.cpu_us = (load_server_get_cpu (&server) - cpu) / 1e3 / setting->n_signals;
  figure.rate = setting->n_signals / (load_seconds () - start);
  figure.rss_kib = load_server_get_rss (&server) / 1024.0;
  for (unsigned i = 1; i < http.n_callers; i += 2)
    load_check_end (&figure.check, &http.callers[i].stream, http.callers[i ^ 1].number);
  tear_down (&http);
  load_server_stop (&server);
  return figure;
}

void
load_run_http (const char *program, unsigned n_connections, unsigned n_signals, unsigned n_held)
{
  Setting setting = { n_connections & ~1u, n_signals, n_held };
  char sentence[160];

  snprintf (sentence, sizeof sentence,
            "a signal of %d bytes posted and polled over %u connections beside %u held polls",
            LOAD_SIGNAL_SIZE, setting.n_connections, n_held);
  load_compare ("http", program, measure, &setting, sentence,
                "\"connections\":%u,\"signals\":%u,\"held\":%u", setting.n_connections, n_signals,
                n_held);
}
