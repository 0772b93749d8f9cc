/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-rate-limiter.h"
#include "model/sentient-outbox.h"
#include "model/sentient-room.h"

G_BEGIN_DECLS

/* What a coordinator knows of one node id: its memberships, what waits for it, and the transport (a
 * WebSocket, a long poll, a caller in this process) that delivers, if there is one now. Owned by
 * the directory; valid until it was ended, or longer for who holds a reference. */
typedef struct _SentientSession SentientSession;

typedef enum
{
  SENTIENT_TRANSPORT_NONE,
  SENTIENT_TRANSPORT_WEBSOCKET,
  SENTIENT_TRANSPORT_POLL,
} SentientTransportKind;

typedef struct
{
  SentientTransportKind kind;
  /* Something waits in the outbox. It may take items, but must not attach, detach or end. */
  void (*wake) (SentientSession *session, gpointer data);
  /* The session goes on without this transport: another one took its place, or it has ended. It is
   * detached already and must not touch the session any more. */
  void (*taken) (gpointer data, gboolean replaced);
} SentientTransportVtable;

typedef struct
{
  SentientMember *member;
  SentientRoom *room;
} SentientMembership;

struct _SentientSession
{
  guint ref_count; /* whoever emits a signal holds one: a handler may end the session */
  char *node_id;
  guint64 serial;
  SentientOutbox outbox;
  GArray *memberships; /* of SentientMembership; NULL while empty */

  const SentientTransportVtable *transport; /* NULL: none */
  gpointer transport_data;

  gint64 last_seen; /* ms, monotonic: any sign of life */
  gint64 lost_at;   /* ms, monotonic; 0: not lost */

  SentientSender *sender; /* NULL until it sends something */
  SentientRateState signal_rate;
  SentientRateState join_rate;
};

SentientSession *sentient_session_ref (SentientSession *self);
void sentient_session_unref (SentientSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientSession, sentient_session_unref)

SentientMembership *sentient_session_find_membership (SentientSession *self, const char *room);
guint sentient_session_get_n_rooms (SentientSession *self);
gboolean sentient_session_shares_room (SentientSession *self, SentientSession *other);

G_END_DECLS
