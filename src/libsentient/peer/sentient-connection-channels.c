/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

/* Further channels of a connection: they belong to its link, and end with it. */

/* Somebody waits until a channel is open. */
typedef struct
{
  GTask *task;
  SentientDataChannel *channel;
  GSource *cancel;
} Opening;

/* The task, to be returned. */
static GTask *
opening_free (Opening *opening)
{
  GTask *task = opening->task;

  g_signal_handlers_disconnect_by_data (opening->channel, opening);
  if (opening->cancel != NULL)
    g_source_destroy (opening->cancel);
  g_clear_pointer (&opening->cancel, g_source_unref);
  g_object_unref (opening->channel);
  g_free (opening);
  return task;
}

static void
on_state (SentientDataChannel *channel, GParamSpec *pspec, Opening *opening)
{
  g_autoptr (GTask) task = NULL;

  if (sentient_data_channel_get_state (channel) != SENTIENT_DATA_CHANNEL_STATE_OPEN)
    return;
  g_object_ref (channel);
  task = opening_free (opening);
  g_task_return_pointer (task, channel, g_object_unref);
}

static void
on_closed (SentientDataChannel *channel, const GError *error, Opening *opening)
{
  g_autoptr (GTask) task = opening_free (opening);

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_new_error (task, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                             "the other node did not take the data channel “%s”",
                             sentient_data_channel_get_label (channel));
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Opening *opening = user_data;
  g_autoptr (SentientDataChannel) channel = g_object_ref (opening->channel);
  g_autoptr (GTask) task = opening_free (opening);

  sentient_data_channel_close (channel);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* Takes task and channel. */
static void
await_open (SentientConnection *self, GTask *task, SentientDataChannel *channel)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Opening *opening = g_new0 (Opening, 1);

  opening->task = task;
  opening->channel = channel;
  g_signal_connect (channel, "notify::state", G_CALLBACK (on_state), opening);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), opening);
  if (cancellable == NULL)
    return;
  opening->cancel = g_cancellable_source_new (cancellable);
  g_source_set_static_name (opening->cancel, "sentient-data-channel");
  g_source_set_callback (opening->cancel, (GSourceFunc)G_CALLBACK (on_cancelled), opening, NULL);
  g_source_attach (opening->cancel, self->peer->context);
}

/**
 * sentient_connection_open_channel_async:
 * @self: a connection that is %SENTIENT_CONNECTION_STATE_CONNECTED
 * @label: its name: UTF-8 of 1 to 64 bytes, but not `prrc`
 * @protocol: (nullable): what is spoken on it, at most 64 bytes
 * @ordered: whether messages are to arrive in the order in which they were sent
 * @max_retransmits: how often a lost message is sent again before it is given up; -1: no limit
 * @max_lifetime: for how many milliseconds it is sent again; -1: no limit
 * @cancellable: (nullable): a #GCancellable; a channel that is not open by then is closed
 * @callback: called when the channel is open
 * @user_data: for @callback
 *
 * Opens a further data channel to the node (in-band, RFC 8832), with a reliability of its own: for
 * what is of no use when it comes late, such as positions in a game. The other end gets
 * #SentientPeer::data-channel. Each end may have 16 of them open to the other.
 *
 * At most one of @max_retransmits and @max_lifetime may be given; both are at most 65535.
 *
 * Since: 0.1
 */
void
sentient_connection_open_channel_async (SentientConnection *self,
                                        const char *label,
                                        const char *protocol,
                                        gboolean ordered,
                                        int max_retransmits,
                                        int max_lifetime,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  const SentientDataChannelOptions options
      = { label, protocol, ordered, max_retransmits, max_lifetime };
  g_autoptr (GTask) task = NULL;
  g_autoptr (SentientDataChannel) channel = NULL;
  GError *error = NULL;

  g_return_if_fail (SENTIENT_IS_CONNECTION (self));
  g_return_if_fail (label != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_connection_open_channel_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!sentient_data_channel_check_options (&options, &error))
    ;
  else if (self->link == NULL || self->peer == NULL || !sentient_connection_is_usable (self))
    g_set_error (&error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                 "the data channel “%s” cannot be opened: “%s” is not connected", label,
                 self->node_id);
  else
    channel = sentient_link_open_channel (self->link, &options, &error);
  if (channel != NULL) /* a connection with one is not closed because the mesh needs it no more */
    sentient_peer_mesh_ask (self->peer, self->node_id, TRUE);
  if (channel == NULL)
    g_task_return_error (task, error);
  else
    await_open (self, g_steal_pointer (&task), g_steal_pointer (&channel));
}

/**
 * sentient_connection_open_channel_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location
 *
 * Finishes sentient_connection_open_channel_async().
 *
 * Errors: %SENTIENT_ERROR_BAD_REQUEST (the label, or both limits), %SENTIENT_ERROR_NOT_CONNECTED,
 * %SENTIENT_ERROR_BUSY (16 are open), %SENTIENT_ERROR_FORBIDDEN (the other node closed it at once),
 * %SENTIENT_ERROR_LINK_FAILED, %SENTIENT_ERROR_CONNECTION_LOST.
 *
 * Returns: (transfer full): the channel, open
 *
 * Since: 0.1
 */
SentientDataChannel *
sentient_connection_open_channel_finish (SentientConnection *self,
                                         GAsyncResult *result,
                                         GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
