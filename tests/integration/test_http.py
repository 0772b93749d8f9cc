#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The HTTP calls: what they answer, CORS and hosts, long polls."""

import time

from harness import (Server, at_end, case, check, contains, end_shared_servers, equal, main,
                     shared_server)
from design_client import DesignClient, DesignHttpClient
from legacy_client import LegacyClient, LegacyHttpClient
from rawhttp import (Connection, check_error, encode, get, get_json, post, post_json, request)
from rawws import WebSocket

at_end(end_shared_servers)


def port():
    return shared_server().port


# what the calls answer


@case('/nodes and its alias /peers')
def _():
    server = Server('--node-id', 'the-coordinator', '--network-id', 'the-network')
    client = DesignClient(server.port, 'nodes-a', 'nodes-room')
    for path in ('/nodes', '/peers'):
        answer = get_json(server.port, path)
        equal(answer['nodeId'], 'the-coordinator', 'nodeId')
        equal(answer['networkId'], 'the-network', 'networkId')
        equal((answer['seeds'], answer['outbound']), ([], []), 'the seeds')
        inbound, = answer['inbound']
        equal((inbound['nodeId'], inbound['status']), ('nodes-a', 'connected'), 'inbound')
        for name in ('connectedAt', 'lastSeen'):
            check(abs(inbound[name] - time.time() * 1000) < 60000, f'{name} is no time in ms: {inbound}')
        check({'url', 'error'} <= set(inbound), f'a field is missing: {inbound}')
        check(isinstance(answer['uptime'], (int, float)) and 0 <= answer['uptime'] < 600, 'uptime')
        webrtc = answer['webrtc']
        equal(webrtc['enabled'], True, 'enabled')
        equal(webrtc['coordinatorUrl'], f'http://127.0.0.1:{server.port}/webrtc', 'coordinatorUrl')
        equal(webrtc['websocketUrl'], f'ws://127.0.0.1:{server.port}/webrtc/signal', 'websocketUrl')
        equal((webrtc['stunServers'], webrtc['turnServers']), ([], []), 'ICE servers')
        equal(webrtc['turnAvailable'], False, 'turnAvailable')
        equal(webrtc['peerCount'], 1, 'peerCount')
        contains(str(webrtc['rooms']), 'nodes-room', 'rooms')
    client.stop()
    server.stop()


@case('/nodes of a server with neither network nor seed: standalone; --no-webrtc')
def _():
    equal(get_json(port(), '/nodes')['networkId'], 'standalone', 'networkId')
    server = Server('--no-webrtc')
    equal(get_json(server.port, '/nodes')['webrtc'], {'enabled': False}, 'webrtc')
    server.stop()


@case('/webrtc/info; URLs come from Host, not from the bind address')
def _():
    answer = get_json(port(), '/webrtc/info')
    equal(answer['enabled'], True, 'enabled')
    for name, kind in (('nodeId', str), ('rooms', list), ('peerCount', int), ('stunServers', list),
                       ('turnServers', list), ('turnAvailable', bool), ('iceServers', list),
                       ('features', list), ('limits', dict)):
        check(isinstance(answer[name], kind), f'{name}: {answer[name]!r}')
    check(answer['httpFallback'], 'httpFallback')
    for host in (f'localhost:{port()}', f'127.0.0.1:{port()}', f'[::1]:{port()}'):
        answer = get_json(port(), '/webrtc/info', headers={'Host': host})
        equal(answer['websocketUrl'], f'ws://{host}/webrtc/signal', 'websocketUrl')
        equal(answer['coordinatorUrl'], f'http://{host}/webrtc', 'coordinatorUrl')


@case('ICE servers: STUN as given, TURN told only to those who join')
def _():
    server = Server('--stun', 'stun:127.0.0.1:3478', '--turn', 'turn:ann:secret@127.0.0.1:3478')
    info = get_json(server.port, '/webrtc/info')
    equal((info['turnServers'], info['turnAvailable']), ([], True), 'TURN in /info')
    urls = [u for s in info['iceServers'] for u in ([s['urls']] if isinstance(s['urls'], str)
                                                    else s['urls'])]
    equal(urls, ['stun:127.0.0.1:3478'], 'the iceServers of /info')
    check('secret' not in str(info) and 'secret' not in str(get_json(server.port, '/nodes')),
          'the TURN password is told to everyone')
    joins = [DesignHttpClient(server.port, 'ice-h', 'ice').joined,
             DesignClient(server.port, 'ice-w', 'ice').joined]
    for joined in joins:
        turn, = [s for s in joined['iceServers'] if 'turn:' in str(s['urls'])]
        equal((turn['username'], turn['credential']), ('ann', 'secret'), 'the credentials')
        check('ann' not in str(turn['urls']), f'credentials in the URL: {turn}')
    server.stop()


