/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The coordinator's rooms for callers in this process, and the getters. */

#include <string.h>

#include "coordinator/sentient-coordinator-private.h"
#include "core/sentient-error.h"
#include "core/sentient-source.h"

/**
 * sentient_coordinator_get_node_id:
 * @self: a coordinator
 *
 * Returns: its own node id
 *
 * Since: 0.1
 */
const char *
sentient_coordinator_get_node_id (SentientCoordinator *self)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), NULL);

  return self->node_id;
}

/**
 * sentient_coordinator_get_port:
 * @self: a coordinator
 *
 * Returns: the TCP port; while it runs, the real one
 *
 * Since: 0.1
 */
guint
sentient_coordinator_get_port (SentientCoordinator *self)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), 0);

  return self->port;
}

/**
 * sentient_coordinator_get_running:
 * @self: a coordinator
 *
 * Returns: whether it listens
 *
 * Since: 0.1
 */
gboolean
sentient_coordinator_get_running (SentientCoordinator *self)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), FALSE);

  return self->engine != NULL;
}

/**
 * sentient_coordinator_get_peer_count:
 * @self: a coordinator
 *
 * Returns: how many nodes are here, each counted once
 *
 * Since: 0.1
 */
guint
sentient_coordinator_get_peer_count (SentientCoordinator *self)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), 0);

  return sentient_directory_get_n_nodes (self->directory);
}

/**
 * sentient_coordinator_get_rooms:
 * @self: a coordinator
 *
 * Returns: (transfer none): the rooms, a list of #SentientRoom
 *
 * Since: 0.1
 */
GListModel *
sentient_coordinator_get_rooms (SentientCoordinator *self)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), NULL);

  return G_LIST_MODEL (self->directory);
}

/**
 * sentient_coordinator_find_room:
 * @self: a coordinator
 * @name: a room's name
 *
 * Returns: (transfer none) (nullable): the room
 *
 * Since: 0.1
 */
SentientRoom *
sentient_coordinator_find_room (SentientCoordinator *self, const char *name)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return sentient_directory_find_room (self->directory, name);
}

static gboolean
check_name (const char *what, const char *name, GError **error)
{
  if (name != NULL && sentient_name_is_valid (name, -1))
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
               "“%s” is no %s: use 1 to %d letters, digits, dots, colons, hyphens and underscores.",
               name != NULL ? name : "", what, SENTIENT_NAME_MAX);
  return FALSE;
}

static SentientSession *
find_session (SentientCoordinator *self, const char *node_id, GError **error)
{
  SentientSession *session = sentient_directory_find (self->directory, node_id);

  if (session == NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER, "“%s” is in no room here.",
                 node_id);
  else
    sentient_directory_touch (self->directory, session);
  return session;
}

/**
 * sentient_coordinator_join:
 * @self: a coordinator
 * @node_id: who joins
 * @room: the room, which is opened if it is not there
 * @metadata: (nullable): the text of a JSON object, at most 2 KiB
 * @error: return location
 *
 * Lets a node of this process join a room. Joining again updates the metadata. Errors:
 * %SENTIENT_ERROR_BAD_REQUEST, %SENTIENT_ERROR_NODE_ID_TAKEN, %SENTIENT_ERROR_ROOM_FULL,
 * %SENTIENT_ERROR_BUSY, %SENTIENT_ERROR_PAYLOAD_TOO_LARGE.
 *
 * Returns: (transfer full) (nullable): the member
 *
 * Since: 0.1
 */
