/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-hub.h"

G_BEGIN_DECLS

struct _SentientHub
{
  SentientDirectory *directory;
  SentientClock *clock;
  GMainContext *context;
  SentientHubConfig config;
  gint64 logged_ms; /* when a taken session was logged last, monotonic; 0: never */
  GString *scratch; /* where texts are built that go out at once */
  gboolean draining;
  GQueue polls;        /* those which wait; the links are part of the polls */
  GSource *poll_timer; /* NULL while no poll waits */
};

/* Says that conn takes the session from the WebSocket it has; at most once a second. */
void sentient_hub_log_taken (SentientHub *self, SentientSession *session, SentientConn *conn);

/* sentient-hub-poll.c: POST and GET /webrtc/signal, answered by the engine itself. */
gboolean sentient_hub_is_native (const SentientHttpHead *head, gpointer user_data);
void sentient_hub_request (SentientConn *conn,
                           const SentientHttpHead *head,
                           const char *body,
                           gsize body_len,
                           gpointer user_data);
void sentient_hub_request_gone (SentientConn *conn, gpointer user_data);
void sentient_hub_responded (SentientConn *conn, gboolean delivered, gpointer user_data);

G_END_DECLS
