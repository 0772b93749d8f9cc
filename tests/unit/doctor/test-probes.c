/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-probe.h"
#include "findings-helpers.h"
#include "stand-in.h"

#define PATIENCE_MS 60000
#define BRIEF_MS 300 /* for those who never answer */

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sentient_probe_finish (result);
  *(gboolean *)user_data = TRUE;
}

static void
await (gboolean *done)
{
  while (!*done)
    g_main_context_iteration (NULL, TRUE);
}

static guint16
port_of (StandIn *server)
{
  g_autoptr (GSocketAddress) address = stand_in_dup_address (server);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

typedef struct
{
  SentientProbing probing;
  GCancellable *cancellable;
  SentientMeasurements *measured;
  GInetAddress *loopback;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->cancellable = g_cancellable_new ();
  fixture->probing = (SentientProbing){ PATIENCE_MS, fixture->cancellable };
  fixture->measured = sentient_measurements_new ();
  fixture->loopback = g_inet_address_new_from_string ("127.0.0.1");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->cancellable);
  sentient_measurements_free (fixture->measured);
  g_object_unref (fixture->loopback);
}

static SentientStunMeasurement *
probe_stun (Fixture *fixture, const char *host, guint16 port)
{
  SentientStunMeasurement *one
      = sentient_measurements_add_stun (fixture->measured, host, port, FALSE);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  gboolean done = FALSE;

  sentient_probe_stun_async (&fixture->probing, one, address, on_done, &done);
  await (&done);
  return one;
}

static void
test_stun (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    StandInHabit habit;
    SentientOutcome outcome;
  } cases[] = {
    { STAND_IN_ANSWERS, SENTIENT_OUTCOME_GOOD },    { STAND_IN_SILENT, SENTIENT_OUTCOME_SILENT },
    { STAND_IN_TALKS, SENTIENT_OUTCOME_MALFORMED }, { STAND_IN_FORGES, SENTIENT_OUTCOME_SILENT },
    { STAND_IN_REFUSES, SENTIENT_OUTCOME_REFUSED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StandIn) server = stand_in_new (FALSE, cases[i].habit);
      gboolean answers = cases[i].habit == STAND_IN_ANSWERS || cases[i].habit == STAND_IN_REFUSES;
      SentientStunMeasurement *one;

      fixture->probing.timeout_ms = answers ? PATIENCE_MS : BRIEF_MS;
      one = probe_stun (fixture, "127.0.0.1", port_of (server));
      g_assert_cmpint (one->outcome, ==, cases[i].outcome);
      g_assert_true ((one->mapped != NULL) == (one->outcome == SENTIENT_OUTCOME_GOOD));
      if (one->outcome == SENTIENT_OUTCOME_REFUSED)
        g_assert_cmpuint (one->code, ==, 500);
    }
}

/* Nobody is at a port that was free a moment ago. */
static void
test_nobody (Fixture *fixture, gconstpointer data)
{
  StandIn *server = stand_in_new (FALSE, STAND_IN_SILENT);
  guint16 port = port_of (server);

  stand_in_free (server);
  g_assert_cmpint (probe_stun (fixture, "127.0.0.1", port)->outcome, ==, SENTIENT_OUTCOME_NOBODY);
}

static SentientTurnMeasurement *
probe_turn (Fixture *fixture, StandIn *server, gboolean tcp, const char *password)
{
  SentientTurnMeasurement *one = sentient_measurements_add_turn (fixture->measured, "127.0.0.1",
                                                                 port_of (server), tcp, TRUE);
  gboolean done = FALSE;

  sentient_probe_turn_async (&fixture->probing, one, fixture->loopback, STAND_IN_USER, password,
                             on_done, &done);
  await (&done);
  return one;
}

