/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* Settings, a file for them in a directory of its own, and empty GSettings. */
typedef struct
{
  char *dir;
  char *path;
  SentientSettings *settings;
  GString *events; /* "NAME " of each "changed", "!MESSAGE " of each "error" */
} SettingsFixture;

typedef struct
{
  const char *name;
  void (*run) (SettingsFixture *fixture, gconstpointer unused);
} SettingsTest;

int settings_fixture_run (int argc, char **argv, const SettingsTest *tests, gsize n);
void settings_fixture_write_file (SettingsFixture *fixture, const char *text);
/* It must go well. */
void settings_fixture_load (SettingsFixture *fixture, gboolean with_gsettings);
/* It comes from this line of the file. */
void settings_fixture_assert_source (SettingsFixture *fixture, const char *name, guint line);
/* Loading text fails with the lines of wanted, each without the path before it. */
void
settings_fixture_assert_errors (SettingsFixture *fixture, const char *text, const char *wanted);

G_END_DECLS
