/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-backoff.h"
#include "signaling/sentient-poll-channel.h"
#include "signaling/sentient-post-queue.h"
#include "signaling/sentient-recent-ids.h"

G_BEGIN_DECLS

/* sentient-poll-channel.c: opening and closing.
 * sentient-poll-posts.c: posting.
 * sentient-poll-loop.c: polling. */

typedef enum
{
  SENTIENT_POLL_STEP_NEW,
  SENTIENT_POLL_STEP_OPENING, /* GET /webrtc/info is under way, or the first poll of a session */
  SENTIENT_POLL_STEP_OPEN,
  SENTIENT_POLL_STEP_CLOSING, /* the last request, a leave, is under way */
  SENTIENT_POLL_STEP_OVER,
  SENTIENT_POLL_N_STEPS
} SentientPollStep;

struct _SentientPollChannel
{
  GObject parent_instance;

  GMainContext *context;
  GUri *base;
  char *node_id;
  guint request_timeout_ms;
  guint poll_ms;
  SentientClientSession *client; /* of who speaks v1 */

  SentientPollStep step;
  SoupSession *session;
  GTask *opening;
  GCancellable *cancellable; /* of everything that is under way */
  GSource *outer_cancelled;
  GSource *close_timer;
  gboolean v1;      /* the coordinator knows our session */
  GPtrArray *early; /* (element-type SentientServerMessage): what the first poll brought, or NULL */
  GSource *deliver; /* hands it out */
  GPtrArray *held;  /* what a poll brought while a join was under way, or NULL */

  GHashTable *rooms; /* (element-type utf8): without any there is nothing to poll for */
  guint leaving;     /* leaves without an answer */
  gboolean polling;
  gint64 poll_started; /* monotonic, us */
  guint poll_failures; /* in a row */
  SentientBackoff poll_backoff;
  SentientBackoff early_backoff;
  GSource *poll_timer;
  SentientRecentIds *seen; /* plain */

  SentientPostQueue *posts;
};

/* error is taken; NULL: we closed it ourselves. */
void sentient_poll_channel_end (SentientPollChannel *self, GError *error);
void sentient_poll_channel_get (SentientPollChannel *self,
                                const char *path,
                                const char *query,
                                guint timeout_ms,
                                gboolean fresh_connection,
                                GAsyncReadyCallback callback);
void sentient_poll_channel_set_timer (SentientPollChannel *self,
                                      GSource **timer,
                                      guint ms,
                                      GSourceFunc func);
void sentient_poll_channel_clear_source (GSource **source);

/* NULL: there is no session with that coordinator. */
const char *sentient_poll_channel_get_token (SentientPollChannel *self);
extern const SentientPostQueueFuncs sentient_poll_channel_post_funcs;
/* In a session: posts what is to be asked (again), if it is not at it. */
void sentient_poll_channel_next_post (SentientPollChannel *self);
gboolean sentient_poll_channel_push (SentientPollChannel *self,
                                     SentientClientRequest *request,
                                     GError **error);
/* The same while it is open, NOT_CONNECTED else; request is taken. */
gboolean sentient_poll_channel_ask (SentientPollChannel *self,
                                    SentientClientRequest *request,
                                    GError **error);

/* Polls again as soon as it makes sense. */
void sentient_poll_channel_next_poll (SentientPollChannel *self);
/* The query of a poll that waits no longer than that. */
char *sentient_poll_channel_make_query (SentientPollChannel *self, guint timeout_ms);
/* (element-type SentientServerMessage) */
void sentient_poll_channel_hand_out (SentientPollChannel *self, GPtrArray *messages);
/* A status that says that there is no such session (any more). */
gboolean sentient_poll_channel_means_gone (guint status);

G_END_DECLS
