/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-pipe.h"

#include "core/sentient-error.h"
#include "core/sentient-race.h"
#include "webrtc/sentient-frame.h"
#include "webrtc/sentient-link.h"
#include "webrtc/sentient-pipe-ice.h"
#include "webrtc/sentient-pipe-relays.h"
#include "webrtc/sentient-pipe-repeater.h"
#include "webrtc/sentient-pipe-tap.h"

/* What the other end may take to take what was sent, and to answer the closing of the channel. */
#define FLUSH_MS 1000
#define CHANNEL_CLOSE_MS 1000
#define PARTING_MS 50
/* webrtcbin 1.22 loses messages when the closing of the channel is close behind them: on our side
 * in its encoder, on the other because the closing overtakes them in its decoder. */
#define LINGER_MS 100
/* What webrtcbin may take to be through with what it was asked for; certificates are made there. */
#define ANSWER_MS 2000
/* What usrsctp's timer thread may take to be through with an association that was closed. */
#define SETTLE_MS 100
#define SOCKET_BUFFER_SIZE (2 * 1000 * 1000)
#define RELAY_PREFERENCE_UDP 30
#define RELAY_PREFERENCE_TCP 20
#define LAST_ASSOCIATION_ID 65534

struct _SentientPipe
{
  GstElement *pipeline;
  GstElement *webrtc; /* owned by the pipeline */
  GstWebRTCDataChannel *channel;
  SentientPipeTap *tap;
  SentientPipeRepeater *repeater; /* until it is torn down */
  GPtrArray *promises; /* all that were given to webrtcbin: it may be stopped before it answers */
  gint64 last_sent;    /* monotonic, µs */
  gboolean polite;
};

/* usrsctp knows associations by a number that is the process's, and webrtcbin draws it at random:
 * two alike never open. One bit each, 0 is not used. */
static GMutex association_lock;
static guint8 association_used[LAST_ASSOCIATION_ID / 8 + 1];
static guint association_last;

static guint
take_association_id (void)
{
  guint found = 0;

  sentient_race_lock (&association_lock);
  for (guint i = 0; i < LAST_ASSOCIATION_ID && found == 0; i++)
    {
      association_last = association_last % LAST_ASSOCIATION_ID + 1;
      if ((association_used[association_last / 8] & (1u << association_last % 8)) == 0)
        found = association_last;
    }
  if (found != 0)
    association_used[found / 8] |= 1u << found % 8;
  sentient_race_unlock (&association_lock);
  return found;
}

static void
release_association_id (guint id)
{
  if (id == 0)
    return;
  sentient_race_lock (&association_lock);
  association_used[id / 8] &= ~(1u << id % 8);
  sentient_race_unlock (&association_lock);
}

/* Closing the association leaves it to usrsctp's timer thread, if that holds it just then, and that
 * thread sends an ABORT through an object that GStreamer 1.22 has freed. sctpdec holds the object,
 * too: so sctpenc closes the association first, alone. */
static void
close_association (SentientPipe *self)
{
  g_autoptr (GstElement) encoder = sentient_pipe_tap_steal_encoder (self->tap);

  if (encoder == NULL)
    return;
  gst_element_set_locked_state (encoder, TRUE);
  gst_element_set_state (encoder, GST_STATE_NULL);
  g_usleep (SETTLE_MS * G_TIME_SPAN_MILLISECOND);
}

static void
free_pipe (SentientPipe *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  g_autoptr (GObject) agent = sentient_pipe_get_agent (self->webrtc);

  g_signal_handlers_disconnect_by_data (self->webrtc, self->tap);
  if (agent != NULL)
    g_signal_handlers_disconnect_by_data (agent, self->tap);
  if (self->channel != NULL)
    g_signal_handlers_disconnect_by_data (self->channel, self->tap);
  /* Else it adds elements while it is stopped, and they are left in READY. */
  sentient_pipe_tap_wait_answered (self->tap, ANSWER_MS);
  close_association (self);
  sentient_pipe_give_back_relays (self->webrtc);
  if (agent != NULL)
    g_signal_handlers_disconnect_by_data (agent, self->tap->sender);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  sentient_pipe_sender_set_route (self->tap->sender, -1, NULL); /* the tap may be held still */
  g_signal_handlers_disconnect_by_data (self->pipeline, self->tap);
  for (guint i = 0; i < self->promises->len; i++)
    gst_promise_expire (self->promises->pdata[i]); /* warns when freed while it is pending */
  g_ptr_array_unref (self->promises);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  g_clear_object (&self->channel);
  gst_clear_object (&self->pipeline);
  release_association_id (self->tap->association_id);
  g_clear_pointer (&self->tap, sentient_pipe_tap_unref);
  g_free (self);
}

