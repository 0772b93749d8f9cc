/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-signal-private.h"

#include <string.h>

#include "core/sentient-block.h"
#include "core/sentient-error.h"
#include "core/sentient-race.h"
#include "protocol/sentient-names.h"
#include "protocol/sentient-request.h"

G_DEFINE_BOXED_TYPE (SentientSignal, sentient_signal, sentient_signal_ref, sentient_signal_unref)

const char *
sentient_signal_type_get_key (SentientSignalType type)
{
  return type == SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE ? "candidate" : "sdp";
}

static inline char *
put (char *p, const char *text, gsize len)
{
  memcpy (p, text, len);
  return p + len;
}

SentientSignal *
sentient_signal_new_trusted (SentientSignalType type,
                             const char *from,
                             const char *to,
                             const char *room,
                             const char *wrap_key,
                             SentientSpan payload,
                             SentientSpan lifted,
                             gint64 timestamp_ms)
{
  gsize from_len = strlen (from);
  gsize to_len = strlen (to);
  gsize room_len = room != NULL ? strlen (room) : 0;
  gsize key_len = wrap_key != NULL ? strlen (wrap_key) : 0;
  gsize before = wrap_key != NULL ? key_len + 4 : 0; /* {"key": */
  SentientSignal *self;
  gsize size;
  char *p;

  if (payload.data == NULL)
    payload = (SentientSpan){ "{}", 2 };
  size = sizeof *self + from_len + to_len + room_len + before + payload.len + 1 + 4;
  self = sentient_block_alloc (size);
  self->block_size = size;
  g_atomic_ref_count_init (&self->ref_count);
  self->type = type;
  self->timestamp_ms = timestamp_ms;
  self->from_len = (guint)from_len;
  self->to_len = (guint)to_len;
  self->room_len = (guint)room_len;
  self->lifted_offset = lifted.data != NULL ? (guint)(lifted.data - payload.data + before) : 0;
  self->lifted_len = (guint)lifted.len;

  p = self->texts;
  self->payload = p;
  if (wrap_key != NULL)
    {
      p = put (p, "{\"", 2);
      p = put (p, wrap_key, key_len);
      p = put (p, "\":", 2);
    }
  p = put (p, payload.data, payload.len);
  if (wrap_key != NULL)
    *p++ = '}';
  self->payload_len = (guint)(p - self->payload);
  *p++ = '\0';
  self->from = p;
  p = put (p, from, from_len + 1);
  self->to = p;
  p = put (p, to, to_len + 1);
  self->room = room != NULL ? p : NULL;
  if (room != NULL)
    put (p, room, room_len + 1);
  return self;
}

static gboolean
check_name (const char *what, const char *name, GError **error)
{
  if (sentient_name_is_valid (name, -1))
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
               "The field “%s” must be 1 to %d of A–Z a–z 0–9 . _ : - and not “system”.", what,
               SENTIENT_NAME_MAX);
  return FALSE;
}

/**
 * sentient_signal_new:
 * @type: what the signal is
 * @from: the node id of the sender
 * @to: the node id of the receiver
 * @room: (nullable): the room the two share, %NULL for any
 * @payload: (nullable): the text of a JSON object (RFC 8259) of at most 64 KiB, %NULL for an empty
 *   one. The SDP of an offer or answer is its member `sdp`, a candidate its member `candidate`.
 * @error: return location for an error
 *
 * Makes a signal. Node ids and rooms are 1 to 128 of the characters `A–Z a–z 0–9 . _ : -`, and not
 * `system`.
 *
 * Returns: (transfer full): the signal; or %NULL and %SENTIENT_ERROR_BAD_REQUEST if a name or the
 *   payload is malformed, %SENTIENT_ERROR_PAYLOAD_TOO_LARGE if the payload is too long
 *
 * Since: 0.1
 */
SentientSignal *
sentient_signal_new (SentientSignalType type,
                     const char *from,
                     const char *to,
                     const char *room,
                     const char *payload,
                     GError **error)
{
  const char *key = sentient_signal_type_get_key (type);
  SentientJsonValue lifted;
  g_autoptr (GError) problem = NULL;
  SentientSpan span;

  g_return_val_if_fail (sentient_signal_type_to_string (type) != NULL, NULL);
  g_return_val_if_fail (from != NULL, NULL);
  g_return_val_if_fail (to != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check_name ("from", from, error) || !check_name ("to", to, error)
      || (room != NULL && !check_name ("room", room, error)))
    return NULL;
  if (payload == NULL)
    payload = "{}";
  span = (SentientSpan){ payload, strlen (payload) };
  if (span.len > SENTIENT_MESSAGE_MAX)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "The payload has %" G_GSIZE_FORMAT " bytes; at most %d are taken.", span.len,
                   SENTIENT_MESSAGE_MAX);
      return NULL;
    }
  if (!sentient_json_pick (span.data, span.len, &key, &lifted, 1, &problem))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "The payload cannot be used. %s", problem->message);
      return NULL;
    }
  return sentient_signal_new_trusted (type, from, to, room, NULL, span, lifted.span,
                                      g_get_real_time () / 1000);
}

