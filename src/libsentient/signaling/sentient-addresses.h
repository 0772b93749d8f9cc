/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-account.h"
#include "core/sentient-rate-limiter.h"

G_BEGIN_DECLS

/* Where connections come from: how many are open and how fast new ones come, an IPv4 address or an
 * IPv6 /64 each. The table is bounded: while it is full of addresses with open connections, all
 * further ones share a single entry. */
typedef struct _SentientAddresses SentientAddresses;
typedef struct _SentientAddress SentientAddress;

#define SENTIENT_ADDRESSES_MAX 16384

typedef struct
{
  SentientRateLimit connections; /* new ones */
  guint open;                    /* at once; 0: any number */
} SentientAddressLimits;

typedef enum
{
  SENTIENT_ADDRESS_ADMITTED,
  SENTIENT_ADDRESS_TOO_FAST,
  SENTIENT_ADDRESS_TOO_MANY,
} SentientAddressVerdict;

/* What to do with a connection that is refused. */
typedef struct
{
  guint retry_after_ms;
  gboolean hammering; /* it was told so often that an answer is wasted */
  gboolean log;       /* say so: at most one line an address and minute, and few in all */
} SentientAddressRefusal;

SentientAddresses *sentient_addresses_new (const SentientAddressLimits *limits, guint max);
void sentient_addresses_free (SentientAddresses *self);
/* For what comes from now on; who is here stays. */
void sentient_addresses_set_limits (SentientAddresses *self, const SentientAddressLimits *limits);

/* address: IPv6, or IPv4 mapped into it. is_new: it counts for the rate. ADMITTED: *entry is to be
 * given back with sentient_addresses_leave () when the connection is closed. */
SentientAddressVerdict sentient_addresses_admit (SentientAddresses *self,
                                                 const guint8 address[16],
                                                 gboolean is_new,
                                                 gint64 now_ms,
                                                 SentientAddress **entry,
                                                 SentientAddressRefusal *refusal);
void sentient_addresses_leave (SentientAddresses *self, SentientAddress *entry);

/* Forgets those that nothing is to be held against. To be called now and then. */
void sentient_addresses_expire (SentientAddresses *self, gint64 now_ms);

guint sentient_addresses_get_size (SentientAddresses *self);
SentientAccount *sentient_address_get_account (SentientAddress *entry); /* unowned */

G_END_DECLS
