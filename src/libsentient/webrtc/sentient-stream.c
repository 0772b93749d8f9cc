/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-stream.h"

#include <string.h>

#include "core/sentient-error.h"
#include "webrtc/sentient-stream-private.h"

SentientStream *
sentient_stream_new (SentientClock *clock, gsize message_max)
{
  SentientStream *self = g_new0 (SentientStream, 1);

  g_assert (message_max > 0 && message_max <= G_MAXINT32);

  self->clock = g_object_ref (clock);
  self->message_max = message_max;
  for (guint i = 0; i < sizeof self->instance; i++)
    self->instance[i] = (guint8)g_random_int ();
  self->compressor = sentient_frame_compressor_new ();
  self->decompressor = sentient_frame_decompressor_new ();
  self->rtt = -1;
  return self;
}

void
sentient_stream_free (SentientStream *self)
{
  sentient_stream_clear_sending (self);
  sentient_stream_clear_receiving (self);
  g_object_unref (self->compressor);
  g_object_unref (self->decompressor);
  g_object_unref (self->clock);
  g_free (self);
}

static gint64
now_ms (SentientStream *self)
{
  return sentient_clock_get_monotonic_ms (self->clock);
}

/* Connections */

void
sentient_stream_detach (SentientStream *self)
{
  self->is_attached = FALSE;
  self->is_ready = FALSE;
  sentient_stream_clear_receiving (self);
}

guint
sentient_stream_count_attachments (SentientStream *self)
{
  return self->connection;
}

void
sentient_stream_attach (SentientStream *self)
{
  gint64 now = now_ms (self);

  sentient_stream_detach (self);
  self->is_attached = TRUE;
  self->connection++;
  self->hello_sent = FALSE;
  self->ping_due = TRUE;
  self->pong_due = FALSE;
  self->first_ping = self->last_ping + 1;
  self->heard = now;
  self->pinged = now;
  self->checked = now;
  self->probed = 0;
  self->bytes_sent = self->bytes_acked = 0;
  self->bytes_taken = self->bytes_told = 0;
  self->cost_taken = 0;
  self->ack_due = FALSE;
  self->is_parted = FALSE;
}

static gboolean
break_rule (GError **error, const char *what)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL, "The other node %s", what);
  return FALSE;
}

static gboolean
handle_hello (SentientStream *self, const SentientFrame *frame, GError **error)
{
  guint64 received = 0;

  if (self->is_ready)
    return break_rule (error, "said hello twice");
  if (!self->is_met || memcmp (self->other, frame->instance, sizeof self->other) != 0)
    {
      if (self->is_met)
        {
          self->n_lost += sentient_stream_drop_messages (self, self->connection);
          self->has_restarted = TRUE;
        }
      memcpy (self->other, frame->instance, sizeof self->other);
      self->is_met = TRUE;
      self->is_known = FALSE;
      self->sent = self->acked = 0;
      self->received = 0;
    }
  if (self->is_known)
    received = frame->received;
  if (received < self->acked || received > self->sent)
    return break_rule (error, "says that it received what was not sent, or not what it had "
                              "acknowledged");
  sentient_stream_acknowledge (self, received);
  sentient_stream_rewind (self, received);
  self->is_ready = TRUE;
  return TRUE;
}

static gboolean
handle_ack (SentientStream *self, const SentientFrame *frame, GError **error)
{
  if (frame->messages < self->acked || frame->messages > self->sent
      || frame->bytes < self->bytes_acked || frame->bytes > self->bytes_sent)
    return break_rule (error, "acknowledged what was not sent");
  self->bytes_acked = frame->bytes;
  sentient_stream_acknowledge (self, frame->messages);
  return TRUE;
}

static gboolean
handle_pong (SentientStream *self, const SentientFrame *frame, GError **error)
{
  if (frame->value < self->first_ping || frame->value > self->last_ping)
    return break_rule (error, "answered a ping that was not sent");
  self->is_known = TRUE;
  self->answered = MAX (self->answered, frame->value);
  if (frame->value == self->last_ping)
    self->rtt = now_ms (self) - self->pinged;
  return TRUE;
}

static gboolean
handle_control (SentientStream *self, const SentientFrame *frame, GError **error)
{
  if (frame->kind == SENTIENT_FRAME_HELLO)
    return handle_hello (self, frame, error);
  if (frame->kind == SENTIENT_FRAME_ACK)
    return handle_ack (self, frame, error);
  if (frame->kind == SENTIENT_FRAME_PONG)
    return handle_pong (self, frame, error);

  if (frame->kind == SENTIENT_FRAME_GOODBYE)
    {
      self->is_parted = TRUE;
      return TRUE;
    }

  /* Many pings have one answer: nothing grows with them. */
  self->pong_due = TRUE;
  self->pong = frame->value;
  return TRUE;
}

