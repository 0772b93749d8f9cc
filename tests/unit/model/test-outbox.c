/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/sentient-outbox.h"

static SentientMessage *
new_signal_message (guint payload_len)
{
  g_autofree char *filler = g_strnfill (payload_len, 'x');
  g_autofree char *payload = g_strdup_printf ("{\"sdp\":\"%s\"}", filler);
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientSignal) signal
      = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "a", "b", "r", payload, &error);

  g_assert_no_error (error);
  return sentient_message_new_signal (signal);
}

static SentientMessage *
new_event (void)
{
  return sentient_message_new_peer_left ("r", "c", SENTIENT_LEAVE_REASON_LEFT, 1);
}

static SentientOutboxLimits limits;

static void
push (SentientOutbox *outbox, SentientMessage *message)
{
  g_assert_true (sentient_outbox_push (outbox, &limits, message, NULL, 0));
  sentient_message_unref (message);
}

/* The number of what is sent next; 0: nothing waits. */
static guint64
next_seq (SentientOutbox *outbox)
{
  const SentientOutboxItem *item = sentient_outbox_next (outbox);

  return item != NULL ? item->seq : 0;
}

static void
send_next (SentientOutbox *outbox, guint64 expected, guint64 end)
{
  g_assert_cmpuint (next_seq (outbox), ==, expected);
  sentient_outbox_mark_sent (outbox, end);
}

/* How many there were. */
static guint
flush_until (SentientOutbox *outbox, guint64 end)
{
  guint n = 0;

  while (sentient_outbox_flush_next (outbox, end) != NULL)
    n++;
  return n;
}

static void
test_order (void)
{
  SentientOutbox outbox = { 0 };

  g_assert_null (sentient_outbox_next (&outbox));
  for (guint i = 1; i <= 10; i++)
    push (&outbox, new_signal_message (10));
  g_assert_cmpuint (outbox.last_seq, ==, 0); /* numbers are given when something is sent */
  for (guint i = 1; i <= 5; i++)
    send_next (&outbox, i, i * 100);

  /* What was delivered is gone; what was only sent waits again when the transport is lost. */
  g_assert_cmpuint (flush_until (&outbox, 399), ==, 3);
  g_assert_cmpuint (flush_until (&outbox, 399), ==, 0);
  sentient_outbox_drop_flushed (&outbox);
  g_assert_cmpuint (outbox.n_items, ==, 7);
  sentient_outbox_rewind (&outbox);
  g_assert_cmpuint (next_seq (&outbox), ==, 4);

  /* Nothing that is not sent is ever dropped by a mark. */
  g_assert_cmpuint (flush_until (&outbox, G_MAXUINT64), ==, 0);
  sentient_outbox_drop_flushed (&outbox);
  g_assert_cmpuint (outbox.n_items, ==, 7);

  for (guint i = 4; i <= 10; i++)
    send_next (&outbox, i, i);
  g_assert_cmpuint (flush_until (&outbox, 10), ==, 7);
  sentient_outbox_drop_flushed (&outbox);
  g_assert_cmpuint (outbox.n_items, ==, 0);
  g_assert_cmpuint (outbox.bytes, ==, 0);
  push (&outbox, new_signal_message (10));
  g_assert_cmpuint (next_seq (&outbox), ==, 11);
  sentient_outbox_clear (&outbox);
  g_assert_null (outbox.items);
}

/* A v1 client's items stay until it acknowledges them, whatever the kernel took. */
static void
test_acked (void)
{
  SentientOutbox outbox = { 0 };

  for (guint i = 0; i < 6; i++)
    push (&outbox, new_signal_message (10));
  for (guint i = 1; i <= 4; i++)
    send_next (&outbox, i, i * 100);
  g_assert_cmpuint (flush_until (&outbox, 250), ==, 2);
  sentient_outbox_drop_acked (&outbox, 1);
  g_assert_cmpuint (outbox.n_items, ==, 5);
  g_assert_cmpuint (flush_until (&outbox, 300), ==, 1);

  /* A new transport sends what is left under the old numbers; what it acknowledged before it was
   * sent again is gone all the same, and what has no number is not touched. */
  sentient_outbox_rewind (&outbox);
  sentient_outbox_drop_acked (&outbox, 3);
  send_next (&outbox, 4, 1);
  send_next (&outbox, 5, 2);
  sentient_outbox_drop_acked (&outbox, G_MAXUINT64);
  g_assert_cmpuint (outbox.n_items, ==, 1);
  send_next (&outbox, 6, 3);
  sentient_outbox_drop_acked (&outbox, 6);
  g_assert_cmpuint (outbox.n_items, ==, 0);
  g_assert_cmpuint (outbox.n_flushed, ==, 0);
  sentient_outbox_clear (&outbox);
}

static void
test_max_items (void)
{
  SentientOutbox outbox = { 0 };
  g_autoptr (SentientMessage) message = new_signal_message (1);

  for (guint i = 0; i < limits.items; i++)
    {
      g_assert_false (sentient_outbox_is_full (&outbox, &limits));
      g_assert_true (sentient_outbox_push (&outbox, &limits, message, NULL, 0));
    }
  g_assert_true (sentient_outbox_is_full (&outbox, &limits));
  g_assert_false (sentient_outbox_push (&outbox, &limits, message, NULL, 0));
  sentient_outbox_push_forced (&outbox, message);
  g_assert_cmpuint (outbox.n_items, ==, limits.items + 1);

  send_next (&outbox, 1, 1);
  send_next (&outbox, 2, 2);
  sentient_outbox_drop_acked (&outbox, 2);
  g_assert_true (sentient_outbox_push (&outbox, &limits, message, NULL, 0));
  sentient_outbox_clear (&outbox);
}

