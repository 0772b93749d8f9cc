/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-error.h"
#include "webrtc/sentient-frame.h"
#include "webrtc/sentient-stream.h"

#include <string.h>

#define MESSAGE_MAX 100000

/* A stream, and frames that no honest one sends. */
typedef struct
{
  SentientManualClock *clock;
  SentientStream *stream;
  GByteArray *frame;
  SentientFrame chunk;
} Fixture;

static const guint8 instance[] = "0123456789abcdef";

static void
receive_bytes (Fixture *fixture, const guint8 *data, gsize len, gint code)
{
  g_autoptr (GBytes) frame = g_bytes_new (data, len);
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GError) error = NULL;
  SentientFrameKind kind;

  if (sentient_stream_receive (fixture->stream, frame, &error))
    {
      message = sentient_stream_next_message (fixture->stream, &kind, &error);
      g_assert_true (message == NULL || error == NULL);
    }
  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, SENTIENT_ERROR, code);
}

/* fixture->frame; code -1: it is fine. */
static void
receive (Fixture *fixture, gint code)
{
  receive_bytes (fixture, fixture->frame->data, fixture->frame->len, code);
  g_byte_array_set_size (fixture->frame, 0);
}

static void
receive_hello (Fixture *fixture, guint64 received, gint code)
{
  sentient_frame_append_hello (fixture->frame, instance, received);
  receive (fixture, code);
}

static void
receive_chunk (Fixture *fixture, gint code)
{
  sentient_frame_append_chunk (fixture->frame, &fixture->chunk);
  receive (fixture, code);
}

static void
drain (Fixture *fixture)
{
  GBytes *frame;

  while ((frame = sentient_stream_next_frame (fixture->stream)) != NULL)
    g_bytes_unref (frame);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->clock = sentient_manual_clock_new (0);
  fixture->stream = sentient_stream_new (SENTIENT_CLOCK (fixture->clock), MESSAGE_MAX);
  fixture->frame = g_byte_array_new ();
  fixture->chunk = (SentientFrame){ .kind = SENTIENT_FRAME_CHUNK,
                                    .stream = 1,
                                    .first = TRUE,
                                    .total = 10,
                                    .body = (const guint8 *)"abcde",
                                    .len = 5 };
  sentient_stream_attach (fixture->stream);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  sentient_stream_free (fixture->stream);
  g_byte_array_unref (fixture->frame);
  g_assert_finalize_object (fixture->clock);
}

static void
test_hello (Fixture *fixture, gconstpointer data)
{
  receive_bytes (fixture, (const guint8 *)"\1a", 2, SENTIENT_ERROR_PROTOCOL);
  receive_bytes (fixture, NULL, 0, SENTIENT_ERROR_PROTOCOL);
  sentient_frame_append_ack (fixture->frame, 0, 0);
  receive (fixture, SENTIENT_ERROR_PROTOCOL);
  receive_hello (fixture, G_MAXUINT64, -1); /* it cannot be about us */
  receive_hello (fixture, 0, SENTIENT_ERROR_PROTOCOL);
  receive_bytes (fixture, (const guint8 *)"\1a", 2, -1);

  /* Once we are known it counts. */
  drain (fixture);
  sentient_frame_append_probe (fixture->frame, SENTIENT_FRAME_PONG, 1);
  receive (fixture, -1);
  sentient_stream_attach (fixture->stream);
  receive_hello (fixture, 1, SENTIENT_ERROR_PROTOCOL);
}

static void
test_lies (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) message = g_bytes_new_static ("abc", 3);

  receive_hello (fixture, 0, -1);
  sentient_frame_append_probe (fixture->frame, SENTIENT_FRAME_PONG, 1);
  receive (fixture, SENTIENT_ERROR_PROTOCOL); /* no ping was sent yet */
  drain (fixture);
  sentient_frame_append_probe (fixture->frame, SENTIENT_FRAME_PONG, 1);
  receive (fixture, -1);
  sentient_frame_append_probe (fixture->frame, SENTIENT_FRAME_PONG, 2);
  receive (fixture, SENTIENT_ERROR_PROTOCOL);

  g_assert_true (sentient_stream_push (fixture->stream, message, SENTIENT_FRAME_TEXT, 0, NULL));
  drain (fixture);
  sentient_frame_append_ack (fixture->frame, 2, 4);
  receive (fixture, SENTIENT_ERROR_PROTOCOL);
  sentient_frame_append_ack (fixture->frame, 1, 5);
  receive (fixture, SENTIENT_ERROR_PROTOCOL);
  sentient_frame_append_ack (fixture->frame, 1, 4);
  receive (fixture, -1);
  sentient_frame_append_ack (fixture->frame, 0, 4);
  receive (fixture, SENTIENT_ERROR_PROTOCOL);
  g_assert_cmpuint (sentient_stream_count_unacknowledged (fixture->stream), ==, 0);
}

