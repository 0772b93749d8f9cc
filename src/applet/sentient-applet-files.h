/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Both ask for a place, in a sandbox by the portal, and tell in the window of from how it went. */

/* Which file is to be sent. */
void sentient_applet_send_file (GtkWidget *from, SentientClient *client, const char *node_id);
/* Into which folder a file that is offered is to go. */
void
sentient_applet_take_file (GtkWidget *from, SentientClient *client, SentientDBusTransfer *transfer);

G_END_DECLS