static void
test_max_bytes (void)
{
  SentientOutbox outbox = { 0 };
  guint n = 0;

  for (;;)
    {
      g_autoptr (SentientMessage) message = new_signal_message (32 * 1024);

      if (!sentient_outbox_push (&outbox, &limits, message, NULL, 0))
        break;
      n++;
    }
  g_assert_cmpuint (n, >=, 10);
  g_assert_cmpuint (n, <, limits.items);
  g_assert_cmpuint (outbox.bytes, <=, limits.bytes);
  sentient_outbox_clear (&outbox);
  g_assert_cmpuint (outbox.bytes, ==, 0);
}

static void
push_six (SentientOutbox *outbox)
{
  for (guint i = 0; i < 3; i++)
    {
      push (outbox, new_event ());
      push (outbox, new_signal_message (1));
    }
}

/* What has a number may have been seen; all other events go at once, and nobody sees a gap. */
static void
test_take_events (void)
{
  SentientOutbox outbox = { 0 };
  g_autoptr (GPtrArray) events = NULL;

  push_six (&outbox);
  send_next (&outbox, 1, 1);
  send_next (&outbox, 2, 2);
  g_assert_cmpuint (next_seq (&outbox), ==, 3); /* about to be sent */
  sentient_outbox_rewind (&outbox);
  events = sentient_outbox_take_events (&outbox, NULL, FALSE);
  g_assert_cmpuint (events->len, ==, 1);
  g_assert_cmpuint (outbox.n_items, ==, 5);
  for (guint i = 1; i <= 5; i++)
    {
      const SentientOutboxItem *item = sentient_outbox_next (&outbox);

      g_assert_cmpint (sentient_message_get_kind (item->message) == SENTIENT_MESSAGE_SIGNAL, ==,
                       i == 2 || i > 3);
      send_next (&outbox, i, i);
    }
  sentient_outbox_clear (&outbox);
}

/* Who does not care for numbers loses all that is not on its way. */
static void
test_take_numbered_events (void)
{
  SentientOutbox outbox = { 0 };
  g_autoptr (GPtrArray) events = NULL;

  push_six (&outbox);
  send_next (&outbox, 1, 1);
  send_next (&outbox, 2, 2);
  sentient_outbox_rewind (&outbox);
  send_next (&outbox, 1, 1);
  g_assert_cmpuint (next_seq (&outbox), ==, 2);
  events = sentient_outbox_take_events (&outbox, NULL, TRUE);
  g_assert_cmpuint (events->len, ==, 2);
  g_assert_cmpuint (outbox.n_items, ==, 4);
  g_assert_cmpuint (outbox.n_sent, ==, 1);
  sentient_outbox_clear (&outbox);
}

/* Against a plain queue, with a seed that a failure prints. */
static void
test_random (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GArray) model = g_array_new (FALSE, FALSE, sizeof (guint64));
  SentientOutbox outbox = { 0 };
  guint n_sent = 0;
  guint64 last = 0;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < 20000; i++)
    {
      switch (g_rand_int_range (rand, 0, 5))
        {
        case 0:
        case 1:
          if (model->len < 100)
            {
              push (&outbox, new_event ());
              last++;
              g_array_append_val (model, last);
            }
          break;
        case 2:
          if (n_sent < model->len)
            {
              guint64 seq = next_seq (&outbox);

              sentient_outbox_mark_sent (&outbox, seq);
              n_sent++;
            }
          break;
        case 3:
          if (n_sent > 0)
            {
              guint n = g_rand_int_range (rand, 1, n_sent + 1);

              if (g_rand_boolean (rand))
                sentient_outbox_drop_acked (&outbox, g_array_index (model, guint64, n - 1));
              else
                {
                  flush_until (&outbox, g_array_index (model, guint64, n - 1));
                  sentient_outbox_drop_flushed (&outbox);
                }
              g_array_remove_range (model, 0, n);
              n_sent -= n;
            }
          break;
        default:
          sentient_outbox_rewind (&outbox);
          n_sent = 0;
        }
      g_assert_cmpuint (outbox.n_items, ==, model->len);
      g_assert_cmpuint (next_seq (&outbox), ==,
                        n_sent < model->len ? g_array_index (model, guint64, n_sent) : 0);
    }
  sentient_outbox_clear (&outbox);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  sentient_outbox_limits_init (&limits);
  g_test_add_func ("/outbox/order", test_order);
  g_test_add_func ("/outbox/acked", test_acked);
  g_test_add_func ("/outbox/take-events", test_take_events);
  g_test_add_func ("/outbox/take-numbered-events", test_take_numbered_events);
  g_test_add_func ("/outbox/max-items", test_max_items);
  g_test_add_func ("/outbox/max-bytes", test_max_bytes);
  g_test_add_func ("/outbox/random", test_random);
  return g_test_run ();
}
