/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static SentientMetrics metrics; /* outlives the engine */

static void
restart (Fixture *f)
{
  metrics = (SentientMetrics){ 0 };
  f->config.metrics = &metrics;
  fixture_restart (f);
}

static void
test_bytes (Fixture *f, gconstpointer data)
{
  static const char *const paths[] = { GET ("/native"), GET ("/soup") };
  gsize asked = 0, answered = 0;

  restart (f);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (Client) client = client_new (f);

      client_send (client, paths[i]);
      client_read_until (client, "|");
      asked += strlen (paths[i]);
      answered += client->in->len;
    }
  g_assert_cmpuint (metrics.received_bytes, ==, asked);
  g_assert_cmpuint (metrics.sent_bytes, ==, answered);
  g_assert_cmpuint (metrics.accepted, ==, 2);
  g_assert_cmpuint (metrics.websockets, ==, 0);
}

/* Each way a WebSocket ends is an end. */
static void
test_websockets (Fixture *f, gconstpointer data)
{
  restart (f);
  {
    g_autoptr (Client) left = client_new (f);
    g_autoptr (Client) lost = client_new (f);
    g_autoptr (Client) bad = client_new (f);
    g_autoptr (Client) closed = client_new (f);

    client_ws_open (left);
    client_ws_open (lost);
    client_ws_open (bad);
    client_ws_open (closed);
    g_assert_cmpuint (metrics.websockets, ==, 4);

    client_ws_text (closed, "close me");
    client_ws_expect_close (closed, 4001);
    g_assert_cmpuint (metrics.websockets, ==, 4); /* their close frame is awaited */
    client_ws_send (closed, 0x88, "\x0f\xa1", 2);
    client_expect_eof (closed);
    g_assert_cmpuint (metrics.websockets, ==, 3);
    client_ws_send (left, 0x88, "\x03\xe8", 2);
    client_ws_expect_close (left, 1000);
    client_half_close (lost);
    client_ws_send (bad, 0x83, "", 0);
    client_ws_expect_close (bad, 1002);
    fixture_wait (f, "lost 1006;");
    g_assert_cmpuint (metrics.websockets, ==, 0);
  }
  {
    g_autoptr (Client) last = client_new (f);

    client_ws_open (last);
    g_assert_cmpuint (metrics.websockets, ==, 1);
    fixture_restart (f);
    g_assert_cmpuint (metrics.websockets, ==, 0);
  }
  g_assert_cmpuint (metrics.accepted, ==, 5);
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) bad = NULL;
  g_autoptr (Client) large = NULL;

  restart (f);
  bad = client_new (f);
  large = client_new (f);
  client_send (bad, "nonsense\r\n\r\n");
  g_assert_cmpuint (client_response (bad, NULL, NULL), ==, 400);
  client_send (large, "POST /native HTTP/1.1\r\nHost: localhost\r\n"
                      "Content-Length: 9999999\r\n\r\n");
  g_assert_cmpuint (client_response (large, NULL, NULL), ==, 413);
  g_assert_cmpuint (metrics.errors[SENTIENT_ERROR_BAD_REQUEST], ==, 1);
  g_assert_cmpuint (metrics.errors[SENTIENT_ERROR_PAYLOAD_TOO_LARGE], ==, 1);
}

/* The coarse time is the clock's in each turn. */
static void
test_time (Fixture *f, gconstpointer data)
{
  restart (f);
  fixture_advance (f, 1234);
  g_assert_cmpint (metrics.now_us, ==,
                   sentient_clock_get_monotonic_ms (SENTIENT_CLOCK (f->clock)) * 1000);
  /* A manual clock has no timer that could be late. */
  g_assert_cmpuint (sentient_histogram_get_count (&metrics.loop_lag), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/engine/metrics/bytes", test_bytes);
  fixture_add ("/engine/metrics/websockets", test_websockets);
  fixture_add ("/engine/metrics/errors", test_errors);
  fixture_add ("/engine/metrics/time", test_time);
  return g_test_run ();
}
