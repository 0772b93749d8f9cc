/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-engine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/sentient-prefetch.h"
#include "core/sentient-source.h"
#include "signaling/sentient-engine-private.h"
#include "signaling/sentient-listener.h"

#define ACCEPTS_PER_TURN 64
#define EVENTS_PER_TURN 256
/* Connections may mark each other at the end of a turn; then there is another one. */
#define ROUNDS_PER_TURN 8
/* How often the coarse time is set anew while connections are written. */
#define CONNS_PER_STAMP 16
#define TICK_US (500 * 1000)
/* So many connections are on their way from memory while one is looked at. */
#define FETCH_AHEAD 8
/* Of what the handler keeps of a connection: as much as it needs to fill it. */
#define HANDLER_DATA_BYTES 192
#define LOG_EVERY_MS 60000
/* File descriptors left to everybody else in the process. */
#define FDS_FOR_OTHERS 64

typedef struct
{
  GSource base;
  SentientEngine *engine;
} EngineSource;

void
sentient_engine_config_init (SentientEngineConfig *config)
{
  *config = (SentientEngineConfig){
    .head_timeout_ms = 10000,
    .body_timeout_ms = 30000,
    .idle_timeout_ms = 60000,
    .ping_interval_ms = 15000,
    .silence_ms = 30000,
    .close_timeout_ms = 2000,
    .max_connections = 0,
    .max_message = 65536,
    .address = { .connections = { 64, 256 }, .open = 1024 },
    .high_water = 65536,
  };
}

/* The coarse time that latencies are measured with. */
static void
stamp (SentientEngine *self)
{
  if (self->manual_clock)
    self->metrics->now_us = sentient_clock_get_monotonic_ms (self->clock) * 1000;
  else
    self->metrics->now_us = g_get_monotonic_time ();
}

gint64
sentient_engine_now (SentientEngine *self)
{
  if (self->turn_depth == 0)
    self->now_ms = sentient_clock_get_monotonic_ms (self->clock);
  return self->now_ms;
}

void
sentient_engine_mark (SentientEngine *self, SentientConn *conn)
{
  if (conn->marked || conn->state == SENTIENT_CONN_DEAD)
    return;

  conn->marked = TRUE;
  conn->next_marked = NULL;
  if (self->last_marked != NULL)
    self->last_marked->next_marked = conn;
  else
    self->first_marked = conn;
  self->last_marked = conn;

  if (self->turn_depth == 0)
    g_source_set_ready_time (self->source, 0);
}

void
sentient_engine_add (SentientEngine *self, SentientConn *conn)
{
  conn->index = self->conns->len;
  g_ptr_array_add (self->conns, conn);
}

/* Watches the listeners, or leaves the clients in the kernel's queue. */
static void
set_paused (SentientEngine *self, gboolean paused)
{
  if (self->paused == paused || self->listeners == NULL || self->stopping)
    return;

  self->paused = paused;
  for (guint i = 0; i < self->listeners->len; i++)
    {
      SentientListener *listener = g_ptr_array_index (self->listeners, i);
      struct epoll_event event = { .events = paused ? 0 : EPOLLIN, .data.ptr = listener };

      epoll_ctl (self->epoll_fd, EPOLL_CTL_MOD, listener->fd, &event);
    }
}

void
sentient_engine_remove (SentientEngine *self, SentientConn *conn)
{
  g_ptr_array_remove_index_fast (self->conns, conn->index);
  if (conn->index < self->conns->len)
    ((SentientConn *)self->conns->pdata[conn->index])->index = conn->index;

  /* next_marked may be needed still. */
  conn->next = self->dead;
  self->dead = conn;
  set_paused (self, FALSE);
}

gboolean
sentient_engine_may_log (SentientEngine *self)
{
  if (self->logged_ms != 0 && self->now_ms - self->logged_ms < LOG_EVERY_MS)
    return FALSE;
  self->logged_ms = MAX (self->now_ms, 1);
  return TRUE;
}

