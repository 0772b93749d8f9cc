/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-pipe-tap.h"

#include <nice/agent.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "core/sentient-race.h"
#include "webrtc/sentient-link.h"

/* What may wait in the mailbox; webrtcbin has no back pressure of its own. */
#define MAX_WAITING (64 * 1024 * 1024)
#define EVENT_COST 256

SentientPipeEvent *
sentient_pipe_event_new (SentientPipeEventKind kind)
{
  SentientPipeEvent *event = g_new0 (SentientPipeEvent, 1);

  event->kind = kind;
  event->time = g_get_monotonic_time ();
  return event;
}

void
sentient_pipe_event_free (SentientPipeEvent *event)
{
  if (event->tap != NULL)
    {
      g_atomic_int_add (&event->tap->waiting, -(gint)(g_bytes_get_size (event->data) + EVENT_COST));
      sentient_pipe_tap_unref (event->tap);
    }
  g_clear_object (&event->channel);
  g_clear_pointer (&event->description, gst_webrtc_session_description_free);
  g_clear_pointer (&event->data, g_bytes_unref);
  g_free (event->text);
  g_clear_error (&event->error);
  g_free (event);
}

SentientPipeTap *
sentient_pipe_tap_new (SentientMailbox *mailbox, guint association_id)
{
  SentientPipeTap *tap = g_new0 (SentientPipeTap, 1);

  g_atomic_ref_count_init (&tap->refs);
  tap->mailbox = sentient_mailbox_ref (mailbox);
  tap->sender = sentient_pipe_sender_new ();
  tap->association_id = association_id;
  g_mutex_init (&tap->lock);
  g_cond_init (&tap->cond);
  return tap;
}

SentientPipeTap *
sentient_pipe_tap_ref (SentientPipeTap *tap)
{
  sentient_race_ref (&tap->refs);
  return tap;
}

SentientPipeTap *
sentient_pipe_tap_give (SentientPipeTap *tap)
{
  sentient_race_give (tap);
  return sentient_pipe_tap_ref (tap);
}

/* The beginning of each callback on a thread of GStreamer's. What it does to the tap ends with
 * sentient_race_give (): that its handler is gone before the last reference is, only GLib knows. */
static SentientPipeTap *
take_tap (gpointer data)
{
  sentient_race_take (data);
  return data;
}

void
sentient_pipe_tap_unref (SentientPipeTap *tap)
{
  if (!sentient_race_unref (&tap->refs))
    return;
  sentient_race_take (tap);
  sentient_mailbox_unref (tap->mailbox);
  sentient_pipe_sender_unref (tap->sender);
  gst_clear_object (&tap->encoder);
  g_mutex_clear (&tap->lock);
  g_cond_clear (&tap->cond);
  g_free (tap);
}

void
sentient_pipe_tap_post (SentientPipeTap *tap, SentientPipeEvent *event)
{
  sentient_mailbox_post (tap->mailbox, event);
  sentient_race_give (tap);
}

static void
set_flag (SentientPipeTap *tap, gboolean *flag)
{
  sentient_race_lock (&tap->lock);
  *flag = TRUE;
  g_cond_signal (&tap->cond);
  sentient_race_unlock (&tap->lock);
  sentient_race_give (tap);
}

void
sentient_pipe_tap_wait_over (SentientPipeTap *tap, guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;

  sentient_race_lock (&tap->lock);
  while (!tap->over && sentient_race_wait_until (&tap->cond, &tap->lock, end))
    ;
  sentient_race_unlock (&tap->lock);
}

void
sentient_pipe_tap_add_promise (SentientPipeTap *tap, gint n)
{
  sentient_race_lock (&tap->lock);
  tap->promises += n;
  g_cond_signal (&tap->cond);
  sentient_race_unlock (&tap->lock);
}

void
sentient_pipe_tap_wait_answered (SentientPipeTap *tap, guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;

  sentient_race_lock (&tap->lock);
  while (tap->promises > 0 && sentient_race_wait_until (&tap->cond, &tap->lock, end))
    ;
  sentient_race_unlock (&tap->lock);
}

void
sentient_pipe_tap_wait_flushed (SentientPipeTap *tap, GstWebRTCDataChannel *channel, guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;
  gboolean in_time = TRUE;
  guint64 amount = 1;

  while (in_time && amount > 0)
    {
      sentient_race_lock (&tap->lock);
      while (in_time && !tap->low && !tap->over)
        in_time = sentient_race_wait_until (&tap->cond, &tap->lock, end);
      if (tap->over)
        in_time = FALSE;
      tap->low = FALSE; /* may have been an older crossing */
      sentient_race_unlock (&tap->lock);
      g_object_get (channel, "buffered-amount", &amount, NULL);
    }
}

