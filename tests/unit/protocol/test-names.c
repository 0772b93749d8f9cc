/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-names.h"

#include <string.h>

static void
test_valid (void)
{
  g_autofree char *longest = g_strnfill (SENTIENT_NAME_MAX, 'x');
  g_autofree char *too_long = g_strnfill (SENTIENT_NAME_MAX + 1, 'x');
  const char *all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

  g_assert_true (sentient_name_is_valid (all, -1));
  g_assert_true (sentient_name_is_valid ("a", -1));
  g_assert_true (sentient_name_is_valid (longest, -1));
  g_assert_false (sentient_name_is_valid (too_long, -1));
  g_assert_true (sentient_name_is_valid ("node/", 4));
  g_assert_false (sentient_name_is_valid ("node", 0));
  g_assert_false (sentient_name_is_valid ("no\0e", 4));
  g_assert_false (sentient_name_is_valid (NULL, -1));
  g_assert_false (sentient_name_is_valid ("", -1));
  g_assert_false (sentient_name_is_valid ("system", -1));
  g_assert_true (sentient_name_is_valid ("system1", -1));
  g_assert_true (sentient_name_is_valid ("System", -1));
  g_assert_true (sentient_name_is_valid ("syste", -1));
}

static void
test_characters (void)
{
  const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

  for (guint c = 0; c < 256; c++)
    {
      char name[] = { 'a', (char)c };

      g_assert_cmpint (sentient_name_is_valid (name, 2), ==,
                       c != 0 && strchr (allowed, (int)c) != NULL);
    }
}

static void
test_random (void)
{
  g_autofree char *one = sentient_name_new_random ();
  g_autofree char *other = sentient_name_new_random ();

  g_assert_true (g_str_has_prefix (one, "node-"));
  g_assert_cmpuint (strlen (one), ==, 5 + 16);
  g_assert_cmpuint (strspn (one + 5, "0123456789abcdef"), ==, 16);
  g_assert_true (sentient_name_is_valid (one, -1));
  g_assert_cmpstr (one, !=, other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/names/valid", test_valid);
  g_test_add_func ("/names/characters", test_characters);
  g_test_add_func ("/names/random", test_random);
  return g_test_run ();
}
