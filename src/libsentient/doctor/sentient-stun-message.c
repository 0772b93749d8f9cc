/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-stun-message.h"

#include <netinet/in.h>
#include <stun/stunagent.h>

#define HEADER_SIZE 20
#define CLASS_ANSWER 1 /* the bit of the first byte that success and error have */
#define OTHER_ADDRESS ((StunAttribute)0x802C) /* RFC 5780, which libnice does not name */
#define TRANSPORT_UDP (17u << 24)
#define REASON_MAX 120 /* characters of it that are shown */

struct _SentientStunRequest
{
  StunAgent agent;
  StunMessage message;
  StunMethod method;
  guint8 buffer[SENTIENT_STUN_MESSAGE_MAX];
  gsize len; /* 0: it did not fit */
};

void
sentient_stun_request_free (SentientStunRequest *self)
{
  g_free (self);
}

void
sentient_stun_reply_free (SentientStunReply *self)
{
  g_clear_pointer (&self->reason, g_free);
  g_clear_object (&self->mapped);
  g_clear_object (&self->other);
  g_clear_object (&self->relayed);
  g_clear_pointer (&self->realm, g_bytes_unref);
  g_clear_pointer (&self->nonce, g_bytes_unref);
  g_free (self);
}

static SentientStunRequest *
request_new (StunMethod method, StunAgentUsageFlags usage)
{
  SentientStunRequest *self = g_new0 (SentientStunRequest, 1);

  self->method = method;
  stun_agent_init (&self->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, usage);
  stun_agent_init_request (&self->agent, &self->message, self->buffer, sizeof self->buffer, method);
  return self;
}

static gboolean
append_bytes (SentientStunRequest *self, StunAttribute attribute, GBytes *bytes)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  return stun_message_append_bytes (&self->message, attribute, data, len)
         == STUN_MESSAGE_RETURN_SUCCESS;
}

/* Signs it with the long-term credentials, and ends it. */
static SentientStunRequest *
finish (SentientStunRequest *self,
        const SentientStunReply *challenge,
        const char *user,
        const char *password)
{
  if (challenge == NULL)
    self->len = stun_agent_finish_message (&self->agent, &self->message, NULL, 0);
  else if (stun_message_append_bytes (&self->message, STUN_ATTRIBUTE_USERNAME, user, strlen (user))
               == STUN_MESSAGE_RETURN_SUCCESS
           && append_bytes (self, STUN_ATTRIBUTE_REALM, challenge->realm)
           && append_bytes (self, STUN_ATTRIBUTE_NONCE, challenge->nonce))
    self->len = stun_agent_finish_message (&self->agent, &self->message, (const guint8 *)password,
                                           strlen (password));
  return self;
}

SentientStunRequest *
sentient_stun_request_new_binding (void)
{
  return finish (request_new (STUN_BINDING, STUN_AGENT_USAGE_IGNORE_CREDENTIALS), NULL, NULL, NULL);
}

SentientStunRequest *
sentient_stun_request_new_allocate (const SentientStunReply *challenge,
                                    const char *user,
                                    const char *password)
{
  SentientStunRequest *self = request_new (STUN_ALLOCATE, STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);

  stun_message_append32 (&self->message, STUN_ATTRIBUTE_REQUESTED_TRANSPORT, TRANSPORT_UDP);
  return finish (self, challenge, user, password);
}

SentientStunRequest *
sentient_stun_request_new_release (const SentientStunReply *challenge,
                                   const char *user,
                                   const char *password)
{
  SentientStunRequest *self = request_new (STUN_REFRESH, STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);

  stun_message_append32 (&self->message, STUN_ATTRIBUTE_LIFETIME, 0);
  return finish (self, challenge, user, password);
}

const guint8 *
sentient_stun_request_get_data (SentientStunRequest *self, gsize *len)
{
  *len = self->len;
  return self->len > 0 ? self->buffer : NULL;
}

/* NULL: it is not there, or is nobody's address. */
static GInetSocketAddress *
dup_address (StunMessage *message, StunAttribute attribute, gboolean xored)
{
  struct sockaddr_storage storage;
  socklen_t len = sizeof storage;
  StunMessageReturn found;
  g_autoptr (GSocketAddress) address = NULL;

  found = xored ? stun_message_find_xor_addr (message, attribute, &storage, &len)
                : stun_message_find_addr (message, attribute, &storage, &len);
  if (found != STUN_MESSAGE_RETURN_SUCCESS)
    return NULL;
  address = g_socket_address_new_from_native (&storage, len);
  if (!G_IS_INET_SOCKET_ADDRESS (address)
      || g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)) == 0
      || g_inet_address_get_is_any (
          g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address))))
    return NULL;
  return G_INET_SOCKET_ADDRESS (g_steal_pointer (&address));
}

