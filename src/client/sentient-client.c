/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "client/sentient-client-private.h"
#include "dbus/sentient-dbus-names.h"

typedef enum
{
  PROP_AVAILABLE = 1,
  PROP_MANAGER,
  PROP_ROOMS,
  PROP_CONNECTIONS,
  PROP_TRANSFERS,
  PROP_ERROR,
} SentientClientProperty;

enum
{
  MESSAGE,
  FAILED,
  N_SIGNALS,
};

static GParamSpec *properties[PROP_ERROR + 1];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SentientClient, sentient_client, G_TYPE_OBJECT)

const char *
sentient_client_how_to_start (SentientClient *self)
{
  if (self->bus == G_BUS_TYPE_SYSTEM)
    return _ ("The Sentient daemon does not run on the system bus. Start it with: systemctl start "
              "sentientd");
  return _ ("The Sentient daemon does not run. Start it with: sentient start, or systemctl --user "
            "start sentientd");
}

void
sentient_client_set_error (SentientClient *self, const char *error)
{
  if (g_strcmp0 (self->error, error) == 0)
    return;
  g_free (self->error);
  self->error = g_strdup (error);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
}

void
sentient_client_settle (SentientClient *self)
{
  g_autoptr (GTask) opening = g_steal_pointer (&self->opening);
  g_autoptr (GTask) starting = g_steal_pointer (&self->starting);

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (opening != NULL)
    g_task_return_boolean (opening, TRUE);
  if (starting != NULL && self->manager != NULL)
    g_task_return_boolean (starting, TRUE);
  else if (starting != NULL)
    g_task_return_new_error (starting, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             self->error != NULL ? self->error
                                                 : sentient_client_how_to_start (self));
}

static void
on_message (SentientDBusManager *manager,
            const char *node_id,
            GVariant *data,
            gboolean is_text,
            SentientClient *self)
{
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (data);

  g_signal_emit (self, signals[MESSAGE], 0, node_id, bytes, is_text);
}

static void
on_failed (SentientDBusManager *manager,
           const char *name,
           const char *message,
           SentientClient *self)
{
  g_signal_emit (self, signals[FAILED], 0, name, message);
}

void
sentient_client_set_manager (SentientClient *self, SentientDBusManager *manager)
{
  if (self->manager == manager)
    return;
  if (self->manager != NULL)
    g_signal_handlers_disconnect_by_data (self->manager, self);
  g_set_object (&self->manager, manager);
  if (manager != NULL)
    {
      g_signal_connect_object (manager, "message", G_CALLBACK (on_message), self, 0);
      g_signal_connect_object (manager, "failed", G_CALLBACK (on_failed), self, 0);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MANAGER]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AVAILABLE]);
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  SentientClient *self = user_data;

  g_object_freeze_notify (G_OBJECT (self));
  sentient_client_forget (self);
  g_object_thaw_notify (G_OBJECT (self));
  sentient_client_follow (self, owner);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  /* Whoever is told may let go of it. */
  g_autoptr (SentientClient) self = g_object_ref (user_data);

  g_object_freeze_notify (G_OBJECT (self));
  if (sentient_client_is_open (self))
    sentient_client_set_error (self, sentient_client_how_to_start (self));
  sentient_client_forget (self);
  g_object_thaw_notify (G_OBJECT (self));
  sentient_client_settle (self);
}

/* A bus that ends may first tell that the daemon is gone, or not. */
static void
on_closed (GDBusConnection *connection,
           gboolean remote_peer_vanished,
           GError *error,
           SentientClient *self)
{
  self->closed = TRUE;
  sentient_client_set_error (self,
                             _ ("The connection to the bus is gone: the session may have ended"));
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientClient *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  self->connection = g_bus_get_finish (result, &error);
  if (self->connection == NULL)
    {
      g_autofree char *sentence = g_strdup_printf (
          self->bus == G_BUS_TYPE_SYSTEM
              ? _ ("There is no system bus: %s. Start dbus, or leave out --system")
              : _ ("There is no session bus: %s. Log in to a desktop session, or begin one for a "
                   "command with dbus-run-session"),
          error->message);

      sentient_client_set_error (self, sentence);
      g_task_return_new_error (task, error->domain, error->code, "%s", sentence);
      return;
    }

  /* A person is told; the program does not end in mid-sentence. */
  g_dbus_connection_set_exit_on_close (self->connection, FALSE);
  g_signal_connect_object (self->connection, "closed", G_CALLBACK (on_closed), self, 0);
  self->opening = g_steal_pointer (&task);
  self->watch_id = g_bus_watch_name_on_connection (self->connection, SENTIENT_DBUS_NAME,
                                                   G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                                                   on_vanished, self, NULL);
}

void
sentient_client_open_async (SentientClient *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SENTIENT_IS_CLIENT (self));
  g_return_if_fail (self->connection == NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_client_open_async);
  g_bus_get (self->bus, cancellable, on_bus, g_steal_pointer (&task));
}

