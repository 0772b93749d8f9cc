/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two daemons on two buses: they meet at the coordinator of one and talk over WebRTC, all of it by
 * calls on the bus, and all of it seen there. */
#include "daemon-fixture.h"

#include <string.h>

typedef struct
{
  TestHost *alice; /* has the coordinator */
  TestHost *bob;
} Pair;

static void
pair_init (Pair *pair, const char *conf)
{
  g_autofree char *url = NULL;

  pair->alice = test_host_new ("alice", NULL, conf);
  url = test_host_get (pair->alice, NULL, "Manager", "CoordinatorUrl");
  g_assert_true (g_str_has_prefix (url, "http://127.0.0.1:"));
  pair->bob = test_host_new ("bob", url, conf);
}

static void
pair_clear (Pair *pair)
{
  test_host_free (pair->bob);
  test_host_free (pair->alice);
}

static char *
await_connection (TestHost *host, const char *node_id)
{
  char *path = NULL;

  test_await ((path = test_host_find (host, SENTIENT_DBUS_CONNECTIONS_PATH, "Connection", "NodeId",
                                      node_id))
              != NULL);
  test_await (test_host_has (host, path, "Connection", "State", "connected"));
  return path;
}

static char *
await_member (TestHost *host, const char *room, const char *node_id)
{
  g_autofree char *below = g_strconcat (room, "/" SENTIENT_DBUS_MEMBERS "/", NULL);
  char *path = NULL;

  test_await ((path = test_host_find (host, below, "Member", "NodeId", node_id)) != NULL);
  return path;
}

static char *
await_room (TestHost *host, const char *name)
{
  char *path = NULL;

  test_await ((path = test_host_find (host, SENTIENT_DBUS_ROOMS_PATH, "Room", "Name", name))
              != NULL);
  return path;
}

static void
test_rooms (void)
{
  Pair pair;
  g_autofree char *global = NULL;
  g_autofree char *bobs_global = NULL;
  g_autofree char *alice = NULL;
  g_autofree char *bob = NULL;
  g_autofree char *other = NULL;

  pair_init (&pair, NULL);
  global = await_room (pair.alice, "global");
  bobs_global = await_room (pair.bob, "global");
  alice = await_member (pair.alice, global, "alice");
  bob = await_member (pair.alice, global, "bob");
  other = await_member (pair.bob, bobs_global, "alice");

  test_await (test_host_has (pair.alice, global, "Room", "MemberCount", "2"));
  test_await (test_host_has (pair.bob, bobs_global, "Room", "MemberCount", "2"));
  test_await (test_host_has (pair.alice, global, "Room", "NeighbourCount", "1"));
  test_await (test_host_has (pair.bob, bobs_global, "Room", "NeighbourCount", "1"));
  g_assert_true (test_host_has (pair.alice, bob, "Member", "Neighbour", "true"));
  g_assert_true (test_host_has (pair.alice, alice, "Member", "Neighbour", "false"));
  g_assert_true (test_host_has (pair.bob, other, "Member", "Neighbour", "true"));
  g_assert_true (test_host_has (pair.alice, global, "Room", "Joined", "true"));
  g_assert_true (test_host_has (pair.alice, global, "Room", "Hosted", "true"));
  g_assert_true (test_host_has (pair.bob, bobs_global, "Room", "Joined", "true"));
  g_assert_true (test_host_has (pair.bob, bobs_global, "Room", "Hosted", "false"));
  g_assert_true (test_host_has (pair.alice, alice, "Member", "Self", "true"));
  g_assert_true (test_host_has (pair.alice, bob, "Member", "Self", "false"));
  g_assert_true (test_host_has (pair.alice, bob, "Member", "Name", "bob"));
  g_assert_true (test_host_has (pair.alice, bob, "Member", "Room", global));
  g_assert_true (test_host_has (
      pair.alice, bob, "Member", "Metadata",
      "{\"capabilities\":[\"sentient.files\",\"sentient.gossip\",\"sentient.v1\"]}"));
  g_assert_true (test_host_has (pair.alice, bob, "Member", "Online", "true"));
  g_assert_false (test_host_has (pair.alice, bob, "Member", "JoinedAt", "0"));
  g_assert_false (test_host_has (pair.bob, other, "Member", "JoinedAt", "0"));
  pair_clear (&pair);
}

