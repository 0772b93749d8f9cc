/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

/* The wish to send a file: it is looked at and opened, then offered. */

typedef struct
{
  char *node_id;
  GFile *file;
  char *name;
  char *content_type;
  gint64 size;
} Wish;

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_clear_object (&wish->file);
  g_free (wish->node_id);
  g_free (wish->name);
  g_free (wish->content_type);
  g_free (wish);
}

static gboolean
may_offer (SentientPeer *self, const char *node_id, GError **error)
{
  SentientConnection *connection = g_hash_table_lookup (self->open, node_id);

  if (connection == NULL || !sentient_connection_is_usable (connection))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
                 "there is no open connection to “%s”: connect to it first", node_id);
  else if (connection->stream == NULL
           || !sentient_peer_has_capability (self, connection, SENTIENT_TRANSFER_CAPABILITY))
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "“%s” does not take files: what runs there does not know how, or it is in no room "
                 "of ours any more",
                 node_id);
  else
    return sentient_transfer_list_has_place (self->transfers, node_id,
                                             SENTIENT_TRANSFER_DIRECTION_OUTGOING, error);
  return FALSE;
}

/* Takes task. */
static void
offer (GTask *task, GInputStream *stream)
{
  g_autoptr (GTask) owned = task;
  SentientPeer *self = g_task_get_source_object (task);
  Wish *wish = g_task_get_task_data (task);
  GError *error = NULL;

  /* It may have taken a while. */
  if (!may_offer (self, wish->node_id, &error))
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task,
                           sentient_transfer_offer (self->transfers, wish->node_id, stream,
                                                    wish->file, wish->name, wish->content_type,
                                                    wish->size),
                           g_object_unref);
}

