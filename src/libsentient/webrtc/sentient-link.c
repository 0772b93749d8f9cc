/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-link.h"

#include "core/sentient-enum-types.h"
#include "core/sentient-error.h"
#include "webrtc/sentient-sdp.h"

#define PROTOCOL_KEY "sentient-link-protocol"
#define TIMELINE_KEY "sentient-link-timeline"

typedef enum
{
  SIGNAL_LOCAL_DESCRIPTION,
  SIGNAL_LOCAL_CANDIDATE,
  SIGNAL_CANDIDATE_REFUSED,
  SIGNAL_COMPLAINT,
  SIGNAL_OPENED,
  SIGNAL_MESSAGE,
  SIGNAL_DRAINED,
  SIGNAL_CHANNEL,
  SIGNAL_CLOSED,
  N_SIGNALS,
} SentientLinkSignal;

static guint signals[N_SIGNALS];

G_DEFINE_INTERFACE (SentientLink, sentient_link, G_TYPE_OBJECT)

static void
sentient_link_default_init (SentientLinkInterface *iface)
{
  GType type = G_TYPE_FROM_INTERFACE (iface);

  signals[SIGNAL_LOCAL_DESCRIPTION]
      = g_signal_new ("local-description", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 2, SENTIENT_TYPE_SIGNAL_TYPE, G_TYPE_STRING);
  signals[SIGNAL_LOCAL_CANDIDATE]
      = g_signal_new ("local-candidate", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                      2, G_TYPE_UINT, G_TYPE_STRING);
  signals[SIGNAL_CANDIDATE_REFUSED]
      = g_signal_new ("candidate-refused", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 2, G_TYPE_BOOLEAN, G_TYPE_STRING);
  signals[SIGNAL_COMPLAINT] = g_signal_new ("complaint", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                            NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  signals[SIGNAL_OPENED]
      = g_signal_new ("opened", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_MESSAGE]
      = g_signal_new ("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                      G_TYPE_BYTES | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_BOOLEAN);
  signals[SIGNAL_DRAINED]
      = g_signal_new ("drained", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_CHANNEL] = g_signal_new ("channel", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, SENTIENT_TYPE_DATA_CHANNEL);
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_ERROR);
}

void
sentient_link_set_protocol (SentientLink *self, const char *protocol)
{
  g_return_if_fail (SENTIENT_IS_LINK (self));

  g_object_set_data_full (G_OBJECT (self), PROTOCOL_KEY, g_strdup (protocol), g_free);
}

const char *
sentient_link_get_protocol (SentientLink *self)
{
  g_return_val_if_fail (SENTIENT_IS_LINK (self), NULL);

  return g_object_get_data (G_OBJECT (self), PROTOCOL_KEY);
}

SentientLinkTimeline *
sentient_link_get_timeline (SentientLink *self)
{
  SentientLinkTimeline *timeline;

  g_return_val_if_fail (SENTIENT_IS_LINK (self), NULL);

  timeline = g_object_get_data (G_OBJECT (self), TIMELINE_KEY);
  if (timeline != NULL)
    return timeline;
  timeline = g_new0 (SentientLinkTimeline, 1);
  g_object_set_data_full (G_OBJECT (self), TIMELINE_KEY, timeline, g_free);
  return timeline;
}

void
sentient_link_start (SentientLink *self, gboolean offerer)
{
  g_return_if_fail (SENTIENT_IS_LINK (self));
  g_return_if_fail (sentient_link_get_state (self) == SENTIENT_LINK_STATE_NEW);

  sentient_link_timeline_start (sentient_link_get_timeline (self));
  SENTIENT_LINK_GET_IFACE (self)->start (self, offerer);
}

void
sentient_link_set_remote_description (SentientLink *self, SentientSignalType type, const char *sdp)
{
  SentientLinkState state;

  g_return_if_fail (SENTIENT_IS_LINK (self));

  state = sentient_link_get_state (self);
  g_return_if_fail (state != SENTIENT_LINK_STATE_NEW);

  /* Signals of a connection that just ended still arrive: nobody's fault. */
  if (state == SENTIENT_LINK_STATE_CLOSING || state == SENTIENT_LINK_STATE_CLOSED)
    return;
  if (sdp != NULL)
    sentient_link_timeline_note_description (sentient_link_get_timeline (self), sdp);
  SENTIENT_LINK_GET_IFACE (self)->set_remote_description (self, type, sdp);
}

void
sentient_link_add_remote_candidate (SentientLink *self, guint mline, const char *candidate)
{
  SentientLinkState state;

  g_return_if_fail (SENTIENT_IS_LINK (self));

  state = sentient_link_get_state (self);
  if (state == SENTIENT_LINK_STATE_CLOSING || state == SENTIENT_LINK_STATE_CLOSED)
    return;
  if (candidate == NULL)
    candidate = "";
  if (mline != 0 || (*candidate != '\0' && !sentient_sdp_check_candidate (candidate)))
    {
      g_autofree char *text = g_strescape (candidate, NULL);

      g_debug ("Remote ICE candidate for media line %u ignored, it is malformed: %.200s", mline,
               text);
      return;
    }
  sentient_link_timeline_note_remote (sentient_link_get_timeline (self), candidate);
  SENTIENT_LINK_GET_IFACE (self)->add_remote_candidate (self, candidate);
}

gboolean
sentient_link_check_message (GBytes *data, gboolean is_text, GError **error)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);

  if (size == 0)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "The message is empty; a data channel cannot carry that. Send at least one byte.");
  else if (size > SENTIENT_LINK_MAX_MESSAGE)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                 "The message has %" G_GSIZE_FORMAT " bytes, the limit is %u. Send it in parts.",
                 size, SENTIENT_LINK_MAX_MESSAGE);
  else if (is_text && !g_utf8_validate_len (bytes, size, NULL))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "The text is not valid UTF-8 or holds a NUL. Send it as binary.");
  else
    return TRUE;
  return FALSE;
}

