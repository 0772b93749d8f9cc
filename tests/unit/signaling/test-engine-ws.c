/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <string.h>

static void
test_echo (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_ws_open (client);
  fixture_assert_log (f, "open;");
  client_ws_text (client, "hello");
  client_ws_expect_text (client, "hello");
  client_ws_text (client, "");
  client_ws_expect_text (client, "");
  client_ws_text (client, "1");
  client_ws_text (client, "2");
  client_ws_text (client, "3");
  client_ws_expect_text (client, "1");
  client_ws_expect_text (client, "2");
  client_ws_expect_text (client, "3");
  fixture_settle (f);
  g_assert_cmpuint (f->last_sent, ==, f->last_end);
  g_assert_cmpuint (f->last_end, ==, 7 + 2 + 3 * 3);
}

static void
test_sizes (Fixture *f, gconstpointer data)
{
  static const gsize sizes[] = { 125, 126, 127, 65535, 65536 };
  g_autofree char *text = g_malloc (65537);
  g_autoptr (Client) client = client_new (f);

  for (gsize i = 0; i < 65537; i++)
    text[i] = 'a' + i % 26;

  client_ws_open (client);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      client_ws_send (client, 0x81, text, sizes[i]);
      client_ws_expect (client, SENTIENT_WS_TEXT, text, sizes[i]);
    }

  client_ws_send (client, 0x81, text, 65537);
  client_ws_expect_close (client, 1009);
  client_expect_eof (client);
  g_assert_nonnull (strstr (f->log->str, "lost 1009;"));
}

static void
test_byte_by_byte (Fixture *f, gconstpointer data)
{
  static const char frames[] = "\x01\x82\x01\x02\x03\x04\x40\x41" /* "AC", not the last */
                               "\x89\x81\x01\x02\x03\x04q"        /* a ping between */
                               "\x80\x81\x01\x02\x03\x04\x43"     /* "B", the last */
                               "\x81\x80\x01\x02\x03\x04";        /* empty */
  g_autoptr (Client) client = client_new (f);

  client_ws_open (client);
  for (gsize i = 0; i + 1 < sizeof frames; i++)
    {
      client_send_bytes (client, frames + i, 1);
      fixture_settle (f);
    }
  client_ws_expect (client, SENTIENT_WS_PONG, "p", 1);
  client_ws_expect_text (client, "ACB");
  client_ws_expect_text (client, "");
}

static void
test_fragments (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *text = g_strnfill (65536, 'z');

  client_ws_open (client);

  /* A character over two fragments, an empty one between. */
  client_ws_send (client, 0x01, "a\xe2", 2);
  client_ws_send (client, 0x00, "", 0);
  client_ws_send (client, 0x80, "\x82\xac", 2);
  client_ws_expect_text (client, "a\xe2\x82\xac");

  /* Exactly as much as allowed, in many. */
  client_ws_send (client, 0x01, text, 536);
  for (guint i = 0; i < 65; i++)
    client_ws_send (client, i < 64 ? 0x00 : 0x80, text, 1000);
  client_ws_expect (client, SENTIENT_WS_TEXT, text, 65536);

  client_ws_send (client, 0x01, text, 65536);
  client_ws_send (client, 0x80, "1", 1);
  client_ws_expect_close (client, 1009);
}

static void
test_too_many_fragments (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_ws_open (client);
  client_ws_send (client, 0x01, "", 0);
  for (guint i = 0; i < 5000; i++)
    client_ws_send (client, 0x00, "", 0);
  client_ws_expect_close (client, 1008);
}

static void
test_binary (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_ws_open (client);
  client_ws_send (client, 0x82, "\xff", 1);
  client_ws_send (client, 0x02, "\xff", 1);
  client_ws_send (client, 0x80, "\xff", 1);
  client_ws_text (client, "on");
  client_ws_expect_text (client, "on");
  g_assert_nonnull (strstr (f->log->str, "binary;"));
  g_assert_nonnull (strstr (strstr (f->log->str, "binary;") + 1, "binary;"));
}

