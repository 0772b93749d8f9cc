/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "coordinator/sentient-coordinator.h"
#include "signaling/sentient-router.h"

G_BEGIN_DECLS

/* What was told of one seed. */
typedef struct
{
  char *url;
  char *node_id;
  char *status;
  char *error;
  gint64 connected_at;
  gint64 last_seen;
} SentientSeedReport;

/* Limits that are properties, in the order of their ids. */
typedef enum
{
  SENTIENT_LIMIT_SIGNAL_RATE,
  SENTIENT_LIMIT_SIGNAL_BURST,
  SENTIENT_LIMIT_JOIN_RATE,
  SENTIENT_LIMIT_JOIN_BURST,
  SENTIENT_LIMIT_CONNECTION_RATE,
  SENTIENT_LIMIT_CONNECTION_BURST,
  SENTIENT_LIMIT_CONNECTIONS_PER_ADDRESS,
  SENTIENT_LIMIT_ROOMS_PER_NODE,
  SENTIENT_LIMIT_PEERS_PER_ROOM,
  SENTIENT_LIMIT_NODES,
  SENTIENT_LIMIT_ROOMS,
  SENTIENT_LIMIT_CONNECTIONS,
  SENTIENT_LIMIT_MESSAGE_SIZE,
  SENTIENT_LIMIT_METADATA_SIZE,
  SENTIENT_LIMIT_QUEUED_MESSAGES,
  SENTIENT_LIMIT_QUEUED_BYTES,
  SENTIENT_LIMIT_SENDER_MESSAGES,
  SENTIENT_LIMIT_SENDER_BYTES,
  SENTIENT_LIMIT_TOTAL_BYTES,
  SENTIENT_LIMIT_ADDRESS_SHARE,
  SENTIENT_LIMIT_HEAD_TIMEOUT,
  SENTIENT_LIMIT_BODY_TIMEOUT,
  SENTIENT_LIMIT_IDLE_TIMEOUT,
  SENTIENT_LIMIT_PING_INTERVAL,
  SENTIENT_LIMIT_SILENCE_TIMEOUT,
  SENTIENT_LIMIT_GRACE_TIME,
  SENTIENT_LIMIT_DRAIN_TIME,
  SENTIENT_N_LIMITS
} SentientLimit;

struct _SentientCoordinator
{
  GObject parent_instance;

  char *host;
  guint port;
  char *node_id;
  char *network_id;
  char *static_dir;
  char *handover_file;
  GArray *sockets; /* of int: to listen on; empty: host and port */
  gboolean webrtc_enabled;
  gboolean cors;
  char *public_url;
  GStrv trusted_proxies;
  GStrv allowed_origins;
  GStrv stun_servers;
  GStrv turn_servers;
  GStrv seeds;
  guint limits[SENTIENT_N_LIMITS];

  SentientClock *clock;
  GMainContext *context;
  SentientDirectory *directory;
  GPtrArray *rooms;        /* what the directory listed last: a removed room is named by it */
  GPtrArray *seed_reports; /* of SentientSeedReport */
  SentientMetricsFunc metrics_func;
  gpointer metrics_data;
  GDestroyNotify metrics_destroy;
  GArray *inbound; /* of SentientLinkInfo, as told last */
  GArray *outbound;

  /* while it runs */
  GStrv live_stun_servers; /* what the properties said at the start */
  GStrv live_turn_servers;
  char *live_static_dir;
  SentientAccess *live_access;
  SoupServer *server;
  SentientHub *hub;
  SentientRouter *router;
  SentientEngine *engine;
  GSource *check_timer;
  gint64 started_at;    /* ms, monotonic */
  guint requested_port; /* what port goes back to when it stops */
  gboolean stopping;
  GTask *drain_task; /* of the stop that is due; NULL: it does not drain */
  GSource *drain_timer;
  gint64 drain_until_ms; /* monotonic */
};

void sentient_seed_report_free (gpointer report);
/* sentient-coordinator-limits.c */
void sentient_coordinator_make_limit_properties (GParamSpec *properties[SENTIENT_N_LIMITS]);
/* Sets the field and notifies if that is a change. */
void sentient_coordinator_set_uint (SentientCoordinator *self,
                                    guint *field,
                                    guint number,
                                    GParamSpec *pspec);
void sentient_coordinator_init_limits (SentientCoordinator *self);
void sentient_coordinator_fill_engine_limits (SentientCoordinator *self,
                                              SentientEngineConfig *config);
void sentient_coordinator_apply_limits (SentientCoordinator *self);
/* sentient-coordinator-properties.c */
void sentient_coordinator_install_properties (GObjectClass *klass);
/* Called where what these properties tell has changed. */
void sentient_coordinator_notify_running (SentientCoordinator *self);
void sentient_coordinator_notify_peer_count (SentientCoordinator *self);
/* sentient-coordinator-handover.c */
/* Writes handover_file; what goes wrong is said in the log. */
void sentient_coordinator_save_handover (SentientCoordinator *self);
/* Reads and deletes it; without one, or with one that cannot be used, the start is an empty one. */
void sentient_coordinator_load_handover (SentientCoordinator *self);
/* sentient-coordinator-stop.c */
/* While it drains: ends that when it is time. */
void sentient_coordinator_check_drain (SentientCoordinator *self);
void sentient_coordinator_drop_drain (SentientCoordinator *self);
/* Keeps it until the loop's next turn: its last reference went in a handler that the engine called,
 * and the engine must not go now. */
void sentient_coordinator_live_on (SentientCoordinator *self);
/* The router's SentientRouterCount; user_data is the coordinator. */
void sentient_coordinator_count (SentientStatistics *statistics, gpointer user_data);
/* The router's SentientRouterAppend: what the owner adds. */
void sentient_coordinator_append_metrics (GString *out, gpointer user_data);
/* Before a caller in this process has signals relayed: the engine's coarse time may be old. */
void sentient_coordinator_stamp (SentientCoordinator *self);
/* Ends everything that runs, at once. */
void sentient_coordinator_tear_down (SentientCoordinator *self);

G_END_DECLS
