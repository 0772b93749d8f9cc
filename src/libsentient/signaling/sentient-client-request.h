/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-server-message.h"

G_BEGIN_DECLS

/* What a node asks of a coordinator, whichever way it goes there; reference-counted and not
 * changed once it is made. */
typedef struct
{
  SentientServerMessageKind kind; /* what answers it: JOIN_RESULT, LEAVE_RESULT, or SIGNAL */
  char *room;                     /* join, leave; NULL: all */
  char *metadata;                 /* join, or NULL */
  SentientSignal *signal;         /* SIGNAL */
  gsize size;                     /* about as many bytes as it takes */
} SentientClientRequest;

SentientClientRequest *sentient_client_request_new_join (const char *room, const char *metadata);
SentientClientRequest *sentient_client_request_new_leave (const char *room);
SentientClientRequest *sentient_client_request_new_signal (SentientSignal *signal);
SentientClientRequest *sentient_client_request_ref (SentientClientRequest *self);
void sentient_client_request_unref (SentientClientRequest *self);

/* node_id NULL: for a WebSocket, else an HTTP body. */
char *sentient_client_request_make_text (SentientClientRequest *self, const char *node_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientClientRequest, sentient_client_request_unref)

G_END_DECLS
