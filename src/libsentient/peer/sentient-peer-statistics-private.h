/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-peer-statistics.h"

G_BEGIN_DECLS

/* sentient-peer-statistics.c: the object, which adds up what connections and transfers count.
 * sentient-peer-statistics-text.c: these sums as JSON, and for Prometheus. */

#define SENTIENT_PEER_N_STATES (SENTIENT_CONNECTION_STATE_FAILED + 1)
#define SENTIENT_PEER_N_TRANSFER_STATES (SENTIENT_TRANSFER_STATE_REFUSED + 1)
#define SENTIENT_PEER_N_DIRECTIONS (SENTIENT_TRANSFER_DIRECTION_OUTGOING + 1)

typedef enum
{
  SENTIENT_PEER_SUM_MESSAGES_SENT,
  SENTIENT_PEER_SUM_MESSAGES_RECEIVED,
  SENTIENT_PEER_SUM_BYTES_SENT,
  SENTIENT_PEER_SUM_BYTES_RECEIVED,
  SENTIENT_PEER_SUM_MESSAGES_SENT_AGAIN,
  SENTIENT_PEER_SUM_RECONNECTS,
  SENTIENT_PEER_N_SUMS
} SentientPeerSum;

/* How things stand now, and what was counted so far. */
typedef struct
{
  gboolean connected; /* to a coordinator */
  guint rooms;
  guint connections;
  guint states[SENTIENT_PEER_N_STATES];
  guint direct; /* of those that are connected */
  guint relayed;
  guint64 sums[SENTIENT_PEER_N_SUMS];
  guint64 lost;
  guint64 failed;
  guint64 transfers[SENTIENT_PEER_N_TRANSFER_STATES]; /* there now, or ended */
  guint64 transfer_bytes[SENTIENT_PEER_N_DIRECTIONS];
  SentientGossipStatistics gossip;
} SentientPeerCounts;

void sentient_peer_statistics_count (SentientPeerStatistics *self, SentientPeerCounts *counts);

G_END_DECLS
