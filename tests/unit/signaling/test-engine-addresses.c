/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Limits of one address, with real connections from several of 127.0.0.0/8. */

#include <string.h>
#include <sys/resource.h>

#include "engine-fixture.h"

static void
serve (Fixture *f, const char *source)
{
  g_autoptr (Client) client = client_new_from (f, source);

  client_send (client, "GET /native HTTP/1.1\r\nHost: a\r\n\r\n");
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
}

static void
test_open (Fixture *f, gconstpointer data)
{
  const guint n_wanted = 1024;
  struct rlimit limit;
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify)client_free);
  g_autoptr (Client) late = NULL;
  g_autofree char *head = NULL;
  g_autofree char *body = NULL;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * n_wanted + 200)
    {
      g_test_skip ("too few file descriptors are allowed here");
      return;
    }
  f->quiet = TRUE;
  f->config.max_connections = 0;
  f->config.address = (SentientAddressLimits){ .open = n_wanted };
  fixture_restart (f);

  for (guint i = 0; i < n_wanted; i++)
    {
      g_ptr_array_add (clients, client_new_from (f, "127.0.0.3"));
      if (i % 32 == 31)
        fixture_wait_connections (f, i + 1);
    }
  late = client_new_from (f, "127.0.0.3");
  g_assert_cmpuint (client_response (late, &head, &body), ==, 503);
  g_assert_nonnull (strstr (head, "\r\nRetry-After: "));
  g_assert_nonnull (strstr (body, "\"code\":\"busy\""));
  client_expect_eof (late);
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, n_wanted);

  serve (f, "127.0.0.1");
  fixture_wait_connections (f, n_wanted);
  g_ptr_array_remove_index (clients, 0);
  fixture_wait_connections (f, n_wanted - 1);
  serve (f, "127.0.0.3");
}

static void
test_rate (Fixture *f, gconstpointer data)
{
  guint n_served = 0, n_refused = 0, n_reset = 0;

  f->quiet = TRUE;
  f->config.address = (SentientAddressLimits){ .connections = { 64, 256 } };
  fixture_restart (f);

  for (guint i = 0; i < 400; i++)
    {
      g_autoptr (Client) client = client_new_from (f, "127.0.0.2");
      g_autofree char *head = NULL;
      g_autofree char *body = NULL;

      if (n_refused >= 32)
        {
          client_expect_eof (client);
          n_reset += client->reset;
          continue;
        }
      if (n_served < 256)
        client_send (client, "GET /native HTTP/1.1\r\nHost: a\r\n\r\n");
      if (client_response (client, &head, &body) == 200)
        n_served++;
      else
        {
          g_assert_true (g_str_has_prefix (head, "HTTP/1.1 429 "));
          g_assert_nonnull (strstr (head, "\r\nRetry-After: 1\r\n"));
          g_assert_nonnull (strstr (body, "\"code\":\"rate-limited\""));
          n_refused++;
        }
    }
  g_assert_cmpuint (n_served, ==, 256);
  g_assert_cmpuint (n_refused, ==, 32);
  g_assert_cmpuint (n_reset, ==, 400 - 256 - 32);
  serve (f, "127.0.0.1");

  /* The clock goes on: 64 more. */
  fixture_advance (f, 1000);
  for (guint i = 0; i < 64; i++)
    serve (f, "127.0.0.2");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/engine-addresses/open", test_open);
  fixture_add ("/engine-addresses/rate", test_rate);
  return g_test_run ();
}
