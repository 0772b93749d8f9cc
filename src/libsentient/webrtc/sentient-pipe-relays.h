/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Gives back what the NiceAgent of a webrtcbin holds at TURN servers, which webrtcbin 1.22 does
 * not: the servers would keep it for ten minutes, and libnice leaves its sockets open. Waits for
 * the servers, a second at most: not for a thread with a main loop. Nothing more goes over a relay
 * then; webrtcbin is to be stopped after it, since else nobody reads the servers' answers. */
void sentient_pipe_give_back_relays (GstElement *webrtc);

/* libnice's agent below it; (transfer full). NULL: there is none. */
GObject *sentient_pipe_get_agent (GstElement *webrtc);

G_END_DECLS
