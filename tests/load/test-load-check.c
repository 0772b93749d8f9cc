/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load-check.h"

#include <glib.h>
#include <string.h>

#include "load-client.h"

static LoadCheck
feed (const char *numbers, uint64_t n_sent)
{
  LoadCheck check = { 0 };
  LoadStream stream = { 0 };

  for (const char *p = numbers; *p != '\0'; p++)
    load_check_number (&check, &stream, (uint64_t)(*p - '0'));
  load_check_end (&check, &stream, n_sent);
  return check;
}

static void
assert_check (const char *numbers, uint64_t n_sent, guint lost, guint twice, guint out_of_order)
{
  LoadCheck check = feed (numbers, n_sent);

  g_assert_cmpuint (check.n, ==, strlen (numbers));
  g_assert_cmpuint (check.lost, ==, lost);
  g_assert_cmpuint (check.twice, ==, twice);
  g_assert_cmpuint (check.out_of_order, ==, out_of_order);
}

static void
test_numbers (void)
{
  assert_check ("12345", 5, 0, 0, 0);
  assert_check ("1245", 5, 1, 0, 0);
  assert_check ("345", 5, 2, 0, 0);
  assert_check ("123", 5, 2, 0, 0);
  assert_check ("", 5, 5, 0, 0);
  assert_check ("12335", 5, 1, 1, 0);
  assert_check ("13245", 5, 0, 0, 1);
  assert_check ("54321", 5, 0, 0, 4);
  assert_check ("5432111", 5, 0, 2, 4);
}

/* Numbers too far back to be remembered count as come twice: a stream never does well by them. */
static void
test_far_back (void)
{
  LoadCheck check = { 0 };
  LoadStream stream = { 0 };

  load_check_number (&check, &stream, 100);
  load_check_number (&check, &stream, 1);
  g_assert_cmpuint (check.lost, ==, 99);
  g_assert_cmpuint (check.twice, ==, 1);
}

static void
test_percentiles (void)
{
  LoadCheck check = { 0 };

  g_assert_cmpfloat (load_check_percentile (&check, 0.99), ==, 0);
  for (guint us = 1; us <= 1000; us++)
    load_check_time (&check, us * 1000);
  g_assert_cmpfloat_with_epsilon (load_check_percentile (&check, 0.5), 500, 500 * 0.07);
  g_assert_cmpfloat_with_epsilon (load_check_percentile (&check, 0.99), 990, 990 * 0.07);
  load_check_time (&check, G_MAXUINT64);
  g_assert_cmpfloat (load_check_percentile (&check, 1), >, 1e12);
}

/* What is written into a frame is found in its text. */
static void
test_stamp (void)
{
  LoadSignal signal;
  guint64 before = load_now_ns ();
  uint64_t number, ns;

  load_signal_make (&signal, "n7", "room", 300, TRUE);
  load_signal_stamp (&signal, 12);
  load_signal_stamp (&signal, 13);
  for (size_t i = 0; i < 300; i++)
    signal.frame[signal.text_at + i] = load_mask_byte ((char)signal.frame[signal.text_at + i], i);
  g_assert_cmpuint (signal.frame[signal.len - 1], ==, '}');
  g_assert_nonnull (memmem (signal.frame + signal.text_at, 300, "\"ref\":              13,", 23));
  g_assert_true (load_stamp_find (signal.frame + signal.text_at, 300, &number, &ns));
  g_assert_cmpuint (number, ==, 2);
  g_assert_cmpuint (ns, >=, before);
  g_assert_cmpuint (ns, <=, load_now_ns ());
  g_assert_false (load_stamp_find ((const unsigned char *)"{\"stamp\":\"12", 12, &number, &ns));
  load_signal_clear (&signal);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/load-check/numbers", test_numbers);
  g_test_add_func ("/load-check/far-back", test_far_back);
  g_test_add_func ("/load-check/percentiles", test_percentiles);
  g_test_add_func ("/load-check/stamp", test_stamp);
  return g_test_run ();
}
