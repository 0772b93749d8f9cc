/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-conn.h"

#include <string.h>

#include "signaling/sentient-engine-private.h"
#include "signaling/sentient-ws-frame.h"

/* WebSocket on a connection: RFC 6455, server side, no extensions. */

/* A message in more fragments than this only wastes our time. */
#define MAX_FRAGMENTS 4096
/* How often one connection is filled and written in one turn. */
#define FILLS_PER_TURN 4
/* How many bytes of an incomplete frame are looked at in one piece. */
#define PEEK_SIZE 4096
/* Frames of one connection that are handled at a stretch. */
#define FRAMES_PER_ROUND 64

void
sentient_ws_message_free (SentientWsMessage *message)
{
  sentient_buf_clear (&message->text);
  g_free (message);
}

void
sentient_conn_ws_start (SentientConn *self, gpointer data)
{
  SentientEngine *engine = self->engine;

  self->state = SENTIENT_CONN_WS_OPEN;
  engine->metrics->websockets++;
  self->alive_ms = sentient_engine_now (engine);
  self->deadline_ms = self->alive_ms + engine->config.ping_interval_ms;
  self->queued = 0;
  self->in_waits = FALSE;
  self->scanned = 0;
  self->resume = self->in.len > 0;
  sentient_engine_mark (engine, self);
  engine->handler.ws_open (self, data, engine->user_data);
  if (engine->stopping)
    sentient_conn_stop (self);
}

static void
append_frame (SentientConn *self, SentientWsOpcode opcode, const char *data, gsize len)
{
  guint32 before = self->out.len;

  sentient_ws_frame_append (&self->out, opcode, data, len);
  self->queued += self->out.len - before;
  sentient_engine_mark (self->engine, self);
}

static void
append_close (SentientConn *self, guint16 code, const char *reason)
{
  guint32 before = self->out.len;

  if (code == SENTIENT_WS_NO_STATUS)
    sentient_ws_frame_append (&self->out, SENTIENT_WS_CLOSE, NULL, 0);
  else
    sentient_ws_close_append (&self->out, code, reason);
  self->queued += self->out.len - before;
  sentient_engine_mark (self->engine, self);
}

void
sentient_conn_ws_end (SentientConn *self, SentientCloseKind kind, guint16 code)
{
  self->engine->metrics->websockets--;
  if (self->state != SENTIENT_CONN_DEAD)
    sentient_conn_drain (self);
  g_clear_pointer (&self->pong, g_free);
  self->engine->handler.ws_closed (self, kind, code, self->engine->user_data);
}

/* The client broke the rules. */
static void
fail (SentientConn *self, guint16 code, const char *reason)
{
  if (self->state == SENTIENT_CONN_WS_OPEN)
    append_close (self, code, reason);
  sentient_conn_ws_end (self, SENTIENT_CLOSE_LOST, code);
}

static void
handle_text (SentientConn *self, char *data, gsize len)
{
  SentientEngine *engine = self->engine;
  char behind = data[len];

  data[len] = '\0';
  engine->handler.ws_text (self, data, len, engine->user_data);
  data[len] = behind;
}

static void
handle_ping (SentientConn *self, const char *data, gsize len)
{
  if (!self->blocked)
    {
      append_frame (self, SENTIENT_WS_PONG, data, len);
      return;
    }

  /* Who takes nothing gets only the answer to its last ping, when it takes something again. */
  if (self->pong == NULL)
    self->pong = g_new (SentientWsPong, 1);
  self->pong->len = len;
  memcpy (self->pong->payload, data, len);
}

void
sentient_conn_ws_pong_later (SentientConn *self)
{
  g_autofree SentientWsPong *pong = g_steal_pointer (&self->pong);

  append_frame (self, SENTIENT_WS_PONG, pong->payload, pong->len);
}

