/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-hub.h"

G_BEGIN_DECLS

/* sentient-hub.c: what all share, and WebSockets of plain clients.
 * sentient-hub-v1.c: WebSockets of v1 clients.
 * sentient-hub-http.c: POST of joins, leaves and signals.
 * sentient-hub-poll.c: the long poll. */

#define SENTIENT_CLOSE_TAKEN 4001    /* the session goes on elsewhere */
#define SENTIENT_CLOSE_PROTOCOL 4002 /* the client broke the rules of v1 */
#define SENTIENT_CLOSE_SLOW 4008     /* it does not take what is sent to it */
#define SENTIENT_CLOSE_ID_TAKEN 4009 /* another session has the node id */

struct _SentientHub
{
  SentientDirectory *directory;
  SentientClock *clock;
  GMainContext *context;
  SentientHubConfig config;
  gint64 logged_ms; /* when a taken session was logged last, monotonic; 0: never */
  GString *scratch; /* where texts are built that go out at once */
  gboolean draining;
  guint retry_after_ms; /* while it drains */
  gboolean closed;      /* sessions go on elsewhere, if they do */
  GQueue polls;         /* those which wait; the links are part of the polls */
  GHashTable *openings; /* SentientConn → what a v1 client asked for in its URL */
  GQueue acks;          /* sessions that are to be told what was handled; the oldest first */
  GSource *timer;       /* NULL while nothing waits */
};

/* Runs until nothing waits in polls, openings and acks. */
void sentient_hub_ensure_timer (SentientHub *self);

/* A WebSocket's data is its session; NULL before it has one, and once that has gone elsewhere. */
extern const SentientTransportVtable sentient_hub_ws_transport;
void sentient_hub_count_error (SentientHub *self, const GError *error);
/* Sends what stands in scratch. A client that asks on and on without reading the answers is closed:
 * answers are not queued beyond what the connection's buffer holds. */
void sentient_hub_send_scratch (SentientHub *self, SentientConn *conn);
void sentient_hub_send_error (SentientHub *self, SentientConn *conn, const GError *error);
/* Is it so late that nobody may come any more? Error: BUSY. */
gboolean sentient_hub_refuse_while_draining (SentientHub *self, GError **error);
/* Is it too late for anything? Error: BUSY. */
gboolean sentient_hub_refuse_when_closed (SentientHub *self, GError **error);
/* Says that conn takes the session from the WebSocket it has; at most once a second. */
void sentient_hub_log_taken (SentientHub *self, SentientSession *session, SentientConn *conn);

/* sentient-hub-v1.c */
void sentient_hub_v1_open (SentientHub *self, SentientConn *conn, const SentientQuery *query);
/* The first message, of a socket without session. */
void
sentient_hub_v1_first_text (SentientHub *self, SentientConn *conn, const char *data, gsize len);
void sentient_hub_v1_text (SentientHub *self,
                           SentientConn *conn,
                           SentientSession *session,
                           const char *data,
                           gsize len);
void sentient_hub_v1_closed (SentientHub *self, SentientConn *conn);
/* Everything that waited was sent: what was handled may be told now. */
void sentient_hub_v1_send_ack (SentientHub *self, SentientConn *conn, SentientSession *session);
void sentient_hub_v1_ack_later (SentientHub *self, SentientSession *session);

/* sentient-hub-http.c */
SentientSpan sentient_hub_get_bearer (SentientSpan authorization);
/* A v1 session needs its token. Error: UNAUTHORIZED. */
gboolean sentient_hub_check_token (SentientSession *session, SentientSpan token, GError **error);
gboolean sentient_hub_http_signal (SentientHub *self,
                                   const SentientHubPost *post,
                                   SentientAccount *account,
                                   GString *reply,
                                   guint64 *ref,
                                   GError **error);

/* sentient-hub-poll.c: POST and GET /webrtc/signal, answered by the engine itself. */
gboolean
sentient_hub_is_native (SentientConn *conn, const SentientHttpHead *head, gpointer user_data);
void sentient_hub_request (SentientConn *conn,
                           const SentientHttpHead *head,
                           const char *body,
                           gsize body_len,
                           gpointer user_data);
void sentient_hub_request_gone (SentientConn *conn, gpointer user_data);
void sentient_hub_responded (SentientConn *conn, gboolean delivered, gpointer user_data);

G_END_DECLS
