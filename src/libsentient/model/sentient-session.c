/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-session.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

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
  if (self->v1 != NULL)
    {
      g_assert (self->v1->queue == NULL);
      g_clear_error (&self->v1->http_error);
    }
  g_free (self->v1);
  g_free (self->node_id);
  g_free (self);
}

SentientSender *
sentient_session_ensure_sender (SentientSession *self)
{
  if (self->sender == NULL)
    {
      self->sender = sentient_sender_new ();
      self->sender->session = self;
    }
  return self->sender;
}

static void
fill_random (gpointer bytes, gsize size)
{
  /* Whoever guesses a token has the session: there is no lesser source to fall back on. */
  if (getrandom (bytes, size, 0) != (gssize)size)
    g_error ("The system gives no random numbers: %s", g_strerror (errno));
}

void
sentient_session_make_resumable (SentientSession *self)
{
  guint64 name;
  guchar token[16];
  g_autofree char *text = NULL;

  g_assert (self->v1 == NULL);

  self->v1 = g_new0 (SentientResumable, 1);
  self->v1->link.data = self;
  fill_random (&name, sizeof name);
  fill_random (token, sizeof token);
  g_snprintf (self->v1->name, sizeof self->v1->name, "s%016" G_GINT64_MODIFIER "x", name);
  text = g_base64_encode (token, sizeof token);
  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  memcpy (self->v1->token, text, SENTIENT_TOKEN_LEN);
}

void
sentient_session_wake (SentientSession *self)
{
  if (self->transport != NULL)
    self->transport->wake (self, self->transport_data);
}

void
sentient_session_overflow (SentientSession *self, gboolean missed)
{
  if (self->transport != NULL && self->transport->overflow != NULL)
    self->transport->overflow (self, self->transport_data, missed);
}

void
sentient_session_unqueue (SentientSession *self)
{
  if (self->v1 == NULL || self->v1->queue == NULL)
    return;
  g_queue_unlink (self->v1->queue, &self->v1->link);
  self->v1->queue = NULL;
}

gboolean
sentient_session_has_token (SentientSession *self, const char *token, gsize len)
{
  guint8 difference = 0;

  if (self->v1 == NULL || len != SENTIENT_TOKEN_LEN)
    return FALSE;
  for (gsize i = 0; i < SENTIENT_TOKEN_LEN; i++)
    difference |= (guint8)(self->v1->token[i] ^ token[i]);
  return difference == 0;
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
