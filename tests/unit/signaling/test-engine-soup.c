/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void
expect_body (Client *client, const char *expected)
{
  g_autofree char *body = NULL;

  g_assert_cmpuint (client_response (client, NULL, &body), ==, 200);
  g_assert_cmpstr (body, ==, expected);
}

static void
test_keep_alive (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, GET ("/soup/1"));
  expect_body (client, "GET /soup/1|");
  client_send (client, "POST /soup/2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody");
  expect_body (client, "POST /soup/2|body");
  client_send (client, GET ("/native"));
  expect_body (client, "GET /native?|");
  client_send (client, GET ("/soup/3"));
  expect_body (client, "GET /soup/3|");
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 1);
}

static void
test_pipelined (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < 100; i++)
    g_string_append (all, i % 3 == 0 ? GET ("/native") : GET ("/soup"));
  client_send (client, all->str);
  for (guint i = 0; i < 100; i++)
    expect_body (client, i % 3 == 0 ? "GET /native?|" : "GET /soup|");
}

static void
test_not_found (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, GET ("/elsewhere"));
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 404);
  client_send (client, GET ("/soup"));
  expect_body (client, "GET /soup|");
}

static void
test_big (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *body = NULL;

  client_send (client, GET ("/soup/big") GET ("/soup"));
  g_assert_cmpuint (client_response (client, NULL, &body), ==, 200);
  g_assert_cmpuint (strlen (body), ==, 8 * 1024 * 1024);
  expect_body (client, "GET /soup|");
}

/* Nobody takes the answer: the client goes, or only stalls. */
static void
test_big_not_taken (Fixture *f, gconstpointer data)
{
  Client *client = client_new (f);

  client_send (client, GET ("/soup/big"));
  client_read (client, 1);
  client_reset (client);
  client_free (client);
  fixture_wait_connections (f, 0);

  client = client_new (f);
  client_send (client, GET ("/soup/big"));
  client_read (client, 1);
  fixture_settle (f);
  fixture_advance (f, 29999);
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 1);
  fixture_advance (f, 1);
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 0);
  client_free (client);
}

static void
test_paused (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  SoupServerMessage *message;

  client_send (client, GET ("/soup/hold") GET ("/native"));
  fixture_wait (f, "paused;");
  fixture_settle (f);
  fixture_assert_log (f, "paused;");

  message = f->soup;
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC, "late", 4);
  soup_server_message_unpause (message);
  expect_body (client, "late");
  expect_body (client, "GET /native?|");
  fixture_assert_log (f, "soup-finished;request;delivered;");
}

/* The client of a paused message goes: the handler hears of it, nothing is left. */
static void
test_paused_gone (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      Client *client = client_new (f);

      client_send (client, GET ("/soup/hold"));
      fixture_wait (f, "paused;");
      if (i == 0)
        client_half_close (client);
      else if (i == 1)
        client_reset (client);
      if (i > 0)
        client_free (client);
      fixture_wait (f, "soup-finished;");
      fixture_assert_log (f, "paused;soup-finished;");
      g_assert_null (f->soup);
      g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 0);
      if (i == 0)
        client_free (client);
    }
}

static void
test_freed_while_paused (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, GET ("/soup/hold"));
  fixture_wait (f, "paused;");
  g_clear_pointer (&f->engine, sentient_engine_free);
  client_expect_eof (client);
}

static const char *const bad_handshakes[] = {
  GET ("/ws"),
  "POST /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
  "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
  "Sec-WebSocket-Version: 13\r\n\r\n",
  "GET /ws HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
};

static void
test_bad_handshakes (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad_handshakes); i++)
    {
      g_autoptr (Client) client = client_new (f);
      guint status;

      client_send (client, bad_handshakes[i]);
      status = client_response (client, NULL, NULL);
      g_assert_true (status == 400 || status == 426);
      g_assert_cmpuint (f->n_ws_data, ==, 0);
    }
  fixture_assert_log (f, "");
}

/* Frames that come with the upgrade request are not lost, and the socket is taken over behind
 * other requests too. */
static void
test_upgrade_pipelined (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, GET ("/soup") "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                                     "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                                     "\x81\x82\x01\x01\x01\x01ih");
  expect_body (client, "GET /soup|");
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 101);
  client_ws_expect_text (client, "hi");
  fixture_assert_log (f, "open;alive;text hi;");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/engine-soup/keep-alive", test_keep_alive);
  fixture_add ("/engine-soup/pipelined", test_pipelined);
  fixture_add ("/engine-soup/not-found", test_not_found);
  fixture_add ("/engine-soup/big", test_big);
  fixture_add ("/engine-soup/big-not-taken", test_big_not_taken);
  fixture_add ("/engine-soup/paused", test_paused);
  fixture_add ("/engine-soup/paused-gone", test_paused_gone);
  fixture_add ("/engine-soup/freed-while-paused", test_freed_while_paused);
  fixture_add ("/engine-soup/bad-handshakes", test_bad_handshakes);
  fixture_add ("/engine-soup/upgrade-pipelined", test_upgrade_pipelined);
  return g_test_run ();
}
