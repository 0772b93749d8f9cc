/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "core/sentient-error.h"
#include "findings-helpers.h"

/* From what was measured to what is said of it. */

static SentientStunMeasurement *
add_stun (SentientMeasurements *measured, const char *host, SentientOutcome outcome)
{
  SentientStunMeasurement *one = sentient_measurements_add_stun (measured, host, 3478, FALSE);

  one->outcome = outcome;
  one->sent = 1;
  one->rtt_us = 12345;
  if (outcome == SENTIENT_OUTCOME_GOOD)
    one->mapped = findings_address ("198.51.100.7", 4711);
  return one;
}

static SentientStunMeasurement *
add_stun6 (SentientMeasurements *measured, const char *host, SentientOutcome outcome)
{
  SentientStunMeasurement *one = add_stun (measured, host, outcome);

  one->ipv6 = TRUE;
  if (outcome == SENTIENT_OUTCOME_GOOD)
    {
      g_object_unref (one->mapped);
      one->mapped = findings_address ("2001:db8::7", 4711);
    }
  return one;
}

static SentientTurnMeasurement *
add_turn (SentientMeasurements *measured, const char *host, gboolean tcp, SentientOutcome outcome)
{
  SentientTurnMeasurement *one = sentient_measurements_add_turn (measured, host, 3478, tcp, !tcp);

  one->outcome = outcome;
  if (outcome == SENTIENT_OUTCOME_GOOD)
    one->relayed = findings_address ("203.0.113.9", 50000);
  return one;
}

static SentientCoordinatorMeasurement *
add_coordinator (SentientMeasurements *measured, SentientOutcome outcome)
{
  SentientCoordinatorMeasurement *one
      = sentient_measurements_add_coordinator (measured, "http://hub.example:8888");

  one->outcome = outcome;
  one->socket = SENTIENT_OUTCOME_GOOD;
  one->latency_us = 21000;
  one->socket_us = 34000;
  one->has_clock = TRUE;
  one->doubt_ms = 520;
  return one;
}

static void
test_nothing (void)
{
  g_autoptr (SentientNetworkReport) report
      = sentient_network_report_new (sentient_measurements_new ());

  findings_assert (report, "",
                   "coordinator-none=note stun-none=warning turn-none=note nat-unknown=note "
                   "ipv6-none=note");
  /* One advice for two findings. */
  g_assert_nonnull (sentient_finding_get_advice (findings_get (report, "stun-none")));
  g_assert_null (sentient_finding_get_advice (findings_get (report, "nat-unknown")));
  g_assert_cmpint (sentient_network_report_get_severity (report), ==, SENTIENT_SEVERITY_WARNING);
}

static void
test_all_well (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  g_autoptr (SentientNetworkReport) report = NULL;

  add_coordinator (measured, SENTIENT_OUTCOME_GOOD);
  add_stun (measured, "stun.example", SENTIENT_OUTCOME_GOOD);
  add_stun6 (measured, "stun.example", SENTIENT_OUTCOME_GOOD);
  add_turn (measured, "turn.example", FALSE, SENTIENT_OUTCOME_GOOD);
  add_turn (measured, "turn.example", TRUE, SENTIENT_OUTCOME_NOBODY); /* nobody goes that way */
  measured->mapping = SENTIENT_MAPPING_NONE;
  measured->mapping_mapped = findings_address ("198.51.100.7", 4711);
  measured->ipv6 = g_inet_address_new_from_string ("2001:db8::7");
  measured->ipv6_route = TRUE;
  report = sentient_network_report_new (measured);

  findings_assert (report, "",
                   "coordinator-ok=ok clock-ok=ok stun-ok=ok stun-ok=ok turn-ok=ok udp-ok=ok "
                   "nat-none=ok ipv6-ok=ok");
  g_assert_cmpint (sentient_network_report_get_severity (report), ==, SENTIENT_SEVERITY_OK);
  findings_assert_says (report, "coordinator-ok",
                        "http://hub.example:8888 answers in 21 ms, and a WebSocket opens in 34 ms");
  findings_assert_says (report, "turn-ok", "relays for 203.0.113.9:50000");
}

