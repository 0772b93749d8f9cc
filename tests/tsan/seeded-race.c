/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-mailbox.h"
#include "core/sentient-race.h"

#include <stdlib.h>
#include <string.h>

/* What ThreadSanitizer is to tell apart: each way through once with a race in it and once without.
 * All of it runs below GLib's frames, as the library does, so that a suppression that names GLib
 * too widely would hide the races and be found out. */

typedef struct
{
  GMutex lock;
  gboolean locks;
  guint n_started; /* atomic */
  guint count;
} Counter;

#define N_COUNTERS 2

static gpointer
add_up (gpointer data)
{
  Counter *counter = data;

  /* All are there before one of them counts: what follows is in no order, whoever is faster. */
  g_atomic_int_inc (&counter->n_started);
  while (g_atomic_int_get (&counter->n_started) < N_COUNTERS)
    g_thread_yield ();
  for (guint i = 0; i < 1000; i++)
    {
      if (counter->locks)
        sentient_race_lock (&counter->lock);
      counter->count++;
      if (counter->locks)
        sentient_race_unlock (&counter->lock);
    }
  return NULL;
}

static void
run_counter (gboolean locks)
{
  Counter counter = { .locks = locks };
  GThread *threads[N_COUNTERS];

  g_mutex_init (&counter.lock);
  for (guint i = 0; i < N_COUNTERS; i++)
    threads[i] = g_thread_new ("counter", add_up, &counter);
  for (guint i = 0; i < N_COUNTERS; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&counter.lock);
}

typedef struct
{
  SentientMailbox *mailbox;
  gboolean holds_on; /* the sender touches what it has posted already */
  guint n_received;
} Post;

typedef struct
{
  guint number;
} Item;

static gpointer
post_one (gpointer data)
{
  Post *post = data;
  Item *item = g_new0 (Item, 1);

  item->number = 1;
  sentient_mailbox_post (post->mailbox, item);
  if (post->holds_on)
    item->number = 2;
  return NULL;
}

static void
receive (gpointer item, gpointer user_data)
{
  Post *post = user_data;

  post->n_received += ((Item *)item)->number > 0;
}

static void
run_mailbox (gboolean holds_on)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Post post = { .holds_on = holds_on };
  GThread *thread;

  post.mailbox = sentient_mailbox_new (context, "seeded-race", receive, &post, NULL);
  thread = g_thread_new ("sender", post_one, &post);
  while (post.n_received == 0)
    g_main_context_iteration (context, TRUE);
  g_thread_join (thread);
  sentient_mailbox_close (post.mailbox);
  sentient_mailbox_unref (post.mailbox);
}

int
main (int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";

  if (strcmp (what, "locked") == 0 || strcmp (what, "unlocked") == 0)
    run_counter (strcmp (what, "locked") == 0);
  else if (strcmp (what, "posted") == 0 || strcmp (what, "posted-and-kept") == 0)
    run_mailbox (strcmp (what, "posted-and-kept") == 0);
  else
    {
      g_printerr ("usage: seeded-race locked|unlocked|posted|posted-and-kept\n");
      return 2;
    }
  return EXIT_SUCCESS;
}
