/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-sink.h"

#include <gio/gunixoutputstream.h>
#include <unistd.h>

#include "core/sentient-error.h"
#include "peer/sentient-transfer-name.h"
#include "peer/sentient-unnamed-file.h"

/* "name (n).ext": more are not tried. */
#define NUMBERS_MAX 9999
/* What waits is copied into pieces of this, so that it is as much as it looks: a few bytes may come
 * in a frame of a megabyte. */
#define PIECE_SIZE 65536

struct _SentientTransferSink
{
  gint ref_count; /* one for the owner, one for what is under way */
  GMainContext *context;
  GCancellable *cancellable;
  const SentientTransferSinkEvents *events; /* NULL: it is over, or nobody waits for it any more */
  gpointer user_data;

  GFile *destination; /* as given; NULL: a stream */
  char *name;
  gint64 size;
  GFile *folder;
  int fd;         /* it has no name yet; -1: it has */
  GFile *partial; /* is there, or about to be */
  GFile *file;    /* is there, and ours */
  guint number;
  GOutputStream *stream; /* NULL: not open yet, or closed */

  GQueue waiting;     /* GByteArray */
  GPtrArray *writing; /* GByteArray; NULL: nothing is being written */
  GOutputVector *vectors;
  gboolean is_ending;
  gboolean is_closing;
};

static void
remove_file (GFile **file)
{
  /* A name less: what is open lives on until it is closed, elsewhere. */
  if (*file != NULL)
    g_file_delete (*file, NULL, NULL);
  g_clear_object (file);
}

static void
unref (SentientTransferSink *self)
{
  if (--self->ref_count > 0)
    return;
  remove_file (&self->partial);
  remove_file (&self->file);
  if (self->stream != NULL)
    {
      g_main_context_push_thread_default (self->context);
      g_output_stream_close_async (self->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
      g_main_context_pop_thread_default (self->context);
    }
  g_clear_object (&self->stream);
  if (self->fd >= 0)
    close (self->fd);
  g_clear_object (&self->destination);
  g_clear_object (&self->folder);
  g_queue_clear_full (&self->waiting, (GDestroyNotify)g_byte_array_unref);
  g_clear_pointer (&self->writing, g_ptr_array_unref);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_free (self->vectors);
  g_free (self->name);
  g_free (self);
}

/* What is called next is to come back once, with a reference. */
static void
begin (SentientTransferSink *self)
{
  self->ref_count++;
  g_main_context_push_thread_default (self->context);
}

static void
begun (SentientTransferSink *self)
{
  g_main_context_pop_thread_default (self->context);
}

void
sentient_transfer_sink_free (SentientTransferSink *self)
{
  self->events = NULL;
  g_cancellable_cancel (self->cancellable);
  /* Now: there may be no main loop any more that would get there. And again in the end, for what is
   * just being made. */
  if (self->partial != NULL && !self->is_closing)
    g_file_delete (self->partial, NULL, NULL);
  unref (self);
}

static void
fail (SentientTransferSink *self, const GError *error)
{
  const SentientTransferSinkEvents *events = g_steal_pointer (&self->events);

  remove_file (&self->partial);
  remove_file (&self->file);
  if (events != NULL)
    events->failed (error, self->user_data);
}

/* The end: the file gets its name */

static void
finished (SentientTransferSink *self)
{
  const SentientTransferSinkEvents *events = g_steal_pointer (&self->events);
  g_autoptr (GFile) file = NULL;

  if (events == NULL)
    return;
  file = g_steal_pointer (&self->file);
  events->finished (file, self->user_data);
}

static void
on_moved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_file_move_finish (G_FILE (source), result, &error))
    fail (self, error);
  else
    {
      g_clear_object (&self->partial);
      finished (self);
    }
  unref (self);
}

static void claim_name (SentientTransferSink *self);

/* Another name, unless that is not what is wrong. */
static void
claim_next (SentientTransferSink *self, const GError *error)
{
  if (self->events == NULL)
    g_debug ("the file is not wanted any more");
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS) && self->number < NUMBERS_MAX)
    {
      self->number++;
      claim_name (self);
    }
  else
    fail (self, error);
}

static void
on_linked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_unnamed_file_link_finish (result, &error))
    claim_next (self, error);
  else
    {
      self->file = g_object_ref (G_FILE (source));
      finished (self);
    }
  unref (self);
}

