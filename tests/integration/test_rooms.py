#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rooms: who is in them, who is told, how they come and go, how a session leaves, is lost, replaced."""

import itertools

from harness import (at_end, case, check, contains, end_shared_servers, equal, main, shared_server)
from design_client import DesignClient, DesignHttpClient
from legacy_client import LegacyClient, LegacyHttpClient
from rawhttp import Connection, check_error, get_json, post, post_json
from rawws import PONG, MessageSocket, frame

at_end(end_shared_servers)

serial = itertools.count()

DEFAULT_ROOMS = {'global', 'memory-sync', 'learning'}


def port():
    return shared_server().port


def rooms():
    """Every room the server tells of: names as in /webrtc/info, whatever else stands with them."""
    listed = get_json(port(), '/webrtc/info')['rooms']
    return {room['name'] if isinstance(room, dict) else room for room in listed}


def members(room):
    """{node id: online} of a room."""
    answer = get_json(port(), f'/webrtc/peers?room={room}')
    equal(answer['room'], room, 'room')
    for peer in answer['peers']:
        equal(peer['nodeId'], peer['peerId'], 'the two ids')
        check(isinstance(peer['lastSeen'], int) and isinstance(peer['metadata'], dict), f'{peer}')
    return {peer['nodeId']: peer['online'] for peer in answer['peers']}


def wait_members(room, wanted, observer):
    """Asks until the room's members are as wanted; observer's ping-pong paces the asking."""
    for _ in range(2000):
        got = members(room)
        if got == wanted:
            return
        observer.barrier()
    equal(got, wanted, f'the members of {room}')


@case('the default rooms are always there, an unknown room is an empty list')
def _():
    check(DEFAULT_ROOMS <= rooms(), f'a default room is missing: {rooms()}')
    equal(members('never-heard-of'), {}, 'an unknown room')
    a = DesignClient(port(), 'default-a', 'learning')
    equal(members('learning'), {'default-a': True}, 'learning')
    a.stop()
    check(DEFAULT_ROOMS <= rooms(), f'a default room went away: {rooms()}')
    answer = get_json(port(), '/webrtc/peers')
    equal(answer['room'], 'global', 'the room when none is named')


@case('a custom room comes with its first member and goes with its last')
def _():
    check('custom' not in rooms(), 'the room is there too early')
    a = DesignClient(port(), 'custom-a', 'custom')
    b = LegacyClient(port(), 'custom-b', 'custom')
    contains(rooms(), 'custom', 'the rooms')
    a.leave('custom')
    contains(rooms(), 'custom', 'the rooms')
    b.leave('custom')
    check('custom' not in rooms(), 'the room did not go')
    h = LegacyHttpClient(port(), 'custom-h', 'custom')
    contains(rooms(), 'custom', 'the rooms')
    h.leave('custom')
    check('custom' not in rooms(), 'the room did not go')


@case('50 are let into a room, the 51st is told room-full, and one may come when one left')
def _():
    here = [DesignClient(port(), f'fifty-{n}', 'fifty') for n in range(25)]
    web = [LegacyHttpClient(port(), f'fifty-h{n}', 'fifty') for n in range(25)]
    equal(len(web[-1].joined['peers']), 49, 'the others')
    late = LegacyClient(port(), 'fifty-late')
    refused = late.join('fifty')
    equal((refused['success'], refused['code']), (False, 'room-full'), 'join-result')
    answer = post(port(), '/webrtc/join', {'nodeId': 'fifty-late2', 'room': 'fifty'})
    check_error(answer, 503, 'room-full')
    check(int(answer.get('retry-after')) > 0, 'no Retry-After')
    socket = DesignClient(port(), 'fifty-late3', 'fifty')
    equal((socket.joined['success'], socket.joined['code']), (False, 'room-full'), 'join on connect')
    equal(socket.join('fifty-other')['success'], True, 'another room by the same socket')
    equal(here[0].join('fifty')['success'], True, 'joining again when full')
    here[3].leave('fifty')
    result = late.join('fifty')
    equal((result['success'], len(result['peers'])), (True, 49), 'the place that came free')
    late.stop()
    for client in here + web:
        client.stop()
    check('fifty' not in rooms(), 'the room did not go')


@case('--max-peers changes the limit, for default rooms too')
def _():
    server = shared_server('--max-peers', '2')
    a = DesignClient(server.port, 'max-a', 'global')
    DesignClient(server.port, 'max-b', 'global')
    c = DesignClient(server.port, 'max-c')
    equal(c.join('global')['code'], 'room-full', 'the code')
    a.take_joined('max-b')
    a.silent()


