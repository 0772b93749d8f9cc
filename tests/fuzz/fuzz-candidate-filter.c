/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "core/sentient-error.h"
#include "protocol/sentient-candidate-filter.h"

/* The first line is a filter, its words apart by blanks; each other line a candidate. One that
 * tells no address behind it passes like the same with it. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_auto (GStrv) words = g_strsplit (lines[0] != NULL ? lines[0] : "", " ", -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientCandidateFilter) filter
      = sentient_candidate_filter_new ((const char *const *)words, &error);

  g_assert_true ((filter == NULL) == (error != NULL));
  if (filter == NULL)
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      g_autofree char *bare = sentient_candidate_dup_without_related (lines[i]);
      SentientCandidate candidate, without;
      gboolean valid = sentient_candidate_parse (&candidate, lines[i]);

      g_assert_true (sentient_candidate_parse (&without, bare) == valid);
      if (filter != NULL && valid)
        g_assert_true (sentient_candidate_filter_passes (filter, &candidate)
                       == sentient_candidate_filter_passes (filter, &without));
    }
  return 0;
}
