/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-signal.h"

#include <string.h>

#include "core/sentient-error.h"
#include "protocol/sentient-request.h"

static void
test_new (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientSignal) signal = NULL;
  g_autoptr (SentientSignal) bare = NULL;
  const char *payload = " {\"x\":[1], \"sdp\":\"v=0\"} ";

  signal = sentient_signal_new (SENTIENT_SIGNAL_TYPE_ANSWER, "a", "b", "global", payload, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sentient_signal_get_signal_type (signal), ==, SENTIENT_SIGNAL_TYPE_ANSWER);
  g_assert_cmpstr (sentient_signal_get_from (signal), ==, "a");
  g_assert_cmpstr (sentient_signal_get_to (signal), ==, "b");
  g_assert_cmpstr (sentient_signal_get_room (signal), ==, "global");
  g_assert_cmpstr (sentient_signal_get_payload (signal), ==, payload);

  bare = sentient_signal_new (SENTIENT_SIGNAL_TYPE_RENEGOTIATE, "a", "b", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (sentient_signal_get_room (bare));
  g_assert_cmpstr (sentient_signal_get_payload (bare), ==, "{}");
}

static void
test_boxed (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (SentientSignal) signal
      = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "a", "b", NULL, "{}", NULL);

  g_value_init (&value, SENTIENT_TYPE_SIGNAL);
  g_value_set_boxed (&value, signal);
  g_assert_true (g_value_get_boxed (&value) == signal);
}

static void
test_refused (void)
{
  g_autofree char *much = g_strnfill (SENTIENT_MESSAGE_MAX, 'x');
  g_autofree char *large = g_strdup_printf ("{\"sdp\":\"%s\"}", much);
  const struct
  {
    const char *from, *to, *room, *payload, *says;
    SentientError code;
  } cases[] = {
    { "", "b", NULL, "{}", "“from”", SENTIENT_ERROR_BAD_REQUEST },
    { "system", "b", NULL, "{}", "“from”", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b/", NULL, "{}", "“to”", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", "", "{}", "“room”", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", "x y", "{}", "“room”", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", NULL, "", "payload", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", NULL, "[]", "payload", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", NULL, "{},\"from\":\"c\"", "payload", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", NULL, "{\"x\":\"\xff\"}", "payload", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", NULL, "{\"sdp\":1,\"sdp\":2}", "“sdp”", SENTIENT_ERROR_BAD_REQUEST },
    { "a", "b", NULL, large, "bytes", SENTIENT_ERROR_PAYLOAD_TOO_LARGE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, cases[i].from, cases[i].to,
                                          cases[i].room, cases[i].payload, &error));
      g_assert_error (error, SENTIENT_ERROR, (gint)cases[i].code);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

static void
test_sdp (void)
{
  static const struct
  {
    SentientSignalType type;
    const char *payload, *sdp;
  } cases[] = {
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"sdp\":\"v=0\\r\\n\"}", "v=0\r\n" },
    { SENTIENT_SIGNAL_TYPE_ANSWER, "{\"sdp\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}", "v=0" },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"sdp\":\"\"}", "" },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{}", NULL },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"sdp\":null}", NULL },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"sdp\":5}", NULL },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"sdp\":{}}", NULL },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"sdp\":{\"sdp\":{\"sdp\":\"v=0\"}}}", NULL },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"sdp\":\"a\\u0000\"}", NULL },
    { SENTIENT_SIGNAL_TYPE_OFFER, "{\"candidate\":\"x\"}", NULL },
    { SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE, "{\"candidate\":\"x\"}", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SentientSignal) signal
          = sentient_signal_new (cases[i].type, "a", "b", NULL, cases[i].payload, &error);
      g_autofree char *sdp = NULL;

      g_assert_no_error (error);
      sdp = sentient_signal_dup_sdp (signal);
      g_assert_cmpstr (sdp, ==, cases[i].sdp);
    }
}

static void
test_candidate (void)
{
  static const struct
  {
    const char *payload, *candidate;
    guint mline;
  } cases[] = {
    { "{\"candidate\":\"c 1\"}", "c 1", 0 },
    { "{\"candidate\":\"c 1\",\"sdpMLineIndex\":2}", "c 1", 2 },
    { "{\"candidate\":{\"candidate\":\"c 2\",\"sdpMid\":\"0\",\"sdpMLineIndex\":1}}", "c 2", 1 },
    { "{\"candidate\":{\"candidate\":\"c 3\",\"sdpMLineIndex\":null}}", "c 3", 0 },
    { "{\"candidate\":{\"candidate\":\"c 3\",\"sdpMLineIndex\":-1}}", "c 3", 0 },
    { "{\"candidate\":{\"candidate\":\"c 3\",\"sdpMLineIndex\":70000}}", "c 3", 0 },
    { "{\"candidate\":{\"candidate\":\"\"}}", "", 0 },
    { "{\"candidate\":null}", NULL, 0 },
    { "{\"candidate\":{}}", NULL, 0 },
    { "{\"candidate\":7}", NULL, 0 },
    { "{}", NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SentientSignal) signal
          = sentient_signal_new (SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE, "a", "b", NULL,
                                 cases[i].payload, &error);
      g_autofree char *candidate = NULL;
      g_autofree char *again = NULL;
      guint mline = 99;

      g_assert_no_error (error);
      candidate = sentient_signal_dup_candidate (signal, &mline);
      g_assert_cmpstr (candidate, ==, cases[i].candidate);
      g_assert_cmpuint (mline, ==, cases[i].mline);
      again = sentient_signal_dup_candidate (signal, NULL);
      g_assert_cmpstr (again, ==, cases[i].candidate);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal/new", test_new);
  g_test_add_func ("/signal/boxed", test_boxed);
  g_test_add_func ("/signal/refused", test_refused);
  g_test_add_func ("/signal/sdp", test_sdp);
  g_test_add_func ("/signal/candidate", test_candidate);
  return g_test_run ();
}
