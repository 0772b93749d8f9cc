/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-application.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (SentientAppletApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, SENTIENT_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name (_ ("Sentient"));
  /* By it desktops find the file that names the icon. */
  g_set_prgname (SENTIENT_APPLET_ID);

  application = sentient_applet_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
