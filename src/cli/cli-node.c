/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-node.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "cli-commands.h"
#include "cli-output.h"
#include "cli-peer.h"
#include "core/sentient-error.h"
#include "webrtc/sentient-webrtc-link.h"

/* Of connections under way, for the time they took; more are not timed. */
#define ATTEMPTS_MAX 1024

static void
note_attempt (CliNode *self, const char *node_id)
{
  gint64 *began;

  if (g_hash_table_contains (self->attempts, node_id)
      || g_hash_table_size (self->attempts) >= ATTEMPTS_MAX)
    return;
  began = g_new (gint64, 1);
  *began = g_get_monotonic_time ();
  g_hash_table_insert (self->attempts, g_strdup (node_id), began);
}

static void
on_negotiation (SentientPeer *peer, const char *node_id, const char *text, gpointer user_data)
{
  CliNode *self = user_data;

  note_attempt (self, node_id);
  if (sentient_settings_get_boolean (self->options->settings, "debug"))
    {
      g_autofree char *shown = cli_escape (text, -1);

      cli_say (CLI_NOTE, "%s: %s", node_id, shown);
    }
}

static void
on_peer_connected (SentientPeer *peer, const char *node_id, gpointer user_data)
{
  CliNode *self = user_data;
  SentientConnection *connection = sentient_peer_find_connection (peer, node_id);
  g_autofree char *pair
      = connection != NULL ? sentient_connection_dup_candidate_pair (connection) : NULL;
  const gint64 *began = g_hash_table_lookup (self->attempts, node_id);
  g_autofree char *after = NULL;

  if (began != NULL)
    after = g_strdup_printf (_ (" after %lld ms"),
                             (long long)(g_get_monotonic_time () - *began) / 1000);
  cli_say (CLI_GOOD, _ ("Connected to %s%s, by data channel%s%s"), node_id,
           after != NULL ? after : "", pair != NULL ? ": " : ".", pair != NULL ? pair : "");
  g_hash_table_remove (self->attempts, node_id);

  cli_talk_flush (self);
}

static void
on_peer_reconnecting (SentientPeer *peer, const char *node_id, GError *error, gpointer user_data)
{
  CliNode *self = user_data;

  if (!self->run.stopping)
    cli_say (CLI_WARN, _ ("The data channel to %s is lost, connecting again: %s"), node_id,
             error != NULL ? error->message : _ ("the other end closed it"));
}

static void
on_peer_reconnected (SentientPeer *peer, const char *node_id, gpointer user_data)
{
  cli_say (CLI_GOOD, _ ("Connected to %s again; what had not arrived is sent again."), node_id);
}

static void
on_peer_disconnected (SentientPeer *peer, const char *node_id, GError *error, gpointer user_data)
{
  CliNode *self = user_data;

  g_hash_table_remove (self->attempts, node_id);
  if (self->run.stopping)
    return;
  if (error != NULL)
    cli_say (CLI_WARN, _ ("The connection to %s is gone: %s"), node_id, error->message);
  else
    cli_say (CLI_NOTE, _ ("The connection to %s was closed."), node_id);
}

static void
on_message (SentientPeer *peer,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            gpointer user_data)
{
  cli_talk_received (user_data, node_id, data, is_text);
}

static void
on_transfer_offered (SentientPeer *peer, SentientTransfer *transfer, gpointer user_data)
{
  cli_files_offered (user_data, transfer);
}

static void
on_drained (SentientPeer *peer, const char *node_id, gpointer user_data)
{
  cli_talk_flush (user_data);
}

static void
on_error (SentientPeer *peer, GError *error, gpointer user_data)
{
  cli_complain ("%s", error->message);
}

static void
on_member_joined (SentientPeer *peer,
                  SentientRoom *room,
                  SentientMember *member,
                  gpointer user_data)
{
  cli_say (CLI_NOTE, _ ("%s joined \"%s\"."), sentient_member_get_node_id (member),
           sentient_room_get_name (room));
  /* It may be connected already, by way of another room. */
  cli_talk_flush (user_data);
}

