/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "webrtc/sentient-data-channel-private.h"
#include "webrtc/sentient-link-path.h"
#include "webrtc/sentient-link-timeline.h"

G_BEGIN_DECLS

/* One message: over this webrtcbin 1.22 splits it silently. */
#define SENTIENT_LINK_MAX_MESSAGE 65536
/* The channel that is the link. */
#define SENTIENT_LINK_LABEL "prrc"
/* Waiting to be sent: over HIGH a send is refused, below LOW again "drained" is emitted. */
#define SENTIENT_LINK_BUFFER_HIGH (1024 * 1024)
#define SENTIENT_LINK_BUFFER_LOW (256 * 1024)
/* Remote candidates kept until the remote description is there. */
#define SENTIENT_LINK_MAX_EARLY_CANDIDATES 256

typedef enum
{
  SENTIENT_LINK_STATE_NEW,
  SENTIENT_LINK_STATE_CONNECTING,
  SENTIENT_LINK_STATE_OPEN,
  SENTIENT_LINK_STATE_CLOSING,
  SENTIENT_LINK_STATE_CLOSED,
} SentientLinkState;

/* One ordered, reliable channel to one other node, whichever engine carries it.
 *
 * A link belongs to the context that was thread-default when it was constructed: it is called,
 * unreferenced and emits its signals there and only there. Signals:
 *
 *   local-description (SentientSignalType type, const char *sdp)   for the other end
 *   local-candidate (guint mline, const char *candidate)           likewise; "" is the end of them
 *   candidate-refused (gboolean local, const char *candidate)      by the options it was made with
 *   complaint (GError *error)      something of the options is not used; it goes on without
 *   opened ()
 *   message (GBytes *data, gboolean is_text)   text is valid UTF-8 without NUL; may be empty
 *   drained ()                                 send again after WOULD_BLOCK
 *   channel (SentientDataChannel *channel)     a further one, which the other end opened
 *   closed (GError *error)                     once, the last of all; NULL: in good order
 *
 * Errors of "closed": LINK_FAILED (never opened), CONNECTION_LOST, PROTOCOL, MISSING_PLUGIN. A link
 * that is finalized emits nothing more; to the other end that looks like a close. */
#define SENTIENT_TYPE_LINK (sentient_link_get_type ())
G_DECLARE_INTERFACE (SentientLink, sentient_link, SENTIENT, LINK, GObject)

struct _SentientLinkInterface
{
  GTypeInterface parent_iface;

  void (*start) (SentientLink *self, gboolean offerer);
  void (*set_remote_description) (SentientLink *self, SentientSignalType type, const char *sdp);
  /* The candidate is well-formed, mline 0; "" is the end of candidates. */
  void (*add_remote_candidate) (SentientLink *self, const char *candidate);
  /* The link is open and the message fit to be sent. */
  gboolean (*send) (SentientLink *self, GBytes *data, gboolean is_text, GError **error);
  /* A send was refused: "drained" is to follow. */
  void (*await_drain) (SentientLink *self);
  guint64 (*get_buffered_amount) (SentientLink *self);
  SentientLinkState (*get_state) (SentientLink *self);
  void (*close) (SentientLink *self);
  /* One of the two. */
  SentientLinkPath *(*dup_path) (SentientLink *self);
  char *(*dup_description) (SentientLink *self);
  /* The link is open and the options are sound. */
  SentientDataChannel *(*open_channel) (SentientLink *self,
                                        const SentientDataChannelOptions *options,
                                        GError **error);
};

/* The subprotocol of the channel: the offerer gives it before it starts, or NULL; the other end
 * knows it once the link is open. */
void sentient_link_set_protocol (SentientLink *self, const char *protocol);
const char *sentient_link_get_protocol (SentientLink *self);

/* Once. The offerer makes the channel and emits its offer; the other waits for one. */
void sentient_link_start (SentientLink *self, gboolean offerer);

/* An offer is answered by itself. A malformed or unexpected description closes the link (PROTOCOL).
 */
void
sentient_link_set_remote_description (SentientLink *self, SentientSignalType type, const char *sdp);

/* NULL or "" is the end of candidates. May come before the remote description. Malformed ones are
 * ignored: a node may speak of transports that we do not know. */
void sentient_link_add_remote_candidate (SentientLink *self, guint mline, const char *candidate);

/* Errors: NOT_CONNECTED, BAD_REQUEST (empty, or text that is no UTF-8), PAYLOAD_TOO_LARGE,
 * WOULD_BLOCK. */
gboolean sentient_link_send (SentientLink *self, GBytes *data, gboolean is_text, GError **error);

/* Bytes that wait to be sent. */
guint64 sentient_link_get_buffered_amount (SentientLink *self);
SentientLinkState sentient_link_get_state (SentientLink *self);

/* In any state, any number of times; ends in "closed". What was sent before still goes out, if the
 * other end takes it within a second. */
void sentient_link_close (SentientLink *self);

/* The way that the data takes, which may change while the link is open. NULL: not known (yet), or
 * it is none of ICE. */
SentientLinkPath *sentient_link_dup_path (SentientLink *self);
/* For people: "host 127.0.0.1:1234 ↔ host 127.0.0.1:5678 (udp)". NULL: not known (yet). */
char *sentient_link_dup_description (SentientLink *self);

/* How it came about, so far. */
SentientLinkTimeline *sentient_link_get_timeline (SentientLink *self);

/* A further channel to the other end, beside the one that is the link; it ends with it. Errors:
 * NOT_CONNECTED, BAD_REQUEST, BUSY, LINK_FAILED. */
SentientDataChannel *sentient_link_open_channel (SentientLink *self,
                                                 const SentientDataChannelOptions *options,
                                                 GError **error);

/* For the engines. */
/* Errors: BAD_REQUEST, PAYLOAD_TOO_LARGE. */
gboolean sentient_link_check_message (GBytes *data, gboolean is_text, GError **error);
void
sentient_link_emit_local_description (SentientLink *self, SentientSignalType type, const char *sdp);
void sentient_link_emit_local_candidate (SentientLink *self, guint mline, const char *candidate);
void
sentient_link_emit_candidate_refused (SentientLink *self, gboolean local, const char *candidate);
void sentient_link_emit_complaint (SentientLink *self, const GError *error);
void sentient_link_emit_opened (SentientLink *self);
void sentient_link_emit_message (SentientLink *self, GBytes *data, gboolean is_text);
void sentient_link_emit_drained (SentientLink *self);
void sentient_link_emit_channel (SentientLink *self, SentientDataChannel *channel);
void sentient_link_emit_closed (SentientLink *self, const GError *error);

G_END_DECLS
