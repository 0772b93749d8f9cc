/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "signaling/sentient-addresses.h"

static const SentientAddressLimits limits = { .connections = { 2, 4 }, .open = 3 };

/* "v4": 10.0.x.y; else an address in the x-th /64. */
static void
make_address (guint8 out[16], gboolean v4, guint x, guint8 last)
{
  memset (out, 0, 16);
  if (v4)
    {
      out[10] = out[11] = 0xff;
      out[12] = 10;
      out[13] = (guint8)(x >> 16);
      out[14] = (guint8)(x >> 8);
      out[15] = (guint8)x;
      return;
    }
  out[0] = 0x20;
  out[5] = (guint8)(x >> 16);
  out[6] = (guint8)(x >> 8);
  out[7] = (guint8)x;
  out[15] = last;
}

static SentientAddressVerdict
admit (SentientAddresses *self,
       gboolean v4,
       guint x,
       guint8 last,
       gint64 now_ms,
       SentientAddress **entry,
       SentientAddressRefusal *refusal)
{
  SentientAddressRefusal unused;
  guint8 address[16];

  make_address (address, v4, x, last);
  return sentient_addresses_admit (self, address, TRUE, now_ms, entry,
                                   refusal != NULL ? refusal : &unused);
}

static void
test_open (void)
{
  SentientAddresses *self = sentient_addresses_new (&limits, 100);
  SentientAddress *entries[4];
  SentientAddressRefusal refusal;

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (admit (self, FALSE, 1, (guint8)i, 1, &entries[i], NULL), ==,
                     SENTIENT_ADDRESS_ADMITTED);
  /* The whole /64 counts as one; its neighbour, and an IPv4 address of the same bits, do not. */
  g_assert_true (entries[0] == entries[2]);
  g_assert_cmpint (admit (self, FALSE, 1, 9, 1, &entries[3], &refusal), ==,
                   SENTIENT_ADDRESS_TOO_MANY);
  g_assert_cmpuint (refusal.retry_after_ms, >=, 5000);
  g_assert_true (refusal.log);
  g_assert_false (refusal.hammering);
  g_assert_cmpint (admit (self, FALSE, 2, 0, 1, &entries[3], NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  sentient_addresses_leave (self, entries[3]);

  sentient_addresses_leave (self, entries[0]);
  g_assert_cmpint (admit (self, FALSE, 1, 9, 1, &entries[0], NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  for (guint i = 0; i < 3; i++)
    sentient_addresses_leave (self, entries[i]);
  sentient_addresses_free (self);
}

static void
test_rate (void)
{
  SentientAddresses *self = sentient_addresses_new (&limits, 100);
  SentientAddressRefusal refusal;
  SentientAddress *entry, *other;
  guint n_logged = 0, n_answered = 0;

  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpint (admit (self, TRUE, 1, 0, 1000, &entry, NULL), ==, SENTIENT_ADDRESS_ADMITTED);
      sentient_addresses_leave (self, entry);
    }
  for (guint i = 0; i < 1000; i++)
    {
      g_assert_cmpint (admit (self, TRUE, 1, 0, 1000, &entry, &refusal), ==,
                       SENTIENT_ADDRESS_TOO_FAST);
      g_assert_cmpuint (refusal.retry_after_ms, >=, 500);
      n_logged += refusal.log;
      n_answered += !refusal.hammering;
    }
  g_assert_cmpuint (n_logged, ==, 1);
  g_assert_cmpuint (n_answered, ==, 32);

  /* Others come in as ever. */
  g_assert_cmpint (admit (self, TRUE, 2, 0, 1000, &other, NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  sentient_addresses_leave (self, other);
  g_assert_cmpint (admit (self, TRUE, 1, 0, 1500, &entry, NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  sentient_addresses_leave (self, entry);
  sentient_addresses_free (self);
}

/* At most 20 lines at once, whoever complains. */
static void
test_log (void)
{
  SentientAddresses *self = sentient_addresses_new (&limits, 1000);
  SentientAddressRefusal refusal;
  SentientAddress *entry;
  guint n_logged = 0;

  for (guint x = 0; x < 500; x++)
    for (guint i = 0; i < 5; i++)
      {
        if (admit (self, TRUE, x, 0, 1000, &entry, &refusal) == SENTIENT_ADDRESS_ADMITTED)
          sentient_addresses_leave (self, entry);
        else
          n_logged += refusal.log;
      }
  g_assert_cmpuint (n_logged, ==, 20);
  sentient_addresses_free (self);
}

static void
test_bounded (void)
{
  SentientAddresses *self = sentient_addresses_new (&limits, 100);
  SentientAddress *held[100], *entry, *shared[3];

  /* Idle ones make place for new ones. */
  for (guint x = 0; x < 100000; x++)
    {
      g_assert_cmpint (admit (self, FALSE, x, 0, 1000, &entry, NULL), ==,
                       SENTIENT_ADDRESS_ADMITTED);
      sentient_addresses_leave (self, entry);
    }
  g_assert_cmpuint (sentient_addresses_get_size (self), ==, 100);

  /* Where none is idle all others share one place. */
  for (guint x = 0; x < 100; x++)
    g_assert_cmpint (admit (self, TRUE, x, 0, 1000, &held[x], NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (admit (self, TRUE, 1000 + i, 0, 1000, &shared[i], NULL), ==,
                     SENTIENT_ADDRESS_ADMITTED);
  g_assert_true (shared[0] == shared[1]);
  g_assert_cmpint (admit (self, TRUE, 2000, 0, 1000, &entry, NULL), ==, SENTIENT_ADDRESS_TOO_MANY);
  g_assert_cmpint (admit (self, TRUE, 50, 0, 1000, &entry, NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  sentient_addresses_leave (self, entry);
  g_assert_cmpuint (sentient_addresses_get_size (self), ==, 100);

  for (guint i = 0; i < 3; i++)
    sentient_addresses_leave (self, shared[i]);
  for (guint x = 0; x < 100; x++)
    sentient_addresses_leave (self, held[x]);
  sentient_addresses_free (self);
}

static void
test_expiry (void)
{
  SentientAddresses *self = sentient_addresses_new (&limits, 100);
  SentientAddress *entry, *open;
  SentientAccount *account;

  g_assert_cmpint (admit (self, TRUE, 1, 0, 1000, &open, NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  g_assert_cmpint (admit (self, TRUE, 2, 0, 1000, &entry, NULL), ==, SENTIENT_ADDRESS_ADMITTED);
  sentient_addresses_leave (self, entry);
  sentient_addresses_expire (self, 1499);
  g_assert_cmpuint (sentient_addresses_get_size (self), ==, 2);

  /* Not while something that it sent is queued: a new entry would have a new share. */
  account = sentient_address_get_account (entry);
  account->queued_bytes = 1;
  sentient_addresses_expire (self, 1500);
  g_assert_cmpuint (sentient_addresses_get_size (self), ==, 2);
  account->queued_bytes = 0;
  sentient_addresses_expire (self, 1500);
  g_assert_cmpuint (sentient_addresses_get_size (self), ==, 1);

  sentient_addresses_leave (self, open);
  sentient_addresses_expire (self, 1500);
  g_assert_cmpuint (sentient_addresses_get_size (self), ==, 0);
  sentient_addresses_free (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/addresses/open", test_open);
  g_test_add_func ("/addresses/rate", test_rate);
  g_test_add_func ("/addresses/log", test_log);
  g_test_add_func ("/addresses/bounded", test_bounded);
  g_test_add_func ("/addresses/expiry", test_expiry);
  return g_test_run ();
}
