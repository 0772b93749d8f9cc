/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-json.h"
#include "protocol/sentient-statistics-private.h"

/* Keys and names are ours and need no escapes. */

static void
append_named (GString *out,
              const char *key,
              const char *const *names,
              const guint64 *numbers,
              guint n)
{
  sentient_json_begin_object (out, key);
  for (guint i = 0; i < n; i++)
    sentient_json_append_number (out, names[i], numbers[i]);
  sentient_json_end_object (out);
}

static void
append_errors (GString *out, const char *key, const guint64 *errors)
{
  sentient_json_begin_object (out, key);
  for (guint i = 0; i < SENTIENT_N_ERRORS; i++)
    if (errors[i] > 0)
      sentient_json_append_number (out, sentient_error_to_code (i), errors[i]);
  sentient_json_end_object (out);
}

/* Each bucket with all below it, as Prometheus counts them; those without a bound are the rest of
 * count. */
static void
append_histogram (GString *out, const char *key, const SentientHistogram *times)
{
  guint64 n = 0;

  sentient_json_begin_object (out, key);
  sentient_json_append_number (out, "count", sentient_histogram_get_count (times));
  sentient_json_append_key (out, "sum");
  sentient_statistics_append_seconds (out, times->sum_us);
  sentient_json_append_key (out, "buckets");
  g_string_append_c (out, '[');
  for (guint i = 0; i < SENTIENT_HISTOGRAM_BOUNDS; i++)
    {
      n += times->buckets[i];
      g_string_append (out, i > 0 ? ",{\"le\":" : "{\"le\":");
      sentient_statistics_append_seconds (out, sentient_histogram_bounds[i]);
      sentient_json_append_number (out, "count", n);
      sentient_json_end_object (out);
    }
  g_string_append_c (out, ']');
  sentient_json_end_object (out);
}

static void
append_state (const SentientStatistics *self, GString *out)
{
  sentient_json_append_key (out, "version");
  sentient_json_append_string (out, self->version);
  sentient_json_append_key (out, "uptime");
  sentient_statistics_append_seconds (out, self->uptime_ms * 1000);
  sentient_json_append_key (out, "ready");
  g_string_append (out, self->ready ? "true" : "false");
  sentient_json_begin_object (out, "connections");
  sentient_json_append_number (out, "http", self->http_connections);
  sentient_json_append_number (out, "websocket", self->websockets);
  sentient_json_append_number (out, "poll", self->polls);
  sentient_json_append_number (out, "accepted", self->metrics->accepted);
  append_named (out, "refused", sentient_refused_names, self->metrics->refused, SENTIENT_N_REFUSED);
  sentient_json_end_object (out);
  sentient_json_append_number (out, "rooms", self->rooms);
  sentient_json_append_number (out, "nodes", self->nodes);
  sentient_json_append_number (out, "memberships", self->memberships);
  sentient_json_append_number (out, "queuedMessages", self->queued_messages);
  sentient_json_append_number (out, "queuedBytes", self->queued_bytes);
  sentient_json_append_number (out, "sources", self->sources);
  sentient_json_append_number (out, "receivedBytes", self->metrics->received_bytes);
  sentient_json_append_number (out, "sentBytes", self->metrics->sent_bytes);
}

static void
append_signals (const SentientMetrics *metrics, GString *out)
{
  sentient_json_begin_object (out, "signals");
  for (guint i = 0; i < SENTIENT_N_SIGNAL_TYPES; i++)
    {
      sentient_json_begin_object (out, sentient_signal_type_to_string (i));
      sentient_json_append_number (out, "delivered", metrics->signals_delivered[i]);
      sentient_json_append_number (out, "queued", metrics->signals_queued[i]);
      append_errors (out, "refused", metrics->signals_refused[i]);
      sentient_json_end_object (out);
    }
  sentient_json_end_object (out);
}

static void
append_rooms (const SentientMetrics *metrics, GString *out)
{
  sentient_json_append_number (out, "joins", metrics->joins);
  sentient_json_begin_object (out, "leaves");
  for (guint i = 0; i < SENTIENT_N_LEAVE_REASONS; i++)
    sentient_json_append_number (out, sentient_leave_reason_to_string (i), metrics->leaves[i]);
  sentient_json_end_object (out);
  sentient_json_begin_object (out, "roomEvents");
  sentient_json_append_number (out, "peer-joined", metrics->told_joined);
  sentient_json_append_number (out, "peer-left", metrics->told_left);
  sentient_json_append_number (out, "presence", metrics->told_presence);
  sentient_json_append_number (out, "room-state", metrics->told_room_states);
  sentient_json_end_object (out);
  sentient_json_begin_object (out, "dropped");
  append_named (out, "signal", sentient_drop_names, metrics->dropped_signals, SENTIENT_N_DROPS);
  append_named (out, "event", sentient_drop_names, metrics->dropped_events, SENTIENT_N_DROPS);
  sentient_json_end_object (out);
}

static void
append_sessions (const SentientMetrics *metrics, GString *out)
{
  sentient_json_begin_object (out, "sessions");
  sentient_json_append_number (out, "opened", metrics->sessions_opened);
  sentient_json_append_number (out, "resumed", metrics->sessions_resumed);
  sentient_json_append_number (out, "refused", metrics->sessions_refused);
  sentient_json_end_object (out);
  sentient_json_append_number (out, "undelivered", metrics->told_undelivered);
  sentient_json_append_number (out, "gaps", metrics->gaps);
}

void
sentient_statistics_append_json (const SentientStatistics *self, GString *out)
{
  g_string_append_c (out, '{');
  append_state (self, out);
  append_errors (out, "errors", self->metrics->errors);
  append_signals (self->metrics, out);
  append_rooms (self->metrics, out);
  append_sessions (self->metrics, out);
  append_histogram (out, "relayLatency", &self->metrics->relay_latency);
  append_histogram (out, "loopLag", &self->metrics->loop_lag);
  g_string_append_c (out, '}');
}
