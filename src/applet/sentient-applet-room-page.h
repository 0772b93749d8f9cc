/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"
#include "applet/sentient-applet-contacts.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A room: its members, and a message to all of them. A member that is activated is told by
 * "win.show-contact". */
#define SENTIENT_TYPE_APPLET_ROOM_PAGE (sentient_applet_room_page_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletRoomPage,
                      sentient_applet_room_page,
                      SENTIENT,
                      APPLET_ROOM_PAGE,
                      GtkBox)

/* Once. */
void sentient_applet_room_page_set_client (SentientAppletRoomPage *self,
                                           SentientClient *client,
                                           SentientAppletContacts *contacts);
/* room: NULL: none. */
void sentient_applet_room_page_show (SentientAppletRoomPage *self, SentientClientRoom *room);
SentientClientRoom *sentient_applet_room_page_get_room (SentientAppletRoomPage *self);
/* Whether it is the only pane in view, so that it needs a way back. */
void sentient_applet_room_page_set_alone (SentientAppletRoomPage *self, gboolean alone);

G_END_DECLS
