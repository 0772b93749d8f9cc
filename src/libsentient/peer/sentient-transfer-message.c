/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-message.h"

#include <string.h>

#include "core/sentient-bytes.h"
#include "core/sentient-error.h"
#include "webrtc/sentient-frame.h"

/* Reading */

/* NULL: nothing is wrong; else what. */
static const char *
parse_offer (SentientReader *reader, SentientTransferMessage *message)
{
  guint64 name_len;

  if (!sentient_reader_take_uint (reader, 8, &message->size)
      || !sentient_reader_take_uint (reader, 2, &name_len) || name_len > reader->len)
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
parse_reason (SentientReader *reader, SentientTransferMessage *message)
{
  guint64 code;

  if (!sentient_reader_take_uint (reader, 1, &code))
    return "an end without a reason";
  message->code = (SentientTransferCode)code;
  message->text = (const char *)reader->data;
  message->text_len = reader->len;
  return reader->len > SENTIENT_TRANSFER_REASON_MAX ? "an end whose reason is too long" : NULL;
}

static const char *
parse_body (SentientReader *reader, SentientTransferMessage *message)
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
      return !sentient_reader_take_uint (reader, 8, &message->bytes) || reader->len > 0
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
  SentientReader reader = { data, len };
  const char *wrong = "a message that is cut short";
  guint64 service, kind, transfer;

  memset (message, 0, sizeof *message);
  if (sentient_reader_take_uint (&reader, 1, &service)
      && sentient_reader_take_uint (&reader, 1, &kind)
      && sentient_reader_take_uint (&reader, 4, &transfer))
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

GBytes *
sentient_transfer_message_serialize (const SentientTransferMessage *message)
{
  GByteArray *out = g_byte_array_sized_new ((guint)(32 + message->len));

  sentient_bytes_append_uint (out, 1, SENTIENT_SERVICE_FILE);
  sentient_bytes_append_uint (out, 1, message->kind);
  sentient_bytes_append_uint (out, 4, message->transfer);
  switch (message->kind)
    {
    case SENTIENT_TRANSFER_MESSAGE_OFFER:
      sentient_bytes_append_uint (out, 8, message->size);
      sentient_bytes_append_uint (out, 2, message->text_len);
      sentient_bytes_append (out, message->text, message->text_len);
      sentient_bytes_append (out, message->type, message->type_len);
      break;
    case SENTIENT_TRANSFER_MESSAGE_BLOCK:
    case SENTIENT_TRANSFER_MESSAGE_END:
      sentient_bytes_append (out, message->body, message->len);
      break;
    case SENTIENT_TRANSFER_MESSAGE_CANCEL:
    case SENTIENT_TRANSFER_MESSAGE_REFUSE:
      sentient_bytes_append_uint (out, 1, message->code);
      sentient_bytes_append (out, message->text, message->text_len);
      break;
    case SENTIENT_TRANSFER_MESSAGE_ACCEPT:
    case SENTIENT_TRANSFER_MESSAGE_PROGRESS:
      sentient_bytes_append_uint (out, 8, message->bytes);
      break;
    case SENTIENT_TRANSFER_MESSAGE_DONE:
    default:
      break;
    }
  return g_byte_array_free_to_bytes (out);
}
