/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-clock.h"
#include "model/sentient-room.h"
#include "protocol/sentient-signal.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_COORDINATOR (sentient_coordinator_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientCoordinator, sentient_coordinator, SENTIENT, COORDINATOR, GObject)

/**
 * SentientMetricsFunc:
 * @coordinator: a coordinator
 * @user_data: what was given with the function
 *
 * Tells more for `GET /metrics`. It runs on the coordinator's thread while that answers, and should
 * do no more than write numbers.
 *
 * Returns: (transfer full) (nullable): lines in the text format of Prometheus 0.0.4, of families
 *   that the coordinator does not tell of by itself; `sentient_` is for this library
 *
 * Since: 0.1
 */
typedef char *(*SentientMetricsFunc) (SentientCoordinator *coordinator, gpointer user_data);

SENTIENT_API
SentientCoordinator *sentient_coordinator_new (void);

SENTIENT_API
gboolean sentient_coordinator_add_socket (SentientCoordinator *self, int fd, GError **error);
SENTIENT_API
gboolean sentient_coordinator_start (SentientCoordinator *self, GError **error);
SENTIENT_API
void sentient_coordinator_stop_async (SentientCoordinator *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
SENTIENT_API
gboolean
sentient_coordinator_stop_finish (SentientCoordinator *self, GAsyncResult *result, GError **error);

SENTIENT_API
const char *sentient_coordinator_get_node_id (SentientCoordinator *self);
SENTIENT_API
guint sentient_coordinator_get_port (SentientCoordinator *self);
SENTIENT_API
gboolean sentient_coordinator_get_running (SentientCoordinator *self);
SENTIENT_API
gint64 sentient_coordinator_get_uptime (SentientCoordinator *self);
SENTIENT_API
guint sentient_coordinator_get_peer_count (SentientCoordinator *self);
SENTIENT_API
char *sentient_coordinator_dup_url (SentientCoordinator *self);
SENTIENT_API
char *sentient_coordinator_dup_statistics (SentientCoordinator *self);
SENTIENT_API
void sentient_coordinator_set_metrics_func (SentientCoordinator *self,
                                            SentientMetricsFunc func,
                                            gpointer user_data,
                                            GDestroyNotify destroy);
SENTIENT_API
GListModel *sentient_coordinator_get_rooms (SentientCoordinator *self);
SENTIENT_API
SentientRoom *sentient_coordinator_find_room (SentientCoordinator *self, const char *name);

SENTIENT_API
SentientMember *sentient_coordinator_join (SentientCoordinator *self,
                                           const char *node_id,
                                           const char *room,
                                           const char *metadata,
                                           GError **error);
SENTIENT_API
gboolean sentient_coordinator_leave (SentientCoordinator *self,
                                     const char *node_id,
                                     const char *room,
                                     GError **error);
SENTIENT_API
gboolean
sentient_coordinator_leave_all (SentientCoordinator *self, const char *node_id, GError **error);
SENTIENT_API
GPtrArray *sentient_coordinator_get_room_peers (SentientCoordinator *self, const char *room);
SENTIENT_API
gboolean sentient_coordinator_queue_signal (SentientCoordinator *self,
                                            SentientSignal *signal,
                                            GError **error);
SENTIENT_API
void sentient_coordinator_poll_async (SentientCoordinator *self,
                                      const char *node_id,
                                      guint timeout_ms,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
SENTIENT_API
char *
sentient_coordinator_poll_finish (SentientCoordinator *self, GAsyncResult *result, GError **error);
SENTIENT_API
guint sentient_coordinator_broadcast_to_room (SentientCoordinator *self,
                                              const char *room,
                                              SentientSignalType type,
                                              const char *from,
                                              const char *payload,
                                              const char *exclude,
                                              GError **error);
SENTIENT_API
void sentient_coordinator_cleanup (SentientCoordinator *self);

/* Tells /nodes of a seed that this program is connected to, or tries. status "" takes it away. */
SENTIENT_API
void sentient_coordinator_report_seed (SentientCoordinator *self,
                                       const char *url,
                                       const char *node_id,
                                       const char *status,
                                       gint64 connected_at,
                                       const char *error);

G_END_DECLS
