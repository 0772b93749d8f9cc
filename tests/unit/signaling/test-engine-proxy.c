/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections of a trusted proxy, 127.0.0.9: each request counts for the client it is passed on
 * for, as long as it lasts, and a WebSocket as long as it is open. */

#include <string.h>

#include "engine-fixture.h"

#define PROXY "127.0.0.9"

static SentientNetworks *proxies;
static SentientMetrics metrics; /* outlives the engine */

static void
restart (Fixture *f, guint rate, guint burst, guint open)
{
  metrics = (SentientMetrics){ 0 };
  f->quiet = TRUE;
  f->config.metrics = &metrics;
  f->config.proxies = proxies;
  f->config.address
      = (SentientAddressLimits){ .connections = { .rate = rate, .burst = burst }, .open = open };
  fixture_restart (f);
}

static void
ask_for (Client *client, const char *path, const char *forwarded_for)
{
  g_autofree char *text
      = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\n\r\n", path,
                         forwarded_for);

  client_send (client, text);
}

/* One request through a connection of the proxy's own: its status. */
static guint
status_for (Fixture *f, const char *path, const char *forwarded_for)
{
  g_autoptr (Client) client = client_new_from (f, PROXY);

  ask_for (client, path, forwarded_for);
  return client_response (client, NULL, NULL);
}

static Client *
open_ws (Fixture *f, const char *source, const char *forwarded_for)
{
  Client *client = client_new_from (f, source);
  g_autofree char *text = g_strdup_printf (
      "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
      "X-Forwarded-For: %s\r\n\r\n",
      forwarded_for);

  client_send (client, text);
  return client;
}

static void
expect_ws (Client *client)
{
  client_read_until (client, "\r\n\r\n");
  g_assert_true (g_str_has_prefix (client->in->str, "HTTP/1.1 101 "));
  g_string_truncate (client->in, 0);
}

/* Two clients over one connection: who uses up its limit is refused, the other one is not. */
static void
test_rate (Fixture *f, gconstpointer data)
{
  g_autofree char *head = NULL;
  g_autofree char *body = NULL;

  restart (f, 1, 3, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 200);
  for (guint i = 0; i < 40; i++) /* however often: the proxy is never reset */
    g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 429);
  g_assert_cmpuint (status_for (f, "/soup", "evil, 192.0.2.1"), ==, 429);
  {
    g_autoptr (Client) client = client_new_from (f, PROXY);

    ask_for (client, "/native", "192.0.2.1");
    g_assert_cmpuint (client_response (client, &head, &body), ==, 429);
    g_assert_nonnull (strstr (head, "\r\nRetry-After: "));
    g_assert_nonnull (strstr (body, "\"code\":\"rate-limited\""));
    client_expect_eof (client);
  }
  g_assert_cmpuint (metrics.refused[SENTIENT_REFUSED_TOO_FAST], ==, 42);
  g_assert_cmpuint (metrics.errors[SENTIENT_ERROR_RATE_LIMITED], ==, 42);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (status_for (f, "/native", "192.0.2.2"), ==, 200);

  /* The proxy itself, and who comes directly, have nothing to do with it. */
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint (status_for (f, "/native", ""), ==, 200);
  fixture_advance (f, 2000);
  g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 200);
}

/* Requests of one client in a row are one connection of it. */
static void
test_keep_alive (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = NULL;

  restart (f, 1, 3, 1);
  client = client_new_from (f, PROXY);
  for (guint i = 0; i < 20; i++)
    {
      ask_for (client, i % 2 == 0 ? "/native" : "/soup", "192.0.2.1");
      g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
    }
  for (guint i = 0; i < 3; i++)
    {
      ask_for (client, "/native", i % 2 == 0 ? "192.0.2.2" : "192.0.2.1");
      g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
    }
  ask_for (client, "/native", "192.0.2.1"); /* its third turn */
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
  ask_for (client, "/native", "192.0.2.2"); /* its third */
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
  ask_for (client, "/native", "192.0.2.1");
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 429);
}

