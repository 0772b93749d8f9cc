/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-options.h"

#include <glib/gi18n.h>

#include "cli-limits.h"
#include "cli-remote.h"
#include "core/sentient-error.h"
#include "protocol/sentient-names.h"

/* As they stand on the command line, before any of them is checked. */
typedef struct
{
  char *port;
  char *host;
  char *node_id;
  char *network_id;
  char *max_peers;
  char *auto_webrtc;
  char *mesh_limit;
  char *mesh_degree;
  char *gossip_hops;
  char *gossip_max_size;
  char *gossip_rate;
  char *public_url;
  char *static_dir;
  char *data_dir;
  char *accept_files;
  char *accept_files_max;
  GStrv seeds;
  GStrv stun;
  GStrv turn;
  GStrv candidate_filter;
  GStrv proxies;
  GStrv origins;
  GStrv limits;
  gboolean debug;
  gboolean relay_only;
  gboolean no_cors;
} RawOptions;

static void
raw_options_clear (RawOptions *raw)
{
  g_clear_pointer (&raw->port, g_free);
  g_clear_pointer (&raw->host, g_free);
  g_clear_pointer (&raw->node_id, g_free);
  g_clear_pointer (&raw->network_id, g_free);
  g_clear_pointer (&raw->max_peers, g_free);
  g_clear_pointer (&raw->auto_webrtc, g_free);
  g_clear_pointer (&raw->mesh_limit, g_free);
  g_clear_pointer (&raw->mesh_degree, g_free);
  g_clear_pointer (&raw->gossip_hops, g_free);
  g_clear_pointer (&raw->gossip_max_size, g_free);
  g_clear_pointer (&raw->gossip_rate, g_free);
  g_clear_pointer (&raw->public_url, g_free);
  g_clear_pointer (&raw->static_dir, g_free);
  g_clear_pointer (&raw->data_dir, g_free);
  g_clear_pointer (&raw->accept_files, g_free);
  g_clear_pointer (&raw->accept_files_max, g_free);
  g_clear_pointer (&raw->seeds, g_strfreev);
  g_clear_pointer (&raw->stun, g_strfreev);
  g_clear_pointer (&raw->turn, g_strfreev);
  g_clear_pointer (&raw->candidate_filter, g_strfreev);
  g_clear_pointer (&raw->proxies, g_strfreev);
  g_clear_pointer (&raw->origins, g_strfreev);
  g_clear_pointer (&raw->limits, g_strfreev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RawOptions, raw_options_clear)

void
cli_options_clear (CliOptions *options)
{
  g_clear_object (&options->settings);
  g_clear_pointer (&options->config_file, g_free);
}

static void usage_error (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
usage_error (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
  va_end (args);
}

static void
add_entries (GOptionContext *context, CliOptions *o, RawOptions *raw)
{
  const GOptionEntry entries[] = {
    { "server", 's', 0, G_OPTION_ARG_NONE, &o->server,
      N_ ("Be a coordinator, where nodes find each other (default: be a node)"), NULL },
    { "seed", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->seeds,
      N_ ("The coordinator to join; several are tried in turn (default http://127.0.0.1:8888; "
          "with --server: none)"),
      N_ ("URL[,URL]") },
    { "seeds", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->seeds, N_ ("The same as --seed"),
      N_ ("URL[,URL]") },
    { "node-id", 0, 0, G_OPTION_ARG_STRING, &raw->node_id,
      N_ ("The name of this node: 1-128 of A-Z a-z 0-9 . _ : - (default: a random one)"),
      N_ ("NAME") },
    { "stun", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->stun,
      N_ ("The STUN server that tells a node its outer address; none: use none (default: a "
          "coordinator names stun:stun.l.google.com:19302, a node takes what its coordinator "
          "names)"),
      N_ ("URL|none") },
    { "turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->turn,
      N_ ("A TURN server that relays where nothing else goes: turn:user:pass@host:port "
          "(default: none)"),
      N_ ("URL") },
    { "relay-only", 0, 0, G_OPTION_ARG_NONE, &raw->relay_only,
      N_ ("Use and tell no address of this node but those of TURN servers, so that others do not "
          "learn where it is (default: all)"),
      NULL },
    { "candidate-filter", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->candidate_filter,
      N_ ("What connections may use: host, srflx, relay, udp, tcp, ipv4, ipv6, a network like "
          "10.0.0.0/8; with ! before it: all but that (default: everything)"),
      N_ ("WORD[,...]") },
    { "auto-webrtc", 0, 0, G_OPTION_ARG_STRING, &raw->auto_webrtc,
      N_ ("Connect to everybody in the room by itself (default true)"), N_ ("BOOL") },
    { "accept-files", 0, 0, G_OPTION_ARG_FILENAME, &raw->accept_files,
      N_ ("Take every file that is offered into this directory (default: each waits for /accept or "
          "/refuse)"),
      N_ ("DIR") },
    { "accept-files-max", 0, 0, G_OPTION_ARG_STRING, &raw->accept_files_max,
      N_ ("MiB of a file up to which --accept-files takes it (default 1024)"), N_ ("MIB") },
    { "data", 'd', 0, G_OPTION_ARG_FILENAME, &raw->data_dir,
      N_ ("Keep the name of this node in DIR/node-id, so that it stays the same; with --server "
          "also, from a stop to the next start, the sessions in DIR/handover (default: nothing is "
          "kept)"),
      N_ ("DIR") },
    { "debug", 0, 0, G_OPTION_ARG_NONE, &raw->debug,
      N_ ("Tell every step of each connection, and the library's own notes on stderr"), NULL },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &o->config_file,
      N_ ("The settings file (default: $SENTIENT_CONFIG, else ~/.config/sentient/sentient.conf, "
          "else /etc/sentient/sentient.conf; options go before what it says)"),
      N_ ("FILE") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, N_ ("With a command: print JSON, for programs"),
      NULL },
    { "no-color", 0, 0, G_OPTION_ARG_NONE, &o->no_color,
      N_ ("No colours (default: colours on terminals)"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &o->version, N_ ("Print the version and end"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_mesh_entries (GOptionContext *context, RawOptions *raw)
{
  const GOptionEntry entries[] = {
    { "mesh-limit", 0, 0, G_OPTION_ARG_STRING, &raw->mesh_limit,
      N_ ("How many members of a room are all connected to each other; in a larger room each "
          "connects to some, and broadcasts are passed on; the same at all nodes of a room "
          "(default 8)"),
      N_ ("N") },
    { "mesh-degree", 0, 0, G_OPTION_ARG_STRING, &raw->mesh_degree,
      N_ ("To how many members a node connects in a larger room; the same at all nodes of a room "
          "(default 6)"),
      N_ ("N") },
    { "gossip-hops", 0, 0, G_OPTION_ARG_STRING, &raw->gossip_hops,
      N_ ("Over how many connections a broadcast may come and still be passed on (default 16)"),
      N_ ("N") },
    { "gossip-max-size", 0, 0, G_OPTION_ARG_STRING, &raw->gossip_max_size,
      N_ ("Bytes of a broadcast that is passed on; larger ones are refused (default 1048576)"),
      N_ ("N") },
    { "gossip-rate", 0, 0, G_OPTION_ARG_STRING, &raw->gossip_rate,
      N_ ("Parts of broadcasts, each of at most 32 KiB, a second that one neighbour may pass on; "
          "0: any number (default 10000)"),
      N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_server_entries (GOptionContext *context, CliOptions *o, RawOptions *raw)
{
  const GOptionEntry entries[] = {
    { "port", 'p', 0, G_OPTION_ARG_STRING, &raw->port,
      N_ ("With --server: the port (default 8888; 0: any free one; the legacy program used 3000)"),
      N_ ("PORT") },
    { "host", 0, 0, G_OPTION_ARG_STRING, &raw->host,
      N_ ("With --server: the address to listen at (default 0.0.0.0: everybody who reaches this "
          "machine; 127.0.0.1: this machine only)"),
      N_ ("ADDRESS") },
    { "network-id", 0, 0, G_OPTION_ARG_STRING, &raw->network_id,
      N_ ("With --server: the name of the network (default: connected with seeds, standalone "
          "without)"),
      N_ ("NAME") },
    { "no-webrtc", 0, 0, G_OPTION_ARG_NONE, &o->no_webrtc,
      N_ ("With --server: introduce nobody, only answer /nodes (default: introduce)"), NULL },
    { "max-peers", 0, 0, G_OPTION_ARG_STRING, &raw->max_peers,
      N_ ("With --server: how many nodes a room may hold (default 50)"), N_ ("N") },
    { "limit", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->limits,
      N_ ("With --server: a limit other than the default; all of them are listed below"),
      N_ ("NAME=NUMBER[,...]") },
    { "no-limits", 0, 0, G_OPTION_ARG_NONE, &o->no_limits,
      N_ ("With --server on a loopback address: any number of signals, joins and connections "
          "(default: limited, so that nobody uses up what all share)"),
      NULL },
    { "static", 0, 0, G_OPTION_ARG_FILENAME, &raw->static_dir,
      N_ ("With --server: also serve the files below this directory (default: none)"), N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_access_entries (GOptionContext *context, CliOptions *o, RawOptions *raw)
{
  const GOptionEntry entries[] = {
    { "public-url", 0, 0, G_OPTION_ARG_STRING, &raw->public_url,
      N_ ("With --server: what clients call it: https://host or, under a prefix, "
          "https://host/prefix (default: each client is told the host that it asked for)"),
      N_ ("URL") },
    { "trusted-proxy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->proxies,
      N_ ("With --server: a proxy that is believed in what X-Forwarded-* says of its clients: an "
          "address, a network or loopback (default: none)"),
      N_ ("ADDRESS[/BITS][,...]") },
    { "allow-origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->origins,
      N_ ("With --server: web pages of this origin, https://host[:port], may call everything, even "
          "with --no-cors (default: none)"),
      N_ ("ORIGIN[,...]") },
    { "no-cors", 0, 0, G_OPTION_ARG_NONE, &raw->no_cors,
      N_ ("With --server: refuse web pages of other origins, but for those of --allow-origin "
          "(default: allowed below /webrtc)"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
describe (GOptionContext *context)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_option_context_set_summary (
      context, _ ("Programs find each other through a coordinator and then talk directly.\n"
                  "\n"
                  "  sentient --server     be the coordinator\n"
                  "  sentient              be a node: join one and talk\n"
                  "  sentient COMMAND      control the daemon, sentientd, and more"));
  g_string_append (text, _ ("Commands; sentient COMMAND --help tells more:\n"));
  cli_remote_describe (text);
  g_string_append (
      text, _ ("  config show                     Every setting and where it comes from; with "
               "--server those of a coordinator\n"
               "  config check FILE               What is wrong in a settings file\n"));
  g_string_append (
      text,
      _ ("\n"
         "A node reads lines: each goes to everybody who is connected in the current room\n"
         "(at first \"global\"), or is a command: /help lists them. While nobody is connected, up "
         "to\n"
         "100 lines are kept for those who come first; a pipe or file is then read no further.\n"
         "At the end of its input a node waits up to 10 seconds until what is kept was sent, and\n"
         "quits. If the input ends before any line came (as with </dev/null), it stays until\n"
         "SIGINT or SIGTERM.\n"
         "\n"
         "Exit status: 0 all went well, 1 it could not be done, 2 the command line is wrong.\n"
         "\n"
         "Limits of a coordinator, for --limit NAME=NUMBER, with their defaults and ranges:\n"));
  cli_limits_describe (text);
  g_option_context_set_description (context, text->str);
}

gboolean
cli_options_set_list (SentientSettings *settings,
                      const char *name,
                      const char *const *given,
                      GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) items = NULL;

  if (given == NULL)
    return TRUE;
  text = g_strjoinv (",", (GStrv)given);
  items = sentient_settings_split (text);
  return sentient_settings_set_command_line_strv (settings, name, (const char *const *)items,
                                                  error);
}

static gboolean
set_lists (CliOptions *options, const RawOptions *raw, GError **error)
{
  const struct
  {
    const char *name;
    GStrv given;
  } lists[] = {
    { "seeds", raw->seeds },
    { "stun", raw->stun },
    { "turn", raw->turn },
    { "candidate-filter", raw->candidate_filter },
    { "trusted-proxy", raw->proxies },
    { "allow-origin", raw->origins },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (!cli_options_set_list (options->settings, lists[i].name,
                               (const char *const *)lists[i].given, error))
      return FALSE;
  return TRUE;
}

static gboolean
set_texts (CliOptions *options, const RawOptions *raw, GError **error)
{
  const struct
  {
    const char *name;
    const char *text;
  } texts[] = {
    { "port", raw->port },
    { "max-peers", raw->max_peers },
    { "auto-webrtc", raw->auto_webrtc },
    { "mesh-limit", raw->mesh_limit },
    { "mesh-degree", raw->mesh_degree },
    { "gossip-hops", raw->gossip_hops },
    { "gossip-max-size", raw->gossip_max_size },
    { "gossip-rate", raw->gossip_rate },
    { "public-url", raw->public_url },
    { "host", raw->host },
    { "node-id", raw->node_id },
    { "network-id", raw->network_id },
    { "static", raw->static_dir },
    { "data", raw->data_dir },
    { "accept-files", raw->accept_files },
    { "accept-files-max", raw->accept_files_max },
    { "debug", raw->debug ? "true" : NULL },
    { "relay-only", raw->relay_only ? "true" : NULL },
    { "cors", raw->no_cors ? "false" : NULL },
    { "webrtc", options->no_webrtc ? "false" : NULL },
    { "coordinator", options->server ? "true" : NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].text != NULL
        && !sentient_settings_set_command_line (options->settings, texts[i].name, texts[i].text,
                                                error))
      return FALSE;
  return TRUE;
}

static gboolean
set_limits (CliOptions *options, const RawOptions *raw, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) items = NULL;

  if (options->no_limits)
    cli_limits_remove (options->settings);
  if (raw->limits == NULL)
    return TRUE;
  text = g_strjoinv (",", raw->limits);
  items = sentient_settings_split (text);
  return cli_limits_set (options->settings, (const char *const *)items, error);
}

gboolean
cli_host_is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return g_ascii_strcasecmp (host, "localhost") == 0
         || (address != NULL && g_inet_address_get_is_loopback (address));
}

static const char *
find_server_only (const CliOptions *options, const RawOptions *raw)
{
  if (raw->port != NULL)
    return "--port";
  if (raw->host != NULL)
    return "--host";
  if (raw->network_id != NULL)
    return "--network-id";
  if (raw->max_peers != NULL)
    return "--max-peers";
  if (raw->no_cors)
    return "--no-cors";
  if (raw->public_url != NULL)
    return "--public-url";
  if (raw->proxies != NULL)
    return "--trusted-proxy";
  if (raw->origins != NULL)
    return "--allow-origin";
  if (raw->limits != NULL)
    return "--limit";
  if (options->no_limits)
    return "--no-limits";
  if (raw->static_dir != NULL)
    return "--static";
  return NULL;
}

gboolean
cli_options_parse (CliOptions *options, int *argc, char ***argv, GError **error)
{
  g_auto (RawOptions) raw = { 0 };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("[COMMAND …]"));

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  add_entries (context, options, &raw);
  add_mesh_entries (context, &raw);
  add_server_entries (context, options, &raw);
  add_access_entries (context, options, &raw);
  describe (context);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;

  options->settings = sentient_settings_new ();
  if (options->server)
    sentient_settings_set_default (options->settings, "host", "0.0.0.0");
  else
    sentient_settings_set_default (options->settings, "seeds", CLI_DEFAULT_SEED);
  if (!set_texts (options, &raw, error) || !set_lists (options, &raw, error)
      || !set_limits (options, &raw, error))
    return FALSE;

  if (options->no_webrtc && !options->server)
    {
      usage_error (error, _ ("--no-webrtc is for a coordinator (with --server): a node talks over "
                             "WebRTC and nothing else"));
      return FALSE;
    }
  if (!options->server)
    options->server_only = find_server_only (options, &raw);
  return TRUE;
}

gboolean
cli_options_load (CliOptions *options, GError **error)
{
  SentientSettings *settings = options->settings;

  if (!sentient_settings_load (settings, options->config_file, FALSE, error))
    return FALSE;
  if (options->no_limits && options->server
      && !cli_host_is_loopback (sentient_settings_get_string (settings, "host")))
    {
      usage_error (error, _ ("--no-limits: everybody who reaches this coordinator could overload "
                             "it; it goes with --host 127.0.0.1 only"));
      return FALSE;
    }
  return TRUE;
}

char *
cli_options_choose_node_id (CliOptions *options, GError **error)
{
  const char *node_id = sentient_settings_get_string (options->settings, "node-id");
  const char *data_dir = sentient_settings_get_string (options->settings, "data");
  g_autoptr (GError) local = NULL;
  char *kept;

  if (data_dir == NULL)
    return node_id != NULL ? g_strdup (node_id) : sentient_name_new_random ();
  kept = sentient_settings_keep_node_id (data_dir, node_id, &local);
  if (g_error_matches (local, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST))
    usage_error (error, "%s", local->message);
  else if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return kept;
}
