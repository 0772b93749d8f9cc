/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One end of a pair that compare.py measures: what it is told comes as lines on stdin, what it
 * tells goes as lines to stdout. compare.py hands the line "signal …" of one end to the other.
 *
 *   connect            → open, at both ends (the one that is told offers)
 *   disconnect         → closed, at both ends
 *   check              from now on the bytes of each message are compared, too
 *   flood SIZE N MS    sends N messages, or for MS milliseconds (0: no limit) → "sent N"; the other
 *                      end says "heard N BYTES" when it has the last
 *   ping MS            one after the other, MS after the answer to the last, until
 *   stop               → "rtts µs…"
 *   quit               ends
 *
 * An end that is surprised says "error …" and ends. */
typedef struct
{
  void (*connect) (void);
  void (*disconnect) (void);         /* NULL: it cannot */
  void (*signal) (const char *text); /* NULL: it needs none */
  /* FALSE: it was not taken, contender_go_on () is to follow. What is urgent goes beside a flood.
   */
  gboolean (*send) (GBytes *data, gboolean is_urgent);
  void (*quit) (void); /* ends in contender_end () */
} ContenderEngine;

/* Reads stdin and runs the main context until contender_end (). */
void contender_run (const ContenderEngine *engine);
void contender_end (void);

/* On every thread. */
void contender_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
void contender_die (const char *format, ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;
void contender_opened (void);
void contender_closed (void);
void contender_heard (GBytes *data);
void contender_go_on (void);

G_END_DECLS
