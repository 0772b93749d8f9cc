/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CLI_EXIT_OK 0
#define CLI_EXIT_FAILED 1 /* it could not be done */
#define CLI_EXIT_USAGE 2  /* the command line is wrong */

#define CLI_DEFAULT_PORT 8888
#define CLI_DEFAULT_SEED "http://127.0.0.1:8888"
#define CLI_DEFAULT_STUN "stun:stun.l.google.com:19302"

typedef struct
{
  gboolean server;
  guint port;
  char *host;
  GStrv seeds; /* NULL: none given */
  char *node_id;
  char *network_id;
  gboolean no_webrtc;
  GStrv stun; /* NULL: none given; empty: --stun none */
  GStrv turn; /* NULL: none given */
  gboolean auto_webrtc;
  guint max_peers;
  gboolean no_cors;
  char *public_url;
  GStrv trusted_proxies; /* NULL: none given */
  GStrv allowed_origins; /* NULL: none given */
  GStrv limits;          /* "name=number"; NULL: none given */
  gboolean no_limits;
  char *static_dir;
  char *data_dir;
  gboolean debug;
  gboolean no_color;
  gboolean version;

  /* The first option given that says something only to a coordinator, for a note. */
  const char *server_only;
} CliOptions;

void cli_options_clear (CliOptions *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliOptions, cli_options_clear)

/* Can only programs on this machine reach what listens there? */
gboolean cli_host_is_loopback (const char *host);

/* Takes what it knows out of argv. FALSE: error says what is wrong with which option, for a
 * person. Prints the help and ends the program on --help. */
gboolean cli_options_parse (CliOptions *options, int *argc, char ***argv, GError **error);

/* The name of this node: from --node-id, else from DIR/node-id, else a new one. With --data it is
 * written to DIR/node-id if nothing is there yet. NULL: error is set. */
char *cli_options_choose_node_id (CliOptions *options, GError **error);

G_END_DECLS