static void
handle_close (SentientConn *self, const char *data, gsize len)
{
  guint16 code, wrong = sentient_ws_close_parse (data, len, &code);
  gboolean left = code == SENTIENT_WS_NORMAL || code == SENTIENT_WS_NO_STATUS;

  if (self->state == SENTIENT_CONN_WS_CLOSING)
    {
      sentient_conn_ws_end (self, SENTIENT_CLOSE_LOST, self->close_code);
      return;
    }
  if (wrong != 0)
    {
      fail (self, wrong, "bad close frame");
      return;
    }

  append_close (self, code, NULL);
  sentient_conn_ws_end (self, left ? SENTIENT_CLOSE_LEFT : SENTIENT_CLOSE_LOST, code);
}

/* The message is complete; it is no longer ours when the handler sees it. */
static void
finish_message (SentientConn *self)
{
  SentientEngine *engine = self->engine;
  SentientWsMessage *message = g_steal_pointer (&self->message);
  SentientBuf *text = &message->text;

  if (message->opcode == SENTIENT_WS_BINARY)
    {
      if (engine->handler.ws_binary != NULL)
        engine->handler.ws_binary (self, engine->user_data);
    }
  else if (message->checked != text->len)
    fail (self, SENTIENT_WS_INVALID_DATA, "the text is no UTF-8");
  else if (text->len == 0)
    handle_text (self, (char[1]){ 0 }, 0);
  else
    handle_text (self, sentient_buf_peek (text), text->len);

  sentient_ws_message_free (message);
}

/* A fragment, first or later. */
static void
add_fragment (SentientConn *self, const SentientWsHeader *header, const char *data, gsize len)
{
  SentientWsMessage *message = self->message;
  gboolean broken = FALSE;

  if (message == NULL)
    {
      message = self->message = g_new0 (SentientWsMessage, 1);
      message->opcode = header->opcode;
    }

  message->total += len;
  if (++message->n_fragments > MAX_FRAGMENTS)
    {
      fail (self, SENTIENT_WS_POLICY, "too many fragments");
      return;
    }

  if (message->opcode == SENTIENT_WS_TEXT && len > 0)
    {
      SentientBuf *text = &message->text;

      sentient_buf_append (text, data, len);
      message->checked += sentient_ws_utf8_prefix (sentient_buf_peek (text) + message->checked,
                                                   text->len - message->checked, &broken);
    }

  if (broken)
    fail (self, SENTIENT_WS_INVALID_DATA, "the text is no UTF-8");
  else if (header->fin)
    finish_message (self);
}

static void
handle_data (SentientConn *self, const SentientWsHeader *header, char *data, gsize len)
{
  SentientEngine *engine = self->engine;
  gboolean broken;

  if (self->message != NULL || !header->fin)
    add_fragment (self, header, data, len);
  else if (header->opcode == SENTIENT_WS_BINARY)
    {
      if (engine->handler.ws_binary != NULL)
        engine->handler.ws_binary (self, engine->user_data);
    }
  else if (sentient_ws_utf8_prefix (data, len, &broken) != len)
    fail (self, SENTIENT_WS_INVALID_DATA, "the text is no UTF-8");
  else
    handle_text (self, data, len);
}

/* What a header alone shows to be wrong, before its payload is there. */
static gboolean
check_header (SentientConn *self, const SentientWsHeader *header)
{
  gsize so_far = self->message != NULL ? self->message->total : 0;

  if (header->opcode >= SENTIENT_WS_CLOSE)
    return TRUE;
  if (header->opcode == SENTIENT_WS_CONTINUATION && self->message == NULL)
    fail (self, SENTIENT_WS_PROTOCOL_ERROR, "a continuation of nothing");
  else if (header->opcode != SENTIENT_WS_CONTINUATION && self->message != NULL)
    fail (self, SENTIENT_WS_PROTOCOL_ERROR, "a new message inside of another");
  else if (header->payload_len > self->engine->config.max_message - so_far)
    fail (self, SENTIENT_WS_TOO_BIG, "the message is too large");
  else
    return TRUE;
  return FALSE;
}

