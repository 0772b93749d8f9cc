/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "webrtc/sentient-frame.h"

static void
append_batch (GByteArray *out, const SentientFrame *batch)
{
  SentientFrame inner;
  gsize at = 0;

  while (sentient_frame_batch_next (batch, &at, &inner))
    if (inner.kind == SENTIENT_FRAME_CHUNK)
      sentient_frame_append_chunk_to_batch (out, &inner);
    else
      sentient_frame_append_to_batch (out, inner.kind, inner.body, inner.len);
  g_assert_cmpuint (at, ==, batch->len);
}

/* What was understood is written as it was read. */
static void
check_written (const SentientFrame *frame, const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  switch (frame->kind)
    {
    case SENTIENT_FRAME_HELLO:
      sentient_frame_append_hello (out, frame->instance, frame->received);
      break;
    case SENTIENT_FRAME_TEXT:
    case SENTIENT_FRAME_BINARY:
    case SENTIENT_FRAME_SERVICE:
      sentient_frame_append_message (out, frame->kind, frame->body, frame->len);
      break;
    case SENTIENT_FRAME_BATCH:
      append_batch (out, frame);
      break;
    case SENTIENT_FRAME_CHUNK:
      sentient_frame_append_chunk (out, frame);
      break;
    case SENTIENT_FRAME_GOODBYE:
      sentient_frame_append_goodbye (out);
      break;
    case SENTIENT_FRAME_ACK:
      sentient_frame_append_ack (out, frame->messages, frame->bytes);
      break;
    case SENTIENT_FRAME_PING:
    case SENTIENT_FRAME_PONG:
      sentient_frame_append_probe (out, frame->kind, frame->value);
      break;
    case SENTIENT_FRAME_DEFLATED:
    default:
      return;
    }
  g_assert_cmpmem (out->data, out->len, data, size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static GConverter *compressor, *decompressor;
  SentientFrame frame, inner, again;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) inflated = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GByteArray) deflated = NULL;
  const guint8 *bytes;
  gsize len;

  if (compressor == NULL)
    {
      compressor = sentient_frame_compressor_new ();
      decompressor = sentient_frame_decompressor_new ();
    }
  if (!sentient_frame_parse (data, size, &frame, &error))
    {
      g_assert_nonnull (error);
      return 0;
    }
  check_written (&frame, data, size);
  if (frame.kind != SENTIENT_FRAME_DEFLATED)
    return 0;

  inflated = sentient_frame_inflate (decompressor, &frame, &inner, NULL);
  if (inflated == NULL)
    return 0;
  bytes = g_bytes_get_data (inflated, &len);
  g_assert_cmpuint (len, <=, SENTIENT_FRAME_INFLATED_MAX);
  check_written (&inner, bytes, len);
  deflated = sentient_frame_deflate (compressor, bytes, len);
  if (deflated == NULL)
    return 0;
  g_assert_cmpuint (deflated->len, <, len);
  g_assert_true (sentient_frame_parse (deflated->data, deflated->len, &frame, NULL));
  back = sentient_frame_inflate (decompressor, &frame, &again, NULL);
  g_assert_true (g_bytes_equal (back, inflated));
  return 0;
}
