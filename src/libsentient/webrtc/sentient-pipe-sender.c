/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-pipe-sender.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/sentient-race.h"

/* Packets in one system call, and the size from which one goes its own way. */
#define BATCH_MAX 16
#define PACKET_MAX 2048
/* A batch may wait so long for the kernel to take more. What is left is lost, and SCTP sends it
 * again.
 */
#define FULL_WAIT_MS 20
/* What nothing came out of for so long nothing is in either; much longer than a batch waits. */
#define LOST_US (100 * G_TIME_SPAN_MILLISECOND)
/* RFC 6347, section 4.1: the first byte of a record */
#define APPLICATION_DATA 23
/* RFC 9260, section 3: where a packet has its tag, its header, that of a chunk, and where a chunk
 * of data has its TSN; I-DATA (RFC 8260, section 2.1) has it there, too. */
#define SCTP_TAG 4
#define SCTP_HEADER 12
#define SCTP_CHUNK_HEADER 4
#define SCTP_DATA 0
#define SCTP_I_DATA 64

struct _SentientPipeSender
{
  gatomicrefcount refs;
  gint under_way; /* atomic: packets that the encryption took and did not put out yet */
  gint last_out;  /* atomic: monotonic µs, modulo 2^32; or when the first of them was taken */
  gint has_route; /* atomic */

  GMutex lock;
  int fd; /* under lock, of our own; -1: no route */
  struct sockaddr_storage address;
  socklen_t address_size;
  gboolean one_by_one; /* under lock: this route takes no segments */

  GMutex counts_lock; /* nobody waits for a full socket who only counts */
  SentientPipeSent sent;

  /* of the thread that gives packets to the encryption */
  gboolean has_tsn;
  guint32 last_tag; /* of the association */
  guint32 last_tsn; /* the highest that was sent (RFC 1982) */

  /* of the thread that puts them out */
  guint8 *batch; /* NULL: was never needed */
  gsize size;
  gsize segment; /* of each packet in it but the last, which may be smaller */
  guint n;
};

SentientPipeSender *
sentient_pipe_sender_new (void)
{
  SentientPipeSender *self = g_new0 (SentientPipeSender, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_mutex_init (&self->counts_lock);
  self->fd = -1;
  return self;
}

SentientPipeSender *
sentient_pipe_sender_ref (SentientPipeSender *self)
{
  sentient_race_ref (&self->refs);
  return self;
}

void
sentient_pipe_sender_unref (SentientPipeSender *self)
{
  if (!sentient_race_unref (&self->refs))
    return;
  sentient_race_take (self);
  if (self->fd >= 0)
    close (self->fd);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->counts_lock);
  g_free (self->batch);
  g_free (self);
}

/* A reference for what runs on a thread of GStreamer's or libnice's. */
static SentientPipeSender *
give (SentientPipeSender *self)
{
  sentient_race_give (self);
  return sentient_pipe_sender_ref (self);
}

void
sentient_pipe_sender_set_route (SentientPipeSender *self, int fd, const NiceAddress *to)
{
  int segment;

  sentient_race_lock (&self->lock);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = fd;
  if (fd >= 0)
    {
      /* Linux before 4.18 would send all of them as one. */
      self->one_by_one
          = getsockopt (fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &(socklen_t){ sizeof segment })
            != 0;
      nice_address_copy_to_sockaddr (to, (struct sockaddr *)&self->address);
      self->address_size = self->address.ss_family == AF_INET6 ? sizeof (struct sockaddr_in6)
                                                               : sizeof (struct sockaddr_in);
    }
  g_atomic_int_set (&self->has_route, fd >= 0);
  sentient_race_unlock (&self->lock);
}

/* A pair is told of after it was chosen: the socket may be that of the next one already. */
static gboolean
is_of (GSocket *socket, const NiceCandidate *local, const NiceCandidate *remote)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);
  struct sockaddr_storage native;
  NiceAddress bound;

  if (address == NULL || !g_socket_address_to_native (address, &native, sizeof native, NULL))
    return FALSE;
  nice_address_set_from_sockaddr (&bound, (struct sockaddr *)&native);
  return nice_address_equal (&bound, &local->base_addr)
         && local->base_addr.s.addr.sa_family == remote->addr.s.addr.sa_family;
}

/* called on one of libnice's threads. Over a relay there is no socket. */
static void
on_selected_pair (NiceAgent *agent,
                  guint stream,
                  guint component,
                  NiceCandidate *local,
                  NiceCandidate *remote,
                  gpointer user_data)
{
  SentientPipeSender *self = user_data;
  g_autoptr (GSocket) socket = nice_agent_get_selected_socket (agent, stream, component);
  int fd = -1;

  sentient_race_take (self);
  /* libnice may close its own while we send. */
  if (socket != NULL && g_socket_get_fd (socket) >= 0 && is_of (socket, local, remote))
    fd = fcntl (g_socket_get_fd (socket), F_DUPFD_CLOEXEC, 3);
  sentient_pipe_sender_set_route (self, fd, &remote->addr);
  sentient_race_give (self);
}

