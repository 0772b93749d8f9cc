/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One question to a STUN or TURN server (RFC 8489, RFC 8656), and what comes back. The bytes are
 * libnice's business. */

#define SENTIENT_STUN_MESSAGE_MAX 1500

typedef struct _SentientStunRequest SentientStunRequest;

typedef struct
{
  guint error_code;           /* 0: success; 300 to 699 */
  char *reason;               /* what the server says of the error, made fit to be shown; or NULL */
  GInetSocketAddress *mapped; /* where the server saw us; NULL of errors */
  GInetSocketAddress *other;  /* its other address and port (RFC 5780), or NULL */
  GInetSocketAddress *relayed; /* Allocate: the address it relays for, or NULL */
  GBytes *realm;               /* what credentials are asked for, or NULL */
  GBytes *nonce;
  guint lifetime_s; /* Allocate, Refresh */
} SentientStunReply;

typedef enum
{
  SENTIENT_STUN_FOREIGN,   /* no answer to this question: as if it had not come */
  SENTIENT_STUN_MALFORMED, /* it makes no sense */
  SENTIENT_STUN_UNSIGNED,  /* not from somebody who knows the password */
  SENTIENT_STUN_ANSWER,    /* success or error */
} SentientStunVerdict;

SentientStunRequest *sentient_stun_request_new_binding (void);
/* credentials: user and password, and challenge the reply that asked for them; NULL: none yet. */
SentientStunRequest *sentient_stun_request_new_allocate (const SentientStunReply *challenge,
                                                         const char *user,
                                                         const char *password);
/* Gives an allocation back: a lifetime of 0. */
SentientStunRequest *sentient_stun_request_new_release (const SentientStunReply *challenge,
                                                        const char *user,
                                                        const char *password);
void sentient_stun_request_free (SentientStunRequest *self);

/* NULL: user, realm and nonce do not fit into a message. */
const guint8 *sentient_stun_request_get_data (SentientStunRequest *self, gsize *len);

/* reply is set (and owned by the caller) if it is an ANSWER. */
SentientStunVerdict sentient_stun_request_take (SentientStunRequest *self,
                                                const guint8 *data,
                                                gsize len,
                                                SentientStunReply **reply);

/* The length of the message that data begins with, in a stream; 0: more is needed; -1: no STUN, or
 * longer than SENTIENT_STUN_MESSAGE_MAX. */
gssize sentient_stun_measure (const guint8 *data, gsize len);

void sentient_stun_reply_free (SentientStunReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientStunRequest, sentient_stun_request_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientStunReply, sentient_stun_reply_free)

G_END_DECLS
