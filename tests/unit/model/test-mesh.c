/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-mesh.h"

#include <string.h>

/* The graph as a set of "a b", a before b; every edge must be seen from both ends. */
static GHashTable *
list_edges (SentientMesh *mesh, GPtrArray *ids)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTable *edges = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < ids->len; i++)
    {
      const char *id = ids->pdata[i];
      g_autoptr (GPtrArray) neighbours = sentient_mesh_list_neighbours (mesh, id);

      for (guint j = 0; j < neighbours->len; j++)
        {
          const char *other = neighbours->pdata[j];
          gboolean first = strcmp (id, other) < 0;

          g_assert_cmpstr (id, !=, other);
          g_assert_true (g_hash_table_add (seen, g_strdup_printf ("%s>%s", id, other)));
          g_hash_table_add (edges,
                            g_strdup_printf ("%s %s", first ? id : other, first ? other : id));
        }
    }
  g_assert_cmpuint (g_hash_table_size (seen), ==, 2 * g_hash_table_size (edges));
  return edges;
}

static GPtrArray *
make_ids (SentientMesh *mesh, const char *prefix, guint n)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (ids, g_strdup_printf ("%s%u", prefix, i));
      g_assert_true (sentient_mesh_add (mesh, ids->pdata[i], FALSE));
    }
  return ids;
}

/* How far the farthest is; fails if one cannot be reached. */
static guint
find_distance (SentientMesh *mesh, const char *from)
{
  g_autoptr (GHashTable) distances = g_hash_table_new (g_str_hash, g_str_equal);
  GQueue queue = G_QUEUE_INIT;
  guint farthest = 0;
  const char *id;

  g_hash_table_insert (distances, (gpointer)from, GUINT_TO_POINTER (0));
  g_queue_push_tail (&queue, (gpointer)from);
  while ((id = g_queue_pop_head (&queue)) != NULL)
    {
      guint distance = GPOINTER_TO_UINT (g_hash_table_lookup (distances, id));
      g_autoptr (GPtrArray) neighbours = sentient_mesh_list_neighbours (mesh, id);

      farthest = MAX (farthest, distance);
      for (guint i = 0; i < neighbours->len; i++)
        {
          if (g_hash_table_contains (distances, neighbours->pdata[i]))
            continue;
          g_hash_table_insert (distances, neighbours->pdata[i], GUINT_TO_POINTER (distance + 1));
          g_queue_push_tail (&queue, neighbours->pdata[i]);
        }
    }
  g_assert_cmpuint (g_hash_table_size (distances), ==, sentient_mesh_get_n_members (mesh));
  return farthest;
}

static void
test_full (void)
{
  g_autoptr (SentientMesh) mesh = sentient_mesh_new ("lab", 8, 6);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "n", 8);
  g_autoptr (GHashTable) edges = NULL;
  g_autoptr (GHashTable) more = NULL;
  g_autoptr (GPtrArray) nobody = sentient_mesh_list_neighbours (mesh, "stranger");

  g_assert_cmpuint (nobody->len, ==, 0);
  g_assert_true (sentient_mesh_is_full (mesh));
  edges = list_edges (mesh, ids);
  g_assert_cmpuint (g_hash_table_size (edges), ==, 8 * 7 / 2);
  g_ptr_array_add (ids, g_strdup ("ninth"));
  g_assert_true (sentient_mesh_add (mesh, "ninth", FALSE));
  g_assert_false (sentient_mesh_add (mesh, "ninth", FALSE));
  g_assert_false (sentient_mesh_is_full (mesh));
  more = list_edges (mesh, ids);
  g_assert_cmpuint (g_hash_table_size (more), <=, 9 * 6 / 2);
  g_assert_true (sentient_mesh_remove (mesh, "ninth"));
  g_assert_false (sentient_mesh_remove (mesh, "ninth"));
  g_assert_true (sentient_mesh_is_full (mesh));
  sentient_mesh_set_limits (mesh, 2, 4);
  g_assert_false (sentient_mesh_is_full (mesh));
  /* Nobody can have more neighbours than there are. */
  sentient_mesh_set_limits (mesh, 2, 7);
  g_assert_true (sentient_mesh_is_full (mesh));
}

/* The orders of nine members in two rings, as sha256sum (1) tells them:
 * printf 'lab\n0\nn0' | sha256sum */
