/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stand-in.h"

#include <netinet/in.h>
#include <stun/stunagent.h>

#define NONCES 2

struct _StandIn
{
  GSocket *socket;
  GSource *source;
  GPtrArray *clients; /* Client, TCP */
  gboolean tcp;
  StandInHabit habit;
  StunAgent agent;
  guint questions;
  int allocations;
  guint shift;
  GSocketAddress *other;
};

typedef struct
{
  StandIn *owner;
  GSocket *socket;
  GSource *source;
} Client;

static const char *const nonces[NONCES] = { "first-nonce", "second-nonce" };

static bool
tell_password (StunAgent *agent,
               StunMessage *message,
               uint8_t *username,
               uint16_t username_len,
               uint8_t **password,
               size_t *password_len,
               void *user_data)
{
  *password = (uint8_t *)STAND_IN_PASSWORD;
  *password_len = strlen (STAND_IN_PASSWORD);
  return username_len == strlen (STAND_IN_USER)
         && memcmp (username, STAND_IN_USER, username_len) == 0;
}

static gboolean
has_nonce (StunMessage *message, const char *nonce)
{
  uint16_t len;
  const void *data = stun_message_find (message, STUN_ATTRIBUTE_NONCE, &len);

  return data != NULL && len == strlen (nonce) && memcmp (data, nonce, len) == 0;
}

static gsize
refuse (StandIn *self, StunMessage *question, guint8 *out, gsize size, guint code)
{
  StunMessage answer;
  gboolean is_signed = code == STUN_ERROR_ALLOCATION_QUOTA_REACHED;
  const char *nonce = nonces[code == STUN_ERROR_STALE_NONCE];

  stun_agent_init_error (&self->agent, &answer, out, size, question, code);
  if (code == STUN_ERROR_UNAUTHORIZED || code == STUN_ERROR_STALE_NONCE)
    {
      stun_message_append_string (&answer, STUN_ATTRIBUTE_REALM, STAND_IN_REALM);
      stun_message_append_string (&answer, STUN_ATTRIBUTE_NONCE, nonce);
    }
  return stun_agent_finish_message (&self->agent, &answer,
                                    is_signed ? (const uint8_t *)STAND_IN_PASSWORD : NULL,
                                    is_signed ? strlen (STAND_IN_PASSWORD) : 0);
}

/* The libnice of the other end prints the reason of a code; this one is not its own. */
static gsize
refuse_rudely (StandIn *self, StunMessage *question, guint8 *out, gsize size)
{
  static const guint8 reason[] = "\0\0\5\0no\033[2J \nway\377\302\205";
  StunMessage answer;

  stun_agent_init_response (&self->agent, &answer, out, size, question);
  out[0] |= 1;
  out[1] |= 0x10; /* the class "error" */
  stun_message_append_bytes (&answer, STUN_ATTRIBUTE_ERROR_CODE, reason, sizeof reason - 1);
  return stun_agent_finish_message (&self->agent, &answer, NULL, 0);
}

/* Where it says that it sees the client. */
static void
see (StandIn *self, struct sockaddr_storage *seen, const struct sockaddr_storage *from)
{
  struct sockaddr_in *inet = (struct sockaddr_in *)seen;

  *seen = *from;
  if (self->shift == 0)
    return;
  inet->sin_port = htons ((uint16_t)(ntohs (inet->sin_port) + self->shift));
  inet->sin_addr.s_addr = inet_addr ("198.51.100.7");
}

static void
append_other (StandIn *self, StunMessage *answer)
{
  struct sockaddr_storage native;

  if (self->other == NULL)
    return;
  g_socket_address_to_native (self->other, &native, sizeof native, NULL);
  stun_message_append_addr (answer, (StunAttribute)0x802C, (struct sockaddr *)&native,
                            (socklen_t)g_socket_address_get_native_size (self->other));
}

