/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-enums.h"
#include "core/sentient-error.h"
#include "protocol/sentient-signal.h"

G_BEGIN_DECLS

/* The client's side: what a coordinator said, in whatever dialect of design or legacy coordinators,
 * and what a client says to it. */

typedef enum
{
  SENTIENT_SERVER_CONNECTED,
  SENTIENT_SERVER_JOIN_RESULT,
  SENTIENT_SERVER_LEAVE_RESULT,
  SENTIENT_SERVER_PEER_JOINED,
  SENTIENT_SERVER_PEER_LEFT,
  SENTIENT_SERVER_SIGNAL,
  SENTIENT_SERVER_ERROR,
  SENTIENT_SERVER_PONG,
  SENTIENT_SERVER_ROOM_STATE, /* v1: from here on */
  SENTIENT_SERVER_PEER_OFFLINE,
  SENTIENT_SERVER_PEER_ONLINE,
  SENTIENT_SERVER_UNDELIVERED,
  SENTIENT_SERVER_GAP,
  SENTIENT_SERVER_ACK,
  SENTIENT_SERVER_DRAINING,
  SENTIENT_SERVER_UNKNOWN, /* a type we do not know: to be ignored */
} SentientServerMessageKind;

/* Peers or signals that are taken from one answer; the rest is dropped, with a debug line. */
#define SENTIENT_SERVER_ITEMS_MAX 1000
/* Numbers of signals that are taken from one "undelivered". */
#define SENTIENT_SERVER_REFS_MAX 4096

typedef struct
{
  char *node_id;
  char *metadata; /* the text of a JSON object, or NULL */
  gboolean offline;
  gboolean knows_polite; /* the coordinator says which end is polite */
  gboolean polite;       /* we are, towards it */
} SentientRemotePeer;

typedef struct
{
  SentientServerMessageKind kind;
  char *id;      /* of a poll item; may come twice from a legacy coordinator; NULL over WebSocket */
  char *node_id; /* CONNECTED: ours; PEER_*: theirs (nodeId, or peerId, or peer{}) */
  char *coordinator_id; /* CONNECTED */
  char *room;           /* or NULL */
  GStrv rooms;          /* LEAVE_RESULT of all */
  gboolean success;     /* *_RESULT */
  GError *error;        /* ERROR, or *_RESULT without success; SENTIENT_ERROR */
  GPtrArray *peers;     /* (element-type SentientRemotePeer) JOIN_RESULT, PEER_JOINED (one) */
  GStrv stun_urls;      /* JOIN_RESULT and info: "stun:…"; NULL when absent */
  GStrv turn_urls; /* "turn://user:pass@host:port?transport=udp", percent-encoded once; NULL when
                      absent */
  SentientLeaveReason reason; /* PEER_LEFT */
  SentientSignal *signal;     /* SIGNAL */

  /* v1; numbers are 0 when absent */
  guint64 seq;   /* the coordinator's number of the message */
  guint64 ref;   /* of our request that it answers; ACK, CONNECTED: up to which all were handled */
  char *session; /* CONNECTED, HTTP JOIN_RESULT */
  char *token;   /* the same, when the session is new */
  gboolean resumed; /* CONNECTED */
  gboolean more;    /* JOIN_RESULT, ROOM_STATE: another page follows */
  GArray *refs;     /* (element-type guint64) UNDELIVERED */
  char *to;         /* UNDELIVERED: who they were for */
  guint64 gap_from; /* GAP: these are lost, both inclusive */
  guint64 gap_to;
  guint retry_after_ms; /* DRAINING: how long to stay away */
} SentientServerMessage;

/* node_id: our own, the "to" of signals that name none. A text that is no JSON object, has no type,
 * or is a signal or event without a valid sender is an error (PROTOCOL). */
SentientServerMessage *
sentient_server_message_parse (const char *data, gsize len, const char *node_id, GError **error);
void sentient_server_message_free (SentientServerMessage *self);

/* {"signals":[…]} or a bare array: (element-type SentientServerMessage). Items that make no sense
 * are left out, with a debug line. {"success":false} is an error by its code. */
GPtrArray *sentient_server_message_parse_poll (const char *data,
                                               gsize len,
                                               const char *node_id,
                                               GError **error);
/* The HTTP answers to join, leave, signal (kind says which is expected) and to GET /webrtc/info
 * (INFO as JOIN_RESULT with only the servers).
 * {"success":false} becomes success FALSE with error set from "code" and "error". */
SentientServerMessage *sentient_server_message_parse_reply (const char *data,
                                                            gsize len,
                                                            SentientServerMessageKind kind,
                                                            GError **error);

/* What a client writes; each is a new string. node_id NULL: a WebSocket message with "type"; else
 * the HTTP body with "nodeId" or "from". */
char *sentient_client_message_join (const char *node_id, const char *room, const char *metadata);
/* HTTP: the join that begins a v1 session. */
char *sentient_client_message_join_v1 (const char *node_id, const char *room, const char *metadata);
char *sentient_client_message_leave (const char *node_id, const char *room);
char *sentient_client_message_signal (const char *from, SentientSignal *signal);
char *sentient_client_message_ping (void);
/* v1: the first message of a socket; session and token NULL: a new session. */
char *sentient_client_message_resume (const char *session, const char *token, guint64 after);
char *sentient_client_message_ack (guint64 seq);
/* v1: one of the messages above with our number of it, and with what has come so far; either may be
 * 0. text is taken. */
char *sentient_client_message_number (char *text, guint64 ref, guint64 ack);

/* The payload of a signal of ours: {"sdp":"…","type":"offer","negotiation":"…"},
 * {"candidate":{candidate,sdpMid,sdpMLineIndex},"negotiation":…}; negotiation NULL: left out.
 * mid: the a=mid of the section, which browsers look at first; NULL: the index has to do. */
char *sentient_payload_new_sdp (SentientSignalType type, const char *sdp, const char *negotiation);
char *sentient_payload_new_candidate (const char *candidate,
                                      const char *mid,
                                      guint mline,
                                      const char *negotiation);
/* Reads "negotiation" of a payload; NULL if there is none. */
char *sentient_signal_dup_negotiation (SentientSignal *signal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientServerMessage, sentient_server_message_free)

G_END_DECLS
