/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two daemons on two buses: files go from one to the other by calls with descriptors. */
#include "daemon-fixture.h"
#include "folder.h"
#include "peer/sentient-connection-private.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PREFIX "org.sentient.Sentient1."
#define SIZE 3000000
#define HUNDRED_MB 100000000
#define SEED 1

typedef struct
{
  TestHost *alice; /* has the coordinator, and receives */
  TestHost *bob;
  char *dir;
  char *folder; /* where alice puts files */
} Pair;

static void
pair_init (Pair *pair, const char *conf)
{
  g_autofree char *url = NULL;

  pair->dir = folder_new ();
  pair->folder = g_build_filename (pair->dir, "in", NULL);
  g_assert_cmpint (g_mkdir (pair->folder, 0700), ==, 0);
  pair->alice = test_host_new ("alice", NULL, conf);
  url = test_host_get (pair->alice, NULL, "Manager", "CoordinatorUrl");
  pair->bob = test_host_new ("bob", url, conf);
}

static void
pair_clear (Pair *pair)
{
  test_host_free (pair->bob);
  test_host_free (pair->alice);
  folder_remove (pair->dir);
  g_free (pair->folder);
  g_free (pair->dir);
}

static char *
write_file (Pair *pair, const char *name, gsize size)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (SEED, size);

  return folder_write (pair->dir, name, bytes);
}

static void
assert_file (const char *folder, const char *name, gsize size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GBytes) bytes = folder_make_bytes (SEED, size);

  folder_assert_file (path, bytes);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

/* Takes fd; -1: none comes along. */
static char *
call_fd (TestHost *host,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *arguments,
         int fd,
         GError **error)
{
  g_autofree char *full = g_strconcat (PREFIX, interface, NULL);
  g_autoptr (GUnixFDList) fds = fd >= 0 ? g_unix_fd_list_new_from_array (&fd, 1) : NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) reply = NULL;
  char *text = NULL;

  g_dbus_connection_call_with_unix_fd_list (host->client, SENTIENT_DBUS_NAME,
                                            path != NULL ? path : SENTIENT_DBUS_MANAGER_PATH, full,
                                            method, arguments, NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                                            fds, NULL, on_result, &result);
  test_await (result != NULL);
  reply = g_dbus_connection_call_with_unix_fd_list_finish (host->client, NULL, result, error);
  if (reply != NULL && g_variant_n_children (reply) > 0)
    g_variant_get (reply, "(o)", &text);
  return text;
}

static void
assert_error (GError *error, const char *name)
{
  g_autofree char *got = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;
  g_autofree char *wanted = g_strconcat (PREFIX "Error.", name, NULL);

  g_assert_cmpstr (got, ==, wanted);
}

static GVariant *
to_send (const char *node_id, const char *name, const char *type)
{
  return g_variant_new ("(shss)", node_id, 0, name, type);
}

static char *
send_fd (Pair *pair, int fd, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *path = call_fd (pair->bob, NULL, "Manager", "SendFile", to_send ("alice", name, "x/y"), fd,
                        &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (path, SENTIENT_DBUS_TRANSFERS_PATH "/"));
  return path;
}

static char *
send_path (Pair *pair, const char *file, const char *name)
{
  return send_fd (pair, g_open (file, O_RDONLY | O_CLOEXEC, 0), name);
}

/* At alice. */
static char *
await_offer (Pair *pair, const char *name)
{
  char *path = NULL;

  test_await (
      (path = test_host_find (pair->alice, SENTIENT_DBUS_TRANSFERS_PATH, "Transfer", "Name", name))
      != NULL);
  g_assert_true (test_host_has (pair->alice, path, "Transfer", "State", "offered"));
  return path;
}

static void
accept_fd (Pair *pair, const char *path, int fd)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (fd, >=, 0);
  call_fd (pair->alice, path, "Transfer", "Accept", g_variant_new ("(h)", 0), fd, &error);
  g_assert_no_error (error);
}

