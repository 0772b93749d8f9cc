/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-webrtc-link.h"

#include "core/sentient-error.h"
#include "webrtc/sentient-link-candidates.h"
#include "webrtc/sentient-pipe.h"
#include "webrtc/sentient-sdp.h"
#include "webrtc/sentient-webrtc-channels.h"

/* What tearing down takes at the very most, by its own limits, and then some. */
#define TEAR_DOWN_MS 7000

/* Where offer and answer stand. The offerer goes MAKE, LOCAL, WAIT, REMOTE; the other end WAIT,
 * REMOTE, MAKE, LOCAL. */
typedef enum
{
  STEP_NONE,
  STEP_MAKE_LOCAL,
  STEP_SET_LOCAL,
  STEP_WAIT_REMOTE,
  STEP_SET_REMOTE,
  STEP_DONE,
} NegotiationStep;

struct _SentientWebrtcLink
{
  GObject parent_instance;

  GMainContext *context;
  SentientMailbox *mailbox;
  SentientLinkOptions *options;

  SentientLinkState state;
  NegotiationStep step;
  gboolean offerer;
  gboolean would_block;

  SentientPipe *pipe; /* until it is torn down */
  GstWebRTCDataChannel *channel;
  SentientWebrtcChannels *further;
  GstWebRTCSessionDescription *local;
  SentientLinkCandidates *candidates;
  GStrv fingerprints;     /* of the other end */
  SentientLinkPath *path; /* as last known */
  GError *error;          /* what "closed" will say */
  GSource *timeout;       /* of closing */
};

static void sentient_webrtc_link_iface_init (SentientLinkInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientWebrtcLink,
                               sentient_webrtc_link,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SENTIENT_TYPE_LINK,
                                                      sentient_webrtc_link_iface_init))

static void
clear_timeout (SentientWebrtcLink *self)
{
  if (self->timeout != NULL)
    g_source_destroy (self->timeout);
  g_clear_pointer (&self->timeout, g_source_unref);
}

/* The last step: "closed", and nothing after it. */
static void
finish (SentientWebrtcLink *self)
{
  clear_timeout (self);
  sentient_mailbox_close (self->mailbox);
  self->state = SENTIENT_LINK_STATE_CLOSED;
  sentient_link_emit_closed (SENTIENT_LINK (self), self->error);
}

static gboolean
on_tear_down_timeout (gpointer user_data)
{
  g_autoptr (SentientWebrtcLink) self = g_object_ref (SENTIENT_WEBRTC_LINK (user_data));

  g_debug ("webrtcbin takes over %d ms to stop; going on without", TEAR_DOWN_MS);
  finish (self);
  return G_SOURCE_REMOVE;
}

/* Takes error. Polite: the other end is told; webrtcbin just falls silent otherwise. */
static void
begin_close (SentientWebrtcLink *self, gboolean polite, GError *error)
{
  self->state = SENTIENT_LINK_STATE_CLOSING;
  self->error = error;
  g_clear_object (&self->channel);
  self->timeout = g_timeout_source_new (TEAR_DOWN_MS);
  g_source_set_static_name (self->timeout, "sentient-link-tear-down");
  g_source_set_callback (self->timeout, on_tear_down_timeout, self, NULL);
  g_source_attach (self->timeout, self->context);
  if (self->pipe != NULL)
    sentient_pipe_tear_down (g_steal_pointer (&self->pipe), polite);
  else /* nothing was built, "closed" is to come later all the same */
    sentient_mailbox_post (self->mailbox, sentient_pipe_event_new (SENTIENT_PIPE_EVENT_TORN_DOWN));
  sentient_webrtc_channels_end (self->further);
}

/* Takes error. */
static void
fail (SentientWebrtcLink *self, GError *error)
{
  gboolean polite = !g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);

  if (self->state == SENTIENT_LINK_STATE_CLOSING || self->state == SENTIENT_LINK_STATE_CLOSED)
    g_error_free (error);
  else
    begin_close (self, polite, error);
}

static void
fail_with (SentientWebrtcLink *self, SentientError code, const char *what, const GError *cause)
{
  fail (self, g_error_new (SENTIENT_ERROR, code, cause != NULL ? "%s: %s" : "%s", what,
                           cause != NULL ? cause->message : NULL));
}