/* Join, join again with other metadata, leave by Manager and by Room. */
static void
test_join_leave (void)
{
  Pair pair;
  g_autofree char *attic = NULL;
  g_autofree char *again = NULL;
  g_autofree char *own = NULL;
  g_autofree char *hosted = NULL;
  g_autofree char *bob = NULL;
  g_autofree char *minus = NULL;

  pair_init (&pair, NULL);
  test_await (test_host_has (pair.bob, NULL, "Manager", "NodeState", "connected"));
  attic = test_host_ask (pair.bob, NULL, "Manager", "Join",
                         g_variant_new ("(ss)", "attic", "{\"name\":\"Bob\"}"));
  g_assert_true (g_str_has_prefix (attic, SENTIENT_DBUS_ROOMS_PATH "/"));
  test_await (test_host_has (pair.bob, attic, "Room", "Name", "attic"));
  own = await_member (pair.bob, attic, "bob");
  g_assert_true (test_host_has (pair.bob, own, "Member", "Name", "Bob"));
  g_assert_true (test_host_has (pair.bob, own, "Member", "Metadata", "{\"name\":\"Bob\"}"));
  hosted = await_room (pair.alice, "attic");
  bob = await_member (pair.alice, hosted, "bob");
  g_assert_true (test_host_has (pair.alice, bob, "Member", "Name", "Bob"));
  g_assert_true (test_host_has (pair.alice, hosted, "Room", "Joined", "false"));

  again = test_host_ask (pair.bob, NULL, "Manager", "Join",
                         g_variant_new ("(ss)", "attic", "{\"name\":\"Robert\"}"));
  g_assert_cmpstr (again, ==, attic);
  test_await (test_host_has (pair.alice, bob, "Member", "Name", "Robert"));
  test_await (test_host_has (pair.bob, own, "Member", "Name", "Robert"));
  g_assert_true (test_has (pair.alice->changes, "Member.Name Robert"));
  g_assert_true (test_has (pair.alice->changes, "Member.Metadata "
                                                "{\"capabilities\":[\"sentient.files\",\"sentient."
                                                "gossip\",\"sentient.v1\"],\"name\":\"Robert\"}"));

  g_free (test_host_ask (pair.alice, NULL, "Manager", "Join", g_variant_new ("(ss)", "attic", "")));
  test_await (test_host_has (pair.alice, hosted, "Room", "Joined", "true"));
  test_await (test_host_has (pair.bob, attic, "Room", "MemberCount", "2"));
  test_await (test_host_has (pair.alice, hosted, "Room", "NeighbourCount", "1"));
  test_await (test_host_has (pair.alice, bob, "Member", "Neighbour", "true"));
  test_host_ask (pair.alice, NULL, "Manager", "Leave", g_variant_new ("(s)", "attic"));
  test_await (test_host_has (pair.alice, hosted, "Room", "Joined", "false"));
  test_await (test_host_has (pair.alice, hosted, "Room", "NeighbourCount", "0"));
  test_await (test_host_has (pair.alice, bob, "Member", "Neighbour", "false"));
  test_await (test_host_has (pair.bob, attic, "Room", "MemberCount", "1"));
  test_host_assert_refused (pair.alice, hosted, "Room", "Leave", NULL, "UnknownRoom");

  test_host_ask (pair.bob, attic, "Room", "Leave", NULL);
  minus = g_strconcat ("-", attic, NULL);
  test_await (test_has (pair.bob->paths, minus));
  g_clear_pointer (&minus, g_free);
  minus = g_strconcat ("-", hosted, NULL);
  test_await (test_has (pair.alice->paths, minus));
  pair_clear (&pair);
}

