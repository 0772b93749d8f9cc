/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-stream-private.h"

#include <string.h>

#include "core/sentient-error.h"

/* What waits together goes together, up to here. */
#define BATCH_MAX SENTIENT_FRAME_MAX
#define BATCH_ENTRY_HEAD 3 /* length and kind */
#define CHUNK_HEAD_MAX 14
#define CHUNK_FRAME_MAX (SENTIENT_FRAME_CHUNK_MAX + CHUNK_HEAD_MAX)
/* The rest of a batch is not worth a chunk. */
#define CHUNK_MIN 1024
/* A message whose frame is longer is chunked. */
#define SMALL_MAX (SENTIENT_FRAME_MAX - 1)
#define DEFLATE_MIN 1024
/* Of what is longer than that, to see whether deflating all of it is worth the time. */
#define SAMPLED_FROM 16384
#define SAMPLE_SIZE 4096
#define DEFLATE_PENALTY_MAX 64

static void
outgoing_free (SentientOutgoing *message)
{
  g_bytes_unref (message->data);
  g_free (message);
}

static gsize
get_size (const SentientOutgoing *message)
{
  return g_bytes_get_size (message->data);
}

static gsize *
get_cost (SentientStream *self, const SentientOutgoing *message)
{
  if (message->kind == SENTIENT_FRAME_SERVICE)
    return &self->service_cost;
  return message->is_large ? &self->large_cost : &self->small_cost;
}

static void
drop (SentientStream *self, SentientOutgoing *message)
{
  *get_cost (self, message) -= get_size (message) + SENTIENT_STREAM_MESSAGE_COST;
  self->n_services -= message->kind == SENTIENT_FRAME_SERVICE;
  outgoing_free (message);
}

static guint
drop_queue (SentientStream *self, GQueue *queue, guint connection)
{
  guint n = 0;
  SentientOutgoing *message;

  while ((message = g_queue_peek_head (queue)) != NULL && message->connection < connection)
    {
      n += message->kind != SENTIENT_FRAME_SERVICE;
      drop (self, g_queue_pop_head (queue));
    }
  return n;
}

guint
sentient_stream_drop_messages (SentientStream *self, guint connection)
{
  guint n = drop_queue (self, &self->unacked, connection);

  for (guint i = 0; i < SENTIENT_STREAM_N_PRIORITIES; i++)
    n += drop_queue (self, &self->small[i], connection)
         + drop_queue (self, &self->large[i], connection);
  return n;
}

void
sentient_stream_clear_sending (SentientStream *self)
{
  sentient_stream_drop_messages (self, G_MAXUINT);
}

/* The application's part */

static gboolean
check_message (SentientStream *self, GBytes *data, gboolean is_text, GError **error)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);

  if (size > self->message_max)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                 "The message has %" G_GSIZE_FORMAT " bytes, the limit is %" G_GSIZE_FORMAT
                 ". Send it in parts, or raise the limit at both ends.",
                 size, self->message_max);
  else if (is_text && size > 0 && !g_utf8_validate_len (bytes, size, NULL))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "The text is not valid UTF-8 or holds a NUL. Send it as binary.");
  else
    return TRUE;
  return FALSE;
}

static void
add_message (SentientStream *self,
             GBytes *data,
             SentientFrameKind kind,
             SentientStreamPriority priority)
{
  SentientOutgoing *message = g_new0 (SentientOutgoing, 1);

  message->data = g_bytes_ref (data);
  message->kind = kind;
  message->is_large = g_bytes_get_size (data) > SMALL_MAX;
  message->priority = priority;
  message->connection = self->connection;
  *get_cost (self, message) += get_size (message) + SENTIENT_STREAM_MESSAGE_COST;
  self->n_services += kind == SENTIENT_FRAME_SERVICE;
  g_queue_push_tail (message->is_large ? &self->large[priority] : &self->small[priority], message);
}

