/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/socket.h>
#include "signaling/sentient-buf.h"
#include "signaling/sentient-engine.h"

G_BEGIN_DECLS

/* Inside the engine: one accepted connection. sentient-conn.c holds what every connection needs,
 * sentient-conn-http.c and sentient-conn-ws.c what it speaks, sentient-lend.c the loan to libsoup.
 *
 * A connection is freed at the end of the turn in which it died, so a callback may let it die while
 * others still look at it; whoever has called back looks at state again. */

typedef struct _SentientFront SentientFront;

/* What the pointer of an epoll event points to. */
typedef enum
{
  SENTIENT_POLL_LISTENER,
  SENTIENT_POLL_CONN,
} SentientPollKind;

typedef enum
{
  SENTIENT_CONN_HEAD,       /* waits for a request, or reads its head */
  SENTIENT_CONN_BODY,       /* reads its body */
  SENTIENT_CONN_WAIT,       /* the handler has the request */
  SENTIENT_CONN_RESPOND,    /* the response is in the write buffer */
  SENTIENT_CONN_SOUP,       /* libsoup has the request */
  SENTIENT_CONN_WS_OPEN,    /* speaks WebSocket */
  SENTIENT_CONN_WS_CLOSING, /* our close frame is out, theirs is awaited */
  SENTIENT_CONN_DRAIN,      /* writes what is left, then shuts down */
  SENTIENT_CONN_LINGER,     /* reads until the client closes, so that it sees our last bytes */
  SENTIENT_CONN_DEAD,       /* the fd is closed */
} SentientConnState;

/* A message whose last fragment has not come. */
typedef struct
{
  SentientBuf text;
  guint8 opcode;
  guint16 n_fragments;
  guint32 checked; /* bytes of text known to be UTF-8 */
  gsize total;     /* payload bytes so far; a binary message is not kept */
} SentientWsMessage;

typedef struct
{
  guint8 len;
  char payload[125];
} SentientWsPong;

/* What a turn and a tick look at stands first, in two cache lines: with thousands of connections
 * each further one is a wait for memory. */
struct _SentientConn
{
  SentientPollKind kind; /* first */
  int fd;
  SentientEngine *engine;
  SentientConn *next;        /* of the dead */
  SentientConn *next_marked; /* of those that the end of the turn looks at, or of the dead */
  gpointer data;

  guint8 state;         /* SentientConnState */
  guint8 events_in : 1; /* what epoll watches */
  guint8 events_out : 1;
  guint8 events_hup : 1;
  guint8 marked : 1;
  guint8 resume : 1;     /* bytes in the read buffer want to be looked at */
  guint8 blocked : 1;    /* the kernel takes no more for now */
  guint8 want_write : 1; /* WS: ws_fill is due */
  guint8 idle : 1;       /* HEAD: between requests */
  guint8 native : 1;
  guint8 keep_alive : 1;
  guint8 is_head : 1; /* HEAD request: the response has no body */
  guint8 http_10 : 1;
  guint8 alive_told : 1; /* ws_alive was called in this turn */
  guint8 refusal_logged : 1;
  guint8 is_proxy : 1;
  guint8 has_client : 1;
  guint8 in_waits : 1; /* bytes came that are not to be read yet */
  guint16 close_code;  /* WS_CLOSING */
  gint64 alive_ms;     /* WS: when the last frame came */
  gint64 deadline_ms;  /* 0: none */

  SentientBuf out;
  guint64 queued; /* WS: bytes ever put into the write buffer */
  SentientBuf in;
  SentientWsMessage *message;
  SentientWsPong *pong; /* to be answered when the write buffer has drained */

  guint index;              /* among all that live */
  SentientAddress *address; /* counts it while it lives; a proxy's: the request, or NULL */
  SentientFront *front;     /* SOUP */
  guint32 scanned;  /* HEAD: how far the head reader looked; WS: how much of a frame's text */
  guint32 head_len; /* BODY */
  guint32 body_len; /* BODY */

