/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include "core/sentient-types.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_GOSSIP_STATISTICS (sentient_gossip_statistics_get_type ())

/**
 * SentientGossipStatistics:
 * @sent: broadcasts of this node
 * @delivered: broadcasts of other nodes that the application got
 * @received: parts of broadcasts that came from neighbours; a broadcast of up to 32 KiB is one part
 * @relayed: parts that were new and were passed on
 * @duplicates: parts that came more than once, or after they were given up
 * @refused: parts that were of no use: of a room, an origin or a neighbour that is not known here,
 *   over the size limit, no valid text, or too many to be kept
 * @limited: parts that a neighbour sent over its rate, dropped unread
 * @dropped: parts that a neighbour did not get from us because it takes too slowly what it gets
 * @lost: parts that did not come in time, so that what came after them went on without
 * @hops: links that the broadcasts in @delivered had come over, all together
 * @max_hops: the most links of one of them
 *
 * What a node counts of broadcasts that are passed on from member to member.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 sent;
  guint64 delivered;
  guint64 received;
  guint64 relayed;
  guint64 duplicates;
  guint64 refused;
  guint64 limited;
  guint64 dropped;
  guint64 lost;
  guint64 hops;
  guint max_hops;
} SentientGossipStatistics;

SENTIENT_API
GType sentient_gossip_statistics_get_type (void);
SENTIENT_API
SentientGossipStatistics *
sentient_gossip_statistics_copy (const SentientGossipStatistics *statistics);
SENTIENT_API
void sentient_gossip_statistics_free (SentientGossipStatistics *statistics);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientGossipStatistics, sentient_gossip_statistics_free)

G_END_DECLS
