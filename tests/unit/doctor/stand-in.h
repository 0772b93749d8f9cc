/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A STUN and TURN server on loopback that does what a real one never would. */

typedef enum
{
  STAND_IN_ANSWERS,      /* as it should: Binding at once, Allocate and Refresh with credentials */
  STAND_IN_SILENT,       /* says nothing */
  STAND_IN_LOSES,        /* the first question is lost */
  STAND_IN_TALKS,        /* sends a text */
  STAND_IN_ECHOES,       /* sends the question back */
  STAND_IN_FORGES,       /* answers a question that nobody asked */
  STAND_IN_FORGES_FIRST, /* the same, and then as it should */
  STAND_IN_CUT,          /* an answer without its end */
  STAND_IN_NO_ADDRESS,   /* success, but nothing in it */
  STAND_IN_REFUSES,      /* an error 500 with control characters in its reason */
  STAND_IN_UNSIGNED,     /* success to who has credentials, but without a signature */
  STAND_IN_STALE,        /* 438 to the first nonce */
  STAND_IN_QUOTA,        /* 486, signed */
  STAND_IN_CLOSES,       /* TCP: closes the connection */
  STAND_IN_SPLITS,       /* TCP: byte by byte */
} StandInHabit;

#define STAND_IN_USER "alice"
#define STAND_IN_PASSWORD "open sesame"
#define STAND_IN_REALM "stand.in"

typedef struct _StandIn StandIn;

StandIn *stand_in_new (gboolean tcp, StandInHabit habit);
/* UDP, at that address. NULL: the port is taken. */
StandIn *stand_in_new_at (const char *host, guint16 port, StandInHabit habit);
/* Behind a NAT: it sees its clients at 198.51.100.7, at their port plus shift, and names another
 * address of its own (RFC 5780) unless that is NULL. */
void stand_in_pretend (StandIn *self, guint shift, const char *other_host, guint16 other_port);
void stand_in_free (StandIn *self);
/* Full. */
GSocketAddress *stand_in_dup_address (StandIn *self);
/* How many questions came, and allocations that are not released. */
guint stand_in_count_questions (StandIn *self);
int stand_in_count_allocations (StandIn *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StandIn, stand_in_free)

G_END_DECLS
