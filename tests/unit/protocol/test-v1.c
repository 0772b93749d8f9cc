/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What v1 sessions add to the wire: written by one end, read by the other. */

#include <string.h>

#include "json-helpers.h"
#include "protocol/sentient-notes.h"
#include "protocol/sentient-request.h"
#include "protocol/sentient-server-message.h"

static SentientServerMessage *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  SentientServerMessage *message
      = sentient_server_message_parse (text, strlen (text), "me", &error);

  g_assert_no_error (error);
  return message;
}

static SentientServerMessage *
there_and_back (SentientMessage *message, const char *receiver)
{
  g_autoptr (GString) out = g_string_new (NULL);

  sentient_message_append (message, out, SENTIENT_DIALECT_V1, 7, receiver);
  g_assert_cmpuint (sentient_message_get_size (message), >=, out->len);
  g_assert_true (sentient_json_validate (out->str, out->len, NULL));
  return read_text (out->str);
}

static SentientRemotePeer *
peer_at (SentientServerMessage *message, guint index)
{
  return g_ptr_array_index (message->peers, index);
}

static void
read_request (SentientRequest *request, const char *text)
{
  g_autoptr (GError) error = NULL;

  sentient_request_parse_message (request, text, strlen (text), &error);
  g_assert_no_error (error);
}

static void
test_signal (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (SentientMessage) message = NULL;
  g_autoptr (SentientSignal) signal = NULL;
  SentientRequest request;

  read_request (&request, "{\"type\":\"offer\",\"to\":\"b\",\"sdp\":\"x\",\"ref\":3,\"ack\":9}");
  g_assert_cmpuint (request.ref, ==, 3);
  g_assert_cmpuint (request.ack, ==, 9);
  signal = sentient_request_to_signal (&request, "a", "r", 1);
  message = sentient_message_new_signal (signal);
  sentient_message_append (message, out, SENTIENT_DIALECT_V1, 5, "b");
  assert_text (out, "{\"type\":\"offer\",\"from\":\"a\",\"room\":\"r\",\"seq\":5,"
                    "\"payload\":{\"sdp\":\"x\"}}");
}

static void
test_events (void)
{
  const SentientPeerInfo peer = { .node_id = "m", .name = "M", .metadata = "{\"name\":\"M\"}" };
  const SentientPeerInfo plain = { .node_id = "z", .plain = TRUE };
  g_autoptr (SentientMessage) joined = sentient_message_new_peer_joined ("r", &peer, 1);
  g_autoptr (SentientMessage) other = sentient_message_new_peer_joined ("r", &plain, 1);
  g_autoptr (SentientMessage) left
      = sentient_message_new_peer_left ("r", "m", SENTIENT_LEAVE_REASON_TIMEOUT, 1);
  g_autoptr (SentientMessage) offline = sentient_message_new_presence ("r", "m", FALSE);
  g_autoptr (SentientServerMessage) small = there_and_back (joined, "a");
  g_autoptr (SentientServerMessage) large = there_and_back (joined, "z");
  g_autoptr (SentientServerMessage) to_plain = there_and_back (other, "zz");
  g_autoptr (SentientServerMessage) gone = there_and_back (left, "a");
  g_autoptr (SentientServerMessage) away = there_and_back (offline, "a");

  /* The smaller id is polite, and everybody is towards a plain one. */
  g_assert_cmpuint (small->seq, ==, 7);
  g_assert_true (peer_at (small, 0)->knows_polite && peer_at (small, 0)->polite);
  g_assert_true (peer_at (large, 0)->knows_polite && !peer_at (large, 0)->polite);
  g_assert_true (peer_at (to_plain, 0)->polite);
  g_assert_cmpstr (peer_at (small, 0)->metadata, ==, "{\"name\":\"M\"}");
  g_assert_cmpint (gone->reason, ==, SENTIENT_LEAVE_REASON_TIMEOUT);
  g_assert_cmpint (away->kind, ==, SENTIENT_SERVER_PEER_OFFLINE);
  g_assert_cmpstr (away->room, ==, "r");
  g_assert_cmpstr (away->node_id, ==, "m");
}

