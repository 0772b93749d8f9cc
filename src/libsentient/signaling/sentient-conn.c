/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "signaling/sentient-engine-private.h"
#include "signaling/sentient-ws-frame.h"

/* Pipelined requests of one connection answered in one turn. */
#define STEPS_PER_TURN 64

static void
set_remote (SentientConn *self, const struct sockaddr_storage *remote)
{
  if (remote->ss_family == AF_INET6)
    {
      const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)remote;

      memcpy (self->remote, &six->sin6_addr, 16);
      self->remote_port = ntohs (six->sin6_port);
    }
  else
    {
      const struct sockaddr_in *four = (const struct sockaddr_in *)remote;

      self->remote[10] = self->remote[11] = 0xff;
      memcpy (self->remote + 12, &four->sin_addr, 4);
      self->remote_port = ntohs (four->sin_port);
    }
}

SentientConn *
sentient_conn_new (SentientEngine *engine, int fd, const struct sockaddr_storage *remote)
{
  SentientConn *self = g_new0 (SentientConn, 1);
  struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = self };

  self->kind = SENTIENT_POLL_CONN;
  self->engine = engine;
  self->fd = fd;
  self->state = SENTIENT_CONN_HEAD;
  self->deadline_ms = sentient_engine_now (engine) + engine->config.head_timeout_ms;
  set_remote (self, remote);
  self->is_proxy = engine->config.proxies != NULL
                   && sentient_networks_contain (engine->config.proxies, self->remote);

  if (!sentient_conn_admit (self))
    {
      g_free (self);
      return NULL;
    }
  if (epoll_ctl (engine->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      if (sentient_engine_may_log (engine))
        g_message ("Cannot watch a new connection, closing it: %s", g_strerror (errno));
      close (fd);
      sentient_conn_leave_address (self);
      g_free (self);
      engine->metrics->refused[SENTIENT_REFUSED_NOT_WATCHED]++;
      return NULL;
    }
  self->events_in = self->events_hup = TRUE;
  sentient_engine_add (engine, self);
  engine->metrics->accepted++;
  return self;
}

void
sentient_conn_free_memory (SentientConn *self)
{
  sentient_buf_clear (&self->in);
  sentient_buf_clear (&self->out);
  g_clear_pointer (&self->message, sentient_ws_message_free);
  g_free (self->pong);
  g_free (self);
}

void
sentient_conn_destroy (SentientConn *self)
{
  const SentientEngineHandler *handler = &self->engine->handler;
  SentientConnState state = self->state;
  guint16 code = self->close_code;

  if (state == SENTIENT_CONN_DEAD)
    return;

  self->state = SENTIENT_CONN_DEAD;
  if (state == SENTIENT_CONN_SOUP)
    sentient_lend_detach (self);

  /* Memory and fd stay until the handler knows. */
  if (state == SENTIENT_CONN_WAIT && handler->request_gone != NULL)
    handler->request_gone (self, self->engine->user_data);
  else if (state == SENTIENT_CONN_RESPOND && handler->responded != NULL)
    handler->responded (self, FALSE, self->engine->user_data);
  else if (state == SENTIENT_CONN_WS_OPEN)
    sentient_conn_ws_end (self, SENTIENT_CLOSE_LOST, SENTIENT_WS_ABNORMAL);
  else if (state == SENTIENT_CONN_WS_CLOSING)
    sentient_conn_ws_end (self, SENTIENT_CLOSE_LOST, code);

  close (self->fd);
  self->fd = -1;
  sentient_conn_leave_address (self);
  sentient_engine_remove (self->engine, self);
}

