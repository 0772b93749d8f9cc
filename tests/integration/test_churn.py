#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients come and go by the thousand: the server's file descriptors, threads and memory do not grow."""

from harness import Server, at_end, case, check, equal, main
from design_client import DesignClient
from rawhttp import Connection, get_json
from rawws import CLOSE, MessageSocket, frame

SERVER = []


def server():
    if not SERVER:
        SERVER.append(Server())
    return SERVER[0]


@at_end
def _server():
    """the server stops cleanly"""
    server().stop()


def settled_fds(wanted):
    """The count of fds once the server has noticed every end; each request gives it a turn."""
    for _ in range(100):
        get_json(server().port, '/webrtc/info')
        if server().fds() <= wanted:
            break
    return server().fds()


def churn(name, cycle, count, warm_up, growth_kib):
    @case(name, 120)
    def _():
        for n in range(warm_up):
            cycle(n)
        fds = settled_fds(0)
        threads, rss = server().threads(), server().rss_kib()
        for n in range(warm_up, warm_up + count):
            cycle(n)
            server().pump()
        now = settled_fds(fds)
        check(now <= fds + 2, f'fds grew from {fds} to {now}')
        check(server().threads() <= threads + 2, f'threads: {threads} to {server().threads()}')
        grown = server().rss_kib() - rss
        print(f'# {count} cycles: {fds} to {now} fds, {grown:+} KiB')
        check(grown <= growth_kib or server().sanitized(), f'memory grew by {grown} KiB')


def proper(n):
    client = MessageSocket(server().port, f'/webrtc/signal?nodeId=churn{n % 50}&room=churn')
    client.close_frame(1000 if n % 2 else None)


def rude(n):
    client = MessageSocket(server().port, f'/webrtc/signal?nodeId=rude{n % 20}&room=rude',
                           handshake=n % 3 != 0)
    client.reset()


def refused(n):
    client = MessageSocket(server().port, f'/webrtc/signal?nodeId=refused{n % 20}')
    client.send(frame(CLOSE, b'x', rsv=7))
    client.wait_closed()
    client.close()


def keep_alive(_n):
    with Connection(server().port) as connection:
        for path in ('/webrtc/info', '/nodes', '/webrtc/peers', '/nothing'):
            connection.request('GET', path)


def abandoned(n):
    connection = Connection(server().port)
    connection.ask('GET', ('/nodes', '/webrtc/signal?nodeId=gone&timeout=20000', '/webrtc/info')[n % 3])
    if n % 2:
        connection.reset()
    else:
        connection.close()


# Growth allowed: what an allocator (and a sanitizer's quarantine) may keep, far below a leak of one
# kilobyte a cycle for the large counts.
churn('2,000 WebSockets that close properly', proper, 2000, 300, 1800)
churn('1,000 WebSockets that are reset, some in the handshake', rude, 1000, 200, 1800)
churn('500 WebSockets that break the protocol', refused, 500, 100, 1800)
churn('500 keep-alive connections of four requests', keep_alive, 500, 100, 1800)
churn('1,000 requests whose client is gone before the answer', abandoned, 1000, 200, 1800)


@case('after all that the rooms are as they should be, and a client is served')
def _():
    client = DesignClient(server().port, 'after-all', 'after')
    equal(client.joined['success'], True, 'success')
    rooms = get_json(server().port, '/webrtc/info')['rooms']
    names = [r['name'] if isinstance(r, dict) else r for r in rooms]
    check('churn' not in names, f'the room of those who left is still there: {names}')


main()
