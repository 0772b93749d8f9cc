/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-recent-ids.h"

#include <string.h>

#define ID_MAX 1024

struct _SentientRecentIds
{
  guint max;
  GQueue order;    /* owns the ids, oldest first */
  GHashTable *set; /* the same ids */
};

SentientRecentIds *
sentient_recent_ids_new (guint max)
{
  SentientRecentIds *self = g_new0 (SentientRecentIds, 1);

  self->max = max;
  g_queue_init (&self->order);
  self->set = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
sentient_recent_ids_free (SentientRecentIds *self)
{
  sentient_recent_ids_clear (self);
  g_hash_table_unref (self->set);
  g_free (self);
}

gboolean
sentient_recent_ids_add (SentientRecentIds *self, const char *id)
{
  char *copy;

  if (strlen (id) > ID_MAX)
    return TRUE;
  if (g_hash_table_contains (self->set, id))
    return FALSE;
  if (self->order.length >= self->max)
    {
      g_autofree char *oldest = g_queue_pop_head (&self->order);

      g_hash_table_remove (self->set, oldest);
    }
  copy = g_strdup (id);
  g_queue_push_tail (&self->order, copy);
  g_hash_table_add (self->set, copy);
  return TRUE;
}

void
sentient_recent_ids_clear (SentientRecentIds *self)
{
  g_hash_table_remove_all (self->set);
  g_queue_clear_full (&self->order, g_free);
}