gboolean
sentient_stream_push (SentientStream *self,
                      GBytes *data,
                      SentientFrameKind kind,
                      SentientStreamPriority priority,
                      GError **error)
{
  const gsize *cost = g_bytes_get_size (data) > SMALL_MAX ? &self->large_cost : &self->small_cost;

  if (!check_message (self, data, kind == SENTIENT_FRAME_TEXT, error))
    return FALSE;
  if (*cost >= SENTIENT_STREAM_HIGH)
    {
      self->was_refused = TRUE;
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK,
                   "%" G_GSIZE_FORMAT " bytes wait to be sent or acknowledged already; this "
                   "message was not taken. Send it again when the channel has drained.",
                   *cost);
      return FALSE;
    }
  add_message (self, data, kind, priority);
  return TRUE;
}

gboolean
sentient_stream_has_service_room (SentientStream *self, SentientStreamPriority priority)
{
  return self->service_cost < (priority == SENTIENT_STREAM_PRIORITY_LOW
                                   ? SENTIENT_STREAM_SERVICE_LOW_HIGH
                                   : SENTIENT_STREAM_SERVICE_HIGH);
}

gboolean
sentient_stream_push_service (SentientStream *self, GBytes *data, SentientStreamPriority priority)
{
  g_assert (g_bytes_get_size (data) > 0 && g_bytes_get_size (data) <= SMALL_MAX);

  if (!sentient_stream_has_service_room (self, priority))
    return FALSE;
  add_message (self, data, SENTIENT_FRAME_SERVICE, priority);
  return TRUE;
}

gboolean
sentient_stream_take_drained (SentientStream *self)
{
  if (!self->was_refused || self->small_cost >= SENTIENT_STREAM_LOW
      || self->large_cost >= SENTIENT_STREAM_LOW)
    return FALSE;
  self->was_refused = FALSE;
  return TRUE;
}

static guint
count_waiting (SentientStream *self)
{
  guint n = 0;

  for (guint i = 0; i < SENTIENT_STREAM_N_PRIORITIES; i++)
    n += self->small[i].length + self->large[i].length;
  return n;
}

gboolean
sentient_stream_has_waiting (SentientStream *self)
{
  return count_waiting (self) > 0;
}

guint
sentient_stream_count_unacknowledged (SentientStream *self)
{
  return count_waiting (self) + self->unacked.length - self->n_services;
}

gsize
sentient_stream_get_buffered_amount (SentientStream *self)
{
  return self->small_cost + self->large_cost + self->service_cost
         - (gsize)SENTIENT_STREAM_MESSAGE_COST * (count_waiting (self) + self->unacked.length);
}

/* What the other end says */

void
sentient_stream_acknowledge (SentientStream *self, guint64 messages)
{
  SentientOutgoing *message;

  self->acked = messages;
  while ((message = g_queue_peek_head (&self->unacked)) != NULL && message->number <= messages)
    drop (self, g_queue_pop_head (&self->unacked));
}

void
sentient_stream_rewind (SentientStream *self, guint64 received)
{
  SentientOutgoing *message;

  /* Last first, so that they stand in order before those that were not sent. */
  while ((message = g_queue_pop_tail (&self->unacked)) != NULL)
    {
      self->counts.messages_sent_again++;
      g_queue_push_head (message->is_large ? &self->large[message->priority]
                                           : &self->small[message->priority],
                         message);
    }
  for (guint i = 0; i < SENTIENT_STREAM_N_PRIORITIES; i++)
    for (GList *l = self->large[i].head; l != NULL; l = l->next)
      ((SentientOutgoing *)l->data)->chunked = 0;
  self->sent = received;
}

/* Frames */

static GQueue *
find_queue (GQueue *queues)
{
  for (guint i = SENTIENT_STREAM_N_PRIORITIES; i > 0; i--)
    if (queues[i - 1].length > 0)
      return &queues[i - 1];
  return NULL;
}

/* The first of the queue is sent to its end. */
static void
number_first (SentientStream *self, GQueue *queue)
{
  SentientOutgoing *message = g_queue_pop_head (queue);

  message->number = ++self->sent;
  g_queue_push_tail (&self->unacked, message);
}

