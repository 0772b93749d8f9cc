/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-probe.h"
#include "doctor/sentient-stun-socket.h"

/* From one socket, several destinations are asked where they see it (RFC 5780, 4.3). */

typedef enum
{
  STEP_FIRST,         /* the first server */
  STEP_OTHER_ADDRESS, /* its other address, the same port */
  STEP_OTHER_PORT,    /* its other address and other port */
  STEP_SECOND,        /* the second server */
} Step;

typedef struct
{
  SentientProbing probing;
  SentientMeasurements *measured;
  const SentientStunMeasurement *first;
  const SentientStunMeasurement *second; /* at another address, or NULL */
  SentientStunSocket *socket;
  GInetSocketAddress *seen; /* by the other address */
  Step step;
} Mapping;

static void
mapping_free (Mapping *self)
{
  g_clear_object (&self->socket);
  g_clear_object (&self->seen);
  g_free (self);
}

static GInetAddress *
address_of (GInetSocketAddress *socket)
{
  return g_inet_socket_address_get_address (socket);
}

static gboolean
is_same (GInetSocketAddress *a, GInetSocketAddress *b)
{
  return g_inet_socket_address_get_port (a) == g_inet_socket_address_get_port (b)
         && g_inet_address_equal (address_of (a), address_of (b));
}

/* A server may name any address for its other one: it must not have us knock on doors that are
 * none of its business. */
static gboolean
has_other (const SentientStunMeasurement *one)
{
  GInetAddress *server = address_of (one->server);
  GInetAddress *other = one->other != NULL ? address_of (one->other) : NULL;

  return other != NULL && g_inet_address_get_family (other) == G_SOCKET_FAMILY_IPV4
         && !g_inet_address_equal (other, server) && !g_inet_address_get_is_multicast (other)
         && !g_inet_address_get_is_link_local (other)
         && g_inet_address_get_is_loopback (other) == g_inet_address_get_is_loopback (server)
         && (g_inet_address_get_is_site_local (server)
             || !g_inet_address_get_is_site_local (other));
}

static void
choose_servers (Mapping *self)
{
  GPtrArray *list = self->measured->stun;

  for (guint i = 0; i < list->len; i++)
    {
      const SentientStunMeasurement *one = list->pdata[i];

      if (one->ipv6 || one->outcome != SENTIENT_OUTCOME_GOOD || one->local == NULL)
        continue;
      if (self->first == NULL || (has_other (one) && !has_other (self->first)))
        self->first = one;
    }
  for (guint i = 0; self->first != NULL && i < list->len; i++)
    {
      const SentientStunMeasurement *one = list->pdata[i];

      if (!one->ipv6 && one->outcome == SENTIENT_OUTCOME_GOOD && self->second == NULL
          && !g_inet_address_equal (address_of (one->server), address_of (self->first->server)))
        self->second = one;
    }
}

static void on_seen (GObject *source, GAsyncResult *result, gpointer user_data);

/* task is taken. */
static void
ask (GTask *task, Step step, GSocketAddress *to)
{
  Mapping *self = g_task_get_task_data (task);

  self->step = step;
  sentient_stun_socket_ask_async (self->socket, sentient_stun_request_new_binding (), to,
                                  self->probing.timeout_ms, self->probing.cancellable, on_seen,
                                  task);
}

/* task is taken. */
static void
conclude (GTask *task, SentientMapping mapping, SentientMappingMethod method)
{
  g_autoptr (GTask) owned = task;
  Mapping *self = g_task_get_task_data (task);

  self->measured->mapping = mapping;
  self->measured->mapping_method = method;
  g_task_return_boolean (task, TRUE);
}

/* task is taken. */
static void
ask_second (GTask *task)
{
  Mapping *self = g_task_get_task_data (task);

  if (self->second != NULL)
    ask (task, STEP_SECOND, G_SOCKET_ADDRESS (self->second->server));
  else
    conclude (task, SENTIENT_MAPPING_UNKNOWN, SENTIENT_MAPPING_BY_NOTHING);
}

