/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In a room of hundreds what is kept of each member has left the caches between one event and the
 * next. Whoever goes through all of them asks for what the next ones need while it is busy with
 * one; NULL is asked for in vain, and nothing else happens. */
#define SENTIENT_CACHE_LINE 64

static inline void
sentient_prefetch (gconstpointer data, gsize len)
{
  for (gsize i = 0; i < len; i += SENTIENT_CACHE_LINE)
    __builtin_prefetch ((const char *)data + i);
}

G_END_DECLS