@case('join, peers, leave by HTTP')
def _():
    room, before = 'hjoin', int(time.time() * 1000)
    first = post_json(port(), '/webrtc/join', {'nodeId': 'hj-a', 'room': room,
                                               'metadata': {'name': 'Ann'}})
    equal((first['success'], first['room'], first['peers']), (True, room, []), 'the first join')
    check(isinstance(first['session'], str) and first['session'], 'no session')
    second = post_json(port(), '/webrtc/join', {'nodeId': 'hj-b', 'room': room})
    peer, = second['peers']
    equal((peer['nodeId'], peer['peerId'], peer['metadata']), ('hj-a', 'hj-a', {'name': 'Ann'}), 'peer')
    check(before - 1000 <= peer['joinedAt'] <= time.time() * 1000 + 1000, f'joinedAt: {peer}')
    check('name' in peer, 'no name')
    peers = get_json(port(), f'/webrtc/peers?room={room}')['peers']
    equal(sorted((p['nodeId'], p['peerId'], p['online']) for p in peers),
          [('hj-a', 'hj-a', True), ('hj-b', 'hj-b', True)], 'peers')
    equal(post_json(port(), '/webrtc/leave', {'nodeId': 'hj-a', 'room': room})['success'], True, 'leave')
    equal([p['nodeId'] for p in get_json(port(), f'/webrtc/peers?room={room}')['peers']], ['hj-b'],
          'who is left')


@case('unknown fields of a request are ignored')
def _():
    answer = post_json(port(), '/webrtc/join', {'nodeId': 'future', 'room': 'fut', 'colour': [1],
                                                'shape': {'x': None}})
    equal(answer['success'], True, 'success')


@case('/healthz')
def _():
    equal(get(port(), '/healthz').status, 200, 'the status')


@case('HEAD answers like GET without the body; keep-alive goes on after it')
def _():
    with Connection(port()) as connection:
        for path in ('/nodes', '/webrtc/info', '/healthz', '/webrtc/peers?room=x'):
            head = connection.request('HEAD', path)
            whole = connection.request('GET', path)
            equal((head.status, head.body), (200, b''), f'HEAD {path}')
            equal(head.get('content-type'), whole.get('content-type'), 'the content type')


@case('several requests on one connection, pipelined too')
def _():
    with Connection(port()) as connection:
        targets = ['/webrtc/info', '/webrtc/peers?room=one', '/webrtc/signal?nodeId=pipe&timeout=1',
                   '/webrtc/peers?room=two', '/healthz', '/webrtc/peers?room=three'] * 5
        connection.send(b''.join(connection.head('GET', t) for t in targets))
        answers = [connection.response() for _ in targets]
        for target, answer in zip(targets, answers):
            if 'room=' in target:
                equal(answer.json()['room'], target.split('=')[1], 'the order of the answers')


@case('an unknown path is a JSON 404, a wrong method a 405')
def _():
    for method, path in (('GET', '/nothing/here'), ('POST', '/webrtc/nothing'), ('GET', '/webrtc')):
        answer = request(port(), method, path, body=b'{}' if method == 'POST' else None)
        equal(answer.status, 404, f'{method} {path}')
        equal(answer.json()['success'], False, 'success')
    for method, path in (('GET', '/webrtc/join'), ('DELETE', '/webrtc/signal'), ('POST', '/nodes'),
                         ('PUT', '/webrtc/peers'), ('GET', '/webrtc/leave'),
                         ('POST', '/webrtc/info'), ('TRACE', '/healthz')):
        answer = request(port(), method, path, body=b'{}' if method in ('POST', 'PUT') else None)
        equal(answer.status, 405, f'{method} {path}')
        equal(answer.json()['success'], False, 'success')


# origins and hosts


def allowed(answer):
    return answer.get('access-control-allow-origin')


@case('bound to loopback: loopback origins only')
def _():
    post_json(port(), '/webrtc/join', {'nodeId': 'cors', 'room': 'cors'})
    good = ('http://localhost:3000', 'http://127.0.0.1:5173', 'http://[::1]:80', 'http://localhost')
    for origin in good:
        for path in ('/webrtc/info', '/webrtc/peers', '/webrtc/signal?nodeId=cors&timeout=1'):
            answer = get(port(), path, headers={'Origin': origin})
            equal(answer.status, 200, f'{path} for {origin}')
            contains((origin, '*'), allowed(answer), f'Access-Control-Allow-Origin on {path}')
            equal(answer.get('access-control-allow-credentials'), None, 'credentials')
    for origin in ('http://evil.example', 'http://localhost.evil.example', 'null',
                   'http://127.0.0.1.evil.example', 'http://evil.example:80@localhost'):
        answer = post(port(), '/webrtc/join', {'nodeId': 'foreign', 'room': 'foreign'},
                      headers={'Origin': origin})
        check_error(answer, 403, 'forbidden')
        equal(allowed(answer), None, f'Access-Control-Allow-Origin for {origin}')
        with Connection(port()) as connection:
            answer = connection.request('GET', '/webrtc/signal?nodeId=cors', headers={
                'Origin': origin, 'Upgrade': 'websocket', 'Connection': 'Upgrade',
                'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13'})
            equal(answer.status, 403, f'a WebSocket from {origin}')
    equal(get_json(port(), '/webrtc/peers?room=foreign')['peers'], [], 'did a forbidden join count')
    for origin in good[:2]:
        socket = WebSocket(port(), '/webrtc/signal?nodeId=cors', headers={'Origin': origin})
        equal(socket.recv_json()['type'], 'connected', 'the first message')