SentientMember *
sentient_coordinator_join (SentientCoordinator *self,
                           const char *node_id,
                           const char *room,
                           const char *metadata,
                           GError **error)
{
  SentientSession *session;
  SentientMembership *membership;
  SentientSpan span = { metadata, metadata != NULL ? strlen (metadata) : 0 };

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), NULL);

  if (!check_name ("node id", node_id, error) || !check_name ("room", room, error))
    return NULL;
  if (metadata != NULL && !sentient_json_pick (metadata, span.len, NULL, NULL, 0, error))
    return NULL;

  if (!sentient_directory_may_take (self->directory, node_id, FALSE, error))
    return NULL;
  session = sentient_directory_ensure (self->directory, node_id, error);
  if (session == NULL)
    return NULL;
  sentient_directory_touch (self->directory, session);
  membership = sentient_directory_join (self->directory, session, room, span, error);
  if (membership != NULL)
    {
      sentient_directory_overtake (self->directory, session, membership);
      return g_object_ref (membership->member);
    }

  session = sentient_directory_find (self->directory, node_id);
  if (session != NULL)
    sentient_directory_end_if_idle (self->directory, session);
  return NULL;
}

/**
 * sentient_coordinator_leave:
 * @self: a coordinator
 * @node_id: who leaves
 * @room: the room
 * @error: return location
 *
 * Errors: %SENTIENT_ERROR_UNKNOWN_PEER, %SENTIENT_ERROR_UNKNOWN_ROOM.
 *
 * Returns: %TRUE if the node was in the room
 *
 * Since: 0.1
 */
gboolean
sentient_coordinator_leave (SentientCoordinator *self,
                            const char *node_id,
                            const char *room,
                            GError **error)
{
  SentientSession *session;

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), FALSE);
  g_return_val_if_fail (node_id != NULL, FALSE);
  g_return_val_if_fail (room != NULL, FALSE);

  session = find_session (self, node_id, error);
  return session != NULL && sentient_directory_leave (self->directory, session, room, error);
}

/**
 * sentient_coordinator_leave_all:
 * @self: a coordinator
 * @node_id: who leaves
 * @error: return location
 *
 * Takes a node out of every room. Errors: %SENTIENT_ERROR_UNKNOWN_PEER.
 *
 * Returns: %TRUE if the node was here
 *
 * Since: 0.1
 */
gboolean
sentient_coordinator_leave_all (SentientCoordinator *self, const char *node_id, GError **error)
{
  SentientSession *session;

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), FALSE);
  g_return_val_if_fail (node_id != NULL, FALSE);

  session = find_session (self, node_id, error);
  if (session == NULL)
    return FALSE;
  g_strfreev (sentient_directory_leave_all (self->directory, session));
  return TRUE;
}

/**
 * sentient_coordinator_get_room_peers:
 * @self: a coordinator
 * @room: a room's name
 *
 * Returns: (transfer container) (element-type SentientMember): its members, none for an unknown
 * room
 *
 * Since: 0.1
 */
GPtrArray *
sentient_coordinator_get_room_peers (SentientCoordinator *self, const char *room)
{
  GPtrArray *members;
  SentientRoom *found;

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), NULL);
  g_return_val_if_fail (room != NULL, NULL);

  members = g_ptr_array_new_with_free_func (g_object_unref);
  found = sentient_directory_find_room (self->directory, room);
  for (guint i = 0; found != NULL && i < sentient_room_get_n_members (found); i++)
    g_ptr_array_add (members, g_object_ref (sentient_room_peek (found, i)));
  return members;
}

/**
 * sentient_coordinator_queue_signal:
 * @self: a coordinator
 * @signal: what to deliver; its sender must be in a room with its target
 * @error: return location
 *
 * Puts a signal into its target's outbox. Errors: %SENTIENT_ERROR_BAD_REQUEST,
 * %SENTIENT_ERROR_FORBIDDEN, %SENTIENT_ERROR_UNKNOWN_ROOM, %SENTIENT_ERROR_UNKNOWN_PEER,
 * %SENTIENT_ERROR_BUSY.
 *
 * Returns: %TRUE if it waits for the target now
 *
 * Since: 0.1
 */
