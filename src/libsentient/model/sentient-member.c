/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-member.h"

#include "protocol/sentient-metadata.h"

/**
 * SentientMember:
 *
 * Somebody who stands in a room. A node that is in three rooms is three members. It belongs to the
 * context of the object that lists it.
 *
 * Since: 0.1
 */
struct _SentientMember
{
  GObject parent_instance;

  GRefString *node_id;
  GRefString *room;
  char *name;     /* NULL: the node id serves */
  char *metadata; /* NULL: none */
  gint64 joined_at;
  gint64 last_seen;
  gboolean online;
  gboolean plain;
  struct _SentientSession *session;
};

typedef enum
{
  PROP_NODE_ID = 1,
  PROP_NAME,
  PROP_ROOM,
  PROP_METADATA,
  PROP_JOINED_AT,
  PROP_LAST_SEEN,
  PROP_ONLINE,
} SentientMemberProperty;

static GParamSpec *properties[PROP_ONLINE + 1];

G_DEFINE_FINAL_TYPE (SentientMember, sentient_member, G_TYPE_OBJECT)

static void
sentient_member_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientMember *self = SENTIENT_MEMBER (object);

  switch ((SentientMemberProperty)prop_id)
    {
    case PROP_NODE_ID:
      g_value_set_string (value, self->node_id);
      break;
    case PROP_NAME:
      g_value_set_string (value, sentient_member_get_name (self));
      break;
    case PROP_ROOM:
      g_value_set_string (value, self->room);
      break;
    case PROP_METADATA:
      g_value_set_string (value, self->metadata);
      break;
    case PROP_JOINED_AT:
      g_value_set_int64 (value, self->joined_at);
      break;
    case PROP_LAST_SEEN:
      g_value_set_int64 (value, self->last_seen);
      break;
    case PROP_ONLINE:
      g_value_set_boolean (value, self->online);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_member_finalize (GObject *object)
{
  SentientMember *self = SENTIENT_MEMBER (object);

  g_clear_pointer (&self->node_id, g_ref_string_release);
  g_clear_pointer (&self->room, g_ref_string_release);
  g_free (self->name);
  g_free (self->metadata);
  G_OBJECT_CLASS (sentient_member_parent_class)->finalize (object);
}

static void
sentient_member_class_init (SentientMemberClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_member_get_property;
  object_class->finalize = sentient_member_finalize;

  /**
   * SentientMember:node-id:
   *
   * The node's id.
   *
   * Since: 0.1
   */
  properties[PROP_NODE_ID] = g_param_spec_string ("node-id", NULL, NULL, NULL, flags);
  /**
   * SentientMember:name:
   *
   * What the node calls itself in its metadata, else its id. For people; it proves nothing.
   *
   * Since: 0.1
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  /**
   * SentientMember:room:
   *
   * The name of the room.
   *
   * Since: 0.1
   */
  properties[PROP_ROOM] = g_param_spec_string ("room", NULL, NULL, NULL, flags);
  /**
   * SentientMember:metadata:
   *
   * What the node told of itself when it joined: the text of a JSON object, %NULL if nothing.
   *
   * Since: 0.1
   */
  properties[PROP_METADATA] = g_param_spec_string ("metadata", NULL, NULL, NULL, flags);
  /**
   * SentientMember:joined-at:
   *
   * When it joined, in milliseconds since the epoch.
   *
   * Since: 0.1
   */
  properties[PROP_JOINED_AT]
      = g_param_spec_int64 ("joined-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * SentientMember:last-seen:
   *
   * When it was last heard of, in milliseconds since the epoch, at most a second old.
   *
   * Since: 0.1
   */
  properties[PROP_LAST_SEEN]
      = g_param_spec_int64 ("last-seen", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * SentientMember:online:
   *
   * %FALSE while the node is lost and may still come back. A peer knows it of the members of its
   * rooms if #SentientPeer:resumable is %TRUE.
   *
   * Since: 0.1
   */
  properties[PROP_ONLINE] = g_param_spec_boolean ("online", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_member_init (SentientMember *self)
{
  self->online = TRUE;
}

SentientMember *
sentient_member_new (const char *node_id, const char *room, const char *metadata, gint64 joined_at)
{
  SentientMember *self = g_object_new (SENTIENT_TYPE_MEMBER, NULL);

  self->node_id = g_ref_string_new_intern (node_id);
  self->room = g_ref_string_new_intern (room);
  self->metadata = g_strdup (metadata);
  self->name = sentient_metadata_dup_name (metadata);
  self->joined_at = joined_at;
  self->last_seen = joined_at;
  return self;
}

/**
 * sentient_member_get_node_id:
 * @self: a member
 *
 * Returns: its node id
 *
 * Since: 0.1
 */
const char *
sentient_member_get_node_id (SentientMember *self)
{
  g_return_val_if_fail (SENTIENT_IS_MEMBER (self), NULL);

  return self->node_id;
}

/**
 * sentient_member_get_name:
 * @self: a member
 *
 * Returns: what it calls itself, else its node id
 *
 * Since: 0.1
 */
const char *
sentient_member_get_name (SentientMember *self)
{
  g_return_val_if_fail (SENTIENT_IS_MEMBER (self), NULL);

  return self->name != NULL ? self->name : self->node_id;
}

/**
 * sentient_member_get_room:
 * @self: a member
 *
 * Returns: the name of its room
 *
 * Since: 0.1
 */
const char *
sentient_member_get_room (SentientMember *self)
{
  g_return_val_if_fail (SENTIENT_IS_MEMBER (self), NULL);

  return self->room;
}

/**
 * sentient_member_get_metadata:
 * @self: a member
 *
 * Returns: (nullable): the text of a JSON object
 *
 * Since: 0.1
 */
const char *
sentient_member_get_metadata (SentientMember *self)
{
  g_return_val_if_fail (SENTIENT_IS_MEMBER (self), NULL);

  return self->metadata;
}

/**
 * sentient_member_get_joined_at:
 * @self: a member
 *
 * Returns: milliseconds since the epoch
 *
 * Since: 0.1
 */
gint64
sentient_member_get_joined_at (SentientMember *self)
{
  g_return_val_if_fail (SENTIENT_IS_MEMBER (self), 0);

  return self->joined_at;
}

/**
 * sentient_member_get_last_seen:
 * @self: a member
 *
 * Returns: milliseconds since the epoch
 *
 * Since: 0.1
 */
gint64
sentient_member_get_last_seen (SentientMember *self)
{
  g_return_val_if_fail (SENTIENT_IS_MEMBER (self), 0);

  return self->last_seen;
}

/**
 * sentient_member_get_online:
 * @self: a member
 *
 * Returns: %FALSE while the node is lost and may still come back
 *
 * Since: 0.1
 */
gboolean
sentient_member_get_online (SentientMember *self)
{
  g_return_val_if_fail (SENTIENT_IS_MEMBER (self), FALSE);

  return self->online;
}

void
sentient_member_set_metadata (SentientMember *self, const char *metadata)
{
  g_autofree char *name = NULL;

  if (g_strcmp0 (self->metadata, metadata) == 0)
    return;

  g_free (self->metadata);
  self->metadata = g_strdup (metadata);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_METADATA]);

  name = sentient_metadata_dup_name (metadata);
  if (g_strcmp0 (self->name, name) != 0)
    {
      g_free (self->name);
      self->name = g_steal_pointer (&name);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
    }
}

void
sentient_member_set_online (SentientMember *self, gboolean online)
{
  if (self->online == !!online)
    return;
  self->online = !!online;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ONLINE]);
}

void
sentient_member_set_last_seen (SentientMember *self, gint64 last_seen)
{
  if (self->last_seen == last_seen)
    return;
  self->last_seen = last_seen;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LAST_SEEN]);
}

void
sentient_member_set_plain (SentientMember *self, gboolean plain)
{
  self->plain = plain;
}

gboolean
sentient_member_is_plain (SentientMember *self)
{
  return self->plain;
}

void
sentient_member_set_session (SentientMember *self, struct _SentientSession *session)
{
  self->session = session;
}

void
sentient_member_prefetch (SentientMember *self)
{
  __builtin_prefetch (&self->session);
}

struct _SentientSession *
sentient_member_get_session (SentientMember *self)
{
  return self->session;
}
