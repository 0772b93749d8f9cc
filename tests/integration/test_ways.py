#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How node processes get through: over IPv6, and by what the candidate filter leaves. All of it on the
loopback."""

import re

from harness import Node, Server, case, check, equal, main

LONG = 60
CHANNEL = r'data channel open: (\w+) (\S+) ↔ (\w+) (\S+) \((\w+)\)'


def pair(args_a, args_b):
    """Two nodes that talk to each other; the debug lines of the second one's candidates and its channel."""
    server = Server()
    a = Node('alice', server.url, args=['--debug', *args_a])
    a.wait_line('You are "alice"')
    b = Node('bob', server.url, args=['--debug', *args_b])
    channel = b.wait_line(CHANNEL, LONG)
    a.wait_line('Connected to bob', LONG)
    b.write('hello alice')
    a.wait_line(r'^\[bob\] hello alice$')
    a.write('hello bob')
    b.wait_line(r'^\[alice\] hello bob$')
    lines = list(b.lines)
    for node in (b, a):
        node.quit()
    server.stop()
    sent = [line for line in lines if re.search('candidate sent: candidate:', line)]
    return sent, lines, channel.groups()


@case('over IPv6 alone, by the filter', 120)
def _():
    args = ['--candidate-filter', '::1']
    sent, _lines, path = pair(args, args)
    check(sent and all(' ::1 ' in line for line in sent), f'told: {sent}')
    equal((path[0], path[2], path[4]), ('host', 'host', 'udp'), 'the path')
    check(path[1].startswith('[::1]:') and path[3].startswith('[::1]:'), f'the path: {path}')


@case('what the filter keeps out is told and not used', 120)
def _():
    sent, lines, path = pair(['--candidate-filter', 'loopback'],
                             ['--candidate-filter', 'loopback,!127.0.0.0/8'])
    check(sent and all(' ::1 ' in line for line in sent), f'told: {sent}')
    check(path[1].startswith('[::1]:'), f'the path: {path}')
    check(any(re.search('candidate ignored by the settings: .* 127.0.0.1 ', line) for line in lines),
          'what was ignored is not told')


@case('relays only without a TURN server: it says so at once', 120)
def _():
    server = Server()
    a = Node('alice', server.url)
    a.wait_line('You are "alice"')
    b = Node('bob', server.url, args=['--relay-only', '--debug'])
    b.wait_line('only relays may be used, and no TURN server is known', LONG)
    b.quit()
    a.quit()
    server.stop()


if __name__ == '__main__':
    main()
