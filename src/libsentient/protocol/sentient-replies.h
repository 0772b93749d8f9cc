/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-message.h"

G_BEGIN_DECLS

/* Every other text that a coordinator writes. Each appends one JSON object. */

typedef struct
{
  const char *const *stun_servers; /* "stun:host:port", NULL-terminated, or NULL */
  const char *const *turn_servers; /* "turn:user:pass@host:port?transport=udp", or NULL */
} SentientIceConfig;

/* Appends [{"urls":[…]},{"urls":[…],"username":…,"credential":…}]. with_turn FALSE: STUN only. A
 * server that sentient_ice_url_check () refuses is left out, with a debug line. */
void sentient_ice_config_append (const SentientIceConfig *self, GString *out, gboolean with_turn);

/* Can a "stun:host[:port]" or "turn[s]:user:password@host[:port][?transport=udp|tcp]" be told to
 * clients? To be asked when options are read. user and password are percent-encoded; "//" after the
 * scheme may stand. */
gboolean sentient_ice_url_check (const char *url, GError **error);

/* In what follows ref is the number that a v1 client gave its request; 0: none. */

/* HTTP: success:false */
void sentient_reply_append_error (GString *out, const GError *error, guint64 ref);
/* WebSocket: type:error */
void sentient_reply_append_ws_error (GString *out, const GError *error, guint64 ref);
void
sentient_reply_append_connected (GString *out, const char *node_id, const char *coordinator_id);
void sentient_reply_append_pong (GString *out);

/* What HTTP tells of the session besides. */
typedef struct
{
  const char *node_id;
  const char *session;
  gboolean v1;
  const char *token; /* of a v1 session that is new, else NULL */
  guint64 ref;
} SentientHttpGrant;

/* type:"join-result" for a plain WebSocket (grant NULL), the HTTP answer otherwise. peers is
 * everyone else. */
void sentient_reply_append_join_result (GString *out,
                                        const char *room,
                                        const SentientPeerInfo *peers,
                                        guint n_peers,
                                        const SentientIceConfig *ice,
                                        const SentientHttpGrant *grant);
void sentient_reply_append_join_failed (GString *out,
                                        const char *room,
                                        const GError *error,
                                        guint64 ref);
/* One room was left, or (room NULL) all of rooms. http: without "type". */
void sentient_reply_append_leave_result (GString *out,
                                         const char *room,
                                         const char *const *rooms,
                                         gboolean http,
                                         guint64 ref);
void sentient_reply_append_leave_failed (GString *out,
                                         const char *room,
                                         const GError *error,
                                         guint64 ref);
void sentient_reply_append_signal_accepted (GString *out, gboolean delivered, guint64 ref);

/* v1 sessions: what carries no number */
typedef struct
{
  const char *node_id;
  const char *coordinator_id;
  const char *session;
  const char *token; /* NULL: it is not new */
  gboolean resumed;
  guint64 ref;        /* every request up to it was handled */
  guint max_message;  /* bytes */
  guint max_metadata; /* bytes */
  guint room_peers;
  guint grace_ms;
} SentientConnectedInfo;

void sentient_reply_append_v1_connected (GString *out, const SentientConnectedInfo *info);
void sentient_reply_append_gap (GString *out, guint64 from, guint64 to);
void sentient_reply_append_ack (GString *out, guint64 ref);
void sentient_reply_append_draining (GString *out, guint retry_after_ms);

void sentient_reply_append_peers (GString *out,
                                  const char *room,
                                  const SentientPeerInfo *peers,
                                  guint n_peers);
/* {"signals":[ and ]}; the caller puts items and commas between. */
void sentient_reply_begin_signals (GString *out);
void sentient_reply_end_signals (GString *out);

typedef struct
{
  const char *url;
  const char *node_id; /* or NULL */
  const char *status;  /* "connecting", "connected", "failed", … */
  gint64 connected_at; /* ms since the epoch; 0: null */
  gint64 last_seen;    /* the same */
  const char *error;   /* or NULL */
} SentientLinkInfo;

typedef struct
{
  gboolean enabled;
  const char *node_id;
  const char *network_id;
  const char *const *seeds;
  const SentientLinkInfo *outbound;
  guint n_outbound;
  const SentientLinkInfo *inbound;
  guint n_inbound;
  gint64 uptime_s;
  const char *coordinator_url; /* http://host:port/webrtc */
  const char *websocket_url;   /* ws://host:port/webrtc/signal */
  SentientIceConfig ice;
  const char *const *rooms; /* names */
  guint peer_count;
  guint max_peers;    /* of a room */
  guint max_message;  /* bytes */
  guint max_metadata; /* bytes */
} SentientCoordinatorInfo;

void sentient_reply_append_nodes (GString *out,
                                  const SentientCoordinatorInfo *info); /* GET /nodes */
void sentient_reply_append_info (GString *out,
                                 const SentientCoordinatorInfo *info); /* GET /webrtc/info */
void sentient_reply_append_health (GString *out);                      /* {"status":"ok"} */
/* GET /readyz; reason NULL: it is ready. */
void sentient_reply_append_ready (GString *out, const char *reason);

G_END_DECLS