@case('joining twice updates the metadata; others hear nothing')
def _():
    a = DesignClient(port(), 'twice-a', 'twice')
    b = LegacyClient(port(), 'twice-b')
    b.join('twice', {'mood': 'calm'})
    a.take_joined('twice-b')
    result = b.join('twice', {'mood': 'keen', 'x': [1, 2]})
    equal((result['success'], b.ids(result)), (True, ['twice-a']), 'the second join-result')
    a.silent()
    peer, = [p for p in get_json(port(), '/webrtc/peers?room=twice')['peers']
             if p['nodeId'] == 'twice-b']
    equal(peer['metadata'], {'mood': 'keen', 'x': [1, 2]}, 'metadata')
    h = DesignHttpClient(port(), 'twice-h', 'twice')
    a.take_joined('twice-h')
    h.join('twice', {'n': 2})
    a.silent()
    peer, = [p for p in a.join('twice')['peers'] if p['nodeId'] == 'twice-h']
    equal(peer['metadata'], {'n': 2}, 'metadata by HTTP')


@case('leaving one room keeps the others; leaving all leaves all')
def _():
    names = ['one', 'two', 'three']
    a, b = DesignClient(port(), 'leaver'), DesignClient(port(), 'stayer')
    for name in names:
        b.join(name)
        a.join(name)
        b.take_joined('leaver', room=name)
    left = a.leave('two')
    equal((left['success'], left['room']), (True, 'two'), 'leave-result')
    b.expect_next('peer-left', room='two', nodeId='leaver')
    b.silent()
    equal([n for n in names if 'leaver' in members(n)], ['one', 'three'], 'the rooms left over')
    left = a.leave()
    equal(sorted(left['rooms']), ['one', 'three'], 'the rooms of leave-result')
    equal({b.take_left('leaver')['room'] for _ in range(2)}, {'one', 'three'}, 'peer-left')
    b.silent()
    a.join('one')
    b.take_joined('leaver', room='one')


@case('leaving by HTTP: one room, or all')
def _():
    b = DesignClient(port(), 'http-stayer', 'hl1')
    b.join('hl2')
    h = DesignHttpClient(port(), 'http-leaver', 'hl1')
    h.join('hl2')
    equal(h.leave('hl1')['success'], True, 'success')
    b.take_left('http-leaver', room='hl1')
    h.join('hl1')
    equal(h.leave()['success'], True, 'success')
    equal({b.take_left('http-leaver')['room'] for _ in range(2)}, {'hl1', 'hl2'}, 'peer-left')


def leave_case(name, leave):
    @case(name)
    def _():
        room = f'bye-{next(serial)}'
        a = DesignClient(port(), room + '-a', room)
        b = LegacyClient(port(), room + '-b', room)
        a.take_joined(room + '-b')
        leave(b)
        a.take_left(room + '-b', room=room)
        equal(members(room), {room + '-a': True}, 'who is left')
        a.silent()


leave_case('close 1000 is left: gone at once', lambda client: client.close_frame(1000, 'bye'))
leave_case('an empty close frame is left: gone at once', lambda client: client.close_frame(None))


def lost_case(name, lose):
    @case(name)
    def _():
        room = f'lost-{next(serial)}'
        a = DesignClient(port(), room + '-a', room)
        b = LegacyClient(port(), room + '-b', room)
        a.take_joined(room + '-b')
        lose(b)
        wait_members(room, {room + '-a': True, room + '-b': False}, a)
        # Plain clients are not told of it; that comes with the end of the grace time.
        a.silent()


lost_case('close 1001 is lost: stays in its rooms, offline', lambda client: client.close_frame(1001))
lost_case('a reset is lost: stays in its rooms, offline', lambda client: client.reset())
lost_case('an end without close frame is lost', lambda client: client.close())
lost_case('a half-closed WebSocket is lost', lambda client: client.half_close())
lost_case('a protocol fault (reserved bit) is lost',
          lambda client: (client.send(frame(PONG, rsv=4)), client.wait_closed()))


def return_case(name, come_back):
    @case(name)
    def _():
        room = f'back-{next(serial)}'
        a = DesignClient(port(), room + '-a', room)
        b = LegacyClient(port(), room + '-b', room)
        a.take_joined(room + '-b')
        b.reset()
        wait_members(room, {room + '-a': True, room + '-b': False}, a)
        for n in range(20):
            a.offer(room + '-b', room, f'while away {n}')
        a.barrier()
        b = come_back(room + '-b')
        equal([b.take_offer(room + '-a') for _ in range(20)], [f'while away {n}' for n in range(20)],
              'what waited')


return_case('signals wait for the lost and are delivered by its new WebSocket',
            lambda node_id: LegacyClient(port(), node_id))
return_case('signals wait for the lost and are delivered by a design WebSocket with a room',
            lambda node_id: DesignClient(port(), node_id, node_id[:-2]))
return_case('signals wait for the lost and are delivered by its poll',
            lambda node_id: LegacyHttpClient(port(), node_id))


