/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-stream-private.h"

#include "core/sentient-error.h"

#define SLICE_SHARE 8

static void
incoming_clear (SentientIncoming *incoming)
{
  g_clear_pointer (&incoming->data, g_byte_array_unref);
}

void
sentient_stream_clear_receiving (SentientStream *self)
{
  g_queue_clear_full (&self->inbox, (GDestroyNotify)g_bytes_unref);
  g_clear_pointer (&self->current, g_bytes_unref);
  g_clear_pointer (&self->inflated, g_bytes_unref);
  self->inbox_size = 0;
  for (guint i = 0; i < G_N_ELEMENTS (self->incoming); i++)
    incoming_clear (&self->incoming[i]);
}

gboolean
sentient_stream_keep (SentientStream *self, GBytes *frame, GError **error)
{
  gsize size = g_bytes_get_size (frame);

  if (self->inbox_size + size > SENTIENT_STREAM_WINDOW
      || self->inbox.length >= SENTIENT_STREAM_INBOX_MAX)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                   "The other node sent more than it was given credit for");
      return FALSE;
    }
  self->inbox_size += size;
  g_queue_push_tail (&self->inbox, g_bytes_ref (frame));
  return TRUE;
}

/* The frame was read to its end: its credit goes back. */
static void
release_current (SentientStream *self)
{
  gsize size = g_bytes_get_size (self->current);

  self->inbox_size -= size;
  self->bytes_taken += size;
  g_clear_pointer (&self->current, g_bytes_unref);
  g_clear_pointer (&self->inflated, g_bytes_unref);
}

/* Takes data, and checks it. */
static GBytes *
deliver (SentientStream *self,
         GBytes *data,
         SentientFrameKind kind,
         SentientFrameKind *kind_out,
         GError **error)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);
  const char *wrong = NULL;
  gint code = SENTIENT_ERROR_PROTOCOL;

  if (kind == SENTIENT_FRAME_TEXT && size > 0 && !g_utf8_validate_len (bytes, size, NULL))
    wrong = "a text that is not UTF-8";
  else if (kind != SENTIENT_FRAME_SERVICE && size > self->message_max)
    {
      wrong = "a message over the limit of this node";
      code = SENTIENT_ERROR_PAYLOAD_TOO_LARGE;
    }
  if (wrong != NULL)
    {
      g_bytes_unref (data);
      g_set_error (error, SENTIENT_ERROR, code, "The other node sent %s", wrong);
      return NULL;
    }
  self->received++;
  self->cost_taken += size + SENTIENT_STREAM_MESSAGE_COST;
  *kind_out = kind;
  return data;
}

/* Chunks */

static SentientIncoming *
find_incoming (SentientStream *self, const SentientFrame *chunk)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->incoming); i++)
    if (self->incoming[i].data != NULL && self->incoming[i].stream == chunk->stream)
      return &self->incoming[i];
  return NULL;
}

static SentientIncoming *
begin_incoming (SentientStream *self, const SentientFrame *chunk, GError **error)
{
  if (chunk->total > self->message_max)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "The other node began a message of %" G_GUINT64_FORMAT
                   " bytes, the limit of this node is %" G_GSIZE_FORMAT,
                   chunk->total, self->message_max);
      return NULL;
    }
  for (guint i = 0; i < G_N_ELEMENTS (self->incoming); i++)
    {
      SentientIncoming *incoming = &self->incoming[i];

      if (incoming->data != NULL)
        continue;
      /* Grows with what comes, not with what is promised. */
      incoming->data = g_byte_array_new ();
      incoming->stream = chunk->stream;
      incoming->is_text = chunk->is_text;
      incoming->total = chunk->total;
      return incoming;
    }
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
               "The other node began more than %u large messages at once",
               (guint)G_N_ELEMENTS (self->incoming));
  return NULL;
}

/* The message, if this was its last chunk. */
static GBytes *
add_chunk (SentientStream *self,
           const SentientFrame *chunk,
           SentientFrameKind *kind,
           GError **error)
{
  SentientIncoming *incoming = find_incoming (self, chunk);
  guint64 len;

  if (chunk->first != (incoming == NULL)
      || (incoming != NULL && incoming->is_text != chunk->is_text))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                   "The other node sent a chunk that belongs to no message, or to another");
      return NULL;
    }
  if (incoming == NULL && (incoming = begin_incoming (self, chunk, error)) == NULL)
    return NULL;
  len = (guint64)incoming->data->len + chunk->len;
  if (chunk->last ? len != incoming->total : len >= incoming->total)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                   "The other node sent another length of a message than it had said");
      return NULL;
    }
  g_byte_array_append (incoming->data, chunk->body, (guint)chunk->len);
  if (!chunk->last)
    return NULL;
  return deliver (self, g_byte_array_free_to_bytes (g_steal_pointer (&incoming->data)),
                  incoming->is_text ? SENTIENT_FRAME_TEXT : SENTIENT_FRAME_BINARY, kind, error);
}

/* Frames */

/* The message that the frame is, or ends; it may be one of a batch. */
static GBytes *
take_frame (SentientStream *self,
            const SentientFrame *frame,
            SentientFrameKind *kind,
            GError **error)
{
  GBytes *whole = self->inflated != NULL ? self->inflated : self->current;
  const guint8 *begin;
  gsize size;

  if (frame->kind == SENTIENT_FRAME_CHUNK)
    return add_chunk (self, frame, kind, error);
  begin = g_bytes_get_data (whole, &size);
  /* A slice keeps all of the frame: that is only for what is a fair part of it. */
  return deliver (self,
                  frame->len < size / SLICE_SHARE
                      ? g_bytes_new (frame->body, frame->len)
                      : g_bytes_new_from_bytes (whole, (gsize)(frame->body - begin), frame->len),
                  frame->kind, kind, error);
}

/* The next frame becomes the current one. FALSE: it is broken. */
static gboolean
open_frame (SentientStream *self, SentientFrame *frame, GError **error)
{
  SentientFrame outer;
  gsize len;
  const guint8 *data;

  self->current = g_queue_pop_head (&self->inbox);
  data = g_bytes_get_data (self->current, &len);
  if (!sentient_frame_parse (data, len, &outer, error))
    return FALSE;
  *frame = outer;
  if (outer.kind != SENTIENT_FRAME_DEFLATED)
    return TRUE;
  self->inflated = sentient_frame_inflate (self->decompressor, &outer, frame, error);
  return self->inflated != NULL;
}

GBytes *
sentient_stream_next_message (SentientStream *self, SentientFrameKind *kind, GError **error)
{
  g_autoptr (GError) local = NULL;
  SentientFrame frame;
  GBytes *message = NULL;

  while (message == NULL && local == NULL)
    {
      if (self->current != NULL) /* a batch */
        {
          if (sentient_frame_batch_next (&self->batch, &self->batch_at, &frame))
            message = take_frame (self, &frame, kind, &local);
          else
            release_current (self);
          continue;
        }
      if (self->inbox.length == 0)
        return NULL;
      if (!open_frame (self, &frame, &local))
        break;
      self->batch = frame;
      self->batch_at = 0;
      if (frame.kind == SENTIENT_FRAME_BATCH)
        continue;
      message = take_frame (self, &frame, kind, &local);
      release_current (self);
    }
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return message;
}
