/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a peer counts, as JSON and for Prometheus. */

#include "peer/sentient-peer-statistics-private.h"
#include "protocol/sentient-json.h"
#include "protocol/sentient-prometheus.h"

/* JSON */

static void
append_states (GString *out, const SentientPeerCounts *counts)
{
  sentient_json_begin_object (out, "states");
  for (guint i = 0; i < SENTIENT_PEER_N_STATES; i++)
    sentient_json_append_number (out, sentient_connection_state_to_string (i), counts->states[i]);
  sentient_json_end_object (out);
}

static void
append_sums (GString *out, const SentientPeerCounts *counts)
{
  static const char *const names[SENTIENT_PEER_N_SUMS] = {
    [SENTIENT_PEER_SUM_MESSAGES_SENT] = "messagesSent",
    [SENTIENT_PEER_SUM_MESSAGES_RECEIVED] = "messagesReceived",
    [SENTIENT_PEER_SUM_BYTES_SENT] = "bytesSent",
    [SENTIENT_PEER_SUM_BYTES_RECEIVED] = "bytesReceived",
    [SENTIENT_PEER_SUM_MESSAGES_SENT_AGAIN] = "messagesSentAgain",
    [SENTIENT_PEER_SUM_RECONNECTS] = "reconnects",
  };

  for (guint i = 0; i < SENTIENT_PEER_N_SUMS; i++)
    sentient_json_append_number (out, names[i], counts->sums[i]);
}

static void
append_gossip (GString *out, const SentientGossipStatistics *gossip)
{
  sentient_json_begin_object (out, "gossip");
  sentient_json_append_number (out, "sent", gossip->sent);
  sentient_json_append_number (out, "delivered", gossip->delivered);
  sentient_json_append_number (out, "received", gossip->received);
  sentient_json_append_number (out, "relayed", gossip->relayed);
  sentient_json_append_number (out, "duplicates", gossip->duplicates);
  sentient_json_append_number (out, "refused", gossip->refused);
  sentient_json_append_number (out, "limited", gossip->limited);
  sentient_json_append_number (out, "dropped", gossip->dropped);
  sentient_json_append_number (out, "lost", gossip->lost);
  sentient_json_append_number (out, "hops", gossip->hops);
  sentient_json_append_number (out, "maxHops", gossip->max_hops);
  sentient_json_end_object (out);
}

static void
append_transfers (GString *out, const SentientPeerCounts *counts)
{
  const guint64 *bytes = counts->transfer_bytes;

  sentient_json_begin_object (out, "transfers");
  for (guint i = 0; i < SENTIENT_PEER_N_TRANSFER_STATES; i++)
    sentient_json_append_number (out, sentient_transfer_state_to_string (i), counts->transfers[i]);
  sentient_json_append_number (out, "bytesSent", bytes[SENTIENT_TRANSFER_DIRECTION_OUTGOING]);
  sentient_json_append_number (out, "bytesReceived", bytes[SENTIENT_TRANSFER_DIRECTION_INCOMING]);
  sentient_json_end_object (out);
}

/**
 * sentient_peer_statistics_to_json:
 * @self: statistics
 *
 * The names are those of "node" in the daemon's `GetStatistics`, see
 * data/dbus/org.sentient.Sentient1.xml.
 *
 * Returns: (transfer full): the text of a JSON object
 *
 * Since: 0.1
 */
