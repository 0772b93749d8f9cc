/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-enums.h"

static const char *const signal_types[] = { "offer", "answer", "ice-candidate", "renegotiate" };
static const char *const leave_reasons[] = { "left", "timeout", "replaced" };
static const char *const priorities[] = { "low", "normal", "high" };
static const char *const data_channel_states[] = { "connecting", "open", "closing", "closed" };
static const char *const peer_states[]
    = { "disconnected", "connecting", "connected", "reconnecting" };
static const char *const channel_kinds[] = { "none", "websocket", "long-poll" };
static const char *const connection_states[]
    = { "new", "connecting", "connected", "reconnecting", "closed", "failed" };
static const char *const candidate_types[] = { "unknown", "host", "srflx", "prflx", "relay" };
static const char *const connection_steps[]
    = { "gathering",        "host",     "srflx", "relay", "gathered", "description",
        "remote-candidate", "checking", "pair",  "dtls",  "open" };
static const char *const severities[] = { "ok", "note", "warning", "error" };
static const char *const transfer_directions[] = { "incoming", "outgoing" };
static const char *const transfer_states[]
    = { "offered", "active", "done", "failed", "cancelled", "refused" };

static const char *
name_of (const char *const *names, guint n_names, guint value)
{
  return value < n_names ? names[value] : NULL;
}

static gboolean
value_of (const char *const *names, guint n_names, const char *text, guint *value)
{
  for (guint i = 0; text != NULL && i < n_names; i++)
    {
      if (g_str_equal (names[i], text))
        {
          *value = i;
          return TRUE;
        }
    }
  return FALSE;
}

/**
 * sentient_signal_type_to_string:
 * @type: a type
 *
 * The word that stands for @type on the wire.
 *
 * Returns: (nullable): a static string, %NULL if @type is none of the enum's values
 *
 * Since: 0.1
 */
const char *
sentient_signal_type_to_string (SentientSignalType type)
{
  return name_of (signal_types, G_N_ELEMENTS (signal_types), type);
}

/**
 * sentient_signal_type_from_string:
 * @text: (nullable): a word from the wire
 * @type: (out): return location
 *
 * Returns: %TRUE if @text names a signal type
 *
 * Since: 0.1
 */
gboolean
sentient_signal_type_from_string (const char *text, SentientSignalType *type)
{
  guint value;

  g_return_val_if_fail (type != NULL, FALSE);

  if (!value_of (signal_types, G_N_ELEMENTS (signal_types), text, &value))
    return FALSE;
  *type = value;
  return TRUE;
}

/**
 * sentient_leave_reason_to_string:
 * @reason: a reason
 *
 * Returns: (nullable): the word on the wire, a static string
 *
 * Since: 0.1
 */
const char *
sentient_leave_reason_to_string (SentientLeaveReason reason)
{
  return name_of (leave_reasons, G_N_ELEMENTS (leave_reasons), reason);
}

/**
 * sentient_leave_reason_from_string:
 * @text: (nullable): a word from the wire
 * @reason: (out): return location
 *
 * Returns: %TRUE if @text names a reason
 *
 * Since: 0.1
 */
gboolean
sentient_leave_reason_from_string (const char *text, SentientLeaveReason *reason)
{
  guint value;

  g_return_val_if_fail (reason != NULL, FALSE);

  if (!value_of (leave_reasons, G_N_ELEMENTS (leave_reasons), text, &value))
    return FALSE;
  *reason = value;
  return TRUE;
}

/**
 * sentient_priority_to_string:
 * @priority: a priority
 *
 * Returns: (nullable): the word for it, a static string: "low", "normal" or "high"
 *
 * Since: 0.1
 */
const char *
sentient_priority_to_string (SentientPriority priority)
{
  return name_of (priorities, G_N_ELEMENTS (priorities), priority);
}

/**
 * sentient_priority_from_string:
 * @text: (nullable): a word, see sentient_priority_to_string()
 * @priority: (out): return location
 *
 * Returns: %TRUE if @text names a priority
 *
 * Since: 0.1
 */
gboolean
sentient_priority_from_string (const char *text, SentientPriority *priority)
{
  guint value;

  g_return_val_if_fail (priority != NULL, FALSE);

  if (!value_of (priorities, G_N_ELEMENTS (priorities), text, &value))
    return FALSE;
  *priority = value;
  return TRUE;
}

