/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* libnice tells each state on the thread that brings it about, after it let go of its lock: on a
 * busy machine one state can overtake another. webrtcbin believes what it hears last. Where that is
 * that pairs are being checked, though one was found, it never begins DTLS, and the connection
 * times out. So while one is being made, webrtcbin is told again what is true. */
typedef struct _SentientPipeRepeater SentientPipeRepeater;

/* webrtc must outlive it. It works on the context. */
SentientPipeRepeater *sentient_pipe_repeater_new (GMainContext *context, GstElement *webrtc);
void sentient_pipe_repeater_free (SentientPipeRepeater *self);
/* In that stream of libnice's a pair was found. It ends by itself with DTLS. */
void sentient_pipe_repeater_begin (SentientPipeRepeater *self, guint stream);

/* What is below webrtcbin's data channels; (transfer full). NULL: nothing yet. */
GObject *sentient_pipe_get_dtls_transport (GstElement *webrtc);

G_END_DECLS
