/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>
#include "core/sentient-mailbox.h"
#include "webrtc/sentient-link-options.h"
#include "webrtc/sentient-link-path.h"
#include "webrtc/sentient-link-timeline.h"

G_BEGIN_DECLS

/* One webrtcbin in one pipeline, and the hand-over from GStreamer's threads to a mailbox. All calls
 * are the owner's and none waits for anything but webrtcbin's short-lived locks. */
typedef struct _SentientPipe SentientPipe;

typedef enum
{
  SENTIENT_PIPE_EVENT_CREATED,        /* description, or error: an offer or answer was made */
  SENTIENT_PIPE_EVENT_LOCAL_SET,      /* or error */
  SENTIENT_PIPE_EVENT_REMOTE_SET,     /* or error */
  SENTIENT_PIPE_EVENT_CANDIDATE,      /* text */
  SENTIENT_PIPE_EVENT_GATHERING,      /* look at is_gathered () */
  SENTIENT_PIPE_EVENT_GATHERED,       /* posted by the owner behind the last candidate */
  SENTIENT_PIPE_EVENT_CONNECTION,     /* look at has_failed () */
  SENTIENT_PIPE_EVENT_STEP,           /* step, stream */
  SENTIENT_PIPE_EVENT_CHANNEL,        /* channel: the other end made it */
  SENTIENT_PIPE_EVENT_CHANNEL_OPEN,   /* channel */
  SENTIENT_PIPE_EVENT_CHANNEL_CLOSED, /* channel */
  SENTIENT_PIPE_EVENT_CHANNEL_LOW,    /* channel */
  SENTIENT_PIPE_EVENT_MESSAGE,        /* channel, data, is_text */
  SENTIENT_PIPE_EVENT_BROKEN,         /* error: of the bus or the channel */
  SENTIENT_PIPE_EVENT_COMPLAINT,      /* error; posted by the owner */
  SENTIENT_PIPE_EVENT_OVERRUN,        /* the owner does not take its messages fast enough */
  SENTIENT_PIPE_EVENT_TORN_DOWN,
} SentientPipeEventKind;

typedef struct
{
  SentientPipeEventKind kind;
  gint64 time; /* when it was made; monotonic, µs */
  GstWebRTCDataChannel *channel;
  GstWebRTCSessionDescription *description;
  GBytes *data;
  gboolean is_text;
  SentientConnectionStep step;
  guint stream; /* of libnice */
  char *text;
  GError *error;
  struct _SentientPipeTap *tap; /* counts data as waiting */
} SentientPipeEvent;

SentientPipeEvent *sentient_pipe_event_new (SentientPipeEventKind kind);
void sentient_pipe_event_free (SentientPipeEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientPipeEvent, sentient_pipe_event_free)

/* Posts SentientPipeEvents to the mailbox, of that context. READY afterwards. complaints: see
 * sentient-pipe-ice.h. Errors: LINK_FAILED. */
SentientPipe *sentient_pipe_new (GMainContext *context,
                                 SentientMailbox *mailbox,
                                 const SentientLinkOptions *options,
                                 GPtrArray *complaints,
                                 GError **error);
/* Takes the pipe to pieces on a thread of its own; TORN_DOWN is the last event. Polite: what was
 * sent gets out and the channel is closed before, in bounded time. */
void sentient_pipe_tear_down (SentientPipe *self, gboolean polite);

gboolean sentient_pipe_play (SentientPipe *self);
/* The channel "prrc", in READY; protocol may be NULL. NULL: webrtcbin made none. */
GstWebRTCDataChannel *sentient_pipe_create_channel (SentientPipe *self, const char *protocol);
/* A further one, once the first is open; structure: webrtcbin's options. NULL: it made none. */
GstWebRTCDataChannel *
sentient_pipe_open_channel (SentientPipe *self, const char *label, const GstStructure *options);
/* Once the channel is open. Does nothing to one without the framing, and with it the window: what
 * it is given would just wait there. */
void sentient_pipe_enlarge_buffers (SentientPipe *self);
/* The one the other end made. */
void sentient_pipe_set_channel (SentientPipe *self, GstWebRTCDataChannel *channel);
gboolean sentient_pipe_channel_is_open (SentientPipe *self);
guint64 sentient_pipe_get_buffered_amount (SentientPipe *self);
/* Errors: PAYLOAD_TOO_LARGE, NOT_CONNECTED. */
gboolean sentient_pipe_send (SentientPipe *self, GBytes *data, gboolean is_text, GError **error);
/* The same, over any channel. */
gboolean sentient_pipe_send_over (GstWebRTCDataChannel *channel,
                                  GBytes *data,
                                  gboolean is_text,
                                  GError **error);
void sentient_pipe_create_description (SentientPipe *self, GstWebRTCSDPType type);
void sentient_pipe_set_description (SentientPipe *self,
                                    gboolean local,
                                    GstWebRTCSessionDescription *description);
void sentient_pipe_add_candidate (SentientPipe *self, const char *candidate);
gboolean sentient_pipe_is_gathered (SentientPipe *self);
gboolean sentient_pipe_has_failed (SentientPipe *self);
/* What an event says of how the link comes about; to be called with each. */
void sentient_pipe_note_event (SentientPipe *self,
                               const SentientPipeEvent *event,
                               SentientLinkTimeline *timeline);
/* NULL: not known (yet). */
SentientLinkPath *sentient_pipe_dup_path (SentientPipe *self);
/* The certificate the other end showed, PEM; NULL before the DTLS handshake. */
char *sentient_pipe_dup_remote_certificate (SentientPipe *self);

G_END_DECLS
