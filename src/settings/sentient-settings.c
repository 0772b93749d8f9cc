/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/sentient-settings.h"

#include "core/sentient-error.h"
#include "settings/sentient-settings-private.h"
#include "settings/sentient-settings-table.h"
#include "settings/sentient-settings-value.h"

#define SYSTEM_FILE "/etc/sentient/sentient.conf"

enum
{
  SIGNAL_CHANGED,
  SIGNAL_ERROR,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SentientSettings, sentient_settings, G_TYPE_OBJECT)

static void
free_values (GVariant **values, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&values[i], g_variant_unref);
  g_free (values);
}

static void
sentient_settings_finalize (GObject *object)
{
  SentientSettings *self = SENTIENT_SETTINGS (object);

  for (guint i = 0; i < self->n; i++)
    {
      g_clear_pointer (&self->values[i].value, g_variant_unref);
      g_free (self->values[i].strv);
      g_free (self->values[i].source);
    }
  g_free (self->values);
  free_values (self->marked, self->n);
  free_values (self->sources.defaults, self->n);
  free_values (self->sources.gsettings, self->n);
  free_values (self->sources.command_line, self->n);
  g_clear_pointer (&self->sources.file, sentient_settings_file_free);
  g_clear_object (&self->gsettings);
  g_free (self->given_path);

  G_OBJECT_CLASS (sentient_settings_parent_class)->finalize (object);
}

