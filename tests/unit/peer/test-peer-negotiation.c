/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <string.h>

/* One real peer, "bob", and a member played by the test, whose id is greater or smaller. */
typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *bob;
  const char *other;
  SentientLink *link; /* the other's end */
  char *sdp;          /* its description */
  gboolean open;
  gboolean closed;
} Stage;

static void
on_description (SentientLink *link, SentientSignalType type, const char *sdp, Stage *stage)
{
  stage->sdp = g_strdup (sdp);
}

static void
on_opened (SentientLink *link, Stage *stage)
{
  stage->open = TRUE;
}

static void
on_closed (SentientLink *link, GError *error, Stage *stage)
{
  stage->closed = TRUE;
}

static void
drop_link (Stage *stage)
{
  if (stage->link != NULL)
    g_signal_handlers_disconnect_by_data (stage->link, stage);
  g_clear_object (&stage->link);
  g_clear_pointer (&stage->sdp, g_free);
  stage->open = stage->closed = FALSE;
}

/* A fresh one; if it offers, with its offer in sdp. */
static void
make_link (Stage *stage, gboolean offerer)
{
  drop_link (stage);
  stage->link = sentient_loopback_link_new ();
  g_signal_connect (stage->link, "local-description", G_CALLBACK (on_description), stage);
  g_signal_connect (stage->link, "opened", G_CALLBACK (on_opened), stage);
  g_signal_connect (stage->link, "closed", G_CALLBACK (on_closed), stage);
  sentient_link_start (stage->link, offerer);
  if (offerer)
    await (stage->sdp != NULL);
}

static void
stage_init (Stage *stage, const char *other)
{
  memset (stage, 0, sizeof *stage);
  stage->other = other;
  stage->coordinator = fake_coordinator_new (FAKE_HOLD, 0);
  stage->bob = test_peer_new ("bob");
  fake_add_member (stage->coordinator, other, "lobby", NULL);
  g_object_set (stage->bob->peer, "auto-connect", FALSE, NULL);
  test_peer_connect_to (stage->bob, stage->coordinator);
  test_peer_join (stage->bob, "lobby");
}

static void
stage_clear (Stage *stage)
{
  test_peer_close (stage->bob);
  drop_link (stage);
  test_peer_free (stage->bob);
  fake_coordinator_free (stage->coordinator);
}

/* The other says it; negotiation NULL: as a plain peer. */
static void
say_sdp (Stage *stage, const char *type, const char *sdp, const char *negotiation)
{
  g_autofree char *escaped = g_strescape (sdp, NULL);
  g_autofree char *part = negotiation != NULL
                              ? g_strdup_printf (",\"negotiation\":\"%s\"", negotiation)
                              : g_strdup ("");

  fake_say (stage->coordinator, "bob",
            "{\"type\":\"%s\",\"from\":\"%s\",\"to\":\"bob\",\"room\":\"lobby\",\"payload\":{"
            "\"sdp\":\"%s\"%s}}",
            type, stage->other, escaped, part);
}

static void
say_candidate (Stage *stage, const char *from, const char *negotiation)
{
  fake_say (stage->coordinator, "bob",
            "{\"type\":\"ice-candidate\",\"from\":\"%s\",\"to\":\"bob\",\"room\":null,\"payload\":{"
            "\"candidate\":{\"candidate\":\"candidate:1 1 UDP 1 127.0.0.1 9 typ host\","
            "\"sdpMid\":\"0\",\"sdpMLineIndex\":0},\"negotiation\":\"%s\"}}",
            from, negotiation);
}

static JsonObject *
await_payload (Stage *stage, const char *type, guint n)
{
  await (fake_find (stage->coordinator, "bob", type, n) != NULL);
  return json_object_get_object_member (fake_find (stage->coordinator, "bob", type, n), "payload");
}

static void
await_trace (Stage *stage, const char *text)
{
  g_autofree char *full = g_strconcat (stage->other, ": ", text, NULL);

  await (has_prefix (stage->bob->negotiation, full));
}

