/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-replies.h"

#include <string.h>

#include "core/sentient-error.h"
#include "json-helpers.h"
#include "protocol/sentient-ice-private.h"

static const char *const stun[] = { "stun:stun.example.org:3478", NULL };
static const char *const turn[]
    = { "turn:us%40er:p%3Aa@ss@turn.example.org:3478?transport=tcp", NULL };

#define STUN_ENTRY "{\"urls\":[\"stun:stun.example.org:3478\"]}"
#define TURN_ENTRY                                                                                 \
  "{\"urls\":[\"turn:turn.example.org:3478?transport=tcp\"],\"username\":\"us@er\","               \
  "\"credential\":\"p:a@ss\"}"

static void
test_ice (void)
{
  static const char *const odd[] = { "turn:user@h", "turns:u:p%22q@[2001:db8::1]:5349",
                                     "stun:x y",    "stun://[::1]",
                                     "stun:u:p@h",  "turn:h:1",
                                     "http://h",    NULL };
  SentientIceConfig config = { stun, turn };
  SentientIceConfig none = { NULL, NULL };
  SentientIceConfig strange = { NULL, odd };
  g_autoptr (GString) out = g_string_new (NULL);

  sentient_ice_config_append (&config, out, TRUE);
  assert_text (out, "[" STUN_ENTRY "," TURN_ENTRY "]");
  sentient_ice_config_append (&config, out, FALSE);
  assert_text (out, "[" STUN_ENTRY "]");
  sentient_ice_config_append (&none, out, TRUE);
  assert_text (out, "[]");
  sentient_ice_config_append (&strange, out, TRUE);
  assert_text (out, "[{\"urls\":[\"turns:[2001:db8::1]:5349\"],\"username\":\"u\","
                    "\"credential\":\"p\\\"q\"},{\"urls\":[\"stun:[::1]\"]}]");
}

static void
test_ice_check (void)
{
  static const char *const good[] = { "stun:h",
                                      "stun:h:1",
                                      "STUN:h.example.org:65535",
                                      "stuns:h",
                                      "turn:u:p@h",
                                      "turns:u:p@h:1",
                                      "turn:u:p@[::1]?transport=udp",
                                      "turn:u:@h",
                                      "turn://u:p@h:1",
                                      "stun:127.0.0.1",
                                      "turn:%C3%A4:p@h" };
  static const char *const bad[] = { "",
                                     "h",
                                     "stun:",
                                     "stun:h:0",
                                     "stun:h:65536",
                                     "stun:h:",
                                     "stun:h:1x",
                                     "stun:h/",
                                     "stun:[::1",
                                     "stun:[]",
                                     "stun:[x]:1",
                                     "turn:h",
                                     "turn:u@h",
                                     "turn::p@h",
                                     "turn:u:p@",
                                     "turn:u:p@h?transport=sctp",
                                     "turn:u%zz:p@h",
                                     "turn:u:%ff@h",
                                     "turn:u%00:p@h",
                                     "stun:h?transport=udp",
                                     "stun:u:p@h",
                                     "turn:u:p@h\n",
                                     "turn:u:p@h\"" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;

      sentient_ice_url_check (good[i], &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      if (sentient_ice_url_check (bad[i], &error))
        g_error ("Should have been refused: %s", bad[i]);
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
    }
}

static void
test_ice_split (void)
{
  const struct
  {
    const char *url, *host;
    guint16 port;
    gboolean tcp;
  } cases[] = {
    { "stun:h", "h", 3478, FALSE },
    { "stuns:h", "h", 5349, FALSE },
    { "stun:[::1]", "::1", 3478, FALSE },
    { "turn:u:p@[2001:db8::1]:99?transport=tcp", "2001:db8::1", 99, TRUE },
    { "turn:u:p@h.example:7?transport=udp", "h.example", 7, FALSE },
    { "turns://u:p@h", "h", 5349, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (SentientIceUrl) url = { NULL };
      g_autoptr (GError) error = NULL;
      g_autofree char *host = NULL;
      guint16 port;
      gboolean tcp;

      sentient_ice_url_parse (&url, cases[i].url, &error);
      g_assert_no_error (error);
      sentient_ice_url_split (&url, &host, &port, &tcp);
      g_assert_cmpstr (host, ==, cases[i].host);
      g_assert_cmpuint (port, ==, cases[i].port);
      g_assert_true (tcp == cases[i].tcp);
    }
}

static void
test_errors (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_ROOM_FULL, "Room “r” is \"full\".");
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "not UTF-8: \xff");

  sentient_reply_append_error (out, error, 0);
  assert_text (out, "{\"success\":false,\"error\":\"Room “r” is \\\"full\\\".\","
                    "\"code\":\"room-full\"}");
  sentient_reply_append_ws_error (out, error, 0);
  assert_text (out, "{\"type\":\"error\",\"message\":\"Room “r” is \\\"full\\\".\","
                    "\"code\":\"room-full\"}");
  sentient_reply_append_error (out, foreign, 0);
  assert_text (out,
               "{\"success\":false,\"error\":\"not UTF-8: \xef\xbf\xbd\",\"code\":\"failed\"}");
  sentient_reply_append_join_failed (out, "r", error, 0);
  assert_text (out, "{\"type\":\"join-result\",\"success\":false,\"room\":\"r\","
                    "\"error\":\"Room “r” is \\\"full\\\".\",\"code\":\"room-full\"}");
  sentient_reply_append_leave_failed (out, "r", error, 0);
  assert_text (out, "{\"type\":\"leave-result\",\"success\":false,\"room\":\"r\","
                    "\"error\":\"Room “r” is \\\"full\\\".\",\"code\":\"room-full\"}");
}

