/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-setting-row.h"

#include <glib/gi18n.h>

struct _SentientAppletSettingRow
{
  AdwPreferencesRow parent_instance;

  GtkLabel *name;
  GtkLabel *what;
  GtkWidget *toggle;
  GtkWidget *number;
  GtkWidget *text_box;
  GtkWidget *text;
  GtkWidget *apply;
  GtkLabel *source;

  GSettings *settings;
  char *key;
  gboolean is_list;
  gboolean showing; /* what the settings say, so it is no change of a person */
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SentientAppletSettingRow,
                     sentient_applet_setting_row,
                     ADW_TYPE_PREFERENCES_ROW)

static char *
dup_text (SentientAppletSettingRow *self)
{
  g_auto (GStrv) items = NULL;

  if (!self->is_list)
    return g_settings_get_string (self->settings, self->key);
  items = g_settings_get_strv (self->settings, self->key);
  return g_strjoinv (", ", items);
}

static GVariant *
value_of_text (SentientAppletSettingRow *self, const char *text)
{
  g_auto (GStrv) items = NULL;
  GVariantBuilder builder;

  if (!self->is_list)
    return g_variant_new_string (text);

  items = g_strsplit (text, ",", -1);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; items[i] != NULL; i++)
    if (*g_strstrip (items[i]) != '\0')
      g_variant_builder_add (&builder, "s", items[i]);
  return g_variant_builder_end (&builder);
}

static void
show (SentientAppletSettingRow *self)
{
  self->showing = TRUE;
  if (gtk_widget_get_visible (self->toggle))
    gtk_switch_set_active (GTK_SWITCH (self->toggle),
                           g_settings_get_boolean (self->settings, self->key));
  else if (gtk_widget_get_visible (self->number))
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->number),
                               g_settings_get_uint (self->settings, self->key));
  else
    {
      g_autofree char *text = dup_text (self);

      gtk_editable_set_text (GTK_EDITABLE (self->text), text);
    }
  gtk_widget_set_sensitive (self->apply, FALSE);
  self->showing = FALSE;
}

/* value is consumed if floating. */
static void
write_value (SentientAppletSettingRow *self, GVariant *value)
{
  if (self->showing)
    {
      g_variant_unref (g_variant_ref_sink (value));
      return;
    }
  if (g_settings_set_value (self->settings, self->key, value))
    g_signal_emit (self, signals[CHANGED], 0);
  else
    show (self);
}

static void
on_toggled (SentientAppletSettingRow *self)
{
  write_value (self, g_variant_new_boolean (gtk_switch_get_active (GTK_SWITCH (self->toggle))));
}

static void
on_number (SentientAppletSettingRow *self)
{
  write_value (self, g_variant_new_uint32 (
                         (guint32)gtk_spin_button_get_value (GTK_SPIN_BUTTON (self->number))));
}

static void
on_apply (SentientAppletSettingRow *self)
{
  gtk_widget_set_sensitive (self->apply, FALSE);
  write_value (self, value_of_text (self, gtk_editable_get_text (GTK_EDITABLE (self->text))));
}

static void
on_text (SentientAppletSettingRow *self)
{
  gtk_widget_set_sensitive (self->apply, !self->showing);
}

static void
sentient_applet_setting_row_finalize (GObject *object)
{
  SentientAppletSettingRow *self = SENTIENT_APPLET_SETTING_ROW (object);

  g_clear_object (&self->settings);
  g_free (self->key);
  G_OBJECT_CLASS (sentient_applet_setting_row_parent_class)->finalize (object);
}

