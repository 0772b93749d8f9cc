/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-static.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sentient-error.h"

/* The kernel itself refuses to leave root (openat2(2), Linux 5.6): no check of ours to get wrong.
 */
static int
open_beneath (int root_fd, const char *path)
{
  struct open_how how = {
    .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };

  return syscall (SYS_openat2, root_fd, path, &how, sizeof how);
}

/* ".git", ".env": files that nobody means to publish. ".well-known" (RFC 8615) is meant. */
static gboolean
is_hidden (const char *path)
{
  static const char *const well_known = "/.well-known/";

  if (g_str_has_prefix (path, well_known))
    path += strlen (well_known) - 1;
  return strstr (path, "/.") != NULL;
}

static int
open_file (const char *root, const char *path, struct stat *info, gboolean *is_index)
{
  int root_fd = open (root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd;

  if (root_fd < 0)
    return -1;
  while (*path == '/')
    path++;
  fd = open_beneath (root_fd, *path != '\0' ? path : ".");
  if (fd >= 0 && fstat (fd, info) == 0 && S_ISDIR (info->st_mode))
    {
      int dir_fd = fd;

      *is_index = TRUE;
      fd = open_beneath (dir_fd, "index.html");
      close (dir_fd);
    }
  close (root_fd);
  if (fd >= 0 && (fstat (fd, info) != 0 || !S_ISREG (info->st_mode)))
    {
      close (fd);
      return -1;
    }
  return fd;
}

static char *
guess_type (const char *path)
{
  g_autofree char *type = g_content_type_guess (path, NULL, 0, NULL);
  g_autofree char *mime = g_content_type_get_mime_type (type);

  if (mime == NULL)
    return g_strdup ("application/octet-stream");
  return g_str_has_prefix (mime, "text/") ? g_strconcat (mime, "; charset=utf-8", NULL)
                                          : g_steal_pointer (&mime);
}

gboolean
sentient_static_respond (const char *root,
                         const char *path,
                         SoupServerMessage *message,
                         GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *type = NULL;
  gboolean is_index = FALSE;
  struct stat info;
  int fd = is_hidden (path) ? -1 : open_file (root, path, &info, &is_index);

  if (fd < 0)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_FOUND, "There is no “%s” here.", path);
      return FALSE;
    }
  if (info.st_size > SENTIENT_STATIC_MAX_BYTES)
    {
      close (fd);
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "“%s” is over the %d MiB that are served in one piece.", path,
                   SENTIENT_STATIC_MAX_BYTES / (1024 * 1024));
      return FALSE;
    }

  file = g_mapped_file_new_from_fd (fd, FALSE, error);
  close (fd);
  if (file == NULL)
    return FALSE;
  bytes = g_mapped_file_get_bytes (file);
  type = guess_type (is_index ? "index.html" : path);
  soup_message_headers_replace (headers, "Content-Type", type);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), bytes);
  soup_server_message_set_status (message, 200, NULL);
  return TRUE;
}
