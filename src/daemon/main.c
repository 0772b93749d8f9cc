/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-run.h"

int
main (int argc, char **argv)
{
  return sentient_daemon_run (argc, argv);
}
