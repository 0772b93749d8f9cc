/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "protocol/sentient-statistics.h"

/* Every number another one. */
static void
fill (SentientMetrics *metrics, SentientStatistics *statistics)
{
  guint64 n = 1000;

  *metrics = (SentientMetrics){ .accepted = 11, .received_bytes = 12, .sent_bytes = 13 };
  metrics->refused[SENTIENT_REFUSED_NO_DESCRIPTORS] = n++;
  metrics->refused[SENTIENT_REFUSED_NOT_WATCHED] = n++;
  metrics->refused[SENTIENT_REFUSED_TOO_FAST] = 31;
  metrics->refused[SENTIENT_REFUSED_TOO_MANY] = 32;
  metrics->errors[SENTIENT_ERROR_BUSY] = n++;
  metrics->errors[SENTIENT_ERROR_TIMED_OUT] = n++;
  for (guint i = 0; i < SENTIENT_N_SIGNAL_TYPES; i++)
    {
      metrics->signals_delivered[i] = n++;
      metrics->signals_queued[i] = n++;
      metrics->signals_refused[i][SENTIENT_ERROR_FORBIDDEN] = 5;
      metrics->signals_refused[i][SENTIENT_ERROR_BUSY] = 7;
    }
  for (guint i = 0; i < SENTIENT_N_DROPS; i++)
    {
      metrics->dropped_events[i] = n++;
      metrics->dropped_signals[i] = n++;
    }
  for (guint i = 0; i < SENTIENT_N_LEAVE_REASONS; i++)
    metrics->leaves[i] = n++;
  metrics->joins = 14;
  metrics->told_joined = 15;
  metrics->told_presence = 25;
  metrics->told_room_states = 26;
  metrics->told_undelivered = 27;
  metrics->sessions_opened = 28;
  metrics->sessions_resumed = 29;
  metrics->sessions_refused = 30;
  metrics->gaps = 31;
  metrics->told_left = 16;
  sentient_histogram_add (&metrics->relay_latency, 1);
  sentient_histogram_add (&metrics->relay_latency, 60);
  sentient_histogram_add (&metrics->relay_latency, 60 * G_USEC_PER_SEC);

  *statistics = (SentientStatistics){
    .metrics = metrics,
    .version = "1.2.3",
    .ready = TRUE,
    .uptime_ms = 61250,
    .http_connections = 21,
    .websockets = 22,
    .polls = 23,
    .rooms = 24,
    .nodes = 25,
    .memberships = 26,
    .queued_messages = 27,
    .queued_bytes = 28,
    .sources = 29,
  };
}

static void
assert_line (const GString *text, const char *line)
{
  g_autofree char *whole = g_strdup_printf ("\n%s\n", line);

  if (strstr (text->str, whole) == NULL)
    g_error ("No line “%s” in\n%s", line, text->str);
}

static void
test_prometheus (void)
{
  static const char *const lines[] = {
    "sentient_build_info{version=\"1.2.3\"} 1",
    "sentient_uptime_seconds 61.25",
    "sentient_ready 1",
    "sentient_connections{kind=\"http\"} 21",
    "sentient_connections{kind=\"websocket\"} 22",
    "sentient_connections{kind=\"poll\"} 23",
    "sentient_rooms 24",
    "sentient_nodes 25",
    "sentient_memberships 26",
    "sentient_queued_messages 27",
    "sentient_queued_bytes 28",
    "sentient_sources 29",
    "sentient_connections_accepted_total 11",
    "sentient_connections_refused_total{reason=\"not-watched\"} 1001",
    "sentient_connections_refused_total{reason=\"address-too-fast\"} 31",
    "sentient_connections_refused_total{reason=\"address-too-many\"} 32",
    "sentient_received_bytes_total 12",
    "sentient_sent_bytes_total 13",
    "sentient_errors_total{code=\"bad-request\"} 0",
    "sentient_errors_total{code=\"busy\"} 1002",
    "sentient_errors_total{code=\"timed-out\"} 1003",
    "sentient_signals_total{type=\"offer\",outcome=\"delivered\"} 1004",
    "sentient_signals_total{type=\"renegotiate\",outcome=\"queued\"} 1011",
    "sentient_signals_total{type=\"answer\",outcome=\"refused\"} 12",
    "sentient_signals_refused_total{type=\"answer\",code=\"forbidden\"} 5",
    "sentient_signals_refused_total{type=\"answer\",code=\"unknown-room\"} 0",
    "sentient_signals_refused_total{type=\"answer\",code=\"busy\"} 7",
    "sentient_dropped_messages_total{kind=\"event\",reason=\"outbox-full\"} 1012",
    "sentient_dropped_messages_total{kind=\"signal\",reason=\"session-ended\"} 1017",
    "sentient_joins_total 14",
    "sentient_leaves_total{reason=\"replaced\"} 1020",
    "sentient_room_events_total{type=\"peer-joined\"} 15",
    "sentient_room_events_total{type=\"peer-left\"} 16",
    "sentient_room_events_total{type=\"presence\"} 25",
    "sentient_room_events_total{type=\"room-state\"} 26",
    "sentient_sessions_total{outcome=\"opened\"} 28",
    "sentient_sessions_total{outcome=\"resumed\"} 29",
    "sentient_sessions_total{outcome=\"refused\"} 30",
    "sentient_undelivered_signals_total 27",
    "sentient_gaps_total 31",
    "sentient_relay_latency_seconds_bucket{le=\"0.00005\"} 1",
    "sentient_relay_latency_seconds_bucket{le=\"0.0001\"} 2",
    "sentient_relay_latency_seconds_bucket{le=\"30\"} 2",
    "sentient_relay_latency_seconds_bucket{le=\"+Inf\"} 3",
    "sentient_relay_latency_seconds_sum 60.000061",
    "sentient_relay_latency_seconds_count 3",
    "sentient_loop_lag_seconds_bucket{le=\"+Inf\"} 0",
    "sentient_loop_lag_seconds_sum 0",
  };
  g_autoptr (GString) text = g_string_new (NULL);
  SentientMetrics metrics;
  SentientStatistics statistics;

  fill (&metrics, &statistics);
  sentient_statistics_append_prometheus (&statistics, text);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    assert_line (text, lines[i]);
  g_assert_null (strstr (text->str, "code=\"link-failed\""));
}

