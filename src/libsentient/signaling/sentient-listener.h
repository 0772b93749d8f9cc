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

/* The memory stays. */
void sentient_listener_close (SentientListener *self);

G_END_DECLS
