/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-coordinator.h"

void
fake_cut (FakeCoordinator *self, const char *one, const char *other, gboolean cut)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *pair = g_strdup_printf ("%s %s", i == 0 ? one : other, i == 0 ? other : one);

      if (cut)
        g_hash_table_add (self->cut, g_steal_pointer (&pair));
      else
        g_hash_table_remove (self->cut, pair);
    }
}

gboolean
fake_is_cut (FakeCoordinator *self, JsonObject *object)
{
  g_autofree char *pair = g_strdup_printf ("%s %s", json_object_get_string_member (object, "from"),
                                           json_object_get_string_member (object, "to"));

  return g_hash_table_contains (self->cut, pair);
}

char *
fake_coordinator_dup_uri (FakeCoordinator *self)
{
  return g_strdup_printf ("http://127.0.0.1:%u", self->port);
}