static const struct
{
  const char *bytes;
  gsize len;
  guint16 code;
} broken[] = {
#define BROKEN(text, code)                                                                         \
  {                                                                                                \
    text, sizeof text - 1, code                                                                    \
  }
  BROKEN ("\x81\x05hello", 1002),                        /* not masked */
  BROKEN ("\xc1\x80\0\0\0\0", 1002),                     /* RSV1 */
  BROKEN ("\xa1\x80\0\0\0\0", 1002),                     /* RSV2 */
  BROKEN ("\x91\x80\0\0\0\0", 1002),                     /* RSV3 */
  BROKEN ("\x83\x80\0\0\0\0", 1002),                     /* reserved opcodes */
  BROKEN ("\x8b\x80\0\0\0\0", 1002),                     /* … */
  BROKEN ("\x09\x80\0\0\0\0", 1002),                     /* fragmented ping */
  BROKEN ("\x89\xfe\0\x7e\0\0\0\0", 1002),               /* ping over 125 */
  BROKEN ("\x80\x80\0\0\0\0", 1002),                     /* continuation of nothing */
  BROKEN ("\x01\x80\0\0\0\0\x81\x80\0\0\0\0", 1002),     /* text inside of text */
  BROKEN ("\x81\xfe\0\x05\0\0\0\0hello", 1002),          /* length not shortest */
  BROKEN ("\x81\xff\x80\0\0\0\0\x01\0\0\0\0\0\0", 1002), /* length of 64 bits */
  BROKEN ("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1009),
  BROKEN ("\x81\xff\0\0\0\0\0\x01\0\x01\0\0\0\0", 1009), /* 64 KiB + 1 */
  BROKEN ("\x82\xff\0\0\0\0\0\x01\0\x01\0\0\0\0", 1009), /* binary too */
  BROKEN ("\x81\x81\0\0\0\0\xff", 1007),                 /* no UTF-8 */
  BROKEN ("\x81\x82\0\0\0\0\xe2\x82", 1007),             /* cut off */
  BROKEN ("\x01\x81\0\0\0\0\xff", 1007),                 /* at once, not at the end */
  BROKEN ("\x01\x81\0\0\0\0\xe2\x80\x80\0\0\0\0", 1007), /* cut off in the last fragment */
  BROKEN ("\x88\x81\0\0\0\0x", 1002),                    /* close of one byte */
  BROKEN ("\x88\x82\0\0\0\0\x03\xed", 1002),             /* 1005 */
  BROKEN ("\x88\x82\0\0\0\0\0\0", 1002),                 /* 0 */
  BROKEN ("\x88\x83\0\0\0\0\x03\xe8\xff", 1007),         /* reason no UTF-8 */
  BROKEN ("\x01\x81\0\0\0\0"
          "a\x81\x81\0\0\0\0x",
          1002),
};

static void
test_broken (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (Client) client = client_new (f);
      g_autofree char *lost = g_strdup_printf ("lost %u;", broken[i].code);

      g_string_truncate (f->log, 0);
      client_ws_open (client);
      client_send_bytes (client, broken[i].bytes, broken[i].len);
      client_ws_expect_close (client, broken[i].code);
      client_expect_eof (client);
      g_assert_true (g_str_has_suffix (f->log->str, lost));
      g_assert_null (strstr (f->log->str, "text"));
    }
}

static void
test_ping (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  char payload[125];

  memset (payload, 'p', sizeof payload);
  client_ws_open (client);
  client_ws_send (client, 0x89, "", 0);
  client_ws_send (client, 0x89, payload, 125);
  client_ws_send (client, 0x8a, "nobody asked", 12);
  client_ws_expect (client, SENTIENT_WS_PONG, "", 0);
  client_ws_expect (client, SENTIENT_WS_PONG, payload, 125);
  fixture_settle (f);
  g_assert_true (g_str_has_prefix (f->log->str, "open;alive;"));
}