/* webrtcbin just falls silent when it is stopped: the other end would not notice for minutes. */
static void
close_channel (SentientPipe *self)
{
  gint64 linger;

  if (!sentient_pipe_channel_is_open (self))
    return;
  g_object_set (self->channel, "buffered-amount-low-threshold", (guint64)0, NULL);
  if (sentient_pipe_get_buffered_amount (self) > 0)
    {
      sentient_pipe_tap_wait_flushed (self->tap, self->channel, FLUSH_MS);
      self->last_sent = g_get_monotonic_time ();
    }
  if (self->last_sent == 0)
    self->last_sent = g_get_monotonic_time (); /* the opening itself is a message, too */
  linger = self->last_sent + LINGER_MS * G_TIME_SPAN_MILLISECOND - g_get_monotonic_time ();
  if (linger > 0)
    sentient_pipe_tap_wait_over (self->tap, linger / G_TIME_SPAN_MILLISECOND + 1);

  if (!sentient_pipe_channel_is_open (self))
    return;
  gst_webrtc_data_channel_close (self->channel);
  sentient_pipe_tap_wait_over (self->tap, CHANNEL_CLOSE_MS);
  /* It is over when the other end has closed its direction, too. That is answered on other threads,
   * and a browser whose close is not answered goes on for half a minute. */
  g_usleep (PARTING_MS * G_TIME_SPAN_MILLISECOND);
}

/* called on a thread of the pool: all this waits, the last for webrtcbin's threads */
static void
tear_down (gpointer data, gpointer user_data)
{
  SentientPipe *self = data;
  SentientPipeTap *tap;

  sentient_race_take (self);
  tap = sentient_pipe_tap_ref (self->tap);
  if (self->polite && self->channel != NULL)
    close_channel (self);
  free_pipe (self);
  sentient_pipe_tap_post (tap, sentient_pipe_event_new (SENTIENT_PIPE_EVENT_TORN_DOWN));
  sentient_pipe_tap_unref (tap);
}

static gpointer
create_tear_down_pool (gpointer data)
{
  return g_thread_pool_new (tear_down, NULL, -1, FALSE, NULL);
}

void
sentient_pipe_tear_down (SentientPipe *self, gboolean polite)
{
  static GOnce once = G_ONCE_INIT;
  GThreadPool *pool = g_once (&once, create_tear_down_pool, NULL);

  self->polite = polite;
  g_clear_pointer (&self->repeater, sentient_pipe_repeater_free);
  sentient_race_give (self);
  /* One thread a pipe, which has nine itself. An error means that none could be started now: it
   * stays queued for the next that is. */
  g_thread_pool_push (pool, self, NULL);
}