static int
open_folder (Pair *pair)
{
  return g_open (pair->folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

static void
refuse_send (Pair *pair, int fd, const char *node_id, const char *name, const char *wanted)
{
  g_autoptr (GError) error = NULL;

  call_fd (pair->bob, NULL, "Manager", "SendFile", to_send (node_id, name, ""), fd, &error);
  assert_error (error, wanted);
}

static void
refuse_accept (Pair *pair, const char *path, int fd)
{
  g_autoptr (GError) error = NULL;

  call_fd (pair->alice, path, "Transfer", "Accept", g_variant_new ("(h)", 0), fd, &error);
  assert_error (error, "BadRequest");
}

static void
await_state (TestHost *host, const char *path, const char *state)
{
  test_await (test_host_has (host, path, "Transfer", "State", state));
}

static void
test_folder (void)
{
  Pair pair;
  g_autofree char *file = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *offer = NULL;
  g_autofree char *again = NULL;
  g_autofree char *stored = NULL;
  g_autofree char *numbered = NULL;

  pair_init (&pair, "auto-webrtc = false\n");
  test_await (test_host_shows (pair.bob, "Member", "NodeId", "alice"));
  file = write_file (&pair, "original", SIZE);
  /* Nobody connected them before. */
  sent = send_path (&pair, file, "photo.jpg");
  offer = await_offer (&pair, "photo.jpg");
  g_assert_true (test_host_has (pair.bob, sent, "Transfer", "Direction", "outgoing"));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "Direction", "incoming"));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "NodeId", "bob"));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "MediaType", "x/y"));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "Size", G_STRINGIFY (SIZE)));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "Remaining", "-1"));
  accept_fd (&pair, offer, open_folder (&pair));
  await_state (pair.alice, offer, "done");
  await_state (pair.bob, sent, "done");
  g_assert_true (test_host_has (pair.bob, sent, "Transfer", "Transferred", G_STRINGIFY (SIZE)));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "Transferred", G_STRINGIFY (SIZE)));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "Error", ""));
  g_assert_true (test_host_has (pair.bob, sent, "Transfer", "File", ""));
  assert_file (pair.folder, "photo.jpg", SIZE);
  stored = g_build_filename (pair.folder, "photo.jpg", NULL);
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "File", stored));

  /* What is over is listed on, what is the same gets a number. */
  g_clear_pointer (&sent, g_free);
  sent = send_path (&pair, file, "photo.jpg");
  test_await (test_host_shows (pair.alice, "Transfer", "State", "offered"));
  again = test_host_find (pair.alice, NULL, "Transfer", "State", "offered");
  g_assert_cmpstr (again, !=, offer);
  accept_fd (&pair, again, g_open (pair.folder, O_RDONLY | O_CLOEXEC, 0));
  await_state (pair.bob, sent, "done");
  await_state (pair.alice, again, "done");
  numbered = g_build_filename (pair.folder, "photo (1).jpg", NULL);
  g_assert_true (test_host_has (pair.alice, again, "Transfer", "File", numbered));
  g_assert_cmpuint (folder_count (pair.folder), ==, 2);
  pair_clear (&pair);
}

/* A pipe is sent, and goes into a file that the caller opened. */
static void
test_streams (void)
{
  Pair pair;
  g_autofree char *sent = NULL;
  g_autofree char *offer = NULL;
  g_autofree char *path = NULL;
  g_autofree char *statistics = NULL;
  g_autoptr (GBytes) bytes = folder_make_bytes (SEED, 30000);
  g_autoptr (GError) error = NULL;
  int pipe[2];

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  g_assert_true (g_unix_open_pipe (pipe, FD_CLOEXEC, &error));
  sent = send_fd (&pair, pipe[0], "log");
  offer = await_offer (&pair, "log");
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "Size", "-1"));
  path = g_build_filename (pair.folder, "mine", NULL);
  accept_fd (&pair, offer, g_open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  await_state (pair.bob, sent, "active");
  for (guint i = 0; i < 3; i++)
    {
      const char *part = (const char *)g_bytes_get_data (bytes, NULL) + i * 10000;

      g_assert_cmpint (write (pipe[1], part, 10000), ==, 10000);
    }
  g_close (pipe[1], NULL);
  await_state (pair.alice, offer, "done");
  await_state (pair.bob, sent, "done");
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "Size", "30000"));
  g_assert_true (test_host_has (pair.alice, offer, "Transfer", "File", ""));
  assert_file (pair.folder, "mine", 30000);
  statistics = test_host_ask (pair.alice, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (
      strstr (statistics,
              "\"transfers\":{\"offered\":0,\"active\":0,\"done\":1,\"failed\":0,"
              "\"cancelled\":0,\"refused\":0,\"bytesSent\":0,\"bytesReceived\":30000}"));
  pair_clear (&pair);
}

