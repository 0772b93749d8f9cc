/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-connection-private.h"

#include "core/sentient-enum-types.h"
#include "core/sentient-error.h"
#include "webrtc/sentient-frame.h"

/**
 * SentientConnection:
 *
 * A connection to one other node, as made by a #SentientPeer; an observer's view. It belongs to its
 * peer's context.
 *
 * If the other node knows the framing `sentient.v1`, the connection outlives its data channel: when
 * that breaks it is %SENTIENT_CONNECTION_STATE_RECONNECTING, and
 * %SENTIENT_CONNECTION_STATE_CONNECTED again as soon as there is another one. No message is lost by
 * that, and none comes twice. After a minute it is given up, and at once if the coordinator has
 * given up the node, too. A connection that ended stays ended: the next one is another object.
 *
 * Since: 0.1
 */

typedef enum
{
  PROP_NODE_ID = 1,
  PROP_ROOM,
  PROP_STATE,
  PROP_OFFERER,
  PROP_CONNECTED_AT,
  PROP_PAUSED,
} SentientConnectionProperty;

static GParamSpec *properties[PROP_PAUSED + 1];

#define TO(state) (1u << SENTIENT_CONNECTION_STATE_##state)

static const guint legal_steps[] = {
  [SENTIENT_CONNECTION_STATE_NEW] = TO (CONNECTING) | TO (CLOSED) | TO (FAILED),
  [SENTIENT_CONNECTION_STATE_CONNECTING] = TO (CONNECTED) | TO (CLOSED) | TO (FAILED),
  [SENTIENT_CONNECTION_STATE_CONNECTED] = TO (RECONNECTING) | TO (CLOSED) | TO (FAILED),
  [SENTIENT_CONNECTION_STATE_RECONNECTING] = TO (CONNECTED) | TO (CLOSED) | TO (FAILED),
  [SENTIENT_CONNECTION_STATE_CLOSED] = 0,
  [SENTIENT_CONNECTION_STATE_FAILED] = 0,
};

G_DEFINE_FINAL_TYPE (SentientConnection, sentient_connection, G_TYPE_OBJECT)

