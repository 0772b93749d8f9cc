/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-node.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output.h"
#include "cli-transfer.h"
#include "protocol/sentient-names.h"

/* In a node that is its own daemon: what is typed about files, and the line that shows them. */

static void
on_over (gpointer user_data)
{
  CliNode *self = user_data;

  if (self->finishing && g_queue_is_empty (&self->kept))
    cli_run_stop (&self->run, CLI_EXIT_OK);
}

void
cli_files_init (CliNode *self)
{
  self->progress = cli_progress_new (FALSE, on_over, self);
  cli_progress_set_plain (self->progress);
}

void
cli_files_clear (CliNode *self)
{
  g_clear_pointer (&self->progress, cli_progress_free);
}

/* The first word of an argument, and what is behind it. */
static char *
split (const char *argument, const char **rest)
{
  gsize len = strcspn (argument, " \t");

  *rest = argument + len + strspn (argument + len, " \t");
  return g_strndup (argument, len);
}

/* Sending */

static void
not_sent (CliNodeJob *job, const GError *error)
{
  g_autofree char *shown = cli_escape (error->message, -1);

  cli_complain (_ ("no file was sent to %s: %s"), job->node_id, shown);
  cli_progress_fail (job->node->progress);
}

static void
on_offered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CliNodeJob) job = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientTransfer) transfer
      = sentient_peer_send_file_finish (SENTIENT_PEER (source), result, &error);

  /* The node may be gone then. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (transfer != NULL)
    cli_progress_add (job->node->progress, transfer);
  else
    not_sent (job, error);
}

static void
on_connected (CliNodeJob *job, const GError *error)
{
  if (error == NULL)
    {
      sentient_peer_send_file_async (job->node->peer, job->node_id, job->what,
                                     job->node->cancellable, on_offered, job);
      return;
    }
  not_sent (job, error);
  cli_node_job_free (job);
}

void
cli_files_send (CliNode *self, const char *argument)
{
  const char *path;
  g_autofree char *node_id = split (argument, &path);

  if (*path == '\0' || !sentient_name_is_valid (node_id, -1))
    {
      cli_say (CLI_WARN, _ ("/send-file wants a node and a file: /send-file bob photo.jpg"));
      return;
    }
  cli_progress_expect (self->progress, 1);
  cli_node_connect (self, node_id, on_connected, g_file_new_for_commandline_arg (path),
                    g_object_unref);
}

/* Receiving */

/* Into path. TRUE: it is on its way. */
static gboolean
take (CliNode *self, SentientTransfer *transfer, const char *path)
{
  g_autoptr (GFile) folder = g_file_new_for_commandline_arg (path);
  g_autofree char *shown = cli_escape (path, -1);
  g_autoptr (GError) error = NULL;

  /* What is no folder would become the file. */
  if (g_file_query_file_type (folder, G_FILE_QUERY_INFO_NONE, NULL) != G_FILE_TYPE_DIRECTORY)
    {
      cli_complain (_ ("%s is no directory; make it, or name another one"), shown);
      return FALSE;
    }
  if (!sentient_transfer_accept (transfer, folder, &error))
    {
      g_autofree char *why = cli_escape (error->message, -1);

      cli_complain ("%s", why);
      return FALSE;
    }
  cli_progress_add (self->progress, transfer);
  return TRUE;
}

/* It was withdrawn, or nobody answered in time, or the connection ended. */
static void
on_offer_state (SentientTransfer *transfer, GParamSpec *pspec, CliNode *self)
{
  const GError *error = sentient_transfer_get_error (transfer);
  g_autofree char *shown = error != NULL ? cli_escape (error->message, -1) : NULL;

  g_signal_handlers_disconnect_by_func (transfer, on_offer_state, self);
  if (shown != NULL && !self->run.stopping)
    cli_say (CLI_WARN, _ ("There is no file number %u any more: %s"),
             sentient_transfer_get_number (transfer), shown);
}

