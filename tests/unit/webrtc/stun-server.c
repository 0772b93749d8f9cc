/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stun-server.h"

#include <string.h>

#define HEADER_LEN 20
#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define MAPPED_ADDRESS 0x0001
#define XOR_MAPPED_ADDRESS 0x0020
#define COOKIE_OFFSET 4

struct _StunServer
{
  GSocket *socket;
  GSource *source;
  GInetAddress *mapped;
  guint16 mapped_port;
  guint requests;
};

static void
put16 (guint8 *to, guint16 value)
{
  to[0] = value >> 8;
  to[1] = value & 0xff;
}

/* From who has the cookie (RFC 5389) the address is hidden by it and what follows, the transaction
 * id; from who has not (RFC 3489) it is not. */
static gsize
make_answer (StunServer *self, const guint8 *request, guint8 *answer)
{
  static const guint8 cookie[] = { 0x21, 0x12, 0xa4, 0x42 };
  static const guint8 nothing[16] = { 0 };
  gsize size = g_inet_address_get_native_size (self->mapped);
  const guint8 *bytes = g_inet_address_to_bytes (self->mapped);
  gboolean is_xored = memcmp (request + COOKIE_OFFSET, cookie, sizeof cookie) == 0;
  const guint8 *mask = is_xored ? request + COOKIE_OFFSET : nothing;

  memcpy (answer, request, HEADER_LEN);
  put16 (answer, BINDING_SUCCESS);
  put16 (answer + 2, 8 + size);
  put16 (answer + 20, is_xored ? XOR_MAPPED_ADDRESS : MAPPED_ADDRESS);
  put16 (answer + 22, 4 + size);
  answer[24] = 0;
  answer[25] = size == 4 ? 1 : 2;
  put16 (answer + 26, self->mapped_port);
  answer[26] ^= mask[0];
  answer[27] ^= mask[1];
  for (gsize i = 0; i < size; i++)
    answer[28 + i] = bytes[i] ^ mask[i];
  return 28 + size;
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  StunServer *self = user_data;
  g_autoptr (GSocketAddress) from = NULL;
  guint8 request[1500], answer[64];
  gssize n = g_socket_receive_from (socket, &from, (char *)request, sizeof request, NULL, NULL);

  if (n < HEADER_LEN || request[0] != 0 || request[1] != BINDING_REQUEST)
    return G_SOURCE_CONTINUE;
  self->requests++;
  n = (gssize)make_answer (self, request, answer);
  g_assert_cmpint (g_socket_send_to (socket, from, (const char *)answer, n, NULL, NULL), ==, n);
  return G_SOURCE_CONTINUE;
}

StunServer *
stun_server_new (const char *address, const char *mapped, guint16 mapped_port)
{
  StunServer *self = g_new0 (StunServer, 1);
  g_autoptr (GSocketAddress) local = g_inet_socket_address_new_from_string (address, 0);
  g_autoptr (GError) error = NULL;

  self->mapped = g_inet_address_new_from_string (mapped);
  self->mapped_port = mapped_port;
  self->socket = g_socket_new (g_socket_address_get_family (local), G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_bind (self->socket, local, FALSE, &error);
  g_assert_no_error (error);
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->source, NULL);
  return self;
}

void
stun_server_free (StunServer *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_object_unref (self->socket);
  g_object_unref (self->mapped);
  g_free (self);
}

guint16
stun_server_get_port (StunServer *self)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (self->socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

guint
stun_server_get_requests (StunServer *self)
{
  return self->requests;
}
