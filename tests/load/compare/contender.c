/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "contender.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 20250701
/* Random bytes of which each message is a piece, far from the one before it, so that nothing can be
 * compressed, not even several of them together. */
#define POOL_SIZE (4 * 1024 * 1024)
#define POOL_STEP (1024 * 1024 + 7)
#define PING_SIZE 64

typedef enum
{
  KIND_FLOOD = 1,
  KIND_LAST, /* of a flood */
  KIND_PING,
  KIND_PONG,
} Kind;

/* The beginning of each message. */
typedef struct
{
  guint32 kind;
  guint32 number;
} Head;

static struct
{
  const ContenderEngine *engine;
  GMainLoop *loop;
  GDataInputStream *lines;
  guint8 *pool;
  gboolean is_checking;

  /* sending */
  gsize size;
  guint32 n_sent;
  guint32 n_wanted; /* 0: no limit */
  gint64 until;     /* monotonic, µs; 0: no limit */
  gboolean is_flooding;
  GBytes *held;
  gboolean was_last; /* held is */

  /* receiving */
  guint32 n_heard;
  guint64 bytes_heard;

  /* pings */
  GArray *rtts; /* of gint64, µs; NULL: none are sent */
  guint gap_ms;
  gint64 pinged;
  guint32 n_pings;
  guint next_ping;
} self;

G_GNUC_PRINTF (2, 0)
static void
say (const char *beginning, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_autofree char *line = g_strconcat (beginning, text, "\n", NULL);

  fputs (line, stdout);
  fflush (stdout);
}

void
contender_say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  say ("", format, args);
  va_end (args);
}

void
contender_die (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  say ("error ", format, args);
  va_end (args);
  exit (1);
}

void
contender_opened (void)
{
  contender_say ("open");
}

void
contender_closed (void)
{
  contender_say ("closed");
}

void
contender_end (void)
{
  g_main_loop_quit (self.loop);
}

/* Messages */

static const guint8 *
find_piece (guint32 number, gsize size)
{
  return self.pool + (gsize)number * POOL_STEP % (POOL_SIZE - size);
}

static GBytes *
make_message (Kind kind, guint32 number, gsize size)
{
  guint8 *data = g_memdup2 (find_piece (number, size), size);
  const Head head = { .kind = (guint32)kind, .number = number };

  memcpy (data, &head, sizeof head);
  return g_bytes_new_take (data, size);
}

static void
flood (void)
{
  while (self.is_flooding)
    {
      if (self.held == NULL)
        {
          self.was_last
              = self.n_sent + 1 == self.n_wanted
                || (self.until > 0 && self.n_sent > 0 && g_get_monotonic_time () >= self.until);
          self.held = make_message (self.was_last ? KIND_LAST : KIND_FLOOD, self.n_sent, self.size);
        }
      if (!self.engine->send (self.held, FALSE))
        return;
      g_clear_pointer (&self.held, g_bytes_unref);
      self.n_sent++;
      self.is_flooding = !self.was_last;
    }
  contender_say ("sent %u", self.n_sent);
}

void
contender_go_on (void)
{
  if (self.is_flooding)
    flood ();
}

static void
send_one (Kind kind, guint32 number)
{
  g_autoptr (GBytes) data = make_message (kind, number, PING_SIZE);

  if (!self.engine->send (data, TRUE))
    contender_die ("a ping was not taken");
}

static gboolean
on_next_ping (gpointer user_data)
{
  self.next_ping = 0;
  self.pinged = g_get_monotonic_time ();
  send_one (KIND_PING, ++self.n_pings);
  return G_SOURCE_REMOVE;
}

static void
hear_pong (const Head *head)
{
  gint64 rtt = g_get_monotonic_time () - self.pinged;

  if (head->number != self.n_pings)
    contender_die ("a pong that nobody waits for");
  if (self.rtts == NULL)
    return;
  g_array_append_val (self.rtts, rtt);
  self.next_ping = g_timeout_add (self.gap_ms, on_next_ping, NULL);
}

static void
hear_flood (const Head *head, const guint8 *data, gsize size)
{
  if (head->number != self.n_heard)
    contender_die ("message %u came where %u was expected", head->number, self.n_heard);
  if (self.is_checking
      && memcmp (data + sizeof *head, find_piece (head->number, size) + sizeof *head,
                 size - sizeof *head)
             != 0)
    contender_die ("message %u came with other bytes", head->number);
  self.n_heard++;
  self.bytes_heard += size;
  if (head->kind != KIND_LAST)
    return;
  contender_say ("heard %u %" G_GUINT64_FORMAT, self.n_heard, self.bytes_heard);
  self.n_heard = 0;
  self.bytes_heard = 0;
}

