/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-tray-menu.h"

#include <glib/gi18n.h>

#include "applet/sentient-tray-menu.h"

/* One item a place; its id is the place plus 1, for 0 is the menu itself. */
typedef struct
{
  const char *label;  /* NULL: the line if it is the first, else a separator */
  const char *action; /* NULL: can only be read */
} Item;

static const Item items[] = {
  { NULL, NULL },
  { NULL, NULL },
  { N_ ("Open Sentient"), "show" },
  { N_ ("Start Sentient"), "start-daemon" },
  { N_ ("Run the Node"), "node" },
  { N_ ("Run a Coordinator"), "coordinator" },
  { N_ ("Settings"), "preferences" },
  { NULL, NULL },
  { N_ ("Quit"), "quit" },
};

#define N_ITEMS ((int)G_N_ELEMENTS (items))

struct _SentientAppletTrayMenu
{
  GObject parent_instance;

  GActionGroup *actions;
  SentientTrayDbusmenu *skeleton;
  char *line;
  guint revision;
};

G_DEFINE_FINAL_TYPE (SentientAppletTrayMenu, sentient_applet_tray_menu, G_TYPE_OBJECT)

static void
sentient_applet_tray_menu_finalize (GObject *object)
{
  SentientAppletTrayMenu *self = SENTIENT_APPLET_TRAY_MENU (object);

  if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->skeleton)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));
  g_clear_object (&self->skeleton);
  g_free (self->line);
  G_OBJECT_CLASS (sentient_applet_tray_menu_parent_class)->finalize (object);
}

static void
sentient_applet_tray_menu_class_init (SentientAppletTrayMenuClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sentient_applet_tray_menu_finalize;
}

/* A label's "_" would be the mark of a key. */
static char *
escape_label (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "_", -1);

  return g_strjoinv ("__", parts);
}

static void
add_action (SentientAppletTrayMenu *self, const char *action, GVariantDict *properties)
{
  gboolean enabled = g_action_group_get_action_enabled (self->actions, action);
  g_autoptr (GVariant) state = g_action_group_get_action_state (self->actions, action);

  g_variant_dict_insert (properties, "enabled", "b", enabled);
  /* What starts the daemon is there only while there is none. */
  if (g_str_equal (action, "start-daemon"))
    g_variant_dict_insert (properties, "visible", "b", enabled);
  if (state != NULL && g_variant_is_of_type (state, G_VARIANT_TYPE_BOOLEAN))
    {
      g_variant_dict_insert (properties, "toggle-type", "s", "checkmark");
      g_variant_dict_insert (properties, "toggle-state", "i", g_variant_get_boolean (state));
    }
}

/* "a{sv}", floating. id 0: the menu. */
static GVariant *
describe_item (SentientAppletTrayMenu *self, int id)
{
  GVariantDict properties;

  g_variant_dict_init (&properties, NULL);
  if (id == 0)
    g_variant_dict_insert (&properties, "children-display", "s", "submenu");
  else if (id == 1)
    {
      g_autofree char *line = escape_label (self->line);

      g_variant_dict_insert (&properties, "label", "s", line);
      g_variant_dict_insert (&properties, "enabled", "b", FALSE);
    }
  else if (items[id - 1].label == NULL)
    g_variant_dict_insert (&properties, "type", "s", "separator");
  else
    {
      g_variant_dict_insert (&properties, "label", "s", _ (items[id - 1].label));
      add_action (self, items[id - 1].action, &properties);
    }
  return g_variant_dict_end (&properties);
}

static gboolean
on_get_layout (SentientTrayDbusmenu *skeleton,
               GDBusMethodInvocation *call,
               int parent_id,
               int depth,
               const char *const *names,
               SentientAppletTrayMenu *self)
{
  GVariantBuilder children;

  if (parent_id < 0 || parent_id > N_ITEMS)
    {
      g_dbus_method_invocation_return_error (call, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                             "There is no item %d", parent_id);
      return TRUE;
    }

  g_variant_builder_init (&children, G_VARIANT_TYPE ("av"));
  for (int id = 1; parent_id == 0 && depth != 0 && id <= N_ITEMS; id++)
    g_variant_builder_add (&children, "v",
                           g_variant_new ("(i@a{sv}@av)", id, describe_item (self, id),
                                          g_variant_new ("av", NULL)));
  sentient_tray_dbusmenu_complete_get_layout (skeleton, call, self->revision,
                                              g_variant_new ("(i@a{sv}av)", parent_id,
                                                             describe_item (self, parent_id),
                                                             &children));
  return TRUE;
}

static gboolean
on_get_group_properties (SentientTrayDbusmenu *skeleton,
                         GDBusMethodInvocation *call,
                         GVariant *ids,
                         const char *const *names,
                         SentientAppletTrayMenu *self)
{
  GVariantBuilder all;
  gsize n;
  const gint32 *wanted = g_variant_get_fixed_array (ids, &n, sizeof (gint32));

  g_variant_builder_init (&all, G_VARIANT_TYPE ("a(ia{sv})"));
  if (n == 0) /* all of them */
    for (int id = 0; id <= N_ITEMS; id++)
      g_variant_builder_add (&all, "(i@a{sv})", id, describe_item (self, id));
  for (gsize i = 0; i < MIN (n, (gsize)N_ITEMS + 1); i++)
    if (wanted[i] >= 0 && wanted[i] <= N_ITEMS)
      g_variant_builder_add (&all, "(i@a{sv})", wanted[i], describe_item (self, wanted[i]));
  sentient_tray_dbusmenu_complete_get_group_properties (skeleton, call,
                                                        g_variant_builder_end (&all));
  return TRUE;
}