void
cli_files_offered (CliNode *self, SentientTransfer *transfer)
{
  SentientSettings *settings = self->options->settings;
  const char *folder = sentient_settings_get_string (settings, "accept-files");
  gint64 max = (gint64)sentient_settings_get_uint (settings, "accept-files-max") << 20;
  gint64 size = sentient_transfer_get_size (transfer);
  guint number = sentient_transfer_get_number (transfer);
  g_autofree char *name = cli_escape (sentient_transfer_get_name (transfer), -1);
  g_autofree char *amount = size >= 0 ? g_format_size ((guint64)size) : g_strdup (_ ("no size"));

  if (folder != NULL && size >= 0 && size <= max && take (self, transfer, folder))
    return;
  cli_say (CLI_GOOD,
           _ ("%s offers a file, %s (%s). /accept %u [DIR] takes it, /refuse %u does not."),
           sentient_transfer_get_node_id (transfer), name, amount, number, number);
  g_signal_connect (transfer, "notify::state", G_CALLBACK (on_offer_state), self);
}

/* NULL, after that was told. */
static SentientTransfer *
ref_transfer (CliNode *self, const char *text)
{
  GListModel *list = G_LIST_MODEL (sentient_peer_get_transfers (self->peer));
  g_autofree char *shown = NULL;
  guint64 number;

  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT, &number, NULL))
    for (guint i = 0; i < g_list_model_get_n_items (list); i++)
      {
        g_autoptr (SentientTransfer) transfer = g_list_model_get_item (list, i);

        if (sentient_transfer_get_number (transfer) == number)
          return g_steal_pointer (&transfer);
      }
  shown = cli_escape (text, -1);
  if (*text == '\0')
    cli_say (CLI_WARN, _ ("This wants the number of a file; /files lists them."));
  else
    cli_say (CLI_WARN, _ ("There is no file number \"%s\". /files lists them."), shown);
  return NULL;
}

void
cli_files_accept (CliNode *self, const char *argument)
{
  const char *folder;
  g_autofree char *number = split (argument, &folder);
  g_autoptr (SentientTransfer) transfer = ref_transfer (self, number);

  if (transfer != NULL)
    take (self, transfer, *folder != '\0' ? folder : ".");
}

void
cli_files_refuse (CliNode *self, const char *argument)
{
  const char *reason;
  g_autofree char *number = split (argument, &reason);
  g_autoptr (SentientTransfer) transfer = ref_transfer (self, number);
  g_autoptr (GError) error = NULL;

  if (transfer == NULL)
    return;
  g_signal_handlers_disconnect_by_func (transfer, on_offer_state, self);
  if (sentient_transfer_refuse (transfer, reason, &error))
    cli_say (CLI_GOOD, _ ("Refused."));
  else
    {
      g_autofree char *why = cli_escape (error->message, -1);

      cli_complain ("%s", why);
    }
}

void
cli_files_cancel (CliNode *self, const char *argument)
{
  g_autoptr (SentientTransfer) transfer = ref_transfer (self, argument);

  if (transfer == NULL)
    return;
  if (sentient_transfer_is_over (transfer))
    cli_say (CLI_WARN, _ ("It is over already: %s."),
             sentient_transfer_state_to_string (sentient_transfer_get_state (transfer)));
  else if (sentient_transfer_get_state (transfer) == SENTIENT_TRANSFER_STATE_OFFERED
           && sentient_transfer_get_direction (transfer) == SENTIENT_TRANSFER_DIRECTION_INCOMING)
    cli_files_refuse (self, argument);
  else
    sentient_transfer_cancel (transfer); /* the progress tells */
}

void
cli_files_list (CliNode *self, const char *argument)
{
  GListModel *list = G_LIST_MODEL (sentient_peer_get_transfers (self->peer));
  g_autoptr (CliTable) table = cli_transfer_new_table ();

  if (g_list_model_get_n_items (list) == 0)
    {
      cli_say (CLI_PLAIN, _ ("No file is sent or received. /send-file NODE FILE sends one."));
      return;
    }
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (SentientTransfer) transfer = g_list_model_get_item (list, i);
      g_auto (CliTransfer) now = { 0 };

      cli_transfer_init (&now, transfer);
      cli_transfer_add_row (table, &now);
    }
  cli_table_print (table);
}
