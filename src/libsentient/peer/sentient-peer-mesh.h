/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/sentient-gossip.h"
#include "model/sentient-mesh.h"
#include "peer/sentient-peer.h"

G_BEGIN_DECLS

/* sentient-peer-mesh.c: whom a peer connects to by itself, and which connections it needs no more.
 * sentient-peer-mesh-edges.c: the latter. sentient-peer-gossip.c: broadcasts over what is
 * connected. sentient-peer-mesh-properties.c: the limits of it all. */
typedef struct _SentientPeerMesh SentientPeerMesh;
typedef struct _SentientPeerGossip SentientPeerGossip;

/* How long who is to offer first is waited for; how long the news of who is there are let settle
 * before we offer; how long a connection is kept that nobody needs. */
#define SENTIENT_PEER_MESH_WAIT_MS 3000
#define SENTIENT_PEER_MESH_SETTLE_MS 1000
#define SENTIENT_PEER_MESH_GRACE_MS 10000
/* Parts a second from one neighbour. */
#define SENTIENT_PEER_GOSSIP_RATE 10000

SentientPeerMesh *sentient_peer_mesh_new (SentientPeer *peer);
/* At dispose of the peer. */
void sentient_peer_mesh_stop (SentientPeerMesh *self);
void sentient_peer_mesh_free (SentientPeerMesh *self);
/* For tests. */
void
sentient_peer_mesh_set_times (SentientPeer *peer, guint wait_ms, guint settle_ms, guint grace_ms);

/* Something is not as it was: it is looked at soon. */
void sentient_peer_mesh_touch (SentientPeer *peer);
/* Now, but for what runs foreign code. */
void sentient_peer_mesh_sync (SentientPeer *peer);
/* We joined that room, maybe again: the newcomer offers. */
void sentient_peer_mesh_greet (SentientPeer *peer, const char *room);
/* Whether there is to be a connection to that node. */
gboolean sentient_peer_mesh_wants (SentientPeer *peer, const char *node_id);
/* It left: should it come again, it is a neighbour like any other newcomer. */
void sentient_peer_mesh_forget (SentientPeer *peer, const char *node_id);
/* An application does, or no more. */
void sentient_peer_mesh_ask (SentientPeer *peer, const char *node_id, gboolean asked);
gboolean sentient_peer_mesh_is_neighbour (SentientPeer *peer, const char *node_id);
/* Whether the node, as a member of the room, passes broadcasts on, and so do we. */
gboolean sentient_peer_mesh_passes_on (SentientPeer *peer, const char *room, const char *node_id);
/* Whether nobody is there who has to be reached by way of others. */
gboolean sentient_peer_mesh_reaches_all (SentientPeer *peer, SentientRoom *room);
/* What the other end said. */
void sentient_peer_mesh_handle_need (SentientPeer *peer, const char *node_id, gboolean is_needed);

/* For class_init; the others are FALSE if the property is another one. */
void sentient_peer_mesh_install_properties (GObjectClass *klass);
gboolean sentient_peer_mesh_get_property (SentientPeer *peer, guint prop_id, GValue *value);
gboolean sentient_peer_mesh_set_property (SentientPeer *peer,
                                          guint prop_id,
                                          const GValue *value,
                                          GParamSpec *pspec);

SentientPeerGossip *sentient_peer_gossip_new (SentientPeer *peer);
void sentient_peer_gossip_stop (SentientPeerGossip *self);
void sentient_peer_gossip_free (SentientPeerGossip *self);
SentientGossip *sentient_peer_gossip_get_model (SentientPeerGossip *self);
/* FALSE: it broke the rules. Errors: PROTOCOL. */
gboolean sentient_peer_gossip_receive (SentientPeer *peer,
                                       SentientConnection *connection,
                                       GBytes *data,
                                       GError **error);
/* What came before its origin was known may be welcome now. Runs foreign code. */
void sentient_peer_gossip_members_changed (SentientPeer *peer);
/* There may be room for what waits for that node. */
void sentient_peer_gossip_serve (SentientPeer *peer, SentientConnection *connection);
/* To all who pass on; *n_sent: to how many it went. Errors: those of a broadcast. */
gboolean sentient_peer_gossip_broadcast (SentientPeer *peer,
                                         SentientRoom *room,
                                         GBytes *data,
                                         gboolean is_text,
                                         guint *n_sent,
                                         GError **error);

G_END_DECLS
