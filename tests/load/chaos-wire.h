/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Sockets that may die at any time, and the few looks at a text that a client needs. Nothing here
 * waits. */

typedef struct
{
  char *data; /* in memory */
  size_t len;
  char *memory;
  size_t size;
} ChaosBuf;

void chaos_buf_add (ChaosBuf *self, const void *data, size_t len);
/* What was dropped stays readable until more is added. */
void chaos_buf_drop (ChaosBuf *self, size_t len);
void chaos_buf_clear (ChaosBuf *self);

typedef struct
{
  int fd; /* -1: none */
  ChaosBuf in;
  ChaosBuf out;
  void *owner;
} ChaosPipe;

typedef enum
{
  CHAOS_END_RESET, /* RST */
  CHAOS_END_FIN,   /* FIN, without a word of the protocol before it */
} ChaosEnd;

void chaos_pipe_init (ChaosPipe *self, void *owner);
/* From the address-th address of 127.0.0.0/8; small: the kernel keeps little for who does not read.
 * 0: the server does not listen. Its events come to epoll, edge-triggered, with the pipe as data.
 */
int chaos_pipe_open (ChaosPipe *self, int epoll, unsigned address, unsigned port, int small);
/* Both return 0 when the connection is gone. */
int chaos_pipe_flush (ChaosPipe *self);
int chaos_pipe_fill (ChaosPipe *self);
void chaos_pipe_end (ChaosPipe *self, ChaosEnd how);

/* A masked frame. */
void chaos_pipe_put_frame (ChaosPipe *self, unsigned opcode, const char *data, size_t len);
/* The frame that in begins with; its size, 0: it is not whole. */
size_t chaos_frame_look (const ChaosBuf *in, unsigned *opcode, char **data, size_t *len);
/* The answer that in begins with, Content-Length and all; its size, 0: it is not whole. */
size_t chaos_response_look (const ChaosBuf *in, unsigned *status, char **body, size_t *len);

typedef struct
{
  const char *data;
  size_t len;
} ChaosText;

/* What stands behind the first occurrence of key, such as "\"seq\":". */
int chaos_text_find (ChaosText text, const char *key, ChaosText *rest);
/* 0: it is not there, or no number. */
uint64_t chaos_text_number (ChaosText text, const char *key);
/* The string behind key, such as "\"token\":\"". 0: it is not there. */
int chaos_text_string (ChaosText text, const char *key, char *out, size_t size);
int chaos_text_has (ChaosText text, const char *part);
/* The next object of an array's text; text goes on behind it. 0: no more. */
int chaos_text_next_object (ChaosText *text, ChaosText *object);

uint64_t chaos_now_ms (void);
/* The same numbers for the same seed. */
void chaos_random_seed (uint64_t seed);
/* From 0 to below. */
unsigned chaos_random (unsigned below);
