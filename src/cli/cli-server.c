/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "cli-output.h"
#include "cli-run.h"
#include "cli-seeds.h"
#include "cli-systemd.h"
#include "coordinator/sentient-coordinator.h"
#include "signaling/sentient-listener.h"

typedef struct
{
  CliRun run;
  SentientCoordinator *coordinator;
  CliSeeds *seeds; /* NULL: it has none */
  CliSystemd systemd;
  gboolean activated; /* the sockets are systemd's */
  SentientSettings *settings;
  guint hangup_id;
  gboolean had_terminal;
} CliServer;

static void
on_peer_joined (SentientCoordinator *coordinator,
                SentientRoom *room,
                SentientMember *member,
                gpointer user_data)
{
  CliServer *self = user_data;

  if (!self->run.stopping)
    cli_say (CLI_GOOD, _ ("%s joined the room \"%s\" (%u there now)"),
             sentient_member_get_node_id (member), sentient_room_get_name (room),
             sentient_room_get_n_members (room));
}

static void
on_peer_left (SentientCoordinator *coordinator,
              SentientRoom *room,
              SentientMember *member,
              SentientLeaveReason reason,
              gpointer user_data)
{
  CliServer *self = user_data;
  const char *why = "";

  /* At the end everybody leaves. */
  if (self->run.stopping)
    return;

  switch (reason)
    {
    case SENTIENT_LEAVE_REASON_LEFT:
      break;
    case SENTIENT_LEAVE_REASON_TIMEOUT:
      why = _ (": it was lost and did not come back");
      break;
    case SENTIENT_LEAVE_REASON_REPLACED:
      why = _ (": a new session took its name");
      break;
    default:
      g_assert_not_reached ();
    }
  cli_say (CLI_NOTE, _ ("%s left the room \"%s\" (%u there now)%s"),
           sentient_member_get_node_id (member), sentient_room_get_name (room),
           sentient_room_get_n_members (room), why);
}

static void
on_room_added (SentientCoordinator *coordinator, SentientRoom *room, gpointer user_data)
{
  CliServer *self = user_data;

  if (!self->run.stopping)
    cli_say (CLI_NOTE, _ ("the room \"%s\" came into being"), sentient_room_get_name (room));
}

static void
on_room_removed (SentientCoordinator *coordinator, SentientRoom *room, gpointer user_data)
{
  CliServer *self = user_data;

  if (!self->run.stopping)
    cli_say (CLI_NOTE, _ ("the room \"%s\" is empty and gone"), sentient_room_get_name (room));
}

static void
say_url (const char *address, gboolean is_v6, guint port, const char *who)
{
  g_autofree char *url = g_strdup_printf (is_v6 ? "http://[%s]:%u" : "http://%s:%u", address, port);

  cli_say (CLI_GOOD, _ ("Listening on %-28s %s"), url, who);
}

