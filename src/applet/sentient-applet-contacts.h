/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"
#include "applet/sentient-applet-contact.h"

G_BEGIN_DECLS

/* The other nodes that were heard of, each with its conversation, kept in step with the
 * connections and messages of a client. Bounded: who was not connected and not asked for the
 * longest is forgotten.
 *
 * Property, notified: "unread" (guint), of all of them. */
#define SENTIENT_TYPE_APPLET_CONTACTS (sentient_applet_contacts_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletContacts,
                      sentient_applet_contacts,
                      SENTIENT,
                      APPLET_CONTACTS,
                      GObject)

#define SENTIENT_APPLET_CONTACTS_MAX 1000

SentientAppletContacts *sentient_applet_contacts_new (SentientClient *client);
/* (transfer none): made if it was not heard of before; hold it to be sure of it. */
SentientAppletContact *sentient_applet_contacts_get (SentientAppletContacts *self,
                                                     const char *node_id);
guint sentient_applet_contacts_get_unread (SentientAppletContacts *self);

G_END_DECLS
