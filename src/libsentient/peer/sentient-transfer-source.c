/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-source.h"

#include <string.h>

struct _SentientTransferSource
{
  gint ref_count; /* one for the owner, one for what is being read */
  GMainContext *context;
  GInputStream *stream;
  GCancellable *cancellable;
  void (*ready) (gpointer user_data); /* NULL: nobody waits for it any more */
  gpointer user_data;

  guint8 *front; /* is taken */
  gsize front_at;
  gsize front_len;
  guint8 *back; /* is read into */
  gsize back_len;
  gboolean is_reading;
  gboolean is_over;
  GError *error;
};

static void
unref (SentientTransferSource *self)
{
  if (--self->ref_count > 0)
    return;
  g_main_context_push_thread_default (self->context);
  g_input_stream_close_async (self->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  g_main_context_pop_thread_default (self->context);
  g_object_unref (self->stream);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_clear_error (&self->error);
  g_free (self->front);
  g_free (self->back);
  g_free (self);
}

SentientTransferSource *
sentient_transfer_source_new (GMainContext *context,
                              GInputStream *stream,
                              void (*ready) (gpointer user_data),
                              gpointer user_data)
{
  SentientTransferSource *self = g_new0 (SentientTransferSource, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->stream = g_object_ref (stream);
  self->cancellable = g_cancellable_new ();
  self->ready = ready;
  self->user_data = user_data;
  return self;
}

void
sentient_transfer_source_free (SentientTransferSource *self)
{
  self->ready = NULL;
  g_cancellable_cancel (self->cancellable);
  unref (self);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientTransferSource *self = user_data;
  gssize len = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &self->error);

  self->is_reading = FALSE;
  if (len > 0)
    self->back_len = (gsize)len;
  else
    self->is_over = TRUE;
  if (self->ready != NULL)
    self->ready (self->user_data);
  unref (self);
}

static void
read_ahead (SentientTransferSource *self)
{
  if (self->is_reading || self->is_over || self->back_len > 0)
    return;
  if (self->back == NULL)
    self->back = g_malloc (SENTIENT_TRANSFER_SOURCE_BUFFER);
  self->is_reading = TRUE;
  self->ref_count++;
  g_main_context_push_thread_default (self->context);
  g_input_stream_read_async (self->stream, self->back, SENTIENT_TRANSFER_SOURCE_BUFFER,
                             G_PRIORITY_DEFAULT, self->cancellable, on_read, self);
  g_main_context_pop_thread_default (self->context);
}

const guint8 *
sentient_transfer_source_peek (SentientTransferSource *self,
                               gsize *len,
                               gboolean *is_over,
                               const GError **error)
{
  if (self->front_at == self->front_len && self->back_len > 0)
    {
      guint8 *front = self->front;

      self->front = self->back;
      self->front_at = 0;
      self->front_len = self->back_len;
      self->back = front;
      self->back_len = 0;
    }
  read_ahead (self);
  *len = self->front_len - self->front_at;
  *is_over = *len == 0 && self->is_over;
  *error = *is_over ? self->error : NULL;
  return *len > 0 ? self->front + self->front_at : NULL;
}

void
sentient_transfer_source_skip (SentientTransferSource *self, gsize len)
{
  g_assert (len <= self->front_len - self->front_at);

  self->front_at += len;
}
