/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-error.h"
#include "webrtc/sentient-sdp.h"

#include <string.h>

#define FINGERPRINT                                                                                \
  "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"                                       \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

/* One line may be replaced, or left out with NULL. */
static char *
make_sdp (const char *prefix, const char *replacement)
{
  static const char *const lines[] = { "v=0",
                                       "o=- 1 1 IN IP4 127.0.0.1",
                                       "s=-",
                                       "t=0 0",
                                       "a=group:BUNDLE 0",
                                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
                                       "c=IN IP4 0.0.0.0",
                                       "a=mid:0",
                                       "a=ice-ufrag:abcd",
                                       "a=ice-pwd:abcdefghijklmnopqrstuvwx",
                                       "a=setup:actpass",
                                       "a=fingerprint:" FINGERPRINT,
                                       "a=sctp-port:5000" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      const char *line = lines[i];

      if (prefix != NULL && g_str_has_prefix (line, prefix))
        line = replacement;
      if (line != NULL)
        g_string_append_printf (text, "%s\r\n", line);
    }
  return g_string_free (text, FALSE);
}

static void
assert_rejected (const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sentient_sdp_parse (text, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
  g_test_message ("%s", error->message);
}

static void
test_parse (void)
{
  g_autofree char *text = make_sdp (NULL, NULL);
  g_autoptr (GError) error = NULL;
  GstSDPMessage *sdp = sentient_sdp_parse (text, &error);
  g_auto (GStrv) fingerprints = NULL;

  g_assert_no_error (error);
  fingerprints = sentient_sdp_dup_fingerprints (sdp);
  g_assert_cmpuint (g_strv_length (fingerprints), ==, 1);
  g_assert_cmpstr (fingerprints[0], ==, FINGERPRINT);
  gst_sdp_message_free (sdp);
}

static void
test_reject (void)
{
  static const struct
  {
    const char *prefix;
    const char *replacement;
  } faults[] = {
    { "v=", NULL },
    { "v=", "v=1" },
    { "v=", "V=0" },
    { "s=", "s" },
    { "s=", "" },
    { "m=", NULL },
    { "m=", "m=audio 9 UDP/TLS/RTP/SAVPF 0" },
    { "m=", "m=application 9 RTP/AVP webrtc-datachannel" },
    { "m=", "m=application" },
    { "m=", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel" },
    { "a=sctp", "m=audio 9 UDP/TLS/RTP/SAVPF 0" },
    { "a=sctp", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel" },
    { "a=mid", NULL },
    { "a=mid", "a=mid" },
    { "a=ice-ufrag", NULL },
    { "a=ice-pwd", NULL },
    { "a=ice-pwd", "a=ice-pwd:" },
    { "a=setup", NULL },
    { "a=setup", "a=setup:holdconn" },
    { "a=fingerprint", NULL },
    { "a=fingerprint", "a=fingerprint:sha-256" },
    { "a=fingerprint", "a=fingerprint:sha-256 " },
    { "a=fingerprint", "a=fingerprint:sha-256 00:11" },
    { "a=fingerprint", "a=fingerprint:" FINGERPRINT ":" },
    { "a=fingerprint", "a=fingerprint:" FINGERPRINT ":x0" },
    { "a=fingerprint", "a=fingerprint: " FINGERPRINT },
  };
  g_autofree char *long_line = g_strnfill (2000, 'x');
  g_autofree char *long_attribute = g_strconcat ("a=", long_line, NULL);
  g_autofree char *with_long_line = make_sdp ("a=sctp", long_attribute);
  g_autofree char *too_long = g_strnfill (SENTIENT_SDP_MAX_SIZE + 1, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *text = make_sdp (faults[i].prefix, faults[i].replacement);

      assert_rejected (text);
    }
  assert_rejected (NULL);
  assert_rejected ("");
  assert_rejected ("\r\n");
  assert_rejected ("v=0\r\ns=\xff\r\n");
  assert_rejected (with_long_line);
  assert_rejected (too_long);
}

static void
test_candidates (void)
{
  static const char *const good[] = {
    "candidate:1 1 UDP 2015363327 192.0.2.1 50000 typ host",
    "candidate:842163049 1 udp 1677729535 203.0.113.1 40000 typ srflx raddr 0.0.0.0 rport 0 "
    "generation 0 ufrag x network-cost 999",
    "candidate:1 1 TCP 1015021823 2001:db8::1 9 typ host tcptype active",
    "candidate:1 1 udp 1 0e8f-11.local 5353 typ host",
  };
  static const char *const bad[] = {
    "",
    "nonsense",
    "candidate:",
    "candidate:1 1 UDP 1 192.0.2.1 50000 host",
    "candidate:1 1 UDP 1 192.0.2.1 50000 typ ",
    "candidate:1 x UDP 1 192.0.2.1 50000 typ host",
    "candidate:1 1 UDP -1 192.0.2.1 50000 typ host",
    "candidate:1 1 UDP 1 192.0.2.1 65536 typ host",
    "candidate:1 1 UDP 1  50000 typ host x",
    "candidate:1 1 UDP 1 192.0.2.1 50000 typ host\r\na=x",
    "candidate:1 1 UDP 1 192.0.2.1 50000 typ h\xc3\xb6st",
  };
  g_autofree char *filler = g_strnfill (2000, 'x');
  g_autofree char *too_long = g_strconcat (good[0], " ", filler, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (sentient_sdp_check_candidate (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (sentient_sdp_check_candidate (bad[i]));
  g_assert_false (sentient_sdp_check_candidate (too_long));
}

/* The "certificate" is the three bytes "abc": the sums are those of FIPS 180-2. */
static void
test_certificate (void)
{
  static const char pem[] = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
  static const char overlapping[] = "-----BEGIN CERTIFICATE-----END CERTIFICATE-----";
  static const char right[] = "SHA-256 BA:78:16:bf:8f:01:cf:ea:41:41:40:de:5d:ae:22:23:"
                              "b0:03:61:a3:96:17:7a:9c:b4:10:ff:61:f2:00:15:ad";
  const char *const one[] = { right, NULL };
  const char *const second[] = { "sha-1 00:11", FINGERPRINT, right, NULL };
  const char *const other[] = { FINGERPRINT, NULL };
  const char *const weak[]
      = { "sha-1 a9:99:3e:36:47:06:81:6a:ba:3e:25:71:78:50:c2:6c:9c:d0:d8:9d", NULL };
  const char *const none[] = { NULL };

  g_assert_true (sentient_sdp_match_certificate (one, pem));
  g_assert_true (sentient_sdp_match_certificate (second, pem));
  g_assert_false (sentient_sdp_match_certificate (other, pem));
  g_assert_false (sentient_sdp_match_certificate (weak, pem));
  g_assert_false (sentient_sdp_match_certificate (none, pem));
  g_assert_false (sentient_sdp_match_certificate (NULL, pem));
  g_assert_false (sentient_sdp_match_certificate (one, overlapping));
  g_assert_false (sentient_sdp_match_certificate (one, "no certificate"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/parse", test_parse);
  g_test_add_func ("/sdp/reject", test_reject);
  g_test_add_func ("/sdp/candidates", test_candidates);
  g_test_add_func ("/sdp/certificate", test_certificate);
  return g_test_run ();
}
