#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Design and legacy clients, by WebSocket and by long poll, exchange offers, answers and candidates in
one room; and every message has the form PROTOCOL.md gives it."""

import json
import time

from harness import (at_end, case, check, contains, end_shared_servers, equal, main, shared_server)
from design_client import DesignClient, DesignHttpClient
from legacy_client import LegacyClient, LegacyHttpClient
from rawhttp import post_json
from rawws import WebSocket

KINDS = {
    'design WebSocket': DesignClient,
    'legacy WebSocket': LegacyClient,
    'design long poll': DesignHttpClient,
    'legacy long poll': LegacyHttpClient,
}

SDP = ('v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n'
       'a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n'
       'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=x:"quotes" \\ /slash/ é ☃ 𝄞\r\n')

at_end(end_shared_servers)


def server():
    return shared_server()


def candidates(of):
    lines = [f'candidate:{n} 1 UDP {2015363327 - n} 127.0.0.1 {40000 + n} typ host' for n in range(4)]
    return [{'candidate': line, 'sdpMid': '0', 'sdpMLineIndex': 0, 'usernameFragment': of}
            for line in lines] + [{'candidate': '', 'sdpMid': '0', 'sdpMLineIndex': 0}]


def negotiate(newcomer, waiting, room, sdp=SDP):
    """The whole flow: the newcomer offers, the other answers, both trickle."""
    a, b = newcomer.node_id, waiting.node_id
    newcomer.offer(b, room, sdp)
    mine, theirs = candidates(a), candidates(b)
    newcomer.candidate(b, room, mine[0])
    equal(waiting.take_offer(a), sdp, 'the offer')
    waiting.answer(a, room, f'answer of {b}')
    for ours, other in zip(mine[1:], theirs):
        newcomer.candidate(b, room, ours)
        waiting.candidate(a, room, other)
    waiting.candidate(a, room, theirs[-1])
    equal(newcomer.take_answer(b), f'answer of {b}', 'the answer')
    for ours, other in zip(mine, theirs):
        equal(waiting.take_candidate(a), ours, 'a candidate')
        equal(newcomer.take_candidate(b), other, 'a candidate')


def flow_case(number, waiting_kind, newcomer_kind):
    def run():
        room, port = f'flow-{number}', server().port
        waiting = KINDS[waiting_kind](port, f'w{number}', room)
        equal(waiting.ids(waiting.joined), [], 'a fresh room')
        newcomer = KINDS[newcomer_kind](port, f'n{number}', room)
        equal(newcomer.ids(newcomer.joined), [waiting.node_id], 'who was there')
        waiting.take_joined(newcomer.node_id, room=room)
        negotiate(newcomer, waiting, room)
        negotiate(waiting, newcomer, room, {'type': 'offer', 'sdp': SDP})
        newcomer.stop()
        waiting.take_left(newcomer.node_id, room=room)
        waiting.stop()
    case(f'{newcomer_kind} offers to {waiting_kind}')(run)


for _i, _waiting in enumerate(KINDS):
    for _j, _newcomer in enumerate(KINDS):
        flow_case(f'{_i}{_j}', _waiting, _newcomer)


@case('all four kinds of client in one room, everyone with everyone')
def _():
    port, room = server().port, 'flow-all'
    everyone = []
    for number, kind in enumerate(KINDS.values()):
        client = kind(port, f'all{number}', room)
        equal(client.ids(client.joined), sorted(c.node_id for c in everyone), 'who was there')
        for other in everyone:
            other.take_joined(client.node_id, room=room)
        everyone.append(client)
    for a in everyone:
        for b in everyone:
            if a is not b:
                negotiate(a, b, room)
    for client in everyone:
        client.stop()


def pair(name, first=DesignClient, second=LegacyClient):
    port = server().port
    a = first(port, f'{name}-a', name)
    b = second(port, f'{name}-b', name)
    a.take_joined(b.node_id)
    return a, b


@case('a signal carries payload and the lifted field, whatever way it was written')
def _():
    a, b = pair('form')
    ways = [({'sdp': 'S'}, {'sdp': 'S'}),
            ({'payload': {'sdp': 'S'}}, {'sdp': 'S'}),
            ({'payload': 'S'}, {'sdp': 'S'}),
            ({'payload': {'sdp': 'P', 'more': 1}, 'sdp': 'T'}, {'sdp': 'P', 'more': 1})]
    for type_ in ('offer', 'answer'):
        for written, payload in ways:
            a.send_json({'type': type_, 'to': b.node_id, 'room': 'form', **written})
            got = b.expect_next(type_, from_=a.node_id, to=b.node_id, room='form')
            equal(got['payload'], payload, f'payload for {written}')
            equal(got['sdp'], payload['sdp'], f'sdp for {written}')
    c = {'candidate': 'candidate:1', 'sdpMLineIndex': 0}
    ways = [({'candidate': c}, {'candidate': c}),
            ({'payload': {'candidate': c}}, {'candidate': c}),
            ({'payload': 'candidate:1'}, {'candidate': 'candidate:1'}),
            ({'payload': {'candidate': c, 'x': None}, 'candidate': 7}, {'candidate': c, 'x': None})]
    for written, payload in ways:
        a.send_json({'type': 'ice-candidate', 'to': b.node_id, 'room': 'form', **written})
        got = b.expect_next('ice-candidate', from_=a.node_id, room='form')
        equal(got['payload'], payload, f'payload for {written}')
        equal(got['candidate'], payload['candidate'], f'candidate for {written}')
    a.send_json({'type': 'renegotiate', 'to': b.node_id, 'room': 'form', 'payload': {'why': 'net'}})
    equal(b.expect_next('renegotiate', from_=a.node_id)['payload'], {'why': 'net'}, 'payload')
    a.silent()
    b.silent()


@case('"from" is always the session\'s own id')
def _():
    a, b = pair('whose')
    mallory = DesignClient(server().port, 'whose-m', 'whose')
    for client in (a, b):
        client.expect('peer-joined')
    for written in ({'from': a.node_id}, {'from': 'system'}, {'from': 'nobody'}):
        mallory.send_json({'type': 'offer', 'to': b.node_id, 'room': 'whose', 'sdp': 'S', **written})
        got = b.expect_next('offer')
        equal(got['from'], 'whose-m', f'from, written as {written}')
        equal(b.last_raw.count(b'"from"'), 1, 'how often "from" stands in the message')
    a.silent()


# Bytes no JSON library would write again as they are.
ODD_PAYLOAD = (
    '{"sdp":"a\\u0041\\/\\u00e4 ä \\ud834\\udd1e","n":1.50e+02,"big":123456789012345678901234567890,'
    '"neg":-0.0,"s":[ 1 , 2,{ "deep" :[[[]]]}],"":null,"from":"x","type":"y","x":"\\u0000",'
    '"esc\\"aped":"\\"},\\"from\\":\\"evil\\"","twice":1,"twice":2}').encode()


@case('what is in payload arrives unchanged, byte for byte, from every kind to every kind')
def _():
    port, room = server().port, 'bytes'
    a, b = pair(room)
    http = DesignHttpClient(port, 'bytes-h', room)
    b.expect('peer-joined', peerId='bytes-h')
    a.send_text(b'{"type":"offer","to":"bytes-b","room":"bytes","payload":' + ODD_PAYLOAD + b'}')
    b.expect_next('offer', from_='bytes-a')
    contains(b.last_raw, ODD_PAYLOAD, 'WebSocket to WebSocket')
    a.send_text(b'{"type":"offer","to":"bytes-h","room":"bytes","payload":' + ODD_PAYLOAD + b'}')
    http.start_poll()
    with http.polling as connection:
        contains(connection.response().body, ODD_PAYLOAD, 'WebSocket to poll')
    body = b'{"from":"bytes-h","to":"bytes-b","type":"answer","payload":' + ODD_PAYLOAD + b'}'
    post_json(port, '/webrtc/signal', body)
    b.expect_next('answer', from_='bytes-h')
    contains(b.last_raw, ODD_PAYLOAD, 'POST to WebSocket')


@case('the forms of connected, join-result, peer-joined, leave-result, peer-left')
def _():
    port, before = server().port, int(time.time() * 1000)
    a = LegacyClient(port, 'forms-a')
    check(a.connected['coordinatorId'], 'an empty coordinatorId')
    metadata = {'name': 'Ann', 'nested': {'x': [1, 2.5, None, True]}}
    result = a.join('forms', metadata)
    equal(result['success'], True, 'success')
    equal(result['peers'], [], 'peers')
    check(isinstance(result['iceServers'], list), 'iceServers is no list')
    b = DesignClient(port, 'forms-b', 'forms')
    peer, = b.joined['peers']
    equal((peer['nodeId'], peer['peerId']), ('forms-a', 'forms-a'), 'the ids')
    equal(peer['metadata'], metadata, 'metadata')
    check(before - 1000 <= peer['joinedAt'] <= time.time() * 1000 + 1000,
          f'joinedAt is no time in ms: {peer}')
    joined = a.expect_next('peer-joined', room='forms', peerId='forms-b')
    equal(joined['metadata'], {}, 'metadata')
    equal((joined['peer']['nodeId'], joined['peer']['peerId']), ('forms-b', 'forms-b'), 'the ids')
    equal(joined['peer']['metadata'], {}, 'peer.metadata')
    left = b.leave('forms')
    equal((left['success'], left['room']), (True, 'forms'), 'leave-result')
    gone = a.expect_next('peer-left', room='forms', peerId='forms-b', nodeId='forms-b')
    check(isinstance(gone['reason'], str) and gone['reason'] not in ('', 'timeout', 'replaced'),
          f'the reason: {gone}')
    left = a.leave()
    equal(left['success'], True, 'leave-result of all')
    equal(left['rooms'], ['forms'], 'the rooms left')


@case('the forms of what a poll brings: signals and room events')
def _():
    port, room = server().port, 'pollform'
    before = int(time.time() * 1000)
    h = LegacyHttpClient(port, 'pollform-h', room)
    a = DesignClient(port, 'pollform-a')
    a.join(room, {'name': 'Ann'})
    a.offer('pollform-h', room, 'S')
    a.leave(room)
    items = []
    while len(items) < 3:
        items += h.poll()
    equal([i['type'] for i in items], ['peer-joined', 'offer', 'peer-left'], 'the items')
    equal([i['from'] for i in items], ['system', 'pollform-a', 'system'], 'from')
    equal([i['room'] for i in items], [room] * 3, 'room')
    check(items[0]['seq'] < items[1]['seq'] < items[2]['seq'], 'seq does not rise')
    equal(len({json.dumps(i['id']) for i in items}), 3, 'how many different ids')
    for item in items:
        check(before - 1000 <= item['timestamp'] <= time.time() * 1000 + 1000,
              f'timestamp is no time in ms: {item}')
    equal(items[0]['peerId'], 'pollform-a', 'peerId')
    equal(items[0]['payload']['peerId'], 'pollform-a', 'payload.peerId')
    equal(items[0]['payload']['nodeId'], 'pollform-a', 'payload.nodeId')
    equal(items[0]['payload']['metadata'], {'name': 'Ann'}, 'payload.metadata')
    equal(items[1]['payload'], {'sdp': 'S'}, 'payload')
    equal(items[2]['peerId'], 'pollform-a', 'peerId')
    equal(items[2]['payload']['peerId'], 'pollform-a', 'payload.peerId')


@case('a ping is answered with a pong, a protocol ping with the same bytes')
def _():
    from rawws import PING, PONG
    a = DesignClient(server().port, 'pinger')
    a.send_json({'type': 'ping'})
    a.expect_next('pong')
    for data in (b'', b'sentient', bytes(range(125))):
        a.send_frame(PING, data)
        equal(a.recv_frame(time.monotonic() + 15), (True, PONG, data), 'the pong')


@case('fragments, empty fragments and a ping between them make one message')
def _():
    from rawws import CONTINUATION, PING, TEXT, frame
    a, b = pair('fragments')
    text = json.dumps({'type': 'offer', 'to': b.node_id, 'room': 'fragments', 'sdp': SDP * 3},
                      ensure_ascii=False).encode()
    pieces = [text[n:n + 97] for n in range(0, len(text), 97)]
    data = frame(TEXT, pieces[0], fin=False) + frame(PING, b'between') + frame(CONTINUATION, fin=False)
    data += b''.join(frame(CONTINUATION, p, fin=False) for p in pieces[1:])
    data += frame(CONTINUATION, b'')
    for n in range(0, len(data), 61):
        a.send(data[n:n + 61])
    equal(b.take_offer(a.node_id), SDP * 3, 'the offer')


@case('a message of nearly 64 KiB passes in both directions')
def _():
    a, b = pair('large')
    # A relayed message is a little longer than the sent one; stay below the limit with both.
    sdp = 'x' * (64 * 1024 - 400)
    for sender, receiver in ((a, b), (b, a)):
        sender.offer(receiver.node_id, 'large', sdp)
        equal(len(receiver.take_offer(sender.node_id)), len(sdp), 'the length')


@case('1,000 signals each way arrive in order')
def _():
    a, b = pair('many')
    for start in range(0, 1000, 200):
        numbers = range(start, start + 200)
        for n in numbers:
            a.offer(b.node_id, 'many', f'a{n}')
            b.offer(a.node_id, 'many', f'b{n}')
        equal([a.take_offer(b.node_id) for _ in numbers], [f'b{n}' for n in numbers], 'to a')
        equal([b.take_offer(a.node_id) for _ in numbers], [f'a{n}' for n in numbers], 'to b')


@case('a plain client gets no subprotocol, no extension and no v1 fields')
def _():
    socket = WebSocket(server().port, '/webrtc/signal?nodeId=plain', headers={
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits'})
    equal(socket.handshake.get('sec-websocket-protocol'), None, 'the subprotocol')
    message = socket.recv_json()
    equal(message['type'], 'connected', 'the first message')
    check('seq' not in message, 'a plain client got a seq')


main()
