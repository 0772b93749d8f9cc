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
/* Until the kernel takes more. After it the packet is lost, and SCTP sends it again. */
#define FULL_WAIT_MS 20
/* What nothing came out of for so long nothing is in either. */
#define LOST_US (20 * G_TIME_SPAN_MILLISECOND)
/* RFC 6347, section 4.1: the first byte of a record */
#define APPLICATION_DATA 23
/* RFC 9260, section 3: the header of a packet, that of a chunk, and where a chunk of data has its
 * TSN; I-DATA (RFC 8260, section 2.1) has it there, too. */
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
  gboolean one_by_one;   /* under lock: this route takes no segments */
  SentientPipeSent sent; /* under lock */

  /* of the thread that gives packets to the encryption */
  gboolean has_tsn;
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
  sentient_race_lock (&self->lock);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = fd;
  self->one_by_one = FALSE;
  if (fd >= 0)
    {
      nice_address_copy_to_sockaddr (to, (struct sockaddr *)&self->address);
      self->address_size = self->address.ss_family == AF_INET6 ? sizeof (struct sockaddr_in6)
                                                               : sizeof (struct sockaddr_in);
    }
  g_atomic_int_set (&self->has_route, fd >= 0);
  sentient_race_unlock (&self->lock);
}

/* called on libnice's thread. Over a relay there is no socket. */
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
  if (socket != NULL && g_socket_get_fd (socket) >= 0)
    fd = fcntl (g_socket_get_fd (socket), F_DUPFD_CLOEXEC, 3);
  sentient_pipe_sender_set_route (self, fd, &remote->addr);
  sentient_race_give (self);
}

/* called on libnice's threads: what is told may have been overtaken. Without consent nothing may be
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

/* Under lock. segment: 0, or the size of each of the packets that data are. Returns errno or 0. */
static int
send_now (SentientPipeSender *self, const guint8 *data, gsize size, guint16 segment)
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

  if (segment != 0)
    {
      message.msg_control = &control;
      message.msg_controllen = sizeof control;
      control.header.cmsg_level = IPPROTO_UDP;
      control.header.cmsg_type = UDP_SEGMENT;
      control.header.cmsg_len = CMSG_LEN (sizeof segment);
      memcpy (CMSG_DATA (&control.header), &segment, sizeof segment);
    }
  for (guint i = 0;; i++)
    {
      self->sent.calls++;
      if (sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 0;
      if (errno != EAGAIN || i > 0 || poll (&room, 1, FULL_WAIT_MS) <= 0)
        return errno;
    }
}

/* What the kernel does not take is lost, as on any line, and SCTP sends it again. */
static void
flush (SentientPipeSender *self)
{
  int code = 0;

  if (self->n == 0)
    return;
  sentient_race_lock (&self->lock);
  if (self->fd >= 0 && self->n > 1 && !self->one_by_one)
    {
      code = send_now (self, self->batch, self->size, self->segment);
      /* A device without checksums, a line with smaller packets, an older kernel. */
      self->one_by_one = code != 0 && code != EAGAIN;
    }
  if (self->n == 1 || self->one_by_one)
    for (gsize at = 0; self->fd >= 0 && code != EAGAIN && at < self->size; at += self->segment)
      code = send_now (self, self->batch + at, MIN (self->segment, self->size - at), 0);
  self->sent.packets += self->n;
  self->sent.bytes += self->size;
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

/* FALSE: the packet holds no data. */
static gboolean
find_tsn (const guint8 *packet, gsize size, guint32 *tsn)
{
  gsize at = SCTP_HEADER;

  while (size >= SCTP_CHUNK_HEADER + sizeof *tsn && at <= size - SCTP_CHUNK_HEADER - sizeof *tsn)
    {
      const guint8 *chunk = packet + at;
      gsize length = (gsize)chunk[2] << 8 | chunk[3];

      if (chunk[0] == SCTP_DATA || chunk[0] == SCTP_I_DATA)
        {
          memcpy (tsn, chunk + SCTP_CHUNK_HEADER, sizeof *tsn);
          *tsn = GUINT32_FROM_BE (*tsn);
          return TRUE;
        }
      at += MAX ((length + 3) & ~(gsize)3, SCTP_CHUNK_HEADER);
    }
  return FALSE;
}

/* SCTP does not tell what it sends again, and its packets are readable here. What is sent again
 * stands first in a packet. */
static void
count_again (SentientPipeSender *self, GstBuffer *buffer)
{
  GstMapInfo map;
  guint32 tsn;
  gboolean found;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  found = find_tsn (map.data, map.size, &tsn);
  gst_buffer_unmap (buffer, &map);
  if (!found)
    return;
  if (self->has_tsn && (gint32)(tsn - self->last_tsn) <= 0)
    {
      sentient_race_lock (&self->lock);
      self->sent.again++;
      sentient_race_unlock (&self->lock);
      return;
    }
  self->has_tsn = TRUE;
  self->last_tsn = tsn;
}

/* called on the thread that gives packets to the encryption */
static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  SentientPipeSender *self = user_data;
  gint now = (gint)g_get_monotonic_time ();

  sentient_race_take (self);
  count_again (self, GST_PAD_PROBE_INFO_BUFFER (info));
  /* Else one that the encryption refused would hold up the last of each batch for good. */
  if ((guint)now - (guint)g_atomic_int_get (&self->last_out) > LOST_US)
    g_atomic_int_set (&self->under_way, 0);
  if (g_atomic_int_add (&self->under_way, 1) == 0)
    g_atomic_int_set (&self->last_out, now);
  sentient_race_give (self);
  return GST_PAD_PROBE_OK;
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
    g_atomic_int_set (&self->under_way, 0);
  g_atomic_int_set (&self->last_out, (gint)g_get_monotonic_time ());
  gst_buffer_extract (buffer, 0, &kind, 1);
  if (kind != APPLICATION_DATA || size > PACKET_MAX || !g_atomic_int_get (&self->has_route))
    {
      flush (self);
      sentient_race_give (self);
      return GST_PAD_PROBE_OK;
    }
  add (self, buffer, size);
  if (left <= 0 || self->n == BATCH_MAX)
    flush (self);
  sentient_race_give (self);
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

  sentient_race_lock (&self->lock);
  sent = self->sent;
  sentient_race_unlock (&self->lock);
  return sent;
}
