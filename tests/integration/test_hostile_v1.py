#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile v1 clients beside 200 good ones, half of them v1, who exchange numbered signals all the
while: none of them loses one, is closed, or waits long."""

import functools
import json
import socket
import time

from harness import Server, at_end, case, check, contains, equal, main
from bystanders import Crowd
from rawhttp import Connection, check_error, get_json, post, request
from rawws import Closed
from v1_client import V1Http, V1Socket

# A turn of the whole crowd may wait for nobody. Generous: it measures a stall, not speed.
STALL = 10.0


@functools.lru_cache(maxsize=None)
def server():
    return Server()


def port():
    return server().port


@functools.lru_cache(maxsize=None)
def crowd():
    return Crowd(port(), 200, mixed=True)


def meanwhile():
    crowd().talk()


def hostile(name, seconds=60):
    def register(function):
        @case(name, seconds)
        def _():
            meanwhile()
            function()
            started = time.monotonic()
            crowd().check()
            took = time.monotonic() - started
            check(took < STALL or server().sanitized(), f'the crowd took {took:.1f} s')
    return register


@at_end
def _crowd():
    """none of the good ones lost anything, was closed, or heard of anything"""
    crowd().finish()


@at_end
def _server():
    """the server is small again, and stops cleanly"""
    check(server().fds() < 500, f'{server().fds()} fds are open')
    check(server().rss_kib() < 200 * 1024 or server().sanitized(), f'{server().rss_kib()} KiB resident')
    server().stop()


def mute(node_id, **fields):
    """A socket whose first message is this."""
    client = V1Socket(port(), node_id, first=False)
    if fields:
        client.send_json(fields)
    return client


@hostile('300 sockets that never say which session they want are closed, each in its time')
def _():
    started = time.monotonic()
    sockets = [mute(f'never-{n}') for n in range(300)]
    opened = time.monotonic()
    meanwhile()
    for client in sockets:
        equal(client.expect('error')['code'], 'bad-request', 'the error')
        equal(client.wait_closed(), 4002, 'the close code')
    took = time.monotonic() - opened
    check(time.monotonic() - started >= 4, 'closed too early')
    check(took < 20, f'closed after {took:.1f} s')


@hostile('wrong tokens for the sessions of good clients are refused, and disturb nobody')
def _():
    for n in range(1, 100, 2):
        victim = f'crowd-{n}-1'
        for fields in ({}, {'token': 'x' * 22}, {'token': 'x' * 22, 'after': 10 ** 15}, {'token': ''}):
            client = mute(victim, type='resume', **fields)
            equal(client.expect('error')['code'], 'node-id-taken', f'the error for {fields}')
            equal(client.wait_closed(), 4009, 'the close code')
        check_error(request(port(), 'GET', f'/webrtc/signal?nodeId={victim}&after=0', headers={
            'Authorization': 'Bearer ' + 'x' * 22}), 401, 'unauthorized')
        check_error(post(port(), '/webrtc/leave', {'nodeId': victim, 'ref': 1}), 401, 'unauthorized')
        if n % 20 == 1:
            meanwhile()


@hostile('acknowledgements and numbers that cannot be close who sends them; 200 times')
def _():
    for n in range(50):
        for breach in (lambda c: c.ack(c.seq + 1), lambda c: c.ack(2 ** 53 - 1),
                       lambda c: c.request(ref=c.ref + 2, type='join', room='x'),
                       lambda c: c.request(ref=2 ** 53 - 1, type='leave', room='x')):
            client = V1Socket(port(), f'breach-{n}')
            breach(client)
            equal(client.wait_closed(), 4002, 'the close code')
            again = V1Socket(port(), f'breach-{n}', resume=client)
            equal(again.connected['resumed'], True, 'its session is unharmed')
            again.close_frame()
        if n % 10 == 0:
            meanwhile()


@hostile('polls of dead clients, two polls and two sockets for one session lose nothing')
def _():
    sender, node = V1Socket(port(), 'both-sender'), V1Http(port(), 'both')
    sender.join('both')
    node.join('both')
    for n in range(15):
        polls = [Connection(port()) for _ in range(3)]
        for poll in polls:
            poll.ask('GET', node.poll_target(timeout=20000), headers=node.headers())
        sockets = [V1Socket(port(), 'both', resume=node) for _ in range(2)]
        equal(sockets[0].wait_closed(), 4001, 'the older of two sockets')
        for poll in polls:
            poll.reset()
        sockets[1].reset()
        dead = Connection(port())
        dead.ask('GET', node.poll_target(timeout=20000), headers=node.headers())
        get_json(port(), '/webrtc/info')
        dead.reset()
        sender.offer('both', 'both', f'{n}')
        sender.wait_acked()
        sender.ack()
        equal([i['payload']['sdp'] for i in node.poll(5000) if i['type'] == 'offer'], [f'{n}'], 'the signal')
        if n % 5 == 0:
            meanwhile()


@hostile('answers and candidates of strangers reach nobody')
def _():
    stranger = V1Socket(port(), 'stranger')
    stranger.join('strangers')
    for n in range(100):
        for type_ in ('offer', 'answer', 'ice-candidate', 'renegotiate'):
            ref = stranger.request(type=type_, to=f'crowd-{n}-1', room=f'crowd-{n}' if n % 3 else None,
                                   payload={'sdp': 'evil', 'candidate': ''}, **{'from': f'crowd-{n}-2'})
            contains(('forbidden', 'unknown-peer'), stranger.expect('error', ref=ref)['code'], 'the code')
        stranger.ack()
    stranger.close_frame()


@hostile('10,000 candidates: each comes in order, or its number is refused', 120)
def _():
    sender, receiver = V1Socket(port(), 'cand-a'), V1Socket(port(), 'cand-b')
    sender.join('cand')
    receiver.join('cand')
    got, refused = [], []
    for at in range(0, 10000, 500):
        for n in range(at, at + 500):
            sender.request(type='ice-candidate', to='cand-b', room='cand', payload={'candidate': f'{n}'})
        sender.wait_acked()
        sender.barrier_errors = [m for m in sender.barrier() if m['type'] == 'error']
        refused += [m['ref'] for m in sender.barrier_errors]
        sender.ack()
        got += [int(m['payload']['candidate']) for m in receiver.barrier() if m['type'] == 'ice-candidate']
        receiver.ack()
        meanwhile()
    equal(got, sorted(set(got)), 'the order')
    equal(sorted([n + 2 for n in got] + refused), list(range(2, 10002)), 'what came and what was refused')
    check(len(got) >= 256, f'only {len(got)} came')


@hostile('a flood of resumes of one session, which loses nothing')
def _():
    sender, client = V1Socket(port(), 'again-a'), V1Socket(port(), 'again-b')
    sender.join('again')
    client.join('again')
    for n in range(200):
        if n % 20 == 0:
            sender.offer('again-b', 'again', f'{n}')
            sender.wait_acked()
        client = V1Socket(port(), 'again-b', resume=client)
        if n % 20 == 19:
            equal(client.take_offer('again-a'), f'{n - 19}', 'the signal')
        if n % 50 == 0:
            meanwhile()
        client.reset()
    sender.silent('ack', 'peer-joined', 'peer-offline', 'peer-online')


@hostile('sessions that end with signals for them, over and over: each sender is told each number')
def _():
    sender = V1Socket(port(), 'back-a')
    sender.join('back')
    for n in range(15):
        receiver = V1Socket(port(), 'back-b')
        receiver.join('back')
        refs = [sender.offer('back-b', 'back', 'x') for _ in range(200 if n < 8 else 20)]
        sender.wait_acked()
        receiver.close_frame()
        note = sender.expect('undelivered', to='back-b')
        equal(note['refs'], refs, 'the numbers')
        sender.inbox.clear()
        sender.ack()
        meanwhile()


@hostile('sessions that are opened and reset at once, under ever new ids', 120)
def _():
    opened = 0
    for n in range(1500):
        client = mute(f'table-{n}', type='resume')
        if n % 3:
            opened += client.expect('connected')['resumed'] is False
        client.reset()
        if n % 250 == 0:
            meanwhile()
            crowd().check()
    equal(opened, 1000, 'opened')


@hostile('50,000 connections from one address, one after another', 120)
def _():
    answers = 0
    for n in range(50000):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            client.bind(('127.9.9.9', 0))
            try:
                client.connect(('127.0.0.1', port()))
                if n % 100 == 0:
                    client.sendall(b'GET /webrtc/signal?nodeId=x HTTP/1.1\r\n')
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            except ConnectionError:
                answers += 1
        if n % 5000 == 0:
            meanwhile()
            crowd().check()
    print(f'# {answers} were reset while they spoke')
    for _ in range(100):
        if server().fds() < 500:
            break
        get_json(port(), '/healthz')
    check(server().fds() < 500, f'{server().fds()} fds are still open')


main()
