/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/sentient-client-room.h"

#include "client/sentient-client-list.h"

struct _SentientClientRoom
{
  GObject parent_instance;

  SentientDBusRoom *proxy;
  GListStore *members;
};

typedef enum
{
  PROP_PROXY = 1,
  PROP_MEMBERS,
} SentientClientRoomProperty;

static GParamSpec *properties[PROP_MEMBERS + 1];

G_DEFINE_FINAL_TYPE (SentientClientRoom, sentient_client_room, G_TYPE_OBJECT)

static void
sentient_client_room_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientClientRoom *self = SENTIENT_CLIENT_ROOM (object);

  switch ((SentientClientRoomProperty)prop_id)
    {
    case PROP_PROXY:
      g_value_set_object (value, self->proxy);
      break;
    case PROP_MEMBERS:
      g_value_set_object (value, self->members);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_client_room_set_property (GObject *object,
                                   guint prop_id,
                                   const GValue *value,
                                   GParamSpec *pspec)
{
  SentientClientRoom *self = SENTIENT_CLIENT_ROOM (object);

  switch ((SentientClientRoomProperty)prop_id)
    {
    case PROP_PROXY:
      self->proxy = g_value_dup_object (value);
      break;
    case PROP_MEMBERS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_client_room_finalize (GObject *object)
{
  SentientClientRoom *self = SENTIENT_CLIENT_ROOM (object);

  g_clear_object (&self->proxy);
  g_clear_object (&self->members);
  G_OBJECT_CLASS (sentient_client_room_parent_class)->finalize (object);
}

static void
sentient_client_room_class_init (SentientClientRoomClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_client_room_get_property;
  object_class->set_property = sentient_client_room_set_property;
  object_class->finalize = sentient_client_room_finalize;

  properties[PROP_PROXY]
      = g_param_spec_object ("proxy", NULL, NULL, SENTIENT_DBUS_TYPE_ROOM,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_MEMBERS] = g_param_spec_object ("members", NULL, NULL, G_TYPE_LIST_MODEL,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_client_room_init (SentientClientRoom *self)
{
  self->members = g_list_store_new (SENTIENT_DBUS_TYPE_MEMBER);
}

SentientClientRoom *
sentient_client_room_new (SentientDBusRoom *proxy)
{
  g_return_val_if_fail (SENTIENT_DBUS_IS_ROOM (proxy), NULL);

  return g_object_new (SENTIENT_TYPE_CLIENT_ROOM, "proxy", proxy, NULL);
}

SentientDBusRoom *
sentient_client_room_get_proxy (SentientClientRoom *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT_ROOM (self), NULL);

  return self->proxy;
}

GListModel *
sentient_client_room_get_members (SentientClientRoom *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT_ROOM (self), NULL);

  return G_LIST_MODEL (self->members);
}

const char *
sentient_client_room_get_name (SentientClientRoom *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT_ROOM (self), NULL);

  return sentient_dbus_room_get_name (self->proxy);
}

void
sentient_client_room_add_member (SentientClientRoom *self, SentientDBusMember *member)
{
  sentient_client_list_insert (self->members, member, sentient_client_proxy_path);
}

void
sentient_client_room_remove_member (SentientClientRoom *self, const char *path)
{
  sentient_client_list_remove (self->members, path, sentient_client_proxy_path);
}
