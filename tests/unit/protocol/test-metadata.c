/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-json.h"
#include "protocol/sentient-metadata.h"
#include "protocol/sentient-request.h"

#include <string.h>

static void
test_has (void)
{
  static const char *const with[] = {
    "{\"capabilities\":[\"sentient.v1\"]}",
    "{\"name\":\"x\",\"capabilities\":[1,{},\"other\",\"sentient\\u002ev1\"]}",
  };
  static const char *const without[] = {
    "{}",
    "[]",
    "",
    "{\"capabilities\":\"sentient.v1\"}",
    "{\"capabilities\":{\"sentient.v1\":true}}",
    "{\"capabilities\":[\"sentient.v10\",[\"sentient.v1\"]]}",
    "{\"x\":{\"capabilities\":[\"sentient.v1\"]}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (with); i++)
    g_assert_true (sentient_metadata_has_capability (with[i], "sentient.v1"));
  for (guint i = 0; i < G_N_ELEMENTS (without); i++)
    g_assert_false (sentient_metadata_has_capability (without[i], "sentient.v1"));
  g_assert_false (sentient_metadata_has_capability (NULL, "sentient.v1"));
}

static void
test_add (void)
{
  static const struct
  {
    const char *before;
    const char *after;
  } cases[] = {
    { NULL, "{\"capabilities\":[\"c\"]}" },
    { "{}", "{\"capabilities\":[\"c\"]}" },
    { " { } ", " {\"capabilities\":[\"c\"] } " },
    { "{\"a\":1}", "{\"capabilities\":[\"c\"],\"a\":1}" },
    { "{\"capabilities\":[]}", "{\"capabilities\":[\"c\"]}" },
    { "{\"capabilities\": [ \"b\"]}", "{\"capabilities\": [\"c\", \"b\"]}" },
    { "{\"capabilities\":[\"b\",\"c\"]}", "{\"capabilities\":[\"b\",\"c\"]}" },
    { "{\"capabilities\":7}", "{\"capabilities\":7}" },
    { "[]", "[]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *after = sentient_metadata_dup_with_capability (cases[i].before, "c");

      g_assert_cmpstr (after, ==, cases[i].after);
      g_assert_true (sentient_json_validate (after, strlen (after), NULL));
    }
}

static void
test_full (void)
{
  g_autofree char *filler = g_strnfill (SENTIENT_METADATA_MAX - strlen ("{\"x\":\"\"}"), 'x');
  g_autofree char *metadata = g_strdup_printf ("{\"x\":\"%s\"}", filler);
  g_autofree char *after = sentient_metadata_dup_with_capability (metadata, "c");

  g_assert_cmpstr (after, ==, metadata);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metadata/has", test_has);
  g_test_add_func ("/metadata/add", test_add);
  g_test_add_func ("/metadata/full", test_full);
  return g_test_run ();
}