  guint16 remote_port;
  guint8 remote[16]; /* IPv6, or IPv4 mapped into it */
  guint8 client[16]; /* is_proxy and has_client: whom it carries, or carried last */
};

/* sentient-conn.c */
/* NULL: it is over its address's limits, or cannot be watched; fd is closed. */
SentientConn *
sentient_conn_new (SentientEngine *engine, int fd, const struct sockaddr_storage *remote);
/* Tells the handler, closes the fd, leaves the engine's list. The memory goes at the end of the
 * turn. */
void sentient_conn_destroy (SentientConn *self);
void sentient_conn_free_memory (SentientConn *self);
void sentient_conn_on_event (SentientConn *self, guint32 events);
/* Does something wait to be read? Where we are the slow ones it came in time. Its turn comes with
 * its event: what others sent before is to be handled before. */
gboolean sentient_conn_has_unread (SentientConn *self);
/* At the end of a turn, for a marked connection: fills, writes, goes on reading. */
void sentient_conn_service (SentientConn *self);
void sentient_conn_check_deadline (SentientConn *self, gint64 now_ms);
/* Writes what the kernel takes. FALSE: the connection died. */
gboolean sentient_conn_flush (SentientConn *self);
/* The last bytes are in the write buffer: write, shut down, linger. */
void sentient_conn_drain (SentientConn *self);
void sentient_conn_stop (SentientConn *self);
GSocketAddress *sentient_conn_get_address (SentientConn *self, gboolean remote);

/* sentient-conn-http.c */
/* One step over the bytes; returns how many are done with. *progress: call again. */
gsize sentient_conn_http_step (SentientConn *self, char *data, gsize len, gboolean *progress);
void sentient_conn_http_fail (SentientConn *self, guint status, const char *message);
void
sentient_conn_http_refuse (SentientConn *self, SentientError code, guint ms, const char *message);
/* The response is out: the next request, or the end. */
void sentient_conn_http_next (SentientConn *self, gboolean keep_alive);
void sentient_conn_http_responded (SentientConn *self);

/* sentient-refuse.c */
/* Is there place for another connection from the address of self? FALSE: it was told so, as cheaply
 * as can be, and the fd is closed. */
gboolean sentient_conn_admit (SentientConn *self);
/* The same for a request that a proxy passes on: it counts for its client, until the answer is out
 * or, as a WebSocket, for good. FALSE: it was answered. */
gboolean sentient_conn_admit_client (SentientConn *self, const SentientHttpHead *head);
/* The request is over. */
void sentient_conn_leave_client (SentientConn *self);
/* It counts for nobody any more. */
void sentient_conn_leave_address (SentientConn *self);

/* sentient-conn-ws.c */
void sentient_conn_ws_start (SentientConn *self, gpointer data);
gsize sentient_conn_ws_input (SentientConn *self, char *data, gsize len);
void sentient_conn_ws_end (SentientConn *self, SentientCloseKind kind, guint16 code);
void sentient_conn_ws_fill (SentientConn *self);
void sentient_conn_ws_check (SentientConn *self, gint64 now_ms);
void sentient_conn_ws_pong_later (SentientConn *self);
void sentient_ws_message_free (SentientWsMessage *message);

/* sentient-lend.c */
void sentient_lend_request (SentientConn *self,
                            const char *data,
                            gsize len,
                            gsize skip_at,
                            gsize skip_len);
/* The connection dies: libsoup finds the stream at its end. */
void sentient_lend_detach (SentientConn *self);

/* self is looked at soon; it may be NULL. */
static inline void
sentient_conn_prefetch (const SentientConn *self)
{
  __builtin_prefetch (self);
  __builtin_prefetch ((const char *)self + 64);
}

static inline gboolean
sentient_conn_is_ws (const SentientConn *self)
{
  return self->state == SENTIENT_CONN_WS_OPEN || self->state == SENTIENT_CONN_WS_CLOSING;
}

G_END_DECLS
