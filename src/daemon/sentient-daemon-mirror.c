/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sentient-daemon-mirror.h"

struct _SentientDaemonMirror
{
  GListModel *model;
  GPtrArray *items; /* what the model has, in its order: a model does not say what it removed */
  SentientDaemonMirrorFunc came;
  SentientDaemonMirrorFunc went;
  gpointer user_data;
};

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  SentientDaemonMirror *self = user_data;

  for (guint i = 0; i < removed; i++)
    {
      g_autoptr (GObject) item = g_ptr_array_steal_index (self->items, position);

      self->went (item, self->user_data);
    }
  for (guint i = position; i < position + added; i++)
    {
      gpointer item = g_list_model_get_item (model, i);

      g_ptr_array_insert (self->items, (int)i, item);
      self->came (item, self->user_data);
    }
}

SentientDaemonMirror *
sentient_daemon_mirror_new (GListModel *model,
                            SentientDaemonMirrorFunc came,
                            SentientDaemonMirrorFunc went,
                            gpointer user_data)
{
  SentientDaemonMirror *self = g_new0 (SentientDaemonMirror, 1);

  self->model = g_object_ref (model);
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->came = came;
  self->went = went;
  self->user_data = user_data;
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), self);
  on_items_changed (model, 0, 0, g_list_model_get_n_items (model), self);
  return self;
}

void
sentient_daemon_mirror_free (SentientDaemonMirror *self)
{
  g_signal_handlers_disconnect_by_data (self->model, self);
  on_items_changed (self->model, 0, self->items->len, 0, self);
  g_ptr_array_unref (self->items);
  g_object_unref (self->model);
  g_free (self);
}
