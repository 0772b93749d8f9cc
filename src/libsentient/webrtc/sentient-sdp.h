/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/sdp/sdp.h>

G_BEGIN_DECLS

#define SENTIENT_SDP_MAX_SIZE 65536

/* Parses a description from the other end and checks that it is one of a data channel and nothing
 * else, so that webrtcbin never sees nonsense. Errors: PROTOCOL. */
GstSDPMessage *sentient_sdp_parse (const char *sdp, GError **error);

/* Its a=fingerprint values, "sha-256 AB:CD:…". */
GStrv sentient_sdp_dup_fingerprints (const GstSDPMessage *sdp);
/* Whether one of them is that of the certificate (RFC 8122; SHA-256 and stronger). */
gboolean sentient_sdp_match_certificate (const char *const *fingerprints, const char *pem);

/* Takes out the candidates that stand in it and are not admitted: (element-type char *), without
 * "a=". */
typedef gboolean (*SentientSdpAdmitFunc) (gconstpointer user_data, const char *candidate);
GPtrArray *sentient_sdp_screen_candidates (GstSDPMessage *sdp,
                                           SentientSdpAdmitFunc admit,
                                           gconstpointer user_data);

/* Whether it looks like RFC 8839's candidate-attribute ("candidate:…"). */
gboolean sentient_sdp_check_candidate (const char *candidate);

G_END_DECLS
