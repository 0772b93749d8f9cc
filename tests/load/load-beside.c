/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "load-client.h"
#include "load-modes.h"

/* What a crowd of idle connections does to the others: the relay beside few and beside many, in
 * turns, and the same with the server that only copies bytes: what that one loses, the kernel
 * loses. */

#define ROUNDS 3
#define FEW 100
#define CLIENTS 200

void
load_run_beside (const char *program, unsigned n_messages, unsigned n_idle)
{
  const LoadRelaySetting few = { .n_clients = CLIENTS, .n_messages = n_messages, .n_idle = FEW };
  const LoadRelaySetting many
      = { .n_clients = CLIENTS, .n_messages = n_messages, .n_idle = n_idle & ~1u };
  LoadFigure figures[4][ROUNDS];
  LoadFigure middle[4];
  double ratio, bare;

  for (unsigned i = 0; i < ROUNDS; i++)
    {
      figures[0][i] = load_measure_relay (program, &few);
      figures[1][i] = load_measure_relay (program, &many);
      figures[2][i] = load_measure_relay (NULL, &few);
      figures[3][i] = load_measure_relay (NULL, &many);
    }
  for (unsigned i = 0; i < 4; i++)
    middle[i] = load_median (figures[i], ROUNDS);
  ratio = middle[1].cpu_us / middle[0].cpu_us;
  bare = middle[3].cpu_us / middle[2].cpu_us;

  printf ("{\"mode\":\"beside\",\"connections\":%d,\"idle\":%u,\"fewIdle\":%d,\"messages\":%u,"
          "\"cpuUs\":%.2f,\"fewCpuUs\":%.2f,\"ratio\":%.2f,\"floorRatio\":%.2f,\"perSecond\":%.0f,"
          "\"p50Us\":%.0f,\"p99Us\":%.0f,\"fewP99Us\":%.0f}\n",
          CLIENTS, many.n_idle, FEW, n_messages, middle[1].cpu_us, middle[0].cpu_us, ratio, bare,
          middle[1].rate, load_check_percentile (&middle[1].check, 0.5),
          load_check_percentile (&middle[1].check, 0.99),
          load_check_percentile (&middle[0].check, 0.99));
  printf ("beside: %.1f µs of CPU for a signal beside %u idle connections, %.2f times that beside "
          "%d (%.1f µs); the bare relay takes %.2f times as much there (%.1f and %.1f µs)\n",
          middle[1].cpu_us, many.n_idle, ratio, FEW, middle[0].cpu_us, bare, middle[3].cpu_us,
          middle[2].cpu_us);
  for (unsigned i = 0; i < 4; i++)
    load_check_assert (&middle[i].check, "beside");
}
