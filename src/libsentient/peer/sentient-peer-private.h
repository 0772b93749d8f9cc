/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-backoff.h"
#include "core/sentient-error.h"
#include "peer/sentient-connection-private.h"
#include "peer/sentient-early-candidates.h"
#include "peer/sentient-network-watch.h"
#include "peer/sentient-peer-mesh.h"
#include "peer/sentient-peer.h"
#include "peer/sentient-session-file.h"
#include "peer/sentient-waiters.h"
#include "signaling/sentient-channel.h"
#include "webrtc/sentient-link-options.h"

G_BEGIN_DECLS

/* sentient-peer.c: the object, its properties and signals.
 * sentient-peer-settings.c: what can be set, documented.
 * sentient-peer-properties.c: what can be asked of it.
 * sentient-peer-coordinator.c: finding a coordinator, losing it, finding it again.
 * sentient-peer-requests.c: joining and leaving.
 * sentient-peer-rooms.c: who is there, what the coordinator says.
 * sentient-peer-negotiation.c: signals to and from other nodes.
 * sentient-peer-links.c: connections from the first offer to the end of the link.
 * sentient-peer-ways.c: servers, relays and candidates that connections may use.
 * sentient-peer-retry.c: connections that broke are made again.
 * sentient-peer-connect.c: the wishes to connect, to disconnect, to close.
 * sentient-peer-recovery.c: connections that lost their link get another one.
 * sentient-peer-messages.c: what goes over open connections.
 * sentient-peer-mesh.h: whom to connect to in a large room, and broadcasts there.
 * sentient-peer-files.c: the wish to send a file, see sentient-transfer-private.h.
 *
 * Whatever runs foreign code (a signal, the return of a task) may find the peer changed afterwards;
 * hold a reference where it could be the last. */

#define SENTIENT_PEER_URIS_MAX 32
#define SENTIENT_PEER_MEMBERS_MAX 4096 /* of one room, as we see it */
#define SENTIENT_PEER_SILENCE_MS 45000
#define SENTIENT_PEER_RECONNECT_MAX_MS 30000
#define SENTIENT_PEER_MESSAGE_SIZE (256 * 1024 * 1024)
/* How long until a node that was given up is tried once more: at first, and at most. */
#define SENTIENT_PEER_RETRY_SLOW_MS 60000
#define SENTIENT_PEER_RETRY_SLOW_MAX_MS 300000
#define SENTIENT_PEER_RECOVERY_MS 60000 /* how long a node may be out of reach */
#define SENTIENT_PEER_GLARE_MS 3000     /* how long an offer stands that was met by another */
/* How often we look at a network that never stops changing. */
#define SENTIENT_PEER_CHECK_EVERY_MS 5000

/* Who is polite gives in when both ends offer at once. */
typedef enum
{
  SENTIENT_POLITE_UNKNOWN, /* the coordinator does not say */
  SENTIENT_POLITE_YES,
  SENTIENT_POLITE_NO,
} SentientPolite;

typedef SentientLink *(*SentientLinkFactory) (const SentientLinkOptions *options,
                                              gpointer user_data);

struct _SentientPeer
{
  GObject parent_instance;

  GMainContext *context;
  char *node_id;
  SentientPeerState state;

  /* settings */
  gboolean auto_connect;
  gboolean use_websocket;
  GStrv stun_servers; /* NULL: those of the coordinator */
  GStrv turn_servers; /* likewise */
  gboolean relay_only;
  GStrv candidate_filter;
  guint connect_timeout;
  guint request_timeout;
  guint reconnect_delay;
  guint max_connections;
  guint max_message_size;
  guint silence_ms;
  guint poll_ms;
  gboolean is_plain;       /* knows no framing; for tests */
  gboolean never_deflates; /* for benchmarks */
  SentientClock *clock;
  SentientLinkFactory link_factory;
  gpointer link_factory_data;
  GDestroyNotify link_factory_data_free;
  GHashTable *complaints; /* about servers, that were told already */