static void
test_order (void)
{
  static const char *const rings[2][9] = {
    { "n5", "n6", "n2", "n4", "n3", "n8", "n0", "n1", "n7" },
    { "n7", "n6", "n3", "n5", "n1", "n2", "n8", "n0", "n4" },
  };
  g_autoptr (SentientMesh) mesh = sentient_mesh_new ("lab", 2, 4);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "n", 9);

  for (guint ring = 0; ring < 2; ring++)
    {
      for (guint i = 0; i < 9; i++)
        {
          g_autoptr (GPtrArray) neighbours = sentient_mesh_list_neighbours (mesh, rings[ring][i]);

          g_assert_true (g_ptr_array_find_with_equal_func (neighbours, rings[ring][(i + 1) % 9],
                                                           g_str_equal, NULL));
          g_assert_true (g_ptr_array_find_with_equal_func (neighbours, rings[ring][(i + 8) % 9],
                                                           g_str_equal, NULL));
        }
    }
}

static void
check_sizes (guint degree)
{
  static const guint sizes[] = { 9, 10, 11, 12, 15, 20, 33, 40, 64, 100, 333, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *room = g_strdup_printf ("room-%u", i);
      g_autoptr (SentientMesh) mesh = sentient_mesh_new (room, 8, degree);
      g_autoptr (GPtrArray) ids = make_ids (mesh, "node-", sizes[i]);
      g_autoptr (GHashTable) edges = list_edges (mesh, ids);
      guint n_short = 0;

      for (guint j = 0; j < ids->len; j++)
        {
          g_autoptr (GPtrArray) neighbours = sentient_mesh_list_neighbours (mesh, ids->pdata[j]);

          if (!sentient_mesh_is_full (mesh))
            {
              g_assert_cmpuint (neighbours->len, >=, 2);
              g_assert_cmpuint (neighbours->len, <=, degree);
              n_short += neighbours->len < degree;
            }
        }
      g_test_message ("%u members, degree %u: %u edges, %u have fewer neighbours, %u steps",
                      ids->len, degree, g_hash_table_size (edges), n_short,
                      find_distance (mesh, ids->pdata[0]));
      if (ids->len >= 20)
        g_assert_cmpuint (n_short * 10, <=, ids->len);
    }
}

static void
test_sizes (void)
{
  check_sizes (4);
  check_sizes (6);
  check_sizes (10);
}

/* The same whatever the order in which one got to know the others. */
static void
test_agreement (void)
{
  g_autoptr (SentientMesh) mesh = sentient_mesh_new ("lab", 8, 6);
  g_autoptr (SentientMesh) other = sentient_mesh_new ("lab", 8, 6);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "n", 50);
  g_autoptr (GHashTable) edges = list_edges (mesh, ids);
  g_autoptr (GHashTable) others = NULL;
  GHashTableIter iter;
  gpointer edge;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *passing = g_strdup_printf ("passing-%u", i);

      sentient_mesh_add (other, passing, i % 2 == 0);
    }
  for (guint i = ids->len; i > 0; i--)
    sentient_mesh_add (other, ids->pdata[i - 1], i % 3 == 0);
  g_ptr_array_unref (sentient_mesh_list_neighbours (other, "n0"));
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *passing = g_strdup_printf ("passing-%u", i);

      g_assert_true (sentient_mesh_remove (other, passing));
    }
  for (guint i = 0; i < ids->len; i++)
    sentient_mesh_add (other, ids->pdata[i], FALSE);
  others = list_edges (other, ids);
  g_assert_cmpuint (g_hash_table_size (others), ==, g_hash_table_size (edges));
  g_hash_table_iter_init (&iter, edges);
  while (g_hash_table_iter_next (&iter, &edge, NULL))
    g_assert_true (g_hash_table_contains (others, edge));
}

static guint
count_changes (GHashTable *before, GHashTable *after)
{
  guint n = 0;
  GHashTableIter iter;
  gpointer edge;

  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &edge, NULL))
    n += !g_hash_table_contains (after, edge);
  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &edge, NULL))
    n += !g_hash_table_contains (before, edge);
  return n;
}

