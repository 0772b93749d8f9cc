/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What will not do, each with its line and what to do. */
#include <string.h>
#include <sys/stat.h>

#include "core/sentient-error.h"
#include "settings-fixture.h"

/* One limit is at its default and both ends of its range at once; one beyond each is an error. */
static void
test_ranges (SettingsFixture *fixture, gconstpointer unused)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  for (guint i = 0; i < n; i++)
    {
      const SentientSettingInfo *info = &infos[i];
      const gint64 good[] = { info->minimum, info->maximum };
      const gint64 bad[] = { (gint64)info->minimum - 1, (gint64)info->maximum + 1 };

      if (info->type != SENTIENT_SETTING_UINT)
        continue;
      g_assert_cmpuint (info->maximum, >, info->minimum);
      for (guint j = 0; j < 2; j++)
        {
          g_autofree char *text = g_strdup_printf ("[%s]\n%s=%" G_GINT64_FORMAT "\n", info->group,
                                                   info->name, good[j]);
          g_autofree char *wrong = g_strdup_printf ("[%s]\n%s=%" G_GINT64_FORMAT "\n", info->group,
                                                    info->name, bad[j]);
          g_autofree char *error
              = g_strdup_printf ("2: %s: \"%" G_GINT64_FORMAT
                                 "\" will not do: give a number from %u to %u",
                                 info->name, bad[j], info->minimum, info->maximum);

          settings_fixture_write_file (fixture, text);
          settings_fixture_load (fixture, FALSE);
          g_assert_cmpuint (sentient_settings_get_uint (fixture->settings, info->name), ==,
                            good[j]);
          settings_fixture_assert_errors (fixture, wrong, error);
          g_assert_cmpuint (sentient_settings_get_uint (fixture->settings, info->name), ==,
                            good[j]);
        }
    }
}

#define NOT_A_LINE "this is neither \"name = value\" nor a [group] nor a # comment"
#define NO_SETTING(name)                                                                           \
  "there is no setting \"" name "\"; correct its name or remove the line (\"sentient config "      \
  "show\" lists all names)"
#define NO_NAME(key, value)                                                                        \
  key ": \"" value "\" will not do: use 1 to 128 of A-Z a-z 0-9 . _ : - (\"system\" is reserved)"

/* A file each, and all its errors. */
static const char *const wrong[][2] = {
  { "port=1\n",
    "1: this stands before the first group; write [coordinator], [node] or [limits] above it" },
  { "\n[cordinator]\nport=x\n[limits]\nx=1\n",
    "2: there is no group [cordinator]; use [coordinator], [node] or [limits]\n"
    "5: " NO_SETTING ("x") },
  { "[node\n", "1: this begins with [ like a group, but does not end with ]" },
  { "[node]\nhello\n=1\n", "2: " NOT_A_LINE "\n3: " NOT_A_LINE },
  { "[node]\n\xff\n#\n", "2: this is no UTF-8 text; write the line anew" },
  { "[node]\na\033b=1\n", "2: " NO_SETTING ("a?b") },
  { "[node]\nport=1\n", "2: port stands below [node], but belongs below [coordinator]" },
  { "[coordinator]\nport=1\nhost=::\nport=2\n",
    "4: port was set in line 2 already; leave one of them out" },
  { "[coordinator]\nno-cors=true\n",
    "2: there is no setting \"no-cors\" in a file; write cors = false" },
  { "[coordinator]\nport=\nhost =\n",
    "2: port has no value; give one, or remove the line for the default\n"
    "3: host has no value; give one, or remove the line for the default" },
  { "[coordinator]\nport=1 # one\n",
    "2: port: \"1 # one\" will not do: give a number from 0 to 65535" },
  { "[coordinator]\n\n\ncors=perhaps\n", "4: cors: \"perhaps\" is neither true nor false" },
  { "[coordinator]\nhost=a b\n",
    "2: host: \"a b\" is no address; write 127.0.0.1 (this machine only), 0.0.0.0 (everybody who "
    "reaches it) or another of its addresses" },
  { "[coordinator]\nstatic=www\n",
    "2: static: \"www\" is a different place for each program that reads it; write a path that "
    "begins with /" },
  { "[node]\nnode-id=system\nrooms=a,b c\n",
    "2: " NO_NAME ("node-id", "system") "\n3: " NO_NAME ("rooms", "b c") },
  { "[node]\nseeds=http://a:1,ftp://b\n",
    "2: seeds: \"ftp://b\" is no http:// or https:// URL; write it like http://127.0.0.1:8888" },
  { "[node]\nseeds=,\n",
    "2: seeds: nothing is given; write none, or leave it out for the default" },
  { "[node]\nstun=http://x\n",
    "2: stun: \"http://x\" will not do; write it like stun:stun.l.google.com:19302 (or none)" },
  { "[node]\nturn=turn:me:secret\n",
    "2: turn: \"(not shown)\" will not do; write it like turn:user:password@host:3478" },
  { "[node]\nturn=me:secret\n",
    "2: turn: \"(not shown)\" will not do; write it like turn:user:password@host:3478" },
  { "[node]\nturn=turn:host\n",
    "2: turn: \"turn:host\" will not do; write it like turn:user:password@host:3478" },
  { "[node]\nrelay-only=maybe\n", "2: relay-only: \"maybe\" is neither true nor false" },
  { "[node]\ncandidate-filter=host,10.0.0.0/33\n",
    "2: candidate-filter: “10.0.0.0/33” is no word of a candidate filter: use host, srflx, relay, "
    "udp, tcp, ipv4, ipv6 or a network like 10.0.0.0/8, with ! before what is not wanted." },
  { "[node]\ncandidate-filter=host,!host\n",
    "2: candidate-filter: The candidate filter lets nothing through: leave something of types "
    "(host, srflx, relay), transports (udp, tcp) and families (ipv4, ipv6)." },
};

