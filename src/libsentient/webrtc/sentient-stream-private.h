/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-frame.h"
#include "webrtc/sentient-stream.h"

G_BEGIN_DECLS

/* sentient-stream.c: the object, its connections, the rules of hello, ack, ping and pong.
 * sentient-stream-send.c: messages to frames. sentient-stream-receive.c: frames to messages. */

/* A message to be sent, or sent and not acknowledged. */
typedef struct
{
  GBytes *data;
  SentientFrameKind kind;
  gboolean is_large;
  SentientStreamPriority priority;
  guint connection; /* during which it was pushed */
  gsize chunked;    /* bytes that went in chunks */
  guint32 stream;   /* of its chunks */
  guint64 number;   /* once it is sent to its end */
} SentientOutgoing;

/* A message that is coming in chunks. */
typedef struct
{
  GByteArray *data; /* NULL: none */
  guint32 stream;
  gboolean is_text;
  guint64 total;
} SentientIncoming;

struct _SentientStream
{
  SentientClock *clock;
  gsize message_max;
  guint8 instance[SENTIENT_FRAME_INSTANCE_LEN];

  /* The other end. */
  gboolean is_met;
  guint8 other[SENTIENT_FRAME_INSTANCE_LEN]; /* its instance */
  gboolean is_known;                         /* we are, to it */
  gboolean has_restarted;
  guint n_lost;

  /* The connection. */
  gboolean is_attached;
  guint connection; /* counts them */
  gboolean hello_sent;
  gboolean is_ready;  /* its hello has come */
  gboolean is_parted; /* its goodbye has come */
  gboolean ping_due;
  gboolean pong_due;
  guint64 first_ping;
  guint64 last_ping;
  guint64 pong;
  gint64 heard;   /* ms: the last frame, or the beginning */
  gint64 pinged;  /* ms */
  gint64 checked; /* ms */
  gint64 probed;  /* ms, until when there has to be an answer; 0: no doubt */
  gint64 rtt;
  guint64 answered; /* the last ping that was */

  SentientStreamCounts counts;

  /* Sending. */
  GQueue small[SENTIENT_STREAM_N_PRIORITIES];
  GQueue large[SENTIENT_STREAM_N_PRIORITIES]; /* only the first of each may be chunked in part */
  GQueue unacked;                             /* by their numbers */
  gsize small_cost;
  gsize large_cost;
  gsize service_cost;
  guint n_services; /* messages of services, of all that wait or are not acknowledged */
  gboolean was_refused;
  guint64 sent; /* number of the last */
  guint64 acked;
  guint64 bytes_sent; /* of this connection */
  guint64 bytes_acked;
  guint32 last_stream;
  gboolean chunks_turn;
  GConverter *compressor;
  gboolean never_deflates;
  guint deflate_skip; /* frames not to try */
  guint deflate_penalty;

  /* Receiving. */
  GQueue inbox; /* GBytes: whole frames with messages */
  gsize inbox_size;
  GBytes *current;  /* the first of inbox, while it is read */
  GBytes *inflated; /* what it holds, if it is deflated */
  SentientFrame batch;
  gsize batch_at;
  SentientIncoming incoming[SENTIENT_STREAM_N_PRIORITIES];
  guint64 received;    /* number of the last */
  guint64 bytes_taken; /* of this connection */
  guint64 bytes_told;
  gsize cost_taken; /* since the last ack */
  gboolean ack_due;
  GConverter *decompressor;
};

/* sentient-stream-send.c */
void sentient_stream_clear_sending (SentientStream *self);
/* Drops the messages that are not acknowledged and were pushed before that connection. */
guint sentient_stream_drop_messages (SentientStream *self, guint connection);
/* What was sent above received is to be sent again; numbers go on from there. */
void sentient_stream_rewind (SentientStream *self, guint64 received);
void sentient_stream_acknowledge (SentientStream *self, guint64 messages);
GBytes *sentient_stream_next_data (SentientStream *self);

/* sentient-stream-receive.c */
void sentient_stream_clear_receiving (SentientStream *self);
gboolean sentient_stream_keep (SentientStream *self, GBytes *frame, GError **error);

G_END_DECLS