/* called on any thread: what is told may have been overtaken. Without consent nothing may be
 * sent (RFC 7675, section 5.1). */
static void
on_component_state (NiceAgent *agent, guint stream, guint component, guint told, gpointer user_data)
{
  SentientPipeSender *self = user_data;
  NiceComponentState state = nice_agent_get_component_state (agent, stream, component);

  sentient_race_take (self);
  if (state == NICE_COMPONENT_STATE_FAILED || state == NICE_COMPONENT_STATE_DISCONNECTED)
    sentient_pipe_sender_set_route (self, -1, NULL);
  sentient_race_give (self);
}

static void
closure_unref (gpointer data, GClosure *closure)
{
  sentient_pipe_sender_unref (data);
}

void
sentient_pipe_sender_connect_agent (SentientPipeSender *self, GObject *agent)
{
  g_signal_connect_data (agent, "new-selected-pair-full", G_CALLBACK (on_selected_pair),
                         give (self), closure_unref, 0);
  g_signal_connect_data (agent, "component-state-changed", G_CALLBACK (on_component_state),
                         give (self), closure_unref, 0);
}

static void
count_call (SentientPipeSender *self, guint packets, gsize bytes)
{
  sentient_race_lock (&self->counts_lock);
  self->sent.calls++;
  self->sent.packets += packets;
  self->sent.bytes += bytes;
  sentient_race_unlock (&self->counts_lock);
}

/* Under lock. segment: 0, or the size of each of the packets that data are. patience: in ms, what
 * is left of it. Returns errno or 0. */
static int
send_now (SentientPipeSender *self, const guint8 *data, gsize size, guint16 segment, int *patience)
{
  union
  {
    struct cmsghdr header;
    char bytes[CMSG_SPACE (sizeof (guint16))];
  } control = { 0 };
  struct iovec vector = { .iov_base = (void *)data, .iov_len = size };
  struct msghdr message = { .msg_name = &self->address,
                            .msg_namelen = self->address_size,
                            .msg_iov = &vector,
                            .msg_iovlen = 1 };
  struct pollfd room = { .fd = self->fd, .events = POLLOUT };
  guint n = segment != 0 ? self->n : 1;

  if (segment != 0)
    {
      message.msg_control = &control;
      message.msg_controllen = sizeof control;
      control.header.cmsg_level = IPPROTO_UDP;
      control.header.cmsg_type = UDP_SEGMENT;
      control.header.cmsg_len = CMSG_LEN (sizeof segment);
      memcpy (CMSG_DATA (&control.header), &segment, sizeof segment);
    }
  for (;;)
    {
      gint64 began;
      int code = sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : errno;

      count_call (self, code == 0 ? n : 0, code == 0 ? size : 0);
      if (code != EAGAIN || *patience <= 0)
        return code;
      began = g_get_monotonic_time ();
      poll (&room, 1, *patience);
      *patience -= 1 + (int)((g_get_monotonic_time () - began) / G_TIME_SPAN_MILLISECOND);
    }
}

/* The ways of the kernel to say that this line takes no segments: they are too large for it, or its
 * device makes no checksums. */
static gboolean
is_about_segments (int code)
{
  return code == EINVAL || code == EMSGSIZE || code == EIO || code == EOPNOTSUPP;
}

/* What the kernel does not take, or a change of the route leaves without one, is lost as on any
 * line, and SCTP sends it again. */
static void
flush (SentientPipeSender *self)
{
  int patience = FULL_WAIT_MS;
  int code = 0;

  if (self->n == 0)
    return;
  sentient_race_lock (&self->lock);
  if (self->fd >= 0 && self->n > 1 && !self->one_by_one)
    {
      code = send_now (self, self->batch, self->size, self->segment, &patience);
      self->one_by_one = is_about_segments (code);
    }
  if (self->fd >= 0 && (self->n == 1 || self->one_by_one))
    for (gsize at = 0; at < self->size && (code == 0 || is_about_segments (code));
         at += self->segment)
      code = send_now (self, self->batch + at, MIN (self->segment, self->size - at), 0, &patience);
  sentient_race_unlock (&self->lock);
  self->n = 0;
  self->size = 0;
}

static void
add (SentientPipeSender *self, GstBuffer *buffer, gsize size)
{
  if (self->n > 0 && (size > self->segment || self->size != self->segment * self->n))
    flush (self);
  if (self->batch == NULL)
    self->batch = g_malloc (BATCH_MAX * PACKET_MAX);
  if (self->n == 0)
    self->segment = size;
  gst_buffer_extract (buffer, 0, self->batch + self->size, size);
  self->size += size;
  self->n++;
}

