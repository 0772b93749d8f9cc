/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-data-channel-private.h"

#include <string.h>

#include "core/sentient-enum-types.h"
#include "core/sentient-error.h"
#include "webrtc/sentient-link.h"

/**
 * SentientDataChannel:
 *
 * A further data channel to a node, beside the one that carries the messages of the connection,
 * with a reliability of its own; see sentient_connection_open_channel_async() and
 * #SentientPeer::data-channel. It carries messages of 1 to 65536 bytes just as they are, as any
 * browser sends and takes them.
 *
 * A channel ends with the link that carries it: when that is lost or replaced, it is closed with
 * %SENTIENT_ERROR_CONNECTION_LOST, whatever was on its way. Only the connection's own messages live
 * on. Open it again after #SentientPeer::peer-reconnected.
 *
 * It belongs to its peer's context, and lives as long as it is not closed, even if nobody holds it.
 *
 * Since: 0.1
 */

typedef enum
{
  PROP_LABEL = 1,
  PROP_PROTOCOL,
  PROP_ORDERED,
  PROP_MAX_RETRANSMITS,
  PROP_MAX_LIFETIME,
  PROP_STATE,
  PROP_BUFFERED_AMOUNT,
} SentientDataChannelProperty;

enum
{
  MESSAGE,
  DRAINED,
  CLOSED,
  N_SIGNALS
};

struct _SentientDataChannel
{
  GObject parent_instance;

  char *label;
  char *protocol;
  gboolean ordered;
  gint max_retransmits;
  gint max_lifetime;
  SentientDataChannelState state;
  gboolean would_block;
  const SentientDataChannelEngine *engine; /* NULL: over */
  gpointer carrier;
};

static GParamSpec *properties[PROP_BUFFERED_AMOUNT + 1];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SentientDataChannel, sentient_data_channel, G_TYPE_OBJECT)

static void
sentient_data_channel_get_property (GObject *object,
                                    guint prop_id,
                                    GValue *value,
                                    GParamSpec *pspec)
{
  SentientDataChannel *self = SENTIENT_DATA_CHANNEL (object);

  switch ((SentientDataChannelProperty)prop_id)
    {
    case PROP_LABEL:
      g_value_set_string (value, self->label);
      break;
    case PROP_PROTOCOL:
      g_value_set_string (value, self->protocol);
      break;
    case PROP_ORDERED:
      g_value_set_boolean (value, self->ordered);
      break;
    case PROP_MAX_RETRANSMITS:
      g_value_set_int (value, self->max_retransmits);
      break;
    case PROP_MAX_LIFETIME:
      g_value_set_int (value, self->max_lifetime);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_BUFFERED_AMOUNT:
      g_value_set_uint64 (value, sentient_data_channel_get_buffered_amount (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
clear_engine (SentientDataChannel *self)
{
  const SentientDataChannelEngine *engine = g_steal_pointer (&self->engine);

  if (engine != NULL)
    engine->free (g_steal_pointer (&self->carrier));
}

static void
sentient_data_channel_finalize (GObject *object)
{
  SentientDataChannel *self = SENTIENT_DATA_CHANNEL (object);

  clear_engine (self);
  g_free (self->label);
  g_free (self->protocol);

  G_OBJECT_CLASS (sentient_data_channel_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientDataChannel:label:
   *
   * Its name, of 1 to 64 bytes. Several may have the same one.
   *
   * Since: 0.1
   */
  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  /**
   * SentientDataChannel:protocol:
   *
   * What is spoken on it (the subprotocol), or "".
   *
   * Since: 0.1
   */
  properties[PROP_PROTOCOL] = g_param_spec_string ("protocol", NULL, NULL, NULL, flags);
  /**
   * SentientDataChannel:ordered:
   *
   * Whether messages arrive in the order in which they were sent.
   *
   * Since: 0.1
   */
  properties[PROP_ORDERED] = g_param_spec_boolean ("ordered", NULL, NULL, TRUE, flags);
  /**
   * SentientDataChannel:max-retransmits:
   *
   * How often a lost message is sent again before it is given up; -1: this is no limit.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_RETRANSMITS]
      = g_param_spec_int ("max-retransmits", NULL, NULL, -1, G_MAXINT, -1, flags);
  /**
   * SentientDataChannel:max-lifetime:
   *
   * For how many milliseconds a lost message is sent again before it is given up; -1: this is no
   * limit.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_LIFETIME]
      = g_param_spec_int ("max-lifetime", NULL, NULL, -1, G_MAXINT, -1, flags);
  /**
   * SentientDataChannel:state:
   *
   * Where it stands.
   *
   * Since: 0.1
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SENTIENT_TYPE_DATA_CHANNEL_STATE,
                                              SENTIENT_DATA_CHANNEL_STATE_CONNECTING, flags);
  /**
   * SentientDataChannel:buffered-amount:
   *
   * Bytes that wait to be sent. There is no notification; see #SentientDataChannel::drained.
   *
   * Since: 0.1
   */
  properties[PROP_BUFFERED_AMOUNT]
      = g_param_spec_uint64 ("buffered-amount", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_data_channel_class_init (SentientDataChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->get_property = sentient_data_channel_get_property;
  object_class->finalize = sentient_data_channel_finalize;
  install_properties (object_class);

  /**
   * SentientDataChannel::message:
   * @self: the channel
   * @data: the message
   * @is_text: whether it was sent as text; then @data is valid UTF-8 without a NUL
   *
   * A message came. A node that is no peer of this library may send an empty one.
   *
   * Since: 0.1
   */
  signals[MESSAGE] = g_signal_new ("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_BYTES, G_TYPE_BOOLEAN);
  /**
   * SentientDataChannel::drained:
   * @self: the channel
   *
   * After a %SENTIENT_ERROR_WOULD_BLOCK: there is room again.
   *
   * Since: 0.1
   */
  signals[DRAINED]
      = g_signal_new ("drained", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SentientDataChannel::closed:
   * @self: the channel
   * @error: (nullable): what ended it: %SENTIENT_ERROR_CONNECTION_LOST if the link that carried it
   *   is gone, %SENTIENT_ERROR_PROTOCOL if the other end broke the rules; %NULL if one of its ends
   *   closed it
   *
   * It is over; once, and the last of all.
   *
   * Since: 0.1
   */
  signals[CLOSED] = g_signal_new ("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
sentient_data_channel_init (SentientDataChannel *self)
{
}

/**
 * sentient_data_channel_get_label:
 * @self: a channel
 *
 * Returns: see #SentientDataChannel:label
 *
 * Since: 0.1
 */
const char *
sentient_data_channel_get_label (SentientDataChannel *self)
{
  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), NULL);

  return self->label;
}

/**
 * sentient_data_channel_get_protocol:
 * @self: a channel
 *
 * Returns: see #SentientDataChannel:protocol
 *
 * Since: 0.1
 */
const char *
sentient_data_channel_get_protocol (SentientDataChannel *self)
{
  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), NULL);

  return self->protocol;
}

/**
 * sentient_data_channel_get_ordered:
 * @self: a channel
 *
 * Returns: see #SentientDataChannel:ordered
 *
 * Since: 0.1
 */
gboolean
sentient_data_channel_get_ordered (SentientDataChannel *self)
{
  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), FALSE);

  return self->ordered;
}

/**
 * sentient_data_channel_get_max_retransmits:
 * @self: a channel
 *
 * Returns: see #SentientDataChannel:max-retransmits
 *
 * Since: 0.1
 */
int
sentient_data_channel_get_max_retransmits (SentientDataChannel *self)
{
  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), -1);

  return self->max_retransmits;
}

/**
 * sentient_data_channel_get_max_lifetime:
 * @self: a channel
 *
 * Returns: milliseconds, see #SentientDataChannel:max-lifetime
 *
 * Since: 0.1
 */
int
sentient_data_channel_get_max_lifetime (SentientDataChannel *self)
{
  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), -1);

  return self->max_lifetime;
}

/**
 * sentient_data_channel_get_state:
 * @self: a channel
 *
 * Returns: where it stands
 *
 * Since: 0.1
 */
SentientDataChannelState
sentient_data_channel_get_state (SentientDataChannel *self)
{
  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), SENTIENT_DATA_CHANNEL_STATE_CLOSED);

  return self->state;
}

