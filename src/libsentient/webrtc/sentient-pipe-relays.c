/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-pipe-relays.h"

#include <nice/agent.h>

/* A server that does not answer is asked so often, first after so many milliseconds; libnice waits
 * twice as long each time, and by itself for half a minute in all. */
#define ASK_AGAIN_MS 100
#define ASK_AT_MOST 3
/* For all of it, should libnice not keep to that. */
#define GIVE_BACK_MS 2000

typedef struct
{
  gboolean is_done;
  gboolean is_late;
} GivingBack;

static void
on_closed (GObject *agent, GAsyncResult *result, gpointer user_data)
{
  GivingBack *state = user_data;

  state->is_done = TRUE;
}

static gboolean
on_late (gpointer user_data)
{
  GivingBack *state = user_data;

  state->is_late = TRUE;
  return G_SOURCE_REMOVE;
}

GObject *
sentient_pipe_get_agent (GstElement *webrtc)
{
  g_autoptr (GObject) ice = NULL;
  GObject *agent = NULL;

  g_object_get (webrtc, "ice-agent", &ice, NULL);
  if (ice != NULL && g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "agent") != NULL)
    g_object_get (ice, "agent", &agent, NULL);
  if (agent != NULL && !NICE_IS_AGENT (agent))
    g_clear_object (&agent);
  return agent;
}

void
sentient_pipe_give_back_relays (GstElement *webrtc)
{
  g_autoptr (GObject) agent = sentient_pipe_get_agent (webrtc);
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) timeout = NULL;
  GivingBack state = { FALSE, FALSE };

  if (agent == NULL)
    return;
  g_object_set (agent, "stun-initial-timeout", ASK_AGAIN_MS, "stun-max-retransmissions",
                ASK_AT_MOST, NULL);
  context = g_main_context_new ();
  timeout = g_timeout_source_new (GIVE_BACK_MS);
  g_source_set_callback (timeout, on_late, &state, NULL);
  g_source_attach (timeout, context);
  g_main_context_push_thread_default (context);
  nice_agent_close_async (NICE_AGENT (agent), on_closed, &state);
  while (!state.is_done && !state.is_late)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  g_source_destroy (timeout);
  if (!state.is_done)
    g_debug ("libnice is not through with its TURN servers within %d ms", GIVE_BACK_MS);
}
