/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The coordinator's limits: one property each, and where they go. */

#include "coordinator/sentient-coordinator-private.h"

#define MIB (1024 * 1024)
/* The least that a queue takes: two messages of the largest size. */
#define QUEUE_MIN (128 * 1024)

/* The numbers are the protocol's; changing one changes what clients may rely on. */
static const guint defaults[SENTIENT_N_LIMITS] = {
  [SENTIENT_LIMIT_SIGNAL_RATE] = 200,
  [SENTIENT_LIMIT_SIGNAL_BURST] = 2000,
  [SENTIENT_LIMIT_JOIN_RATE] = 10,
  [SENTIENT_LIMIT_JOIN_BURST] = 64,
  [SENTIENT_LIMIT_CONNECTION_RATE] = 64,
  [SENTIENT_LIMIT_CONNECTION_BURST] = 256,
  [SENTIENT_LIMIT_CONNECTIONS_PER_ADDRESS] = 1024,
  [SENTIENT_LIMIT_ROOMS_PER_NODE] = 32,
  [SENTIENT_LIMIT_PEERS_PER_ROOM] = 50,
  [SENTIENT_LIMIT_NODES] = 65536,
  [SENTIENT_LIMIT_ROOMS] = 16384,
  [SENTIENT_LIMIT_CONNECTIONS] = 0,
  [SENTIENT_LIMIT_MESSAGE_SIZE] = 64 * 1024,
  [SENTIENT_LIMIT_METADATA_SIZE] = 2 * 1024,
  [SENTIENT_LIMIT_QUEUED_MESSAGES] = 1024,
  [SENTIENT_LIMIT_QUEUED_BYTES] = 1024 * 1024,
  [SENTIENT_LIMIT_SENDER_MESSAGES] = 256,
  [SENTIENT_LIMIT_SENDER_BYTES] = 256 * 1024,
  [SENTIENT_LIMIT_TOTAL_BYTES] = 64 * 1024 * 1024,
  [SENTIENT_LIMIT_ADDRESS_SHARE] = 8,
  [SENTIENT_LIMIT_HEAD_TIMEOUT] = 10000,
  [SENTIENT_LIMIT_BODY_TIMEOUT] = 30000,
  [SENTIENT_LIMIT_IDLE_TIMEOUT] = 60000,
  [SENTIENT_LIMIT_PING_INTERVAL] = 15000,
  [SENTIENT_LIMIT_SILENCE_TIMEOUT] = 30000,
  [SENTIENT_LIMIT_GRACE_TIME] = 30000,
  [SENTIENT_LIMIT_DRAIN_TIME] = 2000,
};

