/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-pipe-sender.h"
#include "webrtc/sentient-pipe.h"

G_BEGIN_DECLS

/* What GStreamer's threads may touch: they ref and post, nothing else. */
typedef struct _SentientPipeTap
{
  gatomicrefcount refs;
  SentientMailbox *mailbox;
  SentientPipeSender *sender;
  gint waiting; /* atomic: bytes of messages that are in the mailbox */
  gint overrun; /* atomic: told already */

  gint has_main; /* atomic: the channel that is the link was made */

  guint association_id;

  GMutex lock;
  GCond cond;
  gboolean low;        /* under lock: the channel's buffer fell below its threshold */
  guint promises;      /* under lock: what webrtcbin is to answer still */
  GstElement *encoder; /* under lock: webrtcbin's sctpenc */
  gboolean over;       /* under lock: the channel was closed, or all of it broke */
} SentientPipeTap;

SentientPipeTap *sentient_pipe_tap_new (SentientMailbox *mailbox, guint association_id);
SentientPipeTap *sentient_pipe_tap_ref (SentientPipeTap *tap);
/* A reference for a callback on a thread of GStreamer's. */
SentientPipeTap *sentient_pipe_tap_give (SentientPipeTap *tap);
void sentient_pipe_tap_unref (SentientPipeTap *tap);
/* Takes the event. */
void sentient_pipe_tap_post (SentientPipeTap *tap, SentientPipeEvent *event);
/* webrtcbin's sctpenc, or NULL; once. */
GstElement *sentient_pipe_tap_steal_encoder (SentientPipeTap *tap);

/* Waits until nothing of the channel is left to be sent, ms at most. Its threshold is 0. */
void sentient_pipe_tap_wait_flushed (SentientPipeTap *tap, GstWebRTCDataChannel *channel, guint ms);
/* Waits until webrtcbin has answered every promise, ms at most. */
void sentient_pipe_tap_wait_answered (SentientPipeTap *tap, guint ms);
/* Counts, -1 or 1. */
void sentient_pipe_tap_add_promise (SentientPipeTap *tap, gint n);
/* Waits until the channel is closed or broken, ms at most. */
void sentient_pipe_tap_wait_over (SentientPipeTap *tap, guint ms);

/* The handlers hold a reference of the tap and are found again by it as their data. */
void sentient_pipe_tap_connect_pipeline (SentientPipeTap *tap, GstElement *pipeline);
/* agent: libnice's, or NULL. */
void sentient_pipe_tap_connect_agent (SentientPipeTap *tap, GObject *agent);
void sentient_pipe_tap_connect_webrtc (SentientPipeTap *tap, GstElement *webrtc);
/* The channel that is the link. */
void sentient_pipe_tap_connect_channel (SentientPipeTap *tap, GstWebRTCDataChannel *channel);
GstBusSyncReply
sentient_pipe_tap_on_bus_message (GstBus *bus, GstMessage *message, gpointer user_data);

G_END_DECLS
