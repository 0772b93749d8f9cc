/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>
#include <string.h>

#include "cli-doctor.h"
#include "cli-json.h"
#include "cli-output.h"
#include "cli-remote.h"
#include "webrtc/sentient-webrtc-link.h"

#define TYPELIB "Sentient-1.typelib"

static void
say_piece (gboolean present, const char *name, const char *purpose)
{
  cli_say (present ? CLI_GOOD : CLI_WARN, "  %s %-10s %s",
           present ? _ ("there   ") : _ ("MISSING "), name, purpose);
}

static void
check_webrtc (GPtrArray *packages)
{
  guint n;
  const SentientWebrtcPiece *pieces = sentient_webrtc_link_list_pieces (&n);

  cli_say (CLI_PLAIN, _ ("To talk over WebRTC, from GStreamer:"));
  for (guint i = 0; i < n; i++)
    {
      say_piece (pieces[i].present, pieces[i].element, pieces[i].purpose);
      if (pieces[i].present)
        continue;
      if (!g_ptr_array_find_with_equal_func (packages, pieces[i].package, g_str_equal, NULL))
        g_ptr_array_add (packages, (gpointer)pieces[i].package);
    }
}

/* Where GObject introspection looks, in its order. */
static char *
find_typelib (void)
{
  const char *env = g_getenv ("GI_TYPELIB_PATH");
  g_auto (GStrv) dirs = g_strsplit (env != NULL ? env : "", G_SEARCHPATH_SEPARATOR_S, -1);
  const char *const standard[] = { SENTIENT_TYPELIB_DIR, SYSTEM_TYPELIB_DIR };

  for (guint i = 0; dirs[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (dirs[i], TYPELIB, NULL);

      if (*dirs[i] != '\0' && g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  for (guint i = 0; i < G_N_ELEMENTS (standard); i++)
    {
      g_autofree char *path = g_build_filename (standard[i], TYPELIB, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

/* A typelib below /usr/local is found by nobody who was not told. */
static void
say_where_typelib_is (const char *typelib)
{
  g_autofree char *dir = g_path_get_dirname (typelib);

  if (g_str_equal (dir, SENTIENT_TYPELIB_DIR) && !g_str_equal (dir, SYSTEM_TYPELIB_DIR))
    cli_say (CLI_NOTE, _ ("  Programs find it there with GI_TYPELIB_PATH=%s"), dir);
}

static void
check_typelib (void)
{
  g_autofree char *typelib = find_typelib ();

  cli_say (CLI_PLAIN, _ ("To be used from Python and JavaScript (not needed for anything else):"));
  say_piece (typelib != NULL, _ ("typelib"), typelib != NULL ? typelib : TYPELIB);
  if (typelib == NULL)
    cli_say (CLI_NOTE, _ ("  It comes with \"meson install -C build\"; without installing, "
                          "\"meson devenv -C build\" opens a shell that finds it."));
  else
    say_where_typelib_is (typelib);
}

static void
check_desktop (const CliDesktop *desktop, gboolean system)
{
  const char *bus = system ? _ ("system bus") : _ ("session bus");

  cli_say (CLI_PLAIN,
           _ ("To run as a service that the desktop and \"sentient status\" see (not needed for a "
              "node or coordinator in a terminal):"));
  say_piece (desktop->bus_error == NULL, _ ("bus"),
             desktop->bus_error != NULL ? desktop->bus_error : bus);
  say_piece (desktop->activatable, _ ("service"), _ ("a file that tells the bus how to start it"));
  say_piece (desktop->running, _ ("daemon"),
             desktop->running ? _ ("sentientd runs")
                              : _ ("sentientd does not run; to start it: sentient start"));
  say_piece (desktop->schema, _ ("schema"), _ ("of its settings, for GSettings"));
}

static void
print_json (const CliDesktop *desktop, gboolean good)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autofree char *typelib = find_typelib ();
  guint n;
  const SentientWebrtcPiece *pieces = sentient_webrtc_link_list_pieces (&n);

  json_builder_begin_object (json);
  cli_json_bool (json, "ok", good);
  json_builder_set_member_name (json, "pieces");
  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      json_builder_begin_object (json);
      cli_json_string (json, "element", pieces[i].element);
      cli_json_bool (json, "present", pieces[i].present);
      cli_json_string (json, "package", pieces[i].package);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  cli_json_string_or_null (json, "typelib", typelib);
  cli_json_bool (json, "bus", desktop->bus_error == NULL);
  cli_json_bool (json, "activatable", desktop->activatable);
  cli_json_bool (json, "running", desktop->running);
  cli_json_bool (json, "schema", desktop->schema);
  json_builder_end_object (json);
  cli_json_print (json);
}

static gboolean
all_pieces_present (void)
{
  guint n;
  const SentientWebrtcPiece *pieces = sentient_webrtc_link_list_pieces (&n);

  for (guint i = 0; i < n; i++)
    if (!pieces[i].present)
      return FALSE;
  return TRUE;
}

static int
run (CliRemote *remote)
{
  g_autoptr (GPtrArray) packages = g_ptr_array_new ();
  g_auto (CliDesktop) desktop = { 0 };
  gboolean good;

  if (remote->network)
    return cli_doctor_network (remote);
  good = all_pieces_present ();
  cli_desktop_look (&desktop, remote->system ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION);
  if (remote->json)
    {
      print_json (&desktop, good);
      return good ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    }

  check_webrtc (packages);
  check_typelib ();
  check_desktop (&desktop, remote->system);
  if (good)
    {
      cli_say (CLI_GOOD, _ ("All that is needed is there."));
      return CLI_EXIT_OK;
    }
  if (packages->len > 0)
    {
      g_autofree char *list = NULL;

      g_ptr_array_add (packages, NULL);
      list = g_strjoinv (" ", (GStrv)packages->pdata);
      cli_say (CLI_WARN, _ ("On Debian, this brings what is missing: sudo apt-get install %s"),
               list);
    }
  return CLI_EXIT_FAILED;
}

const CliCommand cli_command_doctor = {
  .name = "doctor",
  .summary = N_ ("See whether all pieces are installed, or how the network is"),
  .takes = CLI_TAKES_NETWORK,
  .needs = CLI_NEEDS_NOTHING,
  .check = cli_doctor_network_check,
  .run = run,
};
