/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sentient send-file without a daemon: a node that goes to a room, waits there for the other one,
 * sends, and leaves. */

#include "cli-send-file.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <sys/stat.h>

#include "cli-output.h"
#include "cli-peer.h"
#include "cli-progress.h"
#include "cli-run.h"
#include "protocol/sentient-names.h"
#include "webrtc/sentient-webrtc-link.h"

typedef struct
{
  CliRun run;
  CliRemote *remote;
  SentientSettings *settings;
  SentientPeer *peer;
  GCancellable *cancellable;
  CliProgress *progress;
  CliOutgoing *files;
  guint n_files;
  guint next; /* to be offered */
  guint wait_id;
  gboolean is_connecting;
} Alone;

static const char *
get_target (Alone *self)
{
  return self->remote->words[0];
}

static const char *
get_room (Alone *self)
{
  const char *const *rooms = sentient_settings_get_strv (self->settings, "rooms");

  if (self->remote->room != NULL)
    return self->remote->room;
  return rooms != NULL && rooms[0] != NULL ? rooms[0] : "global";
}

static void
note (Alone *self, const char *text)
{
  if (!self->remote->json)
    cli_say (CLI_NOTE, "%s", text);
}

static void
give_up (Alone *self, const char *message)
{
  cli_complain ("%s", message);
  cli_run_stop (&self->run, CLI_EXIT_FAILED);
}

static void
on_over (gpointer user_data)
{
  Alone *self = user_data;

  cli_run_stop (&self->run,
                cli_progress_get_n_failed (self->progress) > 0 ? CLI_EXIT_FAILED : CLI_EXIT_OK);
}

/* One after the other is offered; they go at the same time. */

static void offer_next (Alone *self);

static void
on_offered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientTransfer) transfer
      = sentient_peer_send_file_finish (SENTIENT_PEER (source), result, &error);
  Alone *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (transfer != NULL)
    cli_progress_add (self->progress, transfer);
  else
    {
      cli_complain ("%s", error->message);
      cli_progress_fail (self->progress);
    }
  offer_next (self);
}

static void
offer_next (Alone *self)
{
  CliOutgoing *file;
  g_autoptr (GInputStream) stream = NULL;
  struct stat info;
  gint64 size = -1;

  if (self->next == self->n_files || self->run.stopping)
    return;
  file = &self->files[self->next++];
  if (fstat (file->fd, &info) == 0 && S_ISREG (info.st_mode))
    size = info.st_size;
  stream = g_unix_input_stream_new (file->fd, TRUE);
  file->fd = -1;
  sentient_peer_send_stream_async (self->peer, get_target (self), stream, file->name,
                                   *file->media_type != '\0' ? file->media_type : NULL, size,
                                   self->cancellable, on_offered, self);
}

static void
on_peer_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection
      = sentient_peer_connect_peer_finish (SENTIENT_PEER (source), result, &error);
  Alone *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (connection != NULL)
    offer_next (self);
  else
    give_up (self, error->message);
}

/* The way to the other node */

static gboolean
on_wait_timeout (gpointer user_data)
{
  Alone *self = user_data;
  g_autofree char *text = g_strdup_printf (
      ngettext (
          "%s did not come to the room \"%s\" within %d second, so nothing was sent; see that "
          "it runs, name its room with --room, or wait longer with --wait",
          "%s did not come to the room \"%s\" within %d seconds, so nothing was sent; see that "
          "it runs, name its room with --room, or wait longer with --wait",
          (gulong)self->remote->wait),
      get_target (self), get_room (self), self->remote->wait);

  self->wait_id = 0;
  give_up (self, text);
  return G_SOURCE_REMOVE;
}

static void
connect_to (Alone *self, SentientRoom *room)
{
  if (self->is_connecting || sentient_room_find_member (room, get_target (self)) == NULL)
    return;
  self->is_connecting = TRUE;
  g_clear_handle_id (&self->wait_id, g_source_remove);
  sentient_peer_connect_peer_async (self->peer, get_target (self), self->cancellable,
                                    on_peer_connected, self);
}

static void
on_member_joined (SentientPeer *peer, SentientRoom *room, SentientMember *member, Alone *self)
{
  connect_to (self, room);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);
  Alone *self = user_data;
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (room == NULL)
    {
      give_up (self, error->message);
      return;
    }
  connect_to (self, room);
  if (self->is_connecting)
    return;
  text = g_strdup_printf (_ ("Waiting for %s to come to the room \"%s\""), get_target (self),
                          get_room (self));
  if (self->remote->wait > 0)
    note (self, text);
  self->wait_id = g_timeout_add_seconds ((guint)self->remote->wait, on_wait_timeout, self);
  g_source_set_name_by_id (self->wait_id, "sentient-send-file-wait");
}

static void
on_coordinator (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean ok
      = sentient_peer_connect_to_coordinator_finish (SENTIENT_PEER (source), result, &error);
  Alone *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (ok)
    sentient_peer_join_async (self->peer, get_room (self), NULL, self->cancellable, on_joined,
                              self);
  else
    {
      cli_complain ("%s", error->message);
      give_up (self, _ ("there is no daemon, and no coordinator to be a node at: start either, or "
                        "name a coordinator with --seed"));
    }
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Alone *self = user_data;

  sentient_peer_close_finish (SENTIENT_PEER (source), result, NULL);
  cli_run_finished (&self->run);
}

static void
stop (gpointer user_data)
{
  Alone *self = user_data;

  g_clear_handle_id (&self->wait_id, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  if (!cli_progress_is_over (self->progress))
    {
      self->run.status = CLI_EXIT_FAILED;
      cli_progress_cancel (self->progress);
    }
  sentient_peer_close_async (self->peer, NULL, on_closed, self);
}

static int
run (Alone *self, const char *node_id)
{
  int status;

  self->cancellable = g_cancellable_new ();
  self->peer = cli_peer_new (node_id, self->settings);
  g_object_set (self->peer, "auto-connect", FALSE, NULL);
  g_signal_connect (self->peer, "member-joined", G_CALLBACK (on_member_joined), self);
  cli_run_init (&self->run, stop, self);
  self->progress = cli_progress_new (self->remote->json, on_over, self);
  cli_progress_expect (self->progress, self->n_files);
  sentient_peer_connect_to_coordinator_async (self->peer,
                                              sentient_settings_get_strv (self->settings, "seeds"),
                                              self->cancellable, on_coordinator, self);
  status = cli_run_loop (&self->run);
  g_signal_handlers_disconnect_by_data (self->peer, self);
  cli_progress_free (self->progress);
  cli_run_clear (&self->run);
  g_object_unref (self->peer);
  g_object_unref (self->cancellable);
  return status;
}

int
cli_send_file_alone (CliRemote *remote, CliOutgoing *files, guint n_files)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientSettings) settings = cli_remote_new_settings (remote, &error);
  g_autofree char *node_id
      = remote->node_id != NULL ? g_strdup (remote->node_id) : sentient_name_new_random ();
  Alone self = { .remote = remote, .settings = settings, .files = files, .n_files = n_files };

  if (settings == NULL || !sentient_settings_load (settings, remote->config_file, FALSE, &error))
    {
      cli_complain_lines (error->message);
      return CLI_EXIT_FAILED;
    }
  if (!sentient_webrtc_link_is_available (&error))
    {
      cli_complain (_ ("%s (\"sentient doctor\" tells of every piece.)"), error->message);
      return CLI_EXIT_FAILED;
    }
  return run (&self, node_id);
}