void
contender_heard (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Head head;

  if (size < sizeof head)
    contender_die ("a message of %" G_GSIZE_FORMAT " bytes came", size);
  memcpy (&head, data, sizeof head);
  if (head.kind == KIND_FLOOD || head.kind == KIND_LAST)
    hear_flood (&head, data, size);
  else if (head.kind == KIND_PING)
    send_one (KIND_PONG, head.number);
  else if (head.kind == KIND_PONG)
    hear_pong (&head);
  else
    contender_die ("a message of kind %u came", head.kind);
}

/* What it is told */

static void
begin_flood (char **words)
{
  const gint64 ms = g_ascii_strtoll (words[3], NULL, 10);

  self.size = (gsize)g_ascii_strtoull (words[1], NULL, 10);
  self.n_wanted = (guint32)g_ascii_strtoull (words[2], NULL, 10);
  self.until = ms > 0 ? g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND : 0;
  self.n_sent = 0;
  self.is_flooding = TRUE;
  if (self.size < sizeof (Head) || self.size >= POOL_SIZE || (self.n_wanted == 0 && ms <= 0))
    contender_die ("that flood cannot be made");
  flood ();
}

static void
begin_pings (const char *gap)
{
  self.gap_ms = (guint)g_ascii_strtoull (gap, NULL, 10);
  self.rtts = g_array_new (FALSE, FALSE, sizeof (gint64));
  on_next_ping (NULL);
}

static void
end_pings (void)
{
  g_autoptr (GString) line = g_string_new ("rtts");
  g_autoptr (GArray) rtts = g_steal_pointer (&self.rtts);

  if (self.next_ping != 0)
    g_source_remove (self.next_ping);
  self.next_ping = 0;
  for (guint i = 0; rtts != NULL && i < rtts->len; i++)
    g_string_append_printf (line, " %" G_GINT64_FORMAT, g_array_index (rtts, gint64, i));
  contender_say ("%s", line->str);
}

static void
obey (const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 0);
  const guint n = g_strv_length (words);
  const char *verb = n > 0 ? words[0] : "";

  if (g_str_equal (verb, "signal") && self.engine->signal != NULL)
    self.engine->signal (line + strlen ("signal "));
  else if (g_str_equal (verb, "connect"))
    self.engine->connect ();
  else if (g_str_equal (verb, "disconnect") && self.engine->disconnect != NULL)
    self.engine->disconnect ();
  else if (g_str_equal (verb, "check"))
    self.is_checking = TRUE;
  else if (g_str_equal (verb, "flood") && n == 4)
    begin_flood (words);
  else if (g_str_equal (verb, "ping") && n == 2)
    begin_pings (words[1]);
  else if (g_str_equal (verb, "stop"))
    end_pings ();
  else if (g_str_equal (verb, "quit"))
    self.engine->quit ();
  else
    contender_die ("told “%s”", line);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *line = g_data_input_stream_read_line_finish (self.lines, result, NULL, NULL);

  if (line == NULL) /* whoever measures is gone */
    exit (1);
  obey (line);
  g_data_input_stream_read_line_async (self.lines, G_PRIORITY_DEFAULT, NULL, on_line, NULL);
}

static void
fill_pool (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);

  self.pool = g_malloc (POOL_SIZE);
  for (gsize i = 0; i < POOL_SIZE; i += sizeof (guint32))
    {
      const guint32 word = g_rand_int (rand);

      memcpy (self.pool + i, &word, sizeof word);
    }
}

void
contender_run (const ContenderEngine *engine)
{
  g_autoptr (GInputStream) in = g_unix_input_stream_new (STDIN_FILENO, FALSE);

  self.engine = engine;
  self.loop = g_main_loop_new (NULL, FALSE);
  self.lines = g_data_input_stream_new (in);
  fill_pool ();
  g_data_input_stream_read_line_async (self.lines, G_PRIORITY_DEFAULT, NULL, on_line, NULL);
  contender_say ("ready");
  g_main_loop_run (self.loop);
  g_clear_pointer (&self.loop, g_main_loop_unref);
  g_free (self.pool);
}
