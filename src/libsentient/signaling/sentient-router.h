/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-statistics.h"
#include "signaling/sentient-hub.h"

G_BEGIN_DECLS

/* The HTTP paths which libsoup serves, and the WebSocket handshake. */
typedef struct _SentientRouter SentientRouter;

/* Fills what the coordinator knows for /nodes and /webrtc/info. What it puts there lives until the
 * next call; the URLs and the list of rooms are the router's. */
typedef void (*SentientRouterDescribe) (SentientCoordinatorInfo *info, gpointer user_data);

/* Fills what /metrics and /webrtc/stats tell. */
typedef void (*SentientRouterCount) (SentientStatistics *statistics, gpointer user_data);

/* Appends what further stands in /metrics. */
typedef void (*SentientRouterAppend) (GString *out, gpointer user_data);

typedef struct
{
  const char *static_dir; /* NULL: none */
  SentientRouterAppend append_metrics;
} SentientRouterConfig;

/* Adds its handlers to server. What config points to must outlive the router. */
SentientRouter *sentient_router_new (SoupServer *server,
                                     SentientHub *hub,
                                     const SentientRouterConfig *config,
                                     SentientRouterDescribe describe,
                                     SentientRouterCount count,
                                     gpointer user_data);
void sentient_router_set_engine (SentientRouter *self, SentientEngine *engine);
/* After the server has lost its last message. */
void sentient_router_free (SentientRouter *self);

G_END_DECLS
