/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "core/sentient-enums.h"

G_BEGIN_DECLS

/* What was measured, before anybody thinks about it. No password is ever in it, nor a user's name.
 */

typedef enum
{
  SENTIENT_OUTCOME_UNTRIED,
  SENTIENT_OUTCOME_GOOD,
  SENTIENT_OUTCOME_NO_NAME,     /* the name has no address */
  SENTIENT_OUTCOME_NOBODY,      /* nothing listens there */
  SENTIENT_OUTCOME_NO_ROUTE,    /* the network is not reached from here */
  SENTIENT_OUTCOME_FORBIDDEN,   /* this machine does not let it out */
  SENTIENT_OUTCOME_SILENT,      /* nothing came in time */
  SENTIENT_OUTCOME_BROKE,       /* the connection was closed or reset */
  SENTIENT_OUTCOME_MALFORMED,   /* what came makes no sense */
  SENTIENT_OUTCOME_UNSIGNED,    /* what came is not from somebody who knows the password */
  SENTIENT_OUTCOME_REFUSED,     /* it said no: code and detail say why */
  SENTIENT_OUTCOME_CREDENTIALS, /* it does not know this user with this password */
  SENTIENT_OUTCOME_UNTRUSTED,   /* TLS: its certificate is not good */
  SENTIENT_OUTCOME_UNSUPPORTED, /* TLS where this program cannot speak it */
  SENTIENT_OUTCOME_BAD_URL,
  SENTIENT_OUTCOME_FAILED, /* something else: detail says what */
} SentientOutcome;

typedef struct
{
  char *url;               /* as it was given */
  SentientOutcome outcome; /* of GET /healthz */
  guint status;            /* HTTP; 0: no answer */
  gint64 latency_us;       /* of an answer that came over an open connection */
  gboolean has_clock;      /* it told its time */
  gint64 ahead_ms;         /* how much our clock is before its own */
  gint64 doubt_ms;         /* give or take */
  SentientOutcome socket;  /* of the WebSocket */
  guint socket_status;
  gint64 socket_us;
  gboolean turn_available; /* it hands out a TURN server to those who join */
  char *detail;            /* of FAILED and UNTRUSTED */
} SentientCoordinatorMeasurement;

/* A Binding, once for each family that the server has an address of. */
typedef struct
{
  char *host;
  guint16 port;
  gboolean ipv6;
  SentientOutcome outcome;
  guint code;
  char *detail;
  guint sent;
  gint64 rtt_us;
  GInetSocketAddress *server;
  GInetSocketAddress *local;
  GInetSocketAddress *mapped;
  GInetSocketAddress *other; /* RFC 5780 */
} SentientStunMeasurement;

/* An Allocate, once a transport. */
typedef struct
{
  char *host;
  guint16 port;
  gboolean tcp;
  gboolean used; /* connections use this transport of it */
  SentientOutcome outcome;
  guint code;
  char *detail;
  gint64 rtt_us;
  gboolean open; /* it relays for everybody */
  gboolean kept; /* it did not take the allocation back */
  GInetSocketAddress *relayed;
  GInetSocketAddress *mapped;
} SentientTurnMeasurement;

#define SENTIENT_DOCTOR_N_TYPES (SENTIENT_CANDIDATE_TYPE_RELAY + 1)
#define SENTIENT_DOCTOR_N_STEPS (SENTIENT_CONNECTION_STEP_OPEN + 1)

/* A connection of the node that asks, as it knows it. */
typedef struct
{
  char *node_id;
  gboolean is_open; /* else it is being made, for the first time or again */
  gboolean relayed;
  SentientCandidateType local; /* UNKNOWN: the path is not known */
  SentientCandidateType remote;
  gint64 rtt_ms;        /* -1: not known */
  gboolean relay_only;  /* of the node's settings */
  gboolean is_filtered; /* they let neither host nor srflx of ours pass */
  guint n_own[SENTIENT_DOCTOR_N_TYPES];
  guint n_remote[SENTIENT_DOCTOR_N_TYPES];
  gint64 steps_ms[SENTIENT_DOCTOR_N_STEPS]; /* -1: not yet */
} SentientConnectionMeasurement;

typedef enum
{
  SENTIENT_RELAY_REASON_NONE, /* it is not relayed */
  SENTIENT_RELAY_REASON_SETTING,
  SENTIENT_RELAY_REASON_FILTER,
  SENTIENT_RELAY_REASON_PEER,    /* the other end told nothing but relays */
  SENTIENT_RELAY_REASON_UDP,     /* is blocked */
  SENTIENT_RELAY_REASON_NAT,     /* ours maps each destination anew */
  SENTIENT_RELAY_REASON_NO_STUN, /* our outer address is not known */
  SENTIENT_RELAY_REASON_NO_PAIR, /* something between the two */
} SentientRelayReason;

typedef enum
{
  SENTIENT_MAPPING_UNKNOWN,
  SENTIENT_MAPPING_NONE,             /* no NAT: what servers see is our own address */
  SENTIENT_MAPPING_ENDPOINT,         /* the same for every destination */
  SENTIENT_MAPPING_ADDRESS,          /* another one for each destination's address */
  SENTIENT_MAPPING_ADDRESS_AND_PORT, /* and for each of its ports */
  SENTIENT_MAPPING_DEPENDENT,        /* one of the two; two servers cannot tell which */
} SentientMapping;

typedef enum
{
  SENTIENT_MAPPING_BY_NOTHING,     /* no server to compare with */
  SENTIENT_MAPPING_BY_RFC5780,     /* by one server with two addresses */
  SENTIENT_MAPPING_BY_TWO_SERVERS, /* compared */
} SentientMappingMethod;

typedef struct
{
  GPtrArray *coordinators; /* SentientCoordinatorMeasurement */
  GPtrArray *stun;         /* SentientStunMeasurement */
  GPtrArray *turn;         /* SentientTurnMeasurement */
  GPtrArray *connections;  /* SentientConnectionMeasurement */
  guint left_out;          /* servers over the limit */

  SentientMapping mapping; /* of IPv4 */
  SentientMappingMethod mapping_method;
  GInetSocketAddress *mapping_local;
  GInetSocketAddress *mapping_mapped; /* what the first server saw */

  GInetAddress *ipv6; /* a global address of this machine, or NULL */
  gboolean ipv6_route;
} SentientMeasurements;

SentientMeasurements *sentient_measurements_new (void);
void sentient_measurements_free (SentientMeasurements *self);

/* Each adds an empty one, which belongs to self. */
SentientCoordinatorMeasurement *sentient_measurements_add_coordinator (SentientMeasurements *self,
                                                                       const char *url);
SentientStunMeasurement *sentient_measurements_add_stun (SentientMeasurements *self,
                                                         const char *host,
                                                         guint16 port,
                                                         gboolean ipv6);
SentientTurnMeasurement *sentient_measurements_add_turn (SentientMeasurements *self,
                                                         const char *host,
                                                         guint16 port,
                                                         gboolean tcp,
                                                         gboolean used);

SentientConnectionMeasurement *sentient_connection_measurement_new (const char *node_id);
void sentient_connection_measurement_free (SentientConnectionMeasurement *self);

/* What an error of an exchange over the network means. */
SentientOutcome sentient_outcome_from_error (const GError *error);
const char *sentient_outcome_to_string (SentientOutcome outcome);
const char *sentient_mapping_to_string (SentientMapping mapping);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientMeasurements, sentient_measurements_free)

G_END_DECLS
