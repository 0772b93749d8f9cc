/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Proxies and whom they name, the URLs that are told, and prefixes of paths. */

#include "asked.h"

static void
test_proxies (void)
{
  static const char *const bad[]
      = { "",           "hub.example", "1.2.3",      "1.2.3.4/33", "1.2.3.4/-1",
          "1.2.3.4/",   "::/129",      "1.2.3.4/8x", "[::1]",      "1.2.3.4:80",
          "1.2.3.4/ 8", "01.2.3.4",    "/8",         NULL };
  static const struct
  {
    const char *network, *address;
    gboolean in;
  } cases[] = {
    { "192.0.2.1", "192.0.2.1", TRUE },
    { "192.0.2.1", "192.0.2.2", FALSE },
    { "192.0.2.1", "::ffff:192.0.2.1", TRUE },
    { "10.0.0.0/8", "10.255.1.2", TRUE },
    { "10.0.0.0/8", "11.0.0.0", FALSE },
    { "10.9.9.9/8", "10.1.1.1", TRUE },
    { "172.16.0.0/12", "172.31.9.9", TRUE },
    { "172.16.0.0/12", "172.32.0.1", FALSE },
    { "0.0.0.0/0", "8.8.8.8", TRUE },
    { "0.0.0.0/0", "2001:db8::1", FALSE },
    { "::/0", "2001:db8::1", TRUE },
    { "2001:db8::/33", "2001:db8:7fff::1", TRUE },
    { "2001:db8::/33", "2001:db8:8000::1", FALSE },
    { "::1/128", "::1", TRUE },
    { "loopback", "127.9.9.9", TRUE },
    { "Loopback", "::1", TRUE },
    { "loopback", "128.0.0.1", FALSE },
  };

  for (guint i = 0; bad[i] != NULL; i++)
    {
      g_autoptr (SentientAccess) access = sentient_access_new (TRUE, TRUE);
      g_autoptr (GError) error = NULL;

      g_assert_false (sentient_access_add_proxy (access, bad[i], &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SentientAccess) access = sentient_access_new (TRUE, TRUE);
      guint8 address[16];

      g_assert_true (
          sentient_networks_parse_address (cases[i].address, strlen (cases[i].address), address));
      g_assert_false (sentient_networks_contain (sentient_access_get_proxies (access), address));
      g_assert_true (sentient_access_add_proxy (access, cases[i].network, NULL));
      if (sentient_networks_contain (sentient_access_get_proxies (access), address) != cases[i].in)
        g_error ("%s in %s?", cases[i].address, cases[i].network);
    }
}

/* Trusted are 10.0.0.0/8 and fd00::/8. */
static void
test_client (void)
{
  static const struct
  {
    const char *fields;
    const char *client; /* NULL: nobody says */
  } cases[] = {
    { "", NULL },
    { "X-Forwarded-For:\r\n", NULL },
    { "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1" },
    { "x-FORWARDED-for: 192.0.2.1:5555\r\n", "192.0.2.1" },
    { "X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n", "192.0.2.2" },
    { "X-Forwarded-For: 192.0.2.1,192.0.2.2, 10.0.0.1 ,fd00::1\r\n", "192.0.2.2" },
    { "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n", "192.0.2.2" },
    { "X-Forwarded-For: 192.0.2.1\r\nX: y\r\nX-Forwarded-For: 10.0.0.1\r\n", "192.0.2.1" },
    { "X-Forwarded-For: 10.0.0.1\r\n", NULL },
    { "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1" },
    { "X-Forwarded-For: [2001:db8::1]\r\n", "2001:db8::1" },
    { "X-Forwarded-For: [2001:db8::1]:80\r\n", "2001:db8::1" },
    { "X-Forwarded-For: ::ffff:192.0.2.9\r\n", "192.0.2.9" },
    { "X-Forwarded-For: rubbish, 192.0.2.1\r\n", "192.0.2.1" },
    { "X-Forwarded-For: 192.0.2.1, rubbish\r\n", NULL },
    { "X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.1\r\n", NULL },
    { "X-Forwarded-For: 192.0.2.1, , 10.0.0.1,\r\n", "192.0.2.1" },
    { "X-Forwarded-For: 192.0.2.256\r\n", NULL },
    { "X-Forwarded-For: 192.0.2.1:x\r\n", NULL },
    { "X-Forwarded-For: 192.0.2.1:\r\n", NULL },
    { "X-Forwarded-For: 192.0.2.1:123456\r\n", NULL },
    { "X-Forwarded-For: [192.0.2.1]\r\n", NULL },
    { "X-Forwarded-For: [2001:db8::1\r\n", NULL },
    { "X-Forwarded-For: []\r\n", NULL },
    { "X-Forwarded-For: ]:[\r\n", NULL },
    { "X-Forwarded-For: 2001:db8::1%eth0\r\n", NULL },
    { "X-Real-IP: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n", NULL },
  };
  g_autoptr (SentientNetworks) proxies = sentient_networks_new ();

  g_assert_true (sentient_networks_add (proxies, "10.0.0.0/8"));
  g_assert_true (sentient_networks_add (proxies, "fd00::/8"));
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Asked) asked = { 0 };
      guint8 address[16] = { 0 }, expected[16];
      gboolean found;

      ask (&asked, cases[i].fields);
      found = sentient_via_find_client (&asked.request.head, proxies, address);
      if (found != (cases[i].client != NULL))
        g_error ("%s: %d", cases[i].fields, found);
      if (!found)
        continue;
      g_assert_true (
          sentient_networks_parse_address (cases[i].client, strlen (cases[i].client), expected));
      g_assert_cmpmem (address, 16, expected, 16);
    }
}

