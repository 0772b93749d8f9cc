/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "core/sentient-error.h"
#include "webrtc/sentient-sdp.h"

/* What is let through to webrtcbin is one section with a fingerprint. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  GstSDPMessage *sdp = sentient_sdp_parse (text, &error);
  g_auto (GStrv) fingerprints = NULL;

  g_assert_true ((sdp == NULL) == (error != NULL));
  sentient_sdp_check_candidate (text);
  if (sdp == NULL)
    {
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
      return 0;
    }
  g_assert_cmpuint (gst_sdp_message_medias_len (sdp), ==, 1);
  fingerprints = sentient_sdp_dup_fingerprints (sdp);
  g_assert_cmpuint (g_strv_length (fingerprints), >, 0);
  sentient_sdp_match_certificate ((const char *const *)fingerprints, text);
  gst_sdp_message_free (sdp);
  return 0;
}
