/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Peers whose connection to a v1 coordinator breaks: what they ask is handled, once. */

#include "session-fixture.h"

#include <glib/gstdio.h>

#include <string.h>

#include "core/sentient-error.h"

static void
test_round (SessionFixture *self, gconstpointer unused)
{
  SentientRoom *room;
  SentientMember *old;
  g_autoptr (GAsyncResult) result = NULL;

  g_object_set (self->alice->peer, "auto-connect", FALSE, NULL);
  fake_v1_add_member (self->coordinator, "old", "lobby");
  g_assert_false (sentient_peer_get_resumable (self->alice->peer));
  room = session_enter (self);
  session_assert_resumed (self, FALSE);
  old = sentient_room_find_member (room, "old");
  g_assert_true (sentient_member_get_online (old));
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"peer-offline\",\"room\":\"lobby\",\"nodeId\":\"old\"}");
  await (!sentient_member_get_online (old));
  fake_v1_say (self->coordinator, "alice",
               "{\"type\":\"peer-online\",\"room\":\"lobby\",\"nodeId\":\"old\"}");
  await (sentient_member_get_online (old));
  fake_v1_add_member (self->coordinator, "new", "lobby");
  await (has (self->alice->members, "lobby+new"));

  sentient_peer_leave_async (self->alice->peer, "lobby", NULL, on_result, &result);
  await (result != NULL);
  g_assert_true (sentient_peer_leave_finish (self->alice->peer, result, NULL));
  session_assert_numbers (self, "alice");
  g_assert_cmpuint (self->alice->errors->len, ==, 0);
}

/* What was on its way to the coordinator when the socket broke. */
static void
test_lost_requests (SessionFixture *self, gconstpointer unused)
{
  TestPeer *bob = session_add_bob (self);

  test_peer_connect_to_v1 (self->alice, self->coordinator);
  self->coordinator->hold_acks = TRUE;
  test_peer_join (self->alice, "lobby");
  self->coordinator->deaf = TRUE; /* her offer and candidates */
  await (test_peer_state_to (self->alice, "bob") == SENTIENT_CONNECTION_STATE_CONNECTING);
  await (has_prefix (self->alice->negotiation, "bob: offer sent"));
  settle ();
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "offer"), ==, 0);
  self->coordinator->deaf = FALSE;
  session_cut (self);
  session_assert_resumed (self, TRUE);
  await (is_open (self->alice, "bob") && is_open (bob, "alice"));
  g_assert_cmpuint (count (bob->negotiation, "alice: offer received"), ==, 1);
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "join"), ==, 1);
  g_assert_cmpuint (self->coordinator->repeated, ==, 0);
  session_assert_numbers (self, "alice");
  g_assert_cmpuint (self->alice->members->len, ==, 0);
  session_remove_bob (bob);
}

/* What was handled, though the acknowledgement was lost, is not said again; what is found while the
 * coordinator is away is said when it is back. */
static void
test_lost_acks (SessionFixture *self, gconstpointer unused)
{
  TestPeer *bob = session_add_bob (self);

  test_peer_connect_to_v1 (self->alice, self->coordinator);
  self->coordinator->hold_acks = TRUE;
  test_peer_join (self->alice, "lobby");
  await (fake_v1_count (self->coordinator, "alice", "offer") == 1);
  for (guint i = 0; i < 5; i++)
    {
      session_cut (self);
      session_assert_resumed (self, TRUE);
    }
  await (is_open (self->alice, "bob") && is_open (bob, "alice"));
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "offer"), ==, 1);
  g_assert_cmpuint (self->coordinator->repeated, ==, 0);
  g_assert_cmpuint (self->alice->connected->len, ==, 1);
  session_assert_numbers (self, "alice");
  session_remove_bob (bob);
}

/* A join in flight is no failure. */
static void
test_lost_join (SessionFixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SentientRoom) room = NULL;
  g_autoptr (GError) error = NULL;

  test_peer_connect_to_v1 (self->alice, self->coordinator);
  self->coordinator->deaf = TRUE;
  sentient_peer_join_async (self->alice->peer, "lobby", NULL, NULL, on_result, &result);
  fake_v1_cut (self->coordinator, "alice");
  await (!is_connected (self->alice));
  self->coordinator->deaf = FALSE;
  await (result != NULL);
  room = sentient_peer_join_finish (self->alice->peer, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "join"), ==, 1);
}

