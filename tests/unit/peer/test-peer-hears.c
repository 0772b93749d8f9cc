/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a v1 coordinator tells, and how it ends a connection. */

#include "session-fixture.h"

#include <string.h>

#include "core/sentient-error.h"

/* It hears in time of what has come: after so many, and after so long. */
static void
test_acks (SessionFixture *self, gconstpointer unused)
{
  guint64 seq;

  session_enter (self);
  for (guint i = 0; i < 100; i++)
    fake_v1_say (self->coordinator, "alice",
                 "{\"type\":\"peer-left\",\"room\":\"lobby\","
                 "\"nodeId\":\"nobody\"}");
  seq = fake_v1_get_seq (self->coordinator, "alice");
  await (fake_v1_get_acked (self->coordinator, "alice") >= seq - 31);
  await (fake_v1_get_acked (self->coordinator, "alice") == seq);
}

/* On its way from the coordinator: told again, once. */
static void
test_lost_messages (SessionFixture *self, gconstpointer unused)
{
  session_enter (self);
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"peer-joined\",\"room\":\"lobby\",\"nodeId\":\"x\"}");
  await (has (self->alice->members, "lobby+x"));
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"peer-left\",\"room\":\"lobby\",\"nodeId\":\"x\"}");
  await (has (self->alice->members, "lobby-x (left)"));
  /* A copy of an old one. */
  fake_v1_say_raw (self->coordinator, "alice",
                   "{\"type\":\"peer-joined\",\"room\":\"lobby\",\"nodeId\":\"x\",\"seq\":2}");
  /* A hole. */
  fake_v1_lose (self->coordinator, "alice",
                "{\"type\":\"peer-joined\",\"room\":\"lobby\",\"nodeId\":\"y\"}");
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"peer-joined\",\"room\":\"lobby\",\"nodeId\":\"z\"}");
  session_await_back (self);
  session_assert_resumed (self, TRUE);
  await (has (self->alice->members, "lobby+z"));
  g_assert_cmpuint (count (self->alice->members, "lobby+x"), ==, 1);
  g_assert_cmpuint (count (self->alice->members, "lobby+y"), ==, 1);
  g_assert_cmpuint (count (self->alice->members, "lobby+z"), ==, 1);
}

static void
test_gap (SessionFixture *self, gconstpointer unused)
{
  JsonObject *first;
  JsonObject *second;

  fake_v1_add_member (self->coordinator, "bob", "lobby");
  fake_v1_take (self->coordinator, "bob"); /* takes signals, and never answers */
  session_enter (self);
  await (fake_v1_count (self->coordinator, "alice", "offer") == 1);
  fake_v1_gap (self->coordinator, "alice", 3);
  await (fake_v1_count (self->coordinator, "alice", "offer") == 2);
  g_assert_true (has_error (self->alice, SENTIENT_ERROR_CONNECTION_LOST));
  first = json_object_get_object_member (fake_v1_find (self->coordinator, "alice", "offer", 0),
                                         "payload");
  second = json_object_get_object_member (fake_v1_find (self->coordinator, "alice", "offer", 1),
                                          "payload");
  g_assert_cmpstr (json_object_get_string_member (first, "negotiation"), !=,
                   json_object_get_string_member (second, "negotiation"));
  fake_v1_add_member (self->coordinator, "x", "lobby");
  await (has (self->alice->members, "lobby+x"));
}

static void
test_undelivered (SessionFixture *self, gconstpointer unused)
{
  guint64 ref;

  fake_v1_add_member (self->coordinator, "bob", "lobby");
  fake_v1_take (self->coordinator, "bob");
  session_enter (self);
  await (fake_v1_count (self->coordinator, "alice", "offer") == 1);
  ref = (guint64)json_object_get_int_member (fake_v1_find (self->coordinator, "alice", "offer", 0),
                                             "ref");
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"undelivered\",\"to\":\"bob\",\"refs\":[%" G_GUINT64_FORMAT "]}", ref);
  await (has_error (self->alice, SENTIENT_ERROR_UNKNOWN_PEER));
  await (fake_v1_count (self->coordinator, "alice", "offer") == 2);
}

