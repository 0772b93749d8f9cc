/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "signaling/sentient-conn.h"

G_BEGIN_DECLS

/* A socket that listens. */
typedef struct
{
  SentientPollKind kind; /* first: what epoll's pointer points to */
  int fd;
  guint16 port;
} SentientListener;

/* Listens on every address of host; port 0: one free port for all of them. NULL: error says which
 * address and what to do. Otherwise at least one SentientListener; close them with
 * g_ptr_array_unref (). */
GPtrArray *sentient_listener_open (const char *host, guint16 port, GError **error);

/* Is it a TCP socket that listens? Error: INVALID_ARGUMENT, which says what it is instead. */
gboolean sentient_listener_check_fd (int fd, GError **error);
/* Of a socket that was checked; fd is taken. One SentientListener. */
GPtrArray *sentient_listener_new_from_fd (int fd);
/* Does it listen for this machine only? */
gboolean sentient_listener_fd_is_loopback (int fd);

/* A connection each: this process may have as many descriptors as the system lets it have. For
 * programs. */
void sentient_listener_raise_fd_limit (void);

/* The memory stays. */
void sentient_listener_close (SentientListener *self);

G_END_DECLS
