/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-pair.h"
#include "stun-server.h"
#include "webrtc/sentient-webrtc-link.h"

#include <string.h>

#define RELAY "candidate:5 1 UDP 1 198.51.100.3 6 typ relay raddr 203.0.113.9 rport 5"
#define SRFLX "candidate:4 1 UDP 1 203.0.113.9 5 typ srflx raddr 192.168.1.7 rport 4000"
#define HOST "candidate:1 1 UDP 1 192.168.1.7 4000 typ host"

static SentientLinkOptions *
new_options (const char *stun, const char *turn, gboolean relay_only, const char *words)
{
  const char *stun_urls[] = { stun, NULL };
  const char *turn_urls[] = { turn, NULL };
  g_autoptr (SentientCandidateFilter) filter = NULL;
  g_autoptr (GError) error = NULL;

  if (words != NULL)
    {
      g_auto (GStrv) list = g_strsplit (words, " ", -1);

      filter = sentient_candidate_filter_new ((const char *const *)list, &error);
      g_assert_no_error (error);
    }
  return sentient_link_options_new (stun_urls, turn_urls, relay_only, filter);
}

/* Takes options. */
static SentientLink *
new_link (SentientLinkOptions *options)
{
  SentientLink *link = sentient_webrtc_link_new (options);

  sentient_link_options_free (options);
  return link;
}

static LinkPair *
new_pair (const char *offerer, const char *answerer)
{
  LinkPair *pair = g_new0 (LinkPair, 1);

  link_end_init (&pair->offerer, new_link (new_options (NULL, NULL, FALSE, offerer)));
  link_end_init (&pair->answerer, new_link (new_options (NULL, NULL, FALSE, answerer)));
  pair->offerer.other = &pair->answerer;
  pair->answerer.other = &pair->offerer;
  return pair;
}

static guint
count_with (GPtrArray *texts, const char *part)
{
  guint n = 0;

  for (guint i = 0; i < texts->len; i++)
    n += strstr (texts->pdata[i], part) != NULL;
  return n;
}

/* Servers that cannot be used are no reason not to connect, but are told. */
static void
test_bad_servers (void)
{
  static const char *const stun_urls[] = { "nonsense", "stun:", "stun:[::1", NULL };
  static const char *const turn_urls[] = { "nonsense",
                                           "turn:x",
                                           "turns:me:secret@relay:5349",
                                           "turn:me:secret@:",
                                           "turn:me:secret@relay?transport=sctp",
                                           "turn:secret@relay",
                                           "turn:me:secret",
                                           "turn://me:secret",
                                           "me:secret",
                                           "turn:relay:3478",
                                           NULL };
  g_autoptr (SentientLinkOptions) options
      = sentient_link_options_new (stun_urls, turn_urls, FALSE, NULL);
  LinkPair *pair = g_new0 (LinkPair, 1);

  link_end_init (&pair->offerer, sentient_webrtc_link_new (options));
  link_end_init (&pair->answerer, sentient_webrtc_link_new (NULL));
  pair->offerer.other = &pair->answerer;
  pair->answerer.other = &pair->offerer;
  link_pair_open (pair);
  g_assert_cmpuint (pair->answerer.complaints->len, ==, 0);
  g_assert_cmpuint (pair->offerer.complaints->len, ==,
                    G_N_ELEMENTS (stun_urls) + G_N_ELEMENTS (turn_urls) - 2);
  g_assert_cmpuint (count_with (pair->offerer.complaints, "secret"), ==, 0);
  g_assert_cmpuint (count_with (pair->offerer.complaints, "over TLS"), ==, 1);
  g_assert_cmpuint (count_with (pair->offerer.complaints, "“relay:5349”"), ==, 1);
  g_assert_cmpuint (count_with (pair->offerer.complaints, "“relay:3478”"), ==, 1);
  g_assert_cmpuint (count_with (pair->offerer.complaints, "“(not shown)”"), ==, 3);
  link_pair_free (pair);
}

/* Several of them, with all that URLs can have. */
static void
test_silent_servers (void)
{
  static const char *const stun_urls[] = { "stun:127.0.0.1:9", "stun:[::1]:9", NULL };
  static const char *const turn_urls[]
      = { "turn://user:p%40ss@127.0.0.1:9?transport=udp", "turn:us%3Aer:p%2Fss@[::1]:9",
          "turn:user:pass@localhost:9?transport=tcp", "user:pass@127.0.0.1", NULL };
  g_autoptr (SentientLinkOptions) options
      = sentient_link_options_new (stun_urls, turn_urls, FALSE, NULL);
  LinkPair *pair = g_new0 (LinkPair, 1);

  link_end_init (&pair->offerer, sentient_webrtc_link_new (options));
  link_end_init (&pair->answerer, sentient_webrtc_link_new (options));
  pair->offerer.other = &pair->answerer;
  pair->answerer.other = &pair->offerer;
  link_pair_open (pair);
  g_assert_cmpuint (pair->offerer.complaints->len, ==, 0);
  link_pair_free (pair);
}