static void
told_alive (SentientConn *self)
{
  SentientEngine *engine = self->engine;

  self->alive_ms = sentient_engine_now (engine);
  if (self->alive_told)
    return;
  self->alive_told = TRUE;
  if (engine->handler.ws_alive != NULL)
    engine->handler.ws_alive (self, engine->user_data);
}

static void
handle_frame (SentientConn *self, const SentientWsHeader *header, char *data, gsize len)
{
  told_alive (self);
  sentient_ws_unmask (data, len, header->mask);

  if (header->opcode == SENTIENT_WS_CLOSE)
    handle_close (self, data, len);
  else if (self->state == SENTIENT_CONN_WS_CLOSING)
    return; /* on its way when our close frame was sent */
  else if (header->opcode == SENTIENT_WS_PING)
    handle_ping (self, data, len);
  else if (header->opcode != SENTIENT_WS_PONG)
    handle_data (self, header, data, len);
}

/* Up to PEEK_SIZE bytes of an incomplete text frame, behind the character that the last fragment
 * left unfinished. FALSE: nothing that follows can make it UTF-8. */
static gboolean
peek_text (SentientConn *self, const SentientWsHeader *header, const char *data, gsize len)
{
  const SentientWsMessage *message = self->message;
  gsize carried = message != NULL && self->scanned == 0 ? message->text.len - message->checked : 0;
  char text[PEEK_SIZE + 4];
  guint8 mask[4];
  gboolean broken;
  gsize whole;

  for (guint i = 0; i < 4; i++)
    mask[i] = header->mask[(self->scanned + i) & 3];
  if (carried > 0)
    memcpy (text, sentient_buf_peek (&message->text) + message->checked, carried);
  memcpy (text + carried, data, len);
  sentient_ws_unmask (text + carried, len, mask);

  whole = sentient_ws_utf8_prefix (text, carried + len, &broken);
  if (whole > 0)
    self->scanned += whole - carried;
  return !broken;
}

/* RFC 6455, 8.1: text that is not UTF-8 fails the connection; we do not wait for the rest of its
 * frame. Each byte is looked at once, however small the segments are. */
static void
check_incomplete (SentientConn *self, const SentientWsHeader *header, const char *data, gsize len)
{
  guint8 opcode = self->message != NULL ? self->message->opcode : header->opcode;

  if (header->opcode >= SENTIENT_WS_CLOSE || opcode != SENTIENT_WS_TEXT
      || self->state != SENTIENT_CONN_WS_OPEN)
    return;
  while (self->scanned < len)
    {
      gsize before = self->scanned;

      if (!peek_text (self, header, data + before, MIN (len - before, PEEK_SIZE)))
        fail (self, SENTIENT_WS_INVALID_DATA, "the text is no UTF-8");
      if (self->scanned == before || self->state != SENTIENT_CONN_WS_OPEN)
        return;
    }
}

gsize
sentient_conn_ws_input (SentientConn *self, char *data, gsize len)
{
  gsize used = 0;
  guint n_frames = 0;

  while (sentient_conn_is_ws (self))
    {
      SentientWsHeader header;
      const char *reason = NULL;
      SentientWsResult result
          = sentient_ws_header_parse (data + used, len - used, &header, &reason);

      if (result == SENTIENT_WS_FRAME_BAD)
        fail (self, SENTIENT_WS_PROTOCOL_ERROR, reason);
      if (result != SENTIENT_WS_FRAME_OK || !check_header (self, &header))
        break;
      /* The others are served in between: what this one sends them finds place again then. */
      if (++n_frames > FRAMES_PER_ROUND)
        {
          self->resume = TRUE;
          break;
        }

      used += header.header_len;
      if (header.payload_len > len - used)
        {
          check_incomplete (self, &header, data + used, len - used);
          used -= header.header_len;
          break;
        }

      self->scanned = 0;
      handle_frame (self, &header, data + used, header.payload_len);
      used += header.payload_len;
    }
  return used;
}

