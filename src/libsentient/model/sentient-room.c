/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-room.h"

/**
 * SentientRoom:
 *
 * A room: a #GListModel of #SentientMember in the order of their joining. It belongs to the context
 * of the coordinator or peer that lists it.
 *
 * Since: 0.1
 */
struct _SentientRoom
{
  GObject parent_instance;

  GRefString *name;
  gboolean permanent;
  GPtrArray *members;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_PERMANENT,
  PROP_N_MEMBERS,
} SentientRoomProperty;

static GParamSpec *properties[PROP_N_MEMBERS + 1];

static GType
sentient_room_get_item_type (GListModel *model)
{
  return SENTIENT_TYPE_MEMBER;
}

static guint
sentient_room_list_get_n_items (GListModel *model)
{
  return SENTIENT_ROOM (model)->members->len;
}

static gpointer
sentient_room_get_item (GListModel *model, guint position)
{
  SentientRoom *self = SENTIENT_ROOM (model);

  return position < self->members->len ? g_object_ref (self->members->pdata[position]) : NULL;
}

static void
sentient_room_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = sentient_room_get_item_type;
  iface->get_n_items = sentient_room_list_get_n_items;
  iface->get_item = sentient_room_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientRoom,
                               sentient_room,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      sentient_room_list_model_init))

static void
sentient_room_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientRoom *self = SENTIENT_ROOM (object);

  switch ((SentientRoomProperty)prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_PERMANENT:
      g_value_set_boolean (value, self->permanent);
      break;
    case PROP_N_MEMBERS:
      g_value_set_uint (value, self->members->len);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_room_finalize (GObject *object)
{
  SentientRoom *self = SENTIENT_ROOM (object);

  g_clear_pointer (&self->name, g_ref_string_release);
  g_ptr_array_unref (self->members);
  G_OBJECT_CLASS (sentient_room_parent_class)->finalize (object);
}

static void
sentient_room_class_init (SentientRoomClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_room_get_property;
  object_class->finalize = sentient_room_finalize;

  /**
   * SentientRoom:name:
   *
   * The room's name.
   *
   * Since: 0.1
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  /**
   * SentientRoom:permanent:
   *
   * Whether the room stays when its last member leaves.
   *
   * Since: 0.1
   */
  properties[PROP_PERMANENT] = g_param_spec_boolean ("permanent", NULL, NULL, FALSE, flags);
  /**
   * SentientRoom:n-members:
   *
   * How many members there are.
   *
   * Since: 0.1
   */
  properties[PROP_N_MEMBERS] = g_param_spec_uint ("n-members", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_room_init (SentientRoom *self)
{
  self->members = g_ptr_array_new_with_free_func (g_object_unref);
}

SentientRoom *
sentient_room_new (const char *name, gboolean permanent)
{
  SentientRoom *self = g_object_new (SENTIENT_TYPE_ROOM, NULL);

  self->name = g_ref_string_new_intern (name);
  self->permanent = permanent;
  return self;
}

/**
 * sentient_room_get_name:
 * @self: a room
 *
 * Returns: its name
 *
 * Since: 0.1
 */
const char *
sentient_room_get_name (SentientRoom *self)
{
  g_return_val_if_fail (SENTIENT_IS_ROOM (self), NULL);

  return self->name;
}

/**
 * sentient_room_get_n_members:
 * @self: a room
 *
 * Returns: how many members there are
 *
 * Since: 0.1
 */
guint
sentient_room_get_n_members (SentientRoom *self)
{
  g_return_val_if_fail (SENTIENT_IS_ROOM (self), 0);

  return self->members->len;
}

/**
 * sentient_room_get_permanent:
 * @self: a room
 *
 * Returns: whether the room stays when its last member leaves
 *
 * Since: 0.1
 */
gboolean
sentient_room_get_permanent (SentientRoom *self)
{
  g_return_val_if_fail (SENTIENT_IS_ROOM (self), FALSE);

  return self->permanent;
}

/**
 * sentient_room_find_member:
 * @self: a room
 * @node_id: a node id
 *
 * Returns: (transfer none) (nullable): the member with that id
 *
 * Since: 0.1
 */
SentientMember *
sentient_room_find_member (SentientRoom *self, const char *node_id)
{
  g_return_val_if_fail (SENTIENT_IS_ROOM (self), NULL);
  g_return_val_if_fail (node_id != NULL, NULL);

  for (guint i = 0; i < self->members->len; i++)
    {
      SentientMember *member = self->members->pdata[i];

      if (g_str_equal (sentient_member_get_node_id (member), node_id))
        return member;
    }
  return NULL;
}

SentientMember *
sentient_room_peek (SentientRoom *self, guint position)
{
  return self->members->pdata[position];
}

void
sentient_room_add (SentientRoom *self, SentientMember *member)
{
  g_ptr_array_add (self->members, g_object_ref (member));
  g_list_model_items_changed (G_LIST_MODEL (self), self->members->len - 1, 0, 1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_MEMBERS]);
}

gboolean
sentient_room_remove (SentientRoom *self, SentientMember *member)
{
  guint position;

  if (!g_ptr_array_find (self->members, member, &position))
    return FALSE;

  g_ptr_array_remove_index (self->members, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_MEMBERS]);
  return TRUE;
}

void
sentient_room_clear (SentientRoom *self)
{
  guint n = self->members->len;

  if (n == 0)
    return;
  g_ptr_array_set_size (self->members, 0);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, n, 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_MEMBERS]);
}
