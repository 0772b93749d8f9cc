/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* NULL: error is set. */
static const SentientSettingInfo *
find_limit (const char *name, GError **error)
{
  const SentientSettingInfo *info = sentient_settings_find_info (name);
  g_autoptr (GString) names = NULL;

  if (info != NULL && g_str_equal (info->group, "limits"))
    return info;
  names = g_string_new (NULL);
  cli_limits_describe (names);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("--limit: there is no limit \"%.64s\"; these are there:\n%s"), name, names->str);
  return NULL;
}

gboolean
cli_limits_set (SentientSettings *settings, const char *const *limits, GError **error)
{
  for (guint i = 0; limits[i] != NULL; i++)
    {
      const char *equals = strchr (limits[i], '=');
      g_autofree char *name
          = equals != NULL ? g_strndup (limits[i], equals - limits[i]) : g_strdup (limits[i]);
      const SentientSettingInfo *info = find_limit (name, error);

      if (info == NULL)
        return FALSE;
      if (equals != NULL && sentient_settings_set_command_line (settings, name, equals + 1, NULL))
        continue;
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--limit: \"%.128s\" will not do: give %s a number from %u to %u, like "
                      "%s=%s"),
                   limits[i], name, info->minimum, info->maximum, name, info->fallback);
      return FALSE;
    }
  return TRUE;
}

void
cli_limits_remove (SentientSettings *settings)
{
  static const char *const names[]
      = { "signal-rate", "join-rate", "connection-rate", "connections-per-address" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (!sentient_settings_set_command_line (settings, names[i], "0", NULL))
      g_assert_not_reached ();
}

void
cli_limits_describe (GString *text)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *range = NULL;

      if (!g_str_equal (infos[i].group, "limits"))
        continue;
      range = g_strdup_printf ("%s (%u-%u)", infos[i].fallback, infos[i].minimum, infos[i].maximum);
      g_string_append_printf (text, "  %-31s %-30s %s\n", infos[i].name, range, _ (infos[i].what));
    }
}
