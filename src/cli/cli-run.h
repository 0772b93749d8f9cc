/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The main loop of a command that stays, and its end: SIGINT or SIGTERM asks it to stop in good
 * order, a second one ends the program at once, and a stop that hangs ends after CLI_STOP_MS. */

#define CLI_STOP_MS 10000

typedef void (*CliStopFunc) (gpointer user_data);

typedef struct
{
  GMainLoop *loop;
  CliStopFunc stop;
  gpointer user_data;
  int status;
  gboolean stopping;
  guint signal_ids[2];
  guint deadline_id;
  guint patience_ms; /* beyond CLI_STOP_MS */
} CliRun;

void cli_run_init (CliRun *self, CliStopFunc stop, gpointer user_data);
void cli_run_clear (CliRun *self);
/* Calls stop (), once. status is what the program will end with. */
void cli_run_stop (CliRun *self, int status);
/* What stop () began is done. */
void cli_run_finished (CliRun *self);
/* Until cli_run_finished (); returns the exit status. */
int cli_run_loop (CliRun *self);

G_END_DECLS
