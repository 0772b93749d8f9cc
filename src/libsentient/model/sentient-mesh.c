/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-mesh.h"

#include <string.h>

#define DIGEST_LEN 32
#define FURTHER_RINGS 4
#define STAND_INS_SEEN 3

typedef struct
{
  char *node_id;
  gboolean is_plain;
  guint8 *places; /* a digest a ring; NULL: not known yet */
  guint index;    /* among the relays, while the graph is known */
} Member;

/* A member's place in a ring. */
typedef struct
{
  guint64 head; /* of the digest: it mostly tells already */
  const guint8 *digest;
  const Member *member;
} Place;

struct _SentientMesh
{
  char *room;
  guint limit;
  guint n_rings;
  GHashTable *members; /* node id → Member */
  guint n_plain;

  /* The graph of those who pass on; NULL: it is not known. */
  GPtrArray *relays;
  guint *edges;   /* 2 * n_rings a relay */
  guint *n_edges; /* of each */
};

static void
member_free (gpointer data)
{
  Member *member = data;

  g_free (member->node_id);
  g_free (member->places);
  g_free (member);
}

static void
clear_graph (SentientMesh *self)
{
  g_clear_pointer (&self->relays, g_ptr_array_unref);
  g_clear_pointer (&self->edges, g_free);
  g_clear_pointer (&self->n_edges, g_free);
}

static guint
rings_of (guint degree)
{
  return (CLAMP (degree, 2, SENTIENT_MESH_DEGREE_MAX) + 1) / 2;
}

SentientMesh *
sentient_mesh_new (const char *room, guint limit, guint degree)
{
  SentientMesh *self = g_new0 (SentientMesh, 1);

  self->room = g_strdup (room);
  self->limit = limit;
  self->n_rings = rings_of (degree);
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, member_free);
  return self;
}

void
sentient_mesh_free (SentientMesh *self)
{
  clear_graph (self);
  g_hash_table_unref (self->members);
  g_free (self->room);
  g_free (self);
}

gboolean
sentient_mesh_set_limits (SentientMesh *self, guint limit, guint degree)
{
  guint n_rings = rings_of (degree);
  GHashTableIter iter;
  gpointer member;

  if (self->limit == limit && self->n_rings == n_rings)
    return FALSE;
  self->limit = limit;
  clear_graph (self);
  if (self->n_rings == n_rings)
    return TRUE;
  self->n_rings = n_rings;
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    g_clear_pointer (&((Member *)member)->places, g_free);
  return TRUE;
}

/* Members */

gboolean
sentient_mesh_add (SentientMesh *self, const char *node_id, gboolean is_plain)
{
  Member *member = g_hash_table_lookup (self->members, node_id);

  is_plain = !!is_plain;
  if (member != NULL && member->is_plain == is_plain)
    return FALSE;
  if (member == NULL)
    {
      member = g_new0 (Member, 1);
      member->node_id = g_strdup (node_id);
      g_hash_table_insert (self->members, member->node_id, member);
    }
  else
    self->n_plain -= member->is_plain;
  member->is_plain = is_plain;
  self->n_plain += is_plain;
  clear_graph (self);
  return TRUE;
}

gboolean
sentient_mesh_remove (SentientMesh *self, const char *node_id)
{
  Member *member = g_hash_table_lookup (self->members, node_id);

  if (member == NULL)
    return FALSE;
  self->n_plain -= member->is_plain;
  clear_graph (self);
  return g_hash_table_remove (self->members, node_id);
}

gboolean
sentient_mesh_contains (SentientMesh *self, const char *node_id)
{
  return g_hash_table_contains (self->members, node_id);
}

gboolean
sentient_mesh_passes_on (SentientMesh *self, const char *node_id)
{
  const Member *member = g_hash_table_lookup (self->members, node_id);

  return member != NULL && !member->is_plain;
}

guint
sentient_mesh_get_n_members (SentientMesh *self)
{
  return g_hash_table_size (self->members);
}

gboolean
sentient_mesh_is_full (SentientMesh *self)
{
  return g_hash_table_size (self->members) - self->n_plain
         <= MAX (self->limit, 2 * self->n_rings + 1);
}

/* The graph */