static GBytes *
dup_bytes (StunMessage *message, StunAttribute attribute)
{
  guint16 len;
  const guint8 *data = stun_message_find (message, attribute, &len);

  return data != NULL ? g_bytes_new (data, len) : NULL;
}

/* It comes from a stranger and goes before people's eyes. */
static char *
dup_reason (StunMessage *message)
{
  guint16 len;
  const char *data = stun_message_find (message, STUN_ATTRIBUTE_ERROR_CODE, &len);
  g_autofree char *text = NULL;
  GString *shown;

  if (data == NULL || len <= 4)
    return NULL;
  text = g_utf8_make_valid (data + 4, len - 4);
  shown = g_string_new (NULL);
  for (const char *p = text; *p != '\0' && g_utf8_strlen (shown->str, -1) < REASON_MAX;
       p = g_utf8_next_char (p))
    if (g_unichar_isgraph (g_utf8_get_char (p)) || *p == ' ')
      g_string_append_unichar (shown, g_utf8_get_char (p));
  return g_string_free (shown, shown->len == 0);
}

/* NULL: something that belongs to such an answer is missing. */
static SentientStunReply *
read_reply (SentientStunRequest *self, StunMessage *message)
{
  g_autoptr (SentientStunReply) reply = g_new0 (SentientStunReply, 1);
  int code = 0;

  reply->realm = dup_bytes (message, STUN_ATTRIBUTE_REALM);
  reply->nonce = dup_bytes (message, STUN_ATTRIBUTE_NONCE);
  if (stun_message_get_class (message) == STUN_ERROR)
    {
      if (stun_message_find_error (message, &code) != STUN_MESSAGE_RETURN_SUCCESS || code < 300
          || code > 699)
        return NULL;
      reply->error_code = (guint)code;
      reply->reason = dup_reason (message);
      return g_steal_pointer (&reply);
    }

  reply->mapped = dup_address (message, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, TRUE);
  if (reply->mapped == NULL)
    reply->mapped = dup_address (message, STUN_ATTRIBUTE_MAPPED_ADDRESS, FALSE);
  reply->other = dup_address (message, OTHER_ADDRESS, FALSE);
  reply->relayed = dup_address (message, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, TRUE);
  stun_message_find32 (message, STUN_ATTRIBUTE_LIFETIME, &reply->lifetime_s);
  if ((self->method == STUN_BINDING && reply->mapped == NULL)
      || (self->method == STUN_ALLOCATE && reply->relayed == NULL))
    return NULL;
  return g_steal_pointer (&reply);
}

SentientStunVerdict
sentient_stun_request_take (SentientStunRequest *self,
                            const guint8 *data,
                            gsize len,
                            SentientStunReply **reply)
{
  /* Of a copy, since what makes no sense must not stand for the answer that may follow. */
  StunAgent agent = self->agent;
  StunMessage message;

  *reply = NULL;
  /* Requests and indications, our own come back among them, would pass without a transaction. */
  if (len < HEADER_SIZE || sentient_stun_measure (data, len) != (gssize)len
      || (data[0] & CLASS_ANSWER) == 0)
    return SENTIENT_STUN_MALFORMED;
  switch (stun_agent_validate (&agent, &message, data, len, NULL, NULL))
    {
    case STUN_VALIDATION_SUCCESS:
      break;
    case STUN_VALIDATION_UNMATCHED_RESPONSE:
      return SENTIENT_STUN_FOREIGN;
    case STUN_VALIDATION_UNAUTHORIZED:
    case STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST:
      return SENTIENT_STUN_UNSIGNED;
    case STUN_VALIDATION_NOT_STUN:
    case STUN_VALIDATION_INCOMPLETE_STUN:
    case STUN_VALIDATION_BAD_REQUEST:
    case STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE:
    case STUN_VALIDATION_UNKNOWN_ATTRIBUTE:
    case STUN_VALIDATION_FORBIDDEN:
    default:
      return SENTIENT_STUN_MALFORMED;
    }
  *reply = read_reply (self, &message);
  return *reply != NULL ? SENTIENT_STUN_ANSWER : SENTIENT_STUN_MALFORMED;
}

gssize
sentient_stun_measure (const guint8 *data, gsize len)
{
  gsize size;

  if (len < 4)
    return len > 0 && data[0] > 3 ? -1 : 0;
  size = HEADER_SIZE + (gsize)(data[2] << 8 | data[3]);
  if (data[0] > 3 || (data[3] & 3) != 0 || size > SENTIENT_STUN_MESSAGE_MAX)
    return -1;
  return len >= size ? (gssize)size : 0;
}
