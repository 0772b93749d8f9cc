/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-types.h"

G_BEGIN_DECLS

/**
 * SentientSignalType:
 * @SENTIENT_SIGNAL_TYPE_OFFER: an SDP offer (RFC 3264)
 * @SENTIENT_SIGNAL_TYPE_ANSWER: an SDP answer (RFC 3264)
 * @SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE: one trickled ICE candidate (RFC 8838)
 * @SENTIENT_SIGNAL_TYPE_RENEGOTIATE: asks the other end for a fresh offer
 *
 * What a signal relayed by a coordinator carries.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_SIGNAL_TYPE_OFFER,
  SENTIENT_SIGNAL_TYPE_ANSWER,
  SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE,
  SENTIENT_SIGNAL_TYPE_RENEGOTIATE,
} SentientSignalType;

/**
 * SentientLeaveReason:
 * @SENTIENT_LEAVE_REASON_LEFT: it left by itself
 * @SENTIENT_LEAVE_REASON_TIMEOUT: it was lost and did not come back within the grace time
 * @SENTIENT_LEAVE_REASON_REPLACED: a new session took its node id
 *
 * Why a member is no longer in a room.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_LEAVE_REASON_LEFT,
  SENTIENT_LEAVE_REASON_TIMEOUT,
  SENTIENT_LEAVE_REASON_REPLACED,
} SentientLeaveReason;

/**
 * SentientPriority:
 * @SENTIENT_PRIORITY_LOW: what can wait: it takes what the others leave
 * @SENTIENT_PRIORITY_NORMAL: what sentient_peer_send() gives a message
 * @SENTIENT_PRIORITY_HIGH: overtakes whatever waits of the others
 *
 * How urgent a message is, among those that wait for the same node. Within a priority, messages
 * keep their order.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_PRIORITY_LOW,
  SENTIENT_PRIORITY_NORMAL,
  SENTIENT_PRIORITY_HIGH,
} SentientPriority;

/**
 * SentientDataChannelState:
 * @SENTIENT_DATA_CHANNEL_STATE_CONNECTING: the other end has not taken it yet
 * @SENTIENT_DATA_CHANNEL_STATE_OPEN: it takes and gives messages
 * @SENTIENT_DATA_CHANNEL_STATE_CLOSING: it is being closed by this end
 * @SENTIENT_DATA_CHANNEL_STATE_CLOSED: it is over
 *
 * Where a #SentientDataChannel stands.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_DATA_CHANNEL_STATE_CONNECTING,
  SENTIENT_DATA_CHANNEL_STATE_OPEN,
  SENTIENT_DATA_CHANNEL_STATE_CLOSING,
  SENTIENT_DATA_CHANNEL_STATE_CLOSED,
} SentientDataChannelState;

/**
 * SentientPeerState:
 * @SENTIENT_PEER_STATE_DISCONNECTED: no coordinator, and none is being tried
 * @SENTIENT_PEER_STATE_CONNECTING: the first connection to a coordinator is being made
 * @SENTIENT_PEER_STATE_CONNECTED: a coordinator answers
 * @SENTIENT_PEER_STATE_RECONNECTING: the coordinator was lost and is being tried again
 *
 * How a #SentientPeer stands to its coordinator. Data channels that are open live on in every
 * state.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_PEER_STATE_DISCONNECTED,
  SENTIENT_PEER_STATE_CONNECTING,
  SENTIENT_PEER_STATE_CONNECTED,
  SENTIENT_PEER_STATE_RECONNECTING,
} SentientPeerState;

/**
 * SentientChannelKind:
 * @SENTIENT_CHANNEL_KIND_NONE: there is none
 * @SENTIENT_CHANNEL_KIND_WEBSOCKET: WebSocket (RFC 6455)
 * @SENTIENT_CHANNEL_KIND_LONG_POLL: HTTP requests and a long poll
 *
 * How a #SentientPeer talks to its coordinator.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_CHANNEL_KIND_NONE,
  SENTIENT_CHANNEL_KIND_WEBSOCKET,
  SENTIENT_CHANNEL_KIND_LONG_POLL,
} SentientChannelKind;

/**
 * SentientConnectionState:
 * @SENTIENT_CONNECTION_STATE_NEW: nothing was sent yet
 * @SENTIENT_CONNECTION_STATE_CONNECTING: offer, answer and candidates are under way
 * @SENTIENT_CONNECTION_STATE_CONNECTED: the data channel is open
 * @SENTIENT_CONNECTION_STATE_RECONNECTING: the data channel was lost, another one is being made;
 *   messages wait for it
 * @SENTIENT_CONNECTION_STATE_CLOSED: it ended in good order
 * @SENTIENT_CONNECTION_STATE_FAILED: it could not be made, or broke
 *
 * Where a connection between two nodes stands.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_CONNECTION_STATE_NEW,
  SENTIENT_CONNECTION_STATE_CONNECTING,
  SENTIENT_CONNECTION_STATE_CONNECTED,
  SENTIENT_CONNECTION_STATE_RECONNECTING,
  SENTIENT_CONNECTION_STATE_CLOSED,
  SENTIENT_CONNECTION_STATE_FAILED,
} SentientConnectionState;

/**
 * SentientCandidateType:
 * @SENTIENT_CANDIDATE_TYPE_UNKNOWN: not known (yet)
 * @SENTIENT_CANDIDATE_TYPE_HOST: an address of the machine itself
 * @SENTIENT_CANDIDATE_TYPE_SRFLX: server-reflexive: what a STUN server sees of it, beyond a NAT
 * @SENTIENT_CANDIDATE_TYPE_PRFLX: peer-reflexive: what the other node sees of it
 * @SENTIENT_CANDIDATE_TYPE_RELAY: an address of a TURN server, which passes on what goes there
 *
 * Where an address that ICE (RFC 8445) uses comes from.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_CANDIDATE_TYPE_UNKNOWN,
  SENTIENT_CANDIDATE_TYPE_HOST,
  SENTIENT_CANDIDATE_TYPE_SRFLX,
  SENTIENT_CANDIDATE_TYPE_PRFLX,
  SENTIENT_CANDIDATE_TYPE_RELAY,
} SentientCandidateType;

/**
 * SentientConnectionStep:
 * @SENTIENT_CONNECTION_STEP_GATHERING: our addresses are looked for
 * @SENTIENT_CONNECTION_STEP_HOST: the first address of this machine was found
 * @SENTIENT_CONNECTION_STEP_SRFLX: the first one that a STUN server sees
 * @SENTIENT_CONNECTION_STEP_RELAY: the first one that a TURN server lends
 * @SENTIENT_CONNECTION_STEP_GATHERED: all of them were found
 * @SENTIENT_CONNECTION_STEP_DESCRIPTION: the other node's offer or answer came
 * @SENTIENT_CONNECTION_STEP_REMOTE_CANDIDATE: its first address came
 * @SENTIENT_CONNECTION_STEP_CHECKING: pairs of addresses are tried
 * @SENTIENT_CONNECTION_STEP_PAIR: a pair works, and was chosen
 * @SENTIENT_CONNECTION_STEP_DTLS: the data is encrypted
 * @SENTIENT_CONNECTION_STEP_OPEN: the data channel is open
 *
 * What happens on the way to a connection, in no fixed order.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_CONNECTION_STEP_GATHERING,
  SENTIENT_CONNECTION_STEP_HOST,
  SENTIENT_CONNECTION_STEP_SRFLX,
  SENTIENT_CONNECTION_STEP_RELAY,
  SENTIENT_CONNECTION_STEP_GATHERED,
  SENTIENT_CONNECTION_STEP_DESCRIPTION,
  SENTIENT_CONNECTION_STEP_REMOTE_CANDIDATE,
  SENTIENT_CONNECTION_STEP_CHECKING,
  SENTIENT_CONNECTION_STEP_PAIR,
  SENTIENT_CONNECTION_STEP_DTLS,
  SENTIENT_CONNECTION_STEP_OPEN,
} SentientConnectionStep;

/**
 * SentientSeverity:
 * @SENTIENT_SEVERITY_OK: it is as it should be
 * @SENTIENT_SEVERITY_NOTE: worth knowing; nothing has to be done
 * @SENTIENT_SEVERITY_WARNING: it works, but not as well as it could, or not with everybody
 * @SENTIENT_SEVERITY_ERROR: it does not work
 *
 * How much a #SentientFinding matters.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_SEVERITY_OK,
  SENTIENT_SEVERITY_NOTE,
  SENTIENT_SEVERITY_WARNING,
  SENTIENT_SEVERITY_ERROR,
} SentientSeverity;

/**
 * SentientTransferDirection:
 * @SENTIENT_TRANSFER_DIRECTION_INCOMING: the other node sends the file to us
 * @SENTIENT_TRANSFER_DIRECTION_OUTGOING: we send it to the other node
 *
 * Which way a file goes.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_TRANSFER_DIRECTION_INCOMING,
  SENTIENT_TRANSFER_DIRECTION_OUTGOING,
} SentientTransferDirection;

/**
 * SentientTransferState:
 * @SENTIENT_TRANSFER_STATE_OFFERED: who is to receive it has not said anything yet
 * @SENTIENT_TRANSFER_STATE_ACTIVE: it was accepted and is under way
 * @SENTIENT_TRANSFER_STATE_DONE: all of it has arrived and is stored
 * @SENTIENT_TRANSFER_STATE_FAILED: something went wrong
 * @SENTIENT_TRANSFER_STATE_CANCELLED: one end did not want it any more
 * @SENTIENT_TRANSFER_STATE_REFUSED: who was to receive it did not want it, or could not
 *
 * Where the transfer of a file stands. The last four are ends.
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_TRANSFER_STATE_OFFERED,
  SENTIENT_TRANSFER_STATE_ACTIVE,
  SENTIENT_TRANSFER_STATE_DONE,
  SENTIENT_TRANSFER_STATE_FAILED,
  SENTIENT_TRANSFER_STATE_CANCELLED,
  SENTIENT_TRANSFER_STATE_REFUSED,
} SentientTransferState;

/* Enums cross wires as strings. The strings are static; from_string () is FALSE for an unknown one.
 */
