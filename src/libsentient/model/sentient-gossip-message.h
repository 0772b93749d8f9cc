/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "protocol/sentient-names.h"

G_BEGIN_DECLS

/* What neighbours in a mesh say to each other, each a service message of a "sentient.v1" channel:
 * pure functions over bytes. Integers are big-endian; a name is its length (u8) and its bytes.
 *
 *     service u8 (2) · version u8 (1) · kind u8 · flags u8 · what the kind has
 *
 * kind 1, a part of a broadcast: hops u8 · room name · origin name · epoch u64 · sequence u64 ·
 * total u32 (only if it is the first part and not the last) · payload. flags: 1 it is text, 2 the
 * first part, 4 the last one. hops: the links that it has come over, counted by each who sends it.
 * The epoch is drawn when the origin joins the room, the sequence counts the parts from 1 on. A
 * broadcast of at most PART_MAX bytes is one part, first and last.
 *
 * kind 2, whether the sender needs this connection: flags: 1 it does. Until it is told, it does.
 *
 * Other flags are passed on as they are; other kinds and versions are ignored. */

#define SENTIENT_GOSSIP_SERVICE 2
#define SENTIENT_GOSSIP_VERSION 1
#define SENTIENT_GOSSIP_CAPABILITY "sentient.gossip"
#define SENTIENT_GOSSIP_PART_MAX 32768
#define SENTIENT_GOSSIP_TOTAL_MAX (64 * 1024 * 1024)

typedef enum
{
  SENTIENT_GOSSIP_UNKNOWN = 0, /* of a later version */
  SENTIENT_GOSSIP_PART = 1,
  SENTIENT_GOSSIP_NEED = 2,
} SentientGossipKind;

typedef enum
{
  SENTIENT_GOSSIP_TEXT = 1 << 0,
  SENTIENT_GOSSIP_FIRST = 1 << 1,
  SENTIENT_GOSSIP_LAST = 1 << 2,
} SentientGossipFlags;

#define SENTIENT_GOSSIP_NEEDED 1 /* the flag of kind 2 */

/* payload points into what was parsed. */
typedef struct
{
  SentientGossipKind kind;
  guint flags;
  guint hops;
  char room[SENTIENT_NAME_MAX + 1];
  char origin[SENTIENT_NAME_MAX + 1];
  guint64 epoch;
  guint64 sequence;
  guint32 total; /* bytes of the whole broadcast, in its first part */
  const guint8 *payload;
  gsize len;
} SentientGossipMessage;

/* data: the service message with its first byte. Errors: PROTOCOL. */
gboolean sentient_gossip_message_parse (const guint8 *data,
                                        gsize len,
                                        SentientGossipMessage *message,
                                        GError **error);
/* The caller sees to the limits. */
GBytes *sentient_gossip_message_write (const SentientGossipMessage *message);
/* A part that was parsed, after one link more. */
GBytes *sentient_gossip_message_pass_on (GBytes *data, guint hops);

G_END_DECLS
