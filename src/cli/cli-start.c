/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-start.h"

#include <glib/gi18n.h>

#include "cli-output.h"

gboolean
cli_check_part (CliRemote *remote, GError **error)
{
  g_autofree char *shown = NULL;

  if (remote->n_words == 0 || g_str_equal (remote->words[0], CLI_PART_COORDINATOR)
      || g_str_equal (remote->words[0], CLI_PART_NODE))
    return TRUE;
  shown = cli_escape (remote->words[0], -1);
  cli_usage_error (error,
                   _ ("%s: \"%s\" is neither coordinator nor node (and without a word it is the "
                      "daemon itself)"),
                   remote->command->name, shown);
  return FALSE;
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  int *status = user_data;

  *status = CLI_EXIT_OK;
  if (!sentient_client_start_daemon_finish (SENTIENT_CLIENT (source), result, &error))
    {
      cli_complain ("%s", error->message);
      *status = CLI_EXIT_FAILED;
    }
}

static int
start_daemon (CliRemote *remote)
{
  int status = -1;

  sentient_client_start_daemon_async (remote->client, NULL, on_started, &status);
  while (status < 0)
    g_main_context_iteration (NULL, TRUE);
  return status;
}

static int
run (CliRemote *remote)
{
  gboolean was_there = sentient_client_is_available (remote->client);
  g_autoptr (GError) error = NULL;
  SentientDBusManager *manager;

  if (!was_there && start_daemon (remote) != CLI_EXIT_OK)
    return CLI_EXIT_FAILED;
  if (remote->n_words == 0)
    return was_there ? cli_remote_done (remote, _ ("The daemon runs already."))
                     : cli_remote_done (remote, _ ("The daemon runs now."));

  manager = sentient_client_get_manager (remote->client);
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (manager), CLI_REMOTE_CALL_MS);
  if (g_str_equal (remote->words[0], CLI_PART_COORDINATOR))
    {
      if (!sentient_dbus_manager_call_start_coordinator_sync (manager, NULL, &error))
        return cli_remote_failed (error);
      return cli_remote_done (remote, _ ("The daemon is a coordinator now."));
    }
  if (!sentient_dbus_manager_call_start_node_sync (manager, NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("The node is connected to its coordinator now."));
}

const CliCommand cli_command_start = {
  .name = "start",
  .arguments = N_ ("[coordinator|node]"),
  .summary = N_ ("Start the daemon, and its coordinator or node"),
  .max_words = 1,
  .needs = CLI_NEEDS_BUS,
  .check = cli_check_part,
  .run = run,
};
