/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-clock.h"
#include "model/sentient-gossip-message.h"
#include "model/sentient-gossip-statistics.h"

G_BEGIN_DECLS

/* Broadcasts that members pass on to their neighbours: which are new, to whom they go, in what
 * order the application gets them. No I/O and no timers: messages go in and come out, time comes
 * from a clock.
 *
 * - A broadcast counts as seen by room, origin, epoch and sequence. Since an origin counts its
 *   parts, it takes one number to know all that were seen, and those above it that wait.
 * - What is new is passed on at once, unless it has come over as many links as the limit says. What
 *   is seen again is dropped.
 * - The application gets the broadcasts of one origin in a room in the order in which they were
 *   sent, whatever way they took. One that overtook others waits for them, but not for ever: then
 *   it is told how many parts did not come, and if they come after all they are dropped.
 * - Of a member that was in the room before us it is not known what it sent before. Its first one
 *   waits for a moment for those that it may have overtaken.
 * - Both the neighbour and the origin must be members of the room, or have been a minute ago. A
 *   broadcast may be faster than what the coordinator tells of its origin: then it is kept for a
 *   few seconds.
 * - An origin that is started anew draws another epoch. So that who invents epochs pushes nobody
 *   out, only one that was not used for a while makes place for another.
 *
 * Whether a broadcast is from the origin that it names nobody can tell but its neighbours: any
 * member of a room can speak for any other, as long as there are no signatures. */
typedef struct _SentientGossip SentientGossip;

#define SENTIENT_GOSSIP_HOPS 16
#define SENTIENT_GOSSIP_SIZE (1024 * 1024)
#define SENTIENT_GOSSIP_REORDER_MS 3000
/* Of all that waits, for its turn or for its last part; and what one origin may have of it, besides
 * one broadcast of the largest size. */
#define SENTIENT_GOSSIP_HELD_MAX (32 * 1024 * 1024)
#define SENTIENT_GOSSIP_ORIGIN_HELD_MAX (1024 * 1024)
#define SENTIENT_GOSSIP_ORIGIN_PARTS_MAX 1024
/* What is kept of origins, or from neighbours, that are no members yet. */
#define SENTIENT_GOSSIP_EARLY_MAX 256
#define SENTIENT_GOSSIP_EARLY_BYTES (512 * 1024)
#define SENTIENT_GOSSIP_EARLY_MS 5000
#define SENTIENT_GOSSIP_GONE_MS 60000
#define SENTIENT_GOSSIP_GONE_MAX 1024

typedef enum
{
  SENTIENT_GOSSIP_IS_NEW, /* pass it on, if there is what to pass on */
  SENTIENT_GOSSIP_WAS_SEEN,
  SENTIENT_GOSSIP_IS_EARLY,   /* kept: see take_early () */
  SENTIENT_GOSSIP_IS_FOREIGN, /* of no room, origin or neighbour that is known here */
} SentientGossipVerdict;

typedef enum
{
  SENTIENT_GOSSIP_EVENT_MESSAGE,
  SENTIENT_GOSSIP_EVENT_LOST,
} SentientGossipEventKind;

typedef struct
{
  SentientGossipEventKind kind;
  char *room;
  char *origin;
  GBytes *data; /* of a message, and is_text */
  gboolean is_text;
  guint64 n_lost; /* parts that did not come in time */
} SentientGossipEvent;

void sentient_gossip_event_free (SentientGossipEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientGossipEvent, sentient_gossip_event_free)

SentientGossip *sentient_gossip_new (SentientClock *clock, const char *node_id);
void sentient_gossip_free (SentientGossip *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientGossip, sentient_gossip_free)

/* hops: links that a broadcast may take; size: bytes of one, either way. */
void sentient_gossip_set_limits (SentientGossip *self, guint hops, gsize size);

void sentient_gossip_add_room (SentientGossip *self, const char *room);
void sentient_gossip_remove_room (SentientGossip *self, const char *room);
/* was_there: before us. */
void sentient_gossip_add_member (SentientGossip *self,
                                 const char *room,
                                 const char *node_id,
                                 gboolean was_there);
void sentient_gossip_remove_member (SentientGossip *self, const char *room, const char *node_id);

/* Our broadcast, as (element-type GBytes) service messages for each neighbour; it gets its numbers.
 * Errors: UNKNOWN_ROOM, PAYLOAD_TOO_LARGE, BAD_REQUEST (text
 * that is not UTF-8 or holds a NUL). */
GPtrArray *sentient_gossip_broadcast (SentientGossip *self,
                                      const char *room,
                                      GBytes *data,
                                      gboolean is_text,
                                      GError **error);
/* message: what was parsed of data, a part that came from a neighbour. *passed (may be NULL
 * afterwards): what is to go to all neighbours in its room but that one and the origin. */
SentientGossipVerdict sentient_gossip_receive (SentientGossip *self,
                                               const char *from,
                                               GBytes *data,
                                               const SentientGossipMessage *message,
                                               GBytes **passed);
/* One that was early and is not any more; *from is its neighbour. */
GBytes *sentient_gossip_take_early (SentientGossip *self, char **from);

/* What is for the application; NULL: nothing now. */
SentientGossipEvent *sentient_gossip_take_event (SentientGossip *self);
/* When to ask for events next though nothing came, in ms from now; -1: never. */
gint64 sentient_gossip_get_timeout (SentientGossip *self);

/* What it counted; others may count there, too. */
SentientGossipStatistics *sentient_gossip_get_statistics (SentientGossip *self);
/* Bytes of all that waits. */
gsize sentient_gossip_get_held (SentientGossip *self);

G_END_DECLS
