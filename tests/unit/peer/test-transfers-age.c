/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Offers that nobody answers, and how long transfers are listed that are over: by a clock that is
 * put forward, and by the real timer. */
#include "transfer-fixture.h"

#include <string.h>

#define OFFER_MS 600000
#define KEEP_MS 3600000

typedef struct
{
  SentientManualClock *clock; /* unowned */
  SentientTransferList *list;
} Aging;

/* From now on the peer's time is this one's. */
static Aging
age (TestPeer *peer)
{
  g_autoptr (SentientManualClock) clock = sentient_manual_clock_new (0);

  g_set_object (&peer->peer->clock, SENTIENT_CLOCK (clock));
  return (Aging){ clock, sentient_peer_get_transfers (peer->peer) };
}

static void
pass (Aging *aging, gint64 ms)
{
  sentient_manual_clock_advance (aging->clock, ms);
  sentient_transfer_list_check (aging->list);
}

static guint
count (SentientTransferList *list)
{
  return g_list_model_get_n_items (G_LIST_MODEL (list));
}

static SentientTransfer *
send_small (Transfers *self)
{
  g_autoptr (GBytes) bytes = folder_make_bytes (1, 1000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);

  return transfers_send (self, file);
}

static void
assert_expired (SentientTransfer *transfer)
{
  const GError *error;

  transfers_await_end (transfer, ENDED (FAILED, TIMED_OUT));
  error = sentient_transfer_get_error (transfer);
  g_assert_nonnull (strstr (error->message, "the offer has expired"));
  g_assert_nonnull (strstr (error->message, "nobody answered it within "));
}

/* Who is asked says so, at the limit and not before. */
static void
test_asked (Transfers *self, gconstpointer data)
{
  Aging bob = age (self->bob);
  g_autoptr (SentientTransfer) sent = send_small (self);
  SentientTransfer *offer = transfers_await_offer (self, 0);

  pass (&bob, OFFER_MS - 1);
  g_assert_false (sentient_transfer_is_over (offer));
  pass (&bob, 1);
  g_assert_true (sentient_transfer_is_over (offer));
  assert_expired (offer);
  assert_expired (sent);
  g_assert_nonnull (strstr (sentient_transfer_get_error (sent)->message, "within 600 s"));
  g_assert_cmpuint (count (bob.list), ==, 1);
  transfers_assert_inbox_is_empty (self);
}

/* Who offers gives up a little later by itself; then there is nothing left of it at the other end.
 */
static void
test_offering (Transfers *self, gconstpointer data)
{
  Aging alice = age (self->alice);
  SentientTransferList *theirs = sentient_peer_get_transfers (self->bob->peer);
  g_autoptr (SentientTransfer) sent = NULL;
  SentientTransfer *offer;

  sentient_transfer_list_set_offer_timeout (theirs, 0);
  sent = send_small (self);
  offer = transfers_await_offer (self, 0);
  pass (&alice, OFFER_MS + SENTIENT_TRANSFER_OFFER_GRACE_MS - 1);
  g_assert_false (sentient_transfer_is_over (sent));
  pass (&alice, 1);
  g_assert_true (sentient_transfer_is_over (sent));
  assert_expired (sent);
  assert_expired (offer);
  g_assert_cmpuint (count (theirs), ==, 0);
  g_assert_cmpuint (count (alice.list), ==, 1);
}

/* What was accepted may take its time, and so may an offer without a limit. */
static void
test_patient (Transfers *self, gconstpointer data)
{
  Aging bob = age (self->bob);
  Aging alice = age (self->alice);
  g_autoptr (GBytes) bytes = folder_make_bytes (1, 5000000);
  g_autoptr (GFile) file = transfers_make_file (self, "a", bytes);
  g_autoptr (SentientTransfer) sent = transfers_send (self, file);
  g_autoptr (SentientTransfer) waiting = NULL;
  SentientTransfer *offer = transfers_await_offer (self, 0);

  transfers_accept (self, offer);
  await (offer->stored > 0);
  pass (&bob, G_MAXINT);
  pass (&alice, G_MAXINT);
  transfers_await_end (offer, DONE);
  transfers_await_end (sent, DONE);

  sentient_transfer_list_set_offer_timeout (bob.list, 0);
  sentient_transfer_list_set_offer_timeout (alice.list, 0);
  waiting = send_small (self);
  offer = transfers_await_offer (self, 1);
  pass (&bob, G_MAXINT);
  pass (&alice, G_MAXINT);
  settle ();
  g_assert_false (sentient_transfer_is_over (waiting));
  g_assert_false (sentient_transfer_is_over (offer));
}