/* By its beginning. */
static gboolean
is_deflatable (SentientStream *self, const guint8 *frame)
{
  g_autoptr (GByteArray) sample = sentient_frame_deflate (self->compressor, frame, SAMPLE_SIZE);

  return sample != NULL && sample->len <= SAMPLE_SIZE / 8 * 7;
}

void
sentient_stream_stop_deflating (SentientStream *self)
{
  self->never_deflates = TRUE;
}

/* NULL: not worth it. */
static GByteArray *
try_deflate (SentientStream *self, const guint8 *frame, gsize len)
{
  GByteArray *deflated = NULL;

  if (len <= DEFLATE_MIN || self->never_deflates)
    return NULL;
  if (self->deflate_skip > 0)
    {
      self->deflate_skip--;
      return NULL;
    }
  if (len <= SAMPLED_FROM || is_deflatable (self, frame))
    deflated = sentient_frame_deflate (self->compressor, frame, len);
  if (deflated != NULL && deflated->len <= len / 8 * 7)
    self->deflate_penalty = 0;
  else
    self->deflate_penalty = CLAMP (self->deflate_penalty * 2, 1, DEFLATE_PENALTY_MAX);
  self->deflate_skip = self->deflate_penalty;
  return deflated;
}

/* Takes frame. */
static GBytes *
seal (SentientStream *self, GByteArray *frame)
{
  GByteArray *deflated = try_deflate (self, frame->data, frame->len);

  if (deflated != NULL)
    {
      g_byte_array_unref (frame);
      frame = deflated;
    }
  self->bytes_sent += frame->len;
  return g_byte_array_free_to_bytes (frame);
}

static void
append_to_batch (GByteArray *batch, const SentientOutgoing *message)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message->data, &size);

  sentient_frame_append_to_batch (batch, message->kind, data, size);
}

/* The bytes of a batch of what the queue begins with, at most max. *n: how many messages that are.
 */
static gsize
measure_batch (GQueue *queue, gsize max, guint *n)
{
  gsize len = 1;

  *n = 0;
  for (GList *l = queue->head; l != NULL; l = l->next, (*n)++)
    {
      const gsize entry = BATCH_ENTRY_HEAD + get_size (l->data);

      if (len + entry > max)
        break;
      len += entry;
    }
  return len;
}

static GBytes *
next_small (SentientStream *self, GQueue *queue, gsize room)
{
  const SentientOutgoing *message = g_queue_peek_head (queue);
  const gsize size = get_size (message);
  guint n;
  const gsize len = measure_batch (queue, MIN (BATCH_MAX, room), &n);
  GByteArray *out;

  if (n < 2)
    {
      out = g_byte_array_sized_new ((guint)size + 1);
      sentient_frame_append_message (out, message->kind, g_bytes_get_data (message->data, NULL),
                                     size);
      number_first (self, queue);
      return seal (self, out);
    }
  out = g_byte_array_sized_new ((guint)len);
  for (; n > 0; n--)
    {
      append_to_batch (out, g_queue_peek_head (queue));
      number_first (self, queue);
    }
  return seal (self, out);
}

/* The whole of a large message as one deflated frame. NULL: it is not small enough for that. */
static GBytes *
try_whole (SentientStream *self, GQueue *queue)
{
  SentientOutgoing *message = g_queue_peek_head (queue);
  gsize size = get_size (message);
  g_autoptr (GByteArray) frame = NULL;
  g_autoptr (GByteArray) sample = NULL;
  GByteArray *whole;

  if (size >= SENTIENT_FRAME_INFLATED_MAX)
    return NULL;
  frame = g_byte_array_sized_new ((guint)size + 1);
  sentient_frame_append_message (frame, message->kind, g_bytes_get_data (message->data, NULL),
                                 size);
  sample = try_deflate (self, frame->data, SAMPLE_SIZE);
  if (sample == NULL || sample->len > SAMPLE_SIZE / 4 * 3)
    return NULL;
  whole = sentient_frame_deflate (self->compressor, frame->data, frame->len);
  if (whole == NULL)
    return NULL;
  number_first (self, queue);
  self->bytes_sent += whole->len;
  return g_byte_array_free_to_bytes (whole);
}