/* Another thread may have been faster to take the last one. */
static void
ensure_reserve (SentientEngine *self)
{
  if (self->reserve_fd < 0)
    self->reserve_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* No fd is left: take the client in on the reserve to turn it away, or it would wait for ever and
 * the listener would be ready in each turn. */
static void
shed (SentientEngine *self, SentientListener *listener)
{
  int fd;

  if (sentient_engine_may_log (self))
    g_message ("Out of file descriptors with %u connections: new ones wait until some are closed; "
               "raise the limit (ulimit -n) to serve more",
               self->conns->len);
  if (self->reserve_fd >= 0)
    {
      close (self->reserve_fd);
      fd = accept4 (listener->fd, NULL, NULL, SOCK_CLOEXEC);
      if (fd >= 0)
        {
          close (fd);
          self->metrics->refused[SENTIENT_REFUSED_NO_DESCRIPTORS]++;
        }
      self->reserve_fd = -1;
      ensure_reserve (self);
    }
  set_paused (self, TRUE); /* until a connection ends, or the next tick */
}

static gboolean
is_out_of_resources (int code)
{
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

static void
accept_some (SentientEngine *self, SentientListener *listener)
{
  for (guint i = 0; i < ACCEPTS_PER_TURN && !self->stopping; i++)
    {
      struct sockaddr_storage remote;
      socklen_t len = sizeof remote;
      int fd;

      if (self->conns->len >= self->config.max_connections)
        {
          if (sentient_engine_may_log (self))
            g_message ("The limit of %u connections is reached: new ones wait until some are "
                       "closed",
                       self->config.max_connections);
          set_paused (self, TRUE);
          return;
        }

      fd = accept4 (listener->fd, (struct sockaddr *)&remote, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0)
        sentient_conn_new (self, fd, &remote);
      else if (errno == EAGAIN)
        return;
      else if (is_out_of_resources (errno))
        {
          shed (self, listener);
          return;
        }
      /* All else is the fault of one client that did not wait. */
    }
}

static void
service_marked (SentientEngine *self)
{
  guint n = 0;

  for (guint round = 0; round < ROUNDS_PER_TURN && self->first_marked != NULL; round++)
    {
      SentientConn *conn = g_steal_pointer (&self->first_marked);

      self->last_marked = NULL;
      while (conn != NULL)
        {
          SentientConn *next = conn->next_marked;

          if (next != NULL)
            {
              sentient_conn_prefetch (next->next_marked);
              sentient_prefetch (next->data, HANDLER_DATA_BYTES);
            }
          if (n++ % CONNS_PER_STAMP == 0)
            stamp (self);
          conn->marked = FALSE;
          sentient_conn_service (conn);
          conn = next;
        }
    }
}

static void
free_dead (SentientEngine *self)
{
  SentientConn *waiting = NULL;

  while (self->dead != NULL)
    {
      SentientConn *conn = self->dead;

      self->dead = conn->next;
      if (conn->marked)
        {
          /* It stands in the list for the next turn. */
          conn->next = waiting;
          waiting = conn;
        }
      else
        sentient_conn_free_memory (conn);
    }
  self->dead = waiting;
}

static GTask *
steal_stop_task (SentientEngine *self)
{
  if (self->stop_cancelled != NULL)
    g_source_destroy (self->stop_cancelled);
  g_clear_pointer (&self->stop_cancelled, g_source_unref);
  return g_steal_pointer (&self->stop_task);
}

/* Last in what calls it: the callback may free the engine. */
static void
finish_stop (SentientEngine *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->stop_task == NULL || self->conns->len > 0)
    return;
  task = steal_stop_task (self);
  g_task_return_boolean (task, TRUE);
}

static gboolean
on_stop_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = steal_stop_task (user_data);

  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

void
sentient_engine_begin_turn (SentientEngine *self)
{
  if (self->turn_depth++ > 0)
    return;
  self->now_ms = sentient_clock_get_monotonic_ms (self->clock);
  stamp (self);
}

/* When the source has to run next without an event. */
static void
schedule (SentientEngine *self)
{
  gint64 ready_us = -1;

  if (self->first_marked != NULL)
    ready_us = 0;
  else if ((self->conns->len > 0 || self->paused || self->stopping) && !self->manual_clock)
    {
      if (self->next_tick_us == 0)
        self->next_tick_us = g_get_monotonic_time () + TICK_US;
      ready_us = self->next_tick_us;
    }
  else
    self->next_tick_us = 0;

  g_source_set_ready_time (self->source, ready_us);
}

void
sentient_engine_end_turn (SentientEngine *self)
{
  if (self->turn_depth > 1)
    {
      self->turn_depth--;
      return;
    }

  service_marked (self);
  self->turn_depth = 0;
  free_dead (self);
  schedule (self);
  finish_stop (self);
}

void
sentient_engine_check_deadlines (SentientEngine *self)
{
  gboolean stop_now;

  g_return_if_fail (self != NULL);

  sentient_engine_begin_turn (self);
  sentient_addresses_expire (self->addresses, self->now_ms);
  ensure_reserve (self);
  stop_now = self->stopping && self->now_ms >= self->stop_deadline_ms;
  /* From the end: where one dies, one that was looked at takes its place. */
  for (guint i = self->conns->len; i-- > 0;)
    {
      if (i >= self->conns->len)
        continue;
      if (i >= FETCH_AHEAD)
        sentient_conn_prefetch (self->conns->pdata[i - FETCH_AHEAD]);
      if (stop_now)
        sentient_conn_destroy (self->conns->pdata[i]);
      else
        sentient_conn_check_deadline (self->conns->pdata[i], self->now_ms);
    }
  if (self->conns->len < self->config.max_connections)
    set_paused (self, FALSE);
  sentient_engine_end_turn (self);
}

static gboolean
engine_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  SentientEngine *self = ((EngineSource *)source)->engine;
  struct epoll_event events[EVENTS_PER_TURN];
  int n;

  if (self->turn_depth > 0)
    return G_SOURCE_CONTINUE;

  sentient_engine_begin_turn (self);

  n = epoll_wait (self->epoll_fd, events, EVENTS_PER_TURN, 0);
  for (int i = 0; i < n; i++)
    {
      SentientPollKind *kind = events[i].data.ptr;

      if (*kind == SENTIENT_POLL_CONN)
        sentient_conn_on_event (events[i].data.ptr, events[i].events);
      else
        accept_some (self, events[i].data.ptr);
    }

  if (self->next_tick_us != 0 && g_source_get_time (source) >= self->next_tick_us)
    {
      sentient_histogram_add (&self->metrics->loop_lag,
                              g_source_get_time (source) - self->next_tick_us);
      self->next_tick_us = 0;
      sentient_engine_check_deadlines (self);
    }

  sentient_engine_end_turn (self);
  return G_SOURCE_CONTINUE;
}

