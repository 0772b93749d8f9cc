/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-connection.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_CONNECTION_STATISTICS (sentient_connection_statistics_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientConnectionStatistics,
                      sentient_connection_statistics,
                      SENTIENT,
                      CONNECTION_STATISTICS,
                      GObject)

SENTIENT_API
SentientConnectionStatistics *sentient_connection_dup_statistics (SentientConnection *self);
SENTIENT_API
void sentient_connection_query_statistics_async (SentientConnection *self,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data);
SENTIENT_API
SentientConnectionStatistics *sentient_connection_query_statistics_finish (SentientConnection *self,
                                                                           GAsyncResult *result,
                                                                           GError **error);

SENTIENT_API
const char *sentient_connection_statistics_get_node_id (SentientConnectionStatistics *self);
SENTIENT_API
const char *sentient_connection_statistics_get_room (SentientConnectionStatistics *self);
SENTIENT_API
SentientConnectionState
sentient_connection_statistics_get_state (SentientConnectionStatistics *self);
SENTIENT_API
gboolean sentient_connection_statistics_get_offerer (SentientConnectionStatistics *self);
SENTIENT_API
gboolean sentient_connection_statistics_get_framed (SentientConnectionStatistics *self);
SENTIENT_API
gint64 sentient_connection_statistics_get_time (SentientConnectionStatistics *self);
SENTIENT_API
gint64 sentient_connection_statistics_get_connected_at (SentientConnectionStatistics *self);
SENTIENT_API
guint sentient_connection_statistics_get_replacements (SentientConnectionStatistics *self);
SENTIENT_API
SentientCandidateType
sentient_connection_statistics_get_local_type (SentientConnectionStatistics *self);
SENTIENT_API
const char *sentient_connection_statistics_get_local_address (SentientConnectionStatistics *self);
SENTIENT_API
guint sentient_connection_statistics_get_local_port (SentientConnectionStatistics *self);
SENTIENT_API
SentientCandidateType
sentient_connection_statistics_get_remote_type (SentientConnectionStatistics *self);
SENTIENT_API
const char *sentient_connection_statistics_get_remote_address (SentientConnectionStatistics *self);
SENTIENT_API
guint sentient_connection_statistics_get_remote_port (SentientConnectionStatistics *self);
SENTIENT_API
const char *sentient_connection_statistics_get_protocol (SentientConnectionStatistics *self);
SENTIENT_API
gboolean sentient_connection_statistics_get_relayed (SentientConnectionStatistics *self);
SENTIENT_API
const char *sentient_connection_statistics_get_relay (SentientConnectionStatistics *self);
SENTIENT_API
const char *sentient_connection_statistics_get_relay_protocol (SentientConnectionStatistics *self);
SENTIENT_API
gint64 sentient_connection_statistics_get_rtt (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_messages_sent (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_messages_received (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_bytes_sent (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_bytes_received (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_messages_sent_again (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_frames_sent (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_frames_received (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_channel_bytes_sent (SentientConnectionStatistics *self);
SENTIENT_API
guint64
sentient_connection_statistics_get_channel_bytes_received (SentientConnectionStatistics *self);
SENTIENT_API
gint64 sentient_connection_statistics_get_retransmits (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_window_size (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_window_used (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_bytes_waiting (SentientConnectionStatistics *self);
SENTIENT_API
guint64 sentient_connection_statistics_get_bytes_buffered (SentientConnectionStatistics *self);
SENTIENT_API
gint64 sentient_connection_statistics_get_state_time (SentientConnectionStatistics *self,
                                                      SentientConnectionState state);
SENTIENT_API
gint64 sentient_connection_statistics_get_step_time (SentientConnectionStatistics *self,
                                                     SentientConnectionStep step);
SENTIENT_API
guint sentient_connection_statistics_get_n_candidates (SentientConnectionStatistics *self,
                                                       gboolean remote,
                                                       SentientCandidateType type);
SENTIENT_API
char *sentient_connection_statistics_to_json (SentientConnectionStatistics *self,
                                              gboolean hide_addresses);

G_END_DECLS
