/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-remote.h"

static gboolean
check (CliRemote *remote, GError **error)
{
  return cli_check_room (remote->words[0], error);
}

static int
run (CliRemote *remote)
{
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_manager_call_leave_sync (sentient_client_get_manager (remote->client),
                                              remote->words[0], NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("Left %s."), remote->words[0]);
}

const CliCommand cli_command_leave = {
  .name = "leave",
  .arguments = N_ ("ROOM"),
  .summary = N_ ("Let the node leave a room"),
  .min_words = 1,
  .max_words = 1,
  .check = check,
  .run = run,
};
