/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A node for the tests with other engines, driven by lines on stdin:
 *
 *   connect NODE · disconnect NODE · send NODE text|binary SIZE · quit (also at the end of stdin)
 *
 * interop-node NODE-ID COORDINATOR ROOM connects, joins and says "joined". Then it tells what
 * happens: "member NODE", "connected NODE OFFERER|ANSWERER", "disconnected NODE", "sent SIZE",
 * "refused CODE TEXT", "failed NODE TEXT", "error TEXT", "trace NODE TEXT" and "message NODE
 * text|binary SIZE right|wrong". What a message holds follows from its kind and size, see
 * client.mjs. */
#include "sentient.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  SentientPeer *peer;
  GMainLoop *loop;
  const char *room;
} Program;

G_GNUC_PRINTF (1, 2)
static void
say (const char *format, ...)
{
  va_list rest;

  va_start (rest, format);
  vprintf (format, rest);
  va_end (rest);
  putchar ('\n');
  fflush (stdout);
}

static GBytes *
make_message (gboolean is_text, gsize size)
{
  static const char piece[] = "aé€😀"; /* 1 + 2 + 3 + 4 bytes */
  const gsize piece_len = sizeof piece - 1;
  char *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    if (!is_text)
      data[i] = (char)(i * 31 + size);
    else
      data[i] = i < size / piece_len * piece_len ? piece[i % piece_len] : 'x';
  return g_bytes_new_take (data, size);
}

static void
on_message (SentientPeer *peer,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            gpointer unused)
{
  g_autoptr (GBytes) expected = make_message (is_text, g_bytes_get_size (data));

  say ("message %s %s %" G_GSIZE_FORMAT " %s", node_id, is_text ? "text" : "binary",
       g_bytes_get_size (data), g_bytes_equal (data, expected) ? "right" : "wrong");
}

static void
on_connected (SentientPeer *peer, const char *node_id, gpointer unused)
{
  SentientConnection *connection = sentient_peer_find_connection (peer, node_id);
  g_autofree char *pair = sentient_connection_dup_candidate_pair (connection);

  say ("trace %s by way of %s", node_id, pair);
  say ("connected %s %s", node_id,
       sentient_connection_get_offerer (connection) ? "offerer" : "answerer");
}

static void
on_disconnected (SentientPeer *peer, const char *node_id, GError *error, gpointer unused)
{
  say ("disconnected %s%s%s", node_id, error != NULL ? " " : "",
       error != NULL ? error->message : "");
}

static void
on_member_joined (SentientPeer *peer, SentientRoom *room, SentientMember *member, gpointer unused)
{
  say ("member %s", sentient_member_get_node_id (member));
}

static void
on_error (SentientPeer *peer, GError *error, gpointer unused)
{
  say ("error %s", error->message);
}

static void
on_negotiation (SentientPeer *peer, const char *node_id, const char *text, gpointer unused)
{
  say ("trace %s %s", node_id, text);
}

static void
on_connect (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *node_id = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection
      = sentient_peer_connect_peer_finish (SENTIENT_PEER (source), result, &error);

  if (connection == NULL)
    say ("failed %s %s", node_id, error->message);
}

static void
send_message (Program *self, const char *node_id, const char *kind, gsize size)
{
  gboolean is_text = g_str_equal (kind, "text");
  g_autoptr (GBytes) data = make_message (is_text, size);
  g_autoptr (GError) error = NULL;

  if (sentient_peer_send_message (self->peer, node_id, data, is_text, SENTIENT_PRIORITY_NORMAL,
                                  &error))
    say ("sent %" G_GSIZE_FORMAT, size);
  else
    say ("refused %d %s", error->code, error->message);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_main_loop_quit (((Program *)user_data)->loop);
}

static void
obey (Program *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);
  const guint n = g_strv_length (words);

  if (n == 2 && g_str_equal (words[0], "connect"))
    sentient_peer_connect_peer_async (self->peer, words[1], NULL, on_connect, g_strdup (words[1]));
  else if (n == 2 && g_str_equal (words[0], "disconnect"))
    sentient_peer_disconnect_peer_async (self->peer, words[1], NULL, NULL, NULL);
  else if (n == 4 && g_str_equal (words[0], "send"))
    send_message (self, words[1], words[2], strtoul (words[3], NULL, 10));
  else if (n == 1 && g_str_equal (words[0], "quit"))
    sentient_peer_close_async (self->peer, NULL, on_closed, self);
  else
    g_error ("told “%s”", line);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDataInputStream *lines = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish_utf8 (lines, result, NULL, NULL);

  obey (user_data, line != NULL ? line : "quit");
  if (line != NULL)
    g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, NULL, on_line, user_data);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);

  if (room == NULL)
    g_error ("%s", error->message);
  say ("joined");
}

static void
on_coordinator (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_peer_connect_to_coordinator_finish (self->peer, result, &error))
    g_error ("%s", error->message);
  sentient_peer_join_async (self->peer, self->room, NULL, NULL, on_joined, NULL);
}

int
main (int argc, char **argv)
{
  Program self = { 0 };
  g_autoptr (GInputStream) in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (in);
  const char *uris[] = { argc == 4 ? argv[2] : NULL, NULL };

  if (argc != 4)
    g_error ("usage: interop-node NODE-ID COORDINATOR ROOM");
  self.peer = sentient_peer_new (argv[1]);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.room = argv[3];
  g_object_set (self.peer, "auto-connect", FALSE, NULL);
  g_signal_connect (self.peer, "message", G_CALLBACK (on_message), NULL);
  g_signal_connect (self.peer, "peer-connected", G_CALLBACK (on_connected), NULL);
  g_signal_connect (self.peer, "peer-disconnected", G_CALLBACK (on_disconnected), NULL);
  g_signal_connect (self.peer, "member-joined", G_CALLBACK (on_member_joined), NULL);
  g_signal_connect (self.peer, "error", G_CALLBACK (on_error), NULL);
  g_signal_connect (self.peer, "negotiation", G_CALLBACK (on_negotiation), NULL);
  sentient_peer_connect_to_coordinator_async (self.peer, uris, NULL, on_coordinator, &self);
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, NULL, on_line, &self);
  g_main_loop_run (self.loop);
  g_object_unref (self.peer);
  g_main_loop_unref (self.loop);
  return 0;
}