static void
test_errors (SettingsFixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    settings_fixture_assert_errors (fixture, wrong[i][0], wrong[i][1]);
}

/* What the access floor says of these is its own. */
static void
test_errors_of_access (SettingsFixture *fixture, gconstpointer unused)
{
  static const char *const lines[]
      = { "public-url=ftp://x", "trusted-proxy=10.0.0.0/33", "allow-origin=https://a/path" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *text = g_strconcat ("[coordinator]\n", lines[i], "\n", NULL);
      g_autofree char *start
          = g_strdup_printf ("%s:2: %.*s: ", fixture->path, (int)strcspn (lines[i], "="), lines[i]);
      g_auto (GStrv) found = NULL;

      settings_fixture_write_file (fixture, text);
      found = sentient_settings_check_file (fixture->path, NULL);
      g_assert_cmpuint (g_strv_length (found), ==, 1);
      g_assert_true (g_str_has_prefix (found[0], start));
      g_assert_cmpuint (strlen (found[0]), >, strlen (start) + 10);
    }
}

static void
test_many_errors (SettingsFixture *fixture, gconstpointer unused)
{
  g_autoptr (GString) text = g_string_new ("[node]\n");
  g_autofree char *more
      = g_strdup_printf ("%s: 50 more lines are wrong; correct these first", fixture->path);
  g_auto (GStrv) found = NULL;

  for (guint i = 0; i < 150; i++)
    g_string_append_printf (text, "x%u=1\n", i);
  settings_fixture_write_file (fixture, text->str);
  found = sentient_settings_check_file (fixture->path, NULL);
  g_assert_cmpuint (g_strv_length (found), ==, 101);
  g_assert_cmpstr (found[100], ==, more);
}

static void
test_unreadable (SettingsFixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *path;
    int code;
  } paths[] = {
    { "/nonexistent/sentient.conf", G_IO_ERROR_NOT_FOUND },
    { "/", G_IO_ERROR_IS_DIRECTORY },
    { "/dev/zero", G_IO_ERROR_MESSAGE_TOO_LARGE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (sentient_settings_load (fixture->settings, paths[i].path, FALSE, &error));
      g_assert_error (error, G_IO_ERROR, paths[i].code);
      g_assert_nonnull (strstr (error->message, paths[i].path));
      g_assert_null (sentient_settings_check_file (paths[i].path, NULL));
    }
  g_assert_true (sentient_settings_load (fixture->settings, "/dev/null", FALSE, NULL));
}

static void
test_fifo (SettingsFixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  g_assert_false (sentient_settings_load (fixture->settings, fixture->path, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
}

static void
test_command_line_errors (SettingsFixture *fixture, gconstpointer unused)
{
  static const char *const lines[][3] = {
    { "port", "70000", "--port: \"70000\" will not do: give a number from 0 to 65535" },
    { "max-rooms", "2", "--limit max-rooms: \"2\" will not do: give a number from 3 to 1000000" },
    { "auto-webrtc", "perhaps", "--auto-webrtc: \"perhaps\" is neither true nor false" },
    { "data", "", "--data: give the name of a directory" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (
          sentient_settings_set_command_line (fixture->settings, lines[i][0], lines[i][1], &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_assert_cmpstr (error->message, ==, lines[i][2]);
      g_assert_cmpstr (sentient_settings_get_source (fixture->settings, lines[i][0]), ==,
                       "default");
    }
  g_assert_true (sentient_settings_set_command_line (fixture->settings, "data", "relative", NULL));
}

int
main (int argc, char **argv)
{
  static const SettingsTest tests[] = {
    { "/settings/ranges", test_ranges },
    { "/settings/errors/lines", test_errors },
    { "/settings/errors/access", test_errors_of_access },
    { "/settings/errors/many", test_many_errors },
    { "/settings/errors/unreadable", test_unreadable },
    { "/settings/errors/fifo", test_fifo },
    { "/settings/errors/command-line", test_command_line_errors },
  };

  return settings_fixture_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
