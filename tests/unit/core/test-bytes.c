/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-bytes.h"

static const guint8 data[] = { 1, 2, 3, 4, 5, 6, 7, 0xff, 9, 10 };

static void
test_uint (void)
{
  static const guint64 expected[]
      = { 0,           0x1,           0x102,           0x10203,          0x1020304,
          0x102030405, 0x10203040506, 0x1020304050607, 0x1020304050607ff };

  for (guint width = 1; width <= 8; width++)
    {
      SentientReader reader = { data, width };
      guint64 value = 0;

      g_assert_true (sentient_reader_take_uint (&reader, width, &value));
      g_assert_cmphex (value, ==, expected[width]);
      g_assert_true (reader.data == data + width);
      g_assert_cmpuint (reader.len, ==, 0);
    }
}

/* One byte too few: nothing changes. */
static void
test_short (void)
{
  for (guint width = 1; width <= 8; width++)
    {
      SentientReader reader = { data, width - 1 };
      guint64 value = 77;
      const guint8 *bytes = NULL;

      g_assert_false (sentient_reader_take_uint (&reader, width, &value));
      g_assert_false (sentient_reader_take_bytes (&reader, width, &bytes));
      g_assert_cmpuint (value, ==, 77);
      g_assert_null (bytes);
      g_assert_true (reader.data == data);
      g_assert_cmpuint (reader.len, ==, width - 1);
    }
}

static void
test_bytes (void)
{
  SentientReader reader = { data, sizeof data };
  SentientReader nothing = { NULL, 0 };
  const guint8 *bytes = NULL;
  guint64 value;

  g_assert_true (sentient_reader_take_bytes (&reader, 7, &bytes));
  g_assert_true (bytes == data);
  g_assert_true (sentient_reader_take_bytes (&reader, 0, &bytes));
  g_assert_true (bytes == data + 7);
  g_assert_true (sentient_reader_take_uint (&reader, 2, &value));
  g_assert_cmphex (value, ==, 0xff09);
  g_assert_false (sentient_reader_take_bytes (&reader, 2, &bytes));
  g_assert_false (sentient_reader_take_bytes (&reader, G_MAXSIZE, &bytes));
  g_assert_true (sentient_reader_take_bytes (&reader, 1, &bytes));
  g_assert_cmpuint (*bytes, ==, 10);
  g_assert_cmpuint (reader.len, ==, 0);

  g_assert_true (sentient_reader_take_bytes (&nothing, 0, &bytes));
  g_assert_null (bytes);
  g_assert_false (sentient_reader_take_uint (&nothing, 1, &value));
}

/* What was written is read again. */
static void
test_append (void)
{
  static const guint64 values[] = { 0, 1, 0x7f, 0x80, 0xff, 0x100, 0xdeadbeef, G_MAXUINT64 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  SentientReader reader;
  guint64 value;
  const guint8 *bytes;

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    for (guint width = 1; width <= 8; width++)
      sentient_bytes_append_uint (out, width, values[i]);
  sentient_bytes_append (out, NULL, 0);
  sentient_bytes_append (out, "end", 3);
  reader = (SentientReader){ out->data, out->len };
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    for (guint width = 1; width <= 8; width++)
      {
        g_assert_true (sentient_reader_take_uint (&reader, width, &value));
        g_assert_cmphex (value, ==, values[i] & (G_MAXUINT64 >> (64 - 8 * width)));
      }
  g_assert_true (sentient_reader_take_bytes (&reader, 3, &bytes));
  g_assert_cmpmem (bytes, 3, "end", 3);
  g_assert_cmpuint (reader.len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bytes/uint", test_uint);
  g_test_add_func ("/bytes/short", test_short);
  g_test_add_func ("/bytes/bytes", test_bytes);
  g_test_add_func ("/bytes/append", test_append);
  return g_test_run ();
}
