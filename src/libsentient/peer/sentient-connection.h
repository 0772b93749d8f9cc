/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-enums.h"
#include "webrtc/sentient-data-channel.h"

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
SENTIENT_API
void sentient_connection_open_channel_async (SentientConnection *self,
                                             const char *label,
                                             const char *protocol,
                                             gboolean ordered,
                                             int max_retransmits,
                                             int max_lifetime,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer user_data);
SENTIENT_API
SentientDataChannel *sentient_connection_open_channel_finish (SentientConnection *self,
                                                              GAsyncResult *result,
                                                              GError **error);

G_END_DECLS
