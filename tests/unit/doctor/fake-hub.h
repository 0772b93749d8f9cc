/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* What a coordinator answers to the doctor, and what it should not. */
typedef struct
{
  const char *info;     /* the body of /webrtc/info; NULL: 404; "": it hangs */
  gint64 ahead_s;       /* of its clock */
  gboolean no_clock;    /* it tells no time */
  gboolean no_health;   /* 404 for /healthz */
  gboolean no_socket;   /* 404 for a WebSocket */
  gboolean slow_socket; /* it hangs */

  SoupServer *server;
  guint sockets; /* that opened */
  guint ended;   /* of these */
  guint closed;  /* of these, with code 1000 */
  guint words;   /* that were said over them */
  char *node_id; /* of the last */
} FakeHub;

void fake_hub_start (FakeHub *self);
void fake_hub_clear (FakeHub *self);
char *fake_hub_dup_url (FakeHub *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FakeHub, fake_hub_clear)

G_END_DECLS
