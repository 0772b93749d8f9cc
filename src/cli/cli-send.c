/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli-json.h"
#include "cli-output.h"
#include "cli-remote.h"

/* What a node takes at most, unless it is set otherwise. */
#define MESSAGE_MAX (256 * 1024 * 1024)
/* What a call takes on every bus. */
#define CALL_MAX (16 * 1024 * 1024)
/* Up to here as ever, so that an older daemon knows it, too. */
#define PLAIN_MAX 65536

/* Words that say to whom, before the text. */
static guint
n_targets (CliRemote *remote)
{
  return remote->room != NULL ? 0 : 1;
}

static gboolean
check_priority (CliRemote *remote, GError **error)
{
  g_autofree char *shown = NULL;
  SentientPriority priority;

  if (remote->priority == NULL)
    return TRUE;
  if (remote->room != NULL)
    {
      cli_usage_error (error, _ ("--priority goes with a node, not with --room"));
      return FALSE;
    }
  if (sentient_priority_from_string (remote->priority, &priority))
    return TRUE;
  shown = cli_escape (remote->priority, -1);
  cli_usage_error (error, _ ("\"%s\" is no priority: low, normal or high"), shown);
  return FALSE;
}

static gboolean
check (CliRemote *remote, GError **error)
{
  guint n = n_targets (remote);

  if (remote->n_words < n)
    {
      cli_usage_error (error, _ ("send needs a node, or --room ROOM"));
      return FALSE;
    }
  if (remote->room != NULL ? !cli_check_room (remote->room, error)
                           : !cli_check_node_id (remote->words[0], error))
    return FALSE;
  if (remote->file != NULL && remote->n_words > n)
    {
      cli_usage_error (error, _ ("send takes a text or --file, not both"));
      return FALSE;
    }
  if (remote->file == NULL && remote->n_words == n)
    {
      cli_usage_error (error, _ ("send needs a text, or --file FILE"));
      return FALSE;
    }
  return check_priority (remote, error);
}

/* One byte more than a message takes at most, so that too much is seen. */
static GBytes *
read_fd (int fd, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  gssize got;

  do
    {
      guint8 part[65536];

      got = read (fd, part, MIN (sizeof part, MESSAGE_MAX + 1 - all->len));
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno),
                               g_strerror (errno));
          return NULL;
        }
      g_byte_array_append (all, part, got);
    }
  while (got != 0 && all->len <= MESSAGE_MAX);
  return g_byte_array_free_to_bytes (g_steal_pointer (&all));
}

