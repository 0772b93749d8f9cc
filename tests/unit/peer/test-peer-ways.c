/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <string.h>

/* Which servers, relays and candidates a peer lets its connections use. */

static const char *const stun[] = { "stun:[2001:db8::1]:3478", NULL };
static const char *const turn[]
    = { "turn:me:p%40ss@[2001:db8::2]:3478?transport=tcp", "you:pass@relay", NULL };

/* In the room, connected to nobody. */
static TestPeer *
new_bob (FakeCoordinator *coordinator)
{
  TestPeer *bob = test_peer_new ("bob");

  g_object_set (bob->peer, "auto-connect", FALSE, NULL);
  test_peer_connect_to (bob, coordinator);
  test_peer_join (bob, "lobby");
  return bob;
}

static void
assert_connect_fails (TestPeer *bob, gint code, const char *says)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sentient_peer_connect_peer_async (bob->peer, "alice", NULL, on_result, &result);
  await (result != NULL);
  g_assert_null (sentient_peer_connect_peer_finish (bob->peer, result, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SENTIENT_ERROR, code);
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_options (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");
  TestPeer *bob;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection = NULL;
  SentientCandidate candidate;

  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  bob = new_bob (coordinator);
  g_object_set (bob->peer, "stun-servers", stun, "turn-servers", turn, "relay-only", TRUE,
                "candidate-filter", (const char *const[]){ "!tcp", "ipv6", NULL }, NULL);
  sentient_peer_connect_peer_async (bob->peer, "alice", NULL, on_result, &result);
  await (result != NULL);
  connection = sentient_peer_connect_peer_finish (bob->peer, result, &error);
  g_assert_no_error (error);
  g_assert_true (g_strv_equal ((const char *const *)bob->options->stun_urls, stun));
  g_assert_cmpstr (bob->options->turn_urls[0], ==,
                   "turn://me:p%40ss@[2001:db8::2]:3478?transport=tcp");
  g_assert_cmpstr (bob->options->turn_urls[1], ==, "turn://you:pass@relay");
  g_assert_null (bob->options->turn_urls[2]);
  g_assert_true (bob->options->relay_only);
  g_assert_true (sentient_candidate_parse (&candidate, "candidate:1 1 UDP 1 ::1 9 typ host"));
  g_assert_true (sentient_candidate_filter_passes (bob->options->filter, &candidate));
  g_assert_true (sentient_candidate_parse (&candidate, "candidate:1 1 UDP 1 127.0.0.1 9 typ host"));
  g_assert_false (sentient_candidate_filter_passes (bob->options->filter, &candidate));
  g_assert_false (alice->options->relay_only);
  g_assert_null (alice->options->filter);

  g_clear_object (&result); /* it holds the peer */
  test_peer_close (bob);
  test_peer_free (bob);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

/* With a word that is none, nothing may get out. */
static void
test_bad_filter (void)
{
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");
  TestPeer *bob;

  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  bob = new_bob (coordinator);
  g_object_set (bob->peer, "candidate-filter", (const char *const[]){ "relays", NULL }, NULL);
  assert_connect_fails (bob, SENTIENT_ERROR_BAD_REQUEST, "“relays” is no word");
  g_assert_null (bob->options); /* no link was made */
  test_peer_close (bob);
  test_peer_free (bob);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

static SentientLink *
make_webrtc_link (const SentientLinkOptions *options, gpointer user_data)
{
  return sentient_peer_make_webrtc_link (options, user_data);
}

/* A real link: what cannot be used is told once, what is kept out is traced. */
static void
test_told (void)
{
  static const char *const bad[]
      = { "turns:me:secret@relay:5349", "turn:me:secret@127.0.0.1:9", NULL };
  FakeCoordinator *coordinator = fake_coordinator_new (0, 0);
  TestPeer *alice = test_peer_new ("alice");
  TestPeer *bob;
  guint n_told = 0;

  sentient_peer_set_link_factory (alice->peer, make_webrtc_link, NULL, NULL);
  test_peer_connect_to (alice, coordinator);
  test_peer_join (alice, "lobby");
  bob = test_peer_new ("bob");
  sentient_peer_set_link_factory (bob->peer, make_webrtc_link, NULL, NULL);
  g_object_set (bob->peer, "stun-servers", (const char *const[]){ NULL }, "turn-servers", bad,
                "candidate-filter", (const char *const[]){ "loopback", "!ipv6", NULL },
                "connect-timeout", 20000, NULL);
  g_object_set (alice->peer, "stun-servers", (const char *const[]){ NULL }, "turn-servers",
                (const char *const[]){ NULL }, "candidate-filter",
                (const char *const[]){ "loopback", NULL }, "connect-timeout", 20000, NULL);
  test_peer_connect_to (bob, coordinator);
  test_peer_join (bob, "lobby");
  await (is_open (alice, "bob") && is_open (bob, "alice"));
  g_assert_cmpuint (bob->errors->len, ==, 1);
  g_assert_nonnull (strstr (((GError *)bob->errors->pdata[0])->message, "“relay:5349”"));
  await (has_prefix (bob->negotiation, "alice: candidate ignored by the settings: candidate:"));

  /* Another connection has the same servers. */
  sentient_peer_disconnect_peer_async (bob->peer, "alice", NULL, NULL, NULL);
  await (!is_open (alice, "bob") && !is_open (bob, "alice"));
  sentient_peer_connect_peer_async (bob->peer, "alice", NULL, NULL, NULL);
  await (is_open (alice, "bob") && is_open (bob, "alice"));
  for (guint i = 0; i < bob->negotiation->len; i++)
    n_told += strstr (bob->negotiation->pdata[i], "“relay:5349”") != NULL;
  g_assert_cmpuint (n_told, ==, 2);
  g_assert_cmpuint (bob->errors->len, ==, 1);

  test_peer_close (bob);
  test_peer_free (bob);
  test_peer_close (alice);
  test_peer_free (alice);
  fake_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer-ways/options", test_options);
  g_test_add_func ("/peer-ways/bad-filter", test_bad_filter);
  g_test_add_func ("/peer-ways/told", test_told);
  return g_test_run ();
}
