/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-output.h"
#include "cli-start.h"

static int
stop_daemon (CliRemote *remote, SentientDBusManager *manager)
{
  g_autoptr (GError) error = NULL;

  /* A daemon that is gone before its answer got through did as it was told. */
  if (!sentient_dbus_manager_call_quit_sync (manager, NULL, &error)
      && !g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY))
    return cli_remote_failed (error);
  if (!cli_remote_wait_available (remote, FALSE))
    {
      cli_complain (_ ("the daemon was told to stop, but is there still; see its log"));
      return CLI_EXIT_FAILED;
    }
  return cli_remote_done (remote, _ ("The daemon is stopped."));
}

static int
run (CliRemote *remote)
{
  SentientDBusManager *manager = sentient_client_get_manager (remote->client);
  g_autoptr (GError) error = NULL;

  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (manager), CLI_REMOTE_STOP_MS);
  if (remote->n_words == 0)
    return stop_daemon (remote, manager);
  if (g_str_equal (remote->words[0], CLI_PART_COORDINATOR))
    {
      if (!sentient_dbus_manager_call_stop_coordinator_sync (manager, NULL, &error))
        return cli_remote_failed (error);
      return cli_remote_done (remote, _ ("The daemon is no coordinator any more."));
    }
  if (!sentient_dbus_manager_call_stop_node_sync (manager, NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("The node has left its rooms and its coordinator."));
}

const CliCommand cli_command_stop = {
  .name = "stop",
  .arguments = N_ ("[coordinator|node]"),
  .summary = N_ ("Stop the daemon, or only its coordinator or node"),
  .max_words = 1,
  .check = cli_check_part,
  .run = run,
};
