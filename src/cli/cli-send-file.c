/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sentient send-file: by the daemon, or if there is none, or another coordinator is named, as a
 * node of its own. */

#include "cli-send-file.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-output.h"
#include "cli-progress.h"
#include "cli-transfer.h"
#include "dbus/sentient-dbus-names.h"

#define FILES_MAX 64
/* While the node is not there: not all who come are seen on the bus. */
#define ASK_AGAIN_MS 1000

typedef struct
{
  CliRun run;
  CliRemote *remote;
  CliProgress *progress;
  gint64 deadline; /* monotonic, us: no more waiting for the node */
  gboolean has_waited;
  gboolean has_given_up;
} Sending;

static gboolean
names_network (CliRemote *remote)
{
  return remote->seeds != NULL || remote->stun != NULL || remote->turn != NULL
         || remote->config_file != NULL || remote->node_id != NULL || remote->room != NULL;
}

static gboolean
check_wait (CliRemote *remote, GError **error)
{
  if (remote->wait == CLI_WAIT_UNSET)
    {
      remote->wait = CLI_WAIT_DEFAULT;
      return TRUE;
    }
  if (remote->no_wait)
    cli_usage_error (error, _ ("--wait waits for the node to come, and --no-wait for nothing: give "
                               "one of them"));
  else if (remote->wait < 0 || remote->wait > CLI_WAIT_MAX)
    cli_usage_error (error, _ ("--wait: 0 to %d seconds"), CLI_WAIT_MAX);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check (CliRemote *remote, GError **error)
{
  g_autoptr (SentientSettings) settings = NULL;

  if (!cli_check_node_id (remote->words[0], error) || !check_wait (remote, error))
    return FALSE;
  if (remote->n_words - 1 > FILES_MAX)
    cli_usage_error (error,
                     _ ("these are more than %d files: send them one after the other, or pack "
                        "them into one"),
                     FILES_MAX);
  else if (remote->name != NULL && remote->n_words > 2)
    cli_usage_error (error, _ ("--name goes with one file"));
  else if (remote->name != NULL && (*remote->name == '\0' || strchr (remote->name, '/') != NULL))
    cli_usage_error (error, _ ("--name: a file's name has no \"/\""));
  else if (remote->no_wait && names_network (remote))
    cli_usage_error (error,
                     _ ("--no-wait is for the daemon, which goes on sending; --seed, --stun, "
                        "--turn, --config, --room and --node-id are for a node that ends with "
                        "this command"));
  else if (remote->node_id == NULL || cli_check_node_id (remote->node_id, error))
    {
      if (remote->room != NULL && !cli_check_room (remote->room, error))
        return FALSE;
      settings = cli_remote_new_settings (remote, error);
      return settings != NULL;
    }
  return FALSE;
}

/* Opening */

static gboolean
open_file (CliRemote *remote, const char *path, CliOutgoing *file)
{
  g_autoptr (GError) error = NULL;

  if (g_str_equal (path, "-"))
    {
      file->fd = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
      file->name = g_strdup ("stdin");
      file->media_type = g_strdup ("");
    }
  else
    file->fd = sentient_client_open_file (path, &file->name, &file->media_type, &error);
  if (file->fd < 0)
    {
      g_autofree char *shown = error != NULL ? cli_escape (error->message, -1) : NULL;

      cli_complain ("%s", shown != NULL ? shown : _ ("the input cannot be read"));
      return FALSE;
    }
  if (remote->name != NULL)
    {
      g_free (file->name);
      file->name = g_strdup (remote->name);
    }
  return TRUE;
}

static void
close_files (CliOutgoing *files, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      if (files[i].fd >= 0)
        g_close (files[i].fd, NULL);
      g_free (files[i].name);
      g_free (files[i].media_type);
    }
}

/* By the daemon */

static void
on_over (gpointer user_data)
{
  Sending *self = user_data;

  cli_run_stop (&self->run,
                cli_progress_get_n_failed (self->progress) > 0 ? CLI_EXIT_FAILED : CLI_EXIT_OK);
}

