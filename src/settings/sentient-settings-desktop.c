/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the desktop's settings say, if they are installed. */

#include "settings/sentient-settings-private.h"

#include <glib/gi18n-lib.h>

#include "settings/sentient-settings-value.h"

static const GVariantType *
get_type (const SentientSettingInfo *info)
{
  switch (info->type)
    {
    case SENTIENT_SETTING_STRING:
      return G_VARIANT_TYPE_STRING;
    case SENTIENT_SETTING_BOOLEAN:
      return G_VARIANT_TYPE_BOOLEAN;
    case SENTIENT_SETTING_UINT:
      return G_VARIANT_TYPE_UINT32;
    case SENTIENT_SETTING_STRV:
      return G_VARIANT_TYPE_STRING_ARRAY;
    default:
      g_assert_not_reached ();
    }
}

GSettings *
sentient_settings_open_gsettings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SENTIENT_SETTINGS_SCHEMA, TRUE);
  return schema != NULL ? g_settings_new_full (schema, NULL, NULL) : NULL;
}

/* An installed schema may be older or newer than this program. */
static GSettingsSchemaKey *
find_key (GSettings *gsettings, const SentientSettingInfo *info)
{
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GSettingsSchemaKey) key = NULL;

  g_object_get (gsettings, "settings-schema", &schema, NULL);
  if (!g_settings_schema_has_key (schema, info->name))
    return NULL;
  key = g_settings_schema_get_key (schema, info->name);
  if (!g_variant_type_equal (g_settings_schema_key_get_value_type (key), get_type (info)))
    return NULL;
  return g_steal_pointer (&key);
}

/* Somebody set it, or the administrator has another default than we have. */
static gboolean
is_set (GSettings *gsettings, const SentientSettingInfo *info, GVariant *value)
{
  g_autoptr (GVariant) user = g_settings_get_user_value (gsettings, info->name);
  g_autofree char *text = NULL;

  if (sentient_settings_value_is_empty (value))
    return FALSE;
  text = sentient_settings_value_print (value, FALSE);
  return user != NULL || g_strcmp0 (text, info->fallback) != 0;
}

GVariant *
sentient_settings_read_key (GSettings *gsettings, guint index, GError **error)
{
  const SentientSettingInfo *info = sentient_settings_get_infos (NULL) + index;
  g_autoptr (GSettingsSchemaKey) key = find_key (gsettings, info);
  g_autoptr (GVariant) value = NULL;
  g_autofree char *where = NULL;
  g_autoptr (GError) local = NULL;

  if (key == NULL)
    return NULL;
  value = g_settings_get_value (gsettings, info->name);
  if (!is_set (gsettings, info, value))
    return NULL;
  if (info->type == SENTIENT_SETTING_STRV)
    {
      g_autofree const char **items = g_variant_get_strv (value, NULL);
      GVariant *list = sentient_settings_value_new_strv (index, info->name, items, &local);

      if (list != NULL)
        return list;
    }
  else if (sentient_settings_value_check (index, info->name, value, TRUE, &local))
    return g_steal_pointer (&value);

  g_set_error (error, local->domain, local->code,
               _ ("gsettings %s: %s; or go back to the default: gsettings reset %s %s"),
               SENTIENT_SETTINGS_SCHEMA, local->message, SENTIENT_SETTINGS_SCHEMA, info->name);
  return NULL;
}
