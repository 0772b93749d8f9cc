/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "webrtc/sentient-link-options.h"

G_BEGIN_DECLS

/* Sets up the ICE agent of a webrtcbin that is not in READY yet: its servers, and which addresses
 * it uses. complaints: (element-type GError): BAD_REQUEST for each server that cannot be used.
 * FALSE: by the options there is no way at all. Error: LINK_FAILED. */
gboolean sentient_pipe_ice_set_up (GstElement *webrtc,
                                   const SentientLinkOptions *options,
                                   GPtrArray *complaints,
                                   GError **error);

G_END_DECLS
