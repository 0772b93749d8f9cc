/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

#include "core/sentient-enum-types.h"

/**
 * SentientTransfer:
 *
 * A file that goes from one node to another, as listed by #SentientPeer:transfers; it belongs to
 * the peer's context.
 *
 * One that is incoming waits, as %SENTIENT_TRANSFER_STATE_OFFERED, until it is accepted or refused,
 * at most for #SentientTransferList:offer-timeout. It outlives what happens to the connection below
 * it; it ends with the connection.
 *
 * Since: 0.1
 */

typedef enum
{
  TRANSFER_NUMBER = 1,
  TRANSFER_NODE_ID,
  TRANSFER_NAME,
  TRANSFER_CONTENT_TYPE,
  TRANSFER_SIZE,
  TRANSFER_DONE,
  TRANSFER_RATE,
  TRANSFER_DIRECTION,
  TRANSFER_STATE,
  TRANSFER_ERROR,
  TRANSFER_FILE,
} SentientTransferProperty;

static GParamSpec *properties[TRANSFER_FILE + 1];

G_DEFINE_FINAL_TYPE (SentientTransfer, sentient_transfer, G_TYPE_OBJECT)

static void
sentient_transfer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientTransfer *self = SENTIENT_TRANSFER (object);

  switch ((SentientTransferProperty)prop_id)
    {
    case TRANSFER_NUMBER:
      g_value_set_uint (value, self->number);
      break;
    case TRANSFER_NODE_ID:
      g_value_set_string (value, self->node_id);
      break;
    case TRANSFER_NAME:
      g_value_set_string (value, self->name);
      break;
    case TRANSFER_CONTENT_TYPE:
      g_value_set_string (value, self->content_type);
      break;
    case TRANSFER_SIZE:
      g_value_set_int64 (value, self->size);
      break;
    case TRANSFER_DONE:
      g_value_set_uint64 (value, self->done);
      break;
    case TRANSFER_RATE:
      g_value_set_uint64 (value, self->rate);
      break;
    case TRANSFER_DIRECTION:
      g_value_set_enum (value, self->direction);
      break;
    case TRANSFER_STATE:
      g_value_set_enum (value, self->state);
      break;
    case TRANSFER_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case TRANSFER_FILE:
      g_value_set_object (value, self->file);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
stop (SentientTransfer *self)
{
  if (self->ticker != NULL)
    g_source_destroy (self->ticker);
  g_clear_pointer (&self->ticker, g_source_unref);
  g_clear_pointer (&self->source, sentient_transfer_source_free);
  g_clear_pointer (&self->sink, sentient_transfer_sink_free);
  if (self->digest != NULL)
    gnutls_hash_deinit (self->digest, NULL);
  self->digest = NULL;
}

static void
sentient_transfer_dispose (GObject *object)
{
  SentientTransfer *self = SENTIENT_TRANSFER (object);

  stop (self);
  g_clear_pointer (&self->waiters, sentient_waiters_free);

  G_OBJECT_CLASS (sentient_transfer_parent_class)->dispose (object);
}

static void
sentient_transfer_finalize (GObject *object)
{
  SentientTransfer *self = SENTIENT_TRANSFER (object);

  g_clear_object (&self->file);
  g_clear_error (&self->error);
  g_free (self->node_id);
  g_free (self->name);
  g_free (self->content_type);

  G_OBJECT_CLASS (sentient_transfer_parent_class)->finalize (object);
}

static void
make_fixed_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientTransfer:number:
   *
   * For people, to tell transfers apart: a list counts its own from 1.
   *
   * Since: 0.1
   */
  properties[TRANSFER_NUMBER] = g_param_spec_uint ("number", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * SentientTransfer:node-id:
   *
   * The node at the other end.
   *
   * Since: 0.1
   */
  properties[TRANSFER_NODE_ID] = g_param_spec_string ("node-id", NULL, NULL, NULL, flags);

  /**
   * SentientTransfer:name:
   *
   * The file's name, fit to be one here: without folders, control characters, dots in front, and at
   * most 200 bytes.
   *
   * Since: 0.1
   */
  properties[TRANSFER_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * SentientTransfer:content-type:
   *
   * The media type that the sending node gives, such as `image/png`; %NULL: none.
   *
   * Since: 0.1
   */
  properties[TRANSFER_CONTENT_TYPE] = g_param_spec_string ("content-type", NULL, NULL, NULL, flags);

  /**
   * SentientTransfer:size:
   *
   * Bytes of the whole file; -1: not known before its end.
   *
   * Since: 0.1
   */
  properties[TRANSFER_SIZE] = g_param_spec_int64 ("size", NULL, NULL, -1, G_MAXINT64, -1, flags);

  /**
   * SentientTransfer:direction:
   *
   * Which way it goes.
   *
   * Since: 0.1
   */
  properties[TRANSFER_DIRECTION]
      = g_param_spec_enum ("direction", NULL, NULL, SENTIENT_TYPE_TRANSFER_DIRECTION,
                           SENTIENT_TRANSFER_DIRECTION_INCOMING, flags);
}

static void
sentient_transfer_class_init (SentientTransferClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_transfer_get_property;
  object_class->dispose = sentient_transfer_dispose;
  object_class->finalize = sentient_transfer_finalize;

  make_fixed_properties ();

  /**
   * SentientTransfer:done:
   *
   * Bytes that are stored at the receiving end. Told at most ten times a second.
   *
   * Since: 0.1
   */
  properties[TRANSFER_DONE] = g_param_spec_uint64 ("done", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * SentientTransfer:rate:
   *
   * Bytes a second, at present, 0 when nothing moves; of one that is over: on average.
   *
   * Since: 0.1
   */
  properties[TRANSFER_RATE] = g_param_spec_uint64 ("rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * SentientTransfer:state:
   *
   * Where it stands.
   *
   * Since: 0.1
   */
  properties[TRANSFER_STATE] = g_param_spec_enum ("state", NULL, NULL, SENTIENT_TYPE_TRANSFER_STATE,
                                                  SENTIENT_TRANSFER_STATE_OFFERED, flags);

  /**
   * SentientTransfer:error:
   *
   * Why it ended as failed, cancelled or refused; else %NULL. Set before the state says so.
   *
   * Since: 0.1
   */
  properties[TRANSFER_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  /**
   * SentientTransfer:file:
   *
   * Outgoing: the file that is sent. Incoming: the file that was stored, once it is done. %NULL:
   * not yet, or a stream.
   *
   * Since: 0.1
   */
  properties[TRANSFER_FILE] = g_param_spec_object ("file", NULL, NULL, G_TYPE_FILE, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_transfer_init (SentientTransfer *self)
{
}

SentientTransfer *
sentient_transfer_new (SentientTransferList *list,
                       const char *node_id,
                       SentientTransferDirection direction,
                       const char *name,
                       const char *content_type,
                       gint64 size)
{
  SentientTransfer *self = g_object_new (SENTIENT_TYPE_TRANSFER, NULL);

  self->list = list;
  self->node_id = g_strdup (node_id);
  self->direction = direction;
  self->name = g_strdup (name);
  self->content_type = g_strdup (content_type);
  self->size = size;
  self->waiters = sentient_waiters_new (list->peer->context, NULL, NULL);
  return self;
}

char *
sentient_transfer_dup_title (SentientTransfer *self)
{
  return g_strdup_printf (self->direction == SENTIENT_TRANSFER_DIRECTION_OUTGOING
                              ? "“%s” to “%s”"
                              : "“%s” from “%s”",
                          self->name, self->node_id);
}

/* Progress */

static void
set_uint64 (SentientTransfer *self,
            guint64 *field,
            guint64 value,
            SentientTransferProperty property)
{
  if (*field == value)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static gboolean
on_tick (gpointer user_data)
{
  SentientTransfer *self = user_data;
  g_autoptr (SentientTransfer) keep = g_object_ref (self);
  guint64 rate
      = sentient_transfer_rate_update (&self->measured, g_get_monotonic_time (), self->stored);

  set_uint64 (self, &self->done, self->stored, TRANSFER_DONE);
  set_uint64 (self, &self->rate, rate, TRANSFER_RATE);
  return G_SOURCE_CONTINUE;
}

void
sentient_transfer_begin (SentientTransfer *self)
{
  g_assert (self->state == SENTIENT_TRANSFER_STATE_OFFERED);

  if (gnutls_hash_init (&self->digest, GNUTLS_DIG_SHA256) < 0)
    g_error ("GnuTLS has no SHA-256");
  self->began = g_get_monotonic_time ();
  sentient_transfer_rate_begin (&self->measured, self->began);
  self->ticker
      = sentient_peer_add_timeout (self->list->peer, SENTIENT_TRANSFER_TICK_MS, on_tick, self);
  self->state = SENTIENT_TRANSFER_STATE_ACTIVE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[TRANSFER_STATE]);
}

void
sentient_transfer_set_size (SentientTransfer *self, gint64 size)
{
  self->size = size;
  g_object_notify_by_pspec (G_OBJECT (self), properties[TRANSFER_SIZE]);
}

void
sentient_transfer_hash (SentientTransfer *self, gconstpointer data, gsize len)
{
  gnutls_hash (self->digest, data, len);
}

void
sentient_transfer_take_digest (SentientTransfer *self, guint8 *digest)
{
  gnutls_hash_deinit (g_steal_pointer (&self->digest), digest);
}

void
sentient_transfer_end (SentientTransfer *self, SentientTransferState state, const GError *error)
{
  g_autoptr (SentientTransfer) keep = g_object_ref (self);
  g_autoptr (SentientTransferList) list = self->list != NULL ? g_object_ref (self->list) : NULL;
  gint64 us = g_get_monotonic_time () - self->began;

  g_assert (!sentient_transfer_is_over (self));
  g_assert ((state == SENTIENT_TRANSFER_STATE_DONE) == (error == NULL));

  stop (self);
  self->state = state;
  self->error = error != NULL ? g_error_copy (error) : NULL;
  if (list != NULL)
    sentient_transfer_list_retire (list, self);
  set_uint64 (self, &self->done, self->stored, TRANSFER_DONE);
  if (self->began != 0)
    set_uint64 (self, &self->rate,
                (guint64)((double)self->stored * G_USEC_PER_SEC / (double)MAX (us, 1)),
                TRANSFER_RATE);
  if (self->file != NULL && self->direction == SENTIENT_TRANSFER_DIRECTION_INCOMING)
    g_object_notify_by_pspec (G_OBJECT (self), properties[TRANSFER_FILE]);
  if (error != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), properties[TRANSFER_ERROR]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[TRANSFER_STATE]);
  if (self->waiters != NULL && error != NULL)
    sentient_waiters_return_error (self->waiters, self->error);
  else if (self->waiters != NULL)
    sentient_waiters_return_done (self->waiters);
  if (list != NULL)
    {
      sentient_transfer_list_date (list, self);
      sentient_transfer_list_trim (list, SENTIENT_TRANSFER_KEEP_MAX);
    }
}
