/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The schema, the example, the man page and README say of each setting what the table says. */

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "settings/sentient-settings.h"

static char *
read_source (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static GSettingsSchema *
lookup_schema (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  GSettingsSchema *schema;

  g_assert_nonnull (source);
  schema = g_settings_schema_source_lookup (source, SENTIENT_SETTINGS_SCHEMA, TRUE);
  g_assert_nonnull (schema);
  return schema;
}

static void
check_key (GSettingsSchemaKey *key, const SentientSettingInfo *info)
{
  static const char *const types[] = {
    [SENTIENT_SETTING_STRING] = "s",
    [SENTIENT_SETTING_BOOLEAN] = "b",
    [SENTIENT_SETTING_UINT] = "u",
    [SENTIENT_SETTING_STRV] = "as",
  };
  g_autoptr (GVariant) fallback = g_settings_schema_key_get_default_value (key);
  g_autofree char *when
      = g_strdup (info->at_once ? "Takes effect at once." : "Takes effect at the next start.");

  g_assert_cmpstr (g_variant_get_type_string (fallback), ==, types[info->type]);
  g_assert_cmpstr (g_settings_schema_key_get_summary (key), ==, info->what);
  g_assert_true (g_str_has_suffix (g_settings_schema_key_get_description (key), when));
  if (info->type == SENTIENT_SETTING_UINT)
    {
      const gint64 tries[] = { 0, info->minimum, info->maximum, (gint64)info->maximum + 1 };

      for (guint i = 0; i < G_N_ELEMENTS (tries); i++)
        {
          g_autoptr (GVariant) number
              = g_variant_ref_sink (g_variant_new_uint32 ((guint32)tries[i]));

          g_assert_cmpint (g_settings_schema_key_range_check (key, number), ==,
                           tries[i] >= info->minimum && tries[i] <= info->maximum);
        }
    }
}

static void
test_schema (void)
{
  g_autoptr (GSettingsSchema) schema = lookup_schema ();
  g_auto (GStrv) keys = g_settings_schema_list_keys (schema);
  g_autoptr (SentientSettings) settings = sentient_settings_new ();
  g_autoptr (GError) error = NULL;
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  g_assert_cmpuint (g_strv_length (keys), ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GSettingsSchemaKey) key = NULL;

      g_assert_true (g_settings_schema_has_key (schema, infos[i].name));
      key = g_settings_schema_get_key (schema, infos[i].name);
      check_key (key, &infos[i]);
    }

  /* Its defaults are ours: none of them counts as set. */
  g_assert_true (sentient_settings_load (settings, "/dev/null", TRUE, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    g_assert_cmpstr (sentient_settings_get_source (settings, infos[i].name), ==, "default");
}

/* Every setting stands in it as a comment, and what is there when the "#" are gone is all right and
 * changes nothing that has a default. */
static void
test_example (void)
{
  g_autofree char *text = read_source ("data/sentient.conf.example");
  g_autoptr (GRegex) regex = g_regex_new ("^#([a-z-]+ = )", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *all = g_regex_replace (regex, text, -1, 0, "\\1", 0, NULL);
  g_autoptr (SentientSettings) settings = sentient_settings_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);
  int fd = g_file_open_tmp ("sentient-example-XXXXXX", &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_true (sentient_settings_load (settings, path, FALSE, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    g_assert_cmpstr (sentient_settings_get_source (settings, infos[i].name), ==, "default");

  g_file_set_contents (path, all, -1, &error);
  g_assert_no_error (error);
  g_assert_true (sentient_settings_load (settings, path, FALSE, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *value = sentient_settings_dup_text (settings, infos[i].name);

      g_assert_true (
          g_str_has_prefix (sentient_settings_get_source (settings, infos[i].name), "file:"));
      if (infos[i].fallback != NULL)
        g_assert_cmpstr (value, ==, infos[i].fallback);
    }
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_man (void)
{
  g_autofree char *page = read_source ("data/sentient.conf.5");
  g_auto (GStrv) pieces = g_strsplit (page, "\\-", -1);
  g_autofree char *plain = g_strjoinv ("-", pieces);
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *head = g_strdup_printf ("\n.BI %s \" = ", infos[i].name);
      const char *at = strstr (plain, head);
      g_autofree char *entry = NULL;
      g_autofree char *when
          = g_strdup_printf ("Takes effect at %s.", infos[i].at_once ? "once" : "the next start");

      g_assert_nonnull (at);
      at = strchr (at + 1, '\n') + 1;
      entry = g_strndup (at, strcspn (at, "\n"));
      /* The first letter may be a capital. */
      g_assert_nonnull (strstr (entry, infos[i].what + 1));
      g_assert_nonnull (strstr (entry, when));
      if (infos[i].type == SENTIENT_SETTING_UINT)
        {
          g_autofree char *range
              = g_strdup_printf ("From %u to %u.", infos[i].minimum, infos[i].maximum);

          g_assert_nonnull (strstr (entry, range));
        }
      if (infos[i].fallback != NULL)
        {
          g_autofree char *fallback = g_strdup_printf ("Default: %s.", infos[i].fallback);

          g_assert_nonnull (strstr (entry, fallback));
        }
    }
}

static void
test_readme (void)
{
  g_autofree char *readme = read_source ("README.md");
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *row = g_strdup_printf ("\n| `%s` | ", infos[i].name);

      g_assert_nonnull (strstr (readme, row));
      g_assert_nonnull (strstr (strstr (readme, row), infos[i].what));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/files/schema", test_schema);
  g_test_add_func ("/settings/files/example", test_example);
  g_test_add_func ("/settings/files/man", test_man);
  g_test_add_func ("/settings/files/readme", test_readme);
  return g_test_run ();
}