static void
test_coordinator (void)
{
  const struct
  {
    SentientOutcome outcome;
    const char *code;
  } cases[] = {
    { SENTIENT_OUTCOME_BAD_URL, "coordinator-bad-url=error" },
    { SENTIENT_OUTCOME_NO_NAME, "coordinator-no-name=error" },
    { SENTIENT_OUTCOME_NOBODY, "coordinator-nobody=error" },
    { SENTIENT_OUTCOME_NO_ROUTE, "coordinator-no-route=error" },
    { SENTIENT_OUTCOME_SILENT, "coordinator-silent=error" },
    { SENTIENT_OUTCOME_UNTRUSTED, "coordinator-untrusted=error" },
    { SENTIENT_OUTCOME_REFUSED, "coordinator-refused=error" },
    { SENTIENT_OUTCOME_BROKE, "coordinator-failed=error" },
    { SENTIENT_OUTCOME_FAILED, "coordinator-failed=error" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      SentientCoordinatorMeasurement *one = add_coordinator (measured, cases[i].outcome);
      g_autoptr (SentientNetworkReport) report = NULL;

      one->detail = g_strdup ("a reason");
      report = sentient_network_report_new (measured);
      findings_assert (report, "coordinator", cases[i].code);
      findings_assert (report, "clock", "");
      g_assert_cmpint (sentient_network_report_get_severity (report), ==, SENTIENT_SEVERITY_ERROR);
    }
}

/* They are tried in turn: while one is there, another that is not is no error. */
static void
test_second_coordinator (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  g_autoptr (SentientNetworkReport) report = NULL;

  add_coordinator (measured, SENTIENT_OUTCOME_NOBODY);
  add_coordinator (measured, SENTIENT_OUTCOME_GOOD)->latency_us = 600000;
  report = sentient_network_report_new (measured);
  findings_assert (report, "coordinator",
                   "coordinator-nobody=warning coordinator-ok=ok coordinator-slow=note");
}

static void
test_websocket (void)
{
  for (guint status = 0; status <= 502; status += 502)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      SentientCoordinatorMeasurement *one = add_coordinator (measured, SENTIENT_OUTCOME_GOOD);
      g_autoptr (SentientNetworkReport) report = NULL;

      one->socket = SENTIENT_OUTCOME_SILENT;
      one->socket_status = status;
      report = sentient_network_report_new (measured);
      findings_assert (report, "coordinator", "coordinator-no-websocket=warning");
      findings_assert_says (report, "coordinator-no-websocket", status == 0 ? "(silent)" : "502");
    }
}

static void
test_clock (void)
{
  const struct
  {
    gint64 ahead_ms;
    const char *code, *says;
  } cases[] = {
    { 0, "clock-ok=ok", "goes with" },
    { 5500, "clock-ok=ok", "goes with" }, /* within the doubt */
    { 5521, "clock-off=note", "5 s before" },
    { -7000, "clock-off=note", "7 s behind" },
    { 60519, "clock-off=note", "60 s before" },
    { 60520, "clock-off=warning", "60 s before" },
    { -86400000, "clock-off=warning", "86400 s behind" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      SentientCoordinatorMeasurement *one = add_coordinator (measured, SENTIENT_OUTCOME_GOOD);
      g_autoptr (SentientNetworkReport) report = NULL;

      one->ahead_ms = cases[i].ahead_ms;
      report = sentient_network_report_new (measured);
      findings_assert (report, "clock", cases[i].code);
      findings_assert_says (report, strtok (strdupa (cases[i].code), "="), cases[i].says);
    }
}

static void
test_clock_unknown (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  g_autoptr (SentientNetworkReport) report = NULL;

  add_coordinator (measured, SENTIENT_OUTCOME_GOOD)->has_clock = FALSE;
  report = sentient_network_report_new (measured);
  findings_assert (report, "clock", "clock-unknown=note");
}

static const struct
{
  SentientOutcome outcome;
  const char *ending;
} failures[] = {
  { SENTIENT_OUTCOME_NO_NAME, "no-name" },     { SENTIENT_OUTCOME_NOBODY, "nobody" },
  { SENTIENT_OUTCOME_NO_ROUTE, "no-route" },   { SENTIENT_OUTCOME_FORBIDDEN, "forbidden" },
  { SENTIENT_OUTCOME_SILENT, "silent" },       { SENTIENT_OUTCOME_BROKE, "broke" },
  { SENTIENT_OUTCOME_MALFORMED, "malformed" }, { SENTIENT_OUTCOME_UNSIGNED, "unsigned" },
  { SENTIENT_OUTCOME_REFUSED, "refused" },     { SENTIENT_OUTCOME_UNSUPPORTED, "tls" },
  { SENTIENT_OUTCOME_FAILED, "failed" },       { SENTIENT_OUTCOME_BAD_URL, "bad-url" },
};

/* An error while no server of its kind does it, else a warning. */
static void
test_failures (void)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (failures); i++)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      gboolean another = i % 2 != 0;
      const char *severity = another ? "warning" : "error";
      g_autofree char *stun = g_strdup_printf ("stun-%s=%s%s", failures[i / 2].ending, severity,
                                               another ? " stun-ok=ok" : "");
      g_autofree char *turn = g_strdup_printf ("turn-%s=%s%s", failures[i / 2].ending, severity,
                                               another ? " turn-ok=ok" : "");
      g_autoptr (SentientNetworkReport) report = NULL;

      add_stun (measured, "stun.example", failures[i / 2].outcome)->code = 420;
      add_turn (measured, "turn.example", FALSE, failures[i / 2].outcome)->code = 403;
      if (another)
        {
          add_stun (measured, "other.example", SENTIENT_OUTCOME_GOOD);
          add_turn (measured, "other.example", FALSE, SENTIENT_OUTCOME_GOOD);
        }
      report = sentient_network_report_new (measured);
      findings_assert (report, "stun", stun);
      findings_assert (report, "turn", turn);
    }
}

