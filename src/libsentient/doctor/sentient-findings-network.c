/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-network-report-private.h"

/* Something came back, whatever it was. That nothing listens may be a firewall's word. */
static gboolean
means_answer (SentientOutcome outcome)
{
  return outcome == SENTIENT_OUTCOME_GOOD || outcome == SENTIENT_OUTCOME_MALFORMED
         || outcome == SENTIENT_OUTCOME_UNSIGNED || outcome == SENTIENT_OUTCOME_REFUSED
         || outcome == SENTIENT_OUTCOME_CREDENTIALS;
}

static gboolean
means_swallowed (SentientOutcome outcome)
{
  return outcome == SENTIENT_OUTCOME_SILENT || outcome == SENTIENT_OUTCOME_FORBIDDEN;
}

gboolean
sentient_measurements_udp_works (SentientMeasurements *self)
{
  for (guint i = 0; i < self->stun->len; i++)
    if (means_answer (((SentientStunMeasurement *)self->stun->pdata[i])->outcome))
      return TRUE;
  for (guint i = 0; i < self->turn->len; i++)
    {
      const SentientTurnMeasurement *one = self->turn->pdata[i];

      if (!one->tcp && means_answer (one->outcome))
        return TRUE;
    }
  return FALSE;
}

gboolean
sentient_measurements_has_relay (SentientMeasurements *self, gboolean tcp_only)
{
  for (guint i = 0; i < self->turn->len; i++)
    {
      const SentientTurnMeasurement *one = self->turn->pdata[i];

      if (one->outcome == SENTIENT_OUTCOME_GOOD && (one->tcp || !tcp_only))
        return TRUE;
    }
  return FALSE;
}

/* How many servers swallowed a question over UDP, each host counted once. */
static guint
count_swallowed (SentientMeasurements *self)
{
  g_autoptr (GHashTable) hosts = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->stun->len; i++)
    {
      const SentientStunMeasurement *one = self->stun->pdata[i];

      if (!one->ipv6 && means_swallowed (one->outcome))
        g_hash_table_add (hosts, one->host);
    }
  for (guint i = 0; i < self->turn->len; i++)
    {
      const SentientTurnMeasurement *one = self->turn->pdata[i];

      if (!one->tcp && means_swallowed (one->outcome))
        g_hash_table_add (hosts, one->host);
    }
  return g_hash_table_size (hosts);
}

/* The same server answered over TCP. */
static gboolean
tcp_proves_it (SentientMeasurements *self)
{
  for (guint i = 0; i < self->turn->len; i++)
    {
      const SentientTurnMeasurement *udp = self->turn->pdata[i];

      for (guint k = 0; k < self->turn->len; k++)
        {
          const SentientTurnMeasurement *tcp = self->turn->pdata[k];

          if (!udp->tcp && means_swallowed (udp->outcome) && tcp->tcp && udp->port == tcp->port
              && g_str_equal (udp->host, tcp->host) && means_answer (tcp->outcome))
            return TRUE;
        }
    }
  return FALSE;
}

gboolean
sentient_measurements_udp_is_blocked (SentientMeasurements *self)
{
  return !sentient_measurements_udp_works (self)
         && (count_swallowed (self) >= 2 || tcp_proves_it (self));
}

static void
add_udp (SentientNetworkReport *report, SentientMeasurements *measured)
{
  guint swallowed = count_swallowed (measured);
  gboolean relay = sentient_measurements_has_relay (measured, TRUE);

  if (sentient_measurements_udp_works (measured))
    sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "udp-ok", NULL,
                                 "UDP passes to the servers and back.");
  else if (sentient_measurements_udp_is_blocked (measured))
    sentient_network_report_add (
        report, relay ? SENTIENT_SEVERITY_WARNING : SENTIENT_SEVERITY_ERROR, "udp-blocked",
        relay
            ? "Allow UDP in the firewall; until then let the TURN server be reached over TCP, with "
              "?transport=tcp at the end of its URL."
            : "Allow UDP in the firewall, or name a TURN server that is reached over TCP: "
              "turn:USER:PASSWORD@HOST:PORT?transport=tcp.",
        "UDP seems to be blocked: nothing came back from %u server%s. There are no direct "
        "connections beyond this network.",
        swallowed, swallowed == 1 ? " that answers over TCP" : "s");
  else if (swallowed == 1)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "udp-unknown", "Name a second STUN server, to tell.",
        "Whether UDP is blocked is unknown: the one server that was asked over it is silent.");
}

static void
add_dependent (SentientNetworkReport *report,
               SentientMeasurements *measured,
               const char *code,
               const char *how,
               const char *mapped)
{
  gboolean relay = sentient_measurements_has_relay (measured, FALSE);

  sentient_network_report_add (
      report, relay ? SENTIENT_SEVERITY_NOTE : SENTIENT_SEVERITY_WARNING, code,
      relay ? "Nothing: the TURN server relays where no direct way is found."
            : "Name a TURN server (--turn), or let this machine have a port of the router for its "
              "own.",
      "A NAT lies before this machine (one sees it at %s), and gives it another outer port for %s. "
      "Nodes behind a NAT of the same kind cannot be reached directly.",
      mapped, how);
}

