/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-measurements.h"

#include "core/sentient-error.h"

static void
coordinator_free (SentientCoordinatorMeasurement *one)
{
  g_free (one->url);
  g_free (one->detail);
  g_free (one);
}

static void
stun_free (SentientStunMeasurement *one)
{
  g_free (one->host);
  g_free (one->detail);
  g_clear_object (&one->server);
  g_clear_object (&one->local);
  g_clear_object (&one->mapped);
  g_clear_object (&one->other);
  g_free (one);
}

static void
turn_free (SentientTurnMeasurement *one)
{
  g_free (one->host);
  g_free (one->detail);
  g_clear_object (&one->relayed);
  g_clear_object (&one->mapped);
  g_free (one);
}

SentientConnectionMeasurement *
sentient_connection_measurement_new (const char *node_id)
{
  SentientConnectionMeasurement *self = g_new0 (SentientConnectionMeasurement, 1);

  self->node_id = g_strdup (node_id);
  self->rtt_ms = -1;
  for (guint i = 0; i < SENTIENT_DOCTOR_N_STEPS; i++)
    self->steps_ms[i] = -1;
  return self;
}

void
sentient_connection_measurement_free (SentientConnectionMeasurement *self)
{
  g_free (self->node_id);
  g_free (self);
}

SentientMeasurements *
sentient_measurements_new (void)
{
  SentientMeasurements *self = g_new0 (SentientMeasurements, 1);

  self->coordinators = g_ptr_array_new_with_free_func ((GDestroyNotify)coordinator_free);
  self->stun = g_ptr_array_new_with_free_func ((GDestroyNotify)stun_free);
  self->turn = g_ptr_array_new_with_free_func ((GDestroyNotify)turn_free);
  self->connections
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sentient_connection_measurement_free);
  return self;
}

void
sentient_measurements_free (SentientMeasurements *self)
{
  g_ptr_array_unref (self->coordinators);
  g_ptr_array_unref (self->stun);
  g_ptr_array_unref (self->turn);
  g_ptr_array_unref (self->connections);
  g_clear_object (&self->mapping_local);
  g_clear_object (&self->mapping_mapped);
  g_clear_object (&self->ipv6);
  g_free (self);
}

SentientCoordinatorMeasurement *
sentient_measurements_add_coordinator (SentientMeasurements *self, const char *url)
{
  SentientCoordinatorMeasurement *one = g_new0 (SentientCoordinatorMeasurement, 1);

  one->url = g_strdup (url);
  g_ptr_array_add (self->coordinators, one);
  return one;
}

SentientStunMeasurement *
sentient_measurements_add_stun (SentientMeasurements *self,
                                const char *host,
                                guint16 port,
                                gboolean ipv6)
{
  SentientStunMeasurement *one = g_new0 (SentientStunMeasurement, 1);

  one->host = g_strdup (host);
  one->port = port;
  one->ipv6 = ipv6;
  g_ptr_array_add (self->stun, one);
  return one;
}

SentientTurnMeasurement *
sentient_measurements_add_turn (SentientMeasurements *self,
                                const char *host,
                                guint16 port,
                                gboolean tcp,
                                gboolean used)
{
  SentientTurnMeasurement *one = g_new0 (SentientTurnMeasurement, 1);

  one->host = g_strdup (host);
  one->port = port;
  one->tcp = tcp;
  one->used = used;
  g_ptr_array_add (self->turn, one);
  return one;
}

static SentientOutcome
from_io_error (gint code)
{
  switch (code)
    {
    case G_IO_ERROR_CONNECTION_REFUSED:
      return SENTIENT_OUTCOME_NOBODY;
    case G_IO_ERROR_NETWORK_UNREACHABLE:
    case G_IO_ERROR_HOST_UNREACHABLE:
      return SENTIENT_OUTCOME_NO_ROUTE;
    case G_IO_ERROR_PERMISSION_DENIED:
      return SENTIENT_OUTCOME_FORBIDDEN;
    case G_IO_ERROR_TIMED_OUT:
      return SENTIENT_OUTCOME_SILENT;
    case G_IO_ERROR_CONNECTION_CLOSED: /* also "broken pipe" */
    case G_IO_ERROR_PARTIAL_INPUT:
      return SENTIENT_OUTCOME_BROKE;
    default:
      return SENTIENT_OUTCOME_FAILED;
    }
}

SentientOutcome
sentient_outcome_from_error (const GError *error)
{
  if (error->domain == G_IO_ERROR)
    return from_io_error (error->code);
  if (error->domain == G_RESOLVER_ERROR)
    return SENTIENT_OUTCOME_NO_NAME;
  if (error->domain == G_TLS_ERROR)
    return SENTIENT_OUTCOME_UNTRUSTED;
  if (g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT))
    return SENTIENT_OUTCOME_SILENT;
  if (g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL))
    return SENTIENT_OUTCOME_MALFORMED;
  if (g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_UNAUTHORIZED))
    return SENTIENT_OUTCOME_UNSIGNED;
  if (g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST))
    return SENTIENT_OUTCOME_BROKE;
  return SENTIENT_OUTCOME_FAILED;
}

const char *
sentient_outcome_to_string (SentientOutcome outcome)
{
  static const char *const names[] = {
    [SENTIENT_OUTCOME_UNTRIED] = "untried",     [SENTIENT_OUTCOME_GOOD] = "good",
    [SENTIENT_OUTCOME_NO_NAME] = "no-name",     [SENTIENT_OUTCOME_NOBODY] = "nobody",
    [SENTIENT_OUTCOME_NO_ROUTE] = "no-route",   [SENTIENT_OUTCOME_FORBIDDEN] = "forbidden",
    [SENTIENT_OUTCOME_SILENT] = "silent",       [SENTIENT_OUTCOME_BROKE] = "broke",
    [SENTIENT_OUTCOME_MALFORMED] = "malformed", [SENTIENT_OUTCOME_UNSIGNED] = "unsigned",
    [SENTIENT_OUTCOME_REFUSED] = "refused",     [SENTIENT_OUTCOME_CREDENTIALS] = "credentials",
    [SENTIENT_OUTCOME_UNTRUSTED] = "untrusted", [SENTIENT_OUTCOME_UNSUPPORTED] = "unsupported",
    [SENTIENT_OUTCOME_BAD_URL] = "bad-url",     [SENTIENT_OUTCOME_FAILED] = "failed",
  };

  g_assert ((guint)outcome < G_N_ELEMENTS (names));
  return names[outcome];
}

const char *
sentient_mapping_to_string (SentientMapping mapping)
{
  static const char *const names[] = {
    [SENTIENT_MAPPING_UNKNOWN] = "unknown",
    [SENTIENT_MAPPING_NONE] = "none",
    [SENTIENT_MAPPING_ENDPOINT] = "endpoint-independent",
    [SENTIENT_MAPPING_ADDRESS] = "address-dependent",
    [SENTIENT_MAPPING_ADDRESS_AND_PORT] = "address-and-port-dependent",
    [SENTIENT_MAPPING_DEPENDENT] = "dependent",
  };

  g_assert ((guint)mapping < G_N_ELEMENTS (names));
  return names[mapping];
}
