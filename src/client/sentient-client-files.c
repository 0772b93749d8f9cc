/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files by way of the daemon: what this process may open is passed as a descriptor. */

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/sentient-client-list.h"
#include "client/sentient-client-private.h"
#include "dbus/sentient-dbus-names.h"

#define SEND_MS 60000 /* it may have to connect first */
#define NUMBERS_MAX 9999

guint64
sentient_client_get_transfer_number (SentientDBusTransfer *transfer)
{
  return sentient_client_path_number (sentient_client_proxy_path (transfer));
}

gboolean
sentient_client_transfer_is_over (SentientDBusTransfer *transfer)
{
  const char *state = sentient_dbus_transfer_get_state (transfer);

  return !g_str_equal (state, "offered") && !g_str_equal (state, "active");
}

SentientDBusTransfer *
sentient_client_find_transfer (SentientClient *self, guint64 number)
{
  g_return_val_if_fail (SENTIENT_IS_CLIENT (self), NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->transfers)); i++)
    {
      g_autoptr (SentientDBusTransfer) transfer
          = g_list_model_get_item (G_LIST_MODEL (self->transfers), i);

      /* The list goes on holding it. */
      if (sentient_client_get_transfer_number (transfer) == number)
        return transfer;
    }
  return NULL;
}

static void G_GNUC_PRINTF (2, 3) set_error (GError **error, const char *format, ...)
{
  int code = g_io_error_from_errno (errno);
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (G_IO_ERROR, code, format, args);
  va_end (args);
}

/* Sending */

int
sentient_client_open_file (const char *path, char **name, char **media_type, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *type = NULL;
  struct stat info;
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);

  if (fd < 0)
    {
      set_error (error, _ ("“%s” cannot be read: %s"), shown, g_strerror (errno));
      return -1;
    }
  if (fstat (fd, &info) == 0 && S_ISDIR (info.st_mode))
    {
      errno = EISDIR;
      set_error (error, _ ("“%s” is a folder: send the files in it, or pack it into one"), shown);
      g_close (fd, NULL);
      return -1;
    }
  type = g_content_type_guess (base, NULL, 0, NULL);
  *name = g_filename_display_name (base);
  *media_type = g_content_type_is_unknown (type) ? NULL : g_content_type_get_mime_type (type);
  if (*media_type == NULL)
    *media_type = g_strdup ("");
  return fd;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  char *path = NULL;

  if (sentient_dbus_manager_call_send_file_finish (SENTIENT_DBUS_MANAGER (source), &path, NULL,
                                                   result, &error))
    g_task_return_pointer (task, path, g_free);
  else
    g_task_return_error (task, error);
}

void
sentient_client_send_file_async (SentientClient *self,
                                 const char *node_id,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autofree char *name = NULL;
  g_autofree char *media_type = NULL;
  GError *error = NULL;
  int fd;

  g_return_if_fail (SENTIENT_IS_CLIENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_client_send_file_async);
  if (self->manager == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "%s",
                               sentient_client_how_to_start (self));
      return;
    }
  fd = sentient_client_open_file (path, &name, &media_type, &error);
  if (fd < 0)
    {
      g_task_return_error (task, error);
      return;
    }
  fds = g_unix_fd_list_new_from_array (&fd, 1);
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (self->manager), SEND_MS);
  sentient_dbus_manager_call_send_file (self->manager, node_id, g_variant_new_handle (0), name,
                                        media_type, fds, cancellable, on_sent,
                                        g_steal_pointer (&task));
}