  /* the coordinator */
  GPtrArray *uris;          /* (element-type GUri) */
  guint first_uri;          /* of this round: the one that worked last */
  guint uris_tried;         /* in this round */
  gboolean try_poll;        /* the WebSocket of the present URI did not work */
  GString *tried;           /* what went wrong in this round, for people */
  gint round_error;         /* code of the last that went wrong */
  guint round_retry_ms;     /* how long we were asked to wait in this round */
  SentientChannel *channel; /* open, or being opened */
  GCancellable *opening;    /* NULL: none is being opened */
  gint64 open_since;        /* monotonic, us */
  gint64 session_since;     /* the same; nothing was lost by way of the coordinator from then on */
  SentientClientSession *session;    /* what outlives a channel, with who speaks v1 */
  SentientSessionFile *session_file; /* and, if it is wanted, the process; NULL: it is not */
  gboolean resumable;                /* the coordinator does */
  gboolean resumed;
  guint drain_ms;         /* how long the coordinator asked us to stay away; 0: it did not */
  gboolean told_id_taken; /* in this search for a coordinator */
  SentientChannelKind channel_kind;
  char *coordinator_uri;
  char *coordinator_id;
  GStrv coordinator_stun;
  GStrv coordinator_turn;
  SentientBackoff backoff;
  GSource *reconnect_timer;
  GPtrArray *closing_channels;
  SentientWaiters *connecting;
  SentientWaiters *disconnecting;

  /* rooms */
  GListStore *rooms;    /* SentientRoom */
  GHashTable *metadata; /* room name → what we joined it with */
  GPtrArray *requests;  /* joins and leaves without an answer, oldest first */
  GHashTable *polite;   /* node id → SentientPolite: which end the coordinator made polite */

  /* connections */
  GListStore *connections; /* SentientConnection: all of attempts and open */
  GHashTable *attempts;    /* node id → SentientConnection, not open yet */
  GHashTable *open;        /* node id → SentientConnection */
  SentientPeerMesh *mesh;
  SentientPeerGossip *gossip;
  SentientTransferList *transfers;
  GPtrArray *closing_links;
  SentientEarlyCandidates *early;
  GHashTable *retries;     /* node id → what is known of tries to connect again */
  guint retry_slow_ms;     /* how long until one that was given up is tried once more: at first, */
  guint retry_slow_max_ms; /* and at most */
  GHashTable *addressed;   /* node id → how much we signalled to it lately */
  guint n_errors_due;      /* that the coordinator still has for an attempt it made fail */
  gint due_code;
  gint64 errors_due_until; /* monotonic, us */
  SentientWaiters *closing;
  gboolean is_closing;

  /* recovery */
  guint recovery_ms;
  guint glare_ms;
  SentientNetworkWatch *network_watch; /* NULL: not yet */
  GSource *network_timer;              /* the network changed: it is looked at soon */
  guint check_every_ms;                /* see sentient-peer-recovery.c */
  gint64 checks_paid_ms;
  GSource *doubt_timer; /* who has not answered by then is replaced */
};

typedef enum
{
  PROP_NODE_ID = 1,
  PROP_STATE,
  PROP_CHANNEL_KIND,
  PROP_COORDINATOR_URI,
  PROP_COORDINATOR_ID,
  PROP_RESUMABLE,
  PROP_RESUMED,
  PROP_ROOMS,
  PROP_CONNECTIONS,
  PROP_TRANSFERS,
  PROP_AUTO_CONNECT,
  PROP_USE_WEBSOCKET,
  PROP_STUN_SERVERS,
  PROP_TURN_SERVERS,
  PROP_RELAY_ONLY,
  PROP_CANDIDATE_FILTER,
  PROP_CONNECT_TIMEOUT,
  PROP_REQUEST_TIMEOUT,
  PROP_RECONNECT_DELAY,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_MESSAGE_SIZE,
} SentientPeerProperty;

