/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/sentient-settings.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "core/sentient-error.h"
#include "protocol/sentient-names.h"

/* NULL: error is set; "": there is none yet. */
static char *
read_file (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_strdup ("");
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (sentient_name_is_valid (g_strchomp (text), -1))
    return g_steal_pointer (&text);
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
               _ ("data: %s holds no node id; correct or remove it"), path);
  return NULL;
}

char *
sentient_settings_keep_node_id (const char *data_dir, const char *wanted, GError **error)
{
  g_autofree char *path = g_build_filename (data_dir, "node-id", NULL);
  g_autofree char *kept = NULL;
  g_autofree char *name = wanted != NULL ? g_strdup (wanted) : sentient_name_new_random ();
  g_autofree char *line = g_strconcat (name, "\n", NULL);

  if (g_mkdir_with_parents (data_dir, 0700) != 0)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   _ ("data: the directory %s cannot be made: %s"), data_dir, g_strerror (errno));
      return NULL;
    }
  kept = read_file (path, error);
  if (kept == NULL)
    return NULL;
  if (*kept != '\0')
    {
      if (wanted == NULL || g_str_equal (wanted, kept))
        return g_steal_pointer (&kept);
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   _ ("node-id says %s, but %s says %s: leave one of them out"), wanted, path,
                   kept);
      return NULL;
    }
  if (!g_file_set_contents_full (path, line, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
    return NULL;
  return g_steal_pointer (&name);
}