/* A long list comes in pages that each fit into a message, and nobody is lost between them. */
static void
test_pages (void)
{
  g_autofree char *filler = g_strnfill (1900, 'm');
  g_autofree char *metadata = g_strdup_printf ("{\"x\":\"%s\"}", filler);
  SentientIceConfig ice = { NULL, NULL };
  SentientPeerInfo peers[100];
  char names[100][8];
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GPtrArray) empty = NULL;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_snprintf (names[i], sizeof names[i], "n%u", i);
      peers[i] = (SentientPeerInfo){ .node_id = names[i], .metadata = metadata, .online = i != 3 };
    }
  pages = sentient_notes_new_join_result ("n5", "r", peers, G_N_ELEMENTS (peers), &ice, 12);
  g_assert_cmpuint (pages->len, >, 5);
  for (guint i = 0; i < pages->len; i++)
    {
      SentientMessage *page = pages->pdata[i];
      g_autoptr (SentientServerMessage) message = there_and_back (page, "n5");

      g_assert_cmpuint (sentient_message_get_size (page), <=, SENTIENT_MESSAGE_MAX);
      g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_JOIN_RESULT);
      g_assert_true (message->success);
      g_assert_cmpuint (message->ref, ==, 12);
      g_assert_cmpint (message->more, ==, i + 1 < pages->len);
      for (guint j = 0; j < message->peers->len; j++, n++)
        {
          g_assert_cmpstr (peer_at (message, j)->node_id, ==, names[n]);
          g_assert_cmpint (peer_at (message, j)->offline, ==, n == 3);
          g_assert_cmpint (peer_at (message, j)->polite, ==, strcmp ("n5", names[n]) < 0);
        }
    }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (peers));

  empty = sentient_notes_new_room_state ("me", "r", NULL, 0);
  g_assert_cmpuint (empty->len, ==, 1);
  {
    g_autoptr (SentientServerMessage) message = there_and_back (empty->pdata[0], "me");

    g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_ROOM_STATE);
    g_assert_cmpuint (message->peers->len, ==, 0);
    g_assert_false (message->more);
  }
}

static void
test_undelivered (void)
{
  g_autoptr (GArray) refs = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (SentientMessage) note = NULL;
  g_autoptr (SentientServerMessage) message = NULL;
  const guint64 numbers[] = { 4, 6, G_GUINT64_CONSTANT (1) << 53 };

  g_array_append_vals (refs, numbers, G_N_ELEMENTS (numbers));
  note = sentient_note_new_undelivered ("b", refs);
  message = there_and_back (note, "a");
  g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_UNDELIVERED);
  g_assert_cmpstr (message->to, ==, "b");
  g_assert_cmpmem (message->refs->data, message->refs->len * sizeof (guint64), numbers,
                   sizeof numbers);
}

static void
test_unnumbered (void)
{
  const SentientConnectedInfo info = { .node_id = "me",
                                       .coordinator_id = "c",
                                       .session = "s1",
                                       .token = "t",
                                       .resumed = TRUE,
                                       .ref = 8,
                                       .room_peers = 50,
                                       .grace_ms = 30000 };
  g_autoptr (GString) out = g_string_new (NULL);

  sentient_reply_append_v1_connected (out, &info);
  {
    g_autoptr (SentientServerMessage) message = read_text (out->str);

    g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_CONNECTED);
    g_assert_cmpstr (message->session, ==, "s1");
    g_assert_cmpstr (message->token, ==, "t");
    g_assert_true (message->resumed);
    g_assert_cmpuint (message->ref, ==, 8);
  }
  g_string_truncate (out, 0);
  sentient_reply_append_gap (out, 3, 5);
  {
    g_autoptr (SentientServerMessage) message = read_text (out->str);

    g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_GAP);
    g_assert_cmpuint (message->gap_from, ==, 3);
    g_assert_cmpuint (message->gap_to, ==, 5);
  }
  g_string_truncate (out, 0);
  sentient_reply_append_ack (out, 11);
  {
    g_autoptr (SentientServerMessage) message = read_text (out->str);

    g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_ACK);
    g_assert_cmpuint (message->ref, ==, 11);
  }
  g_string_truncate (out, 0);
  sentient_reply_append_draining (out, 1500);
  {
    g_autoptr (SentientServerMessage) message = read_text (out->str);

    g_assert_cmpint (message->kind, ==, SENTIENT_SERVER_DRAINING);
    g_assert_cmpuint (message->retry_after_ms, ==, 1500);
  }
}