/* Says to epoll what the state needs; a system call only when that changed. */
static void
update_events (SentientConn *self)
{
  gboolean in = FALSE, out = FALSE, hup = TRUE;
  struct epoll_event event = { .data.ptr = self };

  switch ((SentientConnState)self->state)
    {
    case SENTIENT_CONN_HEAD:
    case SENTIENT_CONN_BODY:
    case SENTIENT_CONN_LINGER:
      in = TRUE;
      break;
    case SENTIENT_CONN_WAIT:
      /* Watching for pipelined requests does no harm until one comes, see on_event (). */
      in = self->events_in && !self->in_waits;
      break;
    case SENTIENT_CONN_SOUP:
      out = self->blocked;
      in = !out && self->events_in && !self->in_waits;
      hup = !out;
      break;
    case SENTIENT_CONN_RESPOND:
    case SENTIENT_CONN_DRAIN:
      out = TRUE;
      hup = FALSE;
      break;
    case SENTIENT_CONN_WS_OPEN:
    case SENTIENT_CONN_WS_CLOSING:
      in = TRUE;
      out = self->blocked;
      break;
    case SENTIENT_CONN_DEAD:
      return;
    }

  if (in == self->events_in && out == self->events_out && hup == self->events_hup)
    return;
  self->events_in = in;
  self->events_out = out;
  self->events_hup = hup;
  event.events = (in ? EPOLLIN : 0) | (out ? EPOLLOUT : 0) | (hup ? EPOLLRDHUP : 0);
  if (epoll_ctl (self->engine->epoll_fd, EPOLL_CTL_MOD, self->fd, &event) < 0)
    {
      if (sentient_engine_may_log (self->engine))
        g_message ("Cannot watch a connection any more, closing it: %s", g_strerror (errno));
      sentient_conn_destroy (self);
    }
}

/* Handles bytes as far as the state allows; returns how many are done with. */
static gsize
consume (SentientConn *self, char *data, gsize len)
{
  gsize used = 0;
  guint steps = 0;
  gboolean progress = TRUE;

  self->resume = FALSE;
  while (progress)
    {
      switch ((SentientConnState)self->state)
        {
        case SENTIENT_CONN_HEAD:
        case SENTIENT_CONN_BODY:
          if (++steps > STEPS_PER_TURN)
            {
              self->resume = TRUE;
              progress = FALSE;
            }
          else
            used += sentient_conn_http_step (self, data + used, len - used, &progress);
          break;
        case SENTIENT_CONN_WS_OPEN:
        case SENTIENT_CONN_WS_CLOSING:
          used += sentient_conn_ws_input (self, data + used, len - used);
          progress = FALSE;
          break;
        case SENTIENT_CONN_DRAIN:
        case SENTIENT_CONN_LINGER:
        case SENTIENT_CONN_DEAD:
          return len; /* nobody wants it any more */
        case SENTIENT_CONN_WAIT:
        case SENTIENT_CONN_RESPOND:
        case SENTIENT_CONN_SOUP:
          return used; /* pipelined: later */
        }
    }

  if (self->state >= SENTIENT_CONN_DRAIN)
    return len;
  return used;
}

/* The read buffer itself is looked at; nothing is added to it meanwhile. */
static void
consume_buffer (SentientConn *self)
{
  gsize used = consume (self, sentient_buf_peek (&self->in), self->in.len);

  sentient_buf_consume (&self->in, used);
  if (self->resume && self->in.len > 0)
    sentient_engine_mark (self->engine, self);
}

/* FALSE: the connection died. */
static gboolean
receive (SentientConn *self)
{
  SentientEngine *engine = self->engine;
  gssize n;

  /* First what is there, or a client that is faster than we are would fill our memory. */
  if (self->resume && self->in.len > 0)
    return TRUE;
  self->alive_told = FALSE;
  n = recv (self->fd, engine->rx, SENTIENT_ENGINE_RX_SIZE, MSG_DONTWAIT);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (n <= 0)
    {
      sentient_conn_destroy (self);
      return FALSE;
    }
  engine->metrics->received_bytes += n;
  if (self->state == SENTIENT_CONN_LINGER)
    return TRUE;

  if (self->in.len > 0)
    {
      sentient_buf_append (&self->in, engine->rx, n);
      consume_buffer (self);
    }
  else
    {
      gsize used = consume (self, engine->rx, n);

      /* Into the buffer goes only what is incomplete. */
      if (used < (gsize)n && self->state != SENTIENT_CONN_DEAD)
        {
          sentient_buf_append (&self->in, engine->rx + used, n - used);
          if (self->resume)
            sentient_engine_mark (engine, self);
        }
    }
  return self->state != SENTIENT_CONN_DEAD;
}

