/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsoup/soup.h>
#include <string.h>

#include "coordinator/sentient-coordinator.h"

/* What the owner of a coordinator adds to /metrics. */

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static char *
get (SentientCoordinator *coordinator, const char *path, guint *status)
{
  g_autofree char *url = sentient_coordinator_dup_url (coordinator);
  g_autofree char *whole = g_strconcat (url, path, NULL);
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (SoupMessage) message = soup_message_new ("GET", whole);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;

  soup_session_send_and_read_async (session, message, G_PRIORITY_DEFAULT, NULL, on_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  body = soup_session_send_and_read_finish (session, result, &error);
  g_assert_no_error (error);
  *status = soup_message_get_status (message);
  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

static char *
tell (SentientCoordinator *coordinator, gpointer user_data)
{
  g_assert_true (SENTIENT_IS_COORDINATOR (coordinator));
  return g_strdup (*(const char **)user_data);
}

static void
count (gpointer user_data)
{
  (*(guint *)user_data)++;
}

static char *
tell_nothing (SentientCoordinator *coordinator, gpointer user_data)
{
  return NULL;
}

/* The last time. */
typedef struct
{
  guint *n_destroyed;
} Last;

static void
last_free (gpointer user_data)
{
  Last *last = user_data;

  (*last->n_destroyed)++;
  g_free (last);
}

static char *
tell_last (SentientCoordinator *coordinator, gpointer user_data)
{
  const Last *last = user_data;

  sentient_coordinator_set_metrics_func (coordinator, NULL, NULL, NULL);
  g_assert_cmpuint (*last->n_destroyed, ==, 0);
  return g_strdup ("last 1\n");
}

static void
test_within (void)
{
  SentientCoordinator *coordinator = sentient_coordinator_new ();
  Last *last = g_new0 (Last, 1);
  guint status, n_destroyed = 0;
  g_autofree char *got = NULL;

  last->n_destroyed = &n_destroyed;
  g_assert_true (sentient_coordinator_start (coordinator, NULL));
  sentient_coordinator_set_metrics_func (coordinator, tell_last, last, last_free);
  got = get (coordinator, "/metrics", &status);
  g_assert_true (g_str_has_suffix (got, "\nlast 1\n"));
  g_assert_cmpuint (n_destroyed, ==, 1);
  g_clear_pointer (&got, g_free);
  got = get (coordinator, "/metrics", &status);
  g_assert_null (strstr (got, "\nlast 1\n"));
  g_assert_finalize_object (coordinator);
}

static void
test_func (void)
{
  SentientCoordinator *coordinator = sentient_coordinator_new ();
  const char *text = "# HELP a_total As.\n# TYPE a_total counter\na_total 42\n";
  g_autofree char *alone = NULL;
  guint status, n_destroyed = 0;

  g_object_set (coordinator, "port", 0, NULL);
  g_assert_true (sentient_coordinator_start (coordinator, NULL));
  alone = get (coordinator, "/metrics", &status);
  g_assert_cmpuint (status, ==, 200);
  g_assert_true (g_str_has_prefix (alone, "# HELP sentient_build_info "));
  sentient_coordinator_set_metrics_func (coordinator, tell, &text, NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *got = get (coordinator, "/metrics", &status);
      g_autofree char *stats = get (coordinator, "/webrtc/stats", &status);

      g_assert_true (g_str_has_prefix (got, "# HELP sentient_build_info "));
      g_assert_true (g_str_has_suffix (got, "\n# HELP a_total As.\n# TYPE a_total counter\n"
                                            "a_total 42\n"));
      g_assert_null (strstr (stats, "42"));
      text = "# HELP a_total As.\n# TYPE a_total counter\na_total 42"; /* its end is added */
    }

  /* Nothing to tell, and nobody who tells. */
  sentient_coordinator_set_metrics_func (coordinator, tell_nothing, &n_destroyed, count);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *got = get (coordinator, "/metrics", &status);

      g_assert_cmpuint (status, ==, 200);
      g_assert_null (strstr (got, "a_total"));
      g_assert_true (g_str_has_suffix (got, "\n"));
      sentient_coordinator_set_metrics_func (coordinator, NULL, NULL, NULL);
      g_assert_cmpuint (n_destroyed, ==, 1);
    }
  sentient_coordinator_set_metrics_func (coordinator, tell_nothing, &n_destroyed, count);
  g_assert_finalize_object (coordinator);
  g_assert_cmpuint (n_destroyed, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/coordinator/metrics/func", test_func);
  g_test_add_func ("/coordinator/metrics/taken-away-within", test_within);
  return g_test_run ();
}