static void
test_public_url (void)
{
  static const char *const bad[] = { "",
                                     "hub.example",
                                     "wss://hub.example",
                                     "ftp://hub.example",
                                     "https://",
                                     "https:///x",
                                     "https://u:p@hub.example",
                                     "https://hub.example?x",
                                     "https://hub.example#x",
                                     "https://hub.example:0",
                                     "https://hub.example:99999",
                                     "https://hub example",
                                     "https://hub.example/a b",
                                     "https://hub.example/a%20b",
                                     "null",
                                     NULL };
  static const struct
  {
    const char *url, *coordinator, *websocket;
  } good[] = {
    { "http://hub.example", "http://hub.example/webrtc", "ws://hub.example/webrtc/signal" },
    { "HTTPS://hub.example/", "https://hub.example/webrtc", "wss://hub.example/webrtc/signal" },
    { "https://hub.example:8443/a/b/", "https://hub.example:8443/a/b/webrtc",
      "wss://hub.example:8443/a/b/webrtc/signal" },
    { "https://hub.example/a/webrtc", "https://hub.example/a/webrtc",
      "wss://hub.example/a/webrtc/signal" },
    { "http://h\xc3\xbc.example", "http://xn--h-eha.example/webrtc",
      "ws://xn--h-eha.example/webrtc/signal" },
    { "http://[2001:db8::1]:81", "http://[2001:db8::1]:81/webrtc",
      "ws://[2001:db8::1]:81/webrtc/signal" },
  };

  for (guint i = 0; bad[i] != NULL; i++)
    {
      g_autoptr (SentientAccess) access = sentient_access_new (TRUE, TRUE);
      g_autoptr (GError) error = NULL;

      if (sentient_access_set_public_url (access, bad[i], &error))
        g_error ("%s was taken", bad[i]);
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_assert_true (g_str_has_suffix (error->message, "."));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (SentientAccess) access = sentient_access_new (TRUE, TRUE);
      g_auto (Asked) asked = { 0 };
      g_autofree char *coordinator = NULL;
      g_autofree char *websocket = NULL;
      SentientVia via;

      g_assert_true (sentient_access_set_public_url (access, good[i].url, NULL));
      ask (&asked, "Host: x\r\nX-Forwarded-Host: y\r\nX-Forwarded-Prefix: /z\r\n");
      sentient_via_read (&via, &asked.request.head, TRUE, TRUE);
      coordinator = sentient_access_dup_url (access, &via, FALSE, "f:1", "/webrtc");
      websocket = sentient_access_dup_url (access, &via, TRUE, "f:1", "/webrtc/signal");
      g_assert_cmpstr (coordinator, ==, good[i].coordinator);
      g_assert_cmpstr (websocket, ==, good[i].websocket);
    }
}

