#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad HTTP: bodies, queries, heads, slow and broken clients, path traversal. Each gets a clear answer or
the end of its connection; two bystanders who exchange numbered signals all the while lose nothing."""

import functools
import os
import time

from harness import (Server, at_end, case, check, contains, end_shared_servers, equal, fail, main,
                     shared_server, tmpdir)
from bystanders import Bystanders
from design_client import DesignClient
from rawhttp import Connection, Gone, check_error, encode, get, post, request


@functools.lru_cache(maxsize=None)
def bystanders():
    return Bystanders(shared_server().port)


@functools.lru_cache(maxsize=None)
def slow_headers():
    """Opened by the first case, given up while the others run: half a head, nothing but empty lines,
    nothing at all."""
    slow = [Connection(shared_server().port) for _ in range(3)]
    slow[0].send(b'GET /healthz HTTP/1.1\r\nHost: 127.')
    slow[1].send(b'\r\n' * 50000)
    return slow, time.monotonic()


@at_end
def _bystanders():
    """the bystanders lost nothing and heard of nothing"""
    bystanders().finish()


@at_end
def _slow_headers():
    """a head that never comes to its end is given up after 10 seconds"""
    slow, started = slow_headers()
    for connection in slow:
        rest = connection.ended(40)
        check(not rest or rest.startswith(b'HTTP/1.1 408'), f'it was answered with {rest[:100]!r}')
        took = time.monotonic() - started
        check(took >= 9, f'it was given up after only {took:.1f} s')


at_end(end_shared_servers)


def bad_case(name, seconds=60):
    def register(function):
        @case(name, seconds)
        def _():
            slow_headers()
            bystanders().talk(3)
            function(shared_server().port)
            bystanders().check()
    return register


# bodies


SIGNAL = {'from': 'rq-a', 'to': 'rq-b', 'room': 'rq', 'type': 'offer', 'sdp': 'S'}


@functools.lru_cache(maxsize=None)
def pair():
    port = shared_server().port
    b = DesignClient(port, 'rq-b', 'rq')
    a = DesignClient(port, 'rq-a', 'rq')
    b.take_joined('rq-a')
    return a, b


def refused(path, body, status=400, code='bad-request'):
    a, b = pair()
    try:
        check_error(post(shared_server().port, path, body), status, code)
        a.silent()
        b.silent()
    except (AssertionError, Gone) as error:
        fail(f'POST {path} {str(body)[:200]}: {error}')


@bad_case('bodies that are not JSON, or no object')
def _(_port):
    for path in ('/webrtc/join', '/webrtc/leave', '/webrtc/signal'):
        for body in (b'', b'{', b'nodeId=x&room=y', b'[]', b'null', b'"x"', b'1', b'{"nodeId":"x"',
                     b"{'nodeId':'x','room':'y'}", b'{"nodeId":"x","room":"y",}', b'\x00',
                     b'{"nodeId":"x","room":"y"}}', b'\xef\xbb\xbf{"nodeId":"x","room":"y"}',
                     b'{"nodeId":"x","room":"y"}\x00', b'{"nodeId":"\xff","room":"y"}',
                     b'{"nodeId":"x","room":"y","z":"\xed\xa0\x80"}', b'{"z":01}'):
            refused(path, body)


@bad_case('wrong types, missing fields, a key twice, bad names')
def _(_port):
    for value in (1, None, [], {}, True, '', 'a b', 'ä', 'x' * 129, 'a/b', 'a\x00b', 'system'):
        refused('/webrtc/join', {'nodeId': value, 'room': 'rq'})
        refused('/webrtc/join', {'nodeId': 'x', 'room': value})
        refused('/webrtc/signal', {**SIGNAL, 'from': value})
        refused('/webrtc/leave', {'nodeId': value})
    for value in (1, [], {}, True, None):
        refused('/webrtc/signal', {**SIGNAL, 'type': value})
        refused('/webrtc/signal', {**SIGNAL, 'to': value})
    for value in (1, [], 'x', True):
        refused('/webrtc/join', {'nodeId': 'x', 'room': 'rq', 'metadata': value})
    for name in ('to', 'type', 'sdp', 'from'):
        refused('/webrtc/signal', {n: v for n, v in SIGNAL.items() if n != name})
    refused('/webrtc/join', {'room': 'rq'})
    refused('/webrtc/join', {'nodeId': 'x'})
    refused('/webrtc/leave', {})
    refused('/webrtc/join', b'{"nodeId":"x","room":"y","nodeId":"z"}')
    refused('/webrtc/join', b'{"nodeId":"x","room":"y","r\\u006fom":"z"}')
    refused('/webrtc/leave', b'{"nodeId":"x","nodeId":"rq-a"}')
    refused('/webrtc/signal', encode(SIGNAL)[:-1] + b',"from":"rq-c"}')
    refused('/webrtc/signal', {**SIGNAL, 'type': 'join'})
    refused('/webrtc/signal', {**SIGNAL, 'type': 'peer-left'})


@bad_case('deep nesting: 100 and 30,000; 100,000 is too large')
def _(_port):
    for depth in (100, 30000):
        nest = b'[' * depth + b']' * depth
        refused('/webrtc/signal', encode(SIGNAL)[:-1] + b',"payload":{"sdp":' + nest + b'}}')
        refused('/webrtc/join', b'{"nodeId":"x","room":"y","metadata":{"x":' + nest + b'}}')
    nest = b'[' * 100000 + b']' * 100000
    refused('/webrtc/signal', b'{"x":' + nest + b'}', 413, 'payload-too-large')


@bad_case('a body over 64 KiB is refused, whatever it says; metadata over 2 KiB too')
def _(port):
    refused('/webrtc/signal', {**SIGNAL, 'sdp': 'x' * 65536}, 413, 'payload-too-large')
    refused('/webrtc/join', b' ' * 70000, 413, 'payload-too-large')
    refused('/webrtc/join', {'nodeId': 'x', 'room': 'rq', 'metadata': {'x': 'y' * 2048}}, 413,
            'payload-too-large')
    for size in (10**6, 10**12, 2**63 - 1):
        with Connection(port) as connection:
            # Refused by its head: nobody reads a body of this size.
            connection.send(connection.head('POST', '/webrtc/join', {'Content-Length': str(size)}))
            check_error(connection.response(), 413, 'payload-too-large')
    size = 64 * 1024 - len(encode({**SIGNAL, 'sdp': ''}))
    equal(post(port, '/webrtc/signal', {**SIGNAL, 'sdp': 'x' * size}).status, 200, 'exactly 64 KiB')
    equal(len(pair()[1].take_offer('rq-a')), size, 'the length')


@bad_case('unknown peer, not in the room, to oneself')
def _(_port):
    refused('/webrtc/signal', {**SIGNAL, 'to': 'ghost'}, 404, 'unknown-peer')
    refused('/webrtc/signal', {**SIGNAL, 'to': 'bystander-1', 'room': None}, 404, 'unknown-peer')
    refused('/webrtc/signal', {**SIGNAL, 'room': 'bystanders'}, 403, 'forbidden')
    refused('/webrtc/signal', {**SIGNAL, 'to': 'rq-a'})


@bad_case('by HTTP no payload can close its span early either')
def _(port):
    _a, b = pair()
    for payload in (b'{"sdp":"S"}},"from":"evil","x":{"y":1}', b'{"sdp":"S"', b'{"sdp":"S\\"}',
                    b'{"sdp":"S"}],"from":"evil"', b'{"sdp":"S"}\x00,"from":"evil"',
                    b'{"sdp":"S\xc2"},"from":"evil","z":"\xa9"}', b'{"sdp":"\\"}},\\"from\\":\\"evil"'):
        refused('/webrtc/signal', b'{"from":"rq-a","to":"rq-b","type":"offer","payload":' + payload + b'}')
    payload = b'{"sdp":"\\"},\\"from\\":\\"evil\\",\\"x\\":{\\"","a":"\\u0022}}","b":"}}{{]["}'
    body = b'{"type":"offer","payload":' + payload + b',"fr\\u006fm":"rq-a","to":"rq-b"}'
    equal(post(port, '/webrtc/signal', body).status, 200, 'the status')
    equal(b.expect_next('offer')['from'], 'rq-a', 'from')
    contains(b.last_raw, payload, 'the payload')


@bad_case('bad queries')
def _(port):
    for query in ('', '?', '?nodeId', '?nodeId=', '?nodeid=x', '?nodeId=a%20b', '?nodeId=%ff',
                  '?nodeId=' + 'x' * 129, '?nodeId=%00', '?nodeId=system', '?nodeId=a&nodeId=b',
                  '?nodeId=%', '?nodeId=%4'):
        check_error(get(port, '/webrtc/signal' + query), 400, 'bad-request')
    for room in ('a%20b', 'x' * 129, '%ff', '%', '%4', 'system'):
        check_error(get(port, f'/webrtc/peers?room={room}'), 400, 'bad-request')
    equal(get(port, '/webrtc/peers?room=a&x=y&&=&z').status, 200, 'unknown parameters')


# heads


def raw(port, data, statuses, goes_on=False):
    """Sends a whole bad request; wants one of statuses (None: just the end) and the end after it."""
    with Connection(port) as connection:
        connection.send(data)
        try:
            answer = connection.response()
        except Gone:
            contains(statuses, None, f'what came for {data[:120]!r}')
            return
        contains(statuses, answer.status, f'the status for {data[:120]!r}')
        if not goes_on:
            rest = connection.ended()
            check(b'HTTP/1.' not in rest, f'a second answer for {data[:120]!r}: {rest!r}')


HOST = b'Host: localhost\r\n'
BODY = b'{"nodeId":"head","room":"head"}'
JOIN = b'POST /webrtc/join HTTP/1.1\r\n' + HOST + b'Content-Type: application/json\r\n'
SMUGGLED = b'GET /nodes HTTP/1.1\r\n' + HOST + b'\r\n'


@bad_case('Content-Length: doubled, differing, signed, spaced, empty, huge, none')
def _(port):
    length = str(len(BODY)).encode()
    for value in (b'-1', b'+31', b'0x1f', b'31 31', b'', b'abc', b'3 1', b'31;', b'1' * 20, b'9' * 400,
                  b'31.0', b'18446744073709551647', b'31,31'):
        raw(port, JOIN + b'Content-Length: ' + value + b'\r\n\r\n' + BODY + SMUGGLED, (400, 413))
    twice = b'Content-Length: ' + length + b'\r\n'
    raw(port, JOIN + twice + b'Content-Length: 5\r\n\r\n' + BODY + SMUGGLED, (400,))
    raw(port, JOIN + b'Content-Length: 5\r\n' + twice + b'\r\n' + BODY + SMUGGLED, (400,))
    raw(port, JOIN + b'Content-Length : 31\r\n\r\n' + BODY + SMUGGLED, (400,))
    raw(port, JOIN + b'\r\n', (400, 411), goes_on=True)
    raw(port, JOIN + b'Content-Length: 0\r\n\r\n', (400,), goes_on=True)


@bad_case('Transfer-Encoding in any form, alone and with Content-Length')
def _(port):
    chunked = b'1f\r\n' + BODY + b'\r\n0\r\n\r\n'
    for line in (b'Transfer-Encoding: chunked', b'transfer-encoding: CHUNKED', b'Transfer-Encoding: gzip',
                 b'Transfer-Encoding: identity', b'Transfer-Encoding: chunked, chunked',
                 b'Transfer-Encoding:\tchunked', b'Transfer-Encoding: xchunked', b'Transfer-Encoding:',
                 b'Content-Length: 5\r\nTransfer-Encoding: chunked',
                 b'Transfer-Encoding: chunked\r\nContent-Length: 5'):
        raw(port, JOIN + line + b'\r\n\r\n' + chunked + SMUGGLED, (400, 501))
    raw(port, JOIN + b'Transfer-Encoding : chunked\r\n\r\n' + chunked + SMUGGLED, (400,))


@bad_case('Host: none, doubled, empty, malformed')
def _(port):
    for lines in (b'', HOST + HOST, HOST + b'Host: evil.example\r\n', b'Host: a b\r\n',
                  b'Host: localhost, evil.example\r\n', b'Host: localhost/x\r\n',
                  b'Host: evil@localhost\r\n', b'Host: localhost:abc\r\n', b'Host: [::1\r\n',
                  b'Host: localhost:99999999\r\n', b'Host:\r\n', b'Host: local\x00host\r\n'):
        raw(port, b'GET /nodes HTTP/1.1\r\n' + lines + b'\r\n', (400, 403), goes_on=True)


@bad_case('what libsoup would refuse without a word gets an error of ours')
def _(port):
    for data in (b'GET /..%2fx HTTP/1.1\r\n' + HOST, b'GET /nodes HTTP/1.1\r\nHost: [::1\r\n',
                 b'GET /webrtc/signal?nodeId=x HTTP/1.1\r\n' + HOST + b'Connection: Upgrade\r\n'
                 b'Upgrade: websocket\r\nSec-WebSocket-Version: 12\r\n'):
        with Connection(port) as connection:
            connection.send(data + b'\r\n')
            check_error(connection.response(), 400, 'bad-request')
    with Connection(port) as connection:
        connection.send(b'CONNECT /nodes HTTP/1.1\r\n' + HOST + b'\r\n')
        check_error(connection.response(), 501, 'bad-request')


@bad_case('request lines and header lines that are none')
def _(port):
    ok = HOST + b'\r\n'
    for line in (b'GET /nodes', b'GET', b'GET  /nodes HTTP/1.1', b'GET /nodes HTTP/1.1 x', b' GET / HTTP/1.1',
                 b'GET /nodes HTTP/2.0', b'GET /nodes HTTP/9.9', b'GET /nodes http/1.1', b'GET nodes HTTP/1.1',
                 b'G\xe9T /nodes HTTP/1.1', b'GET /no\x00des HTTP/1.1', b'GET /no\xffdes HTTP/1.1',
                 b'GET /no\tdes HTTP/1.1', b'GET /nodes HTTP/1.', b'GET /nodes HTTP/1.10', b'\x16\x03\x01\x02',
                 b'PRI * HTTP/2.0', b'GET http:// HTTP/1.1'):
        raw(port, line + b'\r\n' + ok, (400, 404, 405, 501, 505, None), goes_on=True)
    for field in (b'X', b': x', b' X: y', b'X : y', b'X Y: z', b'X: a\x00b', b'X: a\rb', b'X: a\n Y: b',
                  b'X: y\r\n folded', b'X\xe9: y', b'X: y\nZ: w', b'X: \x01', b'X: \x7f'):
        raw(port, b'GET /healthz HTTP/1.1\r\n' + field + b'\r\n' + ok, (400,), goes_on=True)
    raw(port, b'GET /healthz HTTP/1.1\n' + b'Host: localhost\n\n' + SMUGGLED, (400,), goes_on=True)


@bad_case('a head over 8 KiB, and one of very many fields')
def _(port):
    for data in (b'GET /' + b'x' * 9000 + b' HTTP/1.1\r\n' + HOST + b'\r\n',
                 b'GET /healthz HTTP/1.1\r\n' + HOST + b'X: ' + b'y' * 9000 + b'\r\n\r\n',
                 b'GET /healthz HTTP/1.1\r\n' + HOST + b'X: y\r\n' * 5000 + b'\r\n',
                 b'x' * 100000, b'\x00' * 20000):
        raw(port, data, (400, 413, 414, 431, None))


@bad_case('a body that is not sent, is cut off, or half-closed')
def _(port):
    left = []
    for end in ('close', 'reset', 'half_close', 'keep'):
        connection = Connection(port)
        connection.send(JOIN + b'Content-Length: 31\r\n\r\n' + BODY[:10])
        left.append(connection)
        if end != 'keep':
            getattr(connection, end)()
        if end == 'half_close':
            rest = connection.ended()
            check(not rest or rest.startswith(b'HTTP/1.1 400'), f'it was answered with {rest!r}')
        bystanders().talk()
    equal(post(port, '/webrtc/join', {'nodeId': 'head', 'room': 'head'}).status, 200, 'a whole one')
    with Connection(port) as connection:
        connection.send(JOIN + b'Content-Length: 31\r\n\r\n' + BODY)
        connection.half_close()
        equal(connection.response().json()['success'], True, 'a whole request, then half-close')


@bad_case('100 connections that say nothing, or one byte')
def _(port):
    silent = [Connection(port) for _ in range(100)]
    for connection in silent[::2]:
        connection.send(b'G')
    equal(get(port, '/healthz').status, 200, 'the status meanwhile')
    for connection in silent:
        connection.reset()


@bad_case('Expect, Upgrade to something else, absolute targets, odd methods do no harm')
def _(port):
    with Connection(port) as connection:
        connection.send(JOIN + b'Expect: 100-continue\r\nContent-Length: 31\r\n\r\n' + BODY)
        answer = connection.response()
        contains((100, 200, 417), answer.status, 'the status for Expect')
    raw(port, b'GET /healthz HTTP/1.1\r\n' + HOST + b'Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
        (200, 400, 426), goes_on=True)
    for target in (b'http://localhost/healthz', b'http://evil.example/healthz', b'*', b'evil.example:80',
                   b'//evil.example/', b'/healthz#x', b'/%', b'/%zz', b'/%00', b'?x'):
        raw(port, b'GET ' + target + b' HTTP/1.1\r\n' + HOST + b'\r\n', (200, 400, 403, 404, 501),
            goes_on=True)
    for method in (b'CONNECT', b'PATCH', b'DELETE', b'BREW', b'get', b'X' * 300):
        raw(port, method + b' /nodes HTTP/1.1\r\n' + HOST + b'\r\n', (400, 404, 405, 501, None), goes_on=True)


@bad_case('a WebSocket frame, TLS and noise where HTTP is due')
def _(port):
    for data in (b'\x81\x85\x00\x00\x00\x00hello\r\n\r\n', b'\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03' * 20,
                 bytes(range(256)) * 40, b'\r\n\r\n\r\n\r\n', b'SSH-2.0-OpenSSH_9.2\r\n'):
        with Connection(port) as connection:
            connection.send(data)
            connection.half_close()
            rest = connection.ended()
            check(not rest or rest.startswith(b'HTTP/1.1 4') or rest.startswith(b'HTTP/1.1 5'),
                  f'{data[:20]!r} was answered with {rest[:100]!r}')


# files


@functools.lru_cache(maxsize=None)
def static_server():
    top = os.path.join(tmpdir(), 'top')
    site = os.path.join(top, 'site')
    os.makedirs(os.path.join(site, 'sub'))
    os.makedirs(os.path.join(top, 'site-secret'))
    for path, text in (('site/index.html', '<h1>hello</h1>'), ('site/sub/page.txt', 'a page'),
                       ('site/space name.txt', 'spaces'), ('secret.txt', 'SECRET'),
                       ('site-secret/x.txt', 'SECRET')):
        with open(os.path.join(top, path), 'w', encoding='utf-8') as file:
            file.write(text)
    os.symlink('../secret.txt', os.path.join(site, 'link-out.txt'))
    os.symlink(os.path.join(top, 'secret.txt'), os.path.join(site, 'link-absolute.txt'))
    os.symlink('..', os.path.join(site, 'up'))
    os.mkfifo(os.path.join(site, 'pipe'))
    return Server('--static', site)


@at_end
def _static():
    """the server of static files stops cleanly"""
    static_server().stop()


@case('--static serves files')
def _():
    port = static_server().port
    answer = get(port, '/index.html')
    equal((answer.status, answer.body), (200, b'<h1>hello</h1>'), 'index.html')
    check((answer.get('content-type') or '').startswith('text/html'), f'its type: {answer}')
    equal(get(port, '/sub/page.txt').body, b'a page', 'sub/page.txt')
    equal(get(port, '/space%20name.txt').body, b'spaces', 'an escaped name')
    head = request(port, 'HEAD', '/index.html')
    equal((head.status, head.get('content-length'), head.body), (200, '14', b''), 'HEAD')
    check_error_404 = get(port, '/none.txt')
    equal(check_error_404.status, 404, 'a missing file')
    equal(get(port, '/healthz').status, 200, 'the other paths')


TRAVERSALS = ['/../secret.txt', '/sub/../../secret.txt', '/%2e%2e/secret.txt', '/%2E%2E/secret.txt',
              '/.%2e/secret.txt', '/..%2fsecret.txt', '/..%2Fsecret.txt', '/%2e%2e%2fsecret.txt',
              '/sub/..%2f..%2fsecret.txt', '/..\\secret.txt', '/..%5csecret.txt', '//../secret.txt',
              '/%252e%252e/secret.txt', '/./../secret.txt', '/../site-secret/x.txt', '/up/secret.txt',
              '/link-out.txt', '/link-absolute.txt', '/index.html%00.txt', '/../secret.txt%00.html',
              '/%c0%ae%c0%ae/secret.txt', '/..;/secret.txt', '/.../secret.txt', '/sub/%2e%2e/%2e%2e/secret.txt',
              '//etc/passwd', '/%2fetc/passwd', '/..%00/secret.txt', '/sub%2f..%2f..%2fsecret.txt',
              'http://localhost/../secret.txt']


@case('no path leaves the static directory')
def _():
    port = static_server().port
    outside = [os.path.join(tmpdir(), 'top', 'secret.txt'), '/etc/passwd']
    for target in TRAVERSALS + outside + ['/' + path for path in outside]:
        with Connection(port) as connection:
            answer = connection.request('GET', target)
            check(400 <= answer.status < 500, f'{target} gave {answer}')
            check(b'SECRET' not in answer.body and b'root:' not in answer.body,
                  f'{target} gave it away: {answer}')


@case('directories, pipes and odd names under --static hang nothing')
def _():
    port = static_server().port
    for target in ('/sub', '/sub/', '/pipe', '/index.html/', '/' + 'x/' * 1000, '/' + 'x' * 4000,
                   '/index.html/../index.html', '/?', '/index.html?x=../../'):
        with Connection(port) as connection:
            answer = connection.request('GET', target)
            check(answer.status < 500, f'{target} gave {answer}')
    answer = post(port, '/index.html', b'{}')
    contains((404, 405), answer.status, 'POST to a file')


main()
