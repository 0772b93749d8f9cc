/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <malloc.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static guint
count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static int
lowest_free_fd (void)
{
  int fd = dup (0);

  close (fd);
  return fd;
}

static guint
n_connections (Fixture *f)
{
  return sentient_engine_get_n_connections (f->engine);
}

static void
test_head_deadline (Fixture *f, gconstpointer data)
{
  static const char *const starts[] = { "", "GET / HT" };

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autoptr (Client) client = client_new (f);
      g_autofree char *head = NULL;

      client_send (client, starts[i]);
      fixture_wait_connections (f, 1);
      fixture_settle (f);
      fixture_advance (f, 9999);
      g_assert_cmpuint (n_connections (f), ==, 1);
      fixture_advance (f, 1);
      g_assert_cmpuint (client_response (client, &head, NULL), ==, 408);
      g_assert_nonnull (strstr (head, "Connection: close\r\n"));
      client_expect_eof (client);
      client_half_close (client);
      fixture_wait_connections (f, 0);
    }
}

/* Single bytes now and then gain no time. */
static void
test_head_trickle (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  fixture_wait_connections (f, 1);
  for (guint i = 0; i < 10; i++)
    {
      client_send (client, "x");
      fixture_settle (f);
      fixture_advance (f, 1000);
    }
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 408);
}

static void
test_body_deadline (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, "POST /native HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell");
  fixture_wait_connections (f, 1);
  fixture_settle (f);
  fixture_advance (f, 29999);
  g_assert_cmpuint (n_connections (f), ==, 1);
  fixture_advance (f, 1);
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 408);
  fixture_assert_log (f, "");
}

static void
test_idle_deadline (Fixture *f, gconstpointer data)
{
  static const char *const requests[] = { GET ("/native"), GET ("/soup") };

  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autoptr (Client) client = client_new (f);

      client_send (client, requests[i]);
      g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
      fixture_advance (f, 59999);
      g_assert_cmpuint (n_connections (f), ==, 1);

      /* What begins has the time of a head again. */
      client_send (client, "G");
      fixture_settle (f);
      fixture_advance (f, 9999);
      client_send (client, "ET /native HTTP/1.1\r\nHost: a\r\n\r\n");
      g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);

      fixture_advance (f, 60000);
      g_assert_cmpuint (n_connections (f), ==, 0);
      client_expect_eof (client); /* without a word */
    }
}

/* A request that waits for its answer has no deadline here. */
static void
test_hold_has_none (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, GET ("/native/hold"));
  fixture_wait (f, "request;");
  fixture_advance (f, 3600 * 1000);
  fixture_answer (f, "at last");
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
}

static void
test_response_deadline (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = NULL;
  static SentientMetrics metrics; /* outlives the engine */
  const int window = 65536;
  guint64 sent;

  f->config.metrics = &metrics;
  fixture_restart (f);
  client = client_new (f);
  /* Else the kernel may hold all of it, if it likes, and there is nothing left to wait for. */
  g_assert_cmpint (setsockopt (client->fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window), ==, 0);
  client_send (client, GET ("/native/big"));
  fixture_wait (f, "request;");
  fixture_settle (f);
  fixture_advance (f, 29999);

  /* Who takes some of it gets more time. How much that must be is the kernel's business, which
   * holds megabytes. */
  sent = metrics.sent_bytes;
  while (metrics.sent_bytes == sent)
    client_read (client, client->in->len + 1);
  fixture_settle (f);
  fixture_advance (f, 29999);
  fixture_assert_log (f, "request;");
  fixture_advance (f, 1);
  fixture_assert_log (f, "undelivered;");
  g_assert_cmpuint (n_connections (f), ==, 0);
}

