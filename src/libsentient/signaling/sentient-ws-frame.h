/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include "signaling/sentient-buf.h"

G_BEGIN_DECLS

/* RFC 6455 framing as the server sees it: pure functions over bytes. */

typedef enum
{
  SENTIENT_WS_CONTINUATION = 0x0,
  SENTIENT_WS_TEXT = 0x1,
  SENTIENT_WS_BINARY = 0x2,
  SENTIENT_WS_CLOSE = 0x8,
  SENTIENT_WS_PING = 0x9,
  SENTIENT_WS_PONG = 0xa,
} SentientWsOpcode;

#define SENTIENT_WS_NORMAL 1000
#define SENTIENT_WS_GOING_AWAY 1001
#define SENTIENT_WS_PROTOCOL_ERROR 1002
#define SENTIENT_WS_NO_STATUS 1005
#define SENTIENT_WS_ABNORMAL 1006
#define SENTIENT_WS_INVALID_DATA 1007
#define SENTIENT_WS_POLICY 1008
#define SENTIENT_WS_TOO_BIG 1009
#define SENTIENT_WS_SLOW_CONSUMER 4008

#define SENTIENT_WS_CONTROL_MAX 125

typedef struct
{
  guint8 opcode;
  gboolean fin;
  guint header_len; /* with the mask */
  guint64 payload_len;
  guint8 mask[4];
} SentientWsHeader;

typedef enum
{
  SENTIENT_WS_FRAME_OK,
  SENTIENT_WS_FRAME_MORE,
  SENTIENT_WS_FRAME_BAD,
} SentientWsResult;

/* Reads the header of a client's frame. BAD: *reason says what breaks the protocol (1002). */
SentientWsResult sentient_ws_header_parse (const char *data,
                                           gsize len,
                                           SentientWsHeader *header,
                                           const char **reason);
void sentient_ws_unmask (char *data, gsize len, const guint8 mask[4]);

/* Length of the longest prefix of whole UTF-8 characters. *broken: what follows can never become
 * valid; otherwise it is the beginning of a character, or nothing. */
gsize sentient_ws_utf8_prefix (const char *data, gsize len, gboolean *broken);

/* The payload of a close frame. Returns 0, or the code to answer a bad one with. An empty one says
 * 1005. */
guint16 sentient_ws_close_parse (const char *data, gsize len, guint16 *code);

/* Appends a whole, unmasked frame. */
void
sentient_ws_frame_append (SentientBuf *out, SentientWsOpcode opcode, const char *data, gsize len);
void sentient_ws_close_append (SentientBuf *out, guint16 code, const char *reason);

G_END_DECLS