/* A pair over one address of the loopback, and no other. */
static void
test_family (gconstpointer data)
{
  const char *address = data;
  g_autofree char *only = g_strdup_printf (" %s ", address);
  g_autofree char *text = NULL;
  g_autoptr (SentientLinkPath) path = NULL;
  g_autoptr (SentientLinkPath) back = NULL;
  LinkPair *pair = new_pair (address, address);

  link_pair_open (pair);
  link_wait_until (pair->offerer.candidates->len > 0 && pair->answerer.candidates->len > 0);
  for (guint i = 0; i < pair->offerer.candidates->len; i++)
    if (*(const char *)pair->offerer.candidates->pdata[i] != '\0')
      g_assert_nonnull (strstr (pair->offerer.candidates->pdata[i], only));
  link_end_send (&pair->offerer, "hello", -1, TRUE);
  link_wait_until (pair->answerer.messages->len == 1);
  link_wait_until ((text = sentient_link_dup_description (pair->offerer.link)) != NULL);
  g_test_message ("%s", text);
  g_assert_nonnull (
      strstr (text, strchr (address, ':') != NULL ? "host [::1]:" : "host 127.0.0.1:"));

  path = sentient_link_dup_path (pair->offerer.link);
  back = sentient_link_dup_path (pair->answerer.link);
  g_assert_cmpint (path->local.type, ==, SENTIENT_CANDIDATE_TYPE_HOST);
  g_assert_cmpstr (path->local.address, ==, address);
  g_assert_cmpstr (path->remote.address, ==, address);
  g_assert_cmpuint (path->local.port, ==, back->remote.port);
  g_assert_cmpuint (path->remote.port, ==, back->local.port);
  g_assert_cmpstr (path->protocol, ==, "udp");
  g_assert_null (path->relay);
  g_assert_null (path->relay_through);
  g_assert_false (sentient_link_path_is_relayed (path));
  g_assert_cmpint (path->retransmits, >=, 0);
  g_assert_cmpuint (path->n_batched, >, 0);
  link_pair_free (pair);
}

/* One end has more than the other takes. */
static void
test_remote_refused (void)
{
  LinkPair *pair = new_pair ("loopback", "::1");

  link_pair_open (pair);
  link_wait_until (count_with (pair->offerer.candidates, " 127.0.0.1 ") == 1
                   && count_with (pair->answerer.refused, " 127.0.0.1 ") == 1);
  g_assert_cmpuint (count_with (pair->answerer.refused, "remote candidate:"), ==, 1);
  g_assert_cmpuint (count_with (pair->answerer.refused, "local "), ==, 0);
  g_assert_cmpuint (pair->offerer.refused->len, ==, 0);
  link_pair_free (pair);
}

/* They stand in the description and are not trickled. */
static void
test_remote_refused_in_sdp (void)
{
  LinkPair *pair = new_pair (NULL, "loopback !tcp");
  g_autofree char *offer = NULL;

  pair->offerer.other = NULL;
  pair->answerer.other = NULL;
  link_pair_start (pair);
  link_wait_until (pair->offerer.description != NULL);
  offer = g_strconcat (pair->offerer.description, "a=" HOST "\r\n",
                       "a=candidate:1 1 TCP 1 127.0.0.1 9 typ host tcptype active\r\n",
                       "a=candidate:1 1 UDP 1 127.0.0.1 9 typ host\r\n", NULL);
  sentient_link_set_remote_description (pair->answerer.link, SENTIENT_SIGNAL_TYPE_OFFER, offer);
  link_wait_until (pair->answerer.description != NULL);
  g_assert_cmpuint (pair->answerer.refused->len, ==, 2);
  g_assert_cmpuint (count_with (pair->answerer.refused, "remote " HOST), ==, 1);
  g_assert_cmpuint (count_with (pair->answerer.refused, "TCP"), ==, 1);
  link_pair_free (pair);
}