static GParamSpec *
new_limit (const char *name, SentientLimit limit, guint min, guint max)
{
  return g_param_spec_uint (name, NULL, NULL, min, max, defaults[limit],
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
}

static void
make_node_limits (GParamSpec *properties[SENTIENT_N_LIMITS])
{
  /**
   * SentientCoordinator:signal-rate:
   *
   * How many signals a node may send a second; 0: any number. What is more is refused with
   * %SENTIENT_ERROR_RATE_LIMITED. It and the other rates are for nodes that come by the network,
   * not for callers in this process.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_SIGNAL_RATE]
      = new_limit ("signal-rate", SENTIENT_LIMIT_SIGNAL_RATE, 0, SENTIENT_RATE_BURST_MAX);
  /**
   * SentientCoordinator:signal-burst:
   *
   * How many signals a node that was quiet may send at once.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_SIGNAL_BURST]
      = new_limit ("signal-burst", SENTIENT_LIMIT_SIGNAL_BURST, 1, SENTIENT_RATE_BURST_MAX);
  /**
   * SentientCoordinator:join-rate:
   *
   * How often a node may join a room a second; 0: any number. A join counts once, and once more for
   * every 50 members that the room has: all of them are told.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_JOIN_RATE]
      = new_limit ("join-rate", SENTIENT_LIMIT_JOIN_RATE, 0, SENTIENT_RATE_BURST_MAX);
  /**
   * SentientCoordinator:join-burst:
   *
   * How many joins a node that was quiet may ask for at once.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_JOIN_BURST]
      = new_limit ("join-burst", SENTIENT_LIMIT_JOIN_BURST, 1, SENTIENT_RATE_BURST_MAX);
  /**
   * SentientCoordinator:max-rooms-per-node:
   *
   * In how many rooms a node may be.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_ROOMS_PER_NODE]
      = new_limit ("max-rooms-per-node", SENTIENT_LIMIT_ROOMS_PER_NODE, 1, SENTIENT_RATE_BURST_MAX);
  /**
   * SentientCoordinator:max-peers:
   *
   * How many members a room takes.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_PEERS_PER_ROOM]
      = new_limit ("max-peers", SENTIENT_LIMIT_PEERS_PER_ROOM, 1, 65536);
}

static void
make_total_limits (GParamSpec *properties[SENTIENT_N_LIMITS])
{
  /**
   * SentientCoordinator:max-nodes:
   *
   * How many nodes may be here at once. What is more is refused with %SENTIENT_ERROR_BUSY.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_NODES] = new_limit ("max-nodes", SENTIENT_LIMIT_NODES, 1, 1000000);
  /**
   * SentientCoordinator:max-rooms:
   *
   * How many rooms there may be at once, the three that are always there among them. What is more
   * is refused with %SENTIENT_ERROR_BUSY.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_ROOMS] = new_limit ("max-rooms", SENTIENT_LIMIT_ROOMS, 3, 1000000);
  /**
   * SentientCoordinator:max-connections:
   *
   * How many connections may be open in all; further ones wait in the kernel. 0: as many as the
   * process may have file descriptors, without 64 for all else. Those that are open stay.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_CONNECTIONS]
      = new_limit ("max-connections", SENTIENT_LIMIT_CONNECTIONS, 0, 1000000);
}

static void
make_size_limits (GParamSpec *properties[SENTIENT_N_LIMITS])
{
  /**
   * SentientCoordinator:max-message-size:
   *
   * How many bytes a WebSocket message or HTTP body of a client may have. What is larger closes
   * the WebSocket with 1009, or is answered with 413. Counts at the next start.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_MESSAGE_SIZE]
      = new_limit ("max-message-size", SENTIENT_LIMIT_MESSAGE_SIZE, 4096, 64 * 1024);
  /**
   * SentientCoordinator:max-metadata-size:
   *
   * How many bytes the metadata of a join may have; a join with more is refused with
   * %SENTIENT_ERROR_PAYLOAD_TOO_LARGE.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_METADATA_SIZE]
      = new_limit ("max-metadata-size", SENTIENT_LIMIT_METADATA_SIZE, 2, 2 * 1024);
  /**
   * SentientCoordinator:max-queued-messages:
   *
   * How many messages may wait for a node. A signal that is more is refused with
   * %SENTIENT_ERROR_BUSY.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_QUEUED_MESSAGES]
      = new_limit ("max-queued-messages", SENTIENT_LIMIT_QUEUED_MESSAGES, 16, 1000000);
  /**
   * SentientCoordinator:max-queued-bytes:
   *
   * How many bytes may wait for a node.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_QUEUED_BYTES]
      = new_limit ("max-queued-bytes", SENTIENT_LIMIT_QUEUED_BYTES, QUEUE_MIN, 1024 * MIB);
  /**
   * SentientCoordinator:max-queued-messages-per-sender:
   *
   * How many of the messages that wait for a node may come from one sender.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_SENDER_MESSAGES]
      = new_limit ("max-queued-messages-per-sender", SENTIENT_LIMIT_SENDER_MESSAGES, 1, 1000000);
  /**
   * SentientCoordinator:max-queued-bytes-per-sender:
   *
   * How many of the bytes that wait for a node may come from one sender.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_SENDER_BYTES]
      = new_limit ("max-queued-bytes-per-sender", SENTIENT_LIMIT_SENDER_BYTES, QUEUE_MIN,
                   1024 * MIB);
  /**
   * SentientCoordinator:max-queued-bytes-total:
   *
   * How many bytes may wait for all nodes together.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_TOTAL_BYTES]
      = new_limit ("max-queued-bytes-total", SENTIENT_LIMIT_TOTAL_BYTES, 8 * MIB, 2047u * MIB);
  /**
   * SentientCoordinator:address-share:
   *
   * Which part of #SentientCoordinator:max-queued-bytes-total may be from one address (for IPv6:
   * from one /64): 8 stands for an eighth.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_ADDRESS_SHARE]
      = new_limit ("address-share", SENTIENT_LIMIT_ADDRESS_SHARE, 1, 64);
}

static void
make_address_limits (GParamSpec *properties[SENTIENT_N_LIMITS])
{
  /**
   * SentientCoordinator:connection-rate:
   *
   * How many connections may come from one address (for IPv6: from one /64) a second; 0: any
   * number. What is more is answered with 429 and closed.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_CONNECTION_RATE]
      = new_limit ("connection-rate", SENTIENT_LIMIT_CONNECTION_RATE, 0, SENTIENT_RATE_BURST_MAX);
  /**
   * SentientCoordinator:connection-burst:
   *
   * How many connections may come from one address at once.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_CONNECTION_BURST]
      = new_limit ("connection-burst", SENTIENT_LIMIT_CONNECTION_BURST, 1, SENTIENT_RATE_BURST_MAX);
  /**
   * SentientCoordinator:connections-per-address:
   *
   * How many connections from one address may be open; 0: any number. What is more is answered with
   * 503 and closed; those that are open stay.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_CONNECTIONS_PER_ADDRESS]
      = new_limit ("connections-per-address", SENTIENT_LIMIT_CONNECTIONS_PER_ADDRESS, 0,
                   SENTIENT_RATE_BURST_MAX);
}

static void
make_times (GParamSpec *properties[SENTIENT_N_LIMITS])
{
  /**
   * SentientCoordinator:head-timeout:
   *
   * Within how many ms a request head, which has at most 8 KiB, must come. A deadline that runs
   * already stays; so it is with the other times.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_HEAD_TIMEOUT]
      = new_limit ("head-timeout", SENTIENT_LIMIT_HEAD_TIMEOUT, 1, G_MAXINT);
  /**
   * SentientCoordinator:body-timeout:
   *
   * Within how many ms a request body must come, or its answer be taken.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_BODY_TIMEOUT]
      = new_limit ("body-timeout", SENTIENT_LIMIT_BODY_TIMEOUT, 1, G_MAXINT);
  /**
   * SentientCoordinator:idle-timeout:
   *
   * After how many ms without a request an HTTP connection is closed.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_IDLE_TIMEOUT]
      = new_limit ("idle-timeout", SENTIENT_LIMIT_IDLE_TIMEOUT, 1, G_MAXINT);
  /**
   * SentientCoordinator:ping-interval:
   *
   * How often a WebSocket is pinged, in ms.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_PING_INTERVAL]
      = new_limit ("ping-interval", SENTIENT_LIMIT_PING_INTERVAL, 1, G_MAXINT);
  /**
   * SentientCoordinator:silence-timeout:
   *
   * After how much silence a node is lost, in ms.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_SILENCE_TIMEOUT]
      = new_limit ("silence-timeout", SENTIENT_LIMIT_SILENCE_TIMEOUT, 1, G_MAXINT);
  /**
   * SentientCoordinator:drain-time:
   *
   * How long sentient_coordinator_stop_async() goes on serving those who are there, in ms, while it
   * takes nobody new: negotiations under way can end. It ends sooner when nobody is left; 0: at
   * once.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_DRAIN_TIME]
      = new_limit ("drain-time", SENTIENT_LIMIT_DRAIN_TIME, 0, 600000);
  /**
   * SentientCoordinator:grace-time:
   *
   * How long a lost node keeps its place, in ms.
   *
   * Since: 0.1
   */
  properties[SENTIENT_LIMIT_GRACE_TIME]
      = new_limit ("grace-time", SENTIENT_LIMIT_GRACE_TIME, 0, G_MAXINT);
}

void
sentient_coordinator_make_limit_properties (GParamSpec *properties[SENTIENT_N_LIMITS])
{
  make_node_limits (properties);
  make_address_limits (properties);
  make_total_limits (properties);
  make_size_limits (properties);
  make_times (properties);
}

void
sentient_coordinator_set_uint (SentientCoordinator *self,
                               guint *field,
                               guint number,
                               GParamSpec *pspec)
{
  if (*field == number)
    return;
  *field = number;
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

void
sentient_coordinator_init_limits (SentientCoordinator *self)
{
  for (guint i = 0; i < SENTIENT_N_LIMITS; i++)
    self->limits[i] = defaults[i];
}

void
sentient_coordinator_fill_engine_limits (SentientCoordinator *self, SentientEngineConfig *config)
{
  config->head_timeout_ms = self->limits[SENTIENT_LIMIT_HEAD_TIMEOUT];
  config->body_timeout_ms = self->limits[SENTIENT_LIMIT_BODY_TIMEOUT];
  config->idle_timeout_ms = self->limits[SENTIENT_LIMIT_IDLE_TIMEOUT];
  config->max_connections = self->limits[SENTIENT_LIMIT_CONNECTIONS];
  config->max_message = self->limits[SENTIENT_LIMIT_MESSAGE_SIZE];
  config->ping_interval_ms = self->limits[SENTIENT_LIMIT_PING_INTERVAL];
  config->silence_ms = self->limits[SENTIENT_LIMIT_SILENCE_TIMEOUT];
  config->address.connections.rate = self->limits[SENTIENT_LIMIT_CONNECTION_RATE];
  config->address.connections.burst = self->limits[SENTIENT_LIMIT_CONNECTION_BURST];
  config->address.open = self->limits[SENTIENT_LIMIT_CONNECTIONS_PER_ADDRESS];
}

void
sentient_coordinator_apply_limits (SentientCoordinator *self)
{
  SentientDirectoryLimits *limits;
  SentientEngineConfig engine_limits;

  if (self->directory == NULL)
    return; /* construction: applied at the start */
  limits = sentient_directory_get_limits (self->directory);
  limits->room_peers = self->limits[SENTIENT_LIMIT_PEERS_PER_ROOM];
  limits->silence_ms = self->limits[SENTIENT_LIMIT_SILENCE_TIMEOUT];
  limits->grace_ms = self->limits[SENTIENT_LIMIT_GRACE_TIME];
  limits->nodes = self->limits[SENTIENT_LIMIT_NODES];
  limits->rooms = self->limits[SENTIENT_LIMIT_ROOMS];
  limits->metadata_bytes = self->limits[SENTIENT_LIMIT_METADATA_SIZE];
  limits->outbox.items = self->limits[SENTIENT_LIMIT_QUEUED_MESSAGES];
  limits->outbox.bytes = self->limits[SENTIENT_LIMIT_QUEUED_BYTES];
  limits->outbox.sender_items = self->limits[SENTIENT_LIMIT_SENDER_MESSAGES];
  limits->outbox.sender_bytes = self->limits[SENTIENT_LIMIT_SENDER_BYTES];
  limits->queued_bytes = self->limits[SENTIENT_LIMIT_TOTAL_BYTES];
  limits->address_share = self->limits[SENTIENT_LIMIT_ADDRESS_SHARE];
  limits->node_rooms = self->limits[SENTIENT_LIMIT_ROOMS_PER_NODE];
  limits->signals.rate = self->limits[SENTIENT_LIMIT_SIGNAL_RATE];
  limits->signals.burst = self->limits[SENTIENT_LIMIT_SIGNAL_BURST];
  limits->joins.rate = self->limits[SENTIENT_LIMIT_JOIN_RATE];
  limits->joins.burst = self->limits[SENTIENT_LIMIT_JOIN_BURST];

  if (self->engine == NULL)
    return;
  sentient_engine_config_init (&engine_limits);
  sentient_coordinator_fill_engine_limits (self, &engine_limits);
  sentient_engine_set_limits (self->engine, &engine_limits);
}
