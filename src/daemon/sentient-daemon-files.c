/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files come as descriptors: what the kernel let the caller open is what the daemon reads and
 * writes, and it opens nothing by a name that somebody else gave. */

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/sentient-daemon-private.h"

#define NAME_MAX_BYTES 255
#define TYPE_MAX_BYTES 128
#define REPLY_MS 5000
/* Where the folder is that a descriptor stands for, as a person knows it. */
#define FOLDER_KEY "sentient-daemon-folder"

static gboolean fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (error, g_error_new_valist (SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, format,
                                                arguments));
  va_end (arguments);
  return FALSE;
}

/* -1: error is set. */
static int
take_fd (GUnixFDList *fds, GVariant *handle, struct stat *info, GError **error)
{
  gint32 index = g_variant_get_handle (handle);
  int fd;

  if (fds == NULL || index < 0 || index >= g_unix_fd_list_get_length (fds))
    {
      fail (error, "no file descriptor came with the call");
      return -1;
    }
  fd = g_unix_fd_list_get (fds, index, error);
  if (fd >= 0 && fstat (fd, info) != 0)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED,
                   "the file descriptor cannot be looked at: %s", g_strerror (errno));
      g_close (fd, NULL);
      return -1;
    }
  return fd;
}

/* mode: what it is not open for if it is open for nothing else. */
static gboolean
is_open_for (int fd, int other_mode)
{
  int flags = fcntl (fd, F_GETFL);

  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != other_mode;
}

static gboolean
is_stream (const struct stat *info)
{
  return S_ISFIFO (info->st_mode) || S_ISSOCK (info->st_mode);
}

/* Sending */

typedef struct
{
  SentientDaemonCall *call;
  GInputStream *stream;
  char *node_id;
  char *name;
  char *media_type;
  gint64 size;
} Sending;

static void
sending_free (Sending *sending)
{
  g_object_unref (sending->stream);
  g_free (sending->node_id);
  g_free (sending->name);
  g_free (sending->media_type);
  g_free (sending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sending, sending_free)

static void
on_offered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemonCall *call = user_data;
  SentientDaemonTransfers *transfers = call->daemon->transfers;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientTransfer) transfer
      = sentient_peer_send_file_finish (SENTIENT_PEER (source), result, &error);

  if (transfer == NULL)
    sentient_daemon_call_fail (call, error);
  else
    sentient_daemon_call_return_path (
        call, transfers != NULL ? sentient_daemon_transfers_find_path (transfers, transfer) : NULL);
}

static void
offer (Sending *sending)
{
  g_autoptr (Sending) owned = sending;

  sentient_peer_send_stream_async (sending->call->daemon->peer, sending->node_id, sending->stream,
                                   sending->name,
                                   *sending->media_type != '\0' ? sending->media_type : NULL,
                                   sending->size, NULL, on_offered, sending->call);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Sending *sending = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection
      = sentient_peer_connect_peer_finish (SENTIENT_PEER (source), result, &error);

  if (connection != NULL)
    {
      offer (sending);
      return;
    }
  sentient_daemon_call_fail (sending->call, error);
  sending_free (sending);
}

static gboolean
check_words (const char *name, const char *media_type, GError **error)
{
  if (*name == '\0' || strlen (name) > NAME_MAX_BYTES || strchr (name, '/') != NULL)
    return fail (error, "a file's name has 1 to 255 bytes and no “/”: give its last part only");
  if (strlen (media_type) > TYPE_MAX_BYTES)
    return fail (error, "a media type has at most 128 bytes, such as “image/png”");
  return TRUE;
}

/* What there is to be read; -1: that is not known. */
static gboolean
measure (int fd, const struct stat *info, const char *name, gint64 *size, GError **error)
{
  off_t place;

  if (S_ISDIR (info->st_mode))
    return fail (error, "“%s” is a folder: send the files in it, or pack it into one", name);
  if (!S_ISREG (info->st_mode) && !is_stream (info))
    return fail (error, "“%s” is no file, pipe or socket, so nothing was sent", name);
  if (!is_open_for (fd, O_WRONLY))
    return fail (error, "“%s” is not open for reading", name);
  *size = -1;
  if (!S_ISREG (info->st_mode))
    return TRUE;
  place = lseek (fd, 0, SEEK_CUR);
  *size = place >= 0 && place < info->st_size ? info->st_size - place : 0;
  return TRUE;
}

