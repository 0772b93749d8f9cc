/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Tells that the network may be another one: an address, a route, a link changed (GNetworkMonitor),
 * or the machine was suspended and wakes up (PrepareForSleep of logind on the system bus; without
 * one nothing is told of that). One change may be told many times. */
typedef struct _SentientNetworkWatch SentientNetworkWatch;

/* changed runs on that context, the caller's own; not any more after free (). */
SentientNetworkWatch *sentient_network_watch_new (GMainContext *context,
                                                  void (*changed) (gpointer user_data),
                                                  gpointer user_data);
void sentient_network_watch_free (SentientNetworkWatch *self);

G_END_DECLS
