/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-conn.h"
#include "signaling/sentient-engine.h"

G_BEGIN_DECLS

/* Whole frames of the largest message fit. */
#define SENTIENT_ENGINE_RX_SIZE (72 * 1024)
#define SENTIENT_ENGINE_TX_SIZE SENTIENT_ENGINE_RX_SIZE

struct _SentientEngine
{
  SentientEngineConfig config;
  SentientEngineHandler handler;
  gpointer user_data;
  SentientClock *clock;
  gboolean manual_clock;
  SentientMetrics *metrics;
  SentientMetrics own_metrics;
  SoupServer *server;
  GMainContext *context;
  GSource *source;

  int epoll_fd;
  int reserve_fd; /* given up for a moment when there are no fds left */
  GPtrArray *listeners;
  gboolean paused; /* the listeners are not watched */

  SentientAddresses *addresses;
  GPtrArray *conns; /* all that live; each knows its place */
  SentientConn *first_marked, *last_marked;
  SentientConn *dead;

  guint turn_depth;
  gint64 now_ms;
  gint64 logged_ms;    /* when a limit was last complained about; 0: never */
  gint64 next_tick_us; /* monotonic; 0: none */
  char *rx;            /* what recv () fills, for all connections */
  char *tx;            /* what a WebSocket is written from, if the kernel takes all of it */

  gboolean stopping;
  gint64 stop_deadline_ms;
  GTask *stop_task;
  GSource *stop_cancelled; /* its cancellable */
};

/* The time of this turn. */
gint64 sentient_engine_now (SentientEngine *self);
/* A flood must not fill the log as well. */
gboolean sentient_engine_may_log (SentientEngine *self);
/* Everything that may call the handler runs between these two. */
void sentient_engine_begin_turn (SentientEngine *self);
void sentient_engine_end_turn (SentientEngine *self);
/* Looks at the connection again before the turn ends. */
void sentient_engine_mark (SentientEngine *self, SentientConn *conn);
void sentient_engine_add (SentientEngine *self, SentientConn *conn);
void sentient_engine_remove (SentientEngine *self, SentientConn *conn);

/* sentient-lend.c */
void sentient_lend_connect (SentientEngine *self);
void sentient_lend_disconnect (SentientEngine *self);

G_END_DECLS
