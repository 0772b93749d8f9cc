/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-words.h"

#include <glib/gi18n.h>

SentientAppletState
sentient_applet_get_state (SentientClient *client)
{
  SentientDBusManager *manager = sentient_client_get_manager (client);
  const char *state;

  if (manager == NULL)
    return SENTIENT_APPLET_STATE_AWAY;

  state = sentient_dbus_manager_get_node_state (manager);
  if (g_strcmp0 (state, "connected") == 0)
    return SENTIENT_APPLET_STATE_ON;
  if (g_strcmp0 (state, "connecting") == 0 || g_strcmp0 (state, "reconnecting") == 0)
    return SENTIENT_APPLET_STATE_TRYING;
  return sentient_dbus_manager_get_coordinator_running (manager) ? SENTIENT_APPLET_STATE_ON
                                                                 : SENTIENT_APPLET_STATE_OFF;
}

char *
sentient_applet_describe_state (SentientClient *client)
{
  SentientDBusManager *manager = sentient_client_get_manager (client);
  const char *state;
  const char *uri;

  if (manager == NULL)
    return g_strdup (_ ("Sentient does not run"));

  state = sentient_dbus_manager_get_node_state (manager);
  uri = sentient_dbus_manager_get_coordinator_uri (manager);
  if (g_strcmp0 (state, "connected") == 0)
    return g_strdup_printf (_ ("Connected to %s"), uri);
  if (g_strcmp0 (state, "reconnecting") == 0)
    return g_strdup (_ ("Connecting again…"));
  if (g_strcmp0 (state, "connecting") == 0)
    return g_strdup (_ ("Connecting…"));
  if (sentient_dbus_manager_get_coordinator_running (manager))
    return g_strdup_printf (_ ("Coordinator at %s"),
                            sentient_dbus_manager_get_coordinator_url (manager));
  return g_strdup (_ ("Stopped"));
}

char *
sentient_applet_describe_node (SentientClient *client)
{
  SentientDBusManager *manager = sentient_client_get_manager (client);
  const char *node_id = manager != NULL ? sentient_dbus_manager_get_node_id (manager) : NULL;

  if (node_id == NULL || *node_id == '\0')
    return g_strdup (_ ("Sentient"));
  return g_strdup (node_id);
}

const char *
sentient_applet_describe_connection (const char *state)
{
  if (state == NULL)
    return _ ("not connected");
  if (g_str_equal (state, "connected"))
    return _ ("connected");
  if (g_str_equal (state, "reconnecting"))
    return _ ("connecting again…");
  if (g_str_equal (state, "closed"))
    return _ ("closed");
  if (g_str_equal (state, "failed"))
    return _ ("connecting failed");
  return _ ("connecting…");
}

char *
sentient_applet_describe_way (SentientDBusConnection *connection)
{
  const char *state = connection != NULL ? sentient_dbus_connection_get_state (connection) : NULL;
  const char *near
      = connection != NULL ? sentient_dbus_connection_get_candidate_type (connection) : NULL;
  const char *far
      = connection != NULL ? sentient_dbus_connection_get_remote_candidate_type (connection) : NULL;
  g_autoptr (GString) text = NULL;

  if (g_strcmp0 (state, "connected") != 0 || near == NULL || *near == '\0' || far == NULL)
    return g_strdup (sentient_applet_describe_connection (state));

  text = g_string_new (sentient_dbus_connection_get_relayed (connection) ? _ ("relayed")
                                                                         : _ ("direct"));
  if (g_str_equal (near, far))
    g_string_append_printf (text, " · %s", near);
  else
    g_string_append_printf (text, " · %s ↔ %s", near, far);
  if (sentient_dbus_connection_get_round_trip_time (connection) >= 0)
    {
      g_string_append (text, " · ");
      g_string_append_printf (text, _ ("%d ms"),
                              (int)sentient_dbus_connection_get_round_trip_time (connection));
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

const char *
sentient_applet_describe_channel (const char *channel)
{
  if (g_strcmp0 (channel, "websocket") == 0)
    return _ ("by WebSocket");
  if (g_strcmp0 (channel, "long-poll") == 0)
    return _ ("by HTTP long poll");
  return "";
}

char *
sentient_applet_describe_traffic (guint64 sent, guint64 received)
{
  g_autofree char *out = g_strdup_printf ("%" G_GUINT64_FORMAT, sent);
  g_autofree char *in = g_strdup_printf ("%" G_GUINT64_FORMAT, received);

  return g_strdup_printf (_ ("%s sent, %s received"), out, in);
}

char *
sentient_applet_describe_time (gint64 ms)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (ms / 1000);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  if (time == NULL)
    return g_strdup ("");
  if (g_date_time_get_year (time) == g_date_time_get_year (now)
      && g_date_time_get_day_of_year (time) == g_date_time_get_day_of_year (now))
    return g_date_time_format (time, "%H:%M");
  return g_date_time_format (time, "%x %H:%M");
}
