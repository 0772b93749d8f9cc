/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-tray.h"

#include <cairo.h>
#include <glib/gi18n.h>

#include "applet/sentient-applet-tray-menu.h"
#include "applet/sentient-tray-item.h"

#define ITEM_PATH "/StatusNotifierItem" /* where trays look under a name */
#define MENU_PATH "/StatusNotifierItem/Menu"
#define WATCHER "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH "/StatusNotifierWatcher"

struct _SentientAppletTray
{
  GObject parent_instance;

  GActionGroup *actions;
  GDBusConnection *connection;
  SentientTrayStatusNotifierItem *item;
  SentientAppletTrayMenu *menu;
  GCancellable *cancellable; /* of the calls to the present tray */
  guint watch_id;
  guint host_id;
  gboolean registered;
  gboolean has_host;
  guint32 colour;
};

typedef enum
{
  PROP_PRESENT = 1,
} SentientAppletTrayProperty;

static GParamSpec *properties[PROP_PRESENT + 1];

G_DEFINE_FINAL_TYPE (SentientAppletTray, sentient_applet_tray, G_TYPE_OBJECT)

static void
sentient_applet_tray_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SentientAppletTray *self = SENTIENT_APPLET_TRAY (object);

  switch ((SentientAppletTrayProperty)prop_id)
    {
    case PROP_PRESENT:
      g_value_set_boolean (value, sentient_applet_tray_is_present (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_applet_tray_finalize (GObject *object)
{
  SentientAppletTray *self = SENTIENT_APPLET_TRAY (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->watch_id, g_bus_unwatch_name);
  if (self->host_id != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, self->host_id);
  if (self->item != NULL
      && g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->item)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->item));
  g_clear_object (&self->item);
  g_clear_object (&self->menu);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (sentient_applet_tray_parent_class)->finalize (object);
}

static void
sentient_applet_tray_class_init (SentientAppletTrayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_applet_tray_get_property;
  object_class->finalize = sentient_applet_tray_finalize;

  properties[PROP_PRESENT] = g_param_spec_boolean ("present", NULL, NULL, FALSE,
                                                   G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_applet_tray_init (SentientAppletTray *self)
{
}

gboolean
sentient_applet_tray_is_present (SentientAppletTray *self)
{
  return self->registered && self->has_host;
}

static void
set_present (SentientAppletTray *self, gboolean registered, gboolean has_host)
{
  gboolean was = sentient_applet_tray_is_present (self);

  self->registered = registered;
  self->has_host = has_host;
  if (was != sentient_applet_tray_is_present (self))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PRESENT]);
}

/* The picture of the program: three nodes, joined. */
static void
draw (cairo_t *cr, int size, guint32 colour)
{
  static const double nodes[3][2] = { { 0.5, 0.2 }, { 0.2, 0.75 }, { 0.8, 0.75 } };

  cairo_set_source_rgb (cr, ((colour >> 16) & 0xff) / 255.0, ((colour >> 8) & 0xff) / 255.0,
                        (colour & 0xff) / 255.0);
  cairo_set_line_width (cr, size * 0.09);
  for (guint i = 0; i < 3; i++)
    cairo_line_to (cr, nodes[i][0] * size, nodes[i][1] * size);
  cairo_close_path (cr);
  cairo_stroke (cr);
  for (guint i = 0; i < 3; i++)
    {
      cairo_arc (cr, nodes[i][0] * size, nodes[i][1] * size, size * 0.17, 0, 2 * G_PI);
      cairo_fill (cr);
    }
}

/* "(iiay)", floating. */
static GVariant *
new_pixmap (int size, guint32 colour)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, size, size);
  cairo_t *cr = cairo_create (surface);
  g_autofree guint32 *pixels = g_new (guint32, size * size);
  int stride = cairo_image_surface_get_stride (surface);
  const guchar *data;

  draw (cr, size, colour);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  data = cairo_image_surface_get_data (surface);
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      pixels[y * size + x] = GUINT32_TO_BE (((const guint32 *)(data + y * stride))[x]);
  cairo_surface_destroy (surface);

  return g_variant_new ("(ii@ay)", size, size,
                        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, pixels,
                                                   (gsize)size * size * 4, 1));
}

