/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The object Manager: it tells what coordinator and peer tell, and passes on what is asked for. */

#include "core/sentient-version.h"
#include "daemon/sentient-daemon-private.h"

/* What it tells */

static const char *
mode_text (SentientDaemon *self)
{
  gboolean coordinator = sentient_coordinator_get_running (self->coordinator);

  if (coordinator)
    return self->node_wanted ? "both" : "coordinator";
  return self->node_wanted ? "node" : "none";
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

void
sentient_daemon_manager_update (SentientDaemon *self)
{
  const char *const none[] = { NULL };
  const char *const *seeds = sentient_settings_get_strv (self->settings, "seeds");
  SentientDBusManager *manager = self->manager;
  g_autofree char *url = NULL;
  SentientPeerState state;

  if (manager == NULL)
    return;
  state = sentient_peer_get_state (self->peer);
  url = sentient_coordinator_dup_url (self->coordinator);
  sentient_dbus_manager_set_seeds (manager, seeds != NULL ? seeds : none);
  sentient_dbus_manager_set_mode (manager, mode_text (self));
  sentient_dbus_manager_set_node_state (manager, sentient_peer_state_to_string (state));
  sentient_dbus_manager_set_channel (manager, sentient_channel_kind_to_string (
                                                  sentient_peer_get_channel_kind (self->peer)));
  sentient_dbus_manager_set_coordinator_uri (manager,
                                             state == SENTIENT_PEER_STATE_CONNECTED ? or_empty (
                                                 sentient_peer_get_coordinator_uri (self->peer))
                                                                                    : "");
  sentient_dbus_manager_set_coordinator_running (manager, sentient_coordinator_get_running (
                                                              self->coordinator));
  sentient_dbus_manager_set_coordinator_url (manager, or_empty (url));
  sentient_dbus_manager_set_peer_count (manager,
                                        sentient_coordinator_get_peer_count (self->coordinator));
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  sentient_daemon_manager_update (user_data);
}

static void
on_state (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  sentient_daemon_manager_update (user_data);
  sentient_daemon_node_check (user_data);
}

/* What it is asked for */

static gboolean
on_join (SentientDBusManager *manager,
         GDBusMethodInvocation *invocation,
         const char *room,
         const char *metadata,
         SentientDaemon *self)
{
  return sentient_daemon_join (self, invocation, room, metadata);
}

static gboolean
on_leave (SentientDBusManager *manager,
          GDBusMethodInvocation *invocation,
          const char *room,
          SentientDaemon *self)
{
  return sentient_daemon_leave (self, invocation, room);
}

static gboolean
on_connect_seed (SentientDBusManager *manager,
                 GDBusMethodInvocation *invocation,
                 const char *url,
                 SentientDaemon *self)
{
  return sentient_daemon_connect_seed (self, invocation, url);
}

static gboolean
on_send (SentientDBusManager *manager,
         GDBusMethodInvocation *invocation,
         const char *node_id,
         GVariant *data,
         gboolean text,
         SentientDaemon *self)
{
  return sentient_daemon_send (self, invocation, node_id, data, text);
}

static gboolean
on_send_with_priority (SentientDBusManager *manager,
                       GDBusMethodInvocation *invocation,
                       const char *node_id,
                       GVariant *data,
                       gboolean text,
                       const char *priority,
                       SentientDaemon *self)
{
  return sentient_daemon_send_with_priority (self, invocation, node_id, data, text, priority);
}

static gboolean
on_broadcast (SentientDBusManager *manager,
              GDBusMethodInvocation *invocation,
              const char *room,
              GVariant *data,
              gboolean text,
              SentientDaemon *self)
{
  return sentient_daemon_broadcast (self, invocation, room, data, text);
}

static gboolean
on_connect_peer (SentientDBusManager *manager,
                 GDBusMethodInvocation *invocation,
                 const char *node_id,
                 SentientDaemon *self)
{
  return sentient_daemon_connect_peer (self, invocation, node_id);
}

static gboolean
on_send_data (SentientDBusManager *manager,
              GDBusMethodInvocation *invocation,
              GUnixFDList *fds,
              const char *node_id,
              GVariant *data,
              gboolean text,
              const char *priority,
              SentientDaemon *self)
{
  return sentient_daemon_send_data (self, invocation, fds, data, node_id, text, priority);
}

static gboolean
on_send_file (SentientDBusManager *manager,
              GDBusMethodInvocation *invocation,
              GUnixFDList *fds,
              const char *node_id,
              GVariant *file,
              const char *name,
              const char *media_type,
              SentientDaemon *self)
{
  return sentient_daemon_send_file (self, invocation, fds, file, node_id, name, media_type);
}

static gboolean
on_start_coordinator (SentientDBusManager *manager,
                      GDBusMethodInvocation *invocation,
                      SentientDaemon *self)
{
  g_autoptr (GError) error = NULL;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  if (!sentient_daemon_start_coordinator (self, &error))
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  sentient_dbus_manager_complete_start_coordinator (manager, invocation);
  return TRUE;
}

static void
on_coordinator_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemonCall *call = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_coordinator_stop_finish (SENTIENT_COORDINATOR (source), result, &error))
    sentient_daemon_call_done (call);
  else
    sentient_daemon_call_fail (call, error);
}

