/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-json.h"
#include "protocol/sentient-statistics-private.h"

/* Keys and names are ours and need no escapes. */

static void
append_key (GString *out, const char *key)
{
  if (out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  g_string_append_printf (out, "\"%s\":", key);
}

static void
append_number (GString *out, const char *key, guint64 number)
{
  append_key (out, key);
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, number);
}

static void
begin (GString *out, const char *key)
{
  append_key (out, key);
  g_string_append_c (out, '{');
}

static void
end (GString *out)
{
  g_string_append_c (out, '}');
}

static void
append_named (GString *out,
              const char *key,
              const char *const *names,
              const guint64 *numbers,
              guint n)
{
  begin (out, key);
  for (guint i = 0; i < n; i++)
    append_number (out, names[i], numbers[i]);
  end (out);
}

static void
append_errors (GString *out, const char *key, const guint64 *errors)
{
  begin (out, key);
  for (guint i = 0; i < SENTIENT_N_ERRORS; i++)
    if (errors[i] > 0)
      append_number (out, sentient_error_to_code (i), errors[i]);
  end (out);
}

/* Each bucket with all below it, as Prometheus counts them; those without a bound are the rest of
 * count. */
static void
append_histogram (GString *out, const char *key, const SentientHistogram *times)
{
  guint64 n = 0;

  begin (out, key);
  append_number (out, "count", sentient_histogram_get_count (times));
  append_key (out, "sum");
  sentient_statistics_append_seconds (out, times->sum_us);
  append_key (out, "buckets");
  g_string_append_c (out, '[');
  for (guint i = 0; i < SENTIENT_HISTOGRAM_BOUNDS; i++)
    {
      n += times->buckets[i];
      g_string_append (out, i > 0 ? ",{\"le\":" : "{\"le\":");
      sentient_statistics_append_seconds (out, sentient_histogram_bounds[i]);
      append_number (out, "count", n);
      end (out);
    }
  g_string_append_c (out, ']');
  end (out);
}

static void
append_state (const SentientStatistics *self, GString *out)
{
  append_key (out, "version");
  sentient_json_append_string (out, self->version);
  append_key (out, "uptime");
  sentient_statistics_append_seconds (out, self->uptime_ms * 1000);
  append_key (out, "ready");
  g_string_append (out, self->ready ? "true" : "false");
  begin (out, "connections");
  append_number (out, "http", self->http_connections);
  append_number (out, "websocket", self->websockets);
  append_number (out, "poll", self->polls);
  append_number (out, "accepted", self->metrics->accepted);
  append_named (out, "refused", sentient_refused_names, self->metrics->refused, SENTIENT_N_REFUSED);
  end (out);
  append_number (out, "rooms", self->rooms);
  append_number (out, "nodes", self->nodes);
  append_number (out, "memberships", self->memberships);
  append_number (out, "queuedMessages", self->queued_messages);
  append_number (out, "queuedBytes", self->queued_bytes);
  append_number (out, "sources", self->sources);
  append_number (out, "receivedBytes", self->metrics->received_bytes);
  append_number (out, "sentBytes", self->metrics->sent_bytes);
}

static void
append_signals (const SentientMetrics *metrics, GString *out)
{
  begin (out, "signals");
  for (guint i = 0; i < SENTIENT_N_SIGNAL_TYPES; i++)
    {
      begin (out, sentient_signal_type_to_string (i));
      append_number (out, "delivered", metrics->signals_delivered[i]);
      append_number (out, "queued", metrics->signals_queued[i]);
      append_errors (out, "refused", metrics->signals_refused[i]);
      end (out);
    }
  end (out);
}

static void
append_rooms (const SentientMetrics *metrics, GString *out)
{
  append_number (out, "joins", metrics->joins);
  begin (out, "leaves");
  for (guint i = 0; i < SENTIENT_N_LEAVE_REASONS; i++)
    append_number (out, sentient_leave_reason_to_string (i), metrics->leaves[i]);
  end (out);
  begin (out, "roomEvents");
  append_number (out, "peer-joined", metrics->told_joined);
  append_number (out, "peer-left", metrics->told_left);
  append_number (out, "presence", metrics->told_presence);
  append_number (out, "room-state", metrics->told_room_states);
  end (out);
  begin (out, "dropped");
  append_named (out, "signal", sentient_drop_names, metrics->dropped_signals, SENTIENT_N_DROPS);
  append_named (out, "event", sentient_drop_names, metrics->dropped_events, SENTIENT_N_DROPS);
  end (out);
}

static void
append_sessions (const SentientMetrics *metrics, GString *out)
{
  begin (out, "sessions");
  append_number (out, "opened", metrics->sessions_opened);
  append_number (out, "resumed", metrics->sessions_resumed);
  append_number (out, "refused", metrics->sessions_refused);
  end (out);
  append_number (out, "undelivered", metrics->told_undelivered);
  append_number (out, "gaps", metrics->gaps);
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
