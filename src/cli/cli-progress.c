/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-progress.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "cli-output.h"
#include "cli-transfer.h"

#define LINE_WIDTH 78
/* Where a line cannot be changed. */
#define LINE_EVERY_US (10 * G_USEC_PER_SEC)

struct _CliProgress
{
  gboolean json;
  gboolean on_terminal;
  gboolean is_plain; /* files come and go, there is no last one */
  gboolean line_shown;
  gint64 last_line;
  void (*over) (gpointer user_data);
  gpointer user_data;
  GPtrArray *running; /* GObject */
  guint n_expected;
  guint n_over;
  guint n_failed;
};

CliProgress *
cli_progress_new (gboolean json, void (*over) (gpointer user_data), gpointer user_data)
{
  CliProgress *self = g_new0 (CliProgress, 1);

  self->json = json;
  self->on_terminal = isatty (STDERR_FILENO) != 0;
  self->over = over;
  self->user_data = user_data;
  self->running = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

static void
clear_line (CliProgress *self)
{
  if (!self->line_shown)
    return;
  fputs ("\r\033[K", stderr);
  fflush (stderr);
  self->line_shown = FALSE;
}

void
cli_progress_set_plain (CliProgress *self)
{
  self->on_terminal = FALSE;
  self->is_plain = TRUE;
}

void
cli_progress_free (CliProgress *self)
{
  clear_line (self);
  for (guint i = 0; i < self->running->len; i++)
    g_signal_handlers_disconnect_by_data (self->running->pdata[i], self);
  g_ptr_array_unref (self->running);
  g_free (self);
}

gboolean
cli_progress_is_over (CliProgress *self)
{
  return self->running->len == 0 && self->n_expected == 0;
}

static void
check_over (CliProgress *self)
{
  if (cli_progress_is_over (self) && self->over != NULL)
    self->over (self->user_data);
}

static void
show (CliProgress *self, gpointer transfer)
{
  guint n_all = self->n_over + self->running->len + self->n_expected;
  g_auto (CliTransfer) now = { 0 };
  g_autofree char *text = NULL;

  cli_transfer_init (&now, transfer);
  if (!now.outgoing && g_str_equal (now.state, "offered"))
    return; /* we are about to answer it */
  text = cli_transfer_dup_progress (&now);
  if (n_all > 1 && !self->is_plain)
    {
      g_autofree char *bare = g_steal_pointer (&text);

      text = g_strdup_printf (_ ("[%u of %u] %s"), self->n_over + 1, n_all, bare);
    }
  if (!self->on_terminal)
    {
      self->last_line = g_get_monotonic_time ();
      cli_say (CLI_NOTE, "%s", text);
      return;
    }
  if (g_utf8_strlen (text, -1) > LINE_WIDTH)
    *g_utf8_offset_to_pointer (text, LINE_WIDTH) = '\0';
  fprintf (stderr, "\r%s\033[K", text);
  fflush (stderr);
  self->line_shown = TRUE;
}

static void
end (CliProgress *self, gpointer transfer)
{
  g_auto (CliTransfer) last = { 0 };

  clear_line (self);
  cli_transfer_init (&last, transfer);
  if (self->json)
    {
      cli_transfer_print_json (&last);
      self->n_failed += !g_str_equal (last.state, "done");
    }
  else
    self->n_failed += !cli_transfer_say_end (&last);
  g_signal_handlers_disconnect_by_data (transfer, self);
  self->n_over++;
  g_ptr_array_remove (self->running, transfer);
}

static void
on_notify (GObject *transfer, GParamSpec *pspec, CliProgress *self)
{
  gboolean is_new = pspec == NULL || g_str_equal (pspec->name, "state");

  if (cli_transfer_is_over (transfer))
    {
      /* The last that is told. */
      if (is_new)
        {
          end (self, transfer);
          check_over (self);
        }
    }
  else if (self->json)
    return;
  else if (self->on_terminal ? transfer == self->running->pdata[0]
                             : is_new || g_get_monotonic_time () - self->last_line >= LINE_EVERY_US)
    show (self, transfer);
}

void
cli_progress_add (CliProgress *self, gpointer transfer)
{
  if (self->n_expected > 0)
    self->n_expected--;
  g_ptr_array_add (self->running, g_object_ref (transfer));
  g_signal_connect (transfer, "notify", G_CALLBACK (on_notify), self);
  on_notify (transfer, NULL, self);
}

void
cli_progress_expect (CliProgress *self, guint n)
{
  self->n_expected += n;
}

void
cli_progress_fail (CliProgress *self)
{
  g_assert (self->n_expected > 0);

  self->n_expected--;
  self->n_over++;
  self->n_failed++;
  check_over (self);
}

void
cli_progress_cancel (CliProgress *self)
{
  g_autoptr (GPtrArray) running = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->running->len; i++)
    g_ptr_array_add (running, g_object_ref (self->running->pdata[i]));
  for (guint i = 0; i < running->len; i++)
    cli_transfer_cancel (running->pdata[i]);
}

guint
cli_progress_get_n_failed (CliProgress *self)
{
  return self->n_failed;
}
