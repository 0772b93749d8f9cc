/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

#include "core/sentient-enum-types.h"

enum
{
  PEER_CONNECTED,
  PEER_DISCONNECTED,
  PEER_RECONNECTING,
  PEER_RECONNECTED,
  MESSAGE,
  BROADCAST,
  NEIGHBOURS_CHANGED,
  DRAINED,
  DATA_CHANNEL,
  TRANSFER_OFFERED,
  ERROR_SIGNAL,
  MEMBER_JOINED,
  MEMBER_LEFT,
  NEGOTIATION,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
install_connection_signals (SentientPeerClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  /**
   * SentientPeer::peer-connected:
   * @self: the peer
   * @node_id: the node at the other end
   *
   * A data channel is open.
   *
   * Since: 0.1
   */
  signals[PEER_CONNECTED] = g_signal_new ("peer-connected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * SentientPeer::peer-disconnected:
   * @self: the peer
   * @node_id: the node that was at the other end
   * @error: (nullable): what broke it; %NULL if it was closed in good order, or another connection
   *   to the same node took its place
   *
   * A connection that was open is over.
   *
   * Since: 0.1
   */
  signals[PEER_DISCONNECTED]
      = g_signal_new ("peer-disconnected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_ERROR);

  /**
   * SentientPeer::peer-reconnecting:
   * @self: the peer
   * @node_id: the node at the other end
   * @error: (nullable): what broke the data channel; %NULL if the other node closed it
   *
   * A data channel broke, and another one is being made. Messages wait for it. Either
   * #SentientPeer::peer-reconnected follows or #SentientPeer::peer-disconnected.
   *
   * Since: 0.1
   */
  signals[PEER_RECONNECTING]
      = g_signal_new ("peer-reconnecting", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_ERROR);

  /**
   * SentientPeer::peer-reconnected:
   * @self: the peer
   * @node_id: the node at the other end
   *
   * After #SentientPeer::peer-reconnecting: there is a data channel again, and what had not arrived
   * is sent again.
   *
   * Since: 0.1
   */
  signals[PEER_RECONNECTED] = g_signal_new ("peer-reconnected", type, G_SIGNAL_RUN_LAST, 0, NULL,
                                            NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * SentientPeer::message:
   * @self: the peer
   * @node_id: who sent it
   * @data: the message
   * @is_text: whether it was sent as text; then @data is valid UTF-8 without a NUL
   *
   * A message came: over the connection to that node, or a broadcast of that node by way of others.
   *
   * Since: 0.1
   */
  signals[MESSAGE] = g_signal_new ("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_BYTES, G_TYPE_BOOLEAN);

  /**
   * SentientPeer::broadcast:
   * @self: the peer
   * @room: the room's name
   * @node_id: who sent it, as its neighbours say
   * @data: the message
   * @is_text: whether it was sent as text; then @data is valid UTF-8 without a NUL
   *
   * A broadcast came that members pass on to each other. #SentientPeer::message follows, with the
   * same data. Broadcasts of a small room, which go from their sender to everybody, and those of
   * members that do not pass on come as #SentientPeer::message only: they do not say to which room
   * they were sent.
   *
   * Since: 0.1
   */
  signals[BROADCAST]
      = g_signal_new ("broadcast", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
                      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_BYTES, G_TYPE_BOOLEAN);

  /**
   * SentientPeer::drained:
   * @self: the peer
   * @node_id: the node at the other end
   *
   * After a %SENTIENT_ERROR_WOULD_BLOCK: there is room again.
   *
   * Since: 0.1
   */
  signals[DRAINED] = g_signal_new ("drained", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * SentientPeer::transfer-offered:
   * @self: the peer
   * @transfer: what is offered
   *
   * Another node offers a file. It waits until sentient_transfer_accept(),
   * sentient_transfer_accept_stream() or sentient_transfer_refuse() is called, now or later. What
   * is offered while no handler is connected is refused.
   *
   * Since: 0.1
   */
  signals[TRANSFER_OFFERED] = g_signal_new ("transfer-offered", type, G_SIGNAL_RUN_LAST, 0, NULL,
                                            NULL, NULL, G_TYPE_NONE, 1, SENTIENT_TYPE_TRANSFER);

  /**
   * SentientPeer::negotiation:
   * @self: the peer
   * @node_id: the other node
   * @text: what happens, in plain words: "offer sent", "candidate received: …"
   *
   * For people who want to see how a connection comes about. The words may change.
   *
   * Since: 0.1
   */
  signals[NEGOTIATION] = g_signal_new ("negotiation", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
install_channel_signals (SentientPeerClass *klass)
{
  /**
   * SentientPeer::data-channel:
   * @self: the peer
   * @node_id: the node at the other end
   * @channel: the channel, open
   *
   * The other node opened a further data channel, see sentient_connection_open_channel_async().
   * Connect to its signals right here, or messages are missed. Close it if it is not wanted.
   *
   * Since: 0.1
   */
  signals[DATA_CHANNEL]
      = g_signal_new ("data-channel", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 2, G_TYPE_STRING, SENTIENT_TYPE_DATA_CHANNEL);
}

static void
install_room_signals (SentientPeerClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  /**
   * SentientPeer::member-joined:
   * @self: the peer
   * @room: the room
   * @member: who is new there
   *
   * Someone joined a room. Those who were there before us are not told: the room lists them.
   *
   * Since: 0.1
   */
  signals[MEMBER_JOINED]
      = g_signal_new ("member-joined", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                      SENTIENT_TYPE_ROOM, SENTIENT_TYPE_MEMBER);

  /**
   * SentientPeer::member-left:
   * @self: the peer
   * @room: the room
   * @member: who is there no more
   * @reason: why; %SENTIENT_LEAVE_REASON_TIMEOUT also for who went while the coordinator was lost
   *
   * Someone left a room. An open connection to it lives on.
   *
   * Since: 0.1
   */
  signals[MEMBER_LEFT]
      = g_signal_new ("member-left", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                      SENTIENT_TYPE_ROOM, SENTIENT_TYPE_MEMBER, SENTIENT_TYPE_LEAVE_REASON);

  /**
   * SentientPeer::neighbours-changed:
   * @self: the peer
   * @room: the room
   *
   * The peer is to be connected to others in a room than before, see
   * sentient_peer_list_neighbours().
   *
   * Since: 0.1
   */
  signals[NEIGHBOURS_CHANGED] = g_signal_new ("neighbours-changed", type, G_SIGNAL_RUN_LAST, 0,
                                              NULL, NULL, NULL, G_TYPE_NONE, 1, SENTIENT_TYPE_ROOM);
}

void
sentient_peer_install_signals (SentientPeerClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  install_connection_signals (klass);
  install_channel_signals (klass);

  /**
   * SentientPeer::error:
   * @self: the peer
   * @error: what went wrong
   *
   * Something went wrong that no call waits for: the coordinator was lost, a connection that was
   * tried by itself failed, a room could not be joined again. %SENTIENT_ERROR_NODE_ID_TAKEN:
   * another session took over the node id, and the peer does not connect again by itself.
   *
   * A node that cannot be reached is told six times, the last time with the addition that it is
   * tried once in a while from then on: after a minute at first, every five minutes at last. That
   * this fails is told by #SentientPeer::negotiation only. When the network changes, the
   * coordinator is found again, or it says that the node is there again, all of that begins anew.
   *
   * Since: 0.1
   */
  signals[ERROR_SIGNAL] = g_signal_new ("error", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, G_TYPE_ERROR);
  install_room_signals (klass);
}

void
sentient_peer_emit_peer_connected (SentientPeer *self, const char *node_id)
{
  g_signal_emit (self, signals[PEER_CONNECTED], 0, node_id);
}

void
sentient_peer_emit_peer_disconnected (SentientPeer *self, const char *node_id, const GError *error)
{
  g_signal_emit (self, signals[PEER_DISCONNECTED], 0, node_id, error);
}

void
sentient_peer_emit_peer_reconnecting (SentientPeer *self, const char *node_id, const GError *error)
{
  g_signal_emit (self, signals[PEER_RECONNECTING], 0, node_id, error);
}

void
sentient_peer_emit_peer_reconnected (SentientPeer *self, const char *node_id)
{
  g_signal_emit (self, signals[PEER_RECONNECTED], 0, node_id);
}

void
sentient_peer_emit_message (SentientPeer *self, const char *node_id, GBytes *data, gboolean is_text)
{
  g_signal_emit (self, signals[MESSAGE], 0, node_id, data, is_text);
}

void
sentient_peer_emit_broadcast (SentientPeer *self,
                              const char *room,
                              const char *origin,
                              GBytes *data,
                              gboolean is_text)
{
  g_signal_emit (self, signals[BROADCAST], 0, room, origin, data, is_text);
  g_signal_emit (self, signals[MESSAGE], 0, origin, data, is_text);
}

void
sentient_peer_emit_neighbours_changed (SentientPeer *self, SentientRoom *room)
{
  g_signal_emit (self, signals[NEIGHBOURS_CHANGED], 0, room);
}

void
sentient_peer_emit_drained (SentientPeer *self, const char *node_id)
{
  g_signal_emit (self, signals[DRAINED], 0, node_id);
}

gboolean
sentient_peer_hears_offers (SentientPeer *self)
{
  return g_signal_has_handler_pending (self, signals[TRANSFER_OFFERED], 0, FALSE);
}

void
sentient_peer_emit_transfer_offered (SentientPeer *self, SentientTransfer *transfer)
{
  g_signal_emit (self, signals[TRANSFER_OFFERED], 0, transfer);
}

void
sentient_peer_emit_data_channel (SentientPeer *self,
                                 const char *node_id,
                                 SentientDataChannel *channel)
{
  g_signal_emit (self, signals[DATA_CHANNEL], 0, node_id, channel);
}

void
sentient_peer_emit_error (SentientPeer *self, const GError *error)
{
  g_debug ("“%s”: %s", self->node_id, error->message);
  g_signal_emit (self, signals[ERROR_SIGNAL], 0, error);
}

void
sentient_peer_emit_member_joined (SentientPeer *self, SentientRoom *room, SentientMember *member)
{
  g_signal_emit (self, signals[MEMBER_JOINED], 0, room, member);
}

void
sentient_peer_emit_member_left (SentientPeer *self,
                                SentientRoom *room,
                                SentientMember *member,
                                SentientLeaveReason reason)
{
  g_signal_emit (self, signals[MEMBER_LEFT], 0, room, member, reason);
}

void
sentient_peer_trace (SentientPeer *self, const char *node_id, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_debug ("“%s” and “%s”: %s", self->node_id, node_id, text);
  g_signal_emit (self, signals[NEGOTIATION], 0, node_id, text);
}