SentientPipe *
sentient_pipe_new (GMainContext *context,
                   SentientMailbox *mailbox,
                   const SentientLinkOptions *options,
                   GPtrArray *complaints,
                   GError **error)
{
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GObject) agent = NULL;
  SentientPipe *self;
  GstElement *webrtc = gst_element_factory_make ("webrtcbin", NULL);
  guint id = take_association_id ();

  if (webrtc == NULL || id == 0)
    {
      gst_clear_object (&webrtc);
      release_association_id (id);
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_LINK_FAILED,
                   "A WebRTC connection could not be prepared: %s",
                   id == 0 ? "too many are open, close some" : "webrtcbin cannot be loaded");
      return NULL;
    }
  if (!sentient_pipe_ice_set_up (webrtc, options, complaints, error))
    {
      gst_clear_object (&webrtc);
      release_association_id (id);
      return NULL;
    }

  self = g_new0 (SentientPipe, 1);
  self->tap = sentient_pipe_tap_new (mailbox, id);
  self->promises = g_ptr_array_new_with_free_func ((GDestroyNotify)gst_promise_unref);
  self->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  self->webrtc = webrtc;
  self->repeater = sentient_pipe_repeater_new (context, webrtc);
  agent = sentient_pipe_get_agent (webrtc);
  gst_util_set_object_arg (G_OBJECT (webrtc), "bundle-policy", "max-bundle");
  sentient_pipe_tap_connect_pipeline (self->tap, self->pipeline);
  gst_bin_add (GST_BIN (self->pipeline), webrtc);
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_set_sync_handler (bus, sentient_pipe_tap_on_bus_message,
                            sentient_pipe_tap_give (self->tap),
                            (GDestroyNotify)sentient_pipe_tap_unref);
  sentient_pipe_tap_connect_webrtc (self->tap, webrtc);
  sentient_pipe_tap_connect_agent (self->tap, agent);

  if (gst_element_set_state (self->pipeline, GST_STATE_READY) != GST_STATE_CHANGE_FAILURE)
    return self;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_LINK_FAILED,
               "A WebRTC connection could not be prepared: webrtcbin does not start");
  sentient_pipe_tear_down (self, FALSE);
  return NULL;
}

