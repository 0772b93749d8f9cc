/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-link-path.h"

#include <string.h>

static SentientLinkEnd
copy_end (const SentientLinkEnd *end)
{
  return (SentientLinkEnd){ end->type, g_strdup (end->address), end->port };
}

SentientLinkPath *
sentient_link_path_copy (const SentientLinkPath *self)
{
  SentientLinkPath *copy;

  if (self == NULL)
    return NULL;
  copy = g_new0 (SentientLinkPath, 1);
  copy->local = copy_end (&self->local);
  copy->remote = copy_end (&self->remote);
  copy->protocol = g_strdup (self->protocol);
  copy->relay = g_strdup (self->relay);
  copy->relay_through = self->relay_through;
  copy->retransmits = self->retransmits;
  copy->n_batched = self->n_batched;
  return copy;
}

void
sentient_link_path_free (SentientLinkPath *self)
{
  g_free (self->local.address);
  g_free (self->remote.address);
  g_free (self->protocol);
  g_free (self->relay);
  g_free (self);
}

gboolean
sentient_link_path_is_relayed (const SentientLinkPath *self)
{
  return self->local.type == SENTIENT_CANDIDATE_TYPE_RELAY
         || self->remote.type == SENTIENT_CANDIDATE_TYPE_RELAY;
}

static void
append_end (GString *out, const SentientLinkEnd *end)
{
  g_string_append_printf (out, strchr (end->address, ':') != NULL ? "%s [%s]:%u" : "%s %s:%u",
                          sentient_candidate_type_to_string (end->type), end->address, end->port);
}

char *
sentient_link_path_to_text (const SentientLinkPath *self)
{
  GString *out = g_string_new (NULL);

  append_end (out, &self->local);
  g_string_append (out, " ↔ ");
  append_end (out, &self->remote);
  g_string_append_printf (out, " (%s)", self->protocol);
  return g_string_free (out, FALSE);
}
