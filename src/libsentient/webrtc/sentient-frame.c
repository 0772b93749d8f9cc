/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-frame.h"

#include <string.h>

#include "core/sentient-bytes.h"
#include "core/sentient-error.h"

/* Before what a chunk carries, and what the first one has besides. */
#define CHUNK_HEAD 6
#define CHUNK_TOTAL 8
#define FLAG_FIRST 0x1
#define FLAG_LAST 0x2
#define FLAG_TEXT 0x4

/* Fast rather than small: what it saves beyond that is little, for twice the time. */
#define DEFLATE_LEVEL 1
#define INFLATE_START 16384

/* Reading */

/* NULL: nothing is wrong; else what. */
static const char *
parse_hello (SentientReader *reader, SentientFrame *frame)
{
  guint64 version;

  if (!sentient_reader_take_uint (reader, 1, &version) || version != SENTIENT_FRAME_VERSION)
    return "a hello of a version that is not known here";
  if (reader->len != SENTIENT_FRAME_INSTANCE_LEN + 8)
    return "a hello of the wrong length";
  sentient_reader_take_bytes (reader, SENTIENT_FRAME_INSTANCE_LEN, &frame->instance);
  sentient_reader_take_uint (reader, 8, &frame->received);
  return NULL;
}

static const char *
parse_chunk (SentientReader *reader, SentientFrame *frame)
{
  guint64 stream, flags;

  if (!sentient_reader_take_uint (reader, 4, &stream)
      || !sentient_reader_take_uint (reader, 1, &flags))
    return "a chunk that is cut short";
  if ((flags & ~(guint64)(FLAG_FIRST | FLAG_LAST | FLAG_TEXT)) != 0)
    return "a chunk with a flag that is not known here";
  frame->stream = (guint32)stream;
  frame->first = (flags & FLAG_FIRST) != 0;
  frame->last = (flags & FLAG_LAST) != 0;
  frame->is_text = (flags & FLAG_TEXT) != 0;
  if (frame->first && !sentient_reader_take_uint (reader, 8, &frame->total))
    return "a chunk that is cut short";
  if (reader->len == 0 || reader->len > SENTIENT_FRAME_CHUNK_MAX)
    return "a chunk that is empty or too long";
  if (frame->first && (frame->last ? frame->total != reader->len : frame->total <= reader->len))
    return "a chunk that does not match the length of its message";
  frame->body = reader->data;
  frame->len = reader->len;
  return NULL;
}

gboolean
sentient_frame_batch_next (const SentientFrame *batch, gsize *at, SentientFrame *inner)
{
  SentientReader reader = { batch->body + *at, batch->len - *at };
  guint64 len, kind;

  if (!sentient_reader_take_uint (&reader, 2, &len) || len > reader.len
      || !sentient_reader_take_uint (&reader, 1, &kind))
    return FALSE;
  if (len == 0 || (kind == SENTIENT_FRAME_SERVICE && len == 1))
    return FALSE;
  memset (inner, 0, sizeof *inner);
  inner->kind = (SentientFrameKind)kind;
  reader.len = len - 1;
  if (sentient_frame_is_message ((guint8)kind))
    {
      inner->is_text = kind == SENTIENT_FRAME_TEXT;
      inner->body = reader.data;
      inner->len = reader.len;
    }
  else if (kind != SENTIENT_FRAME_CHUNK || parse_chunk (&reader, inner) != NULL)
    return FALSE;
  *at += 2 + len;
  return TRUE;
}

static const char *
parse_batch (SentientReader *reader, SentientFrame *frame)
{
  SentientFrame inner;
  gsize at = 0;

  frame->body = reader->data;
  frame->len = reader->len;
  while (at < frame->len)
    if (!sentient_frame_batch_next (frame, &at, &inner))
      return "a batch that is cut short, or holds something else than messages and chunks";
  return at == 0 ? "an empty batch" : NULL;
}

