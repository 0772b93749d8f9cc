/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../../fixtures/folder.h"
#include "peer-helpers.h"
#include "peer/sentient-transfer-private.h"

G_BEGIN_DECLS

/* Two peers over loopback links, alice, who sends, and bob, who is offered what she sends; and a
 * folder. */
typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *alice;
  TestPeer *bob;
  gulong listening;  /* bob, to offers */
  GPtrArray *offers; /* SentientTransfer: what bob was offered */
  char *folder;
} Transfers;

void transfers_set_up (Transfers *self, gconstpointer data);
void transfers_tear_down (Transfers *self, gconstpointer data);
/* data: what the test gets, by GINT_TO_POINTER (). */
void transfers_add (const char *path, void (*test) (Transfers *, gconstpointer), gint data);

/* A file in the folder. */
GFile *transfers_make_file (Transfers *self, const char *name, GBytes *data);
GFile *
transfers_get_inbox (Transfers *self); /* a folder in the folder; there is nothing else in it */
GPtrArray *transfers_list_inbox (Transfers *self);
/* Into that folder. */
void transfers_accept (Transfers *self, SentientTransfer *offer);
void transfers_assert_inbox (Transfers *self, const char *const *names);
/* Also after all that is ready has been done. */
void transfers_assert_inbox_is_empty (Transfers *self);

SentientTransfer *transfers_send (Transfers *self, GFile *file);
SentientTransfer *
transfers_send_stream (Transfers *self, GInputStream *stream, const char *name, gint64 size);

#define DONE SENTIENT_TRANSFER_STATE_DONE, 0, 0
#define ENDED(state, code) SENTIENT_TRANSFER_STATE_##state, SENTIENT_ERROR, SENTIENT_ERROR_##code

/* The offer that bob got. */
SentientTransfer *transfers_await_offer (Transfers *self, guint n);
/* It ends as that, with an error of the domain and code unless it is done. */
void transfers_await_end (SentientTransfer *transfer,
                          SentientTransferState state,
                          GQuark domain,
                          gint code);
/* As when the path is gone: the other end hears nothing of it. */
void transfers_break (TestPeer *at, const char *node_id, const GError *error);
/* After he was freed. */
void transfers_restart_bob (Transfers *self);
/* What holds a transfer is gone after that. */
void transfers_drop_offers (Transfers *self);

G_END_DECLS
