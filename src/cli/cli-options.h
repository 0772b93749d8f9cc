/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

#define CLI_EXIT_OK 0
#define CLI_EXIT_FAILED 1 /* it could not be done */
#define CLI_EXIT_USAGE 2  /* the command line is wrong */

#define CLI_DEFAULT_SEED "http://127.0.0.1:8888"

typedef struct
{
  SentientSettings *settings; /* all that also stands in a file */
  char *config_file;          /* NULL: looked for */
  gboolean server;
  gboolean no_webrtc;
  gboolean no_limits;
  gboolean json;
  gboolean no_color;
  gboolean version;

  /* The first option given that says something only to a coordinator, for a note. */
  const char *server_only;
} CliOptions;

void cli_options_clear (CliOptions *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliOptions, cli_options_clear)

/* Can only programs on this machine reach what listens there? */
gboolean cli_host_is_loopback (const char *host);

/* Each item of given may be a list with commas; NULL: nothing is set. FALSE: error says which
 * option will not do. */
gboolean cli_options_set_list (SentientSettings *settings,
                               const char *name,
                               const char *const *given,
                               GError **error);

/* Takes what it knows out of argv. FALSE: error says what is wrong with which option, for a
 * person. Prints the help and ends the program on --help. */
gboolean cli_options_parse (CliOptions *options, int *argc, char ***argv, GError **error);

/* Reads the settings file. FALSE: error is a G_OPTION_ERROR if the command line does not go with
 * it; else it says what is wrong in the file, a line each. */
gboolean cli_options_load (CliOptions *options, GError **error);

/* The name of this node: from --node-id, else from DIR/node-id, else a new one. With --data it is
 * written to DIR/node-id if nothing is there yet. NULL: error is set. */
char *cli_options_choose_node_id (CliOptions *options, GError **error);

G_END_DECLS
