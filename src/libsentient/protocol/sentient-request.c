/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-request.h"

#include <string.h>

#include "protocol/sentient-signal-private.h"

typedef enum
{
  FIELD_TYPE,
  FIELD_FROM,
  FIELD_TO,
  FIELD_ROOM,
  FIELD_PAYLOAD,
  FIELD_SDP,
  FIELD_CANDIDATE,
  FIELD_METADATA,
  FIELD_NODE_ID,
  FIELD_REF,
  FIELD_SEQ,
  FIELD_ACK,
  FIELD_AFTER,
  FIELD_TOKEN,
  FIELD_V1,
  N_FIELDS
} Field;

static const char *const field_keys[N_FIELDS] = {
  [FIELD_TYPE] = "type",
  [FIELD_FROM] = "from",
  [FIELD_TO] = "to",
  [FIELD_ROOM] = "room",
  [FIELD_PAYLOAD] = "payload",
  [FIELD_SDP] = "sdp",
  [FIELD_CANDIDATE] = "candidate",
  [FIELD_METADATA] = "metadata",
  [FIELD_NODE_ID] = "nodeId",
  [FIELD_REF] = "ref",
  [FIELD_SEQ] = "seq",
  [FIELD_ACK] = "ack",
  [FIELD_AFTER] = "after",
  [FIELD_TOKEN] = "token",
  [FIELD_V1] = "v1",
};

/* What is lifted out of a payload; neither may stand there twice, whatever the type. */
typedef enum
{
  INNER_SDP,
  INNER_CANDIDATE,
  N_INNER
} Inner;

static const char *const inner_keys[N_INNER] = {
  [INNER_SDP] = "sdp",
  [INNER_CANDIDATE] = "candidate",
};

typedef struct
{
  SentientJsonValue values[N_FIELDS];
  SentientJsonValue inner[N_INNER];
} Fields;

/* null stands for absent. */
static inline gboolean
is_absent (SentientJsonValue value)
{
  return value.span.data == NULL || value.type == SENTIENT_JSON_NULL;
}

static gboolean
set_bad (GError **error, Field field, const char *problem)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, "The field “%s” %s.",
               field_keys[field], problem);
  return FALSE;
}

static void
request_clear (SentientRequest *self)
{
  self->kind = SENTIENT_REQUEST_PING;
  self->signal_type = SENTIENT_SIGNAL_TYPE_OFFER;
  self->node_id[0] = self->from[0] = self->to[0] = self->room[0] = '\0';
  self->metadata = self->payload = self->lifted = self->token = (SentientSpan){ NULL, 0 };
  self->ref = self->ack = self->after = 0;
  self->v1 = FALSE;
  self->wrap_payload = FALSE;
  self->wrap_key = "sdp";
}

static gboolean
scan_fields (Fields *fields, const char *data, gsize len, GError **error)
{
  const SentientJsonPicker inner = { inner_keys, fields->inner, N_INNER, 0, NULL };
  const SentientJsonPicker picker = { field_keys, fields->values, N_FIELDS, FIELD_PAYLOAD, &inner };

  if (len > SENTIENT_MESSAGE_MAX)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "The message has %" G_GSIZE_FORMAT " bytes; at most %d are taken.", len,
                   SENTIENT_MESSAGE_MAX);
      return FALSE;
    }
  return sentient_json_pick_nested (data, len, &picker, error);
}

/* name has room for SENTIENT_NAME_MAX and its NUL; it becomes "" when the field may be absent and
 * is. */
static gboolean
take_name (const Fields *fields, Field field, gboolean required, char *name, GError **error)
{
  SentientJsonValue value = fields->values[field];

  name[0] = '\0';
  if (is_absent (value))
    return !required || set_bad (error, field, "is missing");
  if (value.type != SENTIENT_JSON_STRING)
    return set_bad (error, field, "must be a string");

  /* A valid name has no backslash: as it stands it is what it says. */
  if (sentient_name_is_valid (value.span.data + 1, (gssize)value.span.len - 2))
    {
      memcpy (name, value.span.data + 1, value.span.len - 2);
      name[value.span.len - 2] = '\0';
      return TRUE;
    }
  if (sentient_json_unescape (value.span, name, SENTIENT_NAME_MAX + 1)
      && sentient_name_is_valid (name, -1))
    return TRUE;
  return set_bad (error, field,
                  "must be 1 to " G_STRINGIFY (
                      SENTIENT_NAME_MAX) " of A–Z a–z 0–9 . _ : - and not “system”");
}

