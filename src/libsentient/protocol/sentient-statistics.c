/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-prometheus.h"
#include "protocol/sentient-statistics-private.h"

const char *const sentient_drop_names[] = {
  [SENTIENT_DROP_OUTBOX_FULL] = "outbox-full",
  [SENTIENT_DROP_BUDGET_FULL] = "budget-full",
  [SENTIENT_DROP_SESSION_ENDED] = "session-ended",
};

const char *const sentient_refused_names[] = {
  [SENTIENT_REFUSED_NO_DESCRIPTORS] = "no-descriptors",
  [SENTIENT_REFUSED_NOT_WATCHED] = "not-watched",
  [SENTIENT_REFUSED_TOO_FAST] = "address-too-fast",
  [SENTIENT_REFUSED_TOO_MANY] = "address-too-many",
};

guint64
sentient_statistics_sum (const guint64 *numbers, guint n)
{
  guint64 sum = 0;

  for (guint i = 0; i < n; i++)
    sum += numbers[i];
  return sum;
}

void
sentient_statistics_append_seconds (GString *out, guint64 us)
{
  g_string_append_printf (out, "%" G_GUINT64_FORMAT ".%06u", us / G_USEC_PER_SEC,
                          (guint)(us % G_USEC_PER_SEC));
  while (out->str[out->len - 1] == '0')
    g_string_truncate (out, out->len - 1);
  if (out->str[out->len - 1] == '.')
    g_string_truncate (out, out->len - 1);
}

static void
histogram (GString *out, const char *name, const char *help, const SentientHistogram *times)
{
  guint64 n = 0;

  sentient_prometheus_family (out, name, "histogram", help);
  for (guint i = 0; i < SENTIENT_HISTOGRAM_BOUNDS; i++)
    {
      n += times->buckets[i];
      g_string_append_printf (out, "sentient_%s_bucket{le=\"", name);
      sentient_statistics_append_seconds (out, sentient_histogram_bounds[i]);
      g_string_append_printf (out, "\"} %" G_GUINT64_FORMAT "\n", n);
    }
  n += times->buckets[SENTIENT_HISTOGRAM_BOUNDS];
  g_string_append_printf (out, "sentient_%s_bucket{le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", name, n);
  g_string_append_printf (out, "sentient_%s_sum ", name);
  sentient_statistics_append_seconds (out, times->sum_us);
  g_string_append_printf (out, "\nsentient_%s_count %" G_GUINT64_FORMAT "\n", name, n);
}

/* Those that answer a client; the others are there if they came all the same. */
static gboolean
is_shown (guint code, guint64 n)
{
  return (code >= SENTIENT_ERROR_BAD_REQUEST && code <= SENTIENT_ERROR_RATE_LIMITED) || n > 0;
}

/* What a signal can be refused with. */
static gboolean
is_shown_of_signals (guint code, guint64 n)
{
  return code == SENTIENT_ERROR_BAD_REQUEST || code == SENTIENT_ERROR_FORBIDDEN
         || code == SENTIENT_ERROR_UNKNOWN_ROOM || code == SENTIENT_ERROR_UNKNOWN_PEER
         || code == SENTIENT_ERROR_BUSY || n > 0;
}

static void
append_state (const SentientStatistics *self, GString *out)
{
  sentient_prometheus_family (out, "build_info", "gauge", "The version that runs; always 1.");
  sentient_prometheus_sample_1 (out, "build_info", "version", self->version, 1);
  sentient_prometheus_family (out, "uptime_seconds", "gauge", "Time since the start.");
  g_string_append (out, "sentient_uptime_seconds ");
  sentient_statistics_append_seconds (out, self->uptime_ms * 1000);
  g_string_append_c (out, '\n');
  sentient_prometheus_single (out, "ready", "gauge",
                              "1 while new nodes are taken, 0 while it stops.", self->ready);

  sentient_prometheus_family (out, "connections", "gauge",
                              "Open connections by what they are used for now.");
  sentient_prometheus_sample_1 (out, "connections", "kind", "http", self->http_connections);
  sentient_prometheus_sample_1 (out, "connections", "kind", "websocket", self->websockets);
  sentient_prometheus_sample_1 (out, "connections", "kind", "poll", self->polls);
  sentient_prometheus_single (out, "rooms", "gauge", "Rooms, the permanent ones among them.",
                              self->rooms);
  sentient_prometheus_single (out, "nodes", "gauge", "Nodes, each counted once.", self->nodes);
  sentient_prometheus_single (out, "memberships", "gauge", "Places taken in rooms.",
                              self->memberships);
  sentient_prometheus_single (out, "queued_messages", "gauge",
                              "Signals and room events that wait for nodes.",
                              self->queued_messages);
  sentient_prometheus_single (out, "queued_bytes", "gauge", "Bytes that they are charged with.",
                              self->queued_bytes);
  sentient_prometheus_single (out, "sources", "gauge",
                              "Timers and other event sources of Sentient's own in this process.",
                              self->sources);
}

