/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Who in a room connects to whom: the same answer for everybody who knows the same members. No I/O.
 *
 * Members that pass broadcasts on (they say so in their capabilities) are all neighbours of each
 * other up to a limit. Beyond it each has about as many neighbours as the degree says, however
 * large the room: half as many rings are laid through all of them, each in an order of its own, and
 * who stands next to each other in a ring are neighbours. The place of a member in a ring is the
 * SHA-256 of these lines, without a line feed at the end, compared byte by byte:
 *
 *     room LF ring LF node id          the ring is a decimal number, from 0
 *
 * So a member that comes or goes changes nothing but the edges at its place in each ring. Where two
 * rings lay the same edge, both its ends lack one: those who lack some are laid in further rings
 * (the numbers go on), whose edges are taken, from the first member on, where both ends lack one
 * still and are no neighbours yet; four of them at most. So nobody has more neighbours than the
 * degree, and in a large room hardly anybody fewer.
 *
 * Plain members do not pass on what they get, take a broadcast from its origin alone and suppress
 * no duplicates. So each of them is the neighbour of everybody, as it would be in a room of plain
 * ones alone; they stand in no ring, and do not count for the limit. */
typedef struct _SentientMesh SentientMesh;

#define SENTIENT_MESH_LIMIT 8
#define SENTIENT_MESH_DEGREE 6
#define SENTIENT_MESH_DEGREE_MAX 32

/* limit: members that are neighbours all of them; degree: see above, an odd one counts as the next
 * above. */
SentientMesh *sentient_mesh_new (const char *room, guint limit, guint degree);
void sentient_mesh_free (SentientMesh *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientMesh, sentient_mesh_free)

/* FALSE: they are the same as before. */
gboolean sentient_mesh_set_limits (SentientMesh *self, guint limit, guint degree);

/* We are a member, too. FALSE: it was there, as plain or not as before. */
gboolean sentient_mesh_add (SentientMesh *self, const char *node_id, gboolean is_plain);
gboolean sentient_mesh_remove (SentientMesh *self, const char *node_id);
gboolean sentient_mesh_contains (SentientMesh *self, const char *node_id);
/* A member that passes on. */
gboolean sentient_mesh_passes_on (SentientMesh *self, const char *node_id);
guint sentient_mesh_get_n_members (SentientMesh *self);

/* Whether all are neighbours of all. */
gboolean sentient_mesh_is_full (SentientMesh *self);
/* (element-type utf8): node ids, good until a member is removed. Of nobody who is no member. */
GPtrArray *sentient_mesh_list_neighbours (SentientMesh *self, const char *node_id);
/* (element-type utf8): who stands in for neighbours of a member that it cannot reach, as two nodes
 * behind certain kinds of NAT cannot. unreachable: the ids of all whom it knows to be so. Each
 * member finds its own, and the others need not agree: one who wants a connection is enough.
 *
 * They are the first in an order of the member's own, as in a ring that has its id for a number,
 * without its neighbours, plain members and the unreachable: as many as it lacks neighbours, so at
 * most the degree. Only the first 3 * degree are looked at: who cannot reach any of them is let
 * be. */
GPtrArray *
sentient_mesh_list_stand_ins (SentientMesh *self, const char *node_id, GHashTable *unreachable);

G_END_DECLS
