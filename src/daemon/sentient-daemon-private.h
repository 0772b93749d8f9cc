/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-backoff.h"
#include "core/sentient-error.h"
#include "daemon/sentient-daemon-mirror.h"
#include "daemon/sentient-daemon.h"
#include "dbus/sentient-dbus-names.h"
#include "dbus/sentient-dbus.h"
#include "peer/sentient-peer-statistics.h"

G_BEGIN_DECLS

/* sentient-daemon.c: the object, its start and its stop.
 * sentient-daemon-bus.c: the name and the objects on the bus.
 * sentient-daemon-manager.c: the object Manager.
 * sentient-daemon-calls.c: what calls of several interfaces do.
 * sentient-daemon-settings.c: what the settings mean.
 * sentient-daemon-node.c: the node finds its coordinator and its rooms.
 * sentient-daemon-rooms.c, -members.c, -connections.c, -transfers.c: these objects.
 * sentient-daemon-files.c: descriptors of files that are sent, and of where they go. */

/* Bytes of a message that is told on the bus. The bus throws out who says more than it allows, 32
 * MiB on the system bus, and a stranger must not bring that about. */
#define SENTIENT_DAEMON_TELL_MAX (16 * 1024 * 1024)

typedef struct _SentientDaemonRooms SentientDaemonRooms;
typedef struct _SentientDaemonConnections SentientDaemonConnections;
typedef struct _SentientDaemonTransfers SentientDaemonTransfers;

struct _SentientDaemon
{
  GObject parent_instance;

  SentientSettings *settings;
  gboolean system_bus;
  SentientCoordinator *coordinator;
  SentientPeer *peer;
  SentientPeerStatistics *statistics;
  gint64 started_at; /* ms since the epoch */
  GError *problem;   /* found before there was a bus to tell it on */
  gboolean is_stopping;
  GPtrArray *stopping; /* of GTask: the stop that is under way */

  /* the bus */
  GDBusConnection *bus;
  gulong closed_id;
  GDBusObjectManagerServer *objects;
  guint name_id;
  GTask *starting;
  SentientDBusManager *manager;
  SentientDaemonRooms *rooms;
  guint max_rooms; /* on the bus */
  guint max_members;
  SentientDaemonConnections *connections;
  SentientDaemonTransfers *transfers;

  /* the node */
  gboolean node_wanted;
  GStrv rooms_wanted;       /* what the settings said last */
  gboolean seeds_changed;   /* since the peer was told of them */
  GCancellable *node_tries; /* what the node has under way; NULL: nothing */
  SentientBackoff backoff;
  guint retry_id;

  GCancellable *diagnosing;              /* NULL: no doctor is at work */
  SentientNetworkReport *network_report; /* the last one, or NULL */
};

/* sentient-daemon.c */
/* Something that no call was waiting for. */
void sentient_daemon_fail (SentientDaemon *self, const GError *error);
void sentient_daemon_emit_quit (SentientDaemon *self);
void sentient_daemon_emit_lost (SentientDaemon *self, const GError *error);
gboolean sentient_daemon_start_coordinator (SentientDaemon *self, GError **error);

/* While it starts: the name is ours, or will not be (error, taken). */
void sentient_daemon_named (SentientDaemon *self, GError *error);

/* sentient-daemon-bus.c */
/* Shows Manager and asks for the name; sentient_daemon_named () is called when it is known whether
 * we have it. */
void sentient_daemon_enter_bus (SentientDaemon *self, GDBusConnection *bus);
void sentient_daemon_leave_bus (SentientDaemon *self);
/* Puts an interface on the bus under a path. */
void
sentient_daemon_export (SentientDaemon *self, const char *path, GDBusInterfaceSkeleton *interface);
void sentient_daemon_unexport (SentientDaemon *self, const char *path);

/* What stands on the bus for an item of a list; the first member of what is known of it there. */
typedef struct
{
  SentientDaemon *daemon;
  gpointer item;
  char *path;
  gpointer skeleton;
} SentientDaemonObject;

/* Takes path and skeleton. It is on the bus after sentient_daemon_object_show (). */
void sentient_daemon_object_init (SentientDaemonObject *self,
                                  SentientDaemon *daemon,
                                  gpointer item,
                                  char *path,
                                  gpointer skeleton);
void sentient_daemon_object_show (SentientDaemonObject *self);
/* Takes it from the bus; handlers of item and skeleton whose data it is are gone after that. */
void sentient_daemon_object_free (gpointer object);
/* objects: item → SentientDaemonObject. NULL: it is not on the bus. */
const char *sentient_daemon_object_find_path (GHashTable *objects, gpointer item);

/* sentient-daemon-settings.c */
/* error may be set with a name all the same: that it cannot be kept. */
char *sentient_daemon_choose_node_id (SentientSettings *settings, GError **error);
void sentient_daemon_configure_peer (SentientDaemon *self);
void sentient_daemon_setting_changed (SentientDaemon *self, const char *name);

/* sentient-daemon-manager.c */
SentientDBusManager *sentient_daemon_manager_new (SentientDaemon *self);
/* What the manager tells and nobody notifies. */
void sentient_daemon_manager_update (SentientDaemon *self);

/* sentient-daemon-calls.c */
/* A call that is answered later. */
typedef struct
{
  SentientDaemon *daemon;
  GDBusMethodInvocation *invocation;
} SentientDaemonCall;

/* Takes invocation. */
SentientDaemonCall *sentient_daemon_call_new (SentientDaemon *daemon,
                                              GDBusMethodInvocation *invocation);
