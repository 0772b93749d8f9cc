/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hosts and origins: what is asked, and what the answer must be. */

#include "asked.h"

/* cors may be NULL. */
static gboolean
check (const SentientAccess *access,
       const char *fields,
       gboolean trusted,
       gboolean open_path,
       char **cors)
{
  g_auto (Asked) asked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *headers = NULL;
  SentientVia via;
  gboolean ok;

  ask (&asked, fields);
  sentient_via_read (&via, &asked.request.head, trusted, TRUE);
  ok = sentient_access_check (access, &via, open_path, &headers, &error);
  if (ok)
    g_assert_no_error (error);
  else
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN);
  if (!ok)
    g_assert_null (headers);
  if (cors != NULL)
    *cors = g_steal_pointer (&headers);
  return ok;
}

static gboolean
host_ok (const SentientAccess *access, const char *host)
{
  g_autofree char *fields = g_strdup_printf ("Host: %s\r\n", host);

  return check (access, fields, FALSE, FALSE, NULL);
}

/* A name that an attacker's DNS turns into 127.0.0.1 does not get through. */
static void
test_host (void)
{
  static const char *const good[]
      = { "localhost", "LOCALHOST:8888", "127.0.0.1", "127.0.0.1:8888", "127.5.5.5:8888",
          "[::1]",     "[::1]:8888",     "[0::1]",    "a.localhost:1",  NULL };
  static const char *const bad[] = { "example.org",
                                     "example.org:8888",
                                     "localhost.example.org",
                                     "127.0.0.1.nip.io",
                                     "192.168.0.1",
                                     "[::2]:8888",
                                     "evil.org:127",
                                     "localhost.",
                                     "xlocalhost",
                                     ".org",
                                     NULL };
  g_autoptr (SentientAccess) local = sentient_access_new (TRUE, TRUE);
  g_autoptr (SentientAccess) open_policy = sentient_access_new (FALSE, TRUE);
  g_autoptr (SentientAccess) named = sentient_access_new (TRUE, TRUE);

  for (guint i = 0; good[i] != NULL; i++)
    g_assert_true (host_ok (local, good[i]));
  for (guint i = 0; bad[i] != NULL; i++)
    {
      g_assert_false (host_ok (local, bad[i]));
      g_assert_true (host_ok (open_policy, bad[i]));
    }
  g_assert_true (check (local, "", FALSE, FALSE, NULL));

  g_assert_true (sentient_access_set_public_url (named, "https://Hub.Example:8443/x", NULL));
  g_assert_true (host_ok (named, "hub.example"));
  g_assert_true (host_ok (named, "HUB.example:8888"));
  g_assert_true (host_ok (named, "localhost"));
  g_assert_false (host_ok (named, "a.hub.example"));
  g_assert_false (host_ok (named, "hub.example.org"));
}

/* A proxy that is believed may name another host, but not hide the one that a rebound page has. */
static void
test_host_forwarded (void)
{
  g_autoptr (SentientAccess) access = sentient_access_new (TRUE, TRUE);

  g_assert_true (sentient_access_set_public_url (access, "https://hub.example", NULL));
  g_assert_true (
      check (access, "Host: 127.0.0.1\r\nX-Forwarded-Host: hub.example\r\n", TRUE, FALSE, NULL));
  g_assert_false (
      check (access, "Host: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\n", TRUE, FALSE, NULL));
  g_assert_false (
      check (access, "Host: evil.example\r\nX-Forwarded-Host: localhost\r\n", TRUE, FALSE, NULL));
  g_assert_false (
      check (access, "Host: evil.example\r\nX-Forwarded-Host: localhost\r\n", FALSE, FALSE, NULL));
  g_assert_true (
      check (access, "Host: localhost\r\nX-Forwarded-Host: evil.example\r\n", FALSE, FALSE, NULL));
}

typedef enum
{
  NO,
  YES,  /* without CORS headers */
  ECHO, /* with its own name in them */
  STAR,
} Verdict;

typedef struct
{
  const char *host;
  const char *origin;
  Verdict open_path, other;
} OriginCase;

