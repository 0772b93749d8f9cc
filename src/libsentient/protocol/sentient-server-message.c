/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-server-message.h"

#include <string.h>

#include "protocol/sentient-ice-private.h"
#include "protocol/sentient-json.h"
#include "protocol/sentient-names.h"

#define RETRY_AFTER_MAX_MS 120000

typedef enum
{
  FIELD_TYPE,
  FIELD_ID,
  FIELD_NODE_ID,
  FIELD_PEER_ID,
  FIELD_COORDINATOR_ID,
  FIELD_ROOM,
  FIELD_ROOMS,
  FIELD_SUCCESS,
  FIELD_CODE,
  FIELD_MESSAGE,
  FIELD_ERROR,
  FIELD_PEER,
  FIELD_PEERS,
  FIELD_ICE_SERVERS,
  FIELD_METADATA,
  FIELD_REASON,
  FIELD_FROM,
  FIELD_TO,
  FIELD_PAYLOAD,
  FIELD_SDP,
  FIELD_CANDIDATE,
  FIELD_SIGNALS,
  FIELD_RETRY_AFTER,
  FIELD_SEQ,
  FIELD_REF,
  FIELD_REFS,
  FIELD_SESSION,
  FIELD_TOKEN,
  FIELD_RESUMED,
  FIELD_MORE,
  FIELD_ONLINE,
  FIELD_POLITE,
  N_FIELDS
} Field;

static const char *const field_keys[N_FIELDS] = {
  "type", "id",      "nodeId",  "peerId", "coordinatorId", "room",       "rooms",      "success",
  "code", "message", "error",   "peer",   "peers",         "iceServers", "metadata",   "reason",
  "from", "to",      "payload", "sdp",    "candidate",     "signals",    "retryAfter", "seq",
  "ref",  "refs",    "session", "token",  "resumed",       "more",       "online",     "polite",
};

static void
remote_peer_free (gpointer data)
{
  SentientRemotePeer *peer = data;

  g_free (peer->node_id);
  g_free (peer->metadata);
  g_free (peer);
}

void
sentient_server_message_free (SentientServerMessage *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->node_id);
  g_free (self->coordinator_id);
  g_free (self->room);
  g_strfreev (self->rooms);
  g_clear_error (&self->error);
  g_clear_pointer (&self->peers, g_ptr_array_unref);
  g_strfreev (self->stun_urls);
  g_strfreev (self->turn_urls);
  g_clear_pointer (&self->signal, sentient_signal_unref);
  g_free (self->session);
  g_free (self->token);
  g_free (self->to);
  g_clear_pointer (&self->refs, g_array_unref);
  g_free (self);
}

static inline gboolean
is_type (SentientJsonValue value, SentientJsonType type)
{
  return value.span.data != NULL && value.type == type;
}

static inline gboolean
is_true (SentientJsonValue value)
{
  return is_type (value, SENTIENT_JSON_BOOLEAN) && value.span.data[0] == 't';
}

/* 0 if it is no whole number. */
static guint64
get_number (SentientJsonValue value)
{
  guint64 number = 0;

  if (is_type (value, SENTIENT_JSON_NUMBER))
    sentient_json_get_uint (value, &number);
  return number;
}

static char *
dup_text (SentientJsonValue value)
{
  return is_type (value, SENTIENT_JSON_STRING) ? sentient_json_dup_string (value.span) : NULL;
}

static char *
dup_span (SentientJsonValue value)
{
  return g_strndup (value.span.data, value.span.len);
}

/* NULL if it is no valid name. */
static char *
dup_name (SentientJsonValue value)
{
  char *name = dup_text (value);

  if (!sentient_name_is_valid (name, -1))
    g_clear_pointer (&name, g_free);
  return name;
}

static gboolean
set_broken (GError **error, const char *what)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
               "The coordinator sent something that cannot be understood: %s", what);
  return FALSE;
}

static gboolean
scan_object (SentientJsonValue *values, const char *data, gsize len, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (sentient_json_pick (data, len, field_keys, values, N_FIELDS, &problem))
    return TRUE;
  return set_broken (error, problem->message);
}

