/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-remote.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "cli-json.h"
#include "cli-output.h"
#include "protocol/sentient-names.h"

#define DESCRIBE_WIDTH 31

static const CliCommand *const commands[] = {
  &cli_command_status,    &cli_command_rooms,      &cli_command_peers,   &cli_command_connections,
  &cli_command_join,      &cli_command_leave,      &cli_command_send,    &cli_command_send_file,
  &cli_command_transfers, &cli_command_accept,     &cli_command_refuse,  &cli_command_cancel,
  &cli_command_connect,   &cli_command_disconnect, &cli_command_seed,    &cli_command_start,
  &cli_command_stop,      &cli_command_reload,     &cli_command_monitor, &cli_command_doctor,
};

static void
cli_remote_clear (CliRemote *remote)
{
  g_clear_pointer (&remote->words, g_strfreev);
  g_clear_pointer (&remote->metadata, g_free);
  g_clear_pointer (&remote->room, g_free);
  g_clear_pointer (&remote->file, g_free);
  g_clear_pointer (&remote->priority, g_free);
  g_clear_pointer (&remote->name, g_free);
  g_clear_pointer (&remote->node_id, g_free);
  g_clear_pointer (&remote->seeds, g_strfreev);
  g_clear_pointer (&remote->stun, g_strfreev);
  g_clear_pointer (&remote->turn, g_strfreev);
  g_clear_pointer (&remote->config_file, g_free);
  g_clear_object (&remote->client);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliRemote, cli_remote_clear)

static const CliCommand *
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];
  return NULL;
}

/* NULL: it takes no words. */
static const char *
shown_arguments (const CliCommand *command)
{
  return command->arguments != NULL ? _ (command->arguments) : NULL;
}

/* Before the command may stand what every command takes. */
static const CliCommand *
find_in (int argc, char **argv)
{
  const char *const leading[] = { "--json", "--system", "--no-color", "--debug", NULL };

  for (int i = 1; i < argc; i++)
    if (!g_strv_contains (leading, argv[i]))
      return find_command (argv[i]);
  return NULL;
}

gboolean
cli_remote_is_command (int argc, char **argv)
{
  return find_in (argc, argv) != NULL;
}

void
cli_remote_describe (GString *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *usage
          = g_strjoin (" ", commands[i]->name, shown_arguments (commands[i]), NULL);

      /* A long one has a line to itself. */
      if (strlen (usage) > DESCRIBE_WIDTH)
        g_string_append_printf (text, "  %s\n  %-*s %s\n", usage, DESCRIBE_WIDTH, "",
                                _ (commands[i]->summary));
      else
        g_string_append_printf (text, "  %-*s %s\n", DESCRIBE_WIDTH, usage,
                                _ (commands[i]->summary));
    }
}

void
cli_usage_error (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
  va_end (args);
}

static gboolean
check_name (const char *name, const char *what, GError **error)
{
  g_autofree char *shown = NULL;

  if (sentient_name_is_valid (name, -1))
    return TRUE;
  shown = cli_escape (name, MIN (strlen (name), SENTIENT_NAME_MAX));
  cli_usage_error (error,
                   _ ("%s \"%s\" will not do: a name has 1 to 128 of A-Z a-z 0-9 . _ : - (and "
                      "\"system\" is reserved)"),
                   what, shown);
  return FALSE;
}

gboolean
cli_check_node_id (const char *name, GError **error)
{
  return check_name (name, _ ("the node"), error);
}

gboolean
cli_check_room (const char *name, GError **error)
{
  return check_name (name, _ ("the room"), error);
}