static void
say_interface (struct ifaddrs *interface, gboolean with_v6, guint port)
{
  char text[INET6_ADDRSTRLEN];
  const struct sockaddr *address = interface->ifa_addr;
  gboolean is_loopback = (interface->ifa_flags & IFF_LOOPBACK) != 0;
  const char *who = is_loopback ? _ ("(from this machine)") : _ ("(from the network)");

  if (address == NULL || (interface->ifa_flags & IFF_UP) == 0)
    return;
  if (address->sa_family == AF_INET)
    {
      inet_ntop (AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
      say_url (text, FALSE, port, who);
    }
  else if (address->sa_family == AF_INET6 && with_v6)
    {
      const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;

      if (IN6_IS_ADDR_LINKLOCAL (v6))
        return;
      inet_ntop (AF_INET6, v6, text, sizeof text);
      say_url (text, TRUE, port, who);
    }
}

static void
say_who_can_reach_it (CliServer *self, const char *host, const char *public_url)
{
  guint port = sentient_coordinator_get_port (self->coordinator);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  gboolean is_any = address != NULL && g_inet_address_get_is_any (address);
  gboolean is_v6 = address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6;
  gboolean is_local = cli_host_is_loopback (host);
  struct ifaddrs *interfaces = NULL;

  if (!is_any)
    say_url (host, is_v6, port, is_local ? _ ("(from this machine)") : _ ("(from the network)"));
  else if (getifaddrs (&interfaces) == 0)
    {
      for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
        say_interface (i, is_v6, port);
      freeifaddrs (interfaces);
    }

  if (public_url != NULL)
    cli_say (CLI_PLAIN, _ ("Clients are told to call it %s."), public_url);
  if (is_local)
    cli_say (CLI_PLAIN, _ ("Only programs on this machine can reach it."));
  else
    cli_say (CLI_WARN,
             _ ("Careful: everybody who can reach this machine at port %u can use this "
                "coordinator. With --host 127.0.0.1 only this machine can."),
             port);
  cli_say (CLI_PLAIN,
           _ ("Nodes join it with: sentient --seed URL (one of the above). Ctrl-C stops it."));
}

static void
say_activated (CliServer *self)
{
  g_autofree char *url = sentient_coordinator_dup_url (self->coordinator);

  cli_say (
      CLI_GOOD,
      _ ("Listening on %s by sockets that systemd passed on: its unit says who can reach them."),
      url);
}

static gboolean
configure (CliServer *self, CliOptions *options, GError **error)
{
  const char *static_dir = sentient_settings_get_string (self->settings, "static");
  g_autofree char *node_id = NULL;

  if (static_dir != NULL && !g_file_test (static_dir, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("static: there is no directory %s"),
                   static_dir);
      return FALSE;
    }
  node_id = cli_options_choose_node_id (options, error);
  if (node_id == NULL)
    return FALSE;

  self->coordinator = g_object_new (SENTIENT_TYPE_COORDINATOR, "node-id", node_id, NULL);
  sentient_settings_configure_coordinator (self->settings, self->coordinator, NULL);

  g_signal_connect (self->coordinator, "peer-joined", G_CALLBACK (on_peer_joined), self);
  g_signal_connect (self->coordinator, "peer-left", G_CALLBACK (on_peer_left), self);
  g_signal_connect (self->coordinator, "room-added", G_CALLBACK (on_room_added), self);
  g_signal_connect (self->coordinator, "room-removed", G_CALLBACK (on_room_removed), self);
  return TRUE;
}

static void
on_coordinator_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  CliServer *self = user_data;

  if (!sentient_coordinator_stop_finish (SENTIENT_COORDINATOR (source), result, &error))
    {
      cli_complain (_ ("stopping: %s"), error->message);
      self->run.status = CLI_EXIT_FAILED;
    }
  cli_run_finished (&self->run);
}

static void
on_seeds_closed (gpointer seeds, gpointer user_data)
{
  CliServer *self = user_data;

  sentient_coordinator_stop_async (self->coordinator, NULL, on_coordinator_stopped, self);
}

static void
stop (gpointer user_data)
{
  CliServer *self = user_data;

  cli_systemd_stopping (&self->systemd, CLI_STOP_MS + self->run.patience_ms);
  if (self->seeds != NULL)
    cli_seeds_close (self->seeds, on_seeds_closed, self);
  else
    on_seeds_closed (NULL, self);
}

/* systemd may have opened the port already (sd_listen_fds(3)), and keeps it while we restart. */
static gboolean
take_sockets (CliServer *self, CliOptions *options, GError **error)
{
  int n = sd_listen_fds (1);

  for (int i = 0; i < n; i++)
    {
      int fd = SD_LISTEN_FDS_START + i;

      if (!sentient_coordinator_add_socket (self->coordinator, fd, error))
        return FALSE;
      if (options->no_limits && !sentient_listener_fd_is_loopback (fd))
        {
          g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                               _ ("--no-limits is for coordinators on a loopback address only, and "
                                  "systemd passed on a socket that others reach"));
          return FALSE;
        }
    }
  self->activated = n > 0;
  return TRUE;
}

