/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-server-message.h"
#include "signaling/sentient-client-request.h"
#include "signaling/sentient-http-client.h"

G_BEGIN_DECLS

#define SENTIENT_POST_QUEUE_MAX 256 /* requests that may wait for their turn */

/* What a node without a WebSocket tells a coordinator: POSTs, one after another, each in order. */
typedef struct _SentientPostQueue SentientPostQueue;

typedef struct
{
  SentientClientRequest *request;
  guint64 ref; /* its number in the v1 session; 0: none */
  guint tries;
} SentientPost;

typedef struct
{
  /* When its turn has come. */
  char *(*make_body) (SentientPost *post, gpointer user_data);
  /* Of the v1 session; NULL: there is none. */
  const char *(*get_token) (gpointer user_data);
  void (*answered) (SentientPost *post,
                    guint status,
                    SentientServerMessage *answer,
                    gpointer user_data);
  /* There was no answer at all: the coordinator is lost. */
  void (*failed) (const GError *error, gpointer user_data);
  /* The last one was answered. */
  void (*idle) (gpointer user_data);
} SentientPostQueueFuncs;

/* The callbacks come on the context; none after _close (), and each may call it. */
SentientPostQueue *sentient_post_queue_new (GMainContext *context,
                                            SoupSession *session,
                                            GUri *base,
                                            guint timeout_ms,
                                            const SentientPostQueueFuncs *funcs,
                                            gpointer user_data);
void sentient_post_queue_close (SentientPostQueue *self);

/* Error: BUSY, the queue is full. */
gboolean sentient_post_queue_push (SentientPostQueue *self,
                                   SentientClientRequest *request,
                                   guint64 ref,
                                   GError **error);
gboolean sentient_post_queue_is_empty (SentientPostQueue *self);
/* Is a join under way, or the next? */
gboolean sentient_post_queue_is_joining (SentientPostQueue *self);
/* The next that waits, out of the queue; NULL: none does. To be called while none is under way. */
SentientClientRequest *sentient_post_queue_pop_waiting (SentientPostQueue *self);
/* Drops all but the one that is under way. TRUE: there is one. */
gboolean sentient_post_queue_drop_waiting (SentientPostQueue *self);

G_END_DECLS
