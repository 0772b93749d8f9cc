/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-webrtc-channels.h"

#include <string.h>

#include "core/sentient-error.h"

/* What the other end may take to answer the closing of a channel. */
#define CLOSE_MS 2000

struct _SentientWebrtcChannels
{
  SentientLink *link; /* unowned */
  GMainContext *context;
  SentientDataChannelSet *set;
  GQueue early; /* SentientPipeEvent: came before the link was open */
};

typedef struct
{
  SentientWebrtcChannels *owner; /* outlives it */
  GstWebRTCDataChannel *channel;
  GSource *timeout; /* of closing */
} Carrier;

gboolean
sentient_pipe_send_over (GstWebRTCDataChannel *channel,
                         GBytes *data,
                         gboolean is_text,
                         GError **error)
{
  g_autoptr (GError) cause = NULL;
  gboolean sent;

  if (is_text)
    {
      g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));

      sent = gst_webrtc_data_channel_send_string_full (channel, text, &cause);
    }
  else
    sent = gst_webrtc_data_channel_send_data_full (channel, data, &cause);
  if (sent)
    return TRUE;

  /* The one limit that is not ours. */
  if (g_error_matches (cause, GST_WEBRTC_ERROR, GST_WEBRTC_ERROR_TYPE_ERROR))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                 "The message has %" G_GSIZE_FORMAT " bytes, more than the other node takes at "
                 "once. Send it in parts.",
                 g_bytes_get_size (data));
  else
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                 "The data channel is closing, the message was not sent: %s",
                 cause != NULL ? cause->message : "it does not say why");
  return FALSE;
}

static gboolean
carrier_send (gpointer carrier, GBytes *data, gboolean is_text, GError **error)
{
  return sentient_pipe_send_over (((Carrier *)carrier)->channel, data, is_text, error);
}

static guint64
carrier_get_buffered_amount (gpointer carrier)
{
  guint64 amount = 0;

  g_object_get (((Carrier *)carrier)->channel, "buffered-amount", &amount, NULL);
  return amount;
}

static gboolean
on_close_timeout (gpointer user_data)
{
  Carrier *self = user_data;

  g_debug ("The other node does not answer the closing of a data channel");
  sentient_data_channel_set_end (self->owner->set, self->channel, NULL);
  return G_SOURCE_REMOVE;
}

static void
carrier_close (gpointer carrier)
{
  Carrier *self = carrier;

  gst_webrtc_data_channel_close (self->channel);
  self->timeout = g_timeout_source_new (CLOSE_MS);
  g_source_set_static_name (self->timeout, "sentient-data-channel-close");
  g_source_set_callback (self->timeout, on_close_timeout, self, NULL);
  g_source_attach (self->timeout, self->owner->context);
}

static void
carrier_free (gpointer carrier)
{
  Carrier *self = carrier;

  if (self->timeout != NULL)
    g_source_destroy (self->timeout);
  g_clear_pointer (&self->timeout, g_source_unref);
  g_object_unref (self->channel);
  g_free (self);
}

static const SentientDataChannelEngine engine = {
  .send = carrier_send,
  .get_buffered_amount = carrier_get_buffered_amount,
  .close = carrier_close,
  .free = carrier_free,
};

SentientWebrtcChannels *
sentient_webrtc_channels_new (SentientLink *link, GMainContext *context)
{
  SentientWebrtcChannels *self = g_new0 (SentientWebrtcChannels, 1);

  self->link = link;
  self->context = g_main_context_ref (context);
  self->set = sentient_data_channel_set_new ();
  g_queue_init (&self->early);
  return self;
}

static void
drop_early (SentientWebrtcChannels *self)
{
  g_queue_clear_full (&self->early, (GDestroyNotify)sentient_pipe_event_free);
}

void
sentient_webrtc_channels_free (SentientWebrtcChannels *self)
{
  drop_early (self);
  sentient_data_channel_set_free (self->set);
  g_main_context_unref (self->context);
  g_free (self);
}

void
sentient_webrtc_channels_end (SentientWebrtcChannels *self)
{
  drop_early (self);
  sentient_data_channel_set_lose_all (self->set);
}

/* Takes gst. */
static SentientDataChannel *
add (SentientWebrtcChannels *self,
     const SentientDataChannelOptions *options,
     GstWebRTCDataChannel *gst,
     gboolean is_ours)
{
  SentientDataChannel *channel = sentient_data_channel_new (options);
  Carrier *carrier = g_new0 (Carrier, 1);

  carrier->owner = self;
  carrier->channel = gst;
  sentient_data_channel_set_engine (channel, &engine, carrier);
  sentient_data_channel_set_add (self->set, channel, gst, is_ours);
  return channel;
}