/* "code" tells what; the text stands under "message", or "error", or is the code. */
static GError *
make_error (const SentientJsonValue *values)
{
  g_autofree char *code = dup_text (values[FIELD_CODE]);
  g_autofree char *text = dup_text (values[FIELD_MESSAGE]);
  SentientError number = SENTIENT_ERROR_FAILED;
  guint64 retry_after_ms = 0;
  GError *error;

  if (text == NULL)
    text = dup_text (values[FIELD_ERROR]);
  sentient_error_from_code (code, &number);
  error = g_error_new (SENTIENT_ERROR, (gint)number, "The coordinator refused: %s",
                       text != NULL   ? text
                       : code != NULL ? code
                                      : "it gave no reason");
  if (sentient_json_get_uint (values[FIELD_RETRY_AFTER], &retry_after_ms))
    sentient_error_set_retry_after (error, (guint)MIN (retry_after_ms, RETRY_AFTER_MAX_MS));
  return error;
}

/* A peer goes by "nodeId" (design) or "peerId" (legacy); in a list it may be just its id. NULL: it
 * has no valid id. */
static SentientRemotePeer *
parse_peer (SentientJsonValue value)
{
  g_autofree char *node_id = NULL;
  SentientJsonValue values[N_FIELDS] = { 0 };
  SentientRemotePeer *peer;

  if (is_type (value, SENTIENT_JSON_STRING))
    node_id = dup_name (value);
  else if (is_type (value, SENTIENT_JSON_OBJECT)
           && scan_object (values, value.span.data, value.span.len, NULL))
    {
      node_id = dup_name (values[FIELD_NODE_ID]);
      if (node_id == NULL)
        node_id = dup_name (values[FIELD_PEER_ID]);
    }
  if (node_id == NULL)
    return NULL;
  peer = g_new0 (SentientRemotePeer, 1);
  peer->node_id = g_steal_pointer (&node_id);
  if (is_type (values[FIELD_METADATA], SENTIENT_JSON_OBJECT))
    peer->metadata = dup_span (values[FIELD_METADATA]);
  peer->offline
      = is_type (values[FIELD_ONLINE], SENTIENT_JSON_BOOLEAN) && !is_true (values[FIELD_ONLINE]);
  peer->knows_polite = is_type (values[FIELD_POLITE], SENTIENT_JSON_BOOLEAN);
  peer->polite = is_true (values[FIELD_POLITE]);
  return peer;
}

static void
take_peers (SentientServerMessage *self, SentientJsonValue list)
{
  SentientJsonValue value;
  gsize offset = 0;

  self->peers = g_ptr_array_new_with_free_func (remote_peer_free);
  while (is_type (list, SENTIENT_JSON_ARRAY)
         && sentient_json_next_element (list.span, &offset, &value))
    {
      SentientRemotePeer *peer;

      if (self->peers->len == SENTIENT_SERVER_ITEMS_MAX)
        {
          g_debug ("More than %d peers in one answer; the others are not taken",
                   SENTIENT_SERVER_ITEMS_MAX);
          return;
        }
      peer = parse_peer (value);
      if (peer != NULL)
        g_ptr_array_add (self->peers, peer);
      else
        g_debug ("A peer without a valid nodeId is not taken");
    }
}

static void
take_rooms (SentientServerMessage *self, SentientJsonValue list)
{
  g_autoptr (GPtrArray) rooms = NULL;
  SentientJsonValue value;
  gsize offset = 0;

  if (!is_type (list, SENTIENT_JSON_ARRAY))
    return;
  rooms = g_ptr_array_new_with_free_func (g_free);
  while (rooms->len < SENTIENT_SERVER_ITEMS_MAX
         && sentient_json_next_element (list.span, &offset, &value))
    {
      char *room = dup_name (value);

      if (room != NULL)
        g_ptr_array_add (rooms, room);
    }
  g_ptr_array_add (rooms, NULL);
  self->rooms = (GStrv)g_ptr_array_steal (rooms, NULL);
}

