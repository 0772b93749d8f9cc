/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What nodes say to each other about files, in service messages for SENTIENT_SERVICE_FILE: pure
 * functions over bytes. A byte for the service, one of kind, the transfer's number (u32, counted by
 * who sends the file) and a body; integers are big-endian. Only members with the capability in
 * their metadata get any. */

#define SENTIENT_TRANSFER_CAPABILITY "sentient.files"
/* Bytes of a file in one block: with its head it fills a frame that is as large as a chunk. */
#define SENTIENT_TRANSFER_BLOCK_MAX (16384 - 6)
#define SENTIENT_TRANSFER_NAME_MAX 1024 /* bytes */
#define SENTIENT_TRANSFER_TYPE_MAX 128
#define SENTIENT_TRANSFER_REASON_MAX 512
#define SENTIENT_TRANSFER_DIGEST_LEN 32 /* SHA-256 */
#define SENTIENT_TRANSFER_SIZE_UNKNOWN G_MAXUINT64

typedef enum
{
  /* From who sends the file. */
  SENTIENT_TRANSFER_MESSAGE_OFFER = 1,  /* size u64, (length u16, name), media type */
  SENTIENT_TRANSFER_MESSAGE_BLOCK = 2,  /* bytes */
  SENTIENT_TRANSFER_MESSAGE_END = 3,    /* SHA-256 of all of it */
  SENTIENT_TRANSFER_MESSAGE_CANCEL = 4, /* code u8, reason */
  /* From who receives it. */
  SENTIENT_TRANSFER_MESSAGE_ACCEPT = 5,   /* offset u64: 0 */
  SENTIENT_TRANSFER_MESSAGE_PROGRESS = 6, /* bytes u64 that are stored */
  SENTIENT_TRANSFER_MESSAGE_DONE = 7,     /* all of it is stored */
  SENTIENT_TRANSFER_MESSAGE_REFUSE = 8,   /* code u8, reason; at any time */
} SentientTransferMessageKind;

/* Why a transfer is not wanted, or not any more. What is not known counts as FAILED. */
typedef enum
{
  SENTIENT_TRANSFER_CODE_FAILED = 0,
  SENTIENT_TRANSFER_CODE_CANCELLED = 1, /* someone did not want it any more */
  SENTIENT_TRANSFER_CODE_REFUSED = 2,   /* someone does not want it */
  SENTIENT_TRANSFER_CODE_BUSY = 3,      /* later perhaps */
  SENTIENT_TRANSFER_CODE_TOO_LARGE = 4,
  SENTIENT_TRANSFER_CODE_PROTOCOL = 5,
  SENTIENT_TRANSFER_CODE_DIFFERENT = 6,  /* what arrived is not what was sent */
  SENTIENT_TRANSFER_CODE_UNANSWERED = 7, /* nobody took or refused it in time */
} SentientTransferCode;

/* text and body point into what was parsed; a text need not be UTF-8. */
typedef struct
{
  SentientTransferMessageKind kind;
  guint32 transfer;
  guint64 size;  /* offer */
  guint64 bytes; /* accept, progress */
  SentientTransferCode code;
  const char *text; /* name, reason */
  gsize text_len;
  const char *type; /* offer */
  gsize type_len;
  const guint8 *body; /* bytes of a block; the digest of an end */
  gsize len;
} SentientTransferMessage;

/* data: all of the service message. FALSE: it is malformed. A kind that is not known is none of
 * ours to judge: its body is skipped. Errors: PROTOCOL. */
gboolean sentient_transfer_message_parse (const guint8 *data,
                                          gsize len,
                                          SentientTransferMessage *message,
                                          GError **error);
/* The caller sees to the limits. */
GBytes *sentient_transfer_message_serialize (const SentientTransferMessage *message);

G_END_DECLS
