/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Follows files on their way until all of them are over: on a terminal with a line that changes,
 * else with a line now and then; with JSON a line at the end of each. */
typedef struct _CliProgress CliProgress;

/* over: all that were added are, after an _add () or later. */
CliProgress *
cli_progress_new (gboolean json, void (*over) (gpointer user_data), gpointer user_data);
/* A line that changes would be in the way of others. */
void cli_progress_set_plain (CliProgress *self);
void cli_progress_free (CliProgress *self);
/* A SentientTransfer or SentientDBusTransfer. */
void cli_progress_add (CliProgress *self, gpointer transfer);
/* So many more are to be added before all are there. */
void cli_progress_expect (CliProgress *self, guint n);
/* One of them came to nothing, and that was told. */
void cli_progress_fail (CliProgress *self);
void cli_progress_cancel (CliProgress *self);
gboolean cli_progress_is_over (CliProgress *self);
/* That did not go well. */
guint cli_progress_get_n_failed (CliProgress *self);

G_END_DECLS
