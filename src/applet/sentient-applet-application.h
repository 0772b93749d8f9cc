/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The applet: one to a session. Actions, for the window and the tray alike: app.show, app.node (b),
 * app.coordinator (b), app.start-daemon, app.quit-daemon, app.copy (s), app.preferences, app.about,
 * app.quit. */
#define SENTIENT_TYPE_APPLET_APPLICATION (sentient_applet_application_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletApplication,
                      sentient_applet_application,
                      SENTIENT,
                      APPLET_APPLICATION,
                      AdwApplication)

#define SENTIENT_APPLET_ID "org.sentient.Sentient.Applet"
#define SENTIENT_APPLET_ICON "org.sentient.Sentient"
#define SENTIENT_APPLET_SCHEMA "org.sentient.Sentient.Applet"

SentientAppletApplication *sentient_applet_application_new (void);

G_END_DECLS
