/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A setting, as its schema describes it: a switch, a number or a text, written when a person
 * changes it.
 *
 * Signal: "changed" (), after it was written. */
#define SENTIENT_TYPE_APPLET_SETTING_ROW (sentient_applet_setting_row_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletSettingRow,
                      sentient_applet_setting_row,
                      SENTIENT,
                      APPLET_SETTING_ROW,
                      AdwPreferencesRow)

/* NULL if this row can show nothing of its type. */
SentientAppletSettingRow *sentient_applet_setting_row_new (GSettings *settings, const char *key);
const char *sentient_applet_setting_row_get_key (SentientAppletSettingRow *self);
/* What is in force, and where it comes from, as Manager.GetSettings tells it. */
void sentient_applet_setting_row_set_in_force (SentientAppletSettingRow *self,
                                               const char *value,
                                               const char *source);

G_END_DECLS