/* Three rings: three edges go and six come with a member; what is filled up moves a little. */
static void
test_changes (void)
{
  static const guint sizes[] = { 20, 100, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (SentientMesh) mesh = sentient_mesh_new ("lab", 8, 6);
      g_autoptr (GPtrArray) ids = make_ids (mesh, "n", sizes[i]);
      guint sum = 0, most = 0;

      for (guint j = 0; j < 30; j++)
        {
          g_autoptr (GHashTable) before = list_edges (mesh, ids);
          g_autoptr (GHashTable) after = NULL;
          guint n;

          if (j % 3 == 2) /* one leaves */
            {
              g_assert_true (sentient_mesh_remove (mesh, ids->pdata[j]));
              g_ptr_array_remove_index (ids, j);
            }
          else
            {
              g_ptr_array_add (ids, g_strdup_printf ("comer-%u", j));
              sentient_mesh_add (mesh, ids->pdata[ids->len - 1], FALSE);
            }
          after = list_edges (mesh, ids);
          n = count_changes (before, after);
          sum += n;
          most = MAX (most, n);
        }
      g_test_message ("%u members: a change moves %.1f edges, at most %u", sizes[i], sum / 30.0,
                      most);
      g_assert_cmpuint (sum, <=, 30 * 16);
      g_assert_cmpuint (most, <=, 40);
    }
}

static void
test_diameter (void)
{
  g_autoptr (SentientMesh) mesh = sentient_mesh_new ("global", 8, 6);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "node-", 1000);
  guint diameter = 0;

  for (guint i = 0; i < ids->len; i++)
    diameter = MAX (diameter, find_distance (mesh, ids->pdata[i]));
  g_test_message ("1000 members are at most %u steps from each other", diameter);
  g_assert_cmpuint (diameter, <=, 8);
}

/* They are everybody's neighbours, and the others stand as if they were not there. */
static void
test_plain (void)
{
  g_autoptr (SentientMesh) mesh = sentient_mesh_new ("lab", 8, 6);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "n", 40);
  g_autoptr (GHashTable) before = list_edges (mesh, ids);
  g_autoptr (GHashTable) after = NULL;
  g_autoptr (GPtrArray) of_plain = NULL;

  sentient_mesh_add (mesh, "browser", TRUE);
  sentient_mesh_add (mesh, "legacy", TRUE);
  g_assert_false (sentient_mesh_passes_on (mesh, "browser"));
  g_assert_false (sentient_mesh_passes_on (mesh, "nobody"));
  g_assert_true (sentient_mesh_passes_on (mesh, "n0"));
  of_plain = sentient_mesh_list_neighbours (mesh, "browser");
  g_assert_cmpuint (of_plain->len, ==, 41);
  g_ptr_array_add (ids, g_strdup ("browser"));
  g_ptr_array_add (ids, g_strdup ("legacy"));
  after = list_edges (mesh, ids);
  g_assert_cmpuint (count_changes (before, after), ==, 2 * 40 + 1);

  /* The limit is for those who pass on. */
  for (guint i = 8; i < 40; i++)
    sentient_mesh_remove (mesh, ids->pdata[i]);
  g_assert_true (sentient_mesh_is_full (mesh));
  g_assert_cmpuint (sentient_mesh_get_n_members (mesh), ==, 10);
  g_assert_true (sentient_mesh_add (mesh, "legacy", FALSE));
  g_assert_false (sentient_mesh_is_full (mesh));
  g_assert_true (sentient_mesh_contains (mesh, "legacy"));
}

/* Members that cannot reach each other */

static gboolean
is_in (GPtrArray *list, const char *id)
{
  return g_ptr_array_find_with_equal_func (list, id, g_str_equal, NULL);
}

/* The rule, on a room in which one member reaches fewer and fewer. */
static void
test_stand_ins (void)
{
  g_autoptr (SentientMesh) mesh = sentient_mesh_new ("lab", 8, 6);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "n", 40);
  g_autoptr (GPtrArray) neighbours = sentient_mesh_list_neighbours (mesh, "n0");
  g_autoptr (GHashTable) unreachable = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_tried = 0;

  sentient_mesh_add (mesh, "browser", TRUE);
  for (;;)
    {
      g_autoptr (GPtrArray) list = sentient_mesh_list_stand_ins (mesh, "n0", unreachable);
      guint n_lacking = MIN (n_tried, neighbours->len);

      for (guint i = 0; i < list->len; i++)
        {
          g_assert_false (is_in (neighbours, list->pdata[i]));
          g_assert_false (g_hash_table_contains (unreachable, list->pdata[i]));
          g_assert_cmpstr (list->pdata[i], !=, "n0");
          g_assert_cmpstr (list->pdata[i], !=, "browser");
        }
      g_assert_cmpuint (list->len, <=, n_lacking);
      if (n_tried <= neighbours->len)
        g_assert_cmpuint (list->len, ==, n_lacking);
      else if (list->len == 0)
        break; /* there are others, but that is enough */
      g_hash_table_add (unreachable,
                        n_tried < neighbours->len ? neighbours->pdata[n_tried] : list->pdata[0]);
      n_tried++;
    }
  g_assert_cmpuint (n_tried, ==, neighbours->len + 3 * 6);
}