static Verdict
judge (const SentientAccess *access, const OriginCase *c, gboolean open_path)
{
  g_autofree char *fields = g_strdup_printf ("Host: %s\r\nOrigin: %s\r\n", c->host, c->origin);
  g_autofree char *echo
      = g_strdup_printf ("Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n", c->origin);
  g_autofree char *cors = NULL;

  if (!check (access, fields, FALSE, open_path, &cors))
    return NO;
  if (cors == NULL)
    return YES;
  if (g_str_equal (cors, "Access-Control-Allow-Origin: *\r\n"))
    return STAR;
  g_assert_cmpstr (cors, ==, echo);
  return ECHO;
}

static void
judge_all (const SentientAccess *access, const OriginCase *cases, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      const OriginCase *c = &cases[i];
      Verdict open_path = judge (access, c, TRUE), other = judge (access, c, FALSE);

      if (open_path != c->open_path || other != c->other)
        g_error ("%s at %s: %d and %d, expected %d and %d", c->origin, c->host, open_path, other,
                 c->open_path, c->other);
    }
}

static void
test_origin_loopback (void)
{
  static const OriginCase cases[] = {
    { "localhost:8888", "http://localhost:8888", YES, YES },
    { "localhost:8888", "http://localhost:3000", ECHO, ECHO },
    { "localhost:8888", "http://[::1]:3000", ECHO, ECHO },
    { "localhost:8888", "https://127.3.2.1", ECHO, ECHO },
    { "localhost:8888", "https://example.org", NO, NO },
    { "localhost:8888", "http://localhost.example.org", NO, NO },
    { "localhost:8888", "http://127.0.0.1.nip.io", NO, NO },
    { "localhost:8888", "http://evil.org:80@localhost", NO, NO },
    { "localhost:8888", "ftp://localhost", NO, NO },
    { "localhost:8888", "htt://localhost", NO, NO },
    { "localhost:8888", "null", NO, NO },
    { "localhost:8888", "", NO, NO },
    { "localhost:8888", "localhost:8888", NO, NO },
    { "localhost:8888", "http://", NO, NO },
    { "localhost:8888", "http://localhost/", NO, NO },
    { "localhost:8888", "http://localhost, http://evil.org", NO, NO },
    { "localhost:8888", "://localhost", NO, NO },
    { "localhost:8888", "http://[::1", NO, NO },
    { "localhost:8888", "http://localhost:99999", NO, NO },
    { "localhost:8888", "https://hub.example", ECHO, ECHO },
    { "hub.example", "https://hub.example:443", ECHO, ECHO },
    { "hub.example", "http://hub.example", YES, YES }, /* what it asked for itself */
    { "localhost:8888", "http://hub.example", NO, NO },
    { "localhost:8888", "https://hub.example:8443", NO, NO },
    { "localhost:8888", "http://app.example:81", ECHO, ECHO },
    { "localhost:8888", "http://app.example", NO, NO },
  };
  g_autoptr (SentientAccess) access = sentient_access_new (TRUE, TRUE);

  g_assert_true (sentient_access_set_public_url (access, "https://hub.example/prefix", NULL));
  g_assert_true (sentient_access_add_origin (access, "http://app.example:81", NULL));
  judge_all (access, cases, G_N_ELEMENTS (cases));
}

static void
test_origin_open (void)
{
  static const OriginCase cases[] = {
    { "hub.example:8888", "https://example.org", STAR, NO },
    { "hub.example:8888", "null", STAR, NO },
    { "hub.example:8888", "http://localhost", STAR, NO },
    { "hub.example:8888", "http://HUB.example:8888", STAR, YES },
    { "hub.example:8888", "http://hub.example:88", STAR, NO },
    { "hub.example:8888", "https://hub.example:8888", STAR, NO },
    { "hub.example", "http://hub.example:80", STAR, YES },
    { "hub.example:80", "http://hub.example", STAR, YES },
    { "hub.example:443", "https://hub.example", STAR, NO },
    { "[2001:db8::1]:81", "http://[2001:db8:0::1]:81", STAR, YES },
    { "[2001:db8::1]:81", "http://[2001:db8::1]", STAR, NO },
    { "hub.example", "https://app.example", STAR, ECHO },
    { "hub.example", "https://APP.example:443", STAR, ECHO },
    { "hub.example", "http://app.example", STAR, NO },
    { "hub.example", "https://app.example.org", STAR, NO },
    { "hub.example", "https://app.example:444", STAR, NO },
    { "hub.example", "tauri://localhost", STAR, ECHO },
    { "hub.example", "tauri://localhos", STAR, NO },
  };
  g_autoptr (SentientAccess) access = sentient_access_new (FALSE, TRUE);

  g_assert_true (sentient_access_add_origin (access, "https://app.example", NULL));
  g_assert_true (sentient_access_add_origin (access, "tauri://localhost", NULL));
  judge_all (access, cases, G_N_ELEMENTS (cases));
}

