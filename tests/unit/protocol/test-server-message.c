/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-server-message.h"

#include <string.h>

#include "json-helpers.h"
#include "protocol/sentient-message.h"
#include "protocol/sentient-replies.h"
#include "protocol/sentient-request.h"

static SentientServerMessage *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  SentientServerMessage *message
      = sentient_server_message_parse (text, strlen (text), "me", &error);

  g_assert_no_error (error);
  return message;
}

static const SentientRemotePeer *
peer_at (SentientServerMessage *message, guint i)
{
  g_assert_cmpuint (i, <, message->peers->len);
  return g_ptr_array_index (message->peers, i);
}

static void
assert_list (GStrv list, const char *expected)
{
  g_autofree char *joined = g_strjoinv (" ", list);

  g_assert_cmpstr (joined, ==, expected);
}

static void
test_connected (void)
{
  g_autoptr (SentientServerMessage) one
      = parse ("{\"type\":\"connected\",\"nodeId\":\"n\",\"coordinatorId\":\"c\"}");
  g_autoptr (SentientServerMessage) legacy = parse ("{\"type\":\"connected\",\"peerId\":\"p\"}");
  g_autoptr (SentientServerMessage) bare = parse ("{\"type\":\"connected\"}");

  g_assert_cmpint (one->kind, ==, SENTIENT_SERVER_CONNECTED);
  g_assert_cmpstr (one->node_id, ==, "n");
  g_assert_cmpstr (one->coordinator_id, ==, "c");
  g_assert_cmpstr (legacy->node_id, ==, "p");
  g_assert_null (legacy->coordinator_id);
  g_assert_cmpstr (bare->node_id, ==, "me");
}

static void
test_join_result (void)
{
  g_autoptr (SentientServerMessage) message = parse (
      "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\",\"peers\":["
      "{\"nodeId\":\"a\",\"metadata\":{\"x\": 1}},{\"peerId\":\"b\"},\"c\",{\"nodeId\":\"\"},"
      "{},7,null,{\"nodeId\":\"d\",\"metadata\":[]}],\"iceServers\":["
      "{\"urls\":\"stun:h:1\"},{\"urls\":[\"stun:i?transport=udp\",\"turn:h:3?transport=tcp\","
      "\"turns:[::1]:5\"],\"username\":\"u:1@x\",\"credential\":\"p/ä\"},"
      "{\"urls\":\"turn:nocredentials\"},{\"url\":\"stun:old\"},{},7,{\"urls\":[1,null]},"
      "{\"urls\":\"stun:bad host\"}]}");
  g_autoptr (SentientServerMessage) plain = parse ("{\"type\":\"join-result\",\"room\":\"r\"}");

  g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_JOIN_RESULT);
  g_assert_true (message->success);
  g_assert_null (message->error);
  g_assert_cmpstr (message->room, ==, "r");
  g_assert_cmpuint (message->peers->len, ==, 4);
  g_assert_cmpstr (peer_at (message, 0)->node_id, ==, "a");
  g_assert_cmpstr (peer_at (message, 0)->metadata, ==, "{\"x\": 1}");
  g_assert_cmpstr (peer_at (message, 1)->node_id, ==, "b");
  g_assert_cmpstr (peer_at (message, 2)->node_id, ==, "c");
  g_assert_cmpstr (peer_at (message, 3)->node_id, ==, "d");
  g_assert_null (peer_at (message, 3)->metadata);
  assert_list (message->stun_urls, "stun:h:1 stun:i stun:old");
  assert_list (
      message->turn_urls,
      "turn://u%3A1%40x:p%2F%C3%A4@h:3?transport=tcp turns://u%3A1%40x:p%2F%C3%A4@[::1]:5");

  g_assert_true (plain->success);
  g_assert_cmpuint (plain->peers->len, ==, 0);
  g_assert_null (plain->stun_urls);
  g_assert_null (plain->turn_urls);
}

