/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sentient doctor --network: what the daemon finds, or if there is none, or other servers are
 * named, what this program finds itself. */

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "cli-doctor.h"
#include "cli-json.h"
#include "cli-output.h"
#include "doctor/sentient-network-doctor.h"

#define CLI_DOCTOR_CALL_MS 300000 /* a doctor takes its time, but comes to an end */

typedef struct
{
  GMainLoop *loop;
  gboolean on_terminal;
  gboolean hide_addresses;
  char *report; /* JSON */
  GError *error;
} Visit;

static void
visit_clear (Visit *visit)
{
  g_clear_pointer (&visit->loop, g_main_loop_unref);
  g_clear_pointer (&visit->report, g_free);
  g_clear_error (&visit->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Visit, visit_clear)

static gboolean
names_servers (CliRemote *remote)
{
  return remote->seeds != NULL || remote->stun != NULL || remote->turn != NULL
         || remote->config_file != NULL;
}

/* One line on a terminal, which the next one overwrites. */
static void
show_progress (const Visit *visit, const char *text)
{
  g_autofree char *shown = cli_escape (text, -1);

  if (!visit->on_terminal)
    return;
  fprintf (stderr, "\r%.*s\033[K", g_utf8_strlen (shown, -1) > 70 ? 70 : -1, shown);
  fflush (stderr);
}

static void
on_progress (SentientNetworkDoctor *doctor,
             guint done,
             guint total,
             const char *what,
             gpointer user_data)
{
  const Visit *visit = user_data;
  g_autofree char *text = visit->hide_addresses
                              ? g_strdup_printf (_ ("%u of %u answered"), done, total)
                              : g_strdup_printf (_ ("%u of %u answered: %s"), done, total, what);

  show_progress (visit, text);
}

static void
on_visited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Visit *visit = user_data;
  g_autoptr (SentientNetworkReport) report
      = sentient_network_doctor_run_finish (SENTIENT_NETWORK_DOCTOR (source), result,
                                            &visit->error);

  if (report != NULL)
    visit->report = sentient_network_report_to_json (report, visit->hide_addresses);
  g_main_loop_quit (visit->loop);
}

static void
on_diagnosed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Visit *visit = user_data;

  sentient_dbus_manager_call_diagnose_network_finish (SENTIENT_DBUS_MANAGER (source),
                                                      &visit->report, result, &visit->error);
  g_main_loop_quit (visit->loop);
}

gboolean
cli_doctor_network_check (CliRemote *remote, GError **error)
{
  g_autoptr (SentientSettings) settings = NULL;

  if (!remote->network && (remote->hide_addresses || names_servers (remote)))
    {
      cli_usage_error (error, _ ("--hide-addresses, --seed, --stun, --turn and --config go with "
                                 "--network"));
      return FALSE;
    }
  settings = cli_remote_new_settings (remote, error);
  return settings != NULL;
}

static gboolean
visit_here (CliRemote *remote, Visit *visit)
{
  g_autoptr (SentientNetworkDoctor) doctor = sentient_network_doctor_new ();
  g_autoptr (SentientSettings) settings = cli_remote_new_settings (remote, &visit->error);

  if (settings == NULL
      || !sentient_settings_load (settings, remote->config_file, FALSE, &visit->error))
    return FALSE;
  g_object_set (doctor, "coordinator-uris", sentient_settings_get_strv (settings, "seeds"), NULL);
  g_object_set (doctor, "stun-servers", sentient_settings_get_strv (settings, "stun"), NULL);
  g_object_set (doctor, "turn-servers", sentient_settings_get_strv (settings, "turn"), NULL);
  g_signal_connect (doctor, "progress", G_CALLBACK (on_progress), visit);
  sentient_network_doctor_run_async (doctor, NULL, on_visited, visit);
  g_main_loop_run (visit->loop);
  return visit->report != NULL;
}

static gboolean
let_daemon_visit (SentientDBusManager *manager, Visit *visit)
{
  show_progress (visit, _ ("The daemon looks ..."));
  sentient_dbus_manager_call_diagnose_network (manager, visit->hide_addresses, NULL, on_diagnosed,
                                               visit);
  g_main_loop_run (visit->loop);
  return visit->report != NULL;
}

