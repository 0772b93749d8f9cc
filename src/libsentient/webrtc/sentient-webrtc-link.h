/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-link-options.h"
#include "webrtc/sentient-link.h"

G_BEGIN_DECLS

/* A link over GStreamer's webrtcbin. Needs no main loop besides that of its context; GStreamer's
 * threads never reach the owner. */
#define SENTIENT_TYPE_WEBRTC_LINK (sentient_webrtc_link_get_type ())
G_DECLARE_FINAL_TYPE (SentientWebrtcLink, sentient_webrtc_link, SENTIENT, WEBRTC_LINK, GObject)

/* options NULL: the defaults, without any server. */
SentientLink *sentient_webrtc_link_new (const SentientLinkOptions *options);

/* A GStreamer element without which there is no WebRTC. */
typedef struct
{
  const char *element;
  const char *package; /* of Debian */
  const char *purpose;
  gboolean present;
} SentientWebrtcPiece;

/* Static, looked up anew with each call. n may be NULL. */
const SentientWebrtcPiece *sentient_webrtc_link_list_pieces (guint *n);

/* Error: MISSING_PLUGIN, naming what to install. Starts GStreamer on its first call. */
gboolean sentient_webrtc_link_is_available (GError **error);

G_END_DECLS