/* All are over, or somebody had enough of it. */
static void
stop (gpointer user_data)
{
  Sending *self = user_data;
  GDBusConnection *bus = g_dbus_proxy_get_connection (
      G_DBUS_PROXY (sentient_client_get_manager (self->remote->client)));

  if (!cli_progress_is_over (self->progress))
    {
      self->run.status = CLI_EXIT_FAILED;
      cli_progress_cancel (self->progress);
    }
  g_dbus_connection_flush_sync (bus, NULL, NULL);
  cli_run_finished (&self->run);
}

/* NULL: it is not in the list, which came in order before the answer to the call. */
static SentientDBusTransfer *
find_transfer (CliRemote *remote, const char *path)
{
  const char *slash = strrchr (path, '/');

  while (g_main_context_iteration (NULL, FALSE))
    ;
  return sentient_client_find_transfer (remote->client, g_ascii_strtoull (slash + 1, NULL, 10));
}

/* Waiting for the node */

static gboolean
has_member (SentientClientRoom *room, const char *node_id)
{
  GListModel *members = sentient_client_room_get_members (room);

  for (guint i = 0; i < g_list_model_get_n_items (members); i++)
    {
      g_autoptr (SentientDBusMember) member = g_list_model_get_item (members, i);

      if (g_str_equal (sentient_dbus_member_get_node_id (member), node_id))
        return TRUE;
    }
  return FALSE;
}

