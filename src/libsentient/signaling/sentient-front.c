/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-front.h"

#include <errno.h>
#include <string.h>

#include "core/sentient-source.h"
#include "signaling/sentient-engine-private.h"

static gboolean
is_readable (SentientFront *front)
{
  return front->position < front->len || front->finished || front->conn == NULL;
}

static gboolean
is_writable (SentientFront *front)
{
  return front->conn == NULL || !front->conn->blocked;
}

static gssize
front_read (SentientFront *front, void *buffer, gsize count, GError **error)
{
  if (front->position < front->len)
    {
      gsize n = MIN (count, front->len - front->position);

      memcpy (buffer, front->request + front->position, n);
      front->position += n;
      return n;
    }

  if (!is_readable (front))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "no more for now");
      return -1;
    }
  if (front->fake_read || count == 0)
    return 0;
  front->fake_read = TRUE;
  *(char *)buffer = '!';
  return 1;
}

static gssize
front_write (SentientFront *front, const void *buffer, gsize count, GError **error)
{
  SentientConn *conn = front->conn;
  gssize n;

  if (conn == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "the client is gone");
      return -1;
    }

  do
    n = send (conn->fd, buffer, count, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);

  if (n < 0 && errno == EAGAIN)
    {
      conn->blocked = TRUE;
      conn->deadline_ms = sentient_engine_now (conn->engine) + conn->engine->config.body_timeout_ms;
      sentient_engine_mark (conn->engine, conn); /* to be watched */
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "no room for now");
    }
  else if (n < 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, g_strerror (errno));
  else
    {
      conn->deadline_ms = 0;
      conn->engine->metrics->sent_bytes += n;
    }
  return n;
}

/* A source that is ready when the stream is. The front changes on this thread only, and each turn
 * of the main loop asks before it sleeps. */
typedef struct
{
  GSource base;
  SentientFront *front;
  gboolean (*is_ready) (SentientFront *front);
} FrontSource;

static gboolean
front_source_check (GSource *source)
{
  FrontSource *self = (FrontSource *)source;

  return self->is_ready (self->front);
}

static gboolean
front_source_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return front_source_check (source);
}

/* It only wakes the source it is a child of. */
static gboolean
front_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
front_source_finalize (GSource *source)
{
  sentient_source_end ();
  g_object_unref (((FrontSource *)source)->front);
}

static GSource *
create_source (SentientFront *front,
               gboolean (*is_ready) (SentientFront *front),
               GObject *stream,
               GCancellable *cancellable)
{
  static GSourceFuncs funcs
      = { front_source_prepare, front_source_check, front_source_dispatch, front_source_finalize };
  g_autoptr (GSource) child = g_source_new (&funcs, sizeof (FrontSource));
  FrontSource *source = (FrontSource *)child;
  GSource *pollable = g_pollable_source_new_full (stream, NULL, cancellable);

  source->front = g_object_ref (front);
  source->is_ready = is_ready;
  g_source_set_static_name (child, "SentientFront");
  sentient_source_begin ();
  g_source_add_child_source (pollable, child);
  return pollable;
}

/* The two ends. Each knows the whole until that is gone. */
#define SENTIENT_TYPE_FRONT_INPUT (sentient_front_input_get_type ())
G_DECLARE_FINAL_TYPE (SentientFrontInput, sentient_front_input, SENTIENT, FRONT_INPUT, GInputStream)

struct _SentientFrontInput
{
  GInputStream parent_instance;

  SentientFront *front; /* not owned */
};

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  SentientFront *front = SENTIENT_FRONT_INPUT (stream)->front;

  return front != NULL ? front_read (front, buffer, count, error) : 0;
}

/* Does not block either: the whole request is there. */
static gssize
input_read (GInputStream *stream,
            void *buffer,
            gsize count,
            GCancellable *cancellable,
            GError **error)
{
  return input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, count, error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  SentientFront *front = SENTIENT_FRONT_INPUT (stream)->front;

  return front == NULL || is_readable (front);
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return create_source (SENTIENT_FRONT_INPUT (stream)->front, is_readable, G_OBJECT (stream),
                        cancellable);
}

