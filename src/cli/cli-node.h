/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-options.h"
#include "cli-progress.h"
#include "cli-run.h"
#include "peer/sentient-peer.h"

G_BEGIN_DECLS

#define CLI_KEPT_MAX 100    /* lines that wait for somebody to connect */
#define CLI_FINISH_MS 10000 /* how long the end of the input waits for them */
#define CLI_LINE_MAX 65536  /* bytes of a line typed */
#define CLI_PINGS_MAX 16    /* under way */
#define CLI_PING_TIMEOUT_MS 10000

typedef struct _CliInput CliInput;

/* A node at work: what its parts (lifecycle, talk, commands) share. */
typedef struct
{
  CliRun run;
  CliOptions *options;
  SentientPeer *peer;
  GCancellable *cancellable;
  CliInput *input; /* NULL: not read yet */
  char *room;      /* where lines go; NULL: in no room */
  gboolean asking; /* a join or leave is not answered yet: no line is taken */

  GQueue kept;           /* of KeptLine, oldest first */
  gboolean finishing;    /* stops once kept is empty */
  guint finish_id;       /* or then */
  guint n_disconnecting; /* connections that still close */

  CliProgress *progress; /* files on their way */

  GHashTable *pings; /* guint64 id → Ping */
  guint64 last_ping;
  GHashTable *attempts; /* node id → when its negotiation began, monotonic µs */
} CliNode;

/* cli-node.c */

/* Ends the program once every kept line was sent, at the latest after CLI_FINISH_MS, and every file
 * is over. The second call ends it at once. */
void cli_node_finish (CliNode *self);

/* What is to go to a node once it is connected. */
typedef struct _CliNodeJob CliNodeJob;

/* Takes job. error: why there is no connection, or NULL. */
typedef void (*CliNodeJobFunc) (CliNodeJob *job, const GError *error);

struct _CliNodeJob
{
  CliNode *node;
  char *node_id;
  CliNodeJobFunc connected;
  gpointer what;
  GDestroyNotify free_what;
};

/* Connects to the node if need be, then calls connected (); not if this node stops before. Takes
 * what. */
void cli_node_connect (CliNode *self,
                       const char *node_id,
                       CliNodeJobFunc connected,
                       gpointer what,
                       GDestroyNotify free_what);
void cli_node_job_free (CliNodeJob *job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliNodeJob, cli_node_job_free)

/* cli-node-talk.c */

void cli_talk_init (CliNode *self);
void cli_talk_clear (CliNode *self);
/* To everybody connected in the current room; kept if there is nobody. FALSE: refused. */
gboolean cli_talk_say (CliNode *self, const char *text);
/* To one node, which is connected to first if need be. */
void cli_talk_send (CliNode *self, const char *node_id, const char *text);
void cli_talk_ping (CliNode *self, const char *node_id);
/* Sends what is kept as far as it goes. */
void cli_talk_flush (CliNode *self);
void cli_talk_received (CliNode *self, const char *node_id, GBytes *data, gboolean is_text);

/* cli-node-files.c */

void cli_files_init (CliNode *self);
void cli_files_clear (CliNode *self);
/* A file that another node offers: taken as --accept-files says, else the person is told. */
void cli_files_offered (CliNode *self, SentientTransfer *transfer);
/* What is typed behind the command. */
void cli_files_send (CliNode *self, const char *argument);
void cli_files_list (CliNode *self, const char *argument);
void cli_files_accept (CliNode *self, const char *argument);
void cli_files_refuse (CliNode *self, const char *argument);
void cli_files_cancel (CliNode *self, const char *argument);

/* cli-node-commands.c */

/* Full; NULL: it was not joined. */
SentientRoom *cli_node_find_room (CliNode *self, const char *name);

/* line begins with "/". */
void cli_commands_run (CliNode *self, const char *line);

/* cli-input.c: lines of stdin, in turn, without blocking. */

/* FALSE: the line cannot be taken now; it comes again after cli_input_resume (). */
typedef gboolean (*CliLineFunc) (const char *line, gpointer user_data);
typedef void (*CliEndFunc) (gboolean any_line, gpointer user_data);

CliInput *cli_input_new (CliLineFunc line, CliEndFunc end, gpointer user_data);
void cli_input_resume (CliInput *self);
void cli_input_free (CliInput *self);

G_END_DECLS