/* By all who can end it. */
static void
test_ends (void)
{
  Pair pair;
  g_autofree char *file = NULL;
  char *sent[3], *offer[3];
  g_autofree char *minus = NULL;
  g_autofree char *error = NULL;
  g_autofree char *statistics = NULL;

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  file = write_file (&pair, "original", 1000);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("file-%u", i);

      sent[i] = send_path (&pair, file, name);
      offer[i] = await_offer (&pair, name);
    }
  test_host_assert_refused (pair.bob, sent[0], "Transfer", "Refuse", g_variant_new ("(s)", ""),
                            "BadRequest");
  test_host_ask (pair.alice, offer[0], "Transfer", "Refuse", g_variant_new ("(s)", "no room"));
  await_state (pair.bob, sent[0], "refused");
  await_state (pair.alice, offer[0], "refused");
  error = test_host_get (pair.bob, sent[0], "Transfer", "Error");
  g_assert_nonnull (strstr (error, "no room"));
  test_host_ask (pair.alice, offer[1], "Transfer", "Cancel", NULL);
  await_state (pair.bob, sent[1], "cancelled");
  test_host_ask (pair.bob, sent[2], "Transfer", "Cancel", NULL);
  /* Nobody had wanted it yet, and nobody is to answer it any more. */
  minus = g_strconcat ("-", offer[2], NULL);
  test_await (test_has (pair.alice->paths, minus));
  test_host_ask (pair.bob, sent[2], "Transfer", "Cancel", NULL);
  statistics = test_host_ask (pair.bob, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (strstr (statistics, "\"cancelled\":2,\"refused\":1,"));
  for (guint i = 0; i < 3; i++)
    {
      g_free (sent[i]);
      g_free (offer[i]);
    }
  g_assert_cmpuint (folder_count (pair.folder), ==, 0);
  pair_clear (&pair);
}

static void
test_wrong_send (void)
{
  Pair pair;
  g_autofree char *file = NULL;
  g_autofree char *path = NULL;
  g_autofree char *offer = NULL;
  g_autofree char *big = NULL;

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  file = write_file (&pair, "original", 10);
  big = g_strnfill (256, 'n');
  refuse_send (&pair, g_open (file, O_RDONLY, 0), "carol", "x", "UnknownPeer");
  refuse_send (&pair, g_open (file, O_RDONLY, 0), "alice", "../x", "BadRequest");
  refuse_send (&pair, g_open (file, O_RDONLY, 0), "alice", "", "BadRequest");
  refuse_send (&pair, g_open (file, O_RDONLY, 0), "alice", big, "BadRequest");
  refuse_send (&pair, g_open (file, O_WRONLY, 0), "alice", "x", "BadRequest");
  refuse_send (&pair, g_open (file, O_PATH, 0), "alice", "x", "BadRequest");
  refuse_send (&pair, g_open (pair.folder, O_RDONLY, 0), "alice", "x", "BadRequest");
  refuse_send (&pair, g_open ("/dev/zero", O_RDONLY, 0), "alice", "x", "BadRequest");
  refuse_send (&pair, -1, "alice", "x", "BadRequest");
  g_assert_null (test_host_find (pair.bob, NULL, "Transfer", "Name", "x"));

  path = send_path (&pair, file, "x");
  offer = await_offer (&pair, "x");
  refuse_accept (&pair, offer, g_open (file, O_RDONLY, 0));
  refuse_accept (&pair, offer, g_open (file, O_PATH, 0));
  refuse_accept (&pair, offer, g_open ("/dev/null", O_WRONLY, 0));
  refuse_accept (&pair, offer, -1);
  accept_fd (&pair, offer, open_folder (&pair));
  await_state (pair.alice, offer, "done");
  refuse_accept (&pair, offer, open_folder (&pair));
  assert_file (pair.folder, "x", 10);
  pair_clear (&pair);
}

