/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-conn.h"

G_BEGIN_DECLS

/* The stream that libsoup gets for one request: it reads the request, head and body, which the
 * engine has already checked, and writes the response straight to the connection's socket. The fd
 * is never libsoup's, and libsoup never polls it.
 *
 * After the request it shows one byte that is no request and then the end: without that byte
 * libsoup 3.2 does not free a connection that ends between requests. */
#define SENTIENT_TYPE_FRONT (sentient_front_get_type ())
G_DECLARE_FINAL_TYPE (SentientFront, sentient_front, SENTIENT, FRONT, GIOStream)

struct _SentientFront
{
  GIOStream parent_instance;

  SentientConn *conn; /* NULL: gone; writing fails */
  GInputStream *input;
  GOutputStream *output;

  char *request;
  gsize len, position;
  gsize head_len;    /* of len */
  gboolean finished; /* nothing but the end is to be read any more */
  gboolean fake_read;

  /* What libsoup made of it. */
  SoupServerMessage *message;
  GSocketAddress *remote; /* its qdata leads back here */
  gboolean keep_alive;    /* after the response */
  gulong informational_id;
  gpointer ws_data;
  GDestroyNotify ws_data_free;
};

/* Takes request. */
SentientFront *sentient_front_new (SentientConn *conn, char *request, gsize len, gsize head_len);

/* sentient-lend.c */
void sentient_lend_closed (SentientFront *front);

G_END_DECLS
