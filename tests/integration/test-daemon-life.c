/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a daemon starts, changes and ends, and what is left of it then: nothing. */
#include "daemon-fixture.h"

#include <string.h>

#include "daemon/sentient-daemon-private.h"

static void
test_start_stop (void)
{
  TestHost *host = test_host_new ("alice", NULL, NULL);
  g_autofree char *url = NULL;
  g_autofree char *version = test_host_get (host, NULL, "Manager", "Version");

  test_await (test_host_has (host, NULL, "Manager", "NodeState", "connected"));
  g_assert_cmpstr (version, ==, SENTIENT_VERSION_STRING);
  url = test_host_get (host, NULL, "Manager", "CoordinatorUrl");
  g_assert_true (test_host_has (host, NULL, "Manager", "CoordinatorUri", url));
  g_assert_true (test_host_has (host, NULL, "Manager", "Channel", "websocket"));
  g_assert_true (test_host_has (host, NULL, "Manager", "Mode", "both"));
  g_assert_true (test_host_has (host, NULL, "Manager", "NodeId", "alice"));
  g_assert_true (test_host_has (host, NULL, "Manager", "Seeds", "[]"));
  g_assert_true (test_host_has (host, NULL, "Manager", "CoordinatorRunning", "true"));
  g_assert_true (test_host_has (host, NULL, "Manager", "LastError", ""));
  g_assert_false (test_host_has (host, NULL, "Manager", "StartedAt", "0"));
  test_await (test_host_has (host, NULL, "Manager", "PeerCount", "1"));
  test_host_free (host);
}

/* Stop and start of its parts; the node finds the coordinator again, though it is at another port.
 */
static void
test_parts (void)
{
  TestHost *host = test_host_new ("alice", NULL, "[limits]\ndrain-time = 0\n");

  test_await (test_host_has (host, NULL, "Manager", "NodeState", "connected"));
  test_host_ask (host, NULL, "Manager", "StopNode", NULL);
  test_await (test_host_has (host, NULL, "Manager", "Mode", "coordinator"));
  test_await (test_host_has (host, NULL, "Manager", "NodeState", "disconnected"));
  g_assert_true (test_host_has (host, NULL, "Manager", "CoordinatorUri", ""));
  test_host_ask (host, NULL, "Manager", "StartNode", NULL);
  test_await (test_host_has (host, NULL, "Manager", "Mode", "both"));
  test_await (test_host_has (host, NULL, "Manager", "NodeState", "connected"));

  test_host_ask (host, NULL, "Manager", "StopCoordinator", NULL);
  test_await (test_host_has (host, NULL, "Manager", "Mode", "node"));
  g_assert_true (test_host_has (host, NULL, "Manager", "CoordinatorUrl", ""));
  test_await (!test_host_has (host, NULL, "Manager", "LastError", ""));
  test_await (host->heard->len > 0);
  g_assert_true (
      g_str_has_prefix (host->heard->pdata[0],
                        "Manager.Failed ('org.sentient.Sentient1.Error.ConnectionLost', "));
  test_await (!test_host_shows (host, "Room", "Hosted", "true"));
  test_host_ask (host, NULL, "Manager", "StartCoordinator", NULL);
  test_await (test_host_has (host, NULL, "Manager", "NodeState", "connected"));
  test_await (test_host_has (host, NULL, "Manager", "PeerCount", "1"));

  test_host_ask (host, NULL, "Manager", "StopNode", NULL);
  test_host_ask (host, NULL, "Manager", "StopCoordinator", NULL);
  test_await (test_host_has (host, NULL, "Manager", "Mode", "none"));
  test_await (!test_host_shows (host, "Room", "Hosted", "false"));
  test_host_assert_refused (host, NULL, "Manager", "Join", g_variant_new ("(ss)", "x", ""),
                            "NotConnected");
  test_host_free (host);
}

