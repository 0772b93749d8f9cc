/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sentient-chaos PROGRAM [RUN [SEED]]: v1 sessions hold whatever happens to their sockets. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "chaos.h"
#include "load-client.h"

#define PATIENCE_S 20 /* without any progress; SENTIENT_TEST_PATIENCE may ask for more */
#define EVENTS 512

int
chaos_plan_has (const ChaosPlan *plan, unsigned client, unsigned room)
{
  if (plan->room_size[room] == 0)
    return client % plan->n_rooms == room;
  return client * 7919 % plan->n_clients < plan->room_size[room];
}

/* How often something happens that is to happen so often a second. */
static unsigned
times (unsigned a_second, double ms)
{
  const double expected = a_second * ms / 1000;

  return (unsigned)expected + (chaos_random (1000) < (expected - (unsigned)expected) * 1000);
}

static ChaosClient *
anyone (ChaosWorld *world, unsigned n)
{
  return &world->clients[chaos_random (n)];
}

static ChaosClient *
anyone_slow (ChaosWorld *world)
{
  const ChaosPlan *plan = world->plan;
  const unsigned n = chaos_random (plan->n_slow + plan->n_slow_plain);

  return &world->clients[n < plan->n_slow ? n : plan->n_clients - 1 - (n - plan->n_slow)];
}

static void
churn (ChaosWorld *world)
{
  ChaosClient *client = anyone (world, world->plan->n_clients);
  const unsigned room = chaos_random (world->plan->n_rooms);

  if (world->n_churned >= world->plan->n_churn || !chaos_plan_has (world->plan, client->id, room))
    return;
  client->wanted[room] = !client->wanted[room];
  world->n_churned++;
}

static void
make_mischief (ChaosWorld *world, double ms)
{
  const ChaosPlan *plan = world->plan;

  for (unsigned n = times (plan->kills, ms); n > 0; n--)
    chaos_client_kill (anyone (world, plan->n_clients));
  for (unsigned n = times (plan->switches, ms); n > 0; n--)
    chaos_client_switch (anyone (world, plan->n_clients));
  for (unsigned n = times (plan->churn, ms); n > 0; n--)
    churn (world);
  if (plan->n_slow > 0 && times ((plan->n_slow + plan->n_slow_plain) / 2, ms) > 0)
    {
      ChaosClient *client = anyone_slow (world);

      if (client->deaf_until_ms == 0 && chaos_client_is_here (client) && !client->ending)
        {
          client->deaf_until_ms
              = world->now_ms + plan->deaf_ms / 6 + chaos_random (plan->deaf_ms * 5 / 6);
          client->deaf_until
              = client->plain ? world->n_churned + chaos_random (plan->deaf_churn) : 0;
        }
    }
  if (world->listens && !world->stopping && world->n_restarts < plan->n_restarts
      && (uint64_t)(world->n_sent + world->n_churned) * (plan->n_restarts + 1)
             >= (uint64_t)(plan->n_signals + plan->n_churn) * (world->n_restarts + 1))
    chaos_server_begin_restart (world);
  if (plan->n_ends > 0 && times (plan->n_ends / 5 + 1, ms) > 0)
    chaos_client_end (anyone (world, plan->n_ends));
}

static int
all (ChaosWorld *world, int (*is) (const ChaosClient *client))
{
  for (unsigned i = 0; i < world->plan->n_clients; i++)
    {
      if (!is (&world->clients[i]))
        return 0;
    }
  return 1;
}

/* Anything that a run must get on with. */
static uint64_t
progress (const ChaosWorld *world)
{
  return (uint64_t)world->n_sent + world->n_churned + world->n_received + world->n_refused
         + world->n_undelivered + world->n_events + world->n_room_states + world->n_restarts;
}

static void
report (const ChaosWorld *world)
{
  printf ("# %5.1f s: %u signals sent, %u came; %u kills, %u switches, %u restarts, %u joins and "
          "leaves, %u room events, %u room states\n",
          (double)(world->now_ms - world->started_ms) / 1000, world->n_sent, world->n_received,
          world->n_kills, world->n_switches, world->n_restarts, world->n_churned, world->n_events,
          world->n_room_states);
  fflush (stdout);
}

