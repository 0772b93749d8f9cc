/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-network-report-private.h"

#define QUOTA_REACHED 486
#define NO_CAPACITY 508
#define FORBIDDEN 403
#define TRY_ALTERNATE 300

/* What went wrong with a server of either kind. */
typedef struct
{
  const char *kind;   /* "STUN" or "TURN" */
  const char *prefix; /* of the code: "stun" or "turn" */
  char *place;        /* HOST:PORT, marked */
  const char *over;   /* "UDP" or "TCP" */
  SentientOutcome outcome;
  guint code;
  const char *detail;
} Failure;

static void
add_refusal (SentientNetworkReport *report, SentientSeverity severity, const Failure *failure)
{
  g_autofree char *code = g_strconcat (failure->prefix, "-refused", NULL);
  const char *advice = "Look into the server's log.";

  if (failure->code == QUOTA_REACHED)
    advice = "Raise the server's quota for this user (coturn: user-quota), or wait until "
             "allocations end.";
  else if (failure->code == NO_CAPACITY)
    advice = "Give the server more relay ports (coturn: min-port, max-port), or wait.";
  else if (failure->code == FORBIDDEN)
    advice = "Its rules forbid it to this user or from this address: change them.";
  else if (failure->code == TRY_ALTERNATE)
    advice = "It sends its clients to another server: name that one.";
  sentient_network_report_add (report, severity, code, advice,
                               "The %s server %s said no over %s: error %u%s%s.", failure->kind,
                               failure->place, failure->over, failure->code,
                               failure->detail != NULL ? ", " : "",
                               failure->detail != NULL ? failure->detail : "");
}

static void
add_failure (SentientNetworkReport *report, SentientSeverity severity, const Failure *failure)
{
  static const struct
  {
    SentientOutcome outcome;
    const char *code;
    const char *text; /* after the server's name */
    const char *advice;
  } table[] = {
    { SENTIENT_OUTCOME_NO_NAME, "no-name", "is not found: its name has no address",
      "Check how the name is written, and whether this machine's DNS works." },
    { SENTIENT_OUTCOME_NOBODY, "nobody", "is not there: nothing listens at that port",
      "Check host and port, and whether the server runs." },
    { SENTIENT_OUTCOME_NO_ROUTE, "no-route", "is not reached: there is no way from here",
      "Check that this machine is connected to a network." },
    { SENTIENT_OUTCOME_FORBIDDEN, "forbidden", "is not reached: this machine does not let it out",
      "Allow it in this machine's firewall." },
    { SENTIENT_OUTCOME_SILENT, "silent", "did not answer in time",
      "A firewall on the way may swallow it, or the server is down: check both." },
    { SENTIENT_OUTCOME_BROKE, "broke", "closed the connection without an answer",
      "Check that what listens there is such a server." },
    { SENTIENT_OUTCOME_MALFORMED, "malformed", "answered what makes no sense",
      "Check that what listens there is such a server, and not another one." },
    { SENTIENT_OUTCOME_UNSIGNED, "unsigned", "answered without proof that it knows the password",
      "Do not trust what it says: somebody on the way may have answered in its place." },
    { SENTIENT_OUTCOME_UNSUPPORTED, "tls", "is to be reached over TLS, which is not supported",
      "Name it without TLS, as stun: or turn:. What goes through it is encrypted anyway." },
  };
  g_autofree char *code = NULL;

  if (failure->outcome == SENTIENT_OUTCOME_REFUSED)
    {
      add_refusal (report, severity, failure);
      return;
    }
  if (failure->outcome == SENTIENT_OUTCOME_BAD_URL)
    {
      code = g_strconcat (failure->prefix, "-bad-url", NULL);
      sentient_network_report_add (
          report, severity, code,
          "Write stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT, percent-encoded.",
          "One of the %s servers is named by what is no URL of one.", failure->kind);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].outcome == failure->outcome)
      {
        code = g_strconcat (failure->prefix, "-", table[i].code, NULL);
        sentient_network_report_add (report, severity, code, table[i].advice,
                                     "The %s server %s %s (over %s).", failure->kind,
                                     failure->place, table[i].text, failure->over);
        return;
      }
  code = g_strconcat (failure->prefix, "-failed", NULL);
  sentient_network_report_add (report, severity, code, "Check host and port.",
                               "The %s server %s could not be asked over %s: %s.", failure->kind,
                               failure->place, failure->over,
                               failure->detail != NULL ? failure->detail : "no reason was given");
}

/* The same server was asked over IPv4 as well. */
static gboolean
has_ipv4_too (GPtrArray *list, const SentientStunMeasurement *one)
{
  for (guint i = 0; i < list->len; i++)
    {
      const SentientStunMeasurement *other = list->pdata[i];

      if (!other->ipv6 && other->port == one->port && g_str_equal (other->host, one->host))
        return TRUE;
    }
  return FALSE;
}

