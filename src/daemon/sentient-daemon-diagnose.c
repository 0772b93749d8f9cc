/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-private.h"

/* How the network is, as the doctor of the library finds it. */

typedef struct
{
  SentientDaemonCall *call;
  gboolean hide_addresses;
} Diagnosis;

static void
on_diagnosed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Diagnosis *diagnosis = user_data;
  SentientDaemonCall *call = diagnosis->call;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientNetworkReport) report
      = sentient_network_doctor_run_finish (SENTIENT_NETWORK_DOCTOR (source), result, &error);
  g_autofree char *json = NULL;

  g_clear_object (&call->daemon->diagnosing);
  if (report == NULL)
    {
      sentient_daemon_call_fail (call, error);
      return;
    }
  g_set_object (&call->daemon->network_report, report);
  json = sentient_network_report_to_json (report, diagnosis->hide_addresses);
  sentient_daemon_call_return (call, g_variant_new ("(s)", json));
}

/* While the node does nothing, its own coordinator is the one it would use. */
static void
add_own_coordinator (SentientDaemon *self, SentientNetworkDoctor *doctor)
{
  g_autofree char *url = sentient_coordinator_dup_url (self->coordinator);
  const char *const uris[] = { url, NULL };
  g_auto (GStrv) known = NULL;

  g_object_get (doctor, "coordinator-uris", &known, NULL);
  if (url != NULL && (known == NULL || *known == NULL))
    g_object_set (doctor, "coordinator-uris", uris, NULL);
}

gboolean
sentient_daemon_diagnose_network (SentientDaemon *self,
                                  GDBusMethodInvocation *invocation,
                                  gboolean hide_addresses)
{
  g_autoptr (SentientNetworkDoctor) doctor = NULL;
  Diagnosis *diagnosis;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  if (self->diagnosing != NULL)
    return sentient_daemon_refuse (
        invocation, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                                         "the network is being looked at for somebody else; try "
                                         "again when that is done"));
  diagnosis = g_new0 (Diagnosis, 1);
  diagnosis->call = sentient_daemon_call_new (self, invocation);
  diagnosis->hide_addresses = hide_addresses;
  doctor = sentient_peer_new_network_doctor (self->peer);
  add_own_coordinator (self, doctor);
  self->diagnosing = g_cancellable_new ();
  sentient_network_doctor_run_async (doctor, self->diagnosing, on_diagnosed, diagnosis);
  return TRUE;
}

gboolean
sentient_daemon_get_network_report (SentientDaemon *self,
                                    GDBusMethodInvocation *invocation,
                                    gboolean hide_addresses)
{
  g_autofree char *json = NULL;

  if (self->network_report == NULL)
    return sentient_daemon_refuse (
        invocation, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_NOT_FOUND,
                                         "the network was not looked at yet; call DiagnoseNetwork "
                                         "first"));
  json = sentient_network_report_to_json (self->network_report, hide_addresses);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", json));
  return TRUE;
}