static void
sentient_connection_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientConnection *self = SENTIENT_CONNECTION (object);

  switch ((SentientConnectionProperty)prop_id)
    {
    case PROP_NODE_ID:
      g_value_set_string (value, self->node_id);
      break;
    case PROP_ROOM:
      g_value_set_string (value, self->room);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_OFFERER:
      g_value_set_boolean (value, self->offerer);
      break;
    case PROP_CONNECTED_AT:
      g_value_set_int64 (value, self->connected_at);
      break;
    case PROP_PAUSED:
      g_value_set_boolean (value, self->is_paused);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_connection_set_property (GObject *object,
                                  guint prop_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  switch ((SentientConnectionProperty)prop_id)
    {
    case PROP_PAUSED:
      sentient_connection_set_paused (SENTIENT_CONNECTION (object), g_value_get_boolean (value));
      break;
    case PROP_NODE_ID:
    case PROP_ROOM:
    case PROP_STATE:
    case PROP_OFFERER:
    case PROP_CONNECTED_AT:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_connection_dispose (GObject *object)
{
  SentientConnection *self = SENTIENT_CONNECTION (object);

  sentient_connection_clear_timeout (self);
  sentient_connection_end_messages (self, NULL);
  g_clear_object (&self->link);
  g_clear_object (&self->retired);
  g_clear_pointer (&self->opening, sentient_waiters_free);
  g_clear_pointer (&self->closing, sentient_waiters_free);

  G_OBJECT_CLASS (sentient_connection_parent_class)->dispose (object);
}

static void
sentient_connection_finalize (GObject *object)
{
  SentientConnection *self = SENTIENT_CONNECTION (object);

  g_free (self->node_id);
  g_free (self->room);
  g_free (self->negotiation);
  g_free (self->remote_offer);
  g_free (self->mid);
  g_object_unref (self->record.clock);

  G_OBJECT_CLASS (sentient_connection_parent_class)->finalize (object);
}

static void
sentient_connection_class_init (SentientConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags read_only = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = sentient_connection_get_property;
  object_class->set_property = sentient_connection_set_property;
  object_class->dispose = sentient_connection_dispose;
  object_class->finalize = sentient_connection_finalize;

  /**
   * SentientConnection:node-id:
   *
   * The node at the other end.
   *
   * Since: 0.1
   */
  properties[PROP_NODE_ID] = g_param_spec_string ("node-id", NULL, NULL, NULL, read_only);

  /**
   * SentientConnection:room:
   *
   * The room through which the two met; %NULL if the other end named none.
   *
   * Since: 0.1
   */
  properties[PROP_ROOM] = g_param_spec_string ("room", NULL, NULL, NULL, read_only);

  /**
   * SentientConnection:state:
   *
   * Where it stands.
   *
   * Since: 0.1
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SENTIENT_TYPE_CONNECTION_STATE,
                                              SENTIENT_CONNECTION_STATE_NEW, read_only);

  /**
   * SentientConnection:offerer:
   *
   * Whether the offer was ours.
   *
   * Since: 0.1
   */
  properties[PROP_OFFERER] = g_param_spec_boolean ("offerer", NULL, NULL, FALSE, read_only);

  /**
   * SentientConnection:connected-at:
   *
   * When the (first) data channel opened, in milliseconds since the epoch; 0 before.
   *
   * Since: 0.1
   */
  properties[PROP_CONNECTED_AT]
      = g_param_spec_int64 ("connected-at", NULL, NULL, 0, G_MAXINT64, 0, read_only);

  /**
   * SentientConnection:paused:
   *
   * Whether messages wait at the other end, see sentient_connection_set_paused().
   *
   * Since: 0.1
   */
  properties[PROP_PAUSED]
      = g_param_spec_boolean ("paused", NULL, NULL, FALSE, read_only | G_PARAM_WRITABLE);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_connection_init (SentientConnection *self)
{
}

SentientConnection *
sentient_connection_new (SentientPeer *peer,
                         GMainContext *context,
                         const char *node_id,
                         void (*abandoned) (gpointer connection))
{
  SentientConnection *self = g_object_new (SENTIENT_TYPE_CONNECTION, NULL);

  self->peer = peer;
  self->node_id = g_strdup (node_id);
  sentient_connection_begin_record (self);
  self->opening = sentient_waiters_new (context, abandoned, self);
  self->closing = sentient_waiters_new (context, NULL, NULL);
  return self;
}

void
sentient_connection_set_room (SentientConnection *self, const char *room)
{
  if (g_strcmp0 (self->room, room) == 0)
    return;
  g_free (self->room);
  self->room = g_strdup (room);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ROOM]);
}

void
sentient_connection_set_offerer (SentientConnection *self, gboolean offerer)
{
  if (self->offerer == offerer)
    return;
  self->offerer = offerer;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OFFERER]);
}

void
sentient_connection_set_state (SentientConnection *self, SentientConnectionState state)
{
  g_assert ((legal_steps[self->state] & (1u << state)) != 0);

  sentient_connection_note_state (self);
  self->state = state;
  if (state == SENTIENT_CONNECTION_STATE_CONNECTED && self->connected_at == 0)
    {
      self->connected_at = g_get_real_time () / 1000;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONNECTED_AT]);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
sentient_connection_clear_timeout (SentientConnection *self)
{
  sentient_pace_give_back (&self->pace);
  sentient_connection_clear_glare (self);
  if (self->timeout == NULL)
    return;
  g_source_destroy (self->timeout);
  g_clear_pointer (&self->timeout, g_source_unref);
}

void
sentient_connection_clear_glare (SentientConnection *self)
{
  if (self->glare != NULL)
    g_source_destroy (self->glare);
  g_clear_pointer (&self->glare, g_source_unref);
}

