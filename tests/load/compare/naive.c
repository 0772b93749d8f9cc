/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One end of a pair of bare webrtcbins, used as one would at first: no framing, no window, buffers
 * as they come, and whoever sends looks at "buffered-amount" now and then. See contender.h. */

#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>
#include <stdlib.h>
#include <string.h>

#include "contender.h"

#define BUFFER_MAX (1024 * 1024)
#define LOOK_MS 5

static GstElement *pipeline;
static GstElement *webrtc;
static GstWebRTCDataChannel *channel;
static gboolean is_looking;

static void
say_signal (const char *kind, const char *text)
{
  g_autofree char *code = g_base64_encode ((const guint8 *)text, strlen (text));

  contender_say ("signal %s %s", kind, code);
}

/* The channel: what GStreamer's threads say goes to the main one */

static gboolean
on_main_open (gpointer data)
{
  channel = data;
  contender_opened ();
  return G_SOURCE_REMOVE;
}

static gboolean
on_main_data (gpointer data)
{
  contender_heard (data);
  g_bytes_unref (data);
  return G_SOURCE_REMOVE;
}

static void
post (GSourceFunc func, gpointer data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, func, data, NULL);
}

static void
on_open (GstWebRTCDataChannel *opened, gpointer user_data)
{
  post (on_main_open, opened);
}

static void
on_data (GstWebRTCDataChannel *from, GBytes *data, gpointer user_data)
{
  if (data == NULL)
    contender_die ("an empty message came");
  post (on_main_data, g_bytes_ref (data));
}

static void
watch_channel (GstWebRTCDataChannel *made)
{
  g_object_ref (made);
  g_signal_connect (made, "on-open", G_CALLBACK (on_open), NULL);
  g_signal_connect (made, "on-message-data", G_CALLBACK (on_data), NULL);
}

static void
on_data_channel (GstElement *element, GstWebRTCDataChannel *made, gpointer user_data)
{
  GstWebRTCDataChannelState state;

  watch_channel (made);
  g_object_get (made, "ready-state", &state, NULL);
  if (state == GST_WEBRTC_DATA_CHANNEL_STATE_OPEN)
    on_open (made, NULL);
}

/* Offer and answer */

static void
on_candidate (GstElement *element, guint mline, const char *candidate, gpointer user_data)
{
  if (candidate != NULL && *candidate != '\0')
    say_signal ("candidate", candidate);
}

static void
on_described (GstPromise *promise, gpointer field)
{
  const GstStructure *reply = NULL;
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  g_autofree char *text = NULL;

  if (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED)
    reply = gst_promise_get_reply (promise);
  if (reply == NULL
      || !gst_structure_get (reply, field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL))
    contender_die ("webrtcbin made no %s", (const char *)field);
  g_signal_emit_by_name (webrtc, "set-local-description", description, NULL);
  text = gst_sdp_message_as_text (description->sdp);
  say_signal (field, text);
  gst_promise_unref (promise);
}

static void
build (gboolean is_offerer)
{
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  gboolean added;

  pipeline = gst_pipeline_new (NULL);
  webrtc = gst_element_factory_make ("webrtcbin", NULL);
  if (webrtc == NULL)
    contender_die ("there is no webrtcbin");
  gst_util_set_object_arg (G_OBJECT (webrtc), "bundle-policy", "max-bundle");
  g_object_get (webrtc, "ice-agent", &ice, NULL);
  g_object_get (ice, "agent", &agent, NULL);
  g_object_set (agent, "upnp", FALSE, NULL); /* it is here only to get into the way of others */
  g_signal_emit_by_name (ice, "add-local-ip-address", "127.0.0.1", &added);
  g_signal_connect (webrtc, "on-ice-candidate", G_CALLBACK (on_candidate), NULL);
  g_signal_connect (webrtc, "on-data-channel", G_CALLBACK (on_data_channel), NULL);
  gst_bin_add (GST_BIN (pipeline), webrtc);
  gst_element_set_state (pipeline, GST_STATE_READY);
  if (is_offerer)
    {
      GstWebRTCDataChannel *made;

      g_signal_emit_by_name (webrtc, "create-data-channel", "naive", NULL, &made);
      watch_channel (made);
    }
  if (gst_element_set_state (pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    contender_die ("webrtcbin does not start");
}

static void
engine_connect (void)
{
  build (TRUE);
  g_signal_emit_by_name (webrtc, "create-offer", NULL,
                         gst_promise_new_with_change_func (on_described, (gpointer) "offer", NULL));
}

static void
take_description (GstWebRTCSDPType type, const char *text)
{
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  GstSDPMessage *message;

  if (gst_sdp_message_new_from_text (text, &message) != GST_SDP_OK)
    contender_die ("the description cannot be read");
  description = gst_webrtc_session_description_new (type, message);
  g_signal_emit_by_name (webrtc, "set-remote-description", description, NULL);
}

static void
engine_signal (const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  g_autofree guchar *text = NULL;
  gsize len = 0;

  /* What is decoded has a NUL behind it. */
  text = g_base64_decode (g_strv_length (words) == 2 ? words[1] : "", &len);
  if (g_str_equal (words[0], "candidate") && webrtc != NULL)
    g_signal_emit_by_name (webrtc, "add-ice-candidate", 0u, text);
  else if (g_str_equal (words[0], "answer") && webrtc != NULL)
    take_description (GST_WEBRTC_SDP_TYPE_ANSWER, (const char *)text);
  else if (g_str_equal (words[0], "offer") && webrtc == NULL)
    {
      build (FALSE);
      take_description (GST_WEBRTC_SDP_TYPE_OFFER, (const char *)text);
      g_signal_emit_by_name (webrtc, "create-answer", NULL,
                             gst_promise_new_with_change_func (on_described, (gpointer) "answer",
                                                               NULL));
    }
  else
    contender_die ("a signal that was not expected: %s", words[0]);
}

/* Sending */

static guint64
get_buffered_amount (void)
{
  guint64 amount = 0;

  g_object_get (channel, "buffered-amount", &amount, NULL);
  return amount;
}

static gboolean
on_look (gpointer user_data)
{
  if (get_buffered_amount () >= BUFFER_MAX)
    return G_SOURCE_CONTINUE;
  is_looking = FALSE;
  contender_go_on ();
  return G_SOURCE_REMOVE;
}

static gboolean
engine_send (GBytes *data, gboolean is_urgent)
{
  if (is_urgent || get_buffered_amount () < BUFFER_MAX)
    {
      gst_webrtc_data_channel_send_data (channel, data);
      return TRUE;
    }
  if (!is_looking)
    g_timeout_add (LOOK_MS, on_look, NULL);
  is_looking = TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  static const ContenderEngine engine = {
    .connect = engine_connect,
    .signal = engine_signal,
    .send = engine_send,
    .quit = contender_end,
  };

  gst_init (NULL, NULL);
  contender_run (&engine);
  return 0;
}