/* Each sample stands below the HELP and TYPE of its family, and no series comes twice. */
static void
test_families (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = NULL;
  g_autofree char *name = NULL;
  SentientMetrics metrics;
  SentientStatistics statistics;

  fill (&metrics, &statistics);
  sentient_statistics_append_prometheus (&statistics, text);
  g_assert_true (g_str_has_suffix (text->str, "\n"));
  g_string_truncate (text, text->len - 1);
  lines = g_strsplit (text->str, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", 4);

      if (g_str_has_prefix (lines[i], "# HELP "))
        {
          g_free (name);
          name = g_strdup (words[2]);
          g_assert_true (g_hash_table_add (seen, g_strdup (name)));
          g_assert_nonnull (lines[i + 1]);
          g_assert_true (g_str_has_prefix (lines[i + 1], "# TYPE "));
        }
      else if (g_str_has_prefix (lines[i], "# TYPE "))
        {
          g_assert_cmpstr (words[2], ==, name);
          g_assert_true (
              g_str_equal (words[3], "gauge") || g_str_equal (words[3], "histogram")
              || (g_str_equal (words[3], "counter") && g_str_has_suffix (name, "_total")));
        }
      else
        {
          g_assert_true (g_str_has_prefix (lines[i], name));
          g_assert_nonnull (strchr ("{ _", lines[i][strlen (name)]));
          *strrchr (lines[i], ' ') = '\0';
          g_assert_true (g_hash_table_add (seen, g_strconcat (lines[i], " ", NULL)));
        }
    }
}

static JsonObject *
member (JsonObject *object, const char *name)
{
  g_assert_true (json_object_has_member (object, name));
  return json_object_get_object_member (object, name);
}

static void
test_json (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  SentientMetrics metrics;
  SentientStatistics statistics;
  JsonObject *root, *offer, *latency;
  JsonArray *buckets;

  fill (&metrics, &statistics);
  sentient_statistics_append_json (&statistics, text);
  json_parser_load_from_data (parser, text->str, text->len, &error);
  g_assert_no_error (error);
  root = json_node_get_object (json_parser_get_root (parser));

  g_assert_cmpstr (json_object_get_string_member (root, "version"), ==, "1.2.3");
  g_assert_cmpfloat (json_object_get_double_member (root, "uptime"), ==, 61.25);
  g_assert_true (json_object_get_boolean_member (root, "ready"));
  g_assert_cmpint (json_object_get_int_member (member (root, "connections"), "poll"), ==, 23);
  g_assert_cmpint (json_object_get_int_member (member (root, "connections"), "accepted"), ==, 11);
  g_assert_cmpint (json_object_get_int_member (root, "memberships"), ==, 26);
  g_assert_cmpint (json_object_get_int_member (root, "queuedBytes"), ==, 28);
  g_assert_cmpint (json_object_get_int_member (root, "sources"), ==, 29);
  g_assert_cmpuint (json_object_get_size (member (root, "errors")), ==, 2);
  g_assert_cmpint (json_object_get_int_member (member (root, "errors"), "busy"), ==, 1002);
  offer = member (member (root, "signals"), "offer");
  g_assert_cmpint (json_object_get_int_member (offer, "delivered"), ==, 1004);
  g_assert_cmpint (json_object_get_int_member (member (offer, "refused"), "forbidden"), ==, 5);
  g_assert_cmpint (json_object_get_int_member (member (member (root, "dropped"), "signal"),
                                               "session-ended"),
                   ==, 1017);
  g_assert_cmpint (json_object_get_int_member (member (root, "leaves"), "timeout"), ==, 1019);
  g_assert_cmpint (json_object_get_int_member (member (root, "roomEvents"), "peer-left"), ==, 16);
  g_assert_cmpint (json_object_get_int_member (member (root, "roomEvents"), "presence"), ==, 25);
  g_assert_cmpint (json_object_get_int_member (member (root, "roomEvents"), "room-state"), ==, 26);
  g_assert_cmpint (json_object_get_int_member (member (root, "sessions"), "opened"), ==, 28);
  g_assert_cmpint (json_object_get_int_member (member (root, "sessions"), "resumed"), ==, 29);
  g_assert_cmpint (json_object_get_int_member (member (root, "sessions"), "refused"), ==, 30);
  g_assert_cmpint (json_object_get_int_member (root, "undelivered"), ==, 27);
  g_assert_cmpint (json_object_get_int_member (root, "gaps"), ==, 31);

  latency = member (root, "relayLatency");
  buckets = json_object_get_array_member (latency, "buckets");
  g_assert_cmpint (json_object_get_int_member (latency, "count"), ==, 3);
  g_assert_cmpuint (json_array_get_length (buckets), ==, SENTIENT_HISTOGRAM_BOUNDS);
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element (buckets, 15),
                                               "count"),
                   ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/statistics/prometheus", test_prometheus);
  g_test_add_func ("/statistics/families", test_families);
  g_test_add_func ("/statistics/json", test_json);
  return g_test_run ();
}