/**
 * sentient_signal_ref:
 * @self: a signal
 *
 * Takes a reference. Safe on every thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
SentientSignal *
sentient_signal_ref (SentientSignal *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  sentient_race_ref (&self->ref_count);
  return self;
}

/**
 * sentient_signal_unref:
 * @self: (transfer full): a signal
 *
 * Gives a reference back; the last one frees the signal. Safe on every thread.
 *
 * Since: 0.1
 */
void
sentient_signal_unref (SentientSignal *self)
{
  g_return_if_fail (self != NULL);

  if (sentient_race_unref (&self->ref_count))
    sentient_block_free (self, self->block_size);
}

/**
 * sentient_signal_get_signal_type:
 * @self: a signal
 *
 * Returns: what the signal is
 *
 * Since: 0.1
 */
SentientSignalType
sentient_signal_get_signal_type (SentientSignal *self)
{
  g_return_val_if_fail (self != NULL, SENTIENT_SIGNAL_TYPE_OFFER);

  return self->type;
}

/**
 * sentient_signal_get_from:
 * @self: a signal
 *
 * Returns: the node id of the sender
 *
 * Since: 0.1
 */
const char *
sentient_signal_get_from (SentientSignal *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->from;
}

/**
 * sentient_signal_get_to:
 * @self: a signal
 *
 * Returns: the node id of the receiver
 *
 * Since: 0.1
 */
const char *
sentient_signal_get_to (SentientSignal *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->to;
}

/**
 * sentient_signal_get_room:
 * @self: a signal
 *
 * Returns: (nullable): the room the signal was sent in, %NULL if it named none
 *
 * Since: 0.1
 */
const char *
sentient_signal_get_room (SentientSignal *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->room;
}

/**
 * sentient_signal_get_payload:
 * @self: a signal
 *
 * Returns: the text of a JSON object, byte for byte as the sender wrote it
 *
 * Since: 0.1
 */
const char *
sentient_signal_get_payload (SentientSignal *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->payload;
}

/* The lifted member, if it is a string; if it is an object, that object's member key. */
static char *
dup_lifted (SentientSignal *self, const char *key, guint *mline)
{
  const char *const keys[] = { key, "sdpMLineIndex" };
  SentientSpan lifted = { self->payload + self->lifted_offset, self->lifted_len };
  SentientSpan object = { self->payload, self->payload_len };
  SentientJsonValue values[2];
  guint64 index;

  if (self->lifted_len == 0 || !g_str_equal (key, sentient_signal_type_get_key (self->type)))
    return NULL;
  if (*lifted.data == '{')
    object = lifted;
  if (!sentient_json_pick (object.data, object.len, keys, values, G_N_ELEMENTS (keys), NULL)
      || values[0].span.data == NULL || values[0].type != SENTIENT_JSON_STRING)
    return NULL;
  if (mline != NULL && sentient_json_get_uint (values[1], &index) && index <= G_MAXUINT16)
    *mline = (guint)index;
  return sentient_json_dup_string (values[0].span);
}

/**
 * sentient_signal_dup_sdp:
 * @self: a signal
 *
 * The session description of an offer or answer: the payload's `sdp`, or `sdp.sdp` if that is an
 * object.
 *
 * Returns: (transfer full) (nullable): the SDP, %NULL if there is none
 *
 * Since: 0.1
 */
char *
sentient_signal_dup_sdp (SentientSignal *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return dup_lifted (self, "sdp", NULL);
}

/**
 * sentient_signal_dup_candidate:
 * @self: a signal
 * @mline: (out) (optional): return location for the index of the m-line it belongs to; 0 if the
 *   sender named none
 *
 * The candidate of an ICE candidate signal: the payload's `candidate`, or `candidate.candidate` if
 * that is an object. An empty string is the end of candidates, as is %NULL.
 *
 * Returns: (transfer full) (nullable): the candidate (RFC 8839, section 5.1), %NULL if there is
 * none
 *
 * Since: 0.1
 */
char *
sentient_signal_dup_candidate (SentientSignal *self, guint *mline)
{
  if (mline != NULL)
    *mline = 0;
  g_return_val_if_fail (self != NULL, NULL);

  return dup_lifted (self, "candidate", mline);
}
