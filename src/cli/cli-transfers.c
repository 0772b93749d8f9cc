/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the daemon sends and receives: transfers, accept, refuse, cancel. */

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output.h"
#include "cli-progress.h"
#include "cli-remote.h"
#include "cli-transfer.h"

static int
run_list (CliRemote *remote)
{
  GListModel *transfers = sentient_client_get_transfers (remote->client);
  g_autoptr (CliTable) table = cli_transfer_new_table ();
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_array (json);
  for (guint i = 0; i < g_list_model_get_n_items (transfers); i++)
    {
      g_autoptr (SentientDBusTransfer) transfer = g_list_model_get_item (transfers, i);
      g_auto (CliTransfer) now = { 0 };

      cli_transfer_init (&now, transfer);
      if (remote->names)
        cli_say (CLI_PLAIN, "%" G_GUINT64_FORMAT, now.number);
      cli_transfer_add_json (json, &now);
      cli_transfer_add_row (table, &now);
    }
  json_builder_end_array (json);
  return cli_remote_listed (remote, table, json,
                            _ ("No file is sent or received. To send one: sentient send-file NODE "
                               "FILE"));
}

const CliCommand cli_command_transfers = {
  .name = "transfers",
  .summary = N_ ("The files that are sent and received"),
  .takes = CLI_TAKES_NAMES,
  .run = run_list,
};

/* A number of a transfer */

static gboolean
parse_number (CliRemote *remote, guint64 *number)
{
  return g_ascii_string_to_unsigned (remote->words[0], 10, 1, G_MAXUINT, number, NULL);
}

static gboolean
check_number (CliRemote *remote, GError **error)
{
  g_autofree char *shown = NULL;
  guint64 number;

  if (parse_number (remote, &number))
    return TRUE;
  shown = cli_escape (remote->words[0], -1);
  cli_usage_error (error, _ ("\"%s\" is no number of a file; \"sentient transfers\" lists them"),
                   shown);
  return FALSE;
}

/* NULL, after that was told. */
static SentientDBusTransfer *
find (CliRemote *remote)
{
  SentientDBusTransfer *transfer;
  guint64 number = 0;

  parse_number (remote, &number);
  transfer = sentient_client_find_transfer (remote->client, number);
  if (transfer == NULL)
    cli_complain (_ ("there is no file number %s (any more); \"sentient transfers\" lists them"),
                  remote->words[0]);
  return transfer;
}