static const char *
parse_body (SentientReader *reader, SentientFrame *frame)
{
  switch (frame->kind)
    {
    case SENTIENT_FRAME_HELLO:
      return parse_hello (reader, frame);
    case SENTIENT_FRAME_TEXT:
    case SENTIENT_FRAME_BINARY:
    case SENTIENT_FRAME_DEFLATED:
      frame->is_text = frame->kind == SENTIENT_FRAME_TEXT;
      frame->body = reader->data;
      frame->len = reader->len;
      return NULL;
    case SENTIENT_FRAME_SERVICE:
      frame->body = reader->data;
      frame->len = reader->len;
      return reader->len == 0 ? "a service message for no service" : NULL;
    case SENTIENT_FRAME_GOODBYE:
      return reader->len != 0 ? "a goodbye of the wrong length" : NULL;
    case SENTIENT_FRAME_BATCH:
      return parse_batch (reader, frame);
    case SENTIENT_FRAME_CHUNK:
      return parse_chunk (reader, frame);
    case SENTIENT_FRAME_ACK:
      if (reader->len != 16)
        return "an acknowledgement of the wrong length";
      sentient_reader_take_uint (reader, 8, &frame->messages);
      sentient_reader_take_uint (reader, 8, &frame->bytes);
      return NULL;
    case SENTIENT_FRAME_PING:
    case SENTIENT_FRAME_PONG:
      if (reader->len != 8)
        return "a ping or pong of the wrong length";
      sentient_reader_take_uint (reader, 8, &frame->value);
      return NULL;
    default:
      return "a frame of a kind that is not known here";
    }
}

static gboolean
parse (const guint8 *data, gsize len, gsize max, SentientFrame *frame, GError **error)
{
  SentientReader reader = { data, len };
  const char *wrong = NULL;
  guint64 kind;

  memset (frame, 0, sizeof *frame);
  if (len > max)
    wrong = "a frame that is too long";
  else if (!sentient_reader_take_uint (&reader, 1, &kind))
    wrong = "an empty frame";
  else
    {
      frame->kind = (SentientFrameKind)kind;
      wrong = parse_body (&reader, frame);
    }
  if (wrong != NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL, "The other node sent %s", wrong);
  return wrong == NULL;
}

gboolean
sentient_frame_is_data (guint8 kind)
{
  return (kind >= SENTIENT_FRAME_TEXT && kind <= SENTIENT_FRAME_DEFLATED)
         || kind == SENTIENT_FRAME_SERVICE;
}

gboolean
sentient_frame_is_message (guint8 kind)
{
  return kind == SENTIENT_FRAME_TEXT || kind == SENTIENT_FRAME_BINARY
         || kind == SENTIENT_FRAME_SERVICE;
}

gboolean
sentient_frame_parse (const guint8 *data, gsize len, SentientFrame *frame, GError **error)
{
  return parse (data, len, SENTIENT_FRAME_MAX, frame, error);
}

/* Deflate */

GConverter *
sentient_frame_compressor_new (void)
{
  return G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, DEFLATE_LEVEL));
}

GConverter *
sentient_frame_decompressor_new (void)
{
  return G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW));
}

/* Appends to out what the converter makes of all of data, as long as out has at most max bytes.
 * FALSE: it has more, or data is broken or has something behind its end. */
static gboolean
convert (GConverter *converter, const guint8 *data, gsize len, GByteArray *out, gsize max)
{
  gsize used = out->len, room = MIN (max, used + MAX (len, INFLATE_START));
  GConverterResult result = G_CONVERTER_CONVERTED;

  g_converter_reset (converter);
  g_byte_array_set_size (out, (guint)room);
  while (result != G_CONVERTER_FINISHED)
    {
      g_autoptr (GError) error = NULL;
      gsize n_read = 0, n_written = 0;

      if (used == room)
        {
          if (room == max)
            return FALSE;
          room = MIN (max, room * 2);
          g_byte_array_set_size (out, (guint)room);
        }
      result = g_converter_convert (converter, data, len, out->data + used, room - used,
                                    G_CONVERTER_INPUT_AT_END, &n_read, &n_written, &error);
      if (result == G_CONVERTER_ERROR)
        {
          if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
            return FALSE;
          if (room == max)
            return FALSE;
          room = MIN (max, room * 2);
          g_byte_array_set_size (out, (guint)room);
        }
      data += n_read;
      len -= n_read;
      used += n_written;
    }
  g_byte_array_set_size (out, (guint)used);
  return len == 0;
}