static void
test_turn (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    gboolean tcp;
    StandInHabit habit;
    const char *password;
    SentientOutcome outcome;
  } cases[] = {
    { FALSE, STAND_IN_ANSWERS, STAND_IN_PASSWORD, SENTIENT_OUTCOME_GOOD },
    { TRUE, STAND_IN_ANSWERS, STAND_IN_PASSWORD, SENTIENT_OUTCOME_GOOD },
    { FALSE, STAND_IN_STALE, STAND_IN_PASSWORD, SENTIENT_OUTCOME_GOOD },
    { TRUE, STAND_IN_STALE, STAND_IN_PASSWORD, SENTIENT_OUTCOME_GOOD },
    { FALSE, STAND_IN_ANSWERS, "wrong", SENTIENT_OUTCOME_CREDENTIALS },
    { TRUE, STAND_IN_ANSWERS, "wrong", SENTIENT_OUTCOME_CREDENTIALS },
    { FALSE, STAND_IN_QUOTA, STAND_IN_PASSWORD, SENTIENT_OUTCOME_REFUSED },
    { FALSE, STAND_IN_UNSIGNED, STAND_IN_PASSWORD, SENTIENT_OUTCOME_UNSIGNED },
    { FALSE, STAND_IN_NO_ADDRESS, STAND_IN_PASSWORD, SENTIENT_OUTCOME_MALFORMED },
    { FALSE, STAND_IN_SILENT, STAND_IN_PASSWORD, SENTIENT_OUTCOME_SILENT },
    { TRUE, STAND_IN_SILENT, STAND_IN_PASSWORD, SENTIENT_OUTCOME_SILENT },
    { TRUE, STAND_IN_CLOSES, STAND_IN_PASSWORD, SENTIENT_OUTCOME_BROKE },
    { TRUE, STAND_IN_TALKS, STAND_IN_PASSWORD, SENTIENT_OUTCOME_MALFORMED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StandIn) server = stand_in_new (cases[i].tcp, cases[i].habit);
      gboolean never = cases[i].habit == STAND_IN_SILENT || cases[i].habit == STAND_IN_UNSIGNED
                       || cases[i].habit == STAND_IN_NO_ADDRESS;
      SentientTurnMeasurement *one;

      g_test_message ("case %u", i);
      fixture->probing.timeout_ms = never ? BRIEF_MS : PATIENCE_MS;
      one = probe_turn (fixture, server, cases[i].tcp, cases[i].password);
      g_assert_cmpint (one->outcome, ==, cases[i].outcome);
      g_assert_false (one->open);
      if (one->outcome == SENTIENT_OUTCOME_GOOD)
        {
          g_assert_false (one->kept);
          g_assert_nonnull (one->relayed);
          g_assert_cmpint (stand_in_count_allocations (server), ==, 0);
        }
    }
}

/* Servers at two addresses, with the same two ports at each. */
typedef struct
{
  StandIn *servers[2][2];
  guint16 ports[2];
} Crossing;

static const char *const hosts[] = { "127.0.0.1", "127.0.0.2" };

static void
crossing_clear (Crossing *crossing)
{
  for (guint i = 0; i < 4; i++)
    g_clear_pointer (&crossing->servers[i / 2][i % 2], stand_in_free);
}

static void
crossing_init (Crossing *crossing)
{
  for (guint port = 0; port < 2; port++)
    do
      {
        g_clear_pointer (&crossing->servers[0][port], stand_in_free);
        crossing->servers[0][port] = stand_in_new_at (hosts[0], 0, STAND_IN_ANSWERS);
        crossing->ports[port] = port_of (crossing->servers[0][port]);
        crossing->servers[1][port]
            = stand_in_new_at (hosts[1], crossing->ports[port], STAND_IN_ANSWERS);
      }
    while (crossing->servers[1][port] == NULL);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Crossing, crossing_clear)

static void
probe_mapping (Fixture *fixture, SentientMapping mapping, SentientMappingMethod method)
{
  gboolean done = FALSE;

  sentient_probe_mapping_async (&fixture->probing, fixture->measured, on_done, &done);
  await (&done);
  g_assert_cmpint (fixture->measured->mapping, ==, mapping);
  g_assert_cmpint (fixture->measured->mapping_method, ==, method);
}

/* How the ports are shifted: by the first server, at its other address, there at its other port. */
static void
test_rfc5780 (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    guint first, other_address, other_port;
    SentientMapping mapping;
    SentientMappingMethod method;
  } cases[] = {
    { 0, 0, 0, SENTIENT_MAPPING_NONE, SENTIENT_MAPPING_BY_NOTHING },
    { 1, 1, 1, SENTIENT_MAPPING_ENDPOINT, SENTIENT_MAPPING_BY_RFC5780 },
    { 1, 2, 2, SENTIENT_MAPPING_ADDRESS, SENTIENT_MAPPING_BY_RFC5780 },
    { 1, 2, 3, SENTIENT_MAPPING_ADDRESS_AND_PORT, SENTIENT_MAPPING_BY_RFC5780 },
  };
  guint i = GPOINTER_TO_UINT (data);
  g_auto (Crossing) crossing = { 0 };
  g_autofree char *seen = NULL;

  crossing_init (&crossing);
  stand_in_pretend (crossing.servers[0][0], cases[i].first, hosts[1], crossing.ports[1]);
  stand_in_pretend (crossing.servers[1][0], cases[i].other_address, NULL, 0);
  stand_in_pretend (crossing.servers[1][1], cases[i].other_port, NULL, 0);
  probe_stun (fixture, hosts[0], crossing.ports[0]);
  probe_mapping (fixture, cases[i].mapping, cases[i].method);
  seen = g_inet_address_to_string (
      g_inet_socket_address_get_address (fixture->measured->mapping_mapped));
  g_assert_cmpstr (seen, ==, cases[i].first == 0 ? "127.0.0.1" : "198.51.100.7");
}

static void
test_two_servers (Fixture *fixture, gconstpointer data)
{
  guint shift = GPOINTER_TO_UINT (data);
  g_auto (Crossing) crossing = { 0 };

  crossing_init (&crossing);
  stand_in_pretend (crossing.servers[0][0], 1, NULL, 0);
  stand_in_pretend (crossing.servers[1][0], shift, NULL, 0);
  probe_stun (fixture, hosts[0], crossing.ports[0]);
  probe_stun (fixture, hosts[1], crossing.ports[0]);
  probe_mapping (fixture, shift == 1 ? SENTIENT_MAPPING_ENDPOINT : SENTIENT_MAPPING_DEPENDENT,
                 SENTIENT_MAPPING_BY_TWO_SERVERS);
}

