/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream-pair.h"

#include <string.h>

static void
frame_free (StreamFrame *frame)
{
  g_bytes_unref (frame->bytes);
  g_free (frame);
}

StreamPair *
stream_pair_new (gsize message_max)
{
  StreamPair *pair = g_new0 (StreamPair, 1);

  pair->clock = sentient_manual_clock_new (0);
  for (guint i = 0; i < 2; i++)
    pair->ends[i].stream = sentient_stream_new (SENTIENT_CLOCK (pair->clock), message_max);
  return pair;
}

void
stream_pair_free (StreamPair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      sentient_stream_free (pair->ends[i].stream);
      g_queue_clear_full (&pair->ends[i].wire, (GDestroyNotify)frame_free);
      g_queue_clear_full (&pair->ends[i].small, (GDestroyNotify)g_bytes_unref);
      g_queue_clear_full (&pair->ends[i].large, (GDestroyNotify)g_bytes_unref);
    }
  g_assert_finalize_object (pair->clock);
  g_free (pair);
}

static void
attach (StreamEnd *end, guint connection)
{
  end->connection = connection;
  sentient_stream_attach (end->stream);
}

void
stream_pair_connect (StreamPair *pair, guint from)
{
  attach (&pair->ends[from], ++pair->connections);
}

gboolean
stream_pair_push (StreamPair *pair, guint from, GBytes *data, gboolean is_text)
{
  StreamEnd *to = &pair->ends[1 - from];
  g_autoptr (GError) error = NULL;

  if (!sentient_stream_push (pair->ends[from].stream, data,
                             is_text ? SENTIENT_FRAME_TEXT : SENTIENT_FRAME_BINARY,
                             SENTIENT_STREAM_PRIORITY_NORMAL, &error))
    {
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
      return FALSE;
    }
  g_queue_push_tail (g_bytes_get_size (data) < SENTIENT_FRAME_MAX ? &to->small : &to->large,
                     g_bytes_ref (data));
  return TRUE;
}

gboolean
stream_pair_push_text (StreamPair *pair, guint from, const char *text)
{
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

  return stream_pair_push (pair, from, data, TRUE);
}

gsize
stream_pair_send (StreamPair *pair, guint from)
{
  GBytes *bytes = sentient_stream_next_frame (pair->ends[from].stream);
  StreamFrame *frame;

  if (bytes == NULL)
    return 0;
  g_assert_cmpuint (g_bytes_get_size (bytes), <=, SENTIENT_FRAME_MAX);
  frame = g_new0 (StreamFrame, 1);
  frame->connection = pair->ends[from].connection;
  frame->bytes = bytes;
  g_queue_push_tail (&pair->ends[1 - from].wire, frame);
  return g_bytes_get_size (bytes);
}

gboolean
stream_pair_take (StreamPair *pair, guint to)
{
  StreamEnd *end = &pair->ends[to];
  StreamFrame *frame = g_queue_pop_head (&end->wire);
  g_autoptr (GError) error = NULL;

  if (frame == NULL)
    return FALSE;
  if (frame->connection > end->connection)
    attach (end, frame->connection);
  if (frame->connection == end->connection)
    {
      sentient_stream_receive (end->stream, frame->bytes, &error);
      g_assert_no_error (error);
    }
  frame_free (frame);
  return TRUE;
}

gboolean
stream_pair_read (StreamPair *pair, guint to)
{
  StreamEnd *end = &pair->ends[to];
  SentientFrameKind kind;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) data = sentient_stream_next_message (end->stream, &kind, &error);
  g_autoptr (GBytes) expected = NULL;

  g_assert_no_error (error);
  if (data == NULL)
    return FALSE;
  expected
      = g_queue_pop_head (g_bytes_get_size (data) < SENTIENT_FRAME_MAX ? &end->small : &end->large);
  g_assert_nonnull (expected);
  g_assert_true (g_bytes_equal (data, expected));
  return TRUE;
}

guint
stream_pair_settle (StreamPair *pair)
{
  guint n = 0;
  gboolean moved = TRUE;

  while (moved)
    {
      moved = FALSE;
      for (guint i = 0; i < 2; i++)
        {
          for (; stream_pair_send (pair, i) > 0; n++)
            moved = TRUE;
          while (stream_pair_take (pair, i))
            moved = TRUE;
          while (stream_pair_read (pair, i))
            moved = TRUE;
        }
    }
  return n;
}
