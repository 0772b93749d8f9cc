/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load-client.h"

/* Thousands of v1 clients sit in rooms of four. One half is cut off, the other half sends to it and
 * is cut off as well, before it can know what arrived. Then all come back at once, repeat what was
 * not acknowledged, and send on. Each signal must arrive once, in order, and all sessions must
 * still be there. */

/* Each member is told twice of each other one, "offline" and "online": in rooms of ten that alone
 * would use up what may wait in all, and signals would be refused. */
#define ROOM_SIZE 4
#define SIGNAL_SIZE 300
/* The ref of a client's signal n; 1 was its join. */
#define REF_OF(number) ((number) + 1)

typedef enum
{
  AWAY,
  CONNECTING,
  UPGRADING,
  RESUMING,
  BACK,
} State;

typedef struct
{
  LoadClient client;
  LoadSignal signal;
  LoadStream stream; /* what came from its partner */
  State state;
} Stormer;

typedef struct
{
  Stormer *stormers;
  unsigned n;
  unsigned n_back;
  unsigned n_signals; /* that each sends at a time */
  unsigned port;
  int epoll;
  double start;
  double all_back; /* seconds after start; 0: not yet */
  LoadCheck check; /* its times: from start to the resumed session */
} Storm;

static void
open_all (Storm *self)
{
  for (unsigned i = 0; i < self->n; i++)
    {
      Stormer *stormer = &self->stormers[i];
      char room[32], to[32];

      snprintf (room, sizeof room, "storm-%u", i / ROOM_SIZE);
      snprintf (to, sizeof to, "n%u", i ^ 1);
      load_client_make_v1 (&stormer->client);
      load_client_connect (&stormer->client, i, self->port);
      load_client_open (&stormer->client, room);
      load_signal_make (&stormer->signal, to, room, SIGNAL_SIZE, 1);
    }
  for (unsigned i = 0; i < self->n; i++)
    load_client_drain (&self->stormers[i].client);
}

static void
send_some (Storm *self, Stormer *stormer)
{
  LoadClient *client = &stormer->client;

  for (unsigned i = 0; i < self->n_signals; i++)
    {
      client->session->ref = REF_OF (stormer->signal.number + 1);
      load_signal_stamp (&stormer->signal, client->session->ref);
      load_client_send_raw (client, stormer->signal.frame, stormer->signal.len);
    }
}

/* What the server has not seen of it, in order. */
static void
repeat (Stormer *stormer)
{
  LoadSession *session = stormer->client.session;

  for (uint64_t n = session->ref_handled; n < stormer->signal.number + 1; n++)
    {
      if (n == 0)
        load_die ("client %u: its join was acknowledged and is forgotten", stormer->client.id);
      load_signal_set (&stormer->signal, n, REF_OF (n));
      load_client_send_raw (&stormer->client, stormer->signal.frame, stormer->signal.len);
    }
}

static void
cut (Storm *self)
{
  for (unsigned i = 1; i < self->n; i += 2)
    load_client_reset (&self->stormers[i].client);
  for (unsigned i = 0; i < self->n; i += 2)
    send_some (self, &self->stormers[i]);
  for (unsigned i = 0; i < self->n; i += 2)
    load_client_reset (&self->stormers[i].client);
}

static void
come_back (Storm *self)
{
  for (unsigned i = 0; i < self->n; i++)
    {
      Stormer *stormer = &self->stormers[i];
      struct epoll_event event = { .events = EPOLLOUT, .data.ptr = stormer };

      load_client_connect_later (&stormer->client, i, self->port);
      stormer->state = CONNECTING;
      epoll_ctl (self->epoll, EPOLL_CTL_ADD, stormer->client.fd, &event);
    }
}

static void
on_connected (Storm *self, Stormer *stormer)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = stormer };

  load_client_finish_connect (&stormer->client);
  load_client_send_handshake (&stormer->client);
  stormer->state = UPGRADING;
  epoll_ctl (self->epoll, EPOLL_CTL_MOD, stormer->client.fd, &event);
}

static void
on_resumed (Storm *self, Stormer *stormer, const unsigned char *text, size_t len)
{
  load_client_take_connected (&stormer->client, text, len);
  if (!stormer->client.session->resumed)
    load_die ("client %u came back after %.1f s, and its session is gone: %.*s", stormer->client.id,
              load_seconds () - self->start, (int)len, text);
  load_check_time (&self->check, (uint64_t)((load_seconds () - self->start) * 1e9));
  stormer->state = BACK;
  if (++self->n_back == self->n)
    self->all_back = load_seconds () - self->start;
  repeat (stormer);
  send_some (self, stormer);
}

static void
on_text (Storm *self, Stormer *stormer, const unsigned char *text, size_t len)
{
  uint64_t number, ns;

  if (stormer->state == RESUMING)
    on_resumed (self, stormer, text, len);
  else if (load_client_note (&stormer->client, text, len)
           && load_stamp_find (text, len, &number, &ns))
    load_check_number (&self->check, &stormer->stream, number);
}

