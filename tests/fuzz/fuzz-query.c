/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "protocol/sentient-request.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  SentientQuery query;

  if (!sentient_query_parse (&query, (const char *)data, size, FALSE, &error))
    {
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      return 0;
    }
  g_assert_no_error (error);
  g_assert_true (query.node_id[0] == '\0' || sentient_name_is_valid (query.node_id, -1));
  g_assert_true (query.room[0] == '\0' || sentient_name_is_valid (query.room, -1));
  g_assert_cmpuint (query.timeout_ms, <=, SENTIENT_POLL_TIMEOUT_MAX_MS);
  return 0;
}