char *
sentient_peer_statistics_to_json (SentientPeerStatistics *self)
{
  GString *out;
  SentientPeerCounts counts;

  g_return_val_if_fail (SENTIENT_IS_PEER_STATISTICS (self), NULL);

  out = g_string_new ("{");
  sentient_peer_statistics_count (self, &counts);
  sentient_json_append_number (out, "rooms", counts.rooms);
  sentient_json_append_number (out, "connections", counts.connections);
  sentient_json_append_number (out, "open", counts.states[SENTIENT_CONNECTION_STATE_CONNECTED]);
  append_sums (out, &counts);
  sentient_json_append_number (out, "lost", counts.lost);
  sentient_json_append_number (out, "failed", counts.failed);
  append_states (out, &counts);
  sentient_json_append_number (out, "direct", counts.direct);
  sentient_json_append_number (out, "relayed", counts.relayed);
  append_gossip (out, &counts.gossip);
  append_transfers (out, &counts);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

/* Prometheus */

static void
tell_connections (GString *out, const SentientPeerCounts *counts)
{
  sentient_prometheus_single (out, "node_connected", "gauge", "1 while the node has a coordinator.",
                              counts->connected);
  sentient_prometheus_single (out, "node_rooms", "gauge", "Rooms that the node is in.",
                              counts->rooms);
  sentient_prometheus_family (out, "node_connections", "gauge",
                              "Connections to other nodes by state.");
  for (guint i = 0; i < SENTIENT_PEER_N_STATES; i++)
    sentient_prometheus_sample_1 (out, "node_connections", "state",
                                  sentient_connection_state_to_string (i), counts->states[i]);
  sentient_prometheus_family (out, "node_open_connections", "gauge",
                              "Open connections to other nodes by the way they take.");
  sentient_prometheus_sample_1 (out, "node_open_connections", "way", "direct", counts->direct);
  sentient_prometheus_sample_1 (out, "node_open_connections", "way", "relayed", counts->relayed);
  sentient_prometheus_family (out, "node_connection_errors_total", "counter",
                              "Connections that ended in an error after they were open, and "
                              "attempts that came to nothing.");
  sentient_prometheus_sample_1 (out, "node_connection_errors_total", "kind", "lost", counts->lost);
  sentient_prometheus_sample_1 (out, "node_connection_errors_total", "kind", "failed",
                                counts->failed);
}

static void
tell_messages (GString *out, const guint64 *sums)
{
  sentient_prometheus_single (out, "node_reconnects_total", "counter",
                              "Data channels that took the place of a lost one.",
                              sums[SENTIENT_PEER_SUM_RECONNECTS]);
  sentient_prometheus_single (out, "node_sent_messages_total", "counter",
                              "Messages to other nodes.", sums[SENTIENT_PEER_SUM_MESSAGES_SENT]);
  sentient_prometheus_single (out, "node_received_messages_total", "counter",
                              "Messages from other nodes.",
                              sums[SENTIENT_PEER_SUM_MESSAGES_RECEIVED]);
  sentient_prometheus_single (out, "node_sent_bytes_total", "counter",
                              "Bytes of messages to other nodes.",
                              sums[SENTIENT_PEER_SUM_BYTES_SENT]);
  sentient_prometheus_single (out, "node_received_bytes_total", "counter",
                              "Bytes of messages from other nodes.",
                              sums[SENTIENT_PEER_SUM_BYTES_RECEIVED]);
  sentient_prometheus_single (out, "node_resent_messages_total", "counter",
                              "Messages that were sent again over a new data channel.",
                              sums[SENTIENT_PEER_SUM_MESSAGES_SENT_AGAIN]);
}

static void
tell_gossip (GString *out, const SentientGossipStatistics *gossip)
{
  const struct
  {
    const char *outcome;
    guint64 n;
  } parts[] = {
    { "relayed", gossip->relayed }, { "duplicate", gossip->duplicates },
    { "refused", gossip->refused }, { "limited", gossip->limited },
    { "dropped", gossip->dropped }, { "lost", gossip->lost },
  };

  sentient_prometheus_single (out, "node_gossip_sent_total", "counter",
                              "Broadcasts of this node that others pass on.", gossip->sent);
  sentient_prometheus_single (out, "node_gossip_delivered_total", "counter",
                              "Broadcasts of other nodes that arrived here.", gossip->delivered);
  sentient_prometheus_single (out, "node_gossip_received_parts_total", "counter",
                              "Parts of broadcasts that came from neighbours.", gossip->received);
  sentient_prometheus_family (out, "node_gossip_parts_total", "counter",
                              "What became of parts of broadcasts.");
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    sentient_prometheus_sample_1 (out, "node_gossip_parts_total", "outcome", parts[i].outcome,
                                  parts[i].n);
  sentient_prometheus_single (out, "node_gossip_hops_total", "counter",
                              "Connections that the delivered broadcasts had come over.",
                              gossip->hops);
  sentient_prometheus_single (out, "node_gossip_max_hops", "gauge",
                              "The most connections one of them had come over.", gossip->max_hops);
}

static void
tell_transfers (GString *out, const SentientPeerCounts *counts)
{
  sentient_prometheus_family (out, "node_transfers", "gauge",
                              "Files that are sent or received, by state.");
  for (guint i = 0; i <= SENTIENT_TRANSFER_STATE_ACTIVE; i++)
    sentient_prometheus_sample_1 (out, "node_transfers", "state",
                                  sentient_transfer_state_to_string (i), counts->transfers[i]);
  sentient_prometheus_family (out, "node_transfers_total", "counter",
                              "Files that were sent or received, by how it ended.");
  for (guint i = SENTIENT_TRANSFER_STATE_ACTIVE + 1; i < SENTIENT_PEER_N_TRANSFER_STATES; i++)
    sentient_prometheus_sample_1 (out, "node_transfers_total", "outcome",
                                  sentient_transfer_state_to_string (i), counts->transfers[i]);
  sentient_prometheus_single (out, "node_transfer_sent_bytes_total", "counter",
                              "Bytes of files to other nodes.",
                              counts->transfer_bytes[SENTIENT_TRANSFER_DIRECTION_OUTGOING]);
  sentient_prometheus_single (out, "node_transfer_received_bytes_total", "counter",
                              "Bytes of files from other nodes.",
                              counts->transfer_bytes[SENTIENT_TRANSFER_DIRECTION_INCOMING]);
}

/**
 * sentient_peer_statistics_to_metrics:
 * @self: statistics
 *
 * The same numbers in the text format of Prometheus 0.0.4: families whose names begin with
 * `sentient_node_`, see README.md. For sentient_coordinator_set_metrics_func().
 *
 * Returns: (transfer full): lines, each with its end
 *
 * Since: 0.1
 */
char *
sentient_peer_statistics_to_metrics (SentientPeerStatistics *self)
{
  GString *out;
  SentientPeerCounts counts;

  g_return_val_if_fail (SENTIENT_IS_PEER_STATISTICS (self), NULL);

  out = g_string_sized_new (4096);
  sentient_peer_statistics_count (self, &counts);
  tell_connections (out, &counts);
  tell_messages (out, counts.sums);
  tell_gossip (out, &counts.gossip);
  tell_transfers (out, &counts);
  return g_string_free (out, FALSE);
}
