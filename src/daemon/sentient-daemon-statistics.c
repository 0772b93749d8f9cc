/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the node counts over all of its connections. */

#include "daemon/sentient-daemon-private.h"
#include "peer/sentient-connection-statistics.h"
#include "protocol/sentient-json.h"

#define N_STATES (SENTIENT_CONNECTION_STATE_FAILED + 1)

typedef enum
{
  SUM_MESSAGES_SENT,
  SUM_MESSAGES_RECEIVED,
  SUM_BYTES_SENT,
  SUM_BYTES_RECEIVED,
  SUM_RECONNECTS,
  N_SUMS
} Sum;

/* A connection tells how it ended when the list has lost it already, maybe when nobody asks any
 * more. */
struct _SentientDaemonTotals
{
  guint64 sums[N_SUMS]; /* of those that are gone */
  guint64 lost;
  guint64 failed;
};

SentientDaemonTotals *
sentient_daemon_totals_new (void)
{
  return g_rc_box_new0 (SentientDaemonTotals);
}

void
sentient_daemon_totals_free (SentientDaemonTotals *self)
{
  g_rc_box_release (self);
}

static void
on_state (SentientConnection *connection, GParamSpec *pspec, gpointer user_data)
{
  SentientDaemonTotals *self = user_data;

  if (sentient_connection_get_state (connection) != SENTIENT_CONNECTION_STATE_FAILED)
    return;
  if (sentient_connection_get_connected_at (connection) > 0)
    self->lost++;
  else
    self->failed++;
}

static void
on_unfollowed (gpointer data, GClosure *closure)
{
  g_rc_box_release (data);
}

void
sentient_daemon_totals_follow (SentientDaemonTotals *self, SentientConnection *connection)
{
  /* The list may show it, hide it and show it again. */
  if (g_signal_handler_find (connection, G_SIGNAL_MATCH_FUNC | G_SIGNAL_MATCH_DATA, 0, 0, NULL,
                             on_state, self)
      != 0)
    return;
  g_signal_connect_data (connection, "notify::state", G_CALLBACK (on_state),
                         g_rc_box_acquire (self), on_unfollowed, 0);
}

static void
add_sums (guint64 *sums, SentientConnectionStatistics *of)
{
  sums[SUM_MESSAGES_SENT] += sentient_connection_statistics_get_messages_sent (of);
  sums[SUM_MESSAGES_RECEIVED] += sentient_connection_statistics_get_messages_received (of);
  sums[SUM_BYTES_SENT] += sentient_connection_statistics_get_bytes_sent (of);
  sums[SUM_BYTES_RECEIVED] += sentient_connection_statistics_get_bytes_received (of);
  sums[SUM_RECONNECTS] += sentient_connection_statistics_get_replacements (of);
}

void
sentient_daemon_totals_take (SentientDaemonTotals *self, SentientConnection *connection)
{
  g_autoptr (SentientConnectionStatistics) statistics
      = sentient_connection_dup_statistics (connection);

  add_sums (self->sums, statistics);
}

/* JSON */

static void
append_states (GString *out, const guint *states)
{
  sentient_json_begin_object (out, "states");
  for (guint i = 0; i < N_STATES; i++)
    sentient_json_append_number (out, sentient_connection_state_to_string (i), states[i]);
  sentient_json_end_object (out);
}

static void
append_sums (GString *out, const guint64 *sums)
{
  static const char *const names[N_SUMS] = {
    [SUM_MESSAGES_SENT] = "messagesSent", [SUM_MESSAGES_RECEIVED] = "messagesReceived",
    [SUM_BYTES_SENT] = "bytesSent",       [SUM_BYTES_RECEIVED] = "bytesReceived",
    [SUM_RECONNECTS] = "reconnects",
  };

  for (guint i = 0; i < N_SUMS; i++)
    sentient_json_append_number (out, names[i], sums[i]);
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

char *
sentient_daemon_dup_node_statistics (SentientDaemon *self)
{
  const SentientDaemonTotals *totals = sentient_daemon_connections_get_totals (self->connections);
  GListModel *connections = sentient_peer_get_connections (self->peer);
  g_autoptr (SentientGossipStatistics) gossip = sentient_peer_dup_gossip_statistics (self->peer);
  guint states[N_STATES] = { 0 };
  guint n_by_way[2] = { 0 }; /* relayed or not */
  guint64 sums[N_SUMS];
  GString *out = g_string_new ("{");

  memcpy (sums, totals->sums, sizeof sums);
  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (SentientConnection) connection = g_list_model_get_item (connections, i);
      g_autoptr (SentientConnectionStatistics) of = sentient_connection_dup_statistics (connection);
      SentientConnectionState state = sentient_connection_statistics_get_state (of);

      states[state]++;
      add_sums (sums, of);
      if (state == SENTIENT_CONNECTION_STATE_CONNECTED
          && sentient_connection_statistics_get_protocol (of) != NULL)
        n_by_way[sentient_connection_statistics_get_relayed (of)]++;
    }
  sentient_json_append_number (out, "rooms",
                               g_list_model_get_n_items (sentient_peer_get_rooms (self->peer)));
  sentient_json_append_number (out, "connections", g_list_model_get_n_items (connections));
  sentient_json_append_number (out, "open", states[SENTIENT_CONNECTION_STATE_CONNECTED]);
  append_sums (out, sums);
  sentient_json_append_number (out, "lost", totals->lost);
  sentient_json_append_number (out, "failed", totals->failed);
  append_states (out, states);
  sentient_json_append_number (out, "direct", n_by_way[FALSE]);
  sentient_json_append_number (out, "relayed", n_by_way[TRUE]);
  append_gossip (out, gossip);
  sentient_daemon_transfers_append_statistics (self->transfers, out);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}
