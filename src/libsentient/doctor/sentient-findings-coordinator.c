/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-network-report-private.h"

#define SLOW_US (500 * 1000)
#define CLOCK_NOTE_MS 5000
#define CLOCK_WARNING_MS 60000

/* Of a coordinator that was not reached. */
static void
add_failure (SentientNetworkReport *report,
             const SentientCoordinatorMeasurement *one,
             SentientSeverity severity,
             const char *url)
{
  const char *detail = one->detail != NULL ? one->detail : "no reason was given";

  switch (one->outcome)
    {
    case SENTIENT_OUTCOME_BAD_URL:
      sentient_network_report_add (
          report, severity, "coordinator-bad-url", "Write it as http://HOST:PORT or https://HOST.",
          "One of the coordinators is named by what is no address of one.");
      break;
    case SENTIENT_OUTCOME_NO_NAME:
      sentient_network_report_add (
          report, severity, "coordinator-no-name",
          "Check how the name is written, and whether this machine's DNS works.",
          "The name of the coordinator %s has no address.", url);
      break;
    case SENTIENT_OUTCOME_NOBODY:
      sentient_network_report_add (
          report, severity, "coordinator-nobody",
          "Start a coordinator there (sentient --server), or check host and port.",
          "Nothing listens where the coordinator %s should be.", url);
      break;
    case SENTIENT_OUTCOME_NO_ROUTE:
      sentient_network_report_add (report, severity, "coordinator-no-route",
                                   "Check that this machine is connected to a network.",
                                   "There is no way from here to the coordinator %s.", url);
      break;
    case SENTIENT_OUTCOME_SILENT:
      sentient_network_report_add (
          report, severity, "coordinator-silent",
          "A firewall on the way may swallow what is sent; or the coordinator hangs.",
          "The coordinator %s did not answer in time.", url);
      break;
    case SENTIENT_OUTCOME_UNTRUSTED:
      sentient_network_report_add (
          report, severity, "coordinator-untrusted",
          "Give it a certificate that this machine trusts, and check this machine's clock.",
          "The certificate of the coordinator %s is not good: %s.", url, detail);
      break;
    case SENTIENT_OUTCOME_REFUSED:
      sentient_network_report_add (report, severity, "coordinator-refused",
                                   "Check that a coordinator runs there, and not another server.",
                                   "What listens at %s answered with HTTP status %u.", url,
                                   one->status);
      break;
    case SENTIENT_OUTCOME_UNTRIED:
    case SENTIENT_OUTCOME_GOOD:
    case SENTIENT_OUTCOME_FORBIDDEN:
    case SENTIENT_OUTCOME_BROKE:
    case SENTIENT_OUTCOME_MALFORMED:
    case SENTIENT_OUTCOME_UNSIGNED:
    case SENTIENT_OUTCOME_CREDENTIALS:
    case SENTIENT_OUTCOME_UNSUPPORTED:
    case SENTIENT_OUTCOME_FAILED:
    default:
      sentient_network_report_add (report, severity, "coordinator-failed",
                                   "Check that a coordinator runs there, and not another server.",
                                   "The exchange with the coordinator %s failed: %s.", url, detail);
    }
}

static void
add_clock (SentientNetworkReport *report,
           const SentientCoordinatorMeasurement *one,
           const char *url)
{
  gint64 off_ms = ABS (one->ahead_ms) - one->doubt_ms;

  if (!one->has_clock)
    sentient_network_report_add (report, SENTIENT_SEVERITY_NOTE, "clock-unknown", NULL,
                                 "The coordinator %s does not tell its time, so the clocks were "
                                 "not compared.",
                                 url);
  else if (off_ms < CLOCK_NOTE_MS)
    sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "clock-ok", NULL,
                                 "This machine's clock goes with that of the coordinator %s.", url);
  else
    sentient_network_report_add (
        report, off_ms < CLOCK_WARNING_MS ? SENTIENT_SEVERITY_NOTE : SENTIENT_SEVERITY_WARNING,
        "clock-off",
        "Set both by NTP (timedatectl set-ntp true): certificates and time-limited credentials of "
        "TURN servers go by the clock.",
        "This machine's clock is %" G_GINT64_FORMAT " s %s that of the coordinator %s.",
        ABS (one->ahead_ms) / 1000, one->ahead_ms > 0 ? "before" : "behind", url);
}

static void
add_socket (SentientNetworkReport *report,
            const SentientCoordinatorMeasurement *one,
            const char *url)
{
  if (one->socket_status != 0)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_WARNING, "coordinator-no-websocket",
        "Let the proxy before it pass WebSockets on (Upgrade and Connection); until then nodes use "
        "slower HTTP polls.",
        "The coordinator %s answers HTTP, but a WebSocket does not open: HTTP status %u.", url,
        one->socket_status);
  else
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_WARNING, "coordinator-no-websocket",
        "Let the proxy before it pass WebSockets on (Upgrade and Connection); until then nodes use "
        "slower HTTP polls.",
        "The coordinator %s answers HTTP, but a WebSocket does not open (%s).", url,
        sentient_outcome_to_string (one->socket));
}

static void
add_coordinator (SentientNetworkReport *report,
                 const SentientCoordinatorMeasurement *one,
                 SentientSeverity severity)
{
  g_autofree char *url
      = sentient_hider_mark_url (sentient_network_report_get_hider (report), one->url);

  if (one->outcome != SENTIENT_OUTCOME_GOOD)
    {
      add_failure (report, one, severity, url);
      return;
    }
  if (one->socket == SENTIENT_OUTCOME_GOOD)
    sentient_network_report_add (report, SENTIENT_SEVERITY_OK, "coordinator-ok", NULL,
                                 "The coordinator %s answers in %.0f ms, and a WebSocket opens in "
                                 "%.0f ms.",
                                 url, (double)one->latency_us / 1000,
                                 (double)one->socket_us / 1000);
  else
    add_socket (report, one, url);
  if (one->latency_us > SLOW_US)
    sentient_network_report_add (
        report, SENTIENT_SEVERITY_NOTE, "coordinator-slow",
        "Connections take longer to be made; once made, they do not go through the coordinator.",
        "The coordinator %s takes %.0f ms to answer.", url, (double)one->latency_us / 1000);
  add_clock (report, one, url);
}

void
sentient_findings_add_coordinators (SentientNetworkReport *report)
{
  GPtrArray *list = sentient_network_report_get_measured (report)->coordinators;
  guint good = 0;

  if (list->len == 0)
    sentient_network_report_add (report, SENTIENT_SEVERITY_NOTE, "coordinator-none",
                                 "Name one: --seed http://HOST:PORT.",
                                 "No coordinator is named, so none was asked.");
  for (guint i = 0; i < list->len; i++)
    good += ((SentientCoordinatorMeasurement *)list->pdata[i])->outcome == SENTIENT_OUTCOME_GOOD;
  /* They are tried in turn: one is enough. */
  for (guint i = 0; i < list->len; i++)
    add_coordinator (report, list->pdata[i],
                     good > 0 ? SENTIENT_SEVERITY_WARNING : SENTIENT_SEVERITY_ERROR);
}
