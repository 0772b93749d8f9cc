/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sentient-leave.h"

static void
at_exit (void)
{
  puts ("done at exit");
}

static void
test_leave (void)
{
  g_autoptr (GString) said = g_string_new (NULL);
  char buffer[256];
  int fds[2], status;
  ssize_t got;
  pid_t child;

  g_assert_cmpint (pipe (fds), ==, 0);
  fflush (NULL);
  child = fork ();
  if (child == 0)
    {
      dup2 (fds[1], STDOUT_FILENO);
      close (fds[0]);
      close (fds[1]);
      atexit (at_exit);
      printf ("not flushed yet,"); /* a pipe is written to when it is full */
      sentient_leave (3);
    }
  close (fds[1]);
  while ((got = read (fds[0], buffer, sizeof buffer)) > 0)
    g_string_append_len (said, buffer, got);
  close (fds[0]);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 3);
#ifdef SENTIENT_LEAVES_AT_ONCE
  g_assert_cmpstr (said->str, ==, "not flushed yet,");
#else
  g_assert_cmpstr (said->str, ==, "not flushed yet,done at exit\n");
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/leave/at-once", test_leave);
  return g_test_run ();
}