gboolean
sentient_client_open_finish (SentientClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
sentient_client_is_open (SentientClient *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), FALSE);

  return self->connection != NULL && !self->closed;
}

gboolean
sentient_client_is_available (SentientClient *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), FALSE);

  return self->manager != NULL;
}

SentientDBusManager *
sentient_client_get_manager (SentientClient *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  return self->manager;
}

GListModel *
sentient_client_get_rooms (SentientClient *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  return G_LIST_MODEL (self->rooms);
}

GListModel *
sentient_client_get_connections (SentientClient *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  return G_LIST_MODEL (self->connections);
}

GListModel *
sentient_client_get_transfers (SentientClient *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  return G_LIST_MODEL (self->transfers);
}

const char *
sentient_client_get_error (SentientClient *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  return self->error;
}

SentientClientRoom *
sentient_client_find_room (SentientClient *self, const char *name)
{
  GHashTableIter iter;
  gpointer room;

  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  g_hash_table_iter_init (&iter, self->rooms_by_path);
  while (g_hash_table_iter_next (&iter, NULL, &room))
    if (g_strcmp0 (sentient_client_room_get_name (room), name) == 0)
      return room;
  return NULL;
}

SentientDBusConnection *
sentient_client_find_connection (SentientClient *self, const char *node_id)
{
  guint n;

  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  n = g_list_model_get_n_items (G_LIST_MODEL (self->connections));
  for (guint i = n; i > 0; i--)
    {
      g_autoptr (SentientDBusConnection) connection
          = g_list_model_get_item (G_LIST_MODEL (self->connections), i - 1);

      /* The newest: an older one may be on its way out. The list goes on holding it. */
      if (g_strcmp0 (sentient_dbus_connection_get_node_id (connection), node_id) == 0)
        return connection;
    }
  return NULL;
}

SentientClient *
sentient_client_new (GBusType bus)
{
  SentientClient *self;

  g_return_val_if_fail (bus == G_BUS_TYPE_SESSION || bus == G_BUS_TYPE_SYSTEM, NULL);

  self = g_object_new (SENTIENT_TYPE_CLIENT, NULL);
  self->bus = bus;
  return self;
}

static void
sentient_client_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientClient *self = SENTIENT_CLIENT (object);

  switch ((SentientClientProperty)prop_id)
    {
    case PROP_AVAILABLE:
      g_value_set_boolean (value, self->manager != NULL);
      break;
    case PROP_MANAGER:
      g_value_set_object (value, self->manager);
      break;
    case PROP_ROOMS:
      g_value_set_object (value, self->rooms);
      break;
    case PROP_CONNECTIONS:
      g_value_set_object (value, self->connections);
      break;
    case PROP_TRANSFERS:
      g_value_set_object (value, self->transfers);
      break;
    case PROP_ERROR:
      g_value_set_string (value, self->error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_client_dispose (GObject *object)
{
  SentientClient *self = SENTIENT_CLIENT (object);

  g_clear_handle_id (&self->watch_id, g_bus_unwatch_name);
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  sentient_client_forget (self);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (sentient_client_parent_class)->dispose (object);
}

static void
sentient_client_finalize (GObject *object)
{
  SentientClient *self = SENTIENT_CLIENT (object);

  g_hash_table_unref (self->rooms_by_path);
  g_object_unref (self->rooms);
  g_object_unref (self->connections);
  g_object_unref (self->transfers);
  g_free (self->error);
  G_OBJECT_CLASS (sentient_client_parent_class)->finalize (object);
}

static void
sentient_client_class_init (SentientClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = sentient_client_get_property;
  object_class->dispose = sentient_client_dispose;
  object_class->finalize = sentient_client_finalize;

  properties[PROP_AVAILABLE] = g_param_spec_boolean ("available", NULL, NULL, FALSE, flags);
  properties[PROP_MANAGER]
      = g_param_spec_object ("manager", NULL, NULL, SENTIENT_DBUS_TYPE_MANAGER, flags);
  properties[PROP_ROOMS] = g_param_spec_object ("rooms", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_CONNECTIONS]
      = g_param_spec_object ("connections", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_TRANSFERS]
      = g_param_spec_object ("transfers", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_ERROR] = g_param_spec_string ("error", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  signals[MESSAGE]
      = g_signal_new ("message", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_BYTES, G_TYPE_BOOLEAN);
  signals[FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
sentient_client_init (SentientClient *self)
{
  self->rooms_by_path = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->rooms = g_list_store_new (SENTIENT_TYPE_CLIENT_ROOM);
  self->connections = g_list_store_new (SENTIENT_DBUS_TYPE_CONNECTION);
  self->transfers = g_list_store_new (SENTIENT_DBUS_TYPE_TRANSFER);
}
