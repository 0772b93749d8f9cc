/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-message-pack.h"

#include <string.h>

#include "protocol/sentient-json.h"
#include "protocol/sentient-message-private.h"
#include "protocol/sentient-names.h"
#include "protocol/sentient-request.h"
#include "protocol/sentient-signal-private.h"

/* "" stands for NULL: no name or object is empty. */
#define SIGNAL_TYPE "(ussssx)" /* type, from, to, room, payload, timestamp */
#define EVENT_TYPE                                                                                 \
  "(ussssxxub)"         /* kind, room, node id, name, metadata, joined, now, reason, plain */
#define NOTE_TYPE "(s)" /* text */

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static const char *
or_null (const char *text)
{
  return text[0] != '\0' ? text : NULL;
}

GVariant *
sentient_message_pack (SentientMessage *self)
{
  const SentientSignal *signal = self->signal;
  const SentientEvent *event = self->event;

  if (signal != NULL)
    {
      g_autofree char *payload = g_strndup (signal->payload, signal->payload_len);

      return g_variant_new (SIGNAL_TYPE, (guint)signal->type, signal->from, signal->to,
                            or_empty (signal->room), payload, signal->timestamp_ms);
    }
  if (event != NULL)
    return g_variant_new (EVENT_TYPE, (guint)self->kind, event->room, event->node_id,
                          or_empty (event->name), or_empty (event->metadata), event->joined_at,
                          event->now_ms, (guint)event->reason, event->plain);
  return g_variant_new (NOTE_TYPE, self->note->str);
}

static SentientMessage *
unpack_signal (GVariant *packed)
{
  const char *from, *to, *room, *payload;
  g_autoptr (SentientSignal) signal = NULL;
  SentientJsonValue lifted;
  const char *key;
  gint64 timestamp_ms;
  guint type;

  g_variant_get (packed, "(u&s&s&s&sx)", &type, &from, &to, &room, &payload, &timestamp_ms);
  if (type > SENTIENT_SIGNAL_TYPE_RENEGOTIATE || strlen (payload) > SENTIENT_MESSAGE_MAX + 64
      || !sentient_name_is_valid (from, -1) || !sentient_name_is_valid (to, -1)
      || (or_null (room) != NULL && !sentient_name_is_valid (room, -1)))
    return NULL;
  key = sentient_signal_type_get_key ((SentientSignalType)type);
  if (!sentient_json_pick (payload, strlen (payload), &key, &lifted, 1, NULL))
    return NULL;
  signal = sentient_signal_new_trusted ((SentientSignalType)type, from, to, or_null (room), NULL,
                                        (SentientSpan){ payload, strlen (payload) }, lifted.span,
                                        timestamp_ms);
  return sentient_message_new_signal (signal);
}

static SentientMessage *
unpack_event (GVariant *packed)
{
  const char *room, *node_id, *name, *metadata;
  gint64 joined_at, now_ms;
  guint kind, reason;
  gboolean plain;

  g_variant_get (packed, "(u&s&s&s&sxxub)", &kind, &room, &node_id, &name, &metadata, &joined_at,
                 &now_ms, &reason, &plain);
  if (reason > SENTIENT_LEAVE_REASON_REPLACED || strlen (name) > SENTIENT_METADATA_MAX
      || strlen (metadata) > SENTIENT_METADATA_MAX || !sentient_name_is_valid (room, -1)
      || !sentient_name_is_valid (node_id, -1)
      || (or_null (metadata) != NULL
          && !sentient_json_pick (metadata, strlen (metadata), NULL, NULL, 0, NULL)))
    return NULL;
  if (kind == SENTIENT_MESSAGE_PEER_JOINED)
    {
      const SentientPeerInfo peer = { .node_id = node_id,
                                      .name = or_null (name),
                                      .joined_at = joined_at,
                                      .metadata = or_null (metadata),
                                      .plain = plain };

      return sentient_message_new_peer_joined (room, &peer, now_ms);
    }
  if (kind == SENTIENT_MESSAGE_PEER_LEFT)
    return sentient_message_new_peer_left (room, node_id, (SentientLeaveReason)reason, now_ms);
  if (kind == SENTIENT_MESSAGE_PEER_ONLINE || kind == SENTIENT_MESSAGE_PEER_OFFLINE)
    return sentient_message_new_presence (room, node_id, kind == SENTIENT_MESSAGE_PEER_ONLINE);
  return NULL;
}

static SentientMessage *
unpack_note (GVariant *packed)
{
  static const char start[] = "{\"type\":\"";
  const char *text;
  gsize len;

  g_variant_get (packed, "(&s)", &text);
  len = strlen (text);
  /* A page may hold one large peer beyond its size; nothing is larger than a message. */
  if (len > SENTIENT_MESSAGE_MAX || !g_str_has_prefix (text, start)
      || !sentient_json_pick (text, len, NULL, NULL, 0, NULL))
    return NULL;
  return sentient_message_new_note (g_string_new_len (text, (gssize)len));
}

SentientMessage *
sentient_message_unpack (GVariant *packed)
{
  if (g_variant_is_of_type (packed, G_VARIANT_TYPE (SIGNAL_TYPE)))
    return unpack_signal (packed);
  if (g_variant_is_of_type (packed, G_VARIANT_TYPE (EVENT_TYPE)))
    return unpack_event (packed);
  if (g_variant_is_of_type (packed, G_VARIANT_TYPE (NOTE_TYPE)))
    return unpack_note (packed);
  return NULL;
}
