/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file through which sessions survive a planned restart. Whoever reads it has every token. */

#include "coordinator/sentient-coordinator-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/sentient-handover.h"

/* More than what may wait in all outboxes, with its names and numbers. */
#define SIZE_MAX_BYTES (1024 * 1024 * 1024)

static gboolean
set_errno (GError **error, const char *what)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", what, g_strerror (code));
  return FALSE;
}

static gboolean
write_all (int fd, const char *data, gsize len, GError **error)
{
  while (len > 0)
    {
      gssize n = write (fd, data, len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return set_errno (error, "it cannot be written");
      data += n;
      len -= (gsize)n;
    }
  return fsync (fd) == 0 || set_errno (error, "it cannot be written");
}

/* Under another name first, so that nobody ever finds half of it. */
static gboolean
save (const char *path, GBytes *bytes, GError **error)
{
  g_autofree char *new_path = g_strconcat (path, ".new", NULL);
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  int fd;
  gboolean done;

  g_unlink (new_path);
  fd = g_open (new_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return set_errno (error, "it cannot be made");
  done = write_all (fd, data, len, error);
  close (fd);
  if (done && g_rename (new_path, path) != 0)
    done = set_errno (error, "it cannot be put in its place");
  if (!done)
    g_unlink (new_path);
  return done;
}

void
sentient_coordinator_save_handover (SentientCoordinator *self)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  SentientHandoverCounts counts;

  if (self->handover_file == NULL)
    return;
  bytes = sentient_handover_save (self->directory, &counts);
  if (counts.sessions == 0)
    return;
  if (save (self->handover_file, bytes, &error))
    g_message ("%u sessions and %u messages are left to the next start in %s", counts.sessions,
               counts.messages, self->handover_file);
  else
    g_message ("The hand-over file %s is not there, so sessions end with this stop: %s",
               self->handover_file, error->message);
}

/* Only we may have been able to write or read it. */
static gboolean
check_file (int fd, gsize *size, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return set_errno (error, "it cannot be looked at");
  if (!S_ISREG (info.st_mode) || info.st_uid != geteuid () || (info.st_mode & 077) != 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                           "it must be a plain file of this user that nobody else may read or "
                           "write (mode 0600)");
      return FALSE;
    }
  if (info.st_size > SIZE_MAX_BYTES)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "it is too large");
      return FALSE;
    }
  *size = (gsize)info.st_size;
  return TRUE;
}

static GBytes *
read_all (int fd, gsize size, GError **error)
{
  g_autofree char *data = g_malloc (size);
  gsize len = 0;

  while (len < size)
    {
      gssize n = read (fd, data + len, size - len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          set_errno (error, "it cannot be read");
          return NULL;
        }
      if (n == 0)
        break;
      len += (gsize)n;
    }
  return g_bytes_new_take (g_steal_pointer (&data), len);
}

/* Whatever is in it, it is used once. NULL without error: there is none. */
static GBytes *
take (const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
  GBytes *bytes = NULL;
  gsize size;

  if (fd < 0 && errno == ENOENT)
    return NULL;
  if (fd < 0)
    {
      set_errno (error, "it cannot be opened");
      return NULL;
    }
  if (g_unlink (path) != 0)
    set_errno (error, "it cannot be deleted");
  else if (check_file (fd, &size, error))
    bytes = read_all (fd, size, error);
  close (fd);
  return bytes;
}

void
sentient_coordinator_load_handover (SentientCoordinator *self)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  SentientHandoverCounts counts;

  if (self->handover_file == NULL || sentient_directory_get_n_nodes (self->directory) > 0)
    return;
  bytes = take (self->handover_file, &error);
  if (bytes != NULL && sentient_handover_restore (self->directory, bytes, &counts, &error))
    g_message ("%u sessions and %u messages were taken over from %s", counts.sessions,
               counts.messages, self->handover_file);
  else if (error != NULL)
    g_message ("The hand-over file %s is not used, so all nodes join anew: %s", self->handover_file,
               error->message);
}
