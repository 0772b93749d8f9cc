#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad messages and frames over WebSocket: each gets a clear error or the close code RFC 6455 names, the
server goes on, and two bystanders who exchange numbered signals all the while lose nothing."""

import functools
import json
import struct
import time

from harness import (at_end, case, check, contains, end_shared_servers, equal, main, shared_server)
from bystanders import Bystanders
from design_client import DesignClient
from rawhttp import Connection, check_error, get_json
from rawws import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, MessageSocket, frame


@functools.lru_cache(maxsize=None)
def bystanders():
    return Bystanders(shared_server().port)


@at_end
def _bystanders():
    """the bystanders lost nothing and heard of nothing"""
    bystanders().finish()


at_end(end_shared_servers)


def bad_case(name, seconds=60):
    """A case around which, and in which, the bystanders talk."""
    def register(function):
        @case(name, seconds)
        def _():
            bystanders().talk(3)
            function(shared_server().port)
            bystanders().check()
    return register


OFFER = {'type': 'offer', 'to': 'bad-b', 'room': 'bad', 'sdp': 'S'}


@functools.lru_cache(maxsize=None)
def pair():
    """bad-a sends the bad things, bad-b must see none of them."""
    port = shared_server().port
    b = DesignClient(port, 'bad-b', 'bad')
    a = DesignClient(port, 'bad-a', 'bad')
    b.take_joined('bad-a')
    return a, b


def refused(text, code='bad-request'):
    """A message that must be refused with exactly one error; the sockets go on, nobody else hears."""
    a, b = pair()
    a.send_text(text)
    a.expect_error(code)
    a.silent()
    b.silent()


def refused_all(messages, code='bad-request'):
    for message in messages:
        try:
            refused(message if isinstance(message, (bytes, str)) else json.dumps(message), code)
        except AssertionError as error:
            raise AssertionError(f'for {message[:200] if isinstance(message, bytes) else message!r}: '
                                 f'{error}') from error


@bad_case('not JSON')
def _(_port):
    refused_all([b'', b' ', b'offer', b'{', b'}', b'{"type"}', b'{"type":"ping"', b'{"type":"ping",}',
                 b"{'type':'ping'}", b'{type:"ping"}', b'{"type":"ping"}}', b'{"type":"ping"} x',
                 b'{"type":"ping"}{"type":"ping"}', b'{"type":"ping" "x":1}', b'{"type":ping}',
                 b'{"x":01,"type":"ping"}', b'{"x":1.,"type":"ping"}', b'{"x":.5,"type":"ping"}',
                 b'{"x":+1,"type":"ping"}', b'{"x":1e,"type":"ping"}', b'{"x":NaN,"type":"ping"}',
                 b'{"x":-,"type":"ping"}', b'{"x":0x1,"type":"ping"}', b'{"x":tru,"type":"ping"}',
                 b'{"x":[1,],"type":"ping"}', b'{"x":[1 2],"type":"ping"}', b'{"x":"\\x","type":"ping"}',
                 b'{"x":"\\u12g4","type":"ping"}', b'{"x":"\\u12","type":"ping"}',
                 b'{"x":"a\nb","type":"ping"}', b'{"x":"a\tb","type":"ping"}', b'{"type":"ping","x":"',
                 b'\xef\xbb\xbf{"type":"ping"}', b'{"type":"ping"/**/}', b'\x0b{"type":"ping"}'])


@bad_case('JSON that is no object')
def _(_port):
    refused_all([b'[]', b'[{"type":"ping"}]', b'"ping"', b'1', b'null', b'true'])


@bad_case('wrong types')
def _(_port):
    messages = [{**OFFER, name: value}
                for name in ('type', 'to', 'room')
                for value in (1, True, [], {}, ['offer'], {'x': 1}, 1.5)]
    messages += [{**OFFER, 'type': None}, {**OFFER, 'to': None}]
    messages += [{'type': 'join', 'room': value} for value in (1, None, [], {}, True)]
    messages += [{'type': 'join', 'room': 'bad', 'metadata': value} for value in (1, 'x', [], True)]
    messages += [{'type': 'leave', 'room': value} for value in (1, [], {}, True)]
    refused_all(messages)


@bad_case('missing fields')
def _(_port):
    refused_all([{}, {'room': 'bad'}, {'type': 'join'}, {'type': 'offer', 'room': 'bad', 'sdp': 'S'},
                 {'type': 'offer', 'to': 'bad-b', 'room': 'bad'},
                 {'type': 'answer', 'to': 'bad-b', 'room': 'bad'},
                 {'type': 'ice-candidate', 'to': 'bad-b', 'room': 'bad'}])


@bad_case('an unknown type, and types only the server sends')
def _(_port):
    refused_all([{'type': name} for name in ('', 'nothing', 'OFFER', 'offer ', 'connected', 'error',
                                             'join-result', 'draining', 'offer\x00')])
    refused_all([{**OFFER, 'type': name} for name in ('peer-joined', 'peer-left', 'join-result')])


@bad_case('a key twice, also when it is written with escapes')
def _(_port):
    refused_all([b'{"type":"offer","to":"bad-b","room":"bad","sdp":"S","to":"bad-b"}',
                 b'{"type":"offer","type":"offer","to":"bad-b","room":"bad","sdp":"S"}',
                 b'{"type":"offer","to":"bad-b","room":"bad","sdp":"S","sdp":"T"}',
                 b'{"type":"offer","to":"bad-b","room":"bad","payload":{"sdp":1},"payload":{"sdp":2}}',
                 b'{"type":"offer","to":"bad-b","room":"bad","sdp":"S","from":"a","from":"b"}',
                 b'{"type":"offer","to":"bad-b","room":"bad","sdp":"S","\\u0074o":"bad-b"}',
                 b'{"type":"join","room":"bad","room":"bad"}'])


def nested(depth, opening=b'[', closing=b']'):
    return b'{"type":"offer","to":"bad-b","room":"bad","payload":{"sdp":"S","x":' + \
        opening * depth + b'1' + closing * depth + b'}}'


@bad_case('deep nesting: 100, and as much as fits a message')
def _(_port):
    refused_all([nested(100), nested(100, b'{"a":', b'}'), nested(30000), nested(10000, b'{"a":', b'}'),
                 b'[' * 60000, b'{"x":' * 12000])


@bad_case('nesting of 100,000 is too large a frame')
def _(port):
    socket = DesignClient(port, 'deep')
    socket.send_text(b'{"type":"ping","x":' + b'[' * 100000 + b']' * 100000 + b'}')
    too_large(socket)


@bad_case('depth 32 is taken, 33 is not')
def _(_port):
    a, b = pair()
    a.send_text(nested(30))
    b.take_offer('bad-a')
    refused(nested(31))


@bad_case('NUL bytes and \\u0000')
def _(_port):
    a, b = pair()
    refused_all([b'{"type":"ping"}\x00', b'\x00{"type":"ping"}', b'{"type":"pi\x00ng"}',
                 b'{"type":"offer","to":"bad-b\\u0000","room":"bad","sdp":"S"}',
                 b'{"type":"offer","to":"bad-b","room":"bad\\u0000x","sdp":"S"}',
                 b'{"type":"join","room":"x\\u0000"}', b'{"type":"ping\\u0000"}'])
    a.send_text(b'{"type":"offer","to":"bad-b","room":"bad","payload":{"sdp":"a\\u0000b"}}')
    equal(b.take_offer('bad-a'), 'a\0b', 'an escaped NUL inside the payload')


@bad_case('huge numbers')
def _(_port):
    a, b = pair()
    digits = b'9' * 4000
    refused_all([b'{"type":"join","room":' + digits + b'}', b'{"type":' + digits + b'}'])
    for number in (digits, b'-' + digits, b'1e999999999999', b'1e-999999999999', b'0.' + digits):
        payload = b'{"sdp":"S","n":' + number + b'}'
        a.send_text(b'{"type":"offer","to":"bad-b","room":"bad","payload":' + payload + b'}')
        b.expect_next('offer')
        contains(b.last_raw, payload, 'the payload')


@bad_case('node ids and room names that are none')
def _(port):
    bad = ['', 'a b', 'a/b', 'ä', 'x' * 129, 'a\nb', '../x', 'a%b', 'a"b', '<x>', 'system']
    refused_all([{'type': 'join', 'room': name} for name in bad])
    refused_all([{**OFFER, 'room': name} for name in bad[:-1]])
    refused_all([{**OFFER, 'to': name} for name in bad[:-1]])
    refused_all([{'type': 'leave', 'room': name} for name in bad[:-1]])
    for name in ('', 'a%20b', 'a%2Fb', '%C3%A4', 'x' * 129, 'a%00b', 'system', 'a%0D%0AX:%20y', '%', '%2'):
        with Connection(port) as connection:
            answer = connection.request('GET', f'/webrtc/signal?nodeId={name}', headers={
                'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
                'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA=='})
            check_error(answer, 400, 'bad-request')
    longest = 'x' * 128
    a = DesignClient(port, longest, 'Az09._:-')
    equal(a.joined['success'], True, 'the longest id and every kind of character')
    a.stop()


@bad_case('unknown peer, unknown room, not in the room, to oneself')
def _(_port):
    refused_all([{**OFFER, 'to': 'ghost'}, {'type': 'offer', 'to': 'ghost', 'sdp': 'S'}], 'unknown-peer')
    refused_all([{**OFFER, 'room': 'bystanders'},
                 {**OFFER, 'room': 'bystanders', 'to': 'bystander-1'}], 'forbidden')
    refused_all([{**OFFER, 'to': 'bad-a'}], 'bad-request')
    a, _b = pair()
    # A room that does not exist is one the sender is not in; either name for it is a clear one.
    a.send_json({**OFFER, 'room': 'never-was'})
    contains(('forbidden', 'unknown-room'), a.expect('error')['code'], 'the code')


@bad_case('a peer in another room only cannot be reached')
def _(_port):
    refused_all([{'type': 'offer', 'to': 'bystander-1', 'sdp': 'S'},
                 {'type': 'ice-candidate', 'to': 'bystander-1', 'room': None, 'candidate': {}}],
                'unknown-peer')


@bad_case('metadata over 2 KiB is too large; a full 2 KiB of it is not')
def _(_port):
    a, _b = pair()
    a.send_json({'type': 'join', 'room': 'bad', 'metadata': {'x': 'y' * 2048}})
    message = a.expect_error('payload-too-large')
    a.send_text('{"type":"join","room":"bad","metadata":{"x":"' + 'y' * 2030 + '"}}')
    equal(a.expect('join-result')['success'], True, f'after {message}')


@bad_case('an answer without offer and a candidate before the offer are relayed as any signal')
def _(_port):
    a, b = pair()
    a.answer('bad-b', 'bad', 'no offer was made')
    a.candidate('bad-b', 'bad', {'candidate': 'too early'})
    a.offer('bad-b', 'bad', 'late')
    equal(b.expect_next('answer')['sdp'], 'no offer was made', 'the answer')
    equal(b.expect_next('ice-candidate')['candidate'], {'candidate': 'too early'}, 'the candidate')
    equal(b.expect_next('offer')['sdp'], 'late', 'the offer')


@bad_case('malformed SDP is relayed unread')
def _(_port):
    a, b = pair()
    refused_all([{**OFFER, 'sdp': sdp} for sdp in (7, [], None, True)])
    for sdp in ('', 'v=', 'm=application', '\r\n\r\n', 'v=0\r\n' * 1000, {'sdp': None}, {'sdp': 7}):
        a.offer('bad-b', 'bad', sdp)
        equal(b.expect_next('offer')['payload']['sdp'], sdp, 'the sdp')


INJECTIONS = [
    b'{"sdp":"S"}},"from":"evil","x":{"y":1}',
    b'{"sdp":"S"}]',
    b'{"sdp":"S"',
    b'{"sdp":"S\\"}',
    b'{"sdp":"\\"}},\\"from\\":\\"evil"',
    b'{"sdp":"S"}\x00,"from":"evil"',
    b'{"sdp":"S"}\n{"type":"peer-left","peerId":"bystander-1"}',
    b'"S\xc0\x22},\x22from\x22:\x22evil"',
    b'{"sdp":"S\xc2"},"from":"evil","z":"\xa9"}',
    b'{"sdp":"S\xf0\x9f"}',
]


@bad_case('no payload can close its span early and write "from" itself')
def _(port):
    pair()
    for number, payload in enumerate(INJECTIONS):
        sender = DesignClient(port, f'inject-{number}', 'inject')
        receiver = DesignClient(port, f'victim-{number}', 'inject')
        sender.take_joined(receiver.node_id)
        data = b'{"type":"offer","to":"' + receiver.node_id.encode() + b'","room":"inject","payload":'
        sender.send_text(data + payload + b'}')
        try:
            answer = sender.expect('error')
            equal(answer['code'], 'bad-request', f'the code for {payload!r}')
            sender.stop()
        except Closed as closed:
            equal(closed.code, 1007, f'the close code for {payload!r}')
        came = [m for m in receiver.barrier() if m['type'] not in ('peer-joined', 'peer-left')]
        equal(came, [], f'what came through for {payload!r}')
        receiver.stop()


@bad_case('a known key with escapes in it is known: no second "from", "type" or "room" gets through')
def _(_port):
    a, b = pair()
    a.send_text(b'{"type":"offer","to":"bad-b","room":"bad","sdp":"S","fr\\u006fm":"evil"}')
    equal(b.expect_next('offer')['from'], 'bad-a', 'from')
    check(b'evil' not in b.last_raw, 'the escaped "from" was passed on')
    a.send_text(b'{"typ\\u0065":"offer","t\\u006f":"bad-b","payl\\u006fad":{"sdp":"E"}}')
    equal(b.expect_next('offer')['sdp'], 'E', 'sdp')
    a.send_text(b'{"type":"offer","to":"bad-b","sdp":"S","peerId":"evil","nodeId":"evil","seq":9,'
                b'"timestamp":1,"success":true}')
    message = b.expect_next('offer')
    check(b'evil' not in b.last_raw, f'unknown keys outside payload were passed on: {message}')


# frames


def too_large(socket):
    """error payload-too-large, or the close code for it (1009)."""
    try:
        socket.expect('error', code='payload-too-large')
    except Closed as closed:
        equal(closed.code, 1009, 'the close code')


def closes_with(name, codes, *frames):
    @bad_case(name)
    def _(port):
        for number, data in enumerate(frames):
            socket = DesignClient(port, f'frames-{number}', 'frames')
            socket.send(data)
            contains(codes, socket.wait_closed(), f'the close code of attempt {number}')


GOOD = json.dumps({'type': 'ping'}).encode()

closes_with('an unmasked frame', (1002,), frame(TEXT, GOOD, masked=False), frame(PING, masked=False))
closes_with('reserved bits', (1002,), *(frame(TEXT, GOOD, rsv=r) for r in (1, 2, 4, 7)),
            frame(PING, rsv=4), frame(CONTINUATION, GOOD, rsv=4))
closes_with('reserved opcodes', (1002,), *(frame(o, GOOD) for o in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)))
closes_with('bad control frames', (1002,), frame(PING, b'x' * 126), frame(CLOSE, b'x'),
            frame(PING, b'x', fin=False), frame(PONG, b'x' * 200), frame(CLOSE, b'x' * 126, fin=False))
closes_with('bad close codes', (1002,), *(frame(CLOSE, struct.pack('!H', c))
                                          for c in (0, 999, 1004, 1005, 1006, 1015, 2999, 65535)))
closes_with('a close reason that is no UTF-8', (1002, 1007), frame(CLOSE, b'\x03\xe8\xff\xfe'))
closes_with('fragments out of order', (1002,), frame(CONTINUATION, GOOD),
            frame(CONTINUATION, GOOD, fin=False), frame(TEXT, b'{', fin=False) + frame(TEXT, GOOD))
closes_with('a length not in its shortest form', (1002,), frame(TEXT, GOOD, long_form=2),
            frame(TEXT, GOOD, long_form=8), frame(TEXT, b' ' * 300 + GOOD, long_form=8))
closes_with('a length of 2^63 and more', (1002, 1009), frame(TEXT, GOOD, declared=2**63),
            frame(TEXT, GOOD, declared=2**64 - 1))
closes_with('a frame that says it is huge', (1009,), *(frame(TEXT, GOOD, declared=n)
                                                       for n in (2**20, 2**32, 2**62)))


@bad_case('invalid UTF-8, whole and over fragments')
def _(port):
    bad = [b'\xff', b'\xc0\xaf', b'\xc1\xbf', b'\xe0\x80\x80', b'\xed\xa0\x80', b'\xed\xbf\xbf',
           b'\xf4\x90\x80\x80', b'\xf8\x88\x80\x80\x80', b'\x80', b'\xc3', b'\xe2\x82', b'\xf0\x9f\x98']
    for number, data in enumerate(bad):
        for fragments in (False, True):
            socket = DesignClient(port, f'utf8-{number}', 'utf8')
            text = b'{"type":"join","room":"utf8","metadata":{"x":"' + data + b'"}}'
            if fragments:
                at = text.index(data) + 1
                socket.send(frame(TEXT, text[:at], fin=False) + frame(CONTINUATION, text[at:]))
            else:
                socket.send_text(text)
            try:
                socket.expect_error('bad-request')
            except Closed as closed:
                equal(closed.code, 1007, f'the close code for {data!r}')


@bad_case('UTF-8 that is split between two fragments is good')
def _(_port):
    a, b = pair()
    text = json.dumps({**OFFER, 'sdp': '☃𝄞é'}, ensure_ascii=False).encode()
    for at in range(text.index('☃'.encode()), len(text) - 2):
        a.send(frame(TEXT, text[:at], fin=False) + frame(CONTINUATION, text[at:]))
        equal(b.take_offer('bad-a'), '☃𝄞é', f'split at {at}')


@bad_case('a binary frame is a bad request; the socket goes on')
def _(_port):
    a, b = pair()
    for data in (b'', b'\x00\xff', GOOD, b'x' * 60000):
        a.send(frame(BINARY, data))
        a.expect_error('bad-request')
    a.offer('bad-b', 'bad', 'after binary')
    equal(b.take_offer('bad-a'), 'after binary', 'the offer')


@bad_case('a message over 64 KiB, in one frame and in fragments')
def _(port):
    big = b'{"type":"ping","x":"' + b'x' * 65536 + b'"}'
    socket = DesignClient(port, 'big-1')
    socket.send_text(big)
    too_large(socket)
    socket = DesignClient(port, 'big-2')
    half = len(big) // 2
    socket.send(frame(TEXT, big[:half], fin=False) + frame(CONTINUATION, big[half:]))
    too_large(socket)
    socket = DesignClient(port, 'big-3')
    socket.send(frame(TEXT, b'{', fin=False))
    # An endless message must end with its limit, not with the sender's patience.
    for _ in range(2000):
        if socket.readable() or not socket.send(frame(CONTINUATION, b' ' * 1000, fin=False)):
            break
    too_large(socket)


@bad_case('half a frame and then silence, half-close, reset: nobody else notices')
def _(port):
    left = []
    for end in ('keep', 'half_close', 'reset', 'close'):
        for data in (b'\x81', frame(TEXT, GOOD)[:5], frame(TEXT, b'{', fin=False), frame(TEXT, GOOD)[:-1]):
            socket = DesignClient(port, f'half-{end}')
            socket.send(data)
            left.append(socket)
            if end != 'keep':
                getattr(socket, end)()
            if end == 'half_close':
                socket.ended()
            bystanders().talk()


@bad_case('a client that does not read does not keep others waiting')
def _(port):
    slow = DesignClient(port, 'slow', 'slow', small_buffers=True)
    fast = DesignClient(port, 'fast', 'slow')
    sdp = 'x' * 30000
    for n in range(100):
        fast.offer('slow', 'slow', f'{n} {sdp}')
        bystanders().talk()
    # What does not fit its queue is refused to the sender, not dropped.
    refusals = [m for m in fast.barrier() if m['type'] == 'error']
    for message in refusals:
        equal(message['code'], 'busy', 'the code of a refused signal')
    got = []
    try:
        while len(got) < 100 - len(refusals):
            got.append(int(slow.expect('offer')['sdp'].split()[0]))
    except Closed as closed:
        equal(closed.code, 4008, 'the close code of a consumer that is too slow')
        return
    equal(got, sorted(got), 'the order')
    equal(len(set(got)), 100 - len(refusals), 'how many came')


# the handshake


@bad_case('handshakes that are none')
def _(port):
    good = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
            'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA=='}
    for change in ({'Sec-WebSocket-Version': '8'}, {'Sec-WebSocket-Version': None},
                   {'Sec-WebSocket-Key': None}, {'Sec-WebSocket-Key': 'short'},
                   {'Upgrade': 'h2c'}):
        with Connection(port) as connection:
            answer = connection.request('GET', '/webrtc/signal?nodeId=shake&timeout=1',
                                        headers={**good, **change})
            check(answer.status in (200, 400, 404, 426), f'{change}: {answer}')
    with Connection(port) as connection:
        answer = connection.request('GET', '/webrtc/signal', headers=good)
        check_error(answer, 400, 'bad-request')
    with Connection(port) as connection:
        answer = connection.request('GET', '/webrtc/info', headers=good)
        check(answer.status != 101, 'a WebSocket where none belongs')
    with Connection(port) as connection:
        answer = connection.request('GET', '/webrtc/signal?nodeId=shake&nodeId=bad-a', headers=good)
        check_error(answer, 400, 'bad-request')
    equal(get_json(port, '/webrtc/peers?room=shake')['peers'], [], 'who came in')


@bad_case('frames right behind the handshake, in one packet with it')
def _(port):
    connection = Connection(port)
    head = connection.head('GET', '/webrtc/signal?nodeId=eager', {
        'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA=='})
    connection.send(head + frame(TEXT, b'{"type":"join","room":"eager"}') + frame(TEXT, GOOD))
    answer = connection.take_until(b'\r\n\r\n', time.monotonic() + 15)
    contains(answer, b' 101 ', 'the answer')
    socket = MessageSocket.__new__(MessageSocket)
    socket.__dict__.update(connection.__dict__, inbox=[], last_raw=b'', pings=0, close_sent=False)
    for type_ in ('connected', 'join-result', 'pong'):
        socket.expect_next(type_)


main()
