/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-client-session.h"

G_BEGIN_DECLS

/* A file that holds the name and the token of a node's session, so that the node, when it was
 * killed and is started again, need not wait until the coordinator lets go of its id. It is
 * readable for its owner only, and locked as long as the node lives: a second node with the same id
 * does not get it. */
typedef struct _SentientSessionFile SentientSessionFile;

/* Makes it, if there is none, with its directory. NULL: somebody else holds it (BUSY), it is not
 * ours alone (FORBIDDEN), or cannot be opened (FAILED). */
SentientSessionFile *sentient_session_file_open (const char *path, GError **error);
/* Leaves what stands in it; without anything in it, it goes. */
void sentient_session_file_free (SentientSessionFile *self);

/* Restores the session that stands in it, if it is one of that node. */
void sentient_session_file_load (SentientSessionFile *self,
                                 const char *node_id,
                                 SentientClientSession *session);
/* Writes it, if it is another one than stands there; a session that has not begun empties it.
 * Errors: FAILED. */
gboolean sentient_session_file_store (SentientSessionFile *self,
                                      const char *node_id,
                                      SentientClientSession *session,
                                      GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientSessionFile, sentient_session_file_free)

G_END_DECLS