/* Each answers and frees it. */
void sentient_daemon_call_done (SentientDaemonCall *call);
/* path NULL: what was made is gone already. */
void sentient_daemon_call_return_path (SentientDaemonCall *call, const char *path);
void sentient_daemon_call_return (SentientDaemonCall *call, GVariant *values);
void sentient_daemon_call_fail (SentientDaemonCall *call, const GError *error);
/* Takes invocation and error. */
gboolean sentient_daemon_refuse (GDBusMethodInvocation *invocation, GError *error);
/* TRUE, after it was refused: the daemon is about to end. */
gboolean sentient_daemon_refuses (SentientDaemon *self, GDBusMethodInvocation *invocation);

/* Each takes invocation and answers it; the return value is that of a method handler. */
gboolean sentient_daemon_join (SentientDaemon *self,
                               GDBusMethodInvocation *invocation,
                               const char *room,
                               const char *metadata);
gboolean
sentient_daemon_leave (SentientDaemon *self, GDBusMethodInvocation *invocation, const char *room);
gboolean sentient_daemon_connect_peer (SentientDaemon *self,
                                       GDBusMethodInvocation *invocation,
                                       const char *node_id);
gboolean sentient_daemon_send (SentientDaemon *self,
                               GDBusMethodInvocation *invocation,
                               const char *node_id,
                               GVariant *data,
                               gboolean text);
/* priority: a word. */
gboolean sentient_daemon_send_with_priority (SentientDaemon *self,
                                             GDBusMethodInvocation *invocation,
                                             const char *node_id,
                                             GVariant *data,
                                             gboolean text,
                                             const char *priority);
gboolean sentient_daemon_broadcast (SentientDaemon *self,
                                    GDBusMethodInvocation *invocation,
                                    const char *room,
                                    GVariant *data,
                                    gboolean text);

/* sentient-daemon-files.c */
/* As above; file: an index into fds. */
gboolean sentient_daemon_send_file (SentientDaemon *self,
                                    GDBusMethodInvocation *invocation,
                                    GUnixFDList *fds,
                                    GVariant *file,
                                    const char *node_id,
                                    const char *name,
                                    const char *media_type);
gboolean sentient_daemon_send_data (SentientDaemon *self,
                                    GDBusMethodInvocation *invocation,
                                    GUnixFDList *fds,
                                    GVariant *data,
                                    const char *node_id,
                                    gboolean text,
                                    const char *priority);
gboolean sentient_daemon_accept_file (SentientDaemon *self,
                                      GDBusMethodInvocation *invocation,
                                      GUnixFDList *fds,
                                      GVariant *destination,
                                      SentientTransfer *transfer);
/* What "accept-files" says of an offer. error: it should have been taken, but could not. */
void sentient_daemon_accept_by_settings (SentientDaemon *self,
                                         SentientTransfer *transfer,
                                         GError **error);
/* Tells if that is a setting by which no file can be taken. */
void sentient_daemon_check_accept_files (SentientDaemon *self);
/* Where it was stored, as a person reads it; "": nowhere. */
char *sentient_daemon_dup_file_name (SentientTransfer *transfer);

/* sentient-daemon-diagnose.c */
/* As above. */
gboolean sentient_daemon_diagnose_network (SentientDaemon *self,
                                           GDBusMethodInvocation *invocation,
                                           gboolean hide_addresses);
gboolean sentient_daemon_get_network_report (SentientDaemon *self,
                                             GDBusMethodInvocation *invocation,
                                             gboolean hide_addresses);

/* sentient-daemon-node.c */
/* Looks for a coordinator until it has one, then joins the rooms; does nothing if it is about it.
 */
void sentient_daemon_node_start (SentientDaemon *self);
/* No more looking; done () when everything is closed. */
void sentient_daemon_node_stop (SentientDaemon *self, GAsyncReadyCallback done, gpointer user_data);
gboolean sentient_daemon_connect_seed (SentientDaemon *self,
                                       GDBusMethodInvocation *invocation,
                                       const char *url);
/* Joins and leaves rooms, so that it is in those of the settings; others that it was told to join
 * stay. */
void sentient_daemon_node_rooms_changed (SentientDaemon *self);
/* Without seeds the node uses it, which may be at another port now. */
void sentient_daemon_node_coordinator_started (SentientDaemon *self);
/* A connection to a coordinator stays; the next one is of these seeds. */
void sentient_daemon_node_seeds_changed (SentientDaemon *self);
/* The peer's state changed: it may have given up by itself. */
void sentient_daemon_node_check (SentientDaemon *self);
/* At dispose. */
void sentient_daemon_node_clear (SentientDaemon *self);

/* sentient-daemon-rooms.c */
SentientDaemonRooms *sentient_daemon_rooms_new (SentientDaemon *daemon);
void sentient_daemon_rooms_free (SentientDaemonRooms *self);
/* NULL: it is not on the bus. */
const char *sentient_daemon_rooms_find_path (SentientDaemonRooms *self, const char *name);
/* Maybe with other metadata. */
void sentient_daemon_rooms_joined_again (SentientDaemonRooms *self, const char *name);

/* sentient-daemon-connections.c */
SentientDaemonConnections *sentient_daemon_connections_new (SentientDaemon *daemon);
void sentient_daemon_connections_free (SentientDaemonConnections *self);
/* NULL: it is gone. */
const char *sentient_daemon_connections_find_path (SentientDaemonConnections *self,
                                                   SentientConnection *connection);

/* sentient-daemon-transfers.c */
SentientDaemonTransfers *sentient_daemon_transfers_new (SentientDaemon *daemon);
void sentient_daemon_transfers_free (SentientDaemonTransfers *self);
/* NULL: it is gone. */
const char *sentient_daemon_transfers_find_path (SentientDaemonTransfers *self,
                                                 SentientTransfer *transfer);

G_END_DECLS
