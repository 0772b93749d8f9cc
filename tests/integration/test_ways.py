#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How node processes get through: over relays of a real TURN server (coturn) by UDP and TCP, over IPv6,
and by what the candidate filter leaves. All of it on the loopback."""

import re

from coturn import LONG, QUOTED, shared_turn
from harness import Node, Server, case, check, equal, main

CHANNEL = r'data channel open: (\w+) (\S+) ↔ (\w+) (\S+) \((\w+)\)'

turn = shared_turn()


def turn_url(host='127.0.0.1', transport='udp'):
    return turn().turn_url(host, transport)


def pair(args_a, args_b, also=None):
    """Two nodes that talk to each other; the debug lines of the second one's candidates and its channel.
    also: a line that it says besides, sooner or later."""
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
    if also:
        b.wait_line(also, LONG)
    lines = list(b.lines)
    for node in (b, a):
        node.quit()
    server.stop()
    sent = [line for line in lines if re.search('candidate sent: candidate:', line)]
    return sent, lines, channel.groups()


def relayed(transport, host='127.0.0.1'):
    url = turn_url(host, transport)
    sent, lines, (near, where, _far, _there, protocol) = pair(
        ['--candidate-filter', 'loopback'],
        ['--turn', url, '--relay-only', '--candidate-filter', 'loopback'])
    check(sent, 'no candidate was told')
    for line in sent:
        check('typ relay' in line, f'told besides relays: {line}')
        check('raddr 0.0.0.0 rport 9' in line or 'raddr :: rport 9' in line,
              f'the address behind it is told: {line}')
    check(not [line for line in lines if 'p@ss' in line or QUOTED in line], 'the password is shown')
    equal((near, protocol), ('relay', 'udp'), 'the path')
    return where


@case('a node that uses relays only is reached over TURN by UDP, and tells no other address', 120)
def _():
    check(relayed('udp').startswith('127.0.0.1:'), 'the relay')


@case('a node that uses relays only is reached over TURN by TCP', 120)
def _():
    relayed('tcp')


@case('a TURN server at an IPv6 address, in brackets', 120)
def _():
    relayed('udp', '[::1]')


@case('of several TURN servers one that works is enough', 120)
def _():
    dead = 'turn:me:secret@127.0.0.1:9?transport=tcp'
    _sent, lines, path = pair(
        ['--candidate-filter', 'loopback'],
        ['--turn', 'turns:me:secret@127.0.0.1:5349', '--turn', dead, '--turn', turn_url(), '--relay-only',
         '--candidate-filter', 'loopback'])
    equal(path[0], 'relay', 'the path')
    check(any('“127.0.0.1:5349” is not used: TURN over TLS' in line for line in lines),
          'the server that cannot be used is not told')


@case('a TURN server that does not take the password is told, where a direct way is found as well', 120)
def _():
    _sent, lines, path = pair(['--candidate-filter', 'loopback'],
                              ['--turn', turn().turn_url(password='nonsense'), '--candidate-filter', 'loopback'],
                              also='No TURN server lends an address here')
    equal(path[0], 'host', 'the path')
    check(not any('nonsense' in line for line in lines), 'the password is shown')


@case('with relays at both ends nothing else is used', 120)
def _():
    args = ['--turn', turn_url(), '--candidate-filter', 'relay,loopback']
    _sent, lines, path = pair(args, args)
    equal((path[0], path[2]), ('relay', 'relay'), 'the path')
    check(not [line for line in lines if 'typ host' in line and 'candidate received' in line
               and 'ignored' not in line], 'host candidates came')


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
