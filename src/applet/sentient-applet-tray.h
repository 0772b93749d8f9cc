/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The icon in the tray: a StatusNotifierItem under the unique name of the connection, registered
 * with each tray that comes.
 *
 * Property, notified: "present" (gboolean), whether a tray shows it. */
#define SENTIENT_TYPE_APPLET_TRAY (sentient_applet_tray_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletTray, sentient_applet_tray, SENTIENT, APPLET_TRAY, GObject)

/* actions: those of the application; must outlive it. connection: NULL: no bus, so no tray. */
SentientAppletTray *sentient_applet_tray_new (GActionGroup *actions, GDBusConnection *connection);
gboolean sentient_applet_tray_is_present (SentientAppletTray *self);
/* icon_name: in the theme, and for who does not find it a picture of this colour, 0xRRGGBB. line:
 * how things stand. unread: messages; with any it asks for attention. */
void sentient_applet_tray_set_state (SentientAppletTray *self,
                                     const char *icon_name,
                                     guint32 colour,
                                     const char *line,
                                     guint unread);

G_END_DECLS
