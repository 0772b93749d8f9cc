/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load-client.h"

/* Where in a text the stamp is looked for. */
#define STAMP_WITHIN 512
#define STAMP_KEY "\"stamp\":\""

uint64_t
load_now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
load_check_number (LoadCheck *self, LoadStream *stream, uint64_t number)
{
  uint64_t ahead;

  self->n++;
  if (number > stream->last)
    {
      ahead = number - stream->last;
      self->lost += ahead - 1;
      stream->seen = ahead < 64 ? stream->seen << ahead | 1 : 1;
      stream->last = number;
      return;
    }

  ahead = stream->last - number;
  if (ahead < 64 && (stream->seen >> ahead & 1) == 0)
    {
      stream->seen |= (uint64_t)1 << ahead;
      self->out_of_order++;
      self->lost--;
    }
  else
    self->twice++;
}

static unsigned
bucket_of (uint64_t ns)
{
  unsigned exponent;

  if (ns < 16)
    return (unsigned)ns;
  exponent = 63 - (unsigned)__builtin_clzll (ns);
  return (exponent - 3) * 16 + (unsigned)(ns >> (exponent - 4) & 15);
}

void
load_check_time (LoadCheck *self, uint64_t ns)
{
  unsigned bucket = bucket_of (ns);

  self->times[bucket < LOAD_BUCKETS ? bucket : LOAD_BUCKETS - 1]++;
  self->n_times++;
}

void
load_check_end (LoadCheck *self, const LoadStream *stream, uint64_t n_sent)
{
  if (n_sent > stream->last)
    self->lost += n_sent - stream->last;
}

double
load_check_percentile (const LoadCheck *self, double q)
{
  uint64_t before = 0;

  for (unsigned i = 0; i < LOAD_BUCKETS; i++)
    {
      before += self->times[i];
      if (before > 0 && before >= q * self->n_times)
        return (i < 16 ? i : (double)((uint64_t)(16 + i % 16) << (i / 16 - 1))) / 1e3;
    }
  return 0;
}

void
load_check_add (LoadCheck *self, const LoadCheck *other)
{
  self->n += other->n;
  self->lost += other->lost;
  self->twice += other->twice;
  self->out_of_order += other->out_of_order;
  self->n_times += other->n_times;
  for (unsigned i = 0; i < LOAD_BUCKETS; i++)
    self->times[i] += other->times[i];
}

void
load_check_assert (const LoadCheck *self, const char *what)
{
  if (self->lost != 0 || self->twice != 0 || self->out_of_order != 0)
    load_die ("%s: of the signals %lld are lost, %llu came twice and %llu out of order; %llu came",
              what, (long long)self->lost, (unsigned long long)self->twice,
              (unsigned long long)self->out_of_order, (unsigned long long)self->n);
}

static void
put_hex (char *out, uint64_t value)
{
  for (int i = 15; i >= 0; i--, value >>= 4)
    out[i] = "0123456789abcdef"[value & 15];
}

void
load_stamp_write (char *out, uint64_t number, uint64_t ns)
{
  put_hex (out, number);
  put_hex (out + 16, ns);
}

static uint64_t
take_hex (const unsigned char *digits)
{
  uint64_t value = 0;

  for (int i = 0; i < 16; i++)
    value = value << 4 | (digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10);
  return value;
}

int
load_stamp_find (const unsigned char *text, size_t len, uint64_t *number, uint64_t *ns)
{
  const size_t key = strlen (STAMP_KEY);
  size_t within = len < STAMP_WITHIN ? len : STAMP_WITHIN;
  const unsigned char *found = memmem (text, within, STAMP_KEY, key);

  if (found == NULL || found + key + LOAD_STAMP_SIZE > text + len)
    return 0;
  *number = take_hex (found + key);
  *ns = take_hex (found + key + 16);
  return 1;
}

void
load_signal_make (LoadSignal *self, const char *to, const char *room, size_t size, int has_ref)
{
  char *text = load_alloc (size + 1);
  int head
      = snprintf (text, size,
                  "{\"type\":\"offer\",%s\"to\":\"%s\",\"room\":\"%s\",\"payload\":{" STAMP_KEY,
                  has_ref ? "\"ref\":                ," : "", to, room);
  size_t stamp = (size_t)head;
  int more;

  memset (text + head, '0', LOAD_STAMP_SIZE);
  head += LOAD_STAMP_SIZE;
  more = snprintf (text + head, size - (size_t)head, "\",\"sdp\":\"");
  head += more;
  if ((size_t)head + 3 > size)
    load_die ("a signal of %zu bytes is too small", size);
  memset (text + head, 'v', size - (size_t)head - 3);
  memcpy (text + size - 3, "\"}}", 3);

  *self = (LoadSignal){ .frame = load_alloc (size + 14) };
  self->len = load_frame_text (self->frame, text, size);
  self->text_at = self->len - size;
  self->stamp_at = self->text_at + stamp;
  if (has_ref)
    self->ref_at = self->text_at + strlen ("{\"type\":\"offer\",\"ref\":");
  free (text);
}

static void
write_masked (LoadSignal *self, size_t at, const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++)
    self->frame[at + i] = load_mask_byte (text[i], at + i - self->text_at);
}

static void
set (LoadSignal *self, uint64_t number, uint64_t ref)
{
  char stamp[LOAD_STAMP_SIZE];
  char digits[24];

  load_stamp_write (stamp, number, load_now_ns ());
  write_masked (self, self->stamp_at, stamp, sizeof stamp);
  if (self->ref_at == 0)
    return;
  snprintf (digits, sizeof digits, "%16llu", (unsigned long long)ref);
  write_masked (self, self->ref_at, digits, 16);
}

void
load_signal_stamp (LoadSignal *self, uint64_t ref)
{
  set (self, ++self->number, ref);
}

void
load_signal_set (LoadSignal *self, uint64_t number, uint64_t ref)
{
  set (self, number, ref);
}

void
load_signal_clear (LoadSignal *self)
{
  free (self->frame);
  self->frame = NULL;
}
