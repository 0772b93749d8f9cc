/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-clock.h"
#include "core/sentient-error.h"
#include "webrtc/sentient-frame.h"
#include "webrtc/sentient-stream.h"

/* Two streams and the wires between them, moved by hand. */
typedef struct
{
  SentientStream *stream;
  guint connection; /* that it is attached to; 0: none */
  GQueue wire;      /* StreamFrame: on the way to it */
  GQueue small;     /* GBytes: what it is to read still, in order */
  GQueue large;
} StreamEnd;

typedef struct
{
  SentientManualClock *clock;
  StreamEnd ends[2];
  guint connections; /* so far */
} StreamPair;

typedef struct
{
  guint connection;
  GBytes *bytes;
} StreamFrame;

StreamPair *stream_pair_new (gsize message_max);
void stream_pair_free (StreamPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StreamPair, stream_pair_free)

/* A new connection, which the end from uses from now on, the other as soon as a frame of it comes;
 * what is on the old one is lost on its way to from. */
void stream_pair_connect (StreamPair *pair, guint from);
/* Pushes for the other end and notes it. FALSE: it would block. */
gboolean stream_pair_push (StreamPair *pair, guint from, GBytes *data, gboolean is_text);
gboolean stream_pair_push_text (StreamPair *pair, guint from, const char *text);
/* One frame onto the wire; its size. 0: there is none. */
gsize stream_pair_send (StreamPair *pair, guint from);
/* One frame off the wire. FALSE: there is none. */
gboolean stream_pair_take (StreamPair *pair, guint to);
/* One message for the application, which has to be the one that is expected. FALSE: there is none.
 */
gboolean stream_pair_read (StreamPair *pair, guint to);
/* All of it until nothing moves. Returns how many frames moved. */
guint stream_pair_settle (StreamPair *pair);
