/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-commands.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output.h"
#include "webrtc/sentient-webrtc-link.h"

#define TYPELIB "Sentient-1.typelib"

static void
say_piece (gboolean present, const char *name, const char *purpose)
{
  cli_say (present ? CLI_GOOD : CLI_WARN, "  %s %-10s %s",
           present ? _ ("there   ") : _ ("MISSING "), name, purpose);
}

static gboolean
check_webrtc (GPtrArray *packages)
{
  gboolean all = TRUE;
  guint n;
  const SentientWebrtcPiece *pieces = sentient_webrtc_link_list_pieces (&n);

  cli_say (CLI_PLAIN, _ ("To talk over WebRTC, from GStreamer:"));
  for (guint i = 0; i < n; i++)
    {
      say_piece (pieces[i].present, pieces[i].element, pieces[i].purpose);
      if (pieces[i].present)
        continue;
      all = FALSE;
      if (!g_ptr_array_find_with_equal_func (packages, pieces[i].package, g_str_equal, NULL))
        g_ptr_array_add (packages, (gpointer)pieces[i].package);
    }
  return all;
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

int
cli_doctor (CliOptions *options)
{
  g_autoptr (GPtrArray) packages = g_ptr_array_new ();
  gboolean good = check_webrtc (packages);

  check_typelib ();

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
