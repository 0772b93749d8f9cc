#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Node processes: two, a mesh of five, the death of a node, the death of the coordinator. All data goes
through real webrtcbin data channels."""

import os
import re
import sys

from harness import (Node, Program, Server, TestFailure, await_programs, case, check, equal, main)
from cable import Cable
from design_client import DesignClient
from rawhttp import get_json

# Starting several GStreamer processes at once on two cores, perhaps under a sanitizer.
LONG = 60


def connected(node, *others):
    """Is node connected to all the others now?"""
    for other in others:
        last = None
        for line in node.lines:
            if f'Connected to {other}' in line:
                last = True
            elif f'The connection to {other}' in line:
                last = False
        if not last:
            return False
    return True


def await_mesh(nodes, watched=None):
    ids = [n.node_id for n in nodes]
    await_programs(watched or nodes, lambda: all(
        connected(n, *(i for i in ids if i != n.node_id)) for n in nodes), LONG, f'the mesh of {ids}')


def all_say(nodes, text, seconds=LONG):
    """Each types a line of its own; each of the others prints it, exactly once."""
    for node in nodes:
        node.write(f'{text} from {node.node_id}')
    def heard(node, other):
        return sum(line == f'[{other.node_id}] {text} from {other.node_id}' for line in node.lines)
    pairs = [(a, b) for a in nodes for b in nodes if a is not b]
    await_programs(nodes, lambda: all(heard(a, b) for a, b in pairs), seconds,
                   f'"{text}" at everyone')
    # What comes later has overtaken nothing (the channels are ordered), so a second copy of a line
    # would be there once its successor is.
    for node in nodes:
        node.write(f'{text}: end')
    await_programs(nodes, lambda: all(f'[{b.node_id}] {text}: end' in a.lines for a, b in pairs), LONG,
                   'the end at everyone')
    for a, b in pairs:
        equal(heard(a, b), 1, f'how often {a.node_id} heard {b.node_id} say "{text}"')


@case('two node processes talk, by a flow a plain client in the room sees nothing of', 120)
def _():
    server = Server()
    watcher = DesignClient(server.port, 'watcher', 'elsewhere')
    a = Node('alice', server.url)
    a.wait_line('You are "alice" in the room "global"')
    b = Node('bob', server.url)
    await_mesh([a, b])
    all_say([a, b], 'hello')
    a.write('/send bob only for bob: é ☃ 𝄞 "quotes" \\ back')
    b.wait_line(r'^\[alice\] only for bob: é ☃ 𝄞 "quotes" \\ back$')
    a.write('//not a command')
    b.wait_line(r'^\[alice\] /not a command$')
    long = 'x' * 40000
    a.write(long)
    await_programs([a, b], lambda: any(len(line) > 1000 for line in b.lines), LONG, 'the long line')
    b.quit()
    a.wait_line('bob left "global"')
    a.write('/peers')
    a.wait_line('nobody yet')
    a.quit()
    watcher.silent()
    equal(get_json(server.port, '/webrtc/peers')['peers'], [], 'who is left')
    server.stop()


@case('100 lines typed before anybody is there reach the one who comes', 120)
def _():
    server = Server()
    a = Node('early', server.url)
    for n in range(100):
        a.write(f'line {n}')
    a.wait_line('You are "early"')
    b = Node('late', server.url)
    await_programs([a, b], lambda: '[early] line 99' in b.lines, LONG, 'the last line')
    equal([line for line in b.lines if line.startswith('[early]')],
          [f'[early] line {n}' for n in range(100)], 'what came')
    a.quit()
    b.quit()
    server.stop()


@case('commands: /rooms /nodes /status /join /leave /help, and rooms keep lines apart', 120)
def _():
    server = Server()
    a, b = Node('ann', server.url), Node('ben', server.url)
    await_mesh([a, b])
    a.write('/join den')
    a.wait_line('You are in "den"')
    a.write('nobody hears this in global')
    a.write('/rooms')
    a.wait_line(r'\* den')
    b.write('/join den')
    b.wait_line('You are in "den"')
    b.wait_line(r'^\[ann\] nobody hears this in global$', LONG)
    for command, answer in (('/help', '/quit'), ('/status', 'Coordinator: .*by WebSocket'),
                            ('/nodes', 'ben .*connected'), ('/peers', 'ben .*connected'),
                            ('/leave', 'You left "den"'), ('/nonsense', 'no command /nonsense')):
        start = len(a.lines)
        a.write(command)
        a.wait_line(answer, start=start)
    a.quit()
    b.quit()
    server.stop()


@case('a room larger than --mesh-limit: each connects to --mesh-degree others, and knows it', 120)
def _():
    server = Server()
    nodes = [Node(f'n{i}', server.url, args=('--mesh-limit', '2', '--mesh-degree', '2')) for i in range(4)]
    for node in nodes:
        found = None
        while not found:
            start = len(node.lines)
            node.write('/rooms')
            found = re.search(r'members: 4, of them neighbours: 2\)', node.wait_line(r'\* global', LONG, start).string)
    for node in nodes:
        found = None
        while not found:
            start = len(node.lines)
            node.write('/nodes')
            node.write('/peers')
            node.wait_line('Others in "global"', LONG, start)
            # Whoever is not there yet when something is said does not hear it.
            told = [re.match(r'  (n\d) +connected, direct, (\d+ ms, )?\d+ sent', line) for line in node.lines[start:]]
            found = len({match.group(1) for match in told if match}) >= 2
    all_say(nodes, 'by way of others')
    for node in nodes:
        node.quit()
    server.stop()


@case('a pipe is read no further until a join or leave is answered', 120)
def _():
    server = Server()
    a = Node('pia', server.url)
    a.write('/join r1\ntalk in r1\n/leave\n/join global\n/leave\n/join global\n/rooms')
    a.wait_line('kept for whoever comes first')
    check(a.find('Nobody is connected in "r1"'), f'the line went elsewhere{a.report()}')
    a.wait_line('You left "r1"')
    a.wait_line('You left "global" and are in no room')
    a.wait_line('You are in "global" now')
    a.wait_line(r'\* global')
    a.stop()  # /quit would wait for the line that was kept
    server.stop()


@case('malformed SDP and candidates from a raw client end in an error, not in the node', 120)
def _():
    server = Server()
    a, b = Node('ada', server.url), Node('bea', server.url)
    await_mesh([a, b])
    mallory = DesignClient(server.port, 'mallory', 'global')
    for sdp in ('', 'v=0', 'nonsense', 'v=0\r\nm=\r\n' * 50, 'x' * 60000, 7, None, [1], {'sdp': 5},
                {'type': 'answer', 'sdp': ''}, 'v=0\r\no=- 0 0 IN IP4 0\r\ns=-\r\nt=0 0\r\n'
                'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0\r\n',
                'v=0\r\no=- 0 0 IN IP4 0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'):
        mallory.answer('ada', 'global', sdp)
        mallory.candidate('ada', 'global', {'candidate': 'candidate:1 1 UDP', 'sdpMLineIndex': 99})
        mallory.candidate('ada', 'global', sdp)
        mallory.offer('ada', 'global', sdp)
        for payload in ({}, {'sdp': sdp}, {'candidate': sdp}, [], 'x'):
            for type_ in ('offer', 'answer', 'ice-candidate', 'renegotiate'):
                mallory.send_json({'type': type_, 'to': 'ada', 'room': 'global', 'payload': payload})
    mallory.barrier()
    all_say([a, b], 'still here')
    mallory.stop()
    a.quit()
    b.quit()
    server.stop()


# One story of a mesh, told in cases that follow each other.

MESH = {}


@case('a mesh of 5 processes: all pairs connected, each line heard once by each', 180)
def _():
    MESH['server'] = Server()
    MESH['nodes'] = [Node(f'node-{n}', MESH['server'].url) for n in range(5)]
    await_mesh(MESH['nodes'])
    all_say(MESH['nodes'], 'first round')
    for node in MESH['nodes']:
        equal(node.count('Connected to '), 4, f'the connections of {node.node_id}')


@case('kill -9 of a node: the others go on', 120)
def _():
    MESH['nodes'].pop(2).kill()
    all_say(MESH['nodes'], 'after a death')


@case('kill -9 of the coordinator: the channels live on', 120)
def _():
    MESH['port'] = MESH['server'].port
    MESH['server'].kill()
    for node in MESH['nodes']:
        node.wait_line('The coordinator does not answer', LONG)
    all_say(MESH['nodes'], 'without coordinator')


@case('the coordinator comes back on its port: the nodes rejoin, a newcomer connects to all', 180)
def _():
    MESH['server'] = Server(port=MESH['port'])
    for node in MESH['nodes']:
        node.wait_line('The coordinator is back', LONG)
    newcomer = Node('newcomer', MESH['server'].url)
    MESH['nodes'].append(newcomer)
    await_mesh(MESH['nodes'])
    all_say(MESH['nodes'], 'all together')
    ids = {p['nodeId'] for p in get_json(MESH['port'], '/webrtc/peers')['peers']}
    equal(ids, {n.node_id for n in MESH['nodes']}, 'who is in the room')
    for node in MESH['nodes'][:-1]:
        check(not node.find(r'The connection to node-[0134]'), f'a channel broke{node.report()}')


@case('all end cleanly', 120)
def _():
    for node in MESH['nodes']:
        node.quit()
    MESH['server'].stop()


@case('kill -9 of the coordinator amid the negotiations: all pairs connect by the next one', 180)
def _():
    server = Server()
    port, nodes = server.port, []
    for n in range(4):
        nodes.append(Node(f'mid-{n}', server.url))
    await_programs(nodes, lambda: all(n.find('You are "mid-') for n in nodes), LONG, 'all in the room')
    server.kill()
    server = Server(port=port)
    await_mesh(nodes)
    all_say(nodes, 'after all')
    for node in nodes:
        node.quit()
    server.stop()


@case('a signal that waited for a lost node reaches it when its cable is plugged in again', 120)
def _():
    server = Server()
    cable = Cable(server.port)
    anna = Node('anna', cable.url)
    anna.wait_line('You are "anna"')
    bob = DesignClient(server.port, 'bob', 'global')
    carl = Node('carl', server.url)
    offer = bob.take_offer('carl')  # a real one, to be repeated in bob's name
    await_mesh([anna, carl])
    cable.pull()
    anna.wait_line('The coordinator does not answer')
    bob.offer('anna', 'global', offer)
    bob.silent('peer-joined', 'ice-candidate', 'offer')  # carl's, again; bob's was taken, and waits
    cable.plug_in()
    anna.wait_line('The coordinator is back', LONG)
    bob.take_answer('anna')
    all_say([anna, carl], 'the cable did not matter')
    anna.quit()
    carl.quit()
    server.stop()


# A legacy coordinator.


def legacy(*args):
    path = os.path.join(os.path.dirname(sys.modules['harness'].__file__), 'legacy_coordinator.py')
    program = Program([path, *args], program='/usr/bin/python3')
    program.port = int(program.wait_line(r'Listening on http://127.0.0.1:(\d+)').group(1))
    program.url = f'http://127.0.0.1:{program.port}'
    return program


def all_say_in_the_end(nodes, text):
    """While a connection is being replaced, a line may go with the old one: they say it again."""
    for attempt in range(10):
        try:
            all_say(nodes, f'{text}, {attempt}', 5)
            return
        except TestFailure:
            if attempt == 9:
                raise


def legacy_case(name, args, channel):
    @case(name, 150)
    def _():
        coordinator = legacy(*args)
        a = Node('anna', coordinator.url)
        a.wait_line('You are "anna" in the room "global"', LONG)
        b = Node('bert', coordinator.url)
        await_mesh([a, b])
        if channel:
            all_say([a, b], 'by way of the legacy coordinator')
            equal((a.count('Connected to '), b.count('Connected to ')), (1, 1), 'the connections')
        else:
            all_say_in_the_end([a, b], 'through all of this')
        a.write('/status')
        a.wait_line(channel)
        a.quit()
        b.quit()
        coordinator.stop(status=-15)


legacy_case('two nodes connect through a legacy coordinator by WebSocket', (), 'by WebSocket')
legacy_case('two nodes connect through its long poll, which hands out everything twice',
            ('--no-websocket',), 'by long poll')
legacy_case('two nodes connect though it closes the WebSocket of each once, amid the negotiation',
            ('--close-after', '3'), '')


main()