static void
refuse_data (Pair *pair, int fd, const char *wanted)
{
  g_autoptr (GError) error = NULL;

  call_fd (pair->bob, NULL, "Manager", "SendData",
           g_variant_new ("(shbs)", "alice", 0, FALSE, "normal"), fd, &error);
  assert_error (error, wanted);
}

/* A message in a descriptor. */
static void
test_data (void)
{
  const int seals = F_SEAL_WRITE | F_SEAL_SHRINK;
  Pair pair;
  g_autofree char *file = NULL;
  g_autoptr (GError) error = NULL;
  int fds[3];

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  file = write_file (&pair, "original", 10);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      fds[i] = memfd_create ("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
      g_assert_cmpint (ftruncate (fds[i], i == 1 ? (256 << 20) + 1 : 100000), ==, 0);
      if (i > 0)
        g_assert_cmpint (fcntl (fds[i], F_ADD_SEALS, seals), ==, 0);
    }
  refuse_data (&pair, g_open (file, O_RDONLY, 0), "BadRequest");
  refuse_data (&pair, -1, "BadRequest");
  refuse_data (&pair, fds[0], "BadRequest");
  refuse_data (&pair, fds[1], "PayloadTooLarge");
  call_fd (pair.bob, NULL, "Manager", "SendData",
           g_variant_new ("(shbs)", "alice", 0, FALSE, "high"), fds[2], &error);
  g_assert_no_error (error);
  test_await (test_has (pair.alice->heard, "Manager.Message (large)"));
  pair_clear (&pair);
}

/* No more than twice a second, and the last of those that are over. */
static void
test_bounds (void)
{
  Pair pair;
  g_autofree char *file = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *offer = NULL;
  gint64 began;
  guint n = 0;

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  file = write_file (&pair, "original", 4 * SIZE);
  sent = send_path (&pair, file, "much");
  offer = await_offer (&pair, "much");
  began = g_get_monotonic_time ();
  accept_fd (&pair, offer, open_folder (&pair));
  await_state (pair.alice, offer, "done");
  for (guint i = 0; i < pair.alice->changes->len; i++)
    n += g_str_has_prefix (pair.alice->changes->pdata[i], "Transfer.Transferred ");
  g_assert_cmpuint (n, >=, 1);
  g_assert_cmpint (n, <=, (g_get_monotonic_time () - began) / 500000 + 1);

  for (guint i = 0; i < 33; i++)
    {
      g_clear_pointer (&sent, g_free);
      sent = send_path (&pair, file, "little");
      test_host_ask (pair.bob, sent, "Transfer", "Cancel", NULL);
    }
  test_await (!test_host_shows (pair.bob, "Transfer", "Name", "much"));

  /* And not for good. */
  g_assert_true (test_host_shows (pair.bob, "Transfer", "State", "cancelled"));
  g_object_set (sentient_peer_get_transfers (sentient_daemon_get_peer (pair.bob->daemon)),
                "keep-time", 1, NULL);
  test_await (!test_host_shows (pair.bob, "Transfer", "State", "cancelled"));
  pair_clear (&pair);
}

/* Nobody answers. */
static void
test_unanswered (void)
{
  Pair pair;
  g_autofree char *file = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *offer = NULL;
  g_autofree char *error = NULL;
  g_autofree char *statistics = NULL;

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  file = write_file (&pair, "original", 1000);
  sent = send_path (&pair, file, "late");
  offer = await_offer (&pair, "late");
  g_object_set (sentient_peer_get_transfers (sentient_daemon_get_peer (pair.alice->daemon)),
                "offer-timeout", 1000, NULL);
  await_state (pair.alice, offer, "failed");
  await_state (pair.bob, sent, "failed");
  error = test_host_get (pair.bob, sent, "Transfer", "Error");
  g_assert_nonnull (strstr (error, "nobody answered it within 1 s"));
  statistics = test_host_ask (pair.alice, NULL, "Manager", "GetStatistics", NULL);
  g_assert_nonnull (strstr (statistics, "\"offered\":0,\"active\":0,\"done\":0,\"failed\":1,"));
  pair_clear (&pair);
}

