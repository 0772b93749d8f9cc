/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Names and words of another node, made fit to be used here: pure functions. */

/* Bytes of what safe () makes: with a number, and the ending of a temporary file, it still is a
 * name that every file system takes. */
#define SENTIENT_TRANSFER_SAFE_NAME_MAX 200

/* The name for a file, UTF-8: without folders, control characters and what turns the direction of
 * writing, without dots and blanks at its ends, not too long (the ending stays); "file" if nothing
 * is left. */
char *sentient_transfer_dup_safe_name (const char *name, gsize len);
/* "name (n).ext"; n 0: name as it is. */
char *sentient_transfer_dup_numbered_name (const char *name, guint n);
/* A line of words, UTF-8, without control characters. */
char *sentient_transfer_dup_safe_text (const char *text, gsize len);

G_END_DECLS
