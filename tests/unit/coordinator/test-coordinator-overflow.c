/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A node of this process for which more happens than is kept: its polls say so. */

#include <string.h>

#include "coordinator/sentient-coordinator.h"
#include "core/sentient-error.h"

#define MAX_ITEMS 16

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static char *
poll (SentientCoordinator *coordinator, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sentient_coordinator_poll_async (coordinator, "b", 0, NULL, on_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return sentient_coordinator_poll_finish (coordinator, result, error);
}

static void
join (SentientCoordinator *coordinator, const char *node_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientMember) member
      = sentient_coordinator_join (coordinator, node_id, "lab", NULL, &error);

  g_assert_no_error (error);
}

static void
join_many (SentientCoordinator *coordinator, char prefix, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("%c%u", prefix, i);

      join (coordinator, id);
    }
}

static void
test_overflow (void)
{
  g_autoptr (SentientCoordinator) coordinator = sentient_coordinator_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_object_set (coordinator, "max-queued-messages", MAX_ITEMS, NULL);
  join (coordinator, "b");
  join_many (coordinator, 'x', MAX_ITEMS);
  text = poll (coordinator, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "\"x15\"")); /* exactly what fits */
  g_clear_pointer (&text, g_free);

  join_many (coordinator, 'y', MAX_ITEMS + 1);
  g_assert_null (poll (coordinator, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
  g_clear_error (&error);

  join (coordinator, "b");
  join_many (coordinator, 'z', 1);
  text = poll (coordinator, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "\"z0\""));
}

/* A poll that waits is there to take more than would be kept. */
static void
test_taking (void)
{
  g_autoptr (SentientCoordinator) coordinator = sentient_coordinator_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_object_set (coordinator, "max-queued-messages", MAX_ITEMS, NULL);
  join (coordinator, "b");
  sentient_coordinator_poll_async (coordinator, "b", 60000, NULL, on_result, &result);
  join_many (coordinator, 'x', 2 * MAX_ITEMS);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  text = sentient_coordinator_poll_finish (coordinator, result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "\"x31\""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/coordinator-overflow/told", test_overflow);
  g_test_add_func ("/coordinator-overflow/taking", test_taking);
  return g_test_run ();
}
