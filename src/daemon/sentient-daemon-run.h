/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SENTIENT_DAEMON_EXIT_OK 0
#define SENTIENT_DAEMON_EXIT_FAILED 1 /* it could not be done */
#define SENTIENT_DAEMON_EXIT_USAGE 2  /* the command line is wrong */

/* The whole program; returns its exit status. */
int sentient_daemon_run (int argc, char **argv);

G_END_DECLS
