/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <nice/agent.h>

G_BEGIN_DECLS

/* How encrypted packets leave where ICE found a direct way: those that come close behind each other
 * in one system call (UDP segmentation offload, udp(7): UDP_SEGMENT), not each through the elements
 * behind the encryption. Over a relay, or before there is a way, they go through the elements. */
typedef struct _SentientPipeSender SentientPipeSender;

/* What left in this way: what the kernel took. */
typedef struct
{
  guint64 packets;
  guint64 bytes; /* of DTLS records */
  guint64 calls; /* of the kernel */
  guint64 again; /* packets of SCTP that hold what was sent before, on any way */
} SentientPipeSent;

SentientPipeSender *sentient_pipe_sender_new (void);
SentientPipeSender *sentient_pipe_sender_ref (SentientPipeSender *self);
void sentient_pipe_sender_unref (SentientPipeSender *self);

/* agent: libnice's. The handlers are found again by self as their data. */
void sentient_pipe_sender_connect_agent (SentientPipeSender *self, GObject *agent);
/* encoder: webrtcbin's dtlsenc, with its two pads, before anything goes through it. */
void sentient_pipe_sender_connect_encoder (SentientPipeSender *self, GstElement *encoder);

/* Takes fd, a UDP socket; -1: there is no direct way, and to is not looked at. What cannot be sent
 * in segments is sent one by one until the next route. Any thread. */
void sentient_pipe_sender_set_route (SentientPipeSender *self, int fd, const NiceAddress *to);

/* Any thread. */
SentientPipeSent sentient_pipe_sender_get_sent (SentientPipeSender *self);

G_END_DECLS
