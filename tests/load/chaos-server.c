/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chaos.h"
#include "load-client.h"

/* "… http://127.0.0.1:PORT …" on its output: then it runs, and knows what to do when it is to stop.
 */
static void
look_for_port (ChaosWorld *world)
{
  static const char mark[] = "http://127.0.0.1:";
  const char *found = strstr (world->tail, mark);

  if (found == NULL || strchr (found, '\n') == NULL)
    return;
  world->port = strtoul (found + strlen (mark), NULL, 10);
  world->listens = 1;
}

int
chaos_server_drain (ChaosWorld *world)
{
  char text[sizeof world->tail / 2];
  ssize_t n;

  while ((n = read (world->out, text, sizeof text)) > 0)
    {
      if (world->tail_len + n >= sizeof world->tail)
        {
          const size_t keep = sizeof world->tail / 4;

          memmove (world->tail, world->tail + world->tail_len - keep, keep);
          world->tail_len = keep;
        }
      memcpy (world->tail + world->tail_len, text, n);
      world->tail_len += n;
      world->tail[world->tail_len] = '\0';
      if (!world->listens)
        look_for_port (world);
    }
  return n != 0;
}

static void
await_port (ChaosWorld *world)
{
  struct pollfd wait = { .fd = world->out, .events = POLLIN };

  while (poll (&wait, 1, LOAD_TIMEOUT_MS) == 1 && (wait.revents & POLLIN) != 0)
    {
      chaos_server_drain (world);
      if (world->listens)
        return;
    }
  chaos_fail (world, "the program did not say where it listens: %s", world->tail);
}

static _Noreturn void
run (const ChaosWorld *world, int out)
{
  const char *arguments[32] = { world->program, "--server", "--host",     "127.0.0.1",
                                "--stun",       "none",     "--no-color", "--port" };
  char port[16];
  unsigned n = 8;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  dup2 (out, STDOUT_FILENO);
  snprintf (port, sizeof port, "%u", world->port);
  arguments[n++] = port;
  if (world->data[0] != '\0')
    {
      arguments[n++] = "--data";
      arguments[n++] = world->data;
    }
  for (unsigned i = 0; world->plan->arguments[i] != NULL; i++)
    arguments[n++] = world->plan->arguments[i];
  execv (world->program, (char *const *)arguments);
  load_die ("cannot run %s: %s", world->program, strerror (errno));
}

void
chaos_server_start (ChaosWorld *world)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0)
    load_die ("no pipe: %s", strerror (errno));
  world->tail_len = 0;
  world->tail[0] = '\0';
  world->listens = 0;
  world->pid = fork ();
  if (world->pid == 0)
    run (world, ends[1]);
  close (ends[1]);
  world->out = ends[0];
  fcntl (world->out, F_SETFL, O_NONBLOCK);
  if (world->port == 0)
    await_port (world); /* after a restart it is the same, and clients find out when it listens */
}

static void
reap (ChaosWorld *world)
{
  int status;

  close (world->out);
  world->out = -1;
  if (waitpid (world->pid, &status, 0) < 0 || !WIFEXITED (status) || WEXITSTATUS (status) != 0)
    chaos_fail (world, "the program ended with status %x: %s", (unsigned)status, world->tail);
}

void
chaos_server_begin_restart (ChaosWorld *world)
{
  kill (world->pid, SIGTERM);
  world->stopping = 1;
}

void
chaos_server_check (ChaosWorld *world)
{
  if (chaos_server_drain (world))
    return;
  reap (world);
  if (!world->stopping)
    chaos_fail (world, "the program ended: %s", world->tail);
  world->stopping = 0;
  world->n_restarts++;
  chaos_server_start (world);
}

void
chaos_server_stop (ChaosWorld *world)
{
  struct pollfd wait = { .fd = world->out, .events = POLLIN };

  kill (world->pid, SIGTERM);
  while (chaos_server_drain (world))
    {
      if (poll (&wait, 1, 2 * LOAD_TIMEOUT_MS) == 1)
        continue;
      kill (world->pid, SIGKILL);
      chaos_fail (world, "the program does not stop");
    }
  reap (world);
}

char *
chaos_server_get (ChaosWorld *world, const char *target)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (world->port) };
  struct timeval patience = { .tv_sec = LOAD_TIMEOUT_MS / 1000 };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ChaosBuf in = { NULL, 0, NULL, 0 };
  char text[16384], *body, *copy;
  unsigned status;
  size_t len;
  ssize_t n;

  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  n = snprintf (text, sizeof text,
                "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", target);
  if (connect (fd, (struct sockaddr *)&to, sizeof to) != 0 || write (fd, text, n) != n)
    chaos_fail (world, "GET %s: %s", target, strerror (errno));
  while (chaos_response_look (&in, &status, &body, &len) == 0)
    {
      n = read (fd, text, sizeof text);
      if (n <= 0)
        chaos_fail (world, "GET %s: no whole answer in %.*s", target, (int)in.len, in.data);
      chaos_buf_add (&in, text, n);
    }
  if (status != 200)
    chaos_fail (world, "GET %s: %u", target, status);
  copy = strndup (body, len);
  chaos_buf_clear (&in);
  close (fd);
  return copy;
}
