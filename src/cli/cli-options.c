/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-options.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "cli-limits.h"
#include "protocol/sentient-names.h"
#include "protocol/sentient-replies.h"
#include "signaling/sentient-access.h"
#include "signaling/sentient-channel.h"

/* As they stand on the command line, before any of them is checked. */
typedef struct
{
  char *port;
  char *max_peers;
  char *auto_webrtc;
  GStrv seeds;
  GStrv stun;
  GStrv turn;
  GStrv proxies;
  GStrv origins;
  GStrv limits;
} RawOptions;

static void
raw_options_clear (RawOptions *raw)
{
  g_clear_pointer (&raw->port, g_free);
  g_clear_pointer (&raw->max_peers, g_free);
  g_clear_pointer (&raw->auto_webrtc, g_free);
  g_clear_pointer (&raw->seeds, g_strfreev);
  g_clear_pointer (&raw->stun, g_strfreev);
  g_clear_pointer (&raw->turn, g_strfreev);
  g_clear_pointer (&raw->proxies, g_strfreev);
  g_clear_pointer (&raw->origins, g_strfreev);
  g_clear_pointer (&raw->limits, g_strfreev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RawOptions, raw_options_clear)

void
cli_options_clear (CliOptions *options)
{
  g_clear_pointer (&options->host, g_free);
  g_clear_pointer (&options->seeds, g_strfreev);
  g_clear_pointer (&options->node_id, g_free);
  g_clear_pointer (&options->network_id, g_free);
  g_clear_pointer (&options->stun, g_strfreev);
  g_clear_pointer (&options->turn, g_strfreev);
  g_clear_pointer (&options->public_url, g_free);
  g_clear_pointer (&options->trusted_proxies, g_strfreev);
  g_clear_pointer (&options->allowed_origins, g_strfreev);
  g_clear_pointer (&options->limits, g_strfreev);
  g_clear_pointer (&options->static_dir, g_free);
  g_clear_pointer (&options->data_dir, g_free);
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
    { "node-id", 0, 0, G_OPTION_ARG_STRING, &o->node_id,
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
    { "auto-webrtc", 0, 0, G_OPTION_ARG_STRING, &raw->auto_webrtc,
      N_ ("Connect to everybody in the room by itself (default true)"), N_ ("BOOL") },
    { "data", 'd', 0, G_OPTION_ARG_FILENAME, &o->data_dir,
      N_ ("Keep the name of this node in DIR/node-id, so that it stays the same; with --server "
          "also, from a stop to the next start, the sessions in DIR/handover (default: nothing is "
          "kept)"),
      N_ ("DIR") },
    { "debug", 0, 0, G_OPTION_ARG_NONE, &o->debug,
      N_ ("Tell every step of each connection, and the library's own notes on stderr"), NULL },
    { "no-color", 0, 0, G_OPTION_ARG_NONE, &o->no_color,
      N_ ("No colours (default: colours on terminals)"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &o->version, N_ ("Print the version and end"), NULL },
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
    { "host", 0, 0, G_OPTION_ARG_STRING, &o->host,
      N_ ("With --server: the address to listen at (default 0.0.0.0: everybody who reaches this "
          "machine; 127.0.0.1: this machine only)"),
      N_ ("ADDRESS") },
    { "network-id", 0, 0, G_OPTION_ARG_STRING, &o->network_id,
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
    { "static", 0, 0, G_OPTION_ARG_FILENAME, &o->static_dir,
      N_ ("With --server: also serve the files below this directory (default: none)"), N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_access_entries (GOptionContext *context, CliOptions *o, RawOptions *raw)
{
  const GOptionEntry entries[] = {
    { "public-url", 0, 0, G_OPTION_ARG_STRING, &o->public_url,
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
    { "no-cors", 0, 0, G_OPTION_ARG_NONE, &o->no_cors,
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
                  "  sentient doctor       see whether all pieces are installed"));
  g_string_append (
      text,
      _ ("A node reads lines: each goes to everybody who is connected in the current room\n"
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

static gboolean
parse_number (const char *option,
              const char *text,
              guint min,
              guint max,
              const char *hint,
              guint *value,
              GError **error)
{
  guint64 number;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, min, max, &number, NULL))
    {
      usage_error (error, _ ("%s: \"%s\" will not do: give a number from %u to %u%s"), option, text,
                   min, max, hint);
      return FALSE;
    }
  *value = (guint)number;
  return TRUE;
}

static gboolean
parse_bool (const char *option, const char *text, gboolean *value, GError **error)
{
  static const struct
  {
    const char *word;
    gboolean value;
  } words[] = {
    { "true", TRUE },   { "yes", TRUE }, { "on", TRUE },   { "1", TRUE },
    { "false", FALSE }, { "no", FALSE }, { "off", FALSE }, { "0", FALSE },
  };

  if (text == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (text, words[i].word) == 0)
      {
        *value = words[i].value;
        return TRUE;
      }
  usage_error (error, _ ("%s: \"%s\" is neither true nor false"), option, text);
  return FALSE;
}

/* Each item may be a list with commas. */
static GStrv
flatten (GStrv given)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

  for (guint i = 0; given[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (given[i], ",", -1);

      for (guint j = 0; parts[j] != NULL; j++)
        if (*g_strstrip (parts[j]) != '\0')
          g_strv_builder_add (all, parts[j]);
    }
  return g_strv_builder_end (all);
}

static gboolean
seed_is_valid (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GUri) usable = sentient_channel_parse_uri (url, NULL);

  return usable != NULL && uri != NULL && g_uri_get_host (uri) != NULL
         && *g_uri_get_host (uri) != '\0'
         && (g_str_equal (g_uri_get_scheme (uri), "http")
             || g_str_equal (g_uri_get_scheme (uri), "https"));
}

static gboolean
parse_seeds (CliOptions *options, GStrv given, GError **error)
{
  if (given == NULL)
    return TRUE;

  options->seeds = flatten (given);
  if (options->seeds[0] == NULL)
    {
      usage_error (error, _ ("--seed: no URL given; write --seed %s, for example"),
                   CLI_DEFAULT_SEED);
      return FALSE;
    }
  for (guint i = 0; options->seeds[i] != NULL; i++)
    if (!seed_is_valid (options->seeds[i]))
      {
        usage_error (error, _ ("--seed: \"%s\" is no http:// or https:// URL; write it like %s"),
                     options->seeds[i], CLI_DEFAULT_SEED);
        return FALSE;
      }
  return TRUE;
}

/* url as an error may show it: with a user and password in it, not at all. */
static const char *
without_secret (const char *url)
{
  const char *colon = strchr (url, ':');

  return strchr (url, '@') == NULL && (colon == NULL || strchr (colon + 1, ':') == NULL)
             ? url
             : _ ("(not shown)");
}

static gboolean
check_ice_urls (const char *option,
                const char *scheme,
                const char *example,
                GStrv urls,
                GError **error)
{
  for (guint i = 0; urls[i] != NULL; i++)
    {
      if (g_str_has_prefix (urls[i], scheme) && sentient_ice_url_check (urls[i], NULL))
        continue;
      usage_error (error, _ ("%s: \"%s\" will not do; write it like %s"), option,
                   without_secret (urls[i]), example);
      return FALSE;
    }
  return TRUE;
}

static gboolean
parse_stun (CliOptions *options, GStrv given, GError **error)
{
  if (given == NULL)
    return TRUE;

  options->stun = flatten (given);
  if (g_strv_length (options->stun) == 1 && g_str_equal (options->stun[0], "none"))
    {
      g_clear_pointer (&options->stun[0], g_free);
      return TRUE;
    }
  return check_ice_urls ("--stun", "stun", CLI_DEFAULT_STUN " (or none)", options->stun, error);
}

static gboolean
parse_turn (CliOptions *options, GStrv given, GError **error)
{
  if (given == NULL)
    return TRUE;

  options->turn = flatten (given);
  return check_ice_urls ("--turn", "turn", "turn:user:password@host:3478", options->turn, error);
}

/* TRUE if it went well; else error is made one of this option. */
static gboolean
check_setting (const char *option, gboolean ok, GError **local, GError **error)
{
  if (!ok)
    usage_error (error, "%s: %s", option, (*local)->message);
  g_clear_error (local);
  return ok;
}

static gboolean
parse_access (CliOptions *options, RawOptions *raw, GError **error)
{
  g_autoptr (SentientAccess) access = sentient_access_new (FALSE, TRUE);
  g_autoptr (GError) local = NULL;

  if (options->public_url != NULL
      && !check_setting ("--public-url",
                         sentient_access_set_public_url (access, options->public_url, &local),
                         &local, error))
    return FALSE;
  if (raw->proxies != NULL)
    options->trusted_proxies = flatten (raw->proxies);
  for (guint i = 0; raw->proxies != NULL && options->trusted_proxies[i] != NULL; i++)
    if (!check_setting ("--trusted-proxy",
                        sentient_access_add_proxy (access, options->trusted_proxies[i], &local),
                        &local, error))
      return FALSE;
  if (raw->origins != NULL)
    options->allowed_origins = flatten (raw->origins);
  for (guint i = 0; raw->origins != NULL && options->allowed_origins[i] != NULL; i++)
    if (!check_setting ("--allow-origin",
                        sentient_access_add_origin (access, options->allowed_origins[i], &local),
                        &local, error))
      return FALSE;
  return TRUE;
}

static gboolean
parse_limits (CliOptions *options, GStrv given, GError **error)
{
  if (given == NULL)
    return TRUE;

  options->limits = flatten (given);
  return cli_limits_check ((const char *const *)options->limits, error);
}

static gboolean
check_name (const char *option, const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (name == NULL || sentient_name_is_valid (name, -1))
    return TRUE;
  shown = g_strescape (name, NULL);
  usage_error (error,
               _ ("%s: \"%.64s\" will not do: use 1 to 128 of A-Z a-z 0-9 . _ : - (\"system\" is "
                  "reserved)"),
               option, shown);
  return FALSE;
}

gboolean
cli_host_is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return g_ascii_strcasecmp (host, "localhost") == 0
         || (address != NULL && g_inet_address_get_is_loopback (address));
}

static gboolean
check_rest (CliOptions *options, GError **error)
{
  if (!check_name ("--node-id", options->node_id, error)
      || !check_name ("--network-id", options->network_id, error))
    return FALSE;

  if (options->data_dir != NULL && *options->data_dir == '\0')
    {
      usage_error (error, _ ("--data: give the name of a directory"));
      return FALSE;
    }
  if (options->no_webrtc && !options->server)
    {
      usage_error (error, _ ("--no-webrtc is for a coordinator (with --server): a node talks over "
                             "WebRTC and nothing else"));
      return FALSE;
    }
  if (options->no_limits && options->server
      && (options->host == NULL || !cli_host_is_loopback (options->host)))
    {
      usage_error (error, _ ("--no-limits: everybody who reaches this coordinator could overload "
                             "it; it goes with --host 127.0.0.1 only"));
      return FALSE;
    }
  return TRUE;
}

static const char *
find_server_only (CliOptions *options, RawOptions *raw)
{
  if (raw->port != NULL)
    return "--port";
  if (options->host != NULL)
    return "--host";
  if (options->network_id != NULL)
    return "--network-id";
  if (raw->max_peers != NULL)
    return "--max-peers";
  if (options->no_cors)
    return "--no-cors";
  if (options->public_url != NULL)
    return "--public-url";
  if (raw->proxies != NULL)
    return "--trusted-proxy";
  if (raw->origins != NULL)
    return "--allow-origin";
  if (raw->limits != NULL)
    return "--limit";
  if (options->no_limits)
    return "--no-limits";
  if (options->static_dir != NULL)
    return "--static";
  return NULL;
}

gboolean
cli_options_parse (CliOptions *options, int *argc, char ***argv, GError **error)
{
  g_auto (RawOptions) raw = { 0 };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("[doctor]"));

  options->port = CLI_DEFAULT_PORT;
  options->max_peers = 50;
  options->auto_webrtc = TRUE;

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  add_entries (context, options, &raw);
  add_server_entries (context, options, &raw);
  add_access_entries (context, options, &raw);
  describe (context);
  if (!g_option_context_parse (context, argc, argv, error)
      || !parse_number ("--port", raw.port, 0, 65535, _ (" (0 takes any free port)"),
                        &options->port, error)
      || !parse_number ("--max-peers", raw.max_peers, 1, 65536, "", &options->max_peers, error)
      || !parse_bool ("--auto-webrtc", raw.auto_webrtc, &options->auto_webrtc, error)
      || !parse_seeds (options, raw.seeds, error) || !parse_stun (options, raw.stun, error)
      || !parse_turn (options, raw.turn, error) || !parse_access (options, &raw, error)
      || !parse_limits (options, raw.limits, error) || !check_rest (options, error))
    return FALSE;

  if (!options->server)
    options->server_only = find_server_only (options, &raw);
  return TRUE;
}

/* "" if there is no file yet. */
static char *
read_kept_id (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_strdup ("");
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  g_strchomp (text);
  if (!sentient_name_is_valid (text, -1))
    {
      usage_error (error, _ ("--data: %s holds no node id; correct or remove it"), path);
      return NULL;
    }
  return g_steal_pointer (&text);
}

char *
cli_options_choose_node_id (CliOptions *options, GError **error)
{
  g_autofree char *name
      = options->node_id != NULL ? g_strdup (options->node_id) : sentient_name_new_random ();
  g_autofree char *path = NULL;
  g_autofree char *kept = NULL;
  g_autofree char *line = NULL;

  if (options->data_dir == NULL)
    return g_steal_pointer (&name);

  if (g_mkdir_with_parents (options->data_dir, 0700) != 0)
    {
      usage_error (error, _ ("--data: the directory %s cannot be made: %s"), options->data_dir,
                   g_strerror (errno));
      return NULL;
    }
  path = g_build_filename (options->data_dir, "node-id", NULL);
  kept = read_kept_id (path, error);
  if (kept == NULL)
    return NULL;

  if (*kept != '\0')
    {
      if (options->node_id == NULL || g_str_equal (options->node_id, kept))
        return g_steal_pointer (&kept);
      usage_error (error, _ ("--node-id says %s, but %s says %s: leave one of them out"),
                   options->node_id, path, kept);
      return NULL;
    }

  line = g_strconcat (name, "\n", NULL);
  if (!g_file_set_contents_full (path, line, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
    return NULL;
  return g_steal_pointer (&name);
}