/* The next chunk of the first message, at most max bytes of it. */
static void
cut_chunk (SentientOutgoing *message, gsize max, SentientFrame *chunk)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message->data, &size);

  memset (chunk, 0, sizeof *chunk);
  chunk->kind = SENTIENT_FRAME_CHUNK;
  chunk->stream = message->stream;
  chunk->is_text = message->kind == SENTIENT_FRAME_TEXT;
  chunk->body = data + message->chunked;
  chunk->len = MIN (max, size - message->chunked);
  chunk->first = message->chunked == 0;
  chunk->total = chunk->first ? size : 0;
  message->chunked += chunk->len;
  chunk->last = message->chunked == size;
}

/* As many as fit into room, if not one alone. */
static GByteArray *
batch_chunks (SentientOutgoing *message, gsize room)
{
  const gsize left = get_size (message) - message->chunked;
  const gsize max = MIN (BATCH_MAX, room);
  SentientFrame chunk;
  GByteArray *out = g_byte_array_sized_new ((guint)MIN (max, left + left / 256 + CHUNK_FRAME_MAX));

  if (left <= SENTIENT_FRAME_CHUNK_MAX || max < 2 * CHUNK_FRAME_MAX)
    {
      cut_chunk (message, SENTIENT_FRAME_CHUNK_MAX, &chunk);
      sentient_frame_append_chunk (out, &chunk);
      return out;
    }
  do
    {
      const gsize place = max - out->len - BATCH_ENTRY_HEAD - CHUNK_HEAD_MAX;

      cut_chunk (message, MIN (place, SENTIENT_FRAME_CHUNK_MAX), &chunk);
      sentient_frame_append_chunk_to_batch (out, &chunk);
    }
  while (!chunk.last && out->len + BATCH_ENTRY_HEAD + CHUNK_HEAD_MAX + CHUNK_MIN <= max);
  return out;
}

static GBytes *
next_chunks (SentientStream *self, GQueue *queue, gsize room)
{
  SentientOutgoing *message = g_queue_peek_head (queue);
  GByteArray *out;
  GBytes *whole;

  if (message->chunked == 0)
    {
      whole = try_whole (self, queue);
      if (whole != NULL)
        return whole;
      message->stream = ++self->last_stream;
    }
  out = batch_chunks (message, room);
  if (message->chunked == get_size (message))
    number_first (self, queue);
  return seal (self, out);
}

/* How much of the window there is for this; 0: it has to wait. */
static gsize
find_room (SentientStream *self, guint64 window, gsize size)
{
  const guint64 in_flight = self->bytes_sent - self->bytes_acked;

  if (in_flight + size <= window)
    return window - in_flight;
  return in_flight == 0 ? size : 0;
}

GBytes *
sentient_stream_next_data (SentientStream *self)
{
  GQueue *small = find_queue (self->small);
  GQueue *large = find_queue (self->large);
  const gboolean is_low = small == &self->small[SENTIENT_STREAM_PRIORITY_LOW];
  const gsize small_room
      = small != NULL
            ? find_room (self, is_low ? SENTIENT_STREAM_CHUNK_WINDOW : SENTIENT_STREAM_WINDOW,
                         get_size (g_queue_peek_head (small)) + 1)
            : 0;
  const gsize large_room
      = large != NULL ? find_room (self, SENTIENT_STREAM_CHUNK_WINDOW, CHUNK_FRAME_MAX) : 0;

  if (large_room > 0 && (self->chunks_turn || small_room == 0))
    {
      self->chunks_turn = FALSE;
      return next_chunks (self, large, large_room);
    }
  if (small_room == 0)
    return NULL;
  self->chunks_turn = TRUE;
  return next_small (self, small, small_room);
}