static GVariant *
new_pixmaps (guint32 colour)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(iiay)"));
  g_variant_builder_add_value (&builder, new_pixmap (22, colour));
  g_variant_builder_add_value (&builder, new_pixmap (48, colour));
  return g_variant_builder_end (&builder);
}

static gboolean
on_activate (SentientTrayStatusNotifierItem *item,
             GDBusMethodInvocation *call,
             int x,
             int y,
             SentientAppletTray *self)
{
  sentient_tray_status_notifier_item_complete_activate (item, call);
  g_action_group_activate_action (self->actions, "show", NULL);
  return TRUE;
}

/* The tray shows the menu by itself. */
static gboolean
on_context_menu (SentientTrayStatusNotifierItem *item, GDBusMethodInvocation *call)
{
  sentient_tray_status_notifier_item_complete_context_menu (item, call);
  return TRUE;
}

static gboolean
on_secondary_activate (SentientTrayStatusNotifierItem *item, GDBusMethodInvocation *call)
{
  sentient_tray_status_notifier_item_complete_secondary_activate (item, call);
  return TRUE;
}

static gboolean
on_scroll (SentientTrayStatusNotifierItem *item, GDBusMethodInvocation *call)
{
  sentient_tray_status_notifier_item_complete_scroll (item, call);
  return TRUE;
}

