/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-private.h"

#define ROOMS_MAX 1024
#define MEMBERS_MAX 4096 /* of all rooms together */

enum
{
  SIGNAL_QUIT,
  SIGNAL_LOST,
  SIGNAL_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SentientDaemon, sentient_daemon, G_TYPE_OBJECT)

static void
sentient_daemon_dispose (GObject *object)
{
  SentientDaemon *self = SENTIENT_DAEMON (object);

  sentient_daemon_node_clear (self);
  sentient_daemon_leave_bus (self);
  if (self->coordinator != NULL)
    sentient_coordinator_set_metrics_func (self->coordinator, NULL, NULL, NULL);
  g_clear_object (&self->statistics);
  g_clear_object (&self->peer);
  g_clear_object (&self->coordinator);

  G_OBJECT_CLASS (sentient_daemon_parent_class)->dispose (object);
}

static void
sentient_daemon_finalize (GObject *object)
{
  SentientDaemon *self = SENTIENT_DAEMON (object);

  g_ptr_array_unref (self->stopping);
  g_strfreev (self->rooms_wanted);
  g_clear_error (&self->problem);
  g_clear_object (&self->network_report);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (sentient_daemon_parent_class)->finalize (object);
}

static void
sentient_daemon_class_init (SentientDaemonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sentient_daemon_dispose;
  object_class->finalize = sentient_daemon_finalize;

  signals[SIGNAL_QUIT] = g_signal_new ("quit", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_LOST] = g_signal_new ("lost", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  signals[SIGNAL_FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
sentient_daemon_init (SentientDaemon *self)
{
  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
  self->max_rooms = ROOMS_MAX;
  self->max_members = MEMBERS_MAX;
}

static void
on_peer_error (SentientPeer *peer, const GError *error, gpointer user_data)
{
  sentient_daemon_fail (user_data, error);
}

/* What the node counts stands beside what the coordinator counts, also while the node has another
 * coordinator. */
static char *
tell_metrics (SentientCoordinator *coordinator, gpointer statistics)
{
  return sentient_peer_statistics_to_metrics (statistics);
}

static void
on_setting_changed (SentientSettings *settings, const char *name, gpointer user_data)
{
  sentient_daemon_setting_changed (user_data, name);
}

static void
on_setting_error (SentientSettings *settings, const GError *error, gpointer user_data)
{
  sentient_daemon_fail (user_data, error);
}

SentientDaemon *
sentient_daemon_new (SentientSettings *settings, gboolean system_bus)
{
  SentientDaemon *self = g_object_new (SENTIENT_TYPE_DAEMON, NULL);
  g_autofree char *node_id = sentient_daemon_choose_node_id (settings, &self->problem);
  g_autoptr (GError) error = NULL;

  self->settings = g_object_ref (settings);
  self->system_bus = system_bus;
  self->started_at = g_get_real_time () / 1000;
  self->rooms_wanted = g_strdupv ((GStrv)sentient_settings_get_strv (settings, "rooms"));
  self->peer = sentient_peer_new (node_id);
  if (!sentient_peer_use_session_file (self->peer, NULL, &error))
    g_debug ("%s", error->message);
  self->statistics = sentient_peer_statistics_new (self->peer);
  self->coordinator = g_object_new (SENTIENT_TYPE_COORDINATOR, "node-id", node_id, NULL);
  sentient_coordinator_set_metrics_func (self->coordinator, tell_metrics,
                                         g_object_ref (self->statistics), g_object_unref);
  g_signal_connect_object (self->peer, "error", G_CALLBACK (on_peer_error), self, 0);
  g_signal_connect_object (settings, "changed", G_CALLBACK (on_setting_changed), self, 0);
  g_signal_connect_object (settings, "error", G_CALLBACK (on_setting_error), self, 0);
  sentient_settings_configure_coordinator (settings, self->coordinator, NULL);
  sentient_daemon_configure_peer (self);
  return self;
}

void
sentient_daemon_set_bounds (SentientDaemon *self, guint max_rooms, guint max_members)
{
  g_return_if_fail (SENTIENT_IS_DAEMON (self));

  self->max_rooms = max_rooms;
  self->max_members = max_members;
}

gboolean
sentient_daemon_add_socket (SentientDaemon *self, int fd, GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_DAEMON (self), FALSE);

  return sentient_coordinator_add_socket (self->coordinator, fd, error);
}

SentientCoordinator *
sentient_daemon_get_coordinator (SentientDaemon *self)
{
  g_return_val_if_fail (SENTIENT_IS_DAEMON (self), NULL);

  return self->coordinator;
}

SentientPeer *
sentient_daemon_get_peer (SentientDaemon *self)
{
  g_return_val_if_fail (SENTIENT_IS_DAEMON (self), NULL);

  return self->peer;
}

void
sentient_daemon_fail (SentientDaemon *self, const GError *error)
{
  if (self->manager != NULL)
    {
      g_autofree char *name = g_dbus_error_encode_gerror (error);

      sentient_dbus_manager_set_last_error (self->manager, error->message);
      sentient_dbus_manager_emit_failed (self->manager, name, error->message);
    }
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
}

void
sentient_daemon_emit_quit (SentientDaemon *self)
{
  g_signal_emit (self, signals[SIGNAL_QUIT], 0);
}

void
sentient_daemon_emit_lost (SentientDaemon *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_LOST], 0, error);
}