static void
add_stun (SentientNetworkReport *report,
          GPtrArray *list,
          const SentientStunMeasurement *one,
          SentientSeverity severity)
{
  SentientHider *hider = sentient_network_report_get_hider (report);
  g_autofree char *place = sentient_hider_mark_place (hider, one->host, one->port);
  g_autofree char *mapped = NULL;
  const Failure failure = { "STUN", "stun", place, "UDP", one->outcome, one->code, one->detail };

  if (one->outcome != SENTIENT_OUTCOME_GOOD)
    {
      /* What IPv6 lacks has a finding of its own. */
      if (!one->ipv6 || !has_ipv4_too (list, one))
        add_failure (report, severity, &failure);
      return;
    }
  mapped = sentient_hider_mark_socket (hider, one->mapped);
  sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "stun-ok", NULL,
                               "The STUN server %s answers over IPv%d in %.0f ms and sees this "
                               "machine at %s.",
                               place, one->ipv6 ? 6 : 4, (double)one->rtt_us / 1000, mapped);
  if (one->sent > 1)
    sentient_network_report_add (report, SENTIENT_SEVERITY_NOTE, "stun-lossy",
                                 "Packets get lost on the way; connections work, but slower.",
                                 "The STUN server %s answered only when it was asked for the %u. "
                                 "time.",
                                 place, one->sent);
}

void
sentient_findings_add_stun (SentientNetworkReport *report)
{
  GPtrArray *list = sentient_network_report_get_measured (report)->stun;
  guint good = 0;

  if (list->len == 0)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_WARNING, "stun-none",
        "Name one: --stun stun:HOST:PORT, at this node or at its coordinator.",
        "No STUN server is named: a node behind a NAT does not learn its outer address, and others "
        "beyond that NAT cannot reach it directly.");
  for (guint i = 0; i < list->len; i++)
    good += ((SentientStunMeasurement *)list->pdata[i])->outcome == SENTIENT_OUTCOME_GOOD;
  for (guint i = 0; i < list->len; i++)
    add_stun (report, list, list->pdata[i],
              good > 0 ? SENTIENT_SEVERITY_WARNING : SENTIENT_SEVERITY_ERROR);
}

static void
add_turn_good (SentientNetworkReport *report,
               const SentientTurnMeasurement *one,
               const char *place,
               const char *over)
{
  g_autofree char *relayed
      = sentient_hider_mark_socket (sentient_network_report_get_hider (report), one->relayed);

  sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "turn-ok", NULL,
                               "The TURN server %s takes the credentials over %s (%.0f ms) and "
                               "relays for %s.",
                               place, over, (double)one->rtt_us / 1000, relayed);
  if (one->open)
    sentient_network_report_add (report, SENTIENT_SEVERITY_WARNING, "turn-open",
                                 "Let it ask for credentials (coturn: lt-cred-mech).",
                                 "The TURN server %s relays for everybody, without credentials.",
                                 place);
  if (one->kept)
    sentient_network_report_add (report, SENTIENT_SEVERITY_NOTE, "turn-kept", NULL,
                                 "The TURN server %s did not take back what it was asked for in "
                                 "this test; it ends by itself within ten minutes.",
                                 place);
}

static void
add_turn (SentientNetworkReport *report, const SentientTurnMeasurement *one)
{
  SentientMeasurements *measured = sentient_network_report_get_measured (report);
  g_autofree char *place = sentient_hider_mark_place (sentient_network_report_get_hider (report),
                                                      one->host, one->port);
  const char *over = one->tcp ? "TCP" : "UDP";
  SentientSeverity severity = sentient_measurements_has_relay (measured, FALSE)
                                  ? SENTIENT_SEVERITY_WARNING
                                  : SENTIENT_SEVERITY_ERROR;
  const Failure failure = { "TURN", "turn", place, over, one->outcome, one->code, one->detail };

  if (one->outcome == SENTIENT_OUTCOME_GOOD)
    add_turn_good (report, one, place, over);
  else if (!one->used)
    return; /* no connection goes that way: it was asked for the sake of advice only */
  else if (one->outcome == SENTIENT_OUTCOME_CREDENTIALS)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_ERROR, "turn-credentials",
        "Check user and password in --turn (characters such as @ and : percent-encoded); if they "
        "are limited in time, check the clock and fetch new ones.",
        "The TURN server %s does not take these credentials (over %s).", place, over);
  else
    add_failure (report, severity, &failure);
}

static gboolean
coordinator_has_turn (SentientMeasurements *measured)
{
  for (guint i = 0; i < measured->coordinators->len; i++)
    if (((SentientCoordinatorMeasurement *)measured->coordinators->pdata[i])->turn_available)
      return TRUE;
  return FALSE;
}

void
sentient_findings_add_turn (SentientNetworkReport *report)
{
  SentientMeasurements *measured = sentient_network_report_get_measured (report);

  for (guint i = 0; i < measured->turn->len; i++)
    add_turn (report, measured->turn->pdata[i]);
  if (measured->turn->len == 0 && coordinator_has_turn (measured))
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "turn-unchecked",
        "To check it, name it with --turn, or ask the daemon of a node that has joined.",
        "The coordinator hands out a TURN server to nodes that join only, so it was not checked.");
  else if (measured->turn->len == 0)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "turn-none",
        "Name one with --turn turn:USER:PASSWORD@HOST:PORT if nodes do not reach each other.",
        "No TURN server is named: where no direct way is found, there is no connection.");
  if (measured->left_out > 0)
    sentient_network_report_add (report, SENTIENT_SEVERITY_NOTE, "left-out", "Name fewer.",
                                 "%u servers or coordinators more than are looked at were named; "
                                 "they were left out.",
                                 measured->left_out);
}