static void
test_failed (void)
{
  g_autoptr (SentientServerMessage) join
      = parse ("{\"type\":\"join-result\",\"success\":false,\"room\":\"r\",\"code\":\"room-full\","
               "\"error\":\"x\"}");
  g_autoptr (SentientServerMessage) leave = parse ("{\"type\":\"leave-result\",\"success\":false}");
  g_autoptr (SentientServerMessage) error
      = parse ("{\"type\":\"error\",\"code\":\"rate-limited\",\"message\":\"slow\"}");
  g_autoptr (SentientServerMessage) legacy
      = parse ("{\"type\":\"error\",\"error\":\"no\",\"code\":\"strange\"}");

  g_assert_false (join->success);
  g_assert_error (join->error, SENTIENT_ERROR, SENTIENT_ERROR_ROOM_FULL);
  g_assert_nonnull (strstr (join->error->message, "x"));
  g_assert_false (leave->success);
  g_assert_error (leave->error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED);
  g_assert_cmpint (error->kind, ==, SENTIENT_SERVER_ERROR);
  g_assert_error (error->error, SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED);
  g_assert_nonnull (strstr (error->error->message, "slow"));
  g_assert_error (legacy->error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED);
  g_assert_nonnull (strstr (legacy->error->message, "no"));
}

static void
test_leave_result (void)
{
  g_autoptr (SentientServerMessage) one
      = parse ("{\"type\":\"leave-result\",\"success\":true,\"room\":\"r\"}");
  g_autoptr (SentientServerMessage) all
      = parse ("{\"type\":\"leave-result\",\"success\":true,\"rooms\":[\"r\",1,\"s\"]}");

  g_assert_cmpint (one->kind, ==, SENTIENT_SERVER_LEAVE_RESULT);
  g_assert_true (one->success);
  g_assert_cmpstr (one->room, ==, "r");
  g_assert_null (one->rooms);
  assert_list (all->rooms, "r s");
}

/* All forms in which a coordinator may tell who came. */
static void
test_peer_events (void)
{
  static const char *const joined[] = {
    "{\"type\":\"peer-joined\",\"room\":\"r\",\"peer\":{\"nodeId\":\"n\",\"metadata\":{\"a\":1}}}",
    "{\"type\":\"peer-joined\",\"room\":\"r\",\"peerId\":\"n\",\"metadata\":{\"a\":1}}",
    "{\"type\":\"peer-joined\",\"room\":\"r\",\"nodeId\":\"n\",\"peerId\":\"m\",\"metadata\":{"
    "\"a\":1}}",
    "{\"type\":\"peer-joined\",\"room\":\"r\",\"peer\":\"n\",\"metadata\":{\"a\":1}}",
    "{\"type\":\"peer-joined\",\"room\":\"r\",\"from\":\"system\",\"id\":\"9\","
    "\"payload\":{\"peerId\":\"n\",\"metadata\":{\"a\":1}}}",
  };
  g_autoptr (SentientServerMessage) left
      = parse ("{\"type\":\"peer-left\",\"room\":\"r\",\"nodeId\":\"n\",\"reason\":\"timeout\"}");
  g_autoptr (SentientServerMessage) polled
      = parse ("{\"type\":\"peer-left\",\"room\":\"r\",\"from\":\"system\",\"peerId\":\"n\","
               "\"payload\":{\"nodeId\":\"n\",\"reason\":\"replaced\"}}");
  g_autoptr (SentientServerMessage) legacy
      = parse ("{\"type\":\"peer-left\",\"room\":\"r\",\"peerId\":\"n\",\"reason\":\"bored\"}");

  for (guint i = 0; i < G_N_ELEMENTS (joined); i++)
    {
      g_autoptr (SentientServerMessage) message = parse (joined[i]);

      g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_PEER_JOINED);
      g_assert_cmpstr (message->room, ==, "r");
      g_assert_cmpstr (message->node_id, ==, "n");
      g_assert_cmpuint (message->peers->len, ==, 1);
      g_assert_cmpstr (peer_at (message, 0)->node_id, ==, "n");
      g_assert_cmpstr (peer_at (message, 0)->metadata, ==, "{\"a\":1}");
    }
  g_assert_cmpint (left->kind, ==, SENTIENT_SERVER_PEER_LEFT);
  g_assert_cmpstr (left->node_id, ==, "n");
  g_assert_cmpint (left->reason, ==, SENTIENT_LEAVE_REASON_TIMEOUT);
  g_assert_cmpint (polled->reason, ==, SENTIENT_LEAVE_REASON_REPLACED);
  g_assert_cmpint (legacy->reason, ==, SENTIENT_LEAVE_REASON_LEFT);
}