static void
tap_closure_unref (gpointer data, GClosure *closure)
{
  sentient_pipe_tap_unref (data);
}

static void
tap_connect (SentientPipeTap *tap, gpointer object, const char *signal, GCallback callback)
{
  g_signal_connect_data (object, signal, callback, sentient_pipe_tap_give (tap), tap_closure_unref,
                         0);
}

static void
post_channel_event (SentientPipeTap *tap, SentientPipeEventKind kind, GstWebRTCDataChannel *channel)
{
  SentientPipeEvent *event = sentient_pipe_event_new (kind);

  event->channel = g_object_ref (channel);
  sentient_pipe_tap_post (tap, event);
}

static gboolean
has_factory (GstElement *element, const char *name)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  return factory != NULL && g_str_equal (GST_OBJECT_NAME (factory), name);
}

/* called on the pc thread */
static void
on_deep_element_added (GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  SentientPipeTap *tap = take_tap (user_data);
  gboolean is_encoder = has_factory (element, "sctpenc");

  /* What nobody asks for: the last packet, and a signal each time that a queue is empty. */
  if (has_factory (element, "nicesink"))
    g_object_set (element, "enable-last-sample", FALSE, NULL);
  else if (has_factory (element, "queue"))
    g_object_set (element, "silent", TRUE, NULL);
  else if (has_factory (element, "dtlsenc"))
    sentient_pipe_sender_connect_encoder (tap->sender, element);
  else if (is_encoder || has_factory (element, "sctpdec"))
    g_object_set (element, "sctp-association-id", tap->association_id, NULL);
  if (is_encoder)
    {
      sentient_race_lock (&tap->lock);
      gst_object_replace ((GstObject **)&tap->encoder, GST_OBJECT (element));
      sentient_race_unlock (&tap->lock);
    }
  sentient_race_give (tap);
}

void
sentient_pipe_tap_connect_pipeline (SentientPipeTap *tap, GstElement *pipeline)
{
  tap_connect (tap, pipeline, "deep-element-added", G_CALLBACK (on_deep_element_added));
}

GstElement *
sentient_pipe_tap_steal_encoder (SentientPipeTap *tap)
{
  GstElement *encoder;

  sentient_race_lock (&tap->lock);
  encoder = g_steal_pointer (&tap->encoder);
  sentient_race_unlock (&tap->lock);
  return encoder;
}

/* called on the pc thread */
static void
on_channel_open (GstWebRTCDataChannel *channel, gpointer user_data)
{
  post_channel_event (take_tap (user_data), SENTIENT_PIPE_EVENT_CHANNEL_OPEN, channel);
}

/* called on the pc thread */
static void
on_channel_close (GstWebRTCDataChannel *channel, gpointer user_data)
{
  SentientPipeTap *tap = take_tap (user_data);

  post_channel_event (tap, SENTIENT_PIPE_EVENT_CHANNEL_CLOSED, channel);
  set_flag (tap, &tap->over);
}

/* called on the pc thread */
static void
on_further_close (GstWebRTCDataChannel *channel, gpointer user_data)
{
  post_channel_event (take_tap (user_data), SENTIENT_PIPE_EVENT_CHANNEL_CLOSED, channel);
}

/* called on the pc thread */
static void
on_further_low (GstWebRTCDataChannel *channel, gpointer user_data)
{
  post_channel_event (take_tap (user_data), SENTIENT_PIPE_EVENT_CHANNEL_LOW, channel);
}

/* called on the pc thread. Only this channel is broken; GStreamer 1.22 also says so when the other
 * end closes it while there is something on its way. */
static void
on_further_error (GstWebRTCDataChannel *channel, const GError *error, gpointer user_data)
{
  g_debug ("A data channel ends: %s", error != NULL ? error->message : "it does not say why");
  post_channel_event (take_tap (user_data), SENTIENT_PIPE_EVENT_CHANNEL_CLOSED, channel);
}

/* called on the pc thread */
static void
on_channel_low (GstWebRTCDataChannel *channel, gpointer user_data)
{
  SentientPipeTap *tap = take_tap (user_data);

  post_channel_event (tap, SENTIENT_PIPE_EVENT_CHANNEL_LOW, channel);
  set_flag (tap, &tap->low);
}