/* Those who are not asked for, or need none. */
static void
test_no_stand_ins (void)
{
  g_autoptr (SentientMesh) mesh = sentient_mesh_new ("lab", 8, 6);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "n", 8);
  g_autoptr (GHashTable) unreachable = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) of_full = NULL;
  g_autoptr (GPtrArray) of_plain = NULL;
  g_autoptr (GPtrArray) of_stranger = NULL;
  g_autoptr (GPtrArray) for_others = NULL;
  g_autoptr (GPtrArray) neighbours = NULL;

  g_hash_table_add (unreachable, (gpointer) "n3");
  of_full = sentient_mesh_list_stand_ins (mesh, "n0", unreachable);
  g_assert_cmpuint (of_full->len, ==, 0); /* all are neighbours already */
  sentient_mesh_add (mesh, "browser", TRUE);
  for (guint i = 8; i < 40; i++)
    {
      g_autofree char *id = g_strdup_printf ("n%u", i);

      sentient_mesh_add (mesh, id, FALSE);
    }
  of_plain = sentient_mesh_list_stand_ins (mesh, "browser", unreachable);
  of_stranger = sentient_mesh_list_stand_ins (mesh, "stranger", unreachable);
  g_assert_cmpuint (of_plain->len + of_stranger->len, ==, 0);
  neighbours = sentient_mesh_list_neighbours (mesh, "n0");
  g_hash_table_remove_all (unreachable);
  for (guint i = 1; i < 40; i++)
    {
      g_autofree char *id = g_strdup_printf ("n%u", i);

      if (!is_in (neighbours, id))
        g_hash_table_add (unreachable, ids->pdata[i % 8]);
    }
  for (guint i = 0; i < 8; i++)
    if (is_in (neighbours, ids->pdata[i]))
      g_hash_table_remove (unreachable, ids->pdata[i]);
  for_others = sentient_mesh_list_stand_ins (mesh, "n0", unreachable);
  g_assert_cmpuint (for_others->len, ==, 0);
}

/* A room as NAT would have it. */
typedef struct
{
  SentientMesh *mesh;
  GPtrArray *ids;
  GHashTable *hard; /* ids: no two of them can reach each other */
  GHashTable *out;  /* id → GPtrArray of ids: connections */
} NatRoom;

static void
connect_both (NatRoom *room, const char *one, const char *other)
{
  GPtrArray *of_one = g_hash_table_lookup (room->out, one);

  if (is_in (of_one, other))
    return;
  g_ptr_array_add (of_one, (gpointer)other);
  g_ptr_array_add (g_hash_table_lookup (room->out, other), (gpointer)one);
}

/* Each finds out whom it does not reach, until it has tried all that it may. */
static void
connect_member (NatRoom *room, const char *id, gboolean with_stand_ins)
{
  g_autoptr (GPtrArray) neighbours = sentient_mesh_list_neighbours (room->mesh, id);
  g_autoptr (GHashTable) unreachable = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean is_hard = g_hash_table_contains (room->hard, id), is_stable = FALSE;

  for (guint i = 0; i < neighbours->len; i++)
    {
      if (is_hard && g_hash_table_contains (room->hard, neighbours->pdata[i]))
        g_hash_table_add (unreachable, neighbours->pdata[i]);
      else
        connect_both (room, id, neighbours->pdata[i]);
    }
  while (with_stand_ins && !is_stable)
    {
      g_autoptr (GPtrArray) list = sentient_mesh_list_stand_ins (room->mesh, id, unreachable);

      is_stable = TRUE;
      for (guint i = 0; i < list->len; i++)
        {
          if (is_hard && g_hash_table_contains (room->hard, list->pdata[i]))
            is_stable = !g_hash_table_add (unreachable, list->pdata[i]) && is_stable;
          else if (is_stable && i + 1 == list->len)
            for (guint j = 0; j < list->len; j++)
              connect_both (room, id, list->pdata[j]);
        }
    }
}

