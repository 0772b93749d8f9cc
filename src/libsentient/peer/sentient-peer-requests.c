/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"
#include "peer/sentient-transfer-message.h"
#include "webrtc/sentient-frame.h"

#include <string.h>

#include "protocol/sentient-json.h"
#include "protocol/sentient-metadata.h"
#include "protocol/sentient-names.h"
#include "protocol/sentient-request.h"

#define REQUESTS_MAX 64
#define RETRY_AFTER_DEFAULT_MS 1000
#define RETRY_AFTER_MAX_MS 30000

/* A join or leave without an answer yet. */
typedef struct
{
  SentientPeer *peer;
  gboolean join;
  gboolean again; /* a join after the coordinator was lost: nobody waits for it */
  gboolean tried; /* it was refused for a moment, and is tried once more */
  char *room;
  char *metadata;
  SentientWaiters *waiters;
  GSource *timeout;
} Request;

static void
request_free (Request *request)
{
  g_source_destroy (request->timeout);
  g_source_unref (request->timeout);
  sentient_waiters_free (request->waiters);
  g_free (request->room);
  g_free (request->metadata);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

/* Out of the list; NULL: it is there no more. */
static Request *
take_request (SentientPeer *self, Request *request)
{
  return g_ptr_array_remove (self->requests, request) ? request : NULL;
}

/* The oldest of its kind; room NULL: of any room. */
static Request *
find_request (SentientPeer *self, gboolean join, const char *room)
{
  for (guint i = 0; i < self->requests->len; i++)
    {
      Request *request = self->requests->pdata[i];

      if (request->join == join && (room == NULL || g_str_equal (request->room, room)))
        return request;
    }
  return NULL;
}

/* The coordinator does not let us take up where we were: we come back as somebody new. error is
 * taken. */
static void
begin_again (SentientPeer *self, GError *error)
{
  sentient_client_session_drop (self->session);
  sentient_peer_channel_lost (self, error);
}

static void
refuse_request (SentientPeer *self, Request *request, const GError *error)
{
  if (request->again && g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN))
    /* By our own last session, maybe, which ends when its time is over. */
    begin_again (self, g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "%s",
                                    error->message));
  else if (request->again)
    {
      g_autoptr (GError) lost = g_error_copy (error);

      g_prefix_error (&lost, "room “%s” could not be joined again and was left: ", request->room);
      sentient_peer_forget_room (self, request->room);
      sentient_peer_emit_error (self, lost);
    }
  else
    sentient_waiters_return_error (request->waiters, error);
}

static gboolean
on_request_timeout (gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (SentientPeer) self = g_object_ref (request->peer);
  g_autoptr (Request) owned = take_request (self, request);
  g_autoptr (GError) error = NULL;

  error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT,
                       "the coordinator did not answer the wish to %s room “%s” within %u ms",
                       request->join ? "join" : "leave", request->room, self->request_timeout);
  if (!request->join)
    sentient_peer_forget_room (self, request->room);
  if (request->again)
    begin_again (self, g_steal_pointer (&error));
  else
    refuse_request (self, owned, error);
  return G_SOURCE_REMOVE;
}

char *
sentient_peer_dup_told_metadata (SentientPeer *self, const char *metadata)
{
  static const char *const capabilities[]
      = { SENTIENT_FRAME_PROTOCOL, SENTIENT_GOSSIP_CAPABILITY, SENTIENT_TRANSFER_CAPABILITY };
  char *told = g_strdup (metadata);

  for (guint i = 0; i < G_N_ELEMENTS (capabilities) && !self->is_plain; i++)
    {
      g_autofree char *former = told;

      told = sentient_metadata_dup_with_capability (former, capabilities[i]);
    }
  return told;
}

static gboolean
send_join (SentientPeer *self, const char *room, const char *metadata, GError **error)
{
  g_autofree char *told = sentient_peer_dup_told_metadata (self, metadata);

  return sentient_channel_join (self->channel, room, told, error);
}

static Request *
add_request (SentientPeer *self, gboolean join, const char *room, const char *metadata)
{
  Request *request = g_new0 (Request, 1);

  request->peer = self;
  request->join = join;
  request->room = g_strdup (room);
  request->metadata = g_strdup (metadata);
  request->waiters = sentient_waiters_new (self->context, NULL, NULL);
  request->timeout
      = sentient_peer_add_timeout (self, self->request_timeout, on_request_timeout, request);
  g_ptr_array_add (self->requests, request);
  return request;
}

static void
set_timeout (SentientPeer *self, Request *request, guint ms, GSourceFunc func)
{
  g_source_destroy (request->timeout);
  g_source_unref (request->timeout);
  request->timeout = sentient_peer_add_timeout (self, ms, func, request);
}