static void
on_member_left (SentientPeer *peer,
                SentientRoom *room,
                SentientMember *member,
                SentientLeaveReason reason,
                gpointer user_data)
{
  CliNode *self = user_data;

  if (!self->run.stopping)
    cli_say (CLI_NOTE,
             reason == SENTIENT_LEAVE_REASON_TIMEOUT ? _ ("%s was lost and is out of \"%s\".")
                                                     : _ ("%s left \"%s\"."),
             sentient_member_get_node_id (member), sentient_room_get_name (room));
}

static void
on_state (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  CliNode *self = user_data;
  SentientPeerState state = sentient_peer_get_state (self->peer);

  /* Before the first input was read, on_connected () tells how it went. */
  if (self->input == NULL || self->run.stopping)
    return;
  if (state == SENTIENT_PEER_STATE_RECONNECTING)
    cli_say (CLI_WARN, _ ("The coordinator does not answer; trying again. Connections to other "
                          "nodes live on."));
  else if (state == SENTIENT_PEER_STATE_CONNECTED)
    cli_say (CLI_GOOD, sentient_peer_get_resumed (self->peer)
                           ? _ ("The coordinator is back, and nothing was missed meanwhile.")
                           : _ ("The coordinator is back."));
}

static gboolean
on_finish_timeout (gpointer user_data)
{
  CliNode *self = user_data;

  self->finish_id = 0;
  cli_complain (ngettext ("%u line was never sent: nobody took it within %d seconds",
                          "%u lines were never sent: nobody took them within %d seconds",
                          g_queue_get_length (&self->kept)),
                g_queue_get_length (&self->kept), CLI_FINISH_MS / 1000);
  cli_run_stop (&self->run, CLI_EXIT_FAILED);
  return G_SOURCE_REMOVE;
}

void
cli_node_job_free (CliNodeJob *job)
{
  g_free (job->node_id);
  job->free_what (job->what);
  g_free (job);
}

static void
on_connected_to (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CliNodeJob) job = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection
      = sentient_peer_connect_peer_finish (SENTIENT_PEER (source), result, &error);
  CliNodeJobFunc connected = job->connected;

  /* The node may be gone then. */
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    connected (g_steal_pointer (&job), error);
}

void
cli_node_connect (CliNode *self,
                  const char *node_id,
                  CliNodeJobFunc connected,
                  gpointer what,
                  GDestroyNotify free_what)
{
  CliNodeJob *job = g_new0 (CliNodeJob, 1);

  job->node = self;
  job->node_id = g_strdup (node_id);
  job->connected = connected;
  job->what = what;
  job->free_what = free_what;
  sentient_peer_connect_peer_async (self->peer, job->node_id, self->cancellable, on_connected_to,
                                    job);
}

void
cli_node_finish (CliNode *self)
{
  if (self->finishing || (g_queue_is_empty (&self->kept) && cli_progress_is_over (self->progress)))
    {
      cli_run_stop (&self->run, CLI_EXIT_OK);
      return;
    }
  self->finishing = TRUE;
  if (g_queue_is_empty (&self->kept))
    {
      cli_say (CLI_NOTE, _ ("Waiting for the files that are on their way. (Ctrl-C ends at once.)"));
      return;
    }
  cli_say (CLI_NOTE, _ ("Waiting up to %d seconds for somebody to send what is kept to."),
           CLI_FINISH_MS / 1000);
  self->finish_id = g_timeout_add (CLI_FINISH_MS, on_finish_timeout, self);
  g_source_set_name_by_id (self->finish_id, "sentient-finish-timeout");
}

static gboolean
on_line (const char *line, gpointer user_data)
{
  CliNode *self = user_data;
  gboolean is_command = line[0] == '/' && line[1] != '/';

  if (*line == '\0' || self->run.stopping)
    return TRUE;
  /* It may be meant for the room being entered. The library bounds how long that takes. */
  if (self->asking)
    return FALSE;
  if (is_command)
    {
      cli_commands_run (self, line);
      return TRUE;
    }
  if (cli_talk_say (self, line[0] == '/' ? line + 1 : line))
    return TRUE;

  /* A pipe waits until there is room; a person is told. */
  if (!isatty (STDIN_FILENO))
    return FALSE;
  cli_complain (_ ("%d lines wait already, so this one was not kept"), CLI_KEPT_MAX);
  return TRUE;
}