static void
sentient_applet_setting_row_class_init (SentientAppletSettingRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = sentient_applet_setting_row_finalize;
  signals[CHANGED] = g_signal_new ("changed", SENTIENT_TYPE_APPLET_SETTING_ROW, G_SIGNAL_RUN_LAST,
                                   0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sentient/Sentient/ui/setting-row.ui");
#define BIND(child)                                                                                \
  gtk_widget_class_bind_template_child (widget_class, SentientAppletSettingRow, child)
  BIND (name);
  BIND (what);
  BIND (toggle);
  BIND (number);
  BIND (text_box);
  BIND (text);
  BIND (apply);
  BIND (source);
#undef BIND
}

static void
sentient_applet_setting_row_init (SentientAppletSettingRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
set_range (SentientAppletSettingRow *self, GSettingsSchemaKey *key)
{
  g_autoptr (GVariant) range = g_settings_schema_key_get_range (key);
  g_autoptr (GVariant) limits = NULL;
  const char *kind;
  guint32 min = 0;
  guint32 max = G_MAXINT32;

  g_variant_get (range, "(&sv)", &kind, &limits);
  if (g_str_equal (kind, "range"))
    g_variant_get (limits, "(uu)", &min, &max);
  gtk_spin_button_set_range (GTK_SPIN_BUTTON (self->number), min, max);
}

/* The name of the setting is the name of what changes it; what it means is its description. */
static void
name_control (SentientAppletSettingRow *self, GtkWidget *control, const char *what)
{
  gtk_widget_set_visible (control, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  self->key, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, what, -1);
}

static gboolean
set_up (SentientAppletSettingRow *self, GSettingsSchemaKey *key, const char *what)
{
  const GVariantType *type = g_settings_schema_key_get_value_type (key);
  g_autofree char *apply = g_strdup_printf (_ ("Apply %s"), self->key);

  self->is_list = g_variant_type_equal (type, G_VARIANT_TYPE_STRING_ARRAY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->apply), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  apply, -1);
  if (g_variant_type_equal (type, G_VARIANT_TYPE_BOOLEAN))
    {
      name_control (self, self->toggle, what);
      g_signal_connect_object (self->toggle, "notify::active", G_CALLBACK (on_toggled), self,
                               G_CONNECT_SWAPPED);
    }
  else if (g_variant_type_equal (type, G_VARIANT_TYPE_UINT32))
    {
      name_control (self, self->number, what);
      set_range (self, key);
      show (self);
      g_signal_connect_object (self->number, "value-changed", G_CALLBACK (on_number), self,
                               G_CONNECT_SWAPPED);
    }
  else if (self->is_list || g_variant_type_equal (type, G_VARIANT_TYPE_STRING))
    {
      gtk_widget_set_visible (self->text_box, TRUE);
      name_control (self, self->text, what);
      g_signal_connect_object (self->text, "activate", G_CALLBACK (on_apply), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (self->text, "changed", G_CALLBACK (on_text), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (self->apply, "clicked", G_CALLBACK (on_apply), self,
                               G_CONNECT_SWAPPED);
      if (self->is_list)
        gtk_entry_set_placeholder_text (GTK_ENTRY (self->text), _ ("With commas between"));
    }
  else
    return FALSE;
  return TRUE;
}

SentientAppletSettingRow *
sentient_applet_setting_row_new (GSettings *settings, const char *key)
{
  g_autoptr (SentientAppletSettingRow) self
      = g_object_ref_sink (g_object_new (SENTIENT_TYPE_APPLET_SETTING_ROW, NULL));
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GSettingsSchemaKey) info = NULL;
  g_autofree char *signal = g_strdup_printf ("changed::%s", key);
  const char *what;

  g_object_get (settings, "settings-schema", &schema, NULL);
  info = g_settings_schema_get_key (schema, key);
  what = g_settings_schema_key_get_summary (info);
  if (what == NULL)
    what = "";
  self->settings = g_object_ref (settings);
  self->key = g_strdup (key);
  if (!set_up (self, info, what))
    return NULL;

  gtk_label_set_label (self->name, key);
  gtk_label_set_label (self->what, what);
  gtk_widget_set_visible (GTK_WIDGET (self->what), *what != '\0');
  /* For the search of the window. */
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), key);
  g_signal_connect_object (settings, signal, G_CALLBACK (show), self, G_CONNECT_SWAPPED);
  show (self);
  return g_steal_pointer (&self);
}

const char *
sentient_applet_setting_row_get_key (SentientAppletSettingRow *self)
{
  return self->key;
}

void
sentient_applet_setting_row_set_in_force (SentientAppletSettingRow *self,
                                          const char *value,
                                          const char *source)
{
  gboolean is_fixed = g_str_equal (source, "command-line") || g_str_has_prefix (source, "file:");
  g_autofree char *text = NULL;

  if (g_str_equal (source, "command-line"))
    text = g_strdup_printf (_ ("In force: %s, from the daemon's command line, which goes first"),
                            value);
  else if (is_fixed)
    text = g_strdup_printf (_ ("In force: %s, from %s, which goes first"), value,
                            source + strlen ("file:"));
  gtk_label_set_label (self->source, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->source), text != NULL);
  /* What is written here would count for nothing. */
  gtk_widget_set_sensitive (self->toggle, !is_fixed);
  gtk_widget_set_sensitive (self->number, !is_fixed);
  gtk_widget_set_sensitive (self->text_box, !is_fixed);
}
