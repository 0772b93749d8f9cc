/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program around a daemon: options, bus, signals, systemd. */

#include "daemon/sentient-daemon-run.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "core/sentient-version.h"
#include "daemon/sentient-daemon.h"

#define DEBUG_DOMAINS                                                                              \
  "sentientd Sentient-core Sentient-protocol Sentient-model Sentient-signaling Sentient-webrtc "   \
  "Sentient-coordinator Sentient-peer"

typedef struct
{
  SentientDaemonConfig *config; /* until there is a daemon */
  gboolean system_bus;
  GMainLoop *loop;
  SentientDaemon *daemon; /* NULL: not yet */
  GCancellable *connecting;
  guint signal_ids[2];
  gboolean is_stopping;
  int status;
} Run;

static void G_GNUC_PRINTF (1, 2) complain (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  fprintf (stderr, "sentientd: %s\n", text);
}

/* The end */

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_daemon_stop_finish (SENTIENT_DAEMON (source), result, &error))
    {
      complain (_ ("stopping: %s"), error->message);
      run->status = SENTIENT_DAEMON_EXIT_FAILED;
    }
  g_main_loop_quit (run->loop);
}

static void
stop (Run *run, int status)
{
  if (run->is_stopping)
    return;
  run->is_stopping = TRUE;
  run->status = status;
  sd_notify (0, "STOPPING=1");
  g_cancellable_cancel (run->connecting);
  if (run->daemon != NULL)
    sentient_daemon_stop_async (run->daemon, on_stopped, run);
  else
    g_main_loop_quit (run->loop);
}

static gboolean
on_signal (Run *run, int number)
{
  if (!run->is_stopping)
    {
      stop (run, SENTIENT_DAEMON_EXIT_OK);
      return G_SOURCE_CONTINUE;
    }
  signal (number, SIG_DFL); /* a second one ends it at once */
  raise (number);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer user_data)
{
  return on_signal (user_data, SIGINT);
}

static gboolean
on_terminate (gpointer user_data)
{
  return on_signal (user_data, SIGTERM);
}

static void
on_quit (SentientDaemon *daemon, gpointer user_data)
{
  stop (user_data, SENTIENT_DAEMON_EXIT_OK);
}

static void
on_lost (SentientDaemon *daemon, const GError *error, gpointer user_data)
{
  complain (_ ("%s: ending"), error->message);
  stop (user_data, SENTIENT_DAEMON_EXIT_FAILED);
}

static void
on_failed (SentientDaemon *daemon, const GError *error, gpointer user_data)
{
  complain ("%s", error->message);
}

/* The start */

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_daemon_start_finish (SENTIENT_DAEMON (source), result, &error))
    {
      sd_notify (0, "READY=1");
      return;
    }
  if (run->is_stopping)
    return;
  complain ("%s", error->message);
  stop (run, SENTIENT_DAEMON_EXIT_FAILED);
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (run->is_stopping)
    return;
  if (bus == NULL)
    {
      if (run->system_bus)
        complain (_ ("the system bus cannot be reached: %s"), error->message);
      else
        complain (_ ("the session bus cannot be reached: %s. Start sentientd in a desktop session "
                     "or by dbus-run-session, or use --system"),
                  error->message);
      stop (run, SENTIENT_DAEMON_EXIT_FAILED);
      return;
    }
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  run->daemon = sentient_daemon_new (g_steal_pointer (&run->config));
  g_signal_connect (run->daemon, "quit", G_CALLBACK (on_quit), run);
  g_signal_connect (run->daemon, "lost", G_CALLBACK (on_lost), run);
  g_signal_connect (run->daemon, "failed", G_CALLBACK (on_failed), run);
  sentient_daemon_start_async (run->daemon, bus, on_started, run);
}

static int
run_loop (Run *run)
{
  run->loop = g_main_loop_new (NULL, FALSE);
  run->connecting = g_cancellable_new ();
  run->signal_ids[0] = g_unix_signal_add (SIGINT, on_interrupt, run);
  run->signal_ids[1] = g_unix_signal_add (SIGTERM, on_terminate, run);
  run->system_bus = run->config->system_bus;
  g_bus_get (run->system_bus ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION, run->connecting, on_bus,
             run);
  g_main_loop_run (run->loop);

  for (guint i = 0; i < G_N_ELEMENTS (run->signal_ids); i++)
    g_clear_handle_id (&run->signal_ids[i], g_source_remove);
  if (run->daemon != NULL)
    g_signal_handlers_disconnect_by_data (run->daemon, run);
  g_clear_object (&run->daemon);
  g_clear_object (&run->connecting);
  g_clear_pointer (&run->config, sentient_daemon_config_free);
  g_clear_pointer (&run->loop, g_main_loop_unref);
  return run->status;
}

static void
switch_debug_on (void)
{
  const char *old = g_getenv ("G_MESSAGES_DEBUG");
  g_autofree char *domains
      = old == NULL ? g_strdup (DEBUG_DOMAINS) : g_strconcat (old, " " DEBUG_DOMAINS, NULL);

  g_setenv ("G_MESSAGES_DEBUG", domains, TRUE);
}

int
sentient_daemon_run (int argc, char **argv)
{
  Run run = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, SENTIENT_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("sentientd");
  g_log_writer_default_set_use_stderr (TRUE);

  run.config = sentient_daemon_config_parse (argc, argv, &error);
  if (run.config == NULL)
    {
      complain ("%s", error->message);
      fprintf (stderr, "%s\n", _ ("See sentientd --help."));
      return SENTIENT_DAEMON_EXIT_USAGE;
    }
  if (run.config->version)
    {
      printf ("sentientd %s\n", SENTIENT_VERSION_STRING);
      sentient_daemon_config_free (run.config);
      return SENTIENT_DAEMON_EXIT_OK;
    }
  if (run.config->debug)
    switch_debug_on ();
  return run_loop (&run);
}