/* Of a join, leave or signal; without "success" it is one, unless it tells an error. */
static void
take_result (SentientServerMessage *self, const SentientJsonValue *values)
{
  SentientJsonValue success = values[FIELD_SUCCESS];

  if (is_type (success, SENTIENT_JSON_BOOLEAN))
    self->success = success.span.data[0] == 't';
  else
    self->success = values[FIELD_CODE].span.data == NULL
                    && !is_type (values[FIELD_ERROR], SENTIENT_JSON_STRING);
  if (!self->success)
    self->error = make_error (values);
  self->room = dup_name (values[FIELD_ROOM]);
  if (self->kind == SENTIENT_SERVER_LEAVE_RESULT)
    take_rooms (self, values[FIELD_ROOMS]);
  if (self->kind != SENTIENT_SERVER_JOIN_RESULT)
    return;
  take_peers (self, values[FIELD_PEERS]);
  self->session = dup_text (values[FIELD_SESSION]);
  self->token = dup_text (values[FIELD_TOKEN]);
  if (is_type (values[FIELD_ICE_SERVERS], SENTIENT_JSON_ARRAY))
    sentient_ice_servers_parse (values[FIELD_ICE_SERVERS].span, &self->stun_urls, &self->turn_urls);
}

/* Who it is about stands at the top, in peer{}, or in the payload{} of a poll's item. */
static gboolean
take_peer_event (SentientServerMessage *self, const SentientJsonValue *values, GError **error)
{
  SentientJsonValue places[] = { values[FIELD_PEER], values[FIELD_PAYLOAD] };
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func (remote_peer_free);
  SentientRemotePeer *peer = NULL;
  g_autofree char *reason = dup_text (values[FIELD_REASON]);

  self->room = dup_name (values[FIELD_ROOM]);
  self->node_id = dup_name (values[FIELD_NODE_ID]);
  if (self->node_id == NULL)
    self->node_id = dup_name (values[FIELD_PEER_ID]);
  for (guint i = 0; i < G_N_ELEMENTS (places) && peer == NULL; i++)
    peer = parse_peer (places[i]);
  if (peer == NULL)
    peer = g_new0 (SentientRemotePeer, 1);
  g_ptr_array_add (peers, peer);
  if (self->node_id == NULL)
    self->node_id = g_strdup (peer->node_id);
  if (self->node_id == NULL)
    return set_broken (error, "an event without the valid nodeId of a peer.");
  g_free (peer->node_id);
  peer->node_id = g_strdup (self->node_id);
  if (peer->metadata == NULL && is_type (values[FIELD_METADATA], SENTIENT_JSON_OBJECT))
    peer->metadata = dup_span (values[FIELD_METADATA]);

  if (self->kind == SENTIENT_SERVER_PEER_JOINED)
    {
      self->peers = g_steal_pointer (&peers);
      return TRUE;
    }
  if (reason == NULL && is_type (values[FIELD_PAYLOAD], SENTIENT_JSON_OBJECT))
    {
      SentientJsonValue inner[N_FIELDS];

      if (scan_object (inner, values[FIELD_PAYLOAD].span.data, values[FIELD_PAYLOAD].span.len,
                       NULL))
        reason = dup_text (inner[FIELD_REASON]);
    }
  self->reason = SENTIENT_LEAVE_REASON_LEFT;
  sentient_leave_reason_from_string (reason, &self->reason);
  return TRUE;
}

/* The payload as it was sent; one that is no object, or "sdp" or "candidate" alone, is wrapped. */
static char *
dup_payload (SentientSignalType type, const SentientJsonValue *values)
{
  gboolean is_candidate = type == SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE;
  SentientJsonValue value = values[FIELD_PAYLOAD];

  if (is_type (value, SENTIENT_JSON_OBJECT))
    return dup_span (value);
  if (value.span.data == NULL || value.type == SENTIENT_JSON_NULL)
    value = values[is_candidate ? FIELD_CANDIDATE : FIELD_SDP];
  if (value.span.data == NULL)
    return g_strdup ("{}");
  return g_strdup_printf ("{\"%s\":%.*s}", is_candidate ? "candidate" : "sdp", (int)value.span.len,
                          value.span.data);
}

static gboolean
take_signal (SentientServerMessage *self,
             SentientSignalType type,
             const SentientJsonValue *values,
             const char *node_id,
             GError **error)
{
  g_autofree char *from = dup_name (values[FIELD_FROM]);
  g_autofree char *to = dup_name (values[FIELD_TO]);
  g_autofree char *payload = dup_payload (type, values);
  g_autoptr (GError) problem = NULL;

  self->room = dup_name (values[FIELD_ROOM]);
  if (from == NULL)
    return set_broken (error, "a signal without a valid “from”.");
  if (to == NULL && node_id == NULL)
    return set_broken (error, "a signal without a valid “to”.");
  self->signal
      = sentient_signal_new (type, from, to != NULL ? to : node_id, self->room, payload, &problem);
  if (self->signal == NULL)
    return set_broken (error, problem->message);
  return TRUE;
}

