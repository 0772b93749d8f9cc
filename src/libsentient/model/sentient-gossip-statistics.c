/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-gossip-statistics.h"

G_DEFINE_BOXED_TYPE (SentientGossipStatistics,
                     sentient_gossip_statistics,
                     sentient_gossip_statistics_copy,
                     sentient_gossip_statistics_free)

/**
 * sentient_gossip_statistics_copy:
 * @statistics: what was counted
 *
 * Returns: (transfer full): the same numbers, to be freed with sentient_gossip_statistics_free()
 *
 * Since: 0.1
 */
SentientGossipStatistics *
sentient_gossip_statistics_copy (const SentientGossipStatistics *statistics)
{
  g_return_val_if_fail (statistics != NULL, NULL);

  return g_memdup2 (statistics, sizeof *statistics);
}

/**
 * sentient_gossip_statistics_free:
 * @statistics: (nullable) (transfer full): what was counted
 *
 * Since: 0.1
 */
void
sentient_gossip_statistics_free (SentientGossipStatistics *statistics)
{
  g_free (statistics);
}