char *
sentient_client_send_file_finish (SentientClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Receiving */

typedef struct
{
  SentientDBusTransfer *transfer;
  char *folder;
  int folder_fd;
  char *partial; /* in the folder; NULL: there is none */
  char *file;    /* the outcome */
  gulong state_id;
  gulong gone_id;
} Reception;

static void
reception_free (gpointer data)
{
  Reception *self = data;

  if (self->partial != NULL)
    unlinkat (self->folder_fd, self->partial, 0);
  if (self->folder_fd >= 0)
    g_close (self->folder_fd, NULL);
  g_object_unref (self->transfer);
  g_free (self->folder);
  g_free (self->partial);
  g_free (self->file);
  g_free (self);
}

/* "name (n).ext" */
static char *
dup_numbered (const char *name, guint n)
{
  const char *dot = strrchr (name, '.');
  int len = dot != NULL && dot != name ? (int)(dot - name) : (int)strlen (name);

  return n == 0 ? g_strdup (name) : g_strdup_printf ("%.*s (%u)%s", len, name, n, name + len);
}

/* The file gets its name; none is overwritten. */
static gboolean
give_name (Reception *self, GError **error)
{
  const char *name = sentient_dbus_transfer_get_name (self->transfer);

  /* The daemon has seen to it already; but it is another user's. */
  if (*name == '.' || *name == '\0' || strchr (name, '/') != NULL)
    name = "file";
  for (guint n = 0; n <= NUMBERS_MAX; n++)
    {
      g_autofree char *numbered = dup_numbered (name, n);

      if (renameat2 (self->folder_fd, self->partial, self->folder_fd, numbered, RENAME_NOREPLACE)
          == 0)
        {
          g_clear_pointer (&self->partial, g_free);
          self->file = g_build_filename (self->folder, numbered, NULL);
          return TRUE;
        }
      if (errno != EEXIST)
        break;
    }
  set_error (error, _ ("“%s” cannot get its name in “%s”: %s"), name, self->folder,
             g_strerror (errno));
  return FALSE;
}

static void
reception_over (GTask *task)
{
  SentientClient *client = g_task_get_source_object (task);
  Reception *self = g_task_get_task_data (task);
  g_autoptr (GTask) owned = task;
  const char *why = sentient_dbus_transfer_get_error (self->transfer);
  GError *error = NULL;

  g_clear_signal_handler (&self->state_id, self->transfer);
  g_clear_signal_handler (&self->gone_id, client->transfers);
  if (!g_str_equal (sentient_dbus_transfer_get_state (self->transfer), "done"))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             *why != '\0' ? why : _ ("The daemon ended before all had arrived"));
  else if (give_name (self, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_state (SentientDBusTransfer *transfer, GParamSpec *pspec, GTask *task)
{
  if (sentient_client_transfer_is_over (transfer))
    reception_over (task);
}

static void
on_transfers (GListModel *list, guint position, guint removed, guint added, GTask *task)
{
  Reception *self = g_task_get_task_data (task);

  if (removed > 0 && !g_list_store_find (G_LIST_STORE (list), self->transfer, NULL))
    reception_over (task);
}

static void
on_stream_accepted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientClient *client = g_task_get_source_object (task);
  Reception *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (!sentient_dbus_transfer_call_accept_finish (self->transfer, NULL, result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (sentient_client_transfer_is_over (self->transfer))
    {
      reception_over (g_steal_pointer (&task));
      return;
    }
  self->state_id = g_signal_connect (self->transfer, "notify::state", G_CALLBACK (on_state), task);
  self->gone_id
      = g_signal_connect (client->transfers, "items-changed", G_CALLBACK (on_transfers), task);
  g_steal_pointer (&task); /* reception_over () has it */
}

static void
accept_own_file (GTask *task)
{
  Reception *self = g_task_get_task_data (task);
  g_autoptr (GUnixFDList) fds = NULL;
  GError *error = NULL;
  int fd;

  self->partial = g_strdup_printf (".sentient-%08x%08x.part", g_random_int (), g_random_int ());
  fd = openat (self->folder_fd, self->partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0)
    {
      g_clear_pointer (&self->partial, g_free);
      set_error (&error, _ ("Nothing can be stored in “%s”: %s"), self->folder, g_strerror (errno));
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  fds = g_unix_fd_list_new_from_array (&fd, 1);
  sentient_dbus_transfer_call_accept (self->transfer, g_variant_new_handle (0), fds,
                                      g_task_get_cancellable (task), on_stream_accepted, task);
}

static void
on_folder_accepted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autofree char *name = NULL;

  if (sentient_dbus_transfer_call_accept_finish (SENTIENT_DBUS_TRANSFER (source), NULL, result,
                                                 &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  name = g_dbus_error_get_remote_error (error);
  if (g_strcmp0 (name, SENTIENT_DBUS_ERROR_PREFIX "Forbidden") != 0)
    {
      g_task_return_error (task, error);
      return;
    }
  g_error_free (error);
  accept_own_file (g_steal_pointer (&task));
}

void
sentient_client_accept_async (SentientClient *self,
                              SentientDBusTransfer *transfer,
                              const char *folder,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autofree char *shown = g_filename_display_name (folder);
  Reception *reception;
  GError *error = NULL;
  int fd;

  g_return_if_fail (SENTIENT_IS_CLIENT (self));

  reception = g_new0 (Reception, 1);
  reception->transfer = g_object_ref (transfer);
  reception->folder = g_strdup (folder);
  reception->folder_fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_client_accept_async);
  g_task_set_task_data (task, reception, reception_free);
  /* The daemon would say it as well, but only when the other node knows already that we take it. */
  if (reception->folder_fd < 0 || faccessat (reception->folder_fd, ".", W_OK | X_OK, 0) != 0)
    {
      set_error (&error, _ ("Nothing can be stored in “%s”: %s"), shown, g_strerror (errno));
      g_task_return_error (task, error);
      return;
    }
  fd = fcntl (reception->folder_fd, F_DUPFD_CLOEXEC, 0);
  fds = g_unix_fd_list_new_from_array (&fd, 1);
  sentient_dbus_transfer_call_accept (transfer, g_variant_new_handle (0), fds, cancellable,
                                      on_folder_accepted, g_steal_pointer (&task));
}

gboolean
sentient_client_accept_finish (SentientClient *self,
                               GAsyncResult *result,
                               char **file,
                               GError **error)
{
  Reception *reception;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  reception = g_task_get_task_data (G_TASK (result));
  if (file != NULL)
    *file = g_steal_pointer (&reception->file);
  return g_task_propagate_boolean (G_TASK (result), error);
}
