/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-peer-mesh.h"
#include "peer/sentient-peer-private.h"

G_BEGIN_DECLS

/* A neighbour. */
typedef struct
{
  gint64 due;          /* ms: when we offer, if it has not */
  gboolean is_settled; /* it was connected, or tried */
} SentientPeerWish;

/* A room as the mesh sees it. */
typedef struct
{
  char *name;
  SentientMesh *mesh;
  GHashTable *members;    /* node id → Member */
  GHashTable *neighbours; /* node ids */
  GHashTable *stand_ins;  /* likewise: for those of them that cannot be reached */
  guint generation;
  gboolean is_new;  /* we have just joined it */
  gboolean is_told; /* that its neighbours are others */
} SentientMeshRoom;

struct _SentientPeerMesh
{
  SentientPeer *peer; /* it owns us */
  guint limit;
  guint degree;
  guint hops;
  guint size;
  guint rate;
  guint wait_ms;
  guint settle_ms;
  guint grace_ms;
  GHashTable *rooms;  /* name → SentientMeshRoom */
  GHashTable *wanted; /* node id → SentientPeerWish: the neighbours in any room, and
                         who stands in for them */
  GHashTable *asked;  /* node ids: whom an application connected to */
  GHashTable *edges;  /* node id → Edge: what is open */
  gboolean is_over;   /* the peer is being disposed of */
  gboolean is_dirty;  /* the rooms are not as we know them */
  gint64 due;         /* ms: when the timer runs */
  GSource *timer;     /* NULL: there is nothing to be done */
};

/* A look at everything, in so many ms at the latest. */
void sentient_peer_mesh_schedule (SentientPeerMesh *self, gint64 ms);

/* sentient-peer-mesh-edges.c */
GHashTable *sentient_peer_mesh_edges_new (void);
void sentient_peer_mesh_check_edges (SentientPeerMesh *self);

G_END_DECLS
