/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-output.h"
#include "cli-remote.h"
#include "settings/sentient-settings.h"

static gboolean
check (CliRemote *remote, GError **error)
{
  const char *const urls[] = { remote->words[0], NULL };
  g_autoptr (SentientSettings) settings = sentient_settings_new ();
  g_autofree char *shown = NULL;

  /* The rule is that of --seed. */
  if (sentient_settings_set_command_line_strv (settings, "seeds", urls, NULL))
    return TRUE;
  shown = cli_escape (remote->words[0], -1);
  cli_usage_error (error, _ ("\"%s\" is no http:// or https:// URL; write it like %s"), shown,
                   CLI_DEFAULT_SEED);
  return FALSE;
}

static int
run (CliRemote *remote)
{
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_manager_call_connect_seed_sync (sentient_client_get_manager (remote->client),
                                                     remote->words[0], NULL, &error))
    {
      cli_remote_failed (error);
      if (error->domain != G_DBUS_ERROR) /* else the daemon did not get it */
        cli_complain (_ ("the node goes back to the seeds of its settings"));
      return CLI_EXIT_FAILED;
    }
  return cli_remote_done (remote, _ ("The node uses the coordinator %s now."), remote->words[0]);
}

const CliCommand cli_command_seed = {
  .name = "seed",
  .arguments = N_ ("URL"),
  .summary = N_ ("Let the node use another coordinator, until the daemon starts anew"),
  .min_words = 1,
  .max_words = 1,
  .check = check,
  .run = run,
};