/* Whether it is seen in a room of the daemon's node; not all that is there is on the bus. */
static gboolean
is_seen (CliRemote *remote)
{
  GListModel *rooms = sentient_client_get_rooms (remote->client);

  for (guint i = 0; i < g_list_model_get_n_items (rooms); i++)
    {
      g_autoptr (SentientClientRoom) room = g_list_model_get_item (rooms, i);

      if (sentient_dbus_room_get_joined (sentient_client_room_get_proxy (room))
          && has_member (room, remote->words[0]))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_absent (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (name, SENTIENT_DBUS_ERROR_PREFIX "UnknownPeer") == 0;
}

static gboolean
on_tick (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_CONTINUE;
}

/* Until it is worth to ask once more. FALSE: there is no time left, or somebody had enough of it.
 */
static gboolean
wait_for_node (Sending *self)
{
  CliRemote *remote = self->remote;
  gint64 left_ms = (self->deadline - g_get_monotonic_time ()) / 1000;
  gboolean was_seen = is_seen (remote);
  gboolean ticked = FALSE;
  guint id;

  if (left_ms <= 0 || remote->no_wait)
    return FALSE;
  if (!self->has_waited && !remote->json)
    cli_say (CLI_NOTE, _ ("Waiting for %s to come to a room of this node"), remote->words[0]);
  self->has_waited = TRUE;
  id = g_timeout_add ((guint)MIN (left_ms, ASK_AGAIN_MS), on_tick, &ticked);
  g_source_set_name_by_id (id, "sentient-send-file-wait");
  while (!ticked && !self->run.stopping && (was_seen || !is_seen (remote)))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  return !self->run.stopping;
}

static gboolean
call (Sending *self, CliOutgoing *file, char **path, GError **error)
{
  CliRemote *remote = self->remote;
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();

  return g_unix_fd_list_append (fds, file->fd, error) >= 0
         && sentient_dbus_manager_call_send_file_sync (sentient_client_get_manager (remote->client),
                                                       remote->words[0], g_variant_new_handle (0),
                                                       file->name, file->media_type, fds, path,
                                                       NULL, NULL, error);
}

/* One after the other would say the same of a node that does not come. */
static void
tell_failed (Sending *self, GError *error)
{
  if (self->has_waited && is_absent (error))
    {
      self->has_given_up = TRUE;
      cli_complain (ngettext ("%s did not come within %d second, so nothing was sent; see that it "
                              "runs and is in a room with this node (\"sentient peers\"), or wait "
                              "longer with --wait",
                              "%s did not come within %d seconds, so nothing was sent; see that it "
                              "runs and is in a room with this node (\"sentient peers\"), or wait "
                              "longer with --wait",
                              (gulong)self->remote->wait),
                    self->remote->words[0], self->remote->wait);
    }
  else
    cli_remote_failed (error);
}

static gboolean
offer (Sending *self, CliOutgoing *file)
{
  CliRemote *remote = self->remote;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  SentientDBusTransfer *transfer;

  while (!call (self, file, &path, &error) && is_absent (error) && wait_for_node (self))
    g_clear_error (&error);
  g_close (file->fd, NULL);
  file->fd = -1;
  if (path == NULL)
    {
      if (!self->run.stopping)
        tell_failed (self, error);
      cli_progress_fail (self->progress);
      return FALSE;
    }
  transfer = find_transfer (remote, path);
  if (transfer == NULL)
    cli_progress_fail (self->progress);
  else if (!remote->no_wait)
    cli_progress_add (self->progress, transfer);
  else
    {
      g_auto (CliTransfer) now = { 0 };

      cli_transfer_init (&now, transfer);
      if (remote->json)
        cli_transfer_print_json (&now);
      else
        cli_say (CLI_GOOD, _ ("Offered %s to %s as number %llu."), file->name, remote->words[0],
                 (unsigned long long)now.number);
    }
  return TRUE;
}

static gboolean
may_offer (Sending *self)
{
  return !self->has_given_up && !self->run.stopping
         && sentient_client_is_available (self->remote->client);
}

static int
send_by_daemon (CliRemote *remote, CliOutgoing *files, guint n_files)
{
  Sending self = { .remote = remote,
                   .deadline = g_get_monotonic_time () + remote->wait * (gint64)G_USEC_PER_SEC };
  guint n_offered = 0;
  int status = CLI_EXIT_OK;

  cli_run_init (&self.run, stop, &self);
  self.progress = cli_progress_new (remote->json, on_over, &self);
  cli_progress_expect (self.progress, n_files);
  cli_remote_watch (remote, &self.run);
  for (guint i = 0; i < n_files && may_offer (&self); i++)
    n_offered += offer (&self, &files[i]);
  if (self.has_given_up)
    cli_run_stop (&self.run, CLI_EXIT_FAILED);
  if (remote->no_wait)
    status = n_offered == n_files ? CLI_EXIT_OK : CLI_EXIT_FAILED;
  else if (self.run.stopping)
    status = self.run.status;
  else
    status = cli_run_loop (&self.run);
  cli_remote_unwatch (remote, &self.run);
  cli_progress_free (self.progress);
  cli_run_clear (&self.run);
  return status;
}

static int
run (CliRemote *remote)
{
  CliOutgoing files[FILES_MAX] = { 0 };
  guint n_files = remote->n_words - 1;
  int status = CLI_EXIT_FAILED;

  for (guint i = 0; i < n_files; i++)
    if (!open_file (remote, remote->words[i + 1], &files[i]))
      {
        close_files (files, i);
        return CLI_EXIT_FAILED;
      }
  /* Without a bus there is no daemon, and nothing is lost. */
  if (names_network (remote) || !cli_remote_open (remote, NULL)
      || sentient_client_get_manager (remote->client) == NULL)
    {
      if (remote->no_wait)
        cli_complain (_ ("--no-wait: there is no daemon that would go on sending; start it with "
                         "sentient start"));
      else
        status = cli_send_file_alone (remote, files, n_files);
    }
  else
    status = send_by_daemon (remote, files, n_files);
  close_files (files, n_files);
  return status;
}

const CliCommand cli_command_send_file = {
  .name = "send-file",
  .arguments = N_ ("NODE FILE..."),
  .summary = N_ ("Send files to a node; -: the input"),
  .min_words = 2,
  .max_words = G_MAXUINT,
  .takes = CLI_TAKES_NAME | CLI_TAKES_NO_WAIT | CLI_TAKES_WAIT | CLI_TAKES_NODE,
  .needs = CLI_NEEDS_NOTHING,
  .check = check,
  .run = run,
};