static void
input_iface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientFrontInput,
                               sentient_front_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      input_iface_init))

static void
sentient_front_input_class_init (SentientFrontInputClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
sentient_front_input_init (SentientFrontInput *self)
{
}

#define SENTIENT_TYPE_FRONT_OUTPUT (sentient_front_output_get_type ())
G_DECLARE_FINAL_TYPE (SentientFrontOutput,
                      sentient_front_output,
                      SENTIENT,
                      FRONT_OUTPUT,
                      GOutputStream)

struct _SentientFrontOutput
{
  GOutputStream parent_instance;

  SentientFront *front; /* not owned */
};

/* Does not block either: libsoup writes bodies of known length without blocking. */
static gssize
output_write (GOutputStream *stream,
              const void *buffer,
              gsize count,
              GCancellable *cancellable,
              GError **error)
{
  SentientFront *front = SENTIENT_FRONT_OUTPUT (stream)->front;

  if (front != NULL)
    return front_write (front, buffer, count, error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the stream is gone");
  return -1;
}

static gssize
output_write_nonblocking (GPollableOutputStream *stream,
                          const void *buffer,
                          gsize count,
                          GError **error)
{
  return output_write (G_OUTPUT_STREAM (stream), buffer, count, NULL, error);
}

static gboolean
output_is_writable (GPollableOutputStream *stream)
{
  SentientFront *front = SENTIENT_FRONT_OUTPUT (stream)->front;

  return front == NULL || is_writable (front);
}

static GSource *
output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return create_source (SENTIENT_FRONT_OUTPUT (stream)->front, is_writable, G_OBJECT (stream),
                        cancellable);
}

static void
output_iface_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientFrontOutput,
                               sentient_front_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      output_iface_init))

static void
sentient_front_output_class_init (SentientFrontOutputClass *klass)
{
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = output_write;
}

static void
sentient_front_output_init (SentientFrontOutput *self)
{
}

G_DEFINE_FINAL_TYPE (SentientFront, sentient_front, G_TYPE_IO_STREAM)

static GInputStream *
sentient_front_get_input_stream (GIOStream *stream)
{
  return SENTIENT_FRONT (stream)->input;
}

static GOutputStream *
sentient_front_get_output_stream (GIOStream *stream)
{
  return SENTIENT_FRONT (stream)->output;
}

static gboolean
sentient_front_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  sentient_lend_closed (SENTIENT_FRONT (stream));
  return TRUE;
}

static void
sentient_front_finalize (GObject *object)
{
  SentientFront *self = SENTIENT_FRONT (object);

  SENTIENT_FRONT_INPUT (self->input)->front = NULL;
  SENTIENT_FRONT_OUTPUT (self->output)->front = NULL;
  g_object_unref (self->input);
  g_object_unref (self->output);
  g_free (self->request);
  G_OBJECT_CLASS (sentient_front_parent_class)->finalize (object);
}

static void
sentient_front_class_init (SentientFrontClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = sentient_front_finalize;
  stream_class->get_input_stream = sentient_front_get_input_stream;
  stream_class->get_output_stream = sentient_front_get_output_stream;
  stream_class->close_fn = sentient_front_close;
}

static void
sentient_front_init (SentientFront *self)
{
  SentientFrontInput *input = g_object_new (SENTIENT_TYPE_FRONT_INPUT, NULL);
  SentientFrontOutput *output = g_object_new (SENTIENT_TYPE_FRONT_OUTPUT, NULL);

  input->front = self;
  output->front = self;
  self->input = G_INPUT_STREAM (input);
  self->output = G_OUTPUT_STREAM (output);
}

SentientFront *
sentient_front_new (SentientConn *conn, char *request, gsize len, gsize head_len)
{
  SentientFront *self = g_object_new (SENTIENT_TYPE_FRONT, NULL);

  self->conn = conn;
  self->request = request;
  self->len = len;
  self->head_len = head_len;
  return self;
}