/* Without a public URL: what the client asked for, as far as the proxy is believed. */
static void
test_url (void)
{
  static const struct
  {
    const char *fields, *trusted, *other;
  } cases[] = {
    { "", "ws://f:1/s", "ws://f:1/s" },
    { "Host: a:81\r\n", "ws://a:81/s", "ws://a:81/s" },
    { "Host: a\r\nX-Forwarded-Proto: https\r\n", "wss://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Proto: HTTPS\r\n", "wss://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Proto: https, http\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Proto: http, https\r\n", "wss://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Proto: httpsx\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Host: b:82\r\n", "ws://b:82/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Host: evil, b\r\n", "ws://b/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Host: b\r\nX-Forwarded-Host: c\r\n", "ws://c/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Host: b/c\"<\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Host:\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Host: ,\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Prefix: /p/q/\r\n", "ws://a/p/q/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Prefix: /\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Prefix: p\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Prefix: /p?q\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Prefix: //evil\r\n", "ws://a/s", "ws://a/s" },
    { "Host: a\r\nX-Forwarded-Prefix: /../p\r\n", "ws://a/s", "ws://a/s" },
  };
  g_autoptr (SentientAccess) access = sentient_access_new (FALSE, TRUE);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint trusted = 0; trusted < 2; trusted++)
      {
        g_auto (Asked) asked = { 0 };
        g_autofree char *url = NULL;
        SentientVia via;

        ask (&asked, cases[i].fields);
        sentient_via_read (&via, &asked.request.head, trusted == 1, FALSE);
        url = sentient_access_dup_url (access, &via, TRUE, "f:1", "/s");
        g_assert_cmpstr (url, ==, trusted == 1 ? cases[i].trusted : cases[i].other);
      }
}

static void
test_prefix (void)
{
  static const struct
  {
    const char *path;
    gsize len;
  } cases[] = {
    { "/hub/webrtc/signal", 4 },
    { "/hub", 4 },
    { "/hub/", 4 },
    { "/hubs", 0 },
    { "/webrtc/signal", 0 },
    { "/", 0 },
    { "/Hub/nodes", 0 },
    { "/p/nodes", 2 },
    { "/p", 2 },
    { "/hu", 0 },
  };
  g_autoptr (SentientAccess) access = sentient_access_new (FALSE, TRUE);
  g_auto (Asked) asked = { 0 };
  SentientVia via, plain;

  g_assert_true (sentient_access_set_public_url (access, "http://a/hub", NULL));
  ask (&asked, "Host: a\r\nX-Forwarded-Prefix: /p\r\n");
  sentient_via_read (&via, &asked.request.head, TRUE, FALSE);
  sentient_via_read (&plain, &asked.request.head, FALSE, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *path = cases[i].path;
      gsize len = strlen (path);

      g_assert_cmpuint (sentient_access_get_prefix_len (access, &via, path, len), ==, cases[i].len);
      g_assert_cmpuint (sentient_access_get_prefix_len (access, &plain, path, len), ==,
                        cases[i].len == 2 ? 0 : cases[i].len);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/via/proxies", test_proxies);
  g_test_add_func ("/via/client", test_client);
  g_test_add_func ("/via/public-url", test_public_url);
  g_test_add_func ("/via/url", test_url);
  g_test_add_func ("/via/prefix", test_prefix);
  return g_test_run ();
}
