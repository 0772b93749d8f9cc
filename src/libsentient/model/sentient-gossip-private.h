/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/sentient-gossip.h"

G_BEGIN_DECLS

/* sentient-gossip.c: rooms, members, what is new. sentient-gossip-order.c: in what order the parts
 * of one origin become messages. */

/* One life of an origin in a room: what it sent under one epoch. */
typedef struct
{
  SentientGossip *gossip;
  const char *room; /* unowned: the origin has it */
  const char *origin;
  guint64 epoch;
  guint64 next;    /* sequence whose turn it is; 0: not known yet */
  GQueue held;     /* Part: those after it, by sequence */
  gsize held_size; /* bytes of them */
  gint64 used;     /* ms: when the last one came */
  gboolean waits;  /* it is in the gossip's list */
  GList link;      /* there */

  /* The broadcast that came in part. */
  GByteArray *partial; /* NULL: none */
  guint32 total;
  gboolean is_text;
} SentientGossipLife;

struct _SentientGossip
{
  SentientClock *clock;
  char *node_id;
  guint hops;
  gsize size;
  GHashTable *rooms; /* name → Room */
  GQueue early;      /* Early */
  gsize early_size;
  GQueue waiting; /* links of lives with something held or partial */
  gsize held;     /* bytes of all of it */
  GQueue events;  /* SentientGossipEvent */
  SentientGossipStatistics statistics;
};

/* sentient-gossip-order.c */
/* The names must outlive it. from_start: nothing can have been sent before what comes. */
SentientGossipLife *sentient_gossip_life_new (SentientGossip *gossip,
                                              const char *room,
                                              const char *origin,
                                              guint64 epoch,
                                              gboolean from_start);
void sentient_gossip_life_free (SentientGossipLife *self);
/* FALSE: it was seen before. data: what message was parsed of. */
gboolean sentient_gossip_life_take (SentientGossipLife *self,
                                    GBytes *data,
                                    const SentientGossipMessage *message);
/* Those that have waited long enough go on. Returns ms until the next one will have; -1: never. */
gint64 sentient_gossip_check_lives (SentientGossip *self);

G_END_DECLS