gboolean
sentient_pipe_play (SentientPipe *self)
{
  return gst_element_set_state (self->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
}

GstWebRTCDataChannel *
sentient_pipe_create_channel (SentientPipe *self, const char *protocol)
{
  g_autoptr (GstStructure) options = NULL;

  g_assert (self->channel == NULL);

  if (protocol != NULL)
    options = gst_structure_new ("options", "protocol", G_TYPE_STRING, protocol, NULL);
  g_signal_emit_by_name (self->webrtc, "create-data-channel", SENTIENT_LINK_LABEL, options,
                         &self->channel);
  if (self->channel != NULL)
    sentient_pipe_tap_connect_channel (self->tap, self->channel);
  return self->channel;
}

GstWebRTCDataChannel *
sentient_pipe_open_channel (SentientPipe *self, const char *label, const GstStructure *options)
{
  GstWebRTCDataChannel *channel = NULL;

  g_signal_emit_by_name (self->webrtc, "create-data-channel", label, options, &channel);
  return channel;
}

void
sentient_pipe_set_channel (SentientPipe *self, GstWebRTCDataChannel *channel)
{
  g_set_object (&self->channel, channel);
}

gboolean
sentient_pipe_channel_is_open (SentientPipe *self)
{
  GstWebRTCDataChannelState state;

  g_object_get (self->channel, "ready-state", &state, NULL);
  return state == GST_WEBRTC_DATA_CHANNEL_STATE_OPEN;
}

guint64
sentient_pipe_get_buffered_amount (SentientPipe *self)
{
  guint64 amount = 0;

  g_object_get (self->channel, "buffered-amount", &amount, NULL);
  return amount;
}

gboolean
sentient_pipe_send (SentientPipe *self, GBytes *data, gboolean is_text, GError **error)
{
  gboolean sent = sentient_pipe_send_over (self->channel, data, is_text, error);

  self->last_sent = g_get_monotonic_time ();
  return sent;
}

typedef struct
{
  SentientPipeTap *tap;
  SentientPipeEventKind kind;
} PromiseData;

/* called on the pc thread, once for each promise; or on that of tear_down () when it expires */
static void
on_promise (GstPromise *promise, gpointer user_data)
{
  PromiseData *data = user_data;
  SentientPipeEvent *event;
  const GstStructure *reply = NULL;

  sentient_race_take (data);
  event = sentient_pipe_event_new (data->kind);
  if (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED) /* is decided, does not wait */
    reply = gst_promise_get_reply (promise);
  if (reply != NULL && gst_structure_has_field (reply, "error"))
    gst_structure_get (reply, "error", G_TYPE_ERROR, &event->error, NULL);
  else if (reply != NULL && gst_structure_has_field (reply, "offer"))
    gst_structure_get (reply, "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &event->description,
                       NULL);
  else if (reply != NULL && gst_structure_has_field (reply, "answer"))
    gst_structure_get (reply, "answer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &event->description,
                       NULL);
  sentient_pipe_tap_post (data->tap, event);
  sentient_pipe_tap_add_promise (data->tap, -1);
  sentient_pipe_tap_unref (data->tap);
  g_free (data);
}

/* The pipe's, not to be unreferenced. */
static GstPromise *
new_promise (SentientPipe *self, SentientPipeEventKind kind)
{
  PromiseData *data = g_new0 (PromiseData, 1);
  GstPromise *promise;

  data->tap = sentient_pipe_tap_ref (self->tap);
  data->kind = kind;
  sentient_pipe_tap_add_promise (self->tap, 1);
  sentient_race_give (data);
  promise = gst_promise_new_with_change_func (on_promise, data, NULL);
  g_ptr_array_add (self->promises, promise);
  return promise;
}

void
sentient_pipe_create_description (SentientPipe *self, GstWebRTCSDPType type)
{
  GstPromise *promise = new_promise (self, SENTIENT_PIPE_EVENT_CREATED);

  g_signal_emit_by_name (self->webrtc,
                         type == GST_WEBRTC_SDP_TYPE_OFFER ? "create-offer" : "create-answer", NULL,
                         promise);
}

void
sentient_pipe_set_description (SentientPipe *self,
                               gboolean local,
                               GstWebRTCSessionDescription *description)
{
  GstPromise *promise
      = new_promise (self, local ? SENTIENT_PIPE_EVENT_LOCAL_SET : SENTIENT_PIPE_EVENT_REMOTE_SET);

  g_signal_emit_by_name (self->webrtc, local ? "set-local-description" : "set-remote-description",
                         description, promise);
}

void
sentient_pipe_add_candidate (SentientPipe *self, const char *candidate)
{
  g_signal_emit_by_name (self->webrtc, "add-ice-candidate", 0u, candidate);
}

gboolean
sentient_pipe_is_gathered (SentientPipe *self)
{
  GstWebRTCICEGatheringState state;

  g_object_get (self->webrtc, "ice-gathering-state", &state, NULL);
  return state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE;
}

gboolean
sentient_pipe_has_failed (SentientPipe *self)
{
  GstWebRTCICEConnectionState ice;
  GstWebRTCPeerConnectionState connection;

  g_object_get (self->webrtc, "ice-connection-state", &ice, "connection-state", &connection, NULL);
  return ice == GST_WEBRTC_ICE_CONNECTION_STATE_FAILED
         || connection == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED;
}

void
sentient_pipe_note_event (SentientPipe *self,
                          const SentientPipeEvent *event,
                          SentientLinkTimeline *timeline)
{
  GstWebRTCPeerConnectionState connection = GST_WEBRTC_PEER_CONNECTION_STATE_NEW;

  if (event->kind == SENTIENT_PIPE_EVENT_STEP && event->step == SENTIENT_CONNECTION_STEP_PAIR)
    sentient_pipe_repeater_begin (self->repeater, event->stream);
  if (event->kind == SENTIENT_PIPE_EVENT_STEP)
    sentient_link_timeline_note (timeline, event->step, event->time);
  else if (event->kind == SENTIENT_PIPE_EVENT_CANDIDATE)
    sentient_link_timeline_note_own (timeline, event->text, event->time);
  else if (event->kind == SENTIENT_PIPE_EVENT_GATHERING)
    sentient_link_timeline_note (timeline, SENTIENT_CONNECTION_STEP_GATHERING, event->time);
  else if (event->kind == SENTIENT_PIPE_EVENT_GATHERED)
    sentient_link_timeline_note (timeline, SENTIENT_CONNECTION_STEP_GATHERED, event->time);
  else if (event->kind == SENTIENT_PIPE_EVENT_CONNECTION)
    g_object_get (self->webrtc, "connection-state", &connection, NULL);
  if (connection == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED)
    sentient_link_timeline_note (timeline, SENTIENT_CONNECTION_STEP_DTLS, event->time);
}

char *
sentient_pipe_dup_remote_certificate (SentientPipe *self)
{
  g_autoptr (GObject) dtls = sentient_pipe_get_dtls_transport (self->webrtc);
  char *pem = NULL;

  if (dtls != NULL)
    g_object_get (dtls, "remote-certificate", &pem, NULL);
  return pem;
}

void
sentient_pipe_enlarge_buffers (SentientPipe *self)
{
  g_autoptr (GObject) dtls = sentient_pipe_get_dtls_transport (self->webrtc);
  g_autoptr (GObject) ice = NULL;
  g_autofree char *protocol = NULL;

  g_object_get (self->channel, "protocol", &protocol, NULL);
  if (dtls != NULL)
    g_object_get (dtls, "transport", &ice, NULL);
  if (ice != NULL && g_strcmp0 (protocol, SENTIENT_FRAME_PROTOCOL) == 0
      && g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "send-buffer-size") != NULL)
    g_object_set (ice, "send-buffer-size", SOCKET_BUFFER_SIZE, "receive-buffer-size",
                  SOCKET_BUFFER_SIZE, NULL);
}