static void
take_refs (SentientServerMessage *self, SentientJsonValue list)
{
  SentientJsonValue value;
  gsize offset = 0;

  self->refs = g_array_new (FALSE, FALSE, sizeof (guint64));
  while (is_type (list, SENTIENT_JSON_ARRAY) && self->refs->len < SENTIENT_SERVER_REFS_MAX
         && sentient_json_next_element (list.span, &offset, &value))
    {
      guint64 ref = get_number (value);

      if (ref != 0)
        g_array_append_val (self->refs, ref);
    }
}

static gboolean
take_presence (SentientServerMessage *self, const SentientJsonValue *values, GError **error)
{
  self->room = dup_name (values[FIELD_ROOM]);
  self->node_id = dup_name (values[FIELD_NODE_ID]);
  return (self->room != NULL && self->node_id != NULL)
         || set_broken (error, "a presence without a valid “room” and “nodeId”.");
}

static gboolean
take_room_state (SentientServerMessage *self, const SentientJsonValue *values, GError **error)
{
  self->room = dup_name (values[FIELD_ROOM]);
  take_peers (self, values[FIELD_PEERS]);
  return self->room != NULL || set_broken (error, "a room-state without a valid “room”.");
}

static gboolean
take_undelivered (SentientServerMessage *self, const SentientJsonValue *values, GError **error)
{
  self->to = dup_name (values[FIELD_TO]);
  take_refs (self, values[FIELD_REFS]);
  return self->to != NULL || set_broken (error, "an “undelivered” without a valid “to”.");
}

static gboolean
take_gap (SentientServerMessage *self, const SentientJsonValue *values, GError **error)
{
  self->gap_from = get_number (values[FIELD_FROM]);
  self->gap_to = get_number (values[FIELD_TO]);
  return (self->gap_from > 0 && self->gap_to >= self->gap_from)
         || set_broken (error, "a gap without the numbers that are missing.");
}

static void
take_connected (SentientServerMessage *self, const SentientJsonValue *values, const char *node_id)
{
  self->coordinator_id = dup_text (values[FIELD_COORDINATOR_ID]);
  self->node_id = dup_name (values[FIELD_NODE_ID]);
  if (self->node_id == NULL)
    self->node_id = dup_name (values[FIELD_PEER_ID]);
  if (self->node_id == NULL)
    self->node_id = g_strdup (node_id);
  self->session = dup_text (values[FIELD_SESSION]);
  self->token = dup_text (values[FIELD_TOKEN]);
  self->resumed = is_true (values[FIELD_RESUMED]);
}

static gboolean
take_by_type (SentientServerMessage *self,
              const SentientJsonValue *values,
              const char *node_id,
              GError **error)
{
  static const char *const kinds[]
      = { "connected",   "join-result", "leave-result", "peer-joined", "peer-left",
          NULL,          "error",       "pong",         "room-state",  "peer-offline",
          "peer-online", "undelivered", "gap",          "ack",         "draining" };
  g_autofree char *type = dup_text (values[FIELD_TYPE]);
  SentientSignalType signal_type;

  if (type == NULL)
    return set_broken (error, "a message without a type.");
  self->seq = get_number (values[FIELD_SEQ]);
  self->ref = get_number (values[FIELD_REF]);
  self->more = is_true (values[FIELD_MORE]);
  if (sentient_signal_type_from_string (type, &signal_type))
    {
      self->kind = SENTIENT_SERVER_SIGNAL;
      return take_signal (self, signal_type, values, node_id, error);
    }
  self->kind = SENTIENT_SERVER_UNKNOWN;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (g_strcmp0 (kinds[i], type) == 0)
        self->kind = (SentientServerMessageKind)i;
    }
  switch (self->kind)
    {
    case SENTIENT_SERVER_CONNECTED:
      take_connected (self, values, node_id);
      return TRUE;
    case SENTIENT_SERVER_JOIN_RESULT:
    case SENTIENT_SERVER_LEAVE_RESULT:
      take_result (self, values);
      return TRUE;
    case SENTIENT_SERVER_PEER_JOINED:
    case SENTIENT_SERVER_PEER_LEFT:
      return take_peer_event (self, values, error);
    case SENTIENT_SERVER_ERROR:
      self->error = make_error (values);
      return TRUE;
    case SENTIENT_SERVER_ROOM_STATE:
      return take_room_state (self, values, error);
    case SENTIENT_SERVER_PEER_OFFLINE:
    case SENTIENT_SERVER_PEER_ONLINE:
      return take_presence (self, values, error);
    case SENTIENT_SERVER_UNDELIVERED:
      return take_undelivered (self, values, error);
    case SENTIENT_SERVER_GAP:
      return take_gap (self, values, error);
    case SENTIENT_SERVER_DRAINING:
      self->retry_after_ms
          = (guint)MIN (get_number (values[FIELD_RETRY_AFTER]), RETRY_AFTER_MAX_MS);
      return TRUE;
    case SENTIENT_SERVER_ACK:
    case SENTIENT_SERVER_SIGNAL:
    case SENTIENT_SERVER_PONG:
    case SENTIENT_SERVER_UNKNOWN:
    default:
      return TRUE;
    }
}

