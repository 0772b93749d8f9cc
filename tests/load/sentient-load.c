/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Measures what a coordinator costs, beside a bare epoll relay (the floor) in the same run.
 *
 *   sentient-load relay PROGRAM [CONNECTIONS [MESSAGES [IDLE]]]
 *   sentient-load idle PROGRAM [CONNECTIONS]
 *   sentient-load churn PROGRAM [CONNECTIONS [CYCLES]]
 *   sentient-load fanout PROGRAM [MEMBERS [JOINS]]
 *   sentient-load http PROGRAM [CONNECTIONS [SIGNALS [HELD]]]
 *
 * It ends with one line of JSON and one for people. */

#include <stdlib.h>
#include <string.h>

#include "load-client.h"
#include "load-modes.h"

static unsigned
number (int argc, char **argv, int index, unsigned otherwise)
{
  return argc > index ? (unsigned)strtoul (argv[index], NULL, 10) : otherwise;
}

int
main (int argc, char **argv)
{
  const char *mode = argc >= 3 ? argv[1] : "";

  if (strcmp (mode, "relay") == 0)
    load_run_relay (argv[2], number (argc, argv, 3, 200), number (argc, argv, 4, 200000),
                    number (argc, argv, 5, 0));
  else if (strcmp (mode, "idle") == 0)
    load_run_idle (argv[2], number (argc, argv, 3, 5000));
  else if (strcmp (mode, "churn") == 0)
    load_run_churn (argv[2], number (argc, argv, 3, 20), number (argc, argv, 4, 5000));
  else if (strcmp (mode, "fanout") == 0)
    load_run_fanout (argv[2], number (argc, argv, 3, 500), number (argc, argv, 4, 200));
  else if (strcmp (mode, "http") == 0)
    load_run_http (argv[2], number (argc, argv, 3, 20), number (argc, argv, 4, 50000),
                   number (argc, argv, 5, 0));
  else
    load_die ("usage: sentient-load relay|idle|churn|fanout|http PROGRAM [NUMBER…]; the numbers of "
              "each stand at the head of sentient-load.c");
  return 0;
}
