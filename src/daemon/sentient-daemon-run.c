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

#include "core/sentient-error.h"
#include "core/sentient-version.h"
#include "daemon/sentient-daemon-options.h"
#include "daemon/sentient-daemon.h"
#include "signaling/sentient-listener.h"

#define STOP_MS 10000 /* and the drain-time: it ends without waiting longer */

typedef struct
{
  SentientDaemonOptions options;
  GMainLoop *loop;
  SentientDaemon *daemon; /* NULL: not yet */
  GCancellable *connecting;
  guint signal_ids[3];
  guint watchdog_id;
  guint deadline_id;
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

static gboolean
on_deadline (gpointer user_data)
{
  Run *run = user_data;

  run->deadline_id = 0;
  complain (_ ("stopping took too long: ended without waiting longer"));
  run->status = SENTIENT_DAEMON_EXIT_FAILED;
  g_main_loop_quit (run->loop);
  return G_SOURCE_REMOVE;
}

static void
stop (Run *run, int status)
{
  guint within_ms = STOP_MS + sentient_settings_get_uint (run->options.settings, "drain-time");

  if (run->is_stopping)
    return;
  run->is_stopping = TRUE;
  run->status = status;
  sd_notifyf (0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT, (guint64)within_ms * 1000);
  run->deadline_id = g_timeout_add (within_ms, on_deadline, run);
  g_source_set_name_by_id (run->deadline_id, "sentientd-deadline");
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

static gboolean
on_hangup (gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) restart_needed = NULL;

  if (run->daemon == NULL || run->is_stopping)
    return G_SOURCE_CONTINUE;
  sd_notifyf (0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());
  restart_needed = sentient_daemon_reload (run->daemon, &error);
  if (restart_needed == NULL)
    complain (_ ("the settings stay as they are: %s"), error->message);
  else if (restart_needed[0] != NULL)
    {
      g_autofree char *names = g_strjoinv (", ", restart_needed);

      complain (_ ("these settings take effect with the next start: %s"), names);
    }
  sd_notify (0, "READY=1");
  return G_SOURCE_CONTINUE;
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

static gboolean
on_watchdog (gpointer user_data)
{
  sd_notify (0, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

/* From now on the main loop shows that it turns, if the unit has a WatchdogSec=: twice as often as
 * it must, as sd_watchdog_enabled(3) recommends. */
static void
tell_ready (Run *run)
{
  guint64 usec = 0;

  if (sd_watchdog_enabled (0, &usec) > 0)
    {
      run->watchdog_id = g_timeout_add ((guint)MAX (usec / 2000, 1), on_watchdog, NULL);
      g_source_set_name_by_id (run->watchdog_id, "sentientd-watchdog");
    }
  sd_notify (0, "READY=1");
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_daemon_start_finish (SENTIENT_DAEMON (source), result, &error))
    {
      tell_ready (run);
      return;
    }
  if (run->is_stopping)
    return;
  complain ("%s", error->message);
  stop (run, SENTIENT_DAEMON_EXIT_FAILED);
}

/* systemd may have opened the port already (sd_listen_fds(3)), and keeps it while we restart. */
static gboolean
take_sockets (Run *run)
{
  int n = sd_listen_fds (1);

  for (int i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;

      if (sentient_daemon_add_socket (run->daemon, SD_LISTEN_FDS_START + i, &error))
        continue;
      complain ("%s", error->message);
      stop (run, SENTIENT_DAEMON_EXIT_FAILED);
      return FALSE;
    }
  return TRUE;
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
      if (run->options.system_bus)
        complain (_ ("the system bus cannot be reached: %s"), error->message);
      else
        complain (_ ("the session bus cannot be reached: %s. Start sentientd in a desktop session "
                     "or by dbus-run-session, or use --system"),
                  error->message);
      stop (run, SENTIENT_DAEMON_EXIT_FAILED);
      return;
    }
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  run->daemon = sentient_daemon_new (run->options.settings, run->options.system_bus);
  g_signal_connect (run->daemon, "quit", G_CALLBACK (on_quit), run);
  g_signal_connect (run->daemon, "lost", G_CALLBACK (on_lost), run);
  g_signal_connect (run->daemon, "failed", G_CALLBACK (on_failed), run);
  if (take_sockets (run))
    sentient_daemon_start_async (run->daemon, bus, on_started, run);
}

static int
run_loop (Run *run)
{
  run->loop = g_main_loop_new (NULL, FALSE);
  run->connecting = g_cancellable_new ();
  run->signal_ids[0] = g_unix_signal_add (SIGINT, on_interrupt, run);
  run->signal_ids[1] = g_unix_signal_add (SIGTERM, on_terminate, run);
  run->signal_ids[2] = g_unix_signal_add (SIGHUP, on_hangup, run);
  g_bus_get (run->options.system_bus ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION, run->connecting,
             on_bus, run);
  g_main_loop_run (run->loop);

  for (guint i = 0; i < G_N_ELEMENTS (run->signal_ids); i++)
    g_clear_handle_id (&run->signal_ids[i], g_source_remove);
  g_clear_handle_id (&run->watchdog_id, g_source_remove);
  g_clear_handle_id (&run->deadline_id, g_source_remove);
  if (run->daemon != NULL)
    g_signal_handlers_disconnect_by_data (run->daemon, run);
  g_clear_object (&run->daemon);
  g_clear_object (&run->connecting);
  g_clear_pointer (&run->loop, g_main_loop_unref);
  return run->status;
}

/* Where it keeps its name and the sessions of the coordinator, if no setting says so. */
static void
set_defaults (SentientSettings *settings)
{
  const char *given = g_getenv ("STATE_DIRECTORY"); /* by systemd.exec(5) */
  g_autofree char *dir = given != NULL
                             ? g_strdup (given)
                             : g_build_filename (g_get_user_state_dir (), "sentient", NULL);

  sentient_settings_set_default (settings, "data", dir);
}

static int
fail_with (const GError *error, int status)
{
  complain ("%s", error->message);
  if (error->domain == G_OPTION_ERROR)
    fprintf (stderr, "%s\n", _ ("See sentientd --help."));
  return status;
}

static int
load_and_run (Run *run, int argc, char **argv)
{
  SentientDaemonOptions *options = &run->options;
  g_autoptr (GError) error = NULL;

  if (!sentient_daemon_options_parse (options, argc, argv, &error))
    return fail_with (error, SENTIENT_DAEMON_EXIT_USAGE);
  if (options->version)
    {
      printf ("sentientd %s\n", SENTIENT_VERSION_STRING);
      return SENTIENT_DAEMON_EXIT_OK;
    }
  set_defaults (options->settings);
  if (!sentient_settings_load (options->settings, options->file, !options->system_bus, &error))
    return fail_with (error, error->domain == SENTIENT_ERROR ? SENTIENT_DAEMON_EXIT_USAGE
                                                             : SENTIENT_DAEMON_EXIT_FAILED);
  g_log_set_debug_enabled (sentient_settings_get_boolean (options->settings, "debug"));
  return run_loop (run);
}

/* "debug" is about our own steps; those of GLib and libsoup are for G_MESSAGES_DEBUG to ask for. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const char *domain = "";

  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
      domain = fields[i].value;
  if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) != 0 && g_log_get_debug_enabled ()
      && g_getenv ("G_MESSAGES_DEBUG") == NULL && g_ascii_strncasecmp (domain, "sentient", 8) != 0)
    return G_LOG_WRITER_HANDLED;
  return g_log_writer_default (level, fields, n_fields, user_data);
}

int
sentient_daemon_run (int argc, char **argv)
{
  Run run = { 0 };
  int status;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, SENTIENT_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("sentientd");
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (write_log, NULL, NULL);

  sentient_listener_raise_fd_limit ();
  status = load_and_run (&run, argc, argv);
  sentient_daemon_options_clear (&run.options);
  return status;
}