GBytes *
sentient_frame_inflate (GConverter *decompressor,
                        const SentientFrame *deflated,
                        SentientFrame *inner,
                        GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  /* One byte more: at its very end a stream needs room to say that it has ended. */
  if (!convert (decompressor, deflated->body, deflated->len, out, SENTIENT_FRAME_INFLATED_MAX + 1))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                   "The other node sent a deflated frame that is broken or inflates to over %d "
                   "bytes",
                   SENTIENT_FRAME_INFLATED_MAX);
      return NULL;
    }
  if (!parse (out->data, out->len, SENTIENT_FRAME_INFLATED_MAX, inner, error))
    return NULL;
  if (!sentient_frame_is_data (inner->kind) || inner->kind == SENTIENT_FRAME_DEFLATED)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                   "The other node sent a deflated frame with one of kind %d in it", inner->kind);
      return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GByteArray *
sentient_frame_deflate (GConverter *compressor, const guint8 *frame, gsize len)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const guint8 kind = SENTIENT_FRAME_DEFLATED;

  if (len < 2 || len > SENTIENT_FRAME_INFLATED_MAX)
    return NULL;
  g_byte_array_append (out, &kind, 1);
  if (!convert (compressor, frame, len, out, MIN (len - 1, SENTIENT_FRAME_MAX)))
    return NULL;
  return g_steal_pointer (&out);
}

/* Writing */

void
sentient_frame_append_hello (GByteArray *out, const guint8 *instance, guint64 received)
{
  sentient_bytes_append_uint (out, 1, SENTIENT_FRAME_HELLO);
  sentient_bytes_append_uint (out, 1, SENTIENT_FRAME_VERSION);
  g_byte_array_append (out, instance, SENTIENT_FRAME_INSTANCE_LEN);
  sentient_bytes_append_uint (out, 8, received);
}

void
sentient_frame_append_message (GByteArray *out,
                               SentientFrameKind kind,
                               const guint8 *data,
                               gsize len)
{
  sentient_bytes_append_uint (out, 1, kind);
  sentient_bytes_append (out, data, len);
}

void
sentient_frame_append_to_batch (GByteArray *batch,
                                SentientFrameKind kind,
                                const guint8 *data,
                                gsize len)
{
  g_assert (len < G_MAXUINT16);

  if (batch->len == 0)
    sentient_bytes_append_uint (batch, 1, SENTIENT_FRAME_BATCH);
  sentient_bytes_append_uint (batch, 2, len + 1);
  sentient_frame_append_message (batch, kind, data, len);
}

void
sentient_frame_append_chunk (GByteArray *out, const SentientFrame *chunk)
{
  sentient_bytes_append_uint (out, 1, SENTIENT_FRAME_CHUNK);
  sentient_bytes_append_uint (out, 4, chunk->stream);
  sentient_bytes_append_uint (out, 1,
                              (chunk->first ? FLAG_FIRST : 0) | (chunk->last ? FLAG_LAST : 0)
                                  | (chunk->is_text ? FLAG_TEXT : 0));
  if (chunk->first)
    sentient_bytes_append_uint (out, 8, chunk->total);
  g_byte_array_append (out, chunk->body, (guint)chunk->len);
}

void
sentient_frame_append_chunk_to_batch (GByteArray *batch, const SentientFrame *chunk)
{
  const gsize len = CHUNK_HEAD + (chunk->first ? CHUNK_TOTAL : 0) + chunk->len;

  if (batch->len == 0)
    sentient_bytes_append_uint (batch, 1, SENTIENT_FRAME_BATCH);
  sentient_bytes_append_uint (batch, 2, len);
  sentient_frame_append_chunk (batch, chunk);
}

void
sentient_frame_append_goodbye (GByteArray *out)
{
  sentient_bytes_append_uint (out, 1, SENTIENT_FRAME_GOODBYE);
}

void
sentient_frame_append_ack (GByteArray *out, guint64 messages, guint64 bytes)
{
  sentient_bytes_append_uint (out, 1, SENTIENT_FRAME_ACK);
  sentient_bytes_append_uint (out, 8, messages);
  sentient_bytes_append_uint (out, 8, bytes);
}

void
sentient_frame_append_probe (GByteArray *out, SentientFrameKind kind, guint64 value)
{
  sentient_bytes_append_uint (out, 1, kind);
  sentient_bytes_append_uint (out, 8, value);
}