static void
turn (ChaosWorld *world)
{
  struct epoll_event events[EVENTS];
  const int n = epoll_wait (world->epoll, events, EVENTS, 1);
  const uint64_t before = world->now_ms;

  world->now_ms = chaos_now_ms ();
  for (int i = 0; i < n; i++)
    {
      ChaosPipe *pipe = events[i].data.ptr;

      chaos_client_event (pipe->owner, pipe);
    }
  for (unsigned i = 0; i < world->plan->n_clients; i++)
    chaos_client_tick (&world->clients[i], (double)(world->now_ms - before));
  chaos_server_check (world);
  if (!world->calm && world->all_in)
    make_mischief (world, (double)(world->now_ms - before));
}

static int
is_over (ChaosWorld *world)
{
  const ChaosPlan *plan = world->plan;

  world->all_in = world->all_in || all (world, chaos_client_is_calm);
  world->calm = world->n_sent == plan->n_signals && world->n_churned == plan->n_churn
                && world->n_restarts == plan->n_restarts;
  return world->calm && world->n_open == 0 && all (world, chaos_client_is_calm)
         && chaos_view_compare (world, 0) == 0;
}

static void
explain (ChaosWorld *world)
{
  for (unsigned i = 0; i < world->plan->n_clients; i++)
    {
      const ChaosClient *client = &world->clients[i];

      if (!chaos_client_is_calm (client))
        chaos_fail (world,
                    "no progress: c%u is in state %d, number %llu of which %llu are acknowledged, "
                    "request %llu of which %llu are handled",
                    client->id, client->state, (unsigned long long)client->seq,
                    (unsigned long long)client->acked, (unsigned long long)client->ref,
                    (unsigned long long)client->handled);
    }
  for (unsigned i = 0; i < world->n_sent; i++)
    {
      const ChaosSignal *signal = &world->signals[i];

      if ((signal->flags & ~CHAOS_CERTAIN) == 0)
        chaos_fail (world, "no progress: number %u from c%u to c%u is lost", signal->number,
                    signal->from, signal->to);
    }
  chaos_view_compare (world, 1);
  chaos_fail (world, "no progress");
}

static uint64_t
get_patience_ms (void)
{
  const char *more = getenv ("SENTIENT_TEST_PATIENCE");
  const unsigned long s = more != NULL ? strtoul (more, NULL, 10) : 0;

  return (s > PATIENCE_S ? s : PATIENCE_S) * 1000;
}

static void
play (ChaosWorld *world)
{
  const uint64_t patience_ms = get_patience_ms ();
  uint64_t reported_ms = world->now_ms, moved_ms = world->now_ms, checked_ms = world->now_ms;
  uint64_t last = 0;

  for (;;)
    {
      turn (world);
      if (progress (world) != last)
        {
          last = progress (world);
          moved_ms = world->now_ms;
        }
      if (world->now_ms - moved_ms > patience_ms)
        explain (world);
      if (world->now_ms - reported_ms >= 5000)
        {
          report (world);
          reported_ms = world->now_ms;
        }
      if (world->now_ms - checked_ms < 50)
        continue;
      checked_ms = world->now_ms;
      if (is_over (world))
        return;
    }
}

static void
make_data (ChaosWorld *world)
{
  snprintf (world->data, sizeof world->data, "/tmp/sentient-chaos-XXXXXX");
  if (mkdtemp (world->data) == NULL)
    load_die ("no directory for the sessions");
}

static void
remove_data (const ChaosWorld *world)
{
  static const char *const names[] = { "node-id", "handover" };
  char path[128];

  if (world->data[0] == '\0')
    return;
  for (unsigned i = 0; i < 2; i++)
    {
      snprintf (path, sizeof path, "%s/%s", world->data, names[i]);
      unlink (path);
    }
  if (rmdir (world->data) != 0)
    chaos_fail (world, "something is left in %s", world->data);
}

/* Else the run has shown nothing of what it is for. */
static void
check_happened (ChaosWorld *world)
{
  static const char missed[]
      = "sentient_dropped_messages_total{kind=\"event\",reason=\"outbox-full\"} ";
  char *metrics = chaos_server_get (world, "/metrics");
  const uint64_t n_missed = chaos_text_number ((ChaosText){ metrics, strlen (metrics) }, missed);

  free (metrics);
  printf ("# %u requests were repeated, %u gaps, %u sessions ended in order, %u sockets closed for "
          "being slow, %u told that their session went on by poll, %llu room events did not fit "
          "for plain clients\n",
          world->n_repeated, world->n_gaps, world->n_ended, world->n_closed_slow,
          world->n_told_taken, (unsigned long long)n_missed);
  if (world->n_room_states < world->plan->least_room_states)
    chaos_fail (world, "only %u room states were told: this run shows nothing",
                world->n_room_states);
  if (n_missed < world->plan->least_missed)
    chaos_fail (world,
                "only %llu room events did not fit for plain clients: this run shows nothing",
                (unsigned long long)n_missed);
}