static guint
count_connections (Stage *stage)
{
  return g_list_model_get_n_items (sentient_peer_get_connections (stage->bob->peer));
}

/* The other's link takes bob's n-th answer, and it opens. */
static void
complete (Stage *stage, guint n)
{
  JsonObject *payload = await_payload (stage, "answer", n);

  sentient_link_set_remote_description (stage->link, SENTIENT_SIGNAL_TYPE_ANSWER,
                                        json_object_get_string_member (payload, "sdp"));
  await (stage->open && is_open (stage->bob, stage->other));
}

static void
test_answer (gconstpointer negotiation)
{
  Stage stage;
  JsonObject *payload;
  SentientConnection *connection;

  stage_init (&stage, "zoe");
  make_link (&stage, TRUE);
  say_sdp (&stage, "offer", stage.sdp, negotiation);
  say_sdp (&stage, "offer", stage.sdp, negotiation); /* came twice */
  await_trace (&stage, "offer came twice");
  payload = await_payload (&stage, "answer", 0);
  g_assert_cmpstr (json_object_get_string_member (payload, "type"), ==, "answer");
  g_assert_cmpstr (json_object_get_string_member_with_default (payload, "negotiation", NULL), ==,
                   negotiation);
  payload = await_payload (&stage, "ice-candidate", 0);
  g_assert_cmpstr (json_object_get_string_member_with_default (payload, "negotiation", NULL), ==,
                   negotiation);
  complete (&stage, 0);
  connection = sentient_peer_find_connection (stage.bob->peer, "zoe");
  g_assert_cmpstr (sentient_connection_get_room (connection), ==, "lobby");
  g_assert_false (sentient_connection_get_offerer (connection));
  say_sdp (&stage, "offer", stage.sdp, negotiation); /* and once more */
  test_peer_join (stage.bob, "lobby");
  g_assert_cmpuint (fake_count (stage.coordinator, "bob", "answer"), ==, 1);
  g_assert_cmpuint (count_connections (&stage), ==, 1);
  g_assert_cmpuint (stage.bob->errors->len, ==, 0);
  stage_clear (&stage);
}

static void
test_candidate_before_offer (void)
{
  Stage stage;

  stage_init (&stage, "zoe");
  say_candidate (&stage, "zoe", "n1");
  say_candidate (&stage, "zoe", "of another");
  await_trace (&stage, "candidate before its offer, kept");
  make_link (&stage, TRUE);
  say_sdp (&stage, "offer", stage.sdp, "n1");
  complete (&stage, 0);
  g_assert_cmpuint (sentient_early_candidates_get_n_nodes (stage.bob->peer->early), ==, 0);
  stage_clear (&stage);
}

static void
test_candidate_flood (void)
{
  Stage stage;

  stage_init (&stage, "zoe");
  for (guint i = 0; i < SENTIENT_EARLY_CANDIDATES_MAX + 1; i++)
    say_candidate (&stage, "zoe", "n1");
  await_trace (&stage, "candidate before its offer, dropped");
  for (guint i = 0; i < 2 * SENTIENT_EARLY_NODES_MAX; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%u", i);

      say_candidate (&stage, name, "n1");
    }
  await (has_prefix (stage.bob->negotiation, "n63: candidate before its offer, kept"));
  g_assert_cmpuint (sentient_early_candidates_get_n_nodes (stage.bob->peer->early), ==,
                    SENTIENT_EARLY_NODES_MAX);
  stage_clear (&stage);
}

static void
test_answer_without_offer (void)
{
  Stage stage;

  stage_init (&stage, "zoe");
  say_sdp (&stage, "answer", "v=0", "n1");
  await_trace (&stage, "answer without an offer");
  g_assert_cmpuint (count_connections (&stage), ==, 0);
  g_assert_cmpuint (stage.bob->errors->len, ==, 0);
  stage_clear (&stage);
}

static void
start_offer (Stage *stage, GAsyncResult **result)
{
  sentient_peer_connect_peer_async (stage->bob->peer, stage->other, NULL, on_result, result);
}