/* One call for everything that comes in a turn. */
static void
test_alive_once (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_ws_open (client);
  g_string_truncate (f->log, 0);
  client_send_bytes (client, "\x8a\x80\0\0\0\0\x8a\x80\0\0\0\0\x8a\x80\0\0\0\0\x8a\x80\0\0\0", 23);
  fixture_wait (f, "alive;");
  fixture_settle (f);
  fixture_assert_log (f, "alive;");
  client_send_bytes (client, "", 1); /* the last byte of the fourth */
  fixture_wait (f, "alive;");
  fixture_assert_log (f, "alive;");
}

static void
test_left_and_lost (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *payload;
    gsize len;
    guint16 echo;
    const char *log;
  } cases[] = {
    { "\x03\xe8", 2, 1000, "left 1000;" },
    { "\x03\xe8"
      "bye",
      5, 1000, "left 1000;" },
    { "", 0, 0, "left 1005;" },
    { "\x03\xe9", 2, 1001, "lost 1001;" },
    { "\x0f\xa0", 2, 4000, "lost 4000;" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Client) client = client_new (f);

      g_string_truncate (f->log, 0);
      client_ws_open (client);
      client_ws_send (client, 0x88, cases[i].payload, cases[i].len);
      client_ws_text (client, "too late");
      client_ws_expect_close (client, cases[i].echo);
      client_expect_eof (client);
      g_assert_true (g_str_has_suffix (f->log->str, cases[i].log));
      g_assert_null (strstr (f->log->str, "text"));
    }
  fixture_wait_connections (f, 0);
}

static void
test_lost_without_close (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      Client *client = client_new (f);

      client_ws_open (client);
      g_string_truncate (f->log, 0);
      if (i == 0)
        client_half_close (client);
      else if (i == 1)
        client_reset (client);
      if (i > 0)
        client_free (client);
      fixture_wait (f, "lost 1006;");
      fixture_wait_connections (f, 0);
      if (i == 0)
        client_free (client);
    }
}

static void
test_closed_by_us (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autoptr (Client) silent = client_new (f);

  client_ws_open (client);
  client_ws_text (client, "first");
  client_ws_text (client, "close me");
  client_ws_text (client, "ignored");
  client_ws_expect_text (client, "first");
  client_ws_expect_close (client, 4001);
  g_assert_null (strstr (f->log->str, "lost"));
  client_ws_send (client, 0x88, "\x0f\xa1", 2);
  client_expect_eof (client);
  g_assert_nonnull (strstr (f->log->str, "lost 4001;"));
  g_assert_null (strstr (f->log->str, "ignored"));

  /* It may not answer at all. */
  g_string_truncate (f->log, 0);
  client_ws_open (silent);
  client_ws_text (silent, "close me");
  client_ws_expect_close (silent, 4001);
  fixture_advance (f, 1999);
  g_assert_null (strstr (f->log->str, "lost"));
  fixture_advance (f, 1);
  g_assert_nonnull (strstr (f->log->str, "lost 4001;"));
  client_expect_eof (silent);
}

static void
test_send_from_outside (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  guint64 end = 0;

  client_ws_open (client);
  g_assert_true (sentient_conn_send_text (f->conn, "outside", 7, &end));
  g_assert_false (sentient_conn_is_full (f->conn));
  g_assert_cmpuint (end, ==, 9);
  client_ws_expect_text (client, "outside");
  g_assert_cmpuint (f->last_sent, ==, 9);
  sentient_conn_close_websocket (f->conn, 4009, NULL);
  g_assert_false (sentient_conn_send_text (f->conn, "x", 1, &end));
  g_assert_cmpuint (end, ==, G_MAXUINT64);
  client_ws_expect_close (client, 4009);
}