static void
test_small (void)
{
  static const char *const two[] = { "r", "s", NULL };
  static const char *const none[] = { NULL };
  g_autoptr (GString) out = g_string_new (NULL);

  sentient_reply_append_connected (out, "a", "c");
  assert_text (out, "{\"type\":\"connected\",\"nodeId\":\"a\",\"coordinatorId\":\"c\"}");
  sentient_reply_append_pong (out);
  assert_text (out, "{\"type\":\"pong\"}");
  sentient_reply_append_leave_result (out, "r", NULL, FALSE, 0);
  assert_text (out, "{\"type\":\"leave-result\",\"success\":true,\"room\":\"r\"}");
  sentient_reply_append_leave_result (out, NULL, two, FALSE, 0);
  assert_text (out, "{\"type\":\"leave-result\",\"success\":true,\"rooms\":[\"r\",\"s\"]}");
  sentient_reply_append_leave_result (out, NULL, none, TRUE, 0);
  assert_text (out, "{\"success\":true,\"rooms\":[]}");
  sentient_reply_append_leave_result (out, NULL, NULL, TRUE, 0);
  assert_text (out, "{\"success\":true,\"rooms\":[]}");
  sentient_reply_append_signal_accepted (out, TRUE, 0);
  assert_text (out, "{\"success\":true,\"delivered\":true}");
  sentient_reply_append_signal_accepted (out, FALSE, 0);
  assert_text (out, "{\"success\":true,\"queued\":true}");
  sentient_reply_begin_signals (out);
  sentient_reply_end_signals (out);
  assert_text (out, "{\"signals\":[]}");
  sentient_reply_append_health (out);
  assert_text (out, "{\"status\":\"ok\"}");
}

static void
test_peers (void)
{
  const SentientHttpGrant grant = { .node_id = "n", .session = "s-1" };
  const SentientPeerInfo peers[] = { { "n1", "One", 10, 20, TRUE, "{\"name\":\"One\"}" },
                                     { "n2", NULL, 11, 21, FALSE, NULL } };
  SentientIceConfig ice = { stun, turn };
  g_autoptr (GString) out = g_string_new (NULL);

  sentient_reply_append_peers (out, "r", peers, 2);
  assert_text (out,
               "{\"room\":\"r\",\"peers\":[{\"nodeId\":\"n1\",\"peerId\":\"n1\",\"name\":\"One\","
               "\"online\":true,\"lastSeen\":20,\"metadata\":{\"name\":\"One\"}},"
               "{\"nodeId\":\"n2\",\"peerId\":\"n2\",\"name\":\"n2\",\"online\":false,"
               "\"lastSeen\":21,\"metadata\":{}}]}");
  sentient_reply_append_peers (out, "r", NULL, 0);
  assert_text (out, "{\"room\":\"r\",\"peers\":[]}");
  sentient_reply_append_join_result (out, "r", peers, 1, &ice, NULL);
  assert_text (out,
               "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\",\"peers\":[{"
               "\"nodeId\":\"n1\",\"peerId\":\"n1\",\"name\":\"One\",\"joinedAt\":10,"
               "\"metadata\":{\"name\":\"One\"}}],\"iceServers\":[" STUN_ENTRY "," TURN_ENTRY "]}");
  sentient_reply_append_join_result (out, "r", NULL, 0, &ice, &grant);
  assert_text (out, "{\"success\":true,\"room\":\"r\",\"peers\":[],\"iceServers\":[" STUN_ENTRY
                    "," TURN_ENTRY "],\"session\":\"s-1\"}");
}