static gsize
agree (StandIn *self,
       StunMessage *question,
       guint8 *out,
       gsize size,
       const struct sockaddr_storage *from,
       socklen_t from_len)
{
  StunMethod method = stun_message_get_method (question);
  StunMessage answer;
  uint32_t lifetime = 600;
  struct sockaddr_storage seen;
  gboolean is_signed = method != STUN_BINDING && self->habit != STAND_IN_UNSIGNED;

  see (self, &seen, from);
  if (!is_signed)
    question->key = NULL; /* which the answer would inherit */
  stun_agent_init_response (&self->agent, &answer, out, size, question);
  if (self->habit != STAND_IN_NO_ADDRESS && method != STUN_REFRESH)
    stun_message_append_xor_addr (&answer, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &seen, from_len);
  append_other (self, &answer);
  if (method == STUN_ALLOCATE && self->habit != STAND_IN_NO_ADDRESS)
    stun_message_append_xor_addr (&answer, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, from, from_len);
  stun_message_find32 (question, STUN_ATTRIBUTE_LIFETIME, &lifetime);
  if (method != STUN_BINDING)
    {
      stun_message_append32 (&answer, STUN_ATTRIBUTE_LIFETIME, lifetime);
      self->allocations += method == STUN_ALLOCATE ? 1 : -1;
    }
  return stun_agent_finish_message (&self->agent, &answer,
                                    is_signed ? (const uint8_t *)STAND_IN_PASSWORD : NULL,
                                    is_signed ? strlen (STAND_IN_PASSWORD) : 0);
}

static gsize
answer_properly (StandIn *self,
                 const guint8 *data,
                 gsize len,
                 guint8 *out,
                 gsize size,
                 const struct sockaddr_storage *from,
                 socklen_t from_len)
{
  StunMessage question;
  StunValidationStatus status
      = stun_agent_validate (&self->agent, &question, data, len, tell_password, NULL);
  gboolean is_binding = stun_message_get_method (&question) == STUN_BINDING;

  if (self->habit == STAND_IN_REFUSES)
    return refuse_rudely (self, &question, out, size);
  if (!is_binding && status != STUN_VALIDATION_SUCCESS)
    return refuse (self, &question, out, size, STUN_ERROR_UNAUTHORIZED);
  if (self->habit == STAND_IN_STALE && has_nonce (&question, nonces[0]))
    return refuse (self, &question, out, size, STUN_ERROR_STALE_NONCE);
  if (self->habit == STAND_IN_QUOTA && !is_binding)
    return refuse (self, &question, out, size, STUN_ERROR_ALLOCATION_QUOTA_REACHED);
  return agree (self, &question, out, size, from, from_len);
}

static void
transmit (StandIn *self, GSocket *socket, GSocketAddress *to, const guint8 *data, gsize len)
{
  gsize step = self->habit == STAND_IN_SPLITS ? 1 : len;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < len; i += step)
    {
      g_socket_send_to (socket, to, (const char *)data + i, MIN (step, len - i), NULL, &error);
      g_assert_no_error (error);
    }
}

/* to: NULL over TCP. */
static void
take_question (StandIn *self,
               GSocket *socket,
               GSocketAddress *to,
               const struct sockaddr_storage *from,
               socklen_t from_len,
               const guint8 *data,
               gsize len)
{
  guint8 out[1500];
  gsize n;

  self->questions++;
  if (self->habit == STAND_IN_SILENT || (self->habit == STAND_IN_LOSES && self->questions == 1))
    return;
  if (self->habit == STAND_IN_TALKS)
    {
      transmit (self, socket, to, (const guint8 *)"HTTP/1.1 400 Bad Request\r\n\r\n", 28);
      return;
    }
  if (self->habit == STAND_IN_ECHOES)
    {
      transmit (self, socket, to, data, len);
      return;
    }

  n = answer_properly (self, data, len, out, sizeof out, from, from_len);
  g_assert_cmpuint (n, >, 0);
  if (self->habit == STAND_IN_FORGES || self->habit == STAND_IN_FORGES_FIRST)
    {
      out[19] ^= 1; /* of the transaction id */
      transmit (self, socket, to, out, n);
      out[19] ^= 1;
      if (self->habit == STAND_IN_FORGES)
        return;
    }
  transmit (self, socket, to, out, self->habit == STAND_IN_CUT ? n - 4 : n);
}

