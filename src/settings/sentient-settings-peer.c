/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the settings mean to a node. */

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/sentient-error.h"
#include "settings/sentient-settings.h"

/* The property's name is the setting's. */
static const char *const mesh[]
    = { "mesh-limit", "mesh-degree", "gossip-hops", "gossip-max-size", "gossip-rate" };

void
sentient_settings_configure_mesh (SentientSettings *self, GObject *peer)
{
  g_return_if_fail (SENTIENT_IS_SETTINGS (self));
  g_return_if_fail (G_IS_OBJECT (peer));

  for (guint i = 0; i < G_N_ELEMENTS (mesh); i++)
    g_object_set (peer, mesh[i], sentient_settings_get_uint (self, mesh[i]), NULL);
}

gboolean
sentient_settings_check_accept_files (SentientSettings *self, GError **error)
{
  const char *path;

  g_return_val_if_fail (SENTIENT_IS_SETTINGS (self), FALSE);

  path = sentient_settings_get_string (self, "accept-files");
  if (path == NULL)
    return TRUE;
  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED,
                   _ ("accept-files: there is no directory %s; make it, or name another one. Until "
                      "then each file that is offered waits for an answer"),
                   path);
      return FALSE;
    }
  if (g_access (path, W_OK | X_OK) == 0)
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FAILED,
               _ ("accept-files: nothing can be written into %s; make it writable, or name another "
                  "directory"),
               path);
  return FALSE;
}