static void
finish_offer (Stage *stage, GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection = NULL;

  await (*result != NULL);
  connection = sentient_peer_connect_peer_finish (stage->bob->peer, *result, &error);
  g_assert_no_error (error);
  g_clear_object (result);
}

/* Answers bob's n-th offer by hand. plain: without its negotiation. */
static void
answer_offer (Stage *stage, guint n, gboolean plain)
{
  JsonObject *payload = await_payload (stage, "offer", n);
  const char *negotiation = json_object_get_string_member (payload, "negotiation");

  g_assert_cmpuint (strlen (negotiation), ==, 16);
  make_link (stage, FALSE);
  sentient_link_set_remote_description (stage->link, SENTIENT_SIGNAL_TYPE_OFFER,
                                        json_object_get_string_member (payload, "sdp"));
  await (stage->sdp != NULL);
  say_sdp (stage, "answer", stage->sdp, "of another offer");
  await_trace (stage, "answer to another offer");
  say_sdp (stage, "answer", stage->sdp, plain ? NULL : negotiation);
  say_sdp (stage, "answer", stage->sdp, plain ? NULL : negotiation);
  await (stage->open);
}

static void
test_offer (gconstpointer plain)
{
  Stage stage;
  JsonObject *candidate;
  GAsyncResult *result = NULL;

  stage_init (&stage, "zoe");
  start_offer (&stage, &result);
  /* A browser refuses a candidate whose mid is not in the description. */
  candidate
      = json_object_get_object_member (await_payload (&stage, "ice-candidate", 0), "candidate");
  g_assert_cmpstr (json_object_get_string_member (candidate, "sdpMid"), ==, "loopback0");
  g_assert_cmpint (json_object_get_int_member (candidate, "sdpMLineIndex"), ==, 0);
  answer_offer (&stage, 0, plain != NULL);
  finish_offer (&stage, &result);
  g_assert_true (
      sentient_connection_get_offerer (sentient_peer_find_connection (stage.bob->peer, "zoe")));
  stage_clear (&stage);
}

/* Both offer: "bob" yields to "zoe", and to a plain peer whatever its name. */
static void
test_polite (gconstpointer plain)
{
  Stage stage;
  GAsyncResult *result = NULL;

  stage_init (&stage, plain != NULL ? "abe" : "zoe");
  start_offer (&stage, &result);
  await_payload (&stage, "offer", 0);
  make_link (&stage, TRUE);
  say_sdp (&stage, "offer", stage.sdp, plain != NULL ? NULL : "n1");
  complete (&stage, 0);
  finish_offer (&stage, &result);
  await_trace (&stage, "both ends offered at once: we take theirs");
  g_assert_cmpuint (count_connections (&stage), ==, 1);
  g_assert_cmpuint (stage.bob->connected->len, ==, 1);
  stage_clear (&stage);
}

/* "bob" does not yield to "abe"; its candidates are not taken for ours either. */
static void
test_impolite (void)
{
  Stage stage;
  GAsyncResult *result = NULL;

  stage_init (&stage, "abe");
  start_offer (&stage, &result);
  await_payload (&stage, "offer", 0);
  make_link (&stage, TRUE);
  say_sdp (&stage, "offer", stage.sdp, "n1");
  say_candidate (&stage, "abe", "n1");
  await_trace (&stage, "both ends offered at once: ours stands");
  answer_offer (&stage, 0, FALSE);
  finish_offer (&stage, &result);
  g_assert_null (fake_find (stage.coordinator, "bob", "answer", 0));
  stage_clear (&stage);
}

/* "abe" had "bob"'s offer and lost it again before he offered: so he gets another. */
static void
test_unanswered (void)
{
  Stage stage;
  GAsyncResult *result = NULL;

  stage_init (&stage, "abe");
  stage.bob->peer->glare_ms = 20;
  start_offer (&stage, &result);
  await_payload (&stage, "offer", 0);
  make_link (&stage, TRUE);
  say_sdp (&stage, "offer", stage.sdp, "n1");
  await_trace (&stage, "both ends offered at once: ours stands");
  answer_offer (&stage, 1, FALSE);
  finish_offer (&stage, &result);
  g_assert_cmpuint (fake_count (stage.coordinator, "bob", "offer"), ==, 2);
  g_assert_cmpuint (count_connections (&stage), ==, 1);
  g_assert_cmpuint (stage.bob->errors->len, ==, 0);
  stage_clear (&stage);
}

