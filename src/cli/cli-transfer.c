/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-transfer.h"

#include <glib/gi18n.h>

#include "cli-json.h"
#include "cli-output.h"
#include "client/sentient-client.h"
#include "peer/sentient-transfer.h"

static char *
dup_or_empty (const char *text)
{
  return g_strdup (text != NULL ? text : "");
}

static void
init_own (CliTransfer *self, SentientTransfer *transfer)
{
  const GError *error = sentient_transfer_get_error (transfer);
  GFile *file = sentient_transfer_get_file (transfer);

  self->number = sentient_transfer_get_number (transfer);
  self->outgoing
      = sentient_transfer_get_direction (transfer) == SENTIENT_TRANSFER_DIRECTION_OUTGOING;
  self->node_id = g_strdup (sentient_transfer_get_node_id (transfer));
  self->name = g_strdup (sentient_transfer_get_name (transfer));
  self->media_type = dup_or_empty (sentient_transfer_get_content_type (transfer));
  self->size = sentient_transfer_get_size (transfer);
  self->done = sentient_transfer_get_done (transfer);
  self->rate = sentient_transfer_get_rate (transfer);
  self->remaining = sentient_transfer_get_remaining (transfer);
  self->state
      = g_strdup (sentient_transfer_state_to_string (sentient_transfer_get_state (transfer)));
  self->error = dup_or_empty (error != NULL ? error->message : NULL);
  self->file = file != NULL && !self->outgoing ? g_file_get_parse_name (file) : g_strdup ("");
}

void
cli_transfer_init (CliTransfer *self, gpointer transfer)
{
  SentientDBusTransfer *proxy = transfer;

  if (SENTIENT_IS_TRANSFER (transfer))
    {
      init_own (self, transfer);
      return;
    }
  self->number = sentient_client_get_transfer_number (proxy);
  self->outgoing = g_strcmp0 (sentient_dbus_transfer_get_direction (proxy), "outgoing") == 0;
  self->node_id = dup_or_empty (sentient_dbus_transfer_get_node_id (proxy));
  self->name = dup_or_empty (sentient_dbus_transfer_get_name (proxy));
  self->media_type = dup_or_empty (sentient_dbus_transfer_get_media_type (proxy));
  self->size = sentient_dbus_transfer_get_size (proxy);
  self->done = sentient_dbus_transfer_get_transferred (proxy);
  self->rate = sentient_dbus_transfer_get_rate (proxy);
  self->remaining = sentient_dbus_transfer_get_remaining (proxy);
  self->state = dup_or_empty (sentient_dbus_transfer_get_state (proxy));
  self->error = dup_or_empty (sentient_dbus_transfer_get_error (proxy));
  self->file = dup_or_empty (sentient_dbus_transfer_get_file (proxy));
}

void
cli_transfer_clear (CliTransfer *self)
{
  g_clear_pointer (&self->node_id, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->media_type, g_free);
  g_clear_pointer (&self->state, g_free);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->file, g_free);
}

gboolean
cli_transfer_is_over (gpointer transfer)
{
  return SENTIENT_IS_TRANSFER (transfer) ? sentient_transfer_is_over (transfer)
                                         : sentient_client_transfer_is_over (transfer);
}

void
cli_transfer_cancel (gpointer transfer)
{
  if (SENTIENT_IS_TRANSFER (transfer))
    sentient_transfer_cancel (transfer);
  else
    sentient_dbus_transfer_call_cancel (transfer, NULL, NULL, NULL);
}

/* For people */

static char *
dup_amount (const CliTransfer *self)
{
  g_autofree char *done = g_format_size (self->done);
  g_autofree char *size = self->size >= 0 ? g_format_size ((guint64)self->size) : NULL;

  return size != NULL ? g_strdup_printf (_ ("%s of %s"), done, size) : g_steal_pointer (&done);
}

static guint
percent (const CliTransfer *self)
{
  return self->size > 0 ? (guint)(100.0 * (double)self->done / (double)self->size) : 0;
}

