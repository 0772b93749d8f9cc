/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-conn.h"

#include <string.h>

#include "signaling/sentient-engine-private.h"
#include "signaling/sentient-front.h"
#include "signaling/sentient-http-head.h"

/* The loan to libsoup: one request at a time, whole and checked, on a stream of its own. libsoup
 * answers within soup_server_accept_iostream () unless the handler pauses the message or the client
 * is slow to take the response; then it frees its side and the connection goes on here. So libsoup
 * never holds an idle connection, and needs no keep-alive. */

static GQuark
front_quark (void)
{
  return g_quark_from_static_string ("sentient-front");
}

static SentientFront *
get_front (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return remote != NULL ? g_object_get_qdata (G_OBJECT (remote), front_quark ()) : NULL;
}

/* From here on the stream is only libsoup's. The caller takes over conn->front's reference. */
static void
detach (SentientFront *front)
{
  SentientConn *conn = front->conn;

  front->conn = NULL;
  if (front->informational_id != 0)
    g_signal_handler_disconnect (front->message, front->informational_id);
  front->informational_id = 0;
  if (front->remote != NULL)
    g_object_set_qdata (G_OBJECT (front->remote), front_quark (), NULL);
  g_clear_object (&front->remote);
  g_clear_object (&front->message);
  if (front->ws_data_free != NULL)
    front->ws_data_free (front->ws_data);
  front->ws_data = NULL;
  front->ws_data_free = NULL;

  conn->front = NULL;
  conn->blocked = FALSE;
}

void
sentient_lend_detach (SentientConn *self)
{
  g_autoptr (SentientFront) front = self->front;
  g_autoptr (SoupServerMessage) message = NULL;
  gboolean paused = !self->blocked && !front->finished;

  g_set_object (&message, front->message);
  detach (front);

  /* A message that its handler has paused would wait for ever; woken, it finds nobody. */
  if (message != NULL && paused)
    {
      if (soup_server_message_get_status (message) == 0)
        soup_server_message_set_status (message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
      soup_server_message_unpause (message);
    }
}

/* libsoup closes the stream: it is done with the request. */
void
sentient_lend_closed (SentientFront *front)
{
  SentientConn *conn = front->conn;

  if (conn == NULL)
    return;

  detach (front);
  sentient_conn_http_next (conn, front->keep_alive);
  g_object_unref (front);
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, SentientEngine *self)
{
  SentientFront *front = get_front (message);

  if (front == NULL || front->message != NULL)
    return;
  front->message = g_object_ref (message);
  if (!front->conn->keep_alive)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection",
                                  "close");
}

static void
on_request_finished (SoupServer *server, SoupServerMessage *message, SentientEngine *self)
{
  SentientFront *front = get_front (message);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  if (front == NULL)
    return;
  front->finished = TRUE;
  /* An old client does not expect libsoup's answer to be followed by more. A 204 has no length, and
   * no body either. */
  front->keep_alive = front->conn->keep_alive && !front->conn->http_10
                      && (soup_server_message_get_status (message) == SOUP_STATUS_NO_CONTENT
                          || soup_message_headers_get_encoding (headers) != SOUP_ENCODING_EOF)
                      && !soup_message_headers_header_contains (headers, "Connection", "close");
}

static void
on_request_aborted (SoupServer *server, SoupServerMessage *message, SentientEngine *self)
{
  SentientFront *front = get_front (message);

  if (front == NULL)
    return;
  front->finished = TRUE;
  front->keep_alive = FALSE;
}

void
sentient_lend_connect (SentientEngine *self)
{
  if (self->server == NULL)
    return;
  g_signal_connect (self->server, "request-started", G_CALLBACK (on_request_started), self);
  g_signal_connect (self->server, "request-finished", G_CALLBACK (on_request_finished), self);
  g_signal_connect (self->server, "request-aborted", G_CALLBACK (on_request_aborted), self);
}

void
sentient_lend_disconnect (SentientEngine *self)
{
  if (self->server == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->server, self);
  /* Frees what libsoup still holds of our streams. */
  soup_server_disconnect (self->server);
}

void
sentient_lend_request (SentientConn *self,
                       const char *data,
                       gsize len,
                       gsize skip_at,
                       gsize skip_len)
{
  SentientEngine *engine = self->engine;
  g_autoptr (GSocketAddress) local = sentient_conn_get_address (self, FALSE);
  g_autoptr (SentientFront) front = NULL;
  g_autoptr (GError) error = NULL;
  char *request = g_malloc (len - skip_len);

  memcpy (request, data, skip_at);
  memcpy (request + skip_at, data + skip_at + skip_len, len - skip_at - skip_len);

  front = sentient_front_new (self, request, len - skip_len, self->head_len - skip_len);
  front->remote = sentient_conn_get_address (self, TRUE);
  g_object_set_qdata (G_OBJECT (front->remote), front_quark (), front);
  self->front = g_object_ref (front);

  g_main_context_push_thread_default (engine->context);
  if (!soup_server_accept_iostream (engine->server, G_IO_STREAM (front), local, front->remote,
                                    &error))
    {
      g_message ("Cannot serve a request: %s", error->message);
      sentient_conn_destroy (self);
    }
  g_main_context_pop_thread_default (engine->context);
}

SentientConn *
sentient_engine_get_conn (SentientEngine *self, SoupServerMessage *message)
{
  SentientFront *front = get_front (message);

  return front != NULL ? front->conn : NULL;
}

gboolean
sentient_engine_get_head (SentientEngine *self, SoupServerMessage *message, SentientHttpHead *head)
{
  SentientFront *front = get_front (message);
  SentientHttpRequest request;
  SentientHttpFault fault;

  if (front == NULL)
    return FALSE;
  /* It was fine before, and so it is without the line of the expectation. */
  if (!sentient_http_head_parse (front->request, front->head_len, &request, &fault))
    g_assert_not_reached ();
  *head = request.head;
  return TRUE;
}

/* libsoup has written the 101: the socket is ours again, for good. */
static void
on_wrote_informational (SoupServerMessage *message, SentientFront *front)
{
  SentientConn *conn = front->conn;
  gpointer data = front->ws_data;

  if (conn == NULL || soup_server_message_get_status (message) != SOUP_STATUS_SWITCHING_PROTOCOLS)
    return;

  front->ws_data = NULL;
  front->ws_data_free = NULL;
  g_object_ref (message);
  detach (front);
  g_object_unref (soup_server_message_steal_connection (message));
  g_object_unref (front);
  g_object_unref (message);

  sentient_conn_ws_start (conn, data);
}

gboolean
sentient_engine_accept_websocket (SentientEngine *self,
                                  SoupServerMessage *message,
                                  const char *subprotocol,
                                  gpointer data,
                                  GDestroyNotify data_free)
{
  char *protocols[] = { (char *)subprotocol, NULL };
  SentientFront *front = get_front (message);

  if (front != NULL && front->conn->http_10)
    soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
  else if (front != NULL
           && soup_websocket_server_process_handshake (message, NULL,
                                                       subprotocol != NULL ? protocols : NULL, NULL,
                                                       NULL))
    {
      front->ws_data = data;
      front->ws_data_free = data_free;
      front->informational_id = g_signal_connect (message, "wrote-informational",
                                                  G_CALLBACK (on_wrote_informational), front);
      return TRUE;
    }

  if (data_free != NULL)
    data_free (data);
  return FALSE;
}