static void
fail_connection (SentientWebrtcLink *self, const char *what, const GError *cause)
{
  fail_with (self,
             self->state == SENTIENT_LINK_STATE_OPEN ? SENTIENT_ERROR_CONNECTION_LOST
                                                     : SENTIENT_ERROR_LINK_FAILED,
             what, cause);
}

static void
sentient_webrtc_link_close (SentientLink *link)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);

  if (self->state != SENTIENT_LINK_STATE_CLOSING && self->state != SENTIENT_LINK_STATE_CLOSED)
    begin_close (self, TRUE, NULL);
}

/* Whoever hears of a complaint may drop the link. */
static void
post_complaints (SentientWebrtcLink *self, GPtrArray *complaints)
{
  for (guint i = 0; i < complaints->len; i++)
    {
      SentientPipeEvent *event = sentient_pipe_event_new (SENTIENT_PIPE_EVENT_COMPLAINT);

      event->error = g_error_copy (complaints->pdata[i]);
      sentient_mailbox_post (self->mailbox, event);
    }
}

static void
sentient_webrtc_link_start (SentientLink *link, gboolean offerer)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);
  g_autoptr (GPtrArray) complaints = g_ptr_array_new_with_free_func ((GDestroyNotify)g_error_free);
  g_autoptr (GError) error = NULL;

  self->offerer = offerer;
  self->state = SENTIENT_LINK_STATE_CONNECTING;
  self->step = offerer ? STEP_MAKE_LOCAL : STEP_WAIT_REMOTE;

  if (sentient_webrtc_link_is_available (&error))
    self->pipe
        = sentient_pipe_new (self->context, self->mailbox, self->options, complaints, &error);
  post_complaints (self, complaints);
  if (self->pipe == NULL)
    {
      fail (self, g_steal_pointer (&error));
      return;
    }
  if (offerer)
    g_set_object (&self->channel,
                  sentient_pipe_create_channel (self->pipe, sentient_link_get_protocol (link)));
  if ((offerer && self->channel == NULL) || !sentient_pipe_play (self->pipe))
    {
      fail_with (self, SENTIENT_ERROR_LINK_FAILED,
                 "A WebRTC connection could not be prepared: webrtcbin does not start", NULL);
      return;
    }
  if (offerer)
    sentient_pipe_create_description (self->pipe, GST_WEBRTC_SDP_TYPE_OFFER);
}

/* What is wrong with a description at this point, NULL: nothing. */
static const char *
find_unexpected (SentientWebrtcLink *self, SentientSignalType type)
{
  if (type != SENTIENT_SIGNAL_TYPE_OFFER && type != SENTIENT_SIGNAL_TYPE_ANSWER)
    return "The other node sent neither an offer nor an answer as its session description";
  if (self->offerer && type == SENTIENT_SIGNAL_TYPE_OFFER)
    return "The other node sent an offer on top of ours";
  if (!self->offerer && type == SENTIENT_SIGNAL_TYPE_ANSWER)
    return "The other node sent an answer, but no offer was made to it";
  if (self->step < STEP_WAIT_REMOTE && self->offerer)
    return "The other node sent an answer before our offer was made";
  if (self->step != STEP_WAIT_REMOTE)
    return self->offerer ? "The other node sent a second answer"
                         : "The other node sent a second offer";
  return NULL;
}

static void
sentient_webrtc_link_set_remote_description (SentientLink *link,
                                             SentientSignalType type,
                                             const char *sdp)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);
  const char *unexpected = find_unexpected (self, type);
  GstWebRTCSessionDescription *description;
  GstSDPMessage *message;
  GError *error = NULL;

  if (unexpected != NULL)
    {
      fail_with (self, SENTIENT_ERROR_PROTOCOL, unexpected, NULL);
      return;
    }
  message = sentient_sdp_parse (sdp, &error);
  if (message == NULL)
    {
      fail (self, error);
      return;
    }
  self->step = STEP_SET_REMOTE;
  sentient_link_candidates_screen (self->candidates, message);
  self->fingerprints = sentient_sdp_dup_fingerprints (message);
  description = gst_webrtc_session_description_new (self->offerer ? GST_WEBRTC_SDP_TYPE_ANSWER
                                                                  : GST_WEBRTC_SDP_TYPE_OFFER,
                                                    message);
  sentient_pipe_set_description (self->pipe, FALSE, description);
  gst_webrtc_session_description_free (description);
}