static void
test_ping_and_silence (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_ws_open (client);
  fixture_advance (f, 14999);
  fixture_settle (f);
  g_assert_cmpuint (client->in->len, ==, 0);
  fixture_advance (f, 1);
  client_ws_expect (client, SENTIENT_WS_PING, "", 0);
  client_ws_send (client, 0x8a, "", 0);
  fixture_wait (f, "alive;");

  fixture_advance (f, 15000);
  client_ws_expect (client, SENTIENT_WS_PING, "", 0);

  /* Half a frame is no frame. */
  client_send_bytes (client, "\x81\x85\0\0\0\0hel", 9);
  fixture_settle (f);
  fixture_advance (f, 14999);
  fixture_assert_log (f, "open;alive;");
  fixture_advance (f, 1);
  fixture_assert_log (f, "lost 1006;");
  client_ws_expect_close (client, 1001);
  client_expect_eof (client);
}

/* What is with the kernel when a time is over, and only we did not look yet, is not too late. */
static void
test_not_looked (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autoptr (Client) socket = NULL;

  fixture_wait_connections (f, 1);
  sentient_manual_clock_advance (f->clock, 10000);
  client_send (client, "POST /native HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell");
  sentient_engine_check_deadlines (f->engine);
  fixture_settle (f);
  sentient_manual_clock_advance (f->clock, 30000);
  client_send (client, "o");
  sentient_engine_check_deadlines (f->engine);
  fixture_assert_log (f, ""); /* in the order of events, not of connections */
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
  client_half_close (client);
  fixture_wait_connections (f, 0);
  fixture_assert_log (f, "request;delivered;");

  socket = client_new (f);
  client_ws_open (socket);
  fixture_assert_log (f, "open;");
  sentient_manual_clock_advance (f->clock, 30000);
  client_ws_text (socket, "late");
  sentient_engine_check_deadlines (f->engine);
  client_ws_expect_text (socket, "late");
  fixture_assert_log (f, "alive;text late;");
}

/* With the system's clock the engine looks by itself. */
static void
test_system_clock (Fixture *f, gconstpointer data)
{
  static const SentientEngineHandler none = { 0 };
  g_autoptr (SentientClock) clock = sentient_clock_new_system ();
  SentientEngineConfig config;
  SentientEngine *engine;
  Fixture g = { 0 };
  g_autoptr (Client) client = NULL;

  sentient_engine_config_init (&config);
  config.head_timeout_ms = 1;
  engine = sentient_engine_new (&config, clock, NULL, &none, NULL);
  g_assert_true (sentient_engine_listen (engine, "127.0.0.1", 0, NULL));
  g.port = sentient_engine_get_port (engine);
  client = client_new (&g);
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 408);
  sentient_engine_free (engine);
}

/* Over the limit clients wait in the kernel's queue until somebody goes. */
static void
test_max_connections (Fixture *f, gconstpointer data)
{
  Client *clients[5];

  f->config.max_connections = 3;
  fixture_restart (f);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = client_new (f);
      client_send (clients[i], GET ("/native"));
    }
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (client_response (clients[i], NULL, NULL), ==, 200);
  fixture_settle (f);
  g_assert_cmpuint (n_connections (f), ==, 3);
  g_assert_cmpuint (clients[3]->in->len, ==, 0);

  client_free (clients[0]);
  g_assert_cmpuint (client_response (clients[3], NULL, NULL), ==, 200);
  g_assert_cmpuint (n_connections (f), ==, 3);
  client_free (clients[1]);
  g_assert_cmpuint (client_response (clients[4], NULL, NULL), ==, 200);

  for (guint i = 2; i < G_N_ELEMENTS (clients); i++)
    client_free (clients[i]);
  fixture_wait_connections (f, 0);
}

/* No fd is left although the limit was not reached: one client is turned away, the others are
 * served when fds are there again. */