/* An error says which signal it is about: the other attempt goes on. */
static void
test_refused (SessionFixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) nobody = NULL;
  g_autoptr (GAsyncResult) bob = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (self->alice->peer, "auto-connect", FALSE, NULL);
  fake_v1_add_member (self->coordinator, "bob", "lobby");
  fake_v1_add_member (self->coordinator, "nobody", "lobby");
  fake_v1_take (self->coordinator, "bob");
  session_enter (self);
  sentient_peer_connect_peer_async (self->alice->peer, "bob", NULL, on_result, &bob);
  sentient_peer_connect_peer_async (self->alice->peer, "nobody", NULL, on_result, &nobody);
  await (nobody != NULL);
  g_assert_null (sentient_peer_connect_peer_finish (self->alice->peer, nobody, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
  g_assert_cmpint (test_peer_state_to (self->alice, "bob"), ==,
                   SENTIENT_CONNECTION_STATE_CONNECTING);
  test_peer_close (self->alice);
  await (bob != NULL);
}

static void
test_room_state (SessionFixture *self, gconstpointer unused)
{
  SentientRoom *room;

  g_object_set (self->alice->peer, "auto-connect", FALSE, NULL);
  fake_v1_add_member (self->coordinator, "a", "lobby");
  fake_v1_add_member (self->coordinator, "b", "lobby");
  room = session_enter (self);
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"room-state\",\"room\":\"lobby\",\"peers\":[{\"nodeId\":\"c\"},"
               "{\"nodeId\":\"d\",\"online\":false}],\"more\":true}");
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"room-state\",\"room\":\"lobby\",\"peers\":[{\"nodeId\":\"b\"}]}");
  await (has (self->alice->members, "lobby+d"));
  g_assert_true (has (self->alice->members, "lobby+c"));
  g_assert_true (has (self->alice->members, "lobby-a (timeout)"));
  g_assert_cmpuint (self->alice->members->len, ==, 3);
  g_assert_cmpuint (sentient_room_get_n_members (room), ==, 3);
  g_assert_false (sentient_member_get_online (sentient_room_find_member (room, "d")));
  g_assert_true (sentient_member_get_online (sentient_room_find_member (room, "b")));
}

/* The coordinator says who gives in, whatever the ids. */
static void
test_polite (SessionFixture *self, gconstpointer data)
{
  gboolean polite = GPOINTER_TO_INT (data);
  static const char offer[] = "{\"type\":\"offer\",\"from\":\"bob\",\"room\":\"lobby\",\"payload\":"
                              "{\"sdp\":\"x\",\"negotiation\":\"n\"}}";

  g_object_set (self->alice->peer, "auto-connect", FALSE, NULL);
  fake_v1_take (self->coordinator, "bob");
  session_enter (self);
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"peer-joined\",\"room\":\"lobby\",\"peer\":{\"nodeId\":\"bob\","
               "\"polite\":%s}}",
               polite ? "true" : "false");
  await (has (self->alice->members, "lobby+bob"));
  sentient_peer_greet (self->alice->peer, "bob", "lobby");
  await (fake_v1_count (self->coordinator, "alice", "offer") == 1);
  fake_v1_say (self->coordinator, "alice", "%s", offer);
  await (has_prefix (self->alice->negotiation, "bob: both ends offered"));
  g_assert_cmpint (has (self->alice->negotiation, "bob: both ends offered at once: ours stands"),
                   ==, !polite);
}

static void
test_close_codes (SessionFixture *self, gconstpointer unused)
{
  static const gushort codes[] = { 4008, 1001, 1012, 1011 };

  session_enter (self);
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      fake_v1_close (self->coordinator, "alice", codes[i]);
      session_await_back (self);
      session_assert_resumed (self, TRUE);
    }
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "join"), ==, 1);
}

