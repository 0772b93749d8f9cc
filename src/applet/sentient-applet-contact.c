/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-contact.h"

#include <glib/gi18n.h>

struct _SentientAppletMessage
{
  GObject parent_instance;

  char *text;
  gboolean is_own;
  GDateTime *time;
};

G_DEFINE_FINAL_TYPE (SentientAppletMessage, sentient_applet_message, G_TYPE_OBJECT)

static void
sentient_applet_message_finalize (GObject *object)
{
  SentientAppletMessage *self = SENTIENT_APPLET_MESSAGE (object);

  g_free (self->text);
  g_clear_pointer (&self->time, g_date_time_unref);
  G_OBJECT_CLASS (sentient_applet_message_parent_class)->finalize (object);
}

static void
sentient_applet_message_class_init (SentientAppletMessageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sentient_applet_message_finalize;
}

static void
sentient_applet_message_init (SentientAppletMessage *self)
{
  self->time = g_date_time_new_now_local ();
}

const char *
sentient_applet_message_get_text (SentientAppletMessage *self)
{
  return self->text;
}

gboolean
sentient_applet_message_is_own (SentientAppletMessage *self)
{
  return self->is_own;
}

GDateTime *
sentient_applet_message_get_time (SentientAppletMessage *self)
{
  return self->time;
}

struct _SentientAppletContact
{
  GObject parent_instance;

  char *node_id;
  GListStore *messages;
  SentientDBusConnection *connection;
  guint unread;
  gboolean in_view;
};

typedef enum
{
  PROP_CONNECTION = 1,
  PROP_UNREAD,
} SentientAppletContactProperty;

static GParamSpec *properties[PROP_UNREAD + 1];

G_DEFINE_FINAL_TYPE (SentientAppletContact, sentient_applet_contact, G_TYPE_OBJECT)

static void
sentient_applet_contact_get_property (GObject *object,
                                      guint prop_id,
                                      GValue *value,
                                      GParamSpec *pspec)
{
  SentientAppletContact *self = SENTIENT_APPLET_CONTACT (object);

  switch ((SentientAppletContactProperty)prop_id)
    {
    case PROP_CONNECTION:
      g_value_set_object (value, self->connection);
      break;
    case PROP_UNREAD:
      g_value_set_uint (value, self->unread);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_applet_contact_dispose (GObject *object)
{
  SentientAppletContact *self = SENTIENT_APPLET_CONTACT (object);

  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (sentient_applet_contact_parent_class)->dispose (object);
}

static void
sentient_applet_contact_finalize (GObject *object)
{
  SentientAppletContact *self = SENTIENT_APPLET_CONTACT (object);

  g_free (self->node_id);
  g_clear_object (&self->messages);
  G_OBJECT_CLASS (sentient_applet_contact_parent_class)->finalize (object);
}

static void
sentient_applet_contact_class_init (SentientAppletContactClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_applet_contact_get_property;
  object_class->dispose = sentient_applet_contact_dispose;
  object_class->finalize = sentient_applet_contact_finalize;

  properties[PROP_CONNECTION]
      = g_param_spec_object ("connection", NULL, NULL, SENTIENT_DBUS_TYPE_CONNECTION,
                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_UNREAD] = g_param_spec_uint ("unread", NULL, NULL, 0, G_MAXUINT, 0,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_applet_contact_init (SentientAppletContact *self)
{
  self->messages = g_list_store_new (SENTIENT_TYPE_APPLET_MESSAGE);
}

SentientAppletContact *
sentient_applet_contact_new (const char *node_id)
{
  SentientAppletContact *self = g_object_new (SENTIENT_TYPE_APPLET_CONTACT, NULL);

  self->node_id = g_strdup (node_id);
  return self;
}

const char *
sentient_applet_contact_get_node_id (SentientAppletContact *self)
{
  return self->node_id;
}

GListModel *
sentient_applet_contact_get_messages (SentientAppletContact *self)
{
  return G_LIST_MODEL (self->messages);
}

SentientDBusConnection *
sentient_applet_contact_get_connection (SentientAppletContact *self)
{
  return self->connection;
}

static void
on_state (SentientAppletContact *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONNECTION]);
}

void
sentient_applet_contact_set_connection (SentientAppletContact *self,
                                        SentientDBusConnection *connection)
{
  static const char *const told[]
      = { "notify::state", "notify::candidate-type", "notify::remote-candidate-type",
          "notify::relayed", "notify::round-trip-time" };

  if (self->connection == connection)
    return;

  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_set_object (&self->connection, connection);
  for (guint i = 0; connection != NULL && i < G_N_ELEMENTS (told); i++)
    g_signal_connect_object (connection, told[i], G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONNECTION]);
}

gboolean
sentient_applet_contact_is_connected (SentientAppletContact *self)
{
  return self->connection != NULL
         && g_strcmp0 (sentient_dbus_connection_get_state (self->connection), "connected") == 0;
}

guint
sentient_applet_contact_get_unread (SentientAppletContact *self)
{
  return self->unread;
}

static void
set_unread (SentientAppletContact *self, guint unread)
{
  if (self->unread == unread)
    return;
  self->unread = unread;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNREAD]);
}

void
sentient_applet_contact_set_in_view (SentientAppletContact *self, gboolean in_view)
{
  self->in_view = in_view;
  if (in_view)
    set_unread (self, 0);
}

/* text is taken. */
static void
add (SentientAppletContact *self, char *text, gboolean is_own)
{
  g_autoptr (SentientAppletMessage) message = g_object_new (SENTIENT_TYPE_APPLET_MESSAGE, NULL);

  message->text = text;
  message->is_own = is_own;
  if (g_list_model_get_n_items (G_LIST_MODEL (self->messages)) >= SENTIENT_APPLET_MESSAGES_MAX)
    g_list_store_remove (self->messages, 0);
  g_list_store_append (self->messages, message);
}

/* What a person sees of it, at most so much. */
static char *
to_text (GBytes *data, gboolean is_text)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);
  g_autofree char *valid = NULL;
  glong length;

  if (!is_text || (size > 0 && memchr (bytes, 0, size) != NULL))
    return g_strdup_printf (g_dngettext (NULL, "(%zu byte of data)", "(%zu bytes of data)",
                                         (gulong)size),
                            size);

  valid = g_utf8_make_valid (size > 0 ? bytes : "", (gssize)size);
  length = g_utf8_strlen (valid, -1);
  if (length > SENTIENT_APPLET_TEXT_MAX)
    {
      g_autofree char *begin = g_utf8_substring (valid, 0, SENTIENT_APPLET_TEXT_MAX);

      return g_strdup_printf (_ ("%s … (%ld more characters)"), begin,
                              length - SENTIENT_APPLET_TEXT_MAX);
    }
  return g_steal_pointer (&valid);
}

void
sentient_applet_contact_add_received (SentientAppletContact *self, GBytes *data, gboolean is_text)
{
  add (self, to_text (data, is_text), FALSE);
  if (!self->in_view)
    set_unread (self, self->unread + 1);
}

void
sentient_applet_contact_add_sent (SentientAppletContact *self, const char *text)
{
  g_autoptr (GBytes) data = g_bytes_new_static (text, strlen (text));

  add (self, to_text (data, TRUE), TRUE);
}
