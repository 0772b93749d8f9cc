/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-error.h"
#include "fake-coordinator.h"
#include "fake-v1.h"
#include "peer/sentient-peer-private.h"
#include "webrtc/sentient-loopback-link.h"

G_BEGIN_DECLS

/* A peer with loopback links and short times, and what it said so far. */
typedef struct
{
  SentientPeer *peer;
  GPtrArray *errors;            /* GError */
  GPtrArray *connected;         /* node ids */
  GPtrArray *disconnected;      /* node ids */
  GPtrArray *reconnecting;      /* node ids */
  GPtrArray *reconnected;       /* node ids */
  GPtrArray *messages;          /* "from: text" */
  GPtrArray *members;           /* "room+id", "room-id (reason)" */
  GPtrArray *negotiation;       /* "id: text" */
  SentientLinkOptions *options; /* that the last link was made with */
} TestPeer;

TestPeer *test_peer_new (const char *node_id);
/* The object must be gone after that. */
void test_peer_free (TestPeer *self);

/* On the thread's own context. */
#define await(condition)                                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    GSource *await_watchdog = watchdog_start (#condition);                                         \
    while (!(condition))                                                                           \
      g_main_context_iteration (g_main_context_get_thread_default (), TRUE);                       \
    watchdog_stop (await_watchdog);                                                                \
  }                                                                                                \
  G_STMT_END

GSource *watchdog_start (const char *what);
void watchdog_stop (GSource *source);
/* All that is ready now, and what comes of it. */
void settle (void);

void on_result (GObject *source, GAsyncResult *result, gpointer user_data);
void test_peer_connect_to (TestPeer *self, FakeCoordinator *coordinator);
void test_peer_connect_to_v1 (TestPeer *self, FakeV1 *coordinator);
gboolean test_peer_try_uris (TestPeer *self, const char *const *uris, GError **error);
SentientRoom *test_peer_try_join (TestPeer *self, const char *room, GError **error);
/* The peer's list holds it. */
SentientRoom *test_peer_join (TestPeer *self, const char *room);
void test_peer_close (TestPeer *self);

gboolean has (GPtrArray *texts, const char *text);
/* One that begins with prefix. */
gboolean has_prefix (GPtrArray *texts, const char *prefix);
gboolean has_error (TestPeer *self, SentientError code);
SentientConnectionState test_peer_state_to (TestPeer *self, const char *node_id);
gboolean is_open (TestPeer *self, const char *node_id);
/* What the other end says over its present link is not heard any more. */
void deafen (SentientConnection *connection);

G_END_DECLS
