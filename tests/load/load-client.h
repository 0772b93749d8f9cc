/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Raw WebSocket clients over epoll for measuring a server from outside. No GLib: the driver must
 * cost less than what it measures. Every failure ends the program with a sentence. */

/* Clients with ids that follow each other have one address: well within what it may have. */
#define LOAD_PER_ADDRESS 20

/* The client's end of a v1 session. */
typedef struct
{
  char name[80];
  char token[80];
  uint64_t seq;         /* of the last numbered message that came */
  uint64_t acked;       /* what the server was told of that */
  uint64_t ref;         /* of the last numbered message that was sent */
  uint64_t ref_handled; /* what the server told of that */
  unsigned n_wrong;     /* messages whose number was not the next one */
  int resumed;
} LoadSession;

typedef struct
{
  int fd;
  unsigned id;
  size_t len; /* bytes in buf */
  unsigned char *buf;
  LoadSession *session; /* NULL: a plain client */
} LoadClient;

#define LOAD_BUF_SIZE (64 * 1024)
/* Nothing that is waited for takes longer. */
#define LOAD_TIMEOUT_MS 20000

_Noreturn void load_die (const char *format, ...) __attribute__ ((format (printf, 1, 2)));
void *load_alloc (size_t size);

/* Connects from 127.0.x.y, an address that depends on id, so that limits per address stay on. */
void load_client_connect (LoadClient *self, unsigned id, unsigned port);
/* The same, but it does not wait: the socket is writable when it is through, and then finish. */
void load_client_connect_later (LoadClient *self, unsigned id, unsigned port);
void load_client_finish_connect (LoadClient *self);
/* Before it opens: it speaks v1. */
void load_client_make_v1 (LoadClient *self);
/* WebSocket handshake, for v1 a session, and join of room; returns when all were answered. room
 * NULL: none. */
void load_client_open (LoadClient *self, const char *room);
/* The two halves of the handshake; take returns 0 until the answer is whole. */
void load_client_send_handshake (LoadClient *self);
int load_client_take_handshake (LoadClient *self);
void load_client_send_raw (LoadClient *self, const void *data, size_t len);
/* Waits for more; the end of the connection is an error. */
void load_client_receive (LoadClient *self);
/* Receives once; 0: the server closed. */
int load_client_fill (LoadClient *self);
/* The first n bytes of the buffer are done with. */
void load_client_drop (LoadClient *self, size_t n);
void load_client_send_join (LoadClient *self, const char *room);
void load_client_send_text (LoadClient *self, const char *text, size_t len);
unsigned char load_mask_byte (char byte, size_t index);
/* The whole frame for a text; returns its size. out has room for len + 14 bytes. */
size_t load_frame_text (unsigned char *out, const char *text, size_t len);
/* Waits for a text frame that holds needle; others are passed over. */
void load_client_await (LoadClient *self, const char *needle);
/* Looks at the frame at offset of the buffer; returns its size, 0: it is not whole. *opcode may be
 * NULL. */
size_t load_client_next (LoadClient *self,
                         size_t offset,
                         unsigned *opcode,
                         unsigned char **payload,
                         size_t *payload_len);
void load_client_close (LoadClient *self);
/* Cuts the connection off (RST). */
void load_client_reset (LoadClient *self);
/* What "text" is of type; only the beginning is looked at. */
int load_is_type (const unsigned char *text, size_t len, const char *type);

/* HTTP on the same sockets: a request, and the length of the first whole response (0: it is not
 * there yet), which has to be 200. await () waits for it; it stays in the buffer. */
void load_http_call (LoadClient *client, const char *method, const char *target, const char *body);
size_t load_http_length (const LoadClient *client);
size_t load_http_await (LoadClient *client);

/* v1: first message of a connection, and its answer. */
void load_client_send_resume (LoadClient *self);
void load_client_take_connected (LoadClient *self, const unsigned char *text, size_t len);
/* v1: notes the number of a message, or what it acknowledges, and acknowledges every 32. 0: it is
 * no numbered message, or one that came before. */
int load_client_note (LoadClient *self, const unsigned char *text, size_t len);
/* v1: acknowledges all that came. */
void load_client_ack (LoadClient *self);
/* Takes all that the server has sent so far; v1: acknowledges it. */
void load_client_drain (LoadClient *self);

/* A server to measure. */
typedef struct
{
  pid_t pid;
  unsigned port;
  int out; /* its stdout, kept open */
} LoadServer;

typedef enum
{
  LOAD_LIMITS_ON,
  LOAD_LIMITS_OFF, /* for pure throughput, and rooms of 2,000 */
} LoadLimits;

void load_server_start (LoadServer *self, const char *program, LoadLimits limits);
typedef enum
{
  LOAD_FLOOR_PAIRS, /* to its partner: 1st ↔ 2nd, 3rd ↔ 4th, … */
  LOAD_FLOOR_ALL,   /* from the 1st to all others */
} LoadFloor;

/* The floor: forwards the bytes of each connection. */
void load_server_start_floor (LoadServer *self, LoadFloor kind);
void load_server_stop (LoadServer *self);
/* CPU time spent, in ns, of all threads. */
uint64_t load_server_get_cpu (const LoadServer *self);
/* Resident memory, in bytes. */
uint64_t load_server_get_rss (const LoadServer *self);
