/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sentient config: what the settings are, and whether a file is right. */

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "cli-commands.h"
#include "cli-output.h"

static void
add_value (JsonBuilder *builder, SentientSettings *settings, const SentientSettingInfo *info)
{
  g_autofree char *text = sentient_settings_dup_text (settings, info->name);
  g_auto (GStrv) items = NULL;

  switch (info->type)
    {
    case SENTIENT_SETTING_STRING:
      if (sentient_settings_get_string (settings, info->name) == NULL)
        json_builder_add_null_value (builder);
      else
        json_builder_add_string_value (builder, text);
      break;
    case SENTIENT_SETTING_BOOLEAN:
      json_builder_add_boolean_value (builder,
                                      sentient_settings_get_boolean (settings, info->name));
      break;
    case SENTIENT_SETTING_UINT:
      json_builder_add_int_value (builder, sentient_settings_get_uint (settings, info->name));
      break;
    case SENTIENT_SETTING_STRV:
      if (sentient_settings_get_strv (settings, info->name) == NULL)
        {
          json_builder_add_null_value (builder);
          break;
        }
      /* As text, in which passwords are hidden. */
      items = sentient_settings_split (g_str_equal (text, "none") ? "" : text);
      json_builder_begin_array (builder);
      for (guint i = 0; items[i] != NULL; i++)
        json_builder_add_string_value (builder, items[i]);
      json_builder_end_array (builder);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
show_json (SentientSettings *settings)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "file");
  if (sentient_settings_get_path (settings) != NULL)
    json_builder_add_string_value (builder, sentient_settings_get_path (settings));
  else
    json_builder_add_null_value (builder);
  json_builder_set_member_name (builder, "settings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n; i++)
    {
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "name");
      json_builder_add_string_value (builder, infos[i].name);
      json_builder_set_member_name (builder, "value");
      add_value (builder, settings, &infos[i]);
      json_builder_set_member_name (builder, "from");
      json_builder_add_string_value (builder,
                                     sentient_settings_get_source (settings, infos[i].name));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, TRUE);
  cli_say (CLI_PLAIN, "%s", text);
}

static void
show_table (SentientSettings *settings)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);
  glong width = g_utf8_strlen (_ ("VALUE"), -1);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = sentient_settings_dup_text (settings, infos[i].name);

      width = MAX (width, MIN (g_utf8_strlen (text, -1), 40));
    }
  cli_say (CLI_PLAIN, "%-31s %-*s %s", _ ("NAME"), (int)width, _ ("VALUE"), _ ("FROM"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = sentient_settings_dup_text (settings, infos[i].name);
      g_autofree char *shown = cli_escape (*text != '\0' ? text : "-", -1);

      cli_say (CLI_PLAIN, "%-31s %-*s %s", infos[i].name, (int)width, shown,
               sentient_settings_get_source (settings, infos[i].name));
    }
}

static int
show (CliOptions *options)
{
  g_autoptr (GError) error = NULL;

  if (!cli_options_load (options, &error))
    {
      cli_complain_lines (error->message);
      return error->domain == G_OPTION_ERROR ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
    }
  if (options->json)
    show_json (options->settings);
  else
    show_table (options->settings);
  return CLI_EXIT_OK;
}

static int
check (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) problems = sentient_settings_check_file (path, &error);

  if (problems == NULL)
    {
      cli_complain ("%s", error->message);
      return CLI_EXIT_FAILED;
    }
  for (guint i = 0; problems[i] != NULL; i++)
    cli_complain ("%s", problems[i]);
  if (problems[0] != NULL)
    return CLI_EXIT_FAILED;
  cli_say (CLI_GOOD, _ ("%s: all right"), path);
  return CLI_EXIT_OK;
}

int
cli_config (CliOptions *options, const char *const *words)
{
  guint n = g_strv_length ((GStrv)words);

  if (n == 1 && g_str_equal (words[0], "show"))
    return show (options);
  if (n == 2 && g_str_equal (words[0], "check"))
    return check (words[1]);
  cli_complain (_ ("write \"sentient config show\" or \"sentient config check FILE\""));
  return CLI_EXIT_USAGE;
}
