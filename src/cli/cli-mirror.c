/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-mirror.h"

struct _CliMirror
{
  GListModel *model;
  gulong changed_id;
  GPtrArray *items;
  CliMirrorFunc added;
  CliMirrorFunc removed;
  gpointer user_data;
};

static void
insert (CliMirror *self, guint position, guint n, gboolean known)
{
  for (guint i = position; i < position + n; i++)
    {
      gpointer item = g_list_model_get_item (self->model, i);

      g_ptr_array_insert (self->items, i, item);
      self->added (item, known, self->user_data);
    }
}

static void
on_changed (GListModel *model, guint position, guint n_removed, guint n_added, gpointer user_data)
{
  CliMirror *self = user_data;

  for (guint i = 0; i < n_removed; i++)
    {
      g_autoptr (GObject) item = g_ptr_array_steal_index (self->items, position);

      self->removed (item, FALSE, self->user_data);
    }
  insert (self, position, n_added, FALSE);
}

CliMirror *
cli_mirror_new (GListModel *model, CliMirrorFunc added, CliMirrorFunc removed, gpointer user_data)
{
  CliMirror *self = g_new0 (CliMirror, 1);

  self->model = g_object_ref (model);
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->added = added;
  self->removed = removed;
  self->user_data = user_data;
  self->changed_id = g_signal_connect (model, "items-changed", G_CALLBACK (on_changed), self);
  insert (self, 0, g_list_model_get_n_items (model), TRUE);
  return self;
}

void
cli_mirror_free (CliMirror *self)
{
  g_clear_signal_handler (&self->changed_id, self->model);
  for (guint i = 0; i < self->items->len; i++)
    self->removed (g_ptr_array_index (self->items, i), TRUE, self->user_data);
  g_ptr_array_unref (self->items);
  g_object_unref (self->model);
  g_free (self);
}
