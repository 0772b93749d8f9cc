/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <string.h>

#include "peer/sentient-transfer-message.h"
#include "peer/sentient-transfer-name.h"

/* However a name looks, what is made of it is one. */
static void
check_name (const char *text, gsize len)
{
  g_autofree char *name = sentient_transfer_dup_safe_name (text, len);
  g_autofree char *words = sentient_transfer_dup_safe_text (text, len);
  g_autofree char *numbered = sentient_transfer_dup_numbered_name (name, 1);

  g_assert_true (g_utf8_validate (name, -1, NULL));
  g_assert_true (g_utf8_validate (words, -1, NULL));
  g_assert_true (g_utf8_validate (numbered, -1, NULL));
  g_assert_cmpuint (strlen (name), >, 0);
  g_assert_cmpuint (strlen (name), <=, SENTIENT_TRANSFER_SAFE_NAME_MAX);
  g_assert_null (strpbrk (name, "/\\"));
  g_assert_cmpint (name[0], !=, '.');
  for (const char *at = name; *at != '\0'; at++)
    g_assert_cmpuint ((guint8)*at, >=, 0x20);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  SentientTransferMessage message;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) again = NULL;

  if (!sentient_transfer_message_parse (data, size, &message, &error))
    {
      g_assert_nonnull (error);
      return 0;
    }
  if (message.text != NULL)
    check_name (message.text, message.text_len);
  if (message.kind == 0 || message.kind > SENTIENT_TRANSFER_MESSAGE_REFUSE)
    return 0;
  /* What was understood is written as it was read. */
  again = sentient_transfer_message_serialize (&message);
  g_assert_cmpmem (g_bytes_get_data (again, NULL), g_bytes_get_size (again), data, size);
  return 0;
}
