/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "cli-options.h"
#include "cli-run.h"
#include "cli-table.h"
#include "client/sentient-client.h"

G_BEGIN_DECLS

/* The commands that speak to a daemon: one file a command, one table in cli-remote.c. */

typedef struct _CliCommand CliCommand;

/* One run of the program as such a command. */
typedef struct
{
  const CliCommand *command;
  GStrv words; /* after the name of the command */
  guint n_words;

  gboolean system;
  gboolean json;
  gboolean no_color;
  gboolean debug;

  /* Only of commands whose "options" name them. */
  char *metadata;
  char *room;
  char *file;
  char *priority;
  int count;      /* 0: no end */
  gboolean names; /* one a line, for completion */

  /* Of "connections". */
  gboolean stats;
  gboolean hide_addresses; /* of "doctor", too */

  /* Of "send-file" and "accept". */
  char *name;
  gboolean no_wait;
  int wait; /* s, for the other node to come; CLI_WAIT_UNSET */
  char *node_id;

  /* Of "doctor" and "send-file". */
  gboolean network;
  GStrv seeds;
  GStrv stun;
  GStrv turn;
  char *config_file;

  SentientClient *client; /* open; NULL for what needs none */
} CliRemote;

#define CLI_WAIT_UNSET G_MININT
#define CLI_WAIT_DEFAULT 30
#define CLI_WAIT_MAX 86400

typedef enum
{
  CLI_TAKES_METADATA = 1 << 0,
  CLI_TAKES_ROOM = 1 << 1,
  CLI_TAKES_FILE = 1 << 2,
  CLI_TAKES_COUNT = 1 << 3,
  CLI_TAKES_NAMES = 1 << 4,
  CLI_TAKES_PRIORITY = 1 << 7,
  CLI_TAKES_NETWORK = 1 << 10,
  CLI_TAKES_NAME = 1 << 12,
  CLI_TAKES_NO_WAIT = 1 << 13,
  CLI_TAKES_NODE = 1 << 14, /* what a node of its own needs */
  CLI_TAKES_STATS = 1 << 11,
  CLI_TAKES_WAIT = 1 << 15,
} CliTakes;

typedef enum
{
  CLI_NEEDS_DAEMON,
  CLI_NEEDS_BUS,     /* the daemon may be away */
  CLI_NEEDS_NOTHING, /* no client is made */
} CliNeeds;

struct _CliCommand
{
  const char *name;
  const char *arguments; /* "ROOM", for the help */
  const char *summary;
  guint min_words;
  guint max_words;
  CliTakes takes;
  CliNeeds needs;
  /* Of the command line alone; NULL: nothing to check. FALSE: error says what is wrong. */
  gboolean (*check) (CliRemote *remote, GError **error);
  int (*run) (CliRemote *remote); /* the exit status */
};

/* Whether the first word of the command line is such a command. */
gboolean cli_remote_is_command (int argc, char **argv);
/* Parses, runs, and returns the exit status. */
int cli_remote (int argc, char **argv);
/* A line a command, for --help. */
void cli_remote_describe (GString *text);

/* For the commands. */

/* Makes the client of a command that needs none, if it can. FALSE: error says why there is no bus;
 * the daemon may be away all the same. */
gboolean cli_remote_open (CliRemote *remote, GError **error);

/* A call failed: says so and returns CLI_EXIT_FAILED. */
int cli_remote_failed (GError *error);
/* A wrong command line. */
void cli_usage_error (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Sets error and returns FALSE if name can be no node id, or no room's name. */
gboolean cli_check_node_id (const char *name, GError **error);
gboolean cli_check_room (const char *name, GError **error);
/* It went well: one line for a person, or {"ok":true} for a program. */
int cli_remote_done (CliRemote *remote, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The end of a listing: as a table or, for programs, as json; its names were told on the way.
 * nothing: what a person reads if there is nothing to list. */
int cli_remote_listed (CliRemote *remote, CliTable *table, JsonBuilder *json, const char *nothing);
/* Waits until the daemon is there, or is gone. FALSE: not within CLI_REMOTE_STOP_MS. */
gboolean cli_remote_wait_available (CliRemote *remote, gboolean available);
/* While the run goes on: if the daemon goes away, says so and ends the run as failed, without
 * calling its stop (). */
void cli_remote_watch (CliRemote *remote, CliRun *run);
void cli_remote_unwatch (CliRemote *remote, CliRun *run);

#define CLI_REMOTE_CALL_MS 60000  /* a WebRTC connection takes its time */
#define CLI_REMOTE_STOP_MS 660000 /* a coordinator may drain for up to ten minutes */

/* The settings of a node that stands alone, with what the command line says. NULL: error is set. */
SentientSettings *cli_remote_new_settings (CliRemote *remote, GError **error);

extern const CliCommand cli_command_status;
extern const CliCommand cli_command_rooms;
extern const CliCommand cli_command_peers;
extern const CliCommand cli_command_connections;
extern const CliCommand cli_command_join;
extern const CliCommand cli_command_leave;
extern const CliCommand cli_command_send;
extern const CliCommand cli_command_send_file;
extern const CliCommand cli_command_transfers;
extern const CliCommand cli_command_accept;
extern const CliCommand cli_command_refuse;
extern const CliCommand cli_command_cancel;
extern const CliCommand cli_command_connect;
extern const CliCommand cli_command_disconnect;
extern const CliCommand cli_command_seed;
extern const CliCommand cli_command_start;
extern const CliCommand cli_command_stop;
extern const CliCommand cli_command_reload;
extern const CliCommand cli_command_monitor;
extern const CliCommand cli_command_doctor;

G_END_DECLS