static gboolean
on_stop_coordinator (SentientDBusManager *manager,
                     GDBusMethodInvocation *invocation,
                     SentientDaemon *self)
{
  if (!sentient_daemon_refuses (self, invocation))
    sentient_coordinator_stop_async (self->coordinator, NULL, on_coordinator_stopped,
                                     sentient_daemon_call_new (self, invocation));
  return TRUE;
}

static gboolean
on_start_node (SentientDBusManager *manager,
               GDBusMethodInvocation *invocation,
               SentientDaemon *self)
{
  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  sentient_daemon_node_start (self);
  sentient_dbus_manager_complete_start_node (manager, invocation);
  return TRUE;
}

static void
on_node_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sentient_peer_close_finish (SENTIENT_PEER (source), result, NULL);
  sentient_daemon_call_done (user_data);
}

static gboolean
on_stop_node (SentientDBusManager *manager, GDBusMethodInvocation *invocation, SentientDaemon *self)
{
  if (!sentient_daemon_refuses (self, invocation))
    sentient_daemon_node_stop (self, on_node_stopped, sentient_daemon_call_new (self, invocation));
  return TRUE;
}

static gboolean
on_get_statistics (SentientDBusManager *manager,
                   GDBusMethodInvocation *invocation,
                   SentientDaemon *self)
{
  g_autofree char *coordinator = sentient_coordinator_get_running (self->coordinator)
                                     ? sentient_coordinator_dup_statistics (self->coordinator)
                                     : g_strdup ("null");
  g_autofree char *node = sentient_peer_statistics_to_json (self->statistics);
  g_autofree char *json = g_strdup_printf ("{\"coordinator\":%s,\"node\":%s}", coordinator, node);

  sentient_dbus_manager_complete_get_statistics (manager, invocation, json);
  return TRUE;
}

static gboolean
on_get_settings (SentientDBusManager *manager,
                 GDBusMethodInvocation *invocation,
                 SentientDaemon *self)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sss)"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = sentient_settings_dup_text (self->settings, infos[i].name);

      g_variant_builder_add (&builder, "(sss)", infos[i].name, text,
                             sentient_settings_get_source (self->settings, infos[i].name));
    }
  sentient_dbus_manager_complete_get_settings (manager, invocation,
                                               g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
on_reload (SentientDBusManager *manager, GDBusMethodInvocation *invocation, SentientDaemon *self)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) restart_needed = NULL;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  restart_needed = sentient_daemon_reload (self, &error);
  if (restart_needed == NULL)
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  sentient_dbus_manager_complete_reload (manager, invocation, (const char *const *)restart_needed);
  return TRUE;
}

static gboolean
on_quit (SentientDBusManager *manager, GDBusMethodInvocation *invocation, SentientDaemon *self)
{
  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  sentient_dbus_manager_complete_quit (manager, invocation);
  sentient_daemon_emit_quit (self);
  return TRUE;
}

/* What came */