static void
sentient_webrtc_link_add_remote_candidate (SentientLink *link, const char *candidate)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);

  if (sentient_link_candidates_take (self->candidates, candidate))
    sentient_pipe_add_candidate (self->pipe, candidate);
}

static gboolean
sentient_webrtc_link_send (SentientLink *link, GBytes *data, gboolean is_text, GError **error)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);

  return sentient_pipe_send (self->pipe, data, is_text, error);
}

static void
sentient_webrtc_link_await_drain (SentientLink *link)
{
  SENTIENT_WEBRTC_LINK (link)->would_block = TRUE;
}

static guint64
sentient_webrtc_link_get_buffered_amount (SentientLink *link)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);

  return self->channel != NULL ? sentient_pipe_get_buffered_amount (self->pipe) : 0;
}

static SentientLinkState
sentient_webrtc_link_get_state (SentientLink *link)
{
  return SENTIENT_WEBRTC_LINK (link)->state;
}

static SentientLinkPath *
sentient_webrtc_link_dup_path (SentientLink *link)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);
  SentientLinkPath *now
      = self->state == SENTIENT_LINK_STATE_OPEN ? sentient_pipe_dup_path (self->pipe) : NULL;

  if (now != NULL)
    {
      g_clear_pointer (&self->path, sentient_link_path_free);
      self->path = now;
    }
  return sentient_link_path_copy (self->path);
}

static SentientDataChannel *
sentient_webrtc_link_open_channel (SentientLink *link,
                                   const SentientDataChannelOptions *options,
                                   GError **error)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (link);

  return sentient_webrtc_channels_open (self->further, self->pipe, options, error);
}

static void
sentient_webrtc_link_iface_init (SentientLinkInterface *iface)
{
  iface->start = sentient_webrtc_link_start;
  iface->set_remote_description = sentient_webrtc_link_set_remote_description;
  iface->add_remote_candidate = sentient_webrtc_link_add_remote_candidate;
  iface->send = sentient_webrtc_link_send;
  iface->await_drain = sentient_webrtc_link_await_drain;
  iface->get_buffered_amount = sentient_webrtc_link_get_buffered_amount;
  iface->get_state = sentient_webrtc_link_get_state;
  iface->close = sentient_webrtc_link_close;
  iface->dup_path = sentient_webrtc_link_dup_path;
  iface->open_channel = sentient_webrtc_link_open_channel;
}

/* webrtcbin 1.22 takes any certificate, whatever the description promised: so this is ours to see
 * to, before anything is sent or handed over. */
static gboolean
check_certificate (SentientWebrtcLink *self)
{
  g_autofree char *pem = sentient_pipe_dup_remote_certificate (self->pipe);

  return pem != NULL
         && sentient_sdp_match_certificate ((const char *const *)self->fingerprints, pem);
}

static void
become_open (SentientWebrtcLink *self)
{
  if (self->state != SENTIENT_LINK_STATE_CONNECTING)
    return;
  if (!check_certificate (self))
    {
      fail_with (self, SENTIENT_ERROR_PROTOCOL,
                 "The other node's certificate does not match the fingerprint in its session "
                 "description; somebody may stand in between",
                 NULL);
      return;
    }
  sentient_pipe_enlarge_buffers (self->pipe);
  self->state = SENTIENT_LINK_STATE_OPEN;
  sentient_link_emit_opened (SENTIENT_LINK (self));
  sentient_webrtc_channels_begin (self->further);
}

static void
on_created (SentientWebrtcLink *self, SentientPipeEvent *event)
{
  if (event->description == NULL)
    {
      fail_with (self, self->offerer ? SENTIENT_ERROR_LINK_FAILED : SENTIENT_ERROR_PROTOCOL,
                 self->offerer ? "webrtcbin made no offer"
                               : "The other node's offer cannot be answered",
                 event->error);
      return;
    }
  self->step = STEP_SET_LOCAL;
  self->local = g_steal_pointer (&event->description);
  sentient_pipe_set_description (self->pipe, TRUE, self->local);
}

static void
on_local_set (SentientWebrtcLink *self, SentientPipeEvent *event)
{
  g_autofree char *sdp = NULL;

  if (event->error != NULL)
    {
      fail_with (self, SENTIENT_ERROR_LINK_FAILED, "webrtcbin does not take its own description",
                 event->error);
      return;
    }
  self->step = self->offerer ? STEP_WAIT_REMOTE : STEP_DONE;
  sdp = gst_sdp_message_as_text (self->local->sdp);
  sentient_link_emit_local_description (SENTIENT_LINK (self),
                                        self->offerer ? SENTIENT_SIGNAL_TYPE_OFFER
                                                      : SENTIENT_SIGNAL_TYPE_ANSWER,
                                        sdp);
  sentient_link_candidates_tell (self->candidates);
}

