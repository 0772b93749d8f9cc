/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <stdio.h>
#include <stdlib.h>

#include "load-client.h"

#define IDLE_ROOM 40

static void
open_client (LoadClient *client, unsigned id, unsigned port, int is_v1)
{
  char room[32];

  snprintf (room, sizeof room, "idle-%u", id / IDLE_ROOM);
  if (is_v1)
    load_client_make_v1 (client);
  load_client_connect (client, id, port);
  load_client_open (client, room);
}

void
load_run_idle (const char *program, unsigned n_clients, int is_v1)
{
  LoadServer server;
  LoadClient *clients = load_alloc (n_clients * sizeof *clients);
  uint64_t before = 0;
  unsigned n_warm
      = n_clients / 10 / IDLE_ROOM * IDLE_ROOM; /* what is allocated once is not counted */
  double each;

  load_server_start (&server, program, LOAD_LIMITS_ON);
  for (unsigned i = 0; i < n_clients; i++)
    {
      if (i == n_warm)
        before = load_server_get_rss (&server);
      open_client (&clients[i], i, server.port, is_v1);
      /* As clients do: they take what they are told, and acknowledge it. */
      for (unsigned j = i / IDLE_ROOM * IDLE_ROOM; (i + 1) % IDLE_ROOM == 0 && j <= i; j++)
        load_client_drain (&clients[j]);
    }
  each = (double)(load_server_get_rss (&server) - before) / (n_clients - n_warm);
  for (unsigned i = 0; i < n_clients; i++)
    {
      load_client_close (&clients[i]);
      free (clients[i].session);
    }
  free (clients);
  load_server_stop (&server);
  printf ("{\"mode\":\"idle%s\",\"connections\":%u,\"rssBytes\":%.0f}\n", is_v1 ? "-v1" : "",
          n_clients, each);
  printf ("idle: %.0f bytes of resident memory a joined %s connection, over %u\n", each,
          is_v1 ? "v1" : "plain", n_clients);
}