static void
test_refusals (void)
{
  const struct
  {
    guint code;
    const char *advice;
  } cases[] = {
    { 300, "name that one" }, { 403, "rules" }, { 486, "quota" },
    { 508, "relay ports" },   { 500, "log" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      SentientTurnMeasurement *one
          = add_turn (measured, "turn.example", FALSE, SENTIENT_OUTCOME_REFUSED);
      g_autoptr (SentientNetworkReport) report = NULL;
      SentientFinding *finding;

      one->code = cases[i].code;
      one->detail = g_strdup ("so it says");
      report = sentient_network_report_new (measured);
      finding = findings_get (report, "turn-refused");
      findings_assert_says (report, "turn-refused", "so it says");
      g_assert_nonnull (strstr (sentient_finding_get_advice (finding), cases[i].advice));
    }
}

static void
test_turn (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  SentientTurnMeasurement *one;
  g_autoptr (SentientNetworkReport) report = NULL;

  add_turn (measured, "wrong.example", FALSE, SENTIENT_OUTCOME_CREDENTIALS);
  add_turn (measured, "wrong.example", TRUE, SENTIENT_OUTCOME_CREDENTIALS);
  one = add_turn (measured, "open.example", FALSE, SENTIENT_OUTCOME_GOOD);
  one->open = TRUE;
  one->kept = TRUE;
  measured->left_out = 2;
  report = sentient_network_report_new (measured);
  findings_assert (report, "turn",
                   "turn-credentials=error turn-ok=ok turn-open=warning turn-kept=note");
  findings_assert (report, "left-out", "left-out=note");
}

static void
test_turn_unchecked (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  g_autoptr (SentientNetworkReport) report = NULL;

  add_coordinator (measured, SENTIENT_OUTCOME_GOOD)->turn_available = TRUE;
  report = sentient_network_report_new (measured);
  findings_assert (report, "turn", "turn-unchecked=note");
}

static void
test_lossy (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();
  g_autoptr (SentientNetworkReport) report = NULL;

  add_stun (measured, "stun.example", SENTIENT_OUTCOME_GOOD)->sent = 3;
  report = sentient_network_report_new (measured);
  findings_assert (report, "stun", "stun-ok=ok stun-lossy=note");
}

static void
test_udp (void)
{
  const SentientOutcome good = SENTIENT_OUTCOME_GOOD, silent = SENTIENT_OUTCOME_SILENT,
                        none = SENTIENT_OUTCOME_UNTRIED, nobody = SENTIENT_OUTCOME_NOBODY,
                        forbidden = SENTIENT_OUTCOME_FORBIDDEN;
  const struct
  {
    SentientOutcome first, second, udp, tcp; /* STUN servers; a TURN server; UNTRIED: not there */
    const char *code;
  } cases[] = {
    { good, silent, silent, none, "udp-ok=ok" },
    { silent, none, none, none, "udp-unknown=note" },
    { silent, none, silent, none, "udp-blocked=error" },
    { silent, forbidden, none, none, "udp-blocked=error" },
    { silent, silent, silent, good, "udp-blocked=warning" },
    { none, none, silent, good, "udp-blocked=warning" },
    { none, none, silent, SENTIENT_OUTCOME_CREDENTIALS, "udp-blocked=error" },
    { silent, none, SENTIENT_OUTCOME_CREDENTIALS, none, "udp-ok=ok" },
    { silent, none, SENTIENT_OUTCOME_MALFORMED, none, "udp-ok=ok" },
    { nobody, nobody, nobody, good, "" }, /* the servers may be down */
    { SENTIENT_OUTCOME_NO_NAME, none, none, none, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      g_autoptr (SentientNetworkReport) report = NULL;

      g_test_message ("case %u", i);
      if (cases[i].first != none)
        add_stun (measured, "one.example", cases[i].first);
      if (cases[i].second != none)
        add_stun (measured, "two.example", cases[i].second);
      if (cases[i].udp != none)
        add_turn (measured, "turn.example", FALSE, cases[i].udp);
      if (cases[i].tcp != none)
        add_turn (measured, "turn.example", TRUE, cases[i].tcp);
      report = sentient_network_report_new (measured);
      findings_assert (report, "udp", cases[i].code);
    }
}

static void
test_nat (void)
{
  const struct
  {
    SentientMapping mapping;
    gboolean relay;
    const char *code, *says;
  } cases[] = {
    { SENTIENT_MAPPING_NONE, FALSE, "nat-none=ok", "No NAT" },
    { SENTIENT_MAPPING_ENDPOINT, FALSE, "nat-endpoint-independent=ok", "two servers" },
    { SENTIENT_MAPPING_ADDRESS, FALSE, "nat-address-dependent=warning", "each address it" },
    { SENTIENT_MAPPING_ADDRESS, TRUE, "nat-address-dependent=note", "each address it" },
    { SENTIENT_MAPPING_ADDRESS_AND_PORT, FALSE, "nat-address-and-port-dependent=warning",
      "address and port" },
    { SENTIENT_MAPPING_DEPENDENT, TRUE, "nat-dependent=note", "each server" },
    { SENTIENT_MAPPING_UNKNOWN, FALSE, "nat-unknown=note", "no second server" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      g_autoptr (SentientNetworkReport) report = NULL;

      add_stun (measured, "one.example", SENTIENT_OUTCOME_GOOD);
      if (cases[i].relay)
        add_turn (measured, "turn.example", FALSE, SENTIENT_OUTCOME_GOOD);
      measured->mapping = cases[i].mapping;
      measured->mapping_method = SENTIENT_MAPPING_BY_TWO_SERVERS;
      measured->mapping_mapped = findings_address ("198.51.100.7", 4711);
      report = sentient_network_report_new (measured);
      findings_assert (report, "nat", cases[i].code);
      findings_assert_says (report, strtok (strdupa (cases[i].code), "="), cases[i].says);
    }
}

static void
test_ipv6 (void)
{
  const struct
  {
    gboolean address, route;
    SentientOutcome stun; /* over IPv6; UNTRIED: no server has such an address */
    const char *code;
  } cases[] = {
    { FALSE, FALSE, SENTIENT_OUTCOME_NO_ROUTE, "ipv6-none=note" },
    { TRUE, FALSE, SENTIENT_OUTCOME_NO_ROUTE, "ipv6-no-route=warning" },
    { TRUE, TRUE, SENTIENT_OUTCOME_UNTRIED, "ipv6-unchecked=note" },
    { TRUE, TRUE, SENTIENT_OUTCOME_SILENT, "ipv6-broken=warning" },
    { TRUE, TRUE, SENTIENT_OUTCOME_GOOD, "ipv6-ok=ok" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientMeasurements *measured = sentient_measurements_new ();
      g_autoptr (SentientNetworkReport) report = NULL;

      add_stun (measured, "one.example", SENTIENT_OUTCOME_GOOD);
      if (cases[i].stun != SENTIENT_OUTCOME_UNTRIED)
        add_stun6 (measured, "one.example", cases[i].stun);
      if (cases[i].address)
        measured->ipv6 = g_inet_address_new_from_string ("2001:db8::7");
      measured->ipv6_route = cases[i].route;
      report = sentient_network_report_new (measured);
      findings_assert (report, "ipv6", cases[i].code);
      /* That IPv6 lacks something is said once. */
      findings_assert (report, "stun-n", "");
      findings_assert (report, "stun-s", "");
    }
}

static void
test_outcomes (void)
{
  const struct
  {
    GQuark domain;
    int code;
    SentientOutcome outcome;
  } cases[] = {
    { G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, SENTIENT_OUTCOME_NOBODY },
    { G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, SENTIENT_OUTCOME_NO_ROUTE },
    { G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, SENTIENT_OUTCOME_NO_ROUTE },
    { G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, SENTIENT_OUTCOME_FORBIDDEN },
    { G_IO_ERROR, G_IO_ERROR_TIMED_OUT, SENTIENT_OUTCOME_SILENT },
    { G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, SENTIENT_OUTCOME_BROKE },
    { G_IO_ERROR, G_IO_ERROR_FAILED, SENTIENT_OUTCOME_FAILED },
    { G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, SENTIENT_OUTCOME_NO_NAME },
    { G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, SENTIENT_OUTCOME_UNTRUSTED },
    { SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT, SENTIENT_OUTCOME_SILENT },
    { SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL, SENTIENT_OUTCOME_MALFORMED },
    { SENTIENT_ERROR, SENTIENT_ERROR_UNAUTHORIZED, SENTIENT_OUTCOME_UNSIGNED },
    { SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, SENTIENT_OUTCOME_BROKE },
    { SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, SENTIENT_OUTCOME_FAILED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (cases[i].domain, cases[i].code, "so");

      g_assert_cmpint (sentient_outcome_from_error (error), ==, cases[i].outcome);
    }
}

static SentientNetworkReport *
report_with_addresses (void)
{
  SentientMeasurements *measured = sentient_measurements_new ();

  g_free (add_coordinator (measured, SENTIENT_OUTCOME_FAILED)->url);
  ((SentientCoordinatorMeasurement *)measured->coordinators->pdata[0])->url
      = g_strdup ("https://user:secret@hub.example:8888/prefix?token=secret");
  ((SentientCoordinatorMeasurement *)measured->coordinators->pdata[0])->detail
      = g_strdup ("could not connect to [2001:db8::99]:80 or 192.0.2.99: no");
  add_stun (measured, "stun", SENTIENT_OUTCOME_GOOD);
  add_stun (measured, "198.51.100.7", SENTIENT_OUTCOME_SILENT);
  add_turn (measured, "turn.example", FALSE, SENTIENT_OUTCOME_GOOD);
  measured->mapping = SENTIENT_MAPPING_ENDPOINT;
  measured->mapping_local = findings_address ("10.0.0.5", 4000);
  measured->mapping_mapped = findings_address ("198.51.100.7", 4711);
  measured->ipv6 = g_inet_address_new_from_string ("2001:db8::7");
  return sentient_network_report_new (measured);
}

static void
assert_absent (const char *text, const char *const *words)
{
  for (guint i = 0; words[i] != NULL; i++)
    if (strstr (text, words[i]) != NULL)
      g_error ("\"%s\" is in: %s", words[i], text);
}

static void
test_hidden (void)
{
  const char *const secrets[] = { "secret", "user", "token", "\002", "\003", NULL };
  const char *const addresses[] = { "hub.example",  "2001:db8",  "192.0.2.99", "198.51",
                                    "turn.example", "203.0.113", "10.0.0.5",   NULL };
  g_autoptr (SentientNetworkReport) report = report_with_addresses ();
  g_autofree char *shown = sentient_network_report_to_json (report, FALSE);
  g_autofree char *hidden = sentient_network_report_to_json (report, TRUE);
  g_autofree char *again = sentient_network_report_to_json (report, TRUE);
  g_autofree char *text = sentient_network_report_to_text (report, FALSE);
  g_autofree char *hidden_text = sentient_network_report_to_text (report, TRUE);

  assert_absent (shown, secrets);
  assert_absent (hidden, secrets);
  assert_absent (text, secrets);
  assert_absent (hidden, addresses);
  assert_absent (hidden_text, addresses);
  for (guint i = 0; addresses[i] != NULL; i++)
    g_assert_nonnull (strstr (shown, addresses[i]));
  g_assert_cmpstr (hidden, ==, again);

  /* The same address has the same placeholder wherever it stands, and keeps its port. */
  g_assert_nonnull (strstr (hidden, "https://address-1:8888/prefix"));
  g_assert_nonnull (strstr (hidden, "could not connect to [address-"));
  g_assert_nonnull (strstr (hidden, "The STUN server address-2:3478 answers"));
  g_assert_nonnull (strstr (hidden, "machine at address-3:4711"));
  g_assert_nonnull (strstr (hidden, "The STUN server address-3:3478 did not answer"));
  g_assert_nonnull (strstr (hidden, "\"mapped\":\"address-3:4711\""));
}

static void
test_json (void)
{
  g_autoptr (SentientNetworkReport) report = report_with_addresses ();
  g_autofree char *text = sentient_network_report_to_json (report, FALSE);
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  JsonObject *object = json_node_get_object (root);
  JsonArray *findings = json_object_get_array_member (object, "findings");
  JsonObject *stun, *nat;

  g_assert_false (json_object_get_boolean_member (object, "ok"));
  g_assert_cmpstr (json_object_get_string_member (object, "severity"), ==, "error");
  g_assert_cmpuint (json_array_get_length (findings), ==,
                    g_list_model_get_n_items (G_LIST_MODEL (report)));
  for (guint i = 0; i < json_array_get_length (findings); i++)
    {
      JsonObject *one = json_array_get_object_element (findings, i);
      g_autoptr (SentientFinding) finding = g_list_model_get_item (G_LIST_MODEL (report), i);
      SentientSeverity severity;

      g_assert_true (sentient_severity_from_string (json_object_get_string_member (one, "severity"),
                                                    &severity));
      g_assert_cmpint (severity, ==, sentient_finding_get_severity (finding));
      g_assert_cmpstr (json_object_get_string_member (one, "text"), ==,
                       sentient_finding_get_text (finding));
    }
  stun = json_array_get_object_element (json_object_get_array_member (object, "stun"), 0);
  g_assert_cmpstr (json_object_get_string_member (stun, "server"), ==, "stun:3478");
  g_assert_cmpfloat (json_object_get_double_member (stun, "roundTrip"), ==, 12.345);
  stun = json_array_get_object_element (json_object_get_array_member (object, "stun"), 1);
  g_assert_true (json_object_get_null_member (stun, "roundTrip"));
  nat = json_object_get_object_member (object, "nat");
  g_assert_cmpstr (json_object_get_string_member (nat, "mapping"), ==, "endpoint-independent");
  g_assert_cmpstr (json_object_get_string_member (nat, "local"), ==, "10.0.0.5:4000");
  g_assert_false (
      json_object_get_boolean_member (json_object_get_object_member (object, "ipv6"), "route"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/findings/nothing", test_nothing);
  g_test_add_func ("/findings/all-well", test_all_well);
  g_test_add_func ("/findings/coordinator", test_coordinator);
  g_test_add_func ("/findings/second-coordinator", test_second_coordinator);
  g_test_add_func ("/findings/websocket", test_websocket);
  g_test_add_func ("/findings/clock", test_clock);
  g_test_add_func ("/findings/clock-unknown", test_clock_unknown);
  g_test_add_func ("/findings/failures", test_failures);
  g_test_add_func ("/findings/refusals", test_refusals);
  g_test_add_func ("/findings/turn", test_turn);
  g_test_add_func ("/findings/turn-unchecked", test_turn_unchecked);
  g_test_add_func ("/findings/lossy", test_lossy);
  g_test_add_func ("/findings/udp", test_udp);
  g_test_add_func ("/findings/nat", test_nat);
  g_test_add_func ("/findings/ipv6", test_ipv6);
  g_test_add_func ("/findings/outcomes", test_outcomes);
  g_test_add_func ("/findings/hidden", test_hidden);
  g_test_add_func ("/findings/json", test_json);
  return g_test_run ();
}
