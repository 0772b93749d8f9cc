/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each signal's fate: it came once and in order, or its sender was told that it did not. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chaos.h"
#include "load-client.h"

void
chaos_fail (const ChaosWorld *world, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fprintf (stderr, "%s, seed %llu, after %llu ms: ", world->plan->name,
           (unsigned long long)world->seed,
           (unsigned long long)(chaos_now_ms () - world->started_ms));
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
  exit (1);
}

void
chaos_book_init (ChaosWorld *world)
{
  const size_t n = world->plan->n_clients;

  world->signals = load_alloc ((world->plan->n_signals + 1) * sizeof *world->signals);
  world->last_sent = load_alloc (n * n * sizeof *world->last_sent);
  world->last_got = load_alloc (n * n * sizeof *world->last_got);
}

void
chaos_book_clear (ChaosWorld *world)
{
  free (world->signals);
  free (world->last_sent);
  free (world->last_got);
}

static size_t
pair (const ChaosWorld *world, const ChaosSignal *signal)
{
  return (size_t)signal->from * world->plan->n_clients + signal->to;
}

uint32_t
chaos_book_new (ChaosWorld *world, unsigned from, unsigned to)
{
  ChaosSignal *signal = &world->signals[world->n_sent];

  *signal = (ChaosSignal){ .from = from, .to = to };
  signal->number = ++world->last_sent[pair (world, signal)];
  world->n_open++;
  world->clients[to].outstanding++;
  return world->n_sent++;
}

static void
set (ChaosWorld *world, ChaosSignal *signal, uint8_t flag, unsigned *counter)
{
  if ((signal->flags & flag) != 0)
    return;
  if ((signal->flags & ~CHAOS_CERTAIN) == 0)
    world->n_open--;
  signal->flags |= flag;
  (*counter)++;
}

static void
note_got (ChaosClient *by, uint64_t seq, uint32_t signal)
{
  if (by->n_got == by->n_got_max)
    {
      by->n_got_max = by->n_got_max * 2 + 64;
      by->got = realloc (by->got, by->n_got_max * sizeof *by->got);
      if (by->got == NULL)
        load_die ("out of memory");
    }
  by->got[by->n_got++] = (ChaosGot){ seq, signal };
}

void
chaos_book_received (ChaosWorld *world, ChaosClient *by, ChaosText text, uint64_t seq)
{
  const uint64_t index = chaos_text_number (text, "\"g\":");
  const uint64_t number = chaos_text_number (text, "\"n\":");
  ChaosSignal *signal;
  uint32_t *last;

  if (index == 0 || index > world->n_sent)
    chaos_fail (world, "c%u got a signal that nobody sent: %.*s", by->id, (int)text.len, text.data);
  signal = &world->signals[index - 1];
  last = &world->last_got[pair (world, signal)];
  if (signal->to != by->id || (int)signal->from != chaos_node_of (world, text, "\"from\":\"")
      || signal->number != number)
    chaos_fail (world, "c%u got a signal that is not its own: %.*s", by->id, (int)text.len,
                text.data);
  if ((signal->flags & CHAOS_RECEIVED) != 0)
    chaos_fail (world, "c%u got number %llu of c%u twice", by->id, (unsigned long long)number,
                signal->from);
  if ((signal->flags & CHAOS_REFUSED) != 0)
    chaos_fail (world, "c%u got number %llu of c%u, which was refused to it", by->id,
                (unsigned long long)number, signal->from);
  if (number <= *last || (world->plan->strict && number != *last + 1))
    chaos_fail (world, "c%u got number %llu of c%u after %u", by->id, (unsigned long long)number,
                signal->from, *last);
  *last = number;
  set (world, signal, CHAOS_RECEIVED, &world->n_received);
  by->n_unacked++;
  if (!world->plan->strict)
    note_got (by, seq, index - 1);
}

