/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-block.h"

/* Below it malloc () does well; beyond the largest it is seldom asked. */
#define SMALL 1024

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_NOTHING 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define KEEPS_NOTHING 1
#endif

/* What stands in a block that is kept. */
typedef struct _Kept Kept;
struct _Kept
{
  Kept *next;
};

typedef struct
{
  Kept *first;
  guint n;
} Shelf;

static const struct
{
  gsize size;
  guint max;
} sizes[] = { { 2048, SENTIENT_BLOCKS_KEPT }, { 4096, SENTIENT_BLOCKS_KEPT_LARGE } };

typedef struct
{
  Shelf shelves[G_N_ELEMENTS (sizes)];
} Blocks;

static void
blocks_free (gpointer data)
{
  Blocks *self = data;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      Kept *next;

      for (Kept *kept = self->shelves[i].first; kept != NULL; kept = next)
        {
          next = kept->next;
          g_free (kept);
        }
    }
  g_free (self);
}

static GPrivate private_blocks = G_PRIVATE_INIT (blocks_free);

/* -1: of that size none are kept. */
static int
find_shelf (gsize size)
{
#ifdef KEEPS_NOTHING
  return -1;
#else
  for (guint i = 0; size > SMALL && i < G_N_ELEMENTS (sizes); i++)
    if (size <= sizes[i].size)
      return (int)i;
  return -1;
#endif
}

gpointer
sentient_block_alloc (gsize size)
{
  int i = find_shelf (size);
  Blocks *self = i >= 0 ? g_private_get (&private_blocks) : NULL;
  Shelf *shelf = self != NULL ? &self->shelves[i] : NULL;
  Kept *kept = shelf != NULL ? shelf->first : NULL;

  if (kept == NULL)
    return g_malloc (i >= 0 ? sizes[i].size : size);
  shelf->first = kept->next;
  shelf->n--;
  return kept;
}

void
sentient_block_free (gpointer block, gsize size)
{
  int i = find_shelf (size);
  Blocks *self = i >= 0 ? g_private_get (&private_blocks) : NULL;
  Kept *kept = block;

  if (i >= 0 && self == NULL)
    {
      self = g_new0 (Blocks, 1);
      g_private_set (&private_blocks, self);
    }
  if (i < 0 || self->shelves[i].n >= sizes[i].max)
    {
      g_free (block);
      return;
    }
  kept->next = self->shelves[i].first;
  self->shelves[i].first = kept;
  self->shelves[i].n++;
}

gsize
sentient_block_get_kept (void)
{
  const Blocks *self = g_private_get (&private_blocks);
  gsize kept = 0;

  for (guint i = 0; self != NULL && i < G_N_ELEMENTS (sizes); i++)
    kept += self->shelves[i].n * sizes[i].size;
  return kept;
}