gboolean
sentient_daemon_send_file (SentientDaemon *self,
                           GDBusMethodInvocation *invocation,
                           GUnixFDList *fds,
                           GVariant *file,
                           const char *node_id,
                           const char *name,
                           const char *media_type)
{
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  SentientConnection *connection;
  struct stat info;
  Sending *sending;
  gint64 size = -1;
  int fd;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  if (!check_words (name, media_type, &error))
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  fd = take_fd (fds, file, &info, &error);
  if (fd < 0)
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  stream = g_unix_input_stream_new (fd, TRUE);
  if (!measure (fd, &info, name, &size, &error))
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));

  sending = g_new0 (Sending, 1);
  sending->call = sentient_daemon_call_new (self, invocation);
  sending->stream = g_steal_pointer (&stream);
  sending->node_id = g_strdup (node_id);
  sending->name = g_strdup (name);
  sending->media_type = g_strdup (media_type);
  sending->size = size;
  connection = sentient_peer_find_connection (self->peer, node_id);
  if (connection != NULL
      && sentient_connection_get_state (connection) != SENTIENT_CONNECTION_STATE_CONNECTING)
    offer (sending);
  else
    sentient_peer_connect_peer_async (self->peer, node_id, NULL, on_connected, sending);
  return TRUE;
}

/* Messages */

/* Sealed: it is in memory, and nobody takes away what is mapped. NULL: error is set. */
static GBytes *
map_message (int fd, const struct stat *info, guint max, GError **error)
{
  const int needed = F_SEAL_WRITE | F_SEAL_SHRINK;
  int seals = fcntl (fd, F_GET_SEALS);
  g_autoptr (GMappedFile) file = NULL;

  if (!S_ISREG (info->st_mode) || seals < 0 || (seals & needed) != needed)
    {
      fail (error, "a message comes in a memfd that is sealed against writing and shrinking");
      return NULL;
    }
  if (info->st_size > max)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                   "%" G_GINT64_FORMAT
                   " bytes are more than the %u of a message; send it as a file",
                   (gint64)info->st_size, max);
      return NULL;
    }
  file = g_mapped_file_new_from_fd (fd, FALSE, error);
  return file != NULL ? g_mapped_file_get_bytes (file) : NULL;
}

gboolean
sentient_daemon_send_data (SentientDaemon *self,
                           GDBusMethodInvocation *invocation,
                           GUnixFDList *fds,
                           GVariant *data,
                           const char *node_id,
                           gboolean text,
                           const char *priority)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) message = NULL;
  g_autoptr (GError) error = NULL;
  struct stat info;
  guint max;
  int fd;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  fd = take_fd (fds, data, &info, &error);
  if (fd < 0)
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  g_object_get (self->peer, "max-message-size", &max, NULL);
  bytes = map_message (fd, &info, max, &error);
  g_close (fd, NULL);
  if (bytes == NULL)
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  message = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
  return sentient_daemon_send_with_priority (self, invocation, node_id, message, text, priority);
}

/* Receiving */

typedef struct
{
  SentientDaemonCall *call;
  SentientTransfer *transfer;
  GFile *folder;
} Accepting;

static void
close_fd (gpointer fd)
{
  g_close (GPOINTER_TO_INT (fd), NULL);
}

/* The folder that a descriptor stands for, whatever happens to its name. Takes fd, which is closed
 * with the last reference. */
static GFile *
new_folder (int fd)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  GFile *folder = g_file_new_for_path (path);
  g_autofree char *known = g_file_read_link (path, NULL);

  g_object_set_data_full (G_OBJECT (folder), "sentient-daemon-fd", GINT_TO_POINTER (fd), close_fd);
  g_object_set_data_full (G_OBJECT (folder), FOLDER_KEY, g_steal_pointer (&known), g_free);
  return folder;
}

static gboolean
accept_folder (SentientTransfer *transfer, GFile *folder, GError **error)
{
  if (!sentient_transfer_accept (transfer, folder, error))
    return FALSE;
  g_object_set_data_full (G_OBJECT (transfer), FOLDER_KEY,
                          g_strdup (g_object_get_data (G_OBJECT (folder), FOLDER_KEY)), g_free);
  return TRUE;
}

