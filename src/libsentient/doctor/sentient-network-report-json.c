/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-network-report-private.h"
#include "protocol/sentient-json.h"

/* What was measured, for programs. */

typedef struct
{
  SentientHider *hider;
  GString *json;
  gboolean hide;
  SentientMeasurements *measured;
} Writer;

/* marked is taken; NULL: null */
static void
add_marked (Writer *writer, const char *name, char *marked)
{
  g_autofree char *owned = marked;
  g_autofree char *text
      = marked != NULL ? sentient_hider_show (writer->hider, marked, writer->hide) : NULL;

  g_string_append_printf (writer->json, "\"%s\":", name);
  sentient_json_append_string (writer->json, text);
}

static void
add_socket (Writer *writer, const char *name, GInetSocketAddress *address)
{
  add_marked (writer, name,
              address != NULL ? sentient_hider_mark_socket (writer->hider, address) : NULL);
}

static void
add_ms (Writer *writer, const char *name, gboolean known, gint64 us)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (known)
    g_string_append_printf (writer->json, "\"%s\":%s", name,
                            g_ascii_formatd (buffer, sizeof buffer, "%.3f", (double)us / 1000));
  else
    g_string_append_printf (writer->json, "\"%s\":null", name);
}

static void
add_outcome (Writer *writer, const char *name, SentientOutcome outcome)
{
  g_string_append_printf (writer->json, "\"%s\":\"%s\",", name,
                          sentient_outcome_to_string (outcome));
}

static void
add_coordinator (Writer *writer, gconstpointer item)
{
  const SentientCoordinatorMeasurement *one = item;

  g_string_append_c (writer->json, '{');
  add_marked (writer, "url", sentient_hider_mark_url (writer->hider, one->url));
  g_string_append_c (writer->json, ',');
  add_outcome (writer, "outcome", one->outcome);
  add_ms (writer, "latency", one->outcome == SENTIENT_OUTCOME_GOOD, one->latency_us);
  g_string_append_c (writer->json, ',');
  add_ms (writer, "clockAhead", one->has_clock, one->ahead_ms * 1000);
  g_string_append_c (writer->json, ',');
  add_outcome (writer, "webSocket", one->socket);
  add_ms (writer, "webSocketTime", one->socket == SENTIENT_OUTCOME_GOOD, one->socket_us);
  g_string_append_c (writer->json, '}');
}

static void
add_stun (Writer *writer, gconstpointer item)
{
  const SentientStunMeasurement *one = item;

  g_string_append_c (writer->json, '{');
  add_marked (writer, "server", sentient_hider_mark_place (writer->hider, one->host, one->port));
  g_string_append_printf (writer->json, ",\"family\":\"%s\",", one->ipv6 ? "ipv6" : "ipv4");
  add_outcome (writer, "outcome", one->outcome);
  add_ms (writer, "roundTrip", one->outcome == SENTIENT_OUTCOME_GOOD, one->rtt_us);
  g_string_append_printf (writer->json, ",\"tries\":%u,", one->sent);
  add_socket (writer, "mapped", one->mapped);
  g_string_append_c (writer->json, '}');
}

static void
add_turn (Writer *writer, gconstpointer item)
{
  const SentientTurnMeasurement *one = item;

  g_string_append_c (writer->json, '{');
  add_marked (writer, "server", sentient_hider_mark_place (writer->hider, one->host, one->port));
  g_string_append_printf (writer->json, ",\"transport\":\"%s\",\"used\":%s,",
                          one->tcp ? "tcp" : "udp", one->used ? "true" : "false");
  add_outcome (writer, "outcome", one->outcome);
  add_ms (writer, "roundTrip", one->outcome == SENTIENT_OUTCOME_GOOD, one->rtt_us);
  g_string_append_c (writer->json, ',');
  add_socket (writer, "relayed", one->relayed);
  g_string_append_c (writer->json, '}');
}

