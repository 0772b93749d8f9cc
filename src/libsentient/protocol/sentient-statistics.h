/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-metrics.h"

G_BEGIN_DECLS

/* What a coordinator tells of itself in numbers: what it counted, and how things stand now. No
 * name of a room or node is ever in it. */
typedef struct
{
  const SentientMetrics *metrics;
  const char *version;
  gboolean ready; /* it takes new nodes */
  gint64 uptime_ms;
  guint http_connections; /* neither a WebSocket nor a poll that waits */
  guint websockets;
  guint polls; /* that wait for their answer */
  guint rooms;
  guint nodes;
  guint memberships; /* a node in two rooms counts twice */
  guint queued_messages;
  gsize queued_bytes;
  guint sources; /* see core/sentient-source.h */
} SentientStatistics;

/* GET /metrics: see protocol/sentient-prometheus.h. */
void sentient_statistics_append_prometheus (const SentientStatistics *self, GString *out);
/* GET /webrtc/stats: the same numbers as a JSON object; error codes that never came are left out.
 */
void sentient_statistics_append_json (const SentientStatistics *self, GString *out);

G_END_DECLS
