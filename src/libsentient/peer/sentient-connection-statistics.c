/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-connection-statistics-private.h"

/**
 * SentientConnectionStatistics:
 *
 * How a #SentientConnection did up to one moment: the path that its data takes, the time to the
 * other node, what went over it and what waits. The numbers are of the connection, over all of its
 * data channels; they do not change any more.
 *
 * Since: 0.1
 */

G_DEFINE_FINAL_TYPE (SentientConnectionStatistics, sentient_connection_statistics, G_TYPE_OBJECT)

static void
sentient_connection_statistics_finalize (GObject *object)
{
  SentientConnectionStatistics *self = SENTIENT_CONNECTION_STATISTICS (object);

  g_free (self->node_id);
  g_free (self->room);
  g_free (self->local.address);
  g_free (self->remote.address);
  g_free (self->protocol);
  g_free (self->relay);

  G_OBJECT_CLASS (sentient_connection_statistics_parent_class)->finalize (object);
}

static void
sentient_connection_statistics_class_init (SentientConnectionStatisticsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sentient_connection_statistics_finalize;
}

static void
sentient_connection_statistics_init (SentientConnectionStatistics *self)
{
  self->rtt = -1;
  self->retransmits = -1;
}

/**
 * sentient_connection_statistics_get_node_id:
 * @self: statistics
 *
 * Returns: the node at the other end
 *
 * Since: 0.1
 */
const char *
sentient_connection_statistics_get_node_id (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  return self->node_id;
}

/**
 * sentient_connection_statistics_get_room:
 * @self: statistics
 *
 * Returns: (nullable): the room through which the two met
 *
 * Since: 0.1
 */
const char *
sentient_connection_statistics_get_room (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  return self->room;
}

/**
 * sentient_connection_statistics_get_state:
 * @self: statistics
 *
 * Returns: where the connection stood
 *
 * Since: 0.1
 */
SentientConnectionState
sentient_connection_statistics_get_state (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), SENTIENT_CONNECTION_STATE_CLOSED);

  return self->state;
}

/**
 * sentient_connection_statistics_get_offerer:
 * @self: statistics
 *
 * Returns: %TRUE if the offer of the present data channel was ours
 *
 * Since: 0.1
 */
gboolean
sentient_connection_statistics_get_offerer (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), FALSE);

  return self->offerer;
}

/**
 * sentient_connection_statistics_get_framed:
 * @self: statistics
 *
 * Returns: %TRUE if messages went in the frames of `sentient.v1`, %FALSE if each went as it is
 *
 * Since: 0.1
 */
gboolean
sentient_connection_statistics_get_framed (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), FALSE);

  return self->framed;
}

/**
 * sentient_connection_statistics_get_time:
 * @self: statistics
 *
 * Returns: when these numbers were taken, in milliseconds since the epoch
 *
 * Since: 0.1
 */
gint64
sentient_connection_statistics_get_time (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->time;
}

/**
 * sentient_connection_statistics_get_connected_at:
 * @self: statistics
 *
 * Returns: when the (first) data channel opened, in milliseconds since the epoch; 0: not yet
 *
 * Since: 0.1
 */
gint64
sentient_connection_statistics_get_connected_at (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->connected_at;
}

/**
 * sentient_connection_statistics_get_replacements:
 * @self: statistics
 *
 * Returns: how often another data channel took the place of the one before
 *
 * Since: 0.1
 */
guint
sentient_connection_statistics_get_replacements (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->replacements;
}

/**
 * sentient_connection_statistics_get_local_type:
 * @self: statistics
 *
 * Returns: what our end of the path is
 *
 * Since: 0.1
 */
SentientCandidateType
sentient_connection_statistics_get_local_type (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), SENTIENT_CANDIDATE_TYPE_UNKNOWN);

  return self->local.type;
}

/**
 * sentient_connection_statistics_get_local_address:
 * @self: statistics
 *
 * Returns: (nullable): the IP address of our end of the path; %NULL: not known
 *
 * Since: 0.1
 */
const char *
sentient_connection_statistics_get_local_address (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  return self->local.address;
}

/**
 * sentient_connection_statistics_get_local_port:
 * @self: statistics
 *
 * Returns: its port
 *
 * Since: 0.1
 */
