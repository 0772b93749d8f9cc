/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "core/sentient-error.h"
#include "model/sentient-handover.h"

/* Whatever is in the file, it is refused whole, or there is a directory that can be saved again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (SentientManualClock) clock = sentient_manual_clock_new (1000000);
  g_autoptr (SentientDirectory) directory = sentient_directory_new (SENTIENT_CLOCK (clock));
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;
  SentientHandoverCounts counts, saved;

  if (!sentient_handover_restore (directory, bytes, &counts, &error))
    {
      g_assert_true (error->domain == SENTIENT_ERROR);
      g_assert_cmpuint (sentient_directory_get_n_nodes (directory), ==, 0);
      return 0;
    }
  again = sentient_handover_save (directory, &saved);
  g_assert_cmpuint (saved.sessions, ==, counts.sessions);
  g_assert_cmpuint (saved.memberships, ==, counts.memberships);
  g_assert_cmpuint (saved.messages, ==, counts.messages);
  sentient_directory_cleanup (directory);
  return 0;
}
