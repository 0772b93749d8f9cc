/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer-fixture.h"

#include <string.h>

#include "peer/sentient-unnamed-file.h"

/* Files between two peers, when something goes wrong. */

/* Bob's disk, which takes nothing until it is told to. */
typedef struct
{
  GFilterOutputStream parent_instance;
  gboolean is_open;
  GTask *pending; /* what waits to be written */
} SlowStream;

typedef GFilterOutputStreamClass SlowStreamClass;

static GType slow_stream_get_type (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SlowStream, g_object_unref)
G_DEFINE_TYPE (SlowStream, slow_stream, G_TYPE_FILTER_OUTPUT_STREAM)

static void
slow_stream_write (SlowStream *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->pending);
  const GOutputVector *vector = g_task_get_task_data (task);
  GOutputStream *base = g_filter_output_stream_get_base_stream (&self->parent_instance);

  g_task_return_int (task, g_output_stream_write (base, vector->buffer, vector->size, NULL, NULL));
}

static void
slow_stream_open (SlowStream *self)
{
  self->is_open = TRUE;
  slow_stream_write (self);
}

static void
slow_stream_writev_async (GOutputStream *stream,
                          const GOutputVector *vectors,
                          gsize n_vectors,
                          int priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  SlowStream *self = (SlowStream *)stream;

  g_assert_null (self->pending);
  self->pending = g_task_new (stream, cancellable, callback, user_data);
  g_task_set_task_data (self->pending, (gpointer)vectors, NULL);
  if (self->is_open)
    slow_stream_write (self);
}

static gboolean
slow_stream_writev_finish (GOutputStream *stream, GAsyncResult *result, gsize *n, GError **error)
{
  gssize written = g_task_propagate_int (G_TASK (result), error);

  *n = (gsize)MAX (written, 0);
  return written >= 0;
}

static void
slow_stream_class_init (SlowStreamClass *klass)
{
  G_OUTPUT_STREAM_CLASS (klass)->writev_async = slow_stream_writev_async;
  G_OUTPUT_STREAM_CLASS (klass)->writev_finish = slow_stream_writev_finish;
}

static void
slow_stream_init (SlowStream *self)
{
}

static SlowStream *
slow_stream_new (GOutputStream *base)
{
  return g_object_new (slow_stream_get_type (), "base-stream", base, NULL);
}

/* A slow disk holds up its own file: neither memory nor anything else. */
static void
test_slow_disk (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (4, 5000000);
  g_autoptr (GFile) file = transfers_make_file (self, "slow", bytes);
  g_autoptr (GOutputStream) to = g_memory_output_stream_new_resizable ();
  g_autoptr (SlowStream) slow = slow_stream_new (to);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  g_autoptr (SentientTransfer) quick = NULL;
  SentientTransfer *offer = transfers_await_offer (self, 0);
  g_autoptr (GBytes) got = NULL;

  g_assert_true (sentient_transfer_accept_stream (offer, G_OUTPUT_STREAM (slow), NULL));
  await (sent->moved >= SENTIENT_TRANSFER_WINDOW);
  quick = transfers_send (self, file);
  transfers_accept (self, transfers_await_offer (self, 1));
  g_assert_true (sentient_peer_send (self->alice->peer, "bob", "beside it", NULL));
  await (has (self->bob->messages, "alice: beside it"));
  transfers_await_end (quick, DONE);
  g_assert_cmpuint (sent->moved, <, SENTIENT_TRANSFER_WINDOW + SENTIENT_TRANSFER_BLOCK_MAX);
  g_assert_cmpuint (offer->stored, ==, 0);
  g_assert_cmpint (sentient_transfer_get_state (sent), ==, SENTIENT_TRANSFER_STATE_ACTIVE);

  slow_stream_open (slow);
  transfers_await_end (sent, DONE);
  transfers_await_end (offer, DONE);
  got = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (to));
  g_assert_true (g_bytes_equal (got, bytes));
}

typedef enum
{
  BY_SENDER = 1 << 0, /* who cancels */
  ACTIVE = 1 << 1,    /* when */
  NAMED = 1 << 2,     /* where a file cannot do without a name */
} CancelCase;