static gboolean
on_packet (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  g_autoptr (GSocketAddress) from = NULL;
  g_autoptr (GError) error = NULL;
  struct sockaddr_storage native;
  char data[1500];
  gssize n = g_socket_receive_from (socket, &from, data, sizeof data, NULL, &error);

  g_assert_no_error (error);
  g_socket_address_to_native (from, &native, sizeof native, &error);
  g_assert_no_error (error);
  take_question (user_data, socket, from, &native,
                 (socklen_t)g_socket_address_get_native_size (from), (const guint8 *)data,
                 (gsize)n);
  return G_SOURCE_CONTINUE;
}

static void
client_free (Client *client)
{
  g_source_destroy (client->source);
  g_source_unref (client->source);
  g_socket_close (client->socket, NULL);
  g_object_unref (client->socket);
  g_free (client);
}

static gboolean
on_stream (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Client *client = user_data;
  g_autoptr (GSocketAddress) from = g_socket_get_remote_address (socket, NULL);
  struct sockaddr_storage native = { 0 };
  char data[1500];
  gssize n = g_socket_receive (socket, data, sizeof data, NULL, NULL);

  if (n <= 0 || client->owner->habit == STAND_IN_CLOSES)
    {
      g_ptr_array_remove (client->owner->clients, client);
      return G_SOURCE_REMOVE;
    }
  g_socket_address_to_native (from, &native, sizeof native, NULL);
  take_question (client->owner, socket, NULL, &native,
                 (socklen_t)g_socket_address_get_native_size (from), (const guint8 *)data,
                 (gsize)n);
  return G_SOURCE_CONTINUE;
}

static GSource *
watch (GSocket *socket, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_socket_create_source (socket, G_IO_IN, NULL);

  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static gboolean
on_connection (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  StandIn *self = user_data;
  Client *client = g_new0 (Client, 1);

  client->owner = self;
  client->socket = g_socket_accept (socket, NULL, NULL);
  g_assert_nonnull (client->socket);
  client->source = watch (client->socket, G_SOURCE_FUNC (on_stream), client);
  g_ptr_array_add (self->clients, client);
  return G_SOURCE_CONTINUE;
}

static StandIn *
stand_in_new_full (const char *host, guint16 port, gboolean tcp, StandInHabit habit)
{
  StandIn *self = g_new0 (StandIn, 1);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (host, port);
  g_autoptr (GError) error = NULL;

  self->tcp = tcp;
  self->habit = habit;
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify)client_free);
  stun_agent_init (&self->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                   STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
  self->socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, tcp ? G_SOCKET_TYPE_STREAM : G_SOCKET_TYPE_DATAGRAM,
                      tcp ? G_SOCKET_PROTOCOL_TCP : G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  if (!g_socket_bind (self->socket, address, FALSE, &error))
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
      stand_in_free (self);
      return NULL;
    }
  if (tcp)
    g_socket_listen (self->socket, &error);
  g_assert_no_error (error);
  self->source
      = watch (self->socket, tcp ? G_SOURCE_FUNC (on_connection) : G_SOURCE_FUNC (on_packet), self);
  return self;
}

StandIn *
stand_in_new (gboolean tcp, StandInHabit habit)
{
  return stand_in_new_full ("127.0.0.1", 0, tcp, habit);
}

StandIn *
stand_in_new_at (const char *host, guint16 port, StandInHabit habit)
{
  return stand_in_new_full (host, port, FALSE, habit);
}

void
stand_in_pretend (StandIn *self, guint shift, const char *other_host, guint16 other_port)
{
  self->shift = shift;
  g_clear_object (&self->other);
  if (other_host != NULL)
    self->other = g_inet_socket_address_new_from_string (other_host, other_port);
}

void
stand_in_free (StandIn *self)
{
  g_ptr_array_unref (self->clients);
  g_clear_object (&self->other);
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_free (self);
}

GSocketAddress *
stand_in_dup_address (StandIn *self)
{
  return g_socket_get_local_address (self->socket, NULL);
}

guint
stand_in_count_questions (StandIn *self)
{
  return self->questions;
}

int
stand_in_count_allocations (StandIn *self)
{
  return self->allocations;
}
