/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-client.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file without a name, and an inotify fd that tells when it was written to. A pipe would have to
 * be emptied all the time: a server that waits for its reader is not measured. */
static int
open_output (int *changes)
{
  char path[] = "/tmp/sentient-load-XXXXXX";
  int out = mkostemp (path, O_CLOEXEC | O_APPEND);

  *changes = inotify_init1 (IN_CLOEXEC);
  if (out < 0 || *changes < 0 || inotify_add_watch (*changes, path, IN_MODIFY) < 0)
    load_die ("no file for the output of the server: %s", strerror (errno));
  unlink (path);
  return out;
}

/* "… http://127.0.0.1:PORT …" on its stdout tells the port. */
static void
read_port (LoadServer *self, int changes)
{
  static const char mark[] = "http://127.0.0.1:";
  struct pollfd wait = { .fd = changes, .events = POLLIN };
  char events[4096];
  char text[4096];

  while (poll (&wait, 1, LOAD_TIMEOUT_MS) == 1 && read (changes, events, sizeof events) > 0)
    {
      ssize_t n = pread (self->out, text, sizeof text - 1, 0);
      const char *found;

      text[n > 0 ? n : 0] = '\0';
      found = strstr (text, mark);
      if (found == NULL || strchr (found, '\n') == NULL)
        continue;
      self->port = strtoul (found + strlen (mark), NULL, 10);
      close (changes);
      return;
    }
  load_die ("the server did not say where it listens");
}

#define LARGEST_ROOM "2000"

void
load_server_start (LoadServer *self, const char *program, LoadLimits limits)
{
  int changes;

  self->out = open_output (&changes);
  self->pid = fork ();
  if (self->pid < 0)
    load_die ("no fork: %s", strerror (errno));
  if (self->pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      dup2 (self->out, STDOUT_FILENO);
      execl (program, program, "--server", "--host", "127.0.0.1", "--port", "0", "--stun", "none",
             "--no-color", limits == LOAD_LIMITS_OFF ? "--no-limits" : (char *)NULL, "--max-peers",
             LARGEST_ROOM, (char *)NULL);
      load_die ("cannot run %s: %s", program, strerror (errno));
    }
  read_port (self, changes);
}

typedef struct
{
  LoadFloor kind;
  int listener;
  int epoll;
  int fds[32768]; /* in the order of accepting */
  unsigned n_fds;
} Floor;

static void
floor_send (int fd, const char *data, ssize_t len)
{
  for (ssize_t done = 0; done < len;)
    {
      ssize_t sent = send (fd, data + done, (size_t)(len - done), MSG_NOSIGNAL);

      if (sent < 0 && errno != EAGAIN)
        return;
      done += sent > 0 ? sent : 0;
    }
}

static void
floor_forward (Floor *self, unsigned index)
{
  static char buffer[256 * 1024];
  ssize_t n = recv (self->fds[index], buffer, sizeof buffer, 0);

  if (self->kind == LOAD_FLOOR_PAIRS)
    floor_send (self->fds[index ^ 1], buffer, n);
  else if (index == 0)
    for (unsigned i = 1; i < self->n_fds; i++)
      floor_send (self->fds[i], buffer, n);
}

static void
floor_accept (Floor *self)
{
  const int on = 1;
  int fd;

  while (self->n_fds < 32768
         && (fd = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.u32 = self->n_fds };

      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      self->fds[self->n_fds++] = fd;
      epoll_ctl (self->epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static _Noreturn void
floor_run (int listener, LoadFloor kind)
{
  static Floor self;
  struct epoll_event events[256];
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = UINT32_MAX };

  self.kind = kind;
  self.listener = listener;
  self.epoll = epoll_create1 (EPOLL_CLOEXEC);
  epoll_ctl (self.epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;)
    {
      int n = epoll_wait (self.epoll, events, 256, -1);

      for (int i = 0; i < n; i++)
        if (events[i].data.u32 == UINT32_MAX)
          floor_accept (&self);
        else
          floor_forward (&self, events[i].data.u32);
    }
}

void
load_server_start_floor (LoadServer *self, LoadFloor kind)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

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
      floor_run (listener, kind);
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

      if (task->d_name[0] == '.')
        continue; /* "..", whose schedstat is that of the first thread again */
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