/* It started anew while we think we are connected. */
static void
test_restarted (void)
{
  Stage stage;
  SentientLink *old;

  stage_init (&stage, "zoe");
  make_link (&stage, TRUE);
  say_sdp (&stage, "offer", stage.sdp, "n1");
  complete (&stage, 0);
  old = g_steal_pointer (&stage.link); /* its process is gone, but nobody noticed */
  g_signal_handlers_disconnect_by_data (old, &stage);

  make_link (&stage, TRUE);
  say_sdp (&stage, "offer", stage.sdp, "n2");
  await_payload (&stage, "answer", 1);
  g_assert_true (is_open (stage.bob, "zoe")); /* the old one, until the new one is */
  complete (&stage, 1);
  g_assert_cmpuint (stage.bob->connected->len, ==, 2);
  g_assert_cmpuint (stage.bob->disconnected->len, ==, 1);
  g_assert_cmpuint (count_connections (&stage), ==, 1);
  g_assert_true (sentient_peer_send (stage.bob->peer, "zoe", "hi", NULL));
  g_object_unref (old);
  stage_clear (&stage);
}

static void
test_renegotiate (void)
{
  Stage stage;
  GAsyncResult *result = NULL;

  stage_init (&stage, "zoe");
  start_offer (&stage, &result);
  fake_say (stage.coordinator, "bob",
            "{\"type\":\"renegotiate\",\"from\":\"zoe\",\"to\":\"bob\",\"payload\":{}}");
  await_trace (&stage, "asks for a new offer while one is under way");
  answer_offer (&stage, 0, FALSE);
  finish_offer (&stage, &result);
  fake_say (stage.coordinator, "bob",
            "{\"type\":\"renegotiate\",\"from\":\"zoe\",\"to\":\"bob\",\"payload\":{}}");
  answer_offer (&stage, 1, FALSE);
  await (stage.bob->connected->len == 2);
  g_assert_cmpuint (count_connections (&stage), ==, 1);
  stage_clear (&stage);
}

static void
test_nonsense (void)
{
  Stage stage;

  stage_init (&stage, "zoe");
  fake_say (stage.coordinator, "bob",
            "{\"type\":\"offer\",\"from\":\"zoe\",\"to\":\"bob\",\"payload\":{\"sdp\":7}}");
  await (stage.bob->errors->len == 1);
  say_sdp (&stage, "offer", "no SDP at all", "n1");
  await (stage.bob->errors->len == 2);
  for (guint i = 0; i < 2; i++)
    g_assert_true (
        g_error_matches (stage.bob->errors->pdata[i], SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL));
  g_assert_cmpuint (count_connections (&stage), ==, 0);
  make_link (&stage, TRUE); /* and it goes on */
  say_sdp (&stage, "offer", stage.sdp, "n2");
  complete (&stage, 0);
  stage_clear (&stage);
}

/* Who hears that a connection is open closes the peer at once. */
static void
on_connected_close (SentientPeer *peer, const char *node_id, GAsyncResult **result)
{
  sentient_peer_close_async (peer, NULL, on_result, result);
}

static void
on_trace_close (SentientPeer *peer, const char *node_id, const char *text, GAsyncResult **result)
{
  if (*result == NULL && g_str_has_prefix (text, "offer received"))
    sentient_peer_close_async (peer, NULL, on_result, result);
}

