/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-json.h"
#include "protocol/sentient-server-message.h"

#include <string.h>

/* {"type":"…" for a WebSocket, {"nodeId":"…" for HTTP. */
static GString *
begin (const char *type, const char *node_id)
{
  GString *out = g_string_new (node_id != NULL ? "{\"nodeId\":" : "{\"type\":");

  sentient_json_append_string (out, node_id != NULL ? node_id : type);
  return out;
}

static void
append_text (GString *out, const char *key, const char *text)
{
  g_string_append_printf (out, ",\"%s\":", key);
  sentient_json_append_string (out, text);
}

static char *
end (GString *out)
{
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

char *
sentient_client_message_join (const char *node_id, const char *room, const char *metadata)
{
  GString *out = begin ("join", node_id);

  append_text (out, "room", room);
  if (metadata != NULL)
    {
      g_string_append (out, ",\"metadata\":");
      g_string_append (out, metadata);
    }
  return end (out);
}

char *
sentient_client_message_join_v1 (const char *node_id, const char *room, const char *metadata)
{
  g_autofree char *text = sentient_client_message_join (node_id, room, metadata);

  text[strlen (text) - 1] = '\0';
  return g_strconcat (text, ",\"v1\":true}", NULL);
}

char *
sentient_client_message_leave (const char *node_id, const char *room)
{
  GString *out = begin ("leave", node_id);

  if (room != NULL)
    append_text (out, "room", room);
  return end (out);
}

/* Legacy coordinators want a "from" over WebSocket as well; the form is the same by either way. */
char *
sentient_client_message_signal (const char *from, SentientSignal *signal)
{
  SentientSignalType type = sentient_signal_get_signal_type (signal);
  GString *out = begin (sentient_signal_type_to_string (type), NULL);

  append_text (out, "from", from != NULL ? from : sentient_signal_get_from (signal));
  append_text (out, "to", sentient_signal_get_to (signal));
  append_text (out, "room", sentient_signal_get_room (signal));
  g_string_append (out, ",\"payload\":");
  g_string_append (out, sentient_signal_get_payload (signal));
  return end (out);
}

char *
sentient_client_message_ping (void)
{
  return g_strdup ("{\"type\":\"ping\"}");
}

char *
sentient_client_message_resume (const char *session, const char *token, guint64 after)
{
  GString *out = begin ("resume", NULL);

  if (session != NULL)
    append_text (out, "session", session);
  if (token != NULL)
    {
      append_text (out, "token", token);
      g_string_append_printf (out, ",\"after\":%" G_GUINT64_FORMAT, after);
    }
  return end (out);
}

char *
sentient_client_message_ack (guint64 seq)
{
  return g_strdup_printf ("{\"type\":\"ack\",\"seq\":%" G_GUINT64_FORMAT "}", seq);
}

char *
sentient_client_message_number (char *text, guint64 ref, guint64 ack)
{
  GString *out;

  if (ref == 0 && ack == 0)
    return text;
  out = g_string_new_len (text, (gssize)strlen (text) - 1);
  if (ref != 0)
    g_string_append_printf (out, ",\"ref\":%" G_GUINT64_FORMAT, ref);
  if (ack != 0)
    g_string_append_printf (out, ",\"ack\":%" G_GUINT64_FORMAT, ack);
  g_free (text);
  return end (out);
}

char *
sentient_payload_new_sdp (SentientSignalType type, const char *sdp, const char *negotiation)
{
  GString *out = g_string_new ("{\"sdp\":");

  sentient_json_append_string (out, sdp);
  append_text (out, "type", sentient_signal_type_to_string (type));
  if (negotiation != NULL)
    append_text (out, "negotiation", negotiation);
  return end (out);
}

char *
sentient_payload_new_candidate (const char *candidate,
                                const char *mid,
                                guint mline,
                                const char *negotiation)
{
  GString *out = g_string_new ("{\"candidate\":{\"candidate\":");

  sentient_json_append_string (out, candidate);
  g_string_append (out, ",\"sdpMid\":");
  if (mid != NULL)
    sentient_json_append_string (out, mid);
  else
    g_string_append (out, "null");
  g_string_append_printf (out, ",\"sdpMLineIndex\":%u}", mline);
  if (negotiation != NULL)
    append_text (out, "negotiation", negotiation);
  return end (out);
}

char *
sentient_signal_dup_negotiation (SentientSignal *signal)
{
  static const char *const keys[] = { "negotiation" };
  const char *payload = sentient_signal_get_payload (signal);
  SentientJsonValue value;

  if (!sentient_json_pick (payload, strlen (payload), keys, &value, 1, NULL)
      || value.span.data == NULL || value.type != SENTIENT_JSON_STRING)
    return NULL;
  return sentient_json_dup_string (value.span);
}