static void
send_all_ways (Pair *pair)
{
  g_autofree char *room = await_room (pair->bob, "global");
  g_autofree char *alice = await_member (pair->bob, room, "alice");
  g_autofree char *connection = await_connection (pair->bob, "alice");
  g_autofree char *n = NULL;
  g_autofree char *n_of_room = NULL;

  g_free (await_connection (pair->alice, "bob"));
  test_host_ask (pair->bob, NULL, "Manager", "Send",
                 g_variant_new ("(s@ayb)", "alice", test_bytes ("one", 3), TRUE));
  test_await (test_has (pair->alice->heard, "Manager.Message ('bob', [0x6f, 0x6e, 0x65], true)"));
  test_host_ask (pair->bob, alice, "Member", "Send",
                 g_variant_new ("(@ayb)", test_bytes ("\0\xff\1", 3), FALSE));
  test_await (test_has (pair->alice->heard, "Manager.Message ('bob', [0x00, 0xff, 0x01], false)"));
  test_await (test_has (pair->alice->heard, "Connection.Message ([0x00, 0xff, 0x01], false)"));
  test_host_ask (pair->bob, connection, "Connection", "Send",
                 g_variant_new ("(@ayb)", test_bytes ("\2", 1), FALSE));
  test_await (test_has (pair->alice->heard, "Connection.Message ([0x02], false)"));
  test_host_ask (pair->bob, NULL, "Manager", "SendWithPriority",
                 g_variant_new ("(s@aybs)", "alice", test_bytes ("\4", 1), FALSE, "high"));
  test_await (test_has (pair->alice->heard, "Connection.Message ([0x04], false)"));
  test_host_assert_refused (pair->bob, NULL, "Manager", "SendWithPriority",
                            g_variant_new ("(s@aybs)", "alice", test_bytes ("\4", 1), FALSE,
                                           "urgent"),
                            "BadRequest");
  n = test_host_ask (pair->bob, NULL, "Manager", "Broadcast",
                     g_variant_new ("(s@ayb)", "global", test_bytes ("\3", 1), FALSE));
  g_assert_cmpstr (n, ==, "1");
  test_await (test_has (pair->alice->heard, "Connection.Message ([0x03], false)"));
  n_of_room = test_host_ask (pair->bob, room, "Room", "Broadcast",
                             g_variant_new ("(@ayb)", test_bytes ("\342\230\203", 3), TRUE));
  g_assert_cmpstr (n_of_room, ==, "1");
  test_await (test_has (pair->alice->heard, "Connection.Message ([0xe2, 0x98, 0x83], true)"));
}

static void
count_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *json = NULL;

  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &json);
  g_assert_nonnull (strstr (json, "\"nodeId\":\"alice\""));
  ++*(guint *)user_data;
}

/* More than may wait for the other node. */
static void
ask_often (Pair *pair, const char *connection)
{
  guint n_answers = 0;

  for (guint i = 0; i < 40; i++)
    g_dbus_connection_call (pair->bob->client, SENTIENT_DBUS_NAME, connection,
                            "org.sentient.Sentient1.Connection", "GetStatistics",
                            g_variant_new ("(b)", FALSE), NULL, 0, -1, NULL, count_answer,
                            &n_answers);
  test_await (n_answers == 40);
}

