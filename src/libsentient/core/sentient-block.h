/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Memory for what is taken and given back all the time, and is of one to four KiB: a relayed offer.
 * glibc keeps freed memory at hand only up to 1032 bytes. What is larger it merges with its
 * neighbours and splits again, and where those lie in the midst of thousands of connections it
 * waits for memory each time. So a thread keeps some that it freed, and takes those first.
 *
 * Any thread may free what another took. With AddressSanitizer nothing is kept: it would not see
 * who uses what was freed. */

/* As many of each size are kept by a thread; that is 640 KiB at most. */
#define SENTIENT_BLOCKS_KEPT 256
#define SENTIENT_BLOCKS_KEPT_LARGE 32

gpointer sentient_block_alloc (gsize size);
/* size: the same as in sentient_block_alloc (). */
void sentient_block_free (gpointer block, gsize size);

/* What this thread keeps, in bytes. */
gsize sentient_block_get_kept (void);

G_END_DECLS
