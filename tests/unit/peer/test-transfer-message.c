/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "core/sentient-error.h"
#include "peer/sentient-transfer-message.h"
#include "peer/sentient-transfer-name.h"

/* Bytes as they are on the wire, so that a change of both directions at once shows. */
static const struct
{
  const char *what;
  const char *hex;
  SentientTransferMessage message;
} wire[] = {
  { "offer",
    "01"
    "01"
    "00000007"
    "00000000000004d2"
    "0005"
    "612e747874"
    "746578742f706c61696e",
    { .kind = SENTIENT_TRANSFER_MESSAGE_OFFER,
      .transfer = 7,
      .size = 1234,
      .text = "a.txt",
      .text_len = 5,
      .type = "text/plain",
      .type_len = 10 } },
  { "block",
    "01"
    "02"
    "fffffffe"
    "00ff",
    { .kind = SENTIENT_TRANSFER_MESSAGE_BLOCK,
      .transfer = 0xfffffffe,
      .body = (const guint8 *)"\0\377",
      .len = 2 } },
  { "end",
    "01"
    "03"
    "00000001"
    "6162636465666768616263646566676861626364656667686162636465666768",
    { .kind = SENTIENT_TRANSFER_MESSAGE_END,
      .transfer = 1,
      .body = (const guint8 *)"abcdefghabcdefghabcdefghabcdefgh",
      .len = 32 } },
  { "cancel",
    "01"
    "04"
    "00000001"
    "01"
    "6e6f",
    { .kind = SENTIENT_TRANSFER_MESSAGE_CANCEL,
      .transfer = 1,
      .code = SENTIENT_TRANSFER_CODE_CANCELLED,
      .text = "no",
      .text_len = 2 } },
  { "accept",
    "01"
    "05"
    "00000001"
    "0000000000000000",
    { .kind = SENTIENT_TRANSFER_MESSAGE_ACCEPT, .transfer = 1 } },
  { "progress",
    "01"
    "06"
    "00000001"
    "0000000100000000",
    { .kind = SENTIENT_TRANSFER_MESSAGE_PROGRESS,
      .transfer = 1,
      .bytes = G_GUINT64_CONSTANT (1) << 32 } },
  { "done",
    "01"
    "07"
    "00000001",
    { .kind = SENTIENT_TRANSFER_MESSAGE_DONE, .transfer = 1 } },
  { "refuse",
    "01"
    "08"
    "00000001"
    "06",
    { .kind = SENTIENT_TRANSFER_MESSAGE_REFUSE,
      .transfer = 1,
      .code = SENTIENT_TRANSFER_CODE_DIFFERENT } },
};

static char *
to_hex (GBytes *bytes)
{
  GString *hex = g_string_new (NULL);
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  for (gsize i = 0; i < len; i++)
    g_string_append_printf (hex, "%02x", data[i]);
  return g_string_free (hex, FALSE);
}

static void
assert_span (const char *a, gsize a_len, const char *b, gsize b_len)
{
  g_assert_cmpmem (a, a_len, b, b_len);
}

static void
test_wire (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wire); i++)
    {
      const SentientTransferMessage *expected = &wire[i].message;
      g_autoptr (GBytes) bytes = sentient_transfer_message_serialize (expected);
      g_autofree char *hex = to_hex (bytes);
      g_autoptr (GError) error = NULL;
      SentientTransferMessage got;

      g_test_message ("%s", wire[i].what);
      g_assert_cmpstr (hex, ==, wire[i].hex);
      g_assert_true (sentient_transfer_message_parse (g_bytes_get_data (bytes, NULL),
                                                      g_bytes_get_size (bytes), &got, &error));
      g_assert_no_error (error);
      g_assert_cmpint (got.kind, ==, expected->kind);
      g_assert_cmpuint (got.transfer, ==, expected->transfer);
      g_assert_cmpuint (got.size, ==, expected->size);
      g_assert_cmpuint (got.bytes, ==, expected->bytes);
      g_assert_cmpint (got.code, ==, expected->code);
      assert_span (got.text, got.text_len, expected->text, expected->text_len);
      assert_span (got.type, got.type_len, expected->type, expected->type_len);
      g_assert_cmpmem (got.body, got.len, expected->body, expected->len);
    }
}

/* A byte less, or a byte more, is wrong where the length is fixed. */
static void
test_lengths (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wire); i++)
    {
      SentientTransferMessageKind kind = wire[i].message.kind;
      g_autoptr (GBytes) bytes = sentient_transfer_message_serialize (&wire[i].message);
      gsize len = g_bytes_get_size (bytes);
      g_autofree guint8 *more = g_malloc0 (len + 1);
      SentientTransferMessage got;
      gboolean is_fixed
          = kind == SENTIENT_TRANSFER_MESSAGE_END || kind == SENTIENT_TRANSFER_MESSAGE_ACCEPT
            || kind == SENTIENT_TRANSFER_MESSAGE_PROGRESS || kind == SENTIENT_TRANSFER_MESSAGE_DONE;

      memcpy (more, g_bytes_get_data (bytes, NULL), len);
      g_assert_cmpint (sentient_transfer_message_parse (more, len + 1, &got, NULL), ==, !is_fixed);
      for (gsize cut = 0; cut < 6; cut++)
        {
          g_autoptr (GError) error = NULL;

          g_assert_false (sentient_transfer_message_parse (more, cut, &got, &error));
          g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
        }
    }
}

static gboolean
accepts (const SentientTransferMessage *message)
{
  g_autoptr (GBytes) bytes = sentient_transfer_message_serialize (message);
  SentientTransferMessage got;

  return sentient_transfer_message_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                          &got, NULL);
}

