/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/sentient-connection.h"
#include "peer/sentient-waiters.h"
#include "webrtc/sentient-link.h"

G_BEGIN_DECLS

typedef struct _SentientPeer SentientPeer;

/* One attempt to reach a node, and what comes of it. The peer that made it drives it. */
struct _SentientConnection
{
  GObject parent_instance;

  char *node_id;
  char *room; /* where the two met, or NULL */
  SentientConnectionState state;
  gboolean offerer;
  gint64 connected_at; /* ms since the epoch, 0: not yet */
  guint64 messages_sent;
  guint64 messages_received;
  guint64 bytes_sent;
  guint64 bytes_received;

  /* The peer's. */
  SentientPeer *peer; /* unowned; NULL once it let go */
  SentientLink *link; /* NULL once it is over */
  char *negotiation;  /* NULL: that of a plain peer, which has none */
  char *remote_offer; /* SDP, to know it again when it comes twice */
  gboolean have_remote;
  gboolean wanted; /* only by those who wait in opening */
  gint64 started;  /* monotonic, us: when the present link was made */
  SentientWaiters *opening;
  SentientWaiters *closing; /* disconnect_peer () */
  GSource *timeout;
};

/* abandoned: see SentientWaiters; gets the connection. */
SentientConnection *sentient_connection_new (SentientPeer *peer,
                                             GMainContext *context,
                                             const char *node_id,
                                             void (*abandoned) (gpointer connection));
void sentient_connection_set_room (SentientConnection *self, const char *room);
void sentient_connection_set_offerer (SentientConnection *self, gboolean offerer);
void sentient_connection_set_state (SentientConnection *self, SentientConnectionState state);
/* Open, and nobody is closing it. */
gboolean sentient_connection_is_usable (SentientConnection *self);
void sentient_connection_clear_timeout (SentientConnection *self);
gboolean
sentient_connection_send (SentientConnection *self, GBytes *data, gboolean is_text, GError **error);

G_END_DECLS
