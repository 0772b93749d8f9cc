/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Raw WebSocket clients over epoll for measuring a server from outside. No GLib: the driver must
 * cost less than what it measures. Every failure ends the program with a sentence. */

typedef struct
{
  int fd;
  unsigned id;
  size_t len; /* bytes in buf */
  unsigned char *buf;
} LoadClient;

#define LOAD_BUF_SIZE (64 * 1024)
/* Nothing that is waited for takes longer. */
#define LOAD_TIMEOUT_MS 20000

_Noreturn void load_die (const char *format, ...) __attribute__ ((format (printf, 1, 2)));
void *load_alloc (size_t size);

/* Connects from 127.0.x.y, an address that depends on id, so that limits per address stay on. */
void load_client_connect (LoadClient *self, unsigned id, unsigned port);
/* WebSocket handshake and join of room; returns when both were answered. room NULL: none. */
void load_client_open (LoadClient *self, const char *room);
/* The two halves of the handshake; take returns 0 until the answer is whole. */
void load_client_send_handshake (LoadClient *self);
int load_client_take_handshake (LoadClient *self);
void load_client_send_raw (LoadClient *self, const void *data, size_t len);
/* Receives once; 0: the server closed. */
int load_client_fill (LoadClient *self);
/* The first n bytes of the buffer are done with. */
void load_client_drop (LoadClient *self, size_t n);
void load_client_send_text (LoadClient *self, const char *text, size_t len);
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

/* A server to measure. */
typedef struct
{
  pid_t pid;
  unsigned port;
  int out; /* its stdout, kept open */
} LoadServer;

void load_server_start (LoadServer *self, const char *program);
/* The floor: forwards the bytes of each connection to its partner (1st ↔ 2nd, 3rd ↔ 4th, …). */
void load_server_start_floor (LoadServer *self);
void load_server_stop (LoadServer *self);
/* CPU time spent, in ns, of all threads. */
uint64_t load_server_get_cpu (const LoadServer *self);
/* Resident memory, in bytes. */
uint64_t load_server_get_rss (const LoadServer *self);