static void
test_limits (void)
{
  g_autofree char *text = g_strnfill (20000, 'x');
  SentientTransferMessage offer
      = { .kind = SENTIENT_TRANSFER_MESSAGE_OFFER, .text = text, .type = text };
  SentientTransferMessage block
      = { .kind = SENTIENT_TRANSFER_MESSAGE_BLOCK, .body = (guint8 *)text };
  SentientTransferMessage cancel = { .kind = SENTIENT_TRANSFER_MESSAGE_CANCEL, .text = text };

  offer.text_len = SENTIENT_TRANSFER_NAME_MAX;
  offer.type_len = SENTIENT_TRANSFER_TYPE_MAX;
  g_assert_true (accepts (&offer));
  offer.text_len++;
  g_assert_false (accepts (&offer));
  offer.text_len--;
  offer.type_len++;
  g_assert_false (accepts (&offer));

  g_assert_false (accepts (&block));
  block.len = SENTIENT_TRANSFER_BLOCK_MAX;
  g_assert_true (accepts (&block));
  block.len++;
  g_assert_false (accepts (&block));

  cancel.text_len = SENTIENT_TRANSFER_REASON_MAX;
  g_assert_true (accepts (&cancel));
  cancel.text_len++;
  g_assert_false (accepts (&cancel));
}

static void
test_unknown (void)
{
  static const guint8 later[] = { 1, 99, 0, 0, 0, 5, 'x' };
  static const guint8 other[] = { 2, 1, 0, 0, 0, 5, 'x' };
  SentientTransferMessage got;

  g_assert_true (sentient_transfer_message_parse (later, sizeof later, &got, NULL));
  g_assert_cmpint (got.kind, ==, 99);
  g_assert_cmpuint (got.transfer, ==, 5);
  g_assert_false (sentient_transfer_message_parse (other, sizeof other, &got, NULL));
}

static void
test_names (void)
{
  static const char *const names[][2] = {
    { "photo.jpg", "photo.jpg" },
    { "../../etc/passwd", "passwd" },
    { "/etc/shadow", "shadow" },
    { "folder/", "file" },
    { "C:\\windows\\evil.exe", "evil.exe" },
    { "", "file" },
    { ".", "file" },
    { "..", "file" },
    { "...   ", "file" },
    { ".bashrc", "bashrc" },
    { " . hidden", "hidden" },
    { "name. . ", "name" },
    { "two\nlines\t\x1b[31m.txt", "twolines[31m.txt" },
    { "\xe2\x80\xaegpj.exe", "gpj.exe" }, /* right to left from here */
    { "\xff\xfe.txt", "\xef\xbf\xbd\xef\xbf\xbd.txt" },
    { "Übung – für „alle“ 😀.pdf", "Übung – für „alle“ 😀.pdf" },
    { "a b c", "a b c" },
  };
  g_autofree char *long_name = g_strnfill (300, 'x');
  g_autofree char *with_ending = g_strconcat (long_name, ".tar", NULL);
  g_autofree char *cut = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *safe = sentient_transfer_dup_safe_name (names[i][0], strlen (names[i][0]));

      g_assert_cmpstr (safe, ==, names[i][1]);
    }
  cut = sentient_transfer_dup_safe_name (with_ending, strlen (with_ending));
  g_assert_cmpuint (strlen (cut), ==, SENTIENT_TRANSFER_SAFE_NAME_MAX);
  g_assert_true (g_str_has_suffix (cut, "x.tar"));
}

/* Not within a character. */
static void
test_cut_name (void)
{
  for (guint shift = 0; shift < 4; shift++)
    {
      GString *name = g_string_new (NULL);
      g_autofree char *safe = NULL;

      for (guint i = 0; i < shift; i++)
        g_string_append_c (name, 'x');
      for (guint i = 0; i < 100; i++)
        g_string_append (name, "😀");
      safe = sentient_transfer_dup_safe_name (name->str, name->len);
      g_assert_true (g_utf8_validate (safe, -1, NULL));
      g_assert_cmpuint (strlen (safe), >, SENTIENT_TRANSFER_SAFE_NAME_MAX - 4);
      g_assert_cmpuint (strlen (safe), <=, SENTIENT_TRANSFER_SAFE_NAME_MAX);
      g_string_free (name, TRUE);
    }
}

static void
test_numbers (void)
{
  static const char *const names[][2] = {
    { "photo.jpg", "photo (3).jpg" },
    { "README", "README (3)" },
    { ".profile", ".profile (3)" },
    { "a.b.c", "a.b (3).c" },
    { "what. is an ending and what is not", "what. is an ending and what is not (3)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *same = sentient_transfer_dup_numbered_name (names[i][0], 0);
      g_autofree char *third = sentient_transfer_dup_numbered_name (names[i][0], 3);

      g_assert_cmpstr (same, ==, names[i][0]);
      g_assert_cmpstr (third, ==, names[i][1]);
    }
}

static void
test_words (void)
{
  const char *evil = " no\r\n\x1b[2Jthanks\xe2\x80\xae ";
  g_autofree char *words = sentient_transfer_dup_safe_text (evil, strlen (evil));

  g_assert_cmpstr (words, ==, "no   [2Jthanks");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transfer-message/wire", test_wire);
  g_test_add_func ("/transfer-message/lengths", test_lengths);
  g_test_add_func ("/transfer-message/limits", test_limits);
  g_test_add_func ("/transfer-message/unknown", test_unknown);
  g_test_add_func ("/transfer-message/names", test_names);
  g_test_add_func ("/transfer-message/cut-name", test_cut_name);
  g_test_add_func ("/transfer-message/numbers", test_numbers);
  g_test_add_func ("/transfer-message/words", test_words);
  return g_test_run ();
}