/* With nohup it does not matter whether the terminal is there. */
static gboolean
cares_for_hangup (void)
{
  struct sigaction action;

  return sigaction (SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

static void
tell_systemd (CliServer *self)
{
  g_autofree char *url = sentient_coordinator_dup_url (self->coordinator);
  g_autofree char *status = g_strdup_printf (_ ("Serving at %s"), url);

  cli_systemd_ready (&self->systemd, status);
}

static gboolean
has_terminal (void)
{
  int fd = open ("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

static void
say_reloaded (GStrv changed, GStrv restart_needed)
{
  g_autofree char *now = g_strjoinv (", ", changed);
  g_autofree char *later = g_strjoinv (", ", restart_needed);

  if (*now == '\0')
    cli_say (CLI_NOTE, _ ("The settings were read again; none is another."));
  else
    cli_say (CLI_GOOD, _ ("The settings were read again; changed: %s."), now);
  if (*later != '\0')
    cli_say (CLI_WARN, _ ("These wait for a restart: %s."), later);
}

static gboolean
on_hangup (gpointer user_data)
{
  CliServer *self = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) changed = NULL;
  g_auto (GStrv) restart_needed = NULL;

  if (self->had_terminal && !has_terminal ())
    {
      /* It was closed: nobody wants us to go on. */
      cli_run_stop (&self->run, CLI_EXIT_OK);
      return G_SOURCE_CONTINUE;
    }
  if (!sentient_settings_reload (self->settings, &changed, &restart_needed, &error))
    {
      cli_complain_lines (error->message);
      cli_say (CLI_WARN, _ ("The settings could not be read again: all stay as they were."));
      return G_SOURCE_CONTINUE;
    }
  sentient_settings_configure_coordinator (self->settings, self->coordinator,
                                           (const char *const *)changed);
  g_object_get (self->coordinator, "drain-time", &self->run.patience_ms, NULL);
  if (self->seeds != NULL)
    cli_seeds_apply (self->seeds, self->settings);
  say_reloaded (changed, restart_needed);
  return G_SOURCE_CONTINUE;
}

static void
begin (CliServer *self)
{
  const char *const *seeds = sentient_settings_get_strv (self->settings, "seeds");

  self->had_terminal = cares_for_hangup () && has_terminal ();
  self->hangup_id = g_unix_signal_add (SIGHUP, on_hangup, self);
  cli_say (CLI_GOOD, _ ("The coordinator \"%s\" is running:"),
           sentient_coordinator_get_node_id (self->coordinator));
  g_object_get (self->coordinator, "drain-time", &self->run.patience_ms, NULL);
  if (self->activated)
    say_activated (self);
  else
    say_who_can_reach_it (self, sentient_settings_get_string (self->settings, "host"),
                          sentient_settings_get_string (self->settings, "public-url"));
  if (seeds != NULL && seeds[0] != NULL)
    self->seeds = cli_seeds_new (self->coordinator, self->settings);
  tell_systemd (self);
}

static int
serve (CliServer *self, CliOptions *options)
{
  g_autoptr (GError) error = NULL;

  if (!configure (self, options, &error) || !take_sockets (self, options, &error))
    {
      cli_complain ("%s", error->message);
      return error->domain == G_OPTION_ERROR ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
    }
  cli_output_never_wait ();
  /* From here on a stop is an orderly one: the hand-over file is deleted as it is read, and must be
   * written again. */
  cli_run_init (&self->run, stop, self);
  if (!sentient_coordinator_start (self->coordinator, &error))
    {
      cli_complain ("%s", error->message);
      return CLI_EXIT_FAILED;
    }
  begin (self);
  return cli_run_loop (&self->run);
}

int
cli_server (CliOptions *options)
{
  CliServer self = { .settings = options->settings };
  int status;

  sentient_listener_raise_fd_limit ();
  status = serve (&self, options);

  g_clear_handle_id (&self.hangup_id, g_source_remove);
  g_clear_pointer (&self.seeds, cli_seeds_free);
  cli_systemd_clear (&self.systemd);
  cli_run_clear (&self.run);
  if (self.coordinator != NULL)
    g_signal_handlers_disconnect_by_data (self.coordinator, &self);
  g_clear_object (&self.coordinator);
  return status;
}
