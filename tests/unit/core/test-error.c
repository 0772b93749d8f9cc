/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-enums.h"
#include "core/sentient-error.h"

static void
test_codes (void)
{
  for (guint i = 0; i <= SENTIENT_ERROR_PROTOCOL; i++)
    {
      SentientError back = SENTIENT_ERROR_FAILED;
      guint status = sentient_error_to_http_status (i);

      g_assert_true (sentient_error_from_code (sentient_error_to_code (i), &back));
      g_assert_cmpuint (back, ==, i);
      g_assert_cmpuint (status, >=, 400);
      g_assert_cmpuint (status, <, 600);
    }
  g_assert_cmpuint (sentient_error_to_http_status (SENTIENT_ERROR_ROOM_FULL), ==, 503);
  g_assert_cmpuint (sentient_error_to_http_status (SENTIENT_ERROR_PAYLOAD_TOO_LARGE), ==, 413);
  g_assert_cmpuint (sentient_error_to_http_status (9999), ==, 500);
  g_assert_cmpstr (sentient_error_to_code (9999), ==, "failed");
  g_assert_false (sentient_error_from_code ("no-such-code", &(SentientError){ 0 }));
  g_assert_false (sentient_error_from_code (NULL, &(SentientError){ 0 }));
}

static void
test_dbus_names (void)
{
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER, "who?");
  g_autofree char *name = g_dbus_error_encode_gerror (error);

  g_assert_cmpstr (name, ==, "org.sentient.Sentient1.Error.UnknownPeer");
}

/* Every copy says it, too. */
static void
test_retry_after (void)
{
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED, "slowly");
  g_autoptr (GError) other = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no");
  g_autoptr (GError) copy = NULL;

  g_assert_cmpuint (sentient_error_get_retry_after (error), ==, 0);
  sentient_error_set_retry_after (error, 1234);
  copy = g_error_copy (error);
  g_assert_cmpuint (sentient_error_get_retry_after (copy), ==, 1234);
  sentient_error_set_retry_after (other, 1234);
  g_assert_cmpuint (sentient_error_get_retry_after (other), ==, 0);
  sentient_error_set_retry_after (NULL, 1234);
}

static void
test_enums (void)
{
  SentientSignalType type;
  SentientLeaveReason reason;
  SentientPriority priority;

  for (guint i = SENTIENT_SIGNAL_TYPE_OFFER; i <= SENTIENT_SIGNAL_TYPE_RENEGOTIATE; i++)
    {
      g_assert_true (sentient_signal_type_from_string (sentient_signal_type_to_string (i), &type));
      g_assert_cmpuint (type, ==, i);
    }
  for (guint i = SENTIENT_LEAVE_REASON_LEFT; i <= SENTIENT_LEAVE_REASON_REPLACED; i++)
    {
      g_assert_true (
          sentient_leave_reason_from_string (sentient_leave_reason_to_string (i), &reason));
      g_assert_cmpuint (reason, ==, i);
    }
  for (guint i = SENTIENT_PRIORITY_LOW; i <= SENTIENT_PRIORITY_HIGH; i++)
    {
      g_assert_true (sentient_priority_from_string (sentient_priority_to_string (i), &priority));
      g_assert_cmpuint (priority, ==, i);
    }
  g_assert_false (sentient_priority_from_string ("urgent", &priority));
  g_assert_null (sentient_priority_to_string (99));
  g_assert_false (sentient_signal_type_from_string ("OFFER", &type));
  g_assert_false (sentient_signal_type_from_string (NULL, &type));
  g_assert_null (sentient_signal_type_to_string (99));
  g_assert_cmpstr (sentient_peer_state_to_string (SENTIENT_PEER_STATE_RECONNECTING), ==,
                   "reconnecting");
  g_assert_cmpstr (sentient_connection_state_to_string (SENTIENT_CONNECTION_STATE_FAILED), ==,
                   "failed");
  g_assert_cmpstr (sentient_channel_kind_to_string (SENTIENT_CHANNEL_KIND_LONG_POLL), ==,
                   "long-poll");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/codes", test_codes);
  g_test_add_func ("/error/dbus-names", test_dbus_names);
  g_test_add_func ("/error/retry-after", test_retry_after);
  g_test_add_func ("/enums/strings", test_enums);
  return g_test_run ();
}
