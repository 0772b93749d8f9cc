/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Memory that is kept for the next one: how much of it, and by whom. */

#include <string.h>

#include "core/sentient-block.h"

/* With AddressSanitizer nothing is kept at all. */
static gboolean
keeps (void)
{
  sentient_block_free (sentient_block_alloc (2000), 2000);
  return sentient_block_get_kept () > 0;
}

static void
take_and_free (guint n, gsize size)
{
  g_autoptr (GPtrArray) blocks = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (blocks, memset (sentient_block_alloc (size), (int)i, size));
  for (guint i = 0; i < n; i++)
    {
      guint8 *block = blocks->pdata[i];

      g_assert_cmpuint (block[0], ==, (guint8)i);
      g_assert_cmpuint (block[size - 1], ==, (guint8)i);
      sentient_block_free (block, size);
    }
}

static void
test_again (void)
{
  gboolean kept = keeps ();
  gpointer block = sentient_block_alloc (1500);
  gpointer other;

  sentient_block_free (block, 1500);
  other = sentient_block_alloc (2048); /* the same size, as it is kept */
  g_assert_true (!kept || other == block);
  sentient_block_free (other, 2048);
}

static void
test_limits (void)
{
  gsize most = SENTIENT_BLOCKS_KEPT * 2048 + SENTIENT_BLOCKS_KEPT_LARGE * 4096;
  gsize expected = keeps () ? most : 0;

  take_and_free (SENTIENT_BLOCKS_KEPT + 10, 1025);
  take_and_free (SENTIENT_BLOCKS_KEPT + 10, 2048);
  take_and_free (SENTIENT_BLOCKS_KEPT_LARGE + 10, 2049);
  take_and_free (SENTIENT_BLOCKS_KEPT_LARGE + 10, 4096);
  take_and_free (1000, 1024);
  take_and_free (100, 4097);
  take_and_free (1, 1);
  g_assert_cmpuint (sentient_block_get_kept (), ==, expected);
}

static gpointer
free_here (gpointer block)
{
  sentient_block_free (block, 3000);
  return GSIZE_TO_POINTER (sentient_block_get_kept ());
}

/* Whoever frees it keeps it, and lets go of it at its end. */
static void
test_threads (void)
{
  gsize before = sentient_block_get_kept ();
  gpointer block = sentient_block_alloc (3000);
  gsize taken = before - sentient_block_get_kept ();
  gsize kept = GPOINTER_TO_SIZE (g_thread_join (g_thread_new ("other", free_here, block)));

  g_assert_cmpuint (kept, ==, keeps () ? 4096 : 0);
  g_assert_cmpuint (sentient_block_get_kept (), ==, before - taken);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/block/again", test_again);
  g_test_add_func ("/block/limits", test_limits);
  g_test_add_func ("/block/threads", test_threads);
  return g_test_run ();
}