static void
test_signals (void)
{
  static const struct
  {
    const char *text, *payload;
  } cases[] = {
    { "{\"type\":\"offer\",\"from\":\"a\",\"to\":\"me\",\"room\":null,\"payload\":{ \"sdp\":1e999 "
      "},"
      "\"sdp\":2}",
      "{ \"sdp\":1e999 }" },
    { "{\"type\":\"offer\",\"from\":\"a\",\"sdp\":\"v\"}", "{\"sdp\":\"v\"}" },
    { "{\"type\":\"offer\",\"from\":\"a\",\"payload\":\"v\"}", "{\"sdp\":\"v\"}" },
    { "{\"type\":\"offer\",\"from\":\"a\",\"payload\":null,\"sdp\":{}}", "{\"sdp\":{}}" },
    { "{\"type\":\"offer\",\"from\":\"a\"}", "{}" },
  };
  g_autoptr (SentientServerMessage) end = parse (
      "{\"type\":\"ice-candidate\",\"from\":\"a\",\"to\":\"x\",\"room\":\"r\",\"candidate\":null}");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SentientServerMessage) message = parse (cases[i].text);

      g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_SIGNAL);
      g_assert_cmpstr (sentient_signal_get_from (message->signal), ==, "a");
      g_assert_cmpstr (sentient_signal_get_to (message->signal), ==, "me");
      g_assert_null (sentient_signal_get_room (message->signal));
      g_assert_cmpstr (sentient_signal_get_payload (message->signal), ==, cases[i].payload);
    }
  g_assert_cmpstr (sentient_signal_get_payload (end->signal), ==, "{\"candidate\":null}");
  g_assert_cmpstr (sentient_signal_get_to (end->signal), ==, "x");
  g_assert_cmpstr (sentient_signal_get_room (end->signal), ==, "r");
}

static void
test_others (void)
{
  g_autoptr (SentientServerMessage) pong = parse ("{\"type\":\"pong\"}");
  g_autoptr (SentientServerMessage) unknown = parse ("{\"type\":\"weather\",\"x\":[]}");

  g_assert_cmpint (pong->kind, ==, SENTIENT_SERVER_PONG);
  g_assert_cmpint (unknown->kind, ==, SENTIENT_SERVER_UNKNOWN);
}

static void
test_broken (void)
{
  static const char *const cases[] = {
    "",
    "x",
    "[]",
    "\"x\"",
    "{",
    "{}",
    "{\"type\":1}",
    "{\"type\":\"pong\",\"type\":\"pong\"}",
    "{\"type\":\"offer\"}",
    "{\"type\":\"offer\",\"from\":\"system\"}",
    "{\"type\":\"offer\",\"from\":\"a b\"}",
    "{\"type\":\"offer\",\"from\":\"a\",\"payload\":{\"sdp\":1,\"sdp\":2}}",
    "{\"type\":\"peer-joined\",\"room\":\"r\"}",
    "{\"type\":\"peer-left\",\"room\":\"r\"}",
    "{\"type\":\"pong\",\"x\":\"\xff\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sentient_server_message_parse (cases[i], strlen (cases[i]), "me", &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
    }
}

