/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings-fixture.h"

#include <glib/gstdio.h>

#include "core/sentient-error.h"

static void
on_changed (SentientSettings *settings, const char *name, gpointer data)
{
  g_string_append_printf (data, "%s ", name);
}

static void
on_error (SentientSettings *settings, GError *error, gpointer data)
{
  g_string_append_printf (data, "!%s ", error->message);
}

void
settings_fixture_write_file (SettingsFixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (fixture->path, text, -1, &error);
  g_assert_no_error (error);
}

static void
reset_gsettings (void)
{
  g_autoptr (GSettings) gsettings = g_settings_new (SENTIENT_SETTINGS_SCHEMA);
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  for (guint i = 0; i < n; i++)
    g_settings_reset (gsettings, infos[i].name);
}

static void
set_up (SettingsFixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_unsetenv ("SENTIENT_CONFIG");
  reset_gsettings ();
  fixture->dir = g_dir_make_tmp ("sentient-settings-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->dir, "sentient.conf", NULL);
  fixture->settings = sentient_settings_new ();
  fixture->events = g_string_new (NULL);
  g_signal_connect (fixture->settings, "changed", G_CALLBACK (on_changed), fixture->events);
  g_signal_connect (fixture->settings, "error", G_CALLBACK (on_error), fixture->events);
}

static void
tear_down (SettingsFixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (fixture->settings);
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->path);
  g_free (fixture->dir);
  g_string_free (fixture->events, TRUE);
}

void
settings_fixture_load (SettingsFixture *fixture, gboolean with_gsettings)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = sentient_settings_load (fixture->settings, fixture->path, with_gsettings, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

void
settings_fixture_assert_source (SettingsFixture *fixture, const char *name, guint line)
{
  g_autofree char *wanted = g_strdup_printf ("file:%s:%u", fixture->path, line);

  g_assert_cmpstr (sentient_settings_get_source (fixture->settings, name), ==, wanted);
}

void
settings_fixture_assert_errors (SettingsFixture *fixture, const char *text, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = g_strsplit (wanted, "\n", -1);
  g_auto (GStrv) checked = NULL;
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (all, "%s%s:%s", i > 0 ? "\n" : "", fixture->path, lines[i]);
  settings_fixture_write_file (fixture, text);
  g_assert_false (sentient_settings_load (fixture->settings, fixture->path, FALSE, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_assert_cmpstr (error->message, ==, all->str);

  checked = sentient_settings_check_file (fixture->path, NULL);
  g_assert_cmpuint (g_strv_length (checked), ==, g_strv_length (lines));
  g_strfreev (lines);
  lines = g_strsplit (all->str, "\n", -1);
  g_assert_true (g_strv_equal ((const char *const *)checked, (const char *const *)lines));
}

int
settings_fixture_run (int argc, char **argv, const SettingsTest *tests, gsize n)
{
  g_autofree char *home = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  /* Not G_TEST_OPTION_ISOLATE_DIRS, which leaks. */
  home = g_dir_make_tmp ("sentient-home-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("XDG_CONFIG_HOME", home, TRUE);
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < n; i++)
    g_test_add (tests[i].name, SettingsFixture, NULL, set_up, tests[i].run, tear_down);
  status = g_test_run ();
  g_assert_cmpint (g_rmdir (home), ==, 0);
  return status;
}
