/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-clock.h"
#include "webrtc/sentient-frame.h"

G_BEGIN_DECLS

/* The messages between two nodes, both ways, over one "sentient.v1" channel after the other. No
 * I/O and no timers: frames go in and come out, time comes from a clock.
 *
 * What the description of the framing leaves open is decided so:
 *
 * - A message's number is not on the wire; it is its place in the order in which messages are sent
 *   to their end (a chunked one counts with its last chunk). So what the other end has is always
 *   exactly what it says in receivedUpTo, nothing above it: what is sent again after a replacement
 *   was never delivered, and takes the numbers from receivedUpTo + 1 on. What an old connection
 *   still holds is dropped when a new one is attached.
 * - receivedUpTo says nothing to a node whose instance the other end may not know: until a pong
 *   has shown that our hello was read once, receivedUpTo is not looked at and no message is sent.
 *   That costs a fresh pair one time there and back.
 * - Messages whose frame fits SENTIENT_FRAME_MAX arrive in the order of their priority and, within
 *   one, as they were sent, text and binary alike. Larger ones keep order among themselves and may
 *   be overtaken by the small ones. A higher priority interrupts: at most one large message a
 *   priority is under way.
 * - A large message of at most 1 MiB goes as one deflated frame if that fits; else it is chunked,
 *   as many chunks as fit make a batch, and it is these frames that are deflated, each by itself.
 *   Nothing is tried for a while after it did not help.
 * - Chunks, and small messages of low priority, leave a quarter of the window to the other small
 *   messages; chunks take turns with their frames.
 * - What nodes say to each other besides the application's messages (files, gossip) goes as service
 *   messages: kind 9, a byte that says for which service, and what is for it. They are numbered and
 *   sent again like all others, but have a limit of their own, so that they never fill the place of
 *   the application's. Only a node that says in its capabilities that it knows a service gets any.
 * - Who closes a connection because it is not wanted any more says goodbye (kind 10, no body) as
 * the last of all. One that is closed without was lost, however good the order was.
 * - A message counts as received when the application has taken it. So a slow reader gives no
 *   credit, and its sender waits. Credit is returned after a quarter of the window, counted in
 *   bytes of frames or of what they hold, and with each ping. */
typedef struct _SentientStream SentientStream;

/* Bytes of frames that are not acknowledged. */
#define SENTIENT_STREAM_WINDOW (512 * 1024)
#define SENTIENT_STREAM_CHUNK_WINDOW (SENTIENT_STREAM_WINDOW / 4 * 3)
#define SENTIENT_STREAM_CREDIT (SENTIENT_STREAM_WINDOW / 4)
/* Bytes of messages that are waiting or not acknowledged, each with this for itself; small and
 * large ones and those of services apart. Over HIGH a message is refused, below LOW drained. */
#define SENTIENT_STREAM_HIGH (1024 * 1024)
#define SENTIENT_STREAM_LOW (256 * 1024)
#define SENTIENT_STREAM_SERVICE_HIGH (512 * 1024)
/* Where those of low priority (files) are refused already: they never fill the place of others. */
#define SENTIENT_STREAM_SERVICE_LOW_HIGH (SENTIENT_STREAM_SERVICE_HIGH / 2)
#define SENTIENT_STREAM_MESSAGE_COST 64
/* Frames that wait for the application: more are sent only by who means harm. */
#define SENTIENT_STREAM_INBOX_MAX 32768

#define SENTIENT_STREAM_PING_MS 5000
#define SENTIENT_STREAM_DEAD_MS 15000
#define SENTIENT_STREAM_PROBE_MS 2500

typedef enum
{
  SENTIENT_STREAM_PRIORITY_LOW,
  SENTIENT_STREAM_PRIORITY_NORMAL,
  SENTIENT_STREAM_PRIORITY_HIGH,
  SENTIENT_STREAM_N_PRIORITIES,
} SentientStreamPriority;

/* message_max: bytes of one message, either way. The instance is random. */
SentientStream *sentient_stream_new (SentientClock *clock, gsize message_max);
void sentient_stream_free (SentientStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientStream, sentient_stream_free)