static guint64
get_done (TestHost *host, const char *path)
{
  g_autofree char *text = test_host_get (host, path, "Transfer", "Transferred");

  return g_ascii_strtoull (text, NULL, 10);
}

/* The data channel is lost in the middle of 100 MB, with what was on its way. */
static void
test_cut (void)
{
  Pair pair;
  g_autofree char *file = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *offer = NULL;
  SentientConnection *connection;

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  file = write_file (&pair, "hundred", HUNDRED_MB);
  sent = send_path (&pair, file, "stored");
  offer = await_offer (&pair, "stored");
  accept_fd (&pair, offer, open_folder (&pair));
  test_await (get_done (pair.alice, offer) > 20000000);
  connection = sentient_peer_find_connection (sentient_daemon_get_peer (pair.alice->daemon), "bob");
  sentient_link_close (connection->link);
  await_state (pair.alice, offer, "done");
  await_state (pair.bob, sent, "done");
  g_assert_true (test_has (pair.bob->changes, "Connection.State reconnecting")
                 || test_has (pair.alice->changes, "Connection.State reconnecting"));
  assert_file (pair.folder, "stored", HUNDRED_MB);
  g_assert_cmpuint (folder_count (pair.folder), ==, 1);
  pair_clear (&pair);
}

/* The setting "accept-files". */
static void
test_settings (void)
{
  Pair pair;
  g_autofree char *conf = NULL;
  g_autofree char *small = NULL;
  g_autofree char *large = NULL;
  g_autofree char *sent = NULL;
  g_autofree char *offer = NULL;
  g_autofree char *error = NULL;
  g_autoptr (GError) local = NULL;

  pair_init (&pair, NULL);
  test_await (test_host_shows (pair.bob, "Connection", "State", "connected"));
  small = write_file (&pair, "small", 1 << 20);
  large = write_file (&pair, "large", (1 << 20) + 1);
  conf = g_strdup_printf ("accept-files = %s\naccept-files-max = 1\n", pair.folder);
  test_host_write_conf (pair.alice, "alice", NULL, conf);
  g_free (test_host_ask (pair.alice, NULL, "Manager", "Reload", NULL));

  sent = send_path (&pair, small, "small");
  await_state (pair.bob, sent, "done");
  assert_file (pair.folder, "small", 1 << 20);
  g_clear_pointer (&sent, g_free);
  sent = send_path (&pair, large, "large");
  offer = await_offer (&pair, "large");
  accept_fd (&pair, offer, open_folder (&pair));
  await_state (pair.bob, sent, "done");

  /* The directory is gone: it waits, and somebody is told. */
  folder_remove (pair.folder);
  g_clear_pointer (&sent, g_free);
  sent = send_path (&pair, small, "late");
  g_clear_pointer (&offer, g_free);
  offer = await_offer (&pair, "late");
  test_await (!test_host_has (pair.alice, NULL, "Manager", "LastError", ""));
  error = test_host_get (pair.alice, NULL, "Manager", "LastError");
  g_assert_nonnull (strstr (error, "accept-files"));
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/daemon/files/folder", test_folder);
  g_test_add_func ("/daemon/files/streams", test_streams);
  g_test_add_func ("/daemon/files/ends", test_ends);
  g_test_add_func ("/daemon/files/wrong", test_wrong_send);
  g_test_add_func ("/daemon/files/data", test_data);
  g_test_add_func ("/daemon/files/bounds", test_bounds);
  g_test_add_func ("/daemon/files/unanswered", test_unanswered);
  g_test_add_func ("/daemon/files/cut", test_cut);
  g_test_add_func ("/daemon/files/settings", test_settings);
  return g_test_run ();
}