static void
sentient_settings_class_init (SentientSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sentient_settings_finalize;

  signals[SIGNAL_CHANGED]
      = g_signal_new ("changed", SENTIENT_TYPE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[SIGNAL_ERROR]
      = g_signal_new ("error", SENTIENT_TYPE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 1, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

/* The value in force, with its source (full). */
static GVariant *
resolve (const SentientSettingsSources *sources, guint index, char **source)
{
  const SentientSettingsFile *file = sources->file;

  if (sources->command_line[index] != NULL)
    {
      *source = g_strdup ("command-line");
      return sources->command_line[index];
    }
  if (file != NULL && file->values[index] != NULL)
    {
      *source = g_strdup_printf ("file:%s:%u", file->path, file->lines[index]);
      return file->values[index];
    }
  *source = g_strdup (sources->gsettings[index] != NULL ? "gsettings" : "default");
  return sources->gsettings[index] != NULL ? sources->gsettings[index] : sources->defaults[index];
}

static gboolean
is_equal (GVariant *a, GVariant *b)
{
  return a == b || (a != NULL && b != NULL && g_variant_equal (a, b));
}

/* TRUE: the value is another now. */
static gboolean
update (SentientSettings *self, guint index)
{
  SentientSettingsValue *value = &self->values[index];
  char *source;
  GVariant *now = resolve (&self->sources, index, &source);

  g_free (value->source);
  value->source = source;
  if (is_equal (value->value, now))
    return FALSE;
  g_clear_pointer (&value->value, g_variant_unref);
  g_clear_pointer (&value->strv, g_free);
  value->value = now != NULL ? g_variant_ref (now) : NULL;
  return TRUE;
}

static void
sentient_settings_init (SentientSettings *self)
{
  const SentientSettingInfo *infos = sentient_settings_get_infos (&self->n);

  self->values = g_new0 (SentientSettingsValue, self->n);
  self->marked = g_new0 (GVariant *, self->n);
  self->sources.defaults = g_new0 (GVariant *, self->n);
  self->sources.gsettings = g_new0 (GVariant *, self->n);
  self->sources.command_line = g_new0 (GVariant *, self->n);
  for (guint i = 0; i < self->n; i++)
    {
      if (infos[i].fallback != NULL)
        sentient_settings_set_default (self, infos[i].name, infos[i].fallback);
      update (self, i);
    }
}

SentientSettings *
sentient_settings_new (void)
{
  return g_object_new (SENTIENT_TYPE_SETTINGS, NULL);
}

static guint
index_of (const char *name)
{
  int index = sentient_settings_find_index (name, strlen (name));

  if (index < 0)
    g_error ("there is no setting %s", name);
  return (guint)index;
}

/* Takes value. */
static void
put (SentientSettings *self, GVariant **values, guint index, GVariant *value)
{
  g_clear_pointer (&values[index], g_variant_unref);
  values[index] = value;
  update (self, index);
}

void
sentient_settings_set_default (SentientSettings *self, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  guint index = index_of (name);
  GVariant *value = sentient_settings_value_parse (index, name, text, FALSE, &error);

  if (value == NULL)
    g_error ("a default that will not do: %s", error->message);
  put (self, self->sources.defaults, index, value);
}

static char *
dup_option (guint index)
{
  const SentientSettingInfo *info = sentient_settings_get_infos (NULL) + index;

  gboolean has_own = !g_str_equal (info->group, "limits") || g_str_equal (info->name, "max-peers");

  return g_strconcat (has_own ? "--" : "--limit ", info->name, NULL);
}

gboolean
sentient_settings_set_command_line (SentientSettings *self,
                                    const char *name,
                                    const char *text,
                                    GError **error)
{
  guint index = index_of (name);
  g_autofree char *where = dup_option (index);
  GVariant *value = sentient_settings_value_parse (index, where, text, FALSE, error);

  if (value == NULL)
    return FALSE;
  put (self, self->sources.command_line, index, value);
  return TRUE;
}

gboolean
sentient_settings_set_command_line_strv (SentientSettings *self,
                                         const char *name,
                                         const char *const *items,
                                         GError **error)
{
  guint index = index_of (name);
  g_autofree char *where = dup_option (index);
  GVariant *value = sentient_settings_value_new_strv (index, where, items, error);

  if (value == NULL)
    return FALSE;
  put (self, self->sources.command_line, index, value);
  return TRUE;
}

/* NULL: there is none. */
static char *
find_file (SentientSettings *self)
{
  const char *named = g_getenv ("SENTIENT_CONFIG");
  g_autofree char *own = NULL;

  if (self->given_path != NULL)
    return g_strdup (self->given_path);
  if (named != NULL && *named != '\0')
    return g_strdup (named);
  own = g_build_filename (g_get_user_config_dir (), "sentient", "sentient.conf", NULL);
  if (g_file_test (own, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&own);
  return g_file_test (SYSTEM_FILE, G_FILE_TEST_EXISTS) ? g_strdup (SYSTEM_FILE) : NULL;
}

static gboolean
set_problems (GError **error, GPtrArray *problems)
{
  g_autofree char *text = NULL;

  if (problems->len == 0)
    return TRUE;
  g_ptr_array_add (problems, NULL);
  text = g_strjoinv ("\n", (char **)problems->pdata);
  g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, text);
  return FALSE;
}

static void
read_gsettings (SentientSettings *self, GVariant **values, GPtrArray *problems)
{
  for (guint i = 0; self->gsettings != NULL && i < self->n; i++)
    {
      g_autoptr (GError) local = NULL;

      values[i] = sentient_settings_read_key (self->gsettings, i, &local);
      if (local != NULL)
        g_ptr_array_add (problems, g_strdup (local->message));
    }
}

/* FALSE: nothing changed. */
static gboolean
read_sources (SentientSettings *self, GError **error)
{
  g_autofree char *path = find_file (self);
  g_autoptr (SentientSettingsFile) file = NULL;
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  GVariant **gsettings;

  if (path != NULL)
    {
      file = sentient_settings_file_read (path, error);
      if (file == NULL)
        return FALSE;
      for (guint i = 0; i < file->problems->len; i++)
        g_ptr_array_add (problems, g_strdup (file->problems->pdata[i]));
    }
  gsettings = g_new0 (GVariant *, self->n);
  read_gsettings (self, gsettings, problems);
  if (!set_problems (error, problems))
    {
      free_values (gsettings, self->n);
      return FALSE;
    }

  free_values (self->sources.gsettings, self->n);
  self->sources.gsettings = gsettings;
  g_clear_pointer (&self->sources.file, sentient_settings_file_free);
  self->sources.file = g_steal_pointer (&file);
  return TRUE;
}

static void
on_gsettings_changed (GSettings *gsettings, const char *name, SentientSettings *self)
{
  int index = sentient_settings_find_index (name, strlen (name));
  g_autoptr (GError) error = NULL;
  GVariant *value;

  if (index < 0)
    return;
  value = sentient_settings_read_key (gsettings, index, &error);
  if (error != NULL)
    {
      g_signal_emit (self, signals[SIGNAL_ERROR], 0, error);
      return;
    }
  g_clear_pointer (&self->sources.gsettings[index], g_variant_unref);
  self->sources.gsettings[index] = value;
  if (update (self, index))
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0,
                   sentient_settings_get_infos (NULL)[index].name);
}

gboolean
sentient_settings_load (SentientSettings *self,
                        const char *path,
                        gboolean with_gsettings,
                        GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_free (self->given_path);
  self->given_path = g_strdup (path);
  if (with_gsettings && self->gsettings == NULL)
    {
      self->gsettings = sentient_settings_open_gsettings ();
      if (self->gsettings != NULL)
        g_signal_connect_object (self->gsettings, "changed", G_CALLBACK (on_gsettings_changed),
                                 self, 0);
    }
  if (!read_sources (self, error))
    return FALSE;
  for (guint i = 0; i < self->n; i++)
    update (self, i);
  sentient_settings_mark_in_force (self, NULL);
  return TRUE;
}

static GStrv
list_restart_needed (SentientSettings *self)
{
  const SentientSettingInfo *infos = sentient_settings_get_infos (NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < self->n; i++)
    if (!infos[i].at_once && !is_equal (self->marked[i], self->values[i].value))
      g_strv_builder_add (names, infos[i].name);
  return g_strv_builder_end (names);
}

gboolean
sentient_settings_reload (SentientSettings *self,
                          GStrv *changed,
                          GStrv *restart_needed,
                          GError **error)
{
  const SentientSettingInfo *infos = sentient_settings_get_infos (NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (SentientSettings) alive = NULL;
  g_auto (GStrv) names = NULL;

  g_return_val_if_fail (SENTIENT_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!read_sources (self, error))
    return FALSE;
  for (guint i = 0; i < self->n; i++)
    if (update (self, i))
      g_strv_builder_add (builder, infos[i].name);
  names = g_strv_builder_end (builder);

  alive = g_object_ref (self);
  for (guint i = 0; names[i] != NULL; i++)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0, names[i]);
  if (restart_needed != NULL)
    *restart_needed = list_restart_needed (self);
  if (changed != NULL)
    *changed = g_steal_pointer (&names);
  return TRUE;
}

void
sentient_settings_mark_in_force (SentientSettings *self, const char *group)
{
  const SentientSettingInfo *infos = sentient_settings_get_infos (NULL);

  g_return_if_fail (SENTIENT_IS_SETTINGS (self));

  for (guint i = 0; i < self->n; i++)
    {
      gboolean is_limit = g_str_equal (infos[i].group, "limits");
      GVariant *value = self->values[i].value;

      if (group != NULL && !g_str_equal (is_limit ? "coordinator" : infos[i].group, group))
        continue;
      g_clear_pointer (&self->marked[i], g_variant_unref);
      self->marked[i] = value != NULL ? g_variant_ref (value) : NULL;
    }
}

const char *
sentient_settings_get_path (SentientSettings *self)
{
  g_return_val_if_fail (SENTIENT_IS_SETTINGS (self), NULL);

  return self->sources.file != NULL ? self->sources.file->path : NULL;
}

static SentientSettingsValue *
get (SentientSettings *self, const char *name, SentientSettingType type)
{
  guint index = index_of (name);

  g_assert (SENTIENT_IS_SETTINGS (self));
  g_assert (sentient_settings_get_infos (NULL)[index].type == type);
  return &self->values[index];
}

const char *
sentient_settings_get_string (SentientSettings *self, const char *name)
{
  GVariant *value = get (self, name, SENTIENT_SETTING_STRING)->value;

  return value != NULL ? g_variant_get_string (value, NULL) : NULL;
}

gboolean
sentient_settings_get_boolean (SentientSettings *self, const char *name)
{
  return g_variant_get_boolean (get (self, name, SENTIENT_SETTING_BOOLEAN)->value);
}

guint
sentient_settings_get_uint (SentientSettings *self, const char *name)
{
  return g_variant_get_uint32 (get (self, name, SENTIENT_SETTING_UINT)->value);
}

const char *const *
sentient_settings_get_strv (SentientSettings *self, const char *name)
{
  SentientSettingsValue *value = get (self, name, SENTIENT_SETTING_STRV);

  if (value->strv == NULL && value->value != NULL)
    value->strv = g_variant_get_strv (value->value, NULL);
  return value->strv;
}

const char *
sentient_settings_get_source (SentientSettings *self, const char *name)
{
  g_return_val_if_fail (SENTIENT_IS_SETTINGS (self), NULL);

  return self->values[index_of (name)].source;
}

char *
sentient_settings_dup_text (SentientSettings *self, const char *name)
{
  GVariant *value;

  g_return_val_if_fail (SENTIENT_IS_SETTINGS (self), NULL);

  value = self->values[index_of (name)].value;
  return value != NULL ? sentient_settings_value_print (value, TRUE) : g_strdup ("");
}

GStrv
sentient_settings_check_file (const char *path, GError **error)
{
  g_autoptr (SentientSettingsFile) file = sentient_settings_file_read (path, error);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();

  if (file == NULL)
    return NULL;
  for (guint i = 0; i < file->problems->len; i++)
    g_strv_builder_add (lines, file->problems->pdata[i]);
  return g_strv_builder_end (lines);
}
