/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the settings mean to the daemon, at its start and when they change. */

#include "daemon/sentient-daemon-private.h"
#include "protocol/sentient-names.h"

char *
sentient_daemon_choose_node_id (SentientSettings *settings, GError **error)
{
  const char *name = sentient_settings_get_string (settings, "node-id");
  const char *dir = sentient_settings_get_string (settings, "data");
  g_autoptr (GError) local = NULL;
  char *loaded = NULL;

  if (name != NULL)
    return g_strdup (name);
  if (dir == NULL)
    return sentient_name_new_random ();
  loaded = sentient_settings_keep_node_id (dir, NULL, &local);
  if (loaded != NULL)
    return loaded;
  /* A home that cannot be written to is no reason to do nothing. */
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED,
               "the node's name cannot be kept, so it has another one each time: %s. Make the "
               "directory writable, or set data or node-id",
               local->message);
  return sentient_name_new_random ();
}

void
sentient_daemon_configure_peer (SentientDaemon *self)
{
  SentientSettings *settings = self->settings;

  g_object_set (self->peer, "auto-connect", sentient_settings_get_boolean (settings, "auto-webrtc"),
                "stun-servers", sentient_settings_get_strv (settings, "stun"), "turn-servers",
                sentient_settings_get_strv (settings, "turn"), "relay-only",
                sentient_settings_get_boolean (settings, "relay-only"), "candidate-filter",
                sentient_settings_get_strv (settings, "candidate-filter"), NULL);
  sentient_settings_configure_mesh (settings, G_OBJECT (self->peer));
}

void
sentient_daemon_setting_changed (SentientDaemon *self, const char *name)
{
  const char *const names[] = { name, NULL };

  sentient_settings_configure_coordinator (self->settings, self->coordinator, names);
  sentient_daemon_configure_peer (self);
  if (g_str_equal (name, "debug"))
    g_log_set_debug_enabled (sentient_settings_get_boolean (self->settings, name));
  else if (g_str_equal (name, "accept-files"))
    sentient_daemon_check_accept_files (self);
  else if (g_str_equal (name, "rooms"))
    sentient_daemon_node_rooms_changed (self);
  else if (g_str_equal (name, "seeds"))
    {
      g_object_set (self->coordinator, "seeds", sentient_settings_get_strv (self->settings, name),
                    NULL);
      sentient_daemon_node_seeds_changed (self);
    }
  sentient_daemon_manager_update (self);
}

/* The table does not know what a daemon can do while it runs. */
static gboolean
is_in_force (SentientDaemon *self, const char *name)
{
  if (g_str_equal (name, "rooms") || g_str_equal (name, "seeds"))
    return TRUE;
  if (g_str_equal (name, "stun") || g_str_equal (name, "turn"))
    return !sentient_coordinator_get_running (self->coordinator);
  return FALSE;
}

GStrv
sentient_daemon_reload (SentientDaemon *self, GError **error)
{
  g_auto (GStrv) restart_needed = NULL;
  g_autoptr (GStrvBuilder) rest = g_strv_builder_new ();

  g_return_val_if_fail (SENTIENT_IS_DAEMON (self), NULL);

  if (!sentient_settings_reload (self->settings, NULL, &restart_needed, error))
    return NULL;
  for (guint i = 0; restart_needed[i] != NULL; i++)
    if (!is_in_force (self, restart_needed[i]))
      g_strv_builder_add (rest, restart_needed[i]);
  return g_strv_builder_end (rest);
}