static void
append_connections (const SentientMetrics *metrics, GString *out)
{
  sentient_prometheus_single (out, "connections_accepted_total", "counter",
                              "Connections that were taken.", metrics->accepted);
  sentient_prometheus_family (out, "connections_refused_total", "counter",
                              "Connections that were turned away.");
  for (guint i = 0; i < SENTIENT_N_REFUSED; i++)
    sentient_prometheus_sample_1 (out, "connections_refused_total", "reason",
                                  sentient_refused_names[i], metrics->refused[i]);
  sentient_prometheus_single (out, "received_bytes_total", "counter",
                              "Bytes read from connections.", metrics->received_bytes);
  sentient_prometheus_single (out, "sent_bytes_total", "counter",
                              "Bytes the kernel took for connections.", metrics->sent_bytes);
  sentient_prometheus_family (out, "errors_total", "counter",
                              "Errors that clients got as answers, by code.");
  for (guint i = 0; i < SENTIENT_N_ERRORS; i++)
    if (is_shown (i, metrics->errors[i]))
      sentient_prometheus_sample_1 (out, "errors_total", "code", sentient_error_to_code (i),
                                    metrics->errors[i]);
}

static void
append_signals (const SentientMetrics *metrics, GString *out)
{
  sentient_prometheus_family (
      out, "signals_total", "counter",
      "Signals by type and outcome: delivered means that the target was there.");
  for (guint i = 0; i < SENTIENT_N_SIGNAL_TYPES; i++)
    {
      const char *type = sentient_signal_type_to_string (i);

      sentient_prometheus_sample_2 (out, "signals_total", "type", type, "outcome", "delivered",
                                    metrics->signals_delivered[i]);
      sentient_prometheus_sample_2 (out, "signals_total", "type", type, "outcome", "queued",
                                    metrics->signals_queued[i]);
      sentient_prometheus_sample_2 (out, "signals_total", "type", type, "outcome", "refused",
                                    sentient_statistics_sum (metrics->signals_refused[i],
                                                             SENTIENT_N_ERRORS));
    }

  sentient_prometheus_family (out, "signals_refused_total", "counter",
                              "Refused signals by type and error code.");
  for (guint i = 0; i < SENTIENT_N_SIGNAL_TYPES; i++)
    for (guint code = 0; code < SENTIENT_N_ERRORS; code++)
      if (is_shown_of_signals (code, metrics->signals_refused[i][code]))
        sentient_prometheus_sample_2 (out, "signals_refused_total", "type",
                                      sentient_signal_type_to_string (i), "code",
                                      sentient_error_to_code (code),
                                      metrics->signals_refused[i][code]);
}

static void
append_rooms (const SentientMetrics *metrics, GString *out)
{
  sentient_prometheus_single (out, "joins_total", "counter", "Nodes that came into a room.",
                              metrics->joins);
  sentient_prometheus_family (out, "leaves_total", "counter",
                              "Nodes that went out of a room, by reason.");
  for (guint i = 0; i < SENTIENT_N_LEAVE_REASONS; i++)
    sentient_prometheus_sample_1 (out, "leaves_total", "reason",
                                  sentient_leave_reason_to_string (i), metrics->leaves[i]);
  sentient_prometheus_family (out, "room_events_total", "counter",
                              "Room events, once for each member told.");
  sentient_prometheus_sample_1 (out, "room_events_total", "type", "peer-joined",
                                metrics->told_joined);
  sentient_prometheus_sample_1 (out, "room_events_total", "type", "peer-left", metrics->told_left);
  sentient_prometheus_sample_1 (out, "room_events_total", "type", "presence",
                                metrics->told_presence);
  sentient_prometheus_sample_1 (out, "room_events_total", "type", "room-state",
                                metrics->told_room_states);
  sentient_prometheus_family (
      out, "dropped_messages_total", "counter",
      "Accepted signals and room events that were not delivered, by reason.");
  for (guint i = 0; i < SENTIENT_N_DROPS; i++)
    {
      sentient_prometheus_sample_2 (out, "dropped_messages_total", "kind", "signal", "reason",
                                    sentient_drop_names[i], metrics->dropped_signals[i]);
      sentient_prometheus_sample_2 (out, "dropped_messages_total", "kind", "event", "reason",
                                    sentient_drop_names[i], metrics->dropped_events[i]);
    }
}

static void
append_sessions (const SentientMetrics *metrics, GString *out)
{
  sentient_prometheus_family (out, "sessions_total", "counter",
                              "Openings of resumable sessions by outcome.");
  sentient_prometheus_sample_1 (out, "sessions_total", "outcome", "opened",
                                metrics->sessions_opened);
  sentient_prometheus_sample_1 (out, "sessions_total", "outcome", "resumed",
                                metrics->sessions_resumed);
  sentient_prometheus_sample_1 (out, "sessions_total", "outcome", "refused",
                                metrics->sessions_refused);
  sentient_prometheus_single (out, "undelivered_signals_total", "counter",
                              "Accepted signals whose senders were told that they will not arrive.",
                              metrics->told_undelivered);
  sentient_prometheus_single (out, "gaps_total", "counter",
                              "Times a client asked again for what is gone.", metrics->gaps);
}

void
sentient_statistics_append_prometheus (const SentientStatistics *self, GString *out)
{
  append_state (self, out);
  append_connections (self->metrics, out);
  append_signals (self->metrics, out);
  append_rooms (self->metrics, out);
  append_sessions (self->metrics, out);
  histogram (out, "relay_latency_seconds",
             "From a signal's arrival to its hand-over to the kernel.",
             &self->metrics->relay_latency);
  histogram (out, "loop_lag_seconds", "How late the main loop was for a timer.",
             &self->metrics->loop_lag);
}