/* What waits for its answer is open; then it is not any more, however it ended. */
static void
test_open_request (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) first = NULL;

  restart (f, 0, 1, 1);
  for (guint how = 0; how < 4; how++)
    {
      first = client_new_from (f, PROXY);
      ask_for (first, how < 3 ? "/native/hold" : "/soup/hold", "192.0.2.1");
      while (how < 3 ? f->held == NULL : f->soup == NULL)
        fixture_settle (f);
      g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 503);
      g_assert_cmpuint (status_for (f, "/native", "192.0.2.2"), ==, 200);
      if (how == 0)
        {
          fixture_answer (f, "yes");
          g_assert_cmpuint (client_response (first, NULL, NULL), ==, 200);
          /* The connection is still there, and counts for nobody. */
          g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 200);
        }
      else if (how == 2)
        client_reset (first);
      g_clear_pointer (&first, client_free);
      fixture_wait_connections (f, 0);
      f->held = NULL;
      g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 200);
    }
  g_assert_cmpuint (metrics.refused[SENTIENT_REFUSED_TOO_MANY], ==, 4);
}

static void
test_open_websocket (Fixture *f, gconstpointer data)
{
  g_autofree char *body = NULL;

  restart (f, 0, 1, 2);
  {
    g_autoptr (Client) one = open_ws (f, PROXY, "2001:db8:0:1::1");
    g_autoptr (Client) two = open_ws (f, PROXY, "2001:db8:0:1::2"); /* the same /64 */
    g_autoptr (Client) three = NULL;
    g_autoptr (Client) other = NULL;

    expect_ws (one);
    expect_ws (two);
    three = open_ws (f, PROXY, "2001:db8:0:1::3");
    g_assert_cmpuint (client_response (three, NULL, &body), ==, 503);
    g_assert_nonnull (strstr (body, "\"code\":\"busy\""));
    other = open_ws (f, PROXY, "2001:db8:0:2::1");
    expect_ws (other);
    client_ws_text (one, "still here");
    client_ws_expect_text (one, "still here");
  }
  fixture_wait_connections (f, 0);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (Client) again = open_ws (f, PROXY, "2001:db8:0:1::1");

      expect_ws (again);
      g_clear_pointer (&again, client_free);
      fixture_wait_connections (f, 0);
    }
}

/* A handshake that fails, a head that is none, a body that is too large: nothing stays counted. */
static void
test_failures (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "X-Forwarded-For: 192.0.2.1\r\n\r\n",
    "POST /native HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n"
    "X-Forwarded-For: 192.0.2.1\r\n\r\n",
    "GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n",
    "POST /native HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n"
    "X-Forwarded-For: 192.0.2.1\r\n\r\nhalf",
  };

  restart (f, 0, 1, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (Client) client = client_new_from (f, PROXY);

      client_send (client, texts[i]);
      if (i < 3)
        g_assert_cmpuint (client_response (client, NULL, NULL), >=, 400);
      else
        fixture_settle (f);
      if (i < 3) /* before the connection has gone */
        g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 200);
      g_clear_pointer (&client, client_free);
      fixture_wait_connections (f, 0);
      g_assert_cmpuint (status_for (f, "/native", "192.0.2.1"), ==, 200);
    }
}

/* Whoever is no proxy may say what it likes. */
static void
test_forged (Fixture *f, gconstpointer data)
{
  restart (f, 1, 3, 0);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *forged = g_strdup_printf ("192.0.2.%u", i);
      g_autoptr (Client) client = client_new_from (f, "127.0.0.7");

      ask_for (client, "/native", forged);
      g_assert_cmpuint (client_response (client, NULL, NULL), ==, i < 3 ? 200 : 429);
    }
  g_assert_cmpuint (status_for (f, "/native", "192.0.2.0"), ==, 200);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  proxies = sentient_networks_new ();
  sentient_networks_add (proxies, PROXY);
  fixture_add ("/engine-proxy/rate", test_rate);
  fixture_add ("/engine-proxy/keep-alive", test_keep_alive);
  fixture_add ("/engine-proxy/open-request", test_open_request);
  fixture_add ("/engine-proxy/open-websocket", test_open_websocket);
  fixture_add ("/engine-proxy/failures", test_failures);
  fixture_add ("/engine-proxy/forged", test_forged);
  status = g_test_run ();
  sentient_networks_free (proxies);
  return status;
}
