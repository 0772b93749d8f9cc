/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

G_BEGIN_DECLS

/* How things stand, for the window's title, the tray's icon and the portal's line: one place that
 * says it. */

typedef enum
{
  SENTIENT_APPLET_STATE_AWAY,   /* no daemon */
  SENTIENT_APPLET_STATE_OFF,    /* neither node nor coordinator runs */
  SENTIENT_APPLET_STATE_TRYING, /* the node looks for its coordinator */
  SENTIENT_APPLET_STATE_ON,     /* the node is connected, or only the coordinator is meant to run */
} SentientAppletState;

SentientAppletState sentient_applet_get_state (SentientClient *client);
/* A line: "Connected to http://…". */
char *sentient_applet_describe_state (SentientClient *client);
/* "Node NAME" or "Coordinator"; never NULL. */
char *sentient_applet_describe_node (SentientClient *client);
/* Of a SentientDBusConnection's state; NULL is one, too: no connection. */
const char *sentient_applet_describe_connection (const char *state);
/* "direct · host · 12 ms" of one that is open and whose way is known, else as above. NULL is one,
 * too. */
char *sentient_applet_describe_way (SentientDBusConnection *connection);
/* "websocket" as a person says it. */
const char *sentient_applet_describe_channel (const char *channel);
/* "12 sent, 3 received". */
char *sentient_applet_describe_traffic (guint64 sent, guint64 received);
/* The local time of milliseconds since the epoch, the date too if it is not today's. */
char *sentient_applet_describe_time (gint64 ms);

G_END_DECLS
