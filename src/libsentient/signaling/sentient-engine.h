/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>
#include "core/sentient-clock.h"
#include "core/sentient-error.h"
#include "core/sentient-metrics.h"
#include "signaling/sentient-addresses.h"
#include "core/sentient-networks.h"

G_BEGIN_DECLS

/* The signaling engine: every accepted connection, one epoll fd as a single GSource. It accepts,
 * reads HTTP heads strictly, answers natively what its handler wants to answer natively, lends the
 * rest to libsoup, and speaks WebSocket (RFC 6455) after the handshake. It knows nothing of rooms,
 * nodes or JSON.
 *
 * Single-threaded: it lives on the context that was thread-default when it was made. */
typedef struct _SentientEngine SentientEngine;
/* One accepted connection. A handler may use it from request () until request_gone () or responded
 * () returned, or from ws_open () until ws_closed () returned. */
typedef struct _SentientConn SentientConn;

typedef enum
{
  SENTIENT_HTTP_GET,
  SENTIENT_HTTP_HEAD,
  SENTIENT_HTTP_POST,
  SENTIENT_HTTP_OPTIONS,
  SENTIENT_HTTP_OTHER,
} SentientHttpMethod;

/* A checked request head; spans of the connection's buffer, valid during the callback. */
typedef struct
{
  SentientHttpMethod method;
  const char *path; /* without the query; not NUL-terminated, still percent-encoded */
  gsize path_len;
  const char *query; /* without '?'; NULL: none */
  gsize query_len;
  const char *host; /* NULL: none (HTTP/1.0) */
  gsize host_len;
  const char *origin; /* NULL: none */
  gsize origin_len;
  const char *authorization; /* NULL: none */
  gsize authorization_len;
  const char *fields; /* all field lines; see sentient_http_head_next_field () */
  gsize fields_len;
  gsize content_length;
  gboolean keep_alive;
  gboolean upgrade;    /* asks for another protocol */
  guint minor_version; /* 0 or 1 */
} SentientHttpHead;

typedef enum
{
  SENTIENT_CLOSE_LEFT, /* close 1000 or an empty close frame */
  SENTIENT_CLOSE_LOST, /* anything else */
} SentientCloseKind;

/* Callbacks of the floor above. None of them may free the engine. A conn may be closed in any of
 * them. Those of kinds that never happen may be NULL: without is_native nothing is native. */
typedef struct
{
  /* Is this request answered natively? Asked once per request, before its body is read. */
  gboolean (*is_native) (SentientConn *conn, const SentientHttpHead *head, gpointer user_data);
  /* A native request with its whole body (a POST without Content-Length has an empty one). Answer
   * now or later with sentient_conn_respond (). */
  void (*request) (SentientConn *conn,
                   const SentientHttpHead *head,
                   const char *body,
                   gsize body_len,
                   gpointer user_data);
  /* A native request that is waiting for its answer can no longer be answered: the client went
   * away. */
  void (*request_gone) (SentientConn *conn, gpointer user_data);
  /* The last byte of the native response was handed to the kernel (delivered), or never will be. */
  void (*responded) (SentientConn *conn, gboolean delivered, gpointer user_data);

  /* The handshake is through; data is what was given to sentient_engine_accept_websocket (). */
  void (*ws_open) (SentientConn *conn, gpointer data, gpointer user_data);
  /* A whole text message, valid UTF-8, at most 64 KiB; data[len] is NUL; valid during the call. */
  void (*ws_text) (SentientConn *conn, const char *data, gsize len, gpointer user_data);
  /* A binary message came; the engine goes on. */
  void (*ws_binary) (SentientConn *conn, gpointer user_data);
  /* Asked once a turn for each conn that was marked with sentient_conn_want_write () and whose
   * buffer has room: put messages with sentient_conn_send_text () until it returns FALSE or nothing
   * is left. */
  void (*ws_fill) (SentientConn *conn, gpointer user_data);
  /* Bytes went to the kernel: all messages whose sentient_conn_send_text () left *end <= sent are
   * out. */
  void (*ws_sent) (SentientConn *conn, guint64 sent, gpointer user_data);
  /* Any frame came in: the peer lives. At most once a turn. */
  void (*ws_alive) (SentientConn *conn, gpointer user_data);
  /* The WebSocket is over; the last callback about conn. Not called for plain HTTP connections. */
  void (*ws_closed) (SentientConn *conn, SentientCloseKind kind, guint16 code, gpointer user_data);
} SentientEngineHandler;

typedef struct
{
  guint head_timeout_ms;  /* 10000: a whole head within */
  guint body_timeout_ms;  /* 30000: a whole body within */
  guint idle_timeout_ms;  /* 60000: keep-alive between requests */
  guint ping_interval_ms; /* 15000: the server pings a WebSocket that often */
  guint silence_ms;       /* 30000: a WebSocket without any frame for so long is closed */
  guint close_timeout_ms; /* 2000: for the answer to a close frame, and for a last response */
  guint max_connections;  /* 0: RLIMIT_NOFILE - 64 */
  gsize max_message;      /* 65536: bytes of a WebSocket message or HTTP body */
  SentientAddressLimits address; /* of one address: 64 new connections a second, 256 at once; 1024
                                    open */
  gsize high_water; /* 65536: bytes in a conn's write buffer above which send_text () says FALSE */
  const SentientNetworks *proxies; /* believed in who their clients are, whose limits count then;
                                      outlives the engine. NULL: none */
  SentientMetrics *metrics;        /* where it counts; outlives the engine. NULL: its own */
} SentientEngineConfig;

