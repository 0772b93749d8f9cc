/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-client.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* "… http://127.0.0.1:PORT …" on its stdout tells the port. */
static void
read_port (LoadServer *self)
{
  static const char *const mark = "http://127.0.0.1:";
  FILE *out = fdopen (dup (self->out), "r");
  char line[512];

  while (out != NULL && fgets (line, sizeof line, out) != NULL)
    {
      const char *found = strstr (line, mark);

      if (found != NULL)
        {
          self->port = strtoul (found + strlen (mark), NULL, 10);
          fclose (out);
          return;
        }
    }
  load_die ("the server did not say where it listens");
}

void
load_server_start (LoadServer *self, const char *program)
{
  int ends[2];

  if (pipe (ends) != 0)
    load_die ("no pipe: %s", strerror (errno));
  self->pid = fork ();
  if (self->pid < 0)
    load_die ("no fork: %s", strerror (errno));
  if (self->pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      dup2 (ends[1], STDOUT_FILENO);
      close (ends[0]);
      close (ends[1]);
      execl (program, program, "--server", "--host", "127.0.0.1", "--port", "0", "--stun", "none",
             "--no-color", (char *)NULL);
      load_die ("cannot run %s: %s", program, strerror (errno));
    }
  close (ends[1]);
  self->out = ends[0];
  read_port (self);
}

static void
floor_forward (int from, int to)
{
  static char buffer[256 * 1024];
  ssize_t n = recv (from, buffer, sizeof buffer, 0);

  for (ssize_t done = 0; n > 0 && done < n;)
    {
      ssize_t sent = send (to, buffer + done, n - done, MSG_NOSIGNAL);

      if (sent < 0 && errno != EAGAIN)
        return;
      done += sent > 0 ? sent : 0;
    }
}

/* Connections come in pairs: fd 2k with 2k + 1 of the order of accepting. */
static _Noreturn void
floor_run (int listener)
{
  static int fds[65536];
  struct epoll_event events[256];
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = UINT32_MAX };
  int epoll = epoll_create1 (0);
  unsigned n_fds = 0;
  int on = 1;

  epoll_ctl (epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;)
    {
      int n = epoll_wait (epoll, events, 256, -1);

      for (int i = 0; i < n; i++)
        {
          unsigned index = events[i].data.u32;

          if (index != UINT32_MAX)
            {
              floor_forward (fds[index], fds[index ^ 1]);
              continue;
            }
          fds[n_fds] = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
          setsockopt (fds[n_fds], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          event = (struct epoll_event){ .events = EPOLLIN, .data.u32 = n_fds };
          epoll_ctl (epoll, EPOLL_CTL_ADD, fds[n_fds++], &event);
        }
    }
}

void
load_server_start_floor (LoadServer *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (bind (listener, (struct sockaddr *)&address, sizeof address) != 0
      || listen (listener, 4096) != 0
      || getsockname (listener, (struct sockaddr *)&address, &len) != 0)
    load_die ("the floor cannot listen: %s", strerror (errno));
  self->port = ntohs (address.sin_port);
  self->out = -1;
  self->pid = fork ();
  if (self->pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      floor_run (listener);
    }
  close (listener);
}

void
load_server_stop (LoadServer *self)
{
  kill (self->pid, SIGKILL);
  waitpid (self->pid, NULL, 0);
  if (self->out >= 0)
    close (self->out);
}

uint64_t
load_server_get_cpu (const LoadServer *self)
{
  char path[64];
  DIR *tasks;
  struct dirent *task;
  uint64_t sum = 0;

  snprintf (path, sizeof path, "/proc/%d/task", self->pid);
  tasks = opendir (path);
  while (tasks != NULL && (task = readdir (tasks)) != NULL)
    {
      char file_path[512];
      unsigned long long ns;
      FILE *file;

      snprintf (file_path, sizeof file_path, "%s/%s/schedstat", path, task->d_name);
      file = fopen (file_path, "r");
      if (file == NULL)
        continue;
      if (fscanf (file, "%llu", &ns) == 1)
        sum += ns;
      fclose (file);
    }
  if (tasks == NULL)
    load_die ("the server is gone");
  closedir (tasks);
  return sum;
}

uint64_t
load_server_get_rss (const LoadServer *self)
{
  char path[64];
  unsigned long size;
  unsigned long resident = 0;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%d/statm", self->pid);
  file = fopen (path, "r");
  if (file == NULL || fscanf (file, "%lu %lu", &size, &resident) != 2)
    load_die ("the server is gone");
  fclose (file);
  return (uint64_t)resident * sysconf (_SC_PAGESIZE);
}
