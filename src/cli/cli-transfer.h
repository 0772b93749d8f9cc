/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "cli-table.h"

G_BEGIN_DECLS

/* A file on its way, be it the daemon's (SentientDBusTransfer) or our own (SentientTransfer), and
 * how it is told to a person or a program. */
typedef struct
{
  guint64 number;
  gboolean outgoing;
  char *node_id;
  char *name; /* of another node, so not to be shown as it is */
  char *media_type;
  gint64 size; /* -1: not known */
  guint64 done;
  guint64 rate;
  gint64 remaining; /* seconds; -1: not known */
  char *state;
  char *error; /* "": none */
  char *file;  /* where it was stored; "": nowhere */
} CliTransfer;

void cli_transfer_init (CliTransfer *self, gpointer transfer);
void cli_transfer_clear (CliTransfer *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliTransfer, cli_transfer_clear)

/* Either kind. */
gboolean cli_transfer_is_over (gpointer transfer);
void cli_transfer_cancel (gpointer transfer);

/* "photo.jpg to bob: 45 %, 12.3 MB of 27.3 MB, 5.6 MB/s, 3s left" */
char *cli_transfer_dup_progress (const CliTransfer *self);
/* How it ended; TRUE: well. */
gboolean cli_transfer_say_end (const CliTransfer *self);
/* An object. */
void cli_transfer_add_json (JsonBuilder *json, const CliTransfer *self);
void cli_transfer_print_json (const CliTransfer *self);
CliTable *cli_transfer_new_table (void);
void cli_transfer_add_row (CliTable *table, const CliTransfer *self);

G_END_DECLS