static void
test_documents (void)
{
  static const char *const rooms[] = { "global", "learning", NULL };
  const SentientLinkInfo links[] = { { "http://h:1", "x", "connected", 5, 6, NULL },
                                     { "http://i:1", NULL, "failed", 0, 0, "no" } };
  SentientCoordinatorInfo info = {
    .enabled = TRUE,
    .node_id = "me",
    .network_id = "standalone",
    .outbound = links,
    .n_outbound = 2,
    .uptime_s = 3,
    .coordinator_url = "http://h:8888/webrtc",
    .websocket_url = "ws://h:8888/webrtc/signal",
    .ice = { stun, turn },
    .rooms = rooms,
    .peer_count = 4,
    .max_peers = 50,
    .max_message = 4096,
    .max_metadata = 100,
  };
  g_autoptr (GString) out = g_string_new (NULL);

  sentient_reply_append_nodes (out, &info);
  assert_text (
      out, "{\"nodeId\":\"me\",\"networkId\":\"standalone\",\"seeds\":[],\"outbound\":["
           "{\"url\":\"http://h:1\",\"nodeId\":\"x\",\"status\":\"connected\",\"connectedAt\":5,"
           "\"lastSeen\":6,\"error\":null},{\"url\":\"http://i:1\",\"nodeId\":null,"
           "\"status\":\"failed\",\"connectedAt\":null,\"lastSeen\":null,\"error\":\"no\"}],"
           "\"inbound\":[],\"uptime\":3,\"webrtc\":{\"enabled\":true,"
           "\"coordinatorUrl\":\"http://h:8888/webrtc\","
           "\"websocketUrl\":\"ws://h:8888/webrtc/signal\","
           "\"stunServers\":[\"stun:stun.example.org:3478\"],\"turnServers\":[],"
           "\"turnAvailable\":true,\"rooms\":[\"global\",\"learning\"],\"peerCount\":4}}");
  sentient_reply_append_info (out, &info);
  assert_text (
      out,
      "{\"enabled\":true,\"nodeId\":\"me\",\"rooms\":[\"global\",\"learning\"],\"peerCount\":4,"
      "\"stunServers\":[\"stun:stun.example.org:3478\"],\"turnServers\":[],"
      "\"turnAvailable\":true,\"iceServers\":[" STUN_ENTRY "],"
      "\"websocketUrl\":\"ws://h:8888/webrtc/signal\","
      "\"coordinatorUrl\":\"http://h:8888/webrtc\",\"httpFallback\":true,"
      "\"features\":[\"websocket\",\"long-poll\",\"trickle\",\"sentient.v1\"],\"limits\":{"
      "\"messageBytes\":4096,\"metadataBytes\":100,\"roomPeers\":50,"
      "\"pollTimeoutMs\":25000}}");

  info.enabled = FALSE;
  info.n_outbound = 0;
  sentient_reply_append_nodes (out, &info);
  assert_text (out, "{\"nodeId\":\"me\",\"networkId\":\"standalone\",\"seeds\":[],\"outbound\":[],"
                    "\"inbound\":[],\"uptime\":3,\"webrtc\":{\"enabled\":false}}");
  sentient_reply_append_info (out, &info);
  assert_text (out, "{\"enabled\":false,\"nodeId\":\"me\"}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/replies/ice", test_ice);
  g_test_add_func ("/replies/ice-check", test_ice_check);
  g_test_add_func ("/replies/ice-split", test_ice_split);
  g_test_add_func ("/replies/errors", test_errors);
  g_test_add_func ("/replies/small", test_small);
  g_test_add_func ("/replies/peers", test_peers);
  g_test_add_func ("/replies/documents", test_documents);
  return g_test_run ();
}