@case('a plain session may be replaced by a plain one: 4001, and others are told')
def _():
    b = DesignClient(port(), 'repl-b', 'repl')
    old = DesignClient(port(), 'repl-a', 'repl')
    b.take_joined('repl-a')
    new = LegacyClient(port(), 'repl-a')
    equal(old.wait_closed(), 4001, 'the close code of the old socket')
    new.join('repl')
    b.expect_next('peer-left', room='repl', nodeId='repl-a', reason='replaced')
    b.expect_next('peer-joined', room='repl', peerId='repl-a')
    b.silent()
    b.offer('repl-a', 'repl', 'to the new one')
    equal(new.take_offer('repl-b'), 'to the new one', 'the offer')
    new.offer('repl-b', 'repl', 'from the new one')
    equal(b.take_offer('repl-a'), 'from the new one', 'the offer')


@case('of two with one id in quick turn only the last lives; nothing is told twice')
def _():
    watcher = DesignClient(port(), 'turn-b', 'turn')
    sockets = [DesignClient(port(), 'turn-a', 'turn') for _ in range(5)]
    for old in sockets[:-1]:
        equal(old.wait_closed(), 4001, 'the close code')
    told = [(m['type'], m.get('reason')) for m in watcher.barrier()]
    equal(told, [('peer-joined', None)] + 4 * [('peer-left', 'replaced'), ('peer-joined', None)],
          'what the others heard')
    equal(members('turn'), {'turn-a': True, 'turn-b': True}, 'the members')


@case('the room given on connect is joined; when that fails the socket stays')
def _():
    a = DesignClient(port(), 'onconnect', 'lobby')
    equal(a.joined['success'], True, 'success')
    server = shared_server('--max-peers', '1')
    DesignHttpClient(server.port, 'onconnect2', 'lobby')
    late = MessageSocket(server.port, '/webrtc/signal?nodeId=onconnect3&room=lobby')
    late.expect_next('connected', nodeId='onconnect3')
    refused = late.expect_next('join-result', success=False, room='lobby')
    equal(refused['code'], 'room-full', 'the code')
    late.send_json({'type': 'join', 'room': 'lobby2'})
    equal(late.expect_next('join-result')['success'], True, 'a later join')
    late.silent()
    # A name that no room can have is refused like any bad request, before the upgrade.
    with Connection(port()) as connection:
        answer = connection.request('GET', '/webrtc/signal?nodeId=onconnect4&room=a%20b', headers={
            'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
            'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA=='})
        check_error(answer, 400, 'bad-request')


@case('without "room" the two must share one; "room" must hold both')
def _():
    a = DesignClient(port(), 'share-a', 'share1')
    b = DesignClient(port(), 'share-b', 'share1')
    c = DesignClient(port(), 'share-c', 'share2')
    b.join('share2')
    a.take_joined('share-b')
    for room in ({}, {'room': None}):
        a.send_json({'type': 'offer', 'to': 'share-b', 'sdp': 'S', **room})
        b.take_offer('share-a')
        a.send_json({'type': 'offer', 'to': 'share-c', 'sdp': 'S', **room})
        a.expect_error('unknown-peer')
    a.offer('share-b', 'share2', 'S')
    a.expect_error('forbidden')
    b.offer('share-a', 'share2', 'S')
    b.expect_error('unknown-peer')
    c.silent('peer-joined')


@case('nothing is queued for a node that is in no room')
def _():
    a = DesignClient(port(), 'noroom-a', 'noroom')
    b = DesignClient(port(), 'noroom-b', 'noroom')
    a.take_joined('noroom-b')
    b.leave()
    a.take_left('noroom-b')
    a.offer('noroom-b', 'noroom', 'S')
    a.expect_error('unknown-peer')
    check_error(post(port(), '/webrtc/signal', {'from': 'noroom-a', 'to': 'noroom-b', 'type': 'offer',
                                                'sdp': 'S'}), 404, 'unknown-peer')
    check_error(post(port(), '/webrtc/signal', {'from': 'noroom-a', 'to': 'ghost', 'type': 'offer',
                                                'room': 'noroom', 'sdp': 'S'}), 404, 'unknown-peer')
    b.join('noroom')
    b.silent()


@case('a node in many rooms is told of a newcomer once a room')
def _():
    a = DesignClient(port(), 'manyrooms-a')
    names = [f'mr-{n}' for n in range(30)]
    for name in names:
        equal(a.join(name)['success'], True, f'join {name}')
    h = LegacyHttpClient(port(), 'manyrooms-h')
    for name in names:
        h.join(name)
    equal([m['room'] for m in a.barrier() if m['type'] == 'peer-joined'], names, 'the rooms told of')
    a.stop()
    events = []
    while len(events) < 30:
        events += [i['room'] for i in h.poll() if i['type'] == 'peer-left']
    equal(sorted(events), sorted(names), 'the rooms left')
    post_json(port(), '/webrtc/leave', {'nodeId': 'manyrooms-h'})


main()
