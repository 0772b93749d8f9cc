/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-message.h"

#include <string.h>

#include "protocol/sentient-signal-private.h"

/* More than the keys, punctuation and three numbers of any dialect. */
#define SIGNAL_OVERHEAD 256
#define EVENT_OVERHEAD 64

struct _SentientMessage
{
  gatomicrefcount ref_count;
  SentientMessageKind kind;
  SentientSignal *signal; /* NULL for an event */
  gint64 arrival_us;
  GString *plain; /* of an event: its whole text */
  GString *poll;  /* of an event: its text behind "seq":n */
};

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

/* What a poll says of every event, up to its payload. Names are valid, so they need no escapes. */
static GString *
begin_poll_event (const char *type, const char *room, const char *node_id)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text,
                          ",\"from\":\"system\",\"type\":\"%s\",\"room\":\"%s\",\"peerId\":\"%s\","
                          "\"payload\":{\"peerId\":\"%s\",\"nodeId\":\"%s\",\"metadata\":",
                          type, room, node_id, node_id, node_id);
  return text;
}

SentientMessage *
sentient_message_new_peer_joined (const char *room, const SentientPeerInfo *peer, gint64 now_ms)
{
  SentientMessage *self = message_new (SENTIENT_MESSAGE_PEER_JOINED);
  const char *metadata = peer->metadata != NULL ? peer->metadata : "{}";
  const char *id = peer->node_id;

  self->plain = g_string_new (NULL);
  g_string_append_printf (self->plain,
                          "{\"type\":\"peer-joined\",\"room\":\"%s\",\"peer\":{\"nodeId\":\"%s\","
                          "\"peerId\":\"%s\",\"name\":",
                          room, id, id);
  sentient_json_append_string (self->plain, peer->name != NULL ? peer->name : id);
  g_string_append_printf (self->plain,
                          ",\"joinedAt\":%" G_GINT64_FORMAT ",\"metadata\":", peer->joined_at);
  g_string_append (self->plain, metadata);
  g_string_append_printf (self->plain, "},\"peerId\":\"%s\",\"nodeId\":\"%s\",\"metadata\":", id,
                          id);
  g_string_append (self->plain, metadata);
  g_string_append_c (self->plain, '}');

  self->poll = begin_poll_event ("peer-joined", room, id);
  g_string_append (self->poll, metadata);
  g_string_append_printf (self->poll, "},\"timestamp\":%" G_GINT64_FORMAT "}", now_ms);
  return self;
}

SentientMessage *
sentient_message_new_peer_left (const char *room,
                                const char *node_id,
                                SentientLeaveReason reason,
                                gint64 now_ms)
{
  SentientMessage *self = message_new (SENTIENT_MESSAGE_PEER_LEFT);
  const char *why = sentient_leave_reason_to_string (reason);

  self->plain = g_string_new (NULL);
  g_string_append_printf (self->plain,
                          "{\"type\":\"peer-left\",\"room\":\"%s\",\"peerId\":\"%s\","
                          "\"nodeId\":\"%s\",\"reason\":\"%s\"}",
                          room, node_id, node_id, why);

  self->poll = begin_poll_event ("peer-left", room, node_id);
  g_string_append_printf (self->poll, "{},\"reason\":\"%s\"},\"timestamp\":%" G_GINT64_FORMAT "}",
                          why, now_ms);
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
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
sentient_message_unref (SentientMessage *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->signal, sentient_signal_unref);
  if (self->plain != NULL)
    g_string_free (self->plain, TRUE);
  if (self->poll != NULL)
    g_string_free (self->poll, TRUE);
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
  return MAX (self->plain->len, self->poll->len + EVENT_OVERHEAD);
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
put_room_and_payload (char *p, const SentientSignal *signal)
{
  if (signal->room != NULL)
    {
      p = PUT_LITERAL (p, ",\"room\":\"");
      p = put (p, signal->room, signal->room_len);
      p = PUT_LITERAL (p, "\",\"payload\":");
    }
  else
    p = PUT_LITERAL (p, ",\"room\":null,\"payload\":");
  p = put (p, signal->payload, signal->payload_len);
  if (signal->lifted_len > 0)
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
      p = put_room_and_payload (p, signal);
      p = PUT_LITERAL (p, ",\"timestamp\":");
      p = put_uint (p, (guint64)MAX (signal->timestamp_ms, 0));
    }
  else
    {
      *p++ = '{';
      p = put_type (p, signal);
      p = PUT_LITERAL (p, ",\"to\":\"");
      p = put (p, signal->to, signal->to_len);
      *p++ = '"';
      p = put_room_and_payload (p, signal);
    }
  *p++ = '}';
  g_string_truncate (out, before + (gsize)(p - start));
}

void
sentient_message_append (SentientMessage *self, GString *out, SentientDialect dialect, guint64 seq)
{
  if (self->signal != NULL)
    {
      append_signal (self->signal, out, dialect, seq);
      return;
    }
  if (dialect == SENTIENT_DIALECT_POLL)
    {
      char head[EVENT_OVERHEAD];

      g_string_append_len (out, head, put_head (head, seq) - head);
      g_string_append_len (out, self->poll->str, (gssize)self->poll->len);
    }
  else
    g_string_append_len (out, self->plain->str, (gssize)self->plain->len);
}
