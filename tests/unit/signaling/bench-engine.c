/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-engine.h"
#include "signaling/sentient-ws-frame.h"

#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the engine costs: CPU per echoed message of 1.5 kB with 100 clients, alone and next to idle
 * connections, and memory per idle WebSocket. The clients live in a process of their own, so that
 * only the engine's work is counted here. */

#define CLIENTS 100
#define MESSAGES 2000 /* a client */
#define PAYLOAD 1500
#define IDLE 5000

typedef struct
{
  SentientEngine *engine;
  GMainLoop *loop;
  int from_child;
} Bench;

static void
die_if (gboolean failed, const char *what)
{
  if (failed)
    {
      perror (what);
      _exit (1);
    }
}

/* The clients. */

static int
open_websocket (guint16 port)
{
  static const char head[] = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  const int on = 1;
  char answer[1024];
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  die_if (fd < 0, "socket");
  die_if (connect (fd, (struct sockaddr *)&address, sizeof address) < 0, "connect");
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  die_if (send (fd, head, sizeof head - 1, 0) < 0, "send");
  die_if (recv (fd, answer, sizeof answer, 0) < 12 || memcmp (answer + 9, "101", 3) != 0, "101");
  return fd;
}

static void
echo_all (const int *fds, const char *frame, gsize len)
{
  int epoll_fd = epoll_create1 (0);
  guint left = CLIENTS * MESSAGES;
  guint sent[CLIENTS] = { 0 };
  gsize got[CLIENTS] = { 0 };

  for (guint32 i = 0; i < CLIENTS; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

      epoll_ctl (epoll_fd, EPOLL_CTL_ADD, fds[i], &event);
      die_if (send (fds[i], frame, len, 0) != (gssize)len, "send");
      sent[i]++;
    }

  while (left > 0)
    {
      struct epoll_event events[CLIENTS];
      int n = epoll_wait (epoll_fd, events, CLIENTS, -1);

      for (int j = 0; j < n; j++)
        {
          char buffer[4096];
          guint32 i = events[j].data.u32;
          gssize r = recv (fds[i], buffer, sizeof buffer, 0);

          die_if (r <= 0, "recv");
          got[i] += r;
          if (got[i] < PAYLOAD + 4)
            continue;
          got[i] -= PAYLOAD + 4;
          left--;
          if (sent[i]++ < MESSAGES)
            die_if (send (fds[i], frame, len, 0) != (gssize)len, "send");
        }
    }
  close (epoll_fd);
}

static void
be_clients (guint16 port, int to_parent, int from_parent)
{
  static const guint8 mask[4] = { 1, 2, 3, 4 };
  static int fds[CLIENTS];
  char frame[8 + PAYLOAD] = { (char)0x81, (char)0xfe, (char)(PAYLOAD >> 8), (char)PAYLOAD };
  char command;

  memcpy (frame + 4, mask, 4);
  memset (frame + 8, 'x', PAYLOAD);
  sentient_ws_unmask (frame + 8, PAYLOAD, mask);

  for (guint i = 0; i < CLIENTS; i++)
    fds[i] = open_websocket (port);
  die_if (write (to_parent, "+", 1) != 1, "write");
  while (read (from_parent, &command, 1) == 1)
    {
      if (command == 'e')
        echo_all (fds, frame, sizeof frame);
      else
        for (guint i = 0; i < IDLE; i++)
          open_websocket (port);
      die_if (write (to_parent, "+", 1) != 1, "write");
    }
  _exit (0);
}

/* The server. */

static void
on_ws_open (SentientConn *conn, gpointer data, gpointer user_data)
{
}

static void
on_ws_text (SentientConn *conn, const char *data, gsize len, gpointer user_data)
{
  sentient_conn_send_text (conn, data, len, NULL);
}

static void
on_ws_closed (SentientConn *conn, SentientCloseKind kind, guint16 code, gpointer user_data)
{
}

static void
ws_handler (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  Bench *self = user_data;

  sentient_engine_accept_websocket (self->engine, message, NULL, NULL, NULL);
}

static gboolean
on_child (int fd, GIOCondition condition, gpointer user_data)
{
  Bench *self = user_data;
  char done;

  if (read (fd, &done, 1) != 1)
    g_error ("the clients failed");
  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gint64
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec
         + usage.ru_stime.tv_usec;
}

static gsize
resident (void)
{
  g_autofree char *statm = NULL;
  gulong size = 0, pages = 0;

  g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL);
  sscanf (statm, "%lu %lu", &size, &pages);
  return pages * sysconf (_SC_PAGESIZE);
}

static void
run (Bench *self, int to_child, const char *command)
{
  if (command[0] != '\0' && write (to_child, command, 1) != 1)
    g_error ("the clients are gone");
  g_main_loop_run (self->loop);
}

static void
measure_echo (Bench *self, int to_child, const char *what)
{
  gint64 cpu = cpu_us (), wall = g_get_monotonic_time ();
  const double n = CLIENTS * MESSAGES;

  run (self, to_child, "e");
  cpu = cpu_us () - cpu;
  wall = g_get_monotonic_time () - wall;
  g_print ("%s: %.2f us CPU a message, %.0f messages/s\n", what, cpu / n,
           n * G_USEC_PER_SEC / wall);
}

int
main (void)
{
  static const SentientEngineHandler handler
      = { .ws_open = on_ws_open, .ws_text = on_ws_text, .ws_closed = on_ws_closed };
  g_autoptr (SentientClock) clock = sentient_clock_new_system ();
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  SentientEngineConfig config;
  struct rlimit limit;
  Bench self = { 0 };
  int to_child[2], from_child[2];
  gsize before;
  guint watch;
  pid_t child;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);

  sentient_engine_config_init (&config);
  config.address = (SentientAddressLimits){ 0 };
  self.engine = sentient_engine_new (&config, clock, server, &handler, &self);
  soup_server_add_handler (server, "/ws", ws_handler, &self, NULL);
  if (!sentient_engine_listen (self.engine, "127.0.0.1", 0, &error))
    g_error ("%s", error->message);
  if (pipe (to_child) < 0 || pipe (from_child) < 0)
    g_error ("pipe");

  child = fork ();
  if (child == 0)
    {
      close (to_child[1]);
      close (from_child[0]);
      be_clients (sentient_engine_get_port (self.engine), from_child[1], to_child[0]);
    }
  close (to_child[0]);
  close (from_child[1]);

  self.loop = g_main_loop_new (NULL, FALSE);
  watch = g_unix_fd_add (from_child[0], G_IO_IN | G_IO_HUP, on_child, &self);
  run (&self, to_child[1], "");
  measure_echo (&self, to_child[1], "100 clients");

  before = resident ();
  run (&self, to_child[1], "i");
  g_print ("%u more, idle: %.0f bytes resident each\n", IDLE,
           (double)(resident () - before) / IDLE);
  measure_echo (&self, to_child[1], "100 clients beside 5,000 idle ones");

  close (to_child[1]);
  g_source_remove (watch);
  waitpid (child, NULL, 0);
  sentient_engine_free (self.engine);
  g_main_loop_unref (self.loop);
  return 0;
}
