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
  return g_test_run ();
}
