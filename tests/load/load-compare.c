/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-modes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "load-client.h"

#define ROUNDS 3

double
load_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

int
load_wait (int epoll, struct epoll_event *events, int n_events)
{
  double start = load_seconds ();

  do
    {
      int n = epoll_wait (epoll, events, n_events, 0);

      if (n > 0)
        return n;
    }
  while (load_seconds () - start < LOAD_TIMEOUT_MS / 1e3);
  return 0;
}

static int
compare (const void *a, const void *b)
{
  const LoadFigure *x = a;
  const LoadFigure *y = b;

  return x->cpu_us < y->cpu_us ? -1 : x->cpu_us > y->cpu_us;
}

void
load_compare (const char *mode,
              const char *program,
              LoadMeasure measure,
              const void *data,
              const char *sentence,
              const char *format,
              ...)
{
  LoadFigure ours[ROUNDS];
  LoadFigure floors[ROUNDS];
  LoadFigure our;
  double bare;
  va_list args;

  for (unsigned i = 0; i < ROUNDS; i++)
    {
      floors[i] = load_measure_floor ();
      ours[i] = measure (program, data);
    }
  qsort (ours, ROUNDS, sizeof ours[0], compare);
  qsort (floors, ROUNDS, sizeof floors[0], compare);
  our = ours[ROUNDS / 2];
  bare = floors[ROUNDS / 2].cpu_us;

  printf ("{\"mode\":\"%s\",", mode);
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  printf (",\"cpuUs\":%.2f,\"floorCpuUs\":%.2f,\"ratio\":%.2f,\"perSecond\":%.0f}\n", our.cpu_us,
          bare, our.cpu_us / bare, our.rate);
  printf (
      "%s: %.1f µs of CPU for %s, %.2f times the bare relay of a signal (%.1f µs); %.0f a second\n",
      mode, our.cpu_us, sentence, our.cpu_us / bare, bare, our.rate);
}