static void
add_network (Writer *writer, const SentientMeasurements *measured)
{
  static const char *const methods[] = {
    [SENTIENT_MAPPING_BY_NOTHING] = "null",
    [SENTIENT_MAPPING_BY_RFC5780] = "\"rfc5780\"",
    [SENTIENT_MAPPING_BY_TWO_SERVERS] = "\"two-servers\"",
  };

  g_string_append_printf (writer->json, ",\"nat\":{\"mapping\":\"%s\",\"method\":%s,",
                          sentient_mapping_to_string (measured->mapping),
                          methods[measured->mapping_method]);
  add_socket (writer, "local", measured->mapping_local);
  g_string_append_c (writer->json, ',');
  add_socket (writer, "mapped", measured->mapping_mapped);
  g_string_append_printf (writer->json, "},\"ipv6\":{\"address\":%s,\"route\":%s}",
                          measured->ipv6 != NULL ? "true" : "false",
                          measured->ipv6_route ? "true" : "false");
}

static void
add_timeline (GString *json, const gint64 *steps_ms)
{
  gboolean is_first = TRUE;
  gint64 last = -1;

  g_string_append (json, ",\"timeline\":[");
  /* In the order of their times; there are few. */
  for (gint64 next = -1;; last = next)
    {
      next = G_MAXINT64;
      for (guint i = 0; i < SENTIENT_DOCTOR_N_STEPS; i++)
        if (steps_ms[i] > last && steps_ms[i] < next)
          next = steps_ms[i];
      if (next == G_MAXINT64)
        break;
      for (guint i = 0; i < SENTIENT_DOCTOR_N_STEPS; i++)
        if (steps_ms[i] == next)
          {
            g_string_append_printf (json, "%s{\"step\":\"%s\",\"ms\":%" G_GINT64_FORMAT "}",
                                    is_first ? "" : ",", sentient_connection_step_to_string (i),
                                    next);
            is_first = FALSE;
          }
    }
  g_string_append_c (json, ']');
}

static void
add_connection (Writer *writer, gconstpointer item)
{
  const SentientConnectionMeasurement *one = item;
  SentientRelayReason reason = sentient_connection_measurement_explain (one, writer->measured);

  g_string_append (writer->json, "{\"nodeId\":");
  sentient_json_append_string (writer->json, one->node_id);
  g_string_append_printf (writer->json, ",\"open\":%s,\"relayed\":%s,\"reason\":",
                          one->is_open ? "true" : "false", one->relayed ? "true" : "false");
  sentient_json_append_string (writer->json, sentient_relay_reason_to_string (reason));
  g_string_append_printf (writer->json, ",\"local\":\"%s\",\"remote\":\"%s\",",
                          sentient_candidate_type_to_string (one->local),
                          sentient_candidate_type_to_string (one->remote));
  add_ms (writer, "rtt", one->rtt_ms >= 0, one->rtt_ms * 1000);
  add_timeline (writer->json, one->steps_ms);
  g_string_append_c (writer->json, '}');
}

static void
add_list (Writer *writer, const char *name, GPtrArray *list, void (*add) (Writer *, gconstpointer))
{
  g_string_append_printf (writer->json, ",\"%s\":[", name);
  for (guint i = 0; i < list->len; i++)
    {
      if (i > 0)
        g_string_append_c (writer->json, ',');
      add (writer, list->pdata[i]);
    }
  g_string_append_c (writer->json, ']');
}

void
sentient_network_report_append_measured (SentientNetworkReport *self,
                                         GString *json,
                                         gboolean hide_addresses)
{
  SentientMeasurements *measured = sentient_network_report_get_measured (self);
  Writer writer = { sentient_network_report_get_hider (self), json, hide_addresses, measured };

  add_list (&writer, "coordinators", measured->coordinators, add_coordinator);
  add_list (&writer, "stun", measured->stun, add_stun);
  add_list (&writer, "turn", measured->turn, add_turn);
  add_network (&writer, measured);
  add_list (&writer, "connections", measured->connections, add_connection);
}
