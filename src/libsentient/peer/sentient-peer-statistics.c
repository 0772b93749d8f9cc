/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-statistics-private.h"

#include <string.h>

#include "peer/sentient-connection-statistics.h"

/**
 * SentientPeerStatistics:
 *
 * What a #SentientPeer did over all of its connections and transfers since this object was made,
 * those that are gone included, and how things stand now. There is no name of a room or node in it.
 *
 * It belongs to the peer's thread, and holds the peer.
 *
 * Since: 0.1
 */

struct _SentientPeerStatistics
{
  GObject parent_instance;

  SentientPeer *peer;
  /* What the lists have, in their order: a list does not say what it removed. */
  GPtrArray *connections; /* of Followed */
  GPtrArray *transfers;   /* of SentientTransfer */

  /* of those that are gone */
  guint64 sums[SENTIENT_PEER_N_SUMS];
  guint64 transfers_ended[SENTIENT_PEER_N_TRANSFER_STATES];
  guint64 transfer_bytes[SENTIENT_PEER_N_DIRECTIONS];
  /* of all */
  guint64 lost;
  guint64 failed;
};

typedef enum
{
  PROP_PEER = 1,
} SentientPeerStatisticsProperty;

static GParamSpec *properties[PROP_PEER + 1];

G_DEFINE_FINAL_TYPE (SentientPeerStatistics, sentient_peer_statistics, G_TYPE_OBJECT)

/* The list may show a connection, hide it and show it again: what was counted before was added when
 * it was hidden. */
typedef struct
{
  SentientConnection *connection;
  guint64 before[SENTIENT_PEER_N_SUMS];
} Followed;

static void
read_sums (SentientConnectionStatistics *of, guint64 *sums)
{
  sums[SENTIENT_PEER_SUM_MESSAGES_SENT] = sentient_connection_statistics_get_messages_sent (of);
  sums[SENTIENT_PEER_SUM_MESSAGES_RECEIVED]
      = sentient_connection_statistics_get_messages_received (of);
  sums[SENTIENT_PEER_SUM_BYTES_SENT] = sentient_connection_statistics_get_bytes_sent (of);
  sums[SENTIENT_PEER_SUM_BYTES_RECEIVED] = sentient_connection_statistics_get_bytes_received (of);
  sums[SENTIENT_PEER_SUM_MESSAGES_SENT_AGAIN]
      = sentient_connection_statistics_get_messages_sent_again (of);
  sums[SENTIENT_PEER_SUM_RECONNECTS] = sentient_connection_statistics_get_replacements (of);
}

static void
add_sums (guint64 *sums, const Followed *followed, SentientConnectionStatistics *of)
{
  guint64 now[SENTIENT_PEER_N_SUMS];

  read_sums (of, now);
  for (guint i = 0; i < SENTIENT_PEER_N_SUMS; i++)
    sums[i] += now[i] - followed->before[i];
}

/* It tells how it ended when the list has lost it already. */
static void
on_state (SentientConnection *connection, GParamSpec *pspec, SentientPeerStatistics *self)
{
  if (sentient_connection_get_state (connection) != SENTIENT_CONNECTION_STATE_FAILED)
    return;
  if (sentient_connection_get_connected_at (connection) > 0)
    self->lost++;
  else
    self->failed++;
}

static void
followed_free (gpointer data)
{
  Followed *followed = data;

  g_object_unref (followed->connection);
  g_free (followed);
}

/* Takes connection. */
static Followed *
follow (SentientPeerStatistics *self, SentientConnection *connection)
{
  Followed *followed = g_new0 (Followed, 1);
  g_autoptr (SentientConnectionStatistics) now = sentient_connection_dup_statistics (connection);

  followed->connection = connection;
  read_sums (now, followed->before);
  g_signal_handlers_disconnect_by_func (connection, on_state, self);
  g_signal_connect_object (connection, "notify::state", G_CALLBACK (on_state), self, 0);
  return followed;
}

static void
on_connections_changed (GListModel *model,
                        guint position,
                        guint removed,
                        guint added,
                        SentientPeerStatistics *self)
{
  for (guint i = 0; i < removed; i++)
    {
      Followed *followed = g_ptr_array_index (self->connections, position + i);
      g_autoptr (SentientConnectionStatistics) last
          = sentient_connection_dup_statistics (followed->connection);

      add_sums (self->sums, followed, last);
    }
  if (removed > 0)
    g_ptr_array_remove_range (self->connections, position, removed);
  for (guint i = position; i < position + added; i++)
    g_ptr_array_insert (self->connections, (int)i, follow (self, g_list_model_get_item (model, i)));
}

static void
add_transfer (SentientTransfer *transfer, guint64 *states, guint64 *bytes)
{
  states[sentient_transfer_get_state (transfer)]++;
  bytes[sentient_transfer_get_direction (transfer)] += sentient_transfer_get_done (transfer);
}

static void
on_transfers_changed (GListModel *model,
                      guint position,
                      guint removed,
                      guint added,
                      SentientPeerStatistics *self)
{
  /* Only those that are over go. */
  for (guint i = 0; i < removed; i++)
    add_transfer (g_ptr_array_index (self->transfers, position + i), self->transfers_ended,
                  self->transfer_bytes);
  if (removed > 0)
    g_ptr_array_remove_range (self->transfers, position, removed);
  for (guint i = position; i < position + added; i++)
    g_ptr_array_insert (self->transfers, (int)i, g_list_model_get_item (model, i));
}