static void
on_remote_set (SentientWebrtcLink *self, SentientPipeEvent *event)
{
  g_autoptr (GPtrArray) early = NULL;

  if (event->error != NULL)
    {
      fail_with (self, SENTIENT_ERROR_PROTOCOL,
                 "The other node sent a session description that cannot be used", event->error);
      return;
    }
  early = sentient_link_candidates_steal_early (self->candidates);
  for (guint i = 0; i < early->len; i++)
    sentient_pipe_add_candidate (self->pipe, early->pdata[i]);

  self->step = self->offerer ? STEP_DONE : STEP_MAKE_LOCAL;
  if (!self->offerer)
    sentient_pipe_create_description (self->pipe, GST_WEBRTC_SDP_TYPE_ANSWER);
}

/* The candidates that were found before stand in the mailbox still. */
static void
on_gathering (SentientWebrtcLink *self)
{
  if (sentient_pipe_is_gathered (self->pipe))
    sentient_mailbox_post (self->mailbox, sentient_pipe_event_new (SENTIENT_PIPE_EVENT_GATHERED));
}

static void
on_channel (SentientWebrtcLink *self, SentientPipeEvent *event)
{
  g_autofree char *label = NULL;
  g_autofree char *protocol = NULL;

  g_object_get (event->channel, "label", &label, "protocol", &protocol, NULL);
  if (self->channel != NULL || g_strcmp0 (label, SENTIENT_LINK_LABEL) != 0)
    {
      sentient_webrtc_channels_handle (self->further, event);
      return;
    }
  self->channel = g_object_ref (event->channel);
  sentient_link_set_protocol (SENTIENT_LINK (self), protocol);
  sentient_pipe_set_channel (self->pipe, self->channel);
  if (sentient_pipe_channel_is_open (self->pipe))
    become_open (self);
}

static void
on_channel_closed (SentientWebrtcLink *self)
{
  if (self->state == SENTIENT_LINK_STATE_CONNECTING)
    {
      fail_with (self, SENTIENT_ERROR_LINK_FAILED, "The data channel closed before it was open",
                 NULL);
      return;
    }
  begin_close (self, FALSE, NULL);
}

static void
on_channel_low (SentientWebrtcLink *self)
{
  /* An older crossing may be told only now. */
  if (self->state != SENTIENT_LINK_STATE_OPEN || !self->would_block
      || sentient_webrtc_link_get_buffered_amount (SENTIENT_LINK (self))
             >= SENTIENT_LINK_BUFFER_LOW)
    return;
  self->would_block = FALSE;
  sentient_link_emit_drained (SENTIENT_LINK (self));
}

static void
on_message (SentientWebrtcLink *self, SentientPipeEvent *event)
{
  become_open (self); /* what can be read came over an open channel */
  if (self->state != SENTIENT_LINK_STATE_OPEN)
    return;
  if (event->is_text
      && !g_utf8_validate_len (g_bytes_get_data (event->data, NULL), g_bytes_get_size (event->data),
                               NULL))
    {
      fail_with (self, SENTIENT_ERROR_PROTOCOL, "The other node sent a text that is not UTF-8",
                 NULL);
      return;
    }
  sentient_link_emit_message (SENTIENT_LINK (self), event->data, event->is_text);
}

static void
handle_channel_event (SentientWebrtcLink *self, SentientPipeEvent *event)
{
  if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL)
    on_channel (self, event);
  else if (event->channel != self->channel)
    sentient_webrtc_channels_handle (self->further, event);
  else if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL_OPEN)
    become_open (self);
  else if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL_CLOSED)
    on_channel_closed (self);
  else if (event->kind == SENTIENT_PIPE_EVENT_CHANNEL_LOW)
    on_channel_low (self);
  else
    on_message (self, event);
}