/* task is taken. The first server told where it sees us. */
static void
take_first (GTask *task, GInetSocketAddress *seen)
{
  Mapping *self = g_task_get_task_data (task);
  g_autoptr (GSocketAddress) other = NULL;

  self->measured->mapping_local = sentient_stun_socket_dup_local (self->socket);
  self->measured->mapping_mapped = g_object_ref (seen);
  if (is_same (seen, self->measured->mapping_local))
    conclude (task, SENTIENT_MAPPING_NONE, SENTIENT_MAPPING_BY_NOTHING);
  else if (has_other (self->first))
    {
      other = g_inet_socket_address_new (address_of (self->first->other),
                                         g_inet_socket_address_get_port (self->first->server));
      ask (task, STEP_OTHER_ADDRESS, other);
    }
  else
    ask_second (task);
}

/* task is taken. */
static void
take_seen (GTask *task, GInetSocketAddress *seen)
{
  Mapping *self = g_task_get_task_data (task);
  gboolean as_at_first = self->step != STEP_FIRST && is_same (seen, self->measured->mapping_mapped);

  switch (self->step)
    {
    case STEP_FIRST:
      take_first (task, seen);
      break;
    case STEP_OTHER_ADDRESS:
      self->seen = g_object_ref (seen);
      if (as_at_first)
        conclude (task, SENTIENT_MAPPING_ENDPOINT, SENTIENT_MAPPING_BY_RFC5780);
      else
        ask (task, STEP_OTHER_PORT, G_SOCKET_ADDRESS (self->first->other));
      break;
    case STEP_OTHER_PORT:
      conclude (task,
                is_same (seen, self->seen) ? SENTIENT_MAPPING_ADDRESS
                                           : SENTIENT_MAPPING_ADDRESS_AND_PORT,
                SENTIENT_MAPPING_BY_RFC5780);
      break;
    case STEP_SECOND:
    default:
      conclude (task, as_at_first ? SENTIENT_MAPPING_ENDPOINT : SENTIENT_MAPPING_DEPENDENT,
                SENTIENT_MAPPING_BY_TWO_SERVERS);
    }
}

static void
on_seen (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Mapping *self = g_task_get_task_data (task);
  g_autoptr (SentientStunReply) reply
      = sentient_stun_socket_ask_finish (self->socket, result, NULL, NULL);

  if (reply != NULL && reply->error_code == 0)
    take_seen (g_steal_pointer (&task), reply->mapped);
  else if (self->step == STEP_OTHER_PORT) /* it depends on something, that much is known */
    conclude (g_steal_pointer (&task), SENTIENT_MAPPING_DEPENDENT, SENTIENT_MAPPING_BY_RFC5780);
  else if (self->step == STEP_OTHER_ADDRESS)
    ask_second (g_steal_pointer (&task));
  else
    conclude (g_steal_pointer (&task), SENTIENT_MAPPING_UNKNOWN, SENTIENT_MAPPING_BY_NOTHING);
}

void
sentient_probe_mapping_async (const SentientProbing *probing,
                              SentientMeasurements *measured,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Mapping *self = g_new0 (Mapping, 1);

  g_task_set_source_tag (task, sentient_probe_mapping_async);
  g_task_set_task_data (task, self, (GDestroyNotify)mapping_free);
  self->probing = *probing;
  self->measured = measured;
  choose_servers (self);
  if (self->first != NULL)
    self->socket = sentient_stun_socket_new_from (address_of (self->first->local), NULL);
  if (self->socket == NULL)
    conclude (g_steal_pointer (&task), SENTIENT_MAPPING_UNKNOWN, SENTIENT_MAPPING_BY_NOTHING);
  else
    ask (g_steal_pointer (&task), STEP_FIRST, G_SOCKET_ADDRESS (self->first->server));
}
