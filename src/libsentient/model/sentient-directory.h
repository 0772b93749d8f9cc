/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-clock.h"
#include "core/sentient-error.h"
#include "core/sentient-metrics.h"
#include "core/sentient-rate-limiter.h"
#include "model/sentient-session.h"
#include "protocol/sentient-replies.h"
#include "protocol/sentient-request.h"

G_BEGIN_DECLS

typedef struct
{
  guint room_peers;            /* 50 members a room */
  guint node_rooms;            /* 32 rooms a node */
  guint nodes;                 /* 65536 sessions in all */
  guint rooms;                 /* 16384 rooms in all */
  gsize queued_bytes;          /* 64 MiB in all outboxes */
  guint address_share;         /* 8: at most an eighth of them from one address */
  SentientOutboxLimits outbox; /* of one node */
  guint metadata_bytes;        /* 2048: of a join */
  guint silence_ms; /* 30000: a node that uses HTTP is lost so long after its last request */
  guint grace_ms;   /* 30000: how long a lost node keeps its place */
  SentientRateLimit signals; /* 200 a second, 2000 at once: of a node */
  SentientRateLimit joins;   /* 10 a second, 64 at once */
} SentientDirectoryLimits;

/* A join counts once, and once more for each so many members of the room: they all hear of it. */
#define SENTIENT_DIRECTORY_JOIN_MEMBERS 50

void sentient_directory_limits_init (SentientDirectoryLimits *limits);

/* Who is where, and what waits for whom: the coordinator's model, without any I/O. A GListModel of
 * SentientRoom. Signals: "member-joined" (SentientRoom, SentientMember), "member-left"
 * (SentientRoom, SentientMember, SentientLeaveReason); "member-left" comes when the member is out
 * of the list already. */
#define SENTIENT_TYPE_DIRECTORY (sentient_directory_get_type ())
G_DECLARE_FINAL_TYPE (SentientDirectory, sentient_directory, SENTIENT, DIRECTORY, GObject)

SentientDirectory *sentient_directory_new (SentientClock *clock);
SentientDirectoryLimits *
sentient_directory_get_limits (SentientDirectory *self); /* may be changed */

SentientRoom *sentient_directory_find_room (SentientDirectory *self, const char *name);
SentientRoom *sentient_directory_peek_room (SentientDirectory *self, guint position);
guint sentient_directory_get_n_nodes (SentientDirectory *self);
/* Where it counts, and those who serve it may, too. */
SentientMetrics *sentient_directory_get_metrics (SentientDirectory *self);

typedef struct
{
  guint memberships;
  guint queued_messages; /* in all outboxes */
  gsize queued_bytes;
} SentientDirectoryCounts;

/* Looks at every room and session. */
void sentient_directory_count (SentientDirectory *self, SentientDirectoryCounts *counts);

SentientSession *sentient_directory_find (SentientDirectory *self, const char *node_id);
/* Finds or makes the session of a node id. A new one without transport or room goes with the next
 * cleanup. Errors: BUSY, CLOSED while all of them end. */
SentientSession *
sentient_directory_ensure (SentientDirectory *self, const char *node_id, GError **error);
/* The node gave a sign of life. */
void sentient_directory_touch (SentientDirectory *self, SentientSession *session);

/* v1 sessions (sentient-directory-v1.c) */

/* May a client that shows no token have the node id? new_v1: as a v1 session; else as a plain one.
 * Error: NODE_ID_TAKEN. */
gboolean sentient_directory_may_take (SentientDirectory *self,
                                      const char *node_id,
                                      gboolean new_v1,
                                      GError **error);
/* A new session with a token of its own. Errors: NODE_ID_TAKEN, and those of ensure (). */
SentientSession *
sentient_directory_open_v1 (SentientDirectory *self, const char *node_id, GError **error);
/* The v1 session of the node id, if that is its token; NULL: it is not. */
SentientSession *sentient_directory_find_by_token (SentientDirectory *self,
                                                   const char *node_id,
                                                   const char *token,
                                                   gsize token_len);
/* The client has all numbers up to seq. FALSE: it was never sent so many. */
gboolean sentient_directory_ack (SentientDirectory *self, SentientSession *session, guint64 seq);

typedef enum
{
  SENTIENT_REF_NEXT, /* to be handled now */
  SENTIENT_REF_OLD,  /* was handled before */
  SENTIENT_REF_JUMP, /* one before it is missing */
} SentientRef;

SentientRef sentient_session_check_ref (SentientSession *session, guint64 ref);
/* Can the session be told what comes of another request? If not, the request must not be handled
 * yet. */
gboolean sentient_directory_has_place (SentientDirectory *self, SentientSession *session);
/* Tells the session; what is told is not lost. */
void
sentient_directory_note (SentientDirectory *self, SentientSession *session, SentientMessage *note);
/* To be called before a transport takes items: where room events did not fit, the state of the
 * rooms is put into the outbox now, if there is place again. */
