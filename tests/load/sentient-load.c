/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Measures what a coordinator costs, beside a bare epoll relay (the floor) in the same run.
 *
 *   sentient-load relay PROGRAM [CONNECTIONS [MESSAGES [IDLE]]]
 *   sentient-load relay-v1 PROGRAM [CONNECTIONS [MESSAGES [IDLE]]]
 *   sentient-load beside PROGRAM [MESSAGES [IDLE]]
 *   sentient-load idle PROGRAM [CONNECTIONS]
 *   sentient-load idle-v1 PROGRAM [CONNECTIONS]
 *   sentient-load churn PROGRAM [CONNECTIONS [CYCLES]]
 *   sentient-load fanout PROGRAM [MEMBERS [JOINS]]
 *   sentient-load http PROGRAM [CONNECTIONS [SIGNALS [HELD]]]
 *   sentient-load storm PROGRAM [CONNECTIONS [SIGNALS]]
 *   sentient-load hostile PROGRAM [GOOD [SECONDS]]
 *   sentient-load soak PROGRAM [SECONDS]
 *
 * It ends with one line of JSON and one for people, and fails if a signal was lost, came twice or
 * out of order. */

#include <stdlib.h>
#include <string.h>

#include "load-client.h"
#include "load-modes.h"

static unsigned
number (int argc, char **argv, int index, unsigned otherwise)
{
  return argc > index ? (unsigned)strtoul (argv[index], NULL, 10) : otherwise;
}

static unsigned
soak_seconds (void)
{
  const char *text = getenv ("SENTIENT_SOAK_SECONDS");

  return text != NULL ? (unsigned)strtoul (text, NULL, 10) : 30;
}

static void
run_relay (int argc, char **argv, int is_v1)
{
  const LoadRelaySetting setting = {
    .n_clients = number (argc, argv, 3, 200) & ~1u,
    .n_messages = number (argc, argv, 4, 200000),
    .n_idle = number (argc, argv, 5, 0) & ~1u,
    .is_v1 = is_v1,
  };

  load_run_relay (argv[2], &setting);
}

int
main (int argc, char **argv)
{
  const char *mode = argc >= 3 ? argv[1] : "";

  if (strcmp (mode, "relay") == 0)
    run_relay (argc, argv, 0);
  else if (strcmp (mode, "relay-v1") == 0)
    run_relay (argc, argv, 1);
  else if (strcmp (mode, "beside") == 0)
    load_run_beside (argv[2], number (argc, argv, 3, 200000), number (argc, argv, 4, 15000));
  else if (strcmp (mode, "idle") == 0)
    load_run_idle (argv[2], number (argc, argv, 3, 5000), 0);
  else if (strcmp (mode, "idle-v1") == 0)
    load_run_idle (argv[2], number (argc, argv, 3, 5000), 1);
  else if (strcmp (mode, "churn") == 0)
    load_run_churn (argv[2], number (argc, argv, 3, 20), number (argc, argv, 4, 5000));
  else if (strcmp (mode, "fanout") == 0)
    load_run_fanout (argv[2], number (argc, argv, 3, 500), number (argc, argv, 4, 200));
  else if (strcmp (mode, "http") == 0)
    load_run_http (argv[2], number (argc, argv, 3, 20), number (argc, argv, 4, 50000),
                   number (argc, argv, 5, 0));
  else if (strcmp (mode, "storm") == 0)
    load_run_storm (argv[2], number (argc, argv, 3, 10000), number (argc, argv, 4, 3));
  else if (strcmp (mode, "hostile") == 0)
    load_run_hostile (argv[2], number (argc, argv, 3, 200), number (argc, argv, 4, 10));
  else if (strcmp (mode, "soak") == 0)
    load_run_soak (argv[2], number (argc, argv, 3, soak_seconds ()));
  else
    load_die ("usage: sentient-load relay|relay-v1|beside|idle|idle-v1|churn|fanout|http|storm|"
              "hostile|soak PROGRAM [NUMBER…]; the numbers of each stand at the head of "
              "sentient-load.c");
  return 0;
}