static GPtrArray *
parse_poll (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *items = sentient_server_message_parse_poll (text, strlen (text), "me", &error);

  g_assert_no_error (error);
  return items;
}

static void
test_poll (void)
{
  g_autoptr (GPtrArray) items = parse_poll (
      "{\"signals\":[{\"id\":\"1\",\"type\":\"offer\",\"from\":\"a\",\"payload\":{}},7,{},"
      "{\"id\":22,\"type\":\"peer-joined\",\"from\":\"system\",\"room\":\"r\",\"peerId\":\"b\"},"
      "{\"type\":\"offer\",\"from\":\"system\",\"payload\":{}},{\"type\":\"answer\",\"from\":\"c\","
      "\"sdp\":\"v\"}]}");
  g_autoptr (GPtrArray) bare = parse_poll (" [{\"type\":\"offer\",\"from\":\"a\",\"sdp\":\"v\"}]");
  g_autoptr (GPtrArray) empty = parse_poll ("{\"signals\":[]}");
  const SentientServerMessage *item;

  g_assert_cmpuint (items->len, ==, 3);
  item = g_ptr_array_index (items, 0);
  g_assert_cmpstr (item->id, ==, "1");
  g_assert_cmpint (item->kind, ==, SENTIENT_SERVER_SIGNAL);
  item = g_ptr_array_index (items, 1);
  g_assert_cmpstr (item->id, ==, "22");
  g_assert_cmpint (item->kind, ==, SENTIENT_SERVER_PEER_JOINED);
  g_assert_cmpstr (item->node_id, ==, "b");
  item = g_ptr_array_index (items, 2);
  g_assert_null (item->id);
  g_assert_cmpstr (sentient_signal_get_to (item->signal), ==, "me");
  g_assert_cmpuint (bare->len, ==, 1);
  g_assert_cmpuint (empty->len, ==, 0);
}