gboolean
sentient_stream_receive (SentientStream *self, GBytes *frame, GError **error)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (frame, &len);
  SentientFrame parsed;

  g_assert (self->is_attached);

  self->heard = now_ms (self);
  self->probed = 0;
  self->counts.frames_received++;
  self->counts.bytes_received += len;
  if (!self->is_ready && (len == 0 || data[0] != SENTIENT_FRAME_HELLO))
    return break_rule (error, "did not say hello first");
  if (len > 0 && len <= SENTIENT_FRAME_MAX && sentient_frame_is_data (data[0]))
    return sentient_stream_keep (self, frame, error);
  return sentient_frame_parse (data, len, &parsed, error) && handle_control (self, &parsed, error);
}

gboolean
sentient_stream_take_restart (SentientStream *self, guint *n_lost)
{
  gboolean restarted = self->has_restarted;

  *n_lost = self->n_lost;
  self->has_restarted = FALSE;
  self->n_lost = 0;
  return restarted;
}

/* Frames */

static gboolean
is_ack_due (SentientStream *self)
{
  return self->is_ready
         && (self->ack_due || self->bytes_taken - self->bytes_told >= SENTIENT_STREAM_CREDIT
             || self->cost_taken >= SENTIENT_STREAM_CREDIT);
}

/* FALSE: there is none to be sent. */
static gboolean
append_control (SentientStream *self, GByteArray *out)
{
  if (!self->hello_sent)
    {
      self->hello_sent = TRUE;
      sentient_frame_append_hello (out, self->instance, self->received);
    }
  else if (self->pong_due)
    {
      self->pong_due = FALSE;
      sentient_frame_append_probe (out, SENTIENT_FRAME_PONG, self->pong);
    }
  else if (is_ack_due (self))
    {
      self->ack_due = FALSE;
      self->bytes_told = self->bytes_taken;
      self->cost_taken = 0;
      sentient_frame_append_ack (out, self->received, self->bytes_taken);
    }
  else if (self->ping_due)
    {
      self->ping_due = FALSE;
      sentient_stream_hasten_ack (self);
      self->pinged = now_ms (self);
      sentient_frame_append_probe (out, SENTIENT_FRAME_PING, ++self->last_ping);
    }
  return out->len > 0;
}

static GBytes *
make_frame (SentientStream *self)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (!self->is_attached)
    return NULL;
  if (append_control (self, out))
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
  return self->is_ready && self->is_known ? sentient_stream_next_data (self) : NULL;
}

GBytes *
sentient_stream_next_frame (SentientStream *self)
{
  GBytes *frame = make_frame (self);

  if (frame != NULL)
    {
      self->counts.frames_sent++;
      self->counts.bytes_sent += g_bytes_get_size (frame);
    }
  return frame;
}

/* Time */

gboolean
sentient_stream_check_time (SentientStream *self, GError **error)
{
  gint64 now = now_ms (self);
  gint64 slept = now - self->checked;

  if (!self->is_attached)
    return TRUE;
  self->checked = now;
  /* It was us who did not look: what came meanwhile is still to be read. */
  if (slept >= 2 * SENTIENT_STREAM_PING_MS)
    {
      self->heard = now;
      self->probed = 0;
      self->ping_due = TRUE;
    }
  if (now - self->heard >= SENTIENT_STREAM_DEAD_MS || (self->probed != 0 && now >= self->probed))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                   "Nothing was heard of the other node for %.1f s",
                   (double)(now - self->heard) / 1000);
      return FALSE;
    }
  if (now - self->pinged >= SENTIENT_STREAM_PING_MS)
    {
      self->ping_due = TRUE;
      self->pinged = now;
    }
  return TRUE;
}

gint64
sentient_stream_get_timeout (SentientStream *self)
{
  gint64 next = MIN (self->pinged + SENTIENT_STREAM_PING_MS, self->heard + SENTIENT_STREAM_DEAD_MS);

  if (!self->is_attached)
    return -1;
  if (self->probed != 0)
    next = MIN (next, self->probed);
  return MAX (next - now_ms (self), 0);
}

void
sentient_stream_probe (SentientStream *self)
{
  if (!self->is_attached)
    return;
  self->ping_due = TRUE;
  if (self->probed == 0)
    self->probed = now_ms (self) + SENTIENT_STREAM_PROBE_MS;
}

void
sentient_stream_hasten_ack (SentientStream *self)
{
  self->ack_due = self->cost_taken > 0 || self->bytes_taken != self->bytes_told;
}

gboolean
sentient_stream_has_goodbye (SentientStream *self)
{
  return self->is_parted;
}

gboolean
sentient_stream_is_in_doubt (SentientStream *self)
{
  return self->is_attached && self->probed != 0;
}

guint64
sentient_stream_ask (SentientStream *self)
{
  self->ping_due = TRUE;
  return self->last_ping + 1;
}

guint64
sentient_stream_get_answered (SentientStream *self)
{
  return self->answered;
}

void
sentient_stream_get_counts (SentientStream *self, SentientStreamCounts *counts)
{
  *counts = self->counts;
}

gsize
sentient_stream_get_window_used (SentientStream *self)
{
  return self->is_attached ? self->bytes_sent - self->bytes_acked : 0;
}

gint64
sentient_stream_get_rtt (SentientStream *self)
{
  return self->rtt;
}
