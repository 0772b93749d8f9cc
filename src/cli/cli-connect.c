/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-remote.h"

static gboolean
check (CliRemote *remote, GError **error)
{
  return cli_check_node_id (remote->words[0], error);
}

static int
run (CliRemote *remote)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_manager_call_connect_peer_sync (sentient_client_get_manager (remote->client),
                                                     remote->words[0], &path, NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("Connected to %s."), remote->words[0]);
}

const CliCommand cli_command_connect = {
  .name = "connect",
  .arguments = N_ ("NODE"),
  .summary = N_ ("Connect to a node that is in a room with this one"),
  .min_words = 1,
  .max_words = 1,
  .check = check,
  .run = run,
};