/* Those that are over. */
static void
test_kept (Transfers *self, gconstpointer data)
{
  Aging alice = age (self->alice);
  g_autoptr (SentientTransfer) first = send_small (self);
  g_autoptr (SentientTransfer) second = NULL, third = NULL;

  sentient_transfer_cancel (first);
  pass (&alice, 1000);
  second = send_small (self);
  sentient_transfer_cancel (second);
  third = send_small (self);
  transfers_accept (self, transfers_await_offer (self, 2));
  transfers_await_end (third, DONE);
  pass (&alice, KEEP_MS - 1001);
  g_assert_cmpuint (count (alice.list), ==, 3);
  pass (&alice, 1);
  g_assert_cmpuint (count (alice.list), ==, 2);
  pass (&alice, 999);
  g_assert_cmpuint (count (alice.list), ==, 2);
  pass (&alice, 1);
  g_assert_cmpuint (count (alice.list), ==, 0);

  sentient_transfer_list_set_keep_time (alice.list, 0);
  g_clear_object (&first);
  first = send_small (self);
  sentient_transfer_cancel (first);
  pass (&alice, G_MAXINT);
  g_assert_cmpuint (count (alice.list), ==, 1);
}

/* Without a helping hand; a new limit counts at once. */
static void
test_timer (Transfers *self, gconstpointer data)
{
  SentientTransferList *ours = sentient_peer_get_transfers (self->alice->peer);
  SentientTransferList *theirs = sentient_peer_get_transfers (self->bob->peer);
  g_autoptr (SentientTransfer) first = send_small (self);
  g_autoptr (SentientTransfer) second = NULL;

  transfers_await_offer (self, 0);
  g_object_set (theirs, "offer-timeout", 30, NULL);
  assert_expired (first);
  second = send_small (self);
  assert_expired (second);
  g_assert_nonnull (strstr (sentient_transfer_get_error (second)->message, "within 0.03 s"));
  g_object_set (ours, "keep-time", 30, NULL);
  g_object_set (theirs, "keep-time", 30, NULL);
  await (count (ours) == 0 && count (theirs) == 0);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *)user_data;
}

static void
test_properties (Transfers *self, gconstpointer data)
{
  SentientTransferList *list = sentient_peer_get_transfers (self->alice->peer);
  guint n_notified = 0, offer = 0, keep = 0;

  g_assert_cmpuint (sentient_transfer_list_get_offer_timeout (list), ==, OFFER_MS);
  g_assert_cmpuint (sentient_transfer_list_get_keep_time (list), ==, KEEP_MS);
  g_signal_connect (list, "notify", G_CALLBACK (on_notify), &n_notified);
  g_object_set (list, "offer-timeout", OFFER_MS, "keep-time", KEEP_MS, NULL);
  g_assert_cmpuint (n_notified, ==, 0);
  g_object_set (list, "offer-timeout", 1, "keep-time", 2, NULL);
  g_assert_cmpuint (n_notified, ==, 2);
  g_object_get (list, "offer-timeout", &offer, "keep-time", &keep, NULL);
  g_assert_cmpuint (offer, ==, 1);
  g_assert_cmpuint (keep, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  transfers_add ("/transfers/age/asked", test_asked, 0);
  transfers_add ("/transfers/age/offering", test_offering, 0);
  transfers_add ("/transfers/age/patient", test_patient, 0);
  transfers_add ("/transfers/age/kept", test_kept, 0);
  transfers_add ("/transfers/age/timer", test_timer, 0);
  transfers_add ("/transfers/age/properties", test_properties, 0);
  return g_test_run ();
}
