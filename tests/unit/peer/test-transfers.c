/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer-fixture.h"

#include <string.h>

#include "peer/sentient-unnamed-file.h"

/* Files between two peers, over loopback links. */
typedef struct
{
  guint n_told;
  guint64 last;
} Progress;

static void
on_done_changed (SentientTransfer *transfer, GParamSpec *pspec, Progress *progress)
{
  g_assert_cmpuint (sentient_transfer_get_done (transfer), >, progress->last);
  progress->last = sentient_transfer_get_done (transfer);
  progress->n_told++;
}

static void
test_file (Transfers *self, gconstpointer data)
{
  const gsize size = GPOINTER_TO_SIZE (data);
  g_autoptr (GBytes) bytes = folder_make_bytes (1, size);
  g_autoptr (GFile) file = transfers_make_file (self, "Übung.bin", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  const char *const names[] = { "Übung.bin", NULL };
  Progress there = { 0 }, here = { 0 };
  gint64 began = g_get_monotonic_time ();
  gint64 ticks;

  g_assert_cmpint (sentient_transfer_get_state (sent), ==, SENTIENT_TRANSFER_STATE_OFFERED);
  g_assert_cmpint (sentient_transfer_get_state (offer), ==, SENTIENT_TRANSFER_STATE_OFFERED);
  g_assert_cmpint (sentient_transfer_get_direction (offer), ==,
                   SENTIENT_TRANSFER_DIRECTION_INCOMING);
  g_assert_cmpstr (sentient_transfer_get_node_id (offer), ==, "alice");
  g_assert_cmpstr (sentient_transfer_get_node_id (sent), ==, "bob");
  g_assert_cmpstr (sentient_transfer_get_name (offer), ==, "Übung.bin");
  g_assert_cmpint (sentient_transfer_get_size (offer), ==, (gint64)size);
  g_assert_cmpuint (sentient_transfer_get_number (offer), ==, 1);
  g_assert_nonnull (sentient_transfer_get_content_type (offer));
  g_assert_null (sentient_transfer_get_file (offer));
  g_assert_true (g_file_equal (sentient_transfer_get_file (sent), file));
  g_signal_connect (sent, "notify::done", G_CALLBACK (on_done_changed), &here);
  g_signal_connect (offer, "notify::done", G_CALLBACK (on_done_changed), &there);

  transfers_accept (self, offer);
  transfers_await_end (sent, DONE);
  transfers_await_end (offer, DONE);
  ticks = (g_get_monotonic_time () - began) / (SENTIENT_TRANSFER_TICK_MS * 1000) + 2;
  g_assert_cmpuint (here.n_told, <=, ticks);
  g_assert_cmpuint (there.n_told, <=, ticks);
  g_assert_cmpuint (sentient_transfer_get_done (sent), ==, size);
  g_assert_cmpuint (sentient_transfer_get_done (offer), ==, size);
  if (size > 0)
    g_assert_cmpuint (sentient_transfer_get_rate (offer), >, 0);
  transfers_assert_inbox (self, names);
  folder_assert_file (g_file_peek_path (sentient_transfer_get_file (offer)), bytes);
}

static void
test_streams (Transfers *self, gconstpointer data)
{
  const gsize size = 700000;
  g_autoptr (GBytes) bytes = folder_make_bytes (2, size);
  g_autoptr (GInputStream) from = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GOutputStream) to = g_memory_output_stream_new_resizable ();
  gboolean is_known = GPOINTER_TO_INT (data);
  g_autoptr (SentientTransfer) sent
      = transfers_send_stream (self, from, "stream", is_known ? (gint64)size : -1);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  g_autoptr (GBytes) got = NULL;

  g_assert_cmpint (sentient_transfer_get_size (offer), ==, is_known ? (gint64)size : -1);
  g_assert_cmpstr (sentient_transfer_get_content_type (offer), ==, "text/plain");
  g_assert_true (sentient_transfer_accept_stream (offer, to, NULL));
  transfers_await_end (sent, DONE);
  transfers_await_end (offer, DONE);
  g_assert_cmpint (sentient_transfer_get_size (sent), ==, size);
  g_assert_cmpint (sentient_transfer_get_size (offer), ==, size);
  g_assert_null (sentient_transfer_get_file (offer));
  g_assert_true (g_output_stream_is_closed (to));
  got = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (to));
  g_assert_true (g_bytes_equal (got, bytes));
}

