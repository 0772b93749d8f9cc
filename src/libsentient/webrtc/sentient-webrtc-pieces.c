/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-webrtc-link.h"

#include <gst/gst.h>

#include "core/sentient-error.h"

/* In the order in which they are best installed and told. */
static SentientWebrtcPiece pieces[] = {
  { "webrtcbin", "gstreamer1.0-plugins-bad", "WebRTC connections" },
  { "nicesrc", "gstreamer1.0-nice", "ICE, to find a way through the network (receiving)" },
  { "nicesink", "gstreamer1.0-nice", "ICE, to find a way through the network (sending)" },
  { "dtlsdec", "gstreamer1.0-plugins-bad", "DTLS encryption (receiving)" },
  { "dtlsenc", "gstreamer1.0-plugins-bad", "DTLS encryption (sending)" },
  { "sctpdec", "gstreamer1.0-plugins-bad", "SCTP data channels (receiving)" },
  { "sctpenc", "gstreamer1.0-plugins-bad", "SCTP data channels (sending)" },
  { "srtpdec", "gstreamer1.0-plugins-bad", "part of webrtcbin's transport (receiving)" },
  { "srtpenc", "gstreamer1.0-plugins-bad", "part of webrtcbin's transport (sending)" },
  { "rtpbin", "gstreamer1.0-plugins-good", "part of webrtcbin" },
  { "appsrc", "gstreamer1.0-plugins-base", "hands messages to data channels" },
  { "appsink", "gstreamer1.0-plugins-base", "takes messages from data channels" },
};

const SentientWebrtcPiece *
sentient_webrtc_link_list_pieces (guint *n)
{
  gboolean started = gst_init_check (NULL, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GstElementFactory) factory
          = started ? gst_element_factory_find (pieces[i].element) : NULL;

      pieces[i].present = factory != NULL;
    }
  if (n != NULL)
    *n = G_N_ELEMENTS (pieces);
  return pieces;
}

gboolean
sentient_webrtc_link_is_available (GError **error)
{
  static gboolean found_all = FALSE; /* what was found stays */
  g_autoptr (GError) init_error = NULL;
  const SentientWebrtcPiece *list;
  guint n;

  if (found_all)
    return TRUE;
  if (!gst_init_check (NULL, NULL, &init_error))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_MISSING_PLUGIN,
                   "GStreamer cannot start, so there is no WebRTC: %s",
                   init_error != NULL ? init_error->message : "it does not say why");
      return FALSE;
    }

  list = sentient_webrtc_link_list_pieces (&n);
  for (guint i = 0; i < n; i++)
    {
      if (list[i].present)
        continue;
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_MISSING_PLUGIN,
                   "The GStreamer element \"%s\" (%s) is missing, so there is no WebRTC. "
                   "Install the Debian package %s.",
                   list[i].element, list[i].purpose, list[i].package);
      return FALSE;
    }
  found_all = TRUE;
  return TRUE;
}