static void
on_input_end (gboolean any_line, gpointer user_data)
{
  CliNode *self = user_data;

  /* After /quit the end of the input is nothing new. */
  if ((any_line || isatty (STDIN_FILENO)) && !self->finishing)
    cli_node_finish (self);
}

static void
say_welcome (CliNode *self, SentientRoom *room)
{
  guint others = sentient_room_get_n_members (room);

  if (sentient_room_find_member (room, sentient_peer_get_node_id (self->peer)) != NULL)
    others--;
  cli_say (CLI_GOOD, _ ("You are \"%s\" in the room \"%s\" at %s; others there: %u."),
           sentient_peer_get_node_id (self->peer), sentient_room_get_name (room),
           sentient_peer_get_coordinator_uri (self->peer), others);
  if (isatty (STDIN_FILENO))
    cli_say (CLI_PLAIN, _ ("Type a line to say it to everybody there. /help lists the commands."));
}

static const char *const *
get_rooms (CliNode *self)
{
  return sentient_settings_get_strv (self->options->settings, "rooms");
}

/* One of the further rooms. */
static void
on_also_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);

  if (room != NULL)
    cli_say (CLI_GOOD, _ ("You are also in the room \"%s\"."), sentient_room_get_name (room));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    cli_complain (_ ("one of the rooms could not be joined: %s"), error->message);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);
  CliNode *self = user_data;
  const char *const *rooms = get_rooms (self);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (room == NULL)
    {
      cli_complain (_ ("the coordinator %s did not let %s into the room \"%s\": %s"),
                    sentient_peer_get_coordinator_uri (self->peer),
                    sentient_peer_get_node_id (self->peer), rooms[0], error->message);
      cli_run_stop (&self->run, CLI_EXIT_FAILED);
      return;
    }
  self->room = g_strdup (sentient_room_get_name (room));
  say_welcome (self, room);
  for (guint i = 1; rooms[i] != NULL; i++)
    sentient_peer_join_async (self->peer, rooms[i], NULL, self->cancellable, on_also_joined, self);
  self->input = cli_input_new (on_line, on_input_end, self);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean ok
      = sentient_peer_connect_to_coordinator_finish (SENTIENT_PEER (source), result, &error);
  CliNode *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (!ok)
    {
      cli_complain ("%s", error->message);
      if (g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN))
        cli_complain (_ ("end the other node \"%s\", or take another name with --node-id; one that "
                         "was killed keeps its name for a while, so try again in half a minute"),
                      sentient_peer_get_node_id (self->peer));
      else
        cli_complain (
            _ ("start a coordinator with \"sentient --server\", or name one with --seed"));
      cli_run_stop (&self->run, CLI_EXIT_FAILED);
      return;
    }
  sentient_peer_join_async (self->peer, get_rooms (self)[0], NULL, self->cancellable, on_joined,
                            self);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  CliNode *self = user_data;

  if (!sentient_peer_close_finish (SENTIENT_PEER (source), result, &error))
    {
      cli_complain (_ ("stopping: %s"), error->message);
      self->run.status = CLI_EXIT_FAILED;
    }
  cli_run_finished (&self->run);
}

static void
close_peer (CliNode *self)
{
  sentient_peer_close_async (self->peer, NULL, on_closed, self);
}

static void
on_disconnected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  CliNode *self = user_data;

  if (!sentient_peer_disconnect_peer_finish (SENTIENT_PEER (source), result, &error))
    g_debug ("Disconnecting: %s", error->message);
  if (--self->n_disconnecting == 0)
    close_peer (self);
}

/* The data channels first: a node that hears from the coordinator that we left, while it still
 * opens its end, would throw away the channel and the lines in it. */
