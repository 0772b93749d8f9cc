#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""v1 sessions over HTTP: joins, leaves and signals by POST, the rest by long poll."""

from harness import (Server, at_end, case, contains, end_shared_servers, equal, main,
                     shared_server)
from rawhttp import Connection, get_json
from rawws import Closed
from v1_client import V1Http, V1Socket

at_end(end_shared_servers)


def port():
    return shared_server().port


@case('a session over HTTP: each poll brings all above its after')
def _():
    a, b = V1Http(port(), 'http-a'), V1Socket(port(), 'http-b')
    a.join('http')
    b.join('http')
    for n in range(3):
        b.offer('http-a', 'http', f'{n}')
    b.wait_acked()
    first = a.poll()
    equal([i['type'] for i in first], ['peer-joined'] + ['offer'] * 3, 'all of it')
    again = a.poll(after=first[0]['seq'])
    equal(again, first[1:], 'what was not acknowledged comes again')
    equal(a.poll(), [], 'nothing is left')
    gap = a.poll(after=0)
    equal(gap, [{'type': 'gap', 'from': 1, 'to': first[-1]['seq']}], 'what is gone is told')
    # One that waits is woken.
    with Connection(port()) as connection:
        connection.ask('GET', a.poll_target(timeout=20000), headers=a.headers())
        b.offer('http-a', 'http', 'wake')
        item, = connection.response().json()['signals']
        equal(item['payload']['sdp'], 'wake', 'it was waiting')


@case('a POST whose answer was lost is repeated with the same outcome, and handled once')
def _():
    a, b = V1Http(port(), 'lostpost-a'), V1Socket(port(), 'lostpost-b')
    a.join('lostpost')
    b.join('lostpost')
    a.offer('lostpost-b', 'lostpost', 'once')
    a.offer('lostpost-b', 'lostpost', 'once', ref=a.ref)
    refusal = a.post('/webrtc/signal', status=404, **{'from': 'lostpost-a'}, type='offer',
                     to='nobody', room='lostpost', sdp='x')
    repeated = a.post('/webrtc/signal', ref=a.ref, status=404, **{'from': 'lostpost-a'}, type='offer',
                      to='nobody', room='lostpost', sdp='x')
    equal((refusal['code'], repeated), ('unknown-peer', refusal), 'the same refusal')
    a.offer('lostpost-b', 'lostpost', 'next')
    equal([b.take_offer('lostpost-a') for _ in range(2)], ['once', 'next'], 'each once')
    equal(len(a.join('lostpost', ref=a.ref + 1)['peers']), 1, 'a join')
    a.ref += 1
    equal(len(a.join('lostpost', ref=a.ref)['peers']), 1, 'a repeated join is answered alike')
    a.leave('lostpost')
    a.leave('lostpost', ref=a.ref)
    b.expect('peer-left', nodeId='lostpost-a')


@case('an answer to a join by POST is not undone by older events that wait for the next poll')
def _():
    a, b = V1Http(port(), 'over-a'), V1Socket(port(), 'over-b')
    a.join('over')
    b.join('over')  # waits for a, never sent
    a.leave('over')
    b.leave('over')
    equal(a.join('over')['peers'], [], 'the room when it joined again')
    state, = a.poll()
    equal((state['type'], state['peers']), ('room-state', []), 'instead of what happened before')
    b.join('over')
    b.leave('over')
    equal([i['type'] for i in a.poll()], ['peer-joined', 'peer-left'], 'and it goes on')
    equal(a.poll(), [], 'all of it is acknowledged')
    # The same where the events were sent, but did not come.
    a.leave('over')
    b.join('over')
    a.join('over')
    b.leave('over')
    last = a.seq
    equal([i['type'] for i in a.poll()], ['peer-left'], 'sent')
    b.join('over')
    a.leave('over')
    a.join('over')
    came = a.poll(after=last)
    equal([i['type'] for i in came], ['peer-left', 'room-state'], 'what happened, then what is')
    equal([p['nodeId'] for p in came[1]['peers']], ['over-b'], 'the room as it is')