/**
 * sentient_data_channel_get_buffered_amount:
 * @self: a channel
 *
 * Returns: bytes that wait to be sent
 *
 * Since: 0.1
 */
guint64
sentient_data_channel_get_buffered_amount (SentientDataChannel *self)
{
  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), 0);

  return self->engine != NULL ? self->engine->get_buffered_amount (self->carrier) : 0;
}

/**
 * sentient_data_channel_send:
 * @self: a channel
 * @data: 1 to 65536 bytes
 * @is_text: whether it is text; then it must be UTF-8 without a NUL
 * @error: return location
 *
 * Sends a message. While more than 1 MiB would wait to be sent, it is refused.
 *
 * Errors: %SENTIENT_ERROR_NOT_CONNECTED (not open yet, or over), %SENTIENT_ERROR_BAD_REQUEST
 * (empty, or no UTF-8), %SENTIENT_ERROR_PAYLOAD_TOO_LARGE, %SENTIENT_ERROR_WOULD_BLOCK (send it
 * again after #SentientDataChannel::drained).
 *
 * Returns: %TRUE if the channel took it
 *
 * Since: 0.1
 */
gboolean
sentient_data_channel_send (SentientDataChannel *self,
                            GBytes *data,
                            gboolean is_text,
                            GError **error)
{
  guint64 buffered;

  g_return_val_if_fail (SENTIENT_IS_DATA_CHANNEL (self), FALSE);
  g_return_val_if_fail (data != NULL, FALSE);

  if (self->state != SENTIENT_DATA_CHANNEL_STATE_OPEN || self->engine == NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                   "The data channel “%s” is not open (%s); nothing was sent", self->label,
                   sentient_data_channel_state_to_string (self->state));
      return FALSE;
    }
  if (!sentient_link_check_message (data, is_text, error))
    return FALSE;
  buffered = self->engine->get_buffered_amount (self->carrier);
  if (buffered + g_bytes_get_size (data) <= SENTIENT_LINK_BUFFER_HIGH)
    return self->engine->send (self->carrier, data, is_text, error);
  self->would_block = TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK,
               "%" G_GUINT64_FORMAT
               " bytes wait on the data channel “%s” already; this message was "
               "not taken. Send it again when the channel has drained.",
               buffered, self->label);
  return FALSE;
}