static gboolean
on_retry (gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (SentientPeer) self = g_object_ref (request->peer);
  g_autoptr (Request) owned = NULL;
  g_autoptr (GError) error = NULL;

  /* It runs: what destroys it next must find another. */
  set_timeout (self, request, self->request_timeout, on_request_timeout);
  if (sentient_peer_has_coordinator (self)
      && !send_join (self, request->room, request->metadata, &error))
    {
      owned = take_request (self, request);
      refuse_request (self, request, error);
    }
  return G_SOURCE_REMOVE;
}

/* A join that came too soon is tried once more when the coordinator said it may be. */
static gboolean
retry_later (SentientPeer *self, Request *request, const GError *error)
{
  guint ms = sentient_error_get_retry_after (error);

  if (ms == 0)
    ms = RETRY_AFTER_DEFAULT_MS;
  if (request->tried || !g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED)
      || ms > RETRY_AFTER_MAX_MS)
    return FALSE;
  g_debug ("the join of “%s” is tried again in %u ms: %s", request->room, ms, error->message);
  request->tried = TRUE;
  set_timeout (self, request, ms, on_retry);
  return TRUE;
}

void
sentient_peer_fail_requests (SentientPeer *self, const GError *error)
{
  while (self->requests->len > 0)
    {
      g_autoptr (Request) request = g_ptr_array_steal_index (self->requests, 0);

      /* Those will be joined again once more. */
      if (!request->again)
        sentient_waiters_return_error (request->waiters, error);
    }
}

void
sentient_peer_rejoin (SentientPeer *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rooms));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientRoom) room = g_list_model_get_item (G_LIST_MODEL (self->rooms), i);

      g_ptr_array_add (names, g_strdup (sentient_room_get_name (room)));
    }
  for (guint i = 0; i < names->len && sentient_peer_has_coordinator (self); i++)
    {
      const char *metadata = g_hash_table_lookup (self->metadata, names->pdata[i]);
      g_autoptr (GError) error = NULL;
      Request *request;

      if (!send_join (self, names->pdata[i], metadata, &error))
        {
          sentient_peer_emit_error (self, error);
          continue;
        }
      request = add_request (self, TRUE, names->pdata[i], metadata);
      request->again = TRUE;
    }
}

static void
joined (SentientPeer *self, Request *request, SentientServerMessage *message)
{
  g_autoptr (SentientRoom) room = sentient_peer_find_room (self, request->room);

  if (room != NULL)
    g_object_ref (room);
  g_hash_table_replace (self->metadata, g_strdup (request->room), g_strdup (request->metadata));
  if (room == NULL)
    {
      room = sentient_room_new (request->room, FALSE);
      sentient_peer_sync_members (self, room, message->peers, FALSE);
      g_list_store_append (self->rooms, room);
    }
  else
    sentient_peer_sync_members (self, room, message->peers, TRUE);
  sentient_waiters_return_object (request->waiters, room);
  sentient_peer_mesh_greet (self, request->room);
}

void
sentient_peer_handle_join_result (SentientPeer *self, SentientServerMessage *message)
{
  Request *request = find_request (self, TRUE, message->room);
  g_autoptr (Request) owned = NULL;

  if (request != NULL && !message->success && retry_later (self, request, message->error))
    return;
  if (request != NULL)
    {
      owned = take_request (self, request);
      if (message->success)
        joined (self, request, message);
      else
        refuse_request (self, request, message->error);
    }
  else if (message->room == NULL) /* only told us its ICE servers */
    return;
  else if (!message->success)
    sentient_peer_emit_error (self, message->error);
  else if (sentient_peer_find_room (self, message->room) == NULL
           && sentient_peer_has_coordinator (self))
    {
      /* Who wanted it was told that it timed out. */
      g_debug ("the answer to the join of “%s” came too late, leaving it", message->room);
      sentient_channel_leave (self->channel, message->room, NULL);
    }
}

void
sentient_peer_handle_leave_result (SentientPeer *self, SentientServerMessage *message)
{
  Request *request = find_request (self, FALSE, message->room);
  g_autoptr (Request) owned = NULL;

  if (request == NULL)
    return;
  owned = take_request (self, request);
  if (message->success)
    {
      sentient_peer_forget_room (self, request->room);
      sentient_waiters_return_done (request->waiters);
    }
  else
    refuse_request (self, request, message->error);
}

gboolean
sentient_peer_refuse_first_request (SentientPeer *self, const GError *error)
{
  g_autoptr (Request) request = NULL;

  if (self->requests->len == 0)
    return FALSE;
  request = g_ptr_array_steal_index (self->requests, 0);
  refuse_request (self, request, error);
  return TRUE;
}

