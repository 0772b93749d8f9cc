#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile clients, many at a time and in every stage of a connection, beside 20 good ones who exchange
numbered signals all the while: none of them loses one, is closed, or waits long; and the server is as
small afterwards as before."""

import functools
import json
import select
import time

from harness import Server, at_end, case, check, contains, equal, main
from bystanders import Crowd
from design_client import DesignClient, DesignHttpClient
from rawhttp import Connection, Gone, check_error, encode, get_json, post, post_json
from rawws import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, WebSocket, frame

# A limit refuses work to its sender; which one, and whether there is one, is not the question here.
REFUSALS = ('busy', 'rate-limited')
# A turn of the whole crowd may wait for nobody. Generous: it measures a stall, not speed.
STALL = 5.0


@functools.lru_cache(maxsize=None)
def server():
    return Server()


def port():
    return server().port


@functools.lru_cache(maxsize=None)
def crowd():
    return Crowd(port(), 20)


class Drip:
    """A request that comes a byte at a time and never to its end; it must be given up after a time that
    its bytes do not put off."""

    def __init__(self, start, byte, least):
        self.connection = Connection(port())
        self.started = time.monotonic()
        self.byte = byte
        self.least = least
        self.took = None
        self.answer = b''
        if start:
            self.connection.send(start)

    def step(self):
        if self.took is not None:
            return
        if self.connection.readable():
            self.answer = self.connection.ended()
            self.took = time.monotonic() - self.started
        elif self.byte and not self.connection.send(self.byte):
            self.answer = self.connection.ended()
            self.took = time.monotonic() - self.started

    def check(self):
        check(not self.answer or self.answer.startswith(b'HTTP/1.1 408'), f'answered {self.answer!r}')
        check(self.least - 1 <= self.took <= self.least + 15,
              f'given up after {self.took:.1f} s instead of {self.least}')


@functools.lru_cache(maxsize=None)
def drips():
    """Opened by the first case, fed by all, judged at the end."""
    head = b'POST /webrtc/join HTTP/1.1\r\nHost: localhost\r\n'
    return [Drip(b'', b'', 10), Drip(head + b'X: ', b'x', 10), Drip(b'\r\n', b'\r\n', 10),
            Drip(head + b'Content-Length: 60000\r\n\r\n', b' ', 30)]


def meanwhile(count=1):
    """The good ones talk and the drips drip."""
    crowd().talk(count)
    for drip in drips():
        drip.step()


def judge():
    started = time.monotonic()
    crowd().check()
    took = time.monotonic() - started
    check(took < STALL or server().sanitized(), f'the crowd took {took:.1f} s for its signals')


def hostile(name, seconds=60):
    def register(function):
        @case(name, seconds)
        def _():
            meanwhile(2)
            function()
            judge()
    return register


@at_end
def _drips():
    """slow heads, slow bodies and silent connections were given up in time"""
    while any(drip.took is None for drip in drips()):
        open_ones = [drip.connection.sock for drip in drips() if drip.took is None]
        select.select(open_ones, [], [], 0.5)
        meanwhile()
        judge()
    for drip in drips():
        drip.check()


@at_end
def _crowd():
    """none of the good ones lost anything, was closed, or heard of anything"""
    crowd().finish()


@at_end
def _server():
    """the server is small again, and stops cleanly"""
    fds = server().fds()
    check(fds < 120, f'{fds} fds are open')
    check(server().rss_kib() < 200 * 1024 or server().sanitized(), f'{server().rss_kib()} KiB resident')
    server().stop()


# Everything at once

OFFER = {'type': 'offer', 'to': 'crowd-0-1', 'room': 'crowd-0', 'sdp': 'hostile'}
TEXT_OFFER = encode(OFFER)
PING_TEXT = b'{"type":"ping"}'


def sdp(raw):
    return b'{"type":"offer","to":"crowd-0-1","room":"crowd-0","payload":{"sdp":' + raw + b'}}'


# What is sent, and the close codes or the error that may follow. Nobody here is in the crowd's room.
WEBSOCKET_VOLLEY = (
    (frame(TEXT, b' ' * 65537), (1009,)),
    (frame(TEXT, b'[' * 100000), (1009,)),
    (frame(TEXT, b'[' * 65000), 'bad-request'),
    (frame(TEXT, PING_TEXT, masked=False), (1002,)),
    (frame(TEXT, PING_TEXT, rsv=4), (1002,)),
    (frame(7, PING_TEXT), (1002,)),
    (frame(TEXT, b'{"type":"\xed\xa0\x80"}'), (1007,)),
    (frame(TEXT, b'{"type":"offer"\xff'), (1007,)),
    (frame(BINARY, b'\xff' * 65536), 'bad-request'),
    (frame(TEXT, TEXT_OFFER[:-1] + b',"to":"crowd-0-2"}'), 'bad-request'),
    (frame(TEXT, TEXT_OFFER[:-1] + b',"\\u0074o":"crowd-0-2"}'), 'bad-request'),
    (frame(TEXT, b'{"type":"join","room":"\\ud800"}'), 'bad-request'),
    (frame(TEXT, b'{"type":"offer","to":"\\udc00\\ud800","room":"crowd-0","sdp":"x"}'), 'bad-request'),
    (frame(TEXT, sdp(b'"\\ud800"')), ('forbidden', 'bad-request')),
    (frame(TEXT, sdp(b'1e999')), ('forbidden', 'bad-request')),
    (frame(TEXT, b'{"type":1e999}'), 'bad-request'),
    (frame(TEXT, TEXT_OFFER), 'forbidden'),
    (frame(TEXT, encode({**OFFER, 'type': 'answer'})), 'forbidden'),
    (frame(TEXT, encode({**OFFER, 'type': 'answer', 'room': None})), 'unknown-peer'),
    (frame(TEXT, encode({**OFFER, 'from': 'crowd-0-2'})), 'forbidden'),
    (frame(CLOSE, b'\x03\xe8') + frame(TEXT, TEXT_OFFER) * 500 + frame(PING) * 500, (1000,)),
    (frame(CLOSE, b'\x03\xee'), (1002,)),
    (frame(CONTINUATION, PING_TEXT), (1002,)),
    (frame(TEXT, b'', fin=False) + frame(CONTINUATION, b'', fin=False) * 5000, (1008,)),
    (frame(TEXT, b'{', fin=False) + frame(CONTINUATION, b' ' * 30000, fin=False) * 3, (1009,)),
)


def outcome(socket):
    """The close code, or the code of the error."""
    try:
        return socket.expect('error')['code']
    except Closed as closed:
        return closed.code


@hostile('bad frames and messages of every kind, all at once and all again')
def _():
    for turn in range(4):
        sockets = [DesignClient(port(), f'volley-{n}') for n in range(len(WEBSOCKET_VOLLEY))]
        for socket, (data, _wanted) in zip(sockets, WEBSOCKET_VOLLEY):
            # The first time in two halves, with everybody's first half before the second ones.
            half = len(data) // 2 if turn % 2 == 0 else 0
            socket.send(data[:half])
            socket.rest = data[half:]
        meanwhile()
        for socket in sockets:
            socket.send(socket.rest)
        meanwhile()
        for socket, (data, wanted) in zip(sockets, WEBSOCKET_VOLLEY):
            contains((wanted,) if isinstance(wanted, str) else wanted, outcome(socket),
                     f'what came for {data[:60]!r}')
            socket.reset()


HOST = b'Host: localhost\r\n'
BODY = encode({'from': 'crowd-0-2', 'to': 'crowd-0-1', 'room': 'crowd-0', 'type': 'offer', 'sdp': 'evil'})
POST = b'POST /webrtc/signal HTTP/1.1\r\n' + HOST
LENGTH = b'Content-Length: %d\r\n' % len(BODY)
UPGRADE = b'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' \
    b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
SOCKET = b'GET /webrtc/signal?nodeId=crowd-0-1 HTTP/1.1\r\n'
SIGNAL = b'{"from":"stranger","to":"crowd-0-1","type":"answer","sdp":"x"}'

# What is sent, and the one status that answers it. The crowd's own ids stand here: none may be used.
HTTP_VOLLEY = (
    (POST + LENGTH + b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + BODY, (400, 501)),
    (POST + b'Transfer-Encoding: chunked\r\n' + LENGTH + b'\r\n0\r\n\r\n' + BODY, (400, 501)),
    (POST + LENGTH + LENGTH.replace(b': ', b': 1') + b'\r\n' + BODY, (400,)),
    (POST + HOST + LENGTH + b'\r\n' + BODY, (400,)),
    (POST + b'Host: evil.example\r\n' + LENGTH + b'\r\n' + BODY, (400,)),
    (POST.replace(b'localhost', b'evil.example') + LENGTH + b'\r\n' + BODY, (403,)),
    (POST + b'Content-Length: 65537\r\n\r\n', (413,)),
    (POST + b'Content-Length: %d\r\n\r\n' % len(SIGNAL) + SIGNAL, (403, 404)),
    (SOCKET + HOST + b'Origin: http://evil.example\r\n' + UPGRADE + b'\r\n', (403,)),
    (SOCKET + HOST + b'Origin: null\r\n' + UPGRADE + b'\r\n', (403,)),
    (SOCKET + b'Host: evil.example\r\n' + UPGRADE + b'\r\n', (403,)),
    (SOCKET + b'Host: evil.example\r\nOrigin: http://evil.example\r\n' + UPGRADE + b'\r\n', (403,)),
    (SOCKET + b'Host: 127.0.0.1\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n' + UPGRADE
     + b'\r\n', (400,)),
    (b'POST /webrtc/join HTTP/1.1\r\n' + HOST + b'Content-Length: 9\r\n\r\n{"nodeId"', (400,)),
    (b'GET /webrtc/signal?nodeId=crowd-0-1&nodeId=x HTTP/1.1\r\n' + HOST + b'\r\n', (400,)),
    (frame(TEXT, TEXT_OFFER) + b'\r\n\r\n', (400,)),
)


@hostile('bad requests of every kind, all at once and all again; none speaks for one of the crowd')
def _():
    for turn in range(4):
        connections = [Connection(port()) for _ in HTTP_VOLLEY]
        for connection, (data, _wanted) in zip(connections, HTTP_VOLLEY):
            half = len(data) // 2 if turn % 2 == 0 else 0
            connection.send(data[:half])
            connection.rest = data[half:]
        meanwhile()
        for connection in connections:
            connection.send(connection.rest)
        meanwhile()
        for connection, (data, wanted) in zip(connections, HTTP_VOLLEY):
            contains(wanted, connection.response().status, f'the status for {data[:120]!r}')
            connection.close()


# Floods


@hostile('a flood of pings, its answers never read, leaves nothing behind')
def _():
    flooders = [WebSocket(port(), f'/webrtc/signal?nodeId=pings-{n}', small_buffers=True) for n in range(5)]
    rss = server().rss_kib()
    data = frame(PING, b'p' * 125) * 500
    for _ in range(40):
        for flooder in flooders:
            flooder.sock.setblocking(False)
            try:
                flooder.sock.send(data)
            except (BlockingIOError, ConnectionError):
                pass
        meanwhile()
    judge()
    grown = server().rss_kib() - rss
    check(grown < 4096 or server().sanitized(), f'memory grew by {grown} KiB')
    for flooder in flooders:
        flooder.reset()


@hostile('a flood of pings that are read: each is answered, and nobody waits')
def _():
    socket = WebSocket(port(), '/webrtc/signal?nodeId=pings')
    for turn in range(40):
        socket.send(b''.join(frame(PING, b'%d' % n) for n in range(100)))
        meanwhile()
        deadline = time.monotonic() + STALL
        for number in range(100):
            opcode = None
            while opcode != PONG:
                _fin, opcode, data = socket.recv_frame(deadline)
            equal(data, b'%d' % number, f'a pong of turn {turn}')
    socket.close_frame()


@hostile('a message in 3,000 fragments of one byte and none is a message; an endless one is not')
def _():
    receiver = DesignClient(port(), 'pieces-b', 'pieces')
    sender = DesignClient(port(), 'pieces-a', 'pieces')
    text = encode({'type': 'offer', 'to': 'pieces-b', 'room': 'pieces', 'sdp': 'x' * 1400})
    pieces = [text[n:n + 1] for n in range(len(text))] + [b''] * 1500
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        sender.send(frame(CONTINUATION if number else TEXT, piece, fin=last))
        if number % 300 == 0:
            meanwhile()
    equal(receiver.take_offer('pieces-a'), 'x' * 1400, 'the signal')
    sender.send(frame(TEXT, b'{', fin=False))
    for _ in range(100):
        if sender.readable() or not sender.send(frame(CONTINUATION, fin=False) * 1000):
            break
    equal(outcome(sender), 1008, 'the close code of an endless one')


def flood(senders, messages, to_room):
    """Each sender says all its messages; returns how many were refused to each. Nobody is closed."""
    refused = []
    for sender in senders:
        for number, message in enumerate(messages):
            sender.send_json({**message, 'room': to_room})
            if number % 500 == 0:
                meanwhile()
    for sender in senders:
        errors = [m for m in sender.barrier() if m['type'] == 'error']
        for error in errors:
            contains(REFUSALS, error['code'], 'the code of a refusal')
        refused.append(len(errors))
    return refused


@hostile('10,000 candidates: each arrives in order or is refused to who sent it', 120)
def _():
    receiver = DesignClient(port(), 'cand-b', 'cand')
    sender = DesignClient(port(), 'cand-a', 'cand')
    candidates = [{'type': 'ice-candidate', 'to': 'cand-b', 'candidate': {'candidate': f'candidate:{n}'}}
                  for n in range(10000)]
    got, refused = [], 0
    for at in range(0, 10000, 250):
        refused += flood([sender], candidates[at:at + 250], 'cand')[0]
        came = [m for m in receiver.barrier() if m['type'] == 'ice-candidate']
        got += [int(m['candidate']['candidate'].split(':')[1]) for m in came]
    equal(got, sorted(set(got)), 'the order')
    equal(len(got) + refused, 10000, 'those that arrived and those that were refused')
    check(got, 'not one arrived')


@hostile('consumers that never read cost their senders refusals, and memory with a limit', 120)
def _():
    lazy = [DesignClient(port(), f'lazy-{n}', 'lazy', small_buffers=True) for n in range(4)]
    senders = [DesignClient(port(), f'busy-{n}', 'lazy') for n in range(3)]
    rss = server().rss_kib()
    for n in range(4):
        messages = [{'type': 'offer', 'to': f'lazy-{n}', 'sdp': 'x' * 20000}] * 150
        for sender in senders:
            for message in messages:
                sender.send_json({**message, 'room': 'lazy'})
            meanwhile()
    codes = [m['code'] for sender in senders for m in sender.barrier() if m['type'] == 'error']
    for code in codes:
        contains(REFUSALS + ('unknown-peer',), code, 'the code of a refusal')
    check(len(codes) > 100, f'only {len(codes)} of 1,800 signals were refused')
    grown = server().rss_kib() - rss
    check(grown < 24 * 1024 or server().sanitized(), f'memory grew by {grown} KiB')
    judge()
    # Who reads again gets what was taken for it, in order, or was closed for being too slow.
    for client in lazy:
        try:
            client.barrier()
        except Closed as closed:
            contains((4008, None), closed.code, 'the close code')
        client.reset()
    for sender in senders:
        sender.reset()


# Polls


@hostile('a poll held by a client that is gone loses nothing that was sent to it')
def _():
    for end in ('reset', 'close'):
        node = DesignHttpClient(port(), f'gone-{end}', 'polls')
        dead = Connection(port())
        dead.ask('GET', f'/webrtc/signal?nodeId=gone-{end}&timeout=20000')
        # The answer to a later request shows that the poll was seen.
        get_json(port(), '/webrtc/info')
        getattr(dead, end)()
        get_json(port(), '/webrtc/info')
        meanwhile()
        sender = DesignClient(port(), f'gone-sender-{end}', 'polls')
        for n in range(5):
            sender.offer(node.node_id, 'polls', f'{n}')
        sender.barrier()
        came = get_json(port(), f'/webrtc/signal?nodeId={node.node_id}&timeout=5000')['signals']
        equal([s['payload']['sdp'] for s in came if s['type'] == 'offer'], list('01234'), 'the signals')
        post_json(port(), '/webrtc/leave', {'nodeId': node.node_id})
        sender.stop()


@hostile('of 50 polls for one node the newest gets what comes, the others an empty answer')
def _():
    node = DesignHttpClient(port(), 'many-polls', 'polls')
    sender = DesignClient(port(), 'many-polls-sender', 'polls')
    get_json(port(), '/webrtc/signal?nodeId=many-polls&timeout=5000')
    polls = []
    for _ in range(50):
        polls.append(Connection(port()))
        polls[-1].ask('GET', '/webrtc/signal?nodeId=many-polls&timeout=20000')
        if len(polls) > 1:
            equal(polls[-2].response().json()['signals'], [], 'an older poll')
    meanwhile()
    sender.offer('many-polls', 'polls', 'one')
    came = polls[-1].response().json()['signals']
    equal([s['payload']['sdp'] for s in came], ['one'], 'the newest poll')
    post_json(port(), '/webrtc/leave', {'nodeId': node.node_id})
    sender.stop()


@hostile('500 polls that are held and reset, and 200 for nodes that are in no room')
def _():
    for n in range(20):
        post(port(), '/webrtc/join', {'nodeId': f'held-{n}', 'room': 'held'})
    for turn in range(25):
        polls = [Connection(port()) for _ in range(20)]
        for n, poll in enumerate(polls):
            poll.ask('GET', f'/webrtc/signal?nodeId=held-{n}&timeout=20000')
        meanwhile()
        for poll in polls:
            poll.reset()
    for n in range(200):
        with Connection(port()) as poll:
            poll.ask('GET', f'/webrtc/signal?nodeId=nowhere-{n}&timeout=20000')
    for n in range(20):
        post(port(), '/webrtc/leave', {'nodeId': f'held-{n}'})


# Strangers


@hostile('answers and candidates from strangers reach nobody, by whatever way they come')
def _():
    stranger = DesignClient(port(), 'stranger', 'strangers')
    for type_ in ('answer', 'ice-candidate', 'renegotiate', 'offer'):
        for extra in ({'room': 'crowd-3'}, {'room': None}, {}, {'room': 'strangers'}):
            stranger.send_json({'type': type_, 'to': 'crowd-3-1', 'from': 'crowd-3-2', 'sdp': 'evil',
                                'payload': {'candidate': {'candidate': ''}, 'sdp': 'evil'}, **extra})
            contains(('forbidden', 'unknown-peer'), stranger.expect('error')['code'], 'the code')
    for body in ({'from': 'stranger', 'to': 'crowd-3-1', 'room': 'crowd-3'}, {'from': 'nobody', 'to': 'crowd-3-1'}):
        answer = post(port(), '/webrtc/signal', {**body, 'type': 'answer', 'sdp': 'evil'})
        contains((403, 404), answer.status, 'the status')
    check_error(post(port(), '/webrtc/signal', {'from': 'stranger', 'to': 'stranger', 'type': 'offer', 'sdp': 'x'}),
                400, 'bad-request')
    stranger.silent()
    stranger.stop()


# Connections


def one_after_another(count, use):
    """Opens, uses and ends count connections; those that are refused are counted, cleanly as they are."""
    served = 0
    for n in range(count):
        try:
            served += bool(use(n))
        except (Gone, ConnectionError):
            pass
        if n % 100 == 0:
            meanwhile()
            judge()
    print(f'# {served} of {count} were served')
    return served


def ask_and_close(n):
    with Connection(port()) as connection:
        if n % 3 == 0:
            return False
        connection.ask('GET', '/healthz')
        if n % 3 == 1:
            connection.reset()
            return False
        status = connection.response().status
        contains((200, 429, 503), status, 'the status')
        return status == 200


@hostile('6,000 connections from one address, one after another', 180)
def _():
    check(one_after_another(6000, ask_and_close) > 100, 'hardly any was served')
    # Each request gives the server a turn to notice the ends.
    for _ in range(100):
        if server().fds() < 100:
            break
        get_json(port(), '/healthz')
    check(server().fds() < 100, f'{server().fds()} fds are still open')


def join_and_vanish(n):
    socket = WebSocket(port(), f'/webrtc/signal?nodeId=vanish-{n % 7}&room=vanish', handshake=n % 4 != 0)
    if n % 2:
        socket.send_text(json.dumps({'type': 'join', 'room': f'vanish-{n % 30}'}))
    socket.reset()
    return n % 4 != 0


@hostile('1,000 WebSockets that join and vanish under the same few ids', 180)
def _():
    check(one_after_another(1000, join_and_vanish) > 50, 'hardly any was served')


@hostile('300 connections at a time that say nothing, half a frame, or half a head')
def _():
    for _ in range(3):
        silent = [Connection(port()) for _ in range(300)]
        for n, connection in enumerate(silent):
            if n % 3:
                connection.send(b'GET /healthz HT' if n % 3 == 1 else
                                b'GET /webrtc/signal?nodeId=half HTTP/1.1\r\n' + HOST + UPGRADE + b'\r\n\x81')
            if n % 50 == 0:
                meanwhile()
        judge()
        for connection in silent:
            connection.reset()


main()
