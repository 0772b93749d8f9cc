/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "chaos-wire.h"

/* Clients whose sockets die at random, and books of what was sent, what came, and what each knows
 * of who is in its rooms. The clients speak v1 (some of them plainly, as the design has it) over
 * WebSocket and long poll; what goes wrong ends the program with a sentence. */

#define CHAOS_ROOMS_MAX 8
#define CHAOS_GRACE_MS                                                                             \
  10000 /* where sessions are to end by absence; no pause of a slow machine is so long */

typedef struct
{
  const char *name;
  unsigned n_clients;
  unsigned n_plain; /* of these; they exchange no signals */
  unsigned n_rooms;
  unsigned room_size[CHAOS_ROOMS_MAX]; /* see chaos_plan_has () */
  unsigned n_signals;                  /* in all */
  unsigned n_churn;                    /* joins and leaves in all */
  unsigned churn;                      /* a second */
  unsigned rate;                       /* signals a second of a client */
  unsigned burst;                      /* and at once */
  unsigned window;                     /* not acknowledged by a receiver, in all; 0: any number */
  unsigned kills;                      /* a second */
  unsigned switches;                   /* to the other transport, a second */
  unsigned n_restarts;
  unsigned n_slow;            /* clients that stop reading and acknowledging now and then */
  unsigned n_slow_plain;      /* and plain ones */
  unsigned deaf_ms;           /* the longest that one of them reads nothing */
  unsigned deaf_churn;        /* the same of a plain one, in joins and leaves */
  unsigned n_ends;            /* clients that send nothing, and whose sessions end now and then */
  unsigned away_ms;           /* at most */
  int strict;                 /* nothing may be refused, undelivered or missing */
  unsigned least_room_states; /* else the run has shown nothing */
  unsigned least_missed;      /* room events, by plain clients, which then join again */
  const char *arguments[12];  /* of the program */
} ChaosPlan;

/* Is the client in that room at the beginning? */
int chaos_plan_has (const ChaosPlan *plan, unsigned client, unsigned room);

/* Signals and what became of them. */

#define CHAOS_RECEIVED 1
#define CHAOS_REFUSED 2     /* an error came back */
#define CHAOS_UNDELIVERED 4 /* told at the end of the receiver's session */
#define CHAOS_CERTAIN 8     /* the server surely knows that the receiver has it */

typedef struct
{
  uint16_t from;
  uint16_t to;
  uint32_t number; /* 1, 2, 3 … from this sender to this receiver */
  uint8_t flags;
} ChaosSignal;

typedef enum
{
  CHAOS_REQUEST_SIGNAL,
  CHAOS_REQUEST_JOIN,
  CHAOS_REQUEST_LEAVE,
} ChaosRequestKind;

typedef struct
{
  uint32_t subject; /* a signal or room */
  uint8_t kind;
  uint8_t posted;   /* by HTTP, so that its answer may be lost */
  uint8_t answered; /* a join or leave; it may be once more, by the other way */
} ChaosRequest;

typedef enum
{
  CHAOS_AWAY,
  CHAOS_OPENING,
  CHAOS_WEBSOCKET,
  CHAOS_HTTP,
} ChaosState;

typedef enum
{
  CHAOS_OUT,
  CHAOS_JOINING,
  CHAOS_IN,
  CHAOS_LEAVING,
} ChaosMembership;

typedef struct
{
  uint64_t seq;
  uint32_t signal;
} ChaosGot;

typedef struct
{
  uint16_t client;
  uint8_t room;
  uint8_t now; /* CHAOS_VIEW_… */
} ChaosLate;

typedef struct ChaosWorld ChaosWorld;

typedef struct
{
  ChaosWorld *world;
  unsigned id;
  int plain;
  int slow;
  int ends;

  ChaosState state;
  ChaosPipe websocket;
  ChaosPipe zombie; /* a WebSocket whose session was taken to long poll: it must be told so */
  ChaosPipe poll;
  ChaosPipe post;
  int upgraded;
  int polling;
  uint64_t posted; /* the number of the request under way by POST; 0: none */
  int http_next;   /* which way to come back */
  int ending;      /* it has said goodbye */
  uint64_t wake_ms;
  uint64_t deaf_until_ms; /* does not read */
  unsigned deaf_until;    /* plain: nor before so many joins and leaves were made */

  char session[40];
  char token[40];
  uint64_t seq;
  uint64_t acked;
  uint64_t ack_due_ms;
  uint64_t ref;
  uint64_t handled;
  uint64_t written;       /* requests up to it went into this connection */
  ChaosRequest *requests; /* by number */
  size_t n_requests;
  ChaosGot *got; /* not yet certain */
  size_t n_got;
  size_t n_got_max;
  unsigned n_unacked; /* signals that came and are not acknowledged */
  double tokens;
  unsigned outstanding; /* signals to it that it did not acknowledge */

  uint8_t rooms[CHAOS_ROOMS_MAX]; /* ChaosMembership */
  uint8_t wanted[CHAOS_ROOMS_MAX];
  uint8_t paging[CHAOS_ROOMS_MAX]; /* more pages follow */
  uint8_t loose[CHAOS_ROOMS_MAX];  /* an answer by HTTP overtook what waits for a poll */
  ChaosLate *late; /* room events that came by poll before the answer to a join by POST */
  size_t n_late;
  size_t n_late_max;
  int late_state;                 /* a room-state came, which is as good as the answer */
  uint8_t *view[CHAOS_ROOMS_MAX]; /* of each client: 0, or CHAOS_VIEW_… */
} ChaosClient;