SentientDataChannel *
sentient_webrtc_channels_open (SentientWebrtcChannels *self,
                               SentientPipe *pipe,
                               const SentientDataChannelOptions *options,
                               GError **error)
{
  GstWebRTCDataChannel *gst;
  g_autoptr (GstStructure) structure = NULL;

  if (!sentient_data_channel_set_has_room (self->set, TRUE, error))
    return NULL;
  structure = gst_structure_new ("options", "ordered", G_TYPE_BOOLEAN, options->ordered,
                                 "max-retransmits", G_TYPE_INT, options->max_retransmits,
                                 "max-packet-lifetime", G_TYPE_INT, options->max_lifetime, NULL);
  if (options->protocol != NULL)
    gst_structure_set (structure, "protocol", G_TYPE_STRING, options->protocol, NULL);
  gst = sentient_pipe_open_channel (pipe, options->label, structure);
  if (gst != NULL)
    return add (self, options, gst, TRUE);
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_LINK_FAILED,
               "The data channel “%s” cannot be opened: webrtcbin makes none", options->label);
  return NULL;
}

/* The other end made it. */
static void
accept_channel (SentientWebrtcChannels *self, GstWebRTCDataChannel *gst)
{
  g_autoptr (SentientDataChannel) channel = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *label = NULL;
  g_autofree char *protocol = NULL;
  SentientDataChannelOptions options;

  g_object_get (gst, "label", &label, "protocol", &protocol, "ordered", &options.ordered,
                "max-retransmits", &options.max_retransmits, "max-packet-lifetime",
                &options.max_lifetime, NULL);
  options.label = label != NULL ? label : "";
  options.protocol = protocol;
  options.max_retransmits = CLAMP (options.max_retransmits, -1, SENTIENT_DATA_CHANNEL_MAX_LIMIT);
  options.max_lifetime = CLAMP (options.max_lifetime, -1, SENTIENT_DATA_CHANNEL_MAX_LIMIT);
  if (!sentient_data_channel_check_options (&options, &error)
      || !sentient_data_channel_set_has_room (self->set, FALSE, &error))
    {
      g_autofree char *text = g_strescape (options.label, NULL);

      g_debug ("The other node's data channel \"%.64s\" is closed: %s", text, error->message);
      gst_webrtc_data_channel_close (gst);
      return;
    }
  channel = add (self, &options, g_object_ref (gst), FALSE);
  sentient_data_channel_open (channel);
  sentient_link_emit_channel (self->link, channel);
}

static void
receive (SentientWebrtcChannels *self, SentientDataChannel *channel, SentientPipeEvent *event)
{
  g_autoptr (GError) error = NULL;

  if (!event->is_text
      || g_utf8_validate_len (g_bytes_get_data (event->data, NULL), g_bytes_get_size (event->data),
                              NULL))
    {
      sentient_data_channel_receive (channel, event->data, event->is_text);
      return;
    }
  gst_webrtc_data_channel_close (event->channel);
  error = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                               "The other node sent a text that is not UTF-8");
  sentient_data_channel_set_end (self->set, event->channel, error);
}

static void
handle (SentientWebrtcChannels *self, SentientPipeEvent *event)
{
  SentientDataChannel *found = sentient_data_channel_set_find (self->set, event->channel);
  g_autoptr (SentientDataChannel) channel = found != NULL ? g_object_ref (found) : NULL;

  if (channel == NULL)
    {
      if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL)
        accept_channel (self, event->channel);
      return; /* else of one that was refused, or is over */
    }
  if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL_OPEN)
    sentient_data_channel_open (channel);
  else if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL_CLOSED)
    sentient_data_channel_set_end (self->set, event->channel, event->error);
  else if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL_LOW)
    sentient_data_channel_drain (channel);
  else if (event->kind == SENTIENT_PIPE_EVENT_MESSAGE)
    receive (self, channel, event);
}

/* The event goes on being freed by its owner. */
static SentientPipeEvent *
steal_event (SentientPipeEvent *event)
{
  SentientPipeEvent *stolen = g_memdup2 (event, sizeof *event);

  memset (event, 0, sizeof *event);
  return stolen;
}

void
sentient_webrtc_channels_handle (SentientWebrtcChannels *self, SentientPipeEvent *event)
{
  if (sentient_link_get_state (self->link) == SENTIENT_LINK_STATE_CONNECTING)
    g_queue_push_tail (&self->early, steal_event (event));
  else if (sentient_link_get_state (self->link) == SENTIENT_LINK_STATE_OPEN)
    handle (self, event);
}

void
sentient_webrtc_channels_begin (SentientWebrtcChannels *self)
{
  SentientPipeEvent *event;

  while ((event = g_queue_pop_head (&self->early)) != NULL)
    {
      if (sentient_link_get_state (self->link) == SENTIENT_LINK_STATE_OPEN)
        handle (self, event);
      sentient_pipe_event_free (event);
    }
}
