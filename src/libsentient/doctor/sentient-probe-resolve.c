/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-probe.h"

typedef struct
{
  GCancellable *inner; /* cancelled by the caller or the clock */
  GCancellable *outer;
  gulong outer_id;
  GSource *timer;
  gboolean late;
} Resolving;

static void
resolving_free (Resolving *self)
{
  if (self->outer_id != 0)
    g_signal_handler_disconnect (self->outer, self->outer_id);
  g_clear_object (&self->outer);
  g_clear_object (&self->inner);
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  g_free (self);
}

void
sentient_host_addresses_free (SentientHostAddresses *self)
{
  g_clear_object (&self->ipv4);
  g_clear_object (&self->ipv6);
  g_free (self);
}

static void
take_address (SentientHostAddresses *addresses, GInetAddress *address)
{
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    {
      if (addresses->ipv4 == NULL)
        addresses->ipv4 = g_object_ref (address);
    }
  else if (addresses->ipv6 == NULL)
    addresses->ipv6 = g_object_ref (address);
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Resolving *self = g_task_get_task_data (task);
  SentientHostAddresses *addresses;
  GError *error = NULL;
  GList *list = g_resolver_lookup_by_name_finish (G_RESOLVER (source), result, &error);

  if (self->late)
    {
      g_clear_error (&error);
      error = g_error_new_literal (G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE,
                                   "no name server answered in time");
    }
  if (error != NULL)
    {
      g_resolver_free_addresses (list);
      g_task_return_error (task, error);
      return;
    }
  addresses = g_new0 (SentientHostAddresses, 1);
  for (GList *l = list; l != NULL; l = l->next)
    take_address (addresses, l->data);
  g_resolver_free_addresses (list);
  g_task_return_pointer (task, addresses, (GDestroyNotify)sentient_host_addresses_free);
}

static gboolean
on_timer (gpointer user_data)
{
  Resolving *self = user_data;

  self->late = TRUE;
  g_cancellable_cancel (self->inner);
  return G_SOURCE_REMOVE;
}

void
sentient_probe_resolve_async (const SentientProbing *probing,
                              const char *host,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GInetAddress) numeric = g_inet_address_new_from_string (host);
  g_autoptr (GResolver) resolver = NULL;
  Resolving *self = g_new0 (Resolving, 1);

  g_task_set_source_tag (task, sentient_probe_resolve_async);
  g_task_set_task_data (task, self, (GDestroyNotify)resolving_free);
  if (numeric != NULL)
    {
      SentientHostAddresses *addresses = g_new0 (SentientHostAddresses, 1);

      take_address (addresses, numeric);
      g_task_return_pointer (task, addresses, (GDestroyNotify)sentient_host_addresses_free);
      return;
    }
  self->inner = g_cancellable_new ();
  self->outer = g_object_ref (probing->cancellable);
  if (g_cancellable_is_cancelled (self->outer))
    g_cancellable_cancel (self->inner);
  else
    self->outer_id = g_signal_connect_swapped (self->outer, "cancelled",
                                               G_CALLBACK (g_cancellable_cancel), self->inner);
  self->timer = g_timeout_source_new (probing->timeout_ms);
  g_source_set_static_name (self->timer, "sentient-resolve-timer");
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  resolver = g_resolver_get_default ();
  g_resolver_lookup_by_name_async (resolver, host, self->inner, on_resolved,
                                   g_steal_pointer (&task));
}

SentientHostAddresses *
sentient_probe_resolve_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
