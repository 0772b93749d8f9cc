/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "signaling/sentient-access.h"

static const SentientAccess local = { .loopback = TRUE, .cors = TRUE };
static const SentientAccess open_policy = { .loopback = FALSE, .cors = TRUE };
static const SentientAccess closed = { .loopback = FALSE, .cors = FALSE };

static gboolean
host_ok (const SentientAccess *access, const char *host)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = sentient_access_check_host (access, host, host != NULL ? strlen (host) : 0, &error);

  if (!ok)
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN);
  return ok;
}

static gboolean
origin_ok (const SentientAccess *access, const char *host, const char *origin, gboolean open_path)
{
  return sentient_access_check_origin (access, host, strlen (host), origin,
                                       origin != NULL ? strlen (origin) : 0, open_path, NULL);
}

/* A name that an attacker's DNS turns into 127.0.0.1 does not get through. */
static void
test_host (void)
{
  static const char *const good[]
      = { "localhost",  "LOCALHOST:8888", "127.0.0.1", "127.0.0.1:8888", "127.5.5.5:8888", "[::1]",
          "[::1]:8888", "a.localhost:1",  NULL };
  static const char *const bad[] = { "example.org",
                                     "example.org:8888",
                                     "localhost.example.org",
                                     "127.0.0.1.nip.io",
                                     "192.168.0.1",
                                     "[::2]:8888",
                                     "127.0.0.1@evil.org",
                                     "",
                                     "evil.org:127",
                                     "[::1",
                                     NULL };

  for (guint i = 0; good[i] != NULL; i++)
    g_assert_true (host_ok (&local, good[i]));
  for (guint i = 0; bad[i] != NULL; i++)
    {
      g_assert_false (host_ok (&local, bad[i]));
      g_assert_true (host_ok (&open_policy, bad[i]));
    }
  g_assert_true (host_ok (&local, NULL));
}

static void
test_origin (void)
{
  g_assert_true (origin_ok (&local, "localhost:8888", NULL, FALSE));
  g_assert_true (origin_ok (&local, "localhost:8888", "http://localhost:3000", TRUE));
  g_assert_true (origin_ok (&local, "localhost:8888", "http://[::1]:3000", FALSE));
  g_assert_false (origin_ok (&local, "localhost:8888", "https://example.org", TRUE));
  g_assert_false (origin_ok (&local, "localhost:8888", "null", TRUE));

  g_assert_true (origin_ok (&open_policy, "hub.example:8888", "https://example.org", TRUE));
  g_assert_true (origin_ok (&open_policy, "hub.example:8888", "null", TRUE));
  g_assert_false (origin_ok (&open_policy, "hub.example:8888", "https://example.org", FALSE));
  g_assert_false (origin_ok (&open_policy, "hub.example:8888", "http://localhost", FALSE));
  g_assert_true (origin_ok (&open_policy, "hub.example:8888", "http://HUB.example:8888", FALSE));
  g_assert_false (origin_ok (&open_policy, "hub.example:8888", "http://hub.example:88", FALSE));

  g_assert_false (origin_ok (&closed, "hub.example", "https://example.org", TRUE));
  g_assert_true (origin_ok (&closed, "hub.example", "https://hub.example", TRUE));
  g_assert_true (origin_ok (&closed, "hub.example", NULL, TRUE));
}

static void
test_cors_headers (void)
{
  g_autofree char *one = sentient_access_dup_cors_headers (&local, "http://localhost:3", 18);
  g_autofree char *any = sentient_access_dup_cors_headers (&open_policy, "http://x.org", 12);

  g_assert_cmpstr (one, ==, "Access-Control-Allow-Origin: http://localhost:3\r\nVary: Origin\r\n");
  g_assert_cmpstr (any, ==, "Access-Control-Allow-Origin: *\r\n");
  g_assert_null (sentient_access_dup_cors_headers (&closed, "http://x.org", 12));
  g_assert_null (sentient_access_dup_cors_headers (&open_policy, NULL, 0));
}

static gboolean
local_ok (gboolean loopback, gboolean forwarded, const char *host)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = sentient_access_check_local (&open_policy, loopback, forwarded, host,
                                             host != NULL ? strlen (host) : 0, &error);

  if (!ok)
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN);
  return ok;
}

static void
test_local (void)
{
  g_assert_true (local_ok (TRUE, FALSE, "localhost:8888"));
  g_assert_true (local_ok (TRUE, FALSE, "[::1]:8888"));
  g_assert_true (local_ok (TRUE, FALSE, NULL));
  g_assert_false (local_ok (FALSE, FALSE, "localhost:8888"));
  g_assert_false (local_ok (FALSE, FALSE, NULL));
  g_assert_false (local_ok (TRUE, TRUE, "localhost"));
  g_assert_false (local_ok (TRUE, FALSE, "hub.example"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/access/host", test_host);
  g_test_add_func ("/access/origin", test_origin);
  g_test_add_func ("/access/cors-headers", test_cors_headers);
  g_test_add_func ("/access/local", test_local);
  return g_test_run ();
}