gboolean
sentient_conn_has_unread (SentientConn *self)
{
  char byte;

  return recv (self->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void
sentient_conn_on_event (SentientConn *self, guint32 events)
{
  gboolean gone = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  gboolean broken = (events & (EPOLLHUP | EPOLLERR)) != 0;

  if ((events & EPOLLOUT) || broken)
    {
      self->blocked = FALSE;
      sentient_engine_mark (self->engine, self);
    }

  switch ((SentientConnState)self->state)
    {
    case SENTIENT_CONN_HEAD:
    case SENTIENT_CONN_BODY:
    case SENTIENT_CONN_LINGER:
    case SENTIENT_CONN_WS_OPEN:
    case SENTIENT_CONN_WS_CLOSING:
      if ((events & EPOLLIN) || gone)
        receive (self);
      break;
    case SENTIENT_CONN_WAIT:
    case SENTIENT_CONN_SOUP:
      /* A client that half-closes while it waits cannot be told from one that is gone. */
      if (gone)
        sentient_conn_destroy (self);
      else if (events & EPOLLIN)
        self->in_waits = TRUE;
      break;
    case SENTIENT_CONN_RESPOND:
    case SENTIENT_CONN_DRAIN:
      if (broken)
        sentient_conn_destroy (self);
      break;
    case SENTIENT_CONN_DEAD:
      return;
    }

  if (!self->marked)
    update_events (self);
}

static gboolean
is_reading (SentientConn *self)
{
  return self->state == SENTIENT_CONN_HEAD || self->state == SENTIENT_CONN_BODY
         || sentient_conn_is_ws (self);
}

void
sentient_conn_service (SentientConn *self)
{
  if (self->resume && is_reading (self) && self->in.len > 0)
    consume_buffer (self);

  if (self->state == SENTIENT_CONN_WS_OPEN)
    sentient_conn_ws_fill (self);
  else if (self->state != SENTIENT_CONN_DEAD)
    sentient_conn_flush (self);

  update_events (self);
}

static void
flushed (SentientConn *self)
{
  if (self->state == SENTIENT_CONN_RESPOND)
    sentient_conn_http_responded (self);
  else if (self->state == SENTIENT_CONN_DRAIN)
    {
      self->state = SENTIENT_CONN_LINGER;
      shutdown (self->fd, SHUT_WR);
    }
  else if (self->pong != NULL && sentient_conn_is_ws (self))
    sentient_conn_ws_pong_later (self);
}

gboolean
sentient_conn_flush (SentientConn *self)
{
  guint32 before = self->out.len;

  while (self->out.len > 0 && !self->blocked)
    {
      gsize asked = self->out.len;
      gssize n = send (self->fd, sentient_buf_peek (&self->out), asked, MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno != EAGAIN)
        {
          sentient_conn_destroy (self);
          return FALSE;
        }
      self->blocked = n < (gssize)asked;
      if (n > 0)
        {
          self->engine->metrics->sent_bytes += n;
          sentient_buf_consume (&self->out, n);
        }
    }

  if (self->state == SENTIENT_CONN_RESPOND && self->out.len < before)
    self->deadline_ms = sentient_engine_now (self->engine) + self->engine->config.body_timeout_ms;
  if (sentient_conn_is_ws (self) && self->out.len < before && self->engine->handler.ws_sent != NULL)
    self->engine->handler.ws_sent (self, self->queued - self->out.len, self->engine->user_data);

  if (self->out.len == 0)
    flushed (self);
  return self->state != SENTIENT_CONN_DEAD;
}

void
sentient_conn_drain (SentientConn *self)
{
  self->state = SENTIENT_CONN_DRAIN;
  self->deadline_ms = sentient_engine_now (self->engine) + self->engine->config.close_timeout_ms;
  sentient_engine_mark (self->engine, self);
}

void
sentient_conn_check_deadline (SentientConn *self, gint64 now_ms)
{
  if (sentient_conn_is_ws (self))
    {
      sentient_conn_ws_check (self, now_ms);
      return;
    }
  if (self->deadline_ms == 0 || now_ms < self->deadline_ms)
    return;
  if ((self->state == SENTIENT_CONN_HEAD || self->state == SENTIENT_CONN_BODY)
      && sentient_conn_has_unread (self))
    return;

  if (self->state == SENTIENT_CONN_HEAD && !self->idle)
    sentient_conn_http_fail (self, 408, "the request head did not come in time");
  else if (self->state == SENTIENT_CONN_BODY)
    sentient_conn_http_fail (self, 408, "the request body did not come in time");
  else
    sentient_conn_destroy (self);
}

void
sentient_conn_stop (SentientConn *self)
{
  if (self->state == SENTIENT_CONN_WS_OPEN)
    sentient_conn_close_websocket (self, SENTIENT_WS_GOING_AWAY, "the server is stopping");
  else if (self->state == SENTIENT_CONN_HEAD && self->in.len == 0)
    sentient_conn_destroy (self);
  /* All others have a request under way; their answer says close. */
}

static void
get_local (SentientConn *self, struct sockaddr_storage *local)
{
  socklen_t len = sizeof *local;

  memset (local, 0, sizeof *local);
  if (self->fd < 0 || getsockname (self->fd, (struct sockaddr *)local, &len) < 0)
    local->ss_family = AF_INET;
}

static gboolean
is_mapped (const guint8 *address)
{
  static const guint8 prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

  return memcmp (address, prefix, sizeof prefix) == 0;
}

/* IPv4 looks like IPv4, whatever kind of socket it came by. */
static GSocketAddress *
new_address (const guint8 *address, guint16 port)
{
  g_autoptr (GInetAddress) inet
      = is_mapped (address) ? g_inet_address_new_from_bytes (address + 12, G_SOCKET_FAMILY_IPV4)
                            : g_inet_address_new_from_bytes (address, G_SOCKET_FAMILY_IPV6);

  return g_inet_socket_address_new (inet, port);
}

GSocketAddress *
sentient_conn_get_address (SentientConn *self, gboolean remote)
{
  struct sockaddr_storage local;
  SentientConn scratch = { 0 };

  if (remote)
    return new_address (self->remote, self->remote_port);

  get_local (self, &local);
  set_remote (&scratch, &local);
  return new_address (scratch.remote, scratch.remote_port);
}

static char *
dup_address (SentientConn *self, gboolean remote)
{
  g_autoptr (GSocketAddress) address = sentient_conn_get_address (self, remote);

  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}

char *
sentient_conn_dup_remote (SentientConn *conn)
{
  g_autofree char *remote = dup_address (conn, TRUE);
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *client = NULL;

  if (!conn->is_proxy || !conn->has_client)
    return g_steal_pointer (&remote);
  address = new_address (conn->client, 0);
  client = g_inet_address_to_string (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  return g_strdup_printf ("%s by %s", client, remote);
}

char *
sentient_conn_dup_local (SentientConn *conn)
{
  return dup_address (conn, FALSE);
}

SentientAccount *
sentient_conn_get_account (SentientConn *conn)
{
  return conn->address != NULL ? sentient_address_get_account (conn->address) : NULL;
}

gboolean
sentient_conn_remote_is_loopback (SentientConn *conn)
{
  return sentient_networks_is_loopback (conn->remote);
}

gboolean
sentient_conn_is_proxy (SentientConn *conn)
{
  return conn->is_proxy;
}

void
sentient_conn_log_refused (SentientConn *conn, const char *why)
{
  g_autofree char *remote = NULL;

  if (conn->refusal_logged || g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))
    return;
  conn->refusal_logged = TRUE;
  remote = sentient_conn_dup_remote (conn);
  g_debug ("%s is refused: %s", remote, why);
}

void
sentient_conn_set_data (SentientConn *conn, gpointer data)
{
  conn->data = data;
}

gpointer
sentient_conn_get_data (SentientConn *conn)
{
  return conn->data;
}