/* Without losing the connection that it has. */
static void
test_seed (void)
{
  TestHost *first = test_host_new ("alice", NULL, NULL);
  TestHost *second = test_host_new ("carol", NULL, NULL);
  g_autofree char *url = test_host_get (first, NULL, "Manager", "CoordinatorUrl");
  g_autofree char *other = test_host_get (second, NULL, "Manager", "CoordinatorUrl");
  TestHost *bob = test_host_new ("bob", url, NULL);
  g_autofree char *seeds = g_strdup_printf ("['%s']", url);

  g_assert_true (test_host_has (bob, NULL, "Manager", "Seeds", seeds));
  test_await (test_host_has (bob, NULL, "Manager", "CoordinatorUri", url));
  test_await (test_host_shows (bob, "Connection", "NodeId", "alice"));
  test_host_ask (bob, NULL, "Manager", "ConnectSeed", g_variant_new ("(s)", other));
  test_await (test_host_has (bob, NULL, "Manager", "CoordinatorUri", other));
  test_await (test_host_shows (bob, "Member", "NodeId", "carol"));
  g_assert_true (test_host_has (bob, NULL, "Manager", "Seeds", seeds));

  /* One that does not answer: then its own seeds. */
  test_host_assert_refused (bob, NULL, "Manager", "ConnectSeed",
                            g_variant_new ("(s)", "http://127.0.0.1:1"), "NotConnected");
  test_await (test_host_has (bob, NULL, "Manager", "CoordinatorUri", url));
  test_host_free (bob);
  test_host_free (second);
  test_host_free (first);
}

static char *
ask_setting (TestHost *host, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = test_host_call (host, NULL, "Manager", "GetSettings", NULL, &error);
  g_autoptr (GVariantIter) iter = NULL;
  const char *key, *value, *source;

  g_assert_no_error (error);
  g_variant_get (reply, "(a(sss))", &iter);
  while (g_variant_iter_next (iter, "(&s&s&s)", &key, &value, &source))
    if (g_str_equal (key, name))
      return g_strdup_printf ("%s %s", value, source);
  return NULL;
}

/* The settings say true and these words; or neither. */
static void
assert_ways (TestHost *host, gboolean relay_only, const char *words)
{
  g_auto (GStrv) filter = NULL;
  g_autofree char *got = NULL;
  gboolean only;

  g_object_get (sentient_daemon_get_peer (host->daemon), "relay-only", &only, "candidate-filter",
                &filter, NULL);
  g_assert_cmpint (only, ==, relay_only);
  got = filter != NULL ? g_strjoinv (" ", filter) : NULL;
  g_assert_cmpstr (got, ==, words);
}

static void
test_reload (void)
{
  TestHost *host
      = test_host_new ("alice", NULL, "rooms = global, attic\n[limits]\nmax-peers = 9\n");
  g_autofree char *was = ask_setting (host, "max-peers");
  g_autofree char *is = NULL;
  g_autofree char *names = NULL;
  g_autofree char *wanted = g_strdup_printf ("9 file:%s:", host->config);
  guint max_peers = 0;

  test_await (test_host_shows (host, "Room", "Name", "attic"));
  g_assert_true (g_str_has_prefix (was, wanted));
  assert_ways (host, FALSE, NULL);
  test_host_write_conf (host, "alice", NULL,
                        "rooms = cellar, global\ndata = /nonexistent\nrelay-only = true\n"
                        "candidate-filter = ipv6, !fd00::/8\n[limits]\nmax-peers = 7\n");
  names = test_host_ask (host, NULL, "Manager", "Reload", NULL);
  g_assert_cmpstr (names, ==, "['data']");
  assert_ways (host, TRUE, "ipv6 !fd00::/8");
  is = ask_setting (host, "max-peers");
  g_assert_true (g_str_has_prefix (is, "7 file:"));
  g_object_get (sentient_daemon_get_coordinator (host->daemon), "max-peers", &max_peers, NULL);
  g_assert_cmpuint (max_peers, ==, 7);
  test_await (test_host_shows (host, "Room", "Name", "cellar"));
  test_await (!test_host_shows (host, "Room", "Name", "attic"));
  g_assert_true (test_host_has (host, NULL, "Manager", "NodeState", "connected"));
  g_assert_true (test_host_has (host, NULL, "Manager", "LastError", ""));

  test_host_write_conf (host, "alice", NULL, "[limits]\nmax-peers = many\n");
  test_host_assert_refused (host, NULL, "Manager", "Reload", NULL, "BadRequest");
  g_object_get (sentient_daemon_get_coordinator (host->daemon), "max-peers", &max_peers, NULL);
  g_assert_cmpuint (max_peers, ==, 7);
  test_host_free (host);
}