static void
test_client (void)
{
  g_autofree char *resume = sentient_client_message_resume ("s1", "tok", 6);
  g_autofree char *first = sentient_client_message_resume (NULL, NULL, 0);
  g_autofree char *ack = sentient_client_message_ack (4);
  g_autofree char *join
      = sentient_client_message_number (sentient_client_message_join (NULL, "r", "{}"), 2, 3);
  g_autofree char *http
      = sentient_client_message_number (sentient_client_message_join_v1 ("me", "r", NULL), 1, 0);
  g_autofree char *ping = sentient_client_message_number (sentient_client_message_ping (), 0, 0);
  SentientRequest request;

  read_request (&request, resume);
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_RESUME);
  g_assert_cmpmem (request.token.data, request.token.len, "tok", 3);
  g_assert_cmpuint (request.after, ==, 6);
  read_request (&request, first);
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_RESUME);
  g_assert_null (request.token.data);
  read_request (&request, ack);
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_ACK);
  g_assert_cmpuint (request.ack, ==, 4);
  read_request (&request, join);
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_JOIN);
  g_assert_cmpuint (request.ref, ==, 2);
  g_assert_cmpuint (request.ack, ==, 3);
  g_assert_true (sentient_request_parse_join (&request, http, strlen (http), NULL));
  g_assert_true (request.v1);
  g_assert_cmpuint (request.ref, ==, 1);
  g_assert_cmpstr (ping, ==, "{\"type\":\"ping\"}");
}

/* A request that is wrong was a request all the same: its number is told with the error. */
static void
test_wrong_requests (void)
{
  static const char *const wrong[] = {
    "{\"type\":\"join\",\"ref\":5}",
    "{\"type\":\"offer\",\"to\":\"system\",\"ref\":5}",
    "{\"type\":\"dance\",\"ref\":5}",
    "{\"ref\":5}",
  };
  static const char *const numbers[] = {
    "{\"type\":\"ack\",\"seq\":-1}",
    "{\"type\":\"ack\",\"seq\":1.5}",
    "{\"type\":\"ack\",\"seq\":1e3}",
    "{\"type\":\"ack\",\"seq\":9007199254740993}",
    "{\"type\":\"ack\",\"seq\":\"4\"}",
    "{\"type\":\"ack\"}",
    "{\"type\":\"ping\",\"ack\":[]}",
    "{\"type\":\"ping\",\"ref\":true}",
    "{\"type\":\"resume\",\"token\":5}",
    "{\"type\":\"resume\",\"after\":{}}",
    "{\"type\":\"join\",\"room\":\"r\",\"ref\":1,\"ref\":2}",
  };
  SentientRequest request;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_false (sentient_request_parse_message (&request, wrong[i], strlen (wrong[i]), NULL));
      g_assert_cmpuint (request.ref, ==, 5);
    }
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (
          sentient_request_parse_message (&request, numbers[i], strlen (numbers[i]), &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/v1/signal", test_signal);
  g_test_add_func ("/v1/events", test_events);
  g_test_add_func ("/v1/pages", test_pages);
  g_test_add_func ("/v1/undelivered", test_undelivered);
  g_test_add_func ("/v1/unnumbered", test_unnumbered);
  g_test_add_func ("/v1/client", test_client);
  g_test_add_func ("/v1/wrong-requests", test_wrong_requests);
  return g_test_run ();
}