gboolean
sentient_coordinator_queue_signal (SentientCoordinator *self,
                                   SentientSignal *signal,
                                   GError **error)
{
  SentientSession *from;

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), FALSE);
  g_return_val_if_fail (signal != NULL, FALSE);

  sentient_coordinator_stamp (self);
  from = sentient_directory_find (self->directory, sentient_signal_get_from (signal));
  if (from != NULL)
    sentient_directory_touch (self->directory, from);
  return sentient_directory_relay_signal (self->directory, signal, NULL, error);
}

/**
 * sentient_coordinator_broadcast_to_room:
 * @self: a coordinator
 * @room: a room's name
 * @type: what is sent
 * @from: who sends it: a member of the room
 * @payload: the text of a JSON object
 * @exclude: (nullable): a node id that does not get it
 * @error: return location
 *
 * Sends one signal to everyone else in a room. Who cannot take it does not keep it from the others:
 * the error, if there was one, tells of the first of them.
 *
 * Returns: for how many it waits now
 *
 * Since: 0.1
 */
guint
sentient_coordinator_broadcast_to_room (SentientCoordinator *self,
                                        const char *room,
                                        SentientSignalType type,
                                        const char *from,
                                        const char *payload,
                                        const char *exclude,
                                        GError **error)
{
  g_autoptr (GPtrArray) members = NULL;
  g_autoptr (GError) first_error = NULL;
  guint n = 0;

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), 0);
  g_return_val_if_fail (room != NULL, 0);
  g_return_val_if_fail (from != NULL, 0);

  if (sentient_directory_find_room (self->directory, room) == NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM, "There is no room “%s”.",
                   room);
      return 0;
    }

  members = sentient_coordinator_get_room_peers (self, room);
  for (guint i = 0; i < members->len; i++)
    {
      const char *to = sentient_member_get_node_id (members->pdata[i]);
      GError **slot = first_error == NULL ? &first_error : NULL;
      g_autoptr (SentientSignal) signal = NULL;

      if (g_str_equal (to, from) || g_strcmp0 (to, exclude) == 0)
        continue;
      signal = sentient_signal_new (type, from, to, room, payload, slot);
      if (signal != NULL && sentient_coordinator_queue_signal (self, signal, slot))
        n++;
    }
  if (first_error != NULL)
    g_propagate_error (error, g_steal_pointer (&first_error));
  return n;
}

/* A poll of this process: a transport for one answer, like one over HTTP. */
typedef struct
{
  SentientSession *session; /* NULL: taken away, or answered */
  GSource *timeout;
} LocalPoll;

static void
local_poll_free (gpointer data)
{
  LocalPoll *poll = data;

  g_assert (poll->session == NULL && poll->timeout == NULL);

  g_free (poll);
}

static void
local_poll_stop (GTask *task)
{
  SentientCoordinator *self = g_task_get_source_object (task);
  LocalPoll *poll = g_task_get_task_data (task);

  if (poll->session != NULL && self->directory != NULL)
    sentient_directory_detach (self->directory, poll->session, task);
  poll->session = NULL;
  if (poll->timeout != NULL)
    g_source_destroy (poll->timeout);
  g_clear_pointer (&poll->timeout, g_source_unref);
}

/* Runs from the loop, never from within the directory: it hands over what waits, and detaches. */
static gboolean
local_poll_answer (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientCoordinator *self = g_task_get_source_object (task);
  LocalPoll *poll = g_task_get_task_data (task);
  GString *text = g_string_new (NULL);
  const SentientOutboxItem *item;
  guint64 last = 0;

  sentient_reply_begin_signals (text);
  while (poll->session != NULL && !g_cancellable_is_cancelled (g_task_get_cancellable (task))
         && (item = sentient_outbox_next (&poll->session->outbox)) != NULL
         && text->len < SENTIENT_MESSAGE_MAX)
    {
      if (last != 0)
        g_string_append_c (text, ',');
      last = item->seq;
      sentient_message_append (item->message, text, SENTIENT_DIALECT_POLL, item->seq,
                               poll->session->node_id);
      sentient_outbox_mark_sent (&poll->session->outbox, item->seq);
    }
  sentient_reply_end_signals (text);
  if (last != 0)
    {
      sentient_coordinator_stamp (self);
      sentient_directory_flushed_until (self->directory, poll->session, last);
    }
  local_poll_stop (task);
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, g_string_free (text, FALSE), g_free);
  else
    g_string_free (text, TRUE);
  return G_SOURCE_REMOVE;
}

