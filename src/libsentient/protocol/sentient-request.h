/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-enums.h"
#include "core/sentient-error.h"
#include "protocol/sentient-json.h"
#include "protocol/sentient-names.h"
#include "protocol/sentient-signal.h"

G_BEGIN_DECLS

#define SENTIENT_MESSAGE_MAX (64 * 1024) /* bytes of a WebSocket message or HTTP body */
#define SENTIENT_METADATA_MAX (2 * 1024) /* bytes of a join's metadata */
#define SENTIENT_POLL_TIMEOUT_MAX_MS 25000
#define SENTIENT_RESUME_MAX (4 * 1024) /* bytes of a v1 client's first message */

/* What a client asks of a coordinator, by WebSocket or HTTP. This is the only validation: who holds
 * a request may trust every field. Ids and rooms are valid names; "" stands for absent (or null).
 */
typedef enum
{
  SENTIENT_REQUEST_JOIN,
  SENTIENT_REQUEST_LEAVE,
  SENTIENT_REQUEST_SIGNAL,
  SENTIENT_REQUEST_PING,
  SENTIENT_REQUEST_RESUME, /* v1: the first message of a socket */
  SENTIENT_REQUEST_ACK,    /* v1: nothing but its ack */
} SentientRequestKind;

typedef struct
{
  SentientRequestKind kind;
  SentientSignalType signal_type;      /* of a SIGNAL */
  char node_id[SENTIENT_NAME_MAX + 1]; /* HTTP join and leave */
  char from[SENTIENT_NAME_MAX + 1];    /* HTTP signal */
  char to[SENTIENT_NAME_MAX + 1];
  char room[SENTIENT_NAME_MAX + 1];
  SentientSpan metadata; /* of a JOIN: an object, or absent */
  SentientSpan payload;  /* of a SIGNAL: as sent under "payload", "sdp" or "candidate", or absent */
  gboolean wrap_payload; /* payload goes under wrap_key: it is no object, or not from "payload" */
  const char *wrap_key;  /* "sdp" or "candidate" */
  SentientSpan lifted;   /* the sdp or candidate inside the payload, or absent */

  /* v1; numbers are 0 when absent */
  guint64 ref;        /* the client's own number of the request */
  guint64 ack;        /* everything up to this seq has come */
  guint64 after;      /* of a RESUME: the same */
  SentientSpan token; /* of a RESUME: without its quotes, or absent */
  gboolean v1;        /* of an HTTP join: wants a session of that kind */
} SentientRequest;

/* A WebSocket message: {"type":"join"|"leave"|"offer"|...}. join needs room; leave may do without
 * (all rooms). Its "from" is not looked at. Requests only point into data: it must outlive them.
 * After an error a request holds nothing of use but ref and ack, as far as they could be read: a
 * request that is wrong was one all the same. */
gboolean
sentient_request_parse_message (SentientRequest *self, const char *data, gsize len, GError **error);
/* HTTP bodies. */
gboolean
sentient_request_parse_join (SentientRequest *self, const char *data, gsize len, GError **error);
gboolean
sentient_request_parse_leave (SentientRequest *self, const char *data, gsize len, GError **error);
gboolean
sentient_request_parse_signal (SentientRequest *self, const char *data, gsize len, GError **error);

/* The signal that a SIGNAL request asks for: one allocation, the payload's bytes as they were sent.
 * from and room, valid names, are used instead of the request's own (room NULL: null on the wire).
 * now_ms: milliseconds since the epoch. */
SentientSignal *sentient_request_to_signal (const SentientRequest *self,
                                            const char *from,
                                            const char *room,
                                            gint64 now_ms);

/* Query strings: nodeId, room, timeout, after. Percent-decoded; one of these keys twice is
 * BAD_REQUEST, as is a bad name; unknown keys are ignored. query: what stands behind the "?", or
 * NULL. */
typedef struct
{
  char node_id[SENTIENT_NAME_MAX + 1]; /* "" when absent */
  char room[SENTIENT_NAME_MAX + 1];    /* "" when absent */
  guint timeout_ms;                    /* 25 000 when absent, bad or above */
  guint64 after;                       /* v1 polls: everything up to this seq has come */
  gboolean has_after;
} SentientQuery;

/* ignore_room: whatever "room" says is accepted and left out (polls). */
gboolean sentient_query_parse (SentientQuery *self,
                               const char *query,
                               gsize len,
                               gboolean ignore_room,
                               GError **error);

G_END_DECLS
