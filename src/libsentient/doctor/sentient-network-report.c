/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-enum-types.h"
#include "doctor/sentient-network-report-private.h"
#include "protocol/sentient-json.h"

/**
 * SentientNetworkReport:
 *
 * What a #SentientNetworkDoctor found: a #GListModel of #SentientFinding, in the order in which one
 * would read them. Nothing in it is secret: no password and no user's name of a TURN server ever
 * gets in. Addresses are, unless they are hidden on the way out.
 *
 * Since: 0.1
 */
struct _SentientNetworkReport
{
  GObject parent_instance;

  SentientMeasurements *measured;
  SentientHider *hider;
  GPtrArray *findings; /* SentientFinding */
  GPtrArray *marked;   /* Marked: their texts as they were added */
  SentientSeverity severity;
};

typedef struct
{
  char *text;
  char *advice;
} Marked;

typedef enum
{
  PROP_SEVERITY = 1,
} SentientNetworkReportProperty;

static GParamSpec *properties[PROP_SEVERITY + 1];

static GType
sentient_network_report_get_item_type (GListModel *model)
{
  return SENTIENT_TYPE_FINDING;
}

static guint
sentient_network_report_get_n_items (GListModel *model)
{
  return SENTIENT_NETWORK_REPORT (model)->findings->len;
}

static gpointer
sentient_network_report_get_item (GListModel *model, guint position)
{
  SentientNetworkReport *self = SENTIENT_NETWORK_REPORT (model);

  return position < self->findings->len ? g_object_ref (self->findings->pdata[position]) : NULL;
}

static void
sentient_network_report_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = sentient_network_report_get_item_type;
  iface->get_n_items = sentient_network_report_get_n_items;
  iface->get_item = sentient_network_report_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientNetworkReport,
                               sentient_network_report,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      sentient_network_report_list_model_init))

static void
marked_free (Marked *marked)
{
  g_free (marked->text);
  g_free (marked->advice);
  g_free (marked);
}

