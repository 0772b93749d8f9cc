/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-socket-writer.h"

#include <string.h>

#include "core/sentient-error.h"
#include "core/sentient-source.h"

void
sentient_socket_writer_init (SentientSocketWriter *self,
                             GMainContext *context,
                             SoupWebsocketConnection *socket)
{
  self->context = context;
  self->socket = socket;
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
sentient_socket_writer_clear (SentientSocketWriter *self)
{
  clear_source (&self->sent);
  clear_source (&self->ack_timer);
  self->socket = NULL;
}

gboolean
sentient_socket_writer_is_open (SentientSocketWriter *self)
{
  return self->socket != NULL
         && soup_websocket_connection_get_state (self->socket) == SOUP_WEBSOCKET_STATE_OPEN;
}

gboolean
sentient_socket_writer_has_place (SentientSocketWriter *self, gsize len, GError **error)
{
  if (self->unsent + len <= SENTIENT_SOCKET_UNSENT_MAX)
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
               "%" G_GSIZE_FORMAT " bytes already wait for the coordinator to read them: try "
               "again later",
               self->unsent);
  return FALSE;
}

static gboolean
on_sent (GObject *stream, gpointer user_data)
{
  SentientSocketWriter *self = user_data;

  self->unsent = 0;
  clear_source (&self->sent);
  return G_SOURCE_REMOVE;
}

static void
count_unsent (SentientSocketWriter *self, gsize len)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (self->socket);

  self->unsent += len;
  if (self->sent != NULL)
    return;
  /* While libsoup has something to send it waits for the same, and comes first. */
  self->sent = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (
                                                           g_io_stream_get_output_stream (stream)),
                                                       NULL);
  g_source_set_priority (self->sent, G_PRIORITY_DEFAULT + 10);
  sentient_source_attach (self->sent, self->context, "sentient-websocket-sent",
                          G_SOURCE_FUNC (on_sent), self);
}

void
sentient_socket_writer_send (SentientSocketWriter *self, char *text)
{
  g_autofree char *owned = text;

  if (!sentient_socket_writer_is_open (self))
    return;
  soup_websocket_connection_send_text (self->socket, owned);
  /* If it could not be written it is being closed, and nothing waits any more. */
  if (sentient_socket_writer_is_open (self))
    count_unsent (self, strlen (owned));
}

static gboolean
on_ack_timer (gpointer user_data)
{
  SentientSocketWriter *self = user_data;

  clear_source (&self->ack_timer);
  if (sentient_client_session_count_unacked (self->client) > 0)
    sentient_socket_writer_send (self, sentient_client_session_make_ack (self->client));
  return G_SOURCE_REMOVE;
}

void
sentient_socket_writer_acknowledge (SentientSocketWriter *self, SentientClientSession *client)
{
  guint64 n = sentient_client_session_count_unacked (client);

  if (n >= SENTIENT_CLIENT_ACK_EVERY)
    sentient_socket_writer_send (self, sentient_client_session_make_ack (client));
  else if (n > 0 && self->ack_timer == NULL)
    {
      self->client = client;
      self->ack_timer = g_timeout_source_new (SENTIENT_CLIENT_ACK_MS);
      sentient_source_attach (self->ack_timer, self->context, "sentient-websocket-ack",
                              on_ack_timer, self);
    }
}

void
sentient_socket_writer_ask (SentientSocketWriter *self, SentientClientSession *client)
{
  SentientClientRequest *request;

  while ((request = sentient_client_session_next (client, self->asked, &self->asked)) != NULL)
    sentient_socket_writer_send (self, sentient_client_session_make_text (client, request,
                                                                          self->asked, NULL));
}
