/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The text format of Prometheus, 0.0.4. Each name gets "sentient_" before it. A series that may
 * come is there from the start, with 0, so that its first rise is seen as one. Labels are words of
 * ours, of which there are few, and need no escapes. */

#define SENTIENT_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What stands before the samples of a family. type: "counter", whose name ends in "_total",
 * "gauge" or "histogram". */
void
sentient_prometheus_family (GString *out, const char *name, const char *type, const char *help);
void sentient_prometheus_sample (GString *out, const char *name, guint64 value);
void sentient_prometheus_sample_1 (GString *out,
                                   const char *name,
                                   const char *key,
                                   const char *label,
                                   guint64 value);
void sentient_prometheus_sample_2 (GString *out,
                                   const char *name,
                                   const char *key,
                                   const char *label,
                                   const char *second_key,
                                   const char *second_label,
                                   guint64 value);
/* A family of one sample without labels. */
void sentient_prometheus_single (GString *out,
                                 const char *name,
                                 const char *type,
                                 const char *help,
                                 guint64 value);

G_END_DECLS
