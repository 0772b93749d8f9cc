/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-table.h"

#include <glib/gi18n.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli-output.h"

#define GAP 2
#define INDENT 8 /* of what stands below a row */

struct _CliTable
{
  const CliColumn *columns;
  guint n_columns;
  gboolean headed;
  GPtrArray *cells; /* (element-type utf8) row by row */
};

CliTable *
cli_table_new (const CliColumn *columns, guint n_columns, gboolean headed)
{
  CliTable *self = g_new0 (CliTable, 1);

  self->columns = columns;
  self->n_columns = n_columns;
  self->headed = headed;
  self->cells = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; headed && i < n_columns; i++)
    cli_table_add (self, _ (columns[i].heading));
  return self;
}

void
cli_table_free (CliTable *self)
{
  g_ptr_array_unref (self->cells);
  g_free (self);
}

void
cli_table_add (CliTable *self, const char *text)
{
  g_ptr_array_add (self->cells, cli_escape (text != NULL ? text : "", -1));
}

void
cli_table_take (CliTable *self, char *text)
{
  cli_table_add (self, text);
  g_free (text);
}

/* Places on a terminal. */
static guint
width_of_character (gunichar c)
{
  return g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
}

static guint
width_of (const char *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    width += width_of_character (g_utf8_get_char (text));
  return width;
}

/* 0: as wide as it likes. */
static guint
terminal_width (void)
{
  struct winsize size;

  if (!isatty (STDOUT_FILENO) || ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col;
}

static void
cut (GString *line, guint width)
{
  guint so_far = 0;

  if (width == 0 || width_of (line->str) <= width)
    return;
  for (const char *at = line->str; *at != '\0'; at = g_utf8_next_char (at))
    {
      so_far += width_of_character (g_utf8_get_char (at));
      if (so_far > width - 1)
        {
          g_string_truncate (line, at - line->str);
          break;
        }
    }
  g_string_append (line, "…");
}

static void
append_spaces (GString *line, guint n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_c (line, ' ');
}

static void
append_cell (GString *line, const char *cell, guint width, gboolean number, gboolean last)
{
  guint spaces = width - width_of (cell);

  if (number)
    append_spaces (line, spaces);
  g_string_append (line, cell);
  if (!last)
    append_spaces (line, (number ? 0 : spaces) + GAP);
}

gboolean
cli_table_is_empty (CliTable *self)
{
  return self->cells->len <= (self->headed ? self->n_columns : 0);
}

static const char *
get_cell (CliTable *self, guint row, guint column)
{
  return g_ptr_array_index (self->cells, row * self->n_columns + column);
}

static guint
count_rows (CliTable *self)
{
  return self->cells->len / self->n_columns;
}

static gboolean
is_column_empty (CliTable *self, guint column)
{
  for (guint row = self->headed ? 1 : 0; row < count_rows (self); row++)
    if (*get_cell (self, row, column) != '\0')
      return FALSE;
  return TRUE;
}

static guint
sum_up (const guint *widths, const gboolean *left_out, guint n)
{
  guint sum = 0;

  for (guint i = 0; i < n; i++)
    if (!left_out[i])
      sum += widths[i] + (sum > 0 ? GAP : 0);
  return sum;
}

/* Which columns have no place in the rows. */
static void
leave_out (CliTable *self, const guint *widths, guint width, gboolean *left_out)
{
  if (width == 0 || sum_up (widths, left_out, self->n_columns) <= width)
    return;
  for (guint i = 0; i < self->n_columns; i++)
    left_out[i] = is_column_empty (self, i);
  if (sum_up (widths, left_out, self->n_columns) <= width)
    return;
  for (guint i = 0; i < self->n_columns; i++)
    left_out[i] = left_out[i] || self->columns[i].below;
}

static void
print_row (CliTable *self, guint row, const guint *widths, guint width, const gboolean *left_out)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean is_heading = self->headed && row == 0;
  guint last = self->n_columns - 1;

  while (last > 0 && left_out[last])
    last--;
  for (guint i = 0; i <= last; i++)
    if (!left_out[i])
      append_cell (line, get_cell (self, row, i), widths[i], self->columns[i].number, i == last);
  if (!self->columns[last].whole)
    cut (line, width);
  cli_say (is_heading ? CLI_NOTE : CLI_PLAIN, "%s", line->str);
  for (guint i = 0; i < self->n_columns && !is_heading; i++)
    if (left_out[i] && *get_cell (self, row, i) != '\0')
      cli_say (CLI_PLAIN, "%*s%s", INDENT, "", get_cell (self, row, i));
}

void
cli_table_print (CliTable *self)
{
  g_autofree guint *widths = g_new0 (guint, self->n_columns);
  g_autofree gboolean *left_out = g_new0 (gboolean, self->n_columns);
  guint width = terminal_width ();

  for (guint i = 0; i < self->cells->len; i++)
    widths[i % self->n_columns]
        = MAX (widths[i % self->n_columns], width_of (g_ptr_array_index (self->cells, i)));
  leave_out (self, widths, width, left_out);
  for (guint row = 0; row < count_rows (self); row++)
    print_row (self, row, widths, width, left_out);
}

char *
cli_format_time (gint64 ms)
{
  g_autoptr (GDateTime) utc = ms > 0 ? g_date_time_new_from_unix_utc (ms / 1000) : NULL;
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format (local, "%Y-%m-%d %H:%M:%S") : g_strdup ("");
}

char *
cli_format_duration (gint64 ms)
{
  gint64 seconds = MAX (ms, 0) / 1000;
  g_autofree char *clock = g_strdup_printf ("%02d:%02d:%02d", (int)(seconds / 3600 % 24),
                                            (int)(seconds / 60 % 60), (int)(seconds % 60));

  if (seconds < 86400)
    return g_steal_pointer (&clock);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%d day, %s", "%d days, %s",
                                       (gulong)(seconds / 86400)),
                          (int)(seconds / 86400), clock);
}
