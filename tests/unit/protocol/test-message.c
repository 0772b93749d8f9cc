/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-message.h"

#include <string.h>

#include "json-helpers.h"
#include "protocol/sentient-request.h"

static SentientMessage *
relay (const char *text, const char *room, gint64 now_ms)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientSignal) signal = NULL;
  SentientRequest request;

  sentient_request_parse_message (&request, text, strlen (text), &error);
  g_assert_no_error (error);
  signal = sentient_request_to_signal (&request, "a", room, now_ms);
  return sentient_message_new_signal (signal);
}

static void
assert_both (SentientMessage *message, const char *plain, const char *poll)
{
  g_autoptr (GString) out = g_string_new (NULL);

  sentient_message_append (message, out, SENTIENT_DIALECT_PLAIN, 7, "z");
  g_assert_cmpuint (sentient_message_get_size (message), >=, out->len);
  assert_text (out, plain);
  sentient_message_append (message, out, SENTIENT_DIALECT_POLL, 7, "z");
  g_assert_cmpuint (sentient_message_get_size (message), >=, out->len);
  assert_text (out, poll);

  /* Behind what stands there already. */
  g_string_assign (out, "[1,");
  sentient_message_append (message, out, SENTIENT_DIALECT_PLAIN, 7, "z");
  g_assert_true (g_str_has_prefix (out->str, "[1,{\"type\""));
  g_assert_true (g_str_has_suffix (out->str, plain));
}

static void
test_offer (void)
{
  g_autoptr (SentientMessage) message
      = relay ("{\"type\":\"offer\",\"from\":\"liar\",\"to\":\"b\",\"sdp\":\"v=0\\r\\n\"}", "r",
               42);

  g_assert_cmpint (sentient_message_get_kind (message), ==, SENTIENT_MESSAGE_SIGNAL);
  g_assert_nonnull (sentient_message_get_signal (message));
  assert_both (message,
               "{\"type\":\"offer\",\"from\":\"a\",\"to\":\"b\",\"room\":\"r\","
               "\"payload\":{\"sdp\":\"v=0\\r\\n\"},\"sdp\":\"v=0\\r\\n\"}",
               "{\"id\":\"7\",\"seq\":7,\"type\":\"offer\",\"from\":\"a\",\"room\":\"r\","
               "\"payload\":{\"sdp\":\"v=0\\r\\n\"},\"sdp\":\"v=0\\r\\n\",\"timestamp\":42}");
}

static void
test_candidate (void)
{
  g_autoptr (SentientMessage) message
      = relay ("{\"type\":\"ice-candidate\",\"to\":\"b\",\"room\":null,"
               "\"payload\":{\"x\":[ 1 ],\"candidate\":{\"candidate\":\"c\"}}}",
               NULL, 0);
  g_autoptr (SentientMessage) end
      = relay ("{\"type\":\"ice-candidate\",\"to\":\"b\",\"candidate\":null}", NULL, -5);

  assert_both (message,
               "{\"type\":\"ice-candidate\",\"from\":\"a\",\"to\":\"b\",\"room\":null,"
               "\"payload\":{\"x\":[ 1 ],\"candidate\":{\"candidate\":\"c\"}},"
               "\"candidate\":{\"candidate\":\"c\"}}",
               "{\"id\":\"7\",\"seq\":7,\"type\":\"ice-candidate\",\"from\":\"a\",\"room\":null,"
               "\"payload\":{\"x\":[ 1 ],\"candidate\":{\"candidate\":\"c\"}},"
               "\"candidate\":{\"candidate\":\"c\"},\"timestamp\":0}");
  assert_both (end,
               "{\"type\":\"ice-candidate\",\"from\":\"a\",\"to\":\"b\",\"room\":null,"
               "\"payload\":{\"candidate\":null},\"candidate\":null}",
               "{\"id\":\"7\",\"seq\":7,\"type\":\"ice-candidate\",\"from\":\"a\",\"room\":null,"
               "\"payload\":{\"candidate\":null},\"candidate\":null,\"timestamp\":0}");
}

static void
test_nothing_lifted (void)
{
  g_autoptr (SentientMessage) message = relay ("{\"type\":\"renegotiate\",\"to\":\"b\"}", "r", 1);

  assert_both (
      message,
      "{\"type\":\"renegotiate\",\"from\":\"a\",\"to\":\"b\",\"room\":\"r\",\"payload\":{}}",
      "{\"id\":\"7\",\"seq\":7,\"type\":\"renegotiate\",\"from\":\"a\",\"room\":\"r\","
      "\"payload\":{},\"timestamp\":1}");
}