/* webrtcbin 1.22 says nothing of that; libnice gives them these preferences (RFC 8445, 5.1.2). */
static const char *
get_relay_through (const GstWebRTCICECandidateStats *stats)
{
  switch (stats->prio >> 24)
    {
    case RELAY_PREFERENCE_UDP:
      return "udp";
    case RELAY_PREFERENCE_TCP:
      return "tcp";
    default:
      return NULL;
    }
}

static SentientLinkEnd
make_end (const GstWebRTCICECandidateStats *stats)
{
  SentientLinkEnd end = { SENTIENT_CANDIDATE_TYPE_UNKNOWN, g_strdup (stats->ipaddr), stats->port };

  sentient_candidate_type_from_string (stats->type, &end.type);
  return end;
}

static SentientLinkPath *
make_path (const GstWebRTCICECandidateStats *near, const GstWebRTCICECandidateStats *far)
{
  SentientLinkPath *path;

  if (near->ipaddr == NULL || far->ipaddr == NULL)
    return NULL;
  path = g_new0 (SentientLinkPath, 1);
  path->local = make_end (near);
  path->remote = make_end (far);
  path->protocol = g_strdup (near->proto != NULL ? near->proto : "?");
  if (path->local.type == SENTIENT_CANDIDATE_TYPE_RELAY)
    {
      path->relay = g_strdup (near->url);
      path->relay_through = get_relay_through (near);
    }
  return path;
}

/* "get-stats" of webrtcbin 1.22 knows nothing of a connection without media: this does. */
SentientLinkPath *
sentient_pipe_dup_path (SentientPipe *self)
{
  g_autoptr (GObject) dtls = sentient_pipe_get_dtls_transport (self->webrtc);
  g_autoptr (GObject) transport = NULL;
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) stream = NULL;
  GstWebRTCICECandidateStats *near = NULL, *far = NULL;
  SentientLinkPath *path = NULL;

  if (dtls != NULL)
    g_object_get (dtls, "transport", &transport, NULL);
  if (transport != NULL
      && g_object_class_find_property (G_OBJECT_GET_CLASS (transport), "stream") != NULL)
    g_object_get (transport, "stream", &stream, NULL);
  g_object_get (self->webrtc, "ice-agent", &ice, NULL);
  if (GST_IS_WEBRTC_ICE (ice) && GST_IS_WEBRTC_ICE_STREAM (stream)
      && gst_webrtc_ice_get_selected_pair (GST_WEBRTC_ICE (ice), GST_WEBRTC_ICE_STREAM (stream),
                                           &near, &far)
      && near != NULL && far != NULL)
    path = make_path (near, far);
  if (path != NULL)
    {
      SentientPipeSent sent = sentient_pipe_sender_get_sent (self->tap->sender);

      path->retransmits = (gint64)sent.again;
      path->n_batched = sent.packets;
    }
  g_clear_pointer (&near, gst_webrtc_ice_candidate_stats_free);
  g_clear_pointer (&far, gst_webrtc_ice_candidate_stats_free);
  return path;
}
