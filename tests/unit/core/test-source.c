/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-source.h"

#include <gio/gio.h>

static gboolean
on_once (gpointer user_data)
{
  (*(guint *)user_data)++;
  return G_SOURCE_REMOVE;
}

static void
test_dispatched (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = g_idle_source_new ();
  guint n_calls = 0;

  g_assert_cmpuint (sentient_source_count (), ==, 0);
  sentient_source_attach (source, context, "test", on_once, &n_calls);
  g_assert_cmpstr (g_source_get_name (source), ==, "test");
  g_assert_cmpuint (sentient_source_count (), ==, 1);
  while (n_calls == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (sentient_source_count (), ==, 0);
}

/* Whoever still holds a reference; and a source that knows what is called. */
static void
test_destroyed (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) timeout = g_timeout_source_new (60000);
  g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);

  sentient_source_attach (timeout, context, "test", NULL, NULL);
  sentient_source_attach (cancelled, context, "test", G_SOURCE_FUNC (on_once), NULL);
  g_assert_cmpuint (sentient_source_count (), ==, 2);
  g_source_destroy (timeout);
  g_assert_cmpuint (sentient_source_count (), ==, 1);
  g_source_destroy (timeout);
  g_assert_cmpuint (sentient_source_count (), ==, 1);
  sentient_source_begin ();
  g_assert_cmpuint (sentient_source_count (), ==, 2);
  sentient_source_end ();
  g_clear_pointer (&context, g_main_context_unref); /* and its sources with it */
  g_assert_cmpuint (sentient_source_count (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/source/dispatched", test_dispatched);
  g_test_add_func ("/source/destroyed", test_destroyed);
  return g_test_run ();
}