gboolean
sentient_link_send (SentientLink *self, GBytes *data, gboolean is_text, GError **error)
{
  SentientLinkInterface *iface;
  guint64 buffered;

  g_return_val_if_fail (SENTIENT_IS_LINK (self), FALSE);
  g_return_val_if_fail (data != NULL, FALSE);

  iface = SENTIENT_LINK_GET_IFACE (self);
  if (iface->get_state (self) != SENTIENT_LINK_STATE_OPEN)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                   "The data channel is not open; nothing was sent. Wait until it is connected.");
      return FALSE;
    }
  if (!sentient_link_check_message (data, is_text, error))
    return FALSE;

  buffered = iface->get_buffered_amount (self);
  if (buffered + g_bytes_get_size (data) > SENTIENT_LINK_BUFFER_HIGH)
    {
      iface->await_drain (self);
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK,
                   "%" G_GUINT64_FORMAT " bytes wait to be sent already; this message was not "
                   "taken. Send it again when the channel has drained.",
                   buffered);
      return FALSE;
    }
  return iface->send (self, data, !!is_text, error);
}

guint64
sentient_link_get_buffered_amount (SentientLink *self)
{
  g_return_val_if_fail (SENTIENT_IS_LINK (self), 0);

  return SENTIENT_LINK_GET_IFACE (self)->get_buffered_amount (self);
}

SentientLinkState
sentient_link_get_state (SentientLink *self)
{
  g_return_val_if_fail (SENTIENT_IS_LINK (self), SENTIENT_LINK_STATE_CLOSED);

  return SENTIENT_LINK_GET_IFACE (self)->get_state (self);
}

SentientDataChannel *
sentient_link_open_channel (SentientLink *self,
                            const SentientDataChannelOptions *options,
                            GError **error)
{
  SentientLinkInterface *iface;

  g_return_val_if_fail (SENTIENT_IS_LINK (self), NULL);

  iface = SENTIENT_LINK_GET_IFACE (self);
  if (iface->get_state (self) != SENTIENT_LINK_STATE_OPEN)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                   "The data channel “%s” cannot be opened: the connection is not open",
                   options->label);
      return NULL;
    }
  if (!sentient_data_channel_check_options (options, error))
    return NULL;
  return iface->open_channel (self, options, error);
}

void
sentient_link_close (SentientLink *self)
{
  g_return_if_fail (SENTIENT_IS_LINK (self));

  SENTIENT_LINK_GET_IFACE (self)->close (self);
}

SentientLinkPath *
sentient_link_dup_path (SentientLink *self)
{
  g_return_val_if_fail (SENTIENT_IS_LINK (self), NULL);

  if (SENTIENT_LINK_GET_IFACE (self)->dup_path == NULL)
    return NULL;
  return SENTIENT_LINK_GET_IFACE (self)->dup_path (self);
}

char *
sentient_link_dup_description (SentientLink *self)
{
  g_autoptr (SentientLinkPath) path = NULL;

  g_return_val_if_fail (SENTIENT_IS_LINK (self), NULL);

  if (SENTIENT_LINK_GET_IFACE (self)->dup_description != NULL)
    return SENTIENT_LINK_GET_IFACE (self)->dup_description (self);
  path = sentient_link_dup_path (self);
  return path != NULL ? sentient_link_path_to_text (path) : NULL;
}

void
sentient_link_emit_local_description (SentientLink *self, SentientSignalType type, const char *sdp)
{
  g_signal_emit (self, signals[SIGNAL_LOCAL_DESCRIPTION], 0, type, sdp);
}

void
sentient_link_emit_local_candidate (SentientLink *self, guint mline, const char *candidate)
{
  g_signal_emit (self, signals[SIGNAL_LOCAL_CANDIDATE], 0, mline, candidate);
}

void
sentient_link_emit_candidate_refused (SentientLink *self, gboolean local, const char *candidate)
{
  g_signal_emit (self, signals[SIGNAL_CANDIDATE_REFUSED], 0, local, candidate);
}

void
sentient_link_emit_complaint (SentientLink *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_COMPLAINT], 0, error);
}

void
sentient_link_emit_opened (SentientLink *self)
{
  sentient_link_timeline_note (sentient_link_get_timeline (self), SENTIENT_CONNECTION_STEP_OPEN,
                               g_get_monotonic_time ());
  g_signal_emit (self, signals[SIGNAL_OPENED], 0);
}

void
sentient_link_emit_message (SentientLink *self, GBytes *data, gboolean is_text)
{
  g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, data, is_text);
}

void
sentient_link_emit_drained (SentientLink *self)
{
  g_signal_emit (self, signals[SIGNAL_DRAINED], 0);
}

void
sentient_link_emit_channel (SentientLink *self, SentientDataChannel *channel)
{
  g_signal_emit (self, signals[SIGNAL_CHANNEL], 0, channel);
}

void
sentient_link_emit_closed (SentientLink *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, error);
}