/* An empty file that was not there: nobody else has the name. */
static void
on_claimed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileOutputStream) empty = g_file_create_finish (G_FILE (source), result, &error);

  if (empty != NULL)
    self->file = g_object_ref (G_FILE (source));
  if (empty != NULL && self->events != NULL)
    {
      begin (self);
      g_file_move_async (self->partial, self->file, G_FILE_COPY_OVERWRITE, G_PRIORITY_DEFAULT, NULL,
                         NULL, NULL, on_moved, self);
      begun (self);
    }
  else if (empty == NULL)
    claim_next (self, error);
  unref (self);
}

static void
claim_name (SentientTransferSink *self)
{
  g_autofree char *name = sentient_transfer_dup_numbered_name (self->name, self->number);
  g_autoptr (GFile) file = g_file_get_child (self->folder, name);

  /* Not to be cancelled: then nobody could say whose file it is. */
  begin (self);
  if (self->fd >= 0)
    sentient_unnamed_file_link_async (self->fd, file, on_linked, self);
  else
    g_file_create_async (file, G_FILE_CREATE_NONE, G_PRIORITY_DEFAULT, NULL, on_claimed, self);
  begun (self);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  const SentientTransferSinkEvents *events;
  g_autoptr (GError) error = NULL;

  if (!g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error))
    fail (self, error);
  else if (self->events != NULL && self->folder != NULL)
    claim_name (self);
  else if (self->events != NULL)
    {
      events = g_steal_pointer (&self->events);
      events->finished (NULL, self->user_data);
    }
  unref (self);
}

static void
close_stream (SentientTransferSink *self)
{
  g_autoptr (GOutputStream) stream = g_steal_pointer (&self->stream);

  self->is_closing = TRUE;
  begin (self);
  g_output_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, on_closed, self);
  begun (self);
}

/* Writing */

static void write_more (SentientTransferSink *self);

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GError) error = NULL;
  gsize len = 0;

  g_clear_pointer (&self->writing, g_ptr_array_unref);
  g_clear_pointer (&self->vectors, g_free);
  if (!g_output_stream_writev_all_finish (G_OUTPUT_STREAM (source), result, &len, &error))
    fail (self, error);
  else
    {
      if (self->events != NULL)
        self->events->written (len, self->user_data);
      if (self->events != NULL)
        write_more (self);
    }
  unref (self);
}

/* All that waits, at one go. */
static void
write_more (SentientTransferSink *self)
{
  GByteArray *piece;

  if (self->stream == NULL || self->writing != NULL)
    return;
  if (self->waiting.length == 0)
    {
      if (self->is_ending)
        close_stream (self);
      return;
    }
  self->writing = g_ptr_array_new_with_free_func ((GDestroyNotify)g_byte_array_unref);
  self->vectors = g_new (GOutputVector, self->waiting.length);
  while ((piece = g_queue_pop_head (&self->waiting)) != NULL)
    {
      self->vectors[self->writing->len].buffer = piece->data;
      self->vectors[self->writing->len].size = piece->len;
      g_ptr_array_add (self->writing, piece);
    }
  begin (self);
  g_output_stream_writev_all_async (self->stream, self->vectors, self->writing->len,
                                    G_PRIORITY_DEFAULT, self->cancellable, on_written, self);
  begun (self);
}

void
sentient_transfer_sink_write (SentientTransferSink *self, const guint8 *data, gsize len)
{
  GByteArray *piece = g_queue_peek_tail (&self->waiting);

  if (piece == NULL || piece->len + len > PIECE_SIZE)
    {
      piece = g_byte_array_sized_new (PIECE_SIZE);
      g_queue_push_tail (&self->waiting, piece);
    }
  g_byte_array_append (piece, data, (guint)len);
  write_more (self);
}

void
sentient_transfer_sink_finish (SentientTransferSink *self)
{
  self->is_ending = TRUE;
  write_more (self);
}

/* The beginning */

static void
open_stream (SentientTransferSink *self, GOutputStream *stream)
{
  self->stream = g_object_ref (stream);
  if (self->events != NULL)
    self->events->opened (self->user_data);
  if (self->events != NULL)
    write_more (self);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileOutputStream) stream = g_file_create_finish (G_FILE (source), result, &error);

  if (stream != NULL)
    open_stream (self, G_OUTPUT_STREAM (stream));
  else
    {
      /* One that was cancelled may be there all the same. */
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_clear_object (&self->partial);
      fail (self, error);
    }
  unref (self);
}