/* What is there is never overwritten. */
static void
test_same_name (Transfers *self, gconstpointer data)
{
  const char *const expected[] = { "a.txt", "a (1).txt", "a (2).txt", "b.txt" };
  const char *const names[] = { "a (1).txt", "a (2).txt", "a.txt", "b.txt", NULL };
  g_autoptr (GFile) inbox = transfers_get_inbox (self);
  g_autoptr (GFile) other = g_file_get_child (inbox, "b.txt");

  /* Also where a file cannot do without a name. */
  sentient_unnamed_file_set_supported (data == NULL);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GBytes) bytes = folder_make_bytes (i, 1000 + i);
      g_autoptr (GFile) file = transfers_make_file (self, "a.txt", bytes);
      g_autoptr (SentientTransfer) sent = transfers_send (self, file);
      SentientTransfer *offer = transfers_await_offer (self, i);
      g_autofree char *name = NULL;

      g_assert_true (sentient_transfer_accept (offer, i < 3 ? inbox : other, NULL));
      transfers_await_end (sent, DONE);
      transfers_await_end (offer, DONE);
      name = g_file_get_basename (sentient_transfer_get_file (offer));
      g_assert_cmpstr (name, ==, expected[i]);
      folder_assert_file (g_file_peek_path (sentient_transfer_get_file (offer)), bytes);
    }
  transfers_assert_inbox (self, names);
  sentient_unnamed_file_set_supported (TRUE);
}