static void
test_cancel (Transfers *self, gconstpointer data)
{
  CancelCase which = GPOINTER_TO_INT (data);
  g_autoptr (GBytes) bytes = folder_make_bytes (5, 5000000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  SentientTransfer *here = which & BY_SENDER ? sent : offer;
  SentientTransfer *there = which & BY_SENDER ? offer : sent;
  g_autoptr (GPtrArray) partial = NULL;

  sentient_unnamed_file_set_supported ((which & NAMED) == 0);
  if (which & ACTIVE)
    {
      transfers_accept (self, offer);
      await (offer->stored > 0);
      partial = transfers_list_inbox (self);
      g_assert_cmpuint (partial->len, ==, which & NAMED ? 1 : 0);
      if (which & NAMED)
        g_assert_true (g_str_has_prefix (partial->pdata[0], ".sentient-"));
    }
  sentient_transfer_cancel (here);
  transfers_await_end (here, SENTIENT_TRANSFER_STATE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  transfers_await_end (there, ENDED (CANCELLED, CLOSED));
  transfers_assert_inbox_is_empty (self);
  /* What nobody had wanted is not listed on. */
  g_assert_cmpuint (g_list_model_get_n_items (
                        G_LIST_MODEL (sentient_peer_get_transfers (self->bob->peer))),
                    ==, which == BY_SENDER ? 0 : 1);
  sentient_unnamed_file_set_supported (TRUE);
}

/* The file turns out to have another size than was offered. */
static void
test_other_size (Transfers *self, gconstpointer data)
{
  gint64 offered = GPOINTER_TO_INT (data);
  g_autoptr (GBytes) bytes = folder_make_bytes (6, 300000);
  g_autoptr (GInputStream) from = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (SentientTransfer) sent = transfers_send_stream (self, from, "a", offered);
  SentientTransfer *offer = transfers_await_offer (self, 0);

  transfers_accept (self, offer);
  transfers_await_end (sent, ENDED (FAILED, FAILED));
  transfers_await_end (offer, ENDED (FAILED, FAILED));
  g_assert_nonnull (strstr (sentient_transfer_get_error (offer)->message,
                            offered > 300000 ? "shorter" : "longer"));
  transfers_assert_inbox_is_empty (self);
}

/* A real file, cut while it is read. */
static void
test_shrinks (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (6, 8000000);
  g_autoptr (GBytes) less = folder_make_bytes (6, 100);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (GFileIOStream) writer = g_file_open_readwrite (file, NULL, NULL);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);

  transfers_accept (self, offer);
  await (offer->stored > 0);
  g_assert_true (g_seekable_truncate (G_SEEKABLE (writer), 100, NULL, NULL));
  transfers_await_end (sent, ENDED (FAILED, FAILED));
  transfers_await_end (offer, ENDED (FAILED, FAILED));
  transfers_assert_inbox_is_empty (self);
}

static void
test_disk_full (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (7, 3000000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  g_autoptr (GFile) full = g_file_new_for_path ("/dev/full");
  g_autoptr (GFileOutputStream) to = g_file_append_to (full, G_FILE_CREATE_NONE, NULL, NULL);

  g_assert_true (sentient_transfer_accept_stream (offer, G_OUTPUT_STREAM (to), NULL));
  transfers_await_end (offer, SENTIENT_TRANSFER_STATE_FAILED, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  transfers_await_end (sent, ENDED (FAILED, FAILED));
  g_assert_nonnull (strstr (sentient_transfer_get_error (sent)->message, "no room"));
}

/* More than any disk has free. */
static void
test_no_room (Transfers *self, gconstpointer data)
{
  g_autoptr (GInputStream) from = g_memory_input_stream_new ();
  g_autoptr (SentientTransfer) sent = transfers_send_stream (self, from, "huge", G_MAXINT64);
  SentientTransfer *offer = transfers_await_offer (self, 0);

  transfers_accept (self, offer);
  transfers_await_end (offer, SENTIENT_TRANSFER_STATE_FAILED, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  transfers_await_end (sent, ENDED (FAILED, FAILED));
  transfers_assert_inbox_is_empty (self);
}

static void
test_no_folder (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (7, 10);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  g_autoptr (GFile) nowhere = g_file_new_build_filename (self->folder, "no", "where", NULL);

  g_assert_true (sentient_transfer_accept (offer, nowhere, NULL));
  transfers_await_end (offer, SENTIENT_TRANSFER_STATE_FAILED, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  transfers_await_end (sent, ENDED (FAILED, FAILED));
  /* Our paths are nobody else's business. */
  g_assert_null (strstr (sentient_transfer_get_error (sent)->message, self->folder));
}

/* A transfer does not notice what becomes of the links below it. */
static void
test_broken_links (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (8, 6000000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  g_autoptr (GError) lost
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "a test");
  guint n_breaks = 0;

  transfers_accept (self, offer);
  while (!sentient_transfer_is_over (sent))
    {
      TestPeer *at = n_breaks % 2 ? self->alice : self->bob;
      const char *to = n_breaks % 2 ? "bob" : "alice";
      guint64 stored = offer->stored;

      await (sentient_transfer_is_over (sent)
             || (is_open (self->alice, "bob") && is_open (self->bob, "alice")
                 && offer->stored > stored));
      if (sentient_transfer_is_over (sent))
        break;
      transfers_break (at, to, lost);
      n_breaks++;
    }
  g_test_message ("%u breaks", n_breaks);
  g_assert_cmpuint (n_breaks, >, 2);
  transfers_await_end (sent, DONE);
  transfers_await_end (offer, DONE);
  folder_assert_file (g_file_peek_path (sentient_transfer_get_file (offer)), bytes);
}

/* The connection is closed, by one end or the other, and that is an end. */
static void
test_disconnect (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (8, 6000000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  SentientTransfer *offer = transfers_await_offer (self, 0);
  g_autoptr (GAsyncResult) result = NULL;

  transfers_accept (self, offer);
  await (offer->stored > 0);
  if (GPOINTER_TO_INT (data))
    sentient_peer_disconnect_peer_async (self->alice->peer, "bob", NULL, on_result, &result);
  else
    sentient_peer_disconnect_peer_async (self->bob->peer, "alice", NULL, on_result, &result);
  transfers_await_end (sent, ENDED (CANCELLED, CLOSED));
  transfers_await_end (offer, ENDED (CANCELLED, CLOSED));
  transfers_assert_inbox_is_empty (self);
  await (result != NULL);
}

/* The other end is another one all of a sudden. */
static void
test_restarted (Transfers *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (8, 6000000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  g_autoptr (SentientTransfer) waiting = transfers_send (self, file);
  g_autoptr (SentientTransfer) after = NULL;
  SentientTransfer *offer = transfers_await_offer (self, 0);

  transfers_accept (self, offer);
  await (offer->stored > 0);
  transfers_await_offer (self, 1);
  test_peer_free (g_steal_pointer (&self->bob));
  g_assert_cmpint (sentient_transfer_get_state (offer), ==, SENTIENT_TRANSFER_STATE_FAILED);
  transfers_assert_inbox_is_empty (self);
  transfers_restart_bob (self);
  await (is_open (self->alice, "bob") && is_open (self->bob, "alice"));
  transfers_await_end (sent, ENDED (FAILED, CONNECTION_LOST));
  transfers_await_end (waiting, ENDED (FAILED, CONNECTION_LOST));

  after = transfers_send (self, file);
  transfers_accept (self, transfers_await_offer (self, 2));
  transfers_await_end (after, DONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  transfers_add ("/transfers/trouble/slow-disk", test_slow_disk, 0);
  transfers_add ("/transfers/trouble/cancel/offer", test_cancel, BY_SENDER);
  transfers_add ("/transfers/trouble/cancel/offered", test_cancel, 0);
  transfers_add ("/transfers/trouble/cancel/sender", test_cancel, BY_SENDER | ACTIVE);
  transfers_add ("/transfers/trouble/cancel/receiver", test_cancel, ACTIVE);
  transfers_add ("/transfers/trouble/cancel/sender/named", test_cancel, BY_SENDER | ACTIVE | NAMED);
  transfers_add ("/transfers/trouble/cancel/receiver/named", test_cancel, ACTIVE | NAMED);
  transfers_add ("/transfers/trouble/shorter", test_other_size, 300001);
  transfers_add ("/transfers/trouble/longer", test_other_size, 299999);
  transfers_add ("/transfers/trouble/shrinks", test_shrinks, 0);
  transfers_add ("/transfers/trouble/disk-full", test_disk_full, 0);
  transfers_add ("/transfers/trouble/no-room", test_no_room, 0);
  transfers_add ("/transfers/trouble/no-folder", test_no_folder, 0);
  transfers_add ("/transfers/trouble/broken-links", test_broken_links, 0);
  transfers_add ("/transfers/trouble/disconnect/sender", test_disconnect, TRUE);
  transfers_add ("/transfers/trouble/disconnect/receiver", test_disconnect, FALSE);
  transfers_add ("/transfers/trouble/restarted", test_restarted, 0);
  return g_test_run ();
}