static void
create_partial (SentientTransferSink *self)
{
  g_autofree char *name
      = g_strdup_printf (".sentient-%08x%08x.part", g_random_int (), g_random_int ());

  self->partial = g_file_get_child (self->folder, name);
  begin (self);
  g_file_create_async (self->partial, G_FILE_CREATE_NONE, G_PRIORITY_DEFAULT, self->cancellable,
                       on_created, self);
  begun (self);
}

static void
on_unnamed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GOutputStream) stream = NULL;

  self->fd = sentient_unnamed_file_open_finish (result);
  if (self->fd >= 0)
    {
      stream = g_unix_output_stream_new (self->fd, FALSE);
      open_stream (self, stream);
    }
  else if (self->events != NULL)
    create_partial (self); /* what is wrong, if it is not that, shows there as well */
  unref (self);
}

static void
create (SentientTransferSink *self)
{
  begin (self);
  sentient_unnamed_file_open_async (self->folder, self->cancellable, on_unnamed, self);
  begun (self);
}

static void
on_space (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GFileInfo) info = g_file_query_filesystem_info_finish (G_FILE (source), result, NULL);
  g_autoptr (GError) error = NULL;
  guint64 n_free;

  /* Who does not say how much is free is tried. */
  if (info != NULL && g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE))
    {
      n_free = g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE);
      if ((guint64)self->size > n_free)
        {
          g_autofree char *size = g_format_size ((guint64)self->size);
          g_autofree char *free = g_format_size (n_free);

          g_set_error (&error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                       "it has %s, and there is only place for %s where it is to go", size, free);
          fail (self, error);
        }
    }
  if (error == NULL)
    create (self);
  unref (self);
}

static void
on_destination (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);

  if (info == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    fail (self, error);
  else
    {
      if (info != NULL && g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY)
        self->folder = g_object_ref (self->destination);
      else
        {
          self->folder = g_file_get_parent (self->destination);
          g_free (self->name);
          self->name = g_file_get_basename (self->destination);
        }
      if (self->folder == NULL) /* the root, and that is no folder */
        g_set_object (&self->folder, self->destination);
      if (self->size >= 0)
        {
          begin (self);
          g_file_query_filesystem_info_async (self->folder, G_FILE_ATTRIBUTE_FILESYSTEM_FREE,
                                              G_PRIORITY_DEFAULT, self->cancellable, on_space,
                                              self);
          begun (self);
        }
      else
        create (self);
    }
  unref (self);
}

static SentientTransferSink *
new_sink (GMainContext *context, const SentientTransferSinkEvents *events, gpointer user_data)
{
  SentientTransferSink *self = g_new0 (SentientTransferSink, 1);

  self->ref_count = 1;
  self->fd = -1;
  self->context = g_main_context_ref (context);
  self->cancellable = g_cancellable_new ();
  self->events = events;
  self->user_data = user_data;
  return self;
}

SentientTransferSink *
sentient_transfer_sink_new_file (GMainContext *context,
                                 GFile *destination,
                                 const char *name,
                                 gint64 size,
                                 const SentientTransferSinkEvents *events,
                                 gpointer user_data)
{
  SentientTransferSink *self = new_sink (context, events, user_data);

  self->destination = g_object_ref (destination);
  self->name = g_strdup (name);
  self->size = size;
  begin (self);
  g_file_query_info_async (destination, G_FILE_ATTRIBUTE_STANDARD_TYPE, G_FILE_QUERY_INFO_NONE,
                           G_PRIORITY_DEFAULT, self->cancellable, on_destination, self);
  begun (self);
  return self;
}

static gboolean
on_idle (gpointer user_data)
{
  SentientTransferSink *self = user_data;
  g_autoptr (GOutputStream) stream = g_steal_pointer (&self->stream);

  open_stream (self, stream);
  return G_SOURCE_REMOVE;
}

SentientTransferSink *
sentient_transfer_sink_new_stream (GMainContext *context,
                                   GOutputStream *stream,
                                   const SentientTransferSinkEvents *events,
                                   gpointer user_data)
{
  SentientTransferSink *self = new_sink (context, events, user_data);
  GSource *source = g_idle_source_new ();

  self->stream = g_object_ref (stream);
  self->ref_count++;
  g_source_set_static_name (source, "sentient-transfer-sink");
  g_source_set_callback (source, on_idle, self, (GDestroyNotify)unref);
  g_source_attach (source, context);
  g_source_unref (source);
  return self;
}