static void
on_input (Storm *self, Stormer *stormer)
{
  LoadClient *client = &stormer->client;
  unsigned char *payload;
  size_t payload_len;
  size_t n;

  if (!load_client_fill (client))
    load_die ("client %u was cut off in state %d", client->id, stormer->state);
  if (stormer->state == UPGRADING)
    {
      if (!load_client_take_handshake (client))
        return;
      load_client_send_resume (client);
      stormer->state = RESUMING;
    }
  while (client->len > 0 && (n = load_client_next (client, 0, NULL, &payload, &payload_len)) > 0)
    {
      on_text (self, stormer, payload, payload_len);
      load_client_drop (client, n);
    }
}

/* How many signals will have been sent when all are back. */
static uint64_t
n_expected (const Storm *self)
{
  return (uint64_t)self->n * self->n_signals + (uint64_t)self->n / 2 * self->n_signals;
}

static void
blow (Storm *self)
{
  struct epoll_event events[256];

  while (self->n_back < self->n || self->check.n < n_expected (self))
    {
      int n = epoll_wait (self->epoll, events, 256, LOAD_TIMEOUT_MS);

      if (n <= 0)
        load_die ("%u of %u clients are back, and %llu of %llu signals are there", self->n_back,
                  self->n, (unsigned long long)self->check.n,
                  (unsigned long long)n_expected (self));
      for (int i = 0; i < n; i++)
        {
          Stormer *stormer = events[i].data.ptr;

          if (stormer->state == CONNECTING)
            on_connected (self, stormer);
          else
            on_input (self, stormer);
        }
    }
}

/* Whatever else would come, comes before the answer to a ping. */
static void
end_check (Storm *self)
{
  for (unsigned i = 0; i < self->n; i++)
    {
      Stormer *stormer = &self->stormers[i];
      LoadSession *session = stormer->client.session;
      uint64_t seq;

      do
        {
          seq = session->seq;
          load_client_drain (&stormer->client);
        }
      while (session->seq != seq);
      load_check_end (&self->check, &stormer->stream, self->stormers[i ^ 1].signal.number);
      if (session->n_wrong > 0)
        load_die ("%u messages came to client %u under a wrong number", session->n_wrong, i);
      if (stormer->signal.number != 0 && session->ref_handled > session->ref)
        load_die ("client %u: the server handled what was never sent", i);
    }
}

static void
report (Storm *self, double cpu_us, double floor_us, double rss)
{
  printf (
      "{\"mode\":\"storm\",\"connections\":%u,\"signals\":%llu,\"allBackMs\":%.0f,\"cpuUs\":%.1f,"
      "\"floorCpuUs\":%.2f,\"ratio\":%.1f,\"perSecond\":%.0f,\"p50Us\":%.0f,\"p99Us\":%.0f,"
      "\"rssBytes\":%.0f,\"lost\":%llu,\"twice\":%llu,\"outOfOrder\":%llu}\n",
      self->n, (unsigned long long)self->check.n, self->all_back * 1e3, cpu_us, floor_us,
      cpu_us / floor_us, self->n / self->all_back, load_check_percentile (&self->check, 0.5),
      load_check_percentile (&self->check, 0.99), rss, (unsigned long long)self->check.lost,
      (unsigned long long)self->check.twice, (unsigned long long)self->check.out_of_order);
  printf ("storm: %u sessions were back %.1f s after all were cut off, %.0f µs of CPU each; "
          "%llu signals, %llu lost, %llu twice, %llu out of order\n",
          self->n, self->all_back, cpu_us, (unsigned long long)self->check.n,
          (unsigned long long)self->check.lost, (unsigned long long)self->check.twice,
          (unsigned long long)self->check.out_of_order);
  load_check_assert (&self->check, "storm");
}

void
load_run_storm (const char *program, unsigned n_clients, unsigned n_signals)
{
  Storm *self = load_alloc (sizeof *self);
  double floor_us = load_measure_floor ().cpu_us;
  LoadServer server;
  double cpu, rss;

  self->n = n_clients & ~1u;
  self->n_signals = n_signals;
  self->stormers = load_alloc (self->n * sizeof *self->stormers);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  load_server_start (&server, program, LOAD_LIMITS_ON);
  self->port = server.port;
  rss = load_server_get_rss (&server);
  open_all (self);
  rss = (load_server_get_rss (&server) - rss) / self->n;

  cpu = load_server_get_cpu (&server);
  self->start = load_seconds ();
  cut (self);
  come_back (self);
  blow (self);
  cpu = (load_server_get_cpu (&server) - cpu) / 1e3 / self->n;
  end_check (self);
  report (self, cpu, floor_us, rss);

  for (unsigned i = 0; i < self->n; i++)
    {
      load_client_close (&self->stormers[i].client);
      load_signal_clear (&self->stormers[i].signal);
      free (self->stormers[i].client.session);
    }
  close (self->epoll);
  free (self->stormers);
  free (self);
  load_server_stop (&server);
}
