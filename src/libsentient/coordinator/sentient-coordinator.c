/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coordinator/sentient-coordinator.h"

#include <unistd.h>

#include "coordinator/sentient-coordinator-private.h"
#include "core/sentient-enum-types.h"

/**
 * SentientCoordinator:
 *
 * Introduces nodes to each other: it keeps rooms, relays their offers, answers and ICE candidates
 * by WebSocket and long poll, and never sees what they say to each other afterwards.
 *
 * A coordinator lives on the thread-default main context of the thread that made it. Set its
 * properties, then call sentient_coordinator_start(). Programs may join its rooms directly, with
 * sentient_coordinator_join() and sentient_coordinator_poll_async(); such a node is treated like
 * one that comes by HTTP: it is lost #SentientCoordinator:silence-timeout after its last call.
 *
 * Since: 0.1
 */

enum
{
  SIGNAL_PEER_JOINED,
  SIGNAL_PEER_LEFT,
  SIGNAL_ROOM_ADDED,
  SIGNAL_ROOM_REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SentientCoordinator, sentient_coordinator, G_TYPE_OBJECT)

static void
on_member_joined (SentientDirectory *directory,
                  SentientRoom *room,
                  SentientMember *member,
                  gpointer user_data)
{
  SentientCoordinator *self = user_data;

  sentient_coordinator_notify_peer_count (self);
  g_signal_emit (self, signals[SIGNAL_PEER_JOINED], 0, room, member);
}

static void
on_member_left (SentientDirectory *directory,
                SentientRoom *room,
                SentientMember *member,
                int reason,
                gpointer user_data)
{
  SentientCoordinator *self = user_data;

  sentient_coordinator_notify_peer_count (self);
  g_signal_emit (self, signals[SIGNAL_PEER_LEFT], 0, room, member, (SentientLeaveReason)reason);
}

static void
on_rooms_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  SentientCoordinator *self = user_data;

  for (guint i = 0; i < removed; i++)
    {
      g_autoptr (SentientRoom) room = g_object_ref (self->rooms->pdata[position]);

      g_ptr_array_remove_index (self->rooms, position);
      g_signal_emit (self, signals[SIGNAL_ROOM_REMOVED], 0, room);
    }
  for (guint i = 0; i < added; i++)
    {
      SentientRoom *room = g_list_model_get_item (model, position + i);

      g_ptr_array_insert (self->rooms, position + i, room);
      g_signal_emit (self, signals[SIGNAL_ROOM_ADDED], 0, room);
    }
}

static void
sentient_coordinator_constructed (GObject *object)
{
  SentientCoordinator *self = SENTIENT_COORDINATOR (object);

  G_OBJECT_CLASS (sentient_coordinator_parent_class)->constructed (object);

  if (self->clock == NULL)
    self->clock = sentient_clock_new_system ();
  if (self->node_id == NULL)
    self->node_id = sentient_name_new_random ();
  self->context = g_main_context_ref_thread_default ();
  self->directory = sentient_directory_new (self->clock);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->directory)); i++)
    g_ptr_array_add (self->rooms, g_list_model_get_item (G_LIST_MODEL (self->directory), i));
  g_signal_connect_object (self->directory, "member-joined", G_CALLBACK (on_member_joined), self,
                           0);
  g_signal_connect_object (self->directory, "member-left", G_CALLBACK (on_member_left), self, 0);
  g_signal_connect_object (self->directory, "items-changed", G_CALLBACK (on_rooms_changed), self,
                           0);
}

static void
sentient_coordinator_dispose (GObject *object)
{
  SentientCoordinator *self = SENTIENT_COORDINATOR (object);

  if (self->engine != NULL && sentient_engine_is_busy (self->engine))
    {
      sentient_coordinator_live_on (self);
      return;
    }

  sentient_coordinator_tear_down (self);
  sentient_coordinator_set_metrics_func (self, NULL, NULL, NULL);
  g_clear_object (&self->directory);
  G_OBJECT_CLASS (sentient_coordinator_parent_class)->dispose (object);
}

static void
sentient_coordinator_finalize (GObject *object)
{
  SentientCoordinator *self = SENTIENT_COORDINATOR (object);

  g_ptr_array_unref (self->rooms);
  g_ptr_array_unref (self->seed_reports);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->host);
  g_free (self->node_id);
  g_free (self->network_id);
  g_free (self->static_dir);
  g_free (self->handover_file);
  for (guint i = 0; i < self->sockets->len; i++)
    close (g_array_index (self->sockets, int, i));
  g_array_unref (self->sockets);
  g_free (self->public_url);
  g_strfreev (self->trusted_proxies);
  g_strfreev (self->allowed_origins);
  g_strfreev (self->stun_servers);
  g_strfreev (self->turn_servers);
  g_strfreev (self->seeds);
  G_OBJECT_CLASS (sentient_coordinator_parent_class)->finalize (object);
}

static void
sentient_coordinator_class_init (SentientCoordinatorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = sentient_coordinator_constructed;
  object_class->dispose = sentient_coordinator_dispose;
  object_class->finalize = sentient_coordinator_finalize;

  sentient_coordinator_install_properties (object_class);

  /**
   * SentientCoordinator::peer-joined:
   * @self: the coordinator
   * @room: a room
   * @member: who joined it
   *
   * Since: 0.1
   */
  signals[SIGNAL_PEER_JOINED]
      = g_signal_new ("peer-joined", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 2, SENTIENT_TYPE_ROOM, SENTIENT_TYPE_MEMBER);
  /**
   * SentientCoordinator::peer-left:
   * @self: the coordinator
   * @room: a room
   * @member: who was in it
   * @reason: why it is not any more
   *
   * Since: 0.1
   */
  signals[SIGNAL_PEER_LEFT]
      = g_signal_new ("peer-left", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 3, SENTIENT_TYPE_ROOM, SENTIENT_TYPE_MEMBER,
                      SENTIENT_TYPE_LEAVE_REASON);
  /**
   * SentientCoordinator::room-added:
   * @self: the coordinator
   * @room: a room that was opened
   *
   * Since: 0.1
   */
  signals[SIGNAL_ROOM_ADDED]
      = g_signal_new ("room-added", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 1, SENTIENT_TYPE_ROOM);
  /**
   * SentientCoordinator::room-removed:
   * @self: the coordinator
   * @room: a room whose last member has left
   *
   * Since: 0.1
   */
  signals[SIGNAL_ROOM_REMOVED]
      = g_signal_new ("room-removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 1, SENTIENT_TYPE_ROOM);
}

static void
sentient_coordinator_init (SentientCoordinator *self)
{
  self->host = g_strdup ("127.0.0.1");
  self->webrtc_enabled = TRUE;
  self->cors = TRUE;
  sentient_coordinator_init_limits (self);
  self->sockets = g_array_new (FALSE, FALSE, sizeof (int));
  self->rooms = g_ptr_array_new_with_free_func (g_object_unref);
  self->seed_reports = g_ptr_array_new_with_free_func (sentient_seed_report_free);
}
