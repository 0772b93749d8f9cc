/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The objects below /transfers: the files that the peer sends and receives. */

#include "daemon/sentient-daemon-private.h"

#define COUNT_MS 500

struct _SentientDaemonTransfers
{
  SentientDaemon *daemon;
  GHashTable *objects; /* SentientTransfer → Object */
  SentientDaemonMirror *mirror;
  guint count_id; /* while any is active */
};

typedef struct
{
  SentientDaemonObject base; /* of a SentientTransfer, as SentientDBusTransfer */
  SentientDaemonTransfers *owner;
} Object;

static gboolean
is_active (SentientTransfer *transfer)
{
  return sentient_transfer_get_state (transfer) == SENTIENT_TRANSFER_STATE_ACTIVE;
}

static void
update_progress (Object *object)
{
  SentientTransfer *transfer = object->base.item;
  SentientDBusTransfer *skeleton = object->base.skeleton;

  sentient_dbus_transfer_set_transferred (skeleton, sentient_transfer_get_done (transfer));
  sentient_dbus_transfer_set_rate (skeleton, sentient_transfer_get_rate (transfer));
  sentient_dbus_transfer_set_remaining (skeleton, sentient_transfer_get_remaining (transfer));
}

static void
update (Object *object)
{
  SentientTransfer *transfer = object->base.item;
  SentientDBusTransfer *skeleton = object->base.skeleton;
  SentientTransferState state = sentient_transfer_get_state (transfer);
  const GError *error = sentient_transfer_get_error (transfer);
  g_autofree char *file = sentient_daemon_dup_file_name (transfer);

  update_progress (object);
  sentient_dbus_transfer_set_size (skeleton, sentient_transfer_get_size (transfer));
  sentient_dbus_transfer_set_file (skeleton, file);
  sentient_dbus_transfer_set_error (skeleton, error != NULL ? error->message : "");
  sentient_dbus_transfer_set_state (skeleton, sentient_transfer_state_to_string (state));
}

static gboolean
on_count (gpointer user_data)
{
  SentientDaemonTransfers *self = user_data;
  GHashTableIter iter;
  gpointer transfer, object;
  guint n_active = 0;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, &transfer, &object))
    {
      if (!is_active (transfer))
        continue;
      update_progress (object);
      n_active++;
    }
  if (n_active > 0)
    return G_SOURCE_CONTINUE;
  self->count_id = 0;
  return G_SOURCE_REMOVE;
}

/* Progress is told by a timer: the peer tells it more often than anybody on the bus wants it. */
static void
on_notify (GObject *transfer, GParamSpec *pspec, gpointer user_data)
{
  Object *object = user_data;
  SentientDaemonTransfers *self = object->owner;

  if (g_str_equal (pspec->name, "done") || g_str_equal (pspec->name, "rate"))
    return;
  update (object);
  if (self->count_id != 0 || !is_active (object->base.item))
    return;
  self->count_id = g_timeout_add (COUNT_MS, on_count, self);
  g_source_set_name_by_id (self->count_id, "sentient-daemon-transfers-count");
}

static gboolean
on_accept (SentientDBusTransfer *skeleton,
           GDBusMethodInvocation *invocation,
           GUnixFDList *fds,
           GVariant *destination,
           Object *object)
{
  return sentient_daemon_accept_file (object->base.daemon, invocation, fds, destination,
                                      object->base.item);
}

static gboolean
on_refuse (SentientDBusTransfer *skeleton,
           GDBusMethodInvocation *invocation,
           const char *reason,
           Object *object)
{
  g_autoptr (GError) error = NULL;

  if (sentient_daemon_refuses (object->base.daemon, invocation))
    return TRUE;
  if (!sentient_transfer_refuse (object->base.item, reason, &error))
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  sentient_dbus_transfer_complete_refuse (skeleton, invocation);
  return TRUE;
}

static gboolean
on_cancel (SentientDBusTransfer *skeleton, GDBusMethodInvocation *invocation, Object *object)
{
  if (sentient_daemon_refuses (object->base.daemon, invocation))
    return TRUE;
  sentient_transfer_cancel (object->base.item);
  sentient_dbus_transfer_complete_cancel (skeleton, invocation);
  return TRUE;
}

static void
on_came (gpointer item, gpointer user_data)
{
  SentientDaemonTransfers *self = user_data;
  Object *object = g_new0 (Object, 1);
  const char *type = sentient_transfer_get_content_type (item);
  SentientDBusTransfer *skeleton = sentient_dbus_transfer_skeleton_new ();
  char *path
      = g_strdup_printf (SENTIENT_DBUS_TRANSFERS_PATH "/%u", sentient_transfer_get_number (item));

  object->owner = self;
  sentient_daemon_object_init (&object->base, self->daemon, item, path, skeleton);
  sentient_dbus_transfer_set_direction (skeleton, sentient_transfer_direction_to_string (
                                                      sentient_transfer_get_direction (item)));
  sentient_dbus_transfer_set_node_id (skeleton, sentient_transfer_get_node_id (item));
  sentient_dbus_transfer_set_name (skeleton, sentient_transfer_get_name (item));
  sentient_dbus_transfer_set_media_type (skeleton, type != NULL ? type : "");
  update (object);
  g_signal_connect (item, "notify", G_CALLBACK (on_notify), object);
  g_signal_connect (skeleton, "handle-accept", G_CALLBACK (on_accept), object);
  g_signal_connect (skeleton, "handle-refuse", G_CALLBACK (on_refuse), object);
  g_signal_connect (skeleton, "handle-cancel", G_CALLBACK (on_cancel), object);
  g_hash_table_insert (self->objects, item, object);
  sentient_daemon_object_show (&object->base);
}

static void
on_went (gpointer item, gpointer user_data)
{
  SentientDaemonTransfers *self = user_data;

  g_hash_table_remove (self->objects, item);
}

/* Either the settings answer it, or somebody on the bus does. Without this handler the peer would
 * refuse all by itself. */
static void
on_offered (SentientPeer *peer, SentientTransfer *transfer, gpointer user_data)
{
  SentientDaemonTransfers *self = user_data;
  g_autoptr (GError) error = NULL;

  sentient_daemon_accept_by_settings (self->daemon, transfer, &error);
  if (error != NULL)
    sentient_daemon_fail (self->daemon, error);
}

SentientDaemonTransfers *
sentient_daemon_transfers_new (SentientDaemon *daemon)
{
  SentientDaemonTransfers *self = g_new0 (SentientDaemonTransfers, 1);

  self->daemon = daemon;
  self->objects = g_hash_table_new_full (NULL, NULL, NULL, sentient_daemon_object_free);
  self->mirror
      = sentient_daemon_mirror_new (G_LIST_MODEL (sentient_peer_get_transfers (daemon->peer)),
                                    on_came, on_went, self);
  g_signal_connect (daemon->peer, "transfer-offered", G_CALLBACK (on_offered), self);
  return self;
}

void
sentient_daemon_transfers_free (SentientDaemonTransfers *self)
{
  g_signal_handlers_disconnect_by_data (self->daemon->peer, self);
  g_clear_handle_id (&self->count_id, g_source_remove);
  g_clear_pointer (&self->mirror, sentient_daemon_mirror_free);
  g_hash_table_unref (self->objects);
  g_free (self);
}

const char *
sentient_daemon_transfers_find_path (SentientDaemonTransfers *self, SentientTransfer *transfer)
{
  return sentient_daemon_object_find_path (self->objects, transfer);
}
