/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every source of a setting, which goes first, and reading again. */
#include <glib/gstdio.h>
#include <string.h>

#include "core/sentient-error.h"
#include "settings-fixture.h"

static void
test_defaults (SettingsFixture *fixture, gconstpointer unused)
{
  SentientSettings *settings = fixture->settings;
  g_autoptr (SentientCoordinator) coordinator = sentient_coordinator_new ();
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  settings_fixture_write_file (fixture, "");
  settings_fixture_load (fixture, FALSE);
  g_assert_cmpuint (n, >=, 40);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpstr (sentient_settings_get_source (settings, infos[i].name), ==, "default");
      g_assert_true (sentient_settings_find_info (infos[i].name) == &infos[i]);
      g_assert_cmpuint (strlen (infos[i].what), >, 10);
      if (!g_str_equal (infos[i].group, "limits"))
        continue;
      {
        guint value;

        g_object_get (coordinator, infos[i].property, &value, NULL);
        g_assert_cmpuint (sentient_settings_get_uint (settings, infos[i].name), ==, value);
      }
    }
  g_assert_null (sentient_settings_find_info ("nothing"));
  g_assert_cmpuint (sentient_settings_get_uint (settings, "port"), ==, 8888);
  g_assert_cmpstr (sentient_settings_get_string (settings, "host"), ==, "127.0.0.1");
  g_assert_true (sentient_settings_get_boolean (settings, "webrtc"));
  g_assert_null (sentient_settings_get_string (settings, "node-id"));
  g_assert_null (sentient_settings_get_strv (settings, "stun"));
  g_assert_cmpstr (sentient_settings_get_strv (settings, "rooms")[0], ==, "global");
  sentient_settings_set_default (settings, "host", "0.0.0.0");
  g_assert_cmpstr (sentient_settings_get_string (settings, "host"), ==, "0.0.0.0");
  g_assert_cmpstr (sentient_settings_get_source (settings, "host"), ==, "default");
}

static void
test_file (SettingsFixture *fixture, gconstpointer unused)
{
  SentientSettings *settings = fixture->settings;
  const char *const *seeds;

  settings_fixture_write_file (fixture, "# a comment\r\n"
                                        "\n"
                                        "[coordinator]\r\n"
                                        "  port = 9000  \r\n"
                                        "cors=NO\n"
                                        "public-url = https://example.org/hub\n"
                                        "[ node ]\n"
                                        "seeds = http://a:1 , ,http://b:2\n"
                                        "stun=none\n"
                                        "turn=turn:me:secret@host:3478\n"
                                        "data=/var/lib/a=b\n"
                                        "[limits]\n"
                                        "grace-time=0\n"
                                        "[coordinator]\n"
                                        "host=::1");
  settings_fixture_load (fixture, FALSE);
  g_assert_cmpstr (sentient_settings_get_path (settings), ==, fixture->path);
  g_assert_cmpuint (sentient_settings_get_uint (settings, "port"), ==, 9000);
  settings_fixture_assert_source (fixture, "port", 4);
  g_assert_false (sentient_settings_get_boolean (settings, "cors"));
  g_assert_cmpstr (sentient_settings_get_string (settings, "public-url"), ==,
                   "https://example.org/hub");
  seeds = sentient_settings_get_strv (settings, "seeds");
  g_assert_cmpuint (g_strv_length ((GStrv)seeds), ==, 2);
  g_assert_cmpstr (seeds[1], ==, "http://b:2");
  g_assert_nonnull (sentient_settings_get_strv (settings, "stun"));
  g_assert_null (sentient_settings_get_strv (settings, "stun")[0]);
  g_assert_cmpuint (sentient_settings_get_uint (settings, "grace-time"), ==, 0);
  g_assert_cmpstr (sentient_settings_get_string (settings, "data"), ==, "/var/lib/a=b");
  g_assert_cmpstr (sentient_settings_get_string (settings, "host"), ==, "::1");
  settings_fixture_assert_source (fixture, "host", 15);
}

static void
test_text (SettingsFixture *fixture, gconstpointer unused)
{
  static const char *const texts[][2] = {
    { "port", "8888" },
    { "webrtc", "true" },
    { "node-id", "" },
    { "stun", "none" },
    { "seeds", "http://a:1,http://b:2" },
    { "turn", "turn:me:***@host:3478,turn:you:***@host:1" },
  };

  settings_fixture_write_file (fixture, "[node]\nstun=none\nseeds=http://a:1, http://b:2\n"
                                        "turn=turn:me:secret@host:3478,turn:you:other@host:1\n");
  settings_fixture_load (fixture, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = sentient_settings_dup_text (fixture->settings, texts[i][0]);

      g_assert_cmpstr (text, ==, texts[i][1]);
    }
}

