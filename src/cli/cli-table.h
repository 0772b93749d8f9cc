/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A table for people: columns aligned. On a terminal (nowhere else) that is too narrow for it,
 * columns in which nothing stands are left out, those that go below stand in lines of their own,
 * and the others are cut to its width. */

typedef struct _CliTable CliTable;

typedef struct
{
  const char *heading;
  gboolean number; /* to the right */
  gboolean below;  /* goes below the row where there is no place for it */
  gboolean whole;  /* the last one; not to be cut: a terminal goes on in its next line */
} CliColumn;

/* columns live as long as the table. headed: with a line of headings. */
CliTable *cli_table_new (const CliColumn *columns, guint n_columns, gboolean headed);
void cli_table_free (CliTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliTable, cli_table_free)

/* Takes the text of the next cell, from left to right and row by row; what could harm a terminal is
 * written out as cli_escape () does. NULL: an empty one. */
void cli_table_take (CliTable *self, char *text);
void cli_table_add (CliTable *self, const char *text);
gboolean cli_table_is_empty (CliTable *self);
void cli_table_print (CliTable *self);

/* ms since the epoch as local date and time; "" for 0. */
char *cli_format_time (gint64 ms);
/* ms as days, hours, minutes and seconds. */
char *cli_format_duration (gint64 ms);

G_END_DECLS
