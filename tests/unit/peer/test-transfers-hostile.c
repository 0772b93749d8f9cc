/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer-fixture.h"

#include <fcntl.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>

/* Alice means harm: she says what no program of ours would. It costs her transfers, at worst her
 * connection, and bob no memory. */

static void
say (Transfers *self, const SentientTransferMessage *message)
{
  SentientConnection *connection = sentient_peer_find_connection (self->alice->peer, "bob");
  g_autoptr (GBytes) data = sentient_transfer_message_serialize (message);

  await (sentient_connection_has_service_room (connection, SENTIENT_STREAM_PRIORITY_NORMAL));
  g_assert_true (
      sentient_connection_push_service (connection, data, SENTIENT_STREAM_PRIORITY_NORMAL));
}

static void
say_offer (Transfers *self, guint32 id, guint64 size)
{
  SentientTransferMessage message = { .kind = SENTIENT_TRANSFER_MESSAGE_OFFER,
                                      .transfer = id,
                                      .size = size,
                                      .text = "../evil",
                                      .text_len = 7 };

  say (self, &message);
}

static void
say_block (Transfers *self, guint32 id, gsize len)
{
  static const guint8 zeros[SENTIENT_TRANSFER_BLOCK_MAX];
  SentientTransferMessage message
      = { .kind = SENTIENT_TRANSFER_MESSAGE_BLOCK, .transfer = id, .body = zeros, .len = len };

  say (self, &message);
}

static void
say_plain (Transfers *self, SentientTransferMessageKind kind, guint32 id, guint64 bytes)
{
  static const guint8 digest[SENTIENT_TRANSFER_DIGEST_LEN];
  SentientTransferMessage message = { .kind = kind, .transfer = id, .bytes = bytes };

  if (kind == SENTIENT_TRANSFER_MESSAGE_END)
    {
      message.body = digest;
      message.len = sizeof digest;
    }
  say (self, &message);
}

/* An offer of hers that bob has accepted. */
static SentientTransfer *
begin (Transfers *self, guint32 id, guint64 size)
{
  guint n = self->offers->len;
  SentientTransfer *offer;

  say_offer (self, id, size);
  offer = transfers_await_offer (self, n);
  g_assert_cmpstr (sentient_transfer_get_name (offer), ==, "evil");
  transfers_accept (self, offer);
  return offer;
}

/* All else goes on. */
static void
assert_alive (Transfers *self)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (1, 100000);
  g_autoptr (GInputStream) from = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GOutputStream) to = g_memory_output_stream_new_resizable ();
  g_autoptr (SentientTransfer) sent = NULL;
  guint n = self->offers->len;

  settle ();
  g_assert_true (is_open (self->bob, "alice") && is_open (self->alice, "bob"));
  g_assert_cmpuint (self->bob->disconnected->len, ==, 0);
  transfers_assert_inbox_is_empty (self);
  sent = transfers_send_stream (self, from, "good", 100000);
  g_assert_true (sentient_transfer_accept_stream (transfers_await_offer (self, n), to, NULL));
  transfers_await_end (sent, DONE);
}

static void
assert_broken (Transfers *self, SentientTransfer *offer, const char *words)
{
  transfers_await_end (offer, ENDED (FAILED, PROTOCOL));
  g_assert_nonnull (strstr (sentient_transfer_get_error (offer)->message, words));
  assert_alive (self);
}

static void
test_unasked (Transfers *self, gconstpointer data)
{
  SentientTransfer *offer;

  say_offer (self, 1, 1000);
  offer = transfers_await_offer (self, 0);
  say_block (self, 1, 100);
  assert_broken (self, offer, "before it was accepted");
}

static void
test_too_much (Transfers *self, gconstpointer data)
{
  SentientTransfer *offer = begin (self, 1, 1000);

  say_block (self, 1, 1000);
  say_block (self, 1, 1);
  assert_broken (self, offer, "more than it had offered");
}

static void
test_too_little (Transfers *self, gconstpointer data)
{
  SentientTransfer *offer = begin (self, 1, 1000);

  say_block (self, 1, 999);
  say_plain (self, SENTIENT_TRANSFER_MESSAGE_END, 1, 0);
  assert_broken (self, offer, "before it was whole");
}

static void
test_wrong_digest (Transfers *self, gconstpointer data)
{
  SentientTransfer *offer = begin (self, 1, 1000);

  say_block (self, 1, 1000);
  say_plain (self, SENTIENT_TRANSFER_MESSAGE_END, 1, 0);
  transfers_await_end (offer, ENDED (FAILED, FAILED));
  g_assert_nonnull (strstr (sentient_transfer_get_error (offer)->message, "SHA-256"));
  assert_alive (self);
}