static void
fill_and_flush (SentientConn *self)
{
  SentientEngine *engine = self->engine;

  for (guint i = 0; i < FILLS_PER_TURN; i++)
    {
      if (self->want_write && self->state == SENTIENT_CONN_WS_OPEN
          && self->out.len < engine->config.high_water)
        {
          self->want_write = FALSE;
          if (engine->handler.ws_fill != NULL)
            engine->handler.ws_fill (self, engine->user_data);
        }
      if (!sentient_conn_flush (self) || self->blocked || !self->want_write)
        return;
    }
  sentient_engine_mark (engine, self);
}

void
sentient_conn_ws_fill (SentientConn *self)
{
  if (self->out.data == NULL)
    sentient_buf_lend (&self->out, self->engine->tx, SENTIENT_ENGINE_TX_SIZE);
  fill_and_flush (self);
  sentient_buf_settle (&self->out);
}

gboolean
sentient_conn_send_text (SentientConn *conn, const char *data, gsize len, guint64 *end)
{
  const SentientEngineConfig *config = &conn->engine->config;

  if (end != NULL)
    *end = G_MAXUINT64;
  if (conn->state != SENTIENT_CONN_WS_OPEN)
    return FALSE;

  if (conn->out.len >= config->high_water
      && conn->out.len + len > config->high_water + config->max_message)
    {
      sentient_conn_close_websocket (conn, SENTIENT_WS_SLOW_CONSUMER,
                                     "you do not take what is sent to you");
      return FALSE;
    }

  append_frame (conn, SENTIENT_WS_TEXT, data, len);
  if (end != NULL)
    *end = conn->queued;
  if (conn->out.len < config->high_water)
    return TRUE;

  /* There may be more where this came from. */
  conn->want_write = TRUE;
  return FALSE;
}

gboolean
sentient_conn_is_full (SentientConn *conn)
{
  return conn->out.len >= conn->engine->config.high_water;
}

gboolean
sentient_conn_is_blocked (SentientConn *conn)
{
  return conn->blocked && conn->out.len > 0;
}

void
sentient_conn_want_write (SentientConn *conn)
{
  if (conn->state != SENTIENT_CONN_WS_OPEN || conn->want_write)
    return;
  conn->want_write = TRUE;
  sentient_engine_mark (conn->engine, conn);
}

void
sentient_conn_close_websocket (SentientConn *conn, guint16 code, const char *reason)
{
  if (conn->state != SENTIENT_CONN_WS_OPEN)
    return;

  append_close (conn, code, reason);
  conn->state = SENTIENT_CONN_WS_CLOSING;
  conn->close_code = code;
  conn->deadline_ms = sentient_engine_now (conn->engine) + conn->engine->config.close_timeout_ms;
}

void
sentient_conn_ws_check (SentientConn *self, gint64 now_ms)
{
  const SentientEngineConfig *config = &self->engine->config;

  if (self->state == SENTIENT_CONN_WS_OPEN && now_ms - self->alive_ms >= config->silence_ms)
    {
      if (sentient_conn_has_unread (self))
        return;
      append_close (self, SENTIENT_WS_GOING_AWAY, "nothing was heard from you");
      sentient_conn_ws_end (self, SENTIENT_CLOSE_LOST, SENTIENT_WS_ABNORMAL);
      return;
    }
  if (now_ms < self->deadline_ms)
    return;
  if (self->state == SENTIENT_CONN_WS_CLOSING)
    {
      sentient_conn_destroy (self);
      return;
    }

  self->deadline_ms = now_ms + config->ping_interval_ms;
  /* To who takes nothing a further ping would say nothing. */
  if (!self->blocked)
    append_frame (self, SENTIENT_WS_PING, NULL, 0);
}
