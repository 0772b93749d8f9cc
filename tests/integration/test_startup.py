#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting and ending: the command line, a port in use, seeds that are away or silent."""

import fcntl
import os
import signal
import socket

from harness import (F_SETPIPE_SZ, Node, Program, Server, case, check, contains, equal, main, tmpdir)
from design_client import DesignClient
from rawhttp import get_json


def free_port():
    """A port nobody listens at. It was bound a moment ago, so nobody else gets it by chance."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def ends(args, status, *words):
    """Runs the program to its end; every word must stand in what it says."""
    program = Program(args)
    got = program.wait_exit(40)
    equal(got, status, f'the exit status of {args}{program.report()}')
    program.check_stderr()
    said = program.stderr() if status else '\n'.join(program.lines)
    for word in words:
        contains(said, word, f'what {args} said')
    program.destroy()
    return said


@case('--version and --help')
def _():
    ends(['--version'], 0, 'sentient ')
    said = ends(['--help'], 0, '8888', '3000')
    for option in ('--server', '--port', '--host', '--seed', '--seeds', '--node-id', '--network-id',
                   '--no-webrtc', '--stun', '--turn', '--auto-webrtc', '--mesh-limit', '--mesh-degree', '--gossip-hops',
                   '--gossip-max-size', '--gossip-rate', '--max-peers', '--no-cors',
                   '--no-limits',
                   '--static', '--data', '--config', '--json', '--debug', '--no-color', '--version'):
        contains(said, option, '--help')


@case('a command line that will not do ends with status 2 and names the option')
def _():
    for args, word in ((['--port', '70000'], '70000'), (['--port', 'x'], '--port'),
                       (['--port', '-1'], '-1'), (['--port', ''], '--port'),
                       (['--max-peers', 'many'], 'many'), (['--max-peers', '0'], '--max-peers'),
                       (['--node-id', 'a b'], 'a b'), (['--node-id', 'x' * 129], 'node-id'),
                       (['--node-id', 'system'], 'system'), (['--auto-webrtc', 'perhaps'], 'perhaps'),
                       (['--mesh-limit', '1'], '--mesh-limit'), (['--mesh-degree', '33'], '33'),
                       (['--gossip-hops', 'far'], 'far'), (['--gossip-rate', '-1'], '--gossip-rate'),
                       (['--gossip-max-size', '0'], '--gossip-max-size'),
                       (['--stun', 'http://x'], '--stun'), (['--turn', 'turn:nobody'], 'turn:nobody'),
                       (['--seed', 'ftp://x'], 'ftp://x'),
                       (['--seed', 'http://a b'], 'See sentient --help'), (['--no-such-option'], 'no-such-option'),
                       (['frobnicate'], 'frobnicate')):
        ends(['--server', '--host', '127.0.0.1', '--port', '0'] + args, 2, word)


@case('a port in use: the second server ends with a sentence, the first does not notice')
def _():
    server = Server()
    client = DesignClient(server.port, 'first', 'in-use')
    said = ends(['--server', '--host', '127.0.0.1', '--port', str(server.port), '--stun', 'none'], 1,
                str(server.port))
    check(len(said) > 30, f'no sentence: {said!r}')
    client.silent()
    client.stop()
    server.stop()


@case('nobody reads what the server says: it serves on, and tells how much it left out')
def _():
    server = Server('--no-limits')
    fcntl.fcntl(server.popen.stdout, F_SETPIPE_SZ, 4096)
    client = DesignClient(server.port, 'busy')
    for number in range(200):
        client.join(f'room-{number}')
        client.leave(f'room-{number}')
    server.pump()
    client.join('once-more')
    server.wait_line('left out here')
    client.stop()
    server.stop()


@case('a host that is not ours, and a static directory that is not there')
def _():
    ends(['--server', '--host', '192.0.2.77', '--port', '0', '--stun', 'none'], 1, '192.0.2.77')
    away = os.path.join(tmpdir(), 'not-there')
    said = ends(['--server', '--host', '127.0.0.1', '--port', '0', '--static', away], 1)
    contains(said, 'not-there', 'what it said')


@case('SIGINT and SIGTERM end a server and a node with status 0')
def _():
    for signum in (signal.SIGINT, signal.SIGTERM):
        server = Server()
        node = Node('ender', server.url)
        node.wait_line(r'You are "ender" in the room "global"')
        node.stop(signum)
        server.stop(signum)


@case('a port that became free is at once usable again')
def _():
    server = Server()
    port = server.port
    client = DesignClient(port, 'again', 'again')
    server.kill()
    equal(client.wait_closed(), None, 'the close code')
    server = Server(port=port)
    equal(DesignClient(port, 'again', 'again').joined['success'], True, 'success')
    server.stop()


@case('a node whose seed is unreachable ends with status 1 and says which', 60)
def _():
    url = f'http://127.0.0.1:{free_port()}'
    ends(['--node-id', 'alone', '--seeds', url, '--stun', 'none'], 1, url)


class SilentSeed:
    """Accepts connections (the kernel does) and never says a word."""

    def __enter__(self):
        self.sock = socket.socket()
        self.sock.bind(('127.0.0.1', 0))
        self.sock.listen(64)
        self.url = f'http://127.0.0.1:{self.sock.getsockname()[1]}'
        return self

    def __exit__(self, *_args):
        self.sock.close()


@case('a node whose seed is silent ends in bounded time', 90)
def _():
    with SilentSeed() as seed:
        ends(['--node-id', 'alone', '--seeds', seed.url, '--stun', 'none'], 1, seed.url)


@case('a node takes the next seed when the first is unreachable')
def _():
    server = Server()
    for bad in (f'http://127.0.0.1:{free_port()}', 'http://sentient.invalid:8888'):
        node = Node('chooser', bad, server.url)
        contains(node.wait_line(r'You are "chooser" in the room "global".*').group(0),
                 str(server.port), 'where it is')
        node.quit()
    node = Node('chooser', args=('--seed', f'http://127.0.0.1:{free_port()}', '--seed', server.url))
    node.wait_line(r'You are "chooser" in the room "global"')
    node.quit()
    server.stop()


@case('a server whose seed is unreachable or silent serves, and tells of it in /nodes')
def _():
    with SilentSeed() as silent:
        for url in (f'http://127.0.0.1:{free_port()}', silent.url):
            server = Server('--seeds', url)
            client = DesignClient(server.port, 'served', 'served')
            if url != silent.url:
                server.wait_line('No seed could be joined')
            nodes = get_json(server.port, '/nodes')
            equal((nodes['seeds'], nodes['networkId']), ([url], 'connected'), 'seeds')
            outbound, = nodes['outbound']
            equal(outbound['url'], url, 'outbound url')
            check(outbound['status'] != 'connected', f'connected? {outbound}')
            if url != silent.url:
                check(outbound['error'], f'no reason told: {outbound}')
            client.silent()
            client.stop()
            server.stop()


@case('a server joins its seed; both tell of it in /nodes')
def _():
    first = Server('--node-id', 'hub')
    second = Server('--node-id', 'leaf', '--seeds', first.url)
    second.wait_line('Joined "global"')
    outbound, = get_json(second.port, '/nodes')['outbound']
    equal((outbound['url'], outbound['nodeId'], outbound['status']), (first.url, 'hub', 'connected'),
          'outbound')
    check(isinstance(outbound['connectedAt'], int) and outbound['connectedAt'] > 10**12, f'{outbound}')
    peers = get_json(first.port, '/webrtc/peers')['peers']
    contains([p['nodeId'] for p in peers], 'leaf', 'the members at the seed')
    contains([i['nodeId'] for i in get_json(first.port, '/nodes')['inbound']], 'leaf', 'inbound')
    second.stop()
    first.stop()


@case('the end of a node\'s input ends it when something was typed')
def _():
    server = Server()
    node = Node('piped', server.url)
    node.write('/status')
    node.popen.stdin.close()
    equal(node.wait_exit(), 0, 'the exit status')
    check(node.find('by WebSocket'), f'/status was not answered{node.report()}')
    node.check_stderr()
    server.stop()


main()
