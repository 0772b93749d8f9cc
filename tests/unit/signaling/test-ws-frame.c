/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-ws-frame.h"

#include <string.h>

static void
test_unmask (void)
{
  static const guint8 mask[4] = { 0xa5, 0x01, 0x00, 0xff };

  for (gsize len = 0; len < 40; len++)
    for (gsize offset = 0; offset < 8; offset++)
      {
        char data[64] = { 0 };

        sentient_ws_unmask (data + offset, len, mask);
        for (gsize i = 0; i < sizeof data; i++)
          {
            guint8 expected = i >= offset && i < offset + len ? mask[(i - offset) & 3] : 0;

            g_assert_cmphex ((guint8)data[i], ==, expected);
          }
      }
}

/* GLib's validator, which refuses NUL, as the second opinion. */
static void
test_utf8 (void)
{
  static const struct
  {
    const char *text;
    gsize prefix;
    gboolean broken;
  } cases[] = {
    { "", 0, FALSE },
    { "plain ASCII, longer than eight bytes", 36, FALSE },
    { "\xc3\xa4", 2, FALSE },
    { "1234567\xc3\xa4", 9, FALSE },
    { "12345678\xe2\x82\xac", 11, FALSE },
    { "\xf0\x9f\x98\x80", 4, FALSE },
    { "a\xc3", 1, FALSE },
    { "a\xf0\x9f\x98", 1, FALSE },
    { "a\xc3(", 1, TRUE },
    { "\xc0\x80", 0, TRUE },
    { "\xc1\xbf", 0, TRUE },
    { "\xe0\x80\x80", 0, TRUE },
    { "\xe0\x9f", 0, TRUE },
    { "\xed\xa0\x80", 0, TRUE },
    { "\xed\xa0", 0, TRUE },
    { "\xf0\x80", 0, TRUE },
    { "\xf4\x90", 0, TRUE },
    { "\xf4\x8f\xbf\xbf", 4, FALSE },
    { "\xf5", 0, TRUE },
    { "\xff", 0, TRUE },
    { "ok\x80", 2, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize len = strlen (cases[i].text);
      g_autofree char *copy = g_memdup2 (cases[i].text, MAX (len, 1));
      gboolean broken;

      g_assert_cmpuint (sentient_ws_utf8_prefix (copy, len, &broken), ==, cases[i].prefix);
      g_assert_cmpint (broken, ==, cases[i].broken);
    }

  for (guint i = 0; i < 200000; i++)
    {
      char text[12];
      const char *end;
      gboolean broken, valid;

      for (gsize j = 0; j < sizeof text; j++)
        text[j] = g_test_rand_bit () ? 'a' : (char)g_test_rand_int_range (1, 256);
      valid = g_utf8_validate (text, sizeof text, &end);
      g_assert_cmpuint (sentient_ws_utf8_prefix (text, sizeof text, &broken), ==, end - text);
      g_assert_false (valid && broken);
    }
}

static void
test_header (void)
{
  static const struct
  {
    guint8 bytes[14];
    gsize len;
    SentientWsResult result;
    guint64 payload;
  } cases[] = {
    { { 0 }, 0, SENTIENT_WS_FRAME_MORE, 0 },
    { { 0x81 }, 1, SENTIENT_WS_FRAME_MORE, 0 },
    { { 0x81, 0x85 }, 2, SENTIENT_WS_FRAME_MORE, 0 },
    { { 0x81, 0x85, 1, 2, 3, 4 }, 6, SENTIENT_WS_FRAME_OK, 5 },
    { { 0x81, 0x80, 1, 2, 3, 4 }, 6, SENTIENT_WS_FRAME_OK, 0 },
    { { 0x81, 0xfe, 0, 126, 1, 2, 3, 4 }, 8, SENTIENT_WS_FRAME_OK, 126 },
    { { 0x81, 0xfe, 0, 125, 1, 2, 3, 4 }, 8, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x81, 0xfe, 0 }, 3, SENTIENT_WS_FRAME_MORE, 0 },
    { { 0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4 }, 14, SENTIENT_WS_FRAME_OK, 65536 },
    { { 0x81, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4 }, 14, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x81, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4 }, 14, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x81, 0x05 }, 2, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0xc1, 0x85 }, 2, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0xa1, 0x85 }, 2, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x91, 0x85 }, 2, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x83, 0x85 }, 2, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x8b, 0x85 }, 2, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x09, 0x80 }, 2, SENTIENT_WS_FRAME_BAD, 0 },
    { { 0x89, 0xfe }, 2, SENTIENT_WS_FRAME_BAD, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientWsHeader header;
      const char *reason = NULL;
      g_autofree char *copy = g_memdup2 (cases[i].bytes, MAX (cases[i].len, 1));

      g_assert_cmpint (sentient_ws_header_parse (copy, cases[i].len, &header, &reason), ==,
                       cases[i].result);
      g_assert_cmpint (reason != NULL, ==, cases[i].result == SENTIENT_WS_FRAME_BAD);
      if (cases[i].result == SENTIENT_WS_FRAME_OK)
        {
          g_assert_cmpuint (header.payload_len, ==, cases[i].payload);
          g_assert_cmpuint (header.header_len, ==, cases[i].len);
          g_assert_cmpmem (header.mask, 4, "\x01\x02\x03\x04", 4);
        }
    }
}

