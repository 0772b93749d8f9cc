/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-output.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gboolean colour_out;
static gboolean colour_err;
static gboolean may_leave_out;
static guint n_left_out;

static const char *const style_codes[] = {
  [CLI_PLAIN] = NULL, [CLI_GOOD] = "32", [CLI_NOTE] = "2", [CLI_WARN] = "33", [CLI_HEARD] = "36",
};

void
cli_output_init (gboolean no_color)
{
  const char *env = g_getenv ("NO_COLOR");
  const char *term = g_getenv ("TERM");
  gboolean wanted = !no_color && (env == NULL || *env == '\0') && g_strcmp0 (term, "dumb") != 0;

  colour_out = wanted && isatty (STDOUT_FILENO);
  colour_err = wanted && isatty (STDERR_FILENO);
}

void
cli_output_never_wait (void)
{
  may_leave_out = TRUE;
}

/* A pipe that is ready takes PIPE_BUF bytes without waiting (pipe(7)), more than a line of ours. */
static gboolean
is_ready (void)
{
  struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

  return poll (&out, 1, 0) != 0;
}

void
cli_say (CliStyle style, const char *format, ...)
{
  const char *code = colour_out ? style_codes[style] : NULL;
  g_autofree char *text = NULL;
  va_list args;

  if (may_leave_out && !is_ready ())
    {
      n_left_out++;
      return;
    }
  if (n_left_out > 0)
    fprintf (stdout, _ ("(%u lines are left out here: nobody read them)\n"), n_left_out);
  n_left_out = 0;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  if (code != NULL)
    fprintf (stdout, "\033[%sm%s\033[0m\n", code, text);
  else
    fprintf (stdout, "%s\n", text);

  /* GIO ignores SIGPIPE, so a reader that went away (`sentient | head`) shows up only here. */
  if (fflush (stdout) != 0 && errno == EPIPE)
    raise (SIGTERM);
}

void
cli_complain (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  fprintf (stderr, colour_err ? "\033[31msentient:\033[0m %s\n" : "sentient: %s\n", text);
}

void
cli_complain_lines (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    cli_complain ("%s", lines[i]);
}

/* Characters that could move the cursor, or make a line read otherwise than it is. */
static gboolean
is_unsafe (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200e && c <= 0x200f)
         || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void
append_character (GString *out, gunichar c)
{
  if (c == '\n')
    g_string_append (out, "\\n");
  else if (c == '\t')
    g_string_append (out, "\\t");
  else if (is_unsafe (c))
    g_string_append_printf (out, c < 0x100 ? "\\x%02x" : "\\u%04x", (guint)c);
  else
    g_string_append_unichar (out, c);
}

char *
cli_escape (const char *text, gssize len)
{
  GString *out = g_string_new (NULL);
  gsize all = len < 0 ? strlen (text) : (gsize)len;
  const char *end = text + MIN (all, CLI_SHOW_MAX);
  const char *at = text;

  while (at < end)
    {
      /* To the true end: a character that the cut would halve is shown whole. */
      gunichar c = g_utf8_get_char_validated (at, text + all - at);

      if (c == (gunichar)-1 || c == (gunichar)-2)
        {
          g_string_append_printf (out, "\\x%02x", (guint)(guchar)*at);
          at++;
          continue;
        }
      append_character (out, c);
      /* A NUL inside counts as one byte for g_utf8_next_char (), as it is. */
      at = g_utf8_next_char (at);
    }

  if ((gsize)(at - text) < all)
    g_string_append_printf (out, _ (" … (%zu bytes more)"), all - (gsize)(at - text));

  return g_string_free (out, FALSE);
}