void
chaos_book_refused (ChaosWorld *world, uint32_t index, ChaosText error)
{
  ChaosSignal *signal = &world->signals[index];

  if (world->plan->strict)
    chaos_fail (world, "number %u from c%u to c%u was refused: %.*s", signal->number, signal->from,
                signal->to, (int)error.len, error.data);
  if (!chaos_text_has (error, "\"code\":\"busy\"")
      && !chaos_text_has (error, "\"code\":\"rate-limited\"")
      && !chaos_text_has (error, "\"code\":\"unknown-peer\""))
    chaos_fail (world, "a signal was refused in a strange way: %.*s", (int)error.len, error.data);
  if ((signal->flags & (CHAOS_RECEIVED | CHAOS_UNDELIVERED)) != 0)
    chaos_fail (world, "number %u from c%u to c%u was refused and came", signal->number,
                signal->from, signal->to);
  set (world, signal, CHAOS_REFUSED, &world->n_refused);
}

static void
undelivered (ChaosWorld *world, ChaosClient *sender, uint64_t ref, int to)
{
  ChaosSignal *signal;

  if (ref == 0 || ref > sender->ref || sender->requests[ref].kind != CHAOS_REQUEST_SIGNAL)
    chaos_fail (world, "c%u is told of request %llu, which was no signal", sender->id,
                (unsigned long long)ref);
  signal = &world->signals[sender->requests[ref].subject];
  if (world->plan->strict || signal->to != to || signal->from != sender->id)
    chaos_fail (world, "number %u from c%u to c%u is said to be undelivered to c%d", signal->number,
                signal->from, signal->to, to);
  if ((signal->flags & (CHAOS_REFUSED | CHAOS_UNDELIVERED | CHAOS_CERTAIN)) != 0)
    chaos_fail (world, "number %u from c%u to c%u is said to be undelivered, but %s",
                signal->number, signal->from, signal->to,
                (signal->flags & CHAOS_CERTAIN) != 0 ? "was acknowledged" : "was told before");
  if ((signal->flags & CHAOS_RECEIVED) != 0)
    world->n_both++;
  set (world, signal, CHAOS_UNDELIVERED, &world->n_undelivered);
}

void
chaos_book_undelivered (ChaosWorld *world, ChaosClient *sender, ChaosText note)
{
  const int to = chaos_node_of (world, note, "\"to\":\"");
  ChaosText refs;

  if (!chaos_text_find (note, "\"refs\":[", &refs))
    chaos_fail (world, "no refs: %.*s", (int)note.len, note.data);
  for (const char *p = refs.data; *p != ']'; p += *p == ',')
    undelivered (world, sender, strtoull (p, (char **)&p, 10), to);
}

void
chaos_book_certain (ChaosClient *client, uint64_t seq)
{
  size_t n = 0;

  while (n < client->n_got && client->got[n].seq <= seq)
    client->world->signals[client->got[n++].signal].flags |= CHAOS_CERTAIN;
  if (n == 0)
    return;
  client->n_got -= n;
  memmove (client->got, client->got + n, client->n_got * sizeof *client->got);
}

void
chaos_book_end (ChaosWorld *world)
{
  unsigned lost = 0, told = 0;

  for (unsigned i = 0; i < world->n_sent; i++)
    {
      const uint8_t flags = world->signals[i].flags;

      lost += (flags & CHAOS_RECEIVED) == 0;
      told += (flags & CHAOS_RECEIVED) == 0 && (flags & (CHAOS_REFUSED | CHAOS_UNDELIVERED)) != 0;
    }
  printf ("# %u signals: %u came, each once and in order; %u did not, and of these %u were told "
          "(%u refused, %u undelivered, of which %u had come but were not acknowledged)\n",
          world->n_sent, world->n_received, lost, told, world->n_refused, world->n_undelivered,
          world->n_both);
  if (lost != told || world->n_open != 0)
    chaos_fail (world, "%u signals did not come, but %u of them were told", lost, told);
}
