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

LoadFigure
load_median (LoadFigure *figures, unsigned n)
{
  LoadFigure middle;

  qsort (figures, n, sizeof figures[0], compare);
  middle = figures[n / 2];
  for (unsigned i = 0; i < n; i++)
    if (i != n / 2)
      load_check_add (&middle.check, &figures[i].check);
  return middle;
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
  LoadFigure our, bare;
  double p50, p99;
  va_list args;

  for (unsigned i = 0; i < ROUNDS; i++)
    {
      floors[i] = load_measure_floor ();
      ours[i] = measure (program, data);
    }
  our = load_median (ours, ROUNDS);
  bare = load_median (floors, ROUNDS);
  p50 = load_check_percentile (&our.check, 0.5);
  p99 = load_check_percentile (&our.check, 0.99);

  printf ("{\"mode\":\"%s\",", mode);
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  printf (",\"cpuUs\":%.2f,\"floorCpuUs\":%.2f,\"ratio\":%.2f,\"perSecond\":%.0f,\"p50Us\":%.0f,"
          "\"p99Us\":%.0f,\"floorP99Us\":%.0f,\"rssKiB\":%.0f,\"lost\":%llu,\"twice\":%llu,"
          "\"outOfOrder\":%llu}\n",
          our.cpu_us, bare.cpu_us, our.cpu_us / bare.cpu_us, our.rate, p50, p99,
          load_check_percentile (&bare.check, 0.99), our.rss_kib,
          (unsigned long long)our.check.lost, (unsigned long long)our.check.twice,
          (unsigned long long)our.check.out_of_order);
  printf ("%s: %.1f µs of CPU for %s, %.2f times the bare relay of a signal (%.1f µs); %.0f a "
          "second, p50 %.0f µs, p99 %.0f µs\n",
          mode, our.cpu_us, sentence, our.cpu_us / bare.cpu_us, bare.cpu_us, our.rate, p50, p99);
  load_check_assert (&our.check, mode);
  load_check_assert (&bare.check, "the floor");
}
