/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pairs of SentientPeers are made, connected, heard and freed 200 times: file descriptors, threads
 * and memory do not grow. */

#include "peer-fixture.h"

#include <string.h>

#define PAIRS 8       /* at a time: most of a cycle is waiting */
#define CYCLES 208    /* in all, after the warm-up */
#define WARM_UP 4     /* rounds of all pairs */
#define FRESH_EVERY 2 /* rounds; in the others the same peers reconnect */

/* With no connection: ours, GLib's, GStreamer's and what GLib's pools keep for later. One
 * connection has 9 threads, a round 144. */
#define THREADS_IDLE 30

/* A leaked connection is about 1 MiB, 9 threads and 9 fds; 100 kB lost in each cycle would be 20
 * MiB. What malloc's arenas keep of 150 threads at work is below this. */
#define GROWTH_KIB (10 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define MEASURE_MEMORY FALSE /* the quarantine grows; LeakSanitizer looks for what is lost */
#else
#define MEASURE_MEMORY TRUE
#endif

static guint
count_entries (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  guint n = 0;

  g_assert_no_error (error);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gint64
get_rss_kib (void)
{
  g_autofree char *status = NULL;
  g_autoptr (GError) error = NULL;
  const char *at;

  g_file_get_contents ("/proc/self/status", &status, NULL, &error);
  g_assert_no_error (error);
  at = strstr (status, "VmRSS:");
  g_assert_nonnull (at);
  return g_ascii_strtoll (at + strlen ("VmRSS:"), NULL, 10);
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* The kernel tells nobody when a thread ends, so it is looked at again every few milliseconds. */
static void
await_entries (const char *path, guint wanted)
{
  guint tick = g_timeout_add (10, on_tick, NULL);

  test_await (30, count_entries (path) <= wanted);
  g_source_remove (tick);
}

typedef struct
{
  TestPeer *a, *b;
} Pair;

static Pair pairs[PAIRS];

static void
pair_make (Pair *pair, guint number, TestCoordinator *coordinator)
{
  g_autofree char *a = g_strdup_printf ("a%u", number);
  g_autofree char *b = g_strdup_printf ("b%u", number);

  pair->a = test_peer_new (a, TRUE);
  pair->b = test_peer_new (b, TRUE);
  test_peer_enter (pair->a, coordinator, "cycles");
  test_peer_enter (pair->b, coordinator, "cycles");
}

static void
pair_disconnect (Pair *pair, gboolean by_a)
{
  TestPeer *from = by_a ? pair->a : pair->b;
  TestPeer *to = by_a ? pair->b : pair->a;

  sentient_peer_disconnect_peer_async (from->peer, sentient_peer_get_node_id (to->peer), NULL, NULL,
                                       NULL);
}

static gboolean
all_open (void)
{
  for (guint i = 0; i < PAIRS; i++)
    if (pairs[i].a->n_connected == pairs[i].a->n_disconnected
        || pairs[i].b->n_connected == pairs[i].b->n_disconnected)
      return FALSE;
  return TRUE;
}

static gboolean
all_closed (void)
{
  for (guint i = 0; i < PAIRS; i++)
    if (pairs[i].a->n_connected != pairs[i].a->n_disconnected
        || pairs[i].b->n_connected != pairs[i].b->n_disconnected)
      return FALSE;
  return TRUE;
}

/* Every pair connects, hears one another and disconnects; now and then all are freed. */
static void
run_round (TestCoordinator *coordinator, guint round)
{
  for (guint i = 0; i < PAIRS; i++)
    {
      if (pairs[i].a == NULL)
        pair_make (&pairs[i], i, coordinator);
      sentient_peer_connect_peer_async (pairs[i].a->peer,
                                        sentient_peer_get_node_id (pairs[i].b->peer), NULL, NULL,
                                        NULL);
    }
  test_await (120, all_open ());
  for (guint i = 0; i < PAIRS; i++)
    {
      g_ptr_array_set_size (pairs[i].a->heard, 0);
      g_ptr_array_set_size (pairs[i].b->heard, 0);
      test_peer_send (pairs[i].a, pairs[i].b, "there");
      test_peer_send (pairs[i].b, pairs[i].a, "and back");
    }
  for (guint i = 0; i < PAIRS; i++)
    {
      test_peer_await_heard (pairs[i].a, 1);
      test_peer_await_heard (pairs[i].b, 1);
      if (round % FRESH_EVERY == 0)
        sentient_peer_close_async (pairs[i].a->peer, NULL, NULL, NULL);
      else
        pair_disconnect (&pairs[i], (round + i) % 2 == 0);
    }
  test_await (120, all_closed ());
  for (guint i = 0; round % FRESH_EVERY == 0 && i < PAIRS; i++)
    {
      g_clear_pointer (&pairs[i].a, test_peer_free);
      g_clear_pointer (&pairs[i].b, test_peer_free);
    }
}

static void
test_cycles (void)
{
  TestCoordinator *coordinator = test_coordinator_new ();
  guint fds, threads;
  gint64 rss, grown;

  for (guint i = 1; i <= WARM_UP; i++)
    run_round (coordinator, i);
  await_entries ("/proc/self/task", THREADS_IDLE);
  fds = count_entries ("/proc/self/fd");
  threads = count_entries ("/proc/self/task");
  rss = get_rss_kib ();

  for (guint i = 1; i <= CYCLES / PAIRS; i++)
    run_round (coordinator, i);
  for (guint i = 0; i < PAIRS; i++)
    g_assert_null (pairs[i].a);
  grown = get_rss_kib () - rss;
  g_test_message ("fds %u to %u, threads %u to %u, memory %+" G_GINT64_FORMAT " KiB", fds,
                  count_entries ("/proc/self/fd"), threads, count_entries ("/proc/self/task"),
                  grown);

  await_entries ("/proc/self/fd", fds + 2);
  await_entries ("/proc/self/task", THREADS_IDLE);
  if (MEASURE_MEMORY)
    g_assert_cmpint (grown, <=, GROWTH_KIB);

  test_coordinator_free (coordinator);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cycles/200", test_cycles);
  return g_test_run ();
}
