/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections that are over their address's limits: an answer from the stack, no memory, no fd that
 * stays. */

#include <sys/socket.h>
#include <unistd.h>

#include "signaling/sentient-conn.h"
#include "signaling/sentient-engine-private.h"

/* So that not even the farewell waits in the kernel. */
static void
reset (int fd)
{
  const struct linger now = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close (fd);
}

static void
say (int fd, SentientAddressVerdict verdict, guint retry_after_ms)
{
  gboolean too_fast = verdict == SENTIENT_ADDRESS_TOO_FAST;
  const char *sentence = too_fast ? "too many new connections from your address; try again later"
                                  : "too many open connections from your address; close some first";
  SentientError error = too_fast ? SENTIENT_ERROR_RATE_LIMITED : SENTIENT_ERROR_BUSY;
  char body[256], text[640], rubbish[4096];
  int body_len
      = g_snprintf (body, sizeof body, "{\"success\":false,\"error\":\"%s\",\"code\":\"%s\"}",
                    sentence, sentient_error_to_code (error));
  int len = g_snprintf (text, sizeof text,
                        "HTTP/1.1 %s\r\nConnection: close\r\nRetry-After: %u\r\n"
                        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        too_fast ? "429 Too Many Requests" : "503 Service Unavailable",
                        (retry_after_ms + 999) / 1000, body_len, body);

  g_assert (len < (int)sizeof text);
  send (fd, text, (gsize)len, MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown (fd, SHUT_WR);
  /* What stays unread when it is closed turns the farewell into a reset. */
  recv (fd, rubbish, sizeof rubbish, MSG_DONTWAIT);
  close (fd);
}

gboolean
sentient_conn_admit (SentientConn *self)
{
  SentientEngine *engine = self->engine;
  SentientAddressRefusal refusal;
  SentientAddressVerdict verdict
      = sentient_addresses_admit (engine->addresses, self->remote, sentient_engine_now (engine),
                                  &self->address, &refusal);

  if (verdict == SENTIENT_ADDRESS_ADMITTED)
    return TRUE;
  engine->metrics->refused[verdict == SENTIENT_ADDRESS_TOO_FAST ? SENTIENT_REFUSED_TOO_FAST
                                                                : SENTIENT_REFUSED_TOO_MANY]++;
  if (refusal.log)
    {
      g_autofree char *remote = sentient_conn_dup_remote (self);

      if (verdict == SENTIENT_ADDRESS_TOO_FAST)
        g_message ("%s: over %u new connections a second from its address; refused until it is "
                   "slower",
                   remote, engine->config.address.connections.rate);
      else
        g_message ("%s: over %u open connections from its address; refused until some are closed",
                   remote, engine->config.address.open);
    }
  if (refusal.hammering)
    reset (self->fd);
  else
    say (self->fd, verdict, refusal.retry_after_ms);
  return FALSE;
}