static GBytes *
read_file (CliRemote *remote)
{
  gboolean input = g_str_equal (remote->file, "-");
  g_autofree char *shown = cli_escape (remote->file, -1);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  int fd = input ? STDIN_FILENO : open (remote->file, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    {
      cli_complain (_ ("%s cannot be read: %s"), shown, g_strerror (errno));
      return NULL;
    }
  bytes = read_fd (fd, &error);
  if (!input)
    close (fd);

  if (bytes == NULL)
    cli_complain (_ ("%s cannot be read: %s"), shown, error->message);
  return g_steal_pointer (&bytes);
}

static GBytes *
get_message (CliRemote *remote)
{
  g_autoptr (GBytes) bytes = NULL;

  if (remote->file != NULL)
    bytes = read_file (remote);
  else
    {
      char *text = g_strjoinv (" ", remote->words + n_targets (remote));

      bytes = g_bytes_new_take (text, strlen (text));
    }
  if (bytes == NULL)
    return NULL;

  if (g_bytes_get_size (bytes) > MESSAGE_MAX)
    {
      cli_complain (_ ("this is more than a message takes, %d bytes: send it as a file, with "
                       "\"sentient send-file\""),
                    MESSAGE_MAX);
      return NULL;
    }
  if (remote->room != NULL && g_bytes_get_size (bytes) > CALL_MAX)
    {
      cli_complain (_ ("this is more than a message to a room takes, %d bytes: send it to each "
                       "node, or as a file"),
                    CALL_MAX);
      return NULL;
    }
  return g_steal_pointer (&bytes);
}

static int
send_to_room (CliRemote *remote, GVariant *data)
{
  g_autoptr (GError) error = NULL;
  guint n;

  if (!sentient_dbus_manager_call_broadcast_sync (sentient_client_get_manager (remote->client),
                                                  remote->room, data, remote->file == NULL, &n,
                                                  NULL, &error))
    return cli_remote_failed (error);
  if (n == 0)
    {
      cli_complain (_ ("nobody in the room \"%s\" is connected, so it was sent to nobody; see "
                       "\"sentient peers %s\""),
                    remote->room, remote->room);
      return CLI_EXIT_FAILED;
    }
  if (remote->json)
    cli_say (CLI_PLAIN, "{\"ok\":true,\"sent\":%u}", n);
  else
    cli_say (CLI_GOOD, ngettext ("Sent to %u node.", "Sent to %u nodes.", n), n);
  return CLI_EXIT_OK;
}

/* -1: error is set. */
static int
make_sealed (GVariant *data, GError **error)
{
  gsize left = g_variant_get_size (data);
  const char *bytes = g_variant_get_data (data);
  int fd = memfd_create ("sentient-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  while (fd >= 0 && left > 0)
    {
      gssize n = write (fd, bytes, left);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        break;
      bytes += n;
      left -= (gsize)n;
    }
  if (fd >= 0 && left == 0
      && fcntl (fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0)
    return fd;
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

static gboolean
send_large (CliRemote *remote, GVariant *data, GError **error)
{
  const char *priority = remote->priority != NULL ? remote->priority : "normal";
  g_autoptr (GUnixFDList) fds = NULL;
  int fd = make_sealed (data, error);

  if (fd < 0)
    return FALSE;
  fds = g_unix_fd_list_new_from_array (&fd, 1);
  return sentient_dbus_manager_call_send_data_sync (sentient_client_get_manager (remote->client),
                                                    remote->words[0], g_variant_new_handle (0),
                                                    remote->file == NULL, priority, fds, NULL, NULL,
                                                    error);
}

static gboolean
send_to_node (CliRemote *remote, GVariant *data, GError **error)
{
  SentientDBusManager *manager = sentient_client_get_manager (remote->client);
  const char *node_id = remote->words[0];
  gboolean text = remote->file == NULL;

  if (g_variant_get_size (data) > PLAIN_MAX)
    return send_large (remote, data, error);
  if (remote->priority == NULL)
    return sentient_dbus_manager_call_send_sync (manager, node_id, data, text, NULL, error);
  return sentient_dbus_manager_call_send_with_priority_sync (manager, node_id, data, text,
                                                             remote->priority, NULL, error);
}

static int
run (CliRemote *remote)
{
  g_autoptr (GBytes) bytes = get_message (remote);
  g_autoptr (GVariant) data = NULL;
  g_autoptr (GError) error = NULL;

  if (bytes == NULL)
    return CLI_EXIT_FAILED;
  data = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
  if (remote->room != NULL)
    return send_to_room (remote, data);

  if (!send_to_node (remote, data, &error))
    return cli_remote_failed (error);
  if (remote->json)
    cli_say (CLI_PLAIN, "{\"ok\":true,\"sent\":1}");
  else
    cli_say (CLI_GOOD, _ ("Sent to %s."), remote->words[0]);
  return CLI_EXIT_OK;
}

const CliCommand cli_command_send = {
  .name = "send",
  .arguments = N_ ("NODE TEXT | NODE --file FILE | --room ROOM TEXT"),
  .summary = N_ ("Send a message to a node, or to everybody in a room"),
  .max_words = G_MAXUINT,
  .takes = CLI_TAKES_ROOM | CLI_TAKES_FILE | CLI_TAKES_PRIORITY,
  .check = check,
  .run = run,
};
