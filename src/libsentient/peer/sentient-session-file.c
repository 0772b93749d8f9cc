/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-session-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sentient-error.h"
#include "signaling/sentient-channel.h"

#define SIZE_MAX_FILE 4096
#define GROUP "session"

struct _SentientSessionFile
{
  int fd;
  char *path;
  char *stored; /* what stands in it, as far as we wrote it; NULL: not known */
};

static SentientSessionFile *
fail (const char *path, int fd, SentientError code, const char *what, GError **error)
{
  g_set_error (error, SENTIENT_ERROR, (gint)code, "The session file “%s” is not used: %s", path,
               what);
  if (fd >= 0)
    close (fd);
  return NULL;
}

SentientSessionFile *
sentient_session_file_open (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  SentientSessionFile *self;
  struct stat info;
  int fd;

  if (g_mkdir_with_parents (directory, 0700) != 0)
    return fail (path, -1, SENTIENT_ERROR_FAILED, g_strerror (errno), error);
  fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (fd < 0 || fstat (fd, &info) != 0)
    return fail (path, fd, SENTIENT_ERROR_FAILED, g_strerror (errno), error);
  if (!S_ISREG (info.st_mode) || info.st_uid != geteuid () || (info.st_mode & 077) != 0)
    return fail (path, fd, SENTIENT_ERROR_FORBIDDEN,
                 "it must be a file that only you can read. Remove it.", error);
  if (flock (fd, LOCK_EX | LOCK_NB) != 0)
    return fail (path, fd, SENTIENT_ERROR_BUSY, "another node with this id is running", error);
  self = g_new0 (SentientSessionFile, 1);
  self->fd = fd;
  self->path = g_strdup (path);
  return self;
}

void
sentient_session_file_free (SentientSessionFile *self)
{
  struct stat info;

  if (fstat (self->fd, &info) == 0 && info.st_size == 0)
    unlink (self->path);
  close (self->fd);
  g_free (self->path);
  g_free (self->stored);
  g_free (self);
}

void
sentient_session_file_load (SentientSessionFile *self,
                            const char *node_id,
                            SentientClientSession *session)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *node = NULL;
  g_autofree char *name = NULL;
  g_autofree char *token = NULL;
  g_autofree char *coordinator = NULL;
  g_autoptr (GUri) base = NULL;
  char text[SIZE_MAX_FILE];
  gssize size = pread (self->fd, text, sizeof text, 0);

  if (size <= 0 || size == sizeof text
      || !g_key_file_load_from_data (file, text, (gsize)size, G_KEY_FILE_NONE, NULL))
    return;
  node = g_key_file_get_string (file, GROUP, "node", NULL);
  name = g_key_file_get_string (file, GROUP, "name", NULL);
  token = g_key_file_get_string (file, GROUP, "token", NULL);
  coordinator = g_key_file_get_string (file, GROUP, "coordinator", NULL);
  if (name == NULL || token == NULL || coordinator == NULL || g_strcmp0 (node, node_id) != 0)
    return;
  base = sentient_channel_parse_uri (coordinator, NULL);
  if (base != NULL)
    sentient_client_session_restore (session, base, name, token);
}

gboolean
sentient_session_file_store (SentientSessionFile *self,
                             const char *node_id,
                             SentientClientSession *session,
                             GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  const char *name, *token;
  GUri *base;
  gsize size = 0;

  if (sentient_client_session_get_secrets (session, &base, &name, &token))
    {
      g_autofree char *coordinator = g_uri_to_string (base);

      g_key_file_set_string (file, GROUP, "node", node_id);
      g_key_file_set_string (file, GROUP, "coordinator", coordinator);
      g_key_file_set_string (file, GROUP, "name", name);
      g_key_file_set_string (file, GROUP, "token", token);
    }
  text = g_key_file_to_data (file, &size, NULL);
  if (g_strcmp0 (text, self->stored) == 0)
    return TRUE;
  if (size >= SIZE_MAX_FILE || ftruncate (self->fd, 0) != 0
      || pwrite (self->fd, text, size, 0) != (gssize)size)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED,
                   "The session could not be written to “%s”: %s", self->path,
                   size >= SIZE_MAX_FILE ? "it is too long" : g_strerror (errno));
      return FALSE;
    }
  g_free (self->stored);
  self->stored = g_steal_pointer (&text);
  return TRUE;
}
