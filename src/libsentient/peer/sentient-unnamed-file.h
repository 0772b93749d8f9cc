/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A file that has no name until it is whole: whatever ends this process before, nothing is left of
 * it. Not every file system has that. Callbacks come on the thread-default main context. */

void sentient_unnamed_file_open_async (GFile *folder,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
/* A descriptor to write to; -1: it cannot be done here, with a name it may. */
int sentient_unnamed_file_open_finish (GAsyncResult *result);

/* Gives it a name. Errors: G_IO_ERROR_EXISTS: the name is taken; others of G_IO_ERROR. Not to be
 * cancelled: then nobody could say whose file it is. fd has to stay open as long. */
void sentient_unnamed_file_link_async (int fd,
                                       GFile *file,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
/* The source of result is the file. */
gboolean sentient_unnamed_file_link_finish (GAsyncResult *result, GError **error);

/* For tests: as on a file system that does not have it. */
void sentient_unnamed_file_set_supported (gboolean supported);

G_END_DECLS
