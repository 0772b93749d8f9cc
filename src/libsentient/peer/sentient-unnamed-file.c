/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-unnamed-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static gboolean is_supported = TRUE;

/* How the kernel is told which file is meant. */
static char *
dup_path_of (int fd)
{
  return g_strdup_printf ("/proc/self/fd/%d", fd);
}

static void
open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autofree char *path = NULL;
  int fd = -1;

  while (fd < 0)
    {
      fd = open (data, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
      if (fd < 0 && errno != EINTR)
        break;
    }
  if (fd >= 0)
    path = dup_path_of (fd);
  /* Without /proc it would never get a name. */
  if (fd >= 0 && g_access (path, F_OK) != 0)
    {
      close (fd);
      fd = -1;
    }
  g_task_return_int (task, fd);
}

void
sentient_unnamed_file_open_async (GFile *folder,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (folder, cancellable, callback, user_data);
  char *path = g_file_get_path (folder);

  g_task_set_source_tag (task, sentient_unnamed_file_open_async);
  /* What was opened is not lost by it. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, path, g_free);
  if (path == NULL || !is_supported)
    g_task_return_int (task, -1);
  else
    g_task_run_in_thread (task, open_in_thread);
}

int
sentient_unnamed_file_open_finish (GAsyncResult *result)
{
  return (int)g_task_propagate_int (G_TASK (result), NULL);
}

static void
link_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autofree char *from = dup_path_of (GPOINTER_TO_INT (data));
  g_autofree char *to = g_file_get_path (G_FILE (source));
  int code;

  if (linkat (AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  code = errno;
  g_task_return_new_error (task, G_IO_ERROR, g_io_error_from_errno (code), "%s", g_strerror (code));
}

void
sentient_unnamed_file_link_async (int fd,
                                  GFile *file,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (file, NULL, callback, user_data);

  g_task_set_source_tag (task, sentient_unnamed_file_link_async);
  g_task_set_task_data (task, GINT_TO_POINTER (fd), NULL);
  g_task_run_in_thread (task, link_in_thread);
}

gboolean
sentient_unnamed_file_link_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sentient_unnamed_file_set_supported (gboolean supported)
{
  is_supported = supported;
}