static void
test_precedence (SettingsFixture *fixture, gconstpointer unused)
{
  SentientSettings *settings = fixture->settings;
  g_autoptr (GSettings) gsettings = g_settings_new (SENTIENT_SETTINGS_SCHEMA);
  g_autoptr (GError) error = NULL;
  const char *const origins[] = { "https://a.example", NULL };

  g_settings_set_uint (gsettings, "port", 1);
  g_settings_set_string (gsettings, "node-id", "from-gsettings");
  g_settings_set_boolean (gsettings, "cors", FALSE);
  g_settings_set_uint (gsettings, "max-peers", 7);
  settings_fixture_write_file (
      fixture, "[coordinator]\nport=2\ncors=true\nallow-origin=https://b.example\n");
  g_assert_true (sentient_settings_set_command_line (settings, "port", "3", &error));
  g_assert_no_error (error);
  g_assert_true (
      sentient_settings_set_command_line_strv (settings, "allow-origin", origins, &error));
  g_assert_no_error (error);
  settings_fixture_load (fixture, TRUE);

  g_assert_cmpuint (sentient_settings_get_uint (settings, "port"), ==, 3);
  g_assert_cmpstr (sentient_settings_get_source (settings, "port"), ==, "command-line");
  g_assert_cmpstr (sentient_settings_get_strv (settings, "allow-origin")[0], ==,
                   "https://a.example");
  g_assert_true (sentient_settings_get_boolean (settings, "cors"));
  settings_fixture_assert_source (fixture, "cors", 3);
  g_assert_cmpstr (sentient_settings_get_string (settings, "node-id"), ==, "from-gsettings");
  g_assert_cmpstr (sentient_settings_get_source (settings, "node-id"), ==, "gsettings");
  g_assert_cmpuint (sentient_settings_get_uint (settings, "max-peers"), ==, 7);
  g_assert_cmpstr (sentient_settings_get_source (settings, "max-rooms"), ==, "default");

  settings_fixture_load (fixture, FALSE);
  g_assert_cmpstr (sentient_settings_get_source (settings, "node-id"), ==, "gsettings");
}