static void
set_state (SentientDataChannel *self, SentientDataChannelState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

/**
 * sentient_data_channel_close:
 * @self: a channel
 *
 * Closes the channel, both ways; #SentientDataChannel::closed follows. What was sent right before
 * may not arrive: let the other end answer first where that matters. The other end is told; with
 * GStreamer 1.22 it happens, if rarely, that it is not, and this end is then closed after two
 * seconds. Does nothing to one that is closed or closing.
 *
 * Since: 0.1
 */
void
sentient_data_channel_close (SentientDataChannel *self)
{
  g_autoptr (SentientDataChannel) keep = NULL;

  g_return_if_fail (SENTIENT_IS_DATA_CHANNEL (self));

  if (self->engine == NULL || self->state == SENTIENT_DATA_CHANNEL_STATE_CLOSING)
    return;
  keep = g_object_ref (self);
  set_state (self, SENTIENT_DATA_CHANNEL_STATE_CLOSING);
  if (self->engine != NULL)
    self->engine->close (self->carrier);
}

/* For the engines */

gboolean
sentient_data_channel_check_options (const SentientDataChannelOptions *options, GError **error)
{
  gsize length = strlen (options->label);
  const char *what = NULL;

  if (length < 1 || length > SENTIENT_DATA_CHANNEL_MAX_LABEL
      || !g_utf8_validate_len (options->label, length, NULL))
    what = "its label must be UTF-8 of 1 to 64 bytes";
  else if (g_str_equal (options->label, SENTIENT_LINK_LABEL))
    what = "the label “" SENTIENT_LINK_LABEL "” is that of the connection itself";
  else if (options->protocol != NULL
           && (strlen (options->protocol) > SENTIENT_DATA_CHANNEL_MAX_LABEL
               || !g_utf8_validate (options->protocol, -1, NULL)))
    what = "its protocol must be UTF-8 of at most 64 bytes";
  else if (options->max_retransmits >= 0 && options->max_lifetime >= 0)
    what = "it can have a limit of retransmissions or a lifetime, not both";
  else if (options->max_retransmits < -1 || options->max_lifetime < -1
           || options->max_retransmits > SENTIENT_DATA_CHANNEL_MAX_LIMIT
           || options->max_lifetime > SENTIENT_DATA_CHANNEL_MAX_LIMIT)
    what = "its limits are 0 to 65535, or -1 for none";
  if (what != NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "The data channel cannot be opened: %s", what);
  return what == NULL;
}

SentientDataChannel *
sentient_data_channel_new (const SentientDataChannelOptions *options)
{
  SentientDataChannel *self = g_object_new (SENTIENT_TYPE_DATA_CHANNEL, NULL);

  self->label = g_strdup (options->label);
  self->protocol = g_strdup (options->protocol != NULL ? options->protocol : "");
  self->ordered = options->ordered;
  self->max_retransmits = options->max_retransmits;
  self->max_lifetime = options->max_lifetime;
  return self;
}

void
sentient_data_channel_set_engine (SentientDataChannel *self,
                                  const SentientDataChannelEngine *engine,
                                  gpointer carrier)
{
  g_assert (self->engine == NULL && self->state == SENTIENT_DATA_CHANNEL_STATE_CONNECTING);

  self->engine = engine;
  self->carrier = carrier;
}

void
sentient_data_channel_open (SentientDataChannel *self)
{
  if (self->state == SENTIENT_DATA_CHANNEL_STATE_CONNECTING)
    set_state (self, SENTIENT_DATA_CHANNEL_STATE_OPEN);
}

void
sentient_data_channel_receive (SentientDataChannel *self, GBytes *data, gboolean is_text)
{
  sentient_data_channel_open (self); /* what can be read came over an open channel */
  if (self->state == SENTIENT_DATA_CHANNEL_STATE_OPEN)
    g_signal_emit (self, signals[MESSAGE], 0, data, is_text);
}

void
sentient_data_channel_drain (SentientDataChannel *self)
{
  if (!self->would_block || self->state != SENTIENT_DATA_CHANNEL_STATE_OPEN
      || sentient_data_channel_get_buffered_amount (self) >= SENTIENT_LINK_BUFFER_LOW)
    return;
  self->would_block = FALSE;
  g_signal_emit (self, signals[DRAINED], 0);
}

void
sentient_data_channel_end (SentientDataChannel *self, const GError *error)
{
  g_autoptr (SentientDataChannel) keep = g_object_ref (self);

  if (self->state == SENTIENT_DATA_CHANNEL_STATE_CLOSED)
    return;
  clear_engine (self);
  set_state (self, SENTIENT_DATA_CHANNEL_STATE_CLOSED);
  g_signal_emit (self, signals[CLOSED], 0, error);
}
