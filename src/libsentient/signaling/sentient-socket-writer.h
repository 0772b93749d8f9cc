/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "signaling/sentient-client-session.h"

G_BEGIN_DECLS

/* Sends texts over a WebSocket and counts what is not out yet: libsoup itself queues without end.
 */
typedef struct
{
  GMainContext *context;
  SoupWebsocketConnection *socket;
  gsize unsent;                  /* bytes given to the socket since it last had nothing to send */
  GSource *sent;                 /* NULL: unsent is 0 */
  SentientClientSession *client; /* what ack_timer is about */
  GSource *ack_timer;
  guint64 asked; /* the last request that was said here */
} SentientSocketWriter;

#define SENTIENT_SOCKET_UNSENT_MAX (1024 * 1024)

void sentient_socket_writer_init (SentientSocketWriter *self,
                                  GMainContext *context,
                                  SoupWebsocketConnection *socket);
void sentient_socket_writer_clear (SentientSocketWriter *self);
gboolean sentient_socket_writer_is_open (SentientSocketWriter *self);
/* FALSE: too much waits already (BUSY). */
gboolean sentient_socket_writer_has_place (SentientSocketWriter *self, gsize len, GError **error);
/* Whatever waits; does nothing if the socket is closed. text is taken. */
void sentient_socket_writer_send (SentientSocketWriter *self, char *text);

/* v1: tells the coordinator what has come, soon. client must outlive the writer. */
void sentient_socket_writer_acknowledge (SentientSocketWriter *self, SentientClientSession *client);
/* v1: says everything that the coordinator did not say it has handled, and that was not said here
 * already. */
void sentient_socket_writer_ask (SentientSocketWriter *self, SentientClientSession *client);

G_END_DECLS
