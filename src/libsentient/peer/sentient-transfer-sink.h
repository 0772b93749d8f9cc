/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Writes what comes to a file or stream without ever blocking. A file gets its name only when it is
 * whole: until then it has none or, where that cannot be, is a temporary one beside it. No file is
 * overwritten. */
typedef struct _SentientTransferSink SentientTransferSink;

typedef struct
{
  void (*opened) (gpointer user_data);
  void (*written) (gsize len, gpointer user_data);
  /* The end; file NULL: it was a stream. */
  void (*finished) (GFile *file, gpointer user_data);
  /* The other end; nothing is left of the file. */
  void (*failed) (const GError *error, gpointer user_data);
} SentientTransferSinkEvents;

/* destination: a folder, where the file gets that name, or a file; the name gets a number if it is
 * taken. size -1: not known. */
SentientTransferSink *sentient_transfer_sink_new_file (GMainContext *context,
                                                       GFile *destination,
                                                       const char *name,
                                                       gint64 size,
                                                       const SentientTransferSinkEvents *events,
                                                       gpointer user_data);
/* The stream is closed in the end. */
SentientTransferSink *sentient_transfer_sink_new_stream (GMainContext *context,
                                                         GOutputStream *stream,
                                                         const SentientTransferSinkEvents *events,
                                                         gpointer user_data);
/* No event comes after that. Unless it had finished, nothing is left of the file. */
void sentient_transfer_sink_free (SentientTransferSink *self);

/* Events come later, never from within these. */
void sentient_transfer_sink_write (SentientTransferSink *self, const guint8 *data, gsize len);
/* Nothing more comes. */
void sentient_transfer_sink_finish (SentientTransferSink *self);

G_END_DECLS
