/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

#include "core/sentient-enum-types.h"
#include "protocol/sentient-names.h"
#include "signaling/sentient-poll-channel.h"

/**
 * SentientPeer:
 *
 * A node as others meet it: it finds other nodes through a coordinator, in rooms, and talks to them
 * directly over WebRTC data channels.
 *
 * A peer belongs to the main context that was thread-default when it was made: all calls come from
 * there, and all signals go there.
 *
 * Since: 0.1
 */

static GParamSpec *properties[PROP_MAX_MESSAGE_SIZE + 1];

#define TO(state) (1u << SENTIENT_PEER_STATE_##state)

static const guint legal_steps[] = {
  [SENTIENT_PEER_STATE_DISCONNECTED] = TO (CONNECTING),
  [SENTIENT_PEER_STATE_CONNECTING] = TO (CONNECTED) | TO (DISCONNECTED),
  [SENTIENT_PEER_STATE_CONNECTED] = TO (RECONNECTING) | TO (DISCONNECTED),
  [SENTIENT_PEER_STATE_RECONNECTING] = TO (CONNECTED) | TO (DISCONNECTED),
};

G_DEFINE_FINAL_TYPE (SentientPeer, sentient_peer, G_TYPE_OBJECT)

void
sentient_peer_set_state (SentientPeer *self, SentientPeerState state)
{
  g_assert ((legal_steps[self->state] & (1u << state)) != 0);

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
sentient_peer_set_channel_kind (SentientPeer *self, SentientChannelKind kind)
{
  if (self->channel_kind == kind)
    return;
  self->channel_kind = kind;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHANNEL_KIND]);
}