static void
test_out_of_fds (Fixture *f, gconstpointer data)
{
  struct rlimit saved, limit;
  Client *first = client_new (f), *second = client_new (f);

  getrlimit (RLIMIT_NOFILE, &saved);
  limit = saved;
  limit.rlim_cur = lowest_free_fd ();
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  client_expect_eof (first);
  fixture_settle (f);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &saved), ==, 0);

  fixture_advance (f, 1);
  client_send (second, GET ("/native"));
  g_assert_cmpuint (client_response (second, NULL, NULL), ==, 200);
  client_free (first);
  client_free (second);
}

/* Even the reserve that turns a client away was lost: it is there again later. */
static void
test_reserve_lost (Fixture *f, gconstpointer data)
{
  struct rlimit saved, limit;
  Client *client = client_new (f);

  getrlimit (RLIMIT_NOFILE, &saved);
  limit = saved;
  limit.rlim_cur = 3;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  fixture_settle (f);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &saved), ==, 0);
  g_assert_cmpuint (n_connections (f), ==, 0);

  fixture_advance (f, 1);
  client_send (client, GET ("/native"));
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
  client_free (client);
  fixture_wait_connections (f, 0);
  test_out_of_fds (f, data);
}

static void
one_cycle (Fixture *f, guint kind)
{
  Client *client = client_new (f);

  switch (kind)
    {
    case 0: /* only connects */
      break;
    case 1:
      client_send (client, GET ("/native"));
      client_response (client, NULL, NULL);
      break;
    case 2: /* kept alive by the client */
      client_send (client, GET ("/soup"));
      client_response (client, NULL, NULL);
      break;
    case 3:
      client_send (client, "GET /soup HTTP/1.0\r\n\r\n");
      client_response (client, NULL, NULL);
      break;
    case 4:
      client_ws_open (client);
      client_ws_text (client, "hello");
      client_ws_expect_text (client, "hello");
      break;
    case 5:
      client_ws_open (client);
      client_ws_send (client, 0x01, "half", 4);
      client_ws_send (client, 0x88, "\x03\xe8", 2);
      client_ws_expect_close (client, 1000);
      break;
    case 6: /* gone while it is held */
      client_send (client, GET ("/native/hold"));
      fixture_wait_connections (f, 1);
      while (f->held == NULL)
        g_main_context_iteration (NULL, TRUE);
      break;
    case 7:
      client_send (client, GET ("/soup/hold"));
      while (f->soup == NULL)
        g_main_context_iteration (NULL, TRUE);
      break;
    case 8:
      client_send (client, "rubbish\n");
      client_response (client, NULL, NULL);
      break;
    default:
      g_assert_not_reached ();
    }

  client_free (client);
  fixture_wait_connections (f, 0);
  while (f->soup != NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* All of the default context, libsoup's among them: their ids rise by one with each. */
static guint
count_sources (void)
{
  g_autoptr (GSource) last = g_idle_source_new ();
  guint n = 0;

  for (guint id = g_source_attach (last, NULL) - 1; id > 0; id--)
    n += g_main_context_find_source_by_id (NULL, id) != NULL;
  g_source_destroy (last);
  return n;
}

static void
test_flat (Fixture *f, gconstpointer data)
{
  guint fds = 0, sources = 0;

  f->quiet = TRUE;
  for (guint kind = 0; kind < 9; kind++)
    {
      gsize used = 0;

      for (guint i = 0; i < 1000; i++)
        {
          one_cycle (f, kind);
          if (i == 99)
            {
              fds = count_fds ();
              sources = count_sources ();
              used = mallinfo2 ().uordblks;
            }
        }
      fixture_settle (f);
      g_test_message ("kind %u: %td bytes more", kind, (gssize)(mallinfo2 ().uordblks - used));
      g_assert_cmpuint (count_fds (), ==, fds);
      g_assert_cmpuint (count_sources (), ==, sources);
      /* 900 cycles that leak anything leak at least 32 bytes each; malloc's caches grow a bit. */
      g_assert_cmpuint (mallinfo2 ().uordblks, <, used + 900 * 24);
    }
}

/* What an idle WebSocket holds of user memory. */
static void
test_idle_memory (Fixture *f, gconstpointer data)
{
  Client *clients[200];
  gsize before, after;

  f->quiet = TRUE;
  one_cycle (f, 4);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = client_new (f);
      g_string_set_size (clients[i]->in, 4096);
      g_string_truncate (clients[i]->in, 0);
    }
  fixture_settle (f);
  before = mallinfo2 ().uordblks;
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      client_ws_open (clients[i]);
      client_ws_text (clients[i], "hello");
      client_ws_expect_text (clients[i], "hello");
    }
  fixture_settle (f);
  after = mallinfo2 ().uordblks;
  g_test_message ("%.0f bytes more for the upgrade of a connection",
                  ((double)after - before) / G_N_ELEMENTS (clients));
  /* mallinfo knows nothing under ASan. */
  g_assert_cmpuint (after, <=, before + 64 * G_N_ELEMENTS (clients));

  before = after;
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      shutdown (clients[i]->fd, SHUT_WR);
      fixture_wait_connections (f, G_N_ELEMENTS (clients) - i - 1);
    }
  after = mallinfo2 ().uordblks;
  g_test_message ("%.0f bytes for an idle WebSocket",
                  ((double)before - after) / G_N_ELEMENTS (clients));
  g_assert_cmpuint (before, <=, after + 300 * G_N_ELEMENTS (clients));
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    client_free (clients[i]);
}