/* --no-cors, on a network and on loopback: whom the operator names is let in all the same. */
static void
test_origin_closed (void)
{
  static const OriginCase cases[] = {
    { "localhost:8888", "https://example.org", NO, NO },
    { "localhost:8888", "null", NO, NO },
    { "localhost:8888", "http://localhost:3000", NO, NO },
    { "localhost:8888", "http://localhost:8888", YES, YES },
    { "localhost:8888", "https://hub.example", YES, YES },
    { "localhost:8888", "https://app.example", ECHO, ECHO },
  };

  for (guint loopback = 0; loopback < 2; loopback++)
    {
      g_autoptr (SentientAccess) access = sentient_access_new (loopback == 1, FALSE);

      g_assert_true (sentient_access_set_public_url (access, "https://hub.example", NULL));
      g_assert_true (sentient_access_add_origin (access, "https://app.example", NULL));
      judge_all (access, cases, G_N_ELEMENTS (cases));
    }
}

/* Behind a proxy the origin is what the browser sees, if the proxy is believed. */
static void
test_origin_forwarded (void)
{
  static const char fields[] = "Host: 10.0.0.7:8888\r\nOrigin: https://hub.example\r\n"
                               "X-Forwarded-Proto: https\r\nX-Forwarded-Host: hub.example\r\n";
  g_autoptr (SentientAccess) access = sentient_access_new (FALSE, TRUE);

  g_assert_true (check (access, fields, TRUE, FALSE, NULL));
  g_assert_false (check (access, fields, FALSE, FALSE, NULL));
}

static void
test_local (void)
{
  static const struct
  {
    const char *fields;
    gboolean from_loopback;
    gboolean ok;
  } cases[] = {
    { "Host: localhost:8888\r\n", TRUE, TRUE },
    { "Host: [::1]:8888\r\n", TRUE, TRUE },
    { "", TRUE, TRUE },
    { "Host: localhost:8888\r\n", FALSE, FALSE },
    { "", FALSE, FALSE },
    { "Host: hub.example\r\n", TRUE, FALSE },
    { "Host: localhost\r\nForwarded: for=1.2.3.4\r\n", TRUE, FALSE },
    { "Host: localhost\r\nX-Forwarded-For: 127.0.0.1\r\n", TRUE, FALSE },
    { "Host: localhost\r\nx-forwarded-host:\r\n", TRUE, FALSE },
    { "Host: localhost\r\nX-Forwarded-Proto: http\r\n", TRUE, FALSE },
    { "Host: localhost\r\nX-Forwardedness: 1\r\n", TRUE, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint trusted = 0; trusted < 2; trusted++)
      {
        g_auto (Asked) asked = { 0 };
        g_autoptr (GError) error = NULL;
        SentientVia via;

        ask (&asked, cases[i].fields);
        sentient_via_read (&via, &asked.request.head, trusted == 1, cases[i].from_loopback);
        g_assert_cmpint (sentient_access_check_local (&via, &error), ==, cases[i].ok);
        if (!cases[i].ok)
          g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN);
      }
}

static void
test_allowed_origin (void)
{
  static const char *const bad[] = { "",          "null",          "*",
                                     "a.example", "http://",       "https://a.example/",
                                     "a b://c",   "http://a:b",    "https://a.example/x",
                                     "//a",       "http://u@host", NULL };
  g_autoptr (SentientAccess) access = sentient_access_new (TRUE, TRUE);

  for (guint i = 0; bad[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      if (sentient_access_add_origin (access, bad[i], &error))
        g_error ("%s was taken", bad[i]);
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/access/host", test_host);
  g_test_add_func ("/access/host-forwarded", test_host_forwarded);
  g_test_add_func ("/access/origin-loopback", test_origin_loopback);
  g_test_add_func ("/access/origin-open", test_origin_open);
  g_test_add_func ("/access/origin-closed", test_origin_closed);
  g_test_add_func ("/access/origin-forwarded", test_origin_forwarded);
  g_test_add_func ("/access/local", test_local);
  g_test_add_func ("/access/allowed-origin", test_allowed_origin);
  return g_test_run ();
}