/* She does not wait for what takes the file: a pipe that nobody reads. */
static void
test_no_credit (Transfers *self, gconstpointer data)
{
  const guint n_max = 2 * SENTIENT_TRANSFER_WINDOW / SENTIENT_TRANSFER_BLOCK_MAX;
  SentientTransfer *offer;
  gint pipe[2];
  g_autoptr (GOutputStream) to = NULL;
  guint n = 0;

  g_assert_true (g_unix_open_pipe (pipe, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_set_fd_nonblocking (pipe[1], TRUE, NULL));
  to = g_unix_output_stream_new (pipe[1], TRUE);
  say_offer (self, 1, G_MAXUINT32);
  offer = transfers_await_offer (self, 0);
  g_assert_true (sentient_transfer_accept_stream (offer, to, NULL));
  await (sentient_transfer_get_state (offer) == SENTIENT_TRANSFER_STATE_ACTIVE);
  for (; n < n_max && !sentient_transfer_is_over (offer); n++)
    {
      say_block (self, 1, SENTIENT_TRANSFER_BLOCK_MAX);
      g_assert_cmpuint (offer->moved, <=,
                        SENTIENT_TRANSFER_WINDOW + SENTIENT_TRANSFER_BLOCK_MAX + offer->told);
    }
  assert_broken (self, offer, "did not wait");
  g_close (pipe[0], NULL);
}

static void
test_unknown (Transfers *self, gconstpointer data)
{
  for (guint i = 0; i < 500; i++)
    say_block (self, 1000 + i, SENTIENT_TRANSFER_BLOCK_MAX);
  for (gint kind = SENTIENT_TRANSFER_MESSAGE_END; kind <= SENTIENT_TRANSFER_MESSAGE_REFUSE; kind++)
    say_plain (self, (SentientTransferMessageKind)kind, 5, 0);
  say_plain (self, (SentientTransferMessageKind)99, 5, 0);
  settle ();
  g_assert_cmpuint (self->offers->len, ==, 0);
  assert_alive (self);
}

/* Of what she accepts. */
static SentientTransfer *
send_to_alice (Transfers *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = folder_make_bytes (2, 5000000);
  g_autoptr (GInputStream) from = g_memory_input_stream_new_from_bytes (bytes);
  SentientTransfer *sent;

  sentient_peer_send_stream_async (self->bob->peer, "alice", from, "for alice", NULL, 5000000, NULL,
                                   on_result, &result);
  await (result != NULL);
  sent = sentient_peer_send_file_finish (self->bob->peer, result, NULL);
  g_assert_nonnull (sent);
  return sent;
}

static void
on_offer_to_alice (SentientPeer *peer, SentientTransfer *transfer)
{
}

static void
test_lies (Transfers *self, gconstpointer data)
{
  static const struct
  {
    SentientTransferMessageKind kind;
    guint64 bytes;
    gboolean is_accepted; /* before */
  } lies[] = {
    { SENTIENT_TRANSFER_MESSAGE_ACCEPT, 1, FALSE },
    { SENTIENT_TRANSFER_MESSAGE_ACCEPT, 0, TRUE },
    { SENTIENT_TRANSFER_MESSAGE_PROGRESS, 0, FALSE },
    { SENTIENT_TRANSFER_MESSAGE_PROGRESS, G_MAXUINT64, TRUE },
    { SENTIENT_TRANSFER_MESSAGE_PROGRESS, 5000000, TRUE },
    { SENTIENT_TRANSFER_MESSAGE_DONE, 0, FALSE },
    { SENTIENT_TRANSFER_MESSAGE_DONE, 0, TRUE },
  };

  g_signal_connect (self->alice->peer, "transfer-offered", G_CALLBACK (on_offer_to_alice), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autoptr (SentientTransfer) sent = send_to_alice (self);

      if (lies[i].is_accepted)
        {
          say_plain (self, SENTIENT_TRANSFER_MESSAGE_ACCEPT, sent->id, 0);
          await (sent->moved > 0);
        }
      say_plain (self, lies[i].kind, sent->id, lies[i].bytes);
      transfers_await_end (sent, ENDED (FAILED, PROTOCOL));
    }
  assert_alive (self);
}

static guint
count_listed (Transfers *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (sentient_peer_get_transfers (self->bob->peer)));
}

/* Offers without end, each a number further: what is not refused is bounded, and so is what bob
 * hears of them. */
static void
test_endless_offers (Transfers *self, gconstpointer data)
{
  for (guint i = 1; i <= 2000; i++)
    say_offer (self, i, 1);
  settle ();
  g_assert_cmpuint (self->offers->len, ==,
                    sentient_transfer_list_get_max_per_node (
                        sentient_peer_get_transfers (self->bob->peer)));
  g_assert_cmpuint (count_listed (self), ==, self->offers->len);
  g_assert_true (is_open (self->bob, "alice"));
}

