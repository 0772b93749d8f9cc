/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-connection-statistics-private.h"

#include "doctor/sentient-hider.h"
#include "protocol/sentient-json.h"

static void
append_text (GString *out, const char *key, const char *text)
{
  sentient_json_append_key (out, key);
  sentient_json_append_string (out, text);
}

static void
append_boolean (GString *out, const char *key, gboolean value)
{
  sentient_json_append_key (out, key);
  g_string_append (out, value ? "true" : "false");
}

/* -1 is null. */
static void
append_known (GString *out, const char *key, gint64 number)
{
  if (number >= 0)
    {
      sentient_json_append_number (out, key, (guint64)number);
      return;
    }
  sentient_json_append_key (out, key);
  g_string_append (out, "null");
}

/* text with marks, which is taken. hider NULL: it is none, and text has no marks. */
static void
append_hidden (GString *out, const char *key, char *text, SentientHider *hider)
{
  g_autofree char *owned = text;
  g_autofree char *shown
      = hider != NULL && text != NULL ? sentient_hider_show (hider, text, TRUE) : NULL;

  append_text (out, key, shown != NULL ? shown : text);
}

static void
append_end (GString *out, const char *key, const SentientLinkEnd *end, SentientHider *hider)
{
  sentient_json_begin_object (out, key);
  append_text (out, "type", sentient_candidate_type_to_string (end->type));
  append_hidden (out, "address",
                 hider != NULL && end->address != NULL ? sentient_hider_mark (hider, end->address)
                                                       : g_strdup (end->address),
                 hider);
  sentient_json_append_number (out, "port", end->port);
  sentient_json_end_object (out);
}

/* "HOST" or "HOST:PORT" */
static char *
mark_relay (SentientHider *hider, const char *relay)
{
  g_autoptr (GSocketConnectable) place = g_network_address_parse (relay, 0, NULL);
  const char *host;
  guint port;

  if (place == NULL)
    return sentient_hider_mark (hider, relay);
  host = g_network_address_get_hostname (G_NETWORK_ADDRESS (place));
  port = g_network_address_get_port (G_NETWORK_ADDRESS (place));
  return port > 0 ? sentient_hider_mark_place (hider, host, port)
                  : sentient_hider_mark (hider, host);
}

static void
append_path (GString *out, const SentientConnectionStatistics *self, SentientHider *hider)
{
  if (self->protocol == NULL)
    {
      sentient_json_append_key (out, "path");
      g_string_append (out, "null");
      return;
    }
  sentient_json_begin_object (out, "path");
  append_end (out, "local", &self->local, hider);
  append_end (out, "remote", &self->remote, hider);
  append_text (out, "protocol", self->protocol);
  append_boolean (out, "relayed", self->relayed);
  append_hidden (out, "relay",
                 hider != NULL && self->relay != NULL ? mark_relay (hider, self->relay)
                                                      : g_strdup (self->relay),
                 hider);
  append_text (out, "relayProtocol", self->relay_protocol);
  sentient_json_end_object (out);
}

static void
append_timeline (GString *out, const SentientLinkTimeline *timeline)
{
  SentientConnectionStep steps[SENTIENT_N_CONNECTION_STEPS];
  guint n = sentient_link_timeline_sort (timeline, steps);

  sentient_json_append_key (out, "timeline");
  g_string_append_c (out, '[');
  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, "%s{\"step\":\"%s\",\"ms\":%" G_GINT64_FORMAT "}",
                            i > 0 ? "," : "", sentient_connection_step_to_string (steps[i]),
                            sentient_link_timeline_get_ms (timeline, steps[i]));
  g_string_append_c (out, ']');
}

static void
append_candidates (GString *out, const char *key, const guint *counts)
{
  sentient_json_begin_object (out, key);
  for (guint i = SENTIENT_CANDIDATE_TYPE_HOST; i < SENTIENT_N_CANDIDATE_TYPES; i++)
    sentient_json_append_number (out, sentient_candidate_type_to_string (i), counts[i]);
  sentient_json_end_object (out);
}

static void
append_pair (GString *out, const char *key, guint64 sent, guint64 received)
{
  sentient_json_begin_object (out, key);
  sentient_json_append_number (out, "sent", sent);
  sentient_json_append_number (out, "received", received);
}

static void
append_counters (GString *out, const SentientConnectionStatistics *self)
{
  append_pair (out, "messages", self->messages_sent, self->messages_received);
  sentient_json_append_number (out, "sentAgain", self->counts.messages_sent_again);
  sentient_json_end_object (out);
  append_pair (out, "bytes", self->bytes_sent, self->bytes_received);
  sentient_json_end_object (out);
  append_pair (out, "frames", self->counts.frames_sent, self->counts.frames_received);
  sentient_json_end_object (out);
  append_pair (out, "channelBytes", self->counts.bytes_sent, self->counts.bytes_received);
  sentient_json_end_object (out);
  append_known (out, "retransmits", self->retransmits);
  sentient_json_begin_object (out, "window");
  sentient_json_append_number (out, "size", self->window_size);
  sentient_json_append_number (out, "used", self->window_used);
  sentient_json_append_number (out, "waiting", self->bytes_waiting);
  sentient_json_append_number (out, "buffered", self->bytes_buffered);
  sentient_json_end_object (out);
}