/* Which way the data takes, and what is told of it. */
static void
test_statistics (void)
{
  Pair pair;
  g_autofree char *connection = NULL;
  g_autofree char *open = NULL;
  g_autofree char *hidden = NULL;
  g_autofree char *sums = NULL;
  g_autofree char *minus = NULL;

  pair_init (&pair, NULL);
  connection = await_connection (pair.bob, "alice");
  test_await (test_host_has (pair.bob, connection, "Connection", "CandidateType", "host"));
  test_await (test_host_has (pair.bob, connection, "Connection", "RemoteCandidateType", "host"));
  test_await (test_host_has (pair.bob, connection, "Connection", "Protocol", "udp"));
  g_assert_true (test_host_has (pair.bob, connection, "Connection", "Relayed", "false"));
  test_await (!test_host_has (pair.bob, connection, "Connection", "RoundTripTime", "-1"));

  open = test_host_ask (pair.bob, connection, "Connection", "GetStatistics",
                        g_variant_new ("(b)", FALSE));
  g_assert_nonnull (
      strstr (open, "{\"nodeId\":\"alice\",\"room\":\"global\",\"state\":\"connected\""));
  g_assert_nonnull (strstr (open, "\"relayed\":false"));
  g_assert_null (strstr (open, "address-1"));
  hidden = test_host_ask (pair.bob, connection, "Connection", "GetStatistics",
                          g_variant_new ("(b)", TRUE));
  g_assert_nonnull (strstr (hidden, "\"local\":{\"type\":\"host\",\"address\":\"address-1\""));
  ask_often (&pair, connection);

  sums = test_host_ask (pair.bob, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (strstr (sums, "\"reconnects\":0,\"lost\":0,"));
  g_assert_nonnull (strstr (sums, "\"connected\":1,\"reconnecting\":0,"));
  g_assert_nonnull (strstr (sums, "\"direct\":1,\"relayed\":0,\"gossip\":{\"sent\":0,"));
  g_clear_pointer (&sums, g_free);

  /* What was counted stays when the connection is gone. */
  test_host_ask (pair.bob, connection, "Connection", "Send",
                 g_variant_new ("(@ayb)", test_bytes ("123", 3), FALSE));
  test_await (test_has (pair.alice->heard, "Connection.Message ([0x31, 0x32, 0x33], false)"));
  test_host_ask (pair.bob, connection, "Connection", "Close", NULL);
  minus = g_strconcat ("-", connection, NULL);
  test_await (test_has (pair.bob->paths, minus));
  sums = test_host_ask (pair.bob, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (strstr (sums, "\"open\":0,\"messagesSent\":1,\"messagesReceived\":0,"
                                  "\"bytesSent\":3,"));
  g_assert_nonnull (strstr (sums, "\"direct\":0,\"relayed\":0,"));
  pair_clear (&pair);
}

/* Attempts that come to nothing are counted. */
static void
test_failed (void)
{
  Pair pair;
  g_autofree char *room = NULL;
  g_autofree char *sums = NULL;

  pair_init (&pair, "auto-webrtc = false\nrelay-only = true\n");
  test_await (test_host_has (pair.bob, NULL, "Manager", "NodeState", "connected"));
  room = await_room (pair.bob, "global");
  g_free (await_member (pair.bob, room, "alice"));
  test_host_assert_refused (pair.bob, NULL, "Manager", "ConnectPeer",
                            g_variant_new ("(s)", "alice"), "LinkFailed");
  sums = test_host_ask (pair.bob, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (strstr (sums, "\"lost\":0,\"failed\":1,"));
  pair_clear (&pair);
}

static void
test_messages (void)
{
  Pair pair;
  g_autofree char *connection = NULL;
  g_autofree char *statistics = NULL;
  g_autofree char *minus = NULL;

  pair_init (&pair, NULL);
  send_all_ways (&pair);

  connection = await_connection (pair.alice, "bob");
  test_await (test_host_has (pair.alice, connection, "Connection", "MessagesReceived", "6"));
  g_assert_true (test_has (pair.alice->changes, "Connection.MessagesReceived 6"));
  test_await (test_host_has (pair.alice, connection, "Connection", "BytesReceived", "12"));
  g_assert_true (test_host_has (pair.alice, connection, "Connection", "MessagesSent", "0"));
  g_assert_true (test_host_has (pair.alice, connection, "Connection", "BytesSent", "0"));
  g_assert_true (test_host_has (pair.alice, connection, "Connection", "Room", "global"));
  g_assert_false (test_host_has (pair.alice, connection, "Connection", "ConnectedAt", "0"));
  test_await (!test_host_has (pair.alice, connection, "Connection", "CandidatePair", ""));
  g_clear_pointer (&connection, g_free);
  connection = await_connection (pair.bob, "alice");
  test_await (test_host_has (pair.bob, connection, "Connection", "MessagesSent", "6"));
  test_await (test_host_has (pair.bob, connection, "Connection", "BytesSent", "12"));

  statistics = test_host_ask (pair.bob, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (strstr (statistics, "{\"coordinator\":null,\"node\":{"));
  g_assert_nonnull (strstr (statistics, "\"open\":1,\"messagesSent\":6,"));
  g_clear_pointer (&statistics, g_free);
  statistics = test_host_ask (pair.alice, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (strstr (statistics, "{\"coordinator\":{\"version\":"));
  g_assert_nonnull (strstr (statistics, "\"messagesReceived\":6,"));

  test_host_ask (pair.bob, connection, "Connection", "Close", NULL);
  minus = g_strconcat ("-", connection, NULL);
  test_await (test_has (pair.bob->paths, minus));
  test_await (g_list_model_get_n_items (
                  sentient_peer_get_connections (sentient_daemon_get_peer (pair.alice->daemon)))
              == 0);
  pair_clear (&pair);
}

static gboolean
test_has_part (GPtrArray *texts, const char *start)
{
  for (guint i = 0; i < texts->len; i++)
    if (g_str_has_prefix (texts->pdata[i], start))
      return TRUE;
  return FALSE;
}

/* What the bus would not take does not cost the daemon its place there. */
static void
test_large (void)
{
  const gsize sizes[] = { 16 << 20, (16 << 20) + 1, 70 << 20 };
  Pair pair;

  pair_init (&pair, NULL);
  g_free (await_connection (pair.bob, "alice"));
  g_free (await_connection (pair.alice, "bob"));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (sizes[i]), sizes[i]);
      guint n = pair.alice->heard->len;

      /* What was sent before may not be acknowledged yet. */
      test_await (sentient_peer_send_message (sentient_daemon_get_peer (pair.bob->daemon), "alice",
                                              bytes, FALSE, SENTIENT_PRIORITY_NORMAL, NULL));
      test_await (pair.alice->heard->len > n);
      g_assert_true (g_str_has_prefix (pair.alice->heard->pdata[n],
                                       i == 0 ? "Connection.Message (large)" : "Manager.Failed "));
      if (i == 0)
        test_await (test_has (pair.alice->heard, "Manager.Message (large)"));
    }
  /* The signal comes first. */
  test_await (test_has_part (pair.alice->changes, "Manager.LastError a message of 73400320 bytes"));
  pair_clear (&pair);
}

/* Who sends too much is told, and told again when there is room. */
static void
test_drained (void)
{
  Pair pair;
  g_autofree char *connection = NULL;
  g_autofree char *big = g_strnfill (65536, 'x');
  g_autoptr (GError) error = NULL;

  pair_init (&pair, NULL);
  connection = await_connection (pair.bob, "alice");
  while (sentient_peer_send (sentient_daemon_get_peer (pair.bob->daemon), "alice", big, &error))
    ;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  test_await (test_has (pair.bob->heard, "Connection.Drained ()"));
  test_await (test_has (pair.alice->heard, "Manager.Message (large)"));
  test_host_ask (pair.bob, connection, "Connection", "Send",
                 g_variant_new ("(@ayb)", test_bytes ("y", 1), FALSE));
  test_await (test_has (pair.alice->heard, "Connection.Message ([0x79], false)"));
  /* Each is told by the connection first. */
  g_assert_cmpstr (pair.alice->heard->pdata[0], ==, "Connection.Message (large)");
  g_assert_cmpstr (pair.alice->heard->pdata[1], ==, "Manager.Message (large)");
  pair_clear (&pair);
}

/* By Manager and by Member, where nobody connects by itself. */
static void
test_connect (void)
{
  Pair pair;
  g_autofree char *room = NULL;
  g_autofree char *bob = NULL;
  g_autofree char *path = NULL;
  g_autofree char *again = NULL;

  pair_init (&pair, "auto-webrtc = false\n");
  room = await_room (pair.alice, "global");
  bob = await_member (pair.alice, room, "bob");
  /* The coordinator tells it before the node has heard of it. */
  test_await (sentient_room_find_member (sentient_coordinator_find_room (
                                             sentient_daemon_get_coordinator (pair.alice->daemon),
                                             "global"),
                                         "bob")
              != NULL);
  test_await (test_host_has (pair.bob, NULL, "Manager", "NodeState", "connected"));
  g_free (await_member (pair.bob, room, "alice"));
  g_assert_null (test_host_find (pair.alice, NULL, "Connection", "NodeId", "bob"));
  path = test_host_ask (pair.alice, NULL, "Manager", "ConnectPeer", g_variant_new ("(s)", "bob"));
  test_await (test_host_has (pair.alice, path, "Connection", "State", "connected"));
  again = test_host_ask (pair.alice, bob, "Member", "Connect", NULL);
  g_assert_cmpstr (again, ==, path);
  pair_clear (&pair);
}

/* Each error by its name on the bus. */
static void
test_errors (void)
{
  Pair pair;
  g_autofree char *room = NULL;
  g_autofree char *own = NULL;
  g_autofree char *connection = NULL;

  pair_init (&pair, NULL);
  connection = await_connection (pair.bob, "alice");
  room = await_room (pair.bob, "global");
  own = await_member (pair.bob, room, "bob");

  test_host_assert_refused (pair.bob, NULL, "Manager", "Join", g_variant_new ("(ss)", "a b", ""),
                            "BadRequest");
  test_host_assert_refused (pair.bob, NULL, "Manager", "Join", g_variant_new ("(ss)", "x", "{"),
                            "BadRequest");
  test_host_assert_refused (pair.bob, NULL, "Manager", "Leave", g_variant_new ("(s)", "attic"),
                            "UnknownRoom");
  test_host_assert_refused (pair.bob, NULL, "Manager", "Send",
                            g_variant_new ("(s@ayb)", "carol", test_bytes ("x", 1), TRUE),
                            "NotConnected");
  test_host_assert_refused (pair.bob, NULL, "Manager", "Send",
                            g_variant_new ("(s@ayb)", "alice", test_bytes ("\xff", 1), TRUE),
                            "BadRequest");
  test_host_assert_refused (pair.bob, NULL, "Manager", "Send",
                            g_variant_new ("(s@ayb)", "alice", test_bytes ("a\0b", 3), TRUE),
                            "BadRequest");
  test_host_assert_refused (pair.bob, connection, "Connection", "Send",
                            g_variant_new ("(@ayb)", test_bytes ("\xff", 1), TRUE), "BadRequest");
  test_host_assert_refused (pair.bob, NULL, "Manager", "Broadcast",
                            g_variant_new ("(s@ayb)", "attic", test_bytes ("x", 1), TRUE),
                            "UnknownRoom");
  test_host_assert_refused (pair.bob, NULL, "Manager", "ConnectPeer",
                            g_variant_new ("(s)", "carol"), "UnknownPeer");
  test_host_assert_refused (pair.bob, own, "Member", "Connect", NULL, "BadRequest");
  test_host_assert_refused (pair.bob, own, "Member", "Send",
                            g_variant_new ("(@ayb)", test_bytes ("x", 1), TRUE), "NotConnected");
  test_host_assert_refused (pair.bob, NULL, "Manager", "ConnectSeed",
                            g_variant_new ("(s)", "gopher://x"), "BadRequest");
  test_host_assert_refused (pair.bob, NULL, "Manager", "StopCoordinator", NULL, "Closed");
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/daemon/talk/rooms", test_rooms);
  g_test_add_func ("/daemon/talk/join-leave", test_join_leave);
  g_test_add_func ("/daemon/talk/messages", test_messages);
  g_test_add_func ("/daemon/talk/statistics", test_statistics);
  g_test_add_func ("/daemon/talk/failed", test_failed);
  g_test_add_func ("/daemon/talk/large", test_large);
  g_test_add_func ("/daemon/talk/drained", test_drained);
  g_test_add_func ("/daemon/talk/connect", test_connect);
  g_test_add_func ("/daemon/talk/errors", test_errors);
  return g_test_run ();
}
