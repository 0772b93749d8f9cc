/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "findings-helpers.h"

#include <string.h>

char *
findings_dup_codes (SentientNetworkReport *report, const char *prefix)
{
  GString *codes = g_string_new (NULL);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (report));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientFinding) finding = g_list_model_get_item (G_LIST_MODEL (report), i);
      const char *code = sentient_finding_get_code (finding);
      SentientSeverity severity = sentient_finding_get_severity (finding);

      /* What has to be done is said of everything that is not well. */
      g_assert_cmpuint (strlen (sentient_finding_get_text (finding)), >, 20);
      if (severity >= SENTIENT_SEVERITY_WARNING)
        g_assert_nonnull (sentient_finding_get_advice (finding));
      if (severity == SENTIENT_SEVERITY_OK)
        g_assert_null (sentient_finding_get_advice (finding));
      if (g_str_has_prefix (code, prefix))
        g_string_append_printf (codes, "%s%s=%s", codes->len > 0 ? " " : "", code,
                                sentient_severity_to_string (severity));
    }
  return g_string_free (codes, FALSE);
}

SentientFinding *
findings_get (SentientNetworkReport *report, const char *code)
{
  SentientFinding *found = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (report));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientFinding) finding = g_list_model_get_item (G_LIST_MODEL (report), i);

      if (!g_str_equal (sentient_finding_get_code (finding), code))
        continue;
      g_assert_null (found);
      found = finding;
    }
  g_assert_nonnull (found);
  return found;
}

void
findings_assert_says (SentientNetworkReport *report, const char *code, const char *what)
{
  const char *text = sentient_finding_get_text (findings_get (report, code));

  if (strstr (text, what) == NULL)
    g_error ("%s says \"%s\", and not \"%s\"", code, text, what);
}

GInetSocketAddress *
findings_address (const char *address, guint port)
{
  return G_INET_SOCKET_ADDRESS (g_inet_socket_address_new_from_string (address, port));
}