/* order: between the room and the id, with the line feeds around it. */
static void
digest_place_in (SentientMesh *self,
                 GChecksum *checksum,
                 const char *order,
                 const char *id,
                 guint8 *digest)
{
  gsize len = DIGEST_LEN;

  g_checksum_reset (checksum);
  g_checksum_update (checksum, (const guchar *)self->room, -1);
  g_checksum_update (checksum, (const guchar *)order, -1);
  g_checksum_update (checksum, (const guchar *)id, -1);
  g_checksum_get_digest (checksum, digest, &len);
}

static void
digest_place (SentientMesh *self, GChecksum *checksum, guint ring, const char *id, guint8 *digest)
{
  char order[16];

  g_snprintf (order, sizeof order, "\n%u\n", ring);
  digest_place_in (self, checksum, order, id, digest);
}

static void
find_places (SentientMesh *self, GChecksum *checksum, Member *member)
{
  if (member->places != NULL)
    return;
  member->places = g_malloc (self->n_rings * DIGEST_LEN);
  for (guint ring = 0; ring < self->n_rings; ring++)
    digest_place (self, checksum, ring, member->node_id, member->places + ring * DIGEST_LEN);
}

static void
set_place (Place *place, const Member *member, const guint8 *digest)
{
  guint64 head;

  memcpy (&head, digest, sizeof head);
  place->head = GUINT64_FROM_BE (head);
  place->digest = digest;
  place->member = member;
}

static gint
compare_places (gconstpointer left, gconstpointer right, gpointer unused)
{
  const Place *a = left, *b = right;
  gint order;

  if (a->head != b->head)
    return a->head < b->head ? -1 : 1;
  order = memcmp (a->digest, b->digest, DIGEST_LEN);
  return order != 0 ? order : strcmp (a->member->node_id, b->member->node_id);
}

static gboolean
has_edge (SentientMesh *self, guint from, guint to)
{
  const guint *edges = self->edges + (gsize)from * 2 * self->n_rings;

  for (guint i = 0; i < self->n_edges[from]; i++)
    {
      if (edges[i] == to)
        return TRUE;
    }
  return FALSE;
}

static gboolean
lacks_edges (SentientMesh *self, guint index)
{
  return self->n_edges[index] < 2 * self->n_rings;
}

static void
add_edge (SentientMesh *self, guint a, guint b)
{
  if (a == b || !lacks_edges (self, a) || !lacks_edges (self, b) || has_edge (self, a, b))
    return;
  self->edges[(gsize)a * 2 * self->n_rings + self->n_edges[a]++] = b;
  self->edges[(gsize)b * 2 * self->n_rings + self->n_edges[b]++] = a;
}

static void
lay_ring (SentientMesh *self, Place *places, guint n)
{
  g_qsort_with_data (places, (gint)n, sizeof *places, compare_places, NULL);
  for (guint i = 0; i < n; i++)
    add_edge (self, places[i].member->index, places[(i + 1) % n].member->index);
}

/* Through those who lack edges. */
static void
lay_further_ring (SentientMesh *self, GChecksum *checksum, guint ring, Place *places)
{
  guint n = 0;
  g_autofree guint8 *digests = NULL;

  for (guint i = 0; i < self->relays->len; i++)
    n += lacks_edges (self, i);
  if (n < 2)
    return;
  digests = g_malloc ((gsize)n * DIGEST_LEN);
  n = 0;
  for (guint i = 0; i < self->relays->len; i++)
    {
      const Member *member = self->relays->pdata[i];
      guint8 *digest = digests + (gsize)n * DIGEST_LEN;

      if (!lacks_edges (self, i))
        continue;
      digest_place (self, checksum, ring, member->node_id, digest);
      set_place (&places[n++], member, digest);
    }
  lay_ring (self, places, n);
}

