/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Numbered signals: each carries its number in its stream (one sender to one receiver) and when it
 * was sent. What arrives is held against what was sent, and the time it took goes into a
 * histogram. */

/* 16 steps for each power of two of nanoseconds: at most 6 % off. */
#define LOAD_BUCKETS (61 * 16)

typedef struct
{
  uint64_t n; /* arrived */
  uint64_t lost;
  uint64_t twice;
  uint64_t out_of_order;
  uint64_t n_times;
  uint32_t times[LOAD_BUCKETS];
} LoadCheck;

/* What one receiver knows of one sender. */
typedef struct
{
  uint64_t last; /* the highest number that came; 0: none */
  uint64_t seen; /* bit k: last - k came */
} LoadStream;

void load_check_number (LoadCheck *self, LoadStream *stream, uint64_t number);
void load_check_time (LoadCheck *self, uint64_t ns);
/* The stream is over: these were sent. */
void load_check_end (LoadCheck *self, const LoadStream *stream, uint64_t n_sent);
/* µs below which the share q of all times lies; 0: none were noted. */
double load_check_percentile (const LoadCheck *self, double q);
void load_check_add (LoadCheck *self, const LoadCheck *other);
/* Ends the program with a sentence unless each arrived once, in order. */
void load_check_assert (const LoadCheck *self, const char *what);

uint64_t load_now_ns (void);

#define LOAD_STAMP_SIZE 32 /* digits of number and time */

/* The text of a signal with a stamp in its payload, as a masked frame that is changed in place. */
typedef struct
{
  unsigned char *frame;
  size_t len;
  size_t text_at;  /* in frame */
  size_t stamp_at; /* in frame */
  size_t ref_at;   /* in frame; 0: it has none */
  uint64_t number; /* of the last one */
} LoadSignal;

/* size is that of the text. */
void
load_signal_make (LoadSignal *self, const char *to, const char *room, size_t size, int has_ref);
/* The next number, now; ref is for signals that have one. */
void load_signal_stamp (LoadSignal *self, uint64_t ref);
/* Another number than the next, for what is sent again. */
void load_signal_set (LoadSignal *self, uint64_t number, uint64_t ref);
void load_signal_clear (LoadSignal *self);
void load_stamp_write (char *out, uint64_t number, uint64_t ns);
/* Finds the stamp in a text; 0: there is none. */
int load_stamp_find (const unsigned char *text, size_t len, uint64_t *number, uint64_t *ns);
