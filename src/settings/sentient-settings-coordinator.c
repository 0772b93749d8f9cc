/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the settings mean to a coordinator. */

#include "settings/sentient-settings.h"

#define DEFAULT_STUN "stun:stun.l.google.com:19302"

static void
set_property (SentientSettings *self,
              const SentientSettingInfo *info,
              SentientCoordinator *coordinator)
{
  switch (info->type)
    {
    case SENTIENT_SETTING_STRING:
      g_object_set (coordinator, info->property, sentient_settings_get_string (self, info->name),
                    NULL);
      break;
    case SENTIENT_SETTING_BOOLEAN:
      g_object_set (coordinator, info->property, sentient_settings_get_boolean (self, info->name),
                    NULL);
      break;
    case SENTIENT_SETTING_UINT:
      g_object_set (coordinator, info->property, sentient_settings_get_uint (self, info->name),
                    NULL);
      break;
    case SENTIENT_SETTING_STRV:
      g_object_set (coordinator, info->property, sentient_settings_get_strv (self, info->name),
                    NULL);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
set_what_follows (SentientSettings *self, SentientCoordinator *coordinator)
{
  const char *const default_stun[] = { DEFAULT_STUN, NULL };
  const char *data = sentient_settings_get_string (self, "data");
  g_autofree char *handover = data != NULL ? g_build_filename (data, "handover", NULL) : NULL;

  g_object_set (coordinator, "handover-file", handover, NULL);
  if (sentient_settings_get_strv (self, "stun") == NULL)
    g_object_set (coordinator, "stun-servers", default_stun, NULL);
}

void
sentient_settings_configure_coordinator (SentientSettings *self,
                                         SentientCoordinator *coordinator,
                                         const char *const *names)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);
  gboolean running;

  g_return_if_fail (SENTIENT_IS_SETTINGS (self));
  g_return_if_fail (SENTIENT_IS_COORDINATOR (coordinator));

  g_object_get (coordinator, "running", &running, NULL);
  for (guint i = 0; i < n; i++)
    if (infos[i].property != NULL && (infos[i].at_once || !running)
        && (names == NULL || g_strv_contains (names, infos[i].name)))
      set_property (self, &infos[i], coordinator);
  if (!running)
    set_what_follows (self, coordinator);
}