static void
add_network_entries (GOptionContext *context, CliRemote *remote)
{
  const GOptionEntry entries[] = {
    { "network", 0, 0, G_OPTION_ARG_NONE, &remote->network,
      N_ ("See how nodes reach each other from here: coordinator, STUN, TURN, UDP, NAT, IPv6"),
      NULL },
    { "hide-addresses", 0, 0, G_OPTION_ARG_NONE, &remote->hide_addresses,
      N_ ("With --network: address-1, address-2 ... instead of addresses and names of hosts"),
      NULL },
    { "seed", 0, 0, G_OPTION_ARG_STRING_ARRAY, &remote->seeds,
      N_ ("With --network: the coordinator (default: that of the daemon, else of the "
          "settings)"),
      N_ ("URL[,URL]") },
    { "stun", 0, 0, G_OPTION_ARG_STRING_ARRAY, &remote->stun,
      N_ ("With --network: the STUN server; none: none (default: as above, else what the "
          "coordinator names)"),
      N_ ("URL|none") },
    { "turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &remote->turn,
      N_ ("With --network: a TURN server (default: as above)"), N_ ("URL") },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &remote->config_file,
      N_ ("With --network: the settings file, instead of the daemon"), N_ ("FILE") },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_node_entries (GOptionContext *context, CliRemote *remote)
{
  const GOptionEntry entries[] = {
    { "seed", 0, 0, G_OPTION_ARG_STRING_ARRAY, &remote->seeds,
      N_ ("Not by the daemon, but as a node at this coordinator (default without a daemon: that of "
          "the settings)"),
      N_ ("URL[,URL]") },
    { "room", 0, 0, G_OPTION_ARG_STRING, &remote->room,
      N_ ("As a node in this room, where the other one is (default: that of the settings)"),
      N_ ("ROOM") },
    { "node-id", 0, 0, G_OPTION_ARG_STRING, &remote->node_id,
      N_ ("As a node of this name (default: a random one)"), N_ ("NAME") },
    { "stun", 0, 0, G_OPTION_ARG_STRING_ARRAY, &remote->stun,
      N_ ("As a node with this STUN server; none: none (default: as above, else what the "
          "coordinator names)"),
      N_ ("URL|none") },
    { "turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &remote->turn,
      N_ ("As a node with this TURN server (default: as above)"), N_ ("URL") },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &remote->config_file,
      N_ ("As a node with this settings file"), N_ ("FILE") },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_stats_entries (GOptionContext *context, CliRemote *remote)
{
  const GOptionEntry entries[] = {
    { "stats", 0, 0, G_OPTION_ARG_NONE, &remote->stats,
      N_ ("How each does: direct or relayed, time to the other node, bytes, window, times"), NULL },
    { "hide-addresses", 0, 0, G_OPTION_ARG_NONE, &remote->hide_addresses,
      N_ ("With --stats: address-1, address-2 ... instead of addresses"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_common_entries (GOptionContext *context, CliRemote *remote)
{
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &remote->json, N_ ("Answer in JSON, for programs"), NULL },
    { "system", 0, 0, G_OPTION_ARG_NONE, &remote->system,
      N_ ("The daemon of the system bus (default: of the session bus)"), NULL },
    { "no-color", 0, 0, G_OPTION_ARG_NONE, &remote->no_color,
      N_ ("No colours (default: colours on terminals)"), NULL },
    { "debug", 0, 0, G_OPTION_ARG_NONE, &remote->debug, N_ ("Tell every step, on stderr"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &remote->words, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_entries (GOptionContext *context, CliRemote *remote)
{
  const struct
  {
    CliTakes takes;
    GOptionEntry entries[2];
  } more[] = {
    { CLI_TAKES_METADATA,
      { { "metadata", 0, 0, G_OPTION_ARG_STRING, &remote->metadata,
          N_ ("What others see of this node: a JSON object, such as {\"name\":\"Alice\"}"),
          N_ ("JSON") } } },
    { CLI_TAKES_ROOM,
      { { "room", 0, 0, G_OPTION_ARG_STRING, &remote->room,
          N_ ("To everybody in this room who is connected, instead of to a node"),
          N_ ("ROOM") } } },
    { CLI_TAKES_FILE,
      { { "file", 0, 0, G_OPTION_ARG_FILENAME, &remote->file,
          N_ ("The bytes of this file instead of a text; -: of the input"), N_ ("FILE|-") } } },
    { CLI_TAKES_PRIORITY,
      { { "priority", 0, 0, G_OPTION_ARG_STRING, &remote->priority,
          N_ ("What overtakes what waits for the node: low, normal (default) or high"),
          N_ ("WORD") } } },
    { CLI_TAKES_NAME,
      { { "name", 0, 0, G_OPTION_ARG_STRING, &remote->name,
          N_ ("What the file is to be called there (default: as here; of the input: stdin)"),
          N_ ("NAME") } } },
    { CLI_TAKES_NO_WAIT,
      { { "no-wait", 0, 0, G_OPTION_ARG_NONE, &remote->no_wait,
          N_ ("End at once; the daemon goes on (default: at the end of the transfer)"), NULL } } },
    { CLI_TAKES_WAIT,
      { { "wait", 0, 0, G_OPTION_ARG_INT, &remote->wait,
          N_ ("How long the node may take to come (default: 30; 0: not at all)"),
          N_ ("SECONDS") } } },
    { CLI_TAKES_COUNT,
      { { "count", 0, 0, G_OPTION_ARG_INT, &remote->count,
          N_ ("End after N lines (default: at Ctrl-C)"), N_ ("N") } } },
    { CLI_TAKES_NAMES,
      { { "names", 0, 0, G_OPTION_ARG_NONE, &remote->names, N_ ("Only the names, a line each"),
          NULL } } },
  };

  add_common_entries (context, remote);
  for (guint i = 0; i < G_N_ELEMENTS (more); i++)
    if ((remote->command->takes & more[i].takes) != 0)
      g_option_context_add_main_entries (context, more[i].entries, GETTEXT_PACKAGE);
  if ((remote->command->takes & CLI_TAKES_NETWORK) != 0)
    add_network_entries (context, remote);
  if ((remote->command->takes & CLI_TAKES_NODE) != 0)
    add_node_entries (context, remote);
  if ((remote->command->takes & CLI_TAKES_STATS) != 0)
    add_stats_entries (context, remote);
}

static gboolean
check (CliRemote *remote, GError **error)
{
  const CliCommand *command = remote->command;

  if (remote->n_words < command->min_words)
    {
      cli_usage_error (error, _ ("%s needs more words: sentient %s %s"), command->name,
                       command->name, shown_arguments (command));
      return FALSE;
    }
  if (remote->n_words > command->max_words)
    {
      g_autofree char *shown = cli_escape (remote->words[command->max_words], -1);

      if (command->max_words == 0)
        cli_usage_error (error, _ ("%s takes no further words, but got \"%s\""), command->name,
                         shown);
      else
        cli_usage_error (error, _ ("\"%s\" is one word too many: sentient %s %s"), shown,
                         command->name, shown_arguments (command));
      return FALSE;
    }
  return command->check == NULL || command->check (remote, error);
}

static gboolean
parse (CliRemote *remote, int argc, char **argv, GError **error)
{
  g_autofree char *name = g_strdup_printf ("sentient %s", remote->command->name);
  g_autofree char *old_name = g_strdup (g_get_prgname ());
  g_autoptr (GOptionContext) context = g_option_context_new (shown_arguments (remote->command));
  gboolean good;

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, _ (remote->command->summary));
  add_entries (context, remote);
  /* The help begins with it. */
  g_set_prgname (name);
  good = g_option_context_parse (context, &argc, &argv, error);
  g_set_prgname (old_name);
  if (!good)
    return FALSE;

  /* The first word is the command itself. */
  g_free (remote->words[0]);
  remote->n_words = g_strv_length (remote->words + 1);
  memmove (remote->words, remote->words + 1, (remote->n_words + 1) * sizeof *remote->words);
  return check (remote, error);
}

typedef struct
{
  GMainLoop *loop;
  gboolean good;
  GError *error;
} Opening;

static void
on_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Opening *opening = user_data;

  opening->good = sentient_client_open_finish (SENTIENT_CLIENT (source), result, &opening->error);
  g_main_loop_quit (opening->loop);
}

gboolean
cli_remote_open (CliRemote *remote, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Opening opening = { loop, FALSE, NULL };
  SentientDBusManager *manager;

  remote->client = sentient_client_new (remote->system ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION);
  sentient_client_open_async (remote->client, NULL, on_open, &opening);
  g_main_loop_run (loop);
  if (!opening.good)
    {
      g_propagate_error (error, opening.error);
      return FALSE;
    }
  manager = sentient_client_get_manager (remote->client);
  if (manager != NULL)
    g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (manager), CLI_REMOTE_CALL_MS);
  return TRUE;
}

/* TRUE: what the command needs is there. */
static gboolean
open_client (CliRemote *remote)
{
  g_autoptr (GError) error = NULL;

  if (!cli_remote_open (remote, &error))
    {
      cli_complain ("%s", error->message);
      return FALSE;
    }
  if (sentient_client_get_manager (remote->client) == NULL
      && remote->command->needs == CLI_NEEDS_DAEMON)
    {
      cli_complain ("%s", sentient_client_get_error (remote->client));
      return FALSE;
    }
  return TRUE;
}

int
cli_remote (int argc, char **argv)
{
  g_auto (CliRemote) remote = { .command = find_in (argc, argv), .wait = CLI_WAIT_UNSET };
  g_autoptr (GError) error = NULL;

  if (!parse (&remote, argc, argv, &error))
    {
      cli_output_init (TRUE);
      cli_complain ("%s", error->message);
      fprintf (stderr, _ ("See sentient %s --help."), remote.command->name);
      fputc ('\n', stderr);
      return CLI_EXIT_USAGE;
    }
  cli_output_init (remote.no_color);
  if (remote.debug)
    g_setenv ("G_MESSAGES_DEBUG", "all", TRUE);
  if (remote.command->needs != CLI_NEEDS_NOTHING && !open_client (&remote))
    return CLI_EXIT_FAILED;
  return remote.command->run (&remote);
}

int
cli_remote_failed (GError *error)
{
  g_autofree char *sentence = sentient_client_describe_error (error);

  cli_complain ("%s", sentence);
  return CLI_EXIT_FAILED;
}

int
cli_remote_done (CliRemote *remote, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (remote->json)
    {
      cli_say (CLI_PLAIN, "{\"ok\":true}");
      return CLI_EXIT_OK;
    }
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  cli_say (CLI_GOOD, "%s", text);
  return CLI_EXIT_OK;
}

int
cli_remote_listed (CliRemote *remote, CliTable *table, JsonBuilder *json, const char *nothing)
{
  if (remote->names)
    return CLI_EXIT_OK;
  if (remote->json)
    cli_json_print (json);
  else if (cli_table_is_empty (table))
    cli_say (CLI_NOTE, "%s", nothing);
  else
    cli_table_print (table);
  return CLI_EXIT_OK;
}

static gboolean
on_deadline (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_CONTINUE;
}

gboolean
cli_remote_wait_available (CliRemote *remote, gboolean available)
{
  gboolean late = FALSE;
  guint id = g_timeout_add (CLI_REMOTE_STOP_MS, on_deadline, &late);

  while (!late && sentient_client_is_available (remote->client) != available)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  return !late;
}

static void
on_available (SentientClient *client, GParamSpec *pspec, CliRun *run)
{
  if (sentient_client_is_available (client) || run->stopping)
    return;
  cli_complain (_ ("the daemon ended before this was through; start it, and try again"));
  run->stopping = TRUE;
  run->status = CLI_EXIT_FAILED;
  cli_run_finished (run);
}

void
cli_remote_watch (CliRemote *remote, CliRun *run)
{
  g_signal_connect (remote->client, "notify::available", G_CALLBACK (on_available), run);
}

void
cli_remote_unwatch (CliRemote *remote, CliRun *run)
{
  g_signal_handlers_disconnect_by_data (remote->client, run);
}

SentientSettings *
cli_remote_new_settings (CliRemote *remote, GError **error)
{
  g_autoptr (SentientSettings) settings = sentient_settings_new ();
  const struct
  {
    const char *name;
    GStrv given;
  } lists[] = {
    { "seeds", remote->seeds },
    { "stun", remote->stun },
    { "turn", remote->turn },
  };

  sentient_settings_set_default (settings, "seeds", CLI_DEFAULT_SEED);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (!cli_options_set_list (settings, lists[i].name, (const char *const *)lists[i].given, error))
      return NULL;
  return g_steal_pointer (&settings);
}
