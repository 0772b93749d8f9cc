/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static guint
n_connections (Fixture *f)
{
  return sentient_engine_get_n_connections (f->engine);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_engine_stop_finish (f->engine, result, &error))
    g_string_append (f->log, "stopped;");
  else
    g_string_append_printf (f->log, "%s %d;", g_quark_to_string (error->domain), error->code);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) ws = client_new (f);
  g_autoptr (Client) idle = client_new (f);
  g_autoptr (Client) held = client_new (f);
  g_autofree char *head = NULL, *body = NULL;

  client_ws_open (ws);
  client_send (idle, GET ("/native"));
  client_response (idle, NULL, NULL);
  client_send (held, GET ("/native/hold") GET ("/native"));
  while (f->held == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_string_truncate (f->log, 0);

  sentient_engine_stop_async (f->engine, NULL, on_stopped, f);
  client_ws_expect_close (ws, 1001);
  client_expect_eof (idle);
  fixture_answer (f, "last");
  g_assert_cmpuint (client_response (held, &head, &body), ==, 200);
  g_assert_cmpstr (body, ==, "last");
  g_assert_nonnull (strstr (head, "Connection: close\r\n"));
  client_expect_eof (held);
  client_half_close (held);
  fixture_settle (f);
  fixture_assert_log (f, "delivered;");

  client_ws_send (ws, 0x88, "\x03\xe9", 2);
  client_expect_eof (ws);
  client_half_close (ws);
  fixture_wait (f, "stopped;");
  fixture_assert_log (f, "alive;lost 1001;stopped;");
  g_assert_cmpuint (n_connections (f), ==, 0);
}

static void
test_stop_timeout (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) ws = client_new (f);
  g_autoptr (Client) held = client_new (f);
  g_autoptr (Client) soup = client_new (f);

  client_ws_open (ws);
  client_send (held, GET ("/native/hold"));
  fixture_wait (f, "request;");
  client_send (soup, GET ("/soup/hold"));
  fixture_wait (f, "paused;");
  g_string_truncate (f->log, 0);

  sentient_engine_stop_async (f->engine, NULL, on_stopped, f);
  fixture_advance (f, 1999);
  fixture_settle (f);
  fixture_assert_log (f, "");
  fixture_advance (f, 1);
  fixture_wait (f, "stopped;");
  fixture_wait (f, "soup-finished;");
  g_assert_nonnull (strstr (f->log->str, "lost 1001;"));
  g_assert_nonnull (strstr (f->log->str, "gone;"));
}

static void
test_stop_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (Client) held = client_new (f);

  client_send (held, GET ("/native/hold"));
  fixture_wait (f, "request;");
  sentient_engine_stop_async (f->engine, cancellable, on_stopped, f);
  fixture_settle (f);
  g_cancellable_cancel (cancellable);
  fixture_wait (f, "g-io-error-quark 19;");
  g_assert_cmpuint (n_connections (f), ==, 1);
}

/* Freed with everything under way: the handler hears of all of it. */
static void
test_free (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) ws = client_new (f);
  g_autoptr (Client) held = client_new (f);
  g_autoptr (Client) big = client_new (f);
  g_autoptr (Client) soup = client_new (f);

  client_ws_open (ws);
  client_send (held, GET ("/native/hold"));
  fixture_wait (f, "request;");
  client_send (big, GET ("/native/big"));
  fixture_wait (f, "request;request;");
  client_send (soup, GET ("/soup/big"));
  client_read (soup, 1);
  g_string_truncate (f->log, 0);

  g_clear_pointer (&f->engine, sentient_engine_free);
  g_assert_nonnull (strstr (f->log->str, "lost 1006;"));
  g_assert_nonnull (strstr (f->log->str, "gone;"));
  g_assert_nonnull (strstr (f->log->str, "undelivered;"));
  client_expect_eof (ws);
}

static void
test_listen (Fixture *f, gconstpointer data)
{
  static const SentientEngineHandler none = { 0 };
  static const char *const hosts[] = { "0.0.0.0", "127.0.0.1", "localhost" };
  g_autoptr (GError) error = NULL;
  SentientEngine *engine;
  g_autofree char *expected = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      engine = sentient_engine_new (&f->config, SENTIENT_CLOCK (f->clock), NULL, &none, NULL);
      g_assert_cmpuint (sentient_engine_get_port (engine), ==, 0);
      g_assert_true (sentient_engine_listen (engine, hosts[i], 0, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (sentient_engine_get_port (engine), >, 0);
      sentient_engine_free (engine);
    }

  engine = sentient_engine_new (&f->config, SENTIENT_CLOCK (f->clock), NULL, &none, NULL);
  g_assert_false (sentient_engine_listen (engine, "127.0.0.1", f->port, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  expected = g_strdup_printf ("Port %u on 127.0.0.1 is in use by another program; stop it or "
                              "choose another port with --port",
                              f->port);
  g_assert_cmpstr (error->message, ==, expected);
  g_clear_error (&error);

  g_assert_false (sentient_engine_listen (engine, "192.0.2.1", 0, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "192.0.2.1"));
  g_clear_error (&error);

  g_assert_false (sentient_engine_listen (engine, "no such host", 0, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  sentient_engine_free (engine);
}

/* IPv6, where there is any; an IPv4 client of a socket for both looks like IPv4. */
static void
test_ipv6 (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Client) client = NULL;
  g_autofree char *remote = NULL, *local = NULL;

  if (!sentient_engine_listen (f->engine, "[::1]", 0, &error))
    {
      g_test_skip ("there is no IPv6 here");
      return;
    }
  g_assert_cmpuint (sentient_engine_get_port (f->engine), ==, f->port);

  sentient_engine_free (f->engine);
  f->engine = fixture_new_engine (f);
  g_assert_true (sentient_engine_listen (f->engine, "::", 0, &error));
  f->port = sentient_engine_get_port (f->engine);
  client = client_new (f);
  client_send (client, GET ("/native/hold"));
  fixture_wait (f, "request;");
  remote = sentient_conn_dup_remote (f->held);
  local = sentient_conn_dup_local (f->held);
  g_assert_true (g_str_has_prefix (remote, "127.0.0.1:"));
  g_assert_true (g_str_has_prefix (local, "127.0.0.1:"));
  g_assert_true (sentient_conn_remote_is_loopback (f->held));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/engine-life/stop", test_stop);
  fixture_add ("/engine-life/stop-timeout", test_stop_timeout);
  fixture_add ("/engine-life/stop-cancelled", test_stop_cancelled);
  fixture_add ("/engine-life/free", test_free);
  fixture_add ("/engine-life/listen", test_listen);
  fixture_add ("/engine-life/ipv6", test_ipv6);
  return g_test_run ();
}
