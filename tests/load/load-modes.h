/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "load-check.h"

/* What sentient-load can measure, a file each. */

#define LOAD_SIGNAL_SIZE 1500

typedef struct
{
  double cpu_us; /* of the server, all threads, for one of what is counted */
  double rate;   /* of these a second */
  double rss_kib;
  LoadCheck check; /* how long each took, and what did not arrive as it should */
} LoadFigure;

/* program NULL is not asked for. */
typedef LoadFigure (*LoadMeasure) (const char *program, const void *data);

double load_seconds (void);
struct epoll_event;
/* epoll_wait () that does not sleep: to wake a sleeping driver on the same machine would cost the
 * server what real clients, on other machines, do not. 0: nothing came within LOAD_TIMEOUT_MS. */
int load_wait (int epoll, struct epoll_event *events, int n_events);
/* A signal between two sockets of a server that only copies bytes. */
LoadFigure load_measure_floor (void);
/* Floor and program in turns, the median of each; prints a line of JSON, which format adds to, and
 * one for people: sentence says what one of what is counted is. Fails if anything was lost, came
 * twice or out of order. */
void load_compare (const char *mode,
                   const char *program,
                   LoadMeasure measure,
                   const void *data,
                   const char *sentence,
                   const char *format,
                   ...) __attribute__ ((format (printf, 6, 7)));
/* The middle one of n by CPU; its check holds that of all. They are sorted. */
LoadFigure load_median (LoadFigure *figures, unsigned n);

typedef struct
{
  unsigned n_clients;
  unsigned n_messages;
  unsigned n_idle; /* connections beside them */
  int is_v1;
} LoadRelaySetting;

/* program NULL: the floor. */
LoadFigure load_measure_relay (const char *program, const LoadRelaySetting *setting);

void load_run_relay (const char *program, const LoadRelaySetting *setting);
void load_run_beside (const char *program, unsigned n_messages, unsigned n_idle);
void load_run_idle (const char *program, unsigned n_clients, int is_v1);
void load_run_churn (const char *program, unsigned n_clients, unsigned n_cycles);
void load_run_fanout (const char *program, unsigned n_members, unsigned n_joins);
void
load_run_http (const char *program, unsigned n_connections, unsigned n_signals, unsigned n_held);
void load_run_storm (const char *program, unsigned n_clients, unsigned n_signals);
void load_run_soak (const char *program, unsigned seconds);
void load_run_hostile (const char *program, unsigned n_good, unsigned seconds);
