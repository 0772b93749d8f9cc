/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-enums.h"
#include "core/sentient-error.h"

G_BEGIN_DECLS

/* What one coordinator counts. Every floor adds to its own fields while it works; who tells of it
 * reads them. Plain additions on one thread: the hot path pays no more than that. */

#define SENTIENT_N_SIGNAL_TYPES (SENTIENT_SIGNAL_TYPE_RENEGOTIATE + 1)
#define SENTIENT_N_LEAVE_REASONS (SENTIENT_LEAVE_REASON_REPLACED + 1)
#define SENTIENT_N_ERRORS (SENTIENT_ERROR_PROTOCOL + 1)
#define SENTIENT_HISTOGRAM_BOUNDS 16

/* How often a time was at most sentient_histogram_bounds[i], but above the bound before; the last
 * bucket holds what is above all of them. */
typedef struct
{
  guint64 buckets[SENTIENT_HISTOGRAM_BOUNDS + 1];
  guint64 sum_us;
} SentientHistogram;

/* In µs, rising. */
extern const guint32 sentient_histogram_bounds[SENTIENT_HISTOGRAM_BOUNDS];

typedef enum
{
  SENTIENT_DROP_OUTBOX_FULL,   /* an outbox is full: a room event went */
  SENTIENT_DROP_BUDGET_FULL,   /* all outboxes together are: a room event went */
  SENTIENT_DROP_SESSION_ENDED, /* it still waited for a node that is gone */
  SENTIENT_N_DROPS
} SentientDrop;

typedef enum
{
  SENTIENT_REFUSED_NO_DESCRIPTORS, /* turned away, since no file descriptor is left */
  SENTIENT_REFUSED_NOT_WATCHED,    /* the kernel cannot watch it */
  SENTIENT_REFUSED_TOO_FAST,       /* its address opens them too fast */
  SENTIENT_REFUSED_TOO_MANY,       /* its address has too many open */
  SENTIENT_N_REFUSED
} SentientRefused;

typedef struct
{
  gint64 now_us; /* monotonic, coarse: set a few times a turn of the engine */

  /* signaling: the engine */
  guint64 accepted;
  guint64 refused[SENTIENT_N_REFUSED];
  guint64 received_bytes;
  guint64 sent_bytes;
  guint websockets; /* that are open now */
  SentientHistogram loop_lag;

  /* signaling */
  guint64 errors[SENTIENT_N_ERRORS]; /* that were answered, by SentientError */
  guint64 sessions_opened;           /* v1 */
  guint64 sessions_resumed;
  guint64 sessions_refused; /* somebody else has the node id */
  guint64 gaps;             /* numbers that were asked for again and are gone */

  /* model */
  guint64 signals_delivered[SENTIENT_N_SIGNAL_TYPES];
  guint64 signals_queued[SENTIENT_N_SIGNAL_TYPES];
  guint64 signals_refused[SENTIENT_N_SIGNAL_TYPES][SENTIENT_N_ERRORS];
  guint64 joins;
  guint64 leaves[SENTIENT_N_LEAVE_REASONS];
  guint64 told_joined; /* room events that were put into outboxes */
  guint64 told_left;
  guint64 told_presence;    /* v1: from here on */
  guint64 told_room_states; /* in place of events that did not fit */
  guint64 told_undelivered; /* signals, to those who sent them */
  guint64 dropped_events[SENTIENT_N_DROPS];
  guint64 dropped_signals[SENTIENT_N_DROPS];
  SentientHistogram relay_latency; /* from a signal's arrival to its hand-over to the kernel */
} SentientMetrics;

/* A time below 0 counts as 0. */
void sentient_histogram_add (SentientHistogram *self, gint64 us);
guint64 sentient_histogram_get_count (const SentientHistogram *self);

/* Where an error is counted, of whatever domain it is: the ones of others are FAILED. */
SentientError sentient_metrics_error_index (const GError *error);

G_END_DECLS
