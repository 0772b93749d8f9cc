/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"
#include "applet/sentient-applet-contact.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The conversation with another node, and its connection. */
#define SENTIENT_TYPE_APPLET_TALK_PAGE (sentient_applet_talk_page_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletTalkPage,
                      sentient_applet_talk_page,
                      SENTIENT,
                      APPLET_TALK_PAGE,
                      GtkBox)

/* Once. */
void sentient_applet_talk_page_set_client (SentientAppletTalkPage *self, SentientClient *client);
/* contact: NULL: none. */
void sentient_applet_talk_page_show (SentientAppletTalkPage *self, SentientAppletContact *contact);
/* Whether it needs a way back to the list. */
void sentient_applet_talk_page_set_alone (SentientAppletTalkPage *self, gboolean alone);

G_END_DECLS