static void
test_credit (Fixture *fixture, gconstpointer data)
{
  g_autofree guint8 *big = g_malloc0 (SENTIENT_FRAME_MAX + 1);
  g_autoptr (GBytes) frame = NULL;
  g_autoptr (GBytes) tiny = g_bytes_new_static ("\2", 1);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  receive_hello (fixture, 0, -1);
  big[0] = SENTIENT_FRAME_BINARY;
  receive_bytes (fixture, big, SENTIENT_FRAME_MAX + 1, SENTIENT_ERROR_PROTOCOL);
  frame = g_bytes_new (big, SENTIENT_FRAME_MAX);
  while (sentient_stream_receive (fixture->stream, frame, &error))
    n++;
  g_assert_cmpuint (n, ==, SENTIENT_STREAM_WINDOW / SENTIENT_FRAME_MAX);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
  g_clear_error (&error);

  sentient_stream_attach (fixture->stream);
  receive_hello (fixture, 0, -1);
  for (n = 0; sentient_stream_receive (fixture->stream, tiny, &error); n++)
    ;
  g_assert_cmpuint (n, ==, SENTIENT_STREAM_INBOX_MAX);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
}

static void
test_chunks (Fixture *fixture, gconstpointer data)
{
  receive_hello (fixture, 0, -1);
  fixture->chunk.first = FALSE;
  receive_chunk (fixture, SENTIENT_ERROR_PROTOCOL); /* of nothing */
  fixture->chunk.first = TRUE;
  receive_chunk (fixture, -1);
  receive_chunk (fixture, SENTIENT_ERROR_PROTOCOL); /* twice the first */
  fixture->chunk.first = FALSE;
  fixture->chunk.is_text = TRUE;
  receive_chunk (fixture, SENTIENT_ERROR_PROTOCOL); /* of another kind */
  fixture->chunk.is_text = FALSE;
  receive_chunk (fixture, SENTIENT_ERROR_PROTOCOL); /* all there, but not the last */
  fixture->chunk.last = TRUE;
  fixture->chunk.len = 4;
  receive_chunk (fixture, SENTIENT_ERROR_PROTOCOL); /* the last, but not all there */
  fixture->chunk.len = 5;
  receive_chunk (fixture, -1);
  receive_chunk (fixture, SENTIENT_ERROR_PROTOCOL); /* it is over */
}

static void
test_many_chunks (Fixture *fixture, gconstpointer data)
{
  receive_hello (fixture, 0, -1);
  fixture->chunk.total = MESSAGE_MAX + 1;
  receive_chunk (fixture, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  fixture->chunk.total = G_MAXUINT64;
  receive_chunk (fixture, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  fixture->chunk.total = MESSAGE_MAX;
  for (guint i = 0; i <= SENTIENT_STREAM_N_PRIORITIES; i++)
    {
      fixture->chunk.stream = i;
      receive_chunk (fixture, i < SENTIENT_STREAM_N_PRIORITIES ? -1 : SENTIENT_ERROR_PROTOCOL);
    }
}

static void
test_messages (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GConverter) compressor = sentient_frame_compressor_new ();
  g_autofree guint8 *zeros = g_malloc0 (SENTIENT_FRAME_INFLATED_MAX);
  g_autoptr (GByteArray) deflated = NULL;

  receive_hello (fixture, 0, -1);
  receive_bytes (fixture, (const guint8 *)"\1\xff", 2, SENTIENT_ERROR_PROTOCOL);
  receive_bytes (fixture, (const guint8 *)"\1a\0b", 4, SENTIENT_ERROR_PROTOCOL);
  receive_bytes (fixture, (const guint8 *)"\3\0\2\1\xff", 5, SENTIENT_ERROR_PROTOCOL);
  sentient_stream_attach (fixture->stream);
  receive_hello (fixture, 0, -1);
  receive_bytes (fixture, (const guint8 *)"\5xyz", 4, SENTIENT_ERROR_PROTOCOL);
  sentient_stream_attach (fixture->stream);
  receive_hello (fixture, 0, -1);
  /* Over what we take, though not over what may be inflated. */
  zeros[0] = SENTIENT_FRAME_BINARY;
  deflated = sentient_frame_deflate (compressor, zeros, SENTIENT_FRAME_INFLATED_MAX);
  receive_bytes (fixture, deflated->data, deflated->len, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
}

/* Thousands of pings are answered once. */
static void
test_pings (Fixture *fixture, gconstpointer data)
{
  guint n = 0;
  GBytes *frame;

  receive_hello (fixture, 0, -1);
  drain (fixture);
  for (guint i = 0; i < 5000; i++)
    {
      sentient_frame_append_probe (fixture->frame, SENTIENT_FRAME_PING, i);
      receive (fixture, -1);
    }
  while ((frame = sentient_stream_next_frame (fixture->stream)) != NULL)
    {
      g_assert_cmpmem (g_bytes_get_data (frame, NULL), g_bytes_get_size (frame),
                       "\10\0\0\0\0\0\0\x13\x87", 9);
      g_bytes_unref (frame);
      n++;
    }
  g_assert_cmpuint (n, ==, 1);
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/stream/hostile/hello", test_hello);
  add ("/stream/hostile/lies", test_lies);
  add ("/stream/hostile/credit", test_credit);
  add ("/stream/hostile/chunks", test_chunks);
  add ("/stream/hostile/many-chunks", test_many_chunks);
  add ("/stream/hostile/messages", test_messages);
  add ("/stream/hostile/pings", test_pings);
  return g_test_run ();
}
