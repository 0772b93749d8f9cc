/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "protocol/sentient-server-message.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *)data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) poll_error = NULL;
  g_autoptr (SentientServerMessage) message
      = sentient_server_message_parse (text, size, "me", &error);
  g_autoptr (GPtrArray) items = sentient_server_message_parse_poll (text, size, "me", &poll_error);

  g_assert_true ((message == NULL) == (error != NULL));
  g_assert_true ((items == NULL) == (poll_error != NULL));
  g_assert_true (items == NULL || items->len <= SENTIENT_SERVER_ITEMS_MAX);
  for (SentientServerMessageKind kind = 0; kind <= SENTIENT_SERVER_UNKNOWN; kind++)
    {
      g_autoptr (SentientServerMessage) reply
          = sentient_server_message_parse_reply (text, size, kind, NULL);

      g_assert_true (reply == NULL || reply->success == (reply->error == NULL));
    }
  if (message != NULL && message->signal != NULL)
    {
      g_autofree char *sdp = sentient_signal_dup_sdp (message->signal);
      g_autofree char *candidate = sentient_signal_dup_candidate (message->signal, NULL);
      g_autofree char *negotiation = sentient_signal_dup_negotiation (message->signal);
      g_autofree char *again = sentient_client_message_signal (NULL, message->signal);

      g_assert_true (sdp == NULL || candidate == NULL);
      g_assert_true (negotiation == NULL || g_utf8_validate (negotiation, -1, NULL));
      g_assert_nonnull (again);
    }
  return 0;
}
