/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "cli-commands.h"
#include "cli-output.h"
#include "cli-remote.h"
#include "core/sentient-leave.h"
#include "core/sentient-version.h"

/* Those that take the options of a node or coordinator; all others are in cli-remote.c. */
static const struct
{
  const char *name;
  int (*run) (CliOptions *options, const char *const *words);
} commands[] = {
  { "config", cli_config },
};

#define DEBUG_DOMAINS                                                                              \
  "Sentient-core Sentient-protocol Sentient-model Sentient-signaling Sentient-webrtc "             \
  "Sentient-doctor Sentient-coordinator Sentient-peer Sentient-settings"

/* Else the first socket would get the number of a stream that was closed, and lines meant for a
 * person would go there. */
static void
open_standard_streams (void)
{
  int fd;

  do
    fd = open ("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO)
    close (fd);
}

static void
switch_debug_on (void)
{
  const char *old = g_getenv ("G_MESSAGES_DEBUG");
  g_autofree char *domains
      = old == NULL ? g_strdup (DEBUG_DOMAINS) : g_strconcat (old, " " DEBUG_DOMAINS, NULL);

  g_setenv ("G_MESSAGES_DEBUG", domains, TRUE);
}

/* A coordinator or a node, as the settings say. */
static int
stay (CliOptions *options)
{
  g_autoptr (GError) error = NULL;

  if (!cli_options_load (options, &error))
    {
      cli_complain_lines (error->message);
      if (error->domain != G_OPTION_ERROR)
        return CLI_EXIT_FAILED;
      fprintf (stderr, "%s\n", _ ("See sentient --help."));
      return CLI_EXIT_USAGE;
    }
  if (sentient_settings_get_boolean (options->settings, "debug"))
    switch_debug_on ();
  return options->server ? cli_server (options) : cli_node (options);
}

static int
run (CliOptions *options, int argc, char **argv)
{
  if (argc <= 1)
    return stay (options);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].name))
      return commands[i].run (options, (const char *const *)argv + 2);

  if (cli_remote_is_command (argc, argv))
    cli_complain (
        _ ("the command comes first and takes its own options only; see sentient %s --help"),
        argv[1]);
  else
    cli_complain (_ ("there is no command \"%s\"; see sentient --help"), argv[1]);
  return CLI_EXIT_USAGE;
}

static int
begin (int argc, char **argv)
{
  g_auto (CliOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  open_standard_streams ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, SENTIENT_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("sentient");
  g_log_writer_default_set_use_stderr (TRUE);

  if (cli_remote_is_command (argc, argv))
    return cli_remote (argc, argv);
  if (!cli_options_parse (&options, &argc, &argv, &error))
    {
      cli_output_init (TRUE);
      cli_complain ("%s", error->message);
      fprintf (stderr, "%s\n", _ ("See sentient --help."));
      return CLI_EXIT_USAGE;
    }

  cli_output_init (options.no_color);
  if (options.version)
    {
      cli_say (CLI_PLAIN, "sentient %s", SENTIENT_VERSION_STRING);
      return CLI_EXIT_OK;
    }
  if (options.server_only != NULL && argc <= 1)
    cli_complain (_ ("%s says something only to a coordinator and has no effect here; did you "
                     "mean sentient --server?"),
                  options.server_only);

  return run (&options, argc, argv);
}

int
main (int argc, char **argv)
{
  sentient_leave (begin (argc, argv));
}
