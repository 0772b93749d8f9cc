#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""More happens in a room than can be kept for a plain client: it is told, joins again, and knows all."""

import re

from harness import Server, case, check, equal, main
from design_client import DesignClient, DesignHttpClient
from rawhttp import check_error, get, get_json, post_json
from rawws import Closed

DROPPED = re.compile(r'^sentient_dropped_messages_total\{kind="event",reason="outbox-full"\} (\d+)$', re.M)


def server_with_small_queues():
    return Server('--limit', 'max-queued-messages=16', '--limit', 'join-rate=0', '--limit', 'signal-rate=0')


def dropped(port):
    return int(DROPPED.search(get(port, '/metrics').body.decode()).group(1))


def members(port, room):
    return sorted(p['nodeId'] for p in get_json(port, f'/webrtc/peers?room={room}')['peers'])


@case('a slow client is closed with 4008, keeps its place, and joins again', seconds=120)
def _():
    server = server_with_small_queues()
    p = server.port
    slow = DesignClient(p, 'slow', 'busy', small_buffers=True)
    witness = DesignClient(p, 'witness', 'busy')
    slow.take_joined('witness')
    coming = DesignClient(p, 'coming')
    for _n in range(20000):
        coming.join('busy', {'pad': 'x' * 2000})
        coming.leave('busy')
        witness.barrier()
        if dropped(p) > 0:
            break
    check(dropped(p) > 0, 'the slow client took everything')
    events = []
    try:
        while True:
            events.append(slow.recv_json()['type'])
    except Closed as closed:
        check(closed.code in (4008, None), f'closed with {closed.code}')
        if closed.code == 4008:
            check('join again' in closed.reason, f'the reason: {closed.reason}')
    equal(set(events), {'peer-joined', 'peer-left'}, 'what came before')

    coming.join('busy')
    slow = DesignClient(p, 'slow')
    equal(members(p, 'busy'), ['coming', 'slow', 'witness'], 'the members')
    equal(DesignClient.ids(slow.join('busy')), ['coming', 'witness'], 'who is there')
    coming.leave('busy')
    slow.take_left('coming')
    witness.take_joined('coming')
    witness.take_left('coming')
    equal(witness.barrier(), [], 'the slow one never left')
    server.stop()


@case('a client that does not join again is out of the room after the grace time')
def _():
    server = Server('--limit', 'max-queued-messages=16', '--limit', 'join-rate=0',
                    '--limit', 'grace-time=300')
    p = server.port
    witness = DesignClient(p, 'witness', 'busy')
    DesignHttpClient(p, 'deaf', 'busy')
    witness.take_joined('deaf')
    coming = DesignClient(p, 'coming')
    while dropped(p) == 0:
        coming.join('busy')
        coming.leave('busy')
    witness.take_left('deaf', reason='timeout')
    equal(members(p, 'busy'), ['witness'], 'the members')
    server.stop()


@case('who polls gets its signals, then unknown-peer, and joins again')
def _():
    server = server_with_small_queues()
    p = server.port
    h = DesignHttpClient(p, 'poller', 'busy')
    witness = DesignClient(p, 'witness', 'busy')
    witness.offer('poller', 'busy', 'kept')
    witness.barrier()
    coming = DesignClient(p, 'coming')
    while dropped(p) == 0:
        coming.join('busy')
        coming.leave('busy')
        witness.barrier()
    coming.join('busy')
    equal(h.take_offer('witness'), 'kept', 'a signal')
    equal(h.inbox, [], 'no events that are not whole')
    check_error(get(p, '/webrtc/signal?nodeId=poller'), 404, 'unknown-peer')
    equal(members(p, 'busy'), ['coming', 'poller', 'witness'], 'the members')
    equal(DesignClient.ids(h.join('busy')), ['coming', 'witness'], 'who is there')
    h.start_poll()
    coming.leave('busy')
    equal([i['type'] for i in h.finish_poll()], ['peer-left'], 'what comes after')
    witness.take_joined('coming')
    equal([m['type'] for m in witness.barrier()], ['peer-left'], 'the poller never left')
    post_json(p, '/webrtc/leave', {'nodeId': 'poller'})
    server.stop()


main()
