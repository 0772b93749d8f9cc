/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client-fixture.h"

#include <string.h>

#include "test-bus.h"

/* The daemon */

void
expect_line (Fixture *f, const char *wanted)
{
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;

  do
    {
      g_free (line);
      line = g_data_input_stream_read_line (f->lines, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (line);
    }
  while (!g_str_equal (line, wanted));
}

void
start_daemon (Fixture *f, const char *option)
{
  g_autoptr (GError) error = NULL;

  f->daemon = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                &error, g_getenv ("FAKE_DAEMON"), option, NULL);
  g_assert_no_error (error);
  f->lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (f->daemon));
  expect_line (f, "ready");
}

void
kill_daemon (Fixture *f)
{
  g_subprocess_force_exit (f->daemon);
  g_assert_true (g_subprocess_wait (f->daemon, NULL, NULL));
  g_clear_object (&f->lines);
  g_clear_object (&f->daemon);
}

/* The daemon has done it when this returns; the client may not have heard of it. */
void
tell (Fixture *f, const char *line)
{
  GOutputStream *input = g_subprocess_get_stdin_pipe (f->daemon);
  g_autofree char *text = g_strconcat (line, "\nsync\n", NULL);

  g_assert_true (g_output_stream_write_all (input, text, strlen (text), NULL, NULL, NULL));
  g_assert_true (g_output_stream_flush (input, NULL, NULL));
  expect_line (f, "synced");
}

/* The client */

void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_null (*(GAsyncResult **)user_data);
  *(GAsyncResult **)user_data = g_object_ref (result);
}

void
open_client (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sentient_client_open_async (f->client, NULL, on_result, &result);
  await (result != NULL);
  g_assert_true (sentient_client_open_finish (f->client, result, &error));
  g_assert_no_error (error);
  g_assert_true (sentient_client_is_open (f->client));
}

guint
n_items (GListModel *model)
{
  return g_list_model_get_n_items (model);
}

void
set_up (Fixture *f, gconstpointer data)
{
  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  if (data != NULL)
    g_test_dbus_add_service_dir (f->bus, g_getenv ("SERVICE_DIR"));
  test_bus_up (f->bus);
  f->client = sentient_client_new (G_BUS_TYPE_SESSION);
}

void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->client);
  if (f->daemon != NULL)
    kill_daemon (f);
  g_test_dbus_down (f->bus);
  g_object_unref (f->bus);
}