static gboolean
take_metadata (SentientRequest *self, const Fields *fields, GError **error)
{
  SentientJsonValue value = fields->values[FIELD_METADATA];

  if (is_absent (value))
    return TRUE;
  if (value.type != SENTIENT_JSON_OBJECT)
    return set_bad (error, FIELD_METADATA, "must be an object");
  if (value.span.len > SENTIENT_METADATA_MAX)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "The field “metadata” has %" G_GSIZE_FORMAT " bytes; at most %d are taken.",
                   value.span.len, SENTIENT_METADATA_MAX);
      return FALSE;
    }
  self->metadata = value.span;
  return TRUE;
}

/* "payload" wins over "sdp" and "candidate"; what is no object is wrapped into one. */
static gboolean
take_payload (SentientRequest *self, const Fields *fields, GError **error)
{
  gboolean is_candidate = self->signal_type == SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE;
  Field field = is_candidate ? FIELD_CANDIDATE : FIELD_SDP;
  SentientJsonValue value = fields->values[FIELD_PAYLOAD];

  self->wrap_key = field_keys[field];
  if (!is_absent (value))
    {
      self->payload = value.span;
      self->wrap_payload = value.type != SENTIENT_JSON_OBJECT;
      self->lifted = self->wrap_payload
                         ? value.span
                         : fields->inner[is_candidate ? INNER_CANDIDATE : INNER_SDP].span;
      return TRUE;
    }

  /* "candidate":null is no absence: it is the end of candidates. */
  value = fields->values[field];
  if (is_candidate ? value.span.data == NULL : is_absent (value))
    {
      if (self->signal_type == SENTIENT_SIGNAL_TYPE_RENEGOTIATE)
        return TRUE;
      return set_bad (error, FIELD_PAYLOAD,
                      is_candidate ? "(or “candidate”) is missing" : "(or “sdp”) is missing");
    }
  if (value.type != SENTIENT_JSON_STRING && value.type != SENTIENT_JSON_OBJECT
      && value.type != SENTIENT_JSON_NULL)
    return set_bad (error, field, "must be a string or an object");
  self->payload = self->lifted = value.span;
  self->wrap_payload = TRUE;
  return TRUE;
}

/* The type, unescaped; *name is "" when it is too long to be one we know. */
static gboolean
take_type (const Fields *fields, char *name, gsize size, GError **error)
{
  SentientJsonValue value = fields->values[FIELD_TYPE];

  if (is_absent (value))
    return set_bad (error, FIELD_TYPE, "is missing");
  if (value.type != SENTIENT_JSON_STRING)
    return set_bad (error, FIELD_TYPE, "must be a string");
  if (!sentient_json_unescape (value.span, name, size))
    name[0] = '\0';
  return TRUE;
}

/* A whole number; 0 when it is absent. */
static gboolean
take_number (const Fields *fields, Field field, guint64 *number, GError **error)
{
  SentientJsonValue value = fields->values[field];

  *number = 0;
  if (is_absent (value))
    return TRUE;
  return sentient_json_get_uint (value, number)
         || set_bad (error, field, "must be a whole number from 0 to 2^53");
}

/* What a v1 client may write into any message; a plain one has no such numbers. */
static gboolean
take_numbers (SentientRequest *self, const Fields *fields, GError **error)
{
  return take_number (fields, FIELD_REF, &self->ref, error)
         && take_number (fields, FIELD_ACK, &self->ack, error);
}

static gboolean
take_resume (SentientRequest *self, const Fields *fields, GError **error)
{
  SentientJsonValue token = fields->values[FIELD_TOKEN];

  self->kind = SENTIENT_REQUEST_RESUME;
  if (!is_absent (token))
    {
      if (token.type != SENTIENT_JSON_STRING)
        return set_bad (error, FIELD_TOKEN, "must be a string");
      self->token = (SentientSpan){ token.span.data + 1, token.span.len - 2 };
    }
  return take_number (fields, FIELD_AFTER, &self->after, error);
}

static gboolean
take_v1 (SentientRequest *self, const Fields *fields, GError **error)
{
  SentientJsonValue value = fields->values[FIELD_V1];

  if (is_absent (value))
    return TRUE;
  if (value.type != SENTIENT_JSON_BOOLEAN)
    return set_bad (error, FIELD_V1, "must be true or false");
  self->v1 = value.span.data[0] == 't';
  return TRUE;
}

