/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-options.h"

#include <glib/gi18n.h>
#include <string.h>

void
sentient_daemon_options_clear (SentientDaemonOptions *self)
{
  g_clear_object (&self->settings);
  g_clear_pointer (&self->file, g_free);
}

static void G_GNUC_PRINTF (2, 3) usage_error (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
  va_end (args);
}

static gboolean
is_limit (const SentientSettingInfo *info)
{
  return g_str_equal (info->group, "limits");
}

/* Of --limit NAME=NUMBER[,...]. */
static gboolean
take_limits (SentientSettings *settings, GStrv limits, GError **error)
{
  for (guint i = 0; limits != NULL && limits[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (limits[i], ",", -1);

      for (guint j = 0; parts[j] != NULL; j++)
        {
          char *equals = strchr (g_strstrip (parts[j]), '=');
          const SentientSettingInfo *info;

          if (equals != NULL)
            *equals = '\0';
          info = sentient_settings_find_info (parts[j]);
          if (info == NULL || !is_limit (info))
            {
              usage_error (error, _ ("--limit: there is no limit \"%.64s\""), parts[j]);
              return FALSE;
            }
          if (!sentient_settings_set_command_line (settings, info->name,
                                                   equals != NULL ? equals + 1 : "", error))
            return FALSE;
        }
    }
  return TRUE;
}

/* values: what was given, by the order of the infos; NULL: not. */
static gboolean
take_values (SentientSettings *settings, GStrv *values, GError **error)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = NULL;

      if (values[i] == NULL)
        continue;
      /* Of a list, all that were given count; else the last. */
      text = infos[i].type == SENTIENT_SETTING_STRV
                 ? g_strjoinv (",", values[i])
                 : g_strdup (values[i][g_strv_length (values[i]) - 1]);
      if (!sentient_settings_set_command_line (settings, infos[i].name, text, error))
        return FALSE;
    }
  return TRUE;
}

static void
free_values (GStrv *values)
{
  guint n;

  sentient_settings_get_infos (&n);
  for (guint i = 0; i < n; i++)
    g_strfreev (values[i]);
  g_free (values);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GStrv, free_values)

/* An option for each setting that is no limit. */
static void
add_settings (GOptionContext *context, GStrv *values)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));

  for (guint i = 0; i < n; i++)
    {
      const GOptionEntry entry = {
        .long_name = infos[i].name,
        .arg = G_OPTION_ARG_STRING_ARRAY,
        .arg_data = &values[i],
        .description = infos[i].what,
        .arg_description = infos[i].placeholder,
      };

      if (!is_limit (&infos[i]))
        g_array_append_val (entries, entry);
    }
  g_option_context_add_main_entries (context, (const GOptionEntry *)entries->data, GETTEXT_PACKAGE);
}

static void
add_own (GOptionContext *context, SentientDaemonOptions *self, gboolean *session, GStrv *limits)
{
  const GOptionEntry entries[] = {
    { "session", 0, 0, G_OPTION_ARG_NONE, session, N_ ("be on the session bus (default)"), NULL },
    { "system", 0, 0, G_OPTION_ARG_NONE, &self->system_bus,
      N_ ("be on the system bus, without the settings of a desktop"), NULL },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &self->file,
      N_ ("read this file instead of sentient.conf"), N_ ("FILE") },
    { "limit", 0, 0, G_OPTION_ARG_STRING_ARRAY, limits,
      N_ ("a limit of the coordinator other than the default; sentient --help lists them"),
      N_ ("NAME=NUMBER[,...]") },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, N_ ("print the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

gboolean
sentient_daemon_options_parse (SentientDaemonOptions *self, int argc, char **argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) limits = NULL;
  g_autoptr (GStrv) values = NULL;
  gboolean session = FALSE;
  guint n;

  self->settings = sentient_settings_new ();
  sentient_settings_get_infos (&n);
  values = g_new0 (GStrv, n);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  add_own (context, self, &session, &limits);
  add_settings (context, values);
  g_option_context_set_summary (
      context, _ ("A coordinator and a node that programs see and control on the bus, as\n"
                  "org.sentient.Sentient. Options go before sentient.conf, and that before the\n"
                  "settings of the desktop."));
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    usage_error (error, _ ("it takes options only, but got \"%.64s\""), argv[1]);
  else if (session && self->system_bus)
    usage_error (error, _ ("--session and --system: give one of them"));
  else
    return take_values (self->settings, values, error)
           && take_limits (self->settings, limits, error);
  return FALSE;
}
