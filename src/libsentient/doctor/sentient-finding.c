/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-finding.h"

#include "core/sentient-enum-types.h"

/**
 * SentientFinding:
 *
 * One thing that a #SentientNetworkDoctor found, and what to do about it. Immutable.
 *
 * Since: 0.1
 */
struct _SentientFinding
{
  GObject parent_instance;

  SentientSeverity severity;
  char *code;
  char *text;
  char *advice;
};

typedef enum
{
  PROP_SEVERITY = 1,
  PROP_CODE,
  PROP_TEXT,
  PROP_ADVICE,
} SentientFindingProperty;

static GParamSpec *properties[PROP_ADVICE + 1];

G_DEFINE_FINAL_TYPE (SentientFinding, sentient_finding, G_TYPE_OBJECT)

static void
sentient_finding_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientFinding *self = SENTIENT_FINDING (object);

  switch ((SentientFindingProperty)prop_id)
    {
    case PROP_SEVERITY:
      g_value_set_enum (value, (gint)self->severity);
      break;
    case PROP_CODE:
      g_value_set_string (value, self->code);
      break;
    case PROP_TEXT:
      g_value_set_string (value, self->text);
      break;
    case PROP_ADVICE:
      g_value_set_string (value, self->advice);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_finding_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  SentientFinding *self = SENTIENT_FINDING (object);

  switch ((SentientFindingProperty)prop_id)
    {
    case PROP_SEVERITY:
      self->severity = (SentientSeverity)g_value_get_enum (value);
      break;
    case PROP_CODE:
      self->code = g_value_dup_string (value);
      break;
    case PROP_TEXT:
      self->text = g_value_dup_string (value);
      break;
    case PROP_ADVICE:
      self->advice = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_finding_finalize (GObject *object)
{
  SentientFinding *self = SENTIENT_FINDING (object);

  g_clear_pointer (&self->code, g_free);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->advice, g_free);

  G_OBJECT_CLASS (sentient_finding_parent_class)->finalize (object);
}

static void
sentient_finding_class_init (SentientFindingClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_EXPLICIT_NOTIFY
                            | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_finding_get_property;
  object_class->set_property = sentient_finding_set_property;
  object_class->finalize = sentient_finding_finalize;

  /**
   * SentientFinding:severity:
   *
   * How much it matters.
   *
   * Since: 0.1
   */
  properties[PROP_SEVERITY] = g_param_spec_enum ("severity", NULL, NULL, SENTIENT_TYPE_SEVERITY,
                                                 SENTIENT_SEVERITY_OK, flags);
  /**
   * SentientFinding:code:
   *
   * A name for programs, such as `turn-credentials`, that stays the same.
   *
   * Since: 0.1
   */
  properties[PROP_CODE] = g_param_spec_string ("code", NULL, NULL, NULL, flags);
  /**
   * SentientFinding:text:
   *
   * What is so, in a sentence or two for a person.
   *
   * Since: 0.1
   */
  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  /**
   * SentientFinding:advice:
   *
   * What to do about it, or %NULL if there is nothing to do.
   *
   * Since: 0.1
   */
  properties[PROP_ADVICE] = g_param_spec_string ("advice", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_finding_init (SentientFinding *self)
{
}

/**
 * sentient_finding_get_severity:
 * @self: a finding
 *
 * Returns: how much it matters
 *
 * Since: 0.1
 */
SentientSeverity
sentient_finding_get_severity (SentientFinding *self)
{
  g_return_val_if_fail (SENTIENT_IS_FINDING (self), SENTIENT_SEVERITY_OK);

  return self->severity;
}

/**
 * sentient_finding_get_code:
 * @self: a finding
 *
 * Returns: its name for programs
 *
 * Since: 0.1
 */
const char *
sentient_finding_get_code (SentientFinding *self)
{
  g_return_val_if_fail (SENTIENT_IS_FINDING (self), NULL);

  return self->code;
}

/**
 * sentient_finding_get_text:
 * @self: a finding
 *
 * Returns: what is so, for a person
 *
 * Since: 0.1
 */
const char *
sentient_finding_get_text (SentientFinding *self)
{
  g_return_val_if_fail (SENTIENT_IS_FINDING (self), NULL);

  return self->text;
}

/**
 * sentient_finding_get_advice:
 * @self: a finding
 *
 * Returns: (nullable): what to do about it; %NULL: nothing
 *
 * Since: 0.1
 */
const char *
sentient_finding_get_advice (SentientFinding *self)
{
  g_return_val_if_fail (SENTIENT_IS_FINDING (self), NULL);

  return self->advice;
}