/* And taken back at once, so that there is always place for the next. */
static void
test_offers_taken_back (Transfers *self, gconstpointer data)
{
  for (guint i = 1; i <= 2000; i++)
    {
      SentientTransferMessage back
          = { .kind = SENTIENT_TRANSFER_MESSAGE_CANCEL, .transfer = i, .code = 1 };

      say_offer (self, i, 1);
      say (self, &back);
    }
  settle ();
  g_assert_cmpuint (self->offers->len, >=, SENTIENT_TRANSFER_OFFERS_BURST);
  g_assert_cmpuint (self->offers->len, <,
                    SENTIENT_TRANSFER_OFFERS_BURST + 60 * SENTIENT_TRANSFER_OFFERS_PER_S);
  g_assert_cmpuint (count_listed (self), ==, 0);
}

static void
assert_thrown_out (Transfers *self, SentientTransfer *offer)
{
  await (has (self->bob->disconnected, "alice"));
  if (offer != NULL)
    transfers_await_end (offer, ENDED (FAILED, CONNECTION_LOST));
  transfers_assert_inbox_is_empty (self);
}

static void
test_number_twice (Transfers *self, gconstpointer data)
{
  SentientTransfer *offer = begin (self, 1, 1000);

  say_offer (self, 1, 1000);
  assert_thrown_out (self, offer);
}

static void
test_malformed (Transfers *self, gconstpointer data)
{
  SentientTransfer *offer = begin (self, 1, 1000);
  SentientConnection *connection = sentient_peer_find_connection (self->alice->peer, "bob");
  g_autoptr (GBytes) cut = g_bytes_new_static ("\1\2\0", 3);

  g_assert_true (
      sentient_connection_push_service (connection, cut, SENTIENT_STREAM_PRIORITY_NORMAL));
  assert_thrown_out (self, offer);
}

/* She asks, and does not read the answers: they must not pile up here. */
static void
test_does_not_listen (Transfers *self, gconstpointer data)
{
  SentientConnection *hers = sentient_peer_find_connection (self->alice->peer, "bob");
  SentientConnection *his = sentient_peer_find_connection (self->bob->peer, "alice");
  g_autoptr (SentientConnection) keep = g_object_ref (his);
  SentientTransferNode *node;

  sentient_connection_set_paused (hers, TRUE);
  /* There is no place for service messages to her any more. */
  while (sentient_connection_has_service_room (his, SENTIENT_STREAM_PRIORITY_NORMAL))
    {
      g_autoptr (GBytes) filler = folder_make_bytes (1, 60000);
      g_autoptr (GByteArray) message = g_byte_array_new ();

      g_byte_array_append (message, (const guint8 *)"\2", 1);
      g_byte_array_append (message, g_bytes_get_data (filler, NULL), 60000);
      g_bytes_unref (g_steal_pointer (&filler));
      filler = g_byte_array_free_to_bytes (g_steal_pointer (&message));
      sentient_connection_push_service (his, filler, SENTIENT_STREAM_PRIORITY_NORMAL);
    }
  for (guint i = 1; i <= 1000 && !has (self->bob->disconnected, "alice"); i++)
    {
      say_offer (self, i, 1);
      settle ();
      node = g_hash_table_lookup (sentient_peer_get_transfers (self->bob->peer)->nodes, "alice");
      if (node != NULL)
        g_assert_cmpuint (node->control.length, <=, SENTIENT_TRANSFER_CONTROL_MAX + 1);
    }
  assert_thrown_out (self, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  transfers_add ("/transfers/hostile/unasked", test_unasked, 0);
  transfers_add ("/transfers/hostile/too-much", test_too_much, 0);
  transfers_add ("/transfers/hostile/too-little", test_too_little, 0);
  transfers_add ("/transfers/hostile/wrong-digest", test_wrong_digest, 0);
  transfers_add ("/transfers/hostile/no-credit", test_no_credit, 0);
  transfers_add ("/transfers/hostile/unknown", test_unknown, 0);
  transfers_add ("/transfers/hostile/lies", test_lies, 0);
  transfers_add ("/transfers/hostile/endless-offers", test_endless_offers, 0);
  transfers_add ("/transfers/hostile/offers-taken-back", test_offers_taken_back, 0);
  transfers_add ("/transfers/hostile/number-twice", test_number_twice, 0);
  transfers_add ("/transfers/hostile/malformed", test_malformed, 0);
  transfers_add ("/transfers/hostile/does-not-listen", test_does_not_listen, 0);
  return g_test_run ();
}
