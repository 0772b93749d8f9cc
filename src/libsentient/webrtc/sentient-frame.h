/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The frames of "sentient.v1" data channels: pure functions over bytes. A frame is one byte of kind
 * and a body, integers are big-endian. */

#define SENTIENT_FRAME_PROTOCOL "sentient.v1"
#define SENTIENT_FRAME_VERSION 1
#define SENTIENT_FRAME_MAX 65536
#define SENTIENT_FRAME_CHUNK_MAX 16384
/* Of a deflated frame, when it is a frame again. */
#define SENTIENT_FRAME_INFLATED_MAX (1024 * 1024)
#define SENTIENT_FRAME_INSTANCE_LEN 16

typedef enum
{
  SENTIENT_FRAME_HELLO = 0,
  SENTIENT_FRAME_TEXT = 1,
  SENTIENT_FRAME_BINARY = 2,
  SENTIENT_FRAME_BATCH = 3,
  SENTIENT_FRAME_CHUNK = 4,
  SENTIENT_FRAME_DEFLATED = 5,
  SENTIENT_FRAME_ACK = 6,
  SENTIENT_FRAME_PING = 7,
  SENTIENT_FRAME_PONG = 8,
  SENTIENT_FRAME_SERVICE = 9,  /* between nodes: its body begins with a SentientService */
  SENTIENT_FRAME_GOODBYE = 10, /* the last one: the connection is closed because it is not wanted */
} SentientFrameKind;

/* Whom a service message is for. */
typedef enum
{
  SENTIENT_SERVICE_FILE = 1,
  SENTIENT_SERVICE_GOSSIP = 2,
} SentientService;

/* body points into what was parsed. */
typedef struct
{
  SentientFrameKind kind;
  const guint8 *body; /* of text, binary, service, batch, deflated; of a chunk what it carries */
  gsize len;
  const guint8 *instance; /* hello */
  guint64 received;       /* hello: receivedUpTo */
  guint32 stream;         /* chunk, and what follows */
  gboolean first;
  gboolean last;
  gboolean is_text;
  guint64 total;    /* if it is the first, else 0 */
  guint64 messages; /* ack */
  guint64 bytes;    /* ack */
  guint64 value;    /* ping, pong */
} SentientFrame;

/* Whether the kind carries messages, or parts of them: only those count for the window. */
gboolean sentient_frame_is_data (guint8 kind);

/* Reads one whole frame of at most SENTIENT_FRAME_MAX bytes. Batches are checked to their end.
 * Texts are not checked to be UTF-8. Errors: PROTOCOL. */
gboolean sentient_frame_parse (const guint8 *data, gsize len, SentientFrame *frame, GError **error);

/* The next message or chunk of a batch that was parsed; *at begins with 0. FALSE: there is no more.
 */
gboolean sentient_frame_batch_next (const SentientFrame *batch, gsize *at, SentientFrame *inner);

/* What a deflated frame that was parsed holds: a message, a batch or a chunk of at most
 * SENTIENT_FRAME_INFLATED_MAX bytes; *inner points into it. Errors: PROTOCOL. */
GBytes *sentient_frame_inflate (GConverter *decompressor,
                                const SentientFrame *deflated,
                                SentientFrame *inner,
                                GError **error);
/* The frame (of a message, a batch or a chunk), deflated. NULL: that would not be smaller, or
 * not fit into one frame. */
GByteArray *sentient_frame_deflate (GConverter *compressor, const guint8 *frame, gsize len);

/* What the two above need. */
GConverter *sentient_frame_compressor_new (void);
GConverter *sentient_frame_decompressor_new (void);

/* Whether it is one that carries a message of this kind: text, binary or service. */
gboolean sentient_frame_is_message (guint8 kind);

/* These append one frame; the caller sees to the limits. */
void sentient_frame_append_hello (GByteArray *out, const guint8 *instance, guint64 received);
void sentient_frame_append_message (GByteArray *out,
                                    SentientFrameKind kind,
                                    const guint8 *data,
                                    gsize len);
/* One more message for a batch; the first makes it one. */
void sentient_frame_append_to_batch (GByteArray *batch,
                                     SentientFrameKind kind,
                                     const guint8 *data,
                                     gsize len);
/* Of chunk its body, len, stream, first, last, is_text and total. */
void sentient_frame_append_chunk (GByteArray *out, const SentientFrame *chunk);
void sentient_frame_append_chunk_to_batch (GByteArray *batch, const SentientFrame *chunk);
void sentient_frame_append_goodbye (GByteArray *out);
void sentient_frame_append_ack (GByteArray *out, guint64 messages, guint64 bytes);
/* kind: ping or pong. */
void sentient_frame_append_probe (GByteArray *out, SentientFrameKind kind, guint64 value);

G_END_DECLS