/* Start */

gboolean
sentient_daemon_start_coordinator (SentientDaemon *self, GError **error)
{
  if (sentient_coordinator_get_running (self->coordinator))
    return TRUE;
  sentient_settings_configure_coordinator (self->settings, self->coordinator, NULL);
  if (!sentient_coordinator_start (self->coordinator, error))
    return FALSE;
  sentient_settings_mark_in_force (self->settings, "coordinator");
  sentient_daemon_node_coordinator_started (self);
  return TRUE;
}

void
sentient_daemon_named (SentientDaemon *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->starting);
  g_autoptr (GError) problem = error;

  if (problem == NULL && self->is_stopping)
    problem = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                                   "it was told to stop meanwhile");
  if (problem == NULL && sentient_settings_get_boolean (self->settings, "coordinator")
      && !sentient_daemon_start_coordinator (self, &problem) && !self->system_bus)
    {
      /* Somebody at a desktop can be told, and can change it. */
      sentient_daemon_fail (self, problem);
      g_clear_error (&problem);
    }
  if (problem != NULL)
    {
      sentient_daemon_leave_bus (self);
      g_task_return_error (task, g_steal_pointer (&problem));
      return;
    }
  if (self->problem != NULL)
    sentient_daemon_fail (self, self->problem);
  sentient_daemon_check_accept_files (self);
  if (sentient_settings_get_boolean (self->settings, "node"))
    sentient_daemon_node_start (self);
  g_task_return_boolean (task, TRUE);
}

void
sentient_daemon_start_async (SentientDaemon *self,
                             GDBusConnection *bus,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (SENTIENT_IS_DAEMON (self));
  g_return_if_fail (G_IS_DBUS_CONNECTION (bus));
  g_return_if_fail (self->bus == NULL);

  self->starting = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->starting, sentient_daemon_start_async);
  sentient_daemon_enter_bus (self, bus);
}

gboolean
sentient_daemon_start_finish (SentientDaemon *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Stop */

static void
stopped (SentientDaemon *self, const GError *error)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->stopping);
  g_autoptr (GTask) starting = g_steal_pointer (&self->starting);

  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
  sentient_daemon_leave_bus (self);
  if (starting != NULL)
    g_task_return_new_error (starting, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                             "it was told to stop meanwhile");
  for (guint i = 0; i < tasks->len; i++)
    {
      if (error != NULL)
        g_task_return_error (tasks->pdata[i], g_error_copy (error));
      else
        g_task_return_boolean (tasks->pdata[i], TRUE);
    }
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientDaemon) self = user_data;

  /* What cannot be told to a bus that is gone is of no interest. */
  g_dbus_connection_flush_finish (G_DBUS_CONNECTION (source), result, NULL);
  stopped (self, NULL);
}

static void
on_coordinator_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientDaemon) self = user_data;
  g_autoptr (GError) error = NULL;

  if (source != NULL
      && !sentient_coordinator_stop_finish (SENTIENT_COORDINATOR (source), result, &error)
      && !g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED))
    stopped (self, error);
  else if (self->bus != NULL)
    g_dbus_connection_flush (self->bus, NULL, on_flushed, g_object_ref (self));
  else
    stopped (self, NULL);
}

static void
on_node_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemon *self = user_data; /* given on */

  sentient_peer_close_finish (SENTIENT_PEER (source), result, NULL);
  if (sentient_coordinator_get_running (self->coordinator))
    sentient_coordinator_stop_async (self->coordinator, NULL, on_coordinator_stopped, self);
  else
    on_coordinator_stopped (NULL, NULL, self);
}

void
sentient_daemon_stop_async (SentientDaemon *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (SENTIENT_IS_DAEMON (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, sentient_daemon_stop_async);
  g_ptr_array_add (self->stopping, task);
  if (self->stopping->len > 1)
    return;
  self->is_stopping = TRUE;
  if (self->diagnosing != NULL)
    g_cancellable_cancel (self->diagnosing);
  sentient_daemon_node_stop (self, on_node_stopped, g_object_ref (self));
}

gboolean
sentient_daemon_stop_finish (SentientDaemon *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
