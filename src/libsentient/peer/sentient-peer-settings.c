/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

void
sentient_peer_make_settings_properties (GParamSpec **properties)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientPeer:auto-connect:
   *
   * Whether we connect to the members found in a room when we join it, in a large one to our
   * neighbours there. Who comes later connects to us; we do so if it did not after three seconds.
   * Two connections for each processor (at least four) are begun at a time, by all peers of a
   * process together; one that is not open after two seconds does not keep others waiting. Those
   * that fail are tried again, see #SentientPeer::error.
   *
   * Since: 0.1
   */
  properties[PROP_AUTO_CONNECT]
      = g_param_spec_boolean ("auto-connect", NULL, NULL, TRUE, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:use-websocket:
   *
   * Whether to try WebSocket before the long poll. Read when a coordinator is tried.
   *
   * Since: 0.1
   */
  properties[PROP_USE_WEBSOCKET]
      = g_param_spec_boolean ("use-websocket", NULL, NULL, TRUE, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:stun-servers:
   *
   * STUN servers, such as `stun:host:3478`; empty: none; %NULL: those of the coordinator. Read when
   * a connection is made.
   *
   * Since: 0.1
   */
  properties[PROP_STUN_SERVERS]
      = g_param_spec_boxed ("stun-servers", NULL, NULL, G_TYPE_STRV, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:turn-servers:
   *
   * TURN servers, such as `turn:user:password@host:3478?transport=udp` (or `tcp`), percent-encoded
   * once, an IPv6 address in brackets; empty: none; %NULL: those of the coordinator. All of them
   * are used. One that cannot be is told by #SentientPeer::error, once. Read when a connection is
   * made.
   *
   * Since: 0.1
   */
  properties[PROP_TURN_SERVERS]
      = g_param_spec_boxed ("turn-servers", NULL, NULL, G_TYPE_STRV, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:relay-only:
   *
   * Whether of our own addresses only those of TURN servers are used and told, so that the other
   * node does not learn where we are. Without a TURN server no connection can be made then. Read
   * when a connection is made.
   *
   * Since: 0.1
   */
  properties[PROP_RELAY_ONLY]
      = g_param_spec_boolean ("relay-only", NULL, NULL, FALSE, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:candidate-filter:
   *
   * Which ICE candidates connections may use, of both ends, in words; %NULL or empty: all. There
   * are three kinds of words: `host`, `srflx` and `relay` (types), `udp` and `tcp` (transports),
   * and `ipv4`, `ipv6`, networks like `10.0.0.0/8` or `2001:db8::/32`, an address, or `loopback`
   * (addresses). Of each kind of which there is any word, a candidate has to be one of those named;
   * and it must be nothing that stands with a `!` before it. So `udp`, `!10.0.0.0/8` keeps TCP
   * and one network out.
   *
   * Candidates of ours that do not pass are not told, and as far as possible not used: a local
   * address that is kept out sends nothing, and a server for a type that is kept out is not asked.
   * Those of the other node are ignored. A loopback address is used beside others only if it is
   * asked for. #SentientPeer::negotiation tells each that does not pass.
   *
   * With a word that is none of these no connection can be made, and each attempt fails with
   * %SENTIENT_ERROR_BAD_REQUEST. Read when a connection is made.
   *
   * Since: 0.1
   */
  properties[PROP_CANDIDATE_FILTER]
      = g_param_spec_boxed ("candidate-filter", NULL, NULL, G_TYPE_STRV, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:connect-timeout:
   *
   * Milliseconds within which a connection to another node must be open.
   *
   * Since: 0.1
   */
  properties[PROP_CONNECT_TIMEOUT] = g_param_spec_uint ("connect-timeout", NULL, NULL, 1, G_MAXINT,
                                                        30000, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:request-timeout:
   *
   * Milliseconds within which a coordinator must answer: to being connected to, to a join, to a
   * leave.
   *
   * Since: 0.1
   */
  properties[PROP_REQUEST_TIMEOUT] = g_param_spec_uint ("request-timeout", NULL, NULL, 1, G_MAXINT,
                                                        10000, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:reconnect-delay:
   *
   * Milliseconds of the first wait after the coordinator was lost, or a connection to another node
   * that is made by itself failed. It doubles to 30 seconds, with jitter. Read when the first
   * connection is made.
   *
   * Since: 0.1
   */
  properties[PROP_RECONNECT_DELAY] = g_param_spec_uint ("reconnect-delay", NULL, NULL, 1, G_MAXINT,
                                                        500, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:max-connections:
   *
   * Connections at a time; further offers are refused.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_CONNECTIONS] = g_param_spec_uint ("max-connections", NULL, NULL, 1, G_MAXINT,
                                                        64, flags | G_PARAM_WRITABLE);

  /**
   * SentientPeer:max-message-size:
   *
   * Bytes of one message, sent or received. Who sends more than that is disconnected from. Three
   * of them can be on their way here from each node at once. Read when a connection is open.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_MESSAGE_SIZE]
      = g_param_spec_uint ("max-message-size", NULL, NULL, 1, 1 << 30, SENTIENT_PEER_MESSAGE_SIZE,
                           flags | G_PARAM_WRITABLE);
}
