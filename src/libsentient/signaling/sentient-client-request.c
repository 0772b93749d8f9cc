/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-client-request.h"

#include <string.h>

#define OVERHEAD 128 /* keys, names and numbers */

static SentientClientRequest *
new_request (SentientServerMessageKind kind, const char *room)
{
  SentientClientRequest *self = g_rc_box_new0 (SentientClientRequest);

  self->kind = kind;
  self->room = g_strdup (room);
  self->size = OVERHEAD;
  return self;
}

SentientClientRequest *
sentient_client_request_new_join (const char *room, const char *metadata)
{
  SentientClientRequest *self = new_request (SENTIENT_SERVER_JOIN_RESULT, room);

  self->metadata = g_strdup (metadata);
  self->size += metadata != NULL ? strlen (metadata) : 0;
  return self;
}

SentientClientRequest *
sentient_client_request_new_leave (const char *room)
{
  return new_request (SENTIENT_SERVER_LEAVE_RESULT, room);
}

SentientClientRequest *
sentient_client_request_new_signal (SentientSignal *signal)
{
  SentientClientRequest *self = new_request (SENTIENT_SERVER_SIGNAL, NULL);

  self->signal = sentient_signal_ref (signal);
  self->size += strlen (sentient_signal_get_payload (signal));
  return self;
}

SentientClientRequest *
sentient_client_request_ref (SentientClientRequest *self)
{
  return g_rc_box_acquire (self);
}

static void
request_clear (gpointer data)
{
  SentientClientRequest *self = data;

  g_free (self->room);
  g_free (self->metadata);
  g_clear_pointer (&self->signal, sentient_signal_unref);
}

void
sentient_client_request_unref (SentientClientRequest *self)
{
  g_rc_box_release_full (self, request_clear);
}

char *
sentient_client_request_make_text (SentientClientRequest *self, const char *node_id)
{
  if (self->kind == SENTIENT_SERVER_JOIN_RESULT)
    return sentient_client_message_join (node_id, self->room, self->metadata);
  if (self->kind == SENTIENT_SERVER_LEAVE_RESULT)
    return sentient_client_message_leave (node_id, self->room);
  return sentient_client_message_signal (node_id, self->signal);
}