#define CHAOS_VIEW_THERE 1
#define CHAOS_VIEW_ONLINE 2

struct ChaosWorld
{
  const ChaosPlan *plan;
  const char *program;
  uint64_t seed;
  pid_t pid;
  unsigned port;
  int epoll;
  int out;         /* the program's output */
  char tail[1024]; /* the last of it */
  size_t tail_len;
  char data[64]; /* where it leaves its sessions from a stop to the next start; "": nowhere */
  int listens;   /* it said where */
  int stopping;

  ChaosClient *clients;
  ChaosSignal *signals;
  unsigned n_sent;
  unsigned n_open;     /* whose fate is not known */
  uint32_t *last_sent; /* number, by sender and receiver */
  uint32_t *last_got;
  unsigned n_churned;
  int all_in; /* everyone was in its rooms once */
  int calm;   /* no more mischief */
  uint64_t started_ms;
  uint64_t now_ms;

  unsigned n_received;
  unsigned n_refused;
  unsigned n_undelivered;
  unsigned n_both; /* undelivered, and had come all the same */
  unsigned n_gaps;
  unsigned n_kills;
  unsigned n_switches;
  unsigned n_told_taken;
  unsigned n_ended;
  unsigned n_closed_slow;
  unsigned n_room_states;
  unsigned n_events;
  unsigned n_repeated;
  unsigned n_restarts;
};

/* chaos-book.c */
_Noreturn void chaos_fail (const ChaosWorld *world, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
void chaos_book_init (ChaosWorld *world);
void chaos_book_clear (ChaosWorld *world);
uint32_t chaos_book_new (ChaosWorld *world, unsigned from, unsigned to);
void chaos_book_received (ChaosWorld *world, ChaosClient *by, ChaosText signal, uint64_t seq);
void chaos_book_refused (ChaosWorld *world, uint32_t signal, ChaosText error);
void chaos_book_undelivered (ChaosWorld *world, ChaosClient *sender, ChaosText note);
/* All up to seq came to it, and the server knows. */
void chaos_book_certain (ChaosClient *client, uint64_t seq);
void chaos_book_end (ChaosWorld *world);

/* chaos-view.c */
/* Pages of join-result and room-state, room events. */
void chaos_view_list (ChaosClient *client, unsigned room, ChaosText list);
void chaos_view_state (ChaosClient *client, unsigned room, ChaosText list);
void chaos_view_event (ChaosClient *client, const char *type, ChaosText event);
/* The answer to a join by POST; events that came before it come after it. */
void chaos_view_answer (ChaosClient *client, unsigned room, ChaosText list);
void chaos_view_forget (ChaosClient *client, unsigned room);
/* Against GET /webrtc/peers: how many views of members differ; the first is told if report. */
unsigned chaos_view_compare (ChaosWorld *world, int report);
int chaos_node_of (const ChaosWorld *world, ChaosText text, const char *key);
int chaos_room_of (const ChaosWorld *world, ChaosText text);

/* chaos-client.c */
void chaos_client_init (ChaosClient *client, ChaosWorld *world, unsigned id);
void chaos_client_clear (ChaosClient *client);
/* Something happened at one of its sockets. */
void chaos_client_event (ChaosClient *client, ChaosPipe *pipe);
/* So much time has passed. */
void chaos_client_tick (ChaosClient *client, double ms);
int chaos_client_is_here (const ChaosClient *client);
/* Nothing is under way, and all that came is acknowledged. */
int chaos_client_is_calm (const ChaosClient *client);
/* Its sockets die in one of several ways. */
void chaos_client_kill (ChaosClient *client);
void chaos_client_switch (ChaosClient *client);
/* Its session ends: in order, or by its absence. */
void chaos_client_end (ChaosClient *client);
void chaos_client_go_away (ChaosClient *client, ChaosEnd how, uint64_t ms);
/* What a client acknowledges has come, and makes place for more. */
void chaos_client_note_acked (ChaosClient *client);

/* chaos-http.c */
void chaos_http_read_poll (ChaosClient *client);
void chaos_http_read_post (ChaosClient *client);
void chaos_http_post_next (ChaosClient *client);
void chaos_http_poll_next (ChaosClient *client);

/* chaos-message.c */
/* What the server says, over whichever transport; 0: the client has not been here any more. */
void chaos_client_take (ChaosClient *client, ChaosText message);
void chaos_client_took_handled (ChaosClient *client, uint64_t ref);
/* The client has nothing of its session any more. */
void chaos_client_forget (ChaosClient *client);
size_t
chaos_request_write (const ChaosClient *client, uint64_t ref, int http, char *out, size_t size);
void chaos_client_took_join (ChaosClient *client, uint64_t ref, unsigned room, ChaosText list);
void chaos_client_took_leave (ChaosClient *client, uint64_t ref, unsigned room);
/* A new request; it goes when there is a way. */
uint64_t chaos_client_request (ChaosClient *client, ChaosRequestKind kind, uint32_t subject);

/* chaos-server.c */
/* Its output is read on, so that it never waits for us. 0: it has ended. */
int chaos_server_drain (ChaosWorld *world);
void chaos_server_start (ChaosWorld *world);
/* It drains, ends, and is started again by what check () sees. */
void chaos_server_begin_restart (ChaosWorld *world);
void chaos_server_check (ChaosWorld *world);
/* Ends it and fails unless it ended in order. */
void chaos_server_stop (ChaosWorld *world);
/* The body of GET target; to be freed. */
char *chaos_server_get (ChaosWorld *world, const char *target);

void chaos_run (const ChaosPlan *plan, const char *program, uint64_t seed);
