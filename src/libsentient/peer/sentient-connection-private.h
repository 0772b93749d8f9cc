/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-pace.h"
#include "peer/sentient-connection.h"
#include "peer/sentient-waiters.h"
#include "webrtc/sentient-link.h"
#include "webrtc/sentient-stream.h"

G_BEGIN_DECLS

/* How many messages may wait in send_async (); the next one is refused. */
#define SENTIENT_CONNECTION_MAX_SENDERS 1024

#define SENTIENT_CONNECTION_N_STATES (SENTIENT_CONNECTION_STATE_FAILED + 1)

typedef struct _SentientPeer SentientPeer;

/* For statistics, see sentient-connection-query.c. */
typedef struct
{
  SentientClock *clock;
  gint64 since; /* ms: when the present state began */
  gint64 times[SENTIENT_CONNECTION_N_STATES];
  gboolean is_framed;
  SentientStreamCounts counts; /* when the stream was looked at last */
  GQueue queries;
} SentientConnectionRecord;

/* One attempt to reach a node, and what comes of it. The peer that made it drives it. */
struct _SentientConnection
{
  GObject parent_instance;

  char *node_id;
  char *room; /* where the two met, or NULL */
  SentientConnectionState state;
  gboolean offerer;
  gint64 connected_at; /* ms since the epoch, 0: not yet */
  guint64 messages_sent;
  guint64 messages_received;
  guint64 bytes_sent;
  guint64 bytes_received;

  /* The peer's. */
  SentientPeer *peer;    /* unowned; NULL once it let go */
  SentientLink *link;    /* NULL: it was lost, or all is over */
  SentientLink *retired; /* the one before: closed as soon as the other end uses this one, too */
  char *negotiation;     /* NULL: that of a plain peer, which has none */
  char *mid;             /* a=mid of our description; NULL: not known (yet) */
  char *remote_offer;    /* SDP, to know it again when it comes twice */
  gboolean have_remote;
  gboolean wanted; /* only by those who wait in opening */
  gint64 started;  /* monotonic, us: when the present link was made */
  SentientWaiters *opening;
  SentientWaiters *closing; /* disconnect_peer () */
  GSource *timeout;         /* to connect, or to connect again */
  GSource *glare;           /* both offered and ours stands: how long until it is repeated */
  SentientPace pace;        /* while it is begun by itself */
  guint n_replacements;     /* links that took the place of another */
  gboolean has_left;        /* the node is in no room of ours any more: no other link can be made */

  /* The messages, see sentient-connection-messages.c. */
  SentientStream *stream; /* NULL: the plain channel of a node without framing, or not open yet */
  GBytes *held;           /* a frame that the link did not take yet */
  GQueue senders;         /* Sender: who waits in send_async (), the most urgent first */
  GSource *flush;         /* what was pushed goes out together */
  GSource *beat;          /* the next look at the time */
  GSource *closing_timer; /* how long what waits may still go out before the end */
  gboolean is_paused;
  gboolean is_reading;

  SentientConnectionRecord record;
};

/* abandoned: see SentientWaiters; gets the connection. */
SentientConnection *sentient_connection_new (SentientPeer *peer,
                                             GMainContext *context,
                                             const char *node_id,
                                             void (*abandoned) (gpointer connection));
void sentient_connection_set_room (SentientConnection *self, const char *room);
void sentient_connection_set_offerer (SentientConnection *self, gboolean offerer);
void sentient_connection_set_state (SentientConnection *self, SentientConnectionState state);
void sentient_connection_clear_timeout (SentientConnection *self);
void sentient_connection_clear_glare (SentientConnection *self);

/* sentient-connection-query.c */
void sentient_connection_begin_record (SentientConnection *self);
/* It is about to change. */
void sentient_connection_note_state (SentientConnection *self);
/* The other node may have answered. */
void sentient_connection_answer_queries (SentientConnection *self);
/* The stream is about to end. */
void sentient_connection_end_record (SentientConnection *self);

/* sentient-connection-messages.c */
/* Takes messages: it is open, or will be again, and nobody is closing it. */
gboolean sentient_connection_is_usable (SentientConnection *self);
/* The link is open and has frames. stream is taken. */
void sentient_connection_begin_messages (SentientConnection *self, SentientStream *stream);
/* The link was lost: the messages wait. */
void sentient_connection_pause_messages (SentientConnection *self);
/* There is another link. */
void sentient_connection_resume_messages (SentientConnection *self);
/* Whoever waits to send is told that it is over; NULL: closed in good order. */
void sentient_connection_end_messages (SentientConnection *self, const GError *error);
gboolean sentient_connection_send (SentientConnection *self,
                                   GBytes *data,
                                   gboolean is_text,
                                   SentientPriority priority,
                                   GError **error);
/* data begins with the SentientService. FALSE: there is no place now; see has_service_room (). */
gboolean sentient_connection_push_service (SentientConnection *self,
                                           GBytes *data,
                                           SentientStreamPriority priority);
gboolean sentient_connection_has_service_room (SentientConnection *self,
                                               SentientStreamPriority priority);
/* Links that it had so far. */
guint sentient_connection_count_attachments (SentientConnection *self);
/* Takes task, which returns a boolean. */
void sentient_connection_send_task (SentientConnection *self,
                                    GBytes *data,
                                    gboolean is_text,
                                    SentientPriority priority,
                                    GTask *task);
/* What came over the link. The rest may be the end of the connection. */
void sentient_connection_receive (SentientConnection *self, GBytes *data, gboolean is_text);
/* There may be something to do: it is done soon. */
void sentient_connection_wake (SentientConnection *self);
/* The link takes more. */
void sentient_connection_drained (SentientConnection *self);
/* It may be dead: asks it, and ends the connection unless it answers soon. */
void sentient_connection_probe (SentientConnection *self);
/* Looks at the time, at once. For tests, and the timer. */
void sentient_connection_check_time (SentientConnection *self);
/* The link is about to be closed because the connection is not wanted any more. */
void sentient_connection_say_goodbye (SentientConnection *self);
/* Closes the link as soon as what was pushed is out. */
void sentient_connection_close (SentientConnection *self);

G_END_DECLS
