/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the program tells a person. Lines go out at once, also into a pipe. */

typedef enum
{
  CLI_PLAIN,
  CLI_GOOD,  /* something began to work */
  CLI_NOTE,  /* said by way of explanation */
  CLI_WARN,  /* it goes on, but look here */
  CLI_HEARD, /* came from another node */
} CliStyle;

/* Colours are for terminals, and not with --no-color or NO_COLOR in the environment. */
void cli_output_init (gboolean no_color);

/* From now on lines are left out, and counted, while nobody reads them: a coordinator does not
 * stand still for them. */
void cli_output_never_wait (void);

/* One line on stdout. */
void cli_say (CliStyle style, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* One line on stderr: "sentient: …". */
void cli_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The same of each line of text. */
void cli_complain_lines (const char *text);

/* text as it may be shown on a terminal: control characters, marks that turn the direction of
 * writing and bytes that are no UTF-8 are written out, and what is longer than CLI_SHOW_MAX is
 * cut with a note. len < 0: up to NUL. */
#define CLI_SHOW_MAX 16384
char *cli_escape (const char *text, gssize len);

G_END_DECLS