/* What a STUN server sees is told without what stands behind it, which is kept out. */
static void
test_stun (gconstpointer data)
{
  gboolean is_ipv6 = GPOINTER_TO_INT (data);
  StunServer *server = is_ipv6 ? stun_server_new ("::1", "2001:db8::99", 777)
                               : stun_server_new ("127.0.0.1", "203.0.113.99", 777);
  g_autofree char *url = g_strdup_printf (is_ipv6 ? "stun:[::1]:%u" : "stun:127.0.0.1:%u",
                                          stun_server_get_port (server));
  const char *words = is_ipv6 ? "srflx ::1 2001:db8::/32" : "srflx 127.0.0.1 203.0.113.0/24";
  const char *told = is_ipv6 ? " 2001:db8::99 777 typ srflx raddr :: rport 9"
                             : " 203.0.113.99 777 typ srflx raddr 0.0.0.0 rport 9";
  LinkEnd end;
  guint n;

  link_end_init (&end, new_link (new_options (url, NULL, FALSE, words)));
  sentient_link_start (end.link, TRUE);
  link_wait_until (count_with (end.candidates, told) == 1);
  g_assert_cmpuint (stun_server_get_requests (server), >, 0);
  g_assert_cmpuint (count_with (end.candidates, "typ host"), ==, 0);
  link_wait_until (count_with (end.refused, "typ host") == 1);
  link_end_clear (&end);

  /* Who does not want what it says does not ask it: it is through at once. */
  n = stun_server_get_requests (server);
  link_end_init (&end, new_link (new_options (url, NULL, FALSE,
                                              is_ipv6 ? "host ::1" : "host 127.0.0.1")));
  sentient_link_start (end.link, TRUE);
  link_wait_until (end.candidates->len > 0
                   && *(const char *)end.candidates->pdata[end.candidates->len - 1] == '\0');
  g_assert_cmpuint (stun_server_get_requests (server), ==, n);
  link_end_clear (&end);
  stun_server_free (server);
}

/* By the options there is no way. */
static void
test_no_way (void)
{
  static const struct
  {
    const char *turn;
    gboolean relay_only;
    const char *filter;
    const char *says;
  } cases[] = {
    { NULL, TRUE, NULL, "no TURN server is known" },
    { "turns:me:secret@relay", TRUE, NULL, "no TURN server is known" },
    { NULL, FALSE, "relay", "no TURN server is known" },
    { "turn:u:p@127.0.0.1:9", TRUE, "host srflx", "leaves none of them" },
    { NULL, FALSE, "!0.0.0.0/0 !::/0", "none of this machine's addresses" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LinkEnd end;

      link_end_init (&end, new_link (new_options (NULL, cases[i].turn, cases[i].relay_only,
                                                  cases[i].filter)));
      sentient_link_start (end.link, TRUE);
      link_end_wait_closed (&end, SENTIENT_ERROR_LINK_FAILED);
      g_assert_nonnull (strstr (end.error->message, cases[i].says));
      g_assert_cmpuint (end.complaints->len, ==,
                        cases[i].turn != NULL && g_str_has_prefix (cases[i].turn, "turns"));
      link_end_clear (&end);
    }
}

static void
test_screen (void)
{
  static const struct
  {
    gboolean relay_only;
    const char *filter;
    const char *candidate;
    const char *told; /* NULL: not at all */
    gboolean admitted;
  } cases[] = {
    { FALSE, NULL, SRFLX, SRFLX, TRUE },
    { TRUE, NULL, HOST, NULL, TRUE },
    { TRUE, NULL, SRFLX, NULL, TRUE },
    { TRUE, NULL, RELAY, "candidate:5 1 UDP 1 198.51.100.3 6 typ relay raddr 0.0.0.0 rport 9",
      TRUE },
    { FALSE, "udp", RELAY, RELAY, TRUE },
    { FALSE, "tcp", RELAY, NULL, FALSE },
    { FALSE, "!srflx", RELAY, "candidate:5 1 UDP 1 198.51.100.3 6 typ relay raddr 0.0.0.0 rport 9",
      TRUE },
    { FALSE, "!192.168.0.0/16", SRFLX,
      "candidate:4 1 UDP 1 203.0.113.9 5 typ srflx raddr 0.0.0.0 rport 9", TRUE },
    { FALSE, "!192.168.0.0/16", HOST, NULL, FALSE },
    { FALSE, "!192.168.0.0/16", RELAY, RELAY, TRUE },
    { FALSE, "udp", "nonsense", NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SentientLinkOptions) options
          = new_options (NULL, NULL, cases[i].relay_only, cases[i].filter);
      g_autofree char *told = sentient_link_options_screen_local (options, cases[i].candidate);

      g_test_message ("%s: %s", cases[i].filter, cases[i].candidate);
      g_assert_cmpstr (told, ==, cases[i].told);
      g_assert_cmpint (sentient_link_options_admit_remote (options, cases[i].candidate), ==,
                       cases[i].admitted);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-ice/screen", test_screen);
  g_test_add_func ("/link-ice/bad-servers", test_bad_servers);
  g_test_add_func ("/link-ice/silent-servers", test_silent_servers);
  g_test_add_data_func ("/link-ice/ipv4", "127.0.0.1", test_family);
  g_test_add_data_func ("/link-ice/ipv6", "::1", test_family);
  g_test_add_func ("/link-ice/remote-refused", test_remote_refused);
  g_test_add_func ("/link-ice/remote-refused-in-sdp", test_remote_refused_in_sdp);
  g_test_add_data_func ("/link-ice/stun-ipv4", GINT_TO_POINTER (FALSE), test_stun);
  g_test_add_data_func ("/link-ice/stun-ipv6", GINT_TO_POINTER (TRUE), test_stun);
  g_test_add_func ("/link-ice/no-way", test_no_way);
  return g_test_run ();
}