/* sentient-peer-settings.c */
void sentient_peer_make_settings_properties (GParamSpec **properties);

/* sentient-peer-signals.c */
void sentient_peer_install_signals (SentientPeerClass *klass);
void sentient_peer_emit_peer_connected (SentientPeer *self, const char *node_id);
void
sentient_peer_emit_peer_disconnected (SentientPeer *self, const char *node_id, const GError *error);
void
sentient_peer_emit_peer_reconnecting (SentientPeer *self, const char *node_id, const GError *error);
void sentient_peer_emit_peer_reconnected (SentientPeer *self, const char *node_id);
void sentient_peer_emit_message (SentientPeer *self,
                                 const char *node_id,
                                 GBytes *data,
                                 gboolean is_text);
/* A broadcast that was passed on; as a message, too. */
void sentient_peer_emit_broadcast (SentientPeer *self,
                                   const char *room,
                                   const char *origin,
                                   GBytes *data,
                                   gboolean is_text);
void sentient_peer_emit_neighbours_changed (SentientPeer *self, SentientRoom *room);
void sentient_peer_emit_drained (SentientPeer *self, const char *node_id);
void sentient_peer_emit_data_channel (SentientPeer *self,
                                      const char *node_id,
                                      SentientDataChannel *channel);
/* Whether somebody would take it. */
gboolean sentient_peer_hears_offers (SentientPeer *self);
void sentient_peer_emit_transfer_offered (SentientPeer *self, SentientTransfer *transfer);
void sentient_peer_emit_error (SentientPeer *self, const GError *error);
void
sentient_peer_emit_member_joined (SentientPeer *self, SentientRoom *room, SentientMember *member);
void sentient_peer_emit_member_left (SentientPeer *self,
                                     SentientRoom *room,
                                     SentientMember *member,
                                     SentientLeaveReason reason);
