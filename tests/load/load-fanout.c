/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load-client.h"

#define ROUNDS 3
#define EVENT_SIZE 240 /* of a peer-joined, as a frame */
#define PEER_JOINED "\"peer-joined\""

/* One client joins a full room again and again; everybody in it is told each time. */

typedef struct
{
  LoadClient *members;
  unsigned *n_heard; /* of each */
  unsigned n_members;
  int epoll;
  LoadCheck *check; /* NULL: nothing is noted */
  uint64_t start_ns;
} Fanout;

static void
set_up (Fanout *self, unsigned n_members, unsigned port, int is_joined)
{
  self->n_members = n_members;
  self->members = load_alloc (n_members * sizeof *self->members);
  self->n_heard = load_alloc (n_members * sizeof *self->n_heard);
  self->epoll = epoll_create1 (0);
  for (unsigned i = 0; i < n_members; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.ptr = &self->members[i] };

      load_client_connect (&self->members[i], i, port);
      if (is_joined)
        load_client_open (&self->members[i], "fanout");
      epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->members[i].fd, &event);
      /* They are all told of this one; who takes nothing is closed. */
      for (unsigned j = 0; is_joined && j < i; j++)
        load_client_await (&self->members[j], PEER_JOINED);
    }
}

static void
tear_down (Fanout *self)
{
  for (unsigned i = 0; i < self->n_members; i++)
    load_client_close (&self->members[i]);
  free (self->members);
  free (self->n_heard);
  close (self->epoll);
}

static unsigned
take_events (Fanout *self, LoadClient *client, const char *needle)
{
  unsigned char *payload;
  size_t payload_len;
  size_t n;
  unsigned n_events = 0;

  if (!load_client_fill (client))
    load_die ("client %u was cut off", client->id);
  while (client->len > 0 && (n = load_client_next (client, 0, NULL, &payload, &payload_len)) > 0)
    {
      n_events += memmem (payload, payload_len, needle, strlen (needle)) != NULL;
      load_client_drop (client, n);
    }
  if (n_events > 0 && self->check != NULL)
    load_check_time (self->check, load_now_ns () - self->start_ns);
  self->n_heard[client - self->members] += n_events;
  return n_events;
}

/* Until each member heard of it once. */
static void
await_all (Fanout *self, const char *needle)
{
  struct epoll_event events[256];
  unsigned n_heard = 0;

  memset (self->n_heard, 0, self->n_members * sizeof *self->n_heard);
  while (n_heard < self->n_members)
    {
      int n = load_wait (self->epoll, events, 256);

      if (n <= 0)
        load_die ("only %u of %u heard of %s", n_heard, self->n_members, needle);
      for (int i = 0; i < n; i++)
        n_heard += take_events (self, events[i].data.ptr, needle);
    }
  for (unsigned i = 0; i < self->n_members; i++)
    if (self->n_heard[i] != 1)
      load_die ("member %u heard %u times of %s", i, self->n_heard[i], needle);
}

typedef struct
{
  unsigned n_members;
  unsigned n_joins;
} Setting;

/* The same from a server that sends to all of its connections what the first of them says: what
 * the system calls cost. */
static LoadFigure
measure_bare (const Setting *setting)
{
  unsigned char frame[EVENT_SIZE];
  LoadServer server;
  LoadClient first = { 0 };
  LoadFigure figure = { 0 };
  Fanout fanout = { .check = &figure.check };
  uint64_t cpu = 0;

  memset (frame, 'v', sizeof frame);
  memcpy (frame, (unsigned char[]){ 0x81, 126, 0, EVENT_SIZE - 4 }, 4);
  memcpy (frame + 4, PEER_JOINED, strlen (PEER_JOINED));
  load_server_start_floor (&server, LOAD_FLOOR_ALL);
  load_client_connect (&first, setting->n_members, server.port);
  set_up (&fanout, setting->n_members, server.port, 0);
  for (unsigned i = 0; i < setting->n_joins; i++)
    {
      fanout.start_ns = load_now_ns ();
      load_client_send_raw (&first, frame, sizeof frame);
      await_all (&fanout, PEER_JOINED);
      if (i == setting->n_joins / 10)
        cpu = load_server_get_cpu (&server);
    }
  cpu = load_server_get_cpu (&server) - cpu;
  tear_down (&fanout);
  load_client_close (&first);
  load_server_stop (&server);
  figure.cpu_us = cpu / 1e3 / setting->n_members / (setting->n_joins - setting->n_joins / 10 - 1);
  return figure;
}

static LoadFigure
measure (const char *program, const void *data)
{
  static const char join[] = "{\"type\":\"join\",\"room\":\"fanout\"}";
  static const char leave[] = "{\"type\":\"leave\",\"room\":\"fanout\"}";
  const Setting *setting = data;
  double n_events = (double)setting->n_members * setting->n_joins;
  unsigned n_warm = setting->n_joins / 10 + 1;
  LoadServer server;
  LoadClient joiner = { 0 };
  LoadFigure figure = { 0 };
  Fanout fanout = { 0 };
  uint64_t cpu = 0;
  double took = 0;

  load_server_start (&server, program, LOAD_LIMITS_OFF);
  set_up (&fanout, setting->n_members, server.port, 1);
  load_client_connect (&joiner, setting->n_members, server.port);
  load_client_open (&joiner, NULL);
  for (unsigned i = 0; i < setting->n_joins + n_warm; i++)
    {
      uint64_t before = load_server_get_cpu (&server);
      double start = load_seconds ();

      fanout.check = i >= n_warm ? &figure.check : NULL;
      fanout.start_ns = load_now_ns ();
      load_client_send_text (&joiner, join, sizeof join - 1);
      await_all (&fanout, PEER_JOINED);
      load_client_await (&joiner, "\"join-result\"");
      if (i >= n_warm)
        {
          cpu += load_server_get_cpu (&server) - before;
          took += load_seconds () - start;
        }
      fanout.check = NULL;
      load_client_send_text (&joiner, leave, sizeof leave - 1);
      load_client_await (&joiner, "\"leave-result\"");
      await_all (&fanout, "\"peer-left\"");
    }
  figure.rss_kib = load_server_get_rss (&server) / 1024.0;
  tear_down (&fanout);
  load_client_close (&joiner);
  load_server_stop (&server);
  figure.cpu_us = cpu / 1e3 / n_events;
  figure.rate = n_events / took;
  return figure;
}

void
load_run_fanout (const char *program, unsigned n_members, unsigned n_joins)
{
  Setting setting = { n_members, n_joins };
  LoadFigure bare[ROUNDS];
  double bare_us;
  char sentence[160];

  for (unsigned i = 0; i < ROUNDS; i++)
    bare[i] = measure_bare (&setting);
  bare_us = load_median (bare, ROUNDS).cpu_us;
  snprintf (sentence, sizeof sentence,
            "a peer-joined delivered in a room of %u (%.1f µs if nothing but sent)", n_members,
            bare_us);
  load_compare ("fanout", program, measure, &setting, sentence,
                "\"members\":%u,\"joins\":%u,\"bareCpuUs\":%.2f", n_members, n_joins, bare_us);
}
