/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-enums.h"
#include "doctor/sentient-network-doctor.h"
#include "model/sentient-gossip-statistics.h"
#include "model/sentient-room.h"
#include "peer/sentient-connection.h"
#include "peer/sentient-transfer-list.h"
#include "peer/sentient-transfer.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_PEER (sentient_peer_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientPeer, sentient_peer, SENTIENT, PEER, GObject)

SENTIENT_API
SentientPeer *sentient_peer_new (const char *node_id);

SENTIENT_API
const char *sentient_peer_get_node_id (SentientPeer *self);
SENTIENT_API
SentientPeerState sentient_peer_get_state (SentientPeer *self);
SENTIENT_API
SentientChannelKind sentient_peer_get_channel_kind (SentientPeer *self);
SENTIENT_API
const char *sentient_peer_get_coordinator_uri (SentientPeer *self);
SENTIENT_API
const char *sentient_peer_get_coordinator_id (SentientPeer *self);
SENTIENT_API
gboolean sentient_peer_get_resumable (SentientPeer *self);
SENTIENT_API
gboolean sentient_peer_get_resumed (SentientPeer *self);
SENTIENT_API
GListModel *sentient_peer_get_rooms (SentientPeer *self);
SENTIENT_API
GListModel *sentient_peer_get_connections (SentientPeer *self);
SENTIENT_API
GStrv sentient_peer_list_neighbours (SentientPeer *self, const char *room);
SENTIENT_API
SentientGossipStatistics *sentient_peer_dup_gossip_statistics (SentientPeer *self);
SENTIENT_API
SentientTransferList *sentient_peer_get_transfers (SentientPeer *self);
SENTIENT_API
SentientConnection *sentient_peer_find_connection (SentientPeer *self, const char *node_id);

SENTIENT_API
gboolean sentient_peer_use_session_file (SentientPeer *self, const char *path, GError **error);

SENTIENT_API
void sentient_peer_connect_to_coordinator_async (SentientPeer *self,
                                                 const char *const *uris,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data);
SENTIENT_API
gboolean sentient_peer_connect_to_coordinator_finish (SentientPeer *self,
                                                      GAsyncResult *result,
                                                      GError **error);
SENTIENT_API
void sentient_peer_disconnect_from_coordinator_async (SentientPeer *self,
                                                      GCancellable *cancellable,
                                                      GAsyncReadyCallback callback,
                                                      gpointer user_data);
SENTIENT_API
gboolean sentient_peer_disconnect_from_coordinator_finish (SentientPeer *self,
                                                           GAsyncResult *result,
                                                           GError **error);
SENTIENT_API
void sentient_peer_join_async (SentientPeer *self,
                               const char *room,
                               const char *metadata,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
SENTIENT_API
SentientRoom *sentient_peer_join_finish (SentientPeer *self, GAsyncResult *result, GError **error);
SENTIENT_API
void sentient_peer_leave_async (SentientPeer *self,
                                const char *room,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
SENTIENT_API
gboolean sentient_peer_leave_finish (SentientPeer *self, GAsyncResult *result, GError **error);
SENTIENT_API
void sentient_peer_connect_peer_async (SentientPeer *self,
                                       const char *node_id,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
SENTIENT_API
SentientConnection *
sentient_peer_connect_peer_finish (SentientPeer *self, GAsyncResult *result, GError **error);
SENTIENT_API
void sentient_peer_disconnect_peer_async (SentientPeer *self,
                                          const char *node_id,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
SENTIENT_API
gboolean
sentient_peer_disconnect_peer_finish (SentientPeer *self, GAsyncResult *result, GError **error);
SENTIENT_API
void sentient_peer_check_network (SentientPeer *self);
/* Leaves, closes every connection and the coordinator; done when all of it is gone. */
SENTIENT_API
void sentient_peer_close_async (SentientPeer *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
SENTIENT_API
gboolean sentient_peer_close_finish (SentientPeer *self, GAsyncResult *result, GError **error);

SENTIENT_API
gboolean
sentient_peer_send (SentientPeer *self, const char *node_id, const char *text, GError **error);
SENTIENT_API
gboolean
sentient_peer_send_bytes (SentientPeer *self, const char *node_id, GBytes *data, GError **error);
SENTIENT_API
gboolean sentient_peer_send_message (SentientPeer *self,
                                     const char *node_id,
                                     GBytes *data,
                                     gboolean is_text,
                                     SentientPriority priority,
                                     GError **error);
SENTIENT_API
void sentient_peer_send_async (SentientPeer *self,
                               const char *node_id,
                               const char *text,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
SENTIENT_API
void sentient_peer_send_bytes_async (SentientPeer *self,
                                     const char *node_id,
                                     GBytes *data,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
SENTIENT_API
void sentient_peer_send_message_async (SentientPeer *self,
                                       const char *node_id,
                                       GBytes *data,
                                       gboolean is_text,
                                       SentientPriority priority,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
SENTIENT_API
gboolean sentient_peer_send_finish (SentientPeer *self, GAsyncResult *result, GError **error);
SENTIENT_API
gboolean sentient_peer_broadcast (SentientPeer *self,
                                  const char *room,
                                  const char *text,
                                  guint *n_sent,
                                  GError **error);
SENTIENT_API
gboolean sentient_peer_broadcast_bytes (SentientPeer *self,
                                        const char *room,
                                        GBytes *data,
                                        guint *n_sent,
                                        GError **error);

SENTIENT_API
void sentient_peer_send_file_async (SentientPeer *self,
                                    const char *node_id,
                                    GFile *file,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
SENTIENT_API
void sentient_peer_send_stream_async (SentientPeer *self,
                                      const char *node_id,
                                      GInputStream *stream,
                                      const char *name,
                                      const char *content_type,
                                      gint64 size,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
SENTIENT_API
SentientTransfer *
sentient_peer_send_file_finish (SentientPeer *self, GAsyncResult *result, GError **error);
SENTIENT_API
SentientNetworkDoctor *sentient_peer_new_network_doctor (SentientPeer *self);

#ifndef __GI_SCANNER__ /* for the floors to the right; the shared library hides it */

/* What we joined a room with; NULL: nothing, or we are not in it. */
const char *sentient_peer_get_own_metadata (SentientPeer *self, const char *room);

#endif

G_END_DECLS
