/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-pipe-repeater.h"

#include <gst/webrtc/webrtc.h>
#include <nice/agent.h>

#include "webrtc/sentient-pipe-relays.h"

/* The first look; each further one comes after twice the time, up to the last. */
#define FIRST_LOOK_MS 100
#define LAST_LOOK_MS 2000
/* Not even DTLS takes so long: it may have begun nothing though it knows. */
#define LONG_MS 800

struct _SentientPipeRepeater
{
  GMainContext *context;
  GstElement *webrtc;
  guint stream;
  guint wait_ms;
  GSource *timer; /* NULL: there is nothing to look at */
};

GObject *
sentient_pipe_get_dtls_transport (GstElement *webrtc)
{
  g_autoptr (GObject) sctp = NULL;
  GObject *dtls = NULL;

  g_object_get (webrtc, "sctp-transport", &sctp, NULL);
  if (sctp != NULL)
    g_object_get (sctp, "transport", &dtls, NULL);
  return dtls;
}

static void
clear_timer (SentientPipeRepeater *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

SentientPipeRepeater *
sentient_pipe_repeater_new (GMainContext *context, GstElement *webrtc)
{
  SentientPipeRepeater *self = g_new0 (SentientPipeRepeater, 1);

  self->context = g_main_context_ref (context);
  self->webrtc = webrtc;
  return self;
}

void
sentient_pipe_repeater_free (SentientPipeRepeater *self)
{
  clear_timer (self);
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
is_through (GObject *dtls)
{
  GstWebRTCDTLSTransportState state;

  g_object_get (dtls, "state", &state, NULL);
  return state == GST_WEBRTC_DTLS_TRANSPORT_STATE_CONNECTED
         || state == GST_WEBRTC_DTLS_TRANSPORT_STATE_FAILED
         || state == GST_WEBRTC_DTLS_TRANSPORT_STATE_CLOSED;
}

static gboolean
believes_checking (GObject *dtls)
{
  g_autoptr (GObject) ice = NULL;
  GstWebRTCICEConnectionState state = GST_WEBRTC_ICE_CONNECTION_STATE_CONNECTED;

  g_object_get (dtls, "transport", &ice, NULL);
  if (ice != NULL)
    g_object_get (ice, "state", &state, NULL);
  return state == GST_WEBRTC_ICE_CONNECTION_STATE_NEW
         || state == GST_WEBRTC_ICE_CONNECTION_STATE_CHECKING;
}

static void
repeat_state (SentientPipeRepeater *self)
{
  g_autoptr (GObject) agent = sentient_pipe_get_agent (self->webrtc);
  NiceComponentState state = NICE_COMPONENT_STATE_DISCONNECTED;

  if (agent != NULL)
    state = nice_agent_get_component_state (NICE_AGENT (agent), self->stream,
                                            NICE_COMPONENT_TYPE_RTP);
  if (state != NICE_COMPONENT_STATE_CONNECTED && state != NICE_COMPONENT_STATE_READY)
    return;
  g_debug ("webrtcbin may have missed that a pair of candidates was found; it is told again");
  g_signal_emit_by_name (agent, "component-state-changed", self->stream, NICE_COMPONENT_TYPE_RTP,
                         state);
}

static void set_timer (SentientPipeRepeater *self);

static gboolean
on_look (gpointer user_data)
{
  SentientPipeRepeater *self = user_data;
  g_autoptr (GObject) dtls = sentient_pipe_get_dtls_transport (self->webrtc);

  clear_timer (self);
  if (dtls != NULL && is_through (dtls))
    return G_SOURCE_REMOVE;
  if (dtls != NULL && (believes_checking (dtls) || self->wait_ms >= LONG_MS))
    repeat_state (self);
  /* What was overtaken may come only now. */
  self->wait_ms = MIN (self->wait_ms * 2, LAST_LOOK_MS);
  set_timer (self);
  return G_SOURCE_REMOVE;
}

static void
set_timer (SentientPipeRepeater *self)
{
  self->timer = g_timeout_source_new (self->wait_ms);
  g_source_set_static_name (self->timer, "sentient-pipe-repeater");
  g_source_set_callback (self->timer, on_look, self, NULL);
  g_source_attach (self->timer, self->context);
}

void
sentient_pipe_repeater_begin (SentientPipeRepeater *self, guint stream)
{
  if (self->timer != NULL)
    return;
  self->stream = stream;
  self->wait_ms = FIRST_LOOK_MS;
  set_timer (self);
}