SentientServerMessage *
sentient_server_message_parse (const char *data, gsize len, const char *node_id, GError **error)
{
  g_autoptr (SentientServerMessage) self = g_new0 (SentientServerMessage, 1);
  SentientJsonValue values[N_FIELDS];

  if (!scan_object (values, data, len, error) || !take_by_type (self, values, node_id, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
take_item (GPtrArray *items, SentientJsonValue value, const char *node_id)
{
  g_autoptr (SentientServerMessage) item = NULL;
  g_autoptr (GError) error = NULL;
  SentientJsonValue values[N_FIELDS];

  item = sentient_server_message_parse (value.span.data, value.span.len, node_id, &error);
  if (item == NULL)
    {
      g_debug ("An item of a poll is left out: %s", error->message);
      return;
    }
  /* Some number their items. */
  if (scan_object (values, value.span.data, value.span.len, NULL))
    {
      item->id = dup_text (values[FIELD_ID]);
      if (is_type (values[FIELD_ID], SENTIENT_JSON_NUMBER))
        item->id = dup_span (values[FIELD_ID]);
    }
  g_ptr_array_add (items, g_steal_pointer (&item));
}

GPtrArray *
sentient_server_message_parse_poll (const char *data,
                                    gsize len,
                                    const char *node_id,
                                    GError **error)
{
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GError) problem = NULL;
  SentientJsonValue values[N_FIELDS];
  SentientJsonValue value = { { data, len }, SENTIENT_JSON_ARRAY };
  gsize offset = 0;

  if (!sentient_json_validate (data, len, &problem))
    {
      set_broken (error, problem->message);
      return NULL;
    }
  while (offset < len && strchr (" \t\r\n", data[offset]) != NULL)
    offset++;
  if (data[offset] != '[')
    {
      if (!scan_object (values, data, len, error))
        return NULL;
      value = values[FIELD_SIGNALS];
      offset = 0;
      if (is_type (values[FIELD_SUCCESS], SENTIENT_JSON_BOOLEAN)
          && values[FIELD_SUCCESS].span.data[0] == 'f')
        {
          g_propagate_error (error, make_error (values));
          return NULL;
        }
      if (!is_type (value, SENTIENT_JSON_ARRAY))
        {
          set_broken (error, "the answer to a poll without a list “signals”.");
          return NULL;
        }
    }
  items = g_ptr_array_new_with_free_func ((GDestroyNotify)sentient_server_message_free);
  for (SentientJsonValue each; sentient_json_next_element (value.span, &offset, &each);)
    {
      if (items->len == SENTIENT_SERVER_ITEMS_MAX)
        {
          g_debug ("More than %d items in one poll; the others are not taken",
                   SENTIENT_SERVER_ITEMS_MAX);
          break;
        }
      take_item (items, each, node_id);
    }
  return g_steal_pointer (&items);
}

SentientServerMessage *
sentient_server_message_parse_reply (const char *data,
                                     gsize len,
                                     SentientServerMessageKind kind,
                                     GError **error)
{
  g_autoptr (SentientServerMessage) self = g_new0 (SentientServerMessage, 1);
  SentientJsonValue values[N_FIELDS];

  if (!scan_object (values, data, len, error))
    return NULL;
  self->kind = kind;
  self->ref = get_number (values[FIELD_REF]);
  take_result (self, values);
  return g_steal_pointer (&self);
}
