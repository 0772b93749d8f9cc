/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* How often another free port is tried when the one that the first address got is taken on the
 * second. */
#define PORT_ATTEMPTS 16

void
sentient_listener_close (SentientListener *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static void
listener_free (gpointer data)
{
  sentient_listener_close (data);
  g_free (data);
}

static void
set_port (struct sockaddr *address, guint16 port)
{
  if (address->sa_family == AF_INET6)
    ((struct sockaddr_in6 *)address)->sin6_port = htons (port);
  else
    ((struct sockaddr_in *)address)->sin_port = htons (port);
}

static guint16
get_port (int fd)
{
  struct sockaddr_storage address;
  socklen_t len = sizeof address;

  if (getsockname (fd, (struct sockaddr *)&address, &len) < 0)
    return 0;
  if (address.ss_family == AF_INET6)
    return ntohs (((struct sockaddr_in6 *)&address)->sin6_port);
  return ntohs (((struct sockaddr_in *)&address)->sin_port);
}

static SentientListener *
listener_new (int fd)
{
  SentientListener *self = g_new0 (SentientListener, 1);

  self->kind = SENTIENT_POLL_LISTENER;
  self->fd = fd;
  self->port = get_port (fd);
  return self;
}

/* Returns the fd, or -1 with errno. */
static int
open_one (const struct addrinfo *info, guint16 port, gboolean only_v6)
{
  struct sockaddr_storage address;
  const int on = 1, v6only = only_v6;
  int fd, saved;

  fd = socket (info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0)
    return -1;

  memcpy (&address, info->ai_addr, info->ai_addrlen);
  set_port ((struct sockaddr *)&address, port);
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  /* Accepted sockets inherit it: a system call less for each. */
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (info->ai_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);

  if (bind (fd, (struct sockaddr *)&address, info->ai_addrlen) == 0 && listen (fd, 4096) == 0)
    return fd;

  saved = errno;
  close (fd);
  errno = saved;
  return -1;
}

static void
set_listen_error (GError **error, int code, const char *host, guint16 port)
{
  if (code == EADDRINUSE)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                 "Port %u on %s is in use by another program; stop it or choose another port with "
                 "--port",
                 port, host);
  else if (code == EACCES)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 "Port %u on %s may not be used by this user; choose one above 1023 with --port",
                 port, host);
  else if (code == EADDRNOTAVAIL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "%s is no address of this machine; choose another with --host", host);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 "Cannot listen on port %u of %s: %s", port, host, g_strerror (code));
}

/* An address family that this machine does not have is no reason to fail while another works. */
static gboolean
is_missing_family (int code)
{
  return code == EAFNOSUPPORT || code == EADDRNOTAVAIL || code == EPROTONOSUPPORT;
}

/* /etc/hosts may name an address twice. */
static gboolean
is_repeated (const struct addrinfo *infos, const struct addrinfo *info)
{
  for (; infos != info; infos = infos->ai_next)
    if (infos->ai_addrlen == info->ai_addrlen
        && memcmp (infos->ai_addr, info->ai_addr, info->ai_addrlen) == 0)
      return TRUE;
  return FALSE;
}

/* *code: 0, or why no listener could be had. */
static GPtrArray *
open_all (const struct addrinfo *infos, guint16 port, int *code)
{
  g_autoptr (GPtrArray) listeners = g_ptr_array_new_with_free_func (listener_free);
  gboolean several = infos->ai_next != NULL;
  int missing = 0;

  for (const struct addrinfo *info = infos; info != NULL; info = info->ai_next)
    {
      SentientListener *listener;
      int fd;

      if (is_repeated (infos, info))
        continue;

      fd = open_one (info, port, several);
      if (fd < 0 && several && is_missing_family (errno))
        {
          missing = errno;
          continue;
        }
      if (fd < 0)
        {
          *code = errno;
          return NULL;
        }

      listener = listener_new (fd);
      port = listener->port;
      g_ptr_array_add (listeners, listener);
    }

  *code = listeners->len > 0 ? 0 : missing;
  return listeners->len > 0 ? g_steal_pointer (&listeners) : NULL;
}

GPtrArray *
sentient_listener_open (const char *host, guint16 port, GError **error)
{
  const struct addrinfo hints = {
    .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    .ai_family = AF_UNSPEC,
    .ai_socktype = SOCK_STREAM,
  };
  struct addrinfo *infos = NULL;
  g_autofree char *bare = NULL;
  GPtrArray *listeners = NULL;
  int code;

  /* "[::1]", as it stands in URLs */
  if (host[0] == '[' && g_str_has_suffix (host, "]"))
    bare = g_strndup (host + 1, strlen (host) - 2);
  else
    bare = g_strdup (host);

  code = getaddrinfo (bare, "0", &hints, &infos);
  if (code != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   "Cannot listen on \"%s\": no such address (%s); choose another with --host",
                   host, gai_strerror (code));
      return NULL;
    }

  for (guint i = 0; i < PORT_ATTEMPTS; i++)
    {
      listeners = open_all (infos, port, &code);
      if (listeners != NULL || port != 0 || code != EADDRINUSE)
        break;
    }
  freeaddrinfo (infos);

  if (listeners == NULL)
    set_listen_error (error, code, host, port);
  return listeners;
}

static gboolean
has_option (int fd, int option, int wanted)
{
  int value = 0;
  socklen_t len = sizeof value;

  return getsockopt (fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

gboolean
sentient_listener_check_fd (int fd, GError **error)
{
  struct sockaddr_storage address = { 0 };
  socklen_t len = sizeof address;
  const char *problem = NULL;

  if (getsockname (fd, (struct sockaddr *)&address, &len) < 0)
    problem = "no socket";
  else if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
    problem = "no socket of an IP address";
  else if (!has_option (fd, SO_TYPE, SOCK_STREAM))
    problem = "no TCP socket";
  else if (!has_option (fd, SO_ACCEPTCONN, 1))
    problem = "no socket that listens";
  if (problem == NULL)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "The descriptor %d that was passed on to listen at is %s: pass on a listening TCP "
               "socket",
               fd, problem);
  return FALSE;
}

GPtrArray *
sentient_listener_new_from_fd (int fd)
{
  GPtrArray *listeners = g_ptr_array_new_with_free_func (listener_free);
  const int on = 1;

  fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) | O_NONBLOCK);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  g_ptr_array_add (listeners, listener_new (fd));
  return listeners;
}

gboolean
sentient_listener_fd_is_loopback (int fd)
{
  struct sockaddr_storage address = { 0 };
  socklen_t len = sizeof address;

  if (getsockname (fd, (struct sockaddr *)&address, &len) < 0)
    return FALSE;
  if (address.ss_family == AF_INET)
    return ntohl (((struct sockaddr_in *)&address)->sin_addr.s_addr) >> 24 == 127;
  return address.ss_family == AF_INET6
         && IN6_IS_ADDR_LOOPBACK (&((struct sockaddr_in6 *)&address)->sin6_addr);
}

void
sentient_listener_raise_fd_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_debug ("the limit of file descriptors stays as it is: %s", g_strerror (errno));
}