/* The coordinator was started anew. */
static void
test_forgotten (SessionFixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (self->alice->peer, "auto-connect", FALSE, NULL);
  fake_v1_add_member (self->coordinator, "bob", "lobby");
  fake_v1_take (self->coordinator, "bob");
  session_enter (self);
  self->coordinator->deaf = TRUE;
  sentient_peer_connect_peer_async (self->alice->peer, "bob", NULL, on_result, &result);
  await (has_prefix (self->alice->negotiation, "bob: offer sent"));
  fake_v1_forget (self->coordinator, "alice");
  self->coordinator->deaf = FALSE;
  session_await_back (self);
  session_assert_resumed (self, FALSE);
  await (result != NULL);
  g_assert_null (sentient_peer_connect_peer_finish (self->alice->peer, result, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  await (fake_v1_has_member (self->coordinator, "alice", "lobby"));
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "offer"), ==, 0);
  g_assert_cmpuint (fake_v1_get_ref (self->coordinator, "alice"), ==, 1);
  g_assert_cmpuint (self->alice->members->len, ==, 0);
}

/* By long poll where WebSockets do not work, and back, in one session. */
static void
test_moves (SessionFixture *self, gconstpointer unused)
{
  TestPeer *bob = session_add_bob (self);

  g_object_set (self->alice->peer, "auto-connect", FALSE, NULL);
  session_enter (self);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *one = g_strdup_printf ("one-%u", i);
      g_autofree char *two = g_strdup_printf ("two-%u", i);
      g_autofree char *heard = g_strdup_printf ("lobby+%s", two);

      fake_v1_lose (self->coordinator, "alice",
                    "{\"type\":\"peer-joined\",\"room\":\"lobby\",\"nodeId\":\"%s\"}", one);
      self->coordinator->no_websocket = TRUE;
      session_cut (self);
      session_assert_resumed (self, TRUE);
      g_assert_cmpint (sentient_peer_get_channel_kind (self->alice->peer), ==,
                       SENTIENT_CHANNEL_KIND_LONG_POLL);
      fake_v1_add_member (self->coordinator, two, "lobby");
      await (has (self->alice->members, heard));
      if (i == 0)
        {
          sentient_peer_greet (self->alice->peer, "bob", "lobby");
          await (is_open (self->alice, "bob") && is_open (bob, "alice"));
          g_assert_cmpstr (json_object_get_string_member (fake_v1_find (self->coordinator, "alice",
                                                                        "offer", 0),
                                                          "by"),
                           ==, "http");
        }
      self->coordinator->no_websocket = FALSE;
      session_cut (self);
      session_assert_resumed (self, TRUE);
      g_assert_cmpint (sentient_peer_get_channel_kind (self->alice->peer), ==,
                       SENTIENT_CHANNEL_KIND_WEBSOCKET);
    }
  g_assert_cmpuint (self->alice->members->len, ==, 6);
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "join"), ==, 1);
  session_assert_numbers (self, "alice");
  session_remove_bob (bob);
}

/* By long poll from the start: the join begins the session. */
static void
test_poll (SessionFixture *self, gconstpointer unused)
{
  TestPeer *bob = session_add_bob (self);

  g_object_set (self->alice->peer, "use-websocket", FALSE, NULL);
  test_peer_connect_to_v1 (self->alice, self->coordinator);
  g_assert_false (sentient_peer_get_resumable (self->alice->peer));
  test_peer_join (self->alice, "lobby");
  g_assert_true (sentient_peer_get_resumable (self->alice->peer));
  await (is_open (self->alice, "bob") && is_open (bob, "alice"));
  session_cut (self);
  session_assert_resumed (self, TRUE);
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "join"), ==, 1);
  session_assert_numbers (self, "alice");
  session_remove_bob (bob);
  test_peer_close (self->alice);
  g_assert_false (fake_v1_has_member (self->coordinator, "alice", "lobby"));
}

