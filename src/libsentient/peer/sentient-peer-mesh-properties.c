/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-mesh-private.h"

#include "core/sentient-rate-limiter.h"

/* Far from those that sentient-peer.c counts. */
typedef enum
{
  PROP_MESH_LIMIT = 1000,
  PROP_MESH_DEGREE,
  PROP_GOSSIP_HOPS,
  PROP_GOSSIP_MAX_SIZE,
  PROP_GOSSIP_RATE,
} SentientPeerMeshProperty;

void
sentient_peer_mesh_install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientPeer:mesh-limit:
   *
   * How many members of a room are all connected to each other, this node counted. In a larger room
   * each connects to some, see #SentientPeer:mesh-degree, and broadcasts are passed on from member
   * to member. Members that do not pass them on do not count: everybody connects to those. The
   * same at all nodes of a room, or those with the larger number make connections in vain.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MESH_LIMIT,
                                   g_param_spec_uint ("mesh-limit", NULL, NULL, 2, 4096,
                                                      SENTIENT_MESH_LIMIT, flags));

  /**
   * SentientPeer:mesh-degree:
   *
   * To how many members each connects in a room that is larger than #SentientPeer:mesh-limit; an
   * odd number counts as the next above. The same at all nodes of a room.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MESH_DEGREE,
                                   g_param_spec_uint ("mesh-degree", NULL, NULL, 2,
                                                      SENTIENT_MESH_DEGREE_MAX,
                                                      SENTIENT_MESH_DEGREE, flags));

  /**
   * SentientPeer:gossip-hops:
   *
   * Over how many connections a broadcast may have come and still be passed on.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_GOSSIP_HOPS,
                                   g_param_spec_uint ("gossip-hops", NULL, NULL, 1, 254,
                                                      SENTIENT_GOSSIP_HOPS, flags));

  /**
   * SentientPeer:gossip-max-size:
   *
   * Bytes of one broadcast that is passed on, sent or received. Larger ones are refused, and
   * dropped.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_GOSSIP_MAX_SIZE,
                                   g_param_spec_uint ("gossip-max-size", NULL, NULL, 1,
                                                      SENTIENT_GOSSIP_TOTAL_MAX,
                                                      SENTIENT_GOSSIP_SIZE, flags));

  /**
   * SentientPeer:gossip-rate:
   *
   * How many parts of broadcasts (of 32 KiB at most) a second are taken from one neighbour, twice
   * as many at once; 0: any number. What is more is dropped unread.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_GOSSIP_RATE,
                                   g_param_spec_uint ("gossip-rate", NULL, NULL, 0,
                                                      SENTIENT_RATE_BURST_MAX / 2,
                                                      SENTIENT_PEER_GOSSIP_RATE, flags));
}

/* NULL: it is not one of ours. */
static guint *
find_field (SentientPeerMesh *self, guint prop_id)
{
  switch ((SentientPeerMeshProperty)prop_id)
    {
    case PROP_MESH_LIMIT:
      return &self->limit;
    case PROP_MESH_DEGREE:
      return &self->degree;
    case PROP_GOSSIP_HOPS:
      return &self->hops;
    case PROP_GOSSIP_MAX_SIZE:
      return &self->size;
    case PROP_GOSSIP_RATE:
      return &self->rate;
    default:
      return NULL;
    }
}

gboolean
sentient_peer_mesh_get_property (SentientPeer *peer, guint prop_id, GValue *value)
{
  const guint *field = find_field (peer->mesh, prop_id);

  if (field == NULL)
    return FALSE;
  g_value_set_uint (value, *field);
  return TRUE;
}

gboolean
sentient_peer_mesh_set_property (SentientPeer *peer,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  guint *field = find_field (peer->mesh, prop_id);

  if (field == NULL)
    return FALSE;
  if (*field == g_value_get_uint (value))
    return TRUE;
  *field = g_value_get_uint (value);
  sentient_gossip_set_limits (sentient_peer_gossip_get_model (peer->gossip), peer->mesh->hops,
                              peer->mesh->size);
  sentient_peer_mesh_touch (peer);
  g_object_notify_by_pspec (G_OBJECT (peer), pspec);
  return TRUE;
}
