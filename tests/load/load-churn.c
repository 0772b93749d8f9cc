/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load-client.h"

/* Each client connects, joins a room of its own, leaves it, closes, and begins again. */

typedef enum
{
  OPENING,
  GREETED, /* the handshake is through, "connected" is awaited */
  JOINING,
  LEAVING,
  CLOSING, /* the close frame is out, the end of the connection is awaited */
} State;

typedef struct
{
  LoadClient client;
  State state;
  uint64_t start_ns;
} Cycler;

typedef struct
{
  Cycler *cyclers;
  unsigned port;
  unsigned n_left;  /* cycles that are not begun */
  unsigned next_id; /* each cycle is another node, and no address has many */
  LoadCheck *check;
  unsigned n_open;
  int epoll;
} Churn;

static void
say (Cycler *self, const char *type)
{
  char text[128];
  int len = snprintf (text, sizeof text, "{\"type\":\"%s\",\"room\":\"churn-%u\"}", type,
                      self->client.id);

  load_client_send_text (&self->client, text, len);
}

static void
begin (Churn *churn, Cycler *self)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };

  if (churn->n_left == 0)
    return;
  churn->n_left--;
  churn->n_open++;
  self->state = OPENING;
  self->start_ns = load_now_ns ();
  load_client_connect (&self->client, churn->next_id++, churn->port);
  epoll_ctl (churn->epoll, EPOLL_CTL_ADD, self->client.fd, &event);
  load_client_send_handshake (&self->client);
}

static void
end (Churn *churn, Cycler *self)
{
  if (self->state != CLOSING)
    load_die ("client %u was cut off in state %d", self->client.id, self->state);
  load_check_time (churn->check, load_now_ns () - self->start_ns);
  load_client_close (&self->client);
  churn->n_open--;
  begin (churn, self);
}

static void
step (Cycler *self, const unsigned char *text, size_t len)
{
  static const unsigned char close_frame[] = { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 };
  static const char *const awaited[] = {
    [GREETED] = "\"connected\"",
    [JOINING] = "\"join-result\"",
    [LEAVING] = "\"leave-result\"",
  };

  if (self->state == CLOSING
      || memmem (text, len, awaited[self->state], strlen (awaited[self->state])) == NULL)
    return;
  if (memmem (text, len, "\"success\":false", 15) != NULL)
    load_die ("client %u was refused: %.*s", self->client.id, (int)len, text);
  if (self->state == GREETED)
    say (self, "join");
  else if (self->state == JOINING)
    say (self, "leave");
  else
    load_client_send_raw (&self->client, close_frame, sizeof close_frame);
  self->state++;
}

static void
on_input (Churn *churn, Cycler *self)
{
  LoadClient *client = &self->client;
  unsigned char *payload;
  size_t payload_len;
  size_t n;

  if (!load_client_fill (client))
    {
      end (churn, self);
      return;
    }
  if (self->state == OPENING)
    {
      if (!load_client_take_handshake (client))
        return;
      self->state = GREETED;
    }
  while (client->len > 0 && (n = load_client_next (client, 0, NULL, &payload, &payload_len)) > 0)
    {
      step (self, payload, payload_len);
      load_client_drop (client, n);
    }
}

static void
churn_run (Churn *self, unsigned n_clients, unsigned n_cycles)
{
  struct epoll_event events[64];

  self->n_left = n_cycles;
  for (unsigned i = 0; i < n_clients; i++)
    begin (self, &self->cyclers[i]);
  while (self->n_open > 0)
    {
      int n = load_wait (self->epoll, events, 64);

      if (n <= 0)
        load_die ("%u clients wait in vain, the first of them in state %d", self->n_open,
                  self->cyclers[0].state);
      for (int i = 0; i < n; i++)
        on_input (self, events[i].data.ptr);
    }
}

typedef struct
{
  unsigned n_clients;
  unsigned n_cycles;
} Setting;

static LoadFigure
measure (const char *program, const void *data)
{
  const Setting *setting = data;
  LoadServer server;
  static LoadCheck warm_up;
  Churn churn = { .epoll = epoll_create1 (0), .check = &warm_up };
  LoadFigure figure = { 0 };
  uint64_t cpu;
  double start;

  load_server_start (&server, program, LOAD_LIMITS_ON);
  churn.port = server.port;
  churn.cyclers = load_alloc (setting->n_clients * sizeof *churn.cyclers);
  churn_run (&churn, setting->n_clients, setting->n_cycles / 10); /* warm-up */
  churn.check = &figure.check;
  cpu = load_server_get_cpu (&server);
  start = load_seconds ();
  churn_run (&churn, setting->n_clients, setting->n_cycles);
  figure.cpu_us = (load_server_get_cpu (&server) - cpu) / 1e3 / setting->n_cycles;
  figure.rate = setting->n_cycles / (load_seconds () - start);
  figure.rss_kib = load_server_get_rss (&server) / 1024.0;
  free (churn.cyclers);
  close (churn.epoll);
  load_server_stop (&server);
  return figure;
}

void
load_run_churn (const char *program, unsigned n_clients, unsigned n_cycles)
{
  Setting setting = { n_clients, n_cycles };
  char sentence[128];

  snprintf (sentence, sizeof sentence, "connecting, joining, leaving and closing, %u at a time",
            n_clients);
  load_compare ("churn", program, measure, &setting, sentence, "\"connections\":%u,\"cycles\":%u",
                n_clients, n_cycles);
}