/* What a poll tells of a room while the answer to the join is still on its way came about later. */
static void
test_join_overtaken (SessionFixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SentientRoom) room = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (self->alice->peer, "use-websocket", FALSE, "auto-connect", FALSE, NULL);
  session_enter (self);
  await (fake_v1_is_polled (self->coordinator, "alice"));
  self->coordinator->hold_answers = TRUE;
  sentient_peer_join_async (self->alice->peer, "second", NULL, NULL, on_result, &result);
  await (fake_v1_has_member (self->coordinator, "alice", "second"));
  fake_v1_add_member (self->coordinator, "eve", "second");
  fake_v1_add_member (self->coordinator, "dave", "lobby");
  await (!fake_v1_is_polled (self->coordinator, "alice"));
  /* The poll's answer was written; by now the peer has read it. */
  for (guint i = 0; i < 50; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (result);
  fake_v1_let_go (self->coordinator);
  await (result != NULL);
  room = sentient_peer_join_finish (self->alice->peer, result, &error);
  g_assert_no_error (error);
  await (sentient_room_find_member (room, "eve") != NULL);
  await (has (self->alice->members, "lobby+dave"));
  session_assert_numbers (self, "alice");
}

/* POSTs whose answers are lost are asked again, and handled once. */
static void
test_lost_answers (SessionFixture *self, gconstpointer unused)
{
  TestPeer *bob = session_add_bob (self);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SentientRoom) room = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (self->alice->peer, "use-websocket", FALSE, "auto-connect", FALSE, NULL);
  session_enter (self);
  self->coordinator->lose_answers = 1;
  sentient_peer_join_async (self->alice->peer, "second", NULL, NULL, on_result, &result);
  await (result != NULL);
  room = sentient_peer_join_finish (self->alice->peer, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (self->coordinator->repeated, ==, 1);
  await (is_connected (self->alice));
  self->coordinator->lose_answers = 2;
  sentient_peer_greet (self->alice->peer, "bob", "lobby");
  await (is_open (self->alice, "bob") && is_open (bob, "alice"));
  await (self->coordinator->lose_answers == 0);
  g_assert_cmpuint (count (bob->negotiation, "alice: offer received"), ==, 1);
  session_assert_numbers (self, "alice");
  session_remove_bob (bob);
}

/* Given up while the coordinator was away: the session is left as soon as it is back. */
static void
test_abandoned (SessionFixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;

  fake_v1_add_member (self->coordinator, "old", "lobby");
  session_enter (self);
  self->coordinator->no_websocket = TRUE;
  fake_v1_cut (self->coordinator, "alice");
  await (!is_connected (self->alice));
  sentient_peer_disconnect_from_coordinator_async (self->alice->peer, NULL, on_result, &result);
  await (result != NULL);
  g_assert_false (sentient_peer_get_resumable (self->alice->peer));
  g_assert_true (fake_v1_has_member (self->coordinator, "alice", "lobby"));
  self->coordinator->no_websocket = FALSE;
  test_peer_connect_to_v1 (self->alice, self->coordinator);
  session_assert_resumed (self, FALSE);
  await (!fake_v1_has_member (self->coordinator, "alice", "lobby"));
  test_peer_join (self->alice, "second");
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_rooms (self->alice->peer)), ==, 1);
  session_assert_numbers (self, "alice");
}

/* Some take any subprotocol and then speak as ever. */
static void
test_plain (SessionFixture *self, gconstpointer unused)
{
  self->coordinator->plain = TRUE;
  session_enter (self);
  g_assert_false (sentient_peer_get_resumable (self->alice->peer));
  g_assert_cmpint (sentient_peer_get_channel_kind (self->alice->peer), ==,
                   SENTIENT_CHANNEL_KIND_WEBSOCKET);
  g_assert_cmpuint (self->alice->errors->len, ==, 0);
}

/* The answer is lost for good, since the session goes on by WebSocket: the join is asked again. */
static void
test_lost_answer_moves (SessionFixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SentientRoom) room = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (self->alice->peer, "use-websocket", FALSE, "auto-connect", FALSE, NULL);
  session_enter (self);
  fake_v1_add_member (self->coordinator, "old", "second");
  g_object_set (self->alice->peer, "use-websocket", TRUE, NULL);
  self->coordinator->lose_answers = G_MAXUINT;
  sentient_peer_join_async (self->alice->peer, "second", NULL, NULL, on_result, &result);
  await (result != NULL);
  room = sentient_peer_join_finish (self->alice->peer, result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (sentient_room_find_member (room, "old"));
  g_assert_cmpint (sentient_peer_get_channel_kind (self->alice->peer), ==,
                   SENTIENT_CHANNEL_KIND_WEBSOCKET);
  g_assert_cmpuint (fake_v1_count (self->coordinator, "alice", "join"), ==, 3);
  session_assert_numbers (self, "alice");
}