static void
handle_event (SentientWebrtcLink *self, SentientPipeEvent *event)
{
  sentient_pipe_note_event (self->pipe, event, sentient_link_get_timeline (SENTIENT_LINK (self)));
  switch (event->kind)
    {
    case SENTIENT_PIPE_EVENT_CREATED:
      on_created (self, event);
      break;
    case SENTIENT_PIPE_EVENT_LOCAL_SET:
      on_local_set (self, event);
      break;
    case SENTIENT_PIPE_EVENT_REMOTE_SET:
      on_remote_set (self, event);
      break;
    case SENTIENT_PIPE_EVENT_CANDIDATE:
      sentient_link_candidates_found (self->candidates, event->text);
      break;
    case SENTIENT_PIPE_EVENT_GATHERING:
      on_gathering (self);
      break;
    case SENTIENT_PIPE_EVENT_GATHERED:
      sentient_link_candidates_found (self->candidates, "");
      break;
    case SENTIENT_PIPE_EVENT_CONNECTION:
      if (sentient_pipe_has_failed (self->pipe))
        fail_connection (self, sentient_link_candidates_explain (self->candidates), NULL);
      break;
    case SENTIENT_PIPE_EVENT_STEP:
      break;
    case SENTIENT_PIPE_EVENT_CHANNEL:
    case SENTIENT_PIPE_EVENT_CHANNEL_OPEN:
    case SENTIENT_PIPE_EVENT_CHANNEL_CLOSED:
    case SENTIENT_PIPE_EVENT_CHANNEL_LOW:
    case SENTIENT_PIPE_EVENT_MESSAGE:
      handle_channel_event (self, event);
      break;
    case SENTIENT_PIPE_EVENT_BROKEN:
      fail_connection (self, "The connection to the other node broke", event->error);
      break;
    case SENTIENT_PIPE_EVENT_OVERRUN:
      fail_with (self, SENTIENT_ERROR_PROTOCOL,
                 "The other node sends faster than its messages are handled here", NULL);
      break;
    case SENTIENT_PIPE_EVENT_COMPLAINT:
    case SENTIENT_PIPE_EVENT_TORN_DOWN:
    default:
      g_assert_not_reached ();
    }
}

/* The signals emitted here may drop the last reference. */
static void
on_event (gpointer item, gpointer user_data)
{
  g_autoptr (SentientPipeEvent) event = item;
  g_autoptr (SentientWebrtcLink) self = g_object_ref (SENTIENT_WEBRTC_LINK (user_data));

  if (event->kind == SENTIENT_PIPE_EVENT_TORN_DOWN)
    finish (self);
  else if (event->kind == SENTIENT_PIPE_EVENT_COMPLAINT)
    sentient_link_emit_complaint (SENTIENT_LINK (self), event->error);
  else if (self->pipe != NULL) /* else it is closing */
    handle_event (self, event);
}

static void
sentient_webrtc_link_finalize (GObject *object)
{
  SentientWebrtcLink *self = SENTIENT_WEBRTC_LINK (object);

  clear_timeout (self);
  sentient_mailbox_close (self->mailbox);
  if (self->pipe != NULL)
    sentient_pipe_tear_down (self->pipe, TRUE);
  g_clear_pointer (&self->mailbox, sentient_mailbox_unref);
  g_clear_object (&self->channel);
  sentient_webrtc_channels_free (self->further);
  g_clear_pointer (&self->local, gst_webrtc_session_description_free);
  g_clear_pointer (&self->candidates, sentient_link_candidates_free);
  g_clear_pointer (&self->fingerprints, g_strfreev);
  g_clear_pointer (&self->options, sentient_link_options_free);
  g_clear_pointer (&self->path, sentient_link_path_free);
  g_clear_error (&self->error);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (sentient_webrtc_link_parent_class)->finalize (object);
}

static void
sentient_webrtc_link_class_init (SentientWebrtcLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sentient_webrtc_link_finalize;
}

static void
sentient_webrtc_link_init (SentientWebrtcLink *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->mailbox = sentient_mailbox_new (self->context, "sentient-webrtc-link", on_event, self,
                                        (GDestroyNotify)sentient_pipe_event_free);
  self->further = sentient_webrtc_channels_new (SENTIENT_LINK (self), self->context);
}

SentientLink *
sentient_webrtc_link_new (const SentientLinkOptions *options)
{
  SentientWebrtcLink *self = g_object_new (SENTIENT_TYPE_WEBRTC_LINK, NULL);

  self->options = sentient_link_options_copy (options);
  self->candidates = sentient_link_candidates_new (SENTIENT_LINK (self), options);
  return SENTIENT_LINK (self);
}