static gboolean
on_get_property (SentientTrayDbusmenu *skeleton,
                 GDBusMethodInvocation *call,
                 int id,
                 const char *name,
                 SentientAppletTrayMenu *self)
{
  g_autoptr (GVariant) properties
      = id >= 0 && id <= N_ITEMS ? g_variant_ref_sink (describe_item (self, id)) : NULL;
  g_autoptr (GVariant) value
      = properties != NULL ? g_variant_lookup_value (properties, name, NULL) : NULL;

  if (value == NULL)
    g_dbus_method_invocation_return_error (call, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                           "There is no item %d with a property %s", id, name);
  else
    sentient_tray_dbusmenu_complete_get_property (skeleton, call, g_variant_new_variant (value));
  return TRUE;
}

static gboolean
on_event_of (SentientAppletTrayMenu *self, int id, const char *event)
{
  if (id < 0 || id > N_ITEMS)
    return FALSE;
  if (g_str_equal (event, "clicked") && id > 0 && items[id - 1].action != NULL)
    g_action_group_activate_action (self->actions, items[id - 1].action, NULL);
  return TRUE;
}

static gboolean
on_event (SentientTrayDbusmenu *skeleton,
          GDBusMethodInvocation *call,
          int id,
          const char *event,
          GVariant *data,
          guint timestamp,
          SentientAppletTrayMenu *self)
{
  sentient_tray_dbusmenu_complete_event (skeleton, call);
  on_event_of (self, id, event);
  return TRUE;
}

static gboolean
on_event_group (SentientTrayDbusmenu *skeleton,
                GDBusMethodInvocation *call,
                GVariant *events,
                SentientAppletTrayMenu *self)
{
  GVariantBuilder unknown;
  GVariantIter iter;
  const char *event;
  int id;

  g_variant_builder_init (&unknown, G_VARIANT_TYPE ("ai"));
  g_variant_iter_init (&iter, events);
  while (g_variant_iter_next (&iter, "(i&s@vu)", &id, &event, NULL, NULL))
    if (!on_event_of (self, id, event))
      g_variant_builder_add (&unknown, "i", id);
  sentient_tray_dbusmenu_complete_event_group (skeleton, call, g_variant_builder_end (&unknown));
  return TRUE;
}

static gboolean
on_about_to_show (SentientTrayDbusmenu *skeleton, GDBusMethodInvocation *call, int id)
{
  sentient_tray_dbusmenu_complete_about_to_show (skeleton, call, FALSE);
  return TRUE;
}

static gboolean
on_about_to_show_group (SentientTrayDbusmenu *skeleton, GDBusMethodInvocation *call, GVariant *ids)
{
  sentient_tray_dbusmenu_complete_about_to_show_group (skeleton, call, g_variant_new ("ai", NULL),
                                                       g_variant_new ("ai", NULL));
  return TRUE;
}

static void
tell (SentientAppletTrayMenu *self)
{
  if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->skeleton)) == NULL)
    return;
  self->revision++;
  sentient_tray_dbusmenu_emit_layout_updated (self->skeleton, self->revision, 0);
}

static void
sentient_applet_tray_menu_init (SentientAppletTrayMenu *self)
{
  self->line = g_strdup ("");
  self->revision = 1;
  self->skeleton = sentient_tray_dbusmenu_skeleton_new ();
  sentient_tray_dbusmenu_set_version (self->skeleton, 3);
  sentient_tray_dbusmenu_set_status (self->skeleton, "normal");
  sentient_tray_dbusmenu_set_text_direction (self->skeleton, "ltr");
#define CONNECT(signal, handler)                                                                   \
  g_signal_connect_object (self->skeleton, signal, G_CALLBACK (handler), self, 0)
  CONNECT ("handle-get-layout", on_get_layout);
  CONNECT ("handle-get-group-properties", on_get_group_properties);
  CONNECT ("handle-get-property", on_get_property);
  CONNECT ("handle-event", on_event);
  CONNECT ("handle-event-group", on_event_group);
  CONNECT ("handle-about-to-show", on_about_to_show);
  CONNECT ("handle-about-to-show-group", on_about_to_show_group);
#undef CONNECT
}

SentientAppletTrayMenu *
sentient_applet_tray_menu_new (GActionGroup *actions)
{
  SentientAppletTrayMenu *self = g_object_new (SENTIENT_TYPE_APPLET_TRAY_MENU, NULL);

  self->actions = actions;
  g_signal_connect_object (actions, "action-enabled-changed", G_CALLBACK (tell), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (actions, "action-state-changed", G_CALLBACK (tell), self,
                           G_CONNECT_SWAPPED);
  return self;
}

gboolean
sentient_applet_tray_menu_export (SentientAppletTrayMenu *self,
                                  GDBusConnection *connection,
                                  const char *path,
                                  GError **error)
{
  return g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), connection,
                                           path, error);
}

void
sentient_applet_tray_menu_set_line (SentientAppletTrayMenu *self, const char *line)
{
  if (g_str_equal (self->line, line))
    return;
  g_free (self->line);
  self->line = g_strdup (line);
  tell (self);
}