static void
on_quit (SentientDaemon *daemon, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

static void
test_quit (void)
{
  TestHost *host = test_host_new ("alice", NULL, NULL);
  gboolean quits = FALSE;

  g_signal_connect (host->daemon, "quit", G_CALLBACK (on_quit), &quits);
  test_host_ask (host, NULL, "Manager", "Quit", NULL);
  g_assert_true (quits);
  test_host_free (host);
}

static void
test_owned (void)
{
  TestHost *host = test_host_new ("alice", NULL, NULL);
  SentientDaemon *second = test_host_make_daemon (host);
  g_autoptr (GError) error = test_host_start (host, second);

  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "has it"));
  g_assert_false (sentient_coordinator_get_running (sentient_daemon_get_coordinator (second)));
  test_host_stop_daemon (second);
  g_assert_true (test_host_has (host, NULL, "Manager", "NodeId", "alice"));
  test_host_free (host);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_false (sentient_daemon_start_finish (SENTIENT_DAEMON (source), result, user_data));
}

/* Before it has its name. */
static void
test_stop_early (void)
{
  TestHost *host = test_host_new_bus ();
  g_autoptr (GError) error = NULL;
  SentientDaemon *daemon;

  test_host_write_conf (host, "alice", NULL, NULL);
  daemon = test_host_make_daemon (host);
  sentient_daemon_start_async (daemon, host->client, on_started, &error);
  test_host_stop_daemon (daemon);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED);
  test_host_free (host);
}

static void
on_lost (SentientDaemon *daemon, const GError *error, gpointer user_data)
{
  *(GError **)user_data = g_error_copy (error);
}

static void
test_bus_gone (void)
{
  TestHost *host = test_host_new_bus ();
  g_autoptr (GError) error = NULL;
  SentientDaemon *daemon;

  test_host_write_conf (host, "alice", NULL, NULL);
  daemon = test_host_make_daemon (host);
  g_assert_null (test_host_start (host, daemon));
  g_signal_connect (daemon, "lost", G_CALLBACK (on_lost), &error);
  test_host_stop_bus (host);
  test_await (error != NULL);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
  test_host_stop_daemon (daemon);
  test_host_free (host);
}

static guint
count (TestHost *host, const char *interface)
{
  GList *objects = g_dbus_object_manager_get_objects (host->objects);
  g_autofree char *full = g_strconcat ("org.sentient.Sentient1.", interface, NULL);
  guint n = 0;

  for (GList *item = objects; item != NULL; item = item->next)
    {
      g_autoptr (GDBusInterface) found = g_dbus_object_get_interface (item->data, full);

      n += found != NULL;
    }
  g_list_free_full (objects, g_object_unref);
  return n;
}

static void
join_many (SentientCoordinator *coordinator, const char *room, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *node_id = g_strdup_printf ("n%u", i);
      g_autofree char *name = room == NULL ? g_strdup_printf ("room%u", i) : g_strdup (room);
      g_autoptr (GError) error = NULL;
      g_autoptr (SentientMember) member
          = sentient_coordinator_join (coordinator, node_id, name, NULL, &error);

      g_assert_no_error (error);
    }
}

static void
leave_many (SentientCoordinator *coordinator, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *node_id = g_strdup_printf ("n%u", i);

      g_assert_true (sentient_coordinator_leave_all (coordinator, node_id, NULL));
    }
}