void sentient_directory_settle (SentientDirectory *self, SentientSession *session);

/* Gives the session a transport; the one it had is told that it was taken. The session is online
 * then. */
void sentient_directory_attach (SentientDirectory *self,
                                SentientSession *session,
                                const SentientTransportVtable *transport,
                                gpointer data);
/* Takes the transport away and lets what it did not deliver wait again. Does nothing if another
 * took its place. */
void sentient_directory_detach (SentientDirectory *self, SentientSession *session, gpointer data);
/* The node is lost now: offline until it is back or the grace time ends. */
void sentient_directory_lose (SentientDirectory *self, SentientSession *session);
/* The node is gone: out of all its rooms. The session is freed; its transport, if any, is told. */
void sentient_directory_end (SentientDirectory *self,
                             SentientSession *session,
                             SentientLeaveReason reason);

/* Ends all of them; until then nobody can come. */
void sentient_directory_end_all (SentientDirectory *self);
/* Ends a session that is in no room, unless a WebSocket holds it: nothing can come for it, and its
 * poll is over. */
void sentient_directory_end_if_idle (SentientDirectory *self, SentientSession *session);

/* metadata: an object's text or absent. Joining again updates the metadata, if there is one.
 * Errors: ROOM_FULL, BUSY, PAYLOAD_TOO_LARGE; FORBIDDEN if a handler threw it out at once. */
SentientMembership *sentient_directory_join (SentientDirectory *self,
                                             SentientSession *session,
                                             const char *room,
                                             SentientSpan metadata,
                                             GError **error);
/* The answer to a join, as a v1 session is told. */
void sentient_directory_note_joined (SentientDirectory *self,
                                     SentientSession *session,
                                     SentientMembership *membership,
                                     const SentientIceConfig *ice,
                                     guint64 ref);
/* The answer to a join, as a plain session is told it, follows what was taken from its outbox: it
 * hears of the room again, if it was stale. */
void sentient_directory_refresh (SentientDirectory *self,
                                 SentientSession *session,
                                 SentientMembership *membership);
/* The answer goes another way than the session's outbox (by POST), so that older events of the room
 * may come after it: for a v1 session they make place for a room-state. */
void sentient_directory_overtake (SentientDirectory *self,
                                  SentientSession *session,
                                  SentientMembership *membership);
/* May the session wait for what comes? Error: UNKNOWN_PEER, for a plain one that missed room events
 * and has all else: it is to join again. */
gboolean sentient_directory_may_wait (SentientSession *session, GError **error);
/* Errors: UNKNOWN_ROOM (not in it). A session without WebSocket ends with its last room. */
gboolean sentient_directory_leave (SentientDirectory *self,
                                   SentientSession *session,
                                   const char *room,
                                   GError **error);
/* The names of the rooms that were left. */
GStrv sentient_directory_leave_all (SentientDirectory *self, SentientSession *session);

/* May the node send another signal, or join the room, so soon? For what comes from outside; the
 * session was touched when it came. Error: RATE_LIMITED, which says how long to wait. */
gboolean sentient_directory_admit_signal (SentientDirectory *self,
                                          SentientSession *session,
                                          SentientSignalType type,
                                          GError **error);
gboolean sentient_directory_admit_join (SentientDirectory *self,
                                        SentientSession *session,
                                        const char *room_name,
                                        GError **error);

/* What the node sends from now on is charged to the address that it comes from; NULL: to none. */
void sentient_directory_set_account (SentientDirectory *self,
                                     SentientSession *session,
                                     SentientAccount *account);

/* Puts the signal into its target's outbox. delivered: a transport is there to take it at once.
 * Errors: BAD_REQUEST, FORBIDDEN, UNKNOWN_ROOM, UNKNOWN_PEER, BUSY. */
gboolean sentient_directory_relay (SentientDirectory *self,
                                   SentientSession *from,
                                   const SentientRequest *request,
                                   gboolean *delivered,
                                   GError **error);
gboolean sentient_directory_relay_signal (SentientDirectory *self,
                                          SentientSignal *signal,
                                          gboolean *delivered,
                                          GError **error);

/* A signal that somebody else refused, before it came here. */
void sentient_directory_count_refused (SentientDirectory *self,
                                       SentientSignalType type,
                                       const GError *error);

/* Everything up to the transport's mark end is with the kernel: a plain session's messages are
 * delivered by that, a v1 session's stay until they are acknowledged. */
void
sentient_directory_flushed_until (SentientDirectory *self, SentientSession *session, guint64 end);

/* Everyone in the room, without exclude (may be NULL), as others see them: new, of
 * SentientPeerInfo. */
GArray *
sentient_directory_list_peers (SentientDirectory *self, SentientRoom *room, const char *exclude);

/* Says who is lost and ends whose grace time is over. Call it once a second. */
void sentient_directory_cleanup (SentientDirectory *self);

G_END_DECLS