static void
add_unknown_mapping (SentientNetworkReport *report, SentientMeasurements *measured)
{
  for (guint i = 0; i < measured->stun->len; i++)
    {
      const SentientStunMeasurement *one = measured->stun->pdata[i];

      if (!one->ipv6 && one->outcome == SENTIENT_OUTCOME_GOOD)
        {
          sentient_network_report_add (
              report, SENTIENT_SEVERITY_NOTE, "nat-unknown",
              "Name a second STUN server at another address, or one that knows RFC 5780.",
              "A NAT lies before this machine, but its kind is unknown: there is no second server "
              "to compare with.");
          return;
        }
    }
  if (measured->stun->len == 0) /* what to do about that is said already */
    sentient_network_report_add (report, SENTIENT_SEVERITY_NOTE, "nat-unknown", NULL,
                                 "Whether a NAT lies before this machine is unknown: only a STUN "
                                 "server could tell.");
  else
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "nat-unknown", "Name a STUN server that answers.",
        "Whether a NAT lies before this machine is unknown: no STUN server "
        "answered over IPv4.");
}

static void
add_mapping (SentientNetworkReport *report, SentientMeasurements *measured)
{
  SentientHider *hider = sentient_network_report_get_hider (report);
  g_autofree char *mapped = measured->mapping_mapped != NULL
                                ? sentient_hider_mark_socket (hider, measured->mapping_mapped)
                                : g_strdup ("?");

  switch (measured->mapping)
    {
    case SENTIENT_MAPPING_NONE:
      sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "nat-none", NULL,
                                   "No NAT lies between this machine (%s) and the server.", mapped);
      break;
    case SENTIENT_MAPPING_ENDPOINT:
      sentient_network_report_add (
          report, SENTIENT_SEVERITY_OK, "nat-endpoint-independent", NULL,
          "A NAT lies before this machine (one sees it at %s) and gives it the same outer port for "
          "every destination%s: direct connections are likely.",
          mapped,
          measured->mapping_method == SENTIENT_MAPPING_BY_RFC5780 ? ""
                                                                  : ", as far as two servers show");
      break;
    case SENTIENT_MAPPING_ADDRESS:
      add_dependent (report, measured, "nat-address-dependent", "each address it talks to", mapped);
      break;
    case SENTIENT_MAPPING_ADDRESS_AND_PORT:
      add_dependent (report, measured, "nat-address-and-port-dependent",
                     "each address and port it talks to", mapped);
      break;
    case SENTIENT_MAPPING_DEPENDENT:
      add_dependent (report, measured, "nat-dependent", "each server it talks to", mapped);
      break;
    case SENTIENT_MAPPING_UNKNOWN:
    default:
      add_unknown_mapping (report, measured);
    }
}

static const SentientStunMeasurement *
find_stun_over_ipv6 (SentientMeasurements *measured)
{
  const SentientStunMeasurement *found = NULL;

  for (guint i = 0; i < measured->stun->len; i++)
    {
      const SentientStunMeasurement *one = measured->stun->pdata[i];

      if (one->ipv6 && one->outcome != SENTIENT_OUTCOME_UNTRIED
          && (found == NULL || one->outcome == SENTIENT_OUTCOME_GOOD))
        found = one;
    }
  return found;
}

static void
add_ipv6 (SentientNetworkReport *report, SentientMeasurements *measured)
{
  const SentientStunMeasurement *stun = find_stun_over_ipv6 (measured);
  g_autofree char *name = NULL;
  g_autofree char *address = NULL;

  if (measured->ipv6 == NULL)
    {
      sentient_network_report_add (
          report, SENTIENT_SEVERITY_NOTE, "ipv6-none",
          "With IPv6 from your provider or router, more nodes can be reached directly.",
          "This machine has no IPv6 address that others could reach.");
      return;
    }
  name = g_inet_address_to_string (measured->ipv6);
  address = sentient_hider_mark (sentient_network_report_get_hider (report), name);
  if (!measured->ipv6_route)
    sentient_network_report_add (report, SENTIENT_SEVERITY_WARNING, "ipv6-no-route",
                                 "Check the router: it announces addresses, but no way out.",
                                 "This machine has the IPv6 address %s, but no way out over IPv6.",
                                 address);
  else if (stun == NULL)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "ipv6-unchecked",
        "Name a STUN server that has an IPv6 address.",
        "This machine has the IPv6 address %s and a way out, but no STUN server was there to try "
        "it with.",
        address);
  else if (stun->outcome == SENTIENT_OUTCOME_GOOD)
    sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "ipv6-ok", NULL,
                                 "IPv6 works: %s reaches a STUN server and is answered.", address);
  else
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_WARNING, "ipv6-broken",
        "Check the firewall for IPv6; broken IPv6 makes connecting slower.",
        "This machine has the IPv6 address %s and a way out, but over IPv6 no STUN server answered "
        "(%s).",
        address, sentient_outcome_to_string (stun->outcome));
}

void
sentient_findings_add_network (SentientNetworkReport *report)
{
  SentientMeasurements *measured = sentient_network_report_get_measured (report);

  add_udp (report, measured);
  add_mapping (report, measured);
  add_ipv6 (report, measured);
}