/* How far the farthest is from the first; G_MAXUINT: somebody cannot be reached. */
static guint
measure_room (NatRoom *room)
{
  g_autoptr (GHashTable) distances = g_hash_table_new (g_str_hash, g_str_equal);
  GQueue queue = G_QUEUE_INIT;
  guint farthest = 0;
  const char *id;

  g_hash_table_insert (distances, room->ids->pdata[0], GUINT_TO_POINTER (0));
  g_queue_push_tail (&queue, room->ids->pdata[0]);
  while ((id = g_queue_pop_head (&queue)) != NULL)
    {
      GPtrArray *others = g_hash_table_lookup (room->out, id);
      guint distance = GPOINTER_TO_UINT (g_hash_table_lookup (distances, id));

      farthest = MAX (farthest, distance);
      for (guint i = 0; i < others->len; i++)
        {
          if (g_hash_table_contains (distances, others->pdata[i]))
            continue;
          g_hash_table_insert (distances, others->pdata[i], GUINT_TO_POINTER (distance + 1));
          g_queue_push_tail (&queue, others->pdata[i]);
        }
    }
  return g_hash_table_size (distances) == room->ids->len ? farthest : G_MAXUINT;
}

static guint
count_most (NatRoom *room)
{
  guint most = 0;

  for (guint i = 0; i < room->ids->len; i++)
    most = MAX (most, ((GPtrArray *)g_hash_table_lookup (room->out, room->ids->pdata[i]))->len);
  return most;
}

/* Half of the members are behind such a NAT. */
static guint
measure_half (GRand *rand, guint n, gboolean with_stand_ins, guint *most)
{
  g_autofree char *name = g_strdup_printf ("room-%u", g_rand_int (rand));
  g_autoptr (SentientMesh) mesh = sentient_mesh_new (name, 8, 6);
  g_autoptr (GPtrArray) ids = make_ids (mesh, "n", n);
  g_autoptr (GHashTable) hard = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) out
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
  NatRoom room = { mesh, ids, hard, out };
  guint farthest;

  for (guint i = 0; i < n; i++)
    {
      g_hash_table_insert (out, ids->pdata[i], g_ptr_array_new ());
      if (g_rand_boolean (rand))
        g_hash_table_add (hard, ids->pdata[i]);
    }
  for (guint i = 0; i < n; i++)
    connect_member (&room, ids->pdata[i], with_stand_ins);
  farthest = measure_room (&room);
  *most = MAX (*most, count_most (&room));
  return farthest;
}

/* Without, some stay alone in every second room of a hundred; with them nobody does, and nobody has
 * to bear many more. */
static void
test_half_hard (void)
{
  static const guint sizes[] = { 12, 20, 40, 100, 300 };
  const guint n_rooms = 40, seed = 20240229;
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint n_torn = 0, n_torn_without = 0, farthest = 0, most = 0, most_without = 0;

      for (guint j = 0; j < n_rooms; j++)
        {
          guint with = measure_half (rand, sizes[i], TRUE, &most);

          n_torn += with == G_MAXUINT;
          farthest = MAX (farthest, with);
          n_torn_without += measure_half (rand, sizes[i], FALSE, &most_without) == G_MAXUINT;
        }
      g_test_message (
          "%u members, half of them hard to reach, seed %u: of %u rooms %u are torn, %u "
          "without stand-ins; at most %u steps and %u connections (%u without)",
          sizes[i], seed, n_rooms, n_torn, n_torn_without, farthest, most, most_without);
      g_assert_cmpuint (n_torn, ==, 0);
      g_assert_cmpuint (farthest, <=, 12); /* SENTIENT_GOSSIP_HOPS is 16 */
      g_assert_cmpuint (most, <=, 4 * 6);
      if (sizes[i] >= 100)
        g_assert_cmpuint (n_torn_without, >, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mesh/full", test_full);
  g_test_add_func ("/mesh/order", test_order);
  g_test_add_func ("/mesh/sizes", test_sizes);
  g_test_add_func ("/mesh/agreement", test_agreement);
  g_test_add_func ("/mesh/changes", test_changes);
  g_test_add_func ("/mesh/diameter", test_diameter);
  g_test_add_func ("/mesh/plain", test_plain);
  g_test_add_func ("/mesh/stand-ins", test_stand_ins);
  g_test_add_func ("/mesh/stand-ins/none", test_no_stand_ins);
  g_test_add_func ("/mesh/stand-ins/half-hard", test_half_hard);
  return g_test_run ();
}