static gboolean
may_write (GVariant *reply, GError **error)
{
  guint32 user;

  g_variant_get (reply, "(u)", &user);
  if (user == 0 || user == geteuid ())
    return TRUE;
  g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                       "this daemon runs as another user, and writes into folders of its own user "
                       "only: open a file for writing and pass that");
  return FALSE;
}

static void
on_user (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Accepting *accepting = user_data;
  g_autoptr (SentientTransfer) transfer = accepting->transfer;
  g_autoptr (GFile) folder = accepting->folder;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL && may_write (reply, &error) && accept_folder (transfer, folder, &error))
    sentient_daemon_call_done (accepting->call);
  else
    sentient_daemon_call_fail (accepting->call, error);
}

/* Into a folder: the daemon makes files there by its own right, so the bus has to say who asks. */
static void
ask_for_user (SentientDaemon *self,
              GDBusMethodInvocation *invocation,
              SentientTransfer *transfer,
              int fd)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  Accepting *accepting = g_new0 (Accepting, 1);

  accepting->call = sentient_daemon_call_new (self, invocation);
  accepting->transfer = g_object_ref (transfer);
  accepting->folder = new_folder (fd);
  g_dbus_connection_call (self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "GetConnectionUnixUser",
                          g_variant_new ("(s)", sender), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE, REPLY_MS, NULL, on_user, accepting);
}

gboolean
sentient_daemon_accept_file (SentientDaemon *self,
                             GDBusMethodInvocation *invocation,
                             GUnixFDList *fds,
                             GVariant *destination,
                             SentientTransfer *transfer)
{
  g_autoptr (GOutputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  struct stat info;
  int fd;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  fd = take_fd (fds, destination, &info, &error);
  if (fd < 0)
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));
  if (S_ISDIR (info.st_mode))
    {
      ask_for_user (self, invocation, transfer, fd);
      return TRUE;
    }
  stream = g_unix_output_stream_new (fd, TRUE);
  if (!S_ISREG (info.st_mode) && !is_stream (&info))
    fail (&error, "this is no folder, file, pipe or socket");
  else if (!is_open_for (fd, O_RDONLY))
    fail (&error, "the file is not open for writing");
  else if (sentient_transfer_accept_stream (transfer, stream, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  return error == NULL || sentient_daemon_refuse (invocation, g_steal_pointer (&error));
}

void
sentient_daemon_accept_by_settings (SentientDaemon *self,
                                    SentientTransfer *transfer,
                                    GError **error)
{
  const char *path = sentient_settings_get_string (self->settings, "accept-files");
  gint64 max = (gint64)sentient_settings_get_uint (self->settings, "accept-files-max") << 20;
  gint64 size = sentient_transfer_get_size (transfer);
  g_autoptr (GFile) folder = NULL;

  if (path == NULL || size < 0 || size > max)
    return;
  /* What is no folder would become the file. */
  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED,
                   "“%s” from “%s” was not taken, since accept-files names no directory: make %s, "
                   "or name another one. The offer waits for an answer",
                   sentient_transfer_get_name (transfer), sentient_transfer_get_node_id (transfer),
                   path);
      return;
    }
  folder = g_file_new_for_path (path);
  sentient_transfer_accept (transfer, folder, error);
}

void
sentient_daemon_check_accept_files (SentientDaemon *self)
{
  g_autoptr (GError) error = NULL;

  if (!sentient_settings_check_accept_files (self->settings, &error))
    sentient_daemon_fail (self, error);
}

char *
sentient_daemon_dup_file_name (SentientTransfer *transfer)
{
  const char *folder = g_object_get_data (G_OBJECT (transfer), FOLDER_KEY);
  GFile *file = sentient_transfer_get_file (transfer);
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;

  if (file == NULL || sentient_transfer_get_state (transfer) != SENTIENT_TRANSFER_STATE_DONE)
    return g_strdup ("");
  if (folder == NULL)
    return g_file_get_parse_name (file);
  name = g_file_get_basename (file);
  path = g_build_filename (folder, name, NULL);
  return g_filename_display_name (path);
}