@case('a join that is repeated after the room was left is not done again')
def _():
    a, b = V1Http(port(), 'rejoin-a'), V1Socket(port(), 'rejoin-b')
    b.join('rejoin')
    a.join('rejoin')
    a.join('rejoin')
    joined = a.ref
    a.leave('rejoin')
    answer = a.post('/webrtc/join', ref=joined, status=404, nodeId='rejoin-a', room='rejoin')
    equal(answer['code'], 'unknown-room', 'the repeated join')
    b.expect('peer-joined', nodeId='rejoin-a')
    b.expect('peer-left', nodeId='rejoin-a')
    b.silent('ack')
    equal(len(a.join('rejoin')['peers']), 1, 'a new join')


@case('a session moves from WebSocket to long poll and back; an HTTP error is not lost on the way')
def _():
    a, b = V1Socket(port(), 'move-a'), V1Socket(port(), 'move-b')
    a.join('move')
    b.join('move')
    a.expect('peer-joined')
    b.offer('move-a', 'move', '1')
    equal(a.take_offer('move-b'), '1', 'by WebSocket')
    http = V1Http(port(), 'move-a', resume=a)
    b.offer('move-a', 'move', '2')
    b.wait_acked()
    equal([i['payload']['sdp'] for i in http.poll()], ['2'], 'by poll')
    while True:  # what was on its way when the poll took over
        try:
            a.recv_json()
        except Closed as closed:
            equal(closed.code, 4001, 'the WebSocket is told')
            break
    http.offer('move-b', 'move', '3')
    equal(b.take_offer('move-a'), '3', 'a request by POST')
    http.post('/webrtc/signal', status=404, **{'from': 'move-a'}, type='offer', to='nobody',
              room='move', sdp='x')
    with Connection(port()) as connection:  # one that waits is ended by the WebSocket
        connection.ask('GET', http.poll_target(timeout=20000), headers=http.headers())
        b.offer('move-a', 'move', '4')
        item, = connection.response().json()['signals']
        http.seq = item['seq']
        connection.ask('GET', http.poll_target(timeout=20000), headers=http.headers())
        a = V1Socket(port(), 'move-a', resume=http)
        equal(connection.response().json(), {'signals': []}, 'the poll ends')
    equal(a.expect('error', ref=http.ref)['code'], 'unknown-peer', 'told once more: it may be lost')
    b.offer('move-a', 'move', '5')
    equal(a.take_offer('move-b'), '5', 'by WebSocket again')
    b.silent('ack', 'peer-online', 'peer-offline')


@case('a session whose first join is refused never was')
def _():
    server = Server('--max-peers', '1')
    a, b = V1Http(server.port, 'full-a'), V1Http(server.port, 'full-b')
    a.join('full')
    answer = b.join('full', status=503)
    equal((answer['code'], 'ref' in answer, 'token' in answer), ('room-full', False, False), 'refused')
    b = V1Http(server.port, 'full-b')
    b.join('elsewhere')
    equal(get_json(server.port, '/webrtc/info')['peerCount'], 2, 'nodes')
    server.stop()


@case('one poll at a time; a dead client\'s poll loses nothing')
def _():
    a, b = V1Http(port(), 'dead-a'), V1Socket(port(), 'dead-b')
    a.join('dead')
    b.join('dead')
    a.poll()
    first, second = Connection(port()), Connection(port())
    first.ask('GET', a.poll_target(timeout=20000), headers=a.headers())
    second.ask('GET', a.poll_target(timeout=20000), headers=a.headers())
    equal(first.response().json(), {'signals': []}, 'the newer one ends the older')
    second.reset()
    b.offer('dead-a', 'dead', 'x')
    b.wait_acked()
    equal([i['payload']['sdp'] for i in a.poll() if i['type'] == 'offer'], ['x'], 'it still waits')


main()