static void
test_close_within (gconstpointer in_trace)
{
  Stage stage;
  GAsyncResult *result = NULL;

  stage_init (&stage, "zoe");
  make_link (&stage, TRUE);
  if (in_trace != NULL)
    g_signal_connect (stage.bob->peer, "negotiation", G_CALLBACK (on_trace_close), &result);
  else
    g_signal_connect (stage.bob->peer, "peer-connected", G_CALLBACK (on_connected_close), &result);
  say_sdp (&stage, "offer", stage.sdp, "n1");
  if (in_trace == NULL)
    {
      sentient_link_set_remote_description (
          stage.link, SENTIENT_SIGNAL_TYPE_ANSWER,
          json_object_get_string_member (await_payload (&stage, "answer", 0), "sdp"));
      await (stage.closed);
    }
  await (result != NULL);
  g_assert_true (sentient_peer_close_finish (stage.bob->peer, result, NULL));
  g_clear_object (&result);
  g_assert_cmpuint (count_connections (&stage), ==, 0);
  stage_clear (&stage);
}

/* Every offer makes a link, and the one before it takes a while to end. */
static void
test_offer_flood (void)
{
  Stage stage;

  stage_init (&stage, "anna");
  g_object_set (stage.bob->peer, "max-connections", 3, NULL);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *payload = g_strdup_printf ("{\"sdp\":\"v=0\",\"negotiation\":\"n%u\"}", i);
      g_autoptr (SentientSignal) offer
          = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "anna", "bob", "lobby", payload, NULL);

      sentient_peer_handle_signal (stage.bob->peer, offer);
      g_assert_cmpuint (stage.bob->peer->closing_links->len, <=, 3);
    }
  await_trace (&stage, "refused: 3 connections are still being closed");
  stage_clear (&stage);
}

static void
disconnect_it (GListModel *model, guint position, guint removed, guint added, Stage *stage)
{
  if (added > 0)
    sentient_peer_disconnect_peer_async (stage->bob->peer, stage->other, NULL, NULL, NULL);
}

/* Who sees an attempt in the list ends it, before it has begun. */
static void
test_ended_in_list (void)
{
  Stage stage;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GListModel *list;

  stage_init (&stage, "anna");
  list = sentient_peer_get_connections (stage.bob->peer);
  g_signal_connect (list, "items-changed", G_CALLBACK (disconnect_it), &stage);
  say_sdp (&stage, "offer", "v=0", "n1");
  await_trace (&stage, "no connection: it was disconnected");
  sentient_peer_connect_peer_async (stage.bob->peer, "anna", NULL, on_result, &result);
  await (result != NULL);
  g_assert_null (sentient_peer_connect_peer_finish (stage.bob->peer, result, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  g_assert_cmpuint (count_connections (&stage), ==, 0);
  g_signal_handlers_disconnect_by_data (list, &stage);
  g_clear_object (&result);
  stage_clear (&stage);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/negotiation/answer", "n1", test_answer);
  g_test_add_data_func ("/negotiation/answer-plain", NULL, test_answer);
  g_test_add_func ("/negotiation/candidate-before-offer", test_candidate_before_offer);
  g_test_add_func ("/negotiation/candidate-flood", test_candidate_flood);
  g_test_add_func ("/negotiation/answer-without-offer", test_answer_without_offer);
  g_test_add_data_func ("/negotiation/offer", NULL, test_offer);
  g_test_add_data_func ("/negotiation/offer-plain", "plain", test_offer);
  g_test_add_data_func ("/negotiation/polite", NULL, test_polite);
  g_test_add_data_func ("/negotiation/polite-plain", "plain", test_polite);
  g_test_add_func ("/negotiation/impolite", test_impolite);
  g_test_add_func ("/negotiation/unanswered", test_unanswered);
  g_test_add_func ("/negotiation/restarted", test_restarted);
  g_test_add_func ("/negotiation/renegotiate", test_renegotiate);
  g_test_add_func ("/negotiation/nonsense", test_nonsense);
  g_test_add_func ("/negotiation/offer-flood", test_offer_flood);
  g_test_add_func ("/negotiation/ended-in-list", test_ended_in_list);
  g_test_add_data_func ("/negotiation/close-within/connected", NULL, test_close_within);
  g_test_add_data_func ("/negotiation/close-within/trace", "trace", test_close_within);

  return g_test_run ();
}