/**
 * sentient_connection_statistics_to_json:
 * @self: statistics
 * @hide_addresses: %TRUE to put `address-1`, `address-2` … in the place of IP addresses and the
 *   names of hosts: the same for the same one
 *
 * All of it as one JSON object: `nodeId`, `room`, `state`, `offerer`, `framed`, `time` and
 * `connectedAt` (milliseconds since the epoch), `stateTimes` (milliseconds in each state),
 * `replacements`, `path` (`local` and `remote` with `type`, `address` and `port`, `protocol`,
 * `relayed`, `relay`, `relayProtocol`), `rtt` (milliseconds), `timeline` (of the present data
 * channel: an array of `step`, see #SentientConnectionStep, and `ms` since it was begun, in their
 * order), `candidates` (how many addresses of each type, `local` and `remote`), `messages` (`sent`,
 * `received`, `sentAgain`), `bytes`, `frames` and `channelBytes` (`sent`, `received`),
 * `retransmits` and `window` (bytes: `size`, `used`, `waiting`, `buffered`). What is not known is
 * `null`.
 *
 * Returns: (transfer full): the text
 *
 * Since: 0.1
 */
char *
sentient_connection_statistics_to_json (SentientConnectionStatistics *self, gboolean hide_addresses)
{
  g_autoptr (SentientHider) hider = hide_addresses ? sentient_hider_new () : NULL;
  GString *out;

  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), NULL);

  out = g_string_new ("{");
  append_text (out, "nodeId", self->node_id);
  append_text (out, "room", self->room);
  append_text (out, "state", sentient_connection_state_to_string (self->state));
  append_boolean (out, "offerer", self->offerer);
  append_boolean (out, "framed", self->framed);
  append_known (out, "time", self->time);
  append_known (out, "connectedAt", self->connected_at > 0 ? self->connected_at : -1);
  sentient_json_begin_object (out, "stateTimes");
  for (guint i = 0; i < SENTIENT_CONNECTION_N_STATES; i++)
    append_known (out, sentient_connection_state_to_string (i), self->state_times[i]);
  sentient_json_end_object (out);
  sentient_json_append_number (out, "replacements", self->replacements);
  append_path (out, self, hider);
  append_known (out, "rtt", self->rtt);
  append_timeline (out, &self->timeline);
  sentient_json_begin_object (out, "candidates");
  append_candidates (out, "local", self->timeline.own);
  append_candidates (out, "remote", self->timeline.remote);
  sentient_json_end_object (out);
  append_counters (out, self);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

/**
 * sentient_connection_statistics_get_messages_sent:
 * @self: statistics
 *
 * Returns: messages that were taken to be sent
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_messages_sent (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->messages_sent;
}

/**
 * sentient_connection_statistics_get_messages_received:
 * @self: statistics
 *
 * Returns: messages that came
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_messages_received (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->messages_received;
}

/**
 * sentient_connection_statistics_get_bytes_sent:
 * @self: statistics
 *
 * Returns: bytes of the messages that were taken to be sent
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_bytes_sent (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->bytes_sent;
}

/**
 * sentient_connection_statistics_get_bytes_received:
 * @self: statistics
 *
 * Returns: bytes of the messages that came
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_bytes_received (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->bytes_received;
}

/**
 * sentient_connection_statistics_get_messages_sent_again:
 * @self: statistics
 *
 * Returns: messages that were sent again, since the data channel that they went over was lost
 * before the other node had acknowledged them
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_messages_sent_again (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->counts.messages_sent_again;
}

/**
 * sentient_connection_statistics_get_frames_sent:
 * @self: statistics
 *
 * Returns: frames (or messages, without framing) that were given to data channels
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_frames_sent (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->counts.frames_sent;
}

/**
 * sentient_connection_statistics_get_frames_received:
 * @self: statistics
 *
 * Returns: frames (or messages) that came over data channels
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_frames_received (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->counts.frames_received;
}

/**
 * sentient_connection_statistics_get_channel_bytes_sent:
 * @self: statistics
 *
 * Returns: bytes of these frames: with what framing adds, without what compression takes away
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_channel_bytes_sent (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->counts.bytes_sent;
}

/**
 * sentient_connection_statistics_get_channel_bytes_received:
 * @self: statistics
 *
 * Returns: bytes of the frames that came
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_channel_bytes_received (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->counts.bytes_received;
}

/**
 * sentient_connection_statistics_get_retransmits:
 * @self: statistics
 *
 * Returns: packets that SCTP sent again over the present data channel, since a way was found for
 * it; -1: not known, for there is none yet
 *
 * Since: 0.1
 */
gint64
sentient_connection_statistics_get_retransmits (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), -1);

  return self->retransmits;
}

/**
 * sentient_connection_statistics_get_window_size:
 * @self: statistics
 *
 * Returns: how many bytes may be under way without being acknowledged; 0 without framing: there is
 * no limit
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_window_size (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->window_size;
}

/**
 * sentient_connection_statistics_get_window_used:
 * @self: statistics
 *
 * Returns: how many bytes are under way without being acknowledged
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_window_used (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->window_used;
}

/**
 * sentient_connection_statistics_get_bytes_waiting:
 * @self: statistics
 *
 * Returns: bytes of messages that the other node has not acknowledged, under way or waiting
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_bytes_waiting (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->bytes_waiting;
}

/**
 * sentient_connection_statistics_get_bytes_buffered:
 * @self: statistics
 *
 * Returns: bytes that wait in the data channel itself
 *
 * Since: 0.1
 */
guint64
sentient_connection_statistics_get_bytes_buffered (SentientConnectionStatistics *self)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION_STATISTICS (self), 0);

  return self->bytes_buffered;
}
