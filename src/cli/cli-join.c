/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "cli-remote.h"

static gboolean
check (CliRemote *remote, GError **error)
{
  g_autoptr (JsonNode) node = NULL;

  if (!cli_check_room (remote->words[0], error))
    return FALSE;
  if (remote->metadata == NULL)
    return TRUE;
  node = json_from_string (remote->metadata, NULL);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    return TRUE;
  cli_usage_error (error, _ ("--metadata: this is no JSON object; write it like %s"),
                   "'{\"name\":\"Alice\"}'");
  return FALSE;
}

static int
run (CliRemote *remote)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_manager_call_join_sync (sentient_client_get_manager (remote->client),
                                             remote->words[0],
                                             remote->metadata != NULL ? remote->metadata : "",
                                             &path, NULL, &error))
    return cli_remote_failed (error);
  return cli_remote_done (remote, _ ("Joined %s."), remote->words[0]);
}

const CliCommand cli_command_join = {
  .name = "join",
  .arguments = N_ ("ROOM"),
  .summary = N_ ("Let the node join a room, or change its metadata there"),
  .min_words = 1,
  .max_words = 1,
  .takes = CLI_TAKES_METADATA,
  .check = check,
  .run = run,
};
