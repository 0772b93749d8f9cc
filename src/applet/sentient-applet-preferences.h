/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* (transfer full): the settings of a schema; NULL where it is not installed. */
GSettings *sentient_applet_settings_new (const char *schema_id);

/* The settings of the daemon, and of the applet: all that their schemas have. What is changed is
 * written to GSettings, and the daemon told to read it. */
#define SENTIENT_TYPE_APPLET_PREFERENCES (sentient_applet_preferences_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletPreferences,
                      sentient_applet_preferences,
                      SENTIENT,
                      APPLET_PREFERENCES,
                      AdwPreferencesWindow)

SentientAppletPreferences *sentient_applet_preferences_new (GtkWindow *parent,
                                                            SentientClient *client);

G_END_DECLS
