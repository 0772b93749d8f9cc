# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands that control a daemon, against a fake one that does what it is told: what they ask, what
they print for people and for programs, and how they end."""

import json
import os
import re
import tempfile

from harness import (Program, at_end, case, check, contains, equal, isolated_env, main,
                     run_program, tmpdir)
from private_bus import FakeDaemon, PrivateBus
from terminal import on_terminal

BUS = PrivateBus()
_daemon = []

START = 'systemctl --user start sentientd'


def daemon():
    """The fake daemon, the same for all cases that leave it alone."""
    if not _daemon:
        _daemon.append(FakeDaemon(BUS))
        _daemon[0].tell('member global bob', 'member global fake', 'member other eve',
                        'connection bob connected', 'neighbour global bob')
    _daemon[0].calls()
    return _daemon[0]


def run(*args, status=0, env=None, stdin=None):
    """The lines on stdout and the text on stderr of a command that must end with status."""
    program = run_program(*args, status=status, stdin=stdin, env=env or BUS.env())
    return program.lines, program.stderr()


def run_json(*args):
    lines, _ = run(*args, '--json')
    equal(len(lines), 1, 'lines of JSON')
    return json.loads(lines[0])


def table(lines):
    """The rows of a table, each a dictionary of what stands below its headings."""
    starts = [match.start() for match in re.finditer(r'(?<!\S)\S', lines[0].replace('KEPT HERE', 'KEPT_HERE'))]
    ends = starts[1:] + [None]
    heads = [lines[0][a:b].strip() for a, b in zip(starts, ends)]
    return [{head: line[a:b].strip() for head, a, b in zip(heads, starts, ends)} for line in lines[1:]]


@case('status')
def status():
    daemon()
    said = run_json('status')
    for key, value in {'version': '0.1.0', 'mode': 'node', 'nodeId': 'fake', 'nodeState': 'disconnected',
                       'channel': 'none', 'coordinatorUri': None, 'seeds': ['http://127.0.0.1:8888'],
                       'coordinatorRunning': False, 'coordinatorUrl': None, 'peerCount': 0, 'rooms': 2,
                       'connections': 1, 'lastError': None}.items():
        equal(said[key], value, key)
    equal(said['statistics']['node']['messagesSent'], 7, 'statistics')
    lines, _ = run('status')
    text = '\n'.join(lines)
    for pattern in (r'^Daemon +sentient 0\.1\.0, for \d\d:\d\d:\d\d$', r'^Mode +node$', r'^Node +fake$',
                    r'^Seeds +http://127\.0\.0\.1:8888$', r'^Rooms +2$', r'^Connections +1$',
                    r'^Sent so far +messages: 7, bytes: 1234567890123$', r'^Received +messages: 0, bytes: 0$',
                    r'^Files +now: 1, done: 2, not done: 7$'):
        check(re.search(pattern, text, re.M), f'{pattern!r} is not in {text!r}')
    # Values stand below each other.
    equal(len({re.match(r'\S+(?: \S+)* {2,}', line).end() for line in lines}), 1, 'left edges')


@case('rooms')
def rooms():
    daemon()
    equal(run_json('rooms'),
          [{'name': 'global', 'joined': True, 'hosted': False, 'memberCount': 2, 'neighbourCount': 1},
           {'name': 'other', 'joined': True, 'hosted': False, 'memberCount': 1, 'neighbourCount': 0}], 'rooms')
    equal(table(run('rooms')[0]),
          [{'ROOM': 'global', 'JOINED': 'yes', 'KEPT HERE': 'no', 'MEMBERS': '2', 'NEIGHBOURS': '1'},
           {'ROOM': 'other', 'JOINED': 'yes', 'KEPT HERE': 'no', 'MEMBERS': '1', 'NEIGHBOURS': '0'}], 'table')
    equal(run('rooms', '--names')[0], ['global', 'other'], 'names')


@case('peers')
def peers():
    daemon()
    said = run_json('peers')
    equal([(m['nodeId'], m['room'], m['online'], m['neighbour'], m['self'], m['connection']) for m in said],
          [('bob', 'global', True, True, False, 'connected'), ('fake', 'global', True, False, True, None),
           ('eve', 'other', True, False, False, None)], 'peers')
    equal(said[0]['joinedAt'], 1700000000000, 'joinedAt')
    equal(said[0]['metadata'], None, 'metadata')
    equal([m['nodeId'] for m in run_json('peers', 'other')], ['eve'], 'peers of a room')
    rows = table(run('peers', 'global')[0])
    equal([(r['NODE'], r['ROOM'], r['ONLINE'], r['NEIGHBOUR'], r['CONNECTION']) for r in rows],
          [('bob', 'global', 'yes', 'yes', 'connected'), ('fake', 'global', 'yes', 'no', 'this node')], 'table')
    check(re.fullmatch(r'2023-11-1[345] \d\d:\d\d:\d\d', rows[0]['SINCE']), f'a time: {rows[0]["SINCE"]}')
    equal(run('peers', '--names')[0], ['bob', 'eve'], 'names, this node left out')
    contains(run('peers', 'nowhere', status=1)[1], 'there is no room "nowhere" here', 'stderr')


@case('connections')
def connections():
    daemon()
    equal(run_json('connections'),
          [{'nodeId': 'bob', 'room': 'global', 'state': 'connected', 'connectedAt': 1700000000000,
            'candidatePair': '127.0.0.1:1 to 127.0.0.1:2', 'messagesSent': 3, 'messagesReceived': 0,
            'bytesSent': 1234567890123, 'bytesReceived': 0}], 'connections')
    lines, _ = run('connections')
    equal(lines[0].split(), ['NODE', 'ROOM', 'STATE', 'SINCE', 'SENT', 'BYTES', 'GOT', 'BYTES', 'WAY'],
          'headings')
    contains(lines[1], '1234567890123', 'row')
    equal(run('connections', '--names')[0], ['bob'], 'names')


@case('connections --stats')
def stats():
    bus = PrivateBus()
    fake = FakeDaemon(bus)
    fake.tell('connection bob connected', 'way bob relay srflx 45', 'connection ann connected', 'way ann host host 0')
    said = json.loads(run('connections', '--stats', '--json', env=bus.env())[0][0])
    equal(fake.calls(), ['statistics bob', 'statistics ann'], 'calls')
    equal([(c['nodeId'], c['path']['relayed'], c['path']['relay'], c['rtt']) for c in said],
          [('bob', True, '192.0.2.3', 45), ('ann', False, None, 0)], 'stats')
    lines = run('connections', '--stats', env=bus.env())[0]
    equal(lines[0].split(), ['NODE', 'STATE', 'WAY', 'RTT', 'SENT', 'GOT', 'AGAIN', 'WINDOW', 'WAITING', 'TIME', 'PAIR'],
          'headings')
    for line, words in ((lines[1], 'bob connected relayed 45 ms'), (lines[2], 'ann connected direct 0 ms')):
        contains(' '.join(line.split()), words + ' 1.2 TB 0 bytes 17 25% 200.0 kB connecting 1.2 s, connected 01:02:05 ', 'row')
    check(lines[1].endswith('relay 192.0.2.1:1 ↔ srflx [2001:db8::2]:2 (udp), by 192.0.2.3 over tcp'), lines[1])
    check(lines[2].endswith('host 192.0.2.1:1 ↔ host [2001:db8::2]:2 (udp)'), lines[2])
    text = '\n'.join(run('connections', '--stats', '--hide-addresses', env=bus.env())[0])
    check('192.0.2' not in text and '2001:' not in text and 'relay address-1:1 ↔ srflx address-2:2' in text, text)
    contains(run('connections', '--hide-addresses', status=2)[1], 'goes with --stats', 'stderr')
    contains(run('connections', '--stats', '--names', status=2)[1], 'do not go together', 'stderr')
    fake.tell('close bob', 'close ann')
    equal(run('connections', '--stats', '--json', env=bus.env())[0], ['[]'], 'nothing')
    contains(run('connections', '--stats', env=bus.env())[0][0], 'sentient connect NODE', 'nothing')
    fake.stop()
    bus.stop()


@case('doctor --network asks the daemon')
def doctor_network():
    fake = daemon()
    lines, _ = run('doctor', '--network', status=1)
    text = '\n'.join(lines)
    equal(fake.calls(), ['diagnose open'], 'calls')
    for pattern in (r'^good +The coordinator http://192\.0\.2\.1:8888 answers', r'^note +This machine has no IPv6',
                    r'^warning +The connection to “bob” is relayed', r'^ERROR +The TURN server 192\.0\.2\.1:3478',
                    r'^ +Check user and password in --turn\.$',
                    r'^timeline bob: gathering 1 ms, relay 40 ms, open 120 ms$', r'^timeline ann$'):
        check(re.search(pattern, text, re.M), f'{pattern!r} is not in {text!r}')
    check('192.0.2.1' not in '\n'.join(run('doctor', '--network', '--hide-addresses', status=1)[0]), 'an address')
    equal(fake.calls(), ['diagnose hidden'], 'calls')
    said = json.loads(run('doctor', '--network', '--json', status=1)[0][0])
    equal([f['severity'] for f in said['findings']], ['ok', 'note', 'warning', 'error'], 'findings')


@case('what is empty is said in a sentence, and is an empty list for programs')
def empty():
    bus = PrivateBus()
    fake = FakeDaemon(bus)
    for command, words in (('rooms', 'sentient join ROOM'), ('peers', 'Nobody is there'),
                           ('connections', 'sentient connect NODE')):
        contains(run(command, env=bus.env())[0][0], words, command)
        equal(run(command, '--json', env=bus.env())[0], ['[]'], command)
        equal(run(command, '--names', env=bus.env())[0], [], command)
    fake.stop()
    bus.stop()


@case('join and leave')
def join_and_leave():
    fake = daemon()
    equal(run('join', 'lobby')[0], ['Joined lobby.'], 'stdout')
    equal(run_json('join', 'lobby', '--metadata', '{"name": "Ann"}'), {'ok': True}, 'JSON')
    equal(fake.calls(), ['join lobby ', 'join lobby {"name": "Ann"}'], 'calls')
    contains(run('join', 'full', status=1)[1], 'sentient: the room full is full; try again later', 'stderr')
    equal(run('leave', 'lobby')[0], ['Left lobby.'], 'stdout')
    contains(run('leave', 'lobby', status=1)[1], 'not in that room', 'stderr')


def hex_of(text):
    return text.encode().hex()


@case('send text and bytes, to a node and to a room')
def send():
    fake = daemon()
    equal(run('send', 'bob', 'hi', 'there')[0], ['Sent to bob.'], 'stdout')
    equal(run_json('send', 'bob', 'grüß'), {'ok': True, 'sent': 1}, 'JSON')
    equal(run('send', '--room', 'global', 'all')[0], ['Sent to 2 nodes.'], 'stdout')
    equal(run_json('send', '--room', 'global', 'all'), {'ok': True, 'sent': 2}, 'JSON')
    equal(run('send', 'bob', '--', '--json')[0], ['Sent to bob.'], 'a text that looks like an option')
    equal(fake.calls(),
          ['send bob text 8 ' + hex_of('hi there'), 'send bob text 6 ' + hex_of('grüß'),
           'broadcast global text 3 ' + hex_of('all'), 'broadcast global text 3 ' + hex_of('all'),
           'send bob text 6 ' + hex_of('--json')], 'calls')

    path = os.path.join(tmpdir(), 'bytes')
    with open(path, 'wb') as file:
        file.write(b'a\0b\xff')
    run('send', 'bob', '--file', path)
    run('send', 'bob', '--file', '-', stdin=b'\0\1')
    run('send', '--room', 'global', '--file', '-', stdin=b'x' * 65536)
    equal(fake.calls(), ['send bob bytes 4 610062ff', 'send bob bytes 2 0001',
                         'broadcast global bytes 65536 ' + '78' * 64], 'calls')

    run('send', 'bob', '--file', '-', stdin=b'x' * 65537)
    run('send', 'bob', 'y' * 70000, '--priority', 'high')
    equal(_daemon[0].calls(), ['send-data bob bytes 65537 normal', 'send-data bob text 70000 high'], 'large ones')
    contains(run('send', '--room', 'global', '--file', '-', stdin=bytes((16 << 20) + 1), status=1)[1],
             '16777216 bytes', 'too much for a room')
    with tempfile.NamedTemporaryFile(dir=tmpdir()) as file:
        file.truncate((256 << 20) + 1)
        contains(run('send', 'bob', '--file', file.name, status=1)[1], '268435456 bytes', 'too much')
    contains(run('send', 'bob', '--file', path + '-none', status=1)[1], 'cannot be read', 'no file')
    contains(run('send', 'bob', '--file', tmpdir(), status=1)[1], 'cannot be read', 'a folder')
    equal(fake.calls(), [], 'calls')
    run('send', 'bob', 'x', '--priority=high')
    run('send', '--priority', 'low', 'bob', 'y')
    equal(fake.calls(), ['priority high', 'send bob text 1 78', 'priority low', 'send bob text 1 79'], 'calls')

    contains(run('send', 'nobody', 'x', status=1)[1], 'no open connection to nobody', 'stderr')
    contains(run('send', '--room', 'empty', 'x', status=1)[1], 'sent to nobody', 'stderr')


@case('connect, disconnect and seed')
def connect():
    fake = daemon()
    equal(run('connect', 'ann')[0], ['Connected to ann.'], 'stdout')
    equal(run('connections', '--names')[0], ['bob', 'ann'], 'connections')
    equal(run('disconnect', 'ann')[0], ['The connection to ann is closed.'], 'stdout')
    equal(run_json('seed', 'http://127.0.0.1:9'), {'ok': True}, 'JSON')
    equal(fake.calls(), ['connect ann', 'close ann', 'seed http://127.0.0.1:9'], 'calls')
    fake.tell()
    contains(run('disconnect', 'ann', status=1)[1], 'there is no connection to "ann"', 'stderr')
    contains(run('connect', 'nobody', status=1)[1], 'nobody is in no room with this node', 'stderr')


@case('start and stop of the parts, and reload')
def parts():
    fake = daemon()
    for word, said in (('coordinator', 'is a coordinator now'), ('node', 'connected to its coordinator')):
        contains(run('start', word)[0][0], said, word)
    contains(run('start')[0][0], 'runs already', 'start')
    contains(run('stop', 'coordinator')[0][0], 'no coordinator any more', 'stop coordinator')
    equal(run_json('stop', 'node'), {'ok': True}, 'JSON')
    contains(' '.join(run('reload')[0]), 'next start of the daemon: port host', 'reload')
    equal(run_json('reload'), {'ok': True, 'restartNeeded': ['port', 'host']}, 'JSON')
    equal(fake.calls(), ['StartCoordinator', 'StartNode', 'StopCoordinator', 'StopNode', 'reload', 'reload'],
          'calls')


@case('start lets the bus start the daemon, stop ends it')
def start_and_stop():
    bus = PrivateBus(services=os.environ['SERVICE_DIR'])
    contains(run('status', env=bus.env(), status=1)[1], START, 'status starts nothing')
    equal(run('start', env=bus.env())[0], ['The daemon runs now.'], 'stdout')
    equal(run('status', '--json', env=bus.env())[0][0][:18], '{"version":"0.1.0"', 'status')
    equal(run('stop', env=bus.env())[0], ['The daemon is stopped.'], 'stdout')
    contains(run('status', env=bus.env(), status=1)[1], START, 'stopped')
    equal(run('start', 'coordinator', env=bus.env())[0], ['The daemon is a coordinator now.'], 'stdout')
    equal(run('stop', '--json', env=bus.env())[0], ['{"ok":true}'], 'JSON')
    bus.stop()

    bus = PrivateBus()
    path = re.search(r'Start it by hand: (/\S+)$', run('start', env=bus.env(), status=1)[1], re.M)
    check(path and os.access(path.group(1), os.X_OK), f'there is no {path}')
    bus.stop()


@case('wrong command lines end with status 2, and nothing is asked')
def usage():
    fake = daemon()
    for args, words in ((['status', 'x'], 'takes no further words'), (['rooms', '--metadata', 'x'], 'metadata'),
                        (['peers', 'a b'], 'will not do'), (['peers', 'a', 'b'], 'one word too many'),
                        (['join'], 'sentient join ROOM'), (['join', 'system'], 'will not do'),
                        (['join', 'a', '--metadata', '[]'], 'no JSON object'),
                        (['join', 'a', '--metadata', '{'], 'no JSON object'),
                        (['leave', 'ä'], 'will not do'), (['send'], 'needs a node, or --room'),
                        (['send', 'bob'], 'needs a text'), (['send', '--room', 'r'], 'needs a text'),
                        (['send', 'bob', 'x', '--file', '-'], 'not both'), (['send', 'b b', 'x'], 'will not do'),
                        (['send', 'bob', 'x', '--priority', 'urgent'], '"urgent" is no priority'),
                        (['send', '--room', 'r', 'x', '--priority', 'low'], 'goes with a node'),
                        (['connect'], 'sentient connect NODE'), (['disconnect', 'a/b'], 'will not do'),
                        (['seed', 'ftp://x'], 'http://127.0.0.1:8888'), (['start', 'x'], 'neither coordinator'),
                        (['stop', 'x'], 'neither coordinator'), (['reload', 'x'], 'takes no further words'),
                        (['monitor', '--count', '-1'], '--count'), (['monitor', '--count', 'x'], 'x'),
                        (['doctor', 'x'], 'takes no further words'),
                        (['--node-id', 'x', 'status'], 'the command comes first'),
                        (['--server', 'status'], 'the command comes first'), (['statis'], 'statis')):
        lines, stderr = run(*args, status=2)
        contains(stderr, words, str(args))
        contains(stderr, '--help', str(args))
        equal(lines, [], f'stdout of {args}')
    equal(fake.calls(), [], 'calls')


@case('help of every command')
def help_texts():
    lines, _ = run('--help')
    for command in ('status', 'rooms', 'peers', 'connections', 'join', 'leave', 'send', 'connect',
                    'disconnect', 'seed', 'start', 'stop', 'reload', 'monitor', 'doctor'):
        check(any(line.startswith(f'  {command} ') for line in lines), f'{command} is not in --help')
        said, _ = run(command, '--help')
        contains(said[1], f'sentient {command} ', command)


@case('no daemon and no bus are told in a sentence')
def nobody():
    bus = PrivateBus()
    for args in (['status'], ['rooms'], ['peers'], ['connections'], ['join', 'a'], ['leave', 'a'],
                 ['send', 'a', 'b'], ['connect', 'a'], ['disconnect', 'a'], ['seed', 'http://h'], ['stop'],
                 ['reload'], ['status', '--json']):
        lines, stderr = run(*args, env=bus.env(), status=1)
        equal((lines, stderr.strip()),
              ([], f'sentient: The Sentient daemon does not run. Start it with: sentient start, or {START}'), str(args))
    bus.stop()

    env = isolated_env()
    for name in ('DBUS_SESSION_BUS_ADDRESS', 'DISPLAY'):
        env.pop(name, None)
    for command in ('status', 'start', 'monitor'):
        contains(run(command, env=env, status=1)[1], 'There is no session bus', command)
    env['DBUS_SYSTEM_BUS_ADDRESS'] = 'unix:path=' + os.path.join(tmpdir(), 'no-bus')
    contains(run('status', '--system', env=env, status=1)[1], 'There is no system bus', 'system')
    # The bus of the system may as well be ours.
    env['DBUS_SYSTEM_BUS_ADDRESS'] = BUS.address
    daemon()
    equal(run('--system', 'rooms', '--names', env=env)[0], ['global', 'other'], 'system')


@case('a daemon that crashes, and one that is none')
def crash():
    bus = PrivateBus()
    fake = FakeDaemon(bus)
    contains(run('send', 'crash', 'x', env=bus.env(), status=1)[1], 'went away before it answered', 'crash')
    equal(fake.wait_exit(), 1, 'status')
    bare = FakeDaemon(bus, '--bare')
    check(re.search(r'another version|does not answer as', run('status', env=bus.env(), status=1)[1]),
          'a stranger')
    bare.stop()
    bus.stop()


@case('what others write cannot harm a terminal')
def escapes():
    bus = PrivateBus()
    fake = FakeDaemon(bus)
    monitor = Program(['monitor', '--no-color'], env=bus.env())
    monitor.wait_line('The daemon is there')
    fake.tell('message bob \x1b[31mred')
    monitor.wait_line(r'bob: \\x1b\[31mred$')
    monitor.stop()
    fake.stop()
    bus.stop()


@case('a table is cut to the width of a terminal, and nowhere else')
def width():
    daemon()
    lines = on_terminal(BUS.env(), 30, 'peers')
    equal([len(line) for line in lines], [30] * len(lines), 'widths')
    check(all(line.endswith('…') for line in lines), f'marks: {lines}')
    check(len(run('peers')[0][0]) > 30, 'a pipe gets all')


def events(program, count):
    program.wait_line('', start=count - 1)
    return [json.loads(line) for line in program.lines[:count]]


@case('monitor tells what happens while it happens')
def monitor():
    bus = PrivateBus()
    people = Program(['monitor', '--no-color'], env=bus.env())
    programs = Program(['monitor', '--json'], env=bus.env())
    people.wait_line('does not run')
    programs.wait_line('"available":false')

    fake = FakeDaemon(bus)
    people.wait_line('The daemon is there; its node is fake')
    programs.wait_line('"available":true')
    steps = (
        ('member lobby bob', r'The room lobby is there', {'event': 'room-added', 'room': 'lobby'}),
        (None, r'bob joined lobby', {'event': 'member-joined', 'room': 'lobby', 'nodeId': 'bob', 'self': False}),
        ('online lobby bob 0', r'bob in lobby cannot be reached', {'event': 'member-changed', 'online': False}),
        ('online lobby bob 1', r'bob is back in lobby', {'event': 'member-changed', 'online': True}),
        ('metadata lobby bob {"a":1}', r'bob in lobby tells of itself: \{"a":1\}',
         {'event': 'member-changed', 'metadata': {'a': 1}}),
        ('connection bob connecting', r'Connection to bob: connecting',
         {'event': 'connection', 'nodeId': 'bob', 'state': 'connecting'}),
        ('connection bob connected', r'Connection to bob: connected', {'event': 'connection', 'state': 'connected'}),
        ('message bob hello you', r'bob: hello you$', {'event': 'message', 'nodeId': 'bob', 'text': 'hello you'}),
        ('bytes bob 00ff', r'bob: \(2 bytes\)', {'event': 'message', 'nodeId': 'bob', 'base64': 'AP8='}),
        ('failed org.sentient.Sentient1.Error.Failed it broke', 'it broke$',
         {'event': 'failed', 'error': 'org.sentient.Sentient1.Error.Failed', 'message': 'it broke'}),
        ('close bob', r'Connection to bob: gone', {'event': 'connection', 'state': 'gone'}),
        ('part lobby bob', r'bob left lobby', {'event': 'member-left', 'nodeId': 'bob'}),
        ('drop-room lobby', r'The room lobby is gone', {'event': 'room-removed', 'room': 'lobby'}),
    )
    expected = [{'event': 'daemon', 'available': False},
                {'event': 'daemon', 'available': True, 'nodeId': 'fake', 'version': '0.1.0'}]
    for line, shown, event in steps:
        if line:
            fake.tell(line)
        check(re.match(r'\d\d:\d\d:\d\d ', people.wait_line(r'.*' + shown).group(0)), 'a line begins with the time')
        expected.append(event)
    run('start', 'coordinator', env=bus.env())
    people.wait_line('The daemon is a coordinator now')
    run('seed', 'http://127.0.0.1:9', env=bus.env())
    people.wait_line('The node is connected')
    expected += [{'event': 'coordinator', 'running': True},
                 {'event': 'node', 'state': 'connected', 'coordinatorUri': 'http://127.0.0.1:9'}]
    # What it held goes without a line each.
    fake.tell('member lobby ann')
    expected += [{'event': 'room-added'}, {'event': 'member-joined', 'nodeId': 'ann'}]
    people.wait_line('ann joined lobby')
    fake.kill()
    people.wait_line('The Sentient daemon does not run', start=2)
    expected.append({'event': 'daemon', 'available': False})
    fake = FakeDaemon(bus)
    expected.append({'event': 'daemon', 'available': True})

    got = events(programs, len(expected))
    for n, (event, wanted) in enumerate(zip(got, expected)):
        check(event['time'] > 1700000000000, f'the time of {event}')
        for key, value in wanted.items():
            equal(event.get(key), value, f'{key} of event {n}, {event}')
    people.stop()
    programs.stop()
    fake.stop()
    bus.stop()


@case('monitor ends after --count lines, and when the bus goes')
def monitor_ends():
    bus = PrivateBus()
    fake = FakeDaemon(bus)
    equal(len(run('monitor', '--count', '1', env=bus.env())[0]), 1, 'lines')
    three = Program(['monitor', '--json', '--count', '3'], env=bus.env())
    three.wait_line('"available":true')
    fake.tell('message bob 1', 'message bob 2', 'message bob 3', 'message bob 4')
    equal(three.wait_exit(), 0, 'status')
    equal([json.loads(line).get('text') for line in three.lines], [None, '1', '2'], 'lines')
    three.stop(0)

    forever = Program(['monitor'], env=bus.env())
    forever.wait_line('The daemon is there')
    bus.stop()
    equal(forever.wait_exit(), 1, 'status')
    contains(forever.stderr(), 'sentient: The connection to the bus is gone', 'stderr')
    forever.stop(0, status=1)
    fake.kill()


@case('doctor looks for what the desktop needs, and is content without')
def doctor():
    daemon()
    said = run_json('doctor')
    equal((said['ok'], said['bus'], said['running'], said['activatable']), (True, True, True, False), 'doctor')
    check(all(piece['present'] for piece in said['pieces']) and said['pieces'], 'pieces')
    text = '\n'.join(run('doctor')[0])
    for words in ('All that is needed is there', 'sentientd runs', 'session bus'):
        contains(text, words, 'doctor')
    bus = PrivateBus(services=os.environ['SERVICE_DIR'])
    said = json.loads(run('doctor', '--json', env=bus.env())[0][0])
    equal((said['running'], said['activatable']), (False, True), 'doctor')
    bus.stop()
    env = isolated_env()
    for name in ('DBUS_SESSION_BUS_ADDRESS', 'DISPLAY'):
        env.pop(name, None)
    equal(json.loads(run('doctor', '--json', env=env)[0][0])['bus'], False, 'no bus')


@at_end
def end():
    """the daemon and the bus are alive, and end well"""
    for fake in _daemon:
        check(fake.alive(), f'the fake daemon died{fake.report()}')
        fake.stop()
    BUS.stop()


main()
