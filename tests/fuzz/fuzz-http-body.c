/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "fuzz-conn.h"

/* Requests, heads and bodies, as one stream. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_conn_compare (FALSE, data, size);
  return 0;
}
