/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-data-channel-private.h"

#include "core/sentient-error.h"

typedef struct
{
  SentientDataChannel *channel;
  gconstpointer key;
  gboolean is_ours;
} Member;

struct _SentientDataChannelSet
{
  GPtrArray *channels; /* Member */
};

static void
member_free (Member *member)
{
  g_object_unref (member->channel);
  g_free (member);
}

SentientDataChannelSet *
sentient_data_channel_set_new (void)
{
  SentientDataChannelSet *self = g_new0 (SentientDataChannelSet, 1);

  self->channels = g_ptr_array_new_with_free_func ((GDestroyNotify)member_free);
  return self;
}

void
sentient_data_channel_set_free (SentientDataChannelSet *self)
{
  sentient_data_channel_set_lose_all (self);
  g_ptr_array_unref (self->channels);
  g_free (self);
}

gboolean
sentient_data_channel_set_has_room (SentientDataChannelSet *self, gboolean is_ours, GError **error)
{
  guint n = 0;

  for (guint i = 0; i < self->channels->len; i++)
    n += ((Member *)self->channels->pdata[i])->is_ours == is_ours;
  if (n < SENTIENT_DATA_CHANNEL_MAX_OPEN)
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
               "The data channel cannot be opened: %u are open to this node already. Close one.",
               n);
  return FALSE;
}

void
sentient_data_channel_set_add (SentientDataChannelSet *self,
                               SentientDataChannel *channel,
                               gconstpointer key,
                               gboolean is_ours)
{
  Member *member = g_new0 (Member, 1);

  member->channel = g_object_ref (channel);
  member->key = key;
  member->is_ours = !!is_ours;
  g_ptr_array_add (self->channels, member);
}

static Member *
find (SentientDataChannelSet *self, gconstpointer key)
{
  for (guint i = 0; i < self->channels->len; i++)
    if (((Member *)self->channels->pdata[i])->key == key)
      return self->channels->pdata[i];
  return NULL;
}

SentientDataChannel *
sentient_data_channel_set_find (SentientDataChannelSet *self, gconstpointer key)
{
  const Member *member = find (self, key);

  return member != NULL ? member->channel : NULL;
}

void
sentient_data_channel_set_end (SentientDataChannelSet *self, gconstpointer key, const GError *error)
{
  Member *member = find (self, key);
  g_autoptr (SentientDataChannel) channel = NULL;

  if (member == NULL)
    return;
  channel = g_object_ref (member->channel);
  g_ptr_array_remove (self->channels, member);
  sentient_data_channel_end (channel, error);
}

void
sentient_data_channel_set_lose_all (SentientDataChannelSet *self)
{
  g_autoptr (GPtrArray) members = self->channels;
  g_autoptr (GError) error
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                             "The connection that carried the data channel is gone");

  self->channels = g_ptr_array_new_with_free_func ((GDestroyNotify)member_free);
  for (guint i = 0; i < members->len; i++)
    sentient_data_channel_end (((Member *)members->pdata[i])->channel, error);
}
