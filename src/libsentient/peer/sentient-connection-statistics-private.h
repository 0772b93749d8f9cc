/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-connection-private.h"
#include "peer/sentient-connection-statistics.h"

G_BEGIN_DECLS

/* sentient-connection-statistics.c: the object, where the connection stands and which way it takes.
 * sentient-connection-counters.c: its counters, and JSON.
 * sentient-connection-query.c: how it is made. */
struct _SentientConnectionStatistics
{
  GObject parent_instance;

  char *node_id;
  char *room;
  SentientConnectionState state;
  gboolean offerer;
  gboolean framed;
  gint64 time;
  gint64 connected_at;
  gint64 state_times[SENTIENT_CONNECTION_N_STATES]; /* ms */
  guint replacements;

  SentientLinkEnd local;
  SentientLinkEnd remote;
  char *protocol;
  gboolean relayed;
  char *relay;
  const char *relay_protocol;
  gint64 rtt;
  SentientLinkTimeline timeline;

  guint64 messages_sent;
  guint64 messages_received;
  guint64 bytes_sent;
  guint64 bytes_received;
  SentientStreamCounts counts;
  gint64 retransmits;
  guint64 window_size;
  guint64 window_used;
  guint64 bytes_waiting;
  guint64 bytes_buffered;
};

G_END_DECLS
