/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "core/sentient-error.h"
#include "doctor/sentient-network-doctor.h"
#include "doctor/sentient-probe.h"
#include "fake-hub.h"
#include "findings-helpers.h"
#include "stand-in.h"

#define PATIENCE_MS 60000
#define BRIEF_MS 300 /* for those who never answer */
#define FEW_S 8

#define INFO                                                                                       \
  "{\"enabled\":true,\"turnAvailable\":true,\"iceServers\":[{\"urls\":[\"stun:127.0.0.1:%u\"]}]}"

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sentient_probe_finish (result);
  *(gboolean *)user_data = TRUE;
}

/* What the doctor measures of url. */
static SentientMeasurements *
probe (const char *url, guint timeout_ms, SentientNamedServers *named)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const SentientProbing probing = { timeout_ms, cancellable };
  SentientMeasurements *measured = sentient_measurements_new ();
  gboolean done = FALSE;

  sentient_probe_coordinator_async (&probing, sentient_measurements_add_coordinator (measured, url),
                                    named, on_done, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  return measured;
}

static void
test_coordinator_good (void)
{
  g_auto (FakeHub) hub = { .info = INFO };
  g_autofree char *url = NULL;
  g_autoptr (SentientMeasurements) measured = NULL;
  SentientCoordinatorMeasurement *one;
  SentientNamedServers named = { NULL };

  fake_hub_start (&hub);
  url = fake_hub_dup_url (&hub);
  measured = probe (url, PATIENCE_MS, &named);
  one = measured->coordinators->pdata[0];
  g_assert_cmpint (one->outcome, ==, SENTIENT_OUTCOME_GOOD);
  g_assert_cmpint (one->latency_us, >, 0);
  g_assert_true (one->has_clock);
  g_assert_cmpint (ABS (one->ahead_ms), <=, one->doubt_ms + 1);
  g_assert_true (one->turn_available);
  g_assert_cmpint (one->socket, ==, SENTIENT_OUTCOME_GOOD);
  g_assert_cmpint (one->socket_us, >, 0);
  g_assert_null (named.stun_urls[0]); /* "%u" is no port */

  /* It came and went as if it had never been there. */
  while (hub.ended < 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (hub.closed, ==, 1);
  g_assert_cmpuint (hub.words, ==, 0);
  g_assert_true (g_str_has_prefix (hub.node_id, "doctor-"));
  sentient_named_servers_clear (&named);
}

static void
test_coordinator_clock (void)
{
  const gint64 aheads[] = { 3600, -86400 };

  for (guint i = 0; i < G_N_ELEMENTS (aheads); i++)
    {
      g_auto (FakeHub) hub = { .info = "{}", .ahead_s = aheads[i] };
      g_autofree char *url = NULL;
      g_autoptr (SentientMeasurements) measured = NULL;
      SentientCoordinatorMeasurement *one;
      SentientNamedServers named = { NULL };

      fake_hub_start (&hub);
      url = fake_hub_dup_url (&hub);
      measured = probe (url, PATIENCE_MS, &named);
      one = measured->coordinators->pdata[0];
      g_assert_cmpint (ABS (one->ahead_ms + aheads[i] * 1000), <=, one->doubt_ms + 1);
      sentient_named_servers_clear (&named);
    }
}

static void
test_coordinator_bad (void)
{
  const struct
  {
    FakeHub hub;
    SentientOutcome outcome, socket;
    gboolean clock;
  } cases[] = {
    { { .info = NULL }, SENTIENT_OUTCOME_REFUSED, SENTIENT_OUTCOME_UNTRIED, FALSE },
    { { .info = "<html>" }, SENTIENT_OUTCOME_MALFORMED, SENTIENT_OUTCOME_UNTRIED, FALSE },
    { { .info = "" }, SENTIENT_OUTCOME_SILENT, SENTIENT_OUTCOME_UNTRIED, FALSE },
    { { .info = "{}", .no_socket = TRUE }, SENTIENT_OUTCOME_GOOD, SENTIENT_OUTCOME_REFUSED, TRUE },
    { { .info = "{}", .slow_socket = TRUE }, SENTIENT_OUTCOME_GOOD, SENTIENT_OUTCOME_SILENT, TRUE },
    { { .info = "{}", .no_health = TRUE }, SENTIENT_OUTCOME_GOOD, SENTIENT_OUTCOME_GOOD, TRUE },
    { { .info = "{}", .no_clock = TRUE }, SENTIENT_OUTCOME_GOOD, SENTIENT_OUTCOME_GOOD, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (FakeHub) hub = cases[i].hub;
      guint timeout_ms = PATIENCE_MS;
      g_autofree char *url = NULL;
      g_autoptr (SentientMeasurements) measured = NULL;
      SentientCoordinatorMeasurement *one;
      SentientNamedServers named = { NULL };

      g_test_message ("case %u", i);
      if (hub.info != NULL && *hub.info == '\0')
        timeout_ms = BRIEF_MS;
      else if (hub.slow_socket)
        timeout_ms = FEW_S * 1000; /* in which the rest has to be answered */
      fake_hub_start (&hub);
      url = fake_hub_dup_url (&hub);
      measured = probe (url, timeout_ms, &named);
      one = measured->coordinators->pdata[0];
      g_assert_cmpint (one->outcome, ==, cases[i].outcome);
      g_assert_cmpint (one->socket, ==, cases[i].socket);
      g_assert_true (one->has_clock == cases[i].clock);
      if (hub.no_socket)
        g_assert_cmpuint (one->socket_status, ==, 502);
      sentient_named_servers_clear (&named);
    }
}

static void
test_coordinator_absent (void)
{
  g_auto (FakeHub) hub = { .info = "{}" };
  g_autofree char *url = NULL;
  SentientNamedServers named = { NULL };
  g_autoptr (SentientMeasurements) absent = NULL;
  g_autoptr (SentientMeasurements) bad = NULL;

  fake_hub_start (&hub);
  url = fake_hub_dup_url (&hub);
  fake_hub_clear (&hub);
  absent = probe (url, PATIENCE_MS, &named);
  g_assert_cmpint (((SentientCoordinatorMeasurement *)absent->coordinators->pdata[0])->outcome, ==,
                   SENTIENT_OUTCOME_NOBODY);
  bad = probe ("ftp://user:secret@host", PATIENCE_MS, &named);
  g_assert_cmpint (((SentientCoordinatorMeasurement *)bad->coordinators->pdata[0])->outcome, ==,
                   SENTIENT_OUTCOME_BAD_URL);
}

/* The whole doctor */

typedef struct
{
  SentientNetworkReport *report;
  GError *error;
  gboolean done;
  guint steps;
  guint last_done;
  guint last_total;
} Visit;

static void
visit_clear (Visit *visit)
{
  g_clear_object (&visit->report);
  g_clear_error (&visit->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Visit, visit_clear)

static void
on_visited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Visit *visit = user_data;

  visit->report = sentient_network_doctor_run_finish (SENTIENT_NETWORK_DOCTOR (source), result,
                                                      &visit->error);
  g_assert_true ((visit->report == NULL) == (visit->error != NULL));
  visit->done = TRUE;
}

static void
on_progress (SentientNetworkDoctor *doctor,
             guint done,
             guint total,
             const char *what,
             gpointer user_data)
{
  Visit *visit = user_data;

  g_assert_cmpuint (done, <=, total);
  g_assert_cmpuint (done, >=, visit->last_done);
  g_assert_cmpuint (total, >=, visit->last_total);
  g_assert_null (strstr (what, STAND_IN_PASSWORD));
  visit->steps++;
  visit->last_done = done;
  visit->last_total = total;
}

static void
await_visit (Visit *visit)
{
  while (!visit->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
drop (SentientNetworkDoctor *doctor)
{
  g_object_add_weak_pointer (G_OBJECT (doctor), (gpointer *)&doctor);
  g_object_unref (doctor);
  g_assert_null (doctor);
}

static guint
port_of (StandIn *server)
{
  g_autoptr (GSocketAddress) address = stand_in_dup_address (server);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

static void
set_strv (SentientNetworkDoctor *doctor, const char *name, const char *one, const char *another)
{
  const char *const strv[] = { one, another, NULL };

  g_object_set (doctor, name, strv, NULL);
}

/* The coordinator names the STUN server, the TURN server is named here. */
static void
test_visit (void)
{
  g_autoptr (StandIn) stun = stand_in_new (FALSE, STAND_IN_ANSWERS);
  g_autoptr (StandIn) turn = stand_in_new (FALSE, STAND_IN_ANSWERS);
  g_autofree char *info = g_strdup_printf (INFO, port_of (stun));
  g_autofree char *turn_url
      = g_strdup_printf ("turn:" STAND_IN_USER ":open%%20sesame@127.0.0.1:%u", port_of (turn));
  g_auto (FakeHub) hub = { .info = info };
  g_autofree char *url = NULL;
  SentientNetworkDoctor *doctor = sentient_network_doctor_new ();
  g_auto (Visit) visit = { 0 };
  g_autofree char *json = NULL;
  gboolean running;

  fake_hub_start (&hub);
  url = fake_hub_dup_url (&hub);
  set_strv (doctor, "coordinator-uris", url, NULL);
  set_strv (doctor, "turn-servers", turn_url, NULL);
  g_object_set (doctor, "timeout", PATIENCE_MS, NULL);
  g_signal_connect (doctor, "progress", G_CALLBACK (on_progress), &visit);
  sentient_network_doctor_run_async (doctor, NULL, on_visited, &visit);
  g_object_get (doctor, "running", &running, NULL);
  g_assert_true (running);
  await_visit (&visit);

  g_assert_no_error (visit.error);
  findings_assert (visit.report, "coordinator", "coordinator-ok=ok");
  findings_assert (visit.report, "stun", "stun-ok=ok");
  findings_assert (visit.report, "turn", "turn-ok=ok");
  findings_assert (visit.report, "nat", "nat-none=ok");
  g_assert_cmpint (stand_in_count_allocations (turn), ==, 0);
  g_assert_cmpuint (visit.steps, >, 3);
  g_assert_cmpuint (visit.last_done, ==, visit.last_total);
  json = sentient_network_report_to_json (visit.report, FALSE);
  g_assert_null (strstr (json, "sesame"));
  g_assert_null (strstr (json, STAND_IN_USER));
  g_object_get (doctor, "running", &running, NULL);
  g_assert_false (running);
  drop (doctor);
}

static void
test_wrong_names (void)
{
  SentientNetworkDoctor *doctor = sentient_network_doctor_new ();
  g_auto (Visit) visit = { 0 };
  g_autofree char *json = NULL;

  set_strv (doctor, "coordinator-uris", "http://user:secret@127.0.0.1/", NULL);
  set_strv (doctor, "stun-servers", "turn:user:secret@127.0.0.1", "stuns:127.0.0.1");
  set_strv (doctor, "turn-servers", "turn:127.0.0.1", "turns:user:secret@127.0.0.1");
  sentient_network_doctor_run_async (doctor, NULL, on_visited, &visit);
  await_visit (&visit);
  findings_assert (visit.report, "coordinator", "coordinator-bad-url=error");
  findings_assert (visit.report, "stun", "stun-bad-url=error stun-tls=error");
  findings_assert (visit.report, "turn", "turn-bad-url=error turn-tls=error");
  json = sentient_network_report_to_json (visit.report, FALSE);
  g_assert_null (strstr (json, "secret"));
  drop (doctor);
}

static void
test_too_many (void)
{
  g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_ANSWERS);
  SentientNetworkDoctor *doctor = sentient_network_doctor_new ();
  g_autoptr (GStrvBuilder) urls = g_strv_builder_new ();
  g_auto (GStrv) strv = NULL;
  g_auto (Visit) visit = { 0 };

  /* The same one many times is asked once. */
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *url = g_strdup_printf ("stun:127.0.0.%u:%u", 1 + i / 4, port_of (server));

      g_strv_builder_add (urls, url);
    }
  strv = g_strv_builder_end (urls);
  g_object_set (doctor, "stun-servers", strv, NULL);
  sentient_network_doctor_run_async (doctor, NULL, on_visited, &visit);
  await_visit (&visit);
  findings_assert (visit.report, "left-out", "left-out=note");
  findings_assert_says (visit.report, "stun-ok", "127.0.0.1");
  g_assert_cmpuint (stand_in_count_questions (server), >=, 1);
  drop (doctor);
}

static gboolean
on_cancel (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

/* Early, and while a server that never answers is asked. */
static void
test_cancelled (void)
{
  for (guint early = 0; early < 2; early++)
    {
      g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_SILENT);
      g_autofree char *url = g_strdup_printf ("stun:127.0.0.1:%u", port_of (server));
      SentientNetworkDoctor *doctor = sentient_network_doctor_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_auto (Visit) visit = { 0 };

      set_strv (doctor, "stun-servers", url, NULL);
      g_object_set (doctor, "timeout", PATIENCE_MS, NULL);
      if (early != 0)
        g_cancellable_cancel (cancellable);
      sentient_network_doctor_run_async (doctor, cancellable, on_visited, &visit);
      while (early == 0 && stand_in_count_questions (server) == 0)
        g_main_context_iteration (NULL, TRUE);
      g_idle_add (on_cancel, cancellable);
      await_visit (&visit);
      g_assert_error (visit.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      drop (doctor);
    }
}

static void
test_busy (void)
{
  SentientNetworkDoctor *doctor = sentient_network_doctor_new ();
  g_auto (Visit) first = { 0 };
  g_auto (Visit) second = { 0 };

  sentient_network_doctor_run_async (doctor, NULL, on_visited, &first);
  sentient_network_doctor_run_async (doctor, NULL, on_visited, &second);
  await_visit (&second);
  g_assert_error (second.error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  await_visit (&first);
  g_assert_no_error (first.error);
  drop (doctor);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/network-doctor/coordinator/good", test_coordinator_good);
  g_test_add_func ("/network-doctor/coordinator/clock", test_coordinator_clock);
  g_test_add_func ("/network-doctor/coordinator/bad", test_coordinator_bad);
  g_test_add_func ("/network-doctor/coordinator/absent", test_coordinator_absent);
  g_test_add_func ("/network-doctor/visit", test_visit);
  g_test_add_func ("/network-doctor/wrong-names", test_wrong_names);
  g_test_add_func ("/network-doctor/too-many", test_too_many);
  g_test_add_func ("/network-doctor/cancelled", test_cancelled);
  g_test_add_func ("/network-doctor/busy", test_busy);
  return g_test_run ();
}
