/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-node.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output.h"
#include "core/sentient-error.h"

/* A text "/ping N" (N: up to 20 digits) is answered with "/pong N" by every node of this program.
 * A typed line never begins with "/" on the wire, unless it was typed with "//". */
#define PING "/ping "
#define PONG "/pong "

typedef struct
{
  char *room;
  char *text;
  GPtrArray *remaining; /* node ids that took no more just now; NULL: nobody got it yet */
} KeptLine;

typedef struct
{
  CliNode *node;
  guint64 id;
  char *node_id;
  gint64 sent_at; /* monotonic, µs */
  guint timeout_id;
} Ping;

static void
kept_line_free (KeptLine *kept)
{
  g_free (kept->room);
  g_free (kept->text);
  g_clear_pointer (&kept->remaining, g_ptr_array_unref);
  g_free (kept);
}

static void
ping_free (Ping *ping)
{
  g_clear_handle_id (&ping->timeout_id, g_source_remove);
  g_free (ping->node_id);
  g_free (ping);
}

void
cli_talk_init (CliNode *self)
{
  g_queue_init (&self->kept);
  self->pings
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)ping_free);
}

void
cli_talk_clear (CliNode *self)
{
  g_queue_clear_full (&self->kept, (GDestroyNotify)kept_line_free);
  g_clear_pointer (&self->pings, g_hash_table_unref);
}

/* The ids of those who are connected and in the room, or were met there. */
static GPtrArray *
list_connected (CliNode *self, SentientRoom *room)
{
  GListModel *connections = sentient_peer_get_connections (self->peer);
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (SentientConnection) connection = g_list_model_get_item (connections, i);
      const char *id = sentient_connection_get_node_id (connection);

      if (sentient_connection_get_state (connection) != SENTIENT_CONNECTION_STATE_CONNECTED)
        continue;
      if (g_strcmp0 (sentient_connection_get_room (connection), sentient_room_get_name (room)) == 0
          || sentient_room_find_member (room, id) != NULL)
        g_ptr_array_add (ids, g_strdup (id));
    }
  return ids;
}

/* In a large room most members are reached by way of others. */
static gboolean
is_large (CliNode *self, SentientRoom *room)
{
  guint limit;

  g_object_get (self->peer, "mesh-limit", &limit, NULL);
  return sentient_room_get_n_members (room) + 1 > limit; /* we are not in the list */
}

/* FALSE: nobody is there. */
static gboolean
broadcast (CliNode *self, KeptLine *line)
{
  g_autoptr (GError) error = NULL;
  guint n_sent;

  if (!sentient_peer_broadcast (self->peer, line->room, line->text, &n_sent, &error))
    cli_complain (_ ("a line may not reach everybody in \"%s\": %s"), line->room, error->message);
  return n_sent > 0;
}

/* FALSE: it must wait. A line that can never be sent is told and counts as done. In a
 * small room not by sentient_peer_broadcast (), which does not say who took it: those would hear it
 * twice. */
static gboolean
try_to_say (CliNode *self, KeptLine *line)
{
  g_autoptr (SentientRoom) room = cli_node_find_room (self, line->room);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GPtrArray) blocked = g_ptr_array_new_with_free_func (g_free);
  gboolean anybody = line->remaining != NULL;

  if (room == NULL)
    {
      cli_complain (_ ("a line was not sent, since you left the room \"%s\" before somebody came"),
                    line->room);
      return TRUE;
    }
  if (line->remaining == NULL && is_large (self, room))
    return broadcast (self, line);
  ids = line->remaining != NULL ? g_ptr_array_ref (line->remaining) : list_connected (self, room);
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GError) error = NULL;

      if (sentient_peer_send (self->peer, ids->pdata[i], line->text, &error))
        anybody = TRUE;
      else if (g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK))
        g_ptr_array_add (blocked, g_strdup (ids->pdata[i]));
      else
        cli_complain (_ ("a line did not go to %s: %s"), (char *)ids->pdata[i], error->message);
    }
  if (blocked->len == 0)
    return anybody;

  g_clear_pointer (&line->remaining, g_ptr_array_unref);
  line->remaining = g_steal_pointer (&blocked);
  return FALSE;
}

void
cli_talk_flush (CliNode *self)
{
  GList *next;

  for (GList *l = self->kept.head; l != NULL; l = next)
    {
      KeptLine *line = l->data;

      next = l->next;
      if (!try_to_say (self, line))
        {
          /* What comes behind must not overtake it. */
          if (line->remaining != NULL)
            break;
          continue;
        }
      kept_line_free (l->data);
      g_queue_delete_link (&self->kept, l);
    }

  if (self->input != NULL && g_queue_get_length (&self->kept) < CLI_KEPT_MAX)
    cli_input_resume (self->input);
  if (self->finishing && g_queue_is_empty (&self->kept) && cli_progress_is_over (self->progress))
    cli_run_stop (&self->run, CLI_EXIT_OK);
}

