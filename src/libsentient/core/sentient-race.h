/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* ThreadSanitizer sees what our own code and libc do. Debian's GLib and GStreamer are not built for
 * it: a GMutex of theirs, a reference count or a callback on a thread of theirs orders nothing in
 * its eyes. So whatever of ours goes from one thread to another goes through these; without
 * ThreadSanitizer they are the bare calls, and nothing. */

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SENTIENT_HAS_TSAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define SENTIENT_HAS_TSAN 1
#endif

#ifdef SENTIENT_HAS_TSAN
#include <sanitizer/tsan_interface.h>
#endif

G_BEGIN_DECLS

/* Before what is at address is given to another thread by means that only a foreign library knows.
 */
static inline void
sentient_race_give (gpointer address)
{
#ifdef SENTIENT_HAS_TSAN
  __tsan_release (address);
#endif
}

/* On the other thread, before anything of it is touched. */
static inline void
sentient_race_take (gpointer address)
{
#ifdef SENTIENT_HAS_TSAN
  __tsan_acquire (address);
#endif
}

static inline void
sentient_race_lock (GMutex *lock)
{
  g_mutex_lock (lock);
  sentient_race_take (lock);
}

static inline void
sentient_race_unlock (GMutex *lock)
{
  sentient_race_give (lock);
  g_mutex_unlock (lock);
}

/* FALSE: end, in monotonic µs, has come. */
static inline gboolean
sentient_race_wait_until (GCond *cond, GMutex *lock, gint64 end)
{
  gboolean in_time;

  sentient_race_give (lock);
  in_time = g_cond_wait_until (cond, lock, end);
  sentient_race_take (lock);
  return in_time;
}

static inline void
sentient_race_ref (gatomicrefcount *refs)
{
  g_atomic_ref_count_inc (refs);
}

/* TRUE: that was the last one, and what the others did with the object is done. */
static inline gboolean
sentient_race_unref (gatomicrefcount *refs)
{
  sentient_race_give (refs);
  if (!g_atomic_ref_count_dec (refs))
    return FALSE;
  sentient_race_take (refs);
  return TRUE;
}

G_END_DECLS
