/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "model/sentient-gossip-message.h"

/* What was understood is written as it was read, and passed on with nothing but the hops changed.
 */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  SentientGossipMessage message, again;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) written = NULL;
  g_autoptr (GBytes) passed = NULL;
  g_autoptr (GBytes) back = NULL;

  if (!sentient_gossip_message_parse (data, size, &message, &error))
    {
      g_assert_nonnull (error);
      return 0;
    }
  if (message.kind == SENTIENT_GOSSIP_UNKNOWN)
    return 0;
  written = sentient_gossip_message_write (&message);
  if (message.kind == SENTIENT_GOSSIP_NEED) /* a later version may say more */
    {
      g_assert_cmpmem (g_bytes_get_data (written, NULL), g_bytes_get_size (written), data, 4);
      return 0;
    }
  g_assert_cmpmem (g_bytes_get_data (written, NULL), g_bytes_get_size (written), data, size);
  passed = sentient_gossip_message_pass_on (written, 255);
  g_assert_true (sentient_gossip_message_parse (g_bytes_get_data (passed, NULL),
                                                g_bytes_get_size (passed), &again, NULL));
  g_assert_cmpuint (again.hops, ==, 255);
  again.hops = message.hops;
  back = sentient_gossip_message_write (&again);
  g_assert_true (g_bytes_equal (back, written));
  return 0;
}