gboolean
cli_talk_say (CliNode *self, const char *text)
{
  KeptLine *line;

  if (self->room == NULL)
    {
      cli_say (CLI_WARN, _ ("You are in no room, so nobody got that. /join ROOM enters one."));
      return TRUE;
    }
  if (g_queue_get_length (&self->kept) >= CLI_KEPT_MAX)
    return FALSE;

  line = g_new0 (KeptLine, 1);
  line->room = g_strdup (self->room);
  line->text = g_strdup (text);
  /* Behind those which wait already, so that lines keep their order. */
  if (g_queue_is_empty (&self->kept) && try_to_say (self, line))
    {
      kept_line_free (line);
      return TRUE;
    }
  if (g_queue_is_empty (&self->kept) && line->remaining == NULL)
    cli_say (CLI_NOTE, _ ("Nobody is connected in \"%s\" yet: kept for whoever comes first."),
             self->room);
  g_queue_push_tail (&self->kept, line);
  return TRUE;
}

static gboolean
send_now (CliNode *self, const char *node_id, const char *text)
{
  g_autoptr (GError) error = NULL;

  if (sentient_peer_send (self->peer, node_id, text, &error))
    return TRUE;
  cli_complain (_ ("nothing was sent to %s: %s"), node_id, error->message);
  return FALSE;
}

static void
on_connected (CliNodeJob *taken, const GError *error)
{
  g_autoptr (CliNodeJob) job = taken;

  if (error != NULL)
    cli_complain (_ ("nothing was sent to %s: %s"), job->node_id, error->message);
  else
    send_now (job->node, job->node_id, job->what);
}

static gboolean
is_connected (CliNode *self, const char *node_id)
{
  SentientConnection *connection = sentient_peer_find_connection (self->peer, node_id);

  return connection != NULL
         && sentient_connection_get_state (connection) == SENTIENT_CONNECTION_STATE_CONNECTED;
}

void
cli_talk_send (CliNode *self, const char *node_id, const char *text)
{
  if (is_connected (self, node_id))
    send_now (self, node_id, text);
  else
    cli_node_connect (self, node_id, on_connected, g_strdup (text), g_free);
}

static gboolean
on_ping_timeout (gpointer user_data)
{
  Ping *ping = user_data;

  ping->timeout_id = 0;
  cli_say (CLI_WARN, _ ("%s did not answer a ping within %d seconds."), ping->node_id,
           CLI_PING_TIMEOUT_MS / 1000);
  g_hash_table_remove (ping->node->pings, &ping->id);
  return G_SOURCE_REMOVE;
}

void
cli_talk_ping (CliNode *self, const char *node_id)
{
  g_autofree char *text = NULL;
  Ping *ping;

  if (!is_connected (self, node_id))
    {
      cli_say (CLI_WARN, _ ("%s is not connected, so it cannot be pinged. /peers tells who is."),
               node_id);
      return;
    }
  if (g_hash_table_size (self->pings) >= CLI_PINGS_MAX)
    {
      cli_say (CLI_WARN, _ ("%d pings are under way already; wait for them."), CLI_PINGS_MAX);
      return;
    }

  ping = g_new0 (Ping, 1);
  ping->node = self;
  ping->id = ++self->last_ping;
  ping->node_id = g_strdup (node_id);
  ping->sent_at = g_get_monotonic_time ();
  ping->timeout_id = g_timeout_add (CLI_PING_TIMEOUT_MS, on_ping_timeout, ping);
  g_source_set_name_by_id (ping->timeout_id, "sentient-ping-timeout");
  g_hash_table_insert (self->pings, &ping->id, ping);

  text = g_strdup_printf (PING "%" G_GUINT64_FORMAT, ping->id);
  if (!send_now (self, node_id, text))
    g_hash_table_remove (self->pings, &ping->id);
}

/* TRUE: text is verb and a number, and nothing else. */
static gboolean
parse_ping (const char *text, const char *verb, guint64 *id)
{
  return g_str_has_prefix (text, verb)
         && g_ascii_string_to_unsigned (text + strlen (verb), 10, 0, G_MAXUINT64, id, NULL);
}

/* TRUE: it was a ping or the answer to one. */
static gboolean
handle_ping (CliNode *self, const char *node_id, const char *text)
{
  guint64 id;
  Ping *ping;

  if (parse_ping (text, PING, &id))
    {
      g_autofree char *answer = g_strdup_printf (PONG "%" G_GUINT64_FORMAT, id);

      send_now (self, node_id, answer);
      return TRUE;
    }
  if (!parse_ping (text, PONG, &id))
    return FALSE;

  ping = g_hash_table_lookup (self->pings, &id);
  if (ping == NULL || !g_str_equal (ping->node_id, node_id))
    return FALSE;
  cli_say (CLI_GOOD, _ ("%s answered a ping: there and back in %.2f ms."), node_id,
           (double)(g_get_monotonic_time () - ping->sent_at) / 1000);
  g_hash_table_remove (self->pings, &id);
  return TRUE;
}

void
cli_talk_received (CliNode *self, const char *node_id, GBytes *data, gboolean is_text)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);
  g_autofree char *shown = NULL;

  if (!is_text)
    {
      cli_say (CLI_HEARD, _ ("[%s] (%zu bytes that are not text)"), node_id, size);
      return;
    }
  /* Long enough for the verb and 20 digits. */
  if (size < 32 && memchr (bytes, '\0', size) == NULL)
    {
      g_autofree char *text = g_strndup (bytes, size);

      if (handle_ping (self, node_id, text))
        return;
    }
  shown = cli_escape (size > 0 ? bytes : "", size);
  cli_say (CLI_HEARD, "[%s] %s", node_id, shown);
}