static guint
default_max_connections (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
    return 20000;
  return MAX ((gint64)MIN (limit.rlim_cur, G_MAXINT) - FDS_FOR_OTHERS, 1);
}

static void
set_max_connections (SentientEngine *self, guint max)
{
  self->config.max_connections = max > 0 ? max : default_max_connections ();
}

SentientEngine *
sentient_engine_new (const SentientEngineConfig *config,
                     SentientClock *clock,
                     SoupServer *server,
                     const SentientEngineHandler *handler,
                     gpointer user_data)
{
  static GSourceFuncs funcs = { .dispatch = engine_dispatch };
  SentientEngine *self;

  g_return_val_if_fail (config != NULL && handler != NULL, NULL);
  g_return_val_if_fail (SENTIENT_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (server == NULL || SOUP_IS_SERVER (server), NULL);

  self = g_new0 (SentientEngine, 1);
  self->config = *config;
  set_max_connections (self, config->max_connections);
  self->handler = *handler;
  self->user_data = user_data;
  self->clock = g_object_ref (clock);
  self->manual_clock = SENTIENT_IS_MANUAL_CLOCK (clock);
  self->metrics = config->metrics != NULL ? config->metrics : &self->own_metrics;
  g_set_object (&self->server, server);
  self->addresses = sentient_addresses_new (&config->address, SENTIENT_ADDRESSES_MAX);
  self->context = g_main_context_ref_thread_default ();
  self->rx = g_malloc (SENTIENT_ENGINE_RX_SIZE + 1);
  self->tx = g_malloc (SENTIENT_ENGINE_TX_SIZE);
  self->reserve_fd = -1;
  ensure_reserve (self);
  self->conns = g_ptr_array_new ();
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    g_error ("epoll_create1: %s", g_strerror (errno));

  self->source = g_source_new (&funcs, sizeof (EngineSource));
  ((EngineSource *)self->source)->engine = self;
  /* It does not recurse, but otherwise GLib takes the fd out of its set during each dispatch, which
   * costs three system calls. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_add_unix_fd (self->source, self->epoll_fd, G_IO_IN);
  sentient_source_attach (self->source, self->context, "SentientEngine", NULL, NULL);

  sentient_lend_connect (self);
  return self;
}

void
sentient_engine_set_limits (SentientEngine *self, const SentientEngineConfig *config)
{
  self->config.head_timeout_ms = config->head_timeout_ms;
  self->config.body_timeout_ms = config->body_timeout_ms;
  self->config.idle_timeout_ms = config->idle_timeout_ms;
  self->config.ping_interval_ms = config->ping_interval_ms;
  self->config.silence_ms = config->silence_ms;
  self->config.address = config->address;
  set_max_connections (self, config->max_connections);
  sentient_addresses_set_limits (self->addresses, &config->address);
}

gboolean
sentient_engine_is_busy (SentientEngine *self)
{
  return self->turn_depth > 0;
}

void
sentient_engine_free (SentientEngine *self)
{
  g_autoptr (GTask) stop_task = NULL;

  if (self == NULL)
    return;

  g_assert (self->turn_depth == 0);

  stop_task = steal_stop_task (self);
  sentient_engine_begin_turn (self);
  self->stopping = TRUE;
  while (self->conns->len > 0)
    sentient_conn_destroy (self->conns->pdata[self->conns->len - 1]);
  sentient_engine_end_turn (self);
  g_assert (self->dead == NULL);

  g_ptr_array_unref (self->conns);
  sentient_addresses_free (self->addresses);
  sentient_lend_disconnect (self);
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  close (self->epoll_fd);
  if (self->reserve_fd >= 0)
    close (self->reserve_fd);
  g_main_context_unref (self->context);
  g_clear_object (&self->server);
  g_object_unref (self->clock);
  g_free (self->rx);
  g_free (self->tx);
  g_free (self);

  if (stop_task != NULL)
    g_task_return_new_error (stop_task, G_IO_ERROR, G_IO_ERROR_CLOSED,
                             "The engine was freed before it had stopped");
}

void
sentient_engine_send_to_all (SentientEngine *self, const char *text, gsize len)
{
  sentient_engine_begin_turn (self);
  for (guint i = 0; i < self->conns->len; i++)
    {
      SentientConn *conn = self->conns->pdata[i];

      if (conn->state == SENTIENT_CONN_WS_OPEN && conn->data != NULL
          && !sentient_conn_is_full (conn))
        sentient_conn_send_text (conn, text, len, NULL);
    }
  sentient_engine_end_turn (self);
}

guint
sentient_engine_get_n_connections (SentientEngine *self)
{
  return self->conns->len;
}

void
sentient_engine_stop_async (SentientEngine *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (self != NULL && !self->stopping);

  self->stop_task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (self->stop_task, sentient_engine_stop_async);
  if (cancellable != NULL)
    {
      self->stop_cancelled = g_cancellable_source_new (cancellable);
      sentient_source_attach (self->stop_cancelled, self->context, "sentient-engine-stop",
                              G_SOURCE_FUNC (on_stop_cancelled), self);
    }

  sentient_engine_begin_turn (self);
  self->stopping = TRUE;
  self->stop_deadline_ms = self->now_ms + self->config.close_timeout_ms;
  /* Events of this turn may still point to them. */
  for (guint i = 0; self->listeners != NULL && i < self->listeners->len; i++)
    sentient_listener_close (g_ptr_array_index (self->listeners, i));
  for (guint i = self->conns->len; i-- > 0;)
    if (i < self->conns->len)
      sentient_conn_stop (self->conns->pdata[i]);
  sentient_engine_end_turn (self);
}

gboolean
sentient_engine_stop_finish (SentientEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
