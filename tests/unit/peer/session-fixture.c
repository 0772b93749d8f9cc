/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

void
session_set_up (SessionFixture *self, gconstpointer unused)
{
  self->coordinator = fake_v1_new ();
  self->alice = test_peer_new ("alice");
  /* Only what the test wants breaks. */
  g_object_set (self->alice->peer, "request-timeout", 20000, "connect-timeout", 20000, NULL);
}

void
session_tear_down (SessionFixture *self, gconstpointer unused)
{
  test_peer_close (self->alice);
  test_peer_free (self->alice);
  fake_v1_free (self->coordinator);
}

SentientRoom *
session_enter (SessionFixture *self)
{
  test_peer_connect_to_v1 (self->alice, self->coordinator);
  return test_peer_join (self->alice, "lobby");
}

gboolean
is_connected (TestPeer *peer)
{
  return sentient_peer_get_state (peer->peer) == SENTIENT_PEER_STATE_CONNECTED;
}

/* Has lost the coordinator and found it again. */
void
session_await_back (SessionFixture *self)
{
  await (!is_connected (self->alice));
  await (is_connected (self->alice));
}

void
session_cut (SessionFixture *self)
{
  await (sentient_peer_get_channel_kind (self->alice->peer) == SENTIENT_CHANNEL_KIND_WEBSOCKET
         || fake_v1_is_polled (self->coordinator, "alice"));
  fake_v1_cut (self->coordinator, "alice");
  session_await_back (self);
}

void
session_assert_resumed (SessionFixture *self, gboolean resumed)
{
  g_assert_true (sentient_peer_get_resumable (self->alice->peer));
  g_assert_cmpint (sentient_peer_get_resumed (self->alice->peer), ==, resumed);
}

guint
count (GPtrArray *texts, const char *text)
{
  guint n = 0;

  for (guint i = 0; i < texts->len; i++)
    n += g_str_equal (texts->pdata[i], text);
  return n;
}

TestPeer *
session_add_bob (SessionFixture *self)
{
  TestPeer *bob = test_peer_new ("bob");

  g_object_set (bob->peer, "request-timeout", 20000, "connect-timeout", 20000, "auto-connect",
                FALSE, NULL);
  test_peer_connect_to_v1 (bob, self->coordinator);
  test_peer_join (bob, "lobby");
  return bob;
}

void
session_remove_bob (TestPeer *bob)
{
  test_peer_close (bob);
  test_peer_free (bob);
}

/* Each number was handled once, and none left out. */
void
session_assert_numbers (SessionFixture *self, const char *node_id)
{
  guint64 expected = 0;

  for (guint i = 0; i < self->coordinator->handled->len; i++)
    {
      JsonObject *object = self->coordinator->handled->pdata[i];

      if (g_str_equal (json_object_get_string_member (object, "from"), node_id))
        g_assert_cmpuint ((guint64)json_object_get_int_member (object, "ref"), ==, ++expected);
    }
  g_assert_cmpuint (expected, >, 0);
}