/* We broke the rules, again and again: the session is of no use, and there is another one as soon
 * as the id is free. */
static void
test_broken_rules (SessionFixture *self, gconstpointer unused)
{
  session_enter (self);
  for (guint i = 0; i < 2; i++)
    {
      fake_v1_close (self->coordinator, "alice", 4002);
      session_await_back (self);
      session_assert_resumed (self, TRUE);
    }
  fake_v1_close (self->coordinator, "alice", 4002);
  await (!is_connected (self->alice));
  await (has_error (self->alice, SENTIENT_ERROR_NODE_ID_TAKEN));
  fake_v1_forget (self->coordinator, "alice");
  await (is_connected (self->alice));
  session_assert_resumed (self, FALSE);
  await (fake_v1_has_member (self->coordinator, "alice", "lobby"));
}

static void
test_draining (SessionFixture *self, gconstpointer unused)
{
  gint64 start;

  session_enter (self);
  fake_v1_say_raw (self->coordinator, "alice", "{\"type\":\"draining\",\"retryAfter\":300}");
  fake_v1_close (self->coordinator, "alice", 1012);
  await (!is_connected (self->alice));
  start = g_get_monotonic_time ();
  await (is_connected (self->alice));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 290 * 1000);
  session_assert_resumed (self, TRUE);
}

static void
test_taken_over (SessionFixture *self, gconstpointer unused)
{
  session_enter (self);
  fake_v1_close (self->coordinator, "alice", 4001);
  await (sentient_peer_get_state (self->alice->peer) == SENTIENT_PEER_STATE_DISCONNECTED);
  g_assert_true (has_error (self->alice, SENTIENT_ERROR_NODE_ID_TAKEN));
  g_assert_false (sentient_peer_get_resumable (self->alice->peer));
  g_assert_cmpuint (self->coordinator->websockets, ==, 1);
}

static void
test_id_taken (SessionFixture *self, gconstpointer unused)
{
  g_autofree char *uri = fake_v1_dup_uri (self->coordinator);
  const char *uris[] = { uri, NULL };
  g_autoptr (GError) error = NULL;
  guint before;

  fake_v1_take (self->coordinator, "alice");
  g_assert_false (test_peer_try_uris (self->alice, uris, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN);
  g_assert_cmpuint (self->coordinator->polls, ==, 0);
  fake_v1_forget (self->coordinator, "alice");

  /* While it comes back it has patience, and says so once. */
  session_enter (self);
  fake_v1_take (self->coordinator, "alice");
  before = self->coordinator->websockets;
  await (self->coordinator->websockets >= before + 3);
  fake_v1_forget (self->coordinator, "alice");
  await (is_connected (self->alice));
  session_assert_resumed (self, FALSE);
  await (fake_v1_has_member (self->coordinator, "alice", "lobby"));
  g_assert_true (has_error (self->alice, SENTIENT_ERROR_NODE_ID_TAKEN));
  g_assert_cmpuint (self->alice->errors->len, ==, 2); /* and that it was lost */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("peer-hears/acks", test_acks);
  ADD ("peer-hears/lost-messages", test_lost_messages);
  ADD ("peer-hears/gap", test_gap);
  ADD ("peer-hears/undelivered", test_undelivered);
  ADD ("peer-hears/refused", test_refused);
  ADD ("peer-hears/room-state", test_room_state);
  g_test_add ("/peer-hears/polite", SessionFixture, GINT_TO_POINTER (TRUE), session_set_up,
              test_polite, session_tear_down);
  g_test_add ("/peer-hears/impolite", SessionFixture, GINT_TO_POINTER (FALSE), session_set_up,
              test_polite, session_tear_down);
  ADD ("peer-hears/close-codes", test_close_codes);
  ADD ("peer-hears/broken-rules", test_broken_rules);
  ADD ("peer-hears/draining", test_draining);
  ADD ("peer-hears/taken-over", test_taken_over);
  ADD ("peer-hears/id-taken", test_id_taken);

  return g_test_run ();
}
