/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-leave.h"
#include "daemon/sentient-daemon-run.h"

int
main (int argc, char **argv)
{
  sentient_leave (sentient_daemon_run (argc, argv));
}
