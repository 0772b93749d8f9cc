/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "fuzz-conn.h"

/* Frames as one stream, put together to messages by the engine. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_conn_compare (TRUE, data, size);
  return 0;
}