@case('a preflight is answered')
def _():
    for path, method in (('/webrtc/join', 'POST'), ('/webrtc/signal', 'POST'), ('/webrtc/leave', 'POST'),
                         ('/webrtc/signal', 'GET'), ('/webrtc/info', 'GET')):
        answer = request(port(), 'OPTIONS', path, headers={
            'Origin': 'http://localhost:3000', 'Access-Control-Request-Method': method,
            'Access-Control-Request-Headers': 'content-type'})
        contains((200, 204), answer.status, f'OPTIONS {path}')
        contains(('http://localhost:3000', '*'), allowed(answer), 'allowed origin')
        contains(answer.get('access-control-allow-methods') or '', method, f'allowed on {path}')
        contains((answer.get('access-control-allow-headers') or '').lower(), 'content-type',
                 'allowed headers')
        answer = request(port(), 'OPTIONS', path, headers={
            'Origin': 'http://evil.example', 'Access-Control-Request-Method': 'POST'})
        equal(allowed(answer), None, 'allowed origin of a foreign preflight')


@case('a preflight does not cost the connection')
def _():
    with Connection(port()) as connection:
        for _ in range(3):
            answer = connection.request('OPTIONS', '/webrtc/join',
                                        headers={'Origin': 'http://localhost:3000'})
            equal(answer.status, 204, 'the status')
        equal(connection.request('GET', '/healthz').status, 200, 'the status')


@case('a Host that is no loopback name is forbidden (DNS rebinding)')
def _():
    for host in ('evil.example', f'evil.example:{port()}', '192.0.2.1', 'localhost.evil.example',
                 '127.0.0.1.evil.example'):
        for path in ('/nodes', '/webrtc/info', '/webrtc/signal?nodeId=x&timeout=1'):
            check_error(get(port(), path, headers={'Host': host}), 403, 'forbidden')
        answer = post(port(), '/webrtc/join', {'nodeId': 'rebind', 'room': 'rebind'},
                      headers={'Host': host})
        check_error(answer, 403, 'forbidden')
    equal(get_json(port(), '/webrtc/peers?room=rebind')['peers'], [], 'who joined')


@case('--no-cors: no CORS headers, foreign origins refused')
def _():
    p = shared_server('--no-cors').port
    for headers in (None, {'Origin': 'http://localhost:3000'}, {'Origin': 'http://evil.example'}):
        answer = get(p, '/webrtc/info', headers=headers)
        equal([n for n, _v in answer.headers if n.startswith('access-control')], [], 'CORS headers')
    answer = post(p, '/webrtc/join', {'nodeId': 'x', 'room': 'x'},
                  headers={'Origin': 'http://evil.example'})
    check_error(answer, 403, 'forbidden')
    same = post(p, '/webrtc/join', {'nodeId': 'x', 'room': 'x'},
                headers={'Origin': f'http://127.0.0.1:{p}'})
    equal(same.status, 200, 'the own origin')


# long polls


def two(name, first=DesignHttpClient):
    a = first(port(), f'{name}-a', name)
    h = DesignHttpClient(port(), f'{name}-h', name)
    return a, h


@case('a poll answers at once when something waits')
def _():
    a, h = two('atonce')
    for n in range(3):
        a.offer('atonce-h', 'atonce', f'{n}')
    started = time.monotonic()
    equal([i['payload']['sdp'] for i in h.poll(25000)], ['0', '1', '2'], 'the signals')
    check(time.monotonic() - started < 10, 'it waited')


@case('a poll waits for the first thing to come: a signal, or a room event')
def _():
    a, h = two('waits')
    h.start_poll(25000)
    check(not h.polling.readable(), 'it answered with nothing to tell')
    a.offer('waits-h', 'waits', 'S')
    equal([i['type'] for i in h.finish_poll()], ['offer'], 'the signals')
    h.start_poll(25000)
    LegacyHttpClient(port(), 'waits-c', 'waits')
    equal([(i['type'], i['peerId']) for i in h.finish_poll()], [('peer-joined', 'waits-c')], 'event')