guint
sentient_connection_statistics_get_local_port (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->local.port;
}

/**
 * sentient_connection_statistics_get_remote_type:
 * @self: statistics
 *
 * Returns: what the other end of the path is
 *
 * Since: 0.1
 */
SentientCandidateType
sentient_connection_statistics_get_remote_type (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), SENTIENT_CANDIDATE_TYPE_UNKNOWN);

  return self->remote.type;
}

/**
 * sentient_connection_statistics_get_remote_address:
 * @self: statistics
 *
 * Returns: (nullable): the IP address of the other end of the path; %NULL: not known
 *
 * Since: 0.1
 */
const char *
sentient_connection_statistics_get_remote_address (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  return self->remote.address;
}

/**
 * sentient_connection_statistics_get_remote_port:
 * @self: statistics
 *
 * Returns: its port
 *
 * Since: 0.1
 */
guint
sentient_connection_statistics_get_remote_port (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->remote.port;
}

/**
 * sentient_connection_statistics_get_protocol:
 * @self: statistics
 *
 * Returns: (nullable): `udp` or `tcp`, between the two ends of the path; %NULL: not known
 *
 * Since: 0.1
 */
const char *
sentient_connection_statistics_get_protocol (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  return self->protocol;
}

/**
 * sentient_connection_statistics_get_relayed:
 * @self: statistics
 *
 * Returns: %TRUE if a TURN server passes the data on: one end of the path is its address
 *
 * Since: 0.1
 */
gboolean
sentient_connection_statistics_get_relayed (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), FALSE);

  return self->relayed;
}

/**
 * sentient_connection_statistics_get_relay:
 * @self: statistics
 *
 * Returns: (nullable): our TURN server, if our end of the path is its address
 *
 * Since: 0.1
 */
const char *
sentient_connection_statistics_get_relay (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  return self->relay;
}

/**
 * sentient_connection_statistics_get_relay_protocol:
 * @self: statistics
 *
 * Returns: (nullable): `udp` or `tcp`, how we reach our TURN server; %NULL: we use none, or it is
 * not known
 *
 * Since: 0.1
 */
const char *
sentient_connection_statistics_get_relay_protocol (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  return self->relay_protocol;
}

/**
 * sentient_connection_statistics_get_rtt:
 * @self: statistics
 *
 * Returns: milliseconds to the other node and back, of the last ping (one every 5 seconds); -1:
 * not known, as always without framing
 *
 * Since: 0.1
 */
gint64
sentient_connection_statistics_get_rtt (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), -1);

  return self->rtt;
}
/**
 * sentient_connection_statistics_get_state_time:
 * @self: statistics
 * @state: a state of connections
 *
 * Returns: how long the connection was in @state, in milliseconds
 *
 * Since: 0.1
 */
gint64
sentient_connection_statistics_get_state_time (SentientConnectionStatistics *self,
                                               SentientConnectionState state)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);
  g_return_val_if_fail ((guint)state < SENTIENT_CONNECTION_N_STATES, 0);

  return self->state_times[state];
}

/**
 * sentient_connection_statistics_get_step_time:
 * @self: statistics
 * @step: a step on the way to a connection
 *
 * Returns: when @step was taken for the present data channel, in milliseconds since that was begun;
 *   -1: not yet, or there is no data channel
 *
 * Since: 0.1
 */
gint64
sentient_connection_statistics_get_step_time (SentientConnectionStatistics *self,
                                              SentientConnectionStep step)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), -1);
  g_return_val_if_fail ((guint)step < SENTIENT_N_CONNECTION_STEPS, -1);

  return sentient_link_timeline_get_ms (&self->timeline, step);
}

/**
 * sentient_connection_statistics_get_n_candidates:
 * @self: statistics
 * @remote: %TRUE: those of the other node, as it told them; %FALSE: ours, as they were found
 * @type: of what type
 *
 * Returns: how many such addresses there were for the present data channel
 *
 * Since: 0.1
 */
guint
sentient_connection_statistics_get_n_candidates (SentientConnectionStatistics *self,
                                                 gboolean remote,
                                                 SentientCandidateType type)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);
  g_return_val_if_fail ((guint)type < SENTIENT_N_CANDIDATE_TYPES, 0);

  return remote ? self->timeline.remote[type] : self->timeline.own[type];
}