/* A slow reader: ws_fill is asked only while there is room, and again when there is room again. */
static void
test_slow_reader (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  const gsize n = 12000, frame = 1000 + 4;

  client_ws_open (client);
  f->fills = n;
  f->fill_size = 1000;
  sentient_conn_want_write (f->conn);
  fixture_wait (f, "fill;");
  fixture_settle (f);

  g_assert_cmpuint (f->fills, >, 0);
  g_assert_true (sentient_conn_is_full (f->conn));
  g_assert_cmpuint (f->last_end - f->last_sent, <, f->config.high_water + 2 * frame);
  g_assert_cmpuint (f->last_end - f->last_sent, >=, f->config.high_water);

  for (gsize i = 0; i < n; i++)
    {
      client_read (client, frame);
      g_assert_cmphex ((guint8)client->in->str[0], ==, 0x81);
      for (gsize j = 4; j < frame; j++)
        g_assert_cmpint (client->in->str[j], ==, 'a' + (int)((n - 1 - i) % 26));
      g_string_erase (client->in, 0, frame);
    }
  g_assert_cmpuint (f->fills, ==, 0);
  fixture_settle (f);
  g_assert_cmpuint (f->last_sent, ==, n * frame);
  g_assert_cmpuint (f->last_end, ==, n * frame);
}

/* Who ignores that the buffer is full loses the connection, not the server its memory. */
static void
test_overflow (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *text = g_strnfill (60000, 'o');
  guint sent = 0;

  client_ws_open (client);
  while (f->conn != NULL && sent < 10000 && strstr (f->log->str, "lost") == NULL)
    {
      guint64 end;

      sentient_conn_send_text (f->conn, text, 60000, &end);
      if (end == G_MAXUINT64)
        break;
      sent++;
      fixture_settle (f);
    }
  g_assert_cmpuint (sent, <, 10000);
  fixture_advance (f, 2000);
  fixture_assert_log (f, "open;lost 4008;");
}

/* Pings from who takes nothing: only the last one is answered, later. */
static void
test_pongs_bounded (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autoptr (GString) tail = NULL;
  gsize total;

  client_ws_open (client);
  f->quiet = TRUE;
  f->fills = 20000;
  f->fill_size = 1000;
  sentient_conn_want_write (f->conn);
  fixture_settle (f);
  f->fills = 0;

  for (guint i = 0; i < 20000; i++)
    client_ws_send (client, 0x89, i < 19999 ? "early" : "final", 5);
  fixture_settle (f);
  total = f->last_end + 7;
  client_read (client, total);
  g_assert_cmpuint (client->in->len, ==, total);
  g_assert_cmpmem (client->in->str + total - 7, 7,
                   "\x8a\x05"
                   "final",
                   7);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/engine-ws/echo", test_echo);
  fixture_add ("/engine-ws/sizes", test_sizes);
  fixture_add ("/engine-ws/byte-by-byte", test_byte_by_byte);
  fixture_add ("/engine-ws/fragments", test_fragments);
  fixture_add ("/engine-ws/too-many-fragments", test_too_many_fragments);
  fixture_add ("/engine-ws/binary", test_binary);
  fixture_add ("/engine-ws/broken", test_broken);
  fixture_add ("/engine-ws/ping", test_ping);
  fixture_add ("/engine-ws/alive-once", test_alive_once);
  fixture_add ("/engine-ws/left-and-lost", test_left_and_lost);
  fixture_add ("/engine-ws/lost-without-close", test_lost_without_close);
  fixture_add ("/engine-ws/closed-by-us", test_closed_by_us);
  fixture_add ("/engine-ws/send-from-outside", test_send_from_outside);
  fixture_add ("/engine-ws/slow-reader", test_slow_reader);
  fixture_add ("/engine-ws/overflow", test_overflow);
  fixture_add ("/engine-ws/pongs-bounded", test_pongs_bounded);
  return g_test_run ();
}