static guint32
read_number (const guint8 *at)
{
  guint32 number;

  memcpy (&number, at, sizeof number);
  return GUINT32_FROM_BE (number);
}

/* What an association sends begins with a number of its own. TRUE: the packet holds what was sent
 * before. */
static gboolean
note_packet (SentientPipeSender *self, const guint8 *packet, gsize size)
{
  const gsize chunk_min = SCTP_CHUNK_HEADER + sizeof (guint32);
  guint32 tag = size >= SCTP_HEADER ? read_number (packet + SCTP_TAG) : 0;
  gboolean again = FALSE;

  for (gsize at = SCTP_HEADER; at + chunk_min <= size;)
    {
      const guint8 *chunk = packet + at;
      gsize length = (gsize)chunk[2] << 8 | chunk[3];

      at += MAX ((length + 3) & ~(gsize)3, SCTP_CHUNK_HEADER);
      if (chunk[0] != SCTP_DATA && chunk[0] != SCTP_I_DATA)
        continue;
      if (self->has_tsn && tag == self->last_tag
          && (gint32)(read_number (chunk + SCTP_CHUNK_HEADER) - self->last_tsn) <= 0)
        {
          again = TRUE;
          continue;
        }
      self->has_tsn = TRUE;
      self->last_tag = tag;
      self->last_tsn = read_number (chunk + SCTP_CHUNK_HEADER);
    }
  return again;
}

/* SCTP does not tell what it sends again, and its packets are readable here. */
static void
count_again (SentientPipeSender *self, GstBuffer *buffer)
{
  GstMapInfo map;
  gboolean again;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  again = note_packet (self, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  if (!again)
    return;
  sentient_race_lock (&self->counts_lock);
  self->sent.again++;
  sentient_race_unlock (&self->counts_lock);
}

/* called on the thread that gives packets to the encryption */
static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  SentientPipeSender *self = user_data;
  guint last_out, now;

  sentient_race_take (self);
  count_again (self, GST_PAD_PROBE_INFO_BUFFER (info));
  last_out = (guint)g_atomic_int_get (&self->last_out); /* before now: it does not lie ahead */
  now = (guint)g_get_monotonic_time ();
  /* If the encryption took one and never put it out, the last of each batch would wait for the next
   * packet from then on. */
  if (now - last_out > LOST_US)
    g_atomic_int_set (&self->under_way, 0);
  if (g_atomic_int_add (&self->under_way, 1) == 0)
    g_atomic_int_set (&self->last_out, (gint)now);
  sentient_race_give (self);
  return GST_PAD_PROBE_OK;
}

static void
note_out (SentientPipeSender *self)
{
  g_atomic_int_set (&self->last_out, (gint)g_get_monotonic_time ());
  sentient_race_give (self);
}

/* called on the thread that puts encrypted packets out */
static GstPadProbeReturn
on_record (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  SentientPipeSender *self = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gsize size = gst_buffer_get_size (buffer);
  guint8 kind = 0;
  gint left;

  sentient_race_take (self);
  left = g_atomic_int_add (&self->under_way, -1) - 1;
  if (left < 0) /* one of its own, or it was thought to be lost */
    g_atomic_int_compare_and_exchange (&self->under_way, left, 0);
  gst_buffer_extract (buffer, 0, &kind, 1);
  if (kind != APPLICATION_DATA || size > PACKET_MAX || !g_atomic_int_get (&self->has_route))
    {
      flush (self);
      note_out (self);
      return GST_PAD_PROBE_OK;
    }
  add (self, buffer, size);
  if (left <= 0 || self->n == BATCH_MAX)
    flush (self);
  note_out (self);
  gst_buffer_unref (buffer);
  GST_PAD_PROBE_INFO_DATA (info) = NULL;
  return GST_PAD_PROBE_HANDLED;
}

static gboolean
watch_pad (GstElement *encoder, GstPad *pad, gpointer user_data)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, GST_PAD_IS_SINK (pad) ? on_packet : on_record,
                     give (user_data), (GDestroyNotify)sentient_pipe_sender_unref);
  return TRUE;
}

void
sentient_pipe_sender_connect_encoder (SentientPipeSender *self, GstElement *encoder)
{
  gst_element_foreach_pad (encoder, watch_pad, self);
}

SentientPipeSent
sentient_pipe_sender_get_sent (SentientPipeSender *self)
{
  SentientPipeSent sent;

  sentient_race_lock (&self->counts_lock);
  sent = self->sent;
  sentient_race_unlock (&self->counts_lock);
  return sent;
}
