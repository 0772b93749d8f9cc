/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-source.h"

static int n_sources;

void
sentient_source_begin (void)
{
  g_atomic_int_inc (&n_sources);
}

void
sentient_source_end (void)
{
  g_atomic_int_add (&n_sources, -1);
}

guint
sentient_source_count (void)
{
  return (guint)g_atomic_int_get (&n_sources);
}

/* The callback goes with the source's destruction, whoever still holds a reference. */
static void
on_destroyed (gpointer user_data)
{
  sentient_source_end ();
}

void
sentient_source_attach (GSource *source,
                        GMainContext *context,
                        const char *static_name,
                        GSourceFunc func,
                        gpointer user_data)
{
  g_source_set_static_name (source, static_name);
  g_source_set_callback (source, func, user_data, on_destroyed);
  sentient_source_begin ();
  g_source_attach (source, context);
}
