/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-session.h"

SentientSession *
sentient_session_ref (SentientSession *self)
{
  self->ref_count++;
  return self;
}

void
sentient_session_unref (SentientSession *self)
{
  if (--self->ref_count > 0)
    return;

  g_assert (sentient_session_get_n_rooms (self) == 0);

  sentient_outbox_clear (&self->outbox);
  g_clear_pointer (&self->sender, sentient_sender_unref);
  g_free (self->node_id);
  g_free (self);
}

guint
sentient_session_get_n_rooms (SentientSession *self)
{
  return self->memberships != NULL ? self->memberships->len : 0;
}

SentientMembership *
sentient_session_find_membership (SentientSession *self, const char *room)
{
  for (guint i = 0; i < sentient_session_get_n_rooms (self); i++)
    {
      SentientMembership *membership = &g_array_index (self->memberships, SentientMembership, i);

      if (g_str_equal (sentient_room_get_name (membership->room), room))
        return membership;
    }
  return NULL;
}

gboolean
sentient_session_shares_room (SentientSession *self, SentientSession *other)
{
  for (guint i = 0; i < sentient_session_get_n_rooms (self); i++)
    {
      SentientRoom *room = g_array_index (self->memberships, SentientMembership, i).room;

      for (guint j = 0; j < sentient_session_get_n_rooms (other); j++)
        {
          if (g_array_index (other->memberships, SentientMembership, j).room == room)
            return TRUE;
        }
    }
  return FALSE;
}
