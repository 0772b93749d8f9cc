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
  /* Something did not fit the outbox; missed: a plain session's client will not hear of a room any
   * more until it joins it again. It may take items, but must not do anything else to the session
   * before the next turn of the loop. May be NULL. */
  void (*overflow) (SentientSession *session, gpointer data, gboolean missed);
  /* Does it take what waits as soon as it has its turn? May be NULL: no. */
  gboolean (*is_taking) (SentientSession *session, gpointer data);
  /* The session goes on without this transport: another one took its place, or it has ended. It is
   * detached already and must not touch the session any more. */
  void (*taken) (gpointer data, gboolean replaced);
} SentientTransportVtable;

typedef struct
{
  SentientMember *member;
  SentientRoom *room;
  gboolean stale; /* events of the room did not fit; its whole state is told in their place, to a
                     plain session when it joins again */
} SentientMembership;

#define SENTIENT_TOKEN_LEN                                                                         \
  22 /* 128 random bits, base64url (RFC 4648, section 5) without padding                           \
      */

/* What makes a session resumable: v1 (PROTOCOL: "nothing lost, nothing twice"). */
typedef struct
{
  char name[24]; /* no secret */
  char token[SENTIENT_TOKEN_LEN + 1];
  gboolean claimed;    /* the client used it, so it has the token */
  guint64 acked_seq;   /* everything up to it has come to the client */
  gint64 progress_ms;  /* monotonic: when it last acknowledged something, or had nothing to */
  gboolean stuck;      /* that was too long ago */
  guint64 handled_ref; /* requests of the client up to it were handled */
  guint64 told_ref;    /* and this much of that it was told */

  /* The answer to the last request by HTTP was this error, and it is not known to have come. */
  GError *http_error;

  /* Of the transport, while it is there: a place in its queue of sessions whose handled_ref is to
   * be told. */
  GList link;
  GQueue *queue;     /* NULL: in none */
  gint64 ack_due_ms; /* monotonic */
} SentientResumable;

struct _SentientSession
{
  guint ref_count; /* whoever emits a signal holds one: a handler may end the session */
  char *node_id;
  guint64 serial;
  gboolean ended;        /* it only leaves its rooms; nothing comes for it any more */
  SentientResumable *v1; /* NULL: a plain session */
  SentientOutbox outbox;
  GArray *memberships; /* of SentientMembership; NULL while empty */
  guint n_stale;       /* of these */
  gint64 stale_ms;     /* monotonic: when one last became so */

  const SentientTransportVtable *transport; /* NULL: none */
  gpointer transport_data;

  gint64 last_seen; /* ms, monotonic: any sign of life */
  gint64 told_seen; /* what its members say of that */
  gint64 lost_at;   /* ms, monotonic; 0: not lost */

  SentientSender *sender; /* NULL until it sends something */
  SentientRateState signal_rate;
  SentientRateState join_rate;
};

SentientSession *sentient_session_ref (SentientSession *self);
void sentient_session_unref (SentientSession *self);
/* Itself as the sender of what waits for others. */
SentientSender *sentient_session_ensure_sender (SentientSession *self);
/* Makes it resumable, with a name and token of its own. */
void sentient_session_make_resumable (SentientSession *self);
/* Tells its transport, if there is one, that something waits. */
void sentient_session_wake (SentientSession *self);
/* Tells its transport that something did not fit. */
void sentient_session_overflow (SentientSession *self, gboolean missed);
/* It is sent things, and does not acknowledge them. As of the last cleanup. */
static inline gboolean
sentient_session_is_stuck (const SentientSession *self)
{
  return self->v1 != NULL && self->v1->stuck;
}

void sentient_session_unqueue (SentientSession *self);
/* In a time that does not tell how much of it is right. */
gboolean sentient_session_has_token (SentientSession *self, const char *token, gsize len);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientSession, sentient_session_unref)

SentientMembership *sentient_session_find_membership (SentientSession *self, const char *room);
guint sentient_session_get_n_rooms (SentientSession *self);
gboolean sentient_session_shares_room (SentientSession *self, SentientSession *other);

G_END_DECLS