static void
set_string (SentientPeer *self, char **field, const char *value, SentientPeerProperty property)
{
  if (g_strcmp0 (*field, value) == 0)
    return;
  g_free (*field);
  *field = g_strdup (value);
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
sentient_peer_set_coordinator_uri (SentientPeer *self, const char *uri)
{
  set_string (self, &self->coordinator_uri, uri, PROP_COORDINATOR_URI);
}

void
sentient_peer_set_coordinator_id (SentientPeer *self, const char *id)
{
  set_string (self, &self->coordinator_id, id, PROP_COORDINATOR_ID);
}

static void
set_boolean (SentientPeer *self, gboolean *field, gboolean value, GParamSpec *pspec)
{
  if (*field == value)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

void
sentient_peer_set_resumable (SentientPeer *self, gboolean resumable, gboolean resumed)
{
  set_boolean (self, &self->resumable, resumable, properties[PROP_RESUMABLE]);
  set_boolean (self, &self->resumed, resumed, properties[PROP_RESUMED]);
}

static void
set_uint (SentientPeer *self, guint *field, guint value, GParamSpec *pspec)
{
  if (*field == value)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
set_strv (SentientPeer *self, GStrv *field, const char *const *value, GParamSpec *pspec)
{
  if (*field == (GStrv)value
      || (*field != NULL && value != NULL && g_strv_equal ((const char *const *)*field, value)))
    return;
  g_strfreev (*field);
  *field = g_strdupv ((GStrv)value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

GSource *
sentient_peer_add_timeout (SentientPeer *self, guint ms, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_timeout_source_new (ms);

  g_source_set_static_name (source, "sentient-peer-timeout");
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, self->context);
  return source;
}

static void
sentient_peer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientPeer *self = SENTIENT_PEER (object);

  if (sentient_peer_mesh_get_property (self, prop_id, value))
    return;
  switch ((SentientPeerProperty)prop_id)
    {
    case PROP_NODE_ID:
      g_value_set_string (value, self->node_id);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_CHANNEL_KIND:
      g_value_set_enum (value, self->channel_kind);
      break;
    case PROP_COORDINATOR_URI:
      g_value_set_string (value, self->coordinator_uri);
      break;
    case PROP_COORDINATOR_ID:
      g_value_set_string (value, self->coordinator_id);
      break;
    case PROP_RESUMABLE:
      g_value_set_boolean (value, self->resumable);
      break;
    case PROP_RESUMED:
      g_value_set_boolean (value, self->resumed);
      break;
    case PROP_ROOMS:
      g_value_set_object (value, self->rooms);
      break;
    case PROP_CONNECTIONS:
      g_value_set_object (value, self->connections);
      break;
    case PROP_TRANSFERS:
      g_value_set_object (value, self->transfers);
      break;
    case PROP_AUTO_CONNECT:
      g_value_set_boolean (value, self->auto_connect);
      break;
    case PROP_USE_WEBSOCKET:
      g_value_set_boolean (value, self->use_websocket);
      break;
    case PROP_STUN_SERVERS:
      g_value_set_boxed (value, self->stun_servers);
      break;
    case PROP_TURN_SERVERS:
      g_value_set_boxed (value, self->turn_servers);
      break;
    case PROP_RELAY_ONLY:
      g_value_set_boolean (value, self->relay_only);
      break;
    case PROP_CANDIDATE_FILTER:
      g_value_set_boxed (value, self->candidate_filter);
      break;
    case PROP_CONNECT_TIMEOUT:
      g_value_set_uint (value, self->connect_timeout);
      break;
    case PROP_REQUEST_TIMEOUT:
      g_value_set_uint (value, self->request_timeout);
      break;
    case PROP_RECONNECT_DELAY:
      g_value_set_uint (value, self->reconnect_delay);
      break;
    case PROP_MAX_CONNECTIONS:
      g_value_set_uint (value, self->max_connections);
      break;
    case PROP_MAX_MESSAGE_SIZE:
      g_value_set_uint (value, self->max_message_size);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_peer_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SentientPeer *self = SENTIENT_PEER (object);

  if (sentient_peer_mesh_set_property (self, prop_id, value, pspec))
    return;
  switch ((SentientPeerProperty)prop_id)
    {
    case PROP_NODE_ID:
      self->node_id = g_value_dup_string (value);
      break;
    case PROP_AUTO_CONNECT:
      set_boolean (self, &self->auto_connect, g_value_get_boolean (value), pspec);
      break;
    case PROP_USE_WEBSOCKET:
      set_boolean (self, &self->use_websocket, g_value_get_boolean (value), pspec);
      break;
    case PROP_STUN_SERVERS:
      set_strv (self, &self->stun_servers, g_value_get_boxed (value), pspec);
      break;
    case PROP_TURN_SERVERS:
      set_strv (self, &self->turn_servers, g_value_get_boxed (value), pspec);
      break;
    case PROP_RELAY_ONLY:
      set_boolean (self, &self->relay_only, g_value_get_boolean (value), pspec);
      break;
    case PROP_CANDIDATE_FILTER:
      set_strv (self, &self->candidate_filter, g_value_get_boxed (value), pspec);
      break;
    case PROP_CONNECT_TIMEOUT:
      set_uint (self, &self->connect_timeout, g_value_get_uint (value), pspec);
      break;
    case PROP_REQUEST_TIMEOUT:
      set_uint (self, &self->request_timeout, g_value_get_uint (value), pspec);
      break;
    case PROP_RECONNECT_DELAY:
      set_uint (self, &self->reconnect_delay, g_value_get_uint (value), pspec);
      break;
    case PROP_MAX_CONNECTIONS:
      set_uint (self, &self->max_connections, g_value_get_uint (value), pspec);
      break;
    case PROP_MAX_MESSAGE_SIZE:
      set_uint (self, &self->max_message_size, g_value_get_uint (value), pspec);
      break;
    case PROP_STATE:
    case PROP_CHANNEL_KIND:
    case PROP_COORDINATOR_URI:
    case PROP_COORDINATOR_ID:
    case PROP_RESUMABLE:
    case PROP_RESUMED:
    case PROP_ROOMS:
    case PROP_CONNECTIONS:
    case PROP_TRANSFERS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_peer_constructed (GObject *object)
{
  SentientPeer *self = SENTIENT_PEER (object);

  if (self->node_id == NULL)
    self->node_id = sentient_name_new_random ();
  self->gossip = sentient_peer_gossip_new (self);

  G_OBJECT_CLASS (sentient_peer_parent_class)->constructed (object);
}

static void
sentient_peer_dispose (GObject *object)
{
  SentientPeer *self = SENTIENT_PEER (object);
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED, "the peer was disposed of");

  sentient_peer_mesh_stop (self->mesh);
  sentient_peer_gossip_stop (self->gossip);
  sentient_peer_drop_channels (self);
  sentient_peer_fail_requests (self, error);
  g_hash_table_remove_all (self->retries);
  sentient_peer_stop_recovery (self);
  sentient_transfer_list_dispose (self->transfers);
  sentient_peer_drop_links (self);
  sentient_waiters_return_error (self->connecting, error);
  sentient_waiters_return_error (self->disconnecting, error);
  sentient_waiters_return_error (self->closing, error);

  G_OBJECT_CLASS (sentient_peer_parent_class)->dispose (object);
}

static void
sentient_peer_finalize (GObject *object)
{
  SentientPeer *self = SENTIENT_PEER (object);

  if (self->link_factory_data_free != NULL)
    self->link_factory_data_free (self->link_factory_data);
  sentient_waiters_free (self->connecting);
  sentient_waiters_free (self->disconnecting);
  sentient_waiters_free (self->closing);
  g_ptr_array_unref (self->closing_channels);
  g_ptr_array_unref (self->closing_links);
  sentient_peer_mesh_free (self->mesh);
  sentient_peer_gossip_free (self->gossip);
  g_ptr_array_unref (self->requests);
  g_hash_table_unref (self->attempts);
  g_hash_table_unref (self->open);
  g_hash_table_unref (self->addressed);
  g_hash_table_unref (self->metadata);
  g_hash_table_unref (self->polite);
  sentient_client_session_unref (self->session);
  g_clear_pointer (&self->session_file, sentient_session_file_free);
  sentient_early_candidates_free (self->early);
  g_hash_table_unref (self->retries);
  g_object_unref (self->rooms);
  g_object_unref (self->connections);
  g_object_unref (self->transfers);
  g_clear_pointer (&self->uris, g_ptr_array_unref);
  g_string_free (self->tried, TRUE);
  g_strfreev (self->stun_servers);
  g_strfreev (self->turn_servers);
  g_strfreev (self->candidate_filter);
  g_hash_table_unref (self->complaints);
  g_strfreev (self->coordinator_stun);
  g_strfreev (self->coordinator_turn);
  g_free (self->coordinator_uri);
  g_free (self->coordinator_id);
  g_free (self->node_id);
  g_object_unref (self->clock);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (sentient_peer_parent_class)->finalize (object);
}

static void
make_status_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientPeer:node-id:
   *
   * Our own id: 1 to 128 of `A-Z a-z 0-9 . _ : -`. If none is given it is "node-" and 16 random hex
   * digits.
   *
   * Since: 0.1
   */
  properties[PROP_NODE_ID]
      = g_param_spec_string ("node-id", NULL, NULL, NULL,
                             flags | G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY);

  /**
   * SentientPeer:state:
   *
   * How we stand to the coordinator.
   *
   * Since: 0.1
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SENTIENT_TYPE_PEER_STATE,
                                              SENTIENT_PEER_STATE_DISCONNECTED, flags);

  /**
   * SentientPeer:channel-kind:
   *
   * How we talk to the coordinator at present.
   *
   * Since: 0.1
   */
  properties[PROP_CHANNEL_KIND]
      = g_param_spec_enum ("channel-kind", NULL, NULL, SENTIENT_TYPE_CHANNEL_KIND,
                           SENTIENT_CHANNEL_KIND_NONE, flags);

  /**
   * SentientPeer:coordinator-uri:
   *
   * The coordinator that answers, or answered last; %NULL before the first.
   *
   * Since: 0.1
   */
  properties[PROP_COORDINATOR_URI]
      = g_param_spec_string ("coordinator-uri", NULL, NULL, NULL, flags);

  /**
   * SentientPeer:coordinator-id:
   *
   * What the coordinator calls itself; %NULL if it did not say.
   *
   * Since: 0.1
   */
  properties[PROP_COORDINATOR_ID] = g_param_spec_string ("coordinator-id", NULL, NULL, NULL, flags);

  /**
   * SentientPeer:resumable:
   *
   * Whether the coordinator keeps what is under way when the connection to it breaks, so that
   * nothing is lost and nothing comes twice if the peer is back in time (half a minute, unless the
   * coordinator was told otherwise).
   *
   * Since: 0.1
   */
  properties[PROP_RESUMABLE] = g_param_spec_boolean ("resumable", NULL, NULL, FALSE, flags);

  /**
   * SentientPeer:resumed:
   *
   * Whether the peer was back in time when it last came back to a coordinator. If not, it joined
   * its rooms again.
   *
   * Since: 0.1
   */
  properties[PROP_RESUMED] = g_param_spec_boolean ("resumed", NULL, NULL, FALSE, flags);

  /**
   * SentientPeer:rooms:
   *
   * The #SentientRoom objects that were joined, with their members other than us.
   *
   * Since: 0.1
   */
  properties[PROP_ROOMS] = g_param_spec_object ("rooms", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * SentientPeer:connections:
   *
   * The #SentientConnection objects that are open or being made.
   *
   * Since: 0.1
   */
  properties[PROP_CONNECTIONS]
      = g_param_spec_object ("connections", NULL, NULL, G_TYPE_LIST_MODEL, flags);
}

static void
sentient_peer_class_init (SentientPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_peer_get_property;
  object_class->set_property = sentient_peer_set_property;
  object_class->constructed = sentient_peer_constructed;
  object_class->dispose = sentient_peer_dispose;
  object_class->finalize = sentient_peer_finalize;

  make_status_properties ();
  sentient_peer_make_settings_properties (properties);
  properties[PROP_TRANSFERS] = sentient_peer_new_transfers_pspec ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  sentient_peer_mesh_install_properties (object_class);
  sentient_peer_install_signals (klass);
}

static void
sentient_peer_init (SentientPeer *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->auto_connect = TRUE;
  self->use_websocket = TRUE;
  self->connect_timeout = 30000;
  self->request_timeout = 10000;
  self->reconnect_delay = 500;
  self->max_connections = 64;
  self->max_message_size = SENTIENT_PEER_MESSAGE_SIZE;
  self->clock = sentient_clock_new_system ();
  self->silence_ms = SENTIENT_PEER_SILENCE_MS;
  self->poll_ms = SENTIENT_POLL_MS;
  self->link_factory = sentient_peer_make_webrtc_link;
  self->complaints = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  self->tried = g_string_new (NULL);
  self->closing_channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->connecting = sentient_waiters_new (self->context, sentient_peer_connect_abandoned, self);
  self->disconnecting = sentient_waiters_new (self->context, NULL, NULL);
  self->closing = sentient_waiters_new (self->context, NULL, NULL);

  self->rooms = g_list_store_new (SENTIENT_TYPE_ROOM);
  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->requests = g_ptr_array_new ();
  self->polite = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->session = sentient_client_session_new ();

  self->connections = g_list_store_new (SENTIENT_TYPE_CONNECTION);
  self->attempts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->transfers = sentient_transfer_list_new (self);
  self->open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->mesh = sentient_peer_mesh_new (self);
  self->closing_links = g_ptr_array_new_with_free_func (g_object_unref);
  self->early = sentient_early_candidates_new ();
  self->retries = sentient_peer_retries_new ();
  sentient_peer_set_retry_times (self, SENTIENT_PEER_RETRY_SLOW_MS,
                                 SENTIENT_PEER_RETRY_SLOW_MAX_MS);
  self->recovery_ms = SENTIENT_PEER_RECOVERY_MS;
  self->glare_ms = SENTIENT_PEER_GLARE_MS;
  self->check_every_ms = SENTIENT_PEER_CHECK_EVERY_MS;
  self->addressed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}
