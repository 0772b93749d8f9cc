/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A STUN server (RFC 8489) on a loopback address that tells everybody the same mapped address. It
 * lives on the default context. */
typedef struct _StunServer StunServer;

StunServer *stun_server_new (const char *address, const char *mapped, guint16 mapped_port);
void stun_server_free (StunServer *self);
guint16 stun_server_get_port (StunServer *self);
guint stun_server_get_requests (StunServer *self);
