/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-server-message.h"
#include "signaling/sentient-http-client.h"

G_BEGIN_DECLS

#define SENTIENT_POST_QUEUE_MAX 256 /* requests that may wait for their turn */

/* What a node without a WebSocket tells a coordinator: POSTs, one after another, each in order. */
typedef struct _SentientPostQueue SentientPostQueue;

typedef struct
{
  SentientServerMessageKind kind; /* JOIN_RESULT, LEAVE_RESULT, or SIGNAL */
  char *body;
  char *room;             /* join and leave; NULL: all */
  SentientSignal *signal; /* SIGNAL */
  guint tries;
} SentientPost;

typedef struct
{
  void (*answered) (SentientPost *post, SentientServerMessage *answer, gpointer user_data);
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

/* body is taken. Error: BUSY, the queue is full. */
gboolean sentient_post_queue_push (SentientPostQueue *self,
                                   SentientServerMessageKind kind,
                                   const char *room,
                                   SentientSignal *signal,
                                   char *body,
                                   GError **error);
/* Drops all but the one that is under way. TRUE: there is one. */
gboolean sentient_post_queue_drop_waiting (SentientPostQueue *self);

G_END_DECLS