/**
 * sentient_connection_get_node_id:
 * @self: a connection
 *
 * Returns: the node at the other end
 *
 * Since: 0.1
 */
const char *
sentient_connection_get_node_id (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), NULL);

  return self->node_id;
}

/**
 * sentient_connection_get_room:
 * @self: a connection
 *
 * Returns: (nullable): the room through which the two met
 *
 * Since: 0.1
 */
const char *
sentient_connection_get_room (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), NULL);

  return self->room;
}

/**
 * sentient_connection_get_state:
 * @self: a connection
 *
 * Returns: where it stands
 *
 * Since: 0.1
 */
SentientConnectionState
sentient_connection_get_state (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), SENTIENT_CONNECTION_STATE_CLOSED);

  return self->state;
}

/**
 * sentient_connection_get_offerer:
 * @self: a connection
 *
 * Returns: %TRUE if the offer was ours
 *
 * Since: 0.1
 */
gboolean
sentient_connection_get_offerer (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), FALSE);

  return self->offerer;
}

/**
 * sentient_connection_get_connected_at:
 * @self: a connection
 *
 * Returns: when the data channel opened, in milliseconds since the epoch; 0 before
 *
 * Since: 0.1
 */
gint64
sentient_connection_get_connected_at (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), 0);

  return self->connected_at;
}

/**
 * sentient_connection_get_messages_sent:
 * @self: a connection
 *
 * Returns: messages handed to the data channel
 *
 * Since: 0.1
 */
guint64
sentient_connection_get_messages_sent (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), 0);

  return self->messages_sent;
}

/**
 * sentient_connection_get_messages_received:
 * @self: a connection
 *
 * Returns: messages that came
 *
 * Since: 0.1
 */
guint64
sentient_connection_get_messages_received (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), 0);

  return self->messages_received;
}

/**
 * sentient_connection_get_bytes_sent:
 * @self: a connection
 *
 * Returns: bytes of the messages handed to the data channel
 *
 * Since: 0.1
 */
guint64
sentient_connection_get_bytes_sent (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), 0);

  return self->bytes_sent;
}

/**
 * sentient_connection_get_bytes_received:
 * @self: a connection
 *
 * Returns: bytes of the messages that came
 *
 * Since: 0.1
 */
guint64
sentient_connection_get_bytes_received (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), 0);

  return self->bytes_received;
}

/**
 * sentient_connection_get_paused:
 * @self: a connection
 *
 * Returns: whether it is paused
 *
 * Since: 0.1
 */
gboolean
sentient_connection_get_paused (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), FALSE);

  return self->is_paused;
}

/**
 * sentient_connection_set_paused:
 * @self: a connection
 * @paused: %TRUE: no messages for now
 *
 * Lets the other node's messages wait, for an application that is not through with those it has.
 * At most 512 KiB of them wait here; then the other node cannot send more, and nothing is lost. A
 * node that does not know the framing `sentient.v1` cannot be slowed down: its messages come all
 * the same.
 *
 * Since: 0.1
 */
void
sentient_connection_set_paused (SentientConnection *self, gboolean paused)
{
  g_return_if_fail (SENTIENT_IS_CONNECTION (self));

  if (self->is_paused == !!paused)
    return;
  self->is_paused = !!paused;
  sentient_connection_wake (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAUSED]);
}

/**
 * sentient_connection_dup_candidate_pair:
 * @self: a connection
 *
 * The path that ICE chose, in words for people, such as
 * `host 127.0.0.1:1234 ↔ host 127.0.0.1:5678 (udp)`.
 *
 * Returns: (transfer full) (nullable): the text; %NULL while it is not known
 *
 * Since: 0.1
 */
char *
sentient_connection_dup_candidate_pair (SentientConnection *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), NULL);

  return self->link != NULL ? sentient_link_dup_description (self->link) : NULL;
}