void sentient_engine_config_init (SentientEngineConfig *config);

/* server: its handlers serve the HTTP paths that are not native, and the WebSocket handshake; they
 * must answer with bodies of known length. It does not listen itself. May be NULL in tests. clock
 * drives every deadline; with a manual clock call sentient_engine_check_deadlines () after moving
 * it. */
SentientEngine *sentient_engine_new (const SentientEngineConfig *config,
                                     SentientClock *clock,
                                     SoupServer *server,
                                     const SentientEngineHandler *handler,
                                     gpointer user_data);
/* Other timeouts, numbers of connections and limits of an address than config had at the start: for
 * what comes from now on. A deadline that runs stays, and nobody who is here is closed. */
void sentient_engine_set_limits (SentientEngine *self, const SentientEngineConfig *config);
/* Is it calling its handler, so that it must not be freed now? */
gboolean sentient_engine_is_busy (SentientEngine *self);
/* Closes everything at once; the handler hears of all that was open. Disconnects server. */
void sentient_engine_free (SentientEngine *self);

/* Binds and listens on every address that host names ("0.0.0.0", "::", "localhost", …); port 0: any
 * (one for all). Errors: G_IO_ERROR, with a message that says which address and what to do. */
gboolean
sentient_engine_listen (SentientEngine *self, const char *host, guint16 port, GError **error);
/* The same on a socket that sentient_listener_check_fd () let pass; fd is taken. */
gboolean sentient_engine_listen_fd (SentientEngine *self, int fd, GError **error);
guint16 sentient_engine_get_port (SentientEngine *self);

/* Clean stop: no more accepts; WebSockets get a close frame 1001, requests their answers; done when
 * the last connection is gone or after close_timeout_ms. Cancelling ends only the waiting. */
void sentient_engine_stop_async (SentientEngine *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean sentient_engine_stop_finish (SentientEngine *self, GAsyncResult *result, GError **error);

/* Queues a text to each open WebSocket that has data, and room in its buffer. */
void sentient_engine_send_to_all (SentientEngine *self, const char *text, gsize len);

void sentient_engine_check_deadlines (SentientEngine *self);
guint sentient_engine_get_n_connections (SentientEngine *self);

/* For handlers of server: the connection a message came by; NULL when it is gone. */
SentientConn *sentient_engine_get_conn (SentientEngine *self, SoupServerMessage *message);
/* And its head, while there is a connection. FALSE: there is none. */
gboolean
sentient_engine_get_head (SentientEngine *self, SoupServerMessage *message, SentientHttpHead *head);
/* In a normal handler of server: does the handshake; ws_open (conn, data) follows. subprotocol: the
 * one to choose, which the client offered, or NULL. A message that is no proper handshake has
 * status 400, and data is released with data_free: then it is FALSE. */
gboolean sentient_engine_accept_websocket (SentientEngine *self,
                                           SoupServerMessage *message,
                                           const char *subprotocol,
                                           gpointer data,
                                           GDestroyNotify data_free);

/* Native answers. body is taken. extra_headers: whole lines with CRLF, or NULL. no_body (HEAD) is
 * handled. */
void sentient_conn_respond (SentientConn *conn,
                            guint status,
                            const char *content_type,
                            const char *extra_headers,
                            GString *body);

/* Queues a text frame; control frames go by themselves. FALSE: the buffer is above high water (the
 * message was queued all the same, and ws_fill will be called when there is room). *end (may be
 * NULL): see ws_sent. The socket is written at the end of the turn. A message of any size goes into
 * a buffer below high water; one that would bring a full buffer above high_water + max_message is
 * not queued (*end is G_MAXUINT64) and the WebSocket is closed with 4008. */
gboolean sentient_conn_send_text (SentientConn *conn, const char *data, gsize len, guint64 *end);
/* Is the buffer above high water? */
gboolean sentient_conn_is_full (SentientConn *conn);
/* Does the kernel take no more for now: is the client slower than what is sent to it? */
gboolean sentient_conn_is_blocked (SentientConn *conn);
/* ws_fill will be called before the turn ends (or as soon as there is room). */
void sentient_conn_want_write (SentientConn *conn);
/* Sends a close frame after what is queued; ws_closed follows with SENTIENT_CLOSE_LOST. reason at
 * most 123 bytes. */
void sentient_conn_close_websocket (SentientConn *conn, guint16 code, const char *reason);

void sentient_conn_set_data (SentientConn *conn, gpointer data);
gpointer sentient_conn_get_data (SentientConn *conn);
/* "192.0.2.1:1234"; "192.0.2.1 by 127.0.0.1:1234" when a trusted proxy has passed it on. */
char *sentient_conn_dup_remote (SentientConn *conn);
/* Of the address that it, or the request it has now, comes from; unowned. NULL: of a trusted proxy
 * itself, which is charged nothing. */
SentientAccount *sentient_conn_get_account (SentientConn *conn);
gboolean sentient_conn_remote_is_loopback (SentientConn *conn);
/* Does it come from one of config.proxies? */
gboolean sentient_conn_is_proxy (SentientConn *conn);
/* A line for debugging, the first time only: what else a client tries is not worth one. */
void sentient_conn_log_refused (SentientConn *conn, const char *why);
/* Where the client reached us: "127.0.0.1:8888"; the fallback for URLs when there is no Host. */
char *sentient_conn_dup_local (SentientConn *conn);

G_END_DECLS