static void
on_has_host (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  SentientAppletTray *self = user_data;
  g_autoptr (GVariant) value = NULL;

  /* Another tray, or self is gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  if (value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    set_present (self, self->registered, g_variant_get_boolean (value));
}

static void
ask_for_host (SentientAppletTray *self)
{
  g_dbus_connection_call (self->connection, WATCHER, WATCHER_PATH,
                          "org.freedesktop.DBus.Properties", "Get",
                          g_variant_new ("(ss)", WATCHER, "IsStatusNotifierHostRegistered"),
                          G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                          self->cancellable, on_has_host, self);
}

static void
on_registered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  SentientAppletTray *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (reply == NULL)
    {
      g_message ("The tray does not take the icon: %s", error->message);
      return;
    }
  set_present (self, TRUE, self->has_host);
  ask_for_host (self);
}

static void
on_host_signal (GDBusConnection *connection,
                const char *sender,
                const char *path,
                const char *interface,
                const char *signal,
                GVariant *parameters,
                gpointer user_data)
{
  SentientAppletTray *self = user_data;

  if (self->cancellable != NULL && g_str_has_prefix (signal, "StatusNotifierHost"))
    ask_for_host (self);
}

static void
on_watcher_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  SentientAppletTray *self = user_data;

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  set_present (self, FALSE, FALSE);
}

static void
on_watcher_appeared (GDBusConnection *connection,
                     const char *name,
                     const char *owner,
                     gpointer user_data)
{
  SentientAppletTray *self = user_data;

  on_watcher_vanished (connection, name, self);
  self->cancellable = g_cancellable_new ();
  g_dbus_connection_call (connection, WATCHER, WATCHER_PATH, WATCHER, "RegisterStatusNotifierItem",
                          g_variant_new ("(s)", g_dbus_connection_get_unique_name (connection)),
                          NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, self->cancellable,
                          on_registered, self);
}

static void
set_up_item (SentientAppletTray *self)
{
  SentientTrayStatusNotifierItem *item = sentient_tray_status_notifier_item_skeleton_new ();

  self->item = item;
  sentient_tray_status_notifier_item_set_category (item, "Communications");
  sentient_tray_status_notifier_item_set_id (item, "sentient");
  sentient_tray_status_notifier_item_set_title (item, _ ("Sentient"));
  sentient_tray_status_notifier_item_set_status (item, "Active");
  sentient_tray_status_notifier_item_set_menu (item, MENU_PATH);
  sentient_tray_status_notifier_item_set_icon_theme_path (item, "");
  sentient_tray_status_notifier_item_set_icon_name (item, "");
  sentient_tray_status_notifier_item_set_overlay_icon_name (item, "");
  sentient_tray_status_notifier_item_set_attention_icon_name (item, "");
  sentient_tray_status_notifier_item_set_icon_pixmap (item, new_pixmaps (0));
  sentient_tray_status_notifier_item_set_overlay_icon_pixmap (item,
                                                              g_variant_new ("a(iiay)", NULL));
  sentient_tray_status_notifier_item_set_attention_icon_pixmap (item,
                                                                g_variant_new ("a(iiay)", NULL));
  sentient_tray_status_notifier_item_set_tool_tip (item, g_variant_new ("(sa(iiay)ss)", "", NULL,
                                                                        _ ("Sentient"), ""));
#define CONNECT(signal, handler)                                                                   \
  g_signal_connect_object (item, signal, G_CALLBACK (handler), self, 0)
  CONNECT ("handle-activate", on_activate);
  CONNECT ("handle-context-menu", on_context_menu);
  CONNECT ("handle-secondary-activate", on_secondary_activate);
  CONNECT ("handle-scroll", on_scroll);
#undef CONNECT
}

SentientAppletTray *
sentient_applet_tray_new (GActionGroup *actions, GDBusConnection *connection)
{
  SentientAppletTray *self = g_object_new (SENTIENT_TYPE_APPLET_TRAY, NULL);
  g_autoptr (GError) error = NULL;

  self->actions = actions;
  self->menu = sentient_applet_tray_menu_new (actions);
  set_up_item (self);
  if (connection == NULL)
    return self;

  self->connection = g_object_ref (connection);
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->item), connection,
                                         ITEM_PATH, &error)
      || !sentient_applet_tray_menu_export (self->menu, connection, MENU_PATH, &error))
    {
      g_message ("There is no icon in the tray: %s", error->message);
      return self;
    }
  self->host_id
      = g_dbus_connection_signal_subscribe (connection, WATCHER, WATCHER, NULL, WATCHER_PATH, NULL,
                                            G_DBUS_SIGNAL_FLAGS_NONE, on_host_signal, self, NULL);
  self->watch_id
      = g_bus_watch_name_on_connection (connection, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                        on_watcher_appeared, on_watcher_vanished, self, NULL);
  return self;
}

static void
set_icon (SentientAppletTray *self, const char *icon_name, guint32 colour)
{
  if (self->colour == colour
      && g_strcmp0 (sentient_tray_status_notifier_item_get_icon_name (self->item), icon_name) == 0)
    return;

  self->colour = colour;
  sentient_tray_status_notifier_item_set_icon_name (self->item, icon_name);
  sentient_tray_status_notifier_item_set_icon_pixmap (self->item, new_pixmaps (colour));
  sentient_tray_status_notifier_item_emit_new_icon (self->item);
}

void
sentient_applet_tray_set_state (SentientAppletTray *self,
                                const char *icon_name,
                                guint32 colour,
                                const char *line,
                                guint unread)
{
  const char *status = unread > 0 ? "NeedsAttention" : "Active";
  g_autofree char *with_unread
      = unread > 0 ? g_strdup_printf (ngettext ("%s · %u unread message", "%s · %u unread messages",
                                                unread),
                                      line, unread)
                   : g_strdup (line);

  set_icon (self, icon_name, colour);
  sentient_applet_tray_menu_set_line (self->menu, with_unread);
  sentient_tray_status_notifier_item_set_attention_icon_name (self->item, icon_name);
  sentient_tray_status_notifier_item_set_tool_tip (self->item,
                                                   g_variant_new ("(sa(iiay)ss)", "", NULL,
                                                                  _ ("Sentient"), with_unread));
  sentient_tray_status_notifier_item_emit_new_tool_tip (self->item);
  if (g_strcmp0 (sentient_tray_status_notifier_item_get_status (self->item), status) != 0)
    {
      sentient_tray_status_notifier_item_set_status (self->item, status);
      sentient_tray_status_notifier_item_emit_new_status (self->item, status);
    }
}
