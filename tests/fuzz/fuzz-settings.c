/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "settings/sentient-settings-file.h"
#include "settings/sentient-settings-value.h"

/* A settings file: each value that was taken is one that its own text gives again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (SentientSettingsFile) file
      = sentient_settings_file_parse ("f", (const char *)data, size);
  guint n;

  g_assert_cmpuint (file->problems->len, <=, 101);
  for (guint i = 0; i < file->problems->len; i++)
    {
      g_assert_true (g_str_has_prefix (file->problems->pdata[i], "f:"));
      g_assert_true (g_utf8_validate (file->problems->pdata[i], -1, NULL));
    }
  sentient_settings_get_infos (&n);
  for (guint i = 0; i < n; i++)
    if (file->values[i] != NULL)
      {
        g_autofree char *text = sentient_settings_value_print (file->values[i], FALSE);
        g_autofree char *shown = sentient_settings_value_print (file->values[i], TRUE);
        g_autoptr (GError) error = NULL;
        g_autoptr (GVariant) again = sentient_settings_value_parse (i, "again", text, TRUE, &error);

        g_assert_no_error (error);
        g_assert_true (g_variant_equal (again, file->values[i]));
        g_assert_cmpuint (file->lines[i], >, 0);
        g_assert_nonnull (shown);
      }
  return 0;
}