static gboolean
is_object (const char *metadata, GError **error)
{
  static const char *const keys[] = { "name" };
  SentientJsonValue value;
  gsize len = metadata != NULL ? strlen (metadata) : 0;

  if (metadata == NULL)
    return TRUE;
  if (len > SENTIENT_METADATA_MAX)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "the metadata has %" G_GSIZE_FORMAT " bytes, the limit is %d: shorten it", len,
                   SENTIENT_METADATA_MAX);
      return FALSE;
    }
  if (sentient_json_pick (metadata, len, keys, &value, G_N_ELEMENTS (keys), error))
    return TRUE;
  g_prefix_error (error, "the metadata is not the text of a JSON object: ");
  return FALSE;
}

static gboolean
may_ask (SentientPeer *self, const char *wish, const char *room, GError **error)
{
  if (!sentient_name_is_valid (room, -1))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "“%s” is no room name: it must be 1 to %d of A-Z a-z 0-9 . _ : - and not “system”",
                 room, SENTIENT_NAME_MAX);
  else if (!sentient_peer_has_coordinator (self))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                 "cannot %s room “%s” without a coordinator: connect to one first", wish, room);
  else if (self->requests->len >= REQUESTS_MAX)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                 "cannot %s room “%s”: %d requests wait for the coordinator already", wish, room,
                 REQUESTS_MAX);
  else
    return TRUE;
  return FALSE;
}

/**
 * sentient_peer_join_async:
 * @self: a peer
 * @room: a room's name
 * @metadata: (nullable): what others shall know of us there, the text of a JSON object of at most
 *   2 KiB; its `name` is shown to people
 * @cancellable: (nullable): a #GCancellable
 * @callback: called when the coordinator has answered
 * @user_data: for @callback
 *
 * Joins a room. If there is room in @metadata, `sentient.v1` and `sentient.gossip` are added to its
 * `capabilities` on the way, so that others use the framing, and pass broadcasts on to us. With
 * #SentientPeer:auto-connect the peer then connects to everyone it finds there, or in a large room
 * to its neighbours, see #SentientPeer:mesh-limit. Joining again changes the metadata. After the
 * coordinator was lost and found again, the peer joins its rooms again by itself.
 *
 * Since: 0.1
 */
void
sentient_peer_join_async (SentientPeer *self,
                          const char *room,
                          const char *metadata,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (room != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_join_async);
  if (!may_ask (self, "join", room, &error) || !is_object (metadata, &error)
      || !send_join (self, room, metadata, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  sentient_waiters_add (add_request (self, TRUE, room, metadata)->waiters, g_steal_pointer (&task));
}

/**
 * sentient_peer_join_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Errors: %SENTIENT_ERROR_BAD_REQUEST, %SENTIENT_ERROR_NOT_CONNECTED (no coordinator),
 * %SENTIENT_ERROR_TIMED_OUT (no answer within #SentientPeer:request-timeout),
 * %SENTIENT_ERROR_CONNECTION_LOST, or what the coordinator said, such as %SENTIENT_ERROR_ROOM_FULL.
 *
 * Returns: (transfer full): the room with its other members
 *
 * Since: 0.1
 */
SentientRoom *
sentient_peer_join_finish (SentientPeer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * sentient_peer_leave_async:
 * @self: a peer
 * @room: a room's name
 * @cancellable: (nullable): a #GCancellable
 * @callback: called when the coordinator has answered
 * @user_data: for @callback
 *
 * Leaves a room. Connections to its members live on.
 *
 * Since: 0.1
 */
void
sentient_peer_leave_async (SentientPeer *self,
                           const char *room,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (room != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_leave_async);
  if (may_ask (self, "leave", room, &error) && sentient_peer_find_room (self, room) == NULL)
    g_set_error (&error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM,
                 "cannot leave room “%s”: “%s” is not in it", room, self->node_id);
  if (error != NULL || !sentient_channel_leave (self->channel, room, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  sentient_waiters_add (add_request (self, FALSE, room, NULL)->waiters, g_steal_pointer (&task));
}

/**
 * sentient_peer_leave_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Errors: %SENTIENT_ERROR_UNKNOWN_ROOM (not in it), %SENTIENT_ERROR_NOT_CONNECTED,
 * %SENTIENT_ERROR_TIMED_OUT (it is left all the same), or what the coordinator said.
 *
 * Returns: %TRUE if it was left
 *
 * Since: 0.1
 */
gboolean
sentient_peer_leave_finish (SentientPeer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
