/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-message.h"

#include <string.h>

#include "core/sentient-error.h"
#include "webrtc/sentient-frame.h"

/* Reading */

typedef struct
{
  const guint8 *data;
  gsize len;
} Reader;

/* FALSE: there are not as many bytes. */
static gboolean
read_uint (Reader *reader, guint width, guint64 *value)
{
  if (reader->len < width)
    return FALSE;
  *value = 0;
  for (guint i = 0; i < width; i++)
    *value = *value << 8 | reader->data[i];
  reader->data += width;
  reader->len -= width;
  return TRUE;
}

/* NULL: nothing is wrong; else what. */
static const char *
parse_offer (Reader *reader, SentientTransferMessage *message)
{
  guint64 name_len;

  if (!read_uint (reader, 8, &message->size) || !read_uint (reader, 2, &name_len)
      || name_len > reader->len)
    return "an offer that is cut short";
  message->text = (const char *)reader->data;
  message->text_len = name_len;
  message->type = (const char *)reader->data + name_len;
  message->type_len = reader->len - name_len;
  if (message->text_len > SENTIENT_TRANSFER_NAME_MAX
      || message->type_len > SENTIENT_TRANSFER_TYPE_MAX)
    return "an offer whose name or type is too long";
  return NULL;
}

static const char *
parse_reason (Reader *reader, SentientTransferMessage *message)
{
  guint64 code;

  if (!read_uint (reader, 1, &code))
    return "an end without a reason";
  message->code = (SentientTransferCode)code;
  message->text = (const char *)reader->data;
  message->text_len = reader->len;
  return reader->len > SENTIENT_TRANSFER_REASON_MAX ? "an end whose reason is too long" : NULL;
}

static const char *
parse_body (Reader *reader, SentientTransferMessage *message)
{
  switch (message->kind)
    {
    case SENTIENT_TRANSFER_MESSAGE_OFFER:
      return parse_offer (reader, message);
    case SENTIENT_TRANSFER_MESSAGE_BLOCK:
      message->body = reader->data;
      message->len = reader->len;
      return reader->len == 0 || reader->len > SENTIENT_TRANSFER_BLOCK_MAX
                 ? "a block that is empty or too long"
                 : NULL;
    case SENTIENT_TRANSFER_MESSAGE_END:
      message->body = reader->data;
      message->len = reader->len;
      return reader->len != SENTIENT_TRANSFER_DIGEST_LEN ? "a digest of the wrong length" : NULL;
    case SENTIENT_TRANSFER_MESSAGE_CANCEL:
    case SENTIENT_TRANSFER_MESSAGE_REFUSE:
      return parse_reason (reader, message);
    case SENTIENT_TRANSFER_MESSAGE_ACCEPT:
    case SENTIENT_TRANSFER_MESSAGE_PROGRESS:
      return !read_uint (reader, 8, &message->bytes) || reader->len > 0
                 ? "a number of the wrong length"
                 : NULL;
    case SENTIENT_TRANSFER_MESSAGE_DONE:
      return reader->len > 0 ? "an end of the wrong length" : NULL;
    default:
      return NULL;
    }
}

gboolean
sentient_transfer_message_parse (const guint8 *data,
                                 gsize len,
                                 SentientTransferMessage *message,
                                 GError **error)
{
  Reader reader = { data, len };
  const char *wrong = "a message that is cut short";
  guint64 service, kind, transfer;

  memset (message, 0, sizeof *message);
  if (read_uint (&reader, 1, &service) && read_uint (&reader, 1, &kind)
      && read_uint (&reader, 4, &transfer))
    {
      message->kind = (SentientTransferMessageKind)kind;
      message->transfer = (guint32)transfer;
      wrong = service != SENTIENT_SERVICE_FILE ? "a message for another service"
                                               : parse_body (&reader, message);
    }
  if (wrong != NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                 "The other node sent, about files, %s", wrong);
  return wrong == NULL;
}

/* Writing */

static void
append_uint (GByteArray *out, guint width, guint64 value)
{
  guint8 bytes[8];

  for (guint i = 0; i < width; i++)
    bytes[i] = (guint8)(value >> 8 * (width - 1 - i));
  g_byte_array_append (out, bytes, width);
}

static void
append (GByteArray *out, gconstpointer data, gsize len)
{
  if (len > 0)
    g_byte_array_append (out, data, (guint)len);
}

GBytes *
sentient_transfer_message_serialize (const SentientTransferMessage *message)
{
  GByteArray *out = g_byte_array_sized_new ((guint)(32 + message->len));

  append_uint (out, 1, SENTIENT_SERVICE_FILE);
  append_uint (out, 1, message->kind);
  append_uint (out, 4, message->transfer);
  switch (message->kind)
    {
    case SENTIENT_TRANSFER_MESSAGE_OFFER:
      append_uint (out, 8, message->size);
      append_uint (out, 2, message->text_len);
      append (out, message->text, message->text_len);
      append (out, message->type, message->type_len);
      break;
    case SENTIENT_TRANSFER_MESSAGE_BLOCK:
    case SENTIENT_TRANSFER_MESSAGE_END:
      append (out, message->body, message->len);
      break;
    case SENTIENT_TRANSFER_MESSAGE_CANCEL:
    case SENTIENT_TRANSFER_MESSAGE_REFUSE:
      append_uint (out, 1, message->code);
      append (out, message->text, message->text_len);
      break;
    case SENTIENT_TRANSFER_MESSAGE_ACCEPT:
    case SENTIENT_TRANSFER_MESSAGE_PROGRESS:
      append_uint (out, 8, message->bytes);
      break;
    case SENTIENT_TRANSFER_MESSAGE_DONE:
    default:
      break;
    }
  return g_byte_array_free_to_bytes (out);
}
