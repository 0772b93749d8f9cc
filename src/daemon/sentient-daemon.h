/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "coordinator/sentient-coordinator.h"
#include "peer/sentient-peer.h"
#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* A coordinator and a node that are seen and controlled on the bus. It belongs to the main context
 * that is the thread's default when it is made.
 *
 * Signals:
 *   quit (): somebody on the bus wants it to end; answer with sentient_daemon_stop_async ().
 *   lost (const GError *): the bus or its name there is gone, and so is all that it is for.
 *   failed (const GError *): something went wrong that no call was waiting for. */

#define SENTIENT_TYPE_DAEMON (sentient_daemon_get_type ())
G_DECLARE_FINAL_TYPE (SentientDaemon, sentient_daemon, SENTIENT, DAEMON, GObject)

/* settings are loaded. system_bus: of which kind the bus is that it will be given. */
SentientDaemon *sentient_daemon_new (SentientSettings *settings, gboolean system_bus);

/* How many rooms and members are on the bus at most; what is more comes when others went. Rooms
 * that the node is in always are. Before the start. */
void sentient_daemon_set_bounds (SentientDaemon *self, guint max_rooms, guint max_members);
/* A socket to listen on, such as systemd passes on, instead of host and port; taken. */
gboolean sentient_daemon_add_socket (SentientDaemon *self, int fd, GError **error);

SentientCoordinator *sentient_daemon_get_coordinator (SentientDaemon *self);
SentientPeer *sentient_daemon_get_peer (SentientDaemon *self);

/* Shows itself on the bus, takes the name there, and then starts what the settings say. Done when
 * the coordinator listens; the node goes on looking for one. Errors: another daemon has the name;
 * on the system bus also that the coordinator cannot listen, elsewhere that is only "failed". */
void sentient_daemon_start_async (SentientDaemon *self,
                                  GDBusConnection *bus,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean sentient_daemon_start_finish (SentientDaemon *self, GAsyncResult *result, GError **error);

/* Reads the settings again and applies what can change without dropping a connection. Returns the
 * names of those that take effect with the next start only; NULL: error is set, nothing changed. */
GStrv sentient_daemon_reload (SentientDaemon *self, GError **error);

/* Closes the node, stops the coordinator, leaves the bus. At any time, also twice. */
void
sentient_daemon_stop_async (SentientDaemon *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean sentient_daemon_stop_finish (SentientDaemon *self, GAsyncResult *result, GError **error);

G_END_DECLS
