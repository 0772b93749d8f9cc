/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "doctor/sentient-network-doctor-private.h"
#include "findings-helpers.h"

/* Why connections are relayed. */

#define HOST SENTIENT_CANDIDATE_TYPE_HOST
#define SRFLX SENTIENT_CANDIDATE_TYPE_SRFLX
#define RELAY SENTIENT_CANDIDATE_TYPE_RELAY

static SentientConnectionMeasurement *
add (SentientMeasurements *measured, const char *node_id, gboolean relayed)
{
  SentientConnectionMeasurement *one = sentient_connection_measurement_new (node_id);

  one->is_open = TRUE;
  one->relayed = relayed;
  one->local = relayed ? RELAY : HOST;
  one->remote = SRFLX;
  one->n_own[HOST] = one->n_own[SRFLX] = one->n_remote[HOST] = one->n_remote[SRFLX] = 1;
  g_ptr_array_add (measured->connections, one);
  return one;
}

typedef enum
{
  RELAY_ONLY = 1 << 0,
  FILTERED = 1 << 1,
  PEER_RELAYS = 1 << 2,
  UDP_BLOCKED = 1 << 3,
  NAT = 1 << 4,
  NO_SRFLX = 1 << 5,
  NO_NAT = 1 << 6,
} Circumstances;

static SentientNetworkReport *
new_report (Circumstances circumstances)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  SentientConnectionMeasurement *one = add (measured, "bob", TRUE);

  one->relay_only = (circumstances & RELAY_ONLY) != 0;
  one->is_filtered = (circumstances & FILTERED) != 0;
  if ((circumstances & PEER_RELAYS) != 0)
    {
      one->n_remote[HOST] = one->n_remote[SRFLX] = 0;
      one->n_remote[RELAY] = 1;
    }
  if ((circumstances & UDP_BLOCKED) != 0)
    for (guint i = 0; i < 2; i++)
      sentient_measurements_add_stun (measured, i == 0 ? "one.example" : "two.example", 3478, FALSE)
          ->outcome
          = SENTIENT_OUTCOME_SILENT;
  if ((circumstances & NAT) != 0)
    measured->mapping = SENTIENT_MAPPING_ADDRESS_AND_PORT;
  if ((circumstances & NO_NAT) != 0)
    measured->mapping = SENTIENT_MAPPING_NONE;
  if ((circumstances & NO_SRFLX) != 0)
    one->n_own[SRFLX] = 0;
  return sentient_network_report_new (measured);
}

/* What is asked for goes before what happens, and what is measured before what is guessed. */
static void
test_reasons (void)
{
  static const struct
  {
    Circumstances circumstances;
    const char *found;
  } cases[] = {
    { RELAY_ONLY | FILTERED | PEER_RELAYS | UDP_BLOCKED | NAT, "relayed-by-setting=note" },
    { FILTERED | PEER_RELAYS | UDP_BLOCKED, "relayed-by-filter=note" },
    { PEER_RELAYS | UDP_BLOCKED | NAT, "relayed-by-peer=note" },
    { UDP_BLOCKED | NAT | NO_SRFLX, "relayed-udp-blocked=warning" },
    { NAT | NO_SRFLX, "relayed-nat=note" },
    { NO_SRFLX, "relayed-no-stun=warning" },
    { NO_SRFLX | NO_NAT, "relayed-no-pair=note" },
    { 0, "relayed-no-pair=note" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SentientNetworkReport) report = new_report (cases[i].circumstances);
      g_autofree char *code = g_strndup (cases[i].found, strcspn (cases[i].found, "="));

      findings_assert (report, "relayed", cases[i].found);
      findings_assert_says (report, code, "The connection to “bob” is relayed by our TURN server");
      g_assert_nonnull (sentient_finding_get_advice (findings_get (report, code)));
    }
}

/* Direct ones are counted, others are on their way. */
static void
test_others (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  SentientConnectionMeasurement *one;
  g_autoptr (SentientNetworkReport) report = NULL;

  add (measured, "bob", FALSE);
  add (measured, "carol", FALSE);
  one = add (measured, "dave", FALSE);
  one->is_open = FALSE;
  one = add (measured, "eve", FALSE);
  one->is_open = FALSE;
  one->n_remote[HOST] = one->n_remote[SRFLX] = 0;
  report = sentient_network_report_new (measured);
  findings_assert (report, "connection",
                   "connection-trying=note connection-unanswered=note connections-direct=ok");
  findings_assert_says (report, "connections-direct", "2 connections to other nodes are direct");
  findings_assert_says (report, "connection-trying", "“dave”");
  findings_assert_says (report, "connection-unanswered", "“eve”");
}

/* Steps in the order of their times, those at the same time as well. */
static void
test_json (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  SentientConnectionMeasurement *one = add (measured, "bob", TRUE);
  g_autoptr (SentientNetworkReport) report = NULL;
  g_autofree char *json = NULL;

  one->rtt_ms = 45;
  one->relay_only = TRUE;
  one->steps_ms[SENTIENT_CONNECTION_STEP_OPEN] = 70;
  one->steps_ms[SENTIENT_CONNECTION_STEP_RELAY] = 30;
  one->steps_ms[SENTIENT_CONNECTION_STEP_HOST] = 2;
  one->steps_ms[SENTIENT_CONNECTION_STEP_GATHERING] = 2;
  report = sentient_network_report_new (measured);
  json = sentient_network_report_to_json (report, TRUE);
  g_assert_nonnull (
      strstr (json,
              "\"connections\":[{\"nodeId\":\"bob\",\"open\":true,\"relayed\":true,\"reason\":"
              "\"relayed-by-setting\",\"local\":\"relay\",\"remote\":\"srflx\",\"rtt\":45.000,"
              "\"timeline\":[{\"step\":\"gathering\",\"ms\":2},{\"step\":\"host\",\"ms\":2},"
              "{\"step\":\"relay\",\"ms\":30},{\"step\":\"open\",\"ms\":70}]}]"));
}

/* No more than so many are taken. */
static void
test_limit (void)
{
  g_autoptr (SentientNetworkDoctor) doctor = sentient_network_doctor_new ();

  for (guint i = 0; i < 64; i++)
    g_assert_nonnull (sentient_network_doctor_add_connection (doctor, "bob"));
  g_assert_null (sentient_network_doctor_add_connection (doctor, "bob"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/findings-connections/reasons", test_reasons);
  g_test_add_func ("/findings-connections/others", test_others);
  g_test_add_func ("/findings-connections/json", test_json);
  g_test_add_func ("/findings-connections/limit", test_limit);
  return g_test_run ();
}