/* Answers with the next turn of the loop. */
static void
local_poll_hurry (GTask *task)
{
  LocalPoll *poll = g_task_get_task_data (task);

  if (poll->timeout != NULL)
    g_source_set_ready_time (poll->timeout, 0);
}

static void
local_poll_wake (SentientSession *session, gpointer data)
{
  local_poll_hurry (data);
}

/* The next one is told why nothing comes. */
static void
local_poll_overflow (SentientSession *session, gpointer data, gboolean missed)
{
  if (missed)
    local_poll_hurry (data);
}

static gboolean
local_poll_is_taking (SentientSession *session, gpointer data)
{
  return TRUE;
}

static void
local_poll_taken (gpointer data, gboolean replaced)
{
  GTask *task = data;

  ((LocalPoll *)g_task_get_task_data (task))->session = NULL;
  local_poll_hurry (task);
}

static const SentientTransportVtable local_poll_transport = {
  .kind = SENTIENT_TRANSPORT_POLL,
  .wake = local_poll_wake,
  .overflow = local_poll_overflow,
  .is_taking = local_poll_is_taking,
  .taken = local_poll_taken,
};

static void
on_poll_cancelled (GCancellable *cancellable, gpointer user_data)
{
  local_poll_hurry (user_data);
}

/**
 * sentient_coordinator_poll_async:
 * @self: a coordinator
 * @node_id: a node that has joined a room
 * @timeout_ms: how long to wait for something, in ms
 * @cancellable: (nullable): ends the waiting
 * @callback: called with what came
 * @user_data: for @callback
 *
 * Waits for signals and room events for a node of this process. One poll at a time: a newer one
 * ends the older with nothing. Errors: %SENTIENT_ERROR_UNKNOWN_PEER (also where more happened in
 * its rooms than could be kept for it: it is to join them again), %SENTIENT_ERROR_NODE_ID_TAKEN (a
 * resumable session from outside has the id), %G_IO_ERROR_CANCELLED.
 *
 * Since: 0.1
 */
void
sentient_coordinator_poll_async (SentientCoordinator *self,
                                 const char *node_id,
                                 guint timeout_ms,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  SentientSession *session;
  LocalPoll *poll;

  g_return_if_fail (SENTIENT_IS_COORDINATOR (self));
  g_return_if_fail (node_id != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_coordinator_poll_async);
  session = find_session (self, node_id, &error);
  if (session == NULL || !sentient_directory_may_take (self->directory, node_id, FALSE, &error)
      || !sentient_directory_may_wait (session, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  poll = g_new0 (LocalPoll, 1);
  poll->session = session;
  poll->timeout = g_timeout_source_new (timeout_ms);
  g_task_set_task_data (task, poll, local_poll_free);
  sentient_source_attach (poll->timeout, self->context, "sentient-coordinator-poll",
                          local_poll_answer, g_object_ref (task));
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (on_poll_cancelled), task, 0);
  sentient_directory_attach (self->directory, session, &local_poll_transport, task);
  if (g_cancellable_is_cancelled (cancellable))
    local_poll_hurry (task);
}

/**
 * sentient_coordinator_poll_finish:
 * @self: a coordinator
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the JSON text that a long poll answers: `{"signals":[…]}`
 *
 * Since: 0.1
 */
char *
sentient_coordinator_poll_finish (SentientCoordinator *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
