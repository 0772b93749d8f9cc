/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <stdio.h>
#include <stdlib.h>

#include "load-client.h"

void
load_run_idle (const char *program, unsigned n_clients)
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