/* On the bus is so much and no more, and who waits comes when others went. */
static void
test_bounds (void)
{
  TestHost *host = test_host_new_bus ();
  SentientCoordinator *coordinator;
  g_autofree char *room = NULL;
  g_autoptr (GError) error = NULL;

  test_host_write_conf (host, "alice", NULL, "node = false\n[limits]\nmax-peers = 100\n");
  host->daemon = test_host_make_daemon (host);
  sentient_daemon_set_bounds (host->daemon, 5, 20);
  error = test_host_start (host, host->daemon);
  g_assert_no_error (error);
  test_host_follow (host);
  coordinator = sentient_daemon_get_coordinator (host->daemon);

  join_many (coordinator, "learning", 0, 60);
  test_await ((room = test_host_find (host, NULL, "Room", "Name", "learning")) != NULL);
  test_await (test_host_has (host, room, "Room", "MemberCount", "60"));
  g_assert_cmpuint (count (host, "Member"), ==, 20);
  leave_many (coordinator, 0, 55);
  test_await (test_host_shows (host, "Member", "NodeId", "n59"));
  test_await (count (host, "Member") == 5);
  g_assert_true (test_host_has (host, room, "Room", "MemberCount", "5"));

  /* Three rooms are always there. */
  join_many (coordinator, NULL, 60, 70);
  test_await (test_host_shows (host, "Room", "Name", "room61"));
  test_await (count (host, "Member") == 7);
  g_assert_cmpuint (count (host, "Room"), ==, 5);
  leave_many (coordinator, 60, 69);
  test_await (test_host_shows (host, "Room", "Name", "room69"));
  test_await (test_host_shows (host, "Member", "NodeId", "n69"));
  test_await (count (host, "Room") == 4);
  test_host_free (host);
}

/* The table says of the mesh what the peer's properties say. */
static void
test_mesh_settings (void)
{
  const char *const names[]
      = { "mesh-limit", "mesh-degree", "gossip-hops", "gossip-max-size", "gossip-rate" };
  g_autoptr (GTypeClass) klass = g_type_class_ref (SENTIENT_TYPE_PEER);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const SentientSettingInfo *info = sentient_settings_find_info (names[i]);
      const GParamSpecUInt *pspec
          = G_PARAM_SPEC_UINT (g_object_class_find_property (G_OBJECT_CLASS (klass), names[i]));

      g_assert_cmpuint (info->minimum, ==, pspec->minimum);
      g_assert_cmpuint (info->maximum, ==, pspec->maximum);
      g_assert_cmpuint (g_ascii_strtoull (info->fallback, NULL, 10), ==, pspec->default_value);
      g_assert_true (info->at_once);
    }
}

/* They take effect at once. */
static void
test_mesh (void)
{
  TestHost *host = test_host_new ("alice", NULL, "mesh-degree = 4\ngossip-rate = 7\n");
  g_autofree char *names = NULL;
  guint limit, degree, rate;

  g_object_get (sentient_daemon_get_peer (host->daemon), "mesh-limit", &limit, "mesh-degree",
                &degree, "gossip-rate", &rate, NULL);
  g_assert_cmpuint (limit, ==, 8);
  g_assert_cmpuint (degree, ==, 4);
  g_assert_cmpuint (rate, ==, 7);

  test_host_write_conf (host, "alice", NULL, "mesh-limit = 2\nmesh-degree = 2\n");
  names = test_host_ask (host, NULL, "Manager", "Reload", NULL);
  g_assert_cmpstr (names, ==, "[]");
  g_object_get (sentient_daemon_get_peer (host->daemon), "mesh-limit", &limit, "mesh-degree",
                &degree, "gossip-rate", &rate, NULL);
  g_assert_cmpuint (limit, ==, 2);
  g_assert_cmpuint (degree, ==, 2);
  g_assert_cmpuint (rate, ==, 10000);

  test_host_free (host);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/daemon/life/start-stop", test_start_stop);
  g_test_add_func ("/daemon/life/parts", test_parts);
  g_test_add_func ("/daemon/life/seed", test_seed);
  g_test_add_func ("/daemon/life/reload", test_reload);
  g_test_add_func ("/daemon/life/mesh-settings", test_mesh_settings);
  g_test_add_func ("/daemon/life/mesh", test_mesh);
  g_test_add_func ("/daemon/life/quit", test_quit);
  g_test_add_func ("/daemon/life/owned", test_owned);
  g_test_add_func ("/daemon/life/stop-early", test_stop_early);
  g_test_add_func ("/daemon/life/bus-gone", test_bus_gone);
  g_test_add_func ("/daemon/life/bounds", test_bounds);
  return g_test_run ();
}