static void
on_message (SentientPeer *peer,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            SentientDaemon *self)
{
  g_autoptr (GError) error = NULL;

  if (g_bytes_get_size (data) > SENTIENT_DAEMON_TELL_MAX)
    {
      error
          = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                         "a message of %" G_GSIZE_FORMAT " bytes from “%s” is lost: the bus takes "
                         "at most %d. Let it be sent as a file",
                         g_bytes_get_size (data), node_id, SENTIENT_DAEMON_TELL_MAX);
      sentient_daemon_fail (self, error);
    }
  else if (self->manager != NULL)
    sentient_dbus_manager_emit_message (self->manager, node_id,
                                        g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, data,
                                                                  TRUE),
                                        is_text);
}

static gboolean
on_diagnose_network (SentientDBusManager *manager,
                     GDBusMethodInvocation *invocation,
                     gboolean hide_addresses,
                     SentientDaemon *self)
{
  return sentient_daemon_diagnose_network (self, invocation, hide_addresses);
}

static gboolean
on_get_network_report (SentientDBusManager *manager,
                       GDBusMethodInvocation *invocation,
                       gboolean hide_addresses,
                       SentientDaemon *self)
{
  return sentient_daemon_get_network_report (self, invocation, hide_addresses);
}

static void
handle_calls (SentientDaemon *self, SentientDBusManager *manager)
{
  static const struct
  {
    const char *signal;
    GCallback callback;
  } handlers[] = {
    { "handle-join", G_CALLBACK (on_join) },
    { "handle-leave", G_CALLBACK (on_leave) },
    { "handle-connect-seed", G_CALLBACK (on_connect_seed) },
    { "handle-send", G_CALLBACK (on_send) },
    { "handle-send-with-priority", G_CALLBACK (on_send_with_priority) },
    { "handle-broadcast", G_CALLBACK (on_broadcast) },
    { "handle-send-data", G_CALLBACK (on_send_data) },
    { "handle-send-file", G_CALLBACK (on_send_file) },
    { "handle-connect-peer", G_CALLBACK (on_connect_peer) },
    { "handle-diagnose-network", G_CALLBACK (on_diagnose_network) },
    { "handle-get-network-report", G_CALLBACK (on_get_network_report) },
    { "handle-start-coordinator", G_CALLBACK (on_start_coordinator) },
    { "handle-stop-coordinator", G_CALLBACK (on_stop_coordinator) },
    { "handle-start-node", G_CALLBACK (on_start_node) },
    { "handle-stop-node", G_CALLBACK (on_stop_node) },
    { "handle-get-statistics", G_CALLBACK (on_get_statistics) },
    { "handle-get-settings", G_CALLBACK (on_get_settings) },
    { "handle-reload", G_CALLBACK (on_reload) },
    { "handle-quit", G_CALLBACK (on_quit) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect_object (manager, handlers[i].signal, handlers[i].callback, self, 0);
}

static void
follow_library (SentientDaemon *self)
{
  g_signal_connect_object (self->peer, "notify::state", G_CALLBACK (on_state), self, 0);
  g_signal_connect_object (self->peer, "notify::channel-kind", G_CALLBACK (on_notify), self, 0);
  g_signal_connect_object (self->peer, "notify::coordinator-uri", G_CALLBACK (on_notify), self, 0);
  g_signal_connect_object (self->peer, "message", G_CALLBACK (on_message), self, 0);
  g_signal_connect_object (self->coordinator, "notify::running", G_CALLBACK (on_notify), self, 0);
  g_signal_connect_object (self->coordinator, "notify::peer-count", G_CALLBACK (on_notify), self,
                           0);
}

SentientDBusManager *
sentient_daemon_manager_new (SentientDaemon *self)
{
  SentientDBusManager *manager = sentient_dbus_manager_skeleton_new ();

  sentient_dbus_manager_set_version (manager, SENTIENT_VERSION_STRING);
  sentient_dbus_manager_set_started_at (manager, self->started_at);
  sentient_dbus_manager_set_node_id (manager, sentient_peer_get_node_id (self->peer));
  sentient_dbus_manager_set_last_error (manager, "");
  handle_calls (self, manager);
  follow_library (self);
  return manager;
}