static void
test_peer_joined (void)
{
  SentientPeerInfo peer = { .node_id = "n1", .name = "Jö \"x\"", .joined_at = 99 };
  g_autoptr (SentientMessage) message = NULL;
  g_autoptr (SentientMessage) other = NULL;

  peer.metadata = "{\"a\":1}";
  message = sentient_message_new_peer_joined ("r", &peer, 100);
  g_assert_cmpint (sentient_message_get_kind (message), ==, SENTIENT_MESSAGE_PEER_JOINED);
  g_assert_null (sentient_message_get_signal (message));
  assert_both (
      message,
      "{\"type\":\"peer-joined\",\"room\":\"r\",\"peer\":{\"nodeId\":\"n1\","
      "\"peerId\":\"n1\",\"name\":\"Jö \\\"x\\\"\",\"joinedAt\":99,\"metadata\":{\"a\":1}},"
      "\"peerId\":\"n1\",\"nodeId\":\"n1\",\"metadata\":{\"a\":1}}",
      "{\"id\":\"7\",\"seq\":7,\"from\":\"system\",\"type\":\"peer-joined\",\"room\":\"r\","
      "\"peerId\":\"n1\",\"payload\":{\"peerId\":\"n1\",\"nodeId\":\"n1\","
      "\"metadata\":{\"a\":1}},\"timestamp\":100}");

  peer.metadata = peer.name = NULL;
  other = sentient_message_new_peer_joined ("r", &peer, 100);
  assert_both (
      other,
      "{\"type\":\"peer-joined\",\"room\":\"r\",\"peer\":{\"nodeId\":\"n1\","
      "\"peerId\":\"n1\",\"name\":\"n1\",\"joinedAt\":99,\"metadata\":{}},"
      "\"peerId\":\"n1\",\"nodeId\":\"n1\",\"metadata\":{}}",
      "{\"id\":\"7\",\"seq\":7,\"from\":\"system\",\"type\":\"peer-joined\",\"room\":\"r\","
      "\"peerId\":\"n1\",\"payload\":{\"peerId\":\"n1\",\"nodeId\":\"n1\","
      "\"metadata\":{}},\"timestamp\":100}");
}

static void
test_peer_left (void)
{
  g_autoptr (SentientMessage) message
      = sentient_message_new_peer_left ("r", "n1", SENTIENT_LEAVE_REASON_TIMEOUT, 100);
  g_autoptr (SentientMessage) again = sentient_message_ref (message);

  g_assert_cmpint (sentient_message_get_kind (again), ==, SENTIENT_MESSAGE_PEER_LEFT);
  assert_both (message,
               "{\"type\":\"peer-left\",\"room\":\"r\",\"peerId\":\"n1\",\"nodeId\":\"n1\","
               "\"reason\":\"timeout\"}",
               "{\"id\":\"7\",\"seq\":7,\"from\":\"system\",\"type\":\"peer-left\",\"room\":\"r\","
               "\"peerId\":\"n1\",\"payload\":{\"peerId\":\"n1\",\"nodeId\":\"n1\",\"metadata\":{},"
               "\"reason\":\"timeout\"},\"timestamp\":100}");
}

/* The size that is charged holds with the longest names and numbers. */
static void
test_size (void)
{
  g_autofree char *name = g_strnfill (SENTIENT_NAME_MAX, 'n');
  g_autofree char *text
      = g_strdup_printf ("{\"type\":\"ice-candidate\",\"to\":\"%s\",\"candidate\":\"x\"}", name);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (SentientSignal) signal = NULL;
  SentientPeerInfo peer = { .node_id = name, .joined_at = G_MAXINT64 };
  SentientMessage *messages[4];
  SentientRequest request;

  g_assert_true (sentient_request_parse_message (&request, text, strlen (text), NULL));
  signal = sentient_request_to_signal (&request, name, name, G_MAXINT64);
  messages[0] = sentient_message_new_signal (signal);
  messages[1] = sentient_message_new_peer_joined (name, &peer, G_MAXINT64);
  messages[2]
      = sentient_message_new_peer_left (name, name, SENTIENT_LEAVE_REASON_REPLACED, G_MAXINT64);
  messages[3] = sentient_message_new_presence (name, name, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      /* A presence has only one form. */
      for (guint dialect = i == 3 ? SENTIENT_DIALECT_V1 : 0; dialect < SENTIENT_N_DIALECTS;
           dialect++)
        {
          g_autoptr (JsonNode) node = NULL;

          g_string_truncate (out, 0);
          sentient_message_append (messages[i], out, (SentientDialect)dialect, G_MAXUINT64, name);
          g_assert_cmpuint (sentient_message_get_size (messages[i]), >=, out->len);
          g_assert_true (sentient_json_validate (out->str, out->len, NULL));
        }
      sentient_message_unref (messages[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/offer", test_offer);
  g_test_add_func ("/message/candidate", test_candidate);
  g_test_add_func ("/message/nothing-lifted", test_nothing_lifted);
  g_test_add_func ("/message/peer-joined", test_peer_joined);
  g_test_add_func ("/message/peer-left", test_peer_left);
  g_test_add_func ("/message/size", test_size);
  return g_test_run ();
}