void
chaos_run (const ChaosPlan *plan, const char *program, uint64_t seed)
{
  ChaosWorld world = { .plan = plan, .program = program, .seed = seed };

  chaos_random_seed (seed);
  world.started_ms = world.now_ms = chaos_now_ms ();
  world.epoll = epoll_create1 (EPOLL_CLOEXEC);
  world.clients = load_alloc (plan->n_clients * sizeof *world.clients);
  chaos_book_init (&world);
  if (plan->n_restarts > 0)
    make_data (&world);
  chaos_server_start (&world);
  for (unsigned i = 0; i < plan->n_clients; i++)
    chaos_client_init (&world.clients[i], &world, i);
  play (&world);
  report (&world);
  chaos_book_end (&world);
  check_happened (&world);
  for (unsigned i = 0; i < plan->n_clients; i++)
    chaos_client_clear (&world.clients[i]);
  chaos_server_stop (&world);
  remove_data (&world);
  free (world.clients);
  chaos_book_clear (&world);
  close (world.epoll);
}

static const ChaosPlan plans[] = {
  {
      .name = "signals",
      .n_clients = 200,
      .n_rooms = 5,
      .n_signals = 1000000,
      .rate = 195,
      .burst = 1700,
      .window = 100,
      .kills = 150,
      .switches = 80,
      .n_restarts = 3,
      .away_ms = 400,
      .strict = 1,
      /* Within the grace time also where everything is slow. */
      .arguments = { "--limit", "drain-time=500,grace-time=600000,silence-timeout=600000" },
  },
  {
      .name = "signals-beyond-budgets",
      .n_clients = 200,
      .n_rooms = 5,
      .n_signals = 200000,
      .rate = 400,
      .burst = 1000,
      .kills = 40,
      .switches = 20,
      .n_slow = 60,
      .deaf_ms = 3000,
      .n_ends = 30,
      .away_ms = 400,
      .arguments = { "--limit", "grace-time=10000", "--limit", "max-queued-messages-per-sender=16",
                     "--limit", "max-queued-messages=256" },
  },
  {
      .name = "rooms",
      .n_clients = 500,
      .n_plain = 100,
      .n_rooms = 2,
      .room_size = { 100, 500 },
      .n_churn = 3000,
      .churn = 400,
      .kills = 10,
      .switches = 10,
      .n_slow = 60,
      .n_slow_plain = 30,
      .deaf_ms = 3000,
      .deaf_churn = 3000,
      .away_ms = 400,
      .strict = 1,
      .least_room_states = 10,
      .least_missed = 100,
      .arguments
      = { "--max-peers", "500", "--limit",
          "join-rate=0,max-queued-messages=200,grace-time=600000,silence-timeout=600000" },
  },
};

int
main (int argc, char **argv)
{
  const uint64_t seed = argc > 3 ? strtoull (argv[3], NULL, 10) : (uint64_t)time (NULL);
  const char *most = getenv ("SENTIENT_CHAOS_SIGNALS"); /* for who is slow: with the sanitizers */
  unsigned n = 0;
  ChaosPlan plan;

  if (argc < 2)
    load_die ("usage: sentient-chaos PROGRAM [RUN [SEED]]");
  printf ("# seed %llu\n", (unsigned long long)seed);
  for (unsigned i = 0; i < sizeof plans / sizeof plans[0]; i++)
    {
      if (argc > 2 && strcmp (argv[2], plans[i].name) != 0)
        continue;
      plan = plans[i];
      if (most != NULL && strtoul (most, NULL, 10) < plan.n_signals)
        plan.n_signals = strtoul (most, NULL, 10);
      chaos_run (&plan, argv[1], seed);
      printf ("ok %u - %s\n", ++n, plans[i].name);
      fflush (stdout);
    }
  printf ("1..%u\n", n);
  return n == 0;
}
