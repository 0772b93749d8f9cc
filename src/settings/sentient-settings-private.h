/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings-file.h"

G_BEGIN_DECLS

/* What each source says of each setting, by index; NULL: nothing. */
typedef struct
{
  GVariant **defaults;
  GVariant **gsettings;
  SentientSettingsFile *file; /* NULL: none */
  GVariant **command_line;
} SentientSettingsSources;

/* A value in force. */
typedef struct
{
  GVariant *value;   /* NULL: not set */
  const char **strv; /* of a list, made when it is asked for */
  char *source;
} SentientSettingsValue;

struct _SentientSettings
{
  GObject parent_instance;

  guint n;
  SentientSettingsSources sources;
  SentientSettingsValue *values;
  GVariant **marked; /* what was in force at the last start */

  char *given_path; /* NULL: looked for */
  GSettings *gsettings;
};

/* sentient-settings-desktop.c: GSettings */

/* NULL: no schema is installed. */
GSettings *sentient_settings_open_gsettings (void);
/* What it says of a setting; NULL and no error: nothing. */
GVariant *sentient_settings_read_key (GSettings *gsettings, guint index, GError **error);

G_END_DECLS