SENTIENT_API
const char *sentient_signal_type_to_string (SentientSignalType type);
SENTIENT_API
gboolean sentient_signal_type_from_string (const char *text, SentientSignalType *type);
SENTIENT_API
const char *sentient_leave_reason_to_string (SentientLeaveReason reason);
SENTIENT_API
gboolean sentient_leave_reason_from_string (const char *text, SentientLeaveReason *reason);
SENTIENT_API
const char *sentient_priority_to_string (SentientPriority priority);
SENTIENT_API
gboolean sentient_priority_from_string (const char *text, SentientPriority *priority);
SENTIENT_API
const char *sentient_data_channel_state_to_string (SentientDataChannelState state);
SENTIENT_API
const char *sentient_peer_state_to_string (SentientPeerState state);
SENTIENT_API
const char *sentient_channel_kind_to_string (SentientChannelKind kind);
SENTIENT_API
const char *sentient_connection_state_to_string (SentientConnectionState state);
SENTIENT_API
const char *sentient_candidate_type_to_string (SentientCandidateType type);
SENTIENT_API
gboolean sentient_candidate_type_from_string (const char *text, SentientCandidateType *type);
SENTIENT_API
const char *sentient_connection_step_to_string (SentientConnectionStep step);
SENTIENT_API
const char *sentient_severity_to_string (SentientSeverity severity);
SENTIENT_API
gboolean sentient_severity_from_string (const char *text, SentientSeverity *severity);
SENTIENT_API
const char *sentient_transfer_direction_to_string (SentientTransferDirection direction);
SENTIENT_API
const char *sentient_transfer_state_to_string (SentientTransferState state);

G_END_DECLS
