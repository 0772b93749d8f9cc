/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-node.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "cli-output.h"

#define CHUNK 4096

struct _CliInput
{
  GInputStream *stream;
  GCancellable *cancellable;
  CliLineFunc line;
  CliEndFunc end;
  gpointer user_data;

  GByteArray *rest;  /* what came and is not handed on yet */
  guint scanned;     /* bytes of rest known to hold no newline */
  gboolean skipping; /* until the end of a line that is too long */
  gboolean reading;
  gboolean at_end;
  gboolean any_line;
  gboolean held; /* the receiver takes no line now */
  guint resume_id;
};

static void read_more (CliInput *self);

/* TRUE: the line of len bytes at the head of rest is done with. */
static gboolean
hand_over (CliInput *self, gsize len)
{
  g_autofree char *text = NULL;

  self->any_line = TRUE;
  if (self->skipping)
    {
      self->skipping = FALSE;
      return TRUE;
    }
  if (len > 0 && self->rest->data[len - 1] == '\r')
    len--;
  if (len > CLI_LINE_MAX)
    cli_complain (_ ("a line of over %d bytes was not sent: make it shorter"), CLI_LINE_MAX);
  else if (!g_utf8_validate_len ((const char *)self->rest->data, len, NULL))
    cli_complain (_ ("a line that is not UTF-8 text was not sent"));
  else
    {
      text = g_strndup ((const char *)self->rest->data, len);
      return self->line (text, self->user_data);
    }
  return TRUE;
}

/* Without this a line that never ends would be kept whole. */
static void
drop_overlong (CliInput *self)
{
  if (self->rest->len <= CLI_LINE_MAX + 1)
    return;
  if (!self->skipping)
    cli_complain (_ ("a line of over %d bytes was not sent: make it shorter"), CLI_LINE_MAX);
  self->skipping = TRUE;
  g_byte_array_set_size (self->rest, 0);
  self->scanned = 0;
}

static void
hand_over_lines (CliInput *self)
{
  while (!self->held)
    {
      const guint8 *newline
          = self->rest->len > self->scanned
                ? memchr (self->rest->data + self->scanned, '\n', self->rest->len - self->scanned)
                : NULL;
      gsize len;

      if (newline == NULL)
        {
          self->scanned = self->rest->len;
          break;
        }
      len = newline - self->rest->data;
      if (!hand_over (self, len))
        {
          self->held = TRUE;
          return;
        }
      g_byte_array_remove_range (self->rest, 0, len + 1);
      self->scanned = 0;
    }

  if (self->held)
    return;
  drop_overlong (self);
  if (!self->at_end)
    {
      read_more (self);
      return;
    }
  /* The last line may have no newline. */
  if (self->rest->len > 0)
    {
      if (!hand_over (self, self->rest->len))
        {
          self->held = TRUE;
          return;
        }
      g_byte_array_set_size (self->rest, 0);
    }
  self->end (self->any_line, self->user_data);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  CliInput *self = user_data;

  /* self is gone then. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self->reading = FALSE;
  if (bytes == NULL)
    cli_complain (_ ("the input cannot be read: %s"), error->message);
  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    self->at_end = TRUE;
  else
    g_byte_array_append (self->rest, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  hand_over_lines (self);
}

static void
read_more (CliInput *self)
{
  if (self->reading)
    return;
  self->reading = TRUE;
  g_input_stream_read_bytes_async (self->stream, CHUNK, G_PRIORITY_DEFAULT, self->cancellable,
                                   on_read, self);
}

CliInput *
cli_input_new (CliLineFunc line, CliEndFunc end, gpointer user_data)
{
  CliInput *self = g_new0 (CliInput, 1);

  self->stream = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  self->cancellable = g_cancellable_new ();
  self->rest = g_byte_array_new ();
  self->line = line;
  self->end = end;
  self->user_data = user_data;
  read_more (self);
  return self;
}

static gboolean
on_resume (gpointer user_data)
{
  CliInput *self = user_data;

  self->resume_id = 0;
  hand_over_lines (self);
  return G_SOURCE_REMOVE;
}

void
cli_input_resume (CliInput *self)
{
  if (!self->held)
    return;
  self->held = FALSE;
  /* Not from within the caller, who may be handling a line. */
  if (self->resume_id == 0)
    {
      self->resume_id = g_idle_add (on_resume, self);
      g_source_set_name_by_id (self->resume_id, "sentient-input-resume");
    }
}

void
cli_input_free (CliInput *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->resume_id, g_source_remove);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->rest, g_byte_array_unref);
  g_free (self);
}