static void
return_read_error (GTask *task, GError *error)
{
  Wish *wish = g_task_get_task_data (task);
  g_autofree char *name = g_file_get_parse_name (wish->file);
  g_autoptr (GError) owned = error;
  const char *why = owned->message;

  /* What GIO says names the file again. */
  if (g_error_matches (owned, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    why = g_strerror (ENOENT);
  else if (g_error_matches (owned, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    why = g_strerror (EACCES);
  g_task_return_new_error (task, owned->domain, owned->code, "“%s” cannot be read: %s", name, why);
}

static void
return_no_file (GTask *task, GFileType type)
{
  Wish *wish = g_task_get_task_data (task);
  g_autofree char *name = g_file_get_parse_name (wish->file);

  g_task_return_new_error (task, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                           type == G_FILE_TYPE_DIRECTORY
                               ? "“%s” is a folder: send the files in it, or pack it into one"
                               : "“%s” is a device, a pipe or the like, and no file with a "
                                 "beginning and an end: send what can be read from it as a file",
                           name);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read_finish (G_FILE (source), result, &error);

  if (stream == NULL)
    return_read_error (task, error);
  else if (!g_task_return_error_if_cancelled (task))
    offer (g_steal_pointer (&task), G_INPUT_STREAM (stream));
}

static void
on_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientPeer *self = g_task_get_source_object (task);
  Wish *wish = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (info == NULL)
    {
      return_read_error (task, error);
      return;
    }
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    {
      return_no_file (task, g_file_info_get_file_type (info));
      return;
    }
  wish->name = g_strdup (g_file_info_get_display_name (info));
  wish->content_type = g_content_type_get_mime_type (g_file_info_get_content_type (info));
  wish->size = g_file_info_get_size (info);
  g_main_context_push_thread_default (self->context);
  g_file_read_async (wish->file, G_PRIORITY_DEFAULT, cancellable, on_opened,
                     g_steal_pointer (&task));
  g_main_context_pop_thread_default (self->context);
}

/**
 * sentient_peer_send_file_async:
 * @self: a peer
 * @node_id: a connected node
 * @file: a regular file
 * @cancellable: (nullable): a #GCancellable; it ends the offering, not the transfer
 * @callback: called when the file is offered, or cannot be
 * @user_data: for @callback
 *
 * Offers a file to another node, which takes it or not. #SentientTransfer:state of what
 * sentient_peer_send_file_finish() returns, or sentient_transfer_wait_async(), tell what becomes of
 * it. Any number of other messages goes on beside it, and it outlives connections that break.
 *
 * A file that becomes shorter or longer while it is read fails.
 *
 * Since: 0.1
 */
void
sentient_peer_send_file_async (SentientPeer *self,
                               const char *node_id,
                               GFile *file,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  Wish *wish;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (node_id != NULL);
  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wish = g_new0 (Wish, 1);
  wish->node_id = g_strdup (node_id);
  wish->file = g_object_ref (file);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_send_file_async);
  g_task_set_task_data (task, wish, wish_free);
  if (!may_offer (self, node_id, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  g_main_context_push_thread_default (self->context);
  g_file_query_info_async (file,
                           G_FILE_ATTRIBUTE_STANDARD_TYPE
                           "," G_FILE_ATTRIBUTE_STANDARD_SIZE
                           "," G_FILE_ATTRIBUTE_STANDARD_DISPLAY_NAME
                           "," G_FILE_ATTRIBUTE_STANDARD_CONTENT_TYPE,
                           G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT, cancellable, on_info,
                           g_steal_pointer (&task));
  g_main_context_pop_thread_default (self->context);
}

/**
 * sentient_peer_send_stream_async:
 * @self: a peer
 * @node_id: a connected node
 * @stream: what is to be sent; it is read when the other node accepts it, and closed in the end
 * @name: what it is to be called there, UTF-8
 * @content_type: (nullable): its media type, such as `text/plain`
 * @size: how many bytes it has; -1: that is not known
 * @cancellable: (nullable): a #GCancellable; it ends the offering, not the transfer
 * @callback: called when it is offered, or cannot be
 * @user_data: for @callback
 *
 * Offers what a stream holds, else like sentient_peer_send_file_async(), and finished like it.
 *
 * Since: 0.1
 */
void
sentient_peer_send_stream_async (SentientPeer *self,
                                 const char *node_id,
                                 GInputStream *stream,
                                 const char *name,
                                 const char *content_type,
                                 gint64 size,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;
  Wish *wish;

  g_return_if_fail (SENTIENT_IS_PEER (self));
  g_return_if_fail (node_id != NULL);
  g_return_if_fail (G_IS_INPUT_STREAM (stream));
  g_return_if_fail (name != NULL && g_utf8_validate (name, -1, NULL));
  g_return_if_fail (size >= -1);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wish = g_new0 (Wish, 1);
  wish->node_id = g_strdup (node_id);
  wish->name = g_strdup (name);
  wish->content_type = g_strdup (content_type);
  wish->size = size;
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_peer_send_file_async);
  g_task_set_task_data (task, wish, wish_free);
  if (g_task_return_error_if_cancelled (task))
    g_object_unref (task);
  else
    offer (task, stream);
}

/**
 * sentient_peer_send_file_finish:
 * @self: a peer
 * @result: what the callback got
 * @error: return location
 *
 * Finishes sentient_peer_send_file_async() and sentient_peer_send_stream_async().
 *
 * Errors: %SENTIENT_ERROR_NOT_CONNECTED, %SENTIENT_ERROR_BAD_REQUEST (the other node does not know
 * how to take files, or it is no regular file), %SENTIENT_ERROR_BUSY (there are too many transfers
 * already), and those of #GIOErrorEnum if the file cannot be read.
 *
 * Returns: (transfer full): the transfer, which is offered
 *
 * Since: 0.1
 */
SentientTransfer *
sentient_peer_send_file_finish (SentientPeer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * sentient_peer_get_transfers:
 * @self: a peer
 *
 * Returns: (transfer none): the files that are sent and received, a list of #SentientTransfer
 *
 * Since: 0.1
 */
SentientTransferList *
sentient_peer_get_transfers (SentientPeer *self)
{
  g_return_val_if_fail (SENTIENT_IS_PEER (self), NULL);

  return self->transfers;
}

GParamSpec *
sentient_peer_new_transfers_pspec (void)
{
  /**
   * SentientPeer:transfers:
   *
   * The files that are sent and received, and what is allowed of that. Those that other nodes offer
   * wait for an answer, see #SentientPeer::transfer-offered.
   *
   * Since: 0.1
   */
  return g_param_spec_object ("transfers", NULL, NULL, SENTIENT_TYPE_TRANSFER_LIST,
                              G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
}
