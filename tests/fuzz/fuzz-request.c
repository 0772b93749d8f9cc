/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "protocol/sentient-message.h"
#include "protocol/sentient-request.h"

typedef gboolean (*ParseFunc) (SentientRequest *, const char *, gsize, GError **);

/* Whatever is accepted as a signal is relayed as valid JSON that begins as we wrote it. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const ParseFunc parsers[] = {
    sentient_request_parse_message,
    sentient_request_parse_join,
    sentient_request_parse_leave,
    sentient_request_parse_signal,
  };

  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++)
    {
      g_autoptr (GError) error = NULL;
      SentientRequest request;
      gboolean accepted = parsers[i]((&request), (const char *)data, size, &error);

      g_assert_true (accepted == (error == NULL));
      if (!accepted || request.kind != SENTIENT_REQUEST_SIGNAL)
        continue;
      for (guint dialect = 0; dialect < SENTIENT_N_DIALECTS; dialect++)
        {
          static const char *const keys[] = { "from", "type", "payload", "sdp", "candidate" };
          SentientJsonValue values[G_N_ELEMENTS (keys)];
          g_autoptr (SentientSignal) signal = sentient_request_to_signal (&request, "me", NULL, 1);
          g_autoptr (SentientMessage) message = sentient_message_new_signal (signal);
          g_autoptr (GString) out = g_string_new (NULL);
          g_autofree char *sdp = sentient_signal_dup_sdp (signal);
          g_autofree char *candidate = sentient_signal_dup_candidate (signal, NULL);

          g_assert_true (sdp == NULL || candidate == NULL);
          sentient_message_append (message, out, (SentientDialect)dialect, 1, "z");
          g_assert_cmpuint (out->len, <=, sentient_message_get_size (message));
          g_assert_true (
              sentient_json_pick (out->str, out->len, keys, values, G_N_ELEMENTS (keys), NULL));
          g_assert_cmpmem (values[0].span.data, values[0].span.len, "\"me\"", 4);
        }
    }
  return 0;
}