/* Bytes that mean nothing, or nearly something, in pieces of any size: nothing stays behind. */
static void
test_rubbish (Fixture *f, gconstpointer data)
{
  static const char good[] = "POST /native?a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
                             "GET /soup HTTP/1.1\r\nHost: a\r\n\r\n";
  static const char frames[] = "\x81\x85\0\0\0\0hello\x01\x81\0\0\0\0a\x89\x81\0\0\0\0p"
                               "\x80\x82\0\0\0\0\xc3\xa4\x82\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8";

  f->quiet = TRUE;
  for (guint i = 0; i < 600; i++)
    {
      gboolean ws = i % 2 == 1;
      gsize len = ws ? sizeof frames - 1 : sizeof good - 1;
      g_autofree char *bytes = g_memdup2 (ws ? frames : good, len);
      g_autoptr (Client) client = client_new (f);

      if (ws)
        client_ws_open (client);
      for (guint j = g_test_rand_int_range (0, 4); j > 0; j--)
        bytes[g_test_rand_int_range (0, len)] = (char)g_test_rand_int_range (0, 256);
      for (gsize at = 0, n; at < len; at += n)
        {
          n = g_test_rand_int_range (1, 40);
          n = MIN (n, len - at);
          client_send_bytes (client, bytes + at, n);
          fixture_settle (f);
        }
    }
  fixture_wait_connections (f, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/engine-limits/head-deadline", test_head_deadline);
  fixture_add ("/engine-limits/head-trickle", test_head_trickle);
  fixture_add ("/engine-limits/body-deadline", test_body_deadline);
  fixture_add ("/engine-limits/idle-deadline", test_idle_deadline);
  fixture_add ("/engine-limits/hold-has-none", test_hold_has_none);
  fixture_add ("/engine-limits/response-deadline", test_response_deadline);
  fixture_add ("/engine-limits/ping-and-silence", test_ping_and_silence);
  fixture_add ("/engine-limits/not-looked", test_not_looked);
  fixture_add ("/engine-limits/system-clock", test_system_clock);
  fixture_add ("/engine-limits/max-connections", test_max_connections);
  fixture_add ("/engine-limits/out-of-fds", test_out_of_fds);
  fixture_add ("/engine-limits/reserve-lost", test_reserve_lost);
  fixture_add ("/engine-limits/flat", test_flat);
  fixture_add ("/engine-limits/idle-memory", test_idle_memory);
  fixture_add ("/engine-limits/rubbish", test_rubbish);
  return g_test_run ();
}
