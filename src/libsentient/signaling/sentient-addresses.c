/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-addresses.h"

#include <string.h>

#define LOG_EVERY_MS 60000
#define TOO_MANY_RETRY_MS 5000
/* Refusals that get an answer; then a reset has to do for the rest of the minute. */
#define ANSWERS_PER_MINUTE 32

struct _SentientAddress
{
  guint64 prefix; /* an IPv6 /64, or an IPv4 address */
  gboolean is_v4;
  guint n_open;
  guint n_answers; /* since log_ms */
  gint64 log_ms;   /* when a refusal was last told to the log; 0: never */
  SentientRateState rate;
  SentientAccount *account;
  GList idle; /* in addresses->idle while nothing is open */
};

struct _SentientAddresses
{
  SentientAddressLimits limits;
  guint max;
  GHashTable *table; /* set of SentientAddress, owned */
  GQueue idle;       /* the one that was used longest ago first */
  SentientAddress *overflow;
  SentientRateState log_rate;
};

static guint
address_hash (gconstpointer key)
{
  const SentientAddress *address = key;
  guint64 mixed = address->prefix * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return (guint)(mixed >> 32) ^ (guint)address->is_v4;
}

static gboolean
address_equal (gconstpointer a, gconstpointer b)
{
  const SentientAddress *one = a, *other = b;

  return one->prefix == other->prefix && one->is_v4 == other->is_v4;
}

static void
address_free (gpointer data)
{
  SentientAddress *address = data;

  sentient_account_unref (address->account);
  g_free (address);
}

SentientAddresses *
sentient_addresses_new (const SentientAddressLimits *limits, guint max)
{
  SentientAddresses *self = g_new0 (SentientAddresses, 1);

  self->limits = *limits;
  self->max = max;
  self->table = g_hash_table_new_full (address_hash, address_equal, address_free, NULL);
  g_queue_init (&self->idle);
  self->overflow = g_new0 (SentientAddress, 1);
  self->overflow->account = sentient_account_new ();
  return self;
}

void
sentient_addresses_set_limits (SentientAddresses *self, const SentientAddressLimits *limits)
{
  self->limits = *limits;
}

void
sentient_addresses_free (SentientAddresses *self)
{
  g_hash_table_unref (self->table);
  address_free (self->overflow);
  g_free (self);
}

static void
read_key (SentientAddress *key, const guint8 address[16])
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

  key->is_v4 = memcmp (address, mapped, sizeof mapped) == 0;
  key->prefix = 0;
  memcpy (&key->prefix, key->is_v4 ? address + 12 : address, key->is_v4 ? 4 : 8);
}

static void
drop (SentientAddresses *self, SentientAddress *address)
{
  g_queue_unlink (&self->idle, &address->idle);
  g_hash_table_remove (self->table, address);
}

/* A new one stands among the idle ones. */
static SentientAddress *
ensure (SentientAddresses *self, const guint8 bytes[16])
{
  SentientAddress key;
  SentientAddress *address;

  read_key (&key, bytes);
  address = g_hash_table_lookup (self->table, &key);
  if (address != NULL)
    return address;
  if (g_hash_table_size (self->table) >= self->max)
    {
      if (self->idle.head == NULL)
        return self->overflow;
      drop (self, self->idle.head->data);
    }
  address = g_new0 (SentientAddress, 1);
  address->prefix = key.prefix;
  address->is_v4 = key.is_v4;
  address->account = sentient_account_new ();
  address->idle.data = address;
  g_hash_table_add (self->table, address);
  g_queue_push_tail_link (&self->idle, &address->idle);
  return address;
}

static void
describe_refusal (SentientAddresses *self,
                  SentientAddress *address,
                  gint64 now_ms,
                  SentientAddressRefusal *refusal)
{
  static const SentientRateLimit lines = { .rate = 1, .burst = 20 };

  refusal->log = FALSE;
  if (address->log_ms == 0 || now_ms - address->log_ms >= LOG_EVERY_MS)
    {
      address->log_ms = MAX (now_ms, 1);
      address->n_answers = 0;
      refusal->log = sentient_rate_limiter_take (&lines, &self->log_rate, now_ms, 1);
    }
  refusal->hammering = address->n_answers >= ANSWERS_PER_MINUTE;
  address->n_answers++;
}

SentientAddressVerdict
sentient_addresses_admit (SentientAddresses *self,
                          const guint8 bytes[16],
                          gboolean is_new,
                          gint64 now_ms,
                          SentientAddress **entry,
                          SentientAddressRefusal *refusal)
{
  SentientAddress *address = ensure (self, bytes);
  const SentientRateLimit *rate = &self->limits.connections;

  if (self->limits.open > 0 && address->n_open >= self->limits.open)
    {
      describe_refusal (self, address, now_ms, refusal);
      refusal->retry_after_ms = TOO_MANY_RETRY_MS + (guint)g_random_int_range (0, 5000);
      return SENTIENT_ADDRESS_TOO_MANY;
    }
  if (is_new && !sentient_rate_limiter_take (rate, &address->rate, now_ms, 1))
    {
      describe_refusal (self, address, now_ms, refusal);
      refusal->retry_after_ms
          = sentient_rate_limiter_refuse (rate, &address->rate, now_ms, 1, NULL, NULL);
      return SENTIENT_ADDRESS_TOO_FAST;
    }
  if (address->n_open++ == 0 && address != self->overflow)
    g_queue_unlink (&self->idle, &address->idle);
  *entry = address;
  return SENTIENT_ADDRESS_ADMITTED;
}

void
sentient_addresses_leave (SentientAddresses *self, SentientAddress *address)
{
  g_assert (address->n_open > 0);

  if (--address->n_open == 0 && address != self->overflow)
    g_queue_push_tail_link (&self->idle, &address->idle);
}

void
sentient_addresses_expire (SentientAddresses *self, gint64 now_ms)
{
  GList *next;

  for (GList *l = self->idle.head; l != NULL; l = next)
    {
      SentientAddress *address = l->data;

      next = l->next;
      if (address->account->queued_bytes == 0
          && (address->log_ms == 0 || now_ms - address->log_ms >= LOG_EVERY_MS)
          && sentient_rate_limiter_is_idle (&self->limits.connections, &address->rate, now_ms))
        drop (self, address);
    }
}

guint
sentient_addresses_get_size (SentientAddresses *self)
{
  return g_hash_table_size (self->table);
}

SentientAccount *
sentient_address_get_account (SentientAddress *address)
{
  return address->account;
}