static void
find_graph (SentientMesh *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree Place *places = NULL;
  GHashTableIter iter;
  gpointer value;
  guint n;

  if (self->relays != NULL)
    return;
  self->relays = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Member *member = value;

      if (member->is_plain)
        continue;
      find_places (self, checksum, member);
      member->index = self->relays->len;
      g_ptr_array_add (self->relays, member);
    }
  n = self->relays->len;
  self->edges = g_new (guint, (gsize)n * 2 * self->n_rings);
  self->n_edges = g_new0 (guint, n);
  places = g_new (Place, n);
  for (guint ring = 0; ring < self->n_rings; ring++)
    {
      for (guint i = 0; i < n; i++)
        {
          const Member *member = self->relays->pdata[i];

          set_place (&places[i], member, member->places + ring * DIGEST_LEN);
        }
      lay_ring (self, places, n);
    }
  for (guint i = 0; i < FURTHER_RINGS; i++)
    lay_further_ring (self, checksum, self->n_rings + i, places);
}

/* All of them, in an order that is the member's own: so those who lack neighbours do not all go to
 * the same few. digests: room for as many. */
static void
order_relays (SentientMesh *self, const Member *own, Place *places, guint8 *digests)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *order = g_strdup_printf ("\n%s\n", own->node_id);

  for (guint i = 0; i < self->relays->len; i++)
    {
      const Member *member = self->relays->pdata[i];
      guint8 *digest = digests + (gsize)i * DIGEST_LEN;

      digest_place_in (self, checksum, order, member->node_id, digest);
      set_place (&places[i], member, digest);
    }
  g_qsort_with_data (places, (gint)self->relays->len, sizeof *places, compare_places, NULL);
}

static guint
count_lacking (SentientMesh *self, const Member *own, GHashTable *unreachable)
{
  guint n = 0;

  for (guint i = 0; i < self->n_edges[own->index]; i++)
    {
      guint other = self->edges[(gsize)own->index * 2 * self->n_rings + i];

      n += g_hash_table_contains (unreachable, ((Member *)self->relays->pdata[other])->node_id);
    }
  return n;
}

static void
add_stand_ins (SentientMesh *self,
               const Member *own,
               GHashTable *unreachable,
               guint n_wanted,
               GPtrArray *list)
{
  guint n = self->relays->len, n_seen = 0;
  g_autofree Place *places = g_new (Place, n);
  g_autofree guint8 *digests = g_malloc ((gsize)n * DIGEST_LEN);

  order_relays (self, own, places, digests);
  for (guint i = 0; i < n && n_seen < STAND_INS_SEEN * 2 * self->n_rings && list->len < n_wanted;
       i++)
    {
      const Member *member = places[i].member;

      if (member == own || has_edge (self, own->index, member->index))
        continue;
      n_seen++;
      if (!g_hash_table_contains (unreachable, member->node_id))
        g_ptr_array_add (list, member->node_id);
    }
}

GPtrArray *
sentient_mesh_list_stand_ins (SentientMesh *self, const char *node_id, GHashTable *unreachable)
{
  const Member *own = g_hash_table_lookup (self->members, node_id);
  GPtrArray *list = g_ptr_array_new ();
  guint n_lacking;

  if (own == NULL || own->is_plain || g_hash_table_size (unreachable) == 0
      || sentient_mesh_is_full (self))
    return list;
  find_graph (self);
  n_lacking = count_lacking (self, own, unreachable);
  if (n_lacking > 0)
    add_stand_ins (self, own, unreachable, n_lacking, list);
  return list;
}

static void
add_all (SentientMesh *self, const Member *own, gboolean plain_only, GPtrArray *list)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Member *member = value;

      if (member != own && (member->is_plain || !plain_only))
        g_ptr_array_add (list, member->node_id);
    }
}

GPtrArray *
sentient_mesh_list_neighbours (SentientMesh *self, const char *node_id)
{
  const Member *own = g_hash_table_lookup (self->members, node_id);
  GPtrArray *list = g_ptr_array_new ();

  if (own == NULL)
    return list;
  if (own->is_plain || sentient_mesh_is_full (self))
    {
      add_all (self, own, FALSE, list);
      return list;
    }
  if (self->n_plain > 0)
    add_all (self, own, TRUE, list);
  find_graph (self);
  for (guint i = 0; i < self->n_edges[own->index]; i++)
    {
      guint other = self->edges[(gsize)own->index * 2 * self->n_rings + i];

      g_ptr_array_add (list, ((Member *)self->relays->pdata[other])->node_id);
    }
  return list;
}