@case('a poll ends empty after its timeout')
def _():
    _a, h = two('empty')
    started = time.monotonic()
    equal(h.poll(300), [], 'the signals')
    took = time.monotonic() - started
    check(0.25 <= took < 8, f'it took {took:.2f} s')
    answer = get_json(port(), '/webrtc/signal?nodeId=empty-h&timeout=1')
    equal(answer, {'signals': []}, 'the answer')


@case('a bad timeout means the default, so the poll waits')
def _():
    a, h = two('badtime')
    polls = []
    for timeout in ('abc', '-5', '', '1e3', '99999999999999999999', '0x10', '12.5', '%00'):
        connection = Connection(port())
        connection.ask('GET', f'/webrtc/signal?nodeId=badtime-h&timeout={timeout}')
        if polls:
            equal(polls[-1].response().json(), {'signals': []}, 'the older poll')
        polls.append(connection)
    check(not polls[-1].readable(), 'it answered at once')
    a.offer('badtime-h', 'badtime', 'S')
    equal(len(polls[-1].response().json()['signals']), 1, 'the signals')
    equal(h.poll(1), [], 'what is left')


@case('a newer poll ends the older with nothing')
def _():
    a, h = two('newer')
    old = h.start_poll(25000)
    h.start_poll(25000)
    equal(old.response().json(), {'signals': []}, 'the older poll')
    a.offer('newer-h', 'newer', 'S')
    equal(len(h.finish_poll()), 1, 'the signals')


def dead_poll_case(name, die):
    @case(name)
    def _():
        room = 'dead-' + die.__name__
        a, h = two(room)
        for n in range(20):
            h.start_poll(25000)
            # Its poll is surely there before it dies: the server answers in order.
            get_json(port(), '/webrtc/info')
            die(h.polling)
            a.offer(room + '-h', room, f'{n}')
            equal([i['payload']['sdp'] for i in h.poll(5000)], [f'{n}'], 'what came')


def reset(connection):
    connection.reset()


def close(connection):
    connection.close()


dead_poll_case('a poll client that dies (RST) loses nothing', reset)
dead_poll_case('a poll client that goes away (FIN) loses nothing', close)


@case('a poll whose client does not read keeps what did not reach the kernel')
def _():
    a, h = two('noread')
    stuck = Connection(port(), small_buffers=True)
    stuck.ask('GET', '/webrtc/signal?nodeId=noread-h&timeout=25000')
    a.offer('noread-h', 'noread', 'first ' + 'x' * 60000)
    check(stuck.take(20, time.monotonic() + 15), 'no answer at all')
    stuck.reset()
    a.offer('noread-h', 'noread', 'second')
    items = h.poll(5000)
    # The first was whole in the kernel or it was not: either way nothing after it is lost.
    equal(items[-1]['payload']['sdp'], 'second', 'what came')


@case('a WebSocket ends a waiting poll')
def _():
    _a, h = two('takeover')
    h.start_poll(25000)
    get_json(port(), '/webrtc/info')
    socket = LegacyClient(port(), 'takeover-h')
    equal(h.finish_poll(), [], 'the waiting poll')
    socket.silent('join-result')


@case('what was queued for a poller comes by the WebSocket it changes to')
def _():
    a, h = two('upgrade')
    a.offer('upgrade-h', 'upgrade', 'S')
    socket = DesignClient(port(), 'upgrade-h', 'upgrade')
    equal(socket.take_offer('upgrade-a'), 'S', 'the offer')
    equal(h.polling, None, 'no poll')


@case('the room of a poll is accepted and ignored')
def _():
    a, _h = two('pollroom')
    a.offer('pollroom-h', 'pollroom', 'S')
    items = get_json(port(), '/webrtc/signal?nodeId=pollroom-h&room=other&timeout=100')['signals']
    equal(len(items), 1, 'the signals')


@case('an HTTP body in pieces, and the head with it in single bytes')
def _():
    body = encode({'nodeId': 'pieces', 'room': 'pieces'})
    with Connection(port()) as connection:
        data = connection.head('POST', '/webrtc/join', {}, body)
        for n in range(len(data)):
            connection.send(data[n:n + 1])
        equal(connection.response().json()['success'], True, 'success')


@case('SIGTERM ends waiting polls and WebSockets properly')
def _():
    server = Server()
    socket = DesignClient(server.port, 'term-w', 'term')
    h = DesignHttpClient(server.port, 'term-h', 'term')
    socket.take_joined('term-h')
    h.start_poll(25000)
    get_json(server.port, '/webrtc/info')
    server.popen.terminate()
    equal(h.finish_poll(), [], 'the poll')
    equal(socket.wait_closed(), 1001, 'the close code')
    socket.close()
    server.stop(0)


main()
