/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "signaling/sentient-access.h"

G_BEGIN_DECLS

/* A request as it came: its head has passed the reader. */
typedef struct
{
  char *text;
  SentientHttpRequest request;
} Asked;

static inline void
asked_clear (Asked *self)
{
  g_clear_pointer (&self->text, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

/* fields: "Host: a\r\n…" */
static inline void
ask (Asked *self, const char *fields)
{
  SentientHttpFault fault;

  self->text = g_strconcat ("GET / HTTP/1.0\r\n", fields, "\r\n", NULL);
  if (!sentient_http_head_parse (self->text, strlen (self->text), &self->request, &fault))
    g_error ("%s: %s", self->text, fault.message);
}

G_END_DECLS
