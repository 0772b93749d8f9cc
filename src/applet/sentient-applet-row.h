/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A row of a list: an icon, two lines and a badge, for sight and for screen readers. */
#define SENTIENT_TYPE_APPLET_ROW (sentient_applet_row_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletRow, sentient_applet_row, SENTIENT, APPLET_ROW, GtkBox)

/* Shows in row what item is now. */
typedef void (*SentientAppletRowFunc) (SentientAppletRow *row, gpointer item, gpointer user_data);

/* A factory whose rows are shown anew whenever a property of their item changes, or of those which
 * sentient_applet_row_watch () named. user_data must outlive it. */
GtkListItemFactory *sentient_applet_row_factory_new (SentientAppletRowFunc show,
                                                     gpointer user_data);
/* object: something else that the row shows, until it shows another item. */
void sentient_applet_row_watch (SentientAppletRow *self, gpointer object);
void sentient_applet_row_set (SentientAppletRow *self,
                              const char *icon_name,
                              const char *title,
                              const char *subtitle,
                              guint badge);

G_END_DECLS
