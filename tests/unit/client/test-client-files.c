/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files by way of a daemon. */
#include "client-fixture.h"
#include "folder.h"

#include <glib/gstdio.h>
#include <string.h>

static guint
n_transfers (Fixture *f)
{
  return n_items (sentient_client_get_transfers (f->client));
}

static void
test_transfers (Fixture *f, gconstpointer data)
{
  SentientDBusTransfer *transfer;

  start_daemon (f, NULL);
  tell (f, "transfer 2 incoming bob 1000 a photo.jpg");
  open_client (f);
  g_assert_cmpuint (n_transfers (f), ==, 1);
  tell (f, "transfer 1 outgoing eve 5 x");
  await (n_transfers (f) == 2);
  g_assert_null (sentient_client_find_transfer (f->client, 3));
  transfer = sentient_client_find_transfer (f->client, 2);
  g_assert_cmpuint (sentient_client_get_transfer_number (transfer), ==, 2);
  g_assert_cmpstr (sentient_dbus_transfer_get_name (transfer), ==, "a photo.jpg");
  g_assert_cmpint (sentient_dbus_transfer_get_size (transfer), ==, 1000);
  g_assert_false (sentient_client_transfer_is_over (transfer));
  tell (f, "progress 2 active 500 100 5");
  await (sentient_dbus_transfer_get_transferred (transfer) == 500);
  g_assert_false (sentient_client_transfer_is_over (transfer));
  tell (f, "end 2 failed the disk is full");
  await (sentient_client_transfer_is_over (transfer));
  g_assert_cmpstr (sentient_dbus_transfer_get_error (transfer), ==, "the disk is full");
  tell (f, "drop-transfer 2");
  await (n_transfers (f) == 1);
  kill_daemon (f);
  await (n_transfers (f) == 0);
}

static char *
send_file (Fixture *f, const char *node_id, const char *path, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sentient_client_send_file_async (f->client, node_id, path, NULL, on_result, &result);
  await (result != NULL);
  return sentient_client_send_file_finish (f->client, result, error);
}

static void
test_send_file (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = folder_new ();
  g_autofree char *path = g_build_filename (folder, "a photo.png", NULL);
  g_autofree char *sent = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "12345", 5, NULL));
  open_client (f);
  g_assert_null (send_file (f, "bob", path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
  g_clear_error (&error);
  start_daemon (f, NULL);
  await (sentient_client_is_available (f->client));
  sent = send_file (f, "bob", path, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (sent, "/transfers/1"));
  expect_line (f, "send-file bob image/png 5 a photo.png");
  await (sentient_client_find_transfer (f->client, 1) != NULL);

  g_assert_null (send_file (f, "nobody", path, &error));
  g_assert_nonnull (strstr (error->message, "nobody"));
  g_clear_error (&error);
  g_assert_null (send_file (f, "bob", folder, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_clear_error (&error);
  g_unlink (path);
  g_assert_null (send_file (f, "bob", path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  folder_remove (folder);
}

static void
accept_file (Fixture *f, guint number, const char *folder, GAsyncResult **result)
{
  sentient_client_accept_async (f->client, sentient_client_find_transfer (f->client, number),
                                folder, NULL, on_result, result);
}

/* The daemon stores it. */
static void
test_accept (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = folder_new ();
  g_autofree char *file = NULL;
  g_autofree char *line = g_strdup_printf ("accept 1 folder %s", folder);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  start_daemon (f, NULL);
  tell (f, "transfer 1 incoming bob 5 x");
  open_client (f);
  accept_file (f, 1, folder, &result);
  await (result != NULL);
  g_assert_true (sentient_client_accept_finish (f->client, result, &file, &error));
  g_assert_no_error (error);
  g_assert_null (file);
  expect_line (f, line);
  folder_remove (folder);

  accept_file (f, 1, folder, &second);
  await (second != NULL);
  g_assert_false (sentient_client_accept_finish (f->client, second, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* It is asked twice. */
static void
expect_own_file (Fixture *f, guint number)
{
  SentientDBusTransfer *transfer = sentient_client_find_transfer (f->client, number);
  g_autofree char *line = g_strdup_printf ("accept %u file", number);

  await (g_str_equal (sentient_dbus_transfer_get_state (transfer), "active"));
  expect_line (f, line);
}

/* A daemon of another user is given a file of ours. */
static void
test_accept_own_file (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = folder_new ();
  g_autofree char *taken = g_build_filename (folder, "x.y", NULL);
  g_autofree char *numbered = g_build_filename (folder, "x (1).y", NULL);
  g_autofree char *file = NULL;
  g_autoptr (GAsyncResult) results = NULL;
  g_autoptr (GAsyncResult) failing = NULL;
  g_autoptr (GAsyncResult) lost = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (taken, "old", -1, NULL));
  start_daemon (f, NULL);
  tell (f, "transfer 1 incoming foreign 5 x.y");
  tell (f, "transfer 2 incoming foreign 5 x.y");
  tell (f, "transfer 3 incoming foreign 5 x.y");
  open_client (f);
  accept_file (f, 1, folder, &results);
  expect_own_file (f, 1);
  g_assert_null (results);
  g_assert_cmpuint (folder_count (folder), ==, 2);
  tell (f, "end 1 done /proc/x");
  await (results != NULL);
  g_assert_true (sentient_client_accept_finish (f->client, results, &file, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (file, ==, numbered);
  g_assert_cmpuint (folder_count (folder), ==, 2);

  accept_file (f, 2, folder, &failing);
  expect_own_file (f, 2);
  tell (f, "end 2 failed it broke");
  await (failing != NULL);
  g_assert_false (sentient_client_accept_finish (f->client, failing, NULL, &error));
  g_assert_cmpstr (error->message, ==, "it broke");
  g_clear_error (&error);

  accept_file (f, 3, folder, &lost);
  expect_own_file (f, 3);
  kill_daemon (f);
  await (lost != NULL);
  g_assert_false (sentient_client_accept_finish (f->client, lost, NULL, &error));
  g_assert_nonnull (error);
  g_clear_object (&failing);
  g_clear_object (&lost);
  g_assert_cmpuint (folder_count (folder), ==, 2);
  folder_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
  g_test_add ("/client/files/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("list", test_transfers);
  ADD ("send", test_send_file);
  ADD ("accept", test_accept);
  ADD ("accept-own-file", test_accept_own_file);
#undef ADD
  return g_test_run ();
}
