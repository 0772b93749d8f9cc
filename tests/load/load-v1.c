/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load-client.h"

/* The client's end of a v1 session: numbers of both directions, and what is acknowledged. */

#define ACK_EVERY 32

void
load_client_make_v1 (LoadClient *self)
{
  if (self->session == NULL)
    self->session = load_alloc (sizeof *self->session);
}

int
load_is_type (const unsigned char *text, size_t len, const char *type)
{
  static const char head[] = "{\"type\":\"";
  size_t type_len = strlen (type);

  return len > sizeof head + type_len && memcmp (text, head, sizeof head - 1) == 0
         && memcmp (text + sizeof head - 1, type, type_len) == 0
         && text[sizeof head - 1 + type_len] == '"';
}

/* What stands behind a key of the message itself; what nodes wrote comes behind it. */
static const unsigned char *
find (const unsigned char *text, size_t len, const char *key)
{
  const unsigned char *found = memmem (text, len, key, strlen (key));

  return found != NULL ? found + strlen (key) : NULL;
}

static uint64_t
take_number (const unsigned char *text, size_t len, const char *key)
{
  const unsigned char *digit = find (text, len, key);
  uint64_t value = 0;

  while (digit != NULL && digit < text + len && *digit >= '0' && *digit <= '9')
    value = value * 10 + (*digit++ - '0');
  return value;
}

static void
take_text (const unsigned char *text, size_t len, const char *key, char *out, size_t size)
{
  const unsigned char *from = find (text, len, key);
  const unsigned char *to = from != NULL ? memchr (from, '"', len - (from - text)) : NULL;

  if (to != NULL && (size_t)(to - from) < size)
    {
      memcpy (out, from, to - from);
      out[to - from] = '\0';
    }
}

void
load_client_send_resume (LoadClient *self)
{
  LoadSession *session = self->session;
  char text[320];
  int len;

  if (session->token[0] == '\0')
    len = snprintf (text, sizeof text, "{\"type\":\"resume\"}");
  else
    len = snprintf (text, sizeof text,
                    "{\"type\":\"resume\",\"session\":\"%s\",\"token\":\"%s\",\"after\":%llu}",
                    session->name, session->token, (unsigned long long)session->seq);
  load_client_send_text (self, text, (size_t)len);
}

void
load_client_take_connected (LoadClient *self, const unsigned char *text, size_t len)
{
  LoadSession *session = self->session;
  char token[sizeof session->token] = "";

  session->resumed = find (text, len, "\"resumed\":true") != NULL;
  take_text (text, len, "\"token\":\"", token, sizeof token);
  if (session->resumed == (token[0] != '\0'))
    load_die ("client %u: a token belongs to a new session, and only to it: %.*s", self->id,
              (int)len, text);
  if (token[0] != '\0')
    {
      memcpy (session->token, token, sizeof token);
      session->seq = session->ref = 0;
    }
  take_text (text, len, "\"session\":\"", session->name, sizeof session->name);
  session->acked = session->seq;
  session->ref_handled = take_number (text, len, "\"ref\":");
}

void
load_client_ack (LoadClient *self)
{
  LoadSession *session = self->session;
  char text[64];

  if (session->acked == session->seq)
    return;
  session->acked = session->seq;
  load_client_send_text (self, text,
                         (size_t)snprintf (text, sizeof text, "{\"type\":\"ack\",\"seq\":%llu}",
                                           (unsigned long long)session->seq));
}

int
load_client_note (LoadClient *self, const unsigned char *text, size_t len)
{
  LoadSession *session = self->session;
  uint64_t seq;

  if (load_is_type (text, len, "ack"))
    session->ref_handled = take_number (text, len, "\"ref\":");
  if (load_is_type (text, len, "error") || load_is_type (text, len, "gap"))
    load_die ("client %u was told: %.*s", self->id, (int)len, text);
  seq = take_number (text, len, "\"seq\":");
  if (seq == 0)
    return 0;
  if (seq != session->seq + 1)
    session->n_wrong++;
  if (seq <= session->seq)
    return 0;
  session->seq = seq;
  if (seq - session->acked >= ACK_EVERY)
    load_client_ack (self);
  return 1;
}
