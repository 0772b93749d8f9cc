/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-probe.h"
#include "doctor/sentient-stun-socket.h"

#define UNAUTHORIZED 401
#define STALE_NONCE 438
#define STALE_MAX 2 /* how often a nonce may be too old */

void
sentient_probe_finish (GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

static void
take_error (SentientOutcome *outcome, char **detail, const GError *error)
{
  *outcome = sentient_outcome_from_error (error);
  g_free (*detail);
  *detail = g_strdup (error->message);
}

static void
on_bound (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientStunMeasurement *one = g_task_get_task_data (task);
  SentientStunSocket *socket = SENTIENT_STUN_SOCKET (source);
  SentientStunExchange exchange;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientStunReply) reply
      = sentient_stun_socket_ask_finish (socket, result, &exchange, &error);

  one->sent = exchange.sent;
  if (reply == NULL)
    take_error (&one->outcome, &one->detail, error);
  else if (reply->error_code != 0)
    {
      one->outcome = SENTIENT_OUTCOME_REFUSED;
      one->code = reply->error_code;
      one->detail = g_steal_pointer (&reply->reason);
    }
  else
    {
      one->outcome = SENTIENT_OUTCOME_GOOD;
      one->rtt_us = exchange.rtt_us;
      one->local = sentient_stun_socket_dup_local (socket);
      one->mapped = g_steal_pointer (&reply->mapped);
      one->other = g_steal_pointer (&reply->other);
    }
  g_task_return_boolean (task, TRUE);
}

void
sentient_probe_stun_async (const SentientProbing *probing,
                           SentientStunMeasurement *one,
                           GInetAddress *server,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (SentientStunSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, sentient_probe_stun_async);
  g_task_set_task_data (task, one, NULL);
  one->server = G_INET_SOCKET_ADDRESS (g_inet_socket_address_new (server, one->port));
  socket = sentient_stun_socket_new_to (G_SOCKET_ADDRESS (one->server), FALSE, &error);
  if (socket == NULL)
    {
      take_error (&one->outcome, &one->detail, error);
      g_task_return_boolean (task, TRUE);
      return;
    }
  sentient_stun_socket_ask_async (socket, sentient_stun_request_new_binding (), NULL,
                                  probing->timeout_ms, probing->cancellable, on_bound,
                                  g_steal_pointer (&task));
}

typedef struct
{
  SentientProbing probing;
  SentientTurnMeasurement *one;
  SentientStunSocket *socket;
  char *user;
  char *password;
  SentientStunReply *challenge; /* NULL: no credentials were asked for yet */
  guint stale;
  gboolean releasing;
} Turn;

static void
turn_free (Turn *self)
{
  g_clear_object (&self->socket);
  g_clear_pointer (&self->challenge, sentient_stun_reply_free);
  g_free (self->user);
  g_free (self->password);
  g_free (self);
}

static void on_turn_reply (GObject *source, GAsyncResult *result, gpointer user_data);

/* task is taken. */
static void
ask_turn (GTask *task)
{
  Turn *self = g_task_get_task_data (task);
  SentientStunRequest *request
      = self->releasing
            ? sentient_stun_request_new_release (self->challenge, self->user, self->password)
            : sentient_stun_request_new_allocate (self->challenge, self->user, self->password);

  sentient_stun_socket_ask_async (self->socket, request, NULL, self->probing.timeout_ms,
                                  self->probing.cancellable, on_turn_reply, task);
}

/* TRUE: the server wants the question again, with what it says now. */
static gboolean
take_challenge (Turn *self, SentientStunReply *reply)
{
  if (reply->nonce == NULL)
    return FALSE;
  if (reply->error_code == UNAUTHORIZED && self->challenge == NULL)
    return reply->realm != NULL;
  if (reply->error_code != STALE_NONCE || self->challenge == NULL || self->stale++ >= STALE_MAX)
    return FALSE;
  if (reply->realm == NULL)
    reply->realm = g_bytes_ref (self->challenge->realm);
  return TRUE;
}

static void
take_refusal (SentientTurnMeasurement *one, SentientStunReply *reply, gboolean with_credentials)
{
  one->code = reply->error_code;
  one->detail = g_steal_pointer (&reply->reason);
  if (reply->error_code != UNAUTHORIZED)
    one->outcome = SENTIENT_OUTCOME_REFUSED;
  else if (with_credentials)
    one->outcome = SENTIENT_OUTCOME_CREDENTIALS;
  else
    one->outcome = SENTIENT_OUTCOME_MALFORMED; /* it asks for them, but not how they are made */
}

static void
on_turn_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Turn *self = g_task_get_task_data (task);
  SentientStunExchange exchange;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientStunReply) reply
      = sentient_stun_socket_ask_finish (self->socket, result, &exchange, &error);

  if (reply != NULL && take_challenge (self, reply))
    {
      g_clear_pointer (&self->challenge, sentient_stun_reply_free);
      self->challenge = g_steal_pointer (&reply);
      ask_turn (g_steal_pointer (&task));
      return;
    }
  if (self->releasing)
    {
      self->one->kept = reply == NULL || reply->error_code != 0;
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (reply != NULL && reply->error_code == 0)
    {
      self->one->outcome = SENTIENT_OUTCOME_GOOD;
      self->one->rtt_us = exchange.rtt_us;
      self->one->open = self->challenge == NULL;
      self->one->relayed = g_steal_pointer (&reply->relayed);
      self->one->mapped = g_steal_pointer (&reply->mapped);
      self->releasing = TRUE;
      ask_turn (g_steal_pointer (&task));
      return;
    }
  if (reply != NULL)
    take_refusal (self->one, reply, self->challenge != NULL);
  else
    take_error (&self->one->outcome, &self->one->detail, error);
  g_task_return_boolean (task, TRUE);
}

void
sentient_probe_turn_async (const SentientProbing *probing,
                           SentientTurnMeasurement *one,
                           GInetAddress *server,
                           const char *user,
                           const char *password,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (server, one->port);
  g_autoptr (GError) error = NULL;
  Turn *self = g_new0 (Turn, 1);

  g_task_set_source_tag (task, sentient_probe_turn_async);
  g_task_set_task_data (task, self, (GDestroyNotify)turn_free);
  self->probing = *probing;
  self->one = one;
  self->user = g_strdup (user);
  self->password = g_strdup (password);
  self->socket = sentient_stun_socket_new_to (address, one->tcp, &error);
  if (self->socket == NULL)
    {
      take_error (&one->outcome, &one->detail, error);
      g_task_return_boolean (task, TRUE);
      return;
    }
  ask_turn (g_steal_pointer (&task));
}