static void
test_poll_broken (void)
{
  static const struct
  {
    const char *text;
    SentientError code;
  } cases[] = {
    { "", SENTIENT_ERROR_PROTOCOL },
    { "{}", SENTIENT_ERROR_PROTOCOL },
    { "7", SENTIENT_ERROR_PROTOCOL },
    { "[", SENTIENT_ERROR_PROTOCOL },
    { "{\"signals\":{}}", SENTIENT_ERROR_PROTOCOL },
    { "{\"success\":false,\"code\":\"unknown-peer\",\"error\":\"x\"}",
      SENTIENT_ERROR_UNKNOWN_PEER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (
          sentient_server_message_parse_poll (cases[i].text, strlen (cases[i].text), "me", &error));
      g_assert_error (error, SENTIENT_ERROR, (gint)cases[i].code);
    }
}

static void
test_bounds (void)
{
  g_autoptr (GString) text = g_string_new ("{\"signals\":[");
  g_autoptr (GString) join = g_string_new ("{\"type\":\"join-result\",\"peers\":[");
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (SentientServerMessage) message = NULL;

  for (guint i = 0; i < SENTIENT_SERVER_ITEMS_MAX + 10; i++)
    {
      g_string_append_printf (text, "%s{\"type\":\"pong\"}", i > 0 ? "," : "");
      g_string_append_printf (join, "%s\"n%u\"", i > 0 ? "," : "", i);
    }
  g_string_append (text, "]}");
  g_string_append (join, "]}");
  items = parse_poll (text->str);
  message = parse (join->str);
  g_assert_cmpuint (items->len, ==, SENTIENT_SERVER_ITEMS_MAX);
  g_assert_cmpuint (message->peers->len, ==, SENTIENT_SERVER_ITEMS_MAX);
}

static void
test_replies (void)
{
  const char *info
      = "{\"enabled\":true,\"rooms\":[\"r\"],\"iceServers\":[{\"urls\":[\"stun:h\"]}]}";
  const char *refused = "{\"success\":false,\"error\":\"x\",\"code\":\"forbidden\"}";
  const char *queued = "{\"success\":true,\"queued\":true}";
  g_autoptr (SentientServerMessage) servers = NULL;
  g_autoptr (SentientServerMessage) no = NULL;
  g_autoptr (SentientServerMessage) yes = NULL;
  g_autoptr (GError) error = NULL;

  servers = sentient_server_message_parse_reply (info, strlen (info), SENTIENT_SERVER_JOIN_RESULT,
                                                 &error);
  g_assert_no_error (error);
  g_assert_true (servers->success);
  assert_list (servers->stun_urls, "stun:h");
  no = sentient_server_message_parse_reply (refused, strlen (refused), SENTIENT_SERVER_JOIN_RESULT,
                                            &error);
  g_assert_no_error (error);
  g_assert_false (no->success);
  g_assert_error (no->error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN);
  yes = sentient_server_message_parse_reply (queued, strlen (queued), SENTIENT_SERVER_SIGNAL,
                                             &error);
  g_assert_no_error (error);
  g_assert_true (yes->success);
  g_assert_cmpint (yes->kind, ==, SENTIENT_SERVER_SIGNAL);
  g_assert_null (
      sentient_server_message_parse_reply ("<html>", 6, SENTIENT_SERVER_JOIN_RESULT, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
}

/* What one end writes the other end understands. */
static void
test_there_and_back (void)
{
  static const char *const turn[] = { "turn:u%40:p%25@h:1?transport=udp", NULL };
  SentientIceConfig ice = { NULL, turn };
  SentientPeerInfo peer = { .node_id = "n", .metadata = "{\"k\":[]}" };
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (SentientMessage) joined = sentient_message_new_peer_joined ("r", &peer, 1);
  g_autoptr (SentientMessage) left
      = sentient_message_new_peer_left ("r", "n", SENTIENT_LEAVE_REASON_REPLACED, 1);

  for (guint dialect = 0; dialect < SENTIENT_N_DIALECTS; dialect++)
    {
      g_autoptr (SentientServerMessage) one = NULL;
      g_autoptr (SentientServerMessage) other = NULL;

      g_string_truncate (out, 0);
      sentient_message_append (joined, out, (SentientDialect)dialect, 1, "z");
      one = parse (out->str);
      g_assert_cmpstr (peer_at (one, 0)->metadata, ==, "{\"k\":[]}");
      g_string_truncate (out, 0);
      sentient_message_append (left, out, (SentientDialect)dialect, 1, "z");
      other = parse (out->str);
      g_assert_cmpint (other->reason, ==, SENTIENT_LEAVE_REASON_REPLACED);
    }
  g_string_truncate (out, 0);
  sentient_reply_append_join_result (out, "r", &peer, 1, &ice, NULL);
  {
    g_autoptr (SentientServerMessage) result = parse (out->str);

    assert_list (result->turn_urls, "turn://u%40:p%25@h:1?transport=udp");
    g_assert_cmpstr (peer_at (result, 0)->node_id, ==, "n");
  }
}

static void
test_client_messages (void)
{
  g_autofree char *sdp = sentient_payload_new_sdp (SENTIENT_SIGNAL_TYPE_OFFER, "v=0\r\n\"", "ff");
  g_autofree char *bare = sentient_payload_new_sdp (SENTIENT_SIGNAL_TYPE_ANSWER, "v", NULL);
  g_autofree char *candidate = sentient_payload_new_candidate ("c", "data\"1", 1, "ff");
  g_autofree char *without = sentient_payload_new_candidate ("c", NULL, 0, NULL);
  g_autoptr (SentientSignal) signal = NULL;
  g_autoptr (SentientSignal) other = NULL;
  g_autofree char *negotiation = NULL;
  g_autofree char *text = NULL;
  SentientRequest request;

  g_assert_cmpstr (sdp, ==,
                   "{\"sdp\":\"v=0\\r\\n\\\"\",\"type\":\"offer\",\"negotiation\":\"ff\"}");
  g_assert_cmpstr (bare, ==, "{\"sdp\":\"v\",\"type\":\"answer\"}");
  g_assert_cmpstr (candidate, ==,
                   "{\"candidate\":{\"candidate\":\"c\",\"sdpMid\":\"data\\\"1\","
                   "\"sdpMLineIndex\":1},\"negotiation\":\"ff\"}");
  g_assert_cmpstr (without, ==,
                   "{\"candidate\":{\"candidate\":\"c\",\"sdpMid\":null,\"sdpMLineIndex\":0}}");
  signal = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "a", "b", NULL, sdp, NULL);
  negotiation = sentient_signal_dup_negotiation (signal);
  g_assert_cmpstr (negotiation, ==, "ff");
  other = sentient_signal_new (SENTIENT_SIGNAL_TYPE_ANSWER, "a", "b", NULL, bare, NULL);
  g_assert_null (sentient_signal_dup_negotiation (other));

  text = sentient_client_message_signal (NULL, other);
  g_assert_cmpstr (text, ==,
                   "{\"type\":\"answer\",\"from\":\"a\",\"to\":\"b\",\"room\":null,"
                   "\"payload\":{\"sdp\":\"v\",\"type\":\"answer\"}}");
  g_assert_true (sentient_request_parse_message (&request, text, strlen (text), NULL));
  g_free (text);
  text = sentient_client_message_signal ("z", signal);
  g_assert_true (sentient_request_parse_signal (&request, text, strlen (text), NULL));
  g_assert_cmpstr (request.from, ==, "z");
}

static void
test_client_requests (void)
{
  g_autofree char *join = sentient_client_message_join (NULL, "r", "{\"a\":1}");
  g_autofree char *http_join = sentient_client_message_join ("n", "r", NULL);
  g_autofree char *leave = sentient_client_message_leave (NULL, NULL);
  g_autofree char *http_leave = sentient_client_message_leave ("n", "r");
  g_autofree char *ping = sentient_client_message_ping ();
  SentientRequest request;

  g_assert_cmpstr (join, ==, "{\"type\":\"join\",\"room\":\"r\",\"metadata\":{\"a\":1}}");
  g_assert_true (sentient_request_parse_message (&request, join, strlen (join), NULL));
  g_assert_cmpstr (http_join, ==, "{\"nodeId\":\"n\",\"room\":\"r\"}");
  g_assert_true (sentient_request_parse_join (&request, http_join, strlen (http_join), NULL));
  g_assert_cmpstr (leave, ==, "{\"type\":\"leave\"}");
  g_assert_true (sentient_request_parse_message (&request, leave, strlen (leave), NULL));
  g_assert_cmpstr (http_leave, ==, "{\"nodeId\":\"n\",\"room\":\"r\"}");
  g_assert_true (sentient_request_parse_leave (&request, http_leave, strlen (http_leave), NULL));
  g_assert_true (sentient_request_parse_message (&request, ping, strlen (ping), NULL));
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_PING);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-message/connected", test_connected);
  g_test_add_func ("/server-message/join-result", test_join_result);
  g_test_add_func ("/server-message/failed", test_failed);
  g_test_add_func ("/server-message/leave-result", test_leave_result);
  g_test_add_func ("/server-message/peer-events", test_peer_events);
  g_test_add_func ("/server-message/signals", test_signals);
  g_test_add_func ("/server-message/others", test_others);
  g_test_add_func ("/server-message/broken", test_broken);
  g_test_add_func ("/server-message/poll", test_poll);
  g_test_add_func ("/server-message/poll-broken", test_poll_broken);
  g_test_add_func ("/server-message/bounds", test_bounds);
  g_test_add_func ("/server-message/replies", test_replies);
  g_test_add_func ("/server-message/there-and-back", test_there_and_back);
  g_test_add_func ("/client-message/signals", test_client_messages);
  g_test_add_func ("/client-message/requests", test_client_requests);
  return g_test_run ();
}