/* called on the pc thread */
static void
on_channel_error (GstWebRTCDataChannel *channel, const GError *error, gpointer user_data)
{
  SentientPipeEvent *event = sentient_pipe_event_new (SENTIENT_PIPE_EVENT_BROKEN);

  event->error = error != NULL ? g_error_copy (error) : NULL;
  sentient_pipe_tap_post (take_tap (user_data), event);
}

/* Takes data. */
static void
post_message (SentientPipeTap *tap, GstWebRTCDataChannel *channel, GBytes *data, gboolean is_text)
{
  gint cost = (gint)g_bytes_get_size (data) + EVENT_COST;
  SentientPipeEvent *event;

  if (g_atomic_int_add (&tap->waiting, cost) > MAX_WAITING - cost)
    {
      g_atomic_int_add (&tap->waiting, -cost);
      g_bytes_unref (data);
      if (g_atomic_int_compare_and_exchange (&tap->overrun, FALSE, TRUE))
        sentient_pipe_tap_post (tap, sentient_pipe_event_new (SENTIENT_PIPE_EVENT_OVERRUN));
      sentient_race_give (tap);
      return;
    }
  event = sentient_pipe_event_new (SENTIENT_PIPE_EVENT_MESSAGE);
  event->channel = g_object_ref (channel);
  event->data = data;
  event->is_text = is_text;
  event->tap = sentient_pipe_tap_ref (tap);
  sentient_pipe_tap_post (tap, event);
}

/* called on the pc thread, with the PC lock held. NULL: empty; what webrtcbin takes for empty data
 * is an empty text, and the other way round: it has their numbers (RFC 8831, 56 and 57) swapped. */
static void
on_channel_data (GstWebRTCDataChannel *channel, GBytes *data, gpointer user_data)
{
  post_message (take_tap (user_data), channel,
                data != NULL ? g_bytes_ref (data) : g_bytes_new (NULL, 0), data == NULL);
}

/* called on the pc thread, with the PC lock held. NULL: empty, see above. */
static void
on_channel_string (GstWebRTCDataChannel *channel, const char *text, gpointer user_data)
{
  post_message (take_tap (user_data), channel, g_bytes_new (text, text != NULL ? strlen (text) : 0),
                text != NULL);
}

static void
connect_channel (SentientPipeTap *tap, GstWebRTCDataChannel *channel)
{
  g_object_set (channel, "buffered-amount-low-threshold", (guint64)(SENTIENT_LINK_BUFFER_LOW - 1),
                NULL);
  tap_connect (tap, channel, "on-open", G_CALLBACK (on_channel_open));
  tap_connect (tap, channel, "on-message-data", G_CALLBACK (on_channel_data));
  tap_connect (tap, channel, "on-message-string", G_CALLBACK (on_channel_string));
}

void
sentient_pipe_tap_connect_channel (SentientPipeTap *tap, GstWebRTCDataChannel *channel)
{
  g_atomic_int_set (&tap->has_main, TRUE);
  connect_channel (tap, channel);
  tap_connect (tap, channel, "on-close", G_CALLBACK (on_channel_close));
  tap_connect (tap, channel, "on-error", G_CALLBACK (on_channel_error));
  tap_connect (tap, channel, "on-buffered-amount-low", G_CALLBACK (on_channel_low));
}

static void
connect_further (SentientPipeTap *tap, GstWebRTCDataChannel *channel)
{
  connect_channel (tap, channel);
  tap_connect (tap, channel, "on-close", G_CALLBACK (on_further_close));
  tap_connect (tap, channel, "on-error", G_CALLBACK (on_further_error));
  tap_connect (tap, channel, "on-buffered-amount-low", G_CALLBACK (on_further_low));
}

/* A channel of ours, before anything can happen to it; called on the thread that makes it. */
static void
on_prepare_data_channel (GstElement *webrtc,
                         GstWebRTCDataChannel *channel,
                         gboolean is_local,
                         gpointer user_data)
{
  SentientPipeTap *tap = user_data;

  if (is_local && g_atomic_int_get (&tap->has_main))
    connect_further (tap, channel);
}

/* called on the pc thread. Connects at once: deferring loses messages. */
static void
on_data_channel (GstElement *webrtc, GstWebRTCDataChannel *channel, gpointer user_data)
{
  SentientPipeTap *tap = take_tap (user_data);
  g_autofree char *label = NULL;

  g_object_get (channel, "label", &label, NULL); /* the channel's own lock, which is free */
  if (g_strcmp0 (label, SENTIENT_LINK_LABEL) == 0 && !g_atomic_int_get (&tap->has_main))
    sentient_pipe_tap_connect_channel (tap, channel);
  else
    connect_further (tap, channel);
  post_channel_event (tap, SENTIENT_PIPE_EVENT_CHANNEL, channel);
}

