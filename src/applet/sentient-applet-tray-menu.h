/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The menu of the tray's icon, on the bus: actions of the applet under a line that says how things
 * stand. It follows the actions, whether they can be used and what state they have. */
#define SENTIENT_TYPE_APPLET_TRAY_MENU (sentient_applet_tray_menu_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletTrayMenu,
                      sentient_applet_tray_menu,
                      SENTIENT,
                      APPLET_TRAY_MENU,
                      GObject)

/* actions: must outlive it. */
SentientAppletTrayMenu *sentient_applet_tray_menu_new (GActionGroup *actions);
gboolean sentient_applet_tray_menu_export (SentientAppletTrayMenu *self,
                                           GDBusConnection *connection,
                                           const char *path,
                                           GError **error);
void sentient_applet_tray_menu_set_line (SentientAppletTrayMenu *self, const char *line);

G_END_DECLS