static void
sentient_network_report_get_property (GObject *object,
                                      guint prop_id,
                                      GValue *value,
                                      GParamSpec *pspec)
{
  SentientNetworkReport *self = SENTIENT_NETWORK_REPORT (object);

  switch ((SentientNetworkReportProperty)prop_id)
    {
    case PROP_SEVERITY:
      g_value_set_enum (value, (gint)self->severity);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_network_report_finalize (GObject *object)
{
  SentientNetworkReport *self = SENTIENT_NETWORK_REPORT (object);

  g_clear_pointer (&self->measured, sentient_measurements_free);
  g_clear_pointer (&self->hider, sentient_hider_free);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  g_clear_pointer (&self->marked, g_ptr_array_unref);

  G_OBJECT_CLASS (sentient_network_report_parent_class)->finalize (object);
}

static void
sentient_network_report_class_init (SentientNetworkReportClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_network_report_get_property;
  object_class->finalize = sentient_network_report_finalize;

  /**
   * SentientNetworkReport:severity:
   *
   * The worst of its findings.
   *
   * Since: 0.1
   */
  properties[PROP_SEVERITY] = g_param_spec_enum ("severity", NULL, NULL, SENTIENT_TYPE_SEVERITY,
                                                 SENTIENT_SEVERITY_OK, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_network_report_init (SentientNetworkReport *self)
{
  self->hider = sentient_hider_new ();
  self->findings = g_ptr_array_new_with_free_func (g_object_unref);
  self->marked = g_ptr_array_new_with_free_func ((GDestroyNotify)marked_free);
}

SentientNetworkReport *
sentient_network_report_new (SentientMeasurements *measured)
{
  SentientNetworkReport *self = g_object_new (SENTIENT_TYPE_NETWORK_REPORT, NULL);

  self->measured = measured;
  sentient_findings_add_coordinators (self);
  sentient_findings_add_stun (self);
  sentient_findings_add_turn (self);
  sentient_findings_add_network (self);
  sentient_findings_add_connections (self);
  return self;
}

SentientMeasurements *
sentient_network_report_get_measured (SentientNetworkReport *self)
{
  return self->measured;
}

SentientHider *
sentient_network_report_get_hider (SentientNetworkReport *self)
{
  return self->hider;
}

void
sentient_network_report_add (SentientNetworkReport *self,
                             SentientSeverity severity,
                             const char *code,
                             const char *advice,
                             const char *format,
                             ...)
{
  Marked *marked = g_new0 (Marked, 1);
  g_autofree char *shown_text = NULL;
  g_autofree char *shown_advice = NULL;
  va_list args;

  va_start (args, format);
  marked->text = g_strdup_vprintf (format, args);
  va_end (args);
  marked->advice = g_strdup (advice);
  shown_text = sentient_hider_show (self->hider, marked->text, FALSE);
  if (advice != NULL)
    shown_advice = sentient_hider_show (self->hider, advice, FALSE);
  g_ptr_array_add (self->marked, marked);
  g_ptr_array_add (self->findings,
                   g_object_new (SENTIENT_TYPE_FINDING, "severity", severity, "code", code, "text",
                                 shown_text, "advice", shown_advice, NULL));
  self->severity = MAX (self->severity, severity);
}

/**
 * sentient_network_report_get_severity:
 * @self: a report
 *
 * Returns: the worst severity of its findings
 *
 * Since: 0.1
 */
SentientSeverity
sentient_network_report_get_severity (SentientNetworkReport *self)
{
  g_return_val_if_fail (SENTIENT_IS_NETWORK_REPORT (self), SENTIENT_SEVERITY_OK);

  return self->severity;
}

static void
append_finding (SentientNetworkReport *self, GString *json, guint i, gboolean hide)
{
  SentientFinding *finding = self->findings->pdata[i];
  Marked *marked = self->marked->pdata[i];
  g_autofree char *text = sentient_hider_show (self->hider, marked->text, hide);
  g_autofree char *advice
      = marked->advice != NULL ? sentient_hider_show (self->hider, marked->advice, hide) : NULL;

  g_string_append_printf (json,
                          "%s{\"severity\":\"%s\",\"code\":\"%s\",\"text\":", i > 0 ? "," : "",
                          sentient_severity_to_string (sentient_finding_get_severity (finding)),
                          sentient_finding_get_code (finding));
  sentient_json_append_string (json, text);
  g_string_append (json, ",\"advice\":");
  sentient_json_append_string (json, advice);
  g_string_append_c (json, '}');
}

/**
 * sentient_network_report_to_json:
 * @self: a report
 * @hide_addresses: put `address-1`, `address-2` … in the place of addresses and names of hosts, the
 *   same for the same one within this report
 *
 * All of it for programs: an object with `ok` (no finding is an error), `severity`, `findings`
 * (each with `severity`, `code`, `text` and `advice`, which may be null), and what was measured:
 * `coordinators`, `stun`, `turn`, `nat`, `ipv6`, and of a #SentientPeer its `connections` (each
 * with `nodeId`, `open`, `relayed`, `reason`, the code of the finding that says why it is relayed,
 * `local` and `remote`, `rtt` and `timeline`: `step` and `ms` each). Times are milliseconds; what
 * is not known is null.
 *
 * Returns: (transfer full): JSON on one line
 *
 * Since: 0.1
 */
char *
sentient_network_report_to_json (SentientNetworkReport *self, gboolean hide_addresses)
{
  GString *json;

  g_return_val_if_fail (SENTIENT_IS_NETWORK_REPORT (self), NULL);

  json = g_string_new (NULL);
  g_string_append_printf (json, "{\"ok\":%s,\"severity\":\"%s\",\"findings\":[",
                          self->severity < SENTIENT_SEVERITY_ERROR ? "true" : "false",
                          sentient_severity_to_string (self->severity));
  for (guint i = 0; i < self->findings->len; i++)
    append_finding (self, json, i, hide_addresses);
  g_string_append_c (json, ']');
  sentient_network_report_append_measured (self, json, hide_addresses);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

/**
 * sentient_network_report_to_text:
 * @self: a report
 * @hide_addresses: put `address-1`, `address-2` … in the place of addresses and names of hosts
 *
 * The findings for a person, who may want to send them to somebody.
 *
 * Returns: (transfer full): a line for each finding, and one for what to do about it
 *
 * Since: 0.1
 */
char *
sentient_network_report_to_text (SentientNetworkReport *self, gboolean hide_addresses)
{
  GString *out;

  g_return_val_if_fail (SENTIENT_IS_NETWORK_REPORT (self), NULL);

  out = g_string_new (NULL);
  for (guint i = 0; i < self->findings->len; i++)
    {
      SentientFinding *finding = self->findings->pdata[i];
      Marked *marked = self->marked->pdata[i];
      g_autofree char *text = sentient_hider_show (self->hider, marked->text, hide_addresses);

      g_string_append_printf (out, "%s: %s (%s)\n",
                              sentient_severity_to_string (sentient_finding_get_severity (finding)),
                              text, sentient_finding_get_code (finding));
      if (marked->advice != NULL)
        {
          g_autofree char *advice
              = sentient_hider_show (self->hider, marked->advice, hide_addresses);

          g_string_append_printf (out, "    %s\n", advice);
        }
    }
  return g_string_free (out, FALSE);
}
