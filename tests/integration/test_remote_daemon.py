# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands and a real sentientd on a private bus: a node of the daemon and one in a terminal meet at the
daemon's coordinator and talk over WebRTC."""

import json
import os
import re

from harness import Node, Program, case, check, contains, equal, main, run_program, tmpdir
from private_bus import PrivateBus

PATIENCE = 60


def run(bus, *args, status=0):
    return run_program(*args, status=status, seconds=PATIENCE, env=bus.env())


def run_json(bus, *args):
    return json.loads(run(bus, *args, '--json').lines[0])


class Daemon(Program):
    def __init__(self, bus, *args):
        monitor = Program(['monitor', '--json', '--count', '2'], env=bus.env())
        monitor.wait_line('"available":false')
        super().__init__(['--port', '0', '--stun', 'none', '--node-id', 'alice', *args], env=bus.env(),
                         program=os.environ['SENTIENTD'])
        monitor.wait_line('"available":true', PATIENCE)
        monitor.stop(0)


@case('two nodes meet, talk, and part', seconds=240)
def talk():
    bus = PrivateBus()
    daemon = Daemon(bus)
    monitor = Program(['monitor', '--json'], env=bus.env())
    monitor.wait_line('"available":true')
    # The first line may be of before or after the node got to its own coordinator.
    if run_json(bus, 'status')['nodeState'] != 'connected':
        monitor.wait_line('"event":"node","state":"connected"', PATIENCE)
    said = run_json(bus, 'status')
    equal((said['mode'], said['nodeId'], said['nodeState'], said['coordinatorRunning']),
          ('both', 'alice', 'connected', True), 'status')
    check(re.fullmatch(r'http://127\.0\.0\.1:\d+', said['coordinatorUrl']), said['coordinatorUrl'])
    contains(said['statistics']['coordinator'], 'signals', 'statistics')

    bob = Node('bob', said['coordinatorUrl'])
    monitor.wait_line('"event":"member-joined","room":"global","nodeId":"bob"', PATIENCE)
    monitor.wait_line('"event":"connection","nodeId":"bob".*"state":"connected"', PATIENCE)
    equal(sorted(m['nodeId'] for m in run_json(bus, 'peers', 'global')), ['alice', 'bob'], 'peers')
    equal([(c['nodeId'], c['state']) for c in run_json(bus, 'connections')], [('bob', 'connected')], 'connections')

    run(bus, 'send', 'bob', 'a word to you')
    [stats] = run_json(bus, 'connections', '--stats')
    equal((stats['nodeId'], stats['path']['local']['type'], stats['path']['relayed'], stats['messages']['sent']),
          ('bob', 'host', False, 1), 'statistics')
    check(stats['rtt'] >= 0 and stats['stateTimes']['connected'] > 0, str(stats))
    steps = [step['step'] for step in stats['timeline']]
    for step in ('host', 'gathered', 'description', 'remote-candidate', 'checking', 'pair', 'open'):
        contains(steps, step, 'the timeline')
    equal([s['ms'] for s in stats['timeline']], sorted(s['ms'] for s in stats['timeline']), 'in the order of time')
    check(stats['candidates']['local']['host'] > 0 and stats['candidates']['remote']['host'] > 0, str(stats))
    own = stats['path']['local']['address']
    text = '\n'.join(run(bus, 'connections', '--stats').lines)
    check(re.search(rf'bob +connected +direct +\d+ ms .* host \[?{re.escape(own)}\]?:\d+ ↔ ', text), text)
    text = '\n'.join(run(bus, 'connections', '--stats', '--hide-addresses').lines)
    check(own not in text and 'host address-1:' in text, text)
    bob.wait_line('a word to you', PATIENCE)
    run(bus, 'send', '--room', 'global', 'a word to all')
    bob.wait_line('a word to all', PATIENCE)
    bob.write('an answer')
    monitor.wait_line('"event":"message","nodeId":"bob","text":"an answer"', PATIENCE)
    bob.write('/join den')
    # The room is kept here, though the daemon's node is not in it.
    monitor.wait_line('"event":"room-added","room":"den"', PATIENCE)
    run(bus, 'join', 'den', '--metadata', '{"name":"Alice"}')
    monitor.wait_line('"room":"den","nodeId":"alice"', PATIENCE)
    equal({m['nodeId']: m['name'] for m in run_json(bus, 'peers', 'den')}['alice'], 'Alice', 'name')
    run(bus, 'leave', 'den')
    contains(run(bus, 'leave', 'den', status=1).stderr(), 'den', 'stderr')

    run(bus, 'disconnect', 'bob')
    monitor.wait_line('"event":"connection","nodeId":"bob".*"state":"(closed|gone)"', PATIENCE)
    bob.quit(PATIENCE)
    monitor.wait_line('"event":"member-left","room":"global","nodeId":"bob"', PATIENCE)
    run(bus, 'reload')
    run(bus, 'stop')
    monitor.wait_line('"event":"daemon","available":false', PATIENCE)
    daemon.stop(0)
    monitor.stop()
    bus.stop()


@case('the parts are started and stopped', seconds=240)
def parts():
    bus = PrivateBus()
    daemon = Daemon(bus, '--coordinator', 'false', '--node', 'false')
    equal(run_json(bus, 'status')['mode'], 'none', 'mode')
    contains(run(bus, 'join', 'den', status=1).stderr(), 'sentient: ', 'join without a node')
    run(bus, 'start', 'coordinator')
    said = run_json(bus, 'status')
    equal((said['mode'], said['coordinatorRunning']), ('coordinator', True), 'status')
    run(bus, 'seed', said['coordinatorUrl'])
    equal(run_json(bus, 'status')['nodeState'], 'connected', 'state')
    said_after = run(bus, 'seed', 'http://127.0.0.1:9', status=1).stderr()
    for words in ('no coordinator could be reached', 'the node goes back to the seeds of its settings'):
        contains(said_after, words, 'stderr')
    run(bus, 'seed', said['coordinatorUrl'])
    contains(run(bus, 'connect', 'bob', status=1).stderr(), 'bob', 'stderr')
    contains(run(bus, 'send', 'bob', 'x', status=1).stderr(), 'bob', 'stderr')
    run(bus, 'stop', 'node')
    equal(run_json(bus, 'status')['nodeState'], 'disconnected', 'state')
    run(bus, 'stop', 'coordinator')
    equal(run_json(bus, 'status')['coordinatorUrl'], None, 'URL')
    path = os.path.join(tmpdir(), 'none')
    contains(run(bus, 'send', 'bob', '--file', path, status=1).stderr(), 'cannot be read', 'stderr')
    run(bus, 'stop')
    daemon.stop(0)
    bus.stop()


main()
