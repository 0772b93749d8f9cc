/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-connections.h"

#include <glib/gi18n.h>

#include "cli-json.h"
#include "cli-output.h"

/* All connections are asked at the same time: each may take two seconds. */
typedef struct
{
  char *node_id;
  char *text; /* NULL: there is none any more, or error is set */
  GError *error;
  guint *n_waiting;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_free (answer->node_id);
  g_free (answer->text);
  g_clear_error (&answer->error);
  g_free (answer);
}

static void
on_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  sentient_dbus_connection_call_get_statistics_finish (SENTIENT_DBUS_CONNECTION (source),
                                                       &answer->text, result, &answer->error);
  /* It ended while it was asked. */
  if (g_error_matches (answer->error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
      || g_error_matches (answer->error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT))
    g_clear_error (&answer->error);
  --*answer->n_waiting;
}

static GPtrArray *
ask_all (CliRemote *remote)
{
  GListModel *connections = sentient_client_get_connections (remote->client);
  GPtrArray *answers = g_ptr_array_new_with_free_func (answer_free);
  guint n_waiting = g_list_model_get_n_items (connections);

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (SentientDBusConnection) connection = g_list_model_get_item (connections, i);
      Answer *answer = g_new0 (Answer, 1);

      answer->node_id = g_strdup (sentient_dbus_connection_get_node_id (connection));
      answer->n_waiting = &n_waiting;
      g_ptr_array_add (answers, answer);
      sentient_dbus_connection_call_get_statistics (connection, remote->hide_addresses, NULL,
                                                    on_told, answer);
    }
  while (n_waiting > 0)
    g_main_context_iteration (NULL, TRUE);
  return answers;
}

/* What stands in the JSON; NULL and -1: it is not there, or null. */

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const char *
get_text (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_string_member_with_default (object, name, NULL) : NULL;
}

static gint64
get_number (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : -1;
}

static void
add_number (CliTable *table, gint64 number)
{
  cli_table_take (table, number >= 0 ? g_format_size ((guint64)number) : NULL);
}

static char *
format_end (JsonObject *end)
{
  const char *address = get_text (end, "address");
  const char *type = get_text (end, "type");
  gint64 port = get_number (end, "port");

  if (address == NULL)
    return g_strdup (type != NULL ? type : "?");
  return g_strdup_printf (strchr (address, ':') != NULL ? "%s [%s]:%d" : "%s %s:%d",
                          type != NULL ? type : "?", address, (int)port);
}

/* "host 127.0.0.1:1 ↔ relay 192.0.2.1:3 (udp)", and by which server of ours. */
static char *
format_pair (JsonObject *path)
{
  g_autofree char *near = NULL;
  g_autofree char *far = NULL;
  const char *relay = get_text (path, "relay");
  const char *through = get_text (path, "relayProtocol");

  if (path == NULL)
    return NULL;
  near = format_end (get_object (path, "local"));
  far = format_end (get_object (path, "remote"));
  if (relay == NULL)
    return g_strdup_printf ("%s ↔ %s (%s)", near, far, get_text (path, "protocol"));
  return g_strdup_printf (_ ("%s ↔ %s (%s), by %s over %s"), near, far, get_text (path, "protocol"),
                          relay, through != NULL ? through : "?");
}

/* "connecting 0.4 s, connected 00:12:09": the states that it was in for a moment at least. */
static char *
format_times (JsonObject *times)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GList) states = times != NULL ? json_object_get_members (times) : NULL;

  for (GList *l = states; l != NULL; l = l->next)
    {
      gint64 ms = get_number (times, l->data);
      g_autofree char *duration = NULL;

      if (ms < 50)
        continue;
      duration = ms < 60000
                     ? g_strdup_printf (_ ("%d.%d s"), (int)(ms / 1000), (int)(ms % 1000 / 100))
                     : cli_format_duration (ms);
      g_string_append_printf (out, "%s%s %s", out->len > 0 ? ", " : "", (const char *)l->data,
                              duration);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
add_row (CliTable *table, JsonObject *of)
{
  JsonObject *path = get_object (of, "path");
  JsonObject *bytes = get_object (of, "bytes");
  JsonObject *window = get_object (of, "window");
  gint64 size = get_number (window, "size");
  gint64 rtt = get_number (of, "rtt");
  gint64 again = get_number (of, "retransmits");

  cli_table_add (table, get_text (of, "nodeId"));
  cli_table_add (table, get_text (of, "state"));
  if (path == NULL)
    cli_table_add (table, NULL);
  else
    cli_table_add (table, json_object_get_boolean_member_with_default (path, "relayed", FALSE)
                              ? _ ("relayed")
                              : _ ("direct"));
  cli_table_take (table, rtt >= 0 ? g_strdup_printf (_ ("%d ms"), (int)rtt) : NULL);
  add_number (table, get_number (bytes, "sent"));
  add_number (table, get_number (bytes, "received"));
  cli_table_take (table, again >= 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, again) : NULL);
  cli_table_take (table,
                  size > 0
                      ? g_strdup_printf ("%d%%", (int)(get_number (window, "used") * 100 / size))
                      : NULL);
  add_number (table, get_number (window, "waiting"));
  cli_table_take (table, format_times (get_object (of, "stateTimes")));
  cli_table_take (table, format_pair (path));
}

/* FALSE: the error was told. */
static gboolean
add_answer (const Answer *answer, CliTable *table, JsonBuilder *json)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *sentence = NULL;

  if (answer->error != NULL)
    {
      sentence = sentient_client_describe_error (answer->error);
      cli_complain ("%s: %s", answer->node_id, sentence);
      return FALSE;
    }
  node = answer->text != NULL ? json_from_string (answer->text, NULL) : NULL;
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return TRUE;
  add_row (table, json_node_get_object (node));
  json_builder_add_value (json, g_steal_pointer (&node));
  return TRUE;
}

int
cli_connections_stats (CliRemote *remote)
{
  static const CliColumn columns[] = {
    { N_ ("NODE") },
    { N_ ("STATE") },
    { N_ ("WAY") },
    { N_ ("RTT"), TRUE },
    { N_ ("SENT"), TRUE },
    { N_ ("GOT"), TRUE },
    { N_ ("AGAIN"), TRUE },
    { N_ ("WINDOW"), TRUE },
    { N_ ("WAITING"), TRUE },
    { N_ ("TIME"), FALSE, TRUE },
    { N_ ("PAIR"), FALSE, TRUE },
  };
  g_autoptr (CliTable) table = cli_table_new (columns, G_N_ELEMENTS (columns), TRUE);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (GPtrArray) answers = ask_all (remote);
  gboolean good = TRUE;
  int status;

  json_builder_begin_array (json);
  for (guint i = 0; i < answers->len; i++)
    good &= add_answer (answers->pdata[i], table, json);
  json_builder_end_array (json);
  status = cli_remote_listed (remote, table, json, cli_connections_none ());
  return good ? status : CLI_EXIT_FAILED;
}
