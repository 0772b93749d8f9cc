/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client-room.h"
#include "dbus/sentient-dbus.h"

G_BEGIN_DECLS

/* A daemon as others on the bus see it, for the command line and the applet: proxies and nothing
 * else. It follows the daemon: when it goes, "available" turns FALSE, "manager" NULL and the lists
 * empty; when one comes (the same or another one), they fill again.
 *
 * All of it lives on the main context that was the thread's default when it was made, which must be
 * the process's default one. */
#define SENTIENT_TYPE_CLIENT (sentient_client_get_type ())
G_DECLARE_FINAL_TYPE (SentientClient, sentient_client, SENTIENT, CLIENT, GObject)

/* Properties, all read-only and notified:
 *
 *   "available"    gboolean              whether a daemon answers and all below is known
 *   "manager"      SentientDBusManager   the daemon itself; NULL while not available
 *   "rooms"        GListModel            of SentientClientRoom, the oldest first; always the same
 *                                        list
 *   "connections"  GListModel            of SentientDBusConnection, as above
 *   "transfers"    GListModel            of SentientDBusTransfer, as above
 *   "error"        char *                why it is not available, a sentence for a person that
 *                                        names what to do; NULL while it is available or not yet
 *                                        known
 *
 * Signals:
 *
 *   "message" (const char *node_id, GBytes *data, gboolean is_text)   from a node, to the daemon's
 *   "failed"  (const char *name, const char *message)                 what no call was waiting for
 */

/* bus: G_BUS_TYPE_SESSION, or G_BUS_TYPE_SYSTEM. Does nothing until sentient_client_open_async ().
 */
SentientClient *sentient_client_new (GBusType bus);

/* Connects to the bus and begins to follow the daemon; starts none. Once. Done when it is known
 * whether a daemon is there (see "available"); FALSE, with an error for a person: no bus. */
void sentient_client_open_async (SentientClient *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean sentient_client_open_finish (SentientClient *self, GAsyncResult *result, GError **error);

/* Lets the bus start the daemon if none is there; after sentient_client_open_finish (). Done when
 * it is available; FALSE, with an error for a person: it could not be started, or did not answer.
 */
void sentient_client_start_daemon_async (SentientClient *self,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
gboolean
sentient_client_start_daemon_finish (SentientClient *self, GAsyncResult *result, GError **error);

/* FALSE: not opened yet, or the bus itself is gone, and nothing will come any more. */
gboolean sentient_client_is_open (SentientClient *self);
gboolean sentient_client_is_available (SentientClient *self);
SentientDBusManager *sentient_client_get_manager (SentientClient *self);
GListModel *sentient_client_get_rooms (SentientClient *self);
GListModel *sentient_client_get_connections (SentientClient *self);
GListModel *sentient_client_get_transfers (SentientClient *self);
const char *sentient_client_get_error (SentientClient *self);

/* NULL: there is none. */
SentientClientRoom *sentient_client_find_room (SentientClient *self, const char *name);
SentientDBusConnection *sentient_client_find_connection (SentientClient *self, const char *node_id);
/* By the number at the end of its path. */
SentientDBusTransfer *sentient_client_find_transfer (SentientClient *self, guint64 number);

/* Files, in sentient-client-files.c */

/* The number at the end of its path, by which people name it. */
guint64 sentient_client_get_transfer_number (SentientDBusTransfer *transfer);
/* Whether its state is an end. */
gboolean sentient_client_transfer_is_over (SentientDBusTransfer *transfer);
/* For SendFile: a file that is open to be read, what it is called and its media type ("": not
 * known). -1: error says why, for a person. */
int sentient_client_open_file (const char *path, char **name, char **media_type, GError **error);
/* Offers it. path: as above. Finished with the transfer's path; NULL: error says why. */
void sentient_client_send_file_async (SentientClient *self,
                                      const char *node_id,
                                      const char *path,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
char *sentient_client_send_file_finish (SentientClient *self, GAsyncResult *result, GError **error);
/* Takes a file that is offered into a folder. Done when the daemon has taken it, and goes on by
 * itself. A daemon of another user may not write there: then this process does, and it is done when
 * the transfer is over. file: where this process stored it, or NULL; see File of the transfer. */
void sentient_client_accept_async (SentientClient *self,
                                   SentientDBusTransfer *transfer,
                                   const char *folder,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean sentient_client_accept_finish (SentientClient *self,
                                        GAsyncResult *result,
                                        char **file,
                                        GError **error);

/* What a failed call on a proxy says to a person: the daemon's own words, or that it is gone, or
 * did not answer in time. Never NULL. */
char *sentient_client_describe_error (GError *error);

G_END_DECLS
