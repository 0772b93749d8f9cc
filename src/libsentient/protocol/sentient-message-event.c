/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What happened in a room, in the words of each dialect. Names are valid, so they need no escapes.
 */

#include "protocol/sentient-message-private.h"

#include <string.h>

#include "protocol/sentient-json.h"

/* More than the keys, punctuation and numbers of any form. */
#define JOINED_OVERHEAD 384
#define OTHER_OVERHEAD 256
#define PRESENCE_OVERHEAD 96 /* only in v1's form; a crowd that comes back makes many of them */

static SentientMessage *
event_message_new (SentientMessageKind kind, const char *room, const char *node_id, gint64 now_ms)
{
  SentientMessage *self = g_new0 (SentientMessage, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->kind = kind;
  self->event = g_new0 (SentientEvent, 1);
  self->event->room = g_strdup (room);
  self->event->node_id = g_strdup (node_id);
  self->event->now_ms = now_ms;
  return self;
}

SentientMessage *
sentient_message_new_peer_joined (const char *room, const SentientPeerInfo *peer, gint64 now_ms)
{
  SentientMessage *self
      = event_message_new (SENTIENT_MESSAGE_PEER_JOINED, room, peer->node_id, now_ms);

  self->event->name = g_strdup (peer->name);
  self->event->metadata = g_strdup (peer->metadata);
  self->event->joined_at = peer->joined_at;
  self->event->plain = peer->plain;
  return self;
}

SentientMessage *
sentient_message_new_peer_left (const char *room,
                                const char *node_id,
                                SentientLeaveReason reason,
                                gint64 now_ms)
{
  SentientMessage *self = event_message_new (SENTIENT_MESSAGE_PEER_LEFT, room, node_id, now_ms);

  self->event->reason = reason;
  return self;
}

SentientMessage *
sentient_message_new_presence (const char *room, const char *node_id, gboolean online)
{
  return event_message_new (online ? SENTIENT_MESSAGE_PEER_ONLINE : SENTIENT_MESSAGE_PEER_OFFLINE,
                            room, node_id, 0);
}

void
sentient_event_free (SentientEvent *self)
{
  for (guint i = 0; i < SENTIENT_N_EVENT_FORMS; i++)
    {
      if (self->texts[i] != NULL)
        g_string_free (self->texts[i], TRUE);
    }
  g_free (self->room);
  g_free (self->node_id);
  g_free (self->name);
  g_free (self->metadata);
  g_free (self);
}

gsize
sentient_event_get_size (SentientMessageKind kind, const SentientEvent *self)
{
  gsize names_len = strlen (self->room) + 3 * strlen (self->node_id);
  gsize name_len = self->name != NULL ? strlen (self->name) : 0;
  gsize metadata_len = self->metadata != NULL ? strlen (self->metadata) : 0;

  if (kind == SENTIENT_MESSAGE_PEER_ONLINE || kind == SENTIENT_MESSAGE_PEER_OFFLINE)
    return PRESENCE_OVERHEAD + names_len;
  if (kind != SENTIENT_MESSAGE_PEER_JOINED)
    return OTHER_OVERHEAD + names_len;
  /* A character of the name may take six in JSON; the node id may stand for it. */
  return JOINED_OVERHEAD + names_len + 6 * name_len + 3 * strlen (self->node_id) + 2 * metadata_len;
}

static const char *
kind_to_type (SentientMessageKind kind)
{
  switch (kind)
    {
    case SENTIENT_MESSAGE_PEER_JOINED:
      return "peer-joined";
    case SENTIENT_MESSAGE_PEER_LEFT:
      return "peer-left";
    case SENTIENT_MESSAGE_PEER_OFFLINE:
      return "peer-offline";
    case SENTIENT_MESSAGE_PEER_ONLINE:
      return "peer-online";
    case SENTIENT_MESSAGE_SIGNAL:
    case SENTIENT_MESSAGE_NOTE:
    default:
      g_assert_not_reached ();
    }
}

static const char *
get_metadata (const SentientEvent *event)
{
  return event->metadata != NULL ? event->metadata : "{}";
}

/* "peer":{… without its end. */
static void
append_peer (GString *text, const SentientEvent *event)
{
  g_string_append_printf (text, ",\"peer\":{\"nodeId\":\"%s\",\"peerId\":\"%s\",\"name\":",
                          event->node_id, event->node_id);
  sentient_json_append_string (text, event->name != NULL ? event->name : event->node_id);
  g_string_append_printf (text,
                          ",\"joinedAt\":%" G_GINT64_FORMAT ",\"metadata\":", event->joined_at);
  g_string_append (text, get_metadata (event));
}

static void
build_plain (GString *text, SentientMessageKind kind, const SentientEvent *event)
{
  g_string_append_printf (text, "{\"type\":\"%s\",\"room\":\"%s\"", kind_to_type (kind),
                          event->room);
  if (kind == SENTIENT_MESSAGE_PEER_JOINED)
    {
      append_peer (text, event);
      g_string_append_c (text, '}');
    }
  g_string_append_printf (text, ",\"peerId\":\"%s\",\"nodeId\":\"%s\"", event->node_id,
                          event->node_id);
  if (kind == SENTIENT_MESSAGE_PEER_JOINED)
    {
      g_string_append (text, ",\"metadata\":");
      g_string_append (text, get_metadata (event));
    }
  else
    g_string_append_printf (text, ",\"reason\":\"%s\"",
                            sentient_leave_reason_to_string (event->reason));
  g_string_append_c (text, '}');
}

static void
build_poll (GString *text, SentientMessageKind kind, const SentientEvent *event)
{
  const char *id = event->node_id;

  g_string_append_printf (text,
                          ",\"from\":\"system\",\"type\":\"%s\",\"room\":\"%s\",\"peerId\":\"%s\","
                          "\"payload\":{\"peerId\":\"%s\",\"nodeId\":\"%s\",\"metadata\":%s",
                          kind_to_type (kind), event->room, id, id, id, get_metadata (event));
  if (kind == SENTIENT_MESSAGE_PEER_LEFT)
    g_string_append_printf (text, ",\"reason\":\"%s\"",
                            sentient_leave_reason_to_string (event->reason));
  g_string_append_printf (text, "},\"timestamp\":%" G_GINT64_FORMAT "}", event->now_ms);
}

/* Behind the seq. */
static void
build_v1 (GString *text, SentientMessageKind kind, const SentientEvent *event, gboolean polite)
{
  g_string_append_printf (text, ",\"room\":\"%s\"", event->room);
  if (kind == SENTIENT_MESSAGE_PEER_JOINED)
    {
      append_peer (text, event);
      g_string_append (text, polite ? ",\"polite\":true}" : ",\"polite\":false}");
    }
  g_string_append_printf (text, ",\"peerId\":\"%s\",\"nodeId\":\"%s\"", event->node_id,
                          event->node_id);
  if (kind == SENTIENT_MESSAGE_PEER_LEFT)
    g_string_append_printf (text, ",\"reason\":\"%s\"",
                            sentient_leave_reason_to_string (event->reason));
  g_string_append_c (text, '}');
}

static const GString *
get_text (SentientMessage *message, SentientEventForm form)
{
  SentientEvent *event = message->event;
  GString **text = &event->texts[form];

  if (*text != NULL)
    return *text;
  *text = g_string_sized_new (256);
  if (form == SENTIENT_EVENT_PLAIN)
    build_plain (*text, message->kind, event);
  else if (form == SENTIENT_EVENT_POLL)
    build_poll (*text, message->kind, event);
  else
    build_v1 (*text, message->kind, event, form == SENTIENT_EVENT_V1_POLITE);
  return *text;
}

void
sentient_event_append (SentientMessage *message,
                       GString *out,
                       SentientDialect dialect,
                       guint64 seq,
                       const char *receiver)
{
  const SentientEvent *event = message->event;
  SentientEventForm form = SENTIENT_EVENT_PLAIN;
  const GString *text;

  if (dialect == SENTIENT_DIALECT_POLL)
    {
      form = SENTIENT_EVENT_POLL;
      g_string_append_printf (out, "{\"id\":\"%" G_GUINT64_FORMAT "\",\"seq\":%" G_GUINT64_FORMAT,
                              seq, seq);
    }
  else if (dialect == SENTIENT_DIALECT_V1)
    {
      form = sentient_peer_is_polite (receiver, event->node_id, event->plain)
                 ? SENTIENT_EVENT_V1_POLITE
                 : SENTIENT_EVENT_V1;
      g_string_append_printf (out, "{\"type\":\"%s\",\"seq\":%" G_GUINT64_FORMAT,
                              kind_to_type (message->kind), seq);
    }
  text = get_text (message, form);
  g_string_append_len (out, text->str, (gssize)text->len);
}
