/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-run.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdlib.h>

#include "cli-options.h"
#include "cli-output.h"

static gboolean
on_signal (CliRun *self, int number)
{
  if (!self->stopping)
    {
      cli_say (CLI_NOTE, _ ("Stopping. (Once more ends at once.)"));
      cli_run_stop (self, CLI_EXIT_OK);
      return G_SOURCE_CONTINUE;
    }
  signal (number, SIG_DFL);
  raise (number);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer user_data)
{
  return on_signal (user_data, SIGINT);
}

static gboolean
on_terminate (gpointer user_data)
{
  return on_signal (user_data, SIGTERM);
}

static gboolean
on_deadline (gpointer user_data)
{
  CliRun *self = user_data;

  self->deadline_id = 0;
  cli_complain (_ ("stopping took over %u seconds: ended without waiting longer"),
                (CLI_STOP_MS + self->patience_ms) / 1000);
  self->status = CLI_EXIT_FAILED;
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

void
cli_run_init (CliRun *self, CliStopFunc stop, gpointer user_data)
{
  self->loop = g_main_loop_new (NULL, FALSE);
  self->stop = stop;
  self->user_data = user_data;
  self->signal_ids[0] = g_unix_signal_add (SIGINT, on_interrupt, self);
  self->signal_ids[1] = g_unix_signal_add (SIGTERM, on_terminate, self);
}

void
cli_run_clear (CliRun *self)
{
  g_clear_handle_id (&self->signal_ids[0], g_source_remove);
  g_clear_handle_id (&self->signal_ids[1], g_source_remove);
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

void
cli_run_stop (CliRun *self, int status)
{
  if (self->stopping)
    return;
  self->stopping = TRUE;
  self->status = status;
  self->deadline_id = g_timeout_add (CLI_STOP_MS + self->patience_ms, on_deadline, self);
  g_source_set_name_by_id (self->deadline_id, "sentient-stop-deadline");
  self->stop (self->user_data);
}

void
cli_run_finished (CliRun *self)
{
  g_main_loop_quit (self->loop);
}

int
cli_run_loop (CliRun *self)
{
  g_main_loop_run (self->loop);
  return self->status;
}
