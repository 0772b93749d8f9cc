/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The coordinator's properties, but for its limits. */

#include "coordinator/sentient-coordinator-private.h"

typedef enum
{
  PROP_HOST = 1,
  PROP_PORT,
  PROP_NODE_ID,
  PROP_NETWORK_ID,
  PROP_STATIC_DIR,
  PROP_HANDOVER_FILE,
  PROP_WEBRTC_ENABLED,
  PROP_CORS,
  PROP_PUBLIC_URL,
  PROP_TRUSTED_PROXIES,
  PROP_ALLOWED_ORIGINS,
  PROP_STUN_SERVERS,
  PROP_TURN_SERVERS,
  PROP_SEEDS,
  PROP_CLOCK,
  PROP_RUNNING,
  PROP_UPTIME,
  PROP_PEER_COUNT,
  PROP_URL,
  PROP_ROOMS,
} SentientCoordinatorProperty;
#define PROP_LIMITS (PROP_ROOMS + 1) /* here a SentientLimit each begins */

static GParamSpec *properties[PROP_LIMITS + SENTIENT_N_LIMITS];

static void
sentient_coordinator_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientCoordinator *self = SENTIENT_COORDINATOR (object);

  switch ((SentientCoordinatorProperty)prop_id)
    {
    case PROP_HOST:
      g_value_set_string (value, self->host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_NODE_ID:
      g_value_set_string (value, self->node_id);
      break;
    case PROP_NETWORK_ID:
      g_value_set_string (value, self->network_id);
      break;
    case PROP_STATIC_DIR:
      g_value_set_string (value, self->static_dir);
      break;
    case PROP_HANDOVER_FILE:
      g_value_set_string (value, self->handover_file);
      break;
    case PROP_WEBRTC_ENABLED:
      g_value_set_boolean (value, self->webrtc_enabled);
      break;
    case PROP_CORS:
      g_value_set_boolean (value, self->cors);
      break;
    case PROP_PUBLIC_URL:
      g_value_set_string (value, self->public_url);
      break;
    case PROP_TRUSTED_PROXIES:
      g_value_set_boxed (value, self->trusted_proxies);
      break;
    case PROP_ALLOWED_ORIGINS:
      g_value_set_boxed (value, self->allowed_origins);
      break;
    case PROP_STUN_SERVERS:
      g_value_set_boxed (value, self->stun_servers);
      break;
    case PROP_TURN_SERVERS:
      g_value_set_boxed (value, self->turn_servers);
      break;
    case PROP_SEEDS:
      g_value_set_boxed (value, self->seeds);
      break;
    case PROP_CLOCK:
      g_value_set_object (value, self->clock);
      break;
    case PROP_RUNNING:
      g_value_set_boolean (value, self->engine != NULL);
      break;
    case PROP_UPTIME:
      g_value_set_int64 (value, sentient_coordinator_get_uptime (self));
      break;
    case PROP_PEER_COUNT:
      g_value_set_uint (value, sentient_directory_get_n_nodes (self->directory));
      break;
    case PROP_URL:
      g_value_take_string (value, sentient_coordinator_dup_url (self));
      break;
    case PROP_ROOMS:
      g_value_set_object (value, self->directory);
      break;
    default:
      if (prop_id - PROP_LIMITS < SENTIENT_N_LIMITS)
        g_value_set_uint (value, self->limits[prop_id - PROP_LIMITS]);
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
set_string (SentientCoordinator *self, char **field, const GValue *value, GParamSpec *pspec)
{
  if (g_strcmp0 (*field, g_value_get_string (value)) == 0)
    return;
  g_free (*field);
  *field = g_value_dup_string (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
set_strv (SentientCoordinator *self, GStrv *field, const GValue *value, GParamSpec *pspec)
{
  g_strfreev (*field);
  *field = g_value_dup_boxed (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
sentient_coordinator_set_property (GObject *object,
                                   guint prop_id,
                                   const GValue *value,
                                   GParamSpec *pspec)
{
  SentientCoordinator *self = SENTIENT_COORDINATOR (object);

  switch ((SentientCoordinatorProperty)prop_id)
    {
    case PROP_HOST:
      set_string (self, &self->host, value, pspec);
      break;
    case PROP_PORT:
      sentient_coordinator_set_uint (self, &self->port, g_value_get_uint (value), pspec);
      break;
    case PROP_NODE_ID:
      self->node_id = g_value_dup_string (value);
      break;
    case PROP_NETWORK_ID:
      set_string (self, &self->network_id, value, pspec);
      break;
    case PROP_STATIC_DIR:
      set_string (self, &self->static_dir, value, pspec);
      break;
    case PROP_HANDOVER_FILE:
      set_string (self, &self->handover_file, value, pspec);
      break;
    case PROP_WEBRTC_ENABLED:
      self->webrtc_enabled = g_value_get_boolean (value);
      break;
    case PROP_CORS:
      self->cors = g_value_get_boolean (value);
      break;
    case PROP_PUBLIC_URL:
      set_string (self, &self->public_url, value, pspec);
      break;
    case PROP_TRUSTED_PROXIES:
      set_strv (self, &self->trusted_proxies, value, pspec);
      break;
    case PROP_ALLOWED_ORIGINS:
      set_strv (self, &self->allowed_origins, value, pspec);
      break;
    case PROP_STUN_SERVERS:
      set_strv (self, &self->stun_servers, value, pspec);
      break;
    case PROP_TURN_SERVERS:
      set_strv (self, &self->turn_servers, value, pspec);
      break;
    case PROP_SEEDS:
      set_strv (self, &self->seeds, value, pspec);
      break;
    case PROP_CLOCK:
      self->clock = g_value_dup_object (value);
      break;
    case PROP_RUNNING:
    case PROP_UPTIME:
    case PROP_PEER_COUNT:
    case PROP_URL:
    case PROP_ROOMS:
    default:
      if (prop_id - PROP_LIMITS < SENTIENT_N_LIMITS)
        sentient_coordinator_set_uint (self, &self->limits[prop_id - PROP_LIMITS],
                                       g_value_get_uint (value), pspec);
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
  sentient_coordinator_apply_limits (self);
}

static void
install_settings (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientCoordinator:host:
   *
   * The address to listen on: "127.0.0.1" (this machine only), "0.0.0.0" (every IPv4 network), "::"
   * … Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, "127.0.0.1", flags);
  /**
   * SentientCoordinator:port:
   *
   * The TCP port; 0 takes any free one. While it runs, the real one.
   *
   * Since: 0.1
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, 65535, 0, flags);
  /**
   * SentientCoordinator:node-id:
   *
   * The coordinator's own node id; a random one if none is given.
   *
   * Since: 0.1
   */
  properties[PROP_NODE_ID]
      = g_param_spec_string ("node-id", NULL, NULL, NULL,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * SentientCoordinator:network-id:
   *
   * What `/nodes` calls the network; %NULL: "connected" with seeds, "standalone" without.
   *
   * Since: 0.1
   */
  properties[PROP_NETWORK_ID] = g_param_spec_string ("network-id", NULL, NULL, NULL, flags);
  /**
   * SentientCoordinator:static-dir:
   *
   * A folder whose files are served at `/`; %NULL: none. Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_STATIC_DIR] = g_param_spec_string ("static-dir", NULL, NULL, NULL, flags);
  /**
   * SentientCoordinator:handover-file:
   *
   * A file through which sessions survive a planned restart: sentient_coordinator_stop_async()
   * writes it (mode 0600) and the next sentient_coordinator_start() reads and deletes it before it
   * takes the first connection. A file that is damaged, belongs to or can be read by somebody else,
   * or is older than #SentientCoordinator:grace-time is refused, with a message in the log. %NULL:
   * none.
   *
   * Since: 0.1
   */
  properties[PROP_HANDOVER_FILE] = g_param_spec_string ("handover-file", NULL, NULL, NULL, flags);
  /**
   * SentientCoordinator:webrtc-enabled:
   *
   * %FALSE takes everything below `/webrtc` away. Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_WEBRTC_ENABLED]
      = g_param_spec_boolean ("webrtc-enabled", NULL, NULL, TRUE, flags);
  /**
   * SentientCoordinator:cors:
   *
   * %FALSE: pages of foreign origins are refused and get no CORS headers, unless
   * #SentientCoordinator:allowed-origins names them. Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_CORS] = g_param_spec_boolean ("cors", NULL, NULL, TRUE, flags);
  /**
   * SentientCoordinator:public-url:
   *
   * What clients call the coordinator: "https://hub.example.org" or, under a prefix that a proxy
   * puts before its paths, "https://example.org/hub". The URLs that it tells begin so, pages of
   * this origin may call it, and it answers for this host even when it listens on loopback. A
   * request whose path begins with the prefix is served as if it did not. %NULL: each client is
   * told the host that it asked for. Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_PUBLIC_URL] = g_param_spec_string ("public-url", NULL, NULL, NULL, flags);
  /**
   * SentientCoordinator:trusted-proxies:
   *
   * Addresses of proxies that are believed in what they say of their clients, each like
   * "192.0.2.1", "10.0.0.0/8" or "loopback". From these only, X-Forwarded-Proto, -Host and -Prefix
   * decide which URLs are told, and X-Forwarded-For (the rightmost address that is none of these)
   * whose limits count; the proxies themselves have none. Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_TRUSTED_PROXIES]
      = g_param_spec_boxed ("trusted-proxies", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * SentientCoordinator:allowed-origins:
   *
   * Origins whose web pages may call everything, WebSockets included, each like
   * "https://app.example.org". Without them only pages of the coordinator's own origin may, and,
   * unless #SentientCoordinator:cors is %FALSE, pages of any origin call `/webrtc/…` over HTTP;
   * when it listens on loopback, pages of loopback origins everything. Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_ALLOWED_ORIGINS]
      = g_param_spec_boxed ("allowed-origins", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * SentientCoordinator:stun-servers:
   *
   * STUN servers told to nodes: "stun:host:port". Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_STUN_SERVERS]
      = g_param_spec_boxed ("stun-servers", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * SentientCoordinator:turn-servers:
   *
   * TURN servers told to nodes that join: "turn:user:password@host:port". Counts at the next start.
   *
   * Since: 0.1
   */
  properties[PROP_TURN_SERVERS]
      = g_param_spec_boxed ("turn-servers", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * SentientCoordinator:seeds:
   *
   * The seeds that `/nodes` tells of.
   *
   * Since: 0.1
   */
  properties[PROP_SEEDS] = g_param_spec_boxed ("seeds", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * SentientCoordinator:clock:
   *
   * Where the time comes from; the system if none is given.
   *
   * Since: 0.1
   */
  properties[PROP_CLOCK]
      = g_param_spec_object ("clock", NULL, NULL, SENTIENT_TYPE_CLOCK,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
}

static void
install_state (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientCoordinator:running:
   *
   * Whether it listens.
   *
   * Since: 0.1
   */
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  /**
   * SentientCoordinator:uptime:
   *
   * Seconds since the start; 0 while it does not run. Changes without notification.
   *
   * Since: 0.1
   */
  properties[PROP_UPTIME] = g_param_spec_int64 ("uptime", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * SentientCoordinator:peer-count:
   *
   * How many nodes are here, each counted once.
   *
   * Since: 0.1
   */
  properties[PROP_PEER_COUNT]
      = g_param_spec_uint ("peer-count", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * SentientCoordinator:url:
   *
   * Where programs on this machine reach it; %NULL while it does not run.
   *
   * Since: 0.1
   */
  properties[PROP_URL] = g_param_spec_string ("url", NULL, NULL, NULL, flags);
  /**
   * SentientCoordinator:rooms:
   *
   * The rooms, a list of #SentientRoom.
   *
   * Since: 0.1
   */
  properties[PROP_ROOMS] = g_param_spec_object ("rooms", NULL, NULL, G_TYPE_LIST_MODEL, flags);
}

void
sentient_coordinator_install_properties (GObjectClass *klass)
{
  klass->get_property = sentient_coordinator_get_property;
  klass->set_property = sentient_coordinator_set_property;
  install_settings ();
  install_state ();
  sentient_coordinator_make_limit_properties (properties + PROP_LIMITS);
  g_object_class_install_properties (klass, G_N_ELEMENTS (properties), properties);
}

void
sentient_coordinator_notify_peer_count (SentientCoordinator *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PEER_COUNT]);
}

void
sentient_coordinator_notify_running (SentientCoordinator *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNNING]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PORT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_URL]);
}