/* For benchmarks: nothing is deflated here any more. */
void sentient_stream_stop_deflating (SentientStream *self);

/* At any time. kind: text or binary. Errors: PAYLOAD_TOO_LARGE, BAD_REQUEST (text that is not UTF-8
 * or holds a NUL), WOULD_BLOCK (has_drained () is to follow). */
gboolean sentient_stream_push (SentientStream *self,
                               GBytes *data,
                               SentientFrameKind kind,
                               SentientStreamPriority priority,
                               GError **error);
/* data begins with the SentientService and fits one frame. FALSE: there is no place, try again when
 * has_service_room (). */
gboolean
sentient_stream_push_service (SentientStream *self, GBytes *data, SentientStreamPriority priority);
gboolean sentient_stream_has_service_room (SentientStream *self, SentientStreamPriority priority);
/* TRUE once after a push was refused, when there is room again for both kinds. */
gboolean sentient_stream_take_drained (SentientStream *self);
/* Whether anything waits to be sent, acknowledged or not. */
gboolean sentient_stream_has_waiting (SentientStream *self);
/* Messages of the application that the other end has not acknowledged, sent or not: services see to
 * their own. */
guint sentient_stream_count_unacknowledged (SentientStream *self);
/* Bytes of them. */
gsize sentient_stream_get_buffered_amount (SentientStream *self);

/* A new connection takes the place of the old one, if any. */
void sentient_stream_attach (SentientStream *self);
void sentient_stream_detach (SentientStream *self);
/* Connections so far. */
guint sentient_stream_count_attachments (SentientStream *self);
/* The next frame for the other end, a binary message. NULL: nothing is to be sent now. */
GBytes *sentient_stream_next_frame (SentientStream *self);
/* A binary message of the other end. FALSE: it broke the rules, this connection is to be closed.
 * Errors: PROTOCOL. */
gboolean sentient_stream_receive (SentientStream *self, GBytes *frame, GError **error);
/* The next message, a text, a binary or one for a service; it counts as received. NULL: there is
 * none, or (error) the other end broke the rules. Errors: PROTOCOL, PAYLOAD_TOO_LARGE. */
GBytes *
sentient_stream_next_message (SentientStream *self, SentientFrameKind *kind, GError **error);
/* TRUE once after the other end turned out to have been started anew. *n_lost: messages to its
 * former instance, pushed before this connection, that it had not acknowledged; they are dropped.
 */
gboolean sentient_stream_take_restart (SentientStream *self, guint *n_lost);

/* Pings when it is time. FALSE: the other end is dead. Errors: CONNECTION_LOST. */
gboolean sentient_stream_check_time (SentientStream *self, GError **error);
/* When to check next, in ms from now; -1: never. */
gint64 sentient_stream_get_timeout (SentientStream *self);
/* There is doubt: asks the other end at once, and is dead after SENTIENT_STREAM_PROBE_MS. */
void sentient_stream_probe (SentientStream *self);
/* For who is about to close: what was taken is acknowledged with the next frame. */
void sentient_stream_hasten_ack (SentientStream *self);
/* The other end said over this connection that it wants no more. */
gboolean sentient_stream_has_goodbye (SentientStream *self);
/* It was probed, and nothing has come since. */
gboolean sentient_stream_is_in_doubt (SentientStream *self);
/* What went over all of its connections. */
typedef struct
{
  guint64 frames_sent;
  guint64 frames_received;
  guint64 bytes_sent; /* of frames */
  guint64 bytes_received;
  guint64 messages_sent_again; /* since a connection broke before they were acknowledged */
} SentientStreamCounts;

void sentient_stream_get_counts (SentientStream *self, SentientStreamCounts *counts);
/* Bytes of frames that are not acknowledged, of SENTIENT_STREAM_WINDOW. */
gsize sentient_stream_get_window_used (SentientStream *self);

/* Asks the other end how it is, soon. Returns the number of the question. */
guint64 sentient_stream_ask (SentientStream *self);
/* The number of the last question that was answered. */
guint64 sentient_stream_get_answered (SentientStream *self);
/* Milliseconds there and back, of the last ping; -1: not known. */
gint64 sentient_stream_get_rtt (SentientStream *self);

G_END_DECLS
