/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer-helpers.h"

G_BEGIN_DECLS

/* A room of many peers in one process, with loopback links and short times. */
#define MESH_WAIT_MS 400
#define MESH_SETTLE_MS 100
#define MESH_GRACE_MS 300

typedef struct
{
  TestPeer *test;
  SentientPeer *peer;
  char *id;
  GHashTable *last; /* origin → the number that came last */
  guint n_heard;
  guint n_broadcasts; /* that came with their room */
  guint n_sent;
} MeshNode;

typedef struct
{
  FakeCoordinator *coordinator;
  GPtrArray *nodes;         /* MeshNode */
  guint connect_timeout_ms; /* of those who come */
} MeshRoom;

/* n nodes join one after the other: node-0, node-1 ... */
void mesh_room_init (MeshRoom *self, guint n);
void mesh_room_clear (MeshRoom *self);
/* What guests (guest-...) say and hear may have gaps; else all of an origin must come, each once
 * and in order. */
MeshNode *mesh_room_add (MeshRoom *self, const char *id);
/* The same, but it does not know the framing. */
MeshNode *mesh_room_add_plain (MeshRoom *self, const char *id);
void mesh_room_remove (MeshRoom *self, MeshNode *node);
MeshNode *mesh_room_get (MeshRoom *self, guint i);

/* All are connected to their neighbours, and (exact) to nobody else. */
gboolean mesh_room_stands (MeshRoom *self, gboolean exact);
/* Each at least so much. */
gboolean mesh_room_heard (MeshRoom *self, guint n);
/* All that was counted. */
SentientGossipStatistics mesh_room_sum (MeshRoom *self);
/* Tells it, and that nothing was lost. */
void mesh_room_check_statistics (MeshRoom *self);

/* Broadcasts its next number. Returns to how many it went. */
guint mesh_node_say (MeshNode *self);
guint mesh_node_count_connections (MeshNode *self);

G_END_DECLS
