/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The sanitizers say at exit () what they found. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SENTIENT_LEAVES_AT_ONCE 1
#endif

G_BEGIN_DECLS

/* The end of a program that had WebRTC connections: what was printed is out, and what libraries
 * have for exit () is not done. GStreamer does not wait for its threads, and OpenSSL would free
 * what those that still end have of it: on a busy machine that is a crash now and then. */
G_NORETURN void sentient_leave (int status);

G_END_DECLS