static void
stop (gpointer user_data)
{
  CliNode *self = user_data;
  GListModel *connections = sentient_peer_get_connections (self->peer);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  g_clear_handle_id (&self->finish_id, g_source_remove);
  g_cancellable_cancel (self->cancellable);

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (SentientConnection) connection = g_list_model_get_item (connections, i);

      g_ptr_array_add (ids, g_strdup (sentient_connection_get_node_id (connection)));
    }
  self->n_disconnecting = ids->len;
  for (guint i = 0; i < ids->len; i++)
    sentient_peer_disconnect_peer_async (self->peer, ids->pdata[i], NULL, on_disconnected, self);
  if (ids->len == 0)
    close_peer (self);
}

static void
make_peer (CliNode *self, const char *node_id)
{
  SentientSettings *settings = self->options->settings;

  self->peer = cli_peer_new (node_id, settings);
  g_object_set (self->peer, "auto-connect", sentient_settings_get_boolean (settings, "auto-webrtc"),
                NULL);
  g_signal_connect (self->peer, "negotiation", G_CALLBACK (on_negotiation), self);
  g_signal_connect (self->peer, "peer-connected", G_CALLBACK (on_peer_connected), self);
  g_signal_connect (self->peer, "peer-disconnected", G_CALLBACK (on_peer_disconnected), self);
  g_signal_connect (self->peer, "peer-reconnecting", G_CALLBACK (on_peer_reconnecting), self);
  g_signal_connect (self->peer, "peer-reconnected", G_CALLBACK (on_peer_reconnected), self);
  g_signal_connect (self->peer, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->peer, "transfer-offered", G_CALLBACK (on_transfer_offered), self);
  g_signal_connect (self->peer, "drained", G_CALLBACK (on_drained), self);
  g_signal_connect (self->peer, "error", G_CALLBACK (on_error), self);
  g_signal_connect (self->peer, "member-joined", G_CALLBACK (on_member_joined), self);
  g_signal_connect (self->peer, "member-left", G_CALLBACK (on_member_left), self);
  g_signal_connect (self->peer, "notify::state", G_CALLBACK (on_state), self);
}

static void
cli_node_clear (CliNode *self)
{
  g_signal_handlers_disconnect_by_data (self->peer, self);
  g_clear_pointer (&self->input, cli_input_free);
  cli_talk_clear (self);
  cli_files_clear (self);
  cli_run_clear (&self->run);
  g_clear_object (&self->peer);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->attempts, g_hash_table_unref);
  g_clear_pointer (&self->room, g_free);
}

int
cli_node (CliOptions *options)
{
  CliNode self = { .options = options };
  g_autoptr (GError) error = NULL;
  g_autofree char *node_id = cli_options_choose_node_id (options, &error);
  g_autofree char *seeds_text = NULL;
  const char *const *seeds = sentient_settings_get_strv (options->settings, "seeds");
  int status;

  if (node_id == NULL)
    {
      cli_complain ("%s", error->message);
      return error->domain == G_OPTION_ERROR ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
    }

  if (seeds[0] == NULL)
    {
      cli_complain (
          _ ("seeds: there are none, and a node needs a coordinator; name one with --seed"));
      return CLI_EXIT_USAGE;
    }
  if (get_rooms (&self)[0] == NULL)
    {
      cli_complain (_ ("rooms: there are none, and this node talks in a room; remove the line"));
      return CLI_EXIT_USAGE;
    }
  if (!sentient_webrtc_link_is_available (&error))
    {
      cli_complain (_ ("%s (\"sentient doctor\" tells of every piece.)"), error->message);
      return CLI_EXIT_FAILED;
    }

  self.cancellable = g_cancellable_new ();
  self.attempts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  cli_talk_init (&self);
  cli_files_init (&self);
  make_peer (&self, node_id);
  cli_run_init (&self.run, stop, &self);

  if (!sentient_settings_check_accept_files (options->settings, &error))
    cli_complain ("%s", error->message);
  seeds_text = g_strjoinv (", ", (char **)seeds);
  cli_say (CLI_NOTE, _ ("Looking for a coordinator at %s"), seeds_text);
  sentient_peer_connect_to_coordinator_async (self.peer, seeds, self.cancellable, on_connected,
                                              &self);
  status = cli_run_loop (&self.run);

  cli_node_clear (&self);
  return status;
}
