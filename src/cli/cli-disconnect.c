/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-output.h"
#include "cli-remote.h"

static gboolean
check (CliRemote *remote, GError **error)
{
  return cli_check_node_id (remote->words[0], error);
}

static int
run (CliRemote *remote)
{
  SentientDBusConnection *connection
      = sentient_client_find_connection (remote->client, remote->words[0]);
  g_autoptr (GError) error = NULL;

  if (connection == NULL)
    {
      cli_complain (_ ("there is no connection to \"%s\"; \"sentient connections\" lists them"),
                    remote->words[0]);
      return CLI_EXIT_FAILED;
    }
  if (!sentient_dbus_connection_call_close_sync (connection, NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("The connection to %s is closed."), remote->words[0]);
}

const CliCommand cli_command_disconnect = {
  .name = "disconnect",
  .arguments = N_ ("NODE"),
  .summary = N_ ("Close the connection to a node"),
  .min_words = 1,
  .max_words = 1,
  .check = check,
  .run = run,
};