char *
cli_transfer_dup_progress (const CliTransfer *self)
{
  g_autofree char *name = cli_escape (self->name, -1);
  g_autofree char *rate = g_format_size (self->rate);
  g_autofree char *amount = dup_amount (self);
  GString *text = g_string_new (NULL);

  if (g_str_equal (self->state, "offered"))
    {
      if (self->outgoing)
        g_string_append_printf (text, _ ("%s waits until %s takes it"), name, self->node_id);
      else
        g_string_append_printf (text, _ ("%s of %s waits for an answer"), name, self->node_id);
      return g_string_free (text, FALSE);
    }
  g_string_append_printf (text, self->outgoing ? _ ("%s to %s: ") : _ ("%s from %s: "), name,
                          self->node_id);
  if (self->size >= 0)
    g_string_append_printf (text, _ ("%u %%, "), percent (self));
  g_string_append (text, amount);
  if (self->rate > 0)
    g_string_append_printf (text, _ (", %s/s"), rate);
  if (self->remaining >= 0)
    {
      g_autofree char *left = cli_format_duration (self->remaining * 1000);

      g_string_append_printf (text, _ (", %s left"), left);
    }
  return g_string_free (text, FALSE);
}

/* An empty file has no rate. */
static char *
dup_size_and_rate (const CliTransfer *self)
{
  g_autofree char *size = g_format_size (self->done);
  g_autofree char *rate = g_format_size (self->rate);

  return self->rate > 0 ? g_strdup_printf (_ ("%s, %s/s"), size, rate) : g_steal_pointer (&size);
}

gboolean
cli_transfer_say_end (const CliTransfer *self)
{
  g_autofree char *name = cli_escape (self->name, -1);
  g_autofree char *size = dup_size_and_rate (self);
  g_autofree char *file = cli_escape (self->file, -1);
  g_autofree char *why = cli_escape (self->error, -1);

  if (!g_str_equal (self->state, "done"))
    {
      cli_complain ("%s", *why != '\0' ? why : self->state);
      return FALSE;
    }
  if (self->outgoing)
    cli_say (CLI_GOOD, _ ("Sent %s to %s: %s."), name, self->node_id, size);
  else if (*file != '\0')
    cli_say (CLI_GOOD, _ ("Got %s from %s: %s. It is stored as %s"), name, self->node_id, size,
             file);
  else
    cli_say (CLI_GOOD, _ ("Got %s from %s: %s."), name, self->node_id, size);
  return TRUE;
}

CliTable *
cli_transfer_new_table (void)
{
  static const CliColumn columns[] = {
    { N_ ("NUMBER"), TRUE }, { N_ ("WAY") },
    { N_ ("NODE") },         { N_ ("STATE") },
    { N_ ("DONE"), TRUE },   { N_ ("OF"), TRUE },
    { N_ ("RATE"), TRUE },   { N_ ("LEFT"), TRUE },
    { N_ ("NAME") },         { N_ ("NOTE"), FALSE, TRUE },
  };

  return cli_table_new (columns, G_N_ELEMENTS (columns), TRUE);
}

void
cli_transfer_add_row (CliTable *table, const CliTransfer *self)
{
  g_autofree char *rate = g_format_size (self->rate);

  cli_table_take (table, g_strdup_printf ("%" G_GUINT64_FORMAT, self->number));
  cli_table_add (table, self->outgoing ? _ ("to") : _ ("from"));
  cli_table_add (table, self->node_id);
  cli_table_add (table, self->state);
  cli_table_take (table, g_format_size (self->done));
  cli_table_take (table, self->size >= 0 ? g_format_size ((guint64)self->size) : NULL);
  cli_table_take (table, self->rate > 0 && g_str_equal (self->state, "active")
                             ? g_strdup_printf (_ ("%s/s"), rate)
                             : NULL);
  cli_table_take (table,
                  self->remaining >= 0 ? cli_format_duration (self->remaining * 1000) : NULL);
  cli_table_add (table, self->name);
  cli_table_add (table, *self->error != '\0' ? self->error : self->file);
}

/* For programs */

void
cli_transfer_add_json (JsonBuilder *json, const CliTransfer *self)
{
  json_builder_begin_object (json);
  cli_json_int (json, "number", (gint64)self->number);
  cli_json_string (json, "direction", self->outgoing ? "outgoing" : "incoming");
  cli_json_string (json, "nodeId", self->node_id);
  cli_json_string (json, "name", self->name);
  cli_json_string_or_null (json, "mediaType", self->media_type);
  cli_json_int (json, "size", self->size);
  cli_json_int (json, "transferred", (gint64)self->done);
  cli_json_int (json, "rate", (gint64)self->rate);
  cli_json_int (json, "remaining", self->remaining);
  cli_json_string (json, "state", self->state);
  cli_json_string_or_null (json, "file", self->file);
  cli_json_string_or_null (json, "error", self->error);
  json_builder_end_object (json);
}

void
cli_transfer_print_json (const CliTransfer *self)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  cli_transfer_add_json (json, self);
  cli_json_print (json);
}
