/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "protocol/sentient-names.h"
#include "signaling/sentient-channel.h"

SentientDaemonConfig *
sentient_daemon_config_new (void)
{
  const char *const rooms[] = { "global", NULL };
  SentientDaemonConfig *self = g_new0 (SentientDaemonConfig, 1);

  self->coordinator = TRUE;
  self->node = TRUE;
  self->host = g_strdup ("127.0.0.1");
  self->port = 8888;
  self->rooms = g_strdupv ((GStrv)rooms);
  return self;
}

void
sentient_daemon_config_free (SentientDaemonConfig *self)
{
  g_free (self->node_id);
  g_free (self->host);
  g_strfreev (self->seeds);
  g_strfreev (self->rooms);
  g_strfreev (self->limits);
  g_free (self->data_dir);
  g_free (self);
}

static void G_GNUC_PRINTF (2, 3) usage_error (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
  va_end (args);
}

static gboolean
check (SentientDaemonConfig *self, int port, GError **error)
{
  if (port < 0 || port > 65535)
    {
      usage_error (error, _ ("--port: %d will not do: give a number from 0 to 65535"), port);
      return FALSE;
    }
  if (self->node_id != NULL && !sentient_name_is_valid (self->node_id, -1))
    {
      usage_error (error, _ ("--node-id: use 1 to 128 of A-Z a-z 0-9 . _ : -"));
      return FALSE;
    }
  for (guint i = 0; self->seeds != NULL && self->seeds[i] != NULL; i++)
    {
      g_autoptr (GUri) uri = sentient_channel_parse_uri (self->seeds[i], error);

      if (uri == NULL)
        return FALSE;
    }
  self->port = (guint)port;
  return TRUE;
}

SentientDaemonConfig *
sentient_daemon_config_parse (int argc, char **argv, GError **error)
{
  g_autoptr (SentientDaemonConfig) self = sentient_daemon_config_new ();
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) rooms = NULL;
  gboolean session = FALSE, no_coordinator = FALSE, no_node = FALSE;
  g_autofree char *host = NULL;
  int port = (int)self->port;
  const GOptionEntry entries[] = {
    { "session", 0, 0, G_OPTION_ARG_NONE, &session, N_ ("Be on the session bus (default)"), NULL },
    { "system", 0, 0, G_OPTION_ARG_NONE, &self->system_bus, N_ ("Be on the system bus"), NULL },
    { "no-coordinator", 0, 0, G_OPTION_ARG_NONE, &no_coordinator,
      N_ ("Do not begin as a coordinator"), NULL },
    { "no-node", 0, 0, G_OPTION_ARG_NONE, &no_node, N_ ("Do not begin as a node"), NULL },
    { "node-id", 0, 0, G_OPTION_ARG_STRING, &self->node_id, N_ ("The name of the node"),
      N_ ("NAME") },
    { "host", 0, 0, G_OPTION_ARG_STRING, &host,
      N_ ("The address that the coordinator listens at (default 127.0.0.1)"), N_ ("ADDRESS") },
    { "port", 'p', 0, G_OPTION_ARG_INT, &port,
      N_ ("The coordinator's port; 0 takes a free one (default 8888)"), N_ ("PORT") },
    { "seed", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->seeds,
      N_ ("A coordinator that the node tries; may be given again"), N_ ("URL") },
    { "room", 0, 0, G_OPTION_ARG_STRING_ARRAY, &rooms,
      N_ ("A room that the node joins; may be given again (default global)"), N_ ("ROOM") },
    { "debug", 0, 0, G_OPTION_ARG_NONE, &self->debug, N_ ("Say everything that happens"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, N_ ("Print the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_summary (context,
                                _ ("Holds a coordinator and a node, and offers them on the bus as\n"
                                   "org.sentient.Sentient."));
  if (!g_option_context_parse (context, &argc, &argv, error))
    return NULL;
  if (argc > 1)
    {
      usage_error (error, _ ("there is nothing to do with \"%s\""), argv[1]);
      return NULL;
    }
  if (session && self->system_bus)
    {
      usage_error (error, _ ("--session and --system: give one of them"));
      return NULL;
    }
  self->coordinator = !no_coordinator;
  self->node = !no_node;
  if (host != NULL)
    {
      g_free (self->host);
      self->host = g_steal_pointer (&host);
    }
  if (rooms != NULL)
    {
      g_strfreev (self->rooms);
      self->rooms = g_steal_pointer (&rooms);
    }
  return check (self, port, error) ? g_steal_pointer (&self) : NULL;
}
