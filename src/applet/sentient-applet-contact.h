/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbus/sentient-dbus.h"

G_BEGIN_DECLS

/* What was said, once. */
#define SENTIENT_TYPE_APPLET_MESSAGE (sentient_applet_message_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletMessage,
                      sentient_applet_message,
                      SENTIENT,
                      APPLET_MESSAGE,
                      GObject)

const char *sentient_applet_message_get_text (SentientAppletMessage *self);
/* Whether this node sent it. */
gboolean sentient_applet_message_is_own (SentientAppletMessage *self);
/* In local time. */
GDateTime *sentient_applet_message_get_time (SentientAppletMessage *self);

/* Another node: whether it is connected, what was said with it since the applet runs, and how much
 * of that was not read yet.
 *
 * Properties:
 *   "connection"  SentientDBusConnection   NULL: none; notified when its state or its way
 *                                          changes, too
 *   "unread"      guint
 */
#define SENTIENT_TYPE_APPLET_CONTACT (sentient_applet_contact_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletContact,
                      sentient_applet_contact,
                      SENTIENT,
                      APPLET_CONTACT,
                      GObject)

/* At most so many messages are kept of a contact, and so many characters of each. */
#define SENTIENT_APPLET_MESSAGES_MAX 500
#define SENTIENT_APPLET_TEXT_MAX 4000

SentientAppletContact *sentient_applet_contact_new (const char *node_id);
const char *sentient_applet_contact_get_node_id (SentientAppletContact *self);
/* Of SentientAppletMessage, the oldest first. */
GListModel *sentient_applet_contact_get_messages (SentientAppletContact *self);
SentientDBusConnection *sentient_applet_contact_get_connection (SentientAppletContact *self);
void sentient_applet_contact_set_connection (SentientAppletContact *self,
                                             SentientDBusConnection *connection);
/* Whether a message can be sent now. */
gboolean sentient_applet_contact_is_connected (SentientAppletContact *self);
guint sentient_applet_contact_get_unread (SentientAppletContact *self);
/* While it is in view nothing counts as unread. */
void sentient_applet_contact_set_in_view (SentientAppletContact *self, gboolean in_view);
void
sentient_applet_contact_add_received (SentientAppletContact *self, GBytes *data, gboolean is_text);
void sentient_applet_contact_add_sent (SentientAppletContact *self, const char *text);

G_END_DECLS
