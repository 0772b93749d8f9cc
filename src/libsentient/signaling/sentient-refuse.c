/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections that are over their address's limits: an answer from the stack, no memory, no fd that
 * stays. And requests that a proxy passes on, each of which counts for its client. */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signaling/sentient-conn.h"
#include "signaling/sentient-engine-private.h"
#include "signaling/sentient-via.h"

/* So that not even the farewell waits in the kernel. */
static void
reset (int fd)
{
  const struct linger now = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close (fd);
}

static SentientError
describe (SentientAddressVerdict verdict, const char **sentence)
{
  if (verdict == SENTIENT_ADDRESS_TOO_FAST)
    {
      *sentence = "too many new connections from your address; try again later";
      return SENTIENT_ERROR_RATE_LIMITED;
    }
  *sentence = "too many open connections from your address; close some first";
  return SENTIENT_ERROR_BUSY;
}

static void
say (int fd, SentientAddressVerdict verdict, guint retry_after_ms)
{
  const char *sentence;
  SentientError error = describe (verdict, &sentence);
  char body[256], text[640], rubbish[4096];
  int body_len
      = g_snprintf (body, sizeof body, "{\"success\":false,\"error\":\"%s\",\"code\":\"%s\"}",
                    sentence, sentient_error_to_code (error));
  int len = g_snprintf (text, sizeof text,
                        "HTTP/1.1 %s\r\nConnection: close\r\nRetry-After: %u\r\n"
                        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        verdict == SENTIENT_ADDRESS_TOO_FAST ? "429 Too Many Requests"
                                                             : "503 Service Unavailable",
                        (retry_after_ms + 999) / 1000, body_len, body);

  g_assert (len < (int)sizeof text);
  send (fd, text, (gsize)len, MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown (fd, SHUT_WR);
  /* What stays unread when it is closed turns the farewell into a reset. */
  recv (fd, rubbish, sizeof rubbish, MSG_DONTWAIT);
  close (fd);
}

static void
count_refusal (SentientConn *self,
               SentientAddressVerdict verdict,
               const SentientAddressRefusal *refusal)
{
  SentientEngine *engine = self->engine;
  g_autofree char *remote = NULL;

  engine->metrics->refused[verdict == SENTIENT_ADDRESS_TOO_FAST ? SENTIENT_REFUSED_TOO_FAST
                                                                : SENTIENT_REFUSED_TOO_MANY]++;
  if (!refusal->log)
    return;
  remote = sentient_conn_dup_remote (self);
  if (verdict == SENTIENT_ADDRESS_TOO_FAST)
    g_message ("%s: over %u new connections a second from its address; refused until it is slower",
               remote, engine->config.address.connections.rate);
  else
    g_message ("%s: over %u open connections from its address; refused until some are closed",
               remote, engine->config.address.open);
}

gboolean
sentient_conn_admit (SentientConn *self)
{
  SentientEngine *engine = self->engine;
  SentientAddressRefusal refusal;
  SentientAddressVerdict verdict;

  if (self->is_proxy)
    return TRUE; /* what it carries is looked at */
  verdict = sentient_addresses_admit (engine->addresses, self->remote, TRUE,
                                      sentient_engine_now (engine), &self->address, &refusal);
  if (verdict == SENTIENT_ADDRESS_ADMITTED)
    return TRUE;
  count_refusal (self, verdict, &refusal);
  if (refusal.hammering)
    reset (self->fd);
  else
    say (self->fd, verdict, refusal.retry_after_ms);
  return FALSE;
}

gboolean
sentient_conn_admit_client (SentientConn *self, const SentientHttpHead *head)
{
  SentientEngine *engine = self->engine;
  SentientAddressRefusal refusal;
  SentientAddressVerdict verdict;
  const char *sentence;
  SentientError error;
  guint8 client[16];
  gboolean is_new;

  g_assert (self->address == NULL); /* the last request is over */
  if (!sentient_via_find_client (head, engine->config.proxies, client))
    {
      self->has_client = FALSE;
      return TRUE;
    }
  /* Requests of one client in a row are one connection of it. */
  is_new = !self->has_client || memcmp (self->client, client, sizeof client) != 0;
  memcpy (self->client, client, sizeof client);
  self->has_client = TRUE;
  verdict = sentient_addresses_admit (engine->addresses, client, is_new,
                                      sentient_engine_now (engine), &self->address, &refusal);
  if (verdict == SENTIENT_ADDRESS_ADMITTED)
    return TRUE;
  count_refusal (self, verdict, &refusal);
  error = describe (verdict, &sentence);
  sentient_conn_http_refuse (self, error, refusal.retry_after_ms, sentence);
  return FALSE;
}

void
sentient_conn_leave_address (SentientConn *self)
{
  if (self->address != NULL)
    sentient_addresses_leave (self->engine->addresses, self->address);
  self->address = NULL;
}

void
sentient_conn_leave_client (SentientConn *self)
{
  if (self->is_proxy)
    sentient_conn_leave_address (self);
}