static void
count_connection (const Followed *followed, SentientPeerCounts *counts)
{
  g_autoptr (SentientConnectionStatistics) of
      = sentient_connection_dup_statistics (followed->connection);
  SentientConnectionState state = sentient_connection_statistics_get_state (of);

  add_sums (counts->sums, followed, of);
  counts->states[state]++;
  if (state != SENTIENT_CONNECTION_STATE_CONNECTED
      || sentient_connection_statistics_get_protocol (of) == NULL)
    return;
  if (sentient_connection_statistics_get_relayed (of))
    counts->relayed++;
  else
    counts->direct++;
}

void
sentient_peer_statistics_count (SentientPeerStatistics *self, SentientPeerCounts *counts)
{
  g_autoptr (SentientGossipStatistics) gossip = sentient_peer_dup_gossip_statistics (self->peer);

  *counts = (SentientPeerCounts){
    .connected = sentient_peer_get_state (self->peer) == SENTIENT_PEER_STATE_CONNECTED,
    .rooms = g_list_model_get_n_items (sentient_peer_get_rooms (self->peer)),
    .connections = self->connections->len,
    .lost = self->lost,
    .failed = self->failed,
    .gossip = *gossip,
  };
  memcpy (counts->sums, self->sums, sizeof counts->sums);
  memcpy (counts->transfers, self->transfers_ended, sizeof counts->transfers);
  memcpy (counts->transfer_bytes, self->transfer_bytes, sizeof counts->transfer_bytes);
  for (guint i = 0; i < self->connections->len; i++)
    count_connection (g_ptr_array_index (self->connections, i), counts);
  for (guint i = 0; i < self->transfers->len; i++)
    add_transfer (g_ptr_array_index (self->transfers, i), counts->transfers,
                  counts->transfer_bytes);
}

static void
sentient_peer_statistics_constructed (GObject *object)
{
  SentientPeerStatistics *self = SENTIENT_PEER_STATISTICS (object);
  GListModel *connections = sentient_peer_get_connections (self->peer);
  GListModel *transfers = G_LIST_MODEL (sentient_peer_get_transfers (self->peer));

  G_OBJECT_CLASS (sentient_peer_statistics_parent_class)->constructed (object);

  g_signal_connect_object (connections, "items-changed", G_CALLBACK (on_connections_changed), self,
                           0);
  on_connections_changed (connections, 0, 0, g_list_model_get_n_items (connections), self);
  g_signal_connect_object (transfers, "items-changed", G_CALLBACK (on_transfers_changed), self, 0);
  on_transfers_changed (transfers, 0, 0, g_list_model_get_n_items (transfers), self);
}

static void
sentient_peer_statistics_finalize (GObject *object)
{
  SentientPeerStatistics *self = SENTIENT_PEER_STATISTICS (object);

  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->transfers);
  g_object_unref (self->peer);

  G_OBJECT_CLASS (sentient_peer_statistics_parent_class)->finalize (object);
}

static void
sentient_peer_statistics_get_property (GObject *object,
                                       guint prop_id,
                                       GValue *value,
                                       GParamSpec *pspec)
{
  SentientPeerStatistics *self = SENTIENT_PEER_STATISTICS (object);

  switch ((SentientPeerStatisticsProperty)prop_id)
    {
    case PROP_PEER:
      g_value_set_object (value, self->peer);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_peer_statistics_set_property (GObject *object,
                                       guint prop_id,
                                       const GValue *value,
                                       GParamSpec *pspec)
{
  SentientPeerStatistics *self = SENTIENT_PEER_STATISTICS (object);

  switch ((SentientPeerStatisticsProperty)prop_id)
    {
    case PROP_PEER:
      self->peer = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_peer_statistics_class_init (SentientPeerStatisticsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = sentient_peer_statistics_constructed;
  object_class->finalize = sentient_peer_statistics_finalize;
  object_class->get_property = sentient_peer_statistics_get_property;
  object_class->set_property = sentient_peer_statistics_set_property;

  /**
   * SentientPeerStatistics:peer:
   *
   * Whose they are.
   *
   * Since: 0.1
   */
  properties[PROP_PEER]
      = g_param_spec_object ("peer", NULL, NULL, SENTIENT_TYPE_PEER,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_peer_statistics_init (SentientPeerStatistics *self)
{
  self->connections = g_ptr_array_new_with_free_func (followed_free);
  self->transfers = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * sentient_peer_statistics_new:
 * @peer: a peer
 *
 * Counts from now on.
 *
 * Returns: (transfer full): what the peer does
 *
 * Since: 0.1
 */
SentientPeerStatistics *
sentient_peer_statistics_new (SentientPeer *peer)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (peer), NULL);

  return g_object_new (SENTIENT_TYPE_PEER_STATISTICS, "peer", peer, NULL);
}

/**
 * sentient_peer_statistics_get_peer:
 * @self: statistics
 *
 * Returns: (transfer none): whose they are
 *
 * Since: 0.1
 */
SentientPeer *
sentient_peer_statistics_get_peer (SentientPeerStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER_STATISTICS (self), NULL);

  return self->peer;
}