static void
test_gsettings_changes (SettingsFixture *fixture, gconstpointer unused)
{
  SentientSettings *settings = fixture->settings;
  g_autoptr (GSettings) gsettings = g_settings_new (SENTIENT_SETTINGS_SCHEMA);

  settings_fixture_write_file (fixture, "[limits]\nmax-peers=9\n");
  settings_fixture_load (fixture, TRUE);
  g_settings_set_uint (gsettings, "join-rate", 5);
  g_settings_set_uint (gsettings, "max-peers", 8); /* the file goes first */
  while (fixture->events->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (fixture->events->str, ==, "join-rate ");
  g_assert_cmpuint (sentient_settings_get_uint (settings, "join-rate"), ==, 5);
  g_assert_cmpuint (sentient_settings_get_uint (settings, "max-peers"), ==, 9);

  g_string_truncate (fixture->events, 0);
  g_settings_set_string (gsettings, "node-id", "a b");
  while (fixture->events->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (fixture->events->str, "!gsettings org.sentient.Sentient: "
                                                         "node-id: \"a b\" will not do"));
  g_assert_nonnull (strstr (fixture->events->str, "gsettings reset org.sentient.Sentient node-id"));
  g_assert_null (sentient_settings_get_string (settings, "node-id"));

  g_string_truncate (fixture->events, 0);
  g_settings_reset (gsettings, "node-id");
  g_settings_reset (gsettings, "join-rate");
  while (fixture->events->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (fixture->events->str, ==, "join-rate ");
  g_assert_cmpstr (sentient_settings_get_source (settings, "join-rate"), ==, "default");
}

static void
test_gsettings_bad (SettingsFixture *fixture, gconstpointer unused)
{
  g_autoptr (GSettings) gsettings = g_settings_new (SENTIENT_SETTINGS_SCHEMA);
  g_autoptr (GError) error = NULL;

  settings_fixture_write_file (fixture, "[limits]\nmax-peers=9\n");
  g_settings_set_string (gsettings, "data", "relative");
  g_assert_false (sentient_settings_load (fixture->settings, fixture->path, TRUE, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_assert_nonnull (strstr (error->message, "data: \"relative\""));
  g_assert_cmpuint (sentient_settings_get_uint (fixture->settings, "max-peers"), ==, 50);
}

static void
test_reload (SettingsFixture *fixture, gconstpointer unused)
{
  SentientSettings *settings = fixture->settings;
  g_auto (GStrv) changed = NULL;
  g_auto (GStrv) restart = NULL;
  g_autofree char *text = NULL;
  g_autofree char *names = NULL;

  settings_fixture_write_file (fixture,
                               "[coordinator]\nport=1\n[limits]\nmax-peers=9\njoin-rate=3\n");
  g_assert_true (sentient_settings_set_command_line (settings, "host", "::1", NULL));
  settings_fixture_load (fixture, FALSE);
  settings_fixture_write_file (
      fixture, "\n[coordinator]\nport=2\nhost=::\n[limits]\nmax-peers=10\njoin-rate=3\n");
  g_assert_true (sentient_settings_reload (settings, &changed, &restart, NULL));
  names = g_strjoinv (" ", changed);
  g_assert_cmpstr (names, ==, "port max-peers");
  g_assert_cmpstr (fixture->events->str, ==, "port max-peers ");
  g_assert_cmpuint (g_strv_length (restart), ==, 1);
  g_assert_cmpstr (restart[0], ==, "port");
  g_assert_cmpstr (sentient_settings_get_string (settings, "host"), ==, "::1");
  settings_fixture_assert_source (fixture, "join-rate", 7);

  /* It still waits for the start, which then comes. */
  g_clear_pointer (&changed, g_strfreev);
  g_clear_pointer (&restart, g_strfreev);
  g_assert_true (sentient_settings_reload (settings, &changed, &restart, NULL));
  g_assert_null (changed[0]);
  g_assert_cmpstr (restart[0], ==, "port");
  sentient_settings_mark_in_force (settings, "node");
  g_clear_pointer (&restart, g_strfreev);
  g_assert_true (sentient_settings_reload (settings, NULL, &restart, NULL));
  g_assert_cmpstr (restart[0], ==, "port");
  sentient_settings_mark_in_force (settings, "coordinator");
  g_clear_pointer (&restart, g_strfreev);
  g_assert_true (sentient_settings_reload (settings, NULL, &restart, NULL));
  g_assert_null (restart[0]);
}

static void
test_reload_fails (SettingsFixture *fixture, gconstpointer unused)
{
  SentientSettings *settings = fixture->settings;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) changed = NULL;

  settings_fixture_write_file (fixture, "[coordinator]\nport=1\n");
  settings_fixture_load (fixture, FALSE);
  settings_fixture_write_file (fixture, "[coordinator]\nport=2\nhost=a b\n");
  g_assert_false (sentient_settings_reload (settings, &changed, NULL, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_assert_null (changed);
  g_assert_cmpuint (sentient_settings_get_uint (settings, "port"), ==, 1);
  g_clear_error (&error);
  g_unlink (fixture->path);
  g_assert_false (sentient_settings_reload (settings, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpuint (sentient_settings_get_uint (settings, "port"), ==, 1);
  settings_fixture_assert_source (fixture, "port", 2);
  g_assert_cmpstr (fixture->events->str, ==, "");
}

/* $SENTIENT_CONFIG goes before the file of the user. */
static void
test_places (SettingsFixture *fixture, gconstpointer unused)
{
  g_autofree char *dir = g_build_filename (g_get_user_config_dir (), "sentient", NULL);
  g_autofree char *own = g_build_filename (dir, "sentient.conf", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_file_set_contents (own, "[coordinator]\nport=5\n", -1, &error);
  g_assert_no_error (error);
  g_assert_true (sentient_settings_load (fixture->settings, NULL, FALSE, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (sentient_settings_get_path (fixture->settings), ==, own);
  g_assert_cmpuint (sentient_settings_get_uint (fixture->settings, "port"), ==, 5);

  settings_fixture_write_file (fixture, "[coordinator]\nport=6\n");
  g_setenv ("SENTIENT_CONFIG", fixture->path, TRUE);
  g_assert_true (sentient_settings_load (fixture->settings, NULL, FALSE, &error));
  g_assert_cmpuint (sentient_settings_get_uint (fixture->settings, "port"), ==, 6);
  g_setenv ("SENTIENT_CONFIG", "/nonexistent/there", TRUE);
  g_assert_false (sentient_settings_load (fixture->settings, NULL, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_unlink (own);
  g_rmdir (dir);
}

static void
test_coordinator (SettingsFixture *fixture, gconstpointer unused)
{
  g_autoptr (SentientCoordinator) coordinator = sentient_coordinator_new ();
  g_autofree char *host = NULL;
  g_autofree char *handover = NULL;
  g_auto (GStrv) stun = NULL;
  const char *const names[] = { "max-peers", "port", "rooms", NULL };
  g_autoptr (GError) error = NULL;
  guint port, peers, rate;

  settings_fixture_write_file (
      fixture, "[coordinator]\nport=0\n[node]\ndata=/nonexistent\n[limits]\nmax-peers=3\n"
               "join-rate=4\n");
  settings_fixture_load (fixture, FALSE);
  sentient_settings_configure_coordinator (fixture->settings, coordinator, NULL);
  g_object_get (coordinator, "host", &host, "port", &port, "max-peers", &peers, "handover-file",
                &handover, "stun-servers", &stun, NULL);
  g_assert_cmpstr (host, ==, "127.0.0.1");
  g_assert_cmpuint (port, ==, 0);
  g_assert_cmpuint (peers, ==, 3);
  g_assert_cmpstr (handover, ==, "/nonexistent/handover");
  g_assert_cmpstr (stun[0], ==, "stun:stun.l.google.com:19302");

  g_object_set (coordinator, "handover-file", NULL, NULL);
  g_assert_true (sentient_coordinator_start (coordinator, &error));
  g_assert_no_error (error);
  port = sentient_coordinator_get_port (coordinator);
  settings_fixture_write_file (fixture,
                               "[coordinator]\nport=1\n[limits]\nmax-peers=5\njoin-rate=6\n");
  g_assert_true (sentient_settings_reload (fixture->settings, NULL, NULL, &error));
  sentient_settings_configure_coordinator (fixture->settings, coordinator, names);
  g_object_get (coordinator, "max-peers", &peers, "join-rate", &rate, NULL);
  g_assert_cmpuint (peers, ==, 5);
  g_assert_cmpuint (rate, ==, 4); /* it was not named */
  g_assert_cmpuint (sentient_coordinator_get_port (coordinator), ==, port);
}

static void
refuse_node_id (const char *dir, const char *wanted, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sentient_settings_keep_node_id (dir, wanted, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_assert_nonnull (strstr (error->message, why));
}

static void
test_node_id (SettingsFixture *fixture, gconstpointer unused)
{
  g_autofree char *dir = g_build_filename (fixture->dir, "data", NULL);
  g_autofree char *path = g_build_filename (dir, "node-id", NULL);
  g_autofree char *below = g_build_filename (path, "deeper", NULL);
  g_autofree char *first = NULL;
  g_autofree char *again = NULL;
  g_autofree char *wanted = NULL;
  g_autoptr (GError) error = NULL;

  first = sentient_settings_keep_node_id (dir, NULL, &error);
  g_assert_no_error (error);
  again = sentient_settings_keep_node_id (dir, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, first);
  refuse_node_id (dir, "another", "leave one of them out");
  refuse_node_id (below, NULL, "cannot be made");

  g_assert_true (g_file_set_contents (path, "no name\n", -1, NULL));
  refuse_node_id (dir, NULL, "holds no node id");
  g_assert_cmpint (g_unlink (path), ==, 0);
  wanted = sentient_settings_keep_node_id (dir, "wanted", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (wanted, ==, "wanted");
  g_clear_pointer (&again, g_free);
  again = sentient_settings_keep_node_id (dir, NULL, &error);
  g_assert_cmpstr (again, ==, "wanted");
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

int
main (int argc, char **argv)
{
  static const SettingsTest tests[] = {
    { "/settings/defaults", test_defaults },
    { "/settings/file", test_file },
    { "/settings/text", test_text },
    { "/settings/precedence", test_precedence },
    { "/settings/gsettings/changes", test_gsettings_changes },
    { "/settings/gsettings/bad", test_gsettings_bad },
    { "/settings/reload/changes", test_reload },
    { "/settings/reload/fails", test_reload_fails },
    { "/settings/places", test_places },
    { "/settings/coordinator", test_coordinator },
    { "/settings/node-id", test_node_id },
  };

  return settings_fixture_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