static void
use_file (TestPeer *peer, const char *path)
{
  g_autoptr (GError) error = NULL;

  sentient_peer_use_session_file (peer->peer, path, &error);
  g_assert_no_error (error);
}

static void
assert_no_file (TestPeer *peer, const char *path, SentientError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (sentient_peer_use_session_file (peer->peer, path, &error));
  g_assert_error (error, SENTIENT_ERROR, (gint)code);
}

/* The process was killed: the next one with its id has it at once, and its rooms are left. */
static void
test_file (SessionFixture *self, gconstpointer unused)
{
  g_autofree char *dir = g_dir_make_tmp ("sentient-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "deeper", "alice.session", NULL);
  g_autofree char *deeper = g_path_get_dirname (path);
  TestPeer *second = test_peer_new ("alice");

  use_file (self->alice, path);
  session_enter (self);
  assert_no_file (second, path, SENTIENT_ERROR_BUSY); /* that of one who lives */
  test_peer_free (self->alice);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (fake_v1_has_member (self->coordinator, "alice", "lobby"));

  self->alice = second;
  use_file (second, path);
  test_peer_connect_to_v1 (second, self->coordinator);
  g_assert_cmpuint (second->errors->len, ==, 0);
  session_assert_resumed (self, FALSE);
  test_peer_join (second, "elsewhere");
  await (fake_v1_has_member (self->coordinator, "alice", "elsewhere"));
  g_assert_false (fake_v1_has_member (self->coordinator, "alice", "lobby"));
  session_assert_numbers (self, "alice");
  session_cut (self);
  session_assert_resumed (self, TRUE);

  /* In good order nothing is left of it. */
  test_peer_close (second);
  test_peer_free (second);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  self->alice = test_peer_new ("alice");
  g_assert_cmpint (g_rmdir (deeper), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

/* A file with nonsense in it is as good as none; one that others can read is not used. */
static void
test_file_bad (SessionFixture *self, gconstpointer unused)
{
  g_autofree char *dir = g_dir_make_tmp ("sentient-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "x", NULL);
  g_autofree char *uri = fake_v1_dup_uri (self->coordinator);
  g_autofree char *wrong
      = g_strdup_printf ("[session]\nnode=alice\ncoordinator=%s\nname=s\ntoken=t\n", uri);
  TestPeer *other = test_peer_new ("a/../b");

  assert_no_file (other, NULL, SENTIENT_ERROR_BAD_REQUEST);
  test_peer_free (other);
  g_file_set_contents (path, "nonsense", -1, NULL);
  g_chmod (path, 0644);
  assert_no_file (self->alice, path, SENTIENT_ERROR_FORBIDDEN);
  g_chmod (path, 0600);
  use_file (self->alice, path);
  session_enter (self);
  test_peer_close (self->alice);
  test_peer_free (self->alice);

  self->alice = test_peer_new ("alice");
  g_assert_true (g_file_set_contents_full (path, wrong, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  use_file (self->alice, path);
  session_enter (self);
  test_peer_close (self->alice);
  g_unlink (path);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("peer-session/round", test_round);
  ADD ("peer-session/lost-requests", test_lost_requests);
  ADD ("peer-session/lost-acks", test_lost_acks);
  ADD ("peer-session/lost-join", test_lost_join);
  ADD ("peer-session/forgotten", test_forgotten);
  ADD ("peer-session/moves", test_moves);
  ADD ("peer-session/poll", test_poll);
  ADD ("peer-session/join-overtaken", test_join_overtaken);
  ADD ("peer-session/lost-answers", test_lost_answers);
  ADD ("peer-session/lost-answer-moves", test_lost_answer_moves);
  ADD ("peer-session/abandoned", test_abandoned);
  ADD ("peer-session/plain", test_plain);

  ADD ("peer-session/file", test_file);
  ADD ("peer-session/file-bad", test_file_bad);
  return g_test_run ();
}
