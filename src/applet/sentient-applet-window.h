/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"
#include "applet/sentient-applet-contacts.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Actions: win.join (s), win.show-contact (s), win.back, win.dismiss, win.say (s). */
#define SENTIENT_TYPE_APPLET_WINDOW (sentient_applet_window_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletWindow,
                      sentient_applet_window,
                      SENTIENT,
                      APPLET_WINDOW,
                      AdwApplicationWindow)

SentientAppletWindow *sentient_applet_window_new (GtkApplication *application,
                                                  SentientClient *client,
                                                  SentientAppletContacts *contacts);
/* The list of files. */
void sentient_applet_window_show_files (SentientAppletWindow *self);
/* Whether somebody may look at it. */
gboolean sentient_applet_window_shows_files (SentientAppletWindow *self);
/* Why no daemon can be seen or started, a sentence; NULL: what the client says. can_start: whether
 * to offer it. */
void sentient_applet_window_set_trouble (SentientAppletWindow *self,
                                         const char *trouble,
                                         gboolean can_start);

G_END_DECLS
