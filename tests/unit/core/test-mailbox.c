/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-mailbox.h"

#define N_THREADS 4
#define POSTS_EACH 5000

typedef struct
{
  SentientMailbox *mailbox;
  GThread *owner;
  guint n_received;
  guint last[N_THREADS];
  guint close_at; /* 0: never */
} Receiver;

typedef struct
{
  guint thread;
  guint number;
} Item;

static guint n_items; /* alive; atomic */

static Item *
item_new (guint thread, guint number)
{
  Item *item = g_new (Item, 1);

  item->thread = thread;
  item->number = number;
  g_atomic_int_inc (&n_items);
  return item;
}

static void
item_free (gpointer item)
{
  (void)g_atomic_int_dec_and_test (&n_items);
  g_free (item);
}

static void
receive (gpointer data, gpointer user_data)
{
  Receiver *receiver = user_data;
  Item *item = data;

  g_assert_true (g_thread_self () == receiver->owner);
  g_assert_cmpuint (item->number, ==, receiver->last[item->thread] + 1);
  receiver->last[item->thread] = item->number;
  receiver->n_received++;
  item_free (item);
  if (receiver->n_received == receiver->close_at)
    sentient_mailbox_close (receiver->mailbox);
}

typedef struct
{
  SentientMailbox *mailbox;
  guint thread;
} Sender;

static gpointer
send_all (gpointer data)
{
  Sender *sender = data;

  for (guint i = 1; i <= POSTS_EACH; i++)
    sentient_mailbox_post (sender->mailbox, item_new (sender->thread, i));
  sentient_mailbox_unref (sender->mailbox);
  return NULL;
}

static gboolean
on_watchdog (gpointer data)
{
  g_error ("the watchdog bites: items are missing");
  return G_SOURCE_REMOVE;
}

static void
run (guint close_at)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Receiver receiver = { .owner = g_thread_self (), .close_at = close_at };
  Sender senders[N_THREADS];
  GThread *threads[N_THREADS];
  guint wanted = close_at != 0 ? close_at : N_THREADS * POSTS_EACH;
  guint watchdog = g_timeout_add_seconds (30, on_watchdog, NULL);

  receiver.mailbox = sentient_mailbox_new (context, "test", receive, &receiver, item_free);
  for (guint i = 0; i < N_THREADS; i++)
    {
      senders[i] = (Sender){ sentient_mailbox_ref (receiver.mailbox), i };
      threads[i] = g_thread_new ("sender", send_all, &senders[i]);
    }
  while (receiver.n_received < wanted)
    g_main_context_iteration (context, TRUE);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  sentient_mailbox_close (receiver.mailbox);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (receiver.n_received, ==, wanted);
  g_assert_false (sentient_mailbox_post (receiver.mailbox, item_new (0, 0)));
  sentient_mailbox_unref (receiver.mailbox);
  g_assert_cmpuint (g_atomic_int_get (&n_items), ==, 0);
  g_source_remove (watchdog);
}

static void
test_order (void)
{
  run (0);
}

static void
test_close_within (void)
{
  run (10);
}

/* Many items do not keep other sources of the loop waiting. */
static gboolean
on_other_source (gpointer data)
{
  *(guint *)data += 1;
  return G_SOURCE_CONTINUE;
}

static void
test_fair (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) other = g_idle_source_new ();
  Receiver receiver = { .owner = g_thread_self () };
  guint n_other = 0;

  receiver.mailbox = sentient_mailbox_new (context, "test", receive, &receiver, item_free);
  g_source_set_priority (other, G_PRIORITY_DEFAULT);
  g_source_set_callback (other, on_other_source, &n_other, NULL);
  g_source_attach (other, context);
  for (guint i = 1; i <= 1024; i++)
    sentient_mailbox_post (receiver.mailbox, item_new (0, i));
  while (receiver.n_received < 1024)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (n_other, >=, 3);

  g_source_destroy (other);
  sentient_mailbox_close (receiver.mailbox);
  sentient_mailbox_unref (receiver.mailbox);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mailbox/order", test_order);
  g_test_add_func ("/mailbox/close-within", test_close_within);
  g_test_add_func ("/mailbox/fair", test_fair);
  return g_test_run ();
}
