/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer-helpers.h"

G_BEGIN_DECLS

/* A peer, "alice", and a v1 coordinator. */
typedef struct
{
  FakeV1 *coordinator;
  TestPeer *alice;
} SessionFixture;

void session_set_up (SessionFixture *self, gconstpointer unused);
void session_tear_down (SessionFixture *self, gconstpointer unused);
/* alice connects and joins "lobby". */
SentientRoom *session_enter (SessionFixture *self);
/* bob does the same; he waits to be connected to. */
TestPeer *session_add_bob (SessionFixture *self);
void session_remove_bob (TestPeer *bob);

gboolean is_connected (TestPeer *peer);
/* alice loses the coordinator and finds it again. */
void session_await_back (SessionFixture *self);
/* Her connection breaks, and she is back. */
void session_cut (SessionFixture *self);
void session_assert_resumed (SessionFixture *self, gboolean resumed);
/* Each number of the node was handled once, and none left out. */
void session_assert_numbers (SessionFixture *self, const char *node_id);
guint count (GPtrArray *texts, const char *text);

#define ADD(name, function)                                                                        \
  g_test_add ("/" name, SessionFixture, NULL, session_set_up, function, session_tear_down)

G_END_DECLS
