/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-json.h"
#include "cli-output.h"
#include "cli-remote.h"

static int
run (CliRemote *remote)
{
  g_auto (GStrv) restart_needed = NULL;
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_manager_call_reload_sync (sentient_client_get_manager (remote->client),
                                               &restart_needed, NULL, &error))
    return cli_remote_failed (error);

  if (remote->json)
    {
      g_autoptr (JsonBuilder) json = json_builder_new ();

      json_builder_begin_object (json);
      cli_json_bool (json, "ok", TRUE);
      cli_json_strv (json, "restartNeeded", (const char *const *)restart_needed);
      json_builder_end_object (json);
      cli_json_print (json);
      return CLI_EXIT_OK;
    }
  cli_say (CLI_GOOD, _ ("The settings were read again."));
  if (restart_needed[0] != NULL)
    {
      g_autofree char *list = g_strjoinv (" ", restart_needed);

      cli_say (CLI_WARN, _ ("These take effect with the next start of the daemon: %s"), list);
    }
  return CLI_EXIT_OK;
}

const CliCommand cli_command_reload = {
  .name = "reload",
  .summary = N_ ("Let the daemon read its settings again"),
  .run = run,
};
