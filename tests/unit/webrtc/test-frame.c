/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-error.h"
#include "webrtc/sentient-frame.h"

#include <string.h>

#define BYTES(...) (const guint8[]){ __VA_ARGS__ }, sizeof ((const guint8[]){ __VA_ARGS__ })

static const guint8 instance[] = "0123456789abcdef";

static void
assert_refused (const guint8 *data, gsize len)
{
  SentientFrame frame;
  g_autoptr (GError) error = NULL;

  g_assert_false (sentient_frame_parse (data, len, &frame, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
}

static SentientFrame
parse (GByteArray *bytes)
{
  SentientFrame frame;
  g_autoptr (GError) error = NULL;

  sentient_frame_parse (bytes->data, bytes->len, &frame, &error);
  g_assert_no_error (error);
  return frame;
}

/* The bytes are those of the description, not only what we read again. */
static void
test_bytes (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  SentientFrame chunk = { .kind = SENTIENT_FRAME_CHUNK,
                          .body = (const guint8 *)"xyz",
                          .len = 3,
                          .stream = 0x01020304,
                          .first = TRUE,
                          .is_text = TRUE,
                          .total = 0x050607 };

  sentient_frame_append_hello (out, instance, 258);
  g_assert_cmpmem (out->data, out->len,
                   "\0\1"
                   "0123456789abcdef"
                   "\0\0\0\0\0\0\1\2",
                   26);
  g_byte_array_set_size (out, 0);
  sentient_frame_append_message (out, SENTIENT_FRAME_TEXT, (const guint8 *)"a", 1);
  sentient_frame_append_message (out, SENTIENT_FRAME_BINARY, NULL, 0);
  g_assert_cmpmem (out->data, out->len, "\1a\2", 3);
  g_byte_array_set_size (out, 0);
  sentient_frame_append_to_batch (out, SENTIENT_FRAME_TEXT, (const guint8 *)"a", 1);
  sentient_frame_append_to_batch (out, SENTIENT_FRAME_BINARY, NULL, 0);
  g_assert_cmpmem (out->data, out->len, "\3\0\2\1a\0\1\2", 8);
  g_byte_array_set_size (out, 0);
  sentient_frame_append_chunk (out, &chunk);
  g_assert_cmpmem (out->data, out->len, "\4\1\2\3\4\5\0\0\0\0\0\5\6\7xyz", 17);
  g_byte_array_set_size (out, 0);
  sentient_frame_append_chunk_to_batch (out, &chunk);
  chunk.first = FALSE;
  sentient_frame_append_chunk_to_batch (out, &chunk);
  g_assert_cmpmem (out->data, out->len,
                   "\3"
                   "\0\21\4\1\2\3\4\5\0\0\0\0\0\5\6\7xyz"
                   "\0\11\4\1\2\3\4\4xyz",
                   31);
  g_byte_array_set_size (out, 0);
  sentient_frame_append_ack (out, 1, 0x100);
  g_assert_cmpmem (out->data, out->len, "\6\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1\0", 17);
  g_byte_array_set_size (out, 0);
  sentient_frame_append_probe (out, SENTIENT_FRAME_PONG, 3);
  g_assert_cmpmem (out->data, out->len, "\10\0\0\0\0\0\0\0\3", 9);
}

static void
test_parse (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  SentientFrame frame, inner;
  gsize at = 0;

  sentient_frame_append_hello (out, instance, 258);
  frame = parse (out);
  g_assert_cmpint (frame.kind, ==, SENTIENT_FRAME_HELLO);
  g_assert_cmpmem (frame.instance, SENTIENT_FRAME_INSTANCE_LEN, instance, 16);
  g_assert_cmpuint (frame.received, ==, 258);

  g_byte_array_set_size (out, 0);
  sentient_frame_append_to_batch (out, SENTIENT_FRAME_TEXT, (const guint8 *)"abc", 3);
  sentient_frame_append_to_batch (out, SENTIENT_FRAME_BINARY, NULL, 0);
  frame = parse (out);
  g_assert_true (sentient_frame_batch_next (&frame, &at, &inner));
  g_assert_true (inner.is_text);
  g_assert_cmpmem (inner.body, inner.len, "abc", 3);
  g_assert_true (sentient_frame_batch_next (&frame, &at, &inner));
  g_assert_false (inner.is_text);
  g_assert_cmpuint (inner.len, ==, 0);
  g_assert_false (sentient_frame_batch_next (&frame, &at, &inner));

  g_byte_array_set_size (out, 0);
  sentient_frame_append_ack (out, G_MAXUINT64, 5);
  frame = parse (out);
  g_assert_true (frame.messages == G_MAXUINT64 && frame.bytes == 5);
  g_assert_false (sentient_frame_is_data (frame.kind));
}

static void
test_refuse (void)
{
  g_autofree guint8 *big = g_malloc0 (SENTIENT_FRAME_MAX + 1);
  SentientFrame frame;

  assert_refused (BYTES (9));
  assert_refused (BYTES (3, 0, 1, 9));
  assert_refused (BYTES (10, 1));
  assert_refused (BYTES (255, 1));
  assert_refused ((const guint8 *)"", 0);
  assert_refused (BYTES (0, 1, 2));
  assert_refused ((const guint8 *)"\0\2"
                                  "0123456789abcdef"
                                  "\0\0\0\0\0\0\0\0",
                  26);
  assert_refused ((const guint8 *)"\0\1"
                                  "0123456789abcdef"
                                  "\0\0\0\0\0\0\0\0x",
                  27);
  assert_refused (BYTES (3));
  assert_refused (BYTES (3, 0));
  assert_refused (BYTES (3, 0, 0));
  assert_refused (BYTES (3, 0, 2, 1));
  assert_refused (BYTES (3, 0, 1, 1, 0));
  assert_refused (BYTES (3, 0, 1, 3));
  assert_refused (BYTES (3, 0, 2, 5, 0));
  assert_refused (BYTES (3, 0, 1, 6));
  assert_refused (BYTES (3, 0, 6, 4, 0, 0, 0, 1, 0));
  assert_refused (BYTES (3, 0, 7, 4, 0, 0, 0, 1, 8, 9));
  assert_refused (BYTES (4, 0, 0, 0, 1));
  assert_refused (BYTES (4, 0, 0, 0, 1, 0));
  assert_refused (BYTES (4, 0, 0, 0, 1, 8, 0));
  assert_refused (BYTES (4, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 2));
  assert_refused (BYTES (4, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9));
  assert_refused (BYTES (4, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 2, 9));
  assert_refused (BYTES (6, 0, 0, 0, 0, 0, 0, 0, 0));
  assert_refused (BYTES (7, 0, 0, 0, 0, 0, 0, 0));
  assert_refused (BYTES (8, 0, 0, 0, 0, 0, 0, 0, 0, 0));

  big[0] = SENTIENT_FRAME_CHUNK;
  assert_refused (big, 6 + SENTIENT_FRAME_CHUNK_MAX + 1);
  g_assert_true (sentient_frame_parse (big, 6 + SENTIENT_FRAME_CHUNK_MAX, &frame, NULL));
  big[0] = SENTIENT_FRAME_BINARY;
  assert_refused (big, SENTIENT_FRAME_MAX + 1);
  g_assert_true (sentient_frame_parse (big, SENTIENT_FRAME_MAX, &frame, NULL));
}

/* A frame of zeros, len long with its kind, comes back from its deflated form. */
static gboolean
survives (guint8 kind, gsize len)
{
  g_autoptr (GConverter) compressor = sentient_frame_compressor_new ();
  g_autoptr (GConverter) decompressor = sentient_frame_decompressor_new ();
  g_autofree guint8 *data = g_malloc0 (len);
  g_autoptr (GByteArray) deflated = NULL;
  g_autoptr (GBytes) inflated = NULL;
  g_autoptr (GError) error = NULL;
  SentientFrame frame, inner;

  data[0] = kind;
  deflated = sentient_frame_deflate (compressor, data, len);
  if (deflated == NULL)
    return FALSE;
  g_assert_cmpuint (deflated->len, <, len);
  frame = parse (deflated);
  g_assert_cmpint (frame.kind, ==, SENTIENT_FRAME_DEFLATED);
  inflated = sentient_frame_inflate (decompressor, &frame, &inner, &error);
  if (inflated == NULL)
    {
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
      return FALSE;
    }
  g_assert_cmpmem (g_bytes_get_data (inflated, NULL), g_bytes_get_size (inflated), data, len);
  return TRUE;
}

static void
test_deflate (void)
{
  g_assert_true (survives (SENTIENT_FRAME_TEXT, 2000));
  g_assert_true (survives (SENTIENT_FRAME_SERVICE, 2000));
  g_assert_true (survives (SENTIENT_FRAME_BINARY, SENTIENT_FRAME_INFLATED_MAX - 1));
  g_assert_true (survives (SENTIENT_FRAME_BINARY, SENTIENT_FRAME_INFLATED_MAX));
  g_assert_false (survives (SENTIENT_FRAME_BINARY, SENTIENT_FRAME_INFLATED_MAX + 1));
  g_assert_false (survives (SENTIENT_FRAME_BINARY, 1));
  g_assert_false (survives (SENTIENT_FRAME_BINARY, 2));
  /* Kinds that have no business in there. */
  g_assert_false (survives (SENTIENT_FRAME_DEFLATED, 2000));
  g_assert_false (survives (SENTIENT_FRAME_HELLO, 2000));
  g_assert_false (survives (10, 2000));
}

static void
test_noise (void)
{
  g_autoptr (GConverter) compressor = sentient_frame_compressor_new ();
  guint32 seed = (guint32)g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint8 data[5000];
  GByteArray *deflated;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < sizeof data; i++)
    data[i] = (guint8)g_rand_int (rand);
  data[0] = SENTIENT_FRAME_BINARY;
  deflated = sentient_frame_deflate (compressor, data, sizeof data);
  g_assert_null (deflated);
}

/* Eight times what is allowed, in one small frame. */
static void
test_bomb (void)
{
  g_autoptr (GConverter) compressor = sentient_frame_compressor_new ();
  g_autoptr (GConverter) decompressor = sentient_frame_decompressor_new ();
  const gsize size = 8 * SENTIENT_FRAME_INFLATED_MAX;
  g_autofree guint8 *zeros = g_malloc0 (size);
  g_autofree guint8 *bomb = g_malloc0 (SENTIENT_FRAME_MAX);
  gsize n_read, n_written;
  SentientFrame frame, inner;
  GError *error = NULL;

  bomb[0] = SENTIENT_FRAME_DEFLATED;
  g_assert_cmpint (g_converter_convert (compressor, zeros, size, bomb + 1, SENTIENT_FRAME_MAX - 1,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL),
                   ==, G_CONVERTER_FINISHED);
  g_assert_true (sentient_frame_parse (bomb, n_written + 1, &frame, NULL));
  g_assert_null (sentient_frame_inflate (decompressor, &frame, &inner, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
  g_clear_error (&error);

  /* Cut short, and empty: neither hangs. */
  for (gsize len = 0; len < 20; len++)
    {
      g_assert_true (sentient_frame_parse (bomb, len + 1, &frame, NULL));
      g_assert_null (sentient_frame_inflate (decompressor, &frame, &inner, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
      g_clear_error (&error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/bytes", test_bytes);
  g_test_add_func ("/frame/parse", test_parse);
  g_test_add_func ("/frame/refuse", test_refuse);
  g_test_add_func ("/frame/deflate", test_deflate);
  g_test_add_func ("/frame/noise", test_noise);
  g_test_add_func ("/frame/bomb", test_bomb);
  return g_test_run ();
}
