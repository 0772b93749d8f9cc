/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What it takes to find one's neighbours among 4096 members: all of them new, after one more came,
 * and to ask again. CPU time, the best of several runs. */

#include <time.h>

#include "model/sentient-mesh.h"

#define RUNS 9
#define MEMBERS 4096

static double
cpu_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
time_neighbours (SentientMesh *mesh, double *best)
{
  double start = cpu_us ();
  g_autoptr (GPtrArray) neighbours = sentient_mesh_list_neighbours (mesh, "node-0");
  double took = cpu_us () - start;

  g_assert_cmpuint (neighbours->len, >=, 5);
  *best = MIN (*best, took);
}

int
main (void)
{
  double best[3] = { G_MAXDOUBLE, G_MAXDOUBLE, G_MAXDOUBLE };

  for (guint run = 0; run < RUNS; run++)
    {
      g_autoptr (SentientMesh) mesh
          = sentient_mesh_new ("global", SENTIENT_MESH_LIMIT, SENTIENT_MESH_DEGREE);

      for (guint i = 0; i < MEMBERS; i++)
        {
          g_autofree char *id = g_strdup_printf ("node-%u", i);

          sentient_mesh_add (mesh, id, FALSE);
        }
      time_neighbours (mesh, &best[0]);
      sentient_mesh_add (mesh, "one-more", FALSE);
      time_neighbours (mesh, &best[1]);
      time_neighbours (mesh, &best[2]);
    }
  g_print ("neighbours among %d members: %.0f us when all are new, %.0f us after one more came, "
           "%.2f us asked again\n",
           MEMBERS, best[0], best[1], best[2]);
  return 0;
}
