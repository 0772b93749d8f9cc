/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* A small coordinator for tests, written from PROTOCOL.md alone, on a real socket of the loopback.
 * It speaks as a design coordinator, or as a legacy one, and misbehaves as it is told. */

typedef enum
{
  FAKE_LEGACY = 1 << 0,       /* peerId, payload only, no ICE servers over WebSocket */
  FAKE_NO_WEBSOCKET = 1 << 1, /* refuses the upgrade */
  FAKE_TWICE = 1 << 2,        /* a poll hands out each item twice */
  FAKE_NO_GREETING = 1 << 3,  /* takes the WebSocket and says nothing */
  FAKE_GARBAGE = 1 << 4,      /* greets with something that is no JSON */
  FAKE_MUTE = 1 << 5,         /* does not answer joins and leaves */
  FAKE_ROOM_FULL = 1 << 6,    /* refuses joins */
  FAKE_HOLD = 1 << 7,         /* signals are only logged, not relayed; see fake_relay_held () */
  FAKE_BUSY_ONCE = 1 << 8,    /* the first POST of a signal is answered with 503 */
  FAKE_REFUSE_POLL = 1 << 9,  /* polls are answered with 404 */
  FAKE_RATE_ONCE = 1 << 10,   /* the next join is refused: try again in 20 ms */
} FakeFlags;

typedef struct
{
  SoupServer *server;
  FakeFlags flags;
  guint port;
  GHashTable *nodes; /* id → Node */
  GPtrArray *joined; /* (element-type Place): in order of joining */
  GPtrArray *log;    /* (element-type JsonObject): what nodes said, with "from" */
  GQueue held;       /* of JsonObject: signals not relayed yet */
  GHashTable *cut;   /* "id id": signals from the one to the other get lost */
  guint next_id;
  guint websockets; /* that were ever taken */
  guint polls;
} FakeCoordinator;

FakeCoordinator *fake_coordinator_new (FakeFlags flags, guint port);
/* Everything breaks off, as by kill -9. */
void fake_coordinator_free (FakeCoordinator *self);
char *fake_coordinator_dup_uri (FakeCoordinator *self);

/* To one node, in whatever way it is connected. */
void fake_say (FakeCoordinator *self, const char *node_id, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* As it stands, by WebSocket. */
void fake_say_raw (FakeCoordinator *self, const char *node_id, const char *text);
void fake_close_websocket (FakeCoordinator *self, const char *node_id, gushort code);
/* A member that exists only in the coordinator's mind. */
/* metadata (may be NULL) is taken. */
void fake_add_member (FakeCoordinator *self, const char *node_id, const char *room, char *metadata);
void fake_remove_member (FakeCoordinator *self, const char *node_id, const char *room);
void fake_relay_held (FakeCoordinator *self);
/* Between the two no signal gets through any more, or (not cut) all do again. */
void fake_cut (FakeCoordinator *self, const char *one, const char *other, gboolean cut);
gboolean fake_is_cut (FakeCoordinator *self, JsonObject *signal);

/* The n-th (from 0) message of that type that the node said; NULL: not yet. */
JsonObject *fake_find (FakeCoordinator *self, const char *node_id, const char *type, guint n);
guint fake_count (FakeCoordinator *self, const char *node_id, const char *type);

G_END_DECLS