/* The same server twice is no comparison, and neither is no server. */
static void
test_unknown (Fixture *fixture, gconstpointer data)
{
  g_auto (Crossing) crossing = { 0 };

  probe_mapping (fixture, SENTIENT_MAPPING_UNKNOWN, SENTIENT_MAPPING_BY_NOTHING);
  crossing_init (&crossing);
  stand_in_pretend (crossing.servers[0][0], 1, NULL, 0);
  stand_in_pretend (crossing.servers[0][1], 2, NULL, 0);
  probe_stun (fixture, hosts[0], crossing.ports[0]);
  probe_stun (fixture, hosts[0], crossing.ports[1]);
  probe_mapping (fixture, SENTIENT_MAPPING_UNKNOWN, SENTIENT_MAPPING_BY_NOTHING);
  g_assert_nonnull (fixture->measured->mapping_mapped);
}

/* Where the other address is silent, a second server is asked. */
static void
test_other_silent (Fixture *fixture, gconstpointer data)
{
  g_auto (Crossing) crossing = { 0 };
  g_autoptr (StandIn) silent = stand_in_new_at ("127.0.0.3", 0, STAND_IN_SILENT);

  crossing_init (&crossing);
  stand_in_pretend (crossing.servers[0][0], 1, "127.0.0.3", port_of (silent));
  stand_in_pretend (crossing.servers[1][0], 1, NULL, 0);
  probe_stun (fixture, hosts[0], crossing.ports[0]);
  probe_stun (fixture, hosts[1], crossing.ports[0]);
  fixture->probing.timeout_ms = BRIEF_MS * 10;
  probe_mapping (fixture, SENTIENT_MAPPING_ENDPOINT, SENTIENT_MAPPING_BY_TWO_SERVERS);
}

/* A server may not send us anywhere. */
static void
test_other_forbidden (Fixture *fixture, gconstpointer data)
{
  const char *const others[] = { "224.0.0.1", "169.254.1.1", "10.0.0.1", "198.51.100.9" };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_ANSWERS);

      stand_in_pretend (server, 1, others[i], 9);
      sentient_measurements_free (fixture->measured);
      fixture->measured = sentient_measurements_new ();
      g_assert_nonnull (probe_stun (fixture, "127.0.0.1", port_of (server))->other);
      probe_mapping (fixture, SENTIENT_MAPPING_UNKNOWN, SENTIENT_MAPPING_BY_NOTHING);
    }
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHostAddresses) addresses = sentient_probe_resolve_finish (result, &error);
  SentientHostAddresses **out = user_data;

  g_assert_true ((addresses == NULL) == (error != NULL));
  if (addresses == NULL)
    {
      g_assert_cmpint (sentient_outcome_from_error (error), ==, SENTIENT_OUTCOME_NO_NAME);
      addresses = g_new0 (SentientHostAddresses, 1);
    }
  *out = g_steal_pointer (&addresses);
}

static SentientHostAddresses *
resolve (Fixture *fixture, const char *host)
{
  SentientHostAddresses *addresses = NULL;

  sentient_probe_resolve_async (&fixture->probing, host, on_resolved, &addresses);
  while (addresses == NULL)
    g_main_context_iteration (NULL, TRUE);
  return addresses;
}

static void
test_resolve (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SentientHostAddresses) four = resolve (fixture, "192.0.2.1");
  g_autoptr (SentientHostAddresses) six = resolve (fixture, "2001:db8::1");
  g_autoptr (SentientHostAddresses) name = resolve (fixture, "localhost");
  /* A name that no resolver would ask anybody for. */
  g_autofree char *label = g_strnfill (64, 'x');
  g_autoptr (SentientHostAddresses) none = resolve (fixture, label);

  g_assert_true (four->ipv4 != NULL && four->ipv6 == NULL);
  g_assert_true (six->ipv4 == NULL && six->ipv6 != NULL);
  g_assert_true (name->ipv4 != NULL || name->ipv6 != NULL);
  g_assert_true (none->ipv4 == NULL && none->ipv6 == NULL);
}

#define ADD(path, data, func)                                                                      \
  g_test_add ("/probes/" path, Fixture, GUINT_TO_POINTER (data), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("stun", 0, test_stun);
  ADD ("nobody", 0, test_nobody);
  ADD ("turn", 0, test_turn);
  ADD ("rfc5780/none", 0, test_rfc5780);
  ADD ("rfc5780/endpoint", 1, test_rfc5780);
  ADD ("rfc5780/address", 2, test_rfc5780);
  ADD ("rfc5780/address-and-port", 3, test_rfc5780);
  ADD ("two-servers/same", 1, test_two_servers);
  ADD ("two-servers/different", 2, test_two_servers);
  ADD ("unknown", 0, test_unknown);
  ADD ("other-silent", 0, test_other_silent);
  ADD ("other-forbidden", 0, test_other_forbidden);
  ADD ("resolve", 0, test_resolve);
  return g_test_run ();
}