static int
run_refuse (CliRemote *remote)
{
  g_autofree char *reason = g_strjoinv (" ", remote->words + 1);
  SentientDBusTransfer *transfer = find (remote);
  g_autoptr (GError) error = NULL;

  if (transfer == NULL)
    return CLI_EXIT_FAILED;
  if (!sentient_dbus_transfer_call_refuse_sync (transfer, reason, NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("Refused."));
}

const CliCommand cli_command_refuse = {
  .name = "refuse",
  .arguments = N_ ("NUMBER [REASON]"),
  .summary = N_ ("Do not take a file that is offered"),
  .min_words = 1,
  .max_words = G_MAXUINT,
  .check = check_number,
  .run = run_refuse,
};

static int
run_cancel (CliRemote *remote)
{
  SentientDBusTransfer *transfer = find (remote);
  g_autoptr (GError) error = NULL;

  if (transfer == NULL)
    return CLI_EXIT_FAILED;
  if (sentient_client_transfer_is_over (transfer))
    {
      g_autofree char *name = cli_escape (sentient_dbus_transfer_get_name (transfer), -1);

      cli_complain (_ ("%s, file number %s, is over already: %s"), name, remote->words[0],
                    sentient_dbus_transfer_get_state (transfer));
      return CLI_EXIT_FAILED;
    }
  if (!sentient_dbus_transfer_call_cancel_sync (transfer, NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("Cancelled."));
}

const CliCommand cli_command_cancel = {
  .name = "cancel",
  .arguments = N_ ("NUMBER"),
  .summary = N_ ("End the sending or receiving of a file"),
  .min_words = 1,
  .max_words = 1,
  .check = check_number,
  .run = run_cancel,
};

/* Taking one */

typedef struct
{
  CliRun run;
  CliRemote *remote;
  SentientDBusTransfer *transfer;
  CliProgress *progress;
  gboolean has_failed;
  gboolean is_accepted; /* and what this process has to do for it is done */
} Accepting;

static void
check_done (Accepting *self)
{
  if (!self->is_accepted || (!self->remote->no_wait && !cli_progress_is_over (self->progress)))
    return;
  if (cli_progress_get_n_failed (self->progress) > 0)
    self->has_failed = TRUE;
  if (self->run.stopping)
    cli_run_finished (&self->run);
  else
    cli_run_stop (&self->run, self->has_failed ? CLI_EXIT_FAILED : CLI_EXIT_OK);
}

static void
on_over (gpointer user_data)
{
  check_done (user_data);
}

static void
on_accepted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Accepting *self = user_data;
  g_autofree char *file = NULL;
  g_autoptr (GError) error = NULL;

  self->is_accepted = TRUE;
  if (!sentient_client_accept_finish (SENTIENT_CLIENT (source), result, &file, &error))
    {
      g_autofree char *sentence = sentient_client_describe_error (error);
      const char *state = sentient_dbus_transfer_get_state (self->transfer);

      /* How the transfer ended is told by the progress. */
      self->has_failed = TRUE;
      if (g_str_equal (state, "offered") || g_str_equal (state, "done"))
        cli_complain ("%s", sentence);
      if (g_str_equal (state, "offered") && !self->run.stopping)
        cli_run_stop (&self->run, CLI_EXIT_FAILED);
    }
  else if (file != NULL && !self->remote->json)
    {
      g_autofree char *shown = cli_escape (file, -1);

      cli_say (CLI_GOOD, _ ("It is stored as %s"), shown);
    }
  else if (self->remote->no_wait)
    cli_remote_done (self->remote, _ ("Accepted; \"sentient transfers\" tells how it goes on."));
  check_done (self);
}

static void
stop (gpointer user_data)
{
  Accepting *self = user_data;

  if (self->remote->no_wait || sentient_client_transfer_is_over (self->transfer)
      || g_str_equal (sentient_dbus_transfer_get_state (self->transfer), "offered"))
    {
      cli_run_finished (&self->run);
      return;
    }
  /* What was stored of it goes, too; then the loop ends. */
  self->run.status = CLI_EXIT_FAILED;
  cli_progress_cancel (self->progress);
}

static int
run_accept (CliRemote *remote)
{
  const char *folder = remote->n_words > 1 ? remote->words[1] : ".";
  Accepting self = { .remote = remote, .transfer = find (remote) };
  g_autoptr (SentientDBusTransfer) keep = NULL;
  int status;

  if (self.transfer == NULL)
    return CLI_EXIT_FAILED;
  keep = g_object_ref (self.transfer);
  if (!g_str_equal (sentient_dbus_transfer_get_state (keep), "offered"))
    {
      g_autofree char *name = cli_escape (sentient_dbus_transfer_get_name (keep), -1);

      cli_complain (_ ("%s, file number %s, does not wait to be accepted: it is %s"), name,
                    remote->words[0], sentient_dbus_transfer_get_state (keep));
      return CLI_EXIT_FAILED;
    }
  cli_run_init (&self.run, stop, &self);
  self.progress = cli_progress_new (remote->json, on_over, &self);
  cli_remote_watch (remote, &self.run);
  sentient_client_accept_async (remote->client, keep, folder, NULL, on_accepted, &self);
  if (!remote->no_wait)
    cli_progress_add (self.progress, keep);
  status = cli_run_loop (&self.run);
  cli_remote_unwatch (remote, &self.run);
  cli_progress_free (self.progress);
  cli_run_clear (&self.run);
  return status;
}

const CliCommand cli_command_accept = {
  .name = "accept",
  .arguments = N_ ("NUMBER [DIR]"),
  .summary = N_ ("Take a file that is offered, into this or another directory"),
  .min_words = 1,
  .max_words = 2,
  .takes = CLI_TAKES_NO_WAIT,
  .check = check_number,
  .run = run_accept,
};
