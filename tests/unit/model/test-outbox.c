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

static void
push (SentientOutbox *outbox, SentientMessage *message, guint64 expected)
{
  g_assert_cmpuint (sentient_outbox_push (outbox, message, NULL), ==, expected);
  sentient_message_unref (message);
}

static guint64
peek_seq (SentientOutbox *outbox)
{
  const SentientOutboxItem *item = sentient_outbox_peek (outbox);

  return item != NULL ? item->seq : 0;
}

static void
test_order (void)
{
  SentientOutbox outbox = { 0 };

  g_assert_null (sentient_outbox_peek (&outbox));
  for (guint i = 1; i <= 10; i++)
    push (&outbox, new_signal_message (10), i);
  for (guint i = 1; i <= 5; i++)
    {
      g_assert_cmpuint (peek_seq (&outbox), ==, i);
      sentient_outbox_mark_sent (&outbox, i * 100);
    }

  /* What was delivered is gone; what was only sent waits again when the transport is lost. */
  sentient_outbox_drop_until (&outbox, 399);
  g_assert_cmpuint (outbox.n_items, ==, 7);
  sentient_outbox_rewind (&outbox);
  g_assert_cmpuint (peek_seq (&outbox), ==, 4);

  /* Nothing that is not sent is ever dropped by a mark. */
  sentient_outbox_drop_until (&outbox, G_MAXUINT64);
  g_assert_cmpuint (outbox.n_items, ==, 7);

  for (guint i = 4; i <= 10; i++)
    {
      g_assert_cmpuint (peek_seq (&outbox), ==, i);
      sentient_outbox_mark_sent (&outbox, i);
    }
  sentient_outbox_drop_until (&outbox, 10);
  g_assert_cmpuint (outbox.n_items, ==, 0);
  g_assert_cmpuint (outbox.bytes, ==, 0);
  push (&outbox, new_signal_message (10), 11);
  sentient_outbox_clear (&outbox);
  g_assert_null (outbox.items);
}

static void
test_max_items (void)
{
  SentientOutbox outbox = { 0 };

  for (guint i = 1; i <= SENTIENT_OUTBOX_MAX_ITEMS; i++)
    push (&outbox, new_signal_message (1), i);
  push (&outbox, new_signal_message (1), 0);
  g_assert_cmpuint (outbox.n_items, ==, SENTIENT_OUTBOX_MAX_ITEMS);

  sentient_outbox_mark_sent (&outbox, 1);
  sentient_outbox_drop_until (&outbox, 1);
  push (&outbox, new_signal_message (1), SENTIENT_OUTBOX_MAX_ITEMS + 1);
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

      if (sentient_outbox_push (&outbox, message, NULL) == 0)
        break;
      n++;
    }
  g_assert_cmpuint (n, >=, 10);
  g_assert_cmpuint (n, <, SENTIENT_OUTBOX_MAX_ITEMS);
  g_assert_cmpuint (outbox.bytes, <=, SENTIENT_OUTBOX_MAX_BYTES);
  sentient_outbox_clear (&outbox);
  g_assert_cmpuint (outbox.bytes, ==, 0);
}

static void
test_drop_events (void)
{
  SentientOutbox outbox = { 0 };
  const guint64 rest[] = { 1, 2, 4, 6 };

  push (&outbox, new_event (), 1);
  push (&outbox, new_signal_message (1), 2);
  push (&outbox, new_event (), 3);
  push (&outbox, new_signal_message (1), 4);
  push (&outbox, new_event (), 5);
  push (&outbox, new_signal_message (1), 6);

  /* The first is on its way already and stays. */
  sentient_outbox_mark_sent (&outbox, 1);
  g_assert_true (sentient_outbox_drop_oldest_event (&outbox));
  g_assert_true (sentient_outbox_drop_oldest_event (&outbox));
  g_assert_false (sentient_outbox_drop_oldest_event (&outbox));

  sentient_outbox_rewind (&outbox);
  for (guint i = 0; i < G_N_ELEMENTS (rest); i++)
    {
      g_assert_cmpuint (peek_seq (&outbox), ==, rest[i]);
      sentient_outbox_mark_sent (&outbox, i);
    }
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
              push (&outbox, new_event (), ++last);
              g_array_append_val (model, last);
            }
          break;
        case 2:
          if (n_sent < model->len)
            {
              sentient_outbox_mark_sent (&outbox, peek_seq (&outbox));
              n_sent++;
            }
          break;
        case 3:
          if (n_sent > 0)
            {
              guint n = g_rand_int_range (rand, 1, n_sent + 1);

              sentient_outbox_drop_until (&outbox, g_array_index (model, guint64, n - 1));
              g_array_remove_range (model, 0, n);
              n_sent -= n;
            }
          break;
        default:
          sentient_outbox_rewind (&outbox);
          n_sent = 0;
        }
      g_assert_cmpuint (outbox.n_items, ==, model->len);
      g_assert_cmpuint (peek_seq (&outbox), ==,
                        n_sent < model->len ? g_array_index (model, guint64, n_sent) : 0);
    }
  sentient_outbox_clear (&outbox);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/outbox/order", test_order);
  g_test_add_func ("/outbox/max-items", test_max_items);
  g_test_add_func ("/outbox/max-bytes", test_max_bytes);
  g_test_add_func ("/outbox/drop-events", test_drop_events);
  g_test_add_func ("/outbox/random", test_random);
  return g_test_run ();
}