static void
test_refuse (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (3, 10);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  g_autoptr (GFile) inbox = transfers_get_inbox (self);
  g_autoptr (GError) error = NULL;

  g_assert_true (sentient_transfer_refuse (offer, "not\nnow", NULL));
  transfers_await_end (offer, ENDED (REFUSED, FORBIDDEN));
  transfers_await_end (sent, ENDED (REFUSED, FORBIDDEN));
  g_assert_nonnull (strstr (sentient_transfer_get_error (sent)->message, "not now"));
  g_assert_false (sentient_transfer_accept (offer, inbox, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  g_assert_false (sentient_transfer_accept (sent, inbox, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  sentient_transfer_cancel (offer); /* does nothing */
  transfers_assert_inbox_is_empty (self);
}

static void
test_nobody_listens (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (3, 10);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = NULL;

  g_signal_handler_disconnect (self->bob->peer, self->listening);
  sent = transfers_send (self, file);
  transfers_await_end (sent, ENDED (REFUSED, FORBIDDEN));
  g_assert_cmpuint (g_list_model_get_n_items (
                        G_LIST_MODEL (sentient_peer_get_transfers (self->bob->peer))),
                    ==, 0);
}

static void
test_limits (Transfers *self, gconstpointer data)
{
  SentientTransferList *theirs = sentient_peer_get_transfers (self->bob->peer);
  SentientTransferList *ours = sentient_peer_get_transfers (self->alice->peer);
  g_autoptr (GBytes) bytes = folder_make_bytes (3, 1000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) large = NULL, first = NULL, second = NULL, third = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sentient_transfer_list_set_max_size (theirs, 999);
  large = transfers_send (self, file);
  transfers_await_end (large, ENDED (REFUSED, PAYLOAD_TOO_LARGE));
  sentient_transfer_list_set_max_size (theirs, 1000);

  sentient_transfer_list_set_max_per_node (theirs, 1);
  first = transfers_send (self, file);
  transfers_await_offer (self, 0);
  second = transfers_send (self, file);
  transfers_await_end (second, ENDED (REFUSED, BUSY));
  sentient_transfer_list_set_max_per_node (theirs, 16);
  sentient_transfer_list_set_max_transfers (theirs, 1);
  third = transfers_send (self, file);
  transfers_await_end (third, ENDED (REFUSED, BUSY));

  g_object_set (ours, "max-per-node", 1, NULL);
  sentient_peer_send_file_async (self->alice->peer, "bob", file, NULL, on_result, &result);
  await (result != NULL);
  g_assert_null (sentient_peer_send_file_finish (self->alice->peer, result, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  g_assert_cmpuint (self->offers->len, ==, 1);
  g_assert_false (sentient_transfer_is_over (first));
}

/* The size is known only at the end. */
static void
test_too_large_stream (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (2, 100000);
  g_autoptr (GInputStream) from = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (SentientTransfer) sent = NULL;
  SentientTransfer *offer;

  sentient_transfer_list_set_max_size (sentient_peer_get_transfers (self->bob->peer), 99999);
  sent = transfers_send_stream (self, from, "stream", -1);
  offer = transfers_await_offer (self, 0);
  transfers_accept (self, offer);
  transfers_await_end (offer, ENDED (FAILED, PAYLOAD_TOO_LARGE));
  transfers_await_end (sent, ENDED (REFUSED, PAYLOAD_TOO_LARGE));
  transfers_assert_inbox_is_empty (self);
}

static void
try_to_send (Transfers *self, GFile *file, GQuark domain, gint code)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sentient_peer_send_file_async (self->alice->peer, "bob", file, NULL, on_result, &result);
  await (result != NULL);
  g_assert_null (sentient_peer_send_file_finish (self->alice->peer, result, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, domain, code);
}

static void
test_not_to_be_sent (Transfers *self, gconstpointer data)
{
  g_autoptr (GFile) missing = g_file_new_build_filename (self->folder, "missing", NULL);
  g_autoptr (GFile) folder = transfers_get_inbox (self);
  g_autoptr (GFile) device = g_file_new_for_path ("/dev/null");
  g_autoptr (GBytes) bytes = folder_make_bytes (7, 10);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) gone = NULL;
  g_autoptr (GError) error = NULL;

  try_to_send (self, missing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  try_to_send (self, folder, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  try_to_send (self, device, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  sentient_peer_send_file_async (self->alice->peer, "bob", file, cancellable, on_result, &result);
  g_cancellable_cancel (cancellable);
  await (result != NULL);
  g_assert_null (sentient_peer_send_file_finish (self->alice->peer, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);

  sentient_peer_disconnect_peer_async (self->alice->peer, "bob", NULL, on_result, &gone);
  await (gone != NULL);
  try_to_send (self, file, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
  g_assert_cmpuint (self->offers->len, ==, 0);
}

/* A node that does not say that it knows how. */
static void
test_no_capability (void)
{
  Transfers self = { 0 };
  g_autoptr (GBytes) bytes = folder_make_bytes (7, 10);
  g_autoptr (GFile) file = NULL;

  transfers_set_up (&self, NULL);
  file = transfers_make_file (&self, "a", bytes);
  self.alice->peer->is_plain = TRUE; /* does not look for capabilities */
  try_to_send (&self, file, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  self.alice->peer->is_plain = FALSE;
  transfers_tear_down (&self, NULL);
}

/* In turns, so that none has to wait for the others. */
static void
test_many (Transfers *self, gconstpointer data)
{
  const guint n = 8;
  g_autoptr (GPtrArray) sent = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GBytes) bytes = folder_make_bytes (9, 1000000);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GInputStream) from = g_memory_input_stream_new_from_bytes (bytes);

      g_ptr_array_add (sent, transfers_send_stream (self, from, "a", 1000000));
      g_ptr_array_add (streams, g_memory_output_stream_new_resizable ());
    }
  transfers_await_offer (self, n - 1);
  for (guint i = 0; i < n; i++)
    g_assert_true (
        sentient_transfer_accept_stream (self->offers->pdata[i], streams->pdata[i], NULL));
  transfers_await_end (sent->pdata[0], DONE);
  for (guint i = 1; i < n; i++)
    g_assert_cmpuint (((SentientTransfer *)sent->pdata[i])->moved, >, 700000);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) got = NULL;

      transfers_await_end (sent->pdata[i], DONE);
      transfers_await_end (self->offers->pdata[i], DONE);
      got = g_memory_output_stream_steal_as_bytes (streams->pdata[i]);
      g_assert_true (g_bytes_equal (got, bytes));
    }
}

static void
test_list (Transfers *self, gconstpointer data)
{
  GListModel *ours = G_LIST_MODEL (sentient_peer_get_transfers (self->alice->peer));
  g_autoptr (GBytes) bytes = folder_make_bytes (9, 10);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) open = transfers_send (self, file);
  g_autoptr (SentientTransfer) last = NULL;
  g_autoptr (SentientTransfer) first = NULL;

  for (guint i = 1; i < 2 * SENTIENT_TRANSFER_KEEP_MAX; i++)
    {
      g_autoptr (SentientTransfer) sent = transfers_send (self, file);

      sentient_transfer_cancel (sent);
      g_set_object (&last, sent);
    }
  g_assert_cmpuint (g_list_model_get_n_items (ours), ==, 1 + SENTIENT_TRANSFER_KEEP_MAX);
  first = g_list_model_get_item (ours, 0);
  g_assert_true (first == open);
  g_assert_cmpuint (sentient_transfer_get_number (last), ==, 2 * SENTIENT_TRANSFER_KEEP_MAX);
  sentient_transfer_list_clear (SENTIENT_TRANSFER_LIST (ours));
  g_assert_cmpuint (g_list_model_get_n_items (ours), ==, 1);
}

static void
test_wait (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (9, 10);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) impatient = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) late = NULL;
  g_autoptr (GError) error = NULL;

  sentient_transfer_wait_async (sent, cancellable, on_result, &impatient);
  sentient_transfer_wait_async (sent, NULL, on_result, &result);
  g_cancellable_cancel (cancellable);
  await (impatient != NULL);
  g_assert_false (sentient_transfer_wait_finish (sent, impatient, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (result);
  transfers_accept (self, transfers_await_offer (self, 0));
  await (result != NULL);
  g_assert_true (sentient_transfer_wait_finish (sent, result, NULL));
  sentient_transfer_wait_async (sent, NULL, on_result, &late);
  await (late != NULL);
  g_assert_true (sentient_transfer_wait_finish (sent, late, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  transfers_add ("/transfers/file", test_file, 5000000);
  transfers_add ("/transfers/one-byte", test_file, 1);
  transfers_add ("/transfers/empty", test_file, 0);
  transfers_add ("/transfers/stream", test_streams, TRUE);
  transfers_add ("/transfers/stream-of-unknown-size", test_streams, FALSE);
  transfers_add ("/transfers/same-name", test_same_name, FALSE);
  transfers_add ("/transfers/same-name/named", test_same_name, TRUE);
  transfers_add ("/transfers/refuse", test_refuse, 0);
  transfers_add ("/transfers/nobody-listens", test_nobody_listens, 0);
  transfers_add ("/transfers/limits", test_limits, 0);
  transfers_add ("/transfers/too-large-stream", test_too_large_stream, 0);
  transfers_add ("/transfers/not-to-be-sent", test_not_to_be_sent, 0);
  g_test_add_func ("/transfers/no-capability", test_no_capability);
  transfers_add ("/transfers/many", test_many, 0);
  transfers_add ("/transfers/list", test_list, 0);
  transfers_add ("/transfers/wait", test_wait, 0);
  return g_test_run ();
}