static void
say_finding (JsonObject *finding)
{
  static const struct
  {
    const char *word;
    CliStyle style;
  } severities[] = {
    [SENTIENT_SEVERITY_OK] = { N_ ("good"), CLI_GOOD },
    [SENTIENT_SEVERITY_NOTE] = { N_ ("note"), CLI_NOTE },
    [SENTIENT_SEVERITY_WARNING] = { N_ ("warning"), CLI_WARN },
    [SENTIENT_SEVERITY_ERROR] = { N_ ("ERROR"), CLI_WARN },
  };
  const char *word = json_object_get_string_member_with_default (finding, "severity", NULL);
  const char *advice = json_object_get_string_member_with_default (finding, "advice", NULL);
  g_autofree char *text
      = cli_escape (json_object_get_string_member_with_default (finding, "text", ""), -1);
  SentientSeverity severity;

  if (!sentient_severity_from_string (word, &severity))
    severity = SENTIENT_SEVERITY_NOTE;
  cli_say (severities[severity].style, "%-8s %s", _ (severities[severity].word), text);
  if (advice != NULL)
    {
      g_autofree char *shown = cli_escape (advice, -1);

      cli_say (CLI_PLAIN, "%-8s %s", "", shown);
    }
}

/* How a connection came about, step by step. */
static void
say_timeline (JsonObject *connection)
{
  JsonNode *member = json_object_get_member (connection, "timeline");
  JsonArray *steps
      = member != NULL && JSON_NODE_HOLDS_ARRAY (member) ? json_node_get_array (member) : NULL;
  g_autoptr (GString) text
      = g_string_new (json_object_get_string_member_with_default (connection, "nodeId", "?"));
  g_autofree char *shown = NULL;

  for (guint i = 0; steps != NULL && i < json_array_get_length (steps); i++)
    {
      JsonNode *node = json_array_get_element (steps, i);
      JsonObject *step = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

      if (step != NULL)
        g_string_append_printf (text, "%s%s %d ms", i > 0 ? ", " : ": ",
                                json_object_get_string_member_with_default (step, "step", "?"),
                                (int)json_object_get_int_member_with_default (step, "ms", -1));
    }
  shown = cli_escape (text->str, -1);
  cli_say (CLI_PLAIN, "%-8s %s", _ ("timeline"), shown);
}

/* report is what a daemon says, which may be another version. */
static int
say_report (const char *report)
{
  g_autoptr (JsonNode) root = json_from_string (report, NULL);
  JsonObject *object
      = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *member = object != NULL ? json_object_get_member (object, "findings") : NULL;
  JsonArray *findings
      = member != NULL && JSON_NODE_HOLDS_ARRAY (member) ? json_node_get_array (member) : NULL;
  JsonArray *connections;

  if (findings == NULL)
    {
      cli_complain (_ ("the daemon's report makes no sense: is it of another version?"));
      return CLI_EXIT_FAILED;
    }
  for (guint i = 0; i < json_array_get_length (findings); i++)
    {
      JsonNode *finding = json_array_get_element (findings, i);

      if (JSON_NODE_HOLDS_OBJECT (finding))
        say_finding (json_node_get_object (finding));
    }
  member = json_object_get_member (object, "connections");
  connections
      = member != NULL && JSON_NODE_HOLDS_ARRAY (member) ? json_node_get_array (member) : NULL;
  for (guint i = 0; connections != NULL && i < json_array_get_length (connections); i++)
    {
      JsonNode *connection = json_array_get_element (connections, i);

      if (JSON_NODE_HOLDS_OBJECT (connection))
        say_timeline (json_node_get_object (connection));
    }
  return json_object_get_boolean_member_with_default (object, "ok", FALSE) ? CLI_EXIT_OK
                                                                           : CLI_EXIT_FAILED;
}

static int
print_report (const char *report)
{
  g_autoptr (JsonNode) root = json_from_string (report, NULL);
  gboolean ok
      = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
        && json_object_get_boolean_member_with_default (json_node_get_object (root), "ok", FALSE);

  cli_say (CLI_PLAIN, "%s", report);
  return ok ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int
cli_doctor_network (CliRemote *remote)
{
  g_auto (Visit) visit = {
    .loop = g_main_loop_new (NULL, FALSE),
    .on_terminal = isatty (STDERR_FILENO) != 0,
    .hide_addresses = remote->hide_addresses,
  };
  SentientDBusManager *manager = NULL;
  gboolean good;

  /* Without a bus there is no daemon, and nothing is lost. */
  if (!names_servers (remote) && cli_remote_open (remote, NULL))
    manager = sentient_client_get_manager (remote->client);
  if (manager != NULL)
    g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (manager), CLI_DOCTOR_CALL_MS);
  good = manager != NULL ? let_daemon_visit (manager, &visit) : visit_here (remote, &visit);
  show_progress (&visit, "");
  if (visit.on_terminal)
    fputc ('\r', stderr);
  if (!good && manager != NULL)
    return cli_remote_failed (visit.error);
  if (!good)
    {
      cli_complain_lines (visit.error->message);
      return CLI_EXIT_FAILED;
    }
  return remote->json ? print_report (visit.report) : say_report (visit.report);
}