/**
 * sentient_data_channel_state_to_string:
 * @state: a state
 *
 * Returns: (nullable): a static word for logs and tables
 *
 * Since: 0.1
 */
const char *
sentient_data_channel_state_to_string (SentientDataChannelState state)
{
  return name_of (data_channel_states, G_N_ELEMENTS (data_channel_states), state);
}

/**
 * sentient_peer_state_to_string:
 * @state: a state
 *
 * Returns: (nullable): a static word for logs and tables
 *
 * Since: 0.1
 */
const char *
sentient_peer_state_to_string (SentientPeerState state)
{
  return name_of (peer_states, G_N_ELEMENTS (peer_states), state);
}

/**
 * sentient_channel_kind_to_string:
 * @kind: a kind
 *
 * Returns: (nullable): a static word for logs and tables
 *
 * Since: 0.1
 */
const char *
sentient_channel_kind_to_string (SentientChannelKind kind)
{
  return name_of (channel_kinds, G_N_ELEMENTS (channel_kinds), kind);
}

/**
 * sentient_connection_state_to_string:
 * @state: a state
 *
 * Returns: (nullable): a static word for logs and tables
 *
 * Since: 0.1
 */
const char *
sentient_connection_state_to_string (SentientConnectionState state)
{
  return name_of (connection_states, G_N_ELEMENTS (connection_states), state);
}

/**
 * sentient_candidate_type_to_string:
 * @type: a type
 *
 * The word of RFC 8839 for @type, or `unknown`.
 *
 * Returns: (nullable): a static string, %NULL if @type is none of the enum's values
 *
 * Since: 0.1
 */
const char *
sentient_candidate_type_to_string (SentientCandidateType type)
{
  return name_of (candidate_types, G_N_ELEMENTS (candidate_types), type);
}

/**
 * sentient_candidate_type_from_string:
 * @text: (nullable): a word of RFC 8839
 * @type: (out): return location
 *
 * Returns: %TRUE if @text names a type
 *
 * Since: 0.1
 */
gboolean
sentient_candidate_type_from_string (const char *text, SentientCandidateType *type)
{
  guint value;

  g_return_val_if_fail (type != NULL, FALSE);

  if (!value_of (candidate_types, G_N_ELEMENTS (candidate_types), text, &value))
    return FALSE;
  *type = value;
  return TRUE;
}

/**
 * sentient_connection_step_to_string:
 * @step: a step
 *
 * Returns: (nullable): a static word such as `gathering`, %NULL if @step is none of the enum's
 *   values
 *
 * Since: 0.1
 */
const char *
sentient_connection_step_to_string (SentientConnectionStep step)
{
  return name_of (connection_steps, G_N_ELEMENTS (connection_steps), step);
}

/**
 * sentient_severity_to_string:
 * @severity: a severity
 *
 * Returns: (nullable): a static word: "ok", "note", "warning" or "error"
 *
 * Since: 0.1
 */
const char *
sentient_severity_to_string (SentientSeverity severity)
{
  return name_of (severities, G_N_ELEMENTS (severities), severity);
}

/**
 * sentient_severity_from_string:
 * @text: (nullable): a word, as in a report's JSON
 * @severity: (out): return location
 *
 * Returns: %TRUE if @text names a severity
 *
 * Since: 0.1
 */
gboolean
sentient_severity_from_string (const char *text, SentientSeverity *severity)
{
  guint value;

  g_return_val_if_fail (severity != NULL, FALSE);

  if (!value_of (severities, G_N_ELEMENTS (severities), text, &value))
    return FALSE;
  *severity = value;
  return TRUE;
}

/**
 * sentient_transfer_direction_to_string:
 * @direction: a direction
 *
 * Returns: (nullable): `incoming` or `outgoing`, a static string
 *
 * Since: 0.1
 */
const char *
sentient_transfer_direction_to_string (SentientTransferDirection direction)
{
  return name_of (transfer_directions, G_N_ELEMENTS (transfer_directions), direction);
}

/**
 * sentient_transfer_state_to_string:
 * @state: a state
 *
 * Returns: (nullable): a word such as `offered` or `active`, a static string
 *
 * Since: 0.1
 */
const char *
sentient_transfer_state_to_string (SentientTransferState state)
{
  return name_of (transfer_states, G_N_ELEMENTS (transfer_states), state);
}
