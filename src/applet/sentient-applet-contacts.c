/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-contacts.h"

struct _SentientAppletContacts
{
  GObject parent_instance;

  SentientClient *client;
  GHashTable *by_id; /* char *, the contact's, to SentientAppletContact */
  GQueue by_use;     /* contacts, who was asked for last at the end; the table holds them */
  guint unread;
};

typedef enum
{
  PROP_UNREAD = 1,
} SentientAppletContactsProperty;

static GParamSpec *properties[PROP_UNREAD + 1];

G_DEFINE_FINAL_TYPE (SentientAppletContacts, sentient_applet_contacts, G_TYPE_OBJECT)

static void
sentient_applet_contacts_get_property (GObject *object,
                                       guint prop_id,
                                       GValue *value,
                                       GParamSpec *pspec)
{
  SentientAppletContacts *self = SENTIENT_APPLET_CONTACTS (object);

  switch ((SentientAppletContactsProperty)prop_id)
    {
    case PROP_UNREAD:
      g_value_set_uint (value, self->unread);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_applet_contacts_dispose (GObject *object)
{
  SentientAppletContacts *self = SENTIENT_APPLET_CONTACTS (object);

  g_queue_clear (&self->by_use);
  g_hash_table_remove_all (self->by_id);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_contacts_parent_class)->dispose (object);
}

static void
sentient_applet_contacts_finalize (GObject *object)
{
  SentientAppletContacts *self = SENTIENT_APPLET_CONTACTS (object);

  g_hash_table_unref (self->by_id);
  G_OBJECT_CLASS (sentient_applet_contacts_parent_class)->finalize (object);
}

static void
sentient_applet_contacts_class_init (SentientAppletContactsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_applet_contacts_get_property;
  object_class->dispose = sentient_applet_contacts_dispose;
  object_class->finalize = sentient_applet_contacts_finalize;

  properties[PROP_UNREAD] = g_param_spec_uint ("unread", NULL, NULL, 0, G_MAXUINT, 0,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_applet_contacts_init (SentientAppletContacts *self)
{
  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
}

static void
count_unread (SentientAppletContacts *self)
{
  guint unread = 0;

  for (GList *l = self->by_use.head; l != NULL; l = l->next)
    unread += sentient_applet_contact_get_unread (l->data);
  if (unread == self->unread)
    return;
  self->unread = unread;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNREAD]);
}

static void
forget_one (SentientAppletContacts *self)
{
  GList *oldest = self->by_use.head;

  while (oldest->next != NULL && sentient_applet_contact_get_connection (oldest->data) != NULL)
    oldest = oldest->next;

  g_signal_handlers_disconnect_by_data (oldest->data, self);
  g_hash_table_remove (self->by_id, sentient_applet_contact_get_node_id (oldest->data));
  g_queue_delete_link (&self->by_use, oldest);
}

SentientAppletContact *
sentient_applet_contacts_get (SentientAppletContacts *self, const char *node_id)
{
  SentientAppletContact *contact = g_hash_table_lookup (self->by_id, node_id);

  if (contact != NULL)
    {
      GList *link = g_queue_find (&self->by_use, contact);

      g_queue_unlink (&self->by_use, link);
      g_queue_push_tail_link (&self->by_use, link);
      return contact;
    }

  if (g_hash_table_size (self->by_id) >= SENTIENT_APPLET_CONTACTS_MAX)
    {
      forget_one (self);
      count_unread (self);
    }
  contact = sentient_applet_contact_new (node_id);
  sentient_applet_contact_set_connection (contact,
                                          sentient_client_find_connection (self->client, node_id));
  g_signal_connect_object (contact, "notify::unread", G_CALLBACK (count_unread), self,
                           G_CONNECT_SWAPPED);
  g_hash_table_insert (self->by_id, (gpointer)sentient_applet_contact_get_node_id (contact),
                       contact);
  g_queue_push_tail (&self->by_use, contact);
  return contact;
}

guint
sentient_applet_contacts_get_unread (SentientAppletContacts *self)
{
  return self->unread;
}

/* Those that are known only: a contact is made when somebody asks for it. */
static void
on_connections (SentientAppletContacts *self)
{
  for (GList *l = self->by_use.head; l != NULL; l = l->next)
    {
      const char *node_id = sentient_applet_contact_get_node_id (l->data);

      sentient_applet_contact_set_connection (l->data,
                                              sentient_client_find_connection (self->client,
                                                                               node_id));
    }
}

static void
on_message (SentientAppletContacts *self, const char *node_id, GBytes *data, gboolean is_text)
{
  sentient_applet_contact_add_received (sentient_applet_contacts_get (self, node_id), data,
                                        is_text);
}

SentientAppletContacts *
sentient_applet_contacts_new (SentientClient *client)
{
  SentientAppletContacts *self = g_object_new (SENTIENT_TYPE_APPLET_CONTACTS, NULL);

  self->client = g_object_ref (client);
  g_signal_connect_object (sentient_client_get_connections (client), "items-changed",
                           G_CALLBACK (on_connections), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (client, "message", G_CALLBACK (on_message), self, G_CONNECT_SWAPPED);
  return self;
}
