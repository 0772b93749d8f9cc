/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-network-report-private.h"

/* How the open connections go, and of each that is relayed: why. Their ends tell what they found
 * when they were made; what the network does was measured just now. */

typedef struct
{
  const char *code;
  SentientSeverity severity;
  const char *why;
  const char *advice;
} Reason;

static const Reason reasons[] = {
  [SENTIENT_RELAY_REASON_SETTING]
  = { "relayed-by-setting", SENTIENT_SEVERITY_NOTE, "as relay-only asks for",
      "Nothing, if this node's addresses are to stay unknown; else switch relay-only off." },
  [SENTIENT_RELAY_REASON_FILTER]
  = { "relayed-by-filter", SENTIENT_SEVERITY_NOTE,
      "since the candidate filter lets no other address of this node pass",
      "Let “host” and “srflx” pass the candidate filter, if direct connections are wanted." },
  [SENTIENT_RELAY_REASON_PEER]
  = { "relayed-by-peer", SENTIENT_SEVERITY_NOTE,
      "since the other node told no address but those of its TURN server",
      "Nothing here: the other node uses relays only, or found no other address that it may "
      "tell." },
  [SENTIENT_RELAY_REASON_UDP]
  = { "relayed-udp-blocked", SENTIENT_SEVERITY_WARNING, "since UDP is blocked here",
      "Allow UDP in the firewall: without it there is no direct way." },
  [SENTIENT_RELAY_REASON_NAT]
  = { "relayed-nat", SENTIENT_SEVERITY_NOTE,
      "since the NAT before this machine gives it another outer port for each destination, and the "
      "other node cannot be reached from such a one (it is behind a NAT of that kind, too, or a "
      "firewall)",
      "Nothing: the TURN server does its work. For a direct way let this machine have a port of "
      "the router for its own, or use IPv6 at both ends." },
  [SENTIENT_RELAY_REASON_NO_STUN]
  = { "relayed-no-stun", SENTIENT_SEVERITY_WARNING,
      "and no STUN server told this node its outer address",
      "Name a STUN server that answers: --stun stun:HOST:PORT, at this node or at its "
      "coordinator." },
  [SENTIENT_RELAY_REASON_NO_PAIR]
  = { "relayed-no-pair", SENTIENT_SEVERITY_NOTE,
      "since no pair of the other addresses of the two nodes reached each other",
      "Nothing: the TURN server does its work. For a direct way look at the firewall of either "
      "end, and let “sentient doctor --network” run at the other node as well." },
};

static gboolean
is_dependent (SentientMapping mapping)
{
  return mapping == SENTIENT_MAPPING_ADDRESS || mapping == SENTIENT_MAPPING_ADDRESS_AND_PORT
         || mapping == SENTIENT_MAPPING_DEPENDENT;
}

SentientRelayReason
sentient_connection_measurement_explain (const SentientConnectionMeasurement *self,
                                         SentientMeasurements *measured)
{
  const guint *remote = self->n_remote;

  if (!self->relayed)
    return SENTIENT_RELAY_REASON_NONE;
  if (self->relay_only)
    return SENTIENT_RELAY_REASON_SETTING;
  if (self->is_filtered)
    return SENTIENT_RELAY_REASON_FILTER;
  if (remote[SENTIENT_CANDIDATE_TYPE_RELAY] > 0 && remote[SENTIENT_CANDIDATE_TYPE_HOST] == 0
      && remote[SENTIENT_CANDIDATE_TYPE_SRFLX] == 0)
    return SENTIENT_RELAY_REASON_PEER;
  if (sentient_measurements_udp_is_blocked (measured))
    return SENTIENT_RELAY_REASON_UDP;
  if (is_dependent (measured->mapping))
    return SENTIENT_RELAY_REASON_NAT;
  if (self->n_own[SENTIENT_CANDIDATE_TYPE_SRFLX] == 0 && measured->mapping != SENTIENT_MAPPING_NONE)
    return SENTIENT_RELAY_REASON_NO_STUN;
  return SENTIENT_RELAY_REASON_NO_PAIR;
}

const char *
sentient_relay_reason_to_string (SentientRelayReason reason)
{
  return reason == SENTIENT_RELAY_REASON_NONE ? NULL : reasons[reason].code;
}

static void
add_relayed (SentientNetworkReport *report,
             const SentientConnectionMeasurement *one,
             SentientRelayReason reason)
{
  const Reason *of = &reasons[reason];
  const char *whose
      = one->local == SENTIENT_CANDIDATE_TYPE_RELAY
            ? (one->remote == SENTIENT_CANDIDATE_TYPE_RELAY ? "TURN servers" : "our TURN server")
            : "the TURN server of the other node";

  sentient_network_report_add (report, of->severity, of->code, of->advice,
                               "The connection to “%s” is relayed by %s, %s.", one->node_id, whose,
                               of->why);
}

/* No answer yet, or no way. */
static void
add_pending (SentientNetworkReport *report, const SentientConnectionMeasurement *one)
{
  guint n_remote = 0;

  for (guint i = 0; i < G_N_ELEMENTS (one->n_remote); i++)
    n_remote += one->n_remote[i];
  if (n_remote == 0)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "connection-unanswered",
        "See whether the other node runs, and is in a room with this one.",
        "The connection to “%s” is being made: no address of it has come yet.", one->node_id);
  else
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "connection-trying",
        "If that does not end, name a TURN server (--turn) that both nodes reach.",
        "The connection to “%s” is being made: addresses of both ends are tried.", one->node_id);
}

void
sentient_findings_add_connections (SentientNetworkReport *report)
{
  SentientMeasurements *measured = sentient_network_report_get_measured (report);
  guint n_direct = 0;

  for (guint i = 0; i < measured->connections->len; i++)
    {
      const SentientConnectionMeasurement *one = measured->connections->pdata[i];
      SentientRelayReason reason = sentient_connection_measurement_explain (one, measured);

      if (!one->is_open)
        add_pending (report, one);
      else if (reason != SENTIENT_RELAY_REASON_NONE)
        add_relayed (report, one, reason);
      else if (one->local != SENTIENT_CANDIDATE_TYPE_UNKNOWN)
        n_direct++;
    }
  if (n_direct > 0)
    sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "connections-direct", NULL,
                                 n_direct == 1 ? "%u connection to another node is direct."
                                               : "%u connections to other nodes are direct.",
                                 n_direct);
}
