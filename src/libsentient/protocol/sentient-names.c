/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-names.h"

#include <string.h>
#include <sys/random.h>

/* A table, since every signal that passes has three names to check. */
static const guint8 name_chars[256] = {
  ['-'] = 1, ['.'] = 1, [':'] = 1, ['_'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1,
  ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1,
  ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1,
  ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1,
  ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1,
  ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1,
  ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1,
  ['x'] = 1, ['y'] = 1, ['z'] = 1,
};

gboolean
sentient_name_is_valid (const char *name, gssize len)
{
  if (name == NULL)
    return FALSE;
  if (len < 0)
    len = (gssize)strnlen (name, SENTIENT_NAME_MAX + 1);
  if (len < 1 || len > SENTIENT_NAME_MAX)
    return FALSE;
  for (gssize i = 0; i < len; i++)
    {
      if (!name_chars[(guchar)name[i]])
        return FALSE;
    }
  return !(len == 6 && memcmp (name, "system", 6) == 0);
}

char *
sentient_name_new_random (void)
{
  guint64 bits;

  /* Fails only on kernels without getrandom(2). */
  if (getrandom (&bits, sizeof bits, 0) != sizeof bits)
    bits = (guint64)g_random_int () << 32 | g_random_int ();
  return g_strdup_printf ("node-%016" G_GINT64_MODIFIER "x", bits);
}
