/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the engine listens: at an address, or on sockets that it is given. */

#include <errno.h>
#include <sys/epoll.h>

#include "signaling/sentient-engine-private.h"
#include "signaling/sentient-listener.h"

/* listeners is taken. */
static gboolean
watch_listeners (SentientEngine *self, GPtrArray *listeners, const char *where, GError **error)
{
  g_autoptr (GPtrArray) owned = listeners;

  for (guint i = 0; i < listeners->len; i++)
    {
      SentientListener *listener = g_ptr_array_index (listeners, i);
      struct epoll_event event = { .events = self->paused ? 0 : EPOLLIN, .data.ptr = listener };

      if (epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, listener->fd, &event) < 0)
        {
          int code = errno;

          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                       "Cannot watch port %u of %s: %s", listener->port, where, g_strerror (code));
          return FALSE;
        }
    }

  if (self->listeners == NULL)
    self->listeners = g_steal_pointer (&owned);
  else
    g_ptr_array_extend_and_steal (self->listeners, g_steal_pointer (&owned));
  return TRUE;
}

gboolean
sentient_engine_listen (SentientEngine *self, const char *host, guint16 port, GError **error)
{
  GPtrArray *listeners;

  g_return_val_if_fail (self != NULL && host != NULL && !self->stopping, FALSE);

  listeners = sentient_listener_open (host, port, error);
  return listeners != NULL && watch_listeners (self, listeners, host, error);
}

gboolean
sentient_engine_listen_fd (SentientEngine *self, int fd, GError **error)
{
  g_return_val_if_fail (self != NULL && fd >= 0 && !self->stopping, FALSE);

  return watch_listeners (self, sentient_listener_new_from_fd (fd), "a socket that was passed on",
                          error);
}

guint16
sentient_engine_get_port (SentientEngine *self)
{
  if (self->listeners == NULL)
    return 0;
  return ((SentientListener *)g_ptr_array_index (self->listeners, 0))->port;
}
