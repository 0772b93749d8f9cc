/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load-client.h"
#include "load-hostile-crowd.h"

/* Pairs of good clients send each other a signal every 50 ms, first alone and then beside hostile
 * clients. The limits are on. */

#define EVERY_MS 50
#define SIGNAL_SIZE 1500

typedef struct
{
  LoadClient *clients;
  LoadSignal *signals;
  LoadStream *streams;
  unsigned n;
  uint64_t n_sent;
  uint64_t n_taken;
  int epoll;
} Good;

static void
set_up (Good *self, unsigned n, unsigned port)
{
  self->n = n;
  self->clients = load_alloc (n * sizeof *self->clients);
  self->signals = load_alloc (n * sizeof *self->signals);
  self->streams = load_alloc (n * sizeof *self->streams);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  for (unsigned i = 0; i < n; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
      char room[32], to[32];

      snprintf (room, sizeof room, "good-%u", i / 2);
      snprintf (to, sizeof to, "n%u", i ^ 1);
      load_client_connect (&self->clients[i], i, port);
      load_client_open (&self->clients[i], room);
      load_signal_make (&self->signals[i], to, room, SIGNAL_SIZE, 0);
      epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->clients[i].fd, &event);
    }
}

static void
tear_down (Good *self)
{
  for (unsigned i = 0; i < self->n; i++)
    {
      load_client_close (&self->clients[i]);
      load_signal_clear (&self->signals[i]);
    }
  free (self->clients);
  free (self->signals);
  free (self->streams);
  close (self->epoll);
}

static void
send_pong (LoadClient *client)
{
  static const unsigned char pong[] = { 0x8a, 0x80, 0, 0, 0, 0 };

  load_client_send_raw (client, pong, sizeof pong);
}

static void
take (Good *self, unsigned index, LoadCheck *check)
{
  LoadClient *client = &self->clients[index];
  unsigned char *payload;
  size_t payload_len, n;
  unsigned opcode;

  if (!load_client_fill (client))
    load_die ("good client %u was cut off", index);
  while (client->len > 0 && (n = load_client_next (client, 0, &opcode, &payload, &payload_len)) > 0)
    {
      uint64_t number, ns;

      if (opcode == 9)
        send_pong (client);
      else if (load_stamp_find (payload, payload_len, &number, &ns))
        {
          load_check_number (check, &self->streams[index], number);
          load_check_time (check, load_now_ns () - ns);
          self->n_taken++;
        }
      load_client_drop (client, n);
    }
}

static void
take_all (Good *self, LoadCheck *check, int timeout_ms)
{
  struct epoll_event events[256];
  int n = epoll_wait (self->epoll, events, 256, timeout_ms);

  for (int i = 0; i < n; i++)
    take (self, events[i].data.u32, check);
}

/* Evenly spread over the time, whatever the server does. */
static LoadCheck
talk (Good *self, unsigned seconds)
{
  double interval = EVERY_MS / 1e3 / self->n;
  double start = load_seconds ();
  double last = start;
  LoadCheck check = { 0 };
  uint64_t n_due = 0;

  while (load_seconds () - start < seconds)
    {
      for (; n_due * interval < load_seconds () - start; n_due++, self->n_sent++)
        {
          unsigned index = n_due % self->n;

          load_signal_stamp (&self->signals[index], 0);
          load_client_send_raw (&self->clients[index], self->signals[index].frame,
                                self->signals[index].len);
        }
      take_all (self, &check, 1);
    }
  last = load_seconds ();
  while (self->n_taken < self->n_sent && load_seconds () - last < LOAD_TIMEOUT_MS / 1e3)
    take_all (self, &check, 100);
  for (unsigned i = 0; i < self->n; i++)
    load_check_end (&check, &self->streams[i], self->signals[i ^ 1].number);
  return check;
}

void
load_run_hostile (const char *program, unsigned n_good, unsigned seconds)
{
  Good self = { 0 };
  LoadHostile hostile;
  LoadServer server;
  LoadCheck quiet, beside;
  double quiet_p99, p99;
  uint64_t cpu;
  unsigned n;

  load_server_start (&server, program, LOAD_LIMITS_ON);
  set_up (&self, n_good & ~1u, server.port);
  talk (&self, 1); /* warm-up */
  quiet = talk (&self, seconds);
  n = load_hostile_start (&hostile, server.port, seconds + 60);
  talk (&self, 1); /* until they are there */
  cpu = load_server_get_cpu (&server);
  beside = talk (&self, seconds);
  cpu = load_server_get_cpu (&server) - cpu;
  load_hostile_stop (&hostile);

  quiet_p99 = load_check_percentile (&quiet, 0.99);
  p99 = load_check_percentile (&beside, 0.99);
  printf ("{\"mode\":\"hostile\",\"connections\":%u,\"hostile\":%u,\"quietP50Us\":%.0f,"
          "\"quietP99Us\":%.0f,\"p50Us\":%.0f,\"p99Us\":%.0f,\"ratio\":%.2f,\"perSecond\":%.0f,"
          "\"serverCpu\":%.2f,\"rssKiB\":%.0f,\"lost\":%llu,\"twice\":%llu,\"outOfOrder\":%llu}\n",
          self.n, n, load_check_percentile (&quiet, 0.5), quiet_p99,
          load_check_percentile (&beside, 0.5), p99, p99 / quiet_p99, (double)beside.n / seconds,
          cpu / 1e9 / seconds, load_server_get_rss (&server) / 1024.0,
          (unsigned long long)beside.lost, (unsigned long long)beside.twice,
          (unsigned long long)beside.out_of_order);
  printf ("hostile: p99 of %u good clients %.0f µs beside %u hostile ones, %.1f times that of a "
          "quiet time (%.0f µs); %llu signals lost\n",
          self.n, p99, n, p99 / quiet_p99, quiet_p99, (unsigned long long)beside.lost);
  load_check_assert (&quiet, "hostile, the quiet time");
  load_check_assert (&beside, "hostile");
  tear_down (&self);
  load_server_stop (&server);
}
