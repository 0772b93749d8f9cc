/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-prometheus.h"

void
sentient_prometheus_family (GString *out, const char *name, const char *type, const char *help)
{
  g_string_append_printf (out, "# HELP sentient_%s %s\n# TYPE sentient_%s %s\n", name, help, name,
                          type);
}

void
sentient_prometheus_sample (GString *out, const char *name, guint64 value)
{
  g_string_append_printf (out, "sentient_%s %" G_GUINT64_FORMAT "\n", name, value);
}

void
sentient_prometheus_sample_1 (GString *out,
                              const char *name,
                              const char *key,
                              const char *label,
                              guint64 value)
{
  g_string_append_printf (out, "sentient_%s{%s=\"%s\"} %" G_GUINT64_FORMAT "\n", name, key, label,
                          value);
}

void
sentient_prometheus_sample_2 (GString *out,
                              const char *name,
                              const char *key,
                              const char *label,
                              const char *second_key,
                              const char *second_label,
                              guint64 value)
{
  g_string_append_printf (out, "sentient_%s{%s=\"%s\",%s=\"%s\"} %" G_GUINT64_FORMAT "\n", name,
                          key, label, second_key, second_label, value);
}

void
sentient_prometheus_single (GString *out,
                            const char *name,
                            const char *type,
                            const char *help,
                            guint64 value)
{
  sentient_prometheus_family (out, name, type, help);
  sentient_prometheus_sample (out, name, value);
}
