/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "protocol/sentient-json.h"

/* The three ways through the scanner agree, and a string that was let in can be written again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const keys[] = { "a", "payload", "type" };
  static const char *const inner_keys[] = { "sdp", "candidate" };
  const char *text = (const char *)data;
  SentientJsonValue values[3], inner_values[2], element;
  SentientJsonPicker inner = { inner_keys, inner_values, 2, 0, NULL };
  SentientJsonPicker picker = { keys, values, 3, 1, &inner };
  gboolean valid = sentient_json_validate (text, size, NULL);
  gsize offset = 0;
  guint64 number;

  if (sentient_json_pick_nested (text, size, &picker, NULL))
    {
      g_assert_true (valid);
      g_assert_true (sentient_json_pick (text, size, keys, values, 3, NULL));
    }
  if (!valid || size == 0 || data[0] != '[')
    return 0;
  while (sentient_json_next_element ((SentientSpan){ text, size }, &offset, &element))
    {
      g_assert_true (sentient_json_validate (element.span.data, element.span.len, NULL));
      sentient_json_get_uint (element, &number);
      if (element.type == SENTIENT_JSON_STRING)
        {
          g_autofree char *string = sentient_json_dup_string (element.span);
          g_autoptr (GString) out = g_string_new (NULL);

          g_assert_true (string == NULL || g_utf8_validate (string, -1, NULL));
          sentient_json_append_string (out, string);
          g_assert_true (sentient_json_validate (out->str, out->len, NULL));
        }
    }
  return 0;
}
