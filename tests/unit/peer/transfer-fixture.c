/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer-fixture.h"

#include <glib/gstdio.h>

static void
on_offered (SentientPeer *peer, SentientTransfer *transfer, Transfers *self)
{
  g_ptr_array_add (self->offers, g_object_ref (transfer));
}

void
transfers_set_up (Transfers *self, gconstpointer data)
{
  g_autofree char *inbox = NULL;

  self->folder = folder_new ();
  inbox = g_build_filename (self->folder, "inbox", NULL);
  g_assert_cmpint (g_mkdir (inbox, 0700), ==, 0);
  self->offers = g_ptr_array_new_with_free_func (g_object_unref);
  self->coordinator = fake_coordinator_new (0, 0);
  self->alice = test_peer_new ("alice");
  self->bob = test_peer_new ("bob");
  self->listening
      = g_signal_connect (self->bob->peer, "transfer-offered", G_CALLBACK (on_offered), self);
  test_peer_connect_to (self->alice, self->coordinator);
  test_peer_connect_to (self->bob, self->coordinator);
  test_peer_join (self->alice, "lobby");
  test_peer_join (self->bob, "lobby");
  await (is_open (self->alice, "bob") && is_open (self->bob, "alice"));
}

void
transfers_tear_down (Transfers *self, gconstpointer data)
{
  test_peer_close (self->alice);
  test_peer_close (self->bob);
  transfers_drop_offers (self);
  settle ();
  test_peer_free (self->alice);
  test_peer_free (self->bob);
  fake_coordinator_free (self->coordinator);
  g_ptr_array_unref (self->offers);
  folder_remove (self->folder);
  g_free (self->folder);
}

void
transfers_add (const char *path, void (*test) (Transfers *, gconstpointer), gint data)
{
  g_test_add (path, Transfers, GINT_TO_POINTER (data), transfers_set_up, test, transfers_tear_down);
}

void
transfers_drop_offers (Transfers *self)
{
  g_ptr_array_set_size (self->offers, 0);
}

GFile *
transfers_make_file (Transfers *self, const char *name, GBytes *data)
{
  g_autofree char *path = folder_write (self->folder, name, data);

  return g_file_new_for_path (path);
}

GFile *
transfers_get_inbox (Transfers *self)
{
  return g_file_new_build_filename (self->folder, "inbox", NULL);
}

GPtrArray *
transfers_list_inbox (Transfers *self)
{
  g_autofree char *path = g_build_filename (self->folder, "inbox", NULL);

  return folder_list (path);
}

static SentientTransfer *
finish (Transfers *self, GAsyncResult **result)
{
  g_autoptr (GAsyncResult) owned = NULL;
  g_autoptr (GError) error = NULL;
  SentientTransfer *transfer;

  await (*result != NULL);
  owned = g_steal_pointer (result);
  transfer = sentient_peer_send_file_finish (self->alice->peer, owned, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sentient_transfer_get_direction (transfer), ==,
                   SENTIENT_TRANSFER_DIRECTION_OUTGOING);
  return transfer;
}

SentientTransfer *
transfers_send (Transfers *self, GFile *file)
{
  GAsyncResult *result = NULL;

  sentient_peer_send_file_async (self->alice->peer, "bob", file, NULL, on_result, &result);
  return finish (self, &result);
}

SentientTransfer *
transfers_send_stream (Transfers *self, GInputStream *stream, const char *name, gint64 size)
{
  GAsyncResult *result = NULL;

  sentient_peer_send_stream_async (self->alice->peer, "bob", stream, name, "text/plain", size, NULL,
                                   on_result, &result);
  return finish (self, &result);
}

SentientTransfer *
transfers_await_offer (Transfers *self, guint n)
{
  await (self->offers->len > n);
  return self->offers->pdata[n];
}

void
transfers_await_end (SentientTransfer *transfer,
                     SentientTransferState state,
                     GQuark domain,
                     gint code)
{
  const GError *error;

  await (sentient_transfer_is_over (transfer));
  error = sentient_transfer_get_error (transfer);
  if (error != NULL)
    g_test_message ("%s", error->message);
  g_assert_cmpstr (sentient_transfer_state_to_string (sentient_transfer_get_state (transfer)), ==,
                   sentient_transfer_state_to_string (state));
  if (state == SENTIENT_TRANSFER_STATE_DONE)
    g_assert_no_error (error);
  else
    g_assert_error (error, domain, code);
}

void
transfers_break (TestPeer *at, const char *node_id, const GError *error)
{
  SentientConnection *connection = sentient_peer_find_connection (at->peer, node_id);

  sentient_peer_lose_link (at->peer, connection, error);
}

void
transfers_restart_bob (Transfers *self)
{
  g_assert_null (self->bob);
  self->bob = test_peer_new ("bob");
  self->listening
      = g_signal_connect (self->bob->peer, "transfer-offered", G_CALLBACK (on_offered), self);
  test_peer_connect_to (self->bob, self->coordinator);
  test_peer_join (self->bob, "lobby");
}

void
transfers_accept (Transfers *self, SentientTransfer *offer)
{
  g_autoptr (GFile) inbox = transfers_get_inbox (self);
  g_autoptr (GError) error = NULL;

  g_assert_true (sentient_transfer_accept (offer, inbox, &error));
  g_assert_no_error (error);
}

void
transfers_assert_inbox (Transfers *self, const char *const *names)
{
  g_autoptr (GPtrArray) found = transfers_list_inbox (self);

  g_assert_cmpuint (found->len, ==, g_strv_length ((GStrv)names));
  for (guint i = 0; i < found->len; i++)
    g_assert_cmpstr (found->pdata[i], ==, names[i]);
}

void
transfers_assert_inbox_is_empty (Transfers *self)
{
  const char *const none[] = { NULL };

  settle ();
  transfers_assert_inbox (self, none);
}