void sentient_peer_trace (SentientPeer *self, const char *node_id, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* sentient-peer.c */
void sentient_peer_set_state (SentientPeer *self, SentientPeerState state);
void sentient_peer_set_channel_kind (SentientPeer *self, SentientChannelKind kind);
void sentient_peer_set_coordinator_uri (SentientPeer *self, const char *uri);
void sentient_peer_set_coordinator_id (SentientPeer *self, const char *id);
void sentient_peer_set_resumable (SentientPeer *self, gboolean resumable, gboolean resumed);
GSource *
sentient_peer_add_timeout (SentientPeer *self, guint ms, GSourceFunc func, gpointer user_data);
/* For tests. */
void sentient_peer_set_link_factory (SentientPeer *self,
                                     SentientLinkFactory factory,
                                     gpointer user_data,
                                     GDestroyNotify user_data_free);
void sentient_peer_set_intervals (SentientPeer *self, guint silence_ms, guint poll_ms);

/* sentient-peer-coordinator.c */
void sentient_peer_channel_lost (SentientPeer *self, GError *error); /* taken */
void sentient_peer_leave_coordinator (SentientPeer *self, const GError *why);
void sentient_peer_connect_abandoned (gpointer user_data);
void sentient_peer_drop_channels (SentientPeer *self);
gboolean sentient_peer_has_coordinator (SentientPeer *self);
/* The network may be another one: whatever can be done without a loss is done at once. */
void sentient_peer_refresh_coordinator (SentientPeer *self);
/* By whatever there is; with a session also while the coordinator is away. */
gboolean sentient_peer_send_signal (SentientPeer *self, SentientSignal *signal, GError **error);
void sentient_peer_store_session (SentientPeer *self);
/* To be called when the session may have begun or ended. */
void sentient_peer_note_session (SentientPeer *self);

/* sentient-peer-requests.c */
void sentient_peer_rejoin (SentientPeer *self);
/* With what we can do, for those who connect to us. */
char *sentient_peer_dup_told_metadata (SentientPeer *self, const char *metadata);
void sentient_peer_fail_requests (SentientPeer *self, const GError *error);
void sentient_peer_handle_join_result (SentientPeer *self, SentientServerMessage *message);
void sentient_peer_handle_leave_result (SentientPeer *self, SentientServerMessage *message);
gboolean sentient_peer_refuse_first_request (SentientPeer *self, const GError *error);

/* sentient-peer-rooms.c */
void sentient_peer_handle_message (SentientPeer *self, SentientServerMessage *message);
SentientRoom *sentient_peer_find_room (SentientPeer *self, const char *name);
/* The first room of ours where the node is; NULL: none. */
SentientRoom *sentient_peer_find_shared_room (SentientPeer *self, const char *node_id);
void sentient_peer_forget_room (SentientPeer *self, const char *name);
void sentient_peer_clear_rooms (SentientPeer *self);
/* Makes the room look as the coordinator says. peers: (element-type SentientRemotePeer) or NULL.
 * tell: with signals. */
void sentient_peer_sync_members (SentientPeer *self,
                                 SentientRoom *room,
                                 GPtrArray *peers,
                                 gboolean tell);

/* sentient-peer-negotiation.c */
void sentient_peer_handle_signal (SentientPeer *self, SentientSignal *signal);
void sentient_peer_handle_signal_failed (SentientPeer *self, SentientSignal *signal, GError *error);
/* Nodes we signalled to lately, so that an error of the coordinator may be about it. */
guint sentient_peer_count_addressed (SentientPeer *self);
gboolean sentient_peer_is_repeated_error (SentientPeer *self, const GError *error);
/* FALSE: it cannot be said whom it is about. */
gboolean sentient_peer_attribute_error (SentientPeer *self, const GError *error);
void sentient_peer_handle_local_description (SentientPeer *self,
                                             SentientConnection *connection,
                                             SentientSignalType type,
                                             const char *sdp);
void sentient_peer_handle_local_candidate (SentientPeer *self,
                                           SentientConnection *connection,
                                           guint mline,
                                           const char *candidate);

/* sentient-peer-recovery.c */
/* The link of an open connection is gone; error NULL: the other end closed it in good order. */
void
sentient_peer_lose_link (SentientPeer *self, SentientConnection *connection, const GError *error);
/* Whether it is worth waiting for another link, when this one is gone for that reason. */
gboolean
sentient_peer_may_recover (SentientPeer *self, SentientConnection *connection, const GError *error);
/* Whether there is a connection to the node that has no link. */
gboolean sentient_peer_is_lost (SentientPeer *self, const char *node_id);
/* Tries at once, if the node is one that was lost and is in a room of ours. */
void sentient_peer_recover (SentientPeer *self, const char *node_id);
void sentient_peer_recover_all (SentientPeer *self);
/* The coordinator says that the node is in no room of ours any more. A connection without a link
 * ends; one that has a link lives as long as that. */
void sentient_peer_note_left (SentientPeer *self, const char *node_id, SentientLeaveReason reason);
/* It is in a room of ours (again). */
void sentient_peer_note_joined (SentientPeer *self, const char *node_id);
/* There is no open link to it, or it does not answer. */
gboolean sentient_peer_is_in_doubt (SentientPeer *self, const char *node_id);
/* The link of an attempt is open: it goes to the connection that there is to the node. FALSE: there
 * is none, or one that cannot take it. */
gboolean sentient_peer_adopt_link (SentientPeer *self, SentientConnection *attempt);
void sentient_peer_watch_network (SentientPeer *self);
/* At dispose. */
void sentient_peer_stop_recovery (SentientPeer *self);

/* sentient-peer-ways.c */
/* NULL: the candidate filter will not do. */
SentientLinkOptions *sentient_peer_new_link_options (SentientPeer *self, GError **error);
/* Tells what of that does not work or pass. */
void sentient_peer_watch_ways (SentientLink *link, SentientConnection *connection);

/* sentient-peer-links.c */
/* (element-type SentientConnection): those of a table, held; it may change meanwhile. */
GPtrArray *sentient_peer_list (GHashTable *connections);
gboolean sentient_peer_has_capacity (SentientPeer *self, const char *node_id);
/* Who sees it in the list may end it at once: the caller gets a reference. */
SentientConnection *
sentient_peer_ref_new_attempt (SentientPeer *self, const char *node_id, const char *room);
/* Begins (again) with a fresh link; offer NULL: we offer. */
void sentient_peer_negotiate (SentientPeer *self,
                              SentientConnection *connection,
                              const char *negotiation,
                              const char *offer);
/* silent: tell only who waits for it. */
void sentient_peer_fail_attempt (SentientPeer *self,
                                 SentientConnection *connection,
                                 const GError *error,
                                 gboolean silent);
/* All of them; silent: see above. */
void sentient_peer_fail_attempts (SentientPeer *self, const GError *error, gboolean silent);
/* sentient-peer-retry.c */
typedef enum
{
  SENTIENT_RETRY_NEVER,
  SENTIENT_RETRY_SOON,
  SENTIENT_RETRY_GIVEN_UP, /* for now: from here on once in a while */
  SENTIENT_RETRY_SLOWLY,
} SentientRetryPlan;

GHashTable *sentient_peer_retries_new (void);
SentientRetryPlan sentient_peer_retry_later (SentientPeer *self, const char *node_id);
/* The application is told that, unless it knows. */
void
sentient_peer_tell_attempt_failed (SentientPeer *self, const GError *error, SentientRetryPlan plan);
/* Something changed for the better: whoever could not be reached is tried as often as at first.
 * node_id NULL: all of them. */
void sentient_peer_retry_anew (SentientPeer *self, const char *node_id);
/* For tests. */
void sentient_peer_set_retry_times (SentientPeer *self, guint slow_ms, guint slow_max_ms);
/* (element-type utf8): whom the peer tried to connect to by itself, more than once and in vain;
 * good until something is tried again. */
GHashTable *sentient_peer_list_unreachable (SentientPeer *self);
/* All is well with the node, or it is gone. */
void sentient_peer_forget_retries (SentientPeer *self, const char *node_id);

/* sentient-peer-links.c */
/* An open connection is over; error NULL: in good order. */
void sentient_peer_end_connection (SentientPeer *self,
                                   SentientConnection *connection,
                                   const GError *error);
/* Tells the application what did not arrive. */
void
sentient_peer_tell_lost (SentientPeer *self, const char *node_id, guint n_lost, const char *why);
/* Closes a link whose end interests nobody any more. */
void sentient_peer_drop_link (SentientPeer *self, SentientConnection *connection);
void sentient_peer_drop_retired (SentientPeer *self, SentientConnection *connection);
/* The open link of an attempt, with all that belongs to it; the attempt is over. */
void sentient_peer_move_link (SentientPeer *self,
                              SentientConnection *attempt,
                              SentientConnection *connection);
SentientLink *sentient_peer_make_webrtc_link (const SentientLinkOptions *options,
                                              gpointer user_data);
/* The newcomer's part: offers to a member it found. */
void sentient_peer_greet (SentientPeer *self, const char *node_id, const char *room);
/* The same when it is its turn, see SentientPace. FALSE: not yet, ask again. */
gboolean sentient_peer_greet_in_turn (SentientPeer *self, const char *node_id, const char *room);
void sentient_peer_drop_links (SentientPeer *self);
void sentient_peer_check_closed (SentientPeer *self);

/* Whether the node says that it can do that, where we met or meet. */
gboolean sentient_peer_has_capability (SentientPeer *self,
                                       SentientConnection *connection,
                                       const char *capability);

/* sentient-peer-files.c */
GParamSpec *sentient_peer_new_transfers_pspec (void);

/* sentient-peer-connect.c */
GError *sentient_peer_new_closed_error (SentientPeer *self);

G_END_DECLS