static void
test_close (void)
{
  guint16 code;

  g_assert_cmpuint (sentient_ws_close_parse ("", 0, &code), ==, 0);
  g_assert_cmpuint (code, ==, 1005);
  g_assert_cmpuint (sentient_ws_close_parse ("\x03", 1, &code), ==, 1002);
  g_assert_cmpuint (sentient_ws_close_parse ("\x03\xe8\xc3\xa4", 4, &code), ==, 0);
  g_assert_cmpuint (code, ==, 1000);
  g_assert_cmpuint (sentient_ws_close_parse ("\x03\xe8\xc3", 3, &code), ==, 1007);

  for (guint i = 0; i < 65536; i++)
    {
      const char payload[2] = { (char)(i >> 8), (char)i };
      gboolean allowed
          = (i >= 1000 && i <= 1003) || (i >= 1007 && i <= 1014) || (i >= 3000 && i <= 4999);

      g_assert_cmpuint (sentient_ws_close_parse (payload, 2, &code), ==, allowed ? 0 : 1002);
    }
}

static void
test_append (void)
{
  SentientBuf buf = { 0 };
  g_autofree char *payload = g_malloc0 (70000);
  static const struct
  {
    gsize len, header;
  } cases[] = { { 0, 2 }, { 125, 2 }, { 126, 4 }, { 65535, 4 }, { 65536, 10 }, { 70000, 10 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const guint8 *bytes;
      guint64 len = 0;

      sentient_ws_frame_append (&buf, SENTIENT_WS_TEXT, payload, cases[i].len);
      g_assert_cmpuint (buf.len, ==, cases[i].header + cases[i].len);
      bytes = (const guint8 *)sentient_buf_peek (&buf);
      g_assert_cmphex (bytes[0], ==, 0x81);
      for (guint j = 2; j < cases[i].header; j++)
        len = len << 8 | bytes[j];
      g_assert_cmpuint (cases[i].header == 2 ? bytes[1] : len, ==, cases[i].len);
      sentient_buf_consume (&buf, buf.len);
      g_assert_null (buf.data);
    }

  /* A reason that is too long is cut between characters. */
  memset (payload, 'x', 122);
  strcpy (payload + 122, "\xc3\xa4");
  sentient_ws_close_append (&buf, 4001, payload);
  g_assert_cmpuint (buf.len, ==, 2 + 2 + 122);
  sentient_buf_clear (&buf);
}

/* The buffer against a plain string; now and then in memory that is lent to it. */
static void
test_buf (void)
{
  SentientBuf buf = { 0 };
  g_autoptr (GString) model = g_string_new (NULL);
  char bytes[700];
  char lent[2000];

  for (guint i = 0; i < 20000; i++)
    {
      gsize n = g_test_rand_int_range (0, sizeof bytes);

      memset (bytes, (char)i, sizeof bytes);
      if (g_test_rand_bit ())
        {
          sentient_buf_append (&buf, bytes, n);
          g_string_append_len (model, bytes, n);
        }
      else
        {
          n = MIN (n, buf.len);
          sentient_buf_consume (&buf, n);
          g_string_erase (model, 0, n);
        }
      if (g_test_rand_int_range (0, 4) == 0)
        {
          sentient_buf_settle (&buf);
          memset (lent, '!', sizeof lent);
          if (buf.data == NULL)
            sentient_buf_lend (&buf, lent, sizeof lent);
        }
      g_assert_cmpuint (buf.len, ==, model->len);
      if (buf.len > 0)
        {
          g_assert_cmpmem (sentient_buf_peek (&buf), buf.len, model->str, model->len);
          sentient_buf_peek (&buf)[buf.len] = '\0'; /* there is always room for it */
        }
      else
        g_assert_true (buf.data == (buf.is_lent ? lent : NULL));
    }
  sentient_buf_settle (&buf);
  g_assert_true (buf.data != lent);
  sentient_buf_clear (&buf);
  g_assert_null (buf.data);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ws-frame/unmask", test_unmask);
  g_test_add_func ("/ws-frame/utf8", test_utf8);
  g_test_add_func ("/ws-frame/header", test_header);
  g_test_add_func ("/ws-frame/close", test_close);
  g_test_add_func ("/ws-frame/append", test_append);
  g_test_add_func ("/ws-frame/buf", test_buf);
  return g_test_run ();
}
