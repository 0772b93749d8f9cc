/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-message-private.h"

#include <string.h>

#include "core/sentient-race.h"
#include "protocol/sentient-signal-private.h"

/* More than the keys, punctuation and three numbers of any dialect. */
#define SIGNAL_OVERHEAD 256
#define NOTE_OVERHEAD 32

static SentientMessage *
message_new (SentientMessageKind kind)
{
  SentientMessage *self = g_new0 (SentientMessage, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->kind = kind;
  return self;
}

SentientMessage *
sentient_message_new_signal (SentientSignal *signal)
{
  SentientMessage *self = message_new (SENTIENT_MESSAGE_SIGNAL);

  self->signal = sentient_signal_ref (signal);
  return self;
}

SentientMessage *
sentient_message_new_note (GString *text)
{
  static const char start[] = "{\"type\":\"";
  SentientMessage *self = message_new (SENTIENT_MESSAGE_NOTE);
  const char *end;

  g_assert (g_str_has_prefix (text->str, start));
  end = strchr (text->str + strlen (start), '"');
  g_assert (end != NULL);
  self->note = text;
  self->seq_at = (guint)(end + 1 - text->str);
  return self;
}

void
sentient_message_set_arrival (SentientMessage *self, gint64 us)
{
  self->arrival_us = us;
}

gint64
sentient_message_get_arrival (SentientMessage *self)
{
  return self->arrival_us;
}

SentientMessage *
sentient_message_ref (SentientMessage *self)
{
  sentient_race_ref (&self->ref_count);
  return self;
}

void
sentient_message_unref (SentientMessage *self)
{
  if (!sentient_race_unref (&self->ref_count))
    return;
  g_clear_pointer (&self->signal, sentient_signal_unref);
  g_clear_pointer (&self->event, sentient_event_free);
  if (self->note != NULL)
    g_string_free (self->note, TRUE);
  g_free (self);
}

SentientMessageKind
sentient_message_get_kind (SentientMessage *self)
{
  return self->kind;
}

SentientSignal *
sentient_message_get_signal (SentientMessage *self)
{
  return self->signal;
}

const char *
sentient_message_get_room (SentientMessage *self)
{
  return self->event != NULL ? self->event->room : NULL;
}

static gsize
signal_size (const SentientSignal *signal)
{
  return SIGNAL_OVERHEAD + signal->from_len + signal->to_len + signal->room_len
         + signal->payload_len + signal->lifted_len;
}

gsize
sentient_message_get_size (SentientMessage *self)
{
  if (self->signal != NULL)
    return signal_size (self->signal);
  if (self->event != NULL)
    return sentient_event_get_size (self->kind, self->event);
  return self->note->len + NOTE_OVERHEAD;
}

static inline char *
put (char *p, const char *text, gsize len)
{
  memcpy (p, text, len);
  return p + len;
}

#define PUT_LITERAL(p, text) put ((p), (text), sizeof (text) - 1)

static char *
put_uint (char *p, guint64 number)
{
  char digits[20];
  guint n = 0;

  do
    digits[n++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (n > 0)
    *p++ = digits[--n];
  return p;
}

static char *
put_head (char *p, guint64 seq)
{
  p = PUT_LITERAL (p, "{\"id\":\"");
  p = put_uint (p, seq);
  p = PUT_LITERAL (p, "\",\"seq\":");
  return put_uint (p, seq);
}

/* "type" and "from"; neither needs escapes. */
static char *
put_type (char *p, const SentientSignal *signal)
{
  const char *type = sentient_signal_type_to_string (signal->type);

  p = PUT_LITERAL (p, "\"type\":\"");
  p = put (p, type, strlen (type));
  p = PUT_LITERAL (p, "\",\"from\":\"");
  p = put (p, signal->from, signal->from_len);
  *p++ = '"';
  return p;
}

static char *
put_room (char *p, const SentientSignal *signal)
{
  if (signal->room == NULL)
    return PUT_LITERAL (p, ",\"room\":null");
  p = PUT_LITERAL (p, ",\"room\":\"");
  p = put (p, signal->room, signal->room_len);
  *p++ = '"';
  return p;
}

/* lifted: with the sdp or candidate once more, beside the payload. */
static char *
put_payload (char *p, const SentientSignal *signal, gboolean lifted)
{
  p = PUT_LITERAL (p, ",\"payload\":");
  p = put (p, signal->payload, signal->payload_len);
  if (lifted && signal->lifted_len > 0)
    {
      const char *key = sentient_signal_type_get_key (signal->type);

      p = PUT_LITERAL (p, ",\"");
      p = put (p, key, strlen (key));
      p = PUT_LITERAL (p, "\":");
      p = put (p, signal->payload + signal->lifted_offset, signal->lifted_len);
    }
  return p;
}

/* Makes room once and then only copies. */
static void
append_signal (const SentientSignal *signal, GString *out, SentientDialect dialect, guint64 seq)
{
  gsize before = out->len;
  char *start, *p;

  g_string_set_size (out, before + signal_size (signal));
  p = start = out->str + before;
  if (dialect == SENTIENT_DIALECT_POLL)
    {
      p = put_head (p, seq);
      *p++ = ',';
      p = put_type (p, signal);
      p = put_room (p, signal);
      p = put_payload (p, signal, TRUE);
      p = PUT_LITERAL (p, ",\"timestamp\":");
      p = put_uint (p, (guint64)MAX (signal->timestamp_ms, 0));
    }
  else if (dialect == SENTIENT_DIALECT_V1)
    {
      *p++ = '{';
      p = put_type (p, signal);
      p = put_room (p, signal);
      p = PUT_LITERAL (p, ",\"seq\":");
      p = put_uint (p, seq);
      p = put_payload (p, signal, FALSE);
    }
  else
    {
      *p++ = '{';
      p = put_type (p, signal);
      p = PUT_LITERAL (p, ",\"to\":\"");
      p = put (p, signal->to, signal->to_len);
      *p++ = '"';
      p = put_room (p, signal);
      p = put_payload (p, signal, TRUE);
    }
  *p++ = '}';
  g_string_truncate (out, before + (gsize)(p - start));
}

void
sentient_message_append (SentientMessage *self,
                         GString *out,
                         SentientDialect dialect,
                         guint64 seq,
                         const char *receiver)
{
  if (self->signal != NULL)
    append_signal (self->signal, out, dialect, seq);
  else if (self->event != NULL)
    sentient_event_append (self, out, dialect, seq, receiver);
  else
    {
      g_string_append_len (out, self->note->str, self->seq_at);
      g_string_append_printf (out, ",\"seq\":%" G_GUINT64_FORMAT, seq);
      g_string_append (out, self->note->str + self->seq_at);
    }
}
