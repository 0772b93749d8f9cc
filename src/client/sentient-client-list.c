/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/sentient-client-list.h"

#include <string.h>

guint64
sentient_client_path_number (const char *path)
{
  const char *slash = strrchr (path, '/');
  guint64 number = 0;

  if (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 0, G_MAXUINT64, &number, NULL))
    number = 0;
  return number;
}

const char *
sentient_client_proxy_path (gpointer proxy)
{
  return g_dbus_proxy_get_object_path (G_DBUS_PROXY (proxy));
}

void
sentient_client_list_insert (GListStore *list, gpointer item, SentientClientPathFunc get_path)
{
  guint64 number = sentient_client_path_number (get_path (item));
  guint position = g_list_model_get_n_items (G_LIST_MODEL (list));

  for (; position > 0; position--)
    {
      g_autoptr (GObject) before = g_list_model_get_item (G_LIST_MODEL (list), position - 1);

      if (sentient_client_path_number (get_path (before)) <= number)
        break;
    }
  g_list_store_insert (list, position, item);
}

void
sentient_client_list_remove (GListStore *list, const char *path, SentientClientPathFunc get_path)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (list)); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (list), i);

      if (g_str_equal (get_path (item), path))
        {
          g_list_store_remove (list, i);
          return;
        }
    }
}