static gboolean
take_ack (SentientRequest *self, const Fields *fields, GError **error)
{
  self->kind = SENTIENT_REQUEST_ACK;
  if (is_absent (fields->values[FIELD_SEQ]))
    return set_bad (error, FIELD_SEQ, "is missing");
  return take_number (fields, FIELD_SEQ, &self->ack, error);
}

static gboolean
set_unknown_type (const Fields *fields, GError **error)
{
  g_autofree char *name = sentient_json_dup_string (fields->values[FIELD_TYPE].span);
  g_autofree char *start = NULL;

  /* The sender's text is no reason to send him as much back. */
  if (name != NULL && g_utf8_strlen (name, -1) > 40)
    start = g_utf8_substring (name, 0, 40);
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
               "The type “%s%s” is unknown; use join, leave, ping, offer, answer, ice-candidate, "
               "renegotiate, or in a v1 session resume or ack.",
               start != NULL  ? start
               : name != NULL ? name
                              : "",
               start != NULL ? "…" : "");
  return FALSE;
}

static gboolean
take_signal (SentientRequest *self, const Fields *fields, GError **error)
{
  self->kind = SENTIENT_REQUEST_SIGNAL;
  return take_name (fields, FIELD_TO, TRUE, self->to, error)
         && take_name (fields, FIELD_ROOM, FALSE, self->room, error)
         && take_payload (self, fields, error);
}

gboolean
sentient_request_parse_message (SentientRequest *self, const char *data, gsize len, GError **error)
{
  Fields fields;
  char type[32];

  request_clear (self);
  if (!scan_fields (&fields, data, len, error) || !take_numbers (self, &fields, error)
      || !take_type (&fields, type, sizeof type, error))
    return FALSE;
  if (sentient_signal_type_from_string (type, &self->signal_type))
    return take_signal (self, &fields, error);
  if (g_str_equal (type, "ack"))
    return take_ack (self, &fields, error);
  if (g_str_equal (type, "join"))
    {
      self->kind = SENTIENT_REQUEST_JOIN;
      return take_name (&fields, FIELD_ROOM, TRUE, self->room, error)
             && take_metadata (self, &fields, error);
    }
  if (g_str_equal (type, "leave"))
    {
      self->kind = SENTIENT_REQUEST_LEAVE;
      return take_name (&fields, FIELD_ROOM, FALSE, self->room, error);
    }
  if (g_str_equal (type, "ping"))
    return TRUE;
  if (g_str_equal (type, "resume"))
    return take_resume (self, &fields, error);
  return set_unknown_type (&fields, error);
}

gboolean
sentient_request_parse_join (SentientRequest *self, const char *data, gsize len, GError **error)
{
  Fields fields;

  request_clear (self);
  self->kind = SENTIENT_REQUEST_JOIN;
  return scan_fields (&fields, data, len, error) && take_numbers (self, &fields, error)
         && take_v1 (self, &fields, error)
         && take_name (&fields, FIELD_NODE_ID, TRUE, self->node_id, error)
         && take_name (&fields, FIELD_ROOM, TRUE, self->room, error)
         && take_metadata (self, &fields, error);
}

gboolean
sentient_request_parse_leave (SentientRequest *self, const char *data, gsize len, GError **error)
{
  Fields fields;

  request_clear (self);
  self->kind = SENTIENT_REQUEST_LEAVE;
  return scan_fields (&fields, data, len, error) && take_numbers (self, &fields, error)
         && take_name (&fields, FIELD_NODE_ID, TRUE, self->node_id, error)
         && take_name (&fields, FIELD_ROOM, FALSE, self->room, error);
}

gboolean
sentient_request_parse_signal (SentientRequest *self, const char *data, gsize len, GError **error)
{
  Fields fields;
  char type[32];

  request_clear (self);
  if (!scan_fields (&fields, data, len, error) || !take_numbers (self, &fields, error)
      || !take_type (&fields, type, sizeof type, error))
    return FALSE;
  if (!sentient_signal_type_from_string (type, &self->signal_type))
    return set_bad (error, FIELD_TYPE, "must be offer, answer, ice-candidate or renegotiate");
  return take_name (&fields, FIELD_FROM, FALSE, self->from, error)
         && take_signal (self, &fields, error);
}

SentientSignal *
sentient_request_to_signal (const SentientRequest *self,
                            const char *from,
                            const char *room,
                            gint64 now_ms)
{
  g_assert (self->kind == SENTIENT_REQUEST_SIGNAL);

  return sentient_signal_new_trusted (self->signal_type, from, self->to, room,
                                      self->wrap_payload ? self->wrap_key : NULL, self->payload,
                                      self->lifted, now_ms);
}
