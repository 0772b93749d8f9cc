/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "doctor/sentient-measurements.h"

G_BEGIN_DECLS

/* What asks the network. Each fills a measurement, which has to outlive it, on the context that is
 * thread-default; each step of it takes at most timeout_ms. What goes wrong is part of the
 * measurement: a probe ends in one way only, by its callback. */

typedef struct
{
  guint timeout_ms;
  GCancellable *cancellable; /* of all of them; not owned */
} SentientProbing;

/* The first address of each family that host, a name or a number, has. NULL: there is none, or not
 * in time; error is one of GIO. */
typedef struct
{
  GInetAddress *ipv4; /* or NULL */
  GInetAddress *ipv6;
} SentientHostAddresses;

void sentient_probe_resolve_async (const SentientProbing *probing,
                                   const char *host,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
SentientHostAddresses *sentient_probe_resolve_finish (GAsyncResult *result, GError **error);
void sentient_host_addresses_free (SentientHostAddresses *self);

/* Asks server for a Binding. */
void sentient_probe_stun_async (const SentientProbing *probing,
                                SentientStunMeasurement *one,
                                GInetAddress *server,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/* Asks server, with the credentials if it wants them, to relay, and then not to any more. */
void sentient_probe_turn_async (const SentientProbing *probing,
                                SentientTurnMeasurement *one,
                                GInetAddress *server,
                                const char *user,
                                const char *password,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/* Finds out how the NAT maps, with the STUN servers that answered over IPv4. */
void sentient_probe_mapping_async (const SentientProbing *probing,
                                   SentientMeasurements *measured,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

/* GET /webrtc/info, GET /healthz, and a WebSocket. stun_urls and turn_urls are set to what it hands
 * out, or to NULL. */
typedef struct
{
  GStrv stun_urls;
  GStrv turn_urls;
} SentientNamedServers;

void sentient_probe_coordinator_async (const SentientProbing *probing,
                                       SentientCoordinatorMeasurement *one,
                                       SentientNamedServers *named,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
void sentient_named_servers_clear (SentientNamedServers *self);

/* Of all but the first. */
void sentient_probe_finish (GAsyncResult *result);

/* At once: an address, and whether there is a way out. server: one that would be asked, or NULL. */
void sentient_probe_ipv6 (SentientMeasurements *measured, GInetAddress *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientHostAddresses, sentient_host_addresses_free)

G_END_DECLS
