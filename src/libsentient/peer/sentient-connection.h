/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-enums.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_CONNECTION (sentient_connection_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientConnection, sentient_connection, SENTIENT, CONNECTION, GObject)

SENTIENT_API
const char *sentient_connection_get_node_id (SentientConnection *self);
SENTIENT_API
const char *sentient_connection_get_room (SentientConnection *self);
SENTIENT_API
SentientConnectionState sentient_connection_get_state (SentientConnection *self);
SENTIENT_API
gboolean sentient_connection_get_offerer (SentientConnection *self);
SENTIENT_API
gint64 sentient_connection_get_connected_at (SentientConnection *self);
SENTIENT_API
guint64 sentient_connection_get_messages_sent (SentientConnection *self);
SENTIENT_API
guint64 sentient_connection_get_messages_received (SentientConnection *self);
SENTIENT_API
guint64 sentient_connection_get_bytes_sent (SentientConnection *self);
SENTIENT_API
guint64 sentient_connection_get_bytes_received (SentientConnection *self);
SENTIENT_API
gboolean sentient_connection_get_paused (SentientConnection *self);
SENTIENT_API
void sentient_connection_set_paused (SentientConnection *self, gboolean paused);
SENTIENT_API
char *sentient_connection_dup_candidate_pair (SentientConnection *self);

G_END_DECLS