/* called on the pc thread */
static void
on_ice_candidate (GstElement *webrtc, guint mline, const char *candidate, gpointer user_data)
{
  SentientPipeEvent *event;

  if (candidate == NULL || *candidate == '\0')
    return; /* told by the gathering state */
  event = sentient_pipe_event_new (SENTIENT_PIPE_EVENT_CANDIDATE);
  event->text = g_strdup (candidate);
  sentient_pipe_tap_post (take_tap (user_data), event);
}

/* called on the pc thread */
static void
on_notify_gathering (GstElement *webrtc, GParamSpec *pspec, gpointer user_data)
{
  sentient_pipe_tap_post (take_tap (user_data),
                          sentient_pipe_event_new (SENTIENT_PIPE_EVENT_GATHERING));
}

/* called on the pc thread */
static void
on_notify_connection (GstElement *webrtc, GParamSpec *pspec, gpointer user_data)
{
  sentient_pipe_tap_post (take_tap (user_data),
                          sentient_pipe_event_new (SENTIENT_PIPE_EVENT_CONNECTION));
}

void
sentient_pipe_tap_connect_webrtc (SentientPipeTap *tap, GstElement *webrtc)
{
  tap_connect (tap, webrtc, "prepare-data-channel", G_CALLBACK (on_prepare_data_channel));
  tap_connect (tap, webrtc, "on-data-channel", G_CALLBACK (on_data_channel));
  tap_connect (tap, webrtc, "on-ice-candidate", G_CALLBACK (on_ice_candidate));
  tap_connect (tap, webrtc, "notify::ice-gathering-state", G_CALLBACK (on_notify_gathering));
  tap_connect (tap, webrtc, "notify::ice-connection-state", G_CALLBACK (on_notify_connection));
  tap_connect (tap, webrtc, "notify::connection-state", G_CALLBACK (on_notify_connection));
}

/* called on libnice's thread */
static void
on_component_state (GObject *agent, guint stream, guint component, guint state, gpointer user_data)
{
  SentientPipeTap *tap = take_tap (user_data);
  SentientPipeEvent *event;

  if (state != NICE_COMPONENT_STATE_CONNECTING && state != NICE_COMPONENT_STATE_CONNECTED)
    return;
  event = sentient_pipe_event_new (SENTIENT_PIPE_EVENT_STEP);
  event->step = state == NICE_COMPONENT_STATE_CONNECTING ? SENTIENT_CONNECTION_STEP_CHECKING
                                                         : SENTIENT_CONNECTION_STEP_PAIR;
  event->stream = stream;
  sentient_pipe_tap_post (tap, event);
}

void
sentient_pipe_tap_connect_agent (SentientPipeTap *tap, GObject *agent)
{
  /* webrtcbin 1.22 tells nothing of it where there is no media. */
  if (agent == NULL)
    return;
  tap_connect (tap, agent, "component-state-changed", G_CALLBACK (on_component_state));
  sentient_pipe_sender_connect_agent (tap->sender, agent);
}

/* called on a thread of GStreamer's that begins or ends a task. They hand packets to each other one
 * by one: each would be woken for a single packet and take the place of who makes the next one; as
 * a batch it waits until that one is through. The thread may be given another task later. */
static void
tune_thread (GstMessage *message)
{
  const struct sched_param none = { 0 };
  GstStreamStatusType type;

  gst_message_parse_stream_status (message, &type, NULL);
  if (sched_getscheduler (getpid ()) != SCHED_OTHER)
    return;
  /* 0: this thread. Where it is refused all works as well. */
  if (type == GST_STREAM_STATUS_TYPE_ENTER)
    sched_setscheduler (0, SCHED_BATCH, &none);
  else if (type == GST_STREAM_STATUS_TYPE_LEAVE)
    sched_setscheduler (0, SCHED_OTHER, &none);
}

/* called on any of GStreamer's threads. A browser's pc.close () shows up only here. */
GstBusSyncReply
sentient_pipe_tap_on_bus_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  SentientPipeTap *tap = take_tap (user_data);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    {
      SentientPipeEvent *event = sentient_pipe_event_new (SENTIENT_PIPE_EVENT_BROKEN);

      gst_message_parse_error (message, &event->error, NULL);
      sentient_pipe_tap_post (tap, event);
      set_flag (tap, &tap->over);
    }
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_STATUS)
    tune_thread (message);
  gst_message_unref (message);
  return GST_BUS_DROP;
}
